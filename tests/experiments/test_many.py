"""Training many networks in parallel."""

import threading

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer
from synapse.errors import TopologyError
from synapse.experiments import train_many
from synapse.learning._data import new_control, one_pass, prepare

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.random((400, 20)), RNG.random((400, 5))


def nets(count=4):
    return [architect.Perceptron(20, 30, 5, seed=seed) for seed in range(count)]


def test_it_gives_the_same_bits_as_one_after_the_other():
    together, alone = nets(), nets()
    results = train_many(together, INPUTS, TARGETS, epochs=5, workers=4, seed=0)
    for one, other, result in zip(together, alone, results, strict=True):
        assert Trainer(other).train(INPUTS, TARGETS, epochs=5, progress=False, seed=0).error == result.error
        assert (one.weights == other.weights).all()


def test_a_generator_gives_each_network_numbers_of_its_own():
    """Its orders do not depend on which network is trained first, nor on the number of threads."""
    found = []
    for workers in (1, 4, 4):
        some = nets()
        train_many(some, INPUTS, TARGETS, epochs=3, workers=workers, seed=np.random.default_rng(5))
        found.append(np.concatenate([net.weights for net in some]).tobytes())
    assert found[0] == found[1] == found[2]
    alike = [architect.Perceptron(20, 30, 5, seed=0) for _ in range(2)]
    train_many(alike, INPUTS, TARGETS, epochs=1, seed=np.random.default_rng(5))
    assert (alike[0].weights != alike[1].weights).any()


def test_connected_networks_are_refused():
    a, b = nets(2)
    a.project(b)
    with pytest.raises(TopologyError, match="in parallel"):
        train_many([a, b], INPUTS, TARGETS)


def test_an_error_in_one_is_raised():
    with pytest.raises(synapse.SynapseError):
        train_many(nets(2), INPUTS, TARGETS[:, :2])


def test_a_training_can_be_stopped_from_another_thread():
    (net,) = nets(1)
    trainer = Trainer(net)
    calls = []

    def stop_soon(progress):
        calls.append(progress.epoch)
        threading.Thread(target=trainer.stop).start()

    result = trainer.train(INPUTS, TARGETS, epochs=10**6, progress=False, callbacks=[stop_soon], seed=0)
    assert result.stopped == "interrupted"
    assert result.epochs == len(calls) >= 1


def test_kernels_release_the_interpreters_lock():
    """Two epochs, each one compiled call, are under way at the same time, and Python runs beside them."""
    trainings = []
    for net in nets(2):
        data = prepare(net, np.tile(INPUTS, (500, 1)), np.tile(TARGETS, (500, 1)))
        control = new_control()
        arguments = (net, data, data.filled, Trainer(net).cost, 0.1, control)
        trainings.append((threading.Thread(target=one_pass, args=arguments), control, len(data.inputs)))
    for thread, _, _ in trainings:
        thread.start()
    looks, both = 0, 0
    while any(thread.is_alive() for thread, _, _ in trainings):
        looks += 1
        both += all(0 < control[1] < rows for _, control, rows in trainings)
    assert both > 10
    assert both / looks > 0.2  # holding the lock, neither would be seen half done

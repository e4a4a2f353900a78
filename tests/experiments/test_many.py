"""Training many networks in parallel."""

import os
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer
from synapse.errors import ArgumentError, ExecutorError, KindError, TopologyError
from synapse.experiments import cross_validate, train_many
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


# --- executors ----------------------------------------------------------------------------------

SEQUENCES = RNG.random((5, 8, 2)), RNG.random((5, 8, 1))


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2) as pool:
        yield pool


def lstm(seed):
    return architect.LSTM(2, 3, 1, seed=seed, peepholes="all_to_all")


def by_rtrl(seed):
    net = lstm(seed)
    net.learning_rule = ("rtrl", 2)
    return net


def tied(seed):
    net = architect.Elman(2, 4, 1, seed=seed)
    synapse.tie(net.hidden[0][0].incoming[:2])
    return net


def edited(seed):
    """A network whose rows have moved: it has run, and lost and gained connections since."""
    net = architect.Random(2, 6, 1, gates=3, self_connections=2, backward=2, seed=seed)
    net.activate([0.5, 0.25])
    first, last = net.hidden[0][0], net.hidden[0][-1]
    for connection in first.outgoing:
        first.disconnect(connection.target)
    first.project(last, weight=0.25)
    net.propagate(0.1, [0.5])
    return net


def everything(net):
    """All that a network has learnt and remembers."""
    return pickle.dumps(net), net.weights.tobytes(), net.biases.tobytes()


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
@pytest.mark.parametrize("make", [lstm, by_rtrl, tied, edited])
def test_processes_train_the_networks_of_the_caller_to_the_same_bits(make, processes):
    """Weights, biases, states, traces and sensitivities: what follows has the same bits, too."""
    here, there = ([make(seed) for seed in range(3)] for _ in range(2))
    neuron = there[0].hidden[0][0]
    connection = neuron.incoming[0]
    options = {"epochs": 3, "rate": 0.2}
    results = train_many(here, *SEQUENCES, **options, seed=np.random.default_rng(3))
    others = train_many(there, *SEQUENCES, **options, seed=np.random.default_rng(3), executor=processes)
    assert [one.history for one in results] == [one.history for one in others]
    assert there[0].hidden[0][0] is neuron
    assert neuron.incoming[0] is connection
    assert connection.weight == here[0].hidden[0][0].incoming[0].weight
    for one, other in zip(here, there, strict=True):
        assert everything(one) == everything(other)
        for net in (one, other):
            net.activate([0.3, 0.4])
            net.propagate(0.3, [0.1])
        assert everything(one) == everything(other)


def test_threads_of_the_caller_train_in_place():
    here, there = nets(3), nets(3)
    train_many(here, INPUTS, TARGETS, epochs=2, seed=0)
    with ThreadPoolExecutor(2) as pool:
        train_many(there, INPUTS, TARGETS, epochs=2, seed=0, executor=pool)
    assert [net.weights.tobytes() for net in here] == [net.weights.tobytes() for net in there]


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_what_processes_refuse(processes):
    before = [net.weights.copy() for net in nets(2)]
    some = nets(2)
    with pytest.raises(KindError, match="A process pool cannot send what is trained .*lambda"):
        train_many(some, INPUTS, TARGETS, callbacks=[lambda progress: None], executor=processes)
    with pytest.raises(ArgumentError, match="An executor has its own workers"):
        train_many(some, INPUTS, TARGETS, workers=2, executor=processes)
    with pytest.raises(KindError, match="Expected the executor to be"):
        train_many(some, INPUTS, TARGETS, executor=2)
    with pytest.raises(synapse.SynapseError, match="targets"):
        train_many(some, INPUTS, TARGETS[:, :2], executor=processes)
    with pytest.raises(TopologyError, match="Callbacks there must not edit it"):
        train_many(some, INPUTS, TARGETS, epochs=2, callbacks=[edit_one], executor=processes)
    for net, weights in zip(some, before, strict=True):
        assert (net.weights == weights).all()


def edit_one(progress):
    hidden = progress.network.hidden[0]
    if progress.epoch == 1:
        hidden[0].disconnect(progress.network.output[0])


def die(progress):
    os._exit(1)


@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_killed_process_is_one_sentence():
    with ProcessPoolExecutor(1) as pool:
        with pytest.raises(ExecutorError, match=r"failed in one of 2 trainings \(BrokenProcessPool"):
            train_many(nets(2), INPUTS, TARGETS, callbacks=[die], executor=pool)
        with pytest.raises(ExecutorError, match="Make a new executor, and call again"):
            train_many(nets(2), INPUTS, TARGETS, executor=pool)


def test_a_trainer_travels_by_pickle_with_its_settings():
    adam = synapse.optimizers.Adam(rate=0.01)
    trainer = Trainer(
        nets(1)[0], method="bptt", optimizer=adam, batch_size=7, dropout=0.1, cost="cross_entropy"
    )
    copy = pickle.loads(pickle.dumps(trainer))
    for one in (trainer, copy):
        one.train(INPUTS, TARGETS, epochs=3, progress=False, seed=0)
    assert trainer.network.weights.tobytes() == copy.network.weights.tobytes()


def test_one_checkpoint_for_several_trainings_is_refused(tmp_path):
    path = tmp_path / "run.ckpt"
    with pytest.raises(ArgumentError, match="Several trainings cannot write one checkpoint"):
        train_many(nets(2), INPUTS, TARGETS, checkpoint=path)
    with pytest.raises(ArgumentError, match="Several trainings cannot write one checkpoint"):
        cross_validate(lambda: nets(1)[0], INPUTS, TARGETS, checkpoint=path)
    assert not path.exists()

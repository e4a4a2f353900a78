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
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    ExecutorError,
    TopologyError,
)
from synapse.experiments import train_many
from synapse.learning._data import new_control, prepare, run_epochs, single_epoch
from tests.helpers.cases import all_hold, all_refused

RNG = np.random.default_rng(0)
INPUTS, TARGETS = RNG.random((400, 20)), RNG.random((400, 5))


def nets(count=4):
    return [architect.Perceptron(20, 30, 5, seed=seed) for seed in range(count)]


def trainers(networks, **options):
    return [Trainer(network, **options) for network in networks]


def test_it_gives_the_same_bits_as_one_after_the_other():
    options = {"epochs": 3, "seed": 0}
    alone = trainers(nets())
    losses = [
        trainer.train(INPUTS, TARGETS, progress=False, **options).loss
        for trainer in alone
    ]
    with ThreadPoolExecutor(2) as pool:
        for several in ({"executor": pool}, {"threads": 4}):
            together = trainers(nets())
            results = train_many(together, INPUTS, TARGETS, **options, **several)
            assert [result.loss for result in results] == losses
            assert learnt(together) == learnt(alone)


def learnt(several):
    return [trainer.network.weights.tobytes() for trainer in several]


def test_a_generator_gives_each_network_numbers_of_its_own():
    """Its orders do not depend on which network is trained first, nor on the number of
    threads."""

    def trained(networks, **options):
        several = trainers(networks)
        rng = np.random.default_rng(5)
        train_many(several, INPUTS, TARGETS, epochs=2, seed=rng, **options)
        return learnt(several)

    once = trained(nets(), threads=1)
    assert once == trained(nets(), threads=4) == trained(nets(), threads=4)
    one, other = trained([architect.Perceptron(20, 30, 5, seed=0) for _ in range(2)])
    assert one != other


@pytest.mark.slow
def test_kernels_release_the_interpreters_lock():
    """Two epochs, each one compiled call, are under way at the same time, and Python
    runs beside them."""
    trainings = []
    for net in nets(2):
        data = prepare(net, np.tile(INPUTS, (500, 1)), np.tile(TARGETS, (500, 1)))
        control = new_control()
        arguments = (
            net,
            data,
            single_epoch(data.filled, 0.1, control),
            Trainer(net).cost,
        )
        thread = threading.Thread(target=run_epochs, args=arguments)
        trainings.append((thread, control, len(data.inputs)))
    for thread, _, _ in trainings:
        thread.start()
    looks = both = 0
    while any(thread.is_alive() for thread, _, _ in trainings):
        looks += 1
        both += all(0 < control[1] < rows for _, control, rows in trainings)
    assert both > 10
    assert both / looks > 0.2  # holding the lock, neither would be seen half done


# --- executors ------------------------------------------------------------------------

SEQUENCES = RNG.random((5, 8, 2)), RNG.random((5, 8, 1))


def lstm(seed):
    return architect.LSTM(2, 3, 1, seed=seed, peepholes="all_to_all")


def by_rtrl(seed):
    net = lstm(seed)
    net.rule = ("rtrl", 2)
    return net


def tied(seed):
    net = architect.Elman(2, 4, 1, seed=seed)
    synapse.tie(net.hidden[0][0].incoming[:2])
    return net


def edited(seed):
    """A network whose rows have moved: it has run, and lost and gained connections
    since."""
    net = architect.Random(2, 6, 1, gates=3, self_connections=2, backward=2, seed=seed)
    net.activate([0.5, 0.25])
    neuron = net.hidden[0][0]
    for connection in neuron.outgoing:
        neuron.disconnect(connection.target)
    neuron.project(net.hidden[0][-1], weight=0.25)
    net.propagate(0.1, [0.5])
    return net


def everything(net):
    """All that a network has learnt and remembers."""
    return pickle.dumps(net), net.weights.tobytes(), net.biases.tobytes()


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_processes_train_the_networks_of_the_caller_to_the_same_bits():
    """Weights, biases, states, traces and sensitivities: what follows has the same
    bits, too."""
    with ProcessPoolExecutor(2) as processes:
        all_hold(lambda make: same_bits(make, processes), [lstm, by_rtrl, tied, edited])


OPTIONS = (
    {"rule": "bptt", "optimizer": "adam", "batch_size": 2},
    {"rule": "rtrl", "optimizer": "rls"},
    {"rule": "bptt", "optimizer": synapse.optimizers.SGD(0.1, momentum=0.9)},
    {"optimizer": "rmsprop", "only": ["output"]},
)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_every_option_of_a_trainer_holds_there_and_its_state_goes_on():
    """A training elsewhere, then one here, and one that is resumed, are like three
    here."""
    options = {"epochs": 2, "seed": 0}
    with ProcessPoolExecutor(1) as processes:
        for setting in OPTIONS:
            here, there = ([Trainer(lstm(0), **setting)] for _ in range(2))
            train_many(here, *SEQUENCES, **options)
            train_many(there, *SEQUENCES, **options, executor=processes)
            for both in (here, there):
                both[0].train(*SEQUENCES, **options, progress=False)
            train_many(here, *SEQUENCES, epochs=4, resume=True)
            train_many(there, *SEQUENCES, epochs=4, resume=True, executor=processes)
            assert everything(here[0].network) == everything(there[0].network), setting


@pytest.mark.full
def test_each_trainer_trains_in_its_own_way():
    several = [Trainer(lstm(0), **setting) for setting in OPTIONS]
    alone = [Trainer(lstm(0), **setting) for setting in OPTIONS]
    train_many(several, *SEQUENCES, epochs=2, seed=0, threads=2)
    for trainer, twin in zip(several, alone, strict=True):
        twin.train(*SEQUENCES, epochs=2, seed=0, progress=False)
        assert everything(trainer.network) == everything(twin.network)


def same_bits(make, processes):
    here, there = ([make(seed) for seed in range(3)] for _ in range(2))
    neuron = there[0].hidden[0][0]
    connection = neuron.incoming[0]
    several, elsewhere = trainers(here, rate=0.2), trainers(there, rate=0.2)
    results = train_many(several, *SEQUENCES, epochs=3, seed=np.random.default_rng(3))
    options = {"epochs": 3, "executor": processes}
    others = train_many(elsewhere, *SEQUENCES, **options, seed=np.random.default_rng(3))
    for result, other in zip(results, others, strict=True):
        assert result.history == other.history
    assert there[0].hidden[0][0] is neuron
    assert neuron.incoming[0] is connection
    assert connection.weight == here[0].hidden[0][0].incoming[0].weight
    for result, other in zip(here, there, strict=True):
        assert everything(result) == everything(other)
        for net in (result, other):
            net.activate([0.3, 0.4])
            net.propagate(0.3, [0.1])
        assert everything(result) == everything(other)


def test_what_is_refused(tmp_path):
    a, b = nets(2)
    a.project(b)
    path = tmp_path / "run.ckpt"
    some = nets(2)
    before = [net.weights.tobytes() for net in some]
    one_file = "Several trainings cannot write one checkpoint"

    def of(networks=some, targets=TARGETS, **options):
        return lambda: train_many(trainers(networks), INPUTS, targets, **options)

    def given(several, **options):
        return lambda: train_many(several, INPUTS, TARGETS, **options)

    with ProcessPoolExecutor(1) as pool:  # none of these calls starts a process
        all_refused(
            [
                (of([a, b]), TopologyError, "in parallel"),
                (of([a, a]), TopologyError, "in parallel"),
                (of(targets=TARGETS[:, :2]), synapse.SynapseError, "targets"),
                (of(checkpoint=path), ArgumentError, one_file),
                (
                    of(callbacks=[lambda _: None], executor=pool),
                    ArgumentTypeError,
                    "cannot send .*lambda",
                ),
                (
                    of(threads=2, executor=pool),
                    ArgumentError,
                    "An executor has its own threads",
                ),
                (of(executor=2), ArgumentTypeError, "`executor` must be"),
                (given(some), ArgumentTypeError, r"Use \[synapse.Trainer\(net, "),
                (given(some[0]), ArgumentTypeError, r"Use \[synapse.Trainer\(net, "),
                (given(Trainer(some[0])), ArgumentTypeError, "a list of Trainers, got"),
                (given([3]), ArgumentTypeError, "a list of Trainers, got 3"),
                (given(trainers([a, a])), TopologyError, "in parallel"),
                (
                    of(optimizer="adam"),
                    ArgumentTypeError,
                    r"Pass optimizer='adam' to Trainer\(\)",
                ),
                (of(Shuffle=True), ArgumentTypeError, "Use shuffle=True"),
                (of(thread=2), ArgumentTypeError, "mean 'threads'"),
            ]
        )
    assert not path.exists()
    assert [net.weights.tobytes() for net in some] == before


def edit_one(progress):
    if progress.epoch == 1:
        progress.network.hidden[0][0].disconnect(progress.network.output[0])


def die(progress):
    os._exit(1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_errors_and_killed_processes_leave_the_networks_as_they_were():
    some = nets(2)
    before = [net.weights.tobytes() for net in some]

    def of(targets=TARGETS, **options):
        return lambda: train_many(
            trainers(some), INPUTS, targets, epochs=2, executor=pool, **options
        )

    killed = r"failed in one of 2 trainings \(BrokenProcessPool"
    with ProcessPoolExecutor(1) as pool:
        all_refused(
            [
                (of(TARGETS[:, :2]), synapse.SynapseError, "targets"),
                (
                    of(callbacks=[edit_one]),
                    TopologyError,
                    "Callbacks there must not edit it",
                ),
                (of(callbacks=[die]), ExecutorError, killed),
                (of(), ExecutorError, "Make a new executor, and call again"),
            ]
        )
    assert [net.weights.tobytes() for net in some] == before

"""Recorded sensitivities are those that connections show after the step, in any graph and any training."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import architect
import synapse
from synapse import Layer, Network, Trainer, optimizers, record
from synapse.errors import ArgumentError

from .integrity import check_store
from .recorded import agree, names_for, shown
from .strategies import SMOOTH, Twin, specs
from .test_recording_numbers import make_edit

TARGETS = [[0.5], [1.0], [0.25]]
ORDERS = st.sampled_from([None, 1, 2])


def learning(net, order=None):
    net.learning_rule = ("rtrl", order)
    return net


def elman(order=None, seed=0, **options):
    return learning(architect.Elman(2, 3, 1, seed=seed, **options), order)


def rows(steps, count=2, seed=0):
    return np.random.default_rng(seed).normal(size=(steps, count))


def require_sensitivities(net):
    assume(any(link.sensitivity for link in net.connections))


# --- random graphs -----------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(specs(squashes=SMOOTH), ORDERS, st.integers(0, 3))
def test_steps_with_edits_between_them(spec, order, edits):
    twin = Twin(spec)
    net, random = learning(twin.net, order), twin.random
    require_sensitivities(net)
    past = []
    with record(net, *names_for(net)) as log:
        for _ in range(5):
            net.activate(twin.vector(spec.inputs))
            agree(log, shown(log, propagated=False))
            net.propagate(0.1, [0.4] * spec.outputs, "squared_error")
            agree(log, shown(log))
            past.append(log.sensitivity[-1].copy())
            for _ in range(edits):
                make_edit(net, random)
                if random.random() < 0.5:
                    check_store(net._store)
                if random.random() < 0.5:
                    net.connections[0].sensitivity  # noqa: B018 - it makes a new plan
    np.testing.assert_array_equal(log.sensitivity, past)


@settings(max_examples=15, deadline=None)
@given(specs(squashes=SMOOTH), ORDERS)
@pytest.mark.filterwarnings("ignore::synapse.errors.TrainingWarning")
def test_every_step_of_a_training(spec, order):
    one, other = Twin(spec), Twin(spec)
    x = [[one.vector(spec.inputs) for _ in range(4)] for _ in range(2)]
    y = [[[0.3] * spec.outputs, [np.nan] * spec.outputs, [0.8] * spec.outputs, [0.1] * spec.outputs]] * 2
    for net in (one.net, other.net):
        learning(net, order)
    require_sensitivities(one.net)
    seen = []
    options = {"progress": False, "seed": 0, "shuffle": False}
    with record(one.net, "sensitivity", "weight") as log:
        Trainer(one.net, 0.1, "squared_error").train(x, y, 2, **options)
    with record(other.net, "sensitivity") as stepped:
        Trainer(other.net, 0.1, "squared_error").train(
            x, y, 2, **options, on_step=lambda step: seen.append(shown(stepped))
        )
    assert len(log) == len(stepped) == len(seen) == 16
    np.testing.assert_array_equal(log.sensitivity, stepped.sensitivity)
    for at, values in enumerate(seen):
        agree(stepped, values, at, within=0.0)


@pytest.mark.parametrize("batch", [1, 3, "sequence"])
def test_an_optimizer(batch):
    net = learning(architect.LSTM(2, 3, 1, seed=0))
    other = net.clone()
    other.learning_rule = "rtrl"
    x, y = rows(12).reshape(3, 4, 2), [[[0.5], [1.0], [0.25], [0.0]]] * 3
    trainer = Trainer(net, optimizer=optimizers.Adam(0.1), batch_size=batch)
    with record(net, "sensitivity", "weight", "bias") as log:
        trainer.train(x, y, 1, progress=False, shuffle=False)
    with record(other, "sensitivity") as stepped:
        for at, row in enumerate(x.reshape(12, 2)):
            if at % 4 == 0:
                other.clear()
            other.activate(row)
            agree(log, shown(stepped), at)
            other.weights, other.biases = log.weight[at], log.bias[at]
    assert np.ptp(log.weight, axis=0).any()


# --- runs, precisions, streams -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_run_and_its_objects(dtype):
    make = lambda: learning(architect.LSTM(2, 3, 1, style="synaptic", seed=0, dtype=dtype))  # noqa: E731
    one, other = make(), make()
    with record(one, "sensitivity", "activation") as log:
        one.run(rows(6))
    with record(other, "activation", "sensitivity") as stepped:
        for at, row in enumerate(rows(6)):
            other.activate(row)
            agree(stepped, shown(stepped), within=0.0)
            agree(log, shown(stepped), at, within=0.0)
    assert log.sensitivity.dtype == np.float64
    assert np.any(log.sensitivity[-1])
    assert log.numbers == ("sensitivity", "activation")


def test_a_stream():
    net, other = elman(), elman()
    batches = [(rows(5, seed=s), rows(5, 1, seed=s)) for s in range(3)]
    with record(net, "sensitivity") as log:
        Trainer(net, 0.1, "squared_error").train(iter(batches), progress=False, epochs=1)
    with record(other, "sensitivity") as stepped:
        for x, y in batches:
            for row, target in zip(x, y, strict=True):
                other.activate(row)
                other.propagate(0.1, target, "squared_error")
                agree(stepped, shown(stepped), within=0.0)
    np.testing.assert_array_equal(log.sensitivity, stepped.sensitivity)


def test_a_callback_that_edits():
    net = elman()
    x, y = [rows(4, seed=s) for s in range(3)], [rows(4, 1, seed=s) for s in range(3)]
    removed = net["hidden"][0].incoming[0]

    def edit(progress):
        if progress.epoch == 2:
            removed.source.disconnect(removed.target)
        net["hidden"][1].incoming[0].trainable = bool(progress.epoch % 2)

    with record(net, "sensitivity") as log:
        Trainer(net, 0.1, "squared_error").train(x, y, 4, progress=False, callbacks=[edit])
    assert len(log) == 48
    gone = [owner[0] is removed for owner in log.owners("sensitivity")]
    assert np.isfinite(log.sensitivity[:24][:, gone]).all()
    assert np.isnan(log.sensitivity[24:][:, gone]).all()


# --- which pairs, and when they are computed -----------------------------------------------------------


def test_the_pairs_are_the_sensitivities_of_the_connections():
    net = elman(order=1)
    log = record(net, "sensitivity")
    pairs = [(link, neuron) for link in net.connections for neuron in link.sensitivity]
    assert list(log.owners("sensitivity")) == pairs
    assert log.pairs == log.connections == ()
    some = [net.connections[2], net.connections[0]]
    chosen = record(net, "sensitivity", connections=some)
    assert [link for link, _ in chosen.owners("sensitivity")] == some
    assert chosen.labels("sensitivity")[0].endswith(", to hidden 1")
    assert repr(chosen) == "<Log of sensitivity: 0 steps, 2 pairs>"


def test_steps_by_another_rule_are_nan():
    net = elman()
    with record(net, "sensitivity", "activation") as log:
        net.activate([0.5, 0.25])
        net.learning_rule = "online"
        net.activate([0.5, 0.25])
        Trainer(net, method="bptt").train(rows(3), TARGETS, 1, progress=False)
        net.learning_rule = ("rtrl", 1)
        net.activate([0.5, 0.25])
        agree(log, shown(log), within=0.0)
    assert np.isfinite(log.activation).all()
    assert np.isfinite(log.sensitivity[0]).all()
    assert np.isnan(log.sensitivity[1:-1]).all()
    assert np.isfinite(log.sensitivity[-1]).sum() == 15  # of 45: those of order 1


def test_a_trainer_with_an_order_of_its_own():
    net = elman()
    with record(net, "sensitivity") as log:
        Trainer(net, order=1).train([rows(3)], [TARGETS], 1, progress=False)
        net.activate([0.5, 0.25])
    assert np.isfinite(log.sensitivity[:3]).sum(axis=1).tolist() == [15] * 3
    assert np.isfinite(log.sensitivity[3]).all()


def test_sensitivities_of_a_trainer():
    net = architect.Elman(2, 3, 1, seed=0)
    trainer = Trainer(net, method="rtrl")
    trainer.train([rows(3)], [TARGETS], 1, progress=False)
    with record(net, "sensitivity") as log:
        trainer.train([rows(3)], [TARGETS], 1, progress=False)
        agree(log, shown(log), within=0.0)
        net.activate([0.5, 0.25])
    assert np.isfinite(log.sensitivity[:3]).all()
    assert np.isnan(log.sensitivity[3]).all()


def test_one_recording_after_another():
    net = elman()
    first, second = (record(net, "sensitivity", connections=[link]) for link in net.connections[:2])
    for log in (first, second, first):
        with log:
            net.activate([0.5, 0.25])
            agree(log, shown(log), within=0.0)
    assert len(first) == 2


def test_another_network_of_the_store():
    one, other = elman(), elman(seed=1)
    synapse.tie([one.connections[0], other.connections[0]])
    assert one._store is other._store
    with record(one, "sensitivity") as log:
        one.activate([0.5, 0.25])
        other.activate([0.5, 0.25])
        one.activate([0.5, 0.25])
        agree(log, shown(log), within=0.0)
    assert len(log) == 2


def test_a_network_that_absorbs_another_while_it_is_recorded():
    one, other = elman(), architect.Perceptron(2, 1, seed=1)
    with record(one, "sensitivity") as log:
        one.activate([0.5, 0.25])
        synapse.tie([other.connections[0], one.connections[0]])
        one.activate([0.1, 0.25])
        agree(log, shown(log), within=0.0)
    assert len(log) == 2


def test_a_cleared_context_starts_from_zero():
    net = elman()
    with record(net, "sensitivity") as log:
        net.run(rows(4))
        net.clear()
        net.run(rows(4))
    np.testing.assert_array_equal(log.sensitivity[:4], log.sensitivity[4:])


def test_softmax_and_ties():
    source, output = Layer(2, name="a"), Layer(3, "softmax", name="b")
    source.project(output, seed=0), output.project(output, seed=1)
    net = Network(source, [], output)
    synapse.tie(net.connections[:2])
    learning(net)
    with record(net, "sensitivity") as log:
        for row in rows(4):
            net.activate(row)
            agree(log, shown(log), within=0.0)


def test_a_log_does_not_outlive_its_recording():
    net = elman()
    log = record(net, "sensitivity")
    with log:
        net.activate([0.5, 0.25])
    recorder = weakref.ref(log._recorder)
    del log
    gc.collect()
    assert recorder() is None


# --- what cannot be recorded ---------------------------------------------------------------------------


def test_a_network_without_sensitivities():
    net = architect.Elman(2, 3, 1, seed=0)
    with pytest.raises(ArgumentError, match=r"Expected a network that keeps sensitivities.*learning_rule"):
        record(net, "sensitivity")
    perceptron = learning(architect.Perceptron(2, 3, 1, seed=0))
    with pytest.raises(ArgumentError, match="No connection has a sensitivity"):
        record(perceptron, "sensitivity")
    learning(net)
    with pytest.raises(ArgumentError, match="No connection has a sensitivity"):
        record(net, "sensitivity", connections=net.output[0].incoming)

"""The trainer: what it learns from, when it stops, what it leaves behind."""

import math
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer
from synapse.errors import ArgumentError, DivergenceError, KindError, UnknownNameError

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
RNG = np.random.default_rng(0)
SEQUENCES = RNG.random((6, 5, 3)), RNG.random((6, 5, 2))


def perceptron(seed=3):
    return architect.Perceptron(2, 3, 1, seed=seed)


def lstm(seed=0):
    return architect.LSTM(3, 4, 2, style="synaptic", seed=seed)


def train(net, inputs, targets, **options):
    return Trainer(net, options.pop("rate", 0.5)).train(
        inputs, targets, progress=False, **{"seed": 0} | options
    )


def by_hand(net, rows, targets, rate):
    """Per-neuron calls in the order of the network, and in the reverse order."""
    for row, target in zip(rows, targets, strict=True):
        for neuron, value in zip(net.input, row, strict=True):
            neuron.activate(value)
        for layer in net.layers[1:]:
            for neuron in layer:
                neuron.activate()
        aims = dict(zip(net.output, target, strict=True))
        for neuron in reversed(net[len(net.input) :]):
            if not math.isnan(target[0]):
                neuron.propagate(rate, aims.get(neuron))


def test_it_learns_xor_and_stops_at_the_error():
    net = perceptron()
    result = train(net, *XOR, epochs=5000, error=0.05)
    assert result.stopped == "error"
    assert result.error <= 0.05 < result.history["error"][-2]
    assert len(result.history["error"]) == result.epochs < 5000
    assert net.run(XOR[0]).round().tolist() == XOR[1]
    assert "stopped by error" in repr(result)


def test_an_epoch_of_a_stream_equals_neuron_by_neuron():
    inputs, targets = RNG.random((20, 3)), RNG.random((20, 2))
    targets[7] = np.nan
    at_once, singly = lstm(), lstm()
    train(at_once, inputs, targets, epochs=1, rate=0.1)
    by_hand(singly, inputs, targets, 0.1)
    assert at_once.weights == pytest.approx(singly.weights, abs=1e-12)
    assert at_once.biases == pytest.approx(singly.biases, abs=1e-12)


def test_an_epoch_of_sequences_clears_the_context_before_each():
    at_once, singly = lstm(), lstm()
    train(at_once, *SEQUENCES, epochs=1, rate=0.1, shuffle=False)
    for xs, ts in zip(*SEQUENCES, strict=True):
        singly.clear()
        by_hand(singly, xs, ts, 0.1)
    assert at_once.weights == pytest.approx(singly.weights, abs=1e-12)


def test_a_stream_goes_on_from_the_context_there_is():
    inputs, targets = RNG.random((8, 3)), RNG.random((8, 2))
    whole, halves = lstm(), lstm()
    train(whole, inputs, targets, epochs=1)
    train(halves, inputs[:4], targets[:4], epochs=1)
    train(halves, inputs[4:], targets[4:], epochs=1)
    assert (whole.weights == halves.weights).all()


def test_the_same_call_gives_the_same_bits():
    one, other = lstm(), lstm()
    first, second = (train(net, *SEQUENCES, epochs=7, seed=5) for net in (one, other))
    assert first.history == second.history
    assert (one.weights == other.weights).all()
    third = lstm()
    train(third, *SEQUENCES, epochs=7, seed=6)
    assert (one.weights != third.weights).any()


def test_steps_seen_one_by_one_are_the_same_steps():
    one, other, seen = lstm(), lstm(), []
    result = train(one, *SEQUENCES, epochs=2, on_step=seen.append)
    assert train(other, *SEQUENCES, epochs=2).error == pytest.approx(result.error, abs=1e-14)
    assert one.weights == pytest.approx(other.weights, abs=1e-13)
    assert len(seen) == 2 * 6 * 5
    assert {step.sequence for step in seen} == set(range(6))
    assert all(step.cost > 0 and step.network is one for step in seen)


def test_a_step_can_stop_the_training():
    seen = []
    result = train(lstm(), *SEQUENCES, on_step=lambda step: seen.append(step) or len(seen) == 4)
    assert (result.stopped, len(seen), result.epochs) == ("callback", 4, 0)
    assert math.isfinite(result.error)


def test_sequences_of_different_lengths():
    net, lengths = lstm(), (1, 4, 2)
    inputs = [RNG.random((n, 3)) for n in lengths]
    targets = [RNG.random((n, 2)) for n in lengths]
    seen = []
    train(net, inputs, targets, epochs=1, shuffle=False, on_step=lambda step: seen.append(step.sequence))
    assert seen == [0, 1, 1, 1, 1, 2, 2]


def test_steps_without_a_target_teach_nothing():
    net = lstm()
    targets = np.full((6, 5, 2), np.nan)
    targets[:, -1] = 0.5
    result = train(net, SEQUENCES[0], targets, epochs=1, rate=0.0)
    assert result.error == pytest.approx(Trainer(net).test(SEQUENCES[0], targets).error)
    assert Trainer(net).test(SEQUENCES[0], targets).steps == 6
    with pytest.raises(ArgumentError, match="Expected at least one step with a target"):
        train(net, SEQUENCES[0], np.full((6, 5, 2), np.nan))


def test_rates_follow_the_epoch():
    result = train(perceptron(), *XOR, epochs=4, rate=lambda epoch: 0.1 / (1 + epoch))
    assert result.history["rate"] == [0.1, 0.05, 0.1 / 3, 0.025]


def test_testing_learns_nothing():
    net = perceptron()
    before = net.weights
    outputs = net.run(XOR[0]).ravel()
    error = Trainer(net).test(*XOR).error
    wanted = np.array(XOR[1]).ravel()
    assert error == pytest.approx(-np.mean(np.log(np.where(wanted == 1, outputs, 1 - outputs))))
    assert Trainer(net).test(*XOR, cost="squared_error").error == pytest.approx(
        np.mean(0.5 * (wanted - outputs) ** 2)
    )
    assert (net.weights == before).all()


def half_squares(net, inputs, targets):
    """The cost of every step of sequences."""
    costs = []
    for rows, wanted in zip(inputs, targets, strict=True):
        net.clear()
        costs.append(0.5 * ((net.run(rows) - wanted) ** 2).sum(axis=1))
    return np.array(costs)


def test_sequences_count_in_a_test_by_their_weight():
    net, (inputs, targets) = lstm(), SEQUENCES
    weights = np.array([2.0, 0.0, 1.0, 1.0, 0.5, 0.5])
    tested = Trainer(net, cost="squared_error").test(inputs, targets, sample_weight=weights)
    expected = np.average(half_squares(net, inputs, targets).mean(axis=1), weights=weights)
    assert tested.error == pytest.approx(expected, rel=1e-13)
    assert tested.steps == 25
    alike = Trainer(net).test(inputs, targets, sample_weight=np.full(6, 3.0))
    assert alike.error == pytest.approx(Trainer(net).test(inputs, targets).error, rel=1e-13)


def test_classes_count_in_a_test_by_their_weight_at_every_step():
    net, inputs = lstm(), SEQUENCES[0]
    targets = np.eye(2)[RNG.integers(0, 2, (6, 5))]
    targets[2, 3] = np.nan
    tested = Trainer(net, cost="squared_error").test(
        inputs, targets, sample_weight=np.arange(1.0, 7.0), class_weight={1: 3.0}
    )
    weights = np.where(targets[..., 1] == 1, 3.0, 1.0) * np.arange(1.0, 7.0)[:, None]
    costs, aimed = half_squares(net, inputs, targets), ~np.isnan(targets[..., 0])
    assert tested.error == pytest.approx(np.average(costs[aimed], weights=weights[aimed]), rel=1e-13)
    assert tested.steps == 29


def test_a_stream_goes_on_where_weights_change():
    net, rows = architect.LSTM(3, 4, 1, style="synaptic", seed=0), SEQUENCES[0].reshape(30, 3)
    targets = RNG.integers(0, 2, (30, 1)).astype(float)
    net.run(rows)
    twin = net.clone()
    tested = Trainer(net, cost="squared_error").test(rows, targets, class_weight={0: 0.25})
    costs = 0.5 * (twin.run(rows) - targets) ** 2
    assert tested.error == pytest.approx(np.average(costs, weights=np.where(targets, 1.0, 0.25)), rel=1e-13)
    assert [neuron.state for neuron in net] == [neuron.state for neuron in twin]


def test_a_test_in_which_nothing_counts_has_no_error():
    tested = Trainer(perceptron()).test(*XOR, sample_weight=[0.0] * 4)
    assert math.isnan(tested.error)
    assert tested.steps == 0


def test_sequences_of_no_steps_weigh_nothing():
    net, (inputs, targets) = lstm(), SEQUENCES
    parts = [np.empty((0, 3)), inputs[0], np.empty((0, 3))]
    aims = [np.empty((0, 2)), targets[0], np.empty((0, 2))]
    tested = Trainer(net).test(parts, aims, sample_weight=[1.0, 2.0, 3.0])
    assert tested == Trainer(net).test(inputs[:1], targets[:1])


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"sample_weight": [1.0]}, ArgumentError),
        ({"sample_weight": [-1.0] * 4}, ArgumentError),
        ({"sample_weight": [np.inf] * 4}, ArgumentError),
        ({"sample_weight": "much"}, KindError),
        ({"class_weight": {5: 1.0}}, ArgumentError),
        ({"class_weight": {0: -1.0}}, ArgumentError),
        ({"class_weight": [1.0, 2.0]}, KindError),
    ],
)
def test_wrong_weights_of_a_test_are_refused_before_it_runs(options, error):
    net = perceptron()
    with pytest.raises(error):
        Trainer(net).test(*XOR, **options)
    assert not any(neuron.activation for neuron in net)


def test_validation_stops_early_and_brings_the_best_weights_back():
    net, best = perceptron(), []
    inputs, targets = RNG.random((12, 2)), RNG.integers(0, 2, (12, 1)).astype(float)

    def keep(progress):
        if not best or progress.validation_error < best[0]:
            best[:] = [progress.validation_error, progress.network.weights]

    result = train(
        net, inputs, targets, epochs=3000, rate=1.0, validation=0.25, patience=20, callbacks=[keep]
    )
    assert result.stopped == "patience"
    assert min(result.history["validation_error"]) == best[0]
    assert (net.weights == best[1]).all()
    assert Trainer(net).test(inputs[9:], targets[9:]).error == pytest.approx(best[0])


@pytest.mark.parametrize("method", ["online", "bptt"])
def test_a_fraction_of_a_stream_holds_out_its_end(method):
    """The end runs on in the context after the training rows; "bptt" clears it."""
    inputs, targets = RNG.random((20, 3)), RNG.random((20, 2))
    one, other = lstm(), lstm()
    options = {"epochs": 1, "progress": False, "restore_best": False}
    held = Trainer(one, 0.5, method=method).train(inputs, targets, validation=0.25, **options)
    Trainer(other, 0.5, method=method).train(inputs[:15], targets[:15], **options)
    np.testing.assert_array_equal(one.weights, other.weights)
    if method == "bptt":
        other.clear()
    answers = other.run(inputs[15:])
    costs = [Trainer(other).cost(*pair) for pair in zip(targets[15:], answers, strict=True)]
    assert held.history["validation_error"] == [pytest.approx(np.mean(costs))]


def test_validation_leaves_the_stream_as_it_was():
    inputs, targets = RNG.random((12, 3)), RNG.random((12, 2))
    with_it, without = lstm(), lstm()
    train(with_it, inputs, targets, epochs=3, validation=(inputs, targets), restore_best=False)
    train(without, inputs, targets, epochs=3)
    assert (with_it.weights == without.weights).all()
    assert with_it.output.states.tolist() == without.output.states.tolist()


def test_callbacks_are_told_and_can_stop():
    told = []
    result = train(
        perceptron(), *XOR, callbacks=[lambda p: told.append(p.epoch), lambda p: p.epoch == 3], epochs=9
    )
    assert (told, result.epochs, result.stopped) == ([1, 2, 3], 3, "callback")


def test_the_topology_may_change_between_epochs():
    net = perceptron()

    def grow(progress):
        if progress.epoch == 2:
            neuron = synapse.Neuron()
            net.hidden[0].append(neuron)
            net.input.project(neuron, seed=1)
            neuron.project(net.output, seed=2)

    result = train(net, *XOR, epochs=5, callbacks=[grow])
    assert result.epochs == 5
    assert len(net.hidden[0]) == 4


def test_divergence_is_an_error_and_leaves_finite_weights():
    net = architect.Perceptron(2, 3, 1, squash="identity", seed=0)
    with pytest.raises(DivergenceError, match="lower rate"):
        train(net, np.array(XOR[0]) * 100, XOR[1], rate=10.0, epochs=100)
    assert np.isfinite(net.weights).all()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda net: Trainer("net"), KindError),
        (lambda net: Trainer(net, rate=-1.0), ArgumentError),
        (lambda net: Trainer(net, rate=math.nan), ArgumentError),
        (lambda net: Trainer(net, rate="fast"), KindError),
        (lambda net: Trainer(net, cost="absent"), UnknownNameError),
        (lambda net: train(net, *XOR, epochs=0), ArgumentError),
        (lambda net: train(net, *XOR, epochs=1.5), KindError),
        (lambda net: train(net, *XOR, seed=-1), ArgumentError),
        (lambda net: train(net, *XOR, patience=0), ArgumentError),
        (lambda net: train(net, *XOR, validation=1.5), ArgumentError),
        (lambda net: train(net, *XOR, validation=XOR[:1]), KindError),
        (lambda net: train(net, *XOR, validation=([[0.0, 0.0]], [[math.nan]])), ArgumentError),
        (lambda net: train(net, *XOR, rate=lambda epoch: -1.0), ArgumentError),
        (lambda net: train(net, *XOR, callbacks=[print, 3]), KindError),
        (lambda net: train(net, *XOR, callbacks=print), KindError),
        (lambda net: train(net, XOR[0], [[0.0]] * 3), ArgumentError),
        (lambda net: train(net, [[0.0]] * 4, XOR[1]), ArgumentError),
        (lambda net: train(net, [[math.nan, 0.0]], [[0.0]]), ArgumentError),
        (lambda net: train(net, [[0.0, 0.0]], [[math.inf]]), ArgumentError),
        (lambda net: train(net, 3, 4), KindError),
        (lambda net: train(net, [], []), ArgumentError),
    ],
)
def test_what_cannot_be_used_is_refused_and_changes_nothing(wrong, error):
    net = perceptron()
    before = net.weights
    with pytest.raises(error):
        wrong(net)
    assert (net.weights == before).all()


@pytest.mark.parametrize("options", [{"window": 3}, {"threads": 2}])
def test_the_online_rule_refuses_what_it_would_ignore(options):
    with pytest.raises(ArgumentError, match="window and threads are for"):
        Trainer(lstm(), **options)
    Trainer(lstm(), method="bptt", **options)
    Trainer(lstm(), window=None, threads=1)


def test_a_stream_into_memory_is_never_shuffled():
    with pytest.raises(ArgumentError, match="cannot be shuffled"):
        train(lstm(), SEQUENCES[0][0], SEQUENCES[1][0], shuffle=True)


def test_partly_missing_targets_are_refused():
    targets = SEQUENCES[1].copy()
    targets[0, 0, 0] = np.nan
    with pytest.raises(ArgumentError, match="all NaN"):
        train(lstm(), SEQUENCES[0], targets)


INTERRUPTED = """
import signal, numpy as np, architect, synapse
signal.signal(signal.SIGINT, signal.default_int_handler)
net = architect.LSTM(20, 60, 5, style="synaptic", seed=0)
rng = np.random.default_rng(0)
inputs, targets = rng.random((200_000, 20)), rng.random((200_000, 5))
net.activate(inputs[0])
synapse.Trainer(net).train(inputs[:200], targets[:200], epochs=1, progress=False)
print("ready", flush=True)
result = synapse.Trainer(net).train(inputs, targets, epochs=1000, progress=False)
print(result.stopped, np.isfinite(result.error), np.isfinite(net.activate(inputs[0])).all())
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_ctrl_c_in_the_middle_of_an_epoch_returns_what_was_reached():
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    assert process.stdout.readline() == "ready\n"
    threading.Timer(4.0, process.send_signal, [signal.SIGINT]).start()
    told, _ = process.communicate(timeout=120)
    assert told.split() == ["interrupted", "True", "True"]
    assert process.returncode == 0

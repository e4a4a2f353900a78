"""The trainer: what it learns from, when it stops, what it counts, what it leaves
behind."""

import _thread
import dataclasses
import math
import re
import threading
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from synapse.learning._options import OPTIONS
from tests.helpers.cases import all_refused, every_case

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


def test_it_learns_xor_and_stops_at_the_error():
    net = perceptron()
    result = train(net, *XOR, epochs=5000, goal=0.05)
    assert result.stop_reason == "goal"
    assert result.loss <= 0.05 < result.history["loss"][-2]
    assert len(result.history["loss"]) == result.epochs < 5000
    assert net.run(XOR[0]).round().tolist() == XOR[1]
    assert re.match("<Result: cross-entropy 0.0.*, stopped by goal>$", repr(result))
    few = train(perceptron(), *XOR, epochs=2)
    short = dataclasses.replace(few, history={"loss": [0.7] * 10 + [0.6] * 2 + [0.5]})
    assert repr(short).endswith(
        "reached the epoch limit while the loss was still falling>"
    )
    flat = dataclasses.replace(
        few, history={"loss": [0.9, 0.7, 0.7], "validation_loss": [0.5, 0.6, 0.6]}
    )
    assert repr(flat).endswith(" s, reached the epoch limit>")


def test_classes_count_in_a_test_by_their_weight_at_every_step():
    net = lstm()
    inputs = SEQUENCES[0]
    targets = np.eye(2)[RNG.integers(0, 2, (6, 5))]
    targets[2, 3] = np.nan
    tested = Trainer(net, cost="squared_error").test(
        inputs, targets, sample_weight=np.arange(1.0, 7.0), class_weight={1: 3.0}
    )
    weights = np.where(targets[..., 1] == 1, 3.0, 1.0) * np.arange(1.0, 7.0)[:, None]
    costs = 0.5 * ((net.run(inputs) - targets) ** 2).sum(axis=2)
    aimed = ~np.isnan(targets[..., 0])
    assert tested.loss == pytest.approx(
        np.average(costs[aimed], weights=weights[aimed]), rel=1e-13
    )
    assert tested.steps == 29


def test_wrong_weights_are_refused_before_anything_runs():
    net = perceptron()
    for call in (
        Trainer(net).test,
        partial(Trainer(net, rule="bptt").train, progress=False),
    ):
        refused = [
            (partial(call, *XOR, sample_weight=[1.0]), ArgumentError, "4 numbers"),
            (
                partial(call, *XOR, sample_weight=[-1.0] * 4),
                ArgumentError,
                "0 or above",
            ),
            (partial(call, *XOR, class_weight={5: 1.0}), ArgumentError, "0 to 1"),
            (
                partial(call, *XOR, class_weight=[1.0, 2.0]),
                ArgumentTypeError,
                "a mapping",
            ),
        ]
        all_refused(refused)
    train_ = partial(Trainer(net, rule="bptt").train, *XOR, progress=False)
    for nothing in ({"sample_weight": [0.0] * 4}, {"class_weight": {0: 0.0, 1: 0.0}}):
        with pytest.raises(
            ArgumentError, match="at least one step with a target and a weight above 0"
        ):
            train_(**nothing)
    assert not any(neuron.activation for neuron in net)


@every_case("rule", ["online", "bptt"])
@every_case("count", [1, 2, 3])
def test_a_tuple_of_two_is_held_out_data_and_a_list_is_batches_of_them(count, rule):
    net = architect.LSTM(2, 3, 2, seed=0)
    rows, aims = RNG.random((2, 12, 2))
    batches = list(zip(np.split(rows, count), np.split(aims, count), strict=True))
    trainer = Trainer(net, 1e-14, rule=rule)
    costs = []
    for validation in (batches, iter(batches), (rows, aims)):
        net.clear()
        result = trainer.train(
            rows, aims, epochs=1, validation=validation, progress=False
        )
        costs.append(result.history["validation_loss"][0])
    assert costs[0] == pytest.approx(costs[1])
    net.clear()
    trainer.test(rows, aims)  # "online" goes on in the context after the training rows
    parts = batches if rule == "bptt" else [(rows, aims)]
    expected = []
    for batch in parts:
        if rule == "bptt":
            net.clear()
        expected.append(trainer.test(*batch).loss)
    assert costs[0] == pytest.approx(np.mean(expected))


def test_what_cannot_be_used_is_refused_and_changes_nothing():
    """What the table of arguments does not try (``tests/arguments``)."""
    net = perceptron()
    before = net.weights
    nan = ([[0.0, 0.0]], [[math.nan]])
    all_refused(
        [
            (lambda: Trainer(net, rate="fast"), ArgumentTypeError, "a schedule"),
            (lambda: Trainer(net, cost="absent"), UnknownNameError, "absent"),
            (
                lambda: train(net, *XOR, validation="no"),
                ArgumentTypeError,
                "a fraction, a tuple",
            ),
            (
                lambda: train(net, *XOR, validation=[*map(np.array, XOR)]),
                ArgumentTypeError,
                "as a tuple: val",
            ),
            (
                lambda: train(net, *XOR, validation=(tuple(map(np.array, XOR)),) * 2),
                ArgumentError,
                "two pairs of",
            ),
            (
                lambda: train(net, *XOR, validation=nan),
                ArgumentError,
                "in the held-out data",
            ),
            (
                lambda: train(net, [[0, 0]], [[0]], validation=0.5),
                ArgumentError,
                "leaves nothing",
            ),
            (
                lambda: train(net, *XOR, rate=lambda epoch: -1.0),
                ArgumentError,
                "epoch 0",
            ),
            (
                lambda: train(net, *XOR, callbacks=[print, 3]),
                ArgumentTypeError,
                "A callback|a callback",
            ),
            (lambda: train(net, [[0.0]] * 4, XOR[1]), ArgumentError, "2 inputs"),
            (lambda: train(net, [[0.0, 0.0]], [[math.inf]]), ArgumentError, "in row 0"),
            (
                lambda: Trainer(net, window=3),
                ArgumentError,
                "window is for",
            ),
            (
                lambda: train(lstm(), SEQUENCES[0][0], SEQUENCES[1][0], shuffle=True),
                *(ArgumentError, "cannot be shuffled"),
            ),
        ]
    )
    assert (net.weights == before).all()


def test_an_assigned_option_is_checked_and_used_by_the_next_training():
    trainer = Trainer(perceptron(), rate=0.5)
    trainer.train(*XOR, epochs=2, seed=0, progress=False)
    for name, value in {"rate": 0.1, "l2": 0.5, "clip": 0.01, "rule": "bptt"}.items():
        setattr(trainer, name, value)
    trainer.train(*XOR, epochs=2, seed=0, progress=False)
    net = perceptron()
    train(net, *XOR, epochs=2)
    options = {
        "rate": 0.1,
        "l2": 0.5,
        "clip": 0.01,
        "rule": "bptt",
        "optimizer": trainer.optimizer,
    }
    Trainer(net, **options).train(*XOR, epochs=2, seed=0, progress=False)
    assert (trainer.network.weights == net.weights).all()
    before = {name: getattr(trainer, name) for name in OPTIONS}
    refused = [
        (lambda: setattr(trainer, "rate", -1.0), ArgumentError, "`rate` of Trainer"),
        (
            lambda: setattr(trainer, "threads", "two"),
            ArgumentTypeError,
            "`threads` of Trainer",
        ),
    ]
    all_refused(refused)
    assert before == {name: getattr(trainer, name) for name in OPTIONS}
    for name, match in {
        "network": "Make a Trainer",
        "clipp": "mean 'clip'",
        "x": "It has: batch_size",
    }.items():
        with pytest.raises(AttributeError, match=match):
            setattr(trainer, name, net)
    edited = Trainer(perceptron())
    edited.clip = 1.0
    edited.batch_size = 4
    assert (edited.optimizer, edited.rate) == (optimizers.SGD(0.1), 0.1)
    edited.train(*XOR, epochs=1, progress=False)
    for name, value, optimizer, rate in [
        ("clip", None, optimizers.SGD(0.1), 0.1),
        ("batch_size", None, None, 0.1),
        ("optimizer", optimizers.Adam(), optimizers.Adam(), 0.001),
        ("rate", 0.5, optimizers.Adam(), 0.5),
        ("optimizer", None, None, 0.5),
        ("rate", None, None, 0.1),
    ]:
        setattr(edited, name, value)
        assert (edited.optimizer, edited.rate) == (optimizer, rate)
    trainer.batch_size = 2
    trainer.rule = "rtrl"
    trainer.batch_size = "sequence"
    trainer.rule = "bptt"
    with pytest.raises(ArgumentTypeError, match="`batch_size` of Trainer must be"):
        trainer.train(*XOR, epochs=1, progress=False)


def test_what_a_test_tells_of_classes():
    """Of samples, of steps of sequences some of which have no target, and of a single
    output."""
    net = architect.Perceptron(3, 3, output_squash="softmax", seed=0)
    net.weights = 9 * np.eye(3).ravel()
    net.output.biases = np.zeros(3)
    inputs = np.eye(3)[[0, 1, 2, 2, 1]]
    classes = [0, 1, 2, 0, 0]
    test = Trainer(net).test(inputs, classes)
    assert test.confusion.tolist() == [[1, 1, 1], [0, 1, 0], [0, 0, 1]]
    assert (test.misclassified.tolist(), test.accuracy) == ([3, 4], 0.6)
    assert re.fullmatch(
        "<Evaluation: categorical cross-entropy .* over 5 steps, accuracy 60 %>",
        repr(test),
    )
    test = Trainer(net).test(inputs, classes, sample_weight=[1, 1, 0, 1, 0])
    assert (test.confusion.sum(), test.steps) == (3, 3)
    targets = np.eye(3)[[[0, 1], [2, 0]]]
    targets[0, 1] = np.nan
    test = Trainer(net).test(inputs[:4].reshape(2, 2, 3), targets)
    assert (test.steps, test.accuracy, test.misclassified.tolist()) == (
        3,
        2 / 3,
        [1],
    )
    threshold = architect.Perceptron(1, 1, seed=0)
    threshold.weights = [4.0]
    threshold.output.biases = [-2.0]
    test = Trainer(threshold).test([[0.0], [1.0], [0.2]], [[0.0], [1.0], [1.0]])
    assert (test.confusion.tolist(), test.misclassified.tolist()) == (
        [[1, 0], [1, 1]],
        [2],
    )
    assert Trainer(threshold).test([[0.0], [1.0]], [[0.0], [0.7]]).accuracy is None


def test_defaults():
    net = perceptron()
    adam = optimizers.Adam()
    plain = Trainer(net)
    assert (
        repr(plain)
        == f"<Trainer of {net!r}: rate=0.1, cost='cross_entropy', rule='online'>"
    )
    assert plain.train(*XOR, progress=False).epochs == 100
    assert Trainer(net, rule="bptt").optimizer == optimizers.SGD(0.1)
    assert Trainer(net, batch_size=1).optimizer is None
    for options in (
        {"batch_size": 2},
        {"l1": 0.1},
        {"l2": 0.1},
        {"clip": 1.0},
        {"clip_value": 1.0},
    ):
        assert Trainer(net, **options).optimizer == optimizers.SGD(0.1)
    assert [Trainer(net, optimizer=adam, rate=rate).rate for rate in (None, 0.5)] == [
        0.001,
        0.5,
    ]
    net.rule = "rtrl", 2
    assert (Trainer(net).rule, Trainer(net).reach) == ("rtrl", 2)
    adam = Trainer(
        perceptron(), rule="bptt", l2=0.1, optimizer=optimizers.Adam(betas=(0.5, 0.9))
    )
    adam.train(
        *XOR, epochs=5, progress=False, callbacks=[lambda progress: progress.epoch == 2]
    )
    assert repr(adam).endswith(
        ": rate=0.001, cost='cross_entropy', rule='bptt',"
        " optimizer=Adam(betas=(0.5, 0.9)), l2=0.1; 2 of 5 epochs done>"
    )


def test_ctrl_c_in_the_middle_of_a_long_epoch_returns_what_was_reached(ctrl_c):
    net = architect.LSTM(3, 60, 2, seed=0)
    inputs = RNG.random((400_000, 3))
    targets = RNG.random((400_000, 2))
    train(net, inputs[:2], targets[:2], epochs=1)
    timer = threading.Timer(0.2, _thread.interrupt_main)
    result = train(net, inputs, targets, rate=lambda epoch: timer.start() or 0.01)
    assert (result.stop_reason, result.epochs) == ("interrupted", 0)
    assert np.isfinite([result.loss, *net.weights, *net.activate(inputs[0])]).all()


INPUTS = np.array([[0.0], [0.0]])
TARGETS = np.array([[0.0], [1.0]])


def still(**options):
    """A network that learns nothing, so that every epoch has the same error."""
    trainer = Trainer(architect.Perceptron(1, 1, seed=0), rate=0.0)
    return trainer.train(INPUTS, TARGETS, epochs=50, progress=False, seed=0, **options)


def test_patience_counts_the_epochs_after_the_best_and_equal_errors_are_no_better():
    for patience in (1, 2, 7):
        for more in (
            {},
            {"restore_best": False},
            {"callbacks": [lambda progress: None]},
        ):
            result = still(patience=patience, **more)
            assert (result.stop_reason, result.epochs) == ("patience", 1 + patience)


def test_the_best_weights_come_back_with_patience_alone_and_only_if_asked_for():
    def trained(**options):
        net = architect.Perceptron(1, 2, 1, seed=0)
        seen = []
        # soon worse than at the begin
        trainer = Trainer(net, lambda epoch: 0.5 if epoch < 3 else 50.0)
        note = lambda progress: seen.append((progress.loss, net.weights))  # noqa: E731
        plain = {"epochs": 40, "progress": False, "shuffle": False, "callbacks": [note]}
        result = trainer.train([[1.0], [1.0]], [[0.0], [1.0]], **plain, **options)
        return net.weights, seen, result.loss

    for options in ({"patience": 39}, {"validation": ([[1.0]], [[1.0]])}):
        weights, seen, _ = trained(**options, restore_best=False)
        assert (weights == seen[-1][1]).all()
    weights, seen, error = trained(patience=39)
    best = int(np.argmin([seen_error for seen_error, _ in seen]))
    assert best < len(seen) - 1
    assert (weights == seen[best][1]).all()
    assert error == seen[best][0]
    weights, seen, _ = trained()
    assert (weights == seen[-1][1]).all()


def test_a_fraction_holds_out_at_least_one_and_leaves_at_least_one():
    differences = []
    for fraction, held_out in ((0.01, 1), (0.1, 1), (0.34, 3), (0.89, 9)):
        rows = np.arange(10.0)[:, None] / 10
        net = architect.Perceptron(1, 1, seed=0)
        trainer = Trainer(net, rate=0.0)
        result = trainer.train(
            rows, rows, epochs=1, validation=fraction, progress=False
        )
        error = trainer.test(rows[-held_out:], rows[-held_out:]).loss
        differences.append(result.history["validation_loss"][0] - error)
        assert result.loss == pytest.approx(
            trainer.test(rows[:-held_out], rows[:-held_out]).loss
        )
    assert np.abs(differences).max() < 1e-15
    with pytest.raises(ArgumentError, match="leaves nothing to train on"):
        trainer.train(rows, rows, validation=0.96, progress=False)


def test_a_loss_falls_if_the_last_tenth_of_the_epochs_is_lower():
    inputs, targets = [[0.0], [1.0]], [[0.2], [0.8]]
    for epochs, falls in ((1, False), (30, True)):
        trainer = Trainer(architect.Perceptron(1, 1, seed=0), rate=0.5)
        result = trainer.train(inputs, targets, epochs=epochs, progress=False)
        assert result.falling is falls

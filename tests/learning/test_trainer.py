"""The trainer: what it learns from, when it stops, what it counts, what it leaves
behind."""

import _thread
import dataclasses
import math
import re
import threading
import tracemalloc
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    SynapseError,
    UnknownNameError,
)
from synapse.learning._options import OPTIONS
from tests.helpers.cases import all_refused, every_case

XOR = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [[0.0], [1.0], [1.0], [0.0]]
RNG = np.random.default_rng(0)
SEQUENCES = RNG.random((6, 5, 3)), RNG.random((6, 5, 2))


perceptron = partial(architect.Perceptron, 2, 3, 1, seed=3)
lstm = partial(architect.LSTM, 3, 4, 2, style="synaptic", seed=0)


def train(net, inputs, targets, **options):
    return Trainer(net, options.pop("rate", 0.5)).train(
        inputs, targets, progress=False, **{"seed": 0} | options
    )


def test_it_learns_xor_and_stops_at_the_error():
    net = perceptron()
    result = train(net, *XOR, epochs=5000, goal=0.05)
    assert result.loss <= 0.05 < result.history["loss"][-2]
    assert len(result.history["loss"]) == result.epochs < 5000
    assert net.run(XOR[0]).round().tolist() == XOR[1]
    assert re.match("<Result: cross-entropy 0.0.*, stopped by goal>$", repr(result))
    few = train(perceptron(), *XOR, epochs=2)
    assert repr(
        dataclasses.replace(few, history={"loss": [0.7] * 10 + [0.6] * 2 + [0.5]})
    ).endswith("reached the epoch limit while the loss was still falling>")
    assert repr(
        dataclasses.replace(
            few, history={"loss": [0.9, 0.7, 0.7], "validation_loss": [0.5, 0.6, 0.6]}
        )
    ).endswith(" s, reached the epoch limit>")


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
    training = partial(Trainer(net, rule="bptt").train, *XOR, progress=False)
    none = "at least one step with a target and a weight above 0"
    all_refused(
        [
            *(
                (partial(call, **weights), SynapseError, words)
                for call in (partial(Trainer(net).test, *XOR), training)
                for weights, words in (
                    ({"sample_weight": [1.0]}, "4 numbers"),
                    ({"sample_weight": [-1.0] * 4}, "0 or above"),
                    ({"class_weight": {5: 1.0}}, "0 to 1"),
                    ({"class_weight": [1.0, 2.0]}, "a mapping"),
                )
            ),
            (partial(training, sample_weight=[0.0] * 4), ArgumentError, none),
            (partial(training, class_weight={0: 0.0, 1: 0.0}), ArgumentError, none),
        ]
    )
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
        costs.append(
            trainer.train(
                rows, aims, epochs=1, validation=validation, progress=False
            ).history["validation_loss"][0]
        )
    assert costs[0] == pytest.approx(costs[1])
    net.clear()
    trainer.test(rows, aims)  # "online" goes on in the context after the training rows
    expected = []
    for batch in batches if rule == "bptt" else [(rows, aims)]:
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
    options = {"rate": 0.1, "l2": 0.5, "clip": 0.01, "rule": "bptt"}
    for name, value in options.items():
        setattr(trainer, name, value)
    trainer.train(*XOR, epochs=2, seed=0, progress=False)
    net = perceptron()
    train(net, *XOR, epochs=2)
    options["optimizer"] = trainer.optimizer
    Trainer(net, **options).train(*XOR, epochs=2, seed=0, progress=False)
    assert (trainer.network.weights == net.weights).all()
    before = {name: getattr(trainer, name) for name in OPTIONS}
    all_refused(
        (partial(setattr, trainer, name, value), error, words)
        for name, value, error, words in (
            ("rate", -1.0, ArgumentError, "`rate` of Trainer"),
            ("threads", "two", ArgumentTypeError, "`threads` of Trainer"),
            ("network", net, AttributeError, "Make a Trainer"),
            ("clipp", net, AttributeError, "mean 'clip'"),
            ("x", net, AttributeError, "It has: batch_size"),
        )
    )
    assert before == {name: getattr(trainer, name) for name in OPTIONS}
    edited = Trainer(perceptron())
    edited.clip = 1.0
    for name, value, optimizer, rate in [
        ("batch_size", 4, optimizers.SGD(0.1), 0.1),
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

    def told(test):
        found = test.confusion.tolist(), test.misclassified.tolist()
        return test.steps, test.accuracy, *found

    net = architect.Perceptron(3, 3, output_squash="softmax", seed=0)
    net.weights = 9 * np.eye(3).ravel()
    net.output.biases = np.zeros(3)
    inputs = np.eye(3)[[0, 1, 2, 2, 1]]
    classes = [0, 1, 2, 0, 0]
    test = Trainer(net).test(inputs, classes)
    assert told(test) == (5, 0.6, [[1, 1, 1], [0, 1, 0], [0, 0, 1]], [3, 4])
    assert re.fullmatch(
        "<Evaluation: categorical cross-entropy .* over 5 steps, accuracy 60 %>",
        repr(test),
    )
    test = Trainer(net).test(inputs, classes, sample_weight=[1, 1, 0, 1, 0])
    assert (test.confusion.sum(), test.steps) == (3, 3)
    targets = np.eye(3)[[[0, 1], [2, 0]]]
    targets[0, 1] = np.nan
    test = Trainer(net).test(inputs[:4].reshape(2, 2, 3), targets)
    assert told(test) == (3, 2 / 3, [[1, 0, 1], [0, 0, 0], [0, 0, 1]], [1])
    threshold = Trainer(architect.Perceptron(1, 1, seed=0))
    threshold.network.weights = [4.0]
    threshold.network.output.biases = [-2.0]
    test = threshold.test([[0.0], [1.0], [0.2]], [[0.0], [1.0], [1.0]])
    assert told(test) == (3, 2 / 3, [[1, 0], [1, 1]], [2])
    assert threshold.test([[0.0], [1.0]], [[0.0], [0.7]]).accuracy is None


def test_defaults():
    net = perceptron()
    plain = Trainer(net)
    told = f"<Trainer of {net!r}: rate=0.1, cost='cross_entropy', rule='online'>"
    assert repr(plain) == told
    assert plain.train(*XOR, progress=False).epochs == 100
    assert Trainer(net, batch_size=1).optimizer is None
    for options, optimizer, rate in (
        ({"rule": "bptt"}, optimizers.SGD(0.1), 0.1),
        ({"batch_size": 2}, optimizers.SGD(0.1), 0.1),
        ({"l1": 0.1}, optimizers.SGD(0.1), 0.1),
        ({"l2": 0.1}, optimizers.SGD(0.1), 0.1),
        ({"clip": 1.0}, optimizers.SGD(0.1), 0.1),
        ({"clip_value": 1.0}, optimizers.SGD(0.1), 0.1),
        ({"optimizer": "adam"}, optimizers.Adam(), 0.001),
        ({"optimizer": "adam", "rate": 0.5}, optimizers.Adam(), 0.5),
    ):
        trainer = Trainer(net, **options)
        assert (trainer.optimizer, trainer.rate) == (optimizer, rate), options
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
    inputs, targets = np.ones((400_000, 3)), np.ones((400_000, 2))
    train(net, inputs[:2], targets[:2], epochs=1)
    timer = threading.Timer(0.2, _thread.interrupt_main)
    result = train(net, inputs, targets, rate=lambda epoch: timer.start() or 0.01)
    assert (result.stop_reason, result.epochs) == ("interrupted", 0)
    assert np.isfinite([result.loss, *net.weights, *net.activate(inputs[0])]).all()


@every_case("patience", [1, 2, 7])
@every_case("more", [{}, {"restore_best": False}, {"callbacks": [lambda news: None]}])
def test_patience_counts_the_epochs_after_the_best_and_equal_errors_are_no_better(
    patience, more
):
    """A network that learns nothing has the same error in every epoch."""
    net, data = architect.Perceptron(1, 1, seed=0), ([[0.0], [0.0]], [[0.0], [1.0]])
    result = train(net, *data, rate=0.0, epochs=50, patience=patience, **more)
    assert (result.stop_reason, result.epochs) == ("patience", 1 + patience)


def test_the_best_weights_come_back_with_patience_alone_and_only_if_asked_for():
    def trained(**options):
        net = architect.Perceptron(1, 2, 1, seed=0)
        seen = []
        result = train(
            *(net, [[1.0], [1.0]], [[0.0], [1.0]]),
            rate=lambda epoch: (
                0.5 if epoch < 3 else 50.0
            ),  # soon worse than at the begin
            epochs=40,
            shuffle=False,
            callbacks=[
                lambda news: seen.append(
                    [news.values.get("loss_at_end", news.loss), net.weights.tolist()]
                )
            ],
            **options,
        )
        return result.loss, net.weights.tolist(), seen

    last = {"restore_best": False}
    held_out = {"validation": ([[1.0]], [[1.0]])}
    for options in ({"patience": 39, **last}, {**held_out, **last}, {}):
        *final, seen = trained(**options)
        assert final[1] == seen[-1][1]
    *final, seen = trained(patience=39)
    assert final == min(seen) != seen[-1]


def test_a_fraction_holds_out_at_least_one_and_leaves_at_least_one():
    rows = np.arange(10.0)[:, None] / 10
    trainer = Trainer(architect.Perceptron(1, 1, seed=0), rate=0.0)
    options = {"epochs": 1, "progress": False}
    for fraction, held_out in ((0.01, 1), (0.1, 1), (0.34, 3), (0.89, 9)):
        result = trainer.train(rows, rows, validation=fraction, **options)
        losses = [
            trainer.test(part, part).loss
            for part in (rows[-held_out:], rows[:-held_out])
        ]
        found = result.history["validation_loss"][0], result.loss
        np.testing.assert_allclose(found, losses, rtol=0, atol=1e-15)
    with pytest.raises(ArgumentError, match="leaves nothing to train on"):
        trainer.train(rows, rows, validation=0.96, progress=False)


def test_a_loss_falls_if_the_last_tenth_of_the_epochs_is_lower():
    data = [[0.0], [1.0]], [[0.2], [0.8]]
    for epochs, falls in ((1, False), (30, True)):
        result = train(architect.Perceptron(1, 1, seed=0), *data, epochs=epochs)
        assert result.falling is falls


@pytest.mark.parametrize("rule", ["online", "bptt"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays_are_read_where_they_are(rule, dtype):
    """A training takes no memory for a copy. Other layouts give the same numbers, and
    a callback that spoils the data ends the training with the weights from before."""

    def trained(inputs, targets, **options):
        net = architect.Perceptron(500, 2, 1, seed=0, dtype=dtype)
        trainer = Trainer(net, rule=rule, batch_size=8)
        options |= {"epochs": 2, "shuffle": False, "progress": False}
        tracemalloc.start()
        try:
            trainer.train(inputs, targets, **options)
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        return peak, net.weights

    rng = np.random.default_rng(0)
    taken = dtype if rule == "bptt" else "float64"
    inputs, targets = rng.random((4_000, 500)).astype(taken), rng.random((4_000, 1))
    peak, weights = trained(inputs, targets)
    assert peak < inputs.nbytes / 2
    fixed = inputs.copy()
    fixed.flags.writeable = False
    for other in (np.asfortranarray(inputs), fixed, inputs.tolist()):
        _, same = trained(other, targets)
        assert (same == weights).all()

    def spoil(_):
        inputs[...] = np.nan

    with pytest.raises(DivergenceError):
        trained(inputs, targets, callbacks=[spoil])

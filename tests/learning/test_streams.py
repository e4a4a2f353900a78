"""Training on streams of batches: what an epoch is, what a batch is for each rule, what
is refused."""

import itertools

import numpy as np
import pytest

import architect
from synapse import Trainer, optimizers
from synapse.errors import ArgumentError, ArgumentTypeError
from tests.helpers.cases import every_case

from .helpers import parameters

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(60, 3))
AIMS = RNG.random((60, 2))
INPUTS = RNG.normal(size=(12, 5, 3))
TARGETS = RNG.random((12, 5, 2))
CUTS = [0, 7, 8, 31, 60]


def lstm(**options):
    return architect.LSTM(3, 4, 2, seed=0, **options)


def perceptron():
    return architect.Perceptron(3, 4, 2, seed=0)


def pieces(inputs, targets, cuts):
    return [
        (inputs[start:last], targets[start:last])
        for start, last in itertools.pairwise(cuts)
    ]


STREAM = pieces(ROWS, AIMS, CUTS)
BATCHES = pieces(INPUTS, TARGETS, [0, 4, 8, 12])


def train(net, batches, *, trainer=None, **options):
    learner = Trainer(net, **(trainer or {}))
    result = learner.train(batches, progress=False, seed=0, **options)
    return parameters(net), result


def on_arrays(net, data, *, trainer=None, **options):
    learner = Trainer(net, **(trainer or {}))
    result = learner.train(*data, progress=False, seed=0, shuffle=False, **options)
    return parameters(net), result


@pytest.mark.full
@every_case("dtype", [np.float64, np.float32])
@every_case("width", [5, 17, 70])
def test_cuts_change_no_bit_whatever_the_width(width, dtype):
    """Sums over updated weights have the order of sums over weights, however they are
    vectorised."""
    rng = np.random.default_rng(width)
    rows = rng.random((30, width))
    aims = rng.random((30, 3))
    aims[::4] = np.nan
    for make in (architect.Perceptron, architect.LSTM):
        whole, cut = (make(width, width, 3, seed=0, dtype=dtype) for _ in range(2))
        on_arrays(whole, (rows, aims), epochs=2)
        train(cut, pieces(rows, aims, range(31)), epochs=2)
        assert parameters(whole).tobytes() == parameters(cut).tobytes()
        # the context, too
        assert whole.activate(rows[0]).tobytes() == cut.activate(rows[0]).tobytes()


EXACT = {"rule": "bptt", "optimizer": optimizers.SGD(0.1)}
ADAM = {"optimizer": optimizers.Adam(0.01)}
HALVES = pieces(ROWS, AIMS, [0, 30, 60])
SAME = {
    "samples": (perceptron, (ROWS, AIMS), STREAM, {}, {}, {}),
    "sequences": (lstm, (INPUTS, TARGETS), BATCHES, {}, {}, {}),
    "adam": (
        lstm,
        (INPUTS, TARGETS),
        BATCHES,
        {"rule": "bptt", **ADAM},
        {"batch_size": 4},
        {},
    ),
    "window": (
        lstm,
        (INPUTS, TARGETS),
        BATCHES,
        {**EXACT, "window": 2},
        {"batch_size": 4},
        {},
    ),
    "divided steps": (lstm, (ROWS, AIMS), HALVES, {**ADAM, "batch_size": 10}, {}, {}),
    "dropout": (
        *(perceptron, (ROWS, AIMS), pieces(ROWS, AIMS, [0, 20, 40, 60])),
        *({**EXACT, "dropout": 0.5}, {"batch_size": 20}, {}),
    ),
    "classes": (
        *(lstm, (INPUTS, TARGETS), BATCHES, EXACT),
        *({"batch_size": 4}, {"class_weight": {0: 0.5, 1: 3.0}}),
    ),
}


def test_several_epochs_iterate_again_and_an_iterator_is_one_epoch():
    for source in (STREAM, lambda: iter(STREAM)):
        assert train(lstm(), source)[1].epochs == 1  # the default
        assert train(lstm(), source, epochs=3)[1].epochs == 3
    before = parameters(net := lstm())
    with pytest.raises(
        ArgumentError, match="exhausted after one epoch, but epochs is 2"
    ):
        train(net, iter(STREAM), epochs=2)
    assert np.array_equal(parameters(net), before)
    assert train(net, iter(STREAM))[1].epochs == 1


def test_a_slice_bounds_a_stream_without_end():
    endless = itertools.cycle(STREAM)
    seen = []
    net = lstm()
    other = lstm()
    train(net, itertools.islice(endless, 6), on_batch=seen.append)
    assert [batch.rows for batch in seen] == [7, 1, 23, 29, 7, 1]
    train(other, [*STREAM, *STREAM[:2]])
    assert np.array_equal(parameters(net), parameters(other))
    assert next(endless) is STREAM[2]  # no batch is lost


def test_rows_without_targets_run_and_teach_nothing():
    blank = np.full_like(AIMS, np.nan)
    with pytest.raises(
        ArgumentError,
        match="Expected at least one step with a target and a weight above 0",
    ):
        train(lstm(), [(ROWS, blank)])
    net = lstm()
    seen = []
    before = parameters(net)
    train(
        net,
        [(ROWS, blank), STREAM[0]],
        on_batch=lambda batch: seen.append((batch, parameters(net))),
    )
    assert np.array_equal(seen[0][1], before)
    assert np.isnan(seen[0][0].loss)
    assert seen[0][0].steps == 0


def test_ctrl_c_while_a_batch_is_awaited_returns_what_was_reached(ctrl_c):
    def slow():
        yield STREAM[0]
        ctrl_c()
        yield STREAM[1]

    net = lstm()
    other = lstm()
    result = train(net, slow)[1]
    assert (result.stop_reason, result.epochs) == ("interrupted", 0)
    assert result.loss == train(other, STREAM[:1])[1].loss
    assert np.array_equal(parameters(net), parameters(other))


@pytest.mark.full
def test_batches_of_one_form_are_checked_and_laid_out_as_if_each_were_the_first():
    """Arrays of the form of the latest are laid out like it; lists are not."""
    rows, aims = BATCHES[0]
    holes = aims.copy()
    few = np.round(9 * rows).astype(int)
    flat = (rows.reshape(20, 3), aims.reshape(20, 2))
    holes[:, 1] = np.nan
    batches = [
        *BATCHES,
        flat,
        (rows.astype(np.float32), holes),
        (few, aims),
        *STREAM,
        *BATCHES,
        *STREAM,
    ]
    wrong = [(rows + np.inf, aims), (rows, aims + 1.0), (rows, aims + np.inf)]
    for options in (
        {},
        {"rule": "bptt"},
        {"rule": "bptt", "optimizer": optimizers.Adam()},
    ):
        for make in (lstm, perceptron):
            of_arrays = make()
            of_lists = make()
            train(of_arrays, batches, trainer=options)
            train(
                of_lists,
                [tuple(array.tolist() for array in batch) for batch in batches],
                trainer=options,
            )
            assert parameters(of_arrays).tobytes() == parameters(of_lists).tobytes()
            for bad in wrong:
                with pytest.raises(ArgumentError, match="In batch 3:"):
                    train(of_arrays, [*BATCHES[:2], bad], trainer=options)


REFUSED = {
    "an array": lambda net: train(net, ROWS),
    "pairs of numbers": lambda net: train(net, [[0.0, 1.0]]),
    "a tuple of arrays": lambda net: train(net, (ROWS, AIMS)),
    "triples": lambda net: train(net, [(ROWS, AIMS, ROWS)]),
    "nothing": lambda net: train(net, None),
    "text": lambda net: train(net, "no"),
    "a dict": lambda net: train(net, {"inputs": ROWS}),
    "a function of something": lambda net: train(net, lambda x: x),
    "a function that returns no iterable": lambda net: train(net, lambda: 3),
    "no batch": lambda net: train(net, []),
    "shuffle": lambda net: train(net, STREAM, shuffle=True),
    "a fraction": lambda net: train(net, STREAM, validation=0.2),
    "weights": lambda net: train(
        net, STREAM, trainer={"rule": "bptt"}, sample_weight=[1.0]
    ),
    "L-BFGS": lambda net: train(
        net,
        BATCHES,
        trainer={"rule": "bptt", "optimizer": optimizers.LBFGS(iterations=2)},
    ),
    "no function": lambda net: train(net, STREAM, on_batch=3),
}


@every_case("name", REFUSED)
def test_what_is_no_stream_is_refused_and_nothing_changes(name):
    net = lstm()
    net.activate(ROWS[0])
    before = parameters(net), net.output.activations
    with pytest.raises((ArgumentError, ArgumentTypeError)) as error:
        REFUSED[name](net)
    assert str(error.value).endswith(".")
    assert np.array_equal(parameters(net), before[0])
    assert np.array_equal(net.output.activations, before[1])

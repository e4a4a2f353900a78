"""Calls for exact gradients: several sequences, bits, windows, context, tapes, what is
refused."""

from functools import partial
from itertools import pairwise
from weakref import ref

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
from synapse import Layer, Network, gradient
from synapse.errors import ArgumentError, DivergenceError
from synapse.learning._data import prepare_sequences
from synapse.learning._gradient import ExactGradient
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import unchanged, used
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

from .helpers import (
    SORTS,
    both,
    built,
    by_sort,
    growing,
    one_sequence,
    same_bits,
    sequences,
)


def mean_of_each(net, inputs, targets, **options):
    """The mean over sequences of the gradient of each."""
    pairs = zip(inputs, targets, strict=True)
    return sum(both(gradient(net, *pair, **options)) for pair in pairs) / len(inputs)


@by_sort
@every_case("count", [1, 2, 8, 17])
def test_several_sequences_are_the_mean_of_each(sort, count):
    """One is computed in one lane, several are in eight."""
    net = built(sort)
    inputs, targets = sequences(net, [3 + (5 * i) % 7 for i in range(count)])
    for aims in targets:
        aims[len(aims) // 2] = np.nan
    apart = mean_of_each(net, inputs, targets)
    assert both(gradient(net, inputs, targets)) == pytest.approx(
        apart, rel=1e-12, abs=1e-14
    )


def test_a_few_sequences_of_a_large_network_have_the_bits_of_each():
    net = architect.LSTM(3, 40, 2, seed=0)
    inputs, targets = sequences(net, (3, 4, 2, 5, 1, 3, 2, 4, 3, 3))
    for count in (2, 3, 10):
        data = inputs[:count], targets[:count]
        together, other = (gradient(net, *data, threads=n) for n in (1, 2))
        apart = mean_of_each(net, *data)
        same_bits(together, other)
        assert both(together) == pytest.approx(apart, rel=1e-12, abs=1e-14)
        # others are rounded side by side
        assert np.array_equal(both(together), apart) == (count == 2)


def test_what_changes_nothing_but_rounding():
    """The order of sequences, steps after the last target, and rows instead of a
    sequence."""
    net, elman = built("lstm"), built("elman")
    inputs, targets = sequences(net, (5, 9, 1, 2, 7, 3, 3, 8, 6, 4))
    rows, aims = one_sequence(net, 9)
    aims[5:] = np.nan
    for data, others in (
        ((inputs[::-1], targets[::-1]), (inputs, targets)),
        ((rows, aims), (rows[:5], aims[:5])),
    ):
        ours, theirs = both(gradient(net, *data)), both(gradient(net, *others))
        assert np.abs(ours - theirs).max() < 1e-12 * max(1.0, np.abs(theirs).max())
    assert not both(gradient(net, rows[5:], aims[5:])).any()  # no target, no slope
    rows, aims = one_sequence(elman)
    same_bits(gradient(elman, rows, aims), gradient(elman, [rows], [aims]))


@by_sort
def test_the_same_call_gives_the_same_bits_whatever_the_threads(sort):
    net = built(sort)
    inputs, targets = sequences(net, [1 + i % 5 for i in range(70)])
    once = gradient(net, inputs, targets)
    same_bits(gradient(net, inputs, targets), once)
    for threads in (2, 3):
        same_bits(gradient(net, inputs, targets, threads=threads), once)


@by_sort
def test_single_precision(sort):
    """Sixteen samples side by side."""
    net, twin = (built(sort, dtype=dtype) for dtype in ("float32", "float64"))
    twin.weights = net.weights
    twin.biases = net.biases
    data = sequences(net, [2 + i % 6 for i in range(20)])
    ours, theirs = (both(gradient(network, *data)) for network in (net, twin))
    assert ours.dtype == np.float64
    assert np.abs(ours - theirs).max() < 1e-5 * np.abs(theirs).max()


@given_graphs(specs(squashes=SMOOTH), st.integers(1, 5))
def test_a_window_cuts_the_sequence_and_carries_the_context(spec, window):
    net = Twin(spec).net
    inputs, targets = one_sequence(net, 11)
    cuts = [*range(0, 11, window), 11]
    parts = []
    for start, last in pairwise(cuts):
        net.clear()
        net.run(inputs[:start])
        data = inputs[start:last], targets[start:last]
        try:
            parts.append(both(gradient(net, *data, "squared_error", keep_context=True)))
        except DivergenceError:
            assume(False)
    assume(np.abs(parts).max() < 100)
    assert both(
        gradient(net, inputs, targets, "squared_error", window=window)
    ) == pytest.approx(sum(parts), rel=1e-10, abs=1e-11)


def test_every_sequence_begins_with_the_context():
    net = used(built("lstm"))
    inputs, targets = sequences(net, (4, 6))
    warm = gradient(net, inputs, targets, keep_context=True)
    apart = mean_of_each(net, inputs, targets, keep_context=True)
    assert both(warm) == pytest.approx(apart, rel=1e-12, abs=1e-14)
    cold = gradient(net, inputs, targets)
    assert np.abs(warm.weights - cold.weights).max() > 1e-6
    net.clear()
    same_bits(gradient(net, inputs, targets, keep_context=True), cold)


def test_what_cannot_be_used_is_refused():
    net = built("lstm")
    linear = built("lstm", output_squash="identity")
    softmax = architect.Perceptron(2, 3, 3, output_squash="softmax", seed=0)
    x, t = one_sequence(net)
    all_refused(
        [
            (lambda: gradient(net, x[:, :2], t), ArgumentError, "3 inputs"),
            (lambda: gradient(net, x, t[:, :1]), ArgumentError, "2 targets"),
            (lambda: gradient(net, x, t[:-1]), ArgumentError, "as many"),
            (lambda: gradient(net, [x, x], [t]), ArgumentError, "the same form"),
            (lambda: gradient(net, [x, x], [t, t[1:]]), ArgumentError, "sequence 1"),
            (lambda: gradient(net, x * np.nan, t), ArgumentError, "finite"),
            (lambda: gradient(net, x, t * np.inf), ArgumentError, "or NaN"),
            (
                lambda: gradient(linear, x, t, "cross_entropy"),
                ArgumentError,
                "logistic",
            ),
            (
                lambda: gradient(net, x, 1.5 + t, "cross_entropy"),
                ArgumentError,
                "0 and 1",
            ),
            (
                lambda: gradient(softmax, [[0.0, 1.0]], [[2.0, -1.0, 0.0]]),
                ArgumentError,
                "argets of softmax",
            ),
        ]
    )


def line(weight=1.0, loop=None):
    """An input, and a linear output that may carry itself on."""
    source, sink = Layer(1), Layer(1, "identity", name="sum")
    source.project(sink, weights=weight)
    if loop is not None:
        sink.project(sink, weights=loop)
    return Network(source, [], sink)


@every_case("count", [1, 3])
def test_an_error_that_overflows_is_named_with_its_step(count):
    """Nothing is in the network, so that nothing overflows forward; 10^10 a step is
    10^310 after 31."""
    net = line(loop=1e10)
    inputs = np.zeros((count, 60, 1))
    targets = np.full((count, 60, 1), np.nan)
    targets[:, -1] = 1.0
    with (
        unchanged(net),
        pytest.raises(DivergenceError, match=r"exploded.*sum 0.* in step 28\b"),
    ):
        gradient(net, inputs, targets)
    assert np.isfinite(both(gradient(net, inputs, targets, window=10))).all()


def test_a_sample_a_cost_or_a_slope_that_overflows_is_told():
    large = np.ones((60, 1))
    large[20] = 1e300
    last = np.append(np.full(399, np.nan), 0.0)[:, None]
    all_refused(
        (partial(gradient, *call), DivergenceError, words)
        for words, *call in (
            (r"\b20\b", line(1e100), large, np.zeros((60, 1))),
            ("cost", line(), [[1e200]], [[0.0]]),
            ("sum 0.* in step 309", line(loop=10.0), np.ones((400, 1)), last),
        )
    )


def test_a_sample_that_has_ended_grows_no_more():
    net, (inputs, targets) = growing()
    apart = mean_of_each(net, inputs, targets)
    assert both(gradient(net, inputs, targets)) == pytest.approx(apart, rel=1e-12)


LENGTHS = (40, 3, 17, 70, 16, 1, 33, 70, 5, 64, 2, 40)
WHOLE = 2**62


def exact_of(net, threads=1):
    return ExactGradient(net, prepare_sequences(net, *sequences(net, LENGTHS)), threads)


def descent(exact, chosen, masked=False, **options):
    """The bits of one call; masked: every activation is halved."""
    if masked:
        size = len(exact.network)
        options["masks"] = lambda steps, count: np.full((steps, size, count), 0.5)
    chosen = np.asarray(chosen, np.int64)
    loss, weights, biases = exact.descent(
        chosen,
        np.full(len(chosen), 1.0 / len(chosen)),
        exact.network._cost(None),
        options.pop("window", WHOLE),
        **options,
    )
    return np.float64(loss).tobytes() + weights.tobytes() + biases.tobytes()


CALLS = [
    {"chosen": [3, 7]},
    {"chosen": [1]},
    {"chosen": [0, 1, 2, 4, 5]},
    {"chosen": [5]},
    {"chosen": [1, 10], "context": True},
    {"chosen": list(range(12)), "window": 7},
    {"chosen": [2, 4, 6], "masked": True},
    {"chosen": [8, 10, 5]},
    {"chosen": [9]},
    {"chosen": [1], "context": True},
    {"chosen": [1]},
]


@every_case("dtype", [np.float64, np.float32])
@every_case("sort", SORTS)
def test_no_bit_depends_on_what_tapes_were_used_for_before(sort, dtype):
    net = built(sort, dtype=dtype)
    net.activate(np.full(len(net.input), 0.3))
    kept = exact_of(net)
    for call in CALLS:
        assert descent(kept, **call) == descent(exact_of(net), **call)


@every_case("threads", [1, 3])
def test_there_is_one_set_of_tapes_a_thread_and_width(threads):
    exact = exact_of(built("lstm"), threads)
    for index in range(12):
        descent(exact, [index])
        descent(exact, np.arange(12)[: index + 1])
    assert len(exact._tapes) <= 2 * threads
    # 70, in whole chunks
    assert max(tapes.steps for tapes in exact._tapes.values()) == 80


@by_sort
def test_what_a_network_keeps_of_calls_changes_no_bit(sort):
    """Arrays changed in place, other forms, threads, an error and edits between
    calls."""
    net = built(sort)
    calls = []
    (x, *_), (t, *_) = several = sequences(net, (6, 6, 3))
    one, few, rows = (x, t), (x[::2], t[::2]), (x[None], t[None])
    for k, data in enumerate((one, one, several, one, few, rows, one, one)):
        gradients = gradient(net, *data, keep_context=k == 1, threads=1 + (k == 5))
        same_bits(gradients, gradient(net.clone(), *data, keep_context=k == 1))
        calls.append((gradients, both(gradients)))
        x *= 0.5
        net.activate(x[0])
        if k % 3 == 0:
            net.connections[k].trainable = False
            net.hidden[0][0].squash = ("tanh", "softsign", "sine")[k // 3]
        if k == 4:
            with pytest.raises(DivergenceError):
                gradient(net, x, np.full_like(t, 1e300), "squared_error")
    assert all((both(gradients) == before).all() for gradients, before in calls)
    reference = ref(net)
    del net
    assert reference() is None

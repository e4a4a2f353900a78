"""Distracted sequence recall, against its definition."""

import itertools
from collections import Counter

import numpy as np
import pytest

import architect
from synapse.errors import ArgumentError, KindError
from synapse.tasks import recall

FORMS = [
    {},
    {"targets": 4, "distractors": 4, "prompts": 2, "length": 24},  # as Monner and Reggia 2012
    {"targets": 3, "distractors": 1, "prompts": 3, "length": 6},
    {"targets": 1, "distractors": 5, "prompts": 1, "length": 2},
    {"targets": 2, "distractors": 2, "prompts": 4, "length": 30},
]


def form(given):
    full = {"targets": 2, "distractors": 2, "prompts": 2, "length": 10, **given}
    return full["targets"], full["distractors"], full["prompts"], full["length"]


@pytest.mark.parametrize("given", FORMS)
def test_definition(given):
    n, distractors, prompts, length = form(given)
    inputs, targets = recall.sequences(200, **given, seed=1)
    assert len(inputs) == len(targets) == 200
    for rows, wanted in zip(inputs, targets, strict=True):
        assert rows.shape == (length, n + distractors + prompts)
        assert wanted.shape == (length, n)
        assert rows.dtype == wanted.dtype == np.float64
        np.testing.assert_array_equal(np.sort(rows, axis=1)[:, :-1], 0)
        np.testing.assert_array_equal(rows.max(axis=1), 1)
        symbols = rows.argmax(axis=1).tolist()
        assert symbols[length - prompts :] == [n + distractors + i for i in range(prompts)]
        before = symbols[: length - prompts]
        assert all(symbol < n + distractors for symbol in before)
        seen = [symbol for symbol in before if symbol < n]
        assert len(seen) == prompts
        np.testing.assert_array_equal(wanted[: length - prompts], 0)
        np.testing.assert_array_equal(wanted[length - prompts :], np.eye(n)[seen])


def test_places_and_symbols_are_as_frequent():
    inputs, _ = recall.sequences(14_000, seed=2)
    symbols = np.array([rows.argmax(axis=1) for rows in inputs])[:, :8]
    places = Counter(tuple(np.flatnonzero(row < 2)) for row in symbols)
    assert set(places) == set(itertools.combinations(range(8), 2))
    assert all(abs(count - 500) < 5 * np.sqrt(500) for count in places.values())
    pairs = Counter(tuple(row[row < 2]) for row in symbols)
    assert set(pairs) == set(itertools.product(range(2), repeat=2)), "equal targets are allowed"
    assert all(abs(count - 3500) < 5 * np.sqrt(3500) for count in pairs.values())
    assert np.mean(symbols[symbols >= 2] == 2) == pytest.approx(0.5, abs=0.01)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one[0] + one[1], other[0] + other[1], strict=True))


def test_seeds():
    assert same(recall.sequences(20, seed=1), recall.sequences(20, seed=1))
    assert not same(recall.sequences(20, seed=1), recall.sequences(20, seed=2))
    rng = np.random.default_rng(1)
    one, other = recall.sequences(5, seed=rng), recall.sequences(15, seed=rng)
    assert same((one[0] + other[0], one[1] + other[1]), recall.sequences(20, seed=1))


@pytest.mark.parametrize("name", ["count", "targets", "distractors", "prompts", "length"])
def test_numbers_must_be_whole_and_above_0(name):
    for bad, error in ((0, ArgumentError), (-1, ArgumentError), (2.5, KindError), ("2", KindError)):
        with pytest.raises(error, match=f"Expected the {name} of .* to be a whole number above 0"):
            recall.sequences(**{"count": 1, name: bad})


def test_length_must_have_room():
    recall.sequences(1, prompts=3, length=6)
    with pytest.raises(ArgumentError, match="Expected the length of recall to be at least 6"):
        recall.sequences(1, prompts=3, length=5)


def test_right_rounds():
    wanted = np.array([[0.0, 0.0], [1.0, 0.0]])
    assert recall.right(np.array([[0.49, 0.0], [0.51, 0.3]]), wanted)
    assert not recall.right(np.array([[0.51, 0.0], [0.51, 0.3]]), wanted)
    assert not recall.right(np.array([[0.0, 0.0], [1.7, 0.0]]), wanted)
    assert not recall.right(np.full((2, 2), np.nan), wanted)


def test_fraction_right_counts_sequences_and_clears_before_each():
    net = architect.LSTM(6, 4, 2, style="synaptic", seed=0)
    inputs, _ = recall.sequences(40, seed=3)
    wanted = []
    for i, rows in enumerate(inputs):
        net.clear()
        answer = np.rint(net.run(rows))
        wanted.append(answer if i % 4 else 1 - answer)
    net.run(np.ones((5, 6)))  # a context to be cleared
    assert recall.fraction_right(net, inputs, wanted) == 0.75


def test_judging_refuses():
    net = architect.LSTM(6, 4, 2, style="synaptic", seed=0)
    inputs, targets = recall.sequences(3, seed=0)
    with pytest.raises(ArgumentError, match="as many inputs as targets, got 3 and 2"):
        recall.fraction_right(net, inputs, targets[:2])
    with pytest.raises(ArgumentError, match="at least one sequence"):
        recall.fraction_right(net, [], [])
    with pytest.raises(KindError, match="(to be|Expected) a Network"):
        recall.fraction_right(None, inputs, targets)
    with pytest.raises(ArgumentError, match="Expected 5 inputs per step"):
        recall.fraction_right(architect.LSTM(5, 4, 2, style="synaptic", seed=0), inputs, targets)

"""Distracted sequence recall, against its definition."""

import itertools
from collections import Counter

import numpy as np
import pytest

import architect
from synapse.errors import ArgumentError, KindError
from synapse.tasks import Recall

MONNER = Recall(targets=4, distractors=4, prompts=2, length=24)
FORMS = [Recall(), MONNER, Recall(3, 1, 3, 6), Recall(1, 5, 1, 2), Recall(2, 2, 4, 30)]


def same(one, other):
    return np.array_equal(one.rows, other.rows) and np.array_equal(one.goals, other.goals)


def symbols_of(samples):
    """Number of the symbol at each step, by sample."""
    return samples.rows.argmax(axis=1).reshape(len(samples), -1)


@pytest.mark.parametrize("task", FORMS, ids=str)
def test_definition(task):
    n, prompts, length = task.targets, task.prompts, task.length
    samples = task.batch(200, 1)
    assert len(samples) == 200
    for sample in samples:
        assert sample.inputs.shape == (length, task.inputs) == (length, n + task.distractors + prompts)
        assert sample.targets.shape == (length, task.outputs) == (length, n)
        assert sample.inputs.dtype == sample.targets.dtype == np.float64
        np.testing.assert_array_equal(np.sort(sample.inputs, axis=1)[:, :-1], 0)
        np.testing.assert_array_equal(sample.inputs.max(axis=1), 1)
        symbols = sample.inputs.argmax(axis=1).tolist()
        assert symbols[length - prompts :] == [n + task.distractors + i for i in range(prompts)]
        before = symbols[: length - prompts]
        assert all(symbol < n + task.distractors for symbol in before)
        seen = [symbol for symbol in before if symbol < n]
        assert len(seen) == prompts
        np.testing.assert_array_equal(sample.targets[: length - prompts], 0)
        np.testing.assert_array_equal(sample.targets[length - prompts :], np.eye(n)[seen])


def uniform(found, expected):
    """Whether every outcome is as frequent as the others, within five standard deviations."""
    assert set(found) == set(expected)
    mean = found.total() / len(expected)
    return all(abs(count - mean) < 5 * np.sqrt(mean) for count in found.values())


def test_places_pairs_and_distractors_have_equal_probabilities():
    symbols = symbols_of(MONNER.batch(23_100, 2))[:, :22]
    target = symbols < 4
    assert uniform(
        Counter(map(tuple, np.argwhere(target)[:, 1].reshape(-1, 2).tolist())),
        list(itertools.combinations(range(22), 2)),
    )
    pairs = Counter(map(tuple, symbols[target].reshape(-1, 2).tolist()))
    assert uniform(pairs, list(itertools.product(range(4), repeat=2)))  # equal targets are allowed
    neighbours = symbols[:, :2][~target[:, :2].any(axis=1)]
    assert uniform(Counter(map(tuple, neighbours.tolist())), list(itertools.product(range(4, 8), repeat=2)))


def test_places_do_not_depend_on_symbols():
    symbols = symbols_of(Recall().batch(20_000, 3))[:, :8]
    first, letter = (symbols < 2).argmax(axis=1), symbols[symbols < 2].reshape(-1, 2)[:, 0]
    shares = np.array([letter[first == place].mean() for place in range(7)])
    counts = np.array([(first == place).sum() for place in range(7)])
    assert (np.abs(shares - 0.5) < 5 * 0.5 / np.sqrt(counts)).all()
    # of the 28 pairs of places, 7 - i have their first place at i
    assert (np.abs(counts / 20_000 - np.arange(7, 0, -1) / 28) < 0.02).all()


def test_the_same_seed_draws_the_same():
    task = Recall()
    assert same(task.batch(20, 1), task.batch(20, 1))
    assert not same(task.batch(20, 1), task.batch(20, 2))
    rng = np.random.default_rng(1)
    parts = [task.batch(5, rng), task.batch(15, rng)]
    whole = task.batch(20, 1)
    np.testing.assert_array_equal(np.concatenate([part.rows for part in parts]), whole.rows)
    first = symbols_of(task.batch(2, 0)).tolist()
    assert first == [[3, 3, 1, 0, 3, 2, 3, 2, 4, 5], [3, 2, 3, 3, 1, 1, 3, 2, 4, 5]]  # in every process


@pytest.mark.parametrize("name", ["targets", "distractors", "prompts", "length"])
def test_numbers_must_be_whole_and_above_0(name):
    for bad, error in ((0, ArgumentError), (-1, ArgumentError), (2.5, KindError), ("2", KindError)):
        with pytest.raises(error, match=f"Expected the {name} of Recall to be a whole number above 0"):
            Recall(**{name: bad})


def test_length_must_have_room():
    Recall(prompts=3, length=6)
    with pytest.raises(ArgumentError, match="Expected the length of Recall to be at least 6"):
        Recall(prompts=3, length=5)


def test_outputs_are_right_within_a_half():
    sample = Recall(targets=2, prompts=1, length=2).sample(0)
    good = np.abs(sample.targets - 0.49)
    assert sample.right(good)
    assert sample.right_steps(1 - sample.targets).tolist() == [False, False]
    good[1, sample.targets[1].argmax()] = 1.7
    assert sample.right_steps(good).tolist() == [True, False]


def test_a_score_counts_sequences_and_clears_before_each():
    net = architect.LSTM(6, 4, 2, style="synaptic", seed=0)
    samples = Recall().batch(40, 3)
    rounded = [np.rint(net.clone().run(rows)) for rows in samples.inputs]
    for i, (rows, answer) in enumerate(zip(samples.targets, rounded, strict=True)):
        rows[:] = answer if i % 4 else 1 - answer
    net.run(np.ones((5, 6)))  # a context to be cleared, and restored
    before = net.output.activations
    assert samples.score(net).fraction == 0.75
    np.testing.assert_array_equal(net.output.activations, before)


def test_solved_is_95_percent_of_1000():
    task = Recall()
    assert str(task.criterion) == "at most 50 of 1,000 wrong"
    assert not task.solved(architect.LSTM(6, 4, 2, seed=0), task.batch(1000, 0))
    with pytest.raises(ArgumentError, match="6 inputs and 2 outputs for Recall, got 5 and 2"):
        task.solved(architect.LSTM(5, 4, 2, seed=0), task.batch(10, 0))

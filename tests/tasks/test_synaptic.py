"""Synaptic's tasks: definitions, exact probabilities, and what is corrected."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.errors import ArgumentError, KindError
from synapse.tasks import SynapticReber, SynapticRecall, Timing, Xor, reber

# --- XOR -------------------------------------------------------------------------------------------


def test_xor_batches_hold_all_patterns():
    samples = Xor().batch(10, 0)
    for begin in (0, 4):
        assert {tuple(row) for row in samples.rows[begin : begin + 4]} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    np.testing.assert_array_equal(samples.goals[:, 0], samples.rows.sum(axis=1) == 1)
    assert samples.lengths.tolist() == [1] * 10


def test_xor_order_is_random():
    orders = {tuple(map(tuple, Xor().batch(4, seed).rows)) for seed in range(300)}
    assert len(orders) == 24


def test_xor_is_solved_by_a_network_wired_for_it():
    """OR and AND in one hidden layer, then OR without AND."""
    first, middle, last = Layer(2), Layer(2), Layer(1)
    first.project(middle, weights=20.0)
    middle.biases = [-10.0, -30.0]
    links = middle.project(last)
    links.weights = [[20.0], [-20.0]]
    last.biases = [-10.0]
    net = Network(first, [middle], last)
    assert Xor().solved(net, 3)
    last.biases = [10.0]
    assert not Xor().solved(net, 3)


# --- recall ------------------------------------------------------------------------------------------


def test_recall_sequences():
    samples = SynapticRecall().batch(300, 0)
    symbols = samples.rows.reshape(300, 24, 10)
    np.testing.assert_array_equal(symbols.sum(axis=2), 1)
    symbols = symbols.argmax(axis=2)
    np.testing.assert_array_equal(symbols[:, 22:], [[0, 1]] * 300)
    goals = samples.goals.reshape(300, 24, 4)
    assert not goals[:, :22].any()
    # in the order of numbers, not of strings
    for shown, goal in zip(symbols[:, :22].tolist(), goals[:, 22:], strict=True):
        in_order = [symbol for symbol in shown if symbol in (2, 4, 7, 8)]
        assert [(2, 4, 7, 8)[i] for i in goal.argmax(axis=1)] == in_order
        np.testing.assert_array_equal(goal.sum(axis=1), 1)


def test_recall_is_uniform():
    """Pairs of places, targets and distractors have equal probabilities."""
    count = 20_000
    task = SynapticRecall(targets=[2, 4], distractors=[3, 5], prompts=[0, 1], length=9)
    symbols = task.batch(count, 1).rows.reshape(count, 9, 6).argmax(axis=2)[:, :7]
    target = (symbols == 2) | (symbols == 4)
    first, last = target.argmax(axis=1), 6 - target[:, ::-1].argmax(axis=1)
    places = np.bincount(7 * first + last, minlength=49)
    assert (places > 0).sum() == 21
    each = count / 21
    squared = ((places[places > 0] - each) ** 2 / each).sum()
    assert squared < 45.3, "chi squared of 20 degrees, one in a thousand"
    rows = np.arange(count)
    pairs = 2 * (symbols[rows, first] == 4) + (symbols[rows, last] == 4)
    each = count / 4
    assert ((np.bincount(pairs) - each) ** 2 / each).sum() < 16.3
    others = symbols[~target]
    assert abs((others == 3).mean() - 0.5) < 4 * 0.5 / np.sqrt(len(others))


def test_recall_takes_any_number_of_prompts():
    task = SynapticRecall(targets=[1], distractors=[0], prompts=[4, 3, 2], length=6)
    assert task.sample(0).inputs.argmax(axis=1).tolist() == [1, 1, 1, 4, 3, 2]
    assert (task.inputs, task.outputs) == (5, 1)
    assert task == SynapticRecall((1,), (0,), (4, 3, 2), 6)
    assert hash(task) == hash(SynapticRecall((1,), (0,), (4, 3, 2), 6))


def test_recall_arguments():
    with pytest.raises(ArgumentError, match="the symbols of SynapticRecall to be each number from 0 to 9"):
        SynapticRecall(prompts=[0, 2])
    with pytest.raises(ArgumentError, match="the targets of SynapticRecall to be a list of whole numbers"):
        SynapticRecall(targets=[2.5])
    with pytest.raises(ArgumentError, match="the distractors of SynapticRecall"):
        SynapticRecall(distractors=[])
    with pytest.raises(KindError, match="the prompts of SynapticRecall"):
        SynapticRecall(prompts=3)
    with pytest.raises(ArgumentError, match="the length of SynapticRecall to be at least 4, got 3"):
        SynapticRecall(length=3)


# --- Reber -------------------------------------------------------------------------------------------


def test_reber_has_v_and_equal_outer_letters():
    samples = SynapticReber().batch(200, 0)
    texts = ["".join("BPTXSEV"[i] for i in rows.argmax(axis=1)) + "E" for rows in samples.inputs]
    assert any("V" in text for text in texts)
    for text, sample in zip(texts, samples, strict=True):
        assert text[1] == text[-2]
        expected = [{"BPTXSEV".index(symbol) for symbol in legal} for legal in reber.legal(text)]
        assert [set(np.flatnonzero(row)) for row in sample.allowed] == expected
        np.testing.assert_array_equal(sample.inputs[1:], sample.targets[:-1])
        assert sample.right(1.0 * sample.allowed)
    assert not SynapticReber().solved(architect.Elman(7, 3, 7, seed=0), 1)


# --- timing ------------------------------------------------------------------------------------------


def test_timing_by_its_definition():
    for sample in Timing(300).batch(20, 0):
        marks = np.flatnonzero(sample.inputs[:, 0])
        assert marks[0] == 0
        assert set(np.unique(sample.inputs[:, 0])) == {0.0, 1.0}
        for begin, end in zip(marks, [*marks[1:], 300], strict=True):
            n = round(20 * sample.inputs[begin, 1])
            np.testing.assert_array_equal(sample.inputs[begin:end, 1], n / 20)
            held = 0.5 * (np.arange(begin, end) <= begin + n)
            np.testing.assert_array_equal(sample.targets[begin:end, 0], held)
            assert end == 300 or n <= end - begin <= n + 20


def test_timing_durations():
    """n is 0 or 20 with probability 1/40, others 1/20. Intervals of length 0 vanish, and n = 0 has fewer."""
    rows = Timing(400_000).sample(1).inputs
    marks = np.flatnonzero(rows[:, 0])
    lasts = np.bincount(np.rint(20 * rows[marks, 1]).astype(int), minlength=21)
    probability = np.array([1 / 40 * 39 / 40, *[1 / 20] * 19, 1 / 40])
    expected = lasts.sum() * probability / probability.sum()
    assert ((lasts - expected) ** 2 / expected).sum() < 45.3, "chi squared of 20 degrees, one in a thousand"
    assert np.diff(marks).mean() == pytest.approx(20 / (1 - 1 / 1600), rel=0.01)


def test_timing_criterion():
    task = Timing()
    net = architect.Perceptron(2, 1, output_squash="identity", seed=0)
    net.output.biases = [0.275]
    for link in net.connections:
        link.weight = 0.0
    score = task.batch(20, 0).score(net)
    assert score.squared_error == pytest.approx(0.0617, abs=0.001), "the constant that fits best"
    assert not task.solved(net, 1)
    assert str(task.criterion) == "mean squared error below 0.05"


def test_timing_streams_go_on():
    stream, whole = Timing(25).stream(3), Timing(25).stream(3).take(500)
    parts = [stream.take(n) for n in (3, 297, 200)]
    np.testing.assert_array_equal(np.concatenate([part.inputs for part in parts]), whole.inputs)
    np.testing.assert_array_equal(np.concatenate([part.targets for part in parts]), whole.targets)


def test_timing_arguments():
    with pytest.raises(ArgumentError, match="Expected the length of Timing to be a whole number above 0"):
        Timing(0)

"""Tasks with long lags: lengths, places and targets against their definitions, and when they are solved.

Statistical tests have fixed seeds, and bounds that a right generator exceeds with probability 0.1 % or less.
"""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

import architect
from synapse import ONE_TO_ONE, Layer, Network
from synapse.errors import ArgumentError, KindError
from synapse.tasks import (
    Adding,
    Copy,
    DelayedXor,
    LongLag,
    Multiplication,
    NoisyLongLag,
    TemporalOrder,
    TwoSequences,
)

TASKS = [
    Adding(30),
    Multiplication(30, wrong=5),
    TemporalOrder(2),
    TemporalOrder(3),
    LongLag(9),
    LongLag(9, regular=False),
    LongLag(9, regular=False, only_last=True),
    NoisyLongLag(5, 3),
    TwoSequences(40, informative=2, variant="a"),
    TwoSequences(40, variant="b"),
    TwoSequences(40, variant="c"),
    DelayedXor(12),
    Copy(6, spread=2),
]
ONE_PER_MILLE = 0.001


def uniform(found, low, high):
    """Whether whole numbers are uniform from low to high: all in the range, and by the chi-square test."""
    counts = np.bincount(np.asarray(found) - low, minlength=high - low + 1)
    return len(counts) == high - low + 1 and stats.chisquare(counts).pvalue > ONE_PER_MILLE


def distributed(found, function):
    """Whether numbers have a cumulative distribution, by the Kolmogorov-Smirnov test."""
    return stats.kstest(found, function).pvalue > ONE_PER_MILLE


def binomial(count, of, chance):
    return stats.binomtest(count, of, chance).pvalue > ONE_PER_MILLE


# --- what all have in common ----------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_shapes_and_bits(task):
    samples, again, other = task.batch(40, 5), task.batch(40, 5), task.batch(40, 6)
    for one, two in zip(samples, again, strict=True):
        np.testing.assert_array_equal(one.inputs, two.inputs)
        np.testing.assert_array_equal(one.targets, two.targets)
        assert one.inputs.shape == (len(one), task.inputs)
        assert one.targets.shape == (len(one), task.outputs)
        assert np.isfinite(one.inputs).all()
        assert np.isfinite(one.targets[-1]).all()
    assert samples.rows.tobytes() != other.rows.tobytes()
    assert type(task).__name__ in task.describe()
    assert str(task.criterion) in task.describe()
    stream = task.stream(5)
    assert len(stream.take(333)) == 333


def test_the_same_bits_in_another_process():
    code = (
        "import hashlib; from synapse import tasks as t;"
        "given = [t.Adding(30), t.TemporalOrder(3), t.NoisyLongLag(5, 3), t.TwoSequences(40, variant='c')];"
        "print(*[hashlib.sha256(task.batch(20, 7).rows.tobytes()).hexdigest() for task in given])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    given = [Adding(30), TemporalOrder(3), NoisyLongLag(5, 3), TwoSequences(40, variant="c")]
    here = [hashlib.sha256(task.batch(20, 7).rows.tobytes()).hexdigest() for task in given]
    assert run.stdout.split() == here


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_right_with_the_targets_and_wrong_without(task):
    """The targets are right outputs; outputs of 0.5 are wrong for some sample."""
    samples = task.tested.batch(60, 1)
    for sample in samples:
        outputs = np.where(np.isnan(sample.targets), 7.0, sample.targets)
        assert sample.right(outputs)
        changed = outputs.copy()
        changed[-1, 0] += 0.9 if outputs[-1, 0] < 0.5 else -0.9
        assert not sample.right(changed)
    assert not all(sample.right(np.full(sample.targets.shape, 0.5)) for sample in samples)


LAST = [task for task in TASKS if getattr(task, "only_last", not isinstance(task, Copy))]


@pytest.mark.parametrize("task", LAST, ids=repr)
def test_only_the_last_step_has_a_target(task):
    for sample in task.batch(30, 0):
        assert np.isnan(sample.targets[:-1]).all()


# --- adding and multiplication --------------------------------------------------------------------------


def slow_marks(sample, steps):
    """Marked places and values of a sequence, by its definition."""
    length, markers = len(sample), sample.inputs[:, 1].tolist()
    assert steps <= length <= steps + steps // 10
    assert markers[0] == markers[-1] == -1
    assert set(markers[1:-1]) <= {0.0, 1.0}
    return [t for t in range(1, length - 1) if markers[t] == 1]


@pytest.mark.parametrize(
    ("task", "neutral", "low"), [(Adding(40), 0.0, -1.0), (Multiplication(40), 1.0, 0.0)], ids=repr
)
def test_two_marked_values(task, neutral, low):
    samples, first_marked, later = task.batch(20_000, 3), 0, []
    for sample in samples:
        places = slow_marks(sample, 40)
        values = [sample.inputs[t, 0] for t in places]
        if len(places) == 1:  # the other is the first step, whose number is neutral
            first_marked += 1
            assert sample.inputs[0, 0] == neutral
            values.append(neutral)
        else:
            assert len(places) == 2
            later.append(places)
        assert min(places) < 20
        assert len([t for t in places if t < 10]) + (len(places) == 1) >= 1
        a, b = values
        wanted = 0.5 + (a + b) / 4 if low else a * b
        assert sample.targets[-1, 0] == pytest.approx(wanted, abs=1e-12)
    assert uniform(samples.lengths, 40, 44)
    # the first mark is one of ten steps; the second is one of the first 19 that are not marked
    assert binomial(first_marked, len(samples), 1 / 10 + 9 / 10 / 19)
    numbers = np.concatenate([sample.inputs[1:, 0] for sample in samples[:500]])
    assert distributed(numbers, stats.uniform(low, 1 - low).cdf)


def test_places_of_the_marks():
    """The exact probabilities of all pairs of places, with 20 steps."""
    chances = {}
    for early in range(10):
        for late in [t for t in range(20) if t != early][:9]:
            pair = tuple(t for t in sorted((early, late)) if t)
            chances[pair] = chances.get(pair, 0.0) + 1 / 90
    samples = Adding(20).batch(30_000, 8)
    found = dict.fromkeys(chances, 0)
    for sample in samples:
        found[tuple(slow_marks(sample, 20))] += 1
    expected = [len(samples) * chances[pair] for pair in found]
    assert stats.chisquare(list(found.values()), expected).pvalue > ONE_PER_MILLE


def test_right_is_closer_than_the_tolerance():
    sample = Adding(30).sample(0)
    outputs = np.zeros(sample.targets.shape)
    for error, right in [(0.039, True), (-0.039, True), (0.041, False), (-0.041, False)]:
        outputs[-1] = sample.targets[-1] + error
        assert sample.right(outputs) == right


# --- temporal order -------------------------------------------------------------------------------------


@pytest.mark.parametrize("marked", [2, 3])
def test_temporal_order(marked):
    task = TemporalOrder(marked)
    samples, kinds, places, others = task.batch(5000, 4), [], [], np.zeros(4)
    ranges = {2: [(10, 20), (50, 60)], 3: [(10, 20), (33, 43), (66, 76)]}[marked]
    for sample in samples:
        assert (sample.inputs.sum(axis=1) == 1).all()
        text = "".join("EBabcdXY"[row.index(1.0)] for row in sample.inputs.tolist())
        assert (text[0], text[-1]) == ("E", "B")
        at = [t for t, letter in enumerate(text) if letter in "XY"]
        assert len(at) == marked
        order = int("".join(str("XY".index(text[t])) for t in at), 2)
        assert sample.targets[-1].tolist() == np.eye(2**marked)[order].tolist()
        kinds.append(order)
        places.append(at)
        rest = "".join(letter for letter in text[1:-1] if letter not in "XY")
        others += [rest.count(letter) for letter in "abcd"]
        assert len(rest) == len(text) - 2 - marked
    assert uniform(samples.lengths, 100, 110)
    assert uniform(kinds, 0, 2**marked - 1)
    for column, (low, high) in zip(zip(*places, strict=True), ranges, strict=True):
        assert uniform(column, low, high)
    assert stats.chisquare(others).pvalue > ONE_PER_MILLE


# --- long lags ------------------------------------------------------------------------------------------


def test_regular_long_lag_has_two_sequences():
    samples = LongLag(6).batch(2000, 0)
    texts = [(*row.inputs.argmax(axis=1).tolist(), int(row.targets[-1].argmax())) for row in samples]
    assert set(texts) == {(5, 0, 1, 2, 3, 4, 5), (6, 0, 1, 2, 3, 4, 6)}
    assert binomial(sum(text[0] == 5 for text in texts), 2000, 0.5)
    for sample in samples[:20]:
        np.testing.assert_array_equal(sample.inputs[1:], sample.targets[:-1])


def test_random_long_lag():
    samples, middle = LongLag(6, regular=False).batch(4000, 0), []
    for sample in samples:
        symbols = sample.inputs.argmax(axis=1)
        assert len(sample) == 6
        assert symbols[0] in (5, 6)
        assert sample.targets[-1].argmax() == symbols[0]
        np.testing.assert_array_equal(sample.inputs[1:], sample.targets[:-1])
        middle.extend(symbols[1:])
        allowed = np.zeros((6, 7), bool)
        allowed[:-1, :5] = True
        allowed[-1, symbols[0]] = True
        np.testing.assert_array_equal(sample.allowed, allowed)
    assert uniform(middle, 0, 4)
    pairs = np.reshape(middle, (4000, 5))
    table = np.histogram2d(pairs[:, 0], pairs[:, 1], bins=5)[0]
    assert stats.chi2_contingency(table).pvalue > ONE_PER_MILLE  # independent of each other


def test_long_lag_judges_every_step_or_the_last():
    for regular in (True, False):
        sample = LongLag(6, regular).sample(0)
        outputs = np.array(sample.targets)
        outputs[2] = 1 - outputs[2]
        assert sample.right(outputs) is not regular
        outputs = sample.targets + 0.24
        assert sample.right(outputs)
        outputs[-1, 3] += 0.02
        assert not sample.right(outputs)


def test_noisy_long_lag():
    samples, counts, seconds, more = NoisyLongLag(4, 3).batch(8000, 2), np.zeros(3), 0, []
    for sample in samples:
        symbols = sample.inputs.argmax(axis=1).tolist()
        assert (sample.inputs.sum(axis=1) == 1).all()
        assert (symbols[0], symbols[-1]) == (4, 3)  # b and e, behind the distractors 0, 1, 2
        assert sample.targets[-1].tolist() == np.eye(2)[symbols[1] - 5].tolist()
        seconds += symbols[1] == 5
        assert set(symbols[2:-1]) <= {0, 1, 2}
        counts += np.bincount(symbols[2:-1], minlength=3)
        more.append(len(symbols) - 3 - 4)
    assert binomial(seconds, 8000, 0.5)
    assert stats.chisquare(counts).pvalue > ONE_PER_MILLE
    found = np.bincount(np.minimum(more, 40), minlength=41)
    chances = 0.1 * 0.9 ** np.arange(41)
    chances[-1] = 0.9**40
    assert stats.chisquare(found, 8000 * chances).pvalue > ONE_PER_MILLE


# --- two sequences --------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["a", "b", "c"])
def test_two_sequences(variant):
    task = TwoSequences(50, informative=2, variant=variant)
    samples = task.batch(4000, 9)
    targets = np.array([sample.targets[-1, 0] for sample in samples])
    head = np.array([sample.inputs[:2, 0] for sample in samples])
    rest = np.concatenate([sample.inputs[2:, 0] for sample in samples[:1000]])
    assert uniform(samples.lengths, 50, 55)
    assert distributed(rest, stats.norm(0, np.sqrt(0.2)).cdf)
    first, second = {"a": (1.0, 0.0), "b": (1.0, 0.0), "c": (0.2, 0.8)}[variant]
    clean = np.array([sample.targets[-1, 0] for sample in task.tested.batch(4000, 9)])
    assert set(clean) == {first, second}
    assert binomial(int((clean == first).sum()), 4000, 0.5)
    if variant == "b":
        noise = head - np.where(targets == 1.0, 1.0, -1.0)[:, None]
        assert distributed(noise.ravel(), stats.norm(0, np.sqrt(0.2)).cdf)
    else:
        np.testing.assert_array_equal(head, np.where(clean == first, 1.0, -1.0)[:, None] * [[1.0, 1.0]])
    if variant == "c":
        assert distributed(targets - clean, stats.norm(0, np.sqrt(0.1)).cdf)
    else:
        np.testing.assert_array_equal(targets, clean)


# --- delayed XOR, copying -------------------------------------------------------------------------------


def test_delayed_xor():
    samples, ones, others, differ = DelayedXor(10).batch(8000, 1), [], [], 0
    for sample in samples:
        assert len(sample) == 10
        one, other = [t for t in range(10) if sample.inputs[t, 1] == 1.0]
        assert set(sample.inputs[:, 0]) <= {-1.0, 1.0}
        assert set(sample.inputs[:, 1]) == {0.0, 1.0}
        product = sample.inputs[one, 0] * sample.inputs[other, 0]
        assert sample.targets[-1, 0] == (product < 0)
        differ += product < 0
        ones.append(one)
        others.append(other)
    assert uniform(ones, 0, 3)
    assert uniform(others, 5, 8)
    assert binomial(int(differ), 8000, 0.5)
    assert binomial(int((samples.rows[:, 0] == 1).sum()), 80_000, 0.5)


def test_copy():
    samples, sizes, bits = Copy(7, spread=2).batch(6000, 1), [], []
    for sample in samples:
        size = len(sample) // 2
        read = sample.inputs[:size]
        assert (read[:, :2].sum(axis=1) == 1).all()
        assert (read[:, 2] == 0).all()
        assert sample.inputs[size:].tolist() == [[0.0, 0.0, 1.0]] * size
        assert sample.targets[size:, 0].tolist() == read[:, 1].tolist()
        assert np.isnan(sample.targets[:size]).all()
        sizes.append(size)
        bits.extend(read[:, 1])
    assert uniform(sizes, 5, 7)
    assert binomial(int(sum(bits)), len(bits), 0.5)
    assert set(Copy(3, spread=9).batch(200, 0).lengths) == {2, 4, 6}


# --- when they are solved -------------------------------------------------------------------------------


def adder():
    """A network that adds: a gate that opens for a positive marker lets numbers into a cell."""
    source, gate = Layer(2, "identity", name="input"), Layer(1, "ramp", name="gate")
    cell, output = Layer(1, "identity", name="cell"), Layer(1, "identity", name="output")
    to_gate, to_cell = source.project(gate), source.project(cell)
    to_gate.weights, to_cell.weights = np.array([[0.0], [100.0]]), np.array([[0.25], [0.0]])
    gate.biases = [-50.0]
    cell.project(cell, ONE_TO_ONE).weights = [1.0]
    cell.project(output).weights = [[1.0]]
    output.biases = [0.5]
    gate[0].gate(to_cell)
    return Network(source, [gate, cell], output)


def test_adding_is_solved_by_a_network_that_adds():
    net, task = adder(), Adding(40)
    assert task.solved(net, task.batch(300, 0))
    assert task.solved(net, 1)
    assert task.batch(50, 2).score(net).error < 1e-9
    net.output.biases = [0.52]  # right, but the mean error is too large
    assert task.batch(50, 2).score(net).wrong == 0
    assert not task.solved(net, 1)
    net.output.biases = [0.56]
    assert not task.solved(net, 1)


def test_targets_of_tests_have_no_noise():
    """One step, x = 1 or -1: the output 0.5 - 0.3 x is the mean of the targets, exactly."""
    task, net = TwoSequences(1, informative=1, variant="c"), architect.Perceptron(1, 1, seed=0)
    net.output.squash, net.output.biases, net.weights = "identity", [0.5], [-0.3]
    assert task.solved(net, 0)
    assert task.solved(net, task.tested.batch(256, 0))
    assert not task.solved(net, task.batch(256, 0))
    assert task.tested.tested == task.tested
    assert Adding(30).tested == Adding(30)


def test_wrong_networks_and_samples():
    net = architect.LSTM(3, 2, 1, seed=0)
    with pytest.raises(ArgumentError, match="2 inputs and 1 outputs"):
        Adding(30).solved(net, 0)
    with pytest.raises(KindError, match="samples of a task, or a seed"):
        Copy(3).solved(net, "all")


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (lambda: Adding(19), ArgumentError, "Expected the steps of Adding to be a whole number from 20"),
        (lambda: Adding(50.5), KindError, "steps of Adding"),
        (lambda: Multiplication(100, wrong=2000), ArgumentError, "from 0 to 1,999"),
        (lambda: TemporalOrder(4), ArgumentError, "marked of TemporalOrder to be 2 or 3"),
        (lambda: TemporalOrder("2"), KindError, "marked of TemporalOrder to be 2 or 3"),
        (lambda: LongLag(1), ArgumentError, "lag of LongLag"),
        (lambda: LongLag(10, regular="yes"), KindError, "regular of LongLag"),
        (lambda: LongLag(10, only_last=1), KindError, "only_last of LongLag"),
        (lambda: NoisyLongLag(0), ArgumentError, "steps of NoisyLongLag"),
        (lambda: NoisyLongLag(5, distractors=10**9), ArgumentError, "distractors of NoisyLongLag"),
        (lambda: TwoSequences(10, informative=11), ArgumentError, "from 1 to its steps, 10"),
        (lambda: TwoSequences(variant="d"), ArgumentError, "'a' or 'b' or 'c'"),
        (
            lambda: DelayedXor(7),
            ArgumentError,
            "Expected the steps of DelayedXor to be an even number, got 7",
        ),
        (lambda: Copy(0), ArgumentError, "length of Copy"),
        (lambda: Copy(4, spread=-1), ArgumentError, "spread of Copy"),
    ],
)
def test_wrong_arguments(make, error, sentence):
    with pytest.raises(error, match=sentence):
        make()

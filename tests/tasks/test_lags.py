"""Tasks with long lags: lengths, places and targets against their definitions."""

import numpy as np
import pytest
import scipy

from synapse.tasks import (
    Adding,
    Copy,
    DelayedXor,
    LongLag,
    Multiplication,
    NoisyLongLag,
    Recall,
    TemporalOrder,
    TwoSequences,
)
from tests.cases import all_hold

from .chances import as_often, binomial, distributed, uniform


def chances_of_marks():
    """The probabilities of all pairs of places with 20 steps; step 0 cannot be marked."""
    chances = {}
    for early in range(10):
        for late in [t for t in range(20) if t != early][:9]:
            pair = tuple(t for t in sorted((early, late)) if t)
            chances[pair] = chances.get(pair, 0.0) + 1 / 90
    return chances


@pytest.mark.parametrize(("task", "neutral"), [(Adding(20), 0.0), (Multiplication(20), 1.0)], ids=repr)
def test_two_marked_values(task, neutral):
    samples, found = task.batch(20_000, 3), dict.fromkeys(chances_of_marks(), 0)
    for sample in samples:
        markers = sample.inputs[:, 1].tolist()
        assert markers[0] == markers[-1] == -1
        assert set(markers[1:-1]) <= {0.0, 1.0}
        places = tuple(t for t in range(1, len(sample) - 1) if markers[t] == 1)
        found[places] += 1
        values = [sample.inputs[t, 0] for t in (places if len(places) == 2 else (*places, 0))]
        assert len(places) == 2 or values[1] == neutral
        expected = values[0] * values[1] if neutral else 0.5 + sum(values) / 4
        assert sample.targets[-1, 0] == pytest.approx(expected, abs=1e-12)
    assert as_often(list(found.values()), [len(samples) * each for each in chances_of_marks().values()])
    assert uniform(samples.lengths, 20, 22)
    low = neutral - 1.0
    numbers = np.concatenate([sample.inputs[1:, 0] for sample in samples[:500]])
    assert distributed(numbers, scipy.stats.uniform(low, 1 - low).cdf)


@pytest.mark.parametrize(
    ("marked", "ranges"), [(2, [(10, 20), (50, 60)]), (3, [(10, 20), (33, 43), (66, 76)])]
)
def test_temporal_order(marked, ranges):
    samples, kinds, places, others = TemporalOrder(marked).batch(5000, 4), [], [], np.zeros(4)
    for sample in samples:
        text = "".join("EBabcdXY"[row.index(1.0)] for row in sample.inputs.tolist())
        assert (text[0], text[-1], sample.inputs.sum()) == ("E", "B", len(text))
        at = [t for t, letter in enumerate(text) if letter in "XY"]
        kinds.append(int("".join(str("XY".index(text[t])) for t in at), 2))
        assert sample.targets[-1].tolist() == np.eye(2**marked)[kinds[-1]].tolist()
        places.append(at)
        others += [text.count(letter) for letter in "abcd"]
    assert others.sum() == samples.lengths.sum() - 5000 * (2 + marked)
    assert as_often(others)
    assert uniform(samples.lengths, 100, 110)
    assert uniform(kinds, 0, 2**marked - 1)
    for column, (low, high) in zip(zip(*places, strict=True), ranges, strict=True):
        assert uniform(column, low, high)


def test_long_lags():
    samples = LongLag(6).batch(2000, 0)
    texts = [(*row.inputs.argmax(axis=1).tolist(), int(row.targets[-1].argmax())) for row in samples]
    assert set(texts) == {(5, 0, 1, 2, 3, 4, 5), (6, 0, 1, 2, 3, 4, 6)}
    assert binomial(sum(text[0] == 5 for text in texts), 2000)
    middle = []
    for sample in LongLag(6, regular=False).batch(4000, 0):
        symbols = sample.inputs.argmax(axis=1)
        assert symbols[0] == sample.targets[-1].argmax() in (5, 6)
        np.testing.assert_array_equal(sample.inputs[1:], sample.targets[:-1])
        middle.extend(symbols[1:])
        allowed = np.zeros((6, 7), bool)
        allowed[:-1, :5] = True
        allowed[-1, symbols[0]] = True
        np.testing.assert_array_equal(sample.allowed, allowed)
    assert uniform(middle, 0, 4)
    for regular in (True, False):
        sample = LongLag(6, regular).sample(0)
        outputs = np.array(sample.targets)
        outputs[2] = 1 - outputs[2]
        assert sample.right(outputs) is not regular, "random symbols are not judged"


def test_noisy_long_lag():
    samples, counts, seconds, more = NoisyLongLag(4, 3).batch(8000, 2), np.zeros(3), 0, []
    for sample in samples:
        symbols = sample.inputs.argmax(axis=1).tolist()
        assert (symbols[0], symbols[-1]) == (4, 3)  # b and e, behind the distractors 0, 1, 2
        assert sample.targets[-1].tolist() == np.eye(2)[symbols[1] - 5].tolist()
        seconds += symbols[1] == 5
        counts += np.bincount(symbols[2:-1], minlength=3)
        more.append(len(symbols) - 3 - 4)
    assert binomial(seconds, 8000)
    assert as_often(counts)
    chances = 0.1 * 0.9 ** np.arange(41)
    chances[-1] = 0.9**40
    assert as_often(np.bincount(np.minimum(more, 40), minlength=41), 8000 * chances)


@pytest.mark.parametrize(("variant", "first", "second"), [("a", 1.0, 0.0), ("b", 1.0, 0.0), ("c", 0.2, 0.8)])
def test_two_sequences(variant, first, second):
    task = TwoSequences(50, informative=2, variant=variant)
    samples, tested = task.batch(4000, 9), task.tested.batch(4000, 9)
    targets, clean = (np.array([one.targets[-1, 0] for one in some]) for some in (samples, tested))
    head = np.array([sample.inputs[:2, 0] for sample in samples])
    rest = np.concatenate([sample.inputs[2:, 0] for sample in samples[:1000]])
    assert uniform(samples.lengths, 50, 55)
    assert distributed(rest, scipy.stats.norm(0, np.sqrt(0.2)).cdf)
    assert set(clean) == {first, second}
    assert binomial((clean == first).sum(), 4000)
    noise = head - np.where(clean == first, 1.0, -1.0)[:, None]
    if variant == "b":
        assert distributed(noise.ravel(), scipy.stats.norm(0, np.sqrt(0.2)).cdf)
    else:
        assert not noise.any()
    if variant == "c":
        assert distributed(targets - clean, scipy.stats.norm(0, np.sqrt(0.1)).cdf)
    else:
        np.testing.assert_array_equal(targets, clean)


def test_delayed_xor():
    samples, places, differ = DelayedXor(10).batch(8000, 1), [], 0
    for sample in samples:
        one, other = [t for t in range(10) if sample.inputs[t, 1] == 1.0]
        product = sample.inputs[one, 0] * sample.inputs[other, 0]
        assert sample.targets[-1, 0] == (product < 0)
        differ += product < 0
        places.append((one, other))
    assert uniform([one for one, _ in places], 0, 3)
    assert uniform([other for _, other in places], 5, 8)
    assert binomial(differ, 8000)
    assert set(samples.rows[:, 0]) == {-1.0, 1.0}
    assert set(samples.rows[:, 1]) == {0.0, 1.0}


def test_copy():
    samples, sizes, bits = Copy(7, spread=2).batch(6000, 1), [], []
    for sample in samples:
        size = len(sample) // 2
        read = sample.inputs[:size]
        assert (read[:, :2].sum(axis=1) == 1).all()
        assert sample.inputs[size:].tolist() == [[0.0, 0.0, 1.0]] * size
        assert sample.targets[size:, 0].tolist() == read[:, 1].tolist()
        assert np.isnan(sample.targets[:size]).all()
        sizes.append(size)
        bits.extend(read[:, 1])
    assert uniform(sizes, 5, 7)
    assert binomial(sum(bits), len(bits))
    assert set(Copy(3, spread=9).batch(200, 0).lengths) == {2, 4, 6}


def test_recall():
    """Distracted sequence recall, against its definition."""
    all_hold(by_definition, [Recall(), Recall(4, 4, 2, 24), Recall(3, 1, 3, 6), Recall(2, 2, 4, 30)])


def by_definition(task):
    n, prompts, length = task.targets, task.prompts, task.length
    for sample in task.batch(200, 1):
        assert sample.inputs.shape == (length, n + task.distractors + prompts)
        assert sample.inputs.sum() == np.count_nonzero(sample.inputs) == length
        symbols = sample.inputs.argmax(axis=1).tolist()
        assert symbols[length - prompts :] == [n + task.distractors + i for i in range(prompts)]
        seen = [symbol for symbol in symbols[: length - prompts] if symbol < n]
        np.testing.assert_array_equal(sample.targets[: length - prompts], 0)
        np.testing.assert_array_equal(sample.targets[length - prompts :], np.eye(n)[seen])


def test_places_pairs_and_distractors_of_recall_are_equally_frequent():
    symbols = Recall(4, 4, 2, 24).batch(23_100, 2).rows.argmax(axis=1).reshape(-1, 24)[:, :22]
    target = symbols < 4
    places = np.argwhere(target)[:, 1].reshape(-1, 2) @ [22, 1]
    assert as_often(np.unique(places, return_counts=True)[1], [100] * (22 * 21 // 2))
    assert uniform(symbols[target].reshape(-1, 2) @ [4, 1], 0, 15)
    assert uniform(symbols[~target][::2] - 4, 0, 3)
    first = Recall().batch(2, 0).rows.argmax(axis=1).reshape(2, 10).tolist()
    assert first == [[3, 3, 1, 0, 3, 2, 3, 2, 4, 5], [3, 2, 3, 3, 1, 1, 3, 2, 4, 5]]  # in every process

"""Tasks with long lags, and a series: lengths, places and targets against their
definitions."""

import numpy as np
import pytest

from studies.tasks import DelayedXor
from synapse.tasks import Copy, MackeyGlass, Recall
from tests.helpers.cases import all_hold

from .chances import as_often, binomial, uniform


def test_delayed_xor():
    samples = DelayedXor(10).batch(8000, 1)
    places = []
    differ = 0
    for sample in samples:
        early, other = [t for t in range(10) if sample.inputs[t, 1] == 1.0]
        product = sample.inputs[early, 0] * sample.inputs[other, 0]
        assert sample.targets[-1, 0] == (product < 0)
        differ += product < 0
        places.append((early, other))
    assert uniform([early for early, _ in places], 0, 3)
    assert uniform([other for _, other in places], 5, 8)
    assert binomial(differ, 8000)
    assert set(samples.rows[:, 0]) == {-1.0, 1.0}
    assert set(samples.rows[:, 1]) == {0.0, 1.0}


def test_copy():
    samples = Copy(7, spread=2).batch(6000, 1)
    sizes = []
    bits = []
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
    all_hold(
        by_definition,
        [Recall(), Recall(4, 4, 2, 24), Recall(3, 1, 3, 6), Recall(2, 2, 4, 30)],
    )


def by_definition(task):
    n = task.targets
    prompts = task.prompts
    length = task.length
    for sample in task.batch(200, 1):
        assert sample.inputs.shape == (length, n + task.distractors + prompts)
        assert sample.inputs.sum() == np.count_nonzero(sample.inputs) == length
        symbols = sample.inputs.argmax(axis=1).tolist()
        assert symbols[length - prompts :] == [
            n + task.distractors + i for i in range(prompts)
        ]
        seen = [symbol for symbol in symbols[: length - prompts] if symbol < n]
        np.testing.assert_array_equal(sample.targets[: length - prompts], 0)
        np.testing.assert_array_equal(
            sample.targets[length - prompts :], np.eye(n)[seen]
        )


@pytest.mark.full
def test_places_pairs_and_distractors_of_recall_are_equally_frequent():
    symbols = (
        Recall(4, 4, 2, 24).batch(23_100, 2).rows.argmax(axis=1).reshape(-1, 24)[:, :22]
    )
    target = symbols < 4
    places = np.argwhere(target)[:, 1].reshape(-1, 2) @ [22, 1]
    assert as_often(np.unique(places, return_counts=True)[1], [100] * (22 * 21 // 2))
    assert uniform(symbols[target].reshape(-1, 2) @ [4, 1], 0, 15)
    assert uniform(symbols[~target][::2] - 4, 0, 3)
    drawn = Recall().batch(2, 0).rows.argmax(axis=1).reshape(2, 10).tolist()
    # in every process
    assert drawn == [[3, 3, 1, 0, 3, 2, 3, 2, 4, 5], [3, 2, 3, 3, 1, 1, 3, 2, 4, 5]]


def test_mackey_glass():
    """An independent loop over every Euler step, from the same random history, has the
    same points."""
    y = (1.1 + 0.2 * np.random.default_rng(3).random(170)).tolist()
    for _ in range((1000 + 50) * 10):
        y.append(y[-1] + 0.1 * (0.2 * y[-170] / (1.0 + y[-170] ** 10) - 0.1 * y[-1]))
    expected = np.tanh(np.array(y[170 + 9 :: 10]) - 1.0)[1000:]
    values = MackeyGlass(length=50).sample(3).inputs[:, 0]
    # chaos enlarges the last bit
    np.testing.assert_allclose(values[:20], expected[:20], atol=1e-6)
    points = MackeyGlass(length=2000).batch(40, 1).rows
    assert points.var() == pytest.approx(0.0468, abs=0.002), (
        "of 200,000 points of another program"
    )
    whole = MackeyGlass(length=500).sample(4).inputs
    later = MackeyGlass(length=200, horizon=300).sample(4)
    np.testing.assert_array_equal(later.inputs, whole[:200])
    np.testing.assert_array_equal(later.targets, whole[300:])
    np.testing.assert_array_equal(MackeyGlass().stream(4).take(500).inputs, whole)
    task = MackeyGlass(length=120)
    rng = np.random.default_rng(5)
    for sample, alone in zip(
        task.batch(20, 5), [task.sample(rng) for _ in range(20)], strict=True
    ):
        np.testing.assert_array_equal(sample.inputs, alone.inputs)

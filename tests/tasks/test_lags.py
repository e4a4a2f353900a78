"""Tasks with long lags, and a series: lengths, places and targets against their
definitions."""

import numpy as np
import pytest

from studies.tasks import DelayedXor
from synapse.tasks import Copy, MackeyGlass, Recall
from tests.helpers.cases import every_case

from .chances import as_often, binomial, uniform


def test_delayed_xor():
    samples = DelayedXor(10).batch(8000, 1)
    signs, marks = samples.rows.reshape(8000, 10, 2).transpose(2, 0, 1)
    assert ({*signs.ravel()}, {*marks.ravel()}) == ({-1.0, 1.0}, {0.0, 1.0})
    early, other = np.nonzero(marks)[1].reshape(8000, 2).T
    differ = np.where(marks, signs, 1.0).prod(axis=1) < 0
    assert (samples.goals.reshape(8000, 10)[:, -1] == differ).all()
    assert uniform(early, 0, 3)
    assert uniform(other, 5, 8)
    assert binomial(differ.sum(), 8000)


def test_copy():
    samples = Copy(7, spread=2).batch(6000, 1)
    bits = []
    for sample in samples:
        size = len(sample) // 2
        read = sample.inputs[:size]
        assert (read[:, :2].sum(axis=1) == 1).all()
        assert sample.inputs[size:].tolist() == [[0.0, 0.0, 1.0]] * size
        assert sample.targets[size:, 0].tolist() == read[:, 1].tolist()
        assert np.isnan(sample.targets[:size]).all()
        bits.extend(read[:, 1])
    assert uniform(samples.lengths // 2, 5, 7)
    assert binomial(sum(bits), len(bits))
    assert set(Copy(3, spread=9).batch(200, 0).lengths) == {2, 4, 6}


@every_case(
    "task", [Recall(), Recall(4, 4, 2, 24), Recall(3, 1, 3, 6), Recall(2, 2, 4, 30)]
)
def test_recall(task):
    """Distracted sequence recall, against its definition."""
    n, kinds = task.targets, task.targets + task.distractors
    begin = task.length - task.prompts
    for sample in task.batch(50, 1):
        symbols = sample.inputs.argmax(axis=1).tolist()
        assert (sample.inputs == np.eye(kinds + task.prompts)[symbols]).all()
        assert symbols[begin:] == [kinds + i for i in range(task.prompts)]
        seen = [symbol for symbol in symbols[:begin] if symbol < n]
        expected = np.vstack([np.zeros((begin, n)), np.eye(n)[seen]])
        np.testing.assert_array_equal(sample.targets, expected)


@pytest.mark.full
def test_places_pairs_and_distractors_of_recall_are_equally_frequent():
    symbols = (
        Recall(4, 4, 2, 24).batch(23_100, 2).rows.argmax(axis=1).reshape(-1, 24)[:, :22]
    )
    target = symbols < 4
    assert as_often(
        np.unique(
            np.argwhere(target)[:, 1].reshape(-1, 2) @ [22, 1], return_counts=True
        )[1],
        [100] * (22 * 21 // 2),
    )
    assert uniform(symbols[target].reshape(-1, 2) @ [4, 1], 0, 15)
    assert uniform(symbols[~target][::2] - 4, 0, 3)
    drawn = Recall().batch(2, 0).rows.argmax(axis=1).reshape(2, 10).tolist()
    # in every process
    assert drawn == [[3, 3, 1, 0, 3, 2, 3, 2, 4, 5], [3, 2, 3, 3, 1, 1, 3, 2, 4, 5]]


def test_mackey_glass():
    """An independent loop over every Euler step, from the same random history, has the
    same points."""
    y = (1.1 + 0.2 * np.random.default_rng(3).random(170)).tolist()
    for _ in range((1000 + 20) * 10):
        y.append(y[-1] + 0.1 * (0.2 * y[-170] / (1.0 + y[-170] ** 10) - 0.1 * y[-1]))
    expected = np.tanh(np.array(y[170 + 9 :: 10]) - 1.0)[1000:]
    values = MackeyGlass(length=20).sample(3).inputs[:, 0]
    # chaos enlarges the last bit
    np.testing.assert_allclose(values, expected, atol=1e-6)
    variance = MackeyGlass(length=2000).batch(40, 1).rows.var()
    assert variance == pytest.approx(0.0468, abs=0.002), (
        "of 200,000 points of another program"
    )
    whole = MackeyGlass(length=500).sample(4).inputs
    later = MackeyGlass(length=200, horizon=300).sample(4)
    np.testing.assert_array_equal(later.inputs, whole[:200])
    np.testing.assert_array_equal(later.targets, whole[300:])
    np.testing.assert_array_equal(MackeyGlass().stream(4).take(500).inputs, whole)
    task = MackeyGlass(length=120)
    rng = np.random.default_rng(5)
    alone = [task.sample(rng).inputs for _ in range(5)]
    np.testing.assert_array_equal(task.batch(5, 5).rows, np.concatenate(alone))

"""NARMA10 against its equation and the moments of its input."""

import numpy as np
import pytest

from synapse.errors import ArgumentError
from synapse.tasks import Narma10


def by_formula(u):
    """The series of an input, from the equation with a history of zeros."""
    u, y = np.concatenate([np.zeros(9), u]), np.zeros(len(u) + 10)
    for t in range(9, len(y) - 1):
        y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * sum(y[t - i] for i in range(10)) + 1.5 * u[t - 9] * u[t] + 0.1
    return y[10:]


def test_the_equation_holds_across_pieces():
    sample = Narma10(2500).sample(0)  # 1,000 steps are one piece
    np.testing.assert_allclose(sample.targets[:, 0], by_formula(sample.inputs[:, 0]), rtol=1e-9)


def test_a_stream_is_one_series():
    stream = Narma10(30).stream(7)
    parts = [stream.take(n) for n in (5, 100, 45)]
    u, y = (np.concatenate([getattr(part, name)[:, 0] for part in parts]) for name in ("inputs", "targets"))
    np.testing.assert_allclose(y, by_formula(u), rtol=1e-9)


def test_inputs_are_uniform():
    u = Narma10(1000).batch(50, 1).rows[:, 0]
    assert 0.0 <= u.min() < 1e-4
    assert 0.5 - 1e-4 < u.max() <= 0.5
    assert u.mean() == pytest.approx(0.25, abs=4 * 0.5 / np.sqrt(12 * 50_000))
    counts = np.histogram(u, 10, (0.0, 0.5))[0]
    assert ((counts - 5000) ** 2 / 5000).sum() < 27.9, "chi squared of 9 degrees, one in a thousand"


def test_the_first_target_is_known():
    samples = Narma10(20).batch(30, 2)
    assert {float(target[0, 0]) for target in samples.targets} == {0.1}, "0.1 alone: nothing before"


def test_a_diverging_series_is_drawn_again():
    """Among 400 series of 4,000 inputs some diverge by the equation; none of those generated does."""
    rng = np.random.default_rng(11)
    with np.errstate(all="ignore"):
        u = rng.uniform(0.0, 0.5, (4009, 400))
        u[:9] = 0.0
        y = np.zeros((4010, 400))
        for t in range(9, 4009):
            recent = y[t - 9 : t + 1].sum(axis=0)
            y[t + 1] = 0.3 * y[t] + 0.05 * y[t] * recent + 1.5 * u[t - 9] * u[t] + 0.1
        diverged = ~(np.abs(y).max(axis=0) < 100.0)
    assert 1 <= diverged.sum() <= 20
    targets = Narma10(4000).batch(100, 12).goals
    assert 0.0 < targets.min() < targets.max() <= 1.2
    kept = y[200:, ~diverged]
    assert targets.mean() == pytest.approx(kept.mean(), abs=0.003)
    assert targets.var() == pytest.approx(kept.var(), abs=0.0005)


def test_seeds():
    task = Narma10(50)
    np.testing.assert_array_equal(task.batch(9, 3).goals, task.batch(9, 3).goals)
    assert (task.sample(3).inputs != task.sample(4).inputs).any()


def test_arguments():
    with pytest.raises(ArgumentError, match="Expected the length of Narma10 to be a whole number above 0"):
        Narma10(0)

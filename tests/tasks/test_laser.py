"""The laser against the equations, integrated with far shorter steps, and its invariants."""

import numpy as np
import pytest

from synapse.errors import ArgumentError, KindError
from synapse.tasks import Laser


def fine(state, steps, h):
    """The state after some Runge-Kutta steps, written for vectors."""

    def slope(s):
        x, y, z = s
        return np.array([2.0 * (y - x), x * (15.0 - z) - y, x * y - z / 4.0])

    for _ in range(steps):
        a = slope(state)
        b = slope(state + h / 2 * a)
        c = slope(state + h / 2 * b)
        d = slope(state + h * c)
        state = state + h / 6 * (a + 2 * b + 2 * c + d)
    return state


def test_the_series_solves_the_equations():
    """Three points determine the state up to a few candidates, found by Newton's method.

    The fine integration from one of them must predict twelve points.
    """
    points = Laser(length=60).sample(0).inputs[:, 0]
    for first in (10, 25):
        x = np.sqrt(32.0 * points[first : first + 3])

        def miss(unknown, x=x):
            state = np.array([x[0], *unknown])
            one = fine(state, 48, 0.01)
            return np.array([one[0] ** 2 - x[1] ** 2, fine(one, 48, 0.01)[0] ** 2 - x[2] ** 2])

        found = [newton(miss, begin) for begin in starts()]
        states = [np.array([x[0], *unknown]) for unknown, error in found if error < 1e-6]
        wrong = [np.abs(points_after(state, 12) - points[first + 1 : first + 13]).max() for state in states]
        assert min(wrong) < 0.01


def points_after(state, count):
    """Points that follow a state."""
    points = []
    for _ in range(count):
        state = fine(state, 48, 0.01)
        points.append(state[0] ** 2 / 32.0)
    return np.array(points)


def starts():
    return [np.array([y, z]) for y in (-4.0, 0.0, 4.0) for z in (6.0, 12.0, 18.0)]


def newton(miss, unknown):
    for _ in range(20):
        value = miss(unknown)
        step = 1e-6 * np.eye(2)
        slopes = np.array([(miss(unknown + one) - value) / 1e-6 for one in step]).T
        if not np.isfinite(slopes).all() or abs(np.linalg.det(slopes)) < 1e-12:
            return unknown, np.inf
        unknown = unknown - np.clip(np.linalg.solve(slopes, value), -2, 2)
    return unknown, float(np.abs(miss(unknown)).max())


def test_statistics():
    """Statistics as of a run with steps of 0.02 by another program: mean 0.1035, variance 0.0145."""
    points = Laser(length=3000).batch(20, 1).rows[:, 0]
    assert points.mean() == pytest.approx(0.1035, abs=0.002)
    assert points.var() == pytest.approx(0.0145, abs=0.0007)
    assert 0.0 <= points.min() < 1e-3
    assert 0.8 < points.max() < 1.0
    peaks = ((points[1:-1] > points[:-2]) & (points[1:-1] >= points[2:])).sum()
    assert len(points) / peaks == pytest.approx(7.36, abs=0.2)


def test_it_is_chaotic_and_not_periodic():
    points = Laser(length=2000).sample(3).inputs[:, 0]
    centred = points - points.mean()
    for lag in range(60, 200):
        assert (centred[lag:] * centred[:-lag]).mean() < 0.7 * centred.var()


def test_levels():
    plain, rounded = Laser(length=300).sample(2), Laser(length=300, levels=256).sample(2)
    np.testing.assert_allclose(rounded.inputs, plain.inputs, atol=0.5 / 255 + 1e-12)
    np.testing.assert_allclose(255 * rounded.targets, np.rint(255 * rounded.targets), atol=1e-9)
    assert len(np.unique(rounded.inputs)) > 50
    assert set(np.unique(Laser(length=300, levels=2).sample(2).inputs)) == {0.0, 1.0}


def test_targets_and_streams():
    sample = Laser(length=150, horizon=5).sample(4)
    np.testing.assert_array_equal(sample.inputs[5:], sample.targets[:-5])
    stream = Laser(length=40, horizon=5).stream(4)
    found = [stream.take(n) for n in (30, 70, 50)]
    np.testing.assert_array_equal(np.concatenate([part.inputs for part in found]), sample.inputs)


def test_few_and_many_series_have_the_same_bits():
    task, rng = Laser(length=40), np.random.default_rng(5)
    for sample, alone in zip(task.batch(17, 5), [task.sample(rng) for _ in range(17)], strict=True):
        np.testing.assert_array_equal(sample.inputs, alone.inputs)


def test_arguments():
    with pytest.raises(ArgumentError, match="Expected the length of Laser to be a whole number above 0"):
        Laser(0)
    with pytest.raises(ArgumentError, match="Expected the horizon of Laser to be"):
        Laser(horizon=-1)
    with pytest.raises(ArgumentError, match="Expected the levels of Laser to be a whole number, 2 or above"):
        Laser(levels=1)
    with pytest.raises(KindError, match="Expected the levels of Laser to be"):
        Laser(levels=2.5)

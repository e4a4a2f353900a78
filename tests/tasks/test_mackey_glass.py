"""The Mackey-Glass series against a fine Runge-Kutta integration, its equation and known statistics."""

import numpy as np
import pytest

from synapse.errors import ArgumentError, KindError
from synapse.tasks import MackeyGlass


def original(points):
    """Undo the scaling: y from tanh(y - 1)."""
    return np.arctanh(points) + 1.0


def slope(y, late):
    return 0.2 * late / (1.0 + late**10) - 0.1 * y


def test_the_series_solves_the_equation():
    """Runge-Kutta with steps of a point, from the series itself, agrees with it up to the error of Euler."""
    y = original(MackeyGlass(length=600).sample(0).inputs[:, 0])
    t = np.arange(len(y))

    def late(time):  # cubic interpolation between the points
        i = int(np.floor(time))
        nodes = t[i - 1 : i + 3]
        weights = [np.prod([(time - b) / (a - b) for b in nodes if b != a]) for a in nodes]
        return float(y[nodes] @ weights)

    worst = 0.0
    for start in range(50, 550, 10):
        value, h = y[start], 0.125
        for k in range(8):
            now = start + k * h
            a = slope(value, late(now - 17))
            b = slope(value + h / 2 * a, late(now + h / 2 - 17))
            c = slope(value + h / 2 * b, late(now + h / 2 - 17))
            d = slope(value + h * c, late(now + h - 17))
            value += h / 6 * (a + 2 * b + 2 * c + d)
        worst = max(worst, abs(value - y[start + 1]))
    assert worst < 0.003
    assert worst < 0.05 * np.abs(np.diff(y)).max()


def test_euler_steps_step_by_step():
    """An independent loop over every Euler step, from the same random history, has the same points."""
    history = 1.1 + 0.2 * np.random.default_rng(3).random(170)
    y = history.tolist()
    for _ in range((1000 + 50) * 10):
        y.append(y[-1] + 0.1 * (0.2 * y[-170] / (1.0 + y[-170] ** 10) - 0.1 * y[-1]))
    expected = np.tanh(np.array(y[170 + 9 :: 10]) - 1.0)[1000:]
    found = MackeyGlass(length=50).sample(3).inputs[:, 0]
    np.testing.assert_allclose(found[:20], expected[:20], atol=1e-6)  # chaos enlarges the last bit


@pytest.mark.parametrize(("delay", "mean", "variance"), [(17, -0.0651, 0.0468), (30, -0.0932, 0.0669)])
def test_statistics(delay, mean, variance):
    """Mean and variance of 200,000 points of another program; 0.067 is the variance in Jaeger's report."""
    points = MackeyGlass(delay, length=2000).batch(40, 1).rows
    assert points.mean() == pytest.approx(mean, abs=0.003)
    assert points.var() == pytest.approx(variance, abs=0.002)
    y = original(points)
    assert 0.2 < y.min() < y.max() < 1.6


@pytest.mark.parametrize("delay", [1, 3])
def test_short_delays_have_no_chaos(delay):
    """With a short delay the fixed point y = 1 is stable: 0.2 / (1 + 1) = 0.1."""
    np.testing.assert_allclose(MackeyGlass(delay, length=20).sample(0).inputs, 0.0, atol=1e-6)


@pytest.mark.parametrize("horizon", [1, 84, 300])
def test_targets_are_later_points(horizon):
    task = MackeyGlass(length=200, horizon=horizon)
    whole = MackeyGlass(length=200 + horizon).sample(4).inputs
    sample = task.sample(4)
    np.testing.assert_array_equal(sample.inputs, whole[:200])
    np.testing.assert_array_equal(sample.targets, whole[horizon:])


def test_streams_go_on():
    task = MackeyGlass(length=70, horizon=3)
    parts = [task.stream(4).take(250)]
    stream = task.stream(4)
    several = [stream.take(n) for n in (1, 99, 150)]
    whole = MackeyGlass(length=250, horizon=3).sample(4)
    for found in (parts, several):
        np.testing.assert_array_equal(np.concatenate([part.inputs for part in found]), whole.inputs)
        np.testing.assert_array_equal(np.concatenate([part.targets for part in found]), whole.targets)


def test_few_and_many_series_have_the_same_bits():
    task = MackeyGlass(length=120)
    rng = np.random.default_rng(5)
    for sample, alone in zip(task.batch(20, 5), [task.sample(rng) for _ in range(20)], strict=True):
        np.testing.assert_array_equal(sample.inputs, alone.inputs)


def test_right_is_near():
    sample = MackeyGlass(length=10).sample(0)
    assert sample.right(sample.targets + 0.019)
    assert not sample.right(sample.targets + 0.021)


@pytest.mark.parametrize("name", ["delay", "length", "horizon"])
def test_arguments(name):
    with pytest.raises(ArgumentError, match=f"the {name} of MackeyGlass to be a whole number above 0, got 0"):
        MackeyGlass(**{name: 0})
    with pytest.raises(KindError, match=f"the {name} of MackeyGlass"):
        MackeyGlass(**{name: 1.5})

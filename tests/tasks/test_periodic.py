"""Periodic functions, against their formulas."""

import math

import numpy as np
import pytest

from synapse.errors import ArgumentError
from synapse.tasks import PeriodicFunction

EXPECTED = {
    "cosine": lambda t, period: 0.5 * (1 - math.cos(2 * math.pi * t / period)),
    "triangle": lambda t, period: 2 * min(t % period, period - t % period) / period,
    "rectangle": lambda t, period: 1.0 if 2 * (t % period) < period else 0.0,
}


@pytest.mark.parametrize("shape", EXPECTED)
@pytest.mark.parametrize("period", [2, 10, 25])
def test_values(shape, period):
    task = PeriodicFunction(shape, period, periods=3)
    expected = [EXPECTED[shape](t, period) for t in range(3 * period)]
    for sample in (task.sample(0), task.batch(2)[1], task.stream(5).take(3 * period)):
        np.testing.assert_allclose(sample.targets[:, 0], expected, atol=1e-14)
        assert not sample.inputs.any()
        assert sample.inputs.shape == (3 * period, 1)
    assert sample.right(sample.targets - 0.29)
    assert not sample.right(sample.targets + 0.3 * (np.arange(3 * period) == 4)[:, None])


def test_streams_continue():
    task = PeriodicFunction("triangle", 7)
    stream = task.stream()
    parts = [stream.take(size).targets for size in (3, 800, 1000)]
    np.testing.assert_array_equal(
        np.concatenate(parts), PeriodicFunction("triangle", 7).sample().targets[:1803]
    )


def test_errors():
    with pytest.raises(ArgumentError, match="the shape of PeriodicFunction"):
        PeriodicFunction("sine")
    for period in (0, 1):
        with pytest.raises(ArgumentError, match="the period of PeriodicFunction"):
            PeriodicFunction(period=period)
    with pytest.raises(ArgumentError, match="the periods of PeriodicFunction"):
        PeriodicFunction(periods=0)
    with pytest.raises(ArgumentError, match="seed"):
        PeriodicFunction().stream(-1)

"""The logistic function and tanh in float32: see
``synapse/engine/functions/single.py``."""

import numpy as np
import pytest

from synapse.engine.functions import single
from synapse.engine.language.decorators import for_python

STATES = np.concatenate(
    [np.linspace(-86, 86, 40001), np.linspace(-1, 1, 40001), np.logspace(-30, 0, 1000)]
)


def pairs(function, states):
    compiled = for_python(function)
    values, slopes = np.array([compiled(state) for state in states], np.float32).T
    return values, slopes


def ulps(ours, theirs):
    return np.abs(ours - theirs) / np.spacing(np.abs(theirs).astype(np.float32)).astype(
        float
    )


@pytest.mark.full
@pytest.mark.parametrize(
    ("function", "value", "slope", "limit"),
    [
        (
            single.logistic,
            lambda s: 1 / (1 + np.exp(-s)),
            lambda s: 1 / (2 + np.exp(s) + np.exp(-s)),
            86,
        ),
        (single.tanh, np.tanh, lambda s: 1 / np.cosh(s) ** 2, 43),
    ],
)
def test_values_and_slopes_are_within_ulps(function, value, slope, limit):
    states = STATES[np.abs(STATES) < limit].astype(np.float32)
    values, slopes = pairs(function, states)
    assert ulps(values, value(states.astype(float))).max() <= 4
    assert ulps(slopes, slope(states.astype(float))).max() <= 6


@pytest.mark.parametrize(
    ("function", "low"), [(single.logistic, 0.0), (single.tanh, -1.0)]
)
def test_beyond_the_bounds(function, low):
    values, slopes = pairs(
        function, np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.0], np.float32)
    )
    assert np.isnan([values[0], slopes[0]]).all()
    assert values[1:5] == pytest.approx([1.0, low, 1.0, low], abs=1e-37)
    assert slopes[1:5] == pytest.approx(0.0, abs=1e-36)
    assert (slopes[1:5] > 0).all()
    assert values[5] == (low + 1) / 2

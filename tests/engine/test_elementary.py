import math
from fractions import Fraction

import numpy as np
import pytest

from synapse.engine.functions.elementary import exp, expm1, log

random = np.random.default_rng(0)


def ulps(ours, theirs):
    return np.abs(np.asarray(ours) - theirs) / np.spacing(np.abs(theirs))


def test_exp_is_within_an_ulp_of_the_c_library():
    xs = np.concatenate(
        [random.uniform(-708, 709, 5000), random.normal(size=5000), random.normal(size=5000) * 1e-3]
    )
    assert ulps([exp(x) for x in xs.tolist()], np.array([math.exp(x) for x in xs.tolist()])).max() <= 1


def test_expm1_is_within_two_ulps_of_the_c_library():
    xs = np.concatenate(
        [random.uniform(-708, 709, 5000), random.normal(size=9000), random.normal(size=5000) * 1e-3]
    )
    assert ulps([expm1(x) for x in xs.tolist()], np.array([math.expm1(x) for x in xs.tolist()])).max() <= 2


def test_log_is_within_an_ulp_of_the_c_library():
    xs = np.concatenate(
        [np.exp(random.uniform(-700, 700, 5000)), random.uniform(0, 1, 5000), random.uniform(0.7, 1.4, 5000)]
    )
    assert ulps([log(x) for x in xs.tolist()], np.array([math.log(x) for x in xs.tolist()])).max() <= 1


@pytest.mark.parametrize(("function", "at", "value"), [(exp, 0.0, 1.0), (expm1, 0.0, 0.0), (log, 1.0, 0.0)])
def test_exact_values(function, at, value):
    assert function(at) == value


def test_powers_of_two_are_exact():
    for k in range(-1000, 1000, 37):
        assert log(2.0**k) == pytest.approx(float(Fraction(k) * Fraction(math.log(2))), rel=1e-15)


@pytest.mark.parametrize("x", [-1e9, -710.0, 710.0, 1e9, math.inf, -math.inf])
def test_beyond_its_bounds_exp_stays_at_the_bound(x):
    assert exp(x) == exp(math.copysign(709.0, x) if x > 0 else -708.0)
    assert math.isfinite(exp(x))


def test_nan_goes_in_and_out():
    assert math.isnan(exp(math.nan))
    assert math.isnan(expm1(math.nan))

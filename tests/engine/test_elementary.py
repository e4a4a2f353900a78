import math

import numpy as np
import pytest

from synapse.engine.functions import elementary
from synapse.engine.language.decorators import for_python

exp, expm1, log, log1p = (
    for_python(function)
    for function in (
        elementary.exp,
        elementary.expm1,
        elementary.log,
        elementary.log1p,
    )
)

random = np.random.default_rng(0)


def ulps(ours, theirs):
    return np.abs(np.asarray(ours) - theirs) / np.spacing(np.abs(theirs))


WIDE = (
    random.uniform(-708, 709, 5000),
    random.normal(size=9000),
    random.normal(size=5000) * 1e-3,
)
POSITIVE = (
    np.exp(random.uniform(-700, 700, 5000)),
    random.uniform(0, 1, 5000),
    random.uniform(0.7, 1.4, 5000),
)
FRACTIONS = (
    np.exp(random.uniform(-700, 0, 5000)),
    random.uniform(0, 1, 5000),
    np.array([1e-300, 1.0]),
)


@pytest.mark.full
@pytest.mark.parametrize(
    ("ours", "theirs", "at", "most"),
    [
        (exp, math.exp, WIDE, 1),
        (expm1, math.expm1, WIDE, 2),
        (log, math.log, POSITIVE, 1),
        (log1p, math.log1p, FRACTIONS, 1),
    ],
)
def test_functions_are_within_ulps_of_the_c_library(ours, theirs, at, most):
    xs = np.concatenate(at).tolist()
    assert ulps([ours(x) for x in xs], np.array([theirs(x) for x in xs])).max() <= most


def test_beyond_their_bounds_they_stay_at_the_bound():
    for x in (710.0, 1e9, math.inf):
        assert (exp(x), expm1(x)) == (exp(709.0), expm1(709.0))
        assert (exp(-x), expm1(-x)) == (exp(-708.0), -1.0)
    assert math.isfinite(exp(709.0))


def test_nan_goes_in_and_out():
    assert math.isnan(exp(math.nan))
    assert math.isnan(expm1(math.nan))

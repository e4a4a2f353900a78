"""L-BFGS on costs whose least is known."""

import math
import sys
from itertools import pairwise

import numpy as np
import pytest

from synapse.errors import ArgumentError, ArgumentTypeError, DivergenceError, MissingExtraError
from synapse.optimizers import LBFGS

from ..cases import every_case

HESSIAN = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, -0.3], [0.5, -0.3, 1.0]])
LEAST = np.array([0.5, -1.0, 2.0])


def rosenbrock(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]


START = np.array([-1.2, 1.0])


def test_it_finds_the_end_of_the_valley():
    assert LBFGS(tolerance=1e-8).minimise(rosenbrock, START) == pytest.approx([1, 1], abs=1e-6)
    assert START.tolist() == [-1.2, 1.0]


def bowl(p):
    return 0.5 * (p - LEAST) @ HESSIAN @ (p - LEAST), HESSIAN @ (p - LEAST)


def test_it_leaves_frozen_parameters():
    start = np.zeros(3)
    found = LBFGS(tolerance=1e-9).minimise(bowl, start, frozen=[False, True, False])
    free = [0, 2]
    assert found[1] == 0.0
    assert found[free] == pytest.approx(
        LEAST[free] + np.linalg.solve(HESSIAN[np.ix_(free, free)], HESSIAN[free, 1] * LEAST[1]), abs=1e-8
    )
    held = LBFGS().minimise(bowl, start, frozen=[True] * 3)
    assert held is not start
    assert (held == start).all()


def test_it_tells_of_each_iteration_and_can_be_ended():
    told = []
    LBFGS(iterations=7).minimise(rosenbrock, START, callback=lambda p, cost: told.append((p, cost)))
    assert len(told) == 7
    assert all(cost == pytest.approx(rosenbrock(p)[0]) for p, cost in told)
    assert all(after < before for (_, before), (_, after) in pairwise(told))
    ended = LBFGS().minimise(rosenbrock, START, callback=lambda p, cost: cost <= told[3][1])
    assert ended == pytest.approx(told[3][0])


def test_its_settings_have_an_effect():
    def iterations(**settings):
        seen = []
        LBFGS(**settings).minimise(rosenbrock, START, callback=lambda p, cost: seen.append(cost))
        return seen

    usual = iterations(memory=10, tolerance=1e-8)
    assert iterations(memory=1, tolerance=1e-8) != usual
    assert 0 < len(iterations(memory=10, tolerance=1.0)) < len(usual)


@every_case(
    ("function", "error"),
    [
        (lambda p: (math.nan, p), DivergenceError),
        (lambda p: (1.0, [1.0]), ArgumentError),
        (lambda p: 1.0, ArgumentTypeError),
        (lambda p: (p, p), ArgumentTypeError),
        (lambda p: (1.0, p + 1j), ArgumentTypeError),
    ],
)
def test_it_refuses_what_is_no_cost(function, error):
    with pytest.raises(error):
        LBFGS().minimise(function, np.ones(2))


def test_it_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingExtraError, match="pip install"):
        LBFGS().minimise(rosenbrock, np.zeros(2))

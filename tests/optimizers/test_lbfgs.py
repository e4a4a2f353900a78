"""L-BFGS on costs whose least is known."""

import math
import sys

import numpy as np
import pytest
from scipy.optimize import minimize

import architect
from synapse import Trainer
from synapse.errors import DivergenceError, MissingExtraError
from synapse.optimizers import LBFGS
from tests.helpers.groups import Walk

HESSIAN = np.array([[3.0, 1.0, 0.5], [1.0, 2.0, -0.3], [0.5, -0.3, 1.0]])
LEAST = np.array([0.5, -1.0, 2.0])


def rosenbrock(p):
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2, np.array(
        [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
    )


START = np.array([-1.2, 1.0])


def found(function, start, frozen=(), callback=lambda p, cost: False, **settings):
    """The end of a search."""
    return LBFGS(**settings)._minimize(
        function, start, np.isin(np.arange(len(start)), frozen), callback
    )


def test_it_finds_the_end_of_the_valley():
    assert found(rosenbrock, START, tolerance=1e-8) == pytest.approx([1, 1], abs=1e-6)
    assert START.tolist() == [-1.2, 1.0]


def bowl(p):
    return 0.5 * (p - LEAST) @ HESSIAN @ (p - LEAST), HESSIAN @ (p - LEAST)


def test_it_leaves_frozen_parameters():
    start = np.zeros(3)
    minimum = found(bowl, start, [1], tolerance=1e-9)
    free = [0, 2]
    pull = HESSIAN[free, 1] * LEAST[1]
    least = LEAST[free] + np.linalg.solve(HESSIAN[np.ix_(free, free)], pull)
    assert minimum[1] == 0.0
    assert minimum[free] == pytest.approx(least, abs=1e-8)
    unmoved = found(bowl, start, [0, 1, 2])
    assert unmoved is not start
    assert (unmoved == start).all()


def test_it_refuses_a_cost_that_is_not_finite():
    for answer in [(math.nan, np.ones(2)), (1.0, np.array([1.0, math.inf]))]:
        with pytest.raises(DivergenceError):
            found(lambda p, answer=answer: answer, np.ones(2))


def test_it_says_what_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(MissingExtraError, match="pip install"):
        found(rosenbrock, np.zeros(2))


def test_a_training_takes_the_steps_of_scipy():
    """SciPy's own search over a cost computed by definition, with bounds for signs and
    frozen weights."""
    rng = np.random.default_rng(0)
    rows, aims = rng.normal(size=(12, 1, 2)), rng.random((12, 1, 2))
    net = architect.Perceptron(2, 3, 2, squash="tanh", output_squash="logistic", seed=1)
    net.output.cost_weights = [0.3, 2.0]
    for link in net.connections[::3]:
        link.sign = 1 if link.weight > 0 else -1
    net.connections[1].trainable = False
    walk = Walk(net)
    at = np.flatnonzero(walk.trained)
    start = np.concatenate([net.weights, net.biases])

    def cost(values):
        whole = start.copy()
        whole[at] = values
        walk.weights.real, walk.biases.real = np.split(
            whole[:, None], [len(net.weights)]
        )
        value, slopes = walk.gradient(rows, aims)
        return value, slopes[at]

    signs = [*(link.sign for link in net.connections), *[None] * len(net.biases)]
    by_sign = {1: (0, None), -1: (None, 0), None: (None, None)}
    bounds = [by_sign[signs[place]] for place in at]
    options = {"maxiter": 6, "gtol": 1e-6, "ftol": np.finfo(float).eps}
    expected = minimize(
        cost, start[at], jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    Trainer(net, rule="bptt", optimizer=LBFGS()).train(
        rows[:, 0], aims[:, 0], epochs=6, progress=False
    )
    trained = np.concatenate([net.weights, net.biases])[at]
    assert np.abs(trained - start[at]).max() > 0.1
    assert trained == pytest.approx(expected.x, abs=1e-12)

"""Steps whose cost or updates leave the finite range: an error, and the weights of
before."""

import numpy as np
import pytest

import architect
from synapse import Layer, Network
from synapse.errors import DivergenceError
from tests.helpers.cases import every_case

RULES = every_case("rule", ["online", "rtrl"])
DTYPES = every_case("dtype", ["float32", "float64"])
STEPS = {"float32": 100, "float64": 700}
"""After so many, 3 ** steps is infinite."""


def with_infinite_traces(dtype):
    """Its memory is multiplied by 3 in each step: inputs of 0 leave it at 0, while its
    derivatives by the parameters grow beyond every bound."""
    x, memory, hidden, y = (
        Layer(size, squash, dtype=dtype)
        for size, squash in (
            (1, "logistic"),
            (1, "identity"),
            (2, "tanh"),
            (1, "logistic"),
        )
    )
    x.project(memory, weights=1.0)
    memory.project(memory, weights=3.0)
    memory.project(hidden, seed=0)
    hidden.project(y, seed=1)
    return Network(x, memory, hidden, y)


def exploding(dtype):
    net = architect.Elman(
        *(2, 4, 1),
        squash="identity",
        output_squash="identity",
        seed=0,
        dtype=dtype,
    )
    net.weights = 3.0 * net.weights
    return net


def parameters(net):
    return np.concatenate([net.weights, net.biases])


@pytest.mark.full
@RULES
@DTYPES
def test_an_infinite_derivative_changes_no_weight(rule, dtype):
    net = with_infinite_traces(dtype)
    net.rule = rule
    net.run(np.zeros((STEPS[dtype], 1)))
    before = parameters(net)
    with pytest.raises(DivergenceError, match=f"update .* range of {dtype}"):
        net.propagate(0.1, targets=[1.0])
    assert (parameters(net) == before).all()
    with pytest.raises(DivergenceError, match=f"slopes .* range of {dtype}"):
        net.output_gradient()
    net.clear()
    net.activate([0.0])
    net.propagate(0.1, targets=[1.0])  # the network is as good as before
    assert np.isfinite(parameters(net)).all()


@RULES
@DTYPES
def test_a_loop_of_its_own_that_diverges_ends_with_an_error(rule, dtype):
    net = exploding(dtype)
    net.rule = rule
    rng = np.random.default_rng(0)
    before = parameters(net)

    def learn():
        nonlocal before
        for _ in range(1000):
            net.activate(rng.normal(size=2))
            before = parameters(net)
            net.propagate(0.1, targets=[0.0])

    with pytest.raises(DivergenceError, match="No weight has changed"):
        learn()
    assert (parameters(net) == before).all()
    assert np.isfinite(before).all()


@DTYPES
def test_a_neuron_that_propagates_alone_keeps_its_weights(dtype):
    x, hidden, y = (Layer(1, "identity", dtype=dtype)[0] for _ in range(3))
    links = x.project(hidden, weight=1.0), hidden.project(y, weight=1.0)

    def numbers():
        return [*(link.weight for link in links), hidden.bias, y.bias]

    before = numbers()

    def learn():
        nonlocal before
        for _ in range(100):
            x.activate(1.0), hidden.activate(), y.activate()
            before = numbers()
            y.propagate(2.0, target=5.0)
            before = numbers()
            hidden.propagate(2.0)

    with pytest.raises(DivergenceError, match="Its weights have not changed"):
        learn()
    assert numbers() == before
    assert np.isfinite(before).all()


@RULES
def test_large_numbers_alone_are_no_error(rule):
    """Inputs and weights whose products are those of small numbers: the same updates,
    scaled."""
    scale = 2.0**20  # larger than float32 passes without a check
    nets = [architect.Perceptron(2, 3, 1, seed=0, dtype="float32") for _ in range(2)]
    small, large = nets
    inward = [c for c in large.connections if c.source in large.input]
    for link in inward:
        link.weight /= scale
    for net, unit in (small, 1.0), (large, scale):
        net.rule = rule
        net.activate([0.5 * unit, -0.25 * unit])
        net.propagate(0.5, targets=[1.0])
    factor = [scale if c in inward else 1.0 for c in large.connections]
    before = architect.Perceptron(2, 3, 1, seed=0, dtype="float32").weights
    ours = (large.weights - before / factor) / factor
    assert np.allclose(ours, small.weights - before, rtol=1e-3, atol=1e-7)

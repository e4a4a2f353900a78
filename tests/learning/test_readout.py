"""Read-outs by least squares, against NumPy's least squares on a forward pass of its
own."""

import numpy as np
import pytest

from synapse import Layer, Network
from synapse.errors import ArgumentError, DivergenceError
from synapse.initializers import uniform
from synapse.learning import fit_readout
from tests.helpers.cases import every_case

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(60, 3))
TARGETS = RNG.normal(size=(60, 2))


def recurrent(squash="identity", seed=0):
    """Three inputs, a pool of seven with itself, two outputs."""
    rng = np.random.default_rng(seed)
    a = Layer(3, "identity")
    pool = Layer(7, "tanh")
    b = Layer(2, squash)
    a.project(pool, initializer=uniform(0.7), seed=rng)
    pool.project(pool, "all_to_else", initializer=uniform(0.4), seed=rng)
    pool.project(b, seed=rng)
    return Network(a, [pool], b)


def matrix(source, target):
    """Weights (targets, sources) between two layers."""
    links = [[i.connection_to(j) for i in source] for j in target]
    return np.array([[link.weight if link else 0.0 for link in row] for row in links])


def fitted(net):
    """Weights (sources, outputs) of the read-out."""
    return matrix(net["hidden"], net.output).T


def forward(net, rows):
    """Activations of the pool; its neurons fire one after the other."""
    a, pool, _ = net.layers
    into = matrix(a, pool)
    recurrent = matrix(pool, pool)
    y = np.zeros(len(pool))
    seen = []
    for row in rows:
        for j in range(len(pool)):
            y[j] = np.tanh(into[j] @ row + recurrent[j] @ y + pool.biases[j])
        seen.append(y.copy())
    return np.array(seen)


def least_squares(x, d, ridge=0.0):
    """Weights (sources, outputs) and biases: the ridge as rows that ask for 0, the bias
    free of it."""
    n = x.shape[1]
    above = np.column_stack([x, np.ones(len(x))])
    below = np.column_stack([np.sqrt(ridge) * np.eye(n), np.zeros(n)])
    asked = np.vstack([d, np.zeros((n, d.shape[1]))])
    solved = np.linalg.lstsq(np.vstack([above, below]), asked, rcond=None)[0]
    return solved[:-1], solved[-1]


def everything(net):
    """Weights, biases and the context."""
    context = [
        (n.state, n.activation, n._old_state, n.error.responsibility) for n in net
    ]
    return net.weights.tolist(), net.biases.tolist(), context


@every_case(("ridge", "washout"), [(0.0, 0), (1e-6, 10), (0.3, 10)])
def test_a_stream_is_fitted_as_by_numpy(ridge, washout):
    net = recurrent()
    x = forward(net, INPUTS)[washout:]
    weights, biases = least_squares(x, TARGETS[washout:], ridge)
    result = fit_readout(net, INPUTS, TARGETS, ridge=ridge, washout=washout)
    assert fitted(net) == pytest.approx(weights, abs=1e-8)
    assert net.output.biases == pytest.approx(biases, abs=1e-8)
    assert result.loss == pytest.approx(
        np.mean((x @ weights + biases - TARGETS[washout:]) ** 2), abs=1e-10
    )
    values = np.linalg.svd(x - x.mean(axis=0), compute_uv=False)
    assert (result.rows, result.rank) == (60 - washout, 7)
    assert result.condition == pytest.approx(values[0] / values[-1])
    assert repr(result).startswith("Readout(loss=")


@every_case(
    ("squash", "targets", "inverse"),
    [
        ("logistic", 0.5 + 0.4 * np.tanh(TARGETS), lambda y: np.log(y / (1 - y))),
        ("tanh", 0.9 * np.tanh(TARGETS), np.arctanh),
    ],
)
def test_targets_are_mapped_through_the_inverse_of_the_squash(squash, targets, inverse):
    net = recurrent(squash)
    weights, biases = least_squares(forward(net, INPUTS), inverse(targets), 1e-3)
    fit_readout(net, INPUTS, targets, ridge=1e-3)
    assert fitted(net) == pytest.approx(weights, abs=1e-8)
    assert net.output.biases == pytest.approx(biases, abs=1e-8)


def test_fixed_connections_and_biases_count_as_they_are():
    net = recurrent()
    fixed, second = net.output
    net["hidden"][0].connection_to(fixed).weight = 0.7
    net["hidden"][0].connection_to(fixed).trainable = False
    second.bias = 0.4
    second.trainable_bias = False
    x = forward(net, INPUTS)
    weights, biases = least_squares(x[:, 1:], TARGETS[:, :1] - 0.7 * x[:, :1])
    other = np.linalg.lstsq(x, TARGETS[:, 1] - 0.4, rcond=None)[0]
    fit_readout(net, INPUTS, TARGETS, ridge=0.0)
    fitted = matrix(net["hidden"], net.output)
    assert fitted[0] == pytest.approx([0.7, *weights[:, 0]], abs=1e-8)
    assert fitted[1] == pytest.approx(other, abs=1e-8)
    assert net.output.biases == pytest.approx([biases[0], 0.4], abs=1e-8)


def fixed(net):
    for link in net.connections:
        link.trainable = False


EDITS = (
    lambda net: net.output[0].project(net["hidden"][2]),
    lambda net: net.output[1].project(net.output[1]),
    lambda net: net.output[0].gate(net["hidden"][0].incoming[0]),
    lambda net: net["hidden"][0].gate(net["hidden"][1].connection_to(net.output[0])),
    fixed,
)


@every_case(
    ("squash", "arguments", "options", "error", "says"),
    [
        ("relu", (INPUTS, TARGETS), {}, ArgumentError, "identity, logistic, tanh"),
        (
            "logistic",
            (INPUTS, np.abs(TARGETS)),
            {},
            ArgumentError,
            "above 0 and below 1",
        ),
        ("tanh", (INPUTS, np.ones((60, 2))), {}, ArgumentError, "above -1 and below 1"),
        ("identity", (INPUTS[:, :2], TARGETS), {}, ArgumentError, "3 inputs"),
        ("identity", (INPUTS, TARGETS * np.nan), {}, ArgumentError, "no row"),
        ("identity", (INPUTS, TARGETS), {"washout": 60}, ArgumentError, "no row"),
        ("identity", (INPUTS, TARGETS * 1e300), {}, DivergenceError, "smaller targets"),
    ],
)
def test_wrong_arguments_are_refused_and_change_nothing(
    squash, arguments, options, error, says
):
    net = recurrent(squash)
    net.activate(INPUTS[0])
    before = everything(net)
    with pytest.raises(error, match=says):
        fit_readout(net, *arguments, **options)
    assert everything(net) == before

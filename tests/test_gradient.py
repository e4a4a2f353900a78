"""Where the online rule is exact: summed over a sequence whose weights stand still, it is the gradient."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given, strategies as st

from synapse import Network

from .learning.helpers import by_steps, differences
from .networks import lstm, perceptron
from .strategies import SMOOTH, Twin, specs


def data(net: Network, steps: int = 6, seed: int = 0) -> tuple[list, list]:
    random = Random(seed)
    inputs = [[random.uniform(-1, 1) for _ in net.input] for _ in range(steps)]
    return inputs, [[random.random() for _ in net.output] for _ in range(steps)]


def online_gradient(net, inputs, targets):
    """The sum of all moves at rate 1, each taken back before the next step."""
    return [-slopes for slopes in by_steps(net, [inputs], [targets], "cross_entropy")]


def descent(net, name, inputs, targets):
    """-dE / d(weights or biases), by central differences."""
    return -differences(net, name, np.ones(len(getattr(net, name))), [inputs], [targets], "cross_entropy")


def assert_exact(net):
    inputs, targets = data(net)
    weights, biases = online_gradient(net, inputs, targets)
    learn = [connection.trainable for connection in net.connections]
    assert weights[learn] == pytest.approx(descent(net, "weights", inputs, targets)[learn], abs=1e-6)
    assert not weights[np.logical_not(learn)].any()
    learn = [neuron.trainable for neuron in net]
    assert biases[learn] == pytest.approx(descent(net, "biases", inputs, targets)[learn], abs=1e-6)


@given(specs(feedforward=True, squashes=SMOOTH, logistic_outputs=True, most=6))
def test_the_rule_is_the_gradient_of_any_gated_graph_that_only_feeds_forward(spec):
    assert_exact(Twin(spec).net)


@given(st.integers(0, 999), st.sampled_from(SMOOTH), st.sampled_from(["logistic", "tanh", "softplus"]))
def test_the_rule_is_the_gradient_of_memory_blocks_without_peepholes(seed, cell, gate):
    random = Random(seed)
    sizes = [random.randint(1, 3) for _ in range(3)]
    assert_exact(lstm(*sizes, seed=seed, cell=cell, gate=gate))


def test_the_rule_is_the_gradient_of_a_perceptron():
    assert_exact(perceptron(3, 5, 4, 2, seed=1))


def test_a_trained_self_connection_of_memory_blocks_follows_the_gradient():
    net = lstm(2, 3, 2, seed=3, cell="tanh")
    for cell in net.hidden[2]:
        cell.self_connection.trainable = True
        cell.self_connection.weight = 0.9
    assert_exact(net)


def test_with_peepholes_the_rule_points_along_the_gradient():
    net = lstm(2, 4, 2, seed=5, cell="logistic")
    _, forgets, cells, outs = net.hidden
    for gates in (net.hidden[0], forgets, outs):
        cells.project(gates, seed=7)
    inputs, targets = data(net, steps=8)
    ours = online_gradient(net, inputs, targets)[0]
    exact = descent(net, "weights", inputs, targets)
    learn = [connection.trainable for connection in net.connections]
    ours, exact = ours[learn], exact[learn]
    assert ours @ exact / math.sqrt((ours @ ours) * (exact @ exact)) > 0.999


# --- automatic differentiation ------------------------------------------------------------------


def torch_gradients(net, inputs, targets):
    """-dE / d(weight of a connection) and -dE / d(bias of a neuron), by PyTorch in double precision."""
    torch = pytest.importorskip("torch")
    number = lambda value: torch.tensor(value, dtype=torch.float64, requires_grad=True)  # noqa: E731
    weights = {connection: number(connection.weight) for connection in net.connections}
    biases = {neuron: number(neuron.bias) for neuron in net}
    functions = {
        "logistic": torch.sigmoid,
        "tanh": torch.tanh,
        "identity": lambda s: s,
        "softplus": torch.nn.functional.softplus,
        "gaussian": lambda s: torch.exp(-s * s),
    }
    state = {neuron: torch.zeros((), dtype=torch.float64) for neuron in net}
    y = dict(state)
    total = 0.0
    for x, t in zip(inputs, targets, strict=True):
        y.update(zip(net.input, torch.tensor(x, dtype=torch.float64), strict=True))
        for neuron in list(net)[len(net.input) :]:
            s = biases[neuron]
            for c in (*neuron.incoming, *filter(None, [neuron.self_connection])):
                seen = state[neuron] if c.source is neuron else y[c.source]
                s = s + (1.0 if c.gater is None else y[c.gater]) * weights[c] * seen
            state[neuron], y[neuron] = s, functions[neuron.squash.name](s)
        outputs = torch.stack([y[neuron] for neuron in net.output])
        aims = torch.tensor(t, dtype=torch.float64)
        total = total - (aims * outputs.log() + (1 - aims) * (1 - outputs).log()).sum()
    total.backward()
    slope = lambda value: 0.0 if value.grad is None else -value.grad.item()  # noqa: E731
    return [slope(weights[c]) for c in net.connections], [slope(biases[n]) for n in net]


def gated_graph():
    """A graph that feeds forward, with every sort of gate."""
    net = perceptron(3, 5, 5, 2, seed=2)
    first, second = net.hidden
    for k, connection in enumerate(second[0].incoming):
        first[k].gate(connection)
    first[0].gate(*second[1].incoming)
    second[2].gate(*net.output[0].incoming[:3])
    net.input[1].gate(*second[3].incoming)
    first.squash, second.squash = "tanh", "softplus"
    net.biases = np.linspace(-0.5, 0.5, len(net)) * (np.arange(len(net)) >= len(net.input))
    net.weights = np.random.default_rng(0).uniform(-1, 1, len(net.connections))
    return net


@pytest.mark.torch
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("build", [gated_graph, lambda: lstm(3, 4, 2, seed=1, cell="tanh")])
def test_automatic_differentiation_gives_the_sum_of_the_online_rule(build):
    net = build()
    inputs, targets = data(net)
    ours = online_gradient(net, inputs, targets)
    theirs = torch_gradients(net, inputs, targets)
    learn = [connection.trainable for connection in net.connections]
    assert ours[0][learn] == pytest.approx(np.array(theirs[0])[learn], abs=1e-12)
    assert ours[1] == pytest.approx(np.array(theirs[1]), abs=1e-12)

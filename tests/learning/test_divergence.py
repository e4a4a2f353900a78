"""Steps whose cost or updates leave the finite range are errors; what a training cannot
move, or overrides, is told once."""

import warnings
from itertools import pairwise

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Neuron, Trainer
from synapse.errors import DivergenceError, TrainingWarning
from tests.helpers.cases import every_case

from .helpers import parameters

RULES = every_case("rule", ["online", "rtrl"])
DTYPES = every_case("dtype", ["float32", "float64"])
STEPS = {"float32": 100, "float64": 700}
"""After so many, 3 ** steps is infinite."""


def with_infinite_traces(dtype):
    """Its memory is multiplied by 3 in each step: inputs of 0 leave it at 0, while its
    derivatives by the parameters grow beyond every bound."""
    shapes = (1, "logistic"), (1, "identity"), (2, "tanh"), (1, "logistic")
    x, memory, hidden, y = (Layer(*shape, dtype=dtype) for shape in shapes)
    x.project(memory, weights=1.0)
    memory.project(memory, weights=3.0)
    memory.project(hidden, seed=0)
    hidden.project(y, seed=1)
    return Network(x, memory, hidden, y)


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
    linear = {"squash": "identity", "output_squash": "identity"}
    net = architect.Elman(2, 4, 1, **linear, seed=0, dtype=dtype)
    net.weights = 3.0 * net.weights
    net.rule = rule
    rng = np.random.default_rng(0)
    seen = []

    def learn():
        for _ in range(1000):
            net.activate(rng.normal(size=2))
            seen.append(parameters(net))
            net.propagate(0.1, targets=[0.0])

    with pytest.raises(DivergenceError, match="No weight has changed"):
        learn()
    assert (parameters(net) == seen[-1]).all()
    assert np.isfinite(seen[-1]).all()


@DTYPES
def test_a_neuron_that_propagates_alone_keeps_its_weights(dtype):
    x, hidden, y = (Layer(1, "identity", dtype=dtype)[0] for _ in range(3))
    links = x.project(hidden, weight=1.0), hidden.project(y, weight=1.0)

    seen = []

    def numbers():
        return [*(link.weight for link in links), hidden.bias, y.bias]

    def learn():
        for _ in range(100):
            x.activate(1.0), hidden.activate(), y.activate()
            seen.append(numbers())
            y.propagate(2.0, target=5.0)
            seen.append(numbers())
            hidden.propagate(2.0)

    with pytest.raises(DivergenceError, match="Its weights have not changed"):
        learn()
    assert numbers() == seen[-1]
    assert np.isfinite(seen[-1]).all()


@RULES
def test_large_numbers_alone_are_no_error(rule):
    """Inputs and weights whose products are those of small numbers: the same updates,
    scaled."""
    scale = 2.0**20  # larger than float32 passes without a check
    small, large, still = (
        architect.Perceptron(2, 3, 1, seed=0, dtype="float32") for _ in range(3)
    )
    inward = [c for c in large.connections if c.source in large.input]
    for link in inward:
        link.weight /= scale
    for net, unit in (small, 1.0), (large, scale):
        net.rule = rule
        net.activate([0.5 * unit, -0.25 * unit])
        net.propagate(0.5, targets=[1.0])
    factor = [scale if c in inward else 1.0 for c in large.connections]
    ours = (large.weights - still.weights / factor) / factor
    assert np.allclose(ours, small.weights - still.weights, rtol=1e-3, atol=1e-7)


# --- warnings -------------------------------------------------------------------------


def warned(net, **options):
    """The sentences of one training."""
    data = np.zeros((3, len(net.input))), np.full((3, len(net.output)), 0.5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        Trainer(net, **options).train(*data, 1, progress=False)
    assert {warning.category for warning in caught} <= {TrainingWarning}
    assert all(warning.filename == __file__ for warning in caught)
    return [str(warning.message).split(": ", 1)[1] for warning in caught]


EACH_RULE = every_case("rule", ["online", "bptt"])


def chained(*layers):
    """Layers in a row, whose connections learn, and the last one."""
    for source, target in pairwise(layers):
        source.project(target, seed=0)
    return Network(layers[0], [*layers[1:-1]], layers[-1]), layers[-1]


@EACH_RULE
def test_errors_that_reach_nothing_that_learns(rule):
    net, output = chained(Layer(1), Layer(2), Layer(1))
    for link in output[0].incoming:
        link.trainable = False
    output.trainable_bias = False
    assert warned(net, rule=rule) == []
    net.hidden[0].squash = "step"
    assert warned(net, rule=rule) == [
        "training has no effect, because no error reaches a trainable parameter."
    ]


def test_an_output_without_a_slope_learns_by_a_cost_that_needs_none():
    net, _ = chained(Layer(2), Layer(1, "step"))
    assert "no error reaches" in warned(net)[0]
    assert warned(net, cost="binary_misses") == []


@EACH_RULE
def test_connections_into_input_neurons(rule):
    net, output = chained(Layer(2), Layer(1))
    used = (
        "into input neurons without effect, as training sets the activations of inputs."
    )
    output.project(net.input[0])
    assert warned(net, rule=rule) == [f"1 connection leads {used}"]
    net.input.project(net.input)
    assert warned(net, rule=rule) == [f"3 connections lead {used}"]


@EACH_RULE
def test_outputs_that_nothing_reaches(rule):
    net, _ = chained(Layer(2), Layer(2), Layer(5))
    for link in net.connections:
        if link.source in net.input:
            link.source.disconnect(link.target)
    net.input.project(net.output[3])
    assert warned(net, rule=rule) == [
        "neither an input nor a memory leads to output 0, output 1, output 2 and 1"
        " more, and the output is the same at every step."
    ]


@EACH_RULE
def test_a_training_that_never_leaves_the_mean_because_hidden_weights_have_no_gradient(
    rule,
):
    inputs = [[0, 0], [0, 1], [1, 0], [1, 1]]

    def warned(scale, epochs=100, targets=((0,), (1,), (1,), (0,)), squash="tanh"):
        squashes = {"squash": squash, "output_squash": "logistic"}
        net = architect.Perceptron(2, 4, 1, **squashes, seed=0)
        net.weights, net.biases = scale * net.weights, 0 * net.biases
        trainer = Trainer(net, 0.3, rule=rule)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            trainer.train(inputs, targets, epochs, seed=0, progress=False)
        return [str(w.message) for w in caught if w.filename == __file__]

    (sentence,) = warned(0.001)
    assert "that of the mean of the targets (0.6931)" in sentence
    assert "net.reset_parameters()" in sentence
    assert warned(0.001, epochs=10) == warned(0.001, targets=[[0.5]] * 4) == []
    assert warned(2.0) == []
    assert warned(1.0, epochs=50, squash="logistic") == []  # a plateau with a gradient


def test_a_network_with_delays_alone_has_no_hidden_weights_to_complain_of():
    """The targets have nothing to do with the inputs, so the mean is the best
    answer."""
    rng = np.random.default_rng(0)
    rows, targets = rng.choice([-1.0, 1.0], (40, 1)), rng.normal(size=(40, 1))
    a, b = Layer(1), Layer(1, "identity")
    a.project(b, weights=0.0, delay=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Trainer(Network(a, b), rate=1e-6).train(
            rows, targets, epochs=60, seed=0, progress=False
        )


def read_by_hand(delay=0, gated=False, memory=False, late=False):
    """A neuron that has read 1e300 along a weight of 0."""
    source, gater, target = (Neuron("identity") for _ in range(3))
    link = source.project(target, weight=0.0, delay=delay)
    if gated:
        gater.gate(link)
    if memory:
        target.project(target, weight=0.5)
    gater.activate(1e300 if gated else 1.0)
    source.activate(1.0 if gated else 1e300)
    if delay:
        source.activate(0.0)
    target.activate()
    if late:
        source.activate(0.0)
    return target


def read_in_steps(delay=0, gated=False, back=False):
    """The same, of a neuron that has activated in steps of its network."""
    net = architect.Perceptron(1, 1, 1, squash="identity", seed=0)
    (hidden,), (output,) = net.layers[1], net.output
    net.weights = [0.0, 0.0]
    if delay:
        net.input[0].project(output, weight=0.0, delay=delay)
    if gated:
        hidden.bias = 1.0
        net.input[0].gate(net.connections[1])
    if back:
        output.project(hidden, weight=0.0)
        output.bias = 1e300
    net.activate([0.0 if back else 1e300])
    output.bias = 0.0
    if delay or back:
        net.activate([0.0])
    return output if delay or gated else hidden


@pytest.mark.parametrize(
    ("read", "options"),
    [
        *[(read_by_hand, {name: 1}) for name in ("delay", "gated", "memory", "late")],
        *[(read_in_steps, {name: 1}) for name in ("delay", "gated", "back")],
        *[(read, {}) for read in (read_by_hand, read_in_steps)],
    ],
)
def test_a_neuron_alone_keeps_its_weights_if_what_it_has_read_is_too_large(
    read, options
):
    neuron = read(**options)
    before = [neuron.bias, *(link.weight for link in neuron.incoming)]
    with pytest.raises(DivergenceError, match="Its weights have not changed"):
        neuron.propagate(1.0, 1e10)
    assert [neuron.bias, *(link.weight for link in neuron.incoming)] == before

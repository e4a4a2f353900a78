"""What a training cannot move, or overrides, is told once; everything else trains in
silence."""

import warnings

import numpy as np

import architect
from synapse import Layer, Network, Trainer
from synapse.errors import TrainingWarning
from tests.helpers.cases import every_case


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


@EACH_RULE
def test_errors_that_reach_nothing_that_learns(rule):
    a = Layer(1)
    b = Layer(2)
    c = Layer(1)
    a.project(b, seed=0)
    b.project(c, trainable=False, seed=0)
    net = Network(a, [b], c)
    c.trainable_bias = False
    assert warned(net, rule=rule) == []
    b.squash = "step"
    assert warned(net, rule=rule) == [
        "training has no effect, because no error reaches a trainable parameter."
    ]


def test_an_output_without_a_slope_learns_by_a_cost_that_needs_none():
    a = Layer(2)
    b = Layer(1, "step")
    a.project(b, seed=0)
    net = Network(a, [], b)
    assert "no error reaches" in warned(net)[0]
    assert warned(net, cost="binary_misses") == []


@EACH_RULE
def test_connections_into_input_neurons(rule):
    a = Layer(2)
    b = Layer(1)
    a.project(b, seed=0)
    net = Network(a, [], b)
    b.project(a[0])
    used = (
        "into input neurons without effect, as training sets the activations of inputs."
    )
    assert warned(net, rule=rule) == [f"1 connection leads {used}"]
    a.project(a)
    assert warned(net, rule=rule) == [f"3 connections lead {used}"]


@EACH_RULE
def test_outputs_that_nothing_reaches(rule):
    net = architect.Perceptron(2, 2, 5, seed=0)
    for neuron in net.input:
        for connection in neuron.outgoing:
            neuron.disconnect(connection.target)
    net.input.project(net.output[3])
    names = (
        "output 0, output 1, output 2 and 1 more,"
        " and the output is the same at every step."
    )
    assert warned(net, rule=rule) == [f"neither an input nor a memory leads to {names}"]


@EACH_RULE
def test_a_training_that_never_leaves_the_mean_because_hidden_weights_have_no_gradient(
    rule,
):
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    targets = np.array([[0], [1], [1], [0]])

    def warned(scale, epochs=100, targets=targets, squash="tanh"):
        net = architect.Perceptron(
            2, 4, 1, squash=squash, output_squash="logistic", seed=0
        )
        net.weights, net.biases = scale * net.weights, 0 * net.biases
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            Trainer(net, 0.3, rule=rule).train(
                inputs, targets, epochs, seed=0, progress=False
            )
        return [
            str(warning.message) for warning in caught if warning.filename == __file__
        ]

    (sentence,) = warned(0.001)
    assert "that of the mean of the targets (0.6931)" in sentence
    assert "net.reset_parameters()" in sentence
    assert (
        warned(0.001, epochs=10)
        == warned(0.001, targets=0.5 + 0 * targets)
        == warned(2.0)
        == []
    )
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

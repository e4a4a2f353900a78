"""What a training cannot move, or overrides, is told once; everything else trains in silence."""

import warnings

import numpy as np
import pytest

import architect
from synapse import Layer, Network, Trainer
from synapse.errors import TrainingWarning


def warned(net, **options):
    """The sentences of one training."""
    data = np.zeros((3, len(net.input))), np.full((3, len(net.output)), 0.5)
    how = {name: options.pop(name) for name in ("validation",) if name in options}
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        Trainer(net, **options).train(*data, 1, progress=False, **how)
    assert {warning.category for warning in found} <= {TrainingWarning}
    assert all(warning.filename == __file__ for warning in found)
    return [str(warning.message).split(": ", 1)[1] for warning in found]


METHODS = pytest.mark.parametrize("method", ["online", "bptt"])


@METHODS
def test_a_network_in_which_nothing_is_trainable(method):
    assert warned(architect.Hopfield(3), method=method) == [
        "no connection and no bias is trainable, so training changes nothing."
    ]
    net = architect.Perceptron(2, 3, 1, seed=0)
    for part in (*net.connections, *net):
        part.trainable = False
    assert "nothing" in warned(net, method=method)[0]
    net.output[0].trainable = True
    assert warned(net, method=method) == []


@METHODS
def test_errors_that_reach_nothing_that_learns(method):
    a, b, c = Layer(1), Layer(2), Layer(1)
    a.project(b, seed=0)
    b.project(c, trainable=False, seed=0)
    net = Network(a, [b], c)
    c.trainable = False
    assert warned(net, method=method) == []
    b.squash = "step"
    assert warned(net, method=method) == [
        "no error reaches anything that is trainable, so training changes nothing."
    ]


def test_the_online_rule_takes_no_error_to_the_step_before():
    a, late, c = Layer(1), Layer(1), Layer(1)
    a.project(late, seed=0)
    early = Layer(1)
    late.project(early, trainable=False, seed=0)
    early.project(c, trainable=False, seed=0)
    net = Network(a, [early, late], c)
    early.trainable = c.trainable = False
    (sentence,) = warned(net)
    assert sentence.endswith(
        'The online rule passes no error to the previous step: use method="bptt" or method="rtrl".'
    )
    assert warned(net, method="bptt") == []


def test_an_output_without_a_slope_learns_by_a_cost_that_needs_none():
    a, b = Layer(2), Layer(1, "step")
    a.project(b, seed=0)
    net = Network(a, [], b)
    assert "no error reaches" in warned(net)[0]
    assert warned(net, cost="binary_misses") == []


@METHODS
def test_connections_into_input_neurons(method):
    a, b = Layer(2), Layer(1)
    a.project(b, seed=0)
    net = Network(a, [], b)
    b.project(a[0])
    used = "into input neurons without effect, as training sets the activations of inputs."
    assert warned(net, method=method) == [f"1 connection leads {used}"]
    a.project(a)
    assert warned(net, method=method) == [f"3 connections lead {used}"]


@METHODS
def test_outputs_that_nothing_reaches(method):
    net = architect.Perceptron(2, 2, 5, seed=0)
    for neuron in net.input:
        for connection in neuron.outgoing:
            neuron.disconnect(connection.target)
    same = "the output is the same at every step."
    names = "output 0, output 1, output 2 and 2 more"
    assert warned(net, method=method) == [f"no input and no memory leads to {names}: {same}"]
    net.input.project(net.output[3])
    names = "output 0, output 1, output 2 and 1 more"
    assert warned(net, method=method) == [f"no input and no memory leads to {names}: {same}"]


@METHODS
@pytest.mark.parametrize("source", ["memory", "recurrence", "chance"])
def test_outputs_may_depend_on_memory_or_chance_alone(source, method):
    a, b, c = Layer(1), Layer(2), Layer(1)
    b.project(c, seed=0)
    if source == "memory":
        b.project(b)
    elif source == "recurrence":
        b.project(b, Layer.ALL_TO_ELSE, seed=0)
    else:
        b.squash = "noise"
    assert warned(Network(a, [b], c), method=method) == []


def test_each_state_of_a_network_is_told_once():
    net = architect.Hopfield(3)
    assert len(warned(net)) == 1
    assert warned(net) == []
    assert warned(net, rate=0.5) == []  # another trainer, the same network
    net.output[0].trainable = True
    assert "no error reaches" in warned(net)[0]  # sign neurons have no slope
    assert warned(net) == []
    net.input[0].project(net.output[1])
    assert len(warned(net)) == 1
    assert len(warned(architect.Hopfield(3))) == 1


def test_a_warning_that_is_an_error_is_raised_again_and_trains_nothing():
    net = architect.Hopfield(3)
    for _ in range(2):
        with pytest.raises(TrainingWarning):
            Trainer(net).train([[0.0] * 3], [[1.0] * 3], 1, progress=False)


@METHODS
@pytest.mark.parametrize(
    "make",
    [
        lambda: architect.Perceptron(2, 3, 1, seed=0),
        lambda: architect.LSTM(2, 3, 1, seed=0),
        lambda: architect.LSTM(2, 3, 1, style="standard", seed=0),
        lambda: architect.GRU(2, 3, 1, seed=0),
        lambda: architect.Elman(2, 3, 1, seed=0),
        lambda: architect.Jordan(2, 3, 1, seed=0),
        lambda: architect.Liquid(2, 9, 1, seed=0),
        lambda: architect.NARX(1, 3, 1, seed=0),
        lambda: architect.Random(2, 9, 2, gates=3, self_connections=3, backward=3, seed=0),
        lambda: architect.Perceptron(2, 3, 2, seed=0, output_squash="softmax"),
    ],
)
def test_architectures_train_in_silence(make, method):
    net = make()
    targets = np.full((3, len(net.output)), 1.0 / len(net.output))
    Trainer(net, method=method).train(np.zeros((3, len(net.input))), targets, 1, progress=False, seed=0)

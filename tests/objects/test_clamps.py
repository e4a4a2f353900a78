"""Clamps: activations that are held in steps, runs and trainings; ``test_rule.py`` has
the reference."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Layer, evolve
from synapse.errors import ArgumentError, ArgumentTypeError, TopologyError
from tests.helpers.cases import all_refused
from tests.helpers.strategies import SMOOTH, Twin, delay_some, specs
from tests.learning.helpers import differences


@pytest.mark.filterwarnings(
    "ignore::synapse.errors.TopologyWarning"
)  # outputs may be unreached
@given(specs(squashes=SMOOTH, logistic_outputs=True), st.integers(0, 99), st.booleans())
def test_gradients_are_exact(spec, seed, together):
    """For several samples side by side, for one, and forward in time; signs change no
    slope."""
    net = Twin(spec).net
    rng = np.random.default_rng(seed)
    net.synchronous = together
    delay_some(net, seed)
    free = list(net)[spec.inputs :]
    for neuron in rng.choice(len(free), min(seed % 3, len(free)), replace=False):
        free[neuron].clamp(rng.uniform(0.1, 0.9))
    clamped = [neuron for neuron in net if neuron.clamped is not None]
    inputs = rng.uniform(-1, 1, (9, 4, spec.inputs))
    targets = rng.uniform(0.1, 0.9, (9, 4, spec.outputs))
    for link in net.connections[::2]:
        link.sign = int(np.sign(link.weight)) or None
    result = synapse.gradient(net, inputs, targets)
    for link in net.connections:
        link.sign = None
    learn = [
        link.trainable and link.target not in net.input for link in net.connections
    ]
    expected = differences(net, "weights", learn, inputs, targets, "cross_entropy")
    scale = max(1.0, np.abs(expected).max(initial=0.0))
    assert np.abs(result.weights - expected).max(initial=0.0) < 1e-6 * scale
    into = np.array(
        [
            link.target in clamped and link.source is not link.target
            for link in net.connections
        ],
        bool,
    )
    assert not result.weights[into].any()
    slopes_of_first = synapse.gradient(net, inputs[:1], targets[:1]).weights
    net.rule = "rtrl"
    net.clear()
    online = np.zeros(len(slopes_of_first))
    for row, target in zip(inputs[0], targets[0]):
        online -= net.output_gradient(errors=target - net.activate(row)).weights
    assert np.abs(online - slopes_of_first).max(initial=0.0) < 1e-10 * scale


def test_what_cannot_be_clamped_or_written():
    net = architect.Perceptron(2, 3, 1, seed=0)
    soft = architect.Perceptron(2, 3, output_squash="softmax", seed=0)
    neuron = net.hidden[0][0]
    all_refused(
        [
            (lambda: neuron.clamp(np.nan), ArgumentError, "finite number"),
            (lambda: neuron.clamp("on"), ArgumentTypeError, "number"),
            (
                lambda: net.input[0].clamp(1.0),
                TopologyError,
                "the network sets its activation",
            ),
            (lambda: soft.output[0].clamp(1.0), TopologyError, "competes"),
        ]
    )
    assert neuron.clamped is None
    neuron.clamp(1.0)
    writers = (
        synapse.readwrite.python_source,
        synapse.readwrite.synaptic_data,
        evolve.Genome.from_network,
    )
    all_refused(
        [
            (lambda write=write: write(net), TopologyError, "clamped")
            for write in writers
        ]
    )
    Layer(1)[0].release()  # does nothing


def test_only_own_clamps_keep_a_network_from_being_written(tmp_path):
    """Not those of another network in its store; and an error names the neuron."""
    net, other = (architect.Perceptron(2, 3, 1, seed=seed) for seed in (0, 1))
    net.output[0].project(other.hidden[0][0])
    net.output[0].disconnect(other.hidden[0][0])
    other.hidden[0][1].clamp(0.25)
    synapse.save(net, tmp_path / "net.py")
    with pytest.raises(TopologyError, match=re.escape(repr(other.hidden[0][1]))):
        synapse.save(other, tmp_path / "other.py")

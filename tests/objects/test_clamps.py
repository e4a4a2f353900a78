"""Clamps and currents: activations that are held, and what is added to cells;
``test_rule.py`` has the reference of clamps."""

import os
import re
import signal
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st

import architect
import synapse
from synapse import Layer, Network, Neuron, evolve, squashes
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    FunctionError,
    TopologyError,
)
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import all_refused
from tests.helpers.strategies import SMOOTH, Twin, delay_some, specs
from tests.learning.helpers import differences


@pytest.mark.filterwarnings(
    "ignore::synapse.errors.TopologyWarning"
)  # outputs may be unreached
@given(
    specs(squashes=SMOOTH, logistic_outputs=True, most=5),
    st.integers(0, 99),
    st.booleans(),
)
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
    assert not any(
        slope
        for link, slope in zip(net.connections, result.weights, strict=True)
        if link.target in clamped and link.source is not link.target
    )
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


# --- currents that are added to cells, beside what arrives there ----------------------


RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(30, 2))
PULSES = np.repeat(RNG.normal(size=(5, 3)), 6, axis=0)
NOISE = RNG.normal(size=(30, 3))


def delayed():
    """Three recurrent cells, with delays."""
    inputs, cells, output = Layer(2), Layer(3, "tanh", name="cells"), Layer(1)
    inputs.project(cells, seed=0, delay=2)
    cells.project(cells, "all_to_else", seed=1)
    cells.project(cells, "one_to_one", weights=0.5)
    cells.project(output, seed=2, delay=1)
    return Network(inputs, [cells], output)


NETWORKS = {
    "LSTM, cells": (lambda: architect.LSTM(2, 3, 1, seed=0), "cells"),
    "LSTM, gates": (lambda: architect.LSTM(2, 3, 1, seed=0), "input gates"),
    "GRU": (lambda: architect.GRU(2, 3, 1, seed=0), "candidates"),
    "softmax outputs": (
        lambda: architect.Elman(2, 4, 3, output_squash="softmax", seed=0),
        "output",
    ),
    "delays": (delayed, "cells"),
}


def test_a_recording_has_the_states_with_their_currents():
    net = architect.Elman(2, 3, 1, seed=0)
    with synapse.record(net, "state", neurons=net["hidden"]) as log:
        net.run(ROWS[:4], inject={"hidden": [0.0, 5.0, 5.0, 0.0]})
    assert (log.of(net["hidden"])[1:3] > 3.0).all()
    assert (log.of(net["hidden"])[[0, 3]] < 3.0).all()


def test_currents_that_cannot_be_used_change_nothing():
    net = architect.Elman(2, 3, 1, seed=0)
    numbers = net.biases.tolist(), net.activate([0.0, 1.0]).tolist()
    stranger = architect.Elman(2, 3, 1, seed=0)
    five = ROWS[:5]
    several = [ROWS[:5], ROWS[:3]]
    errors = ArgumentError, ArgumentTypeError
    all_refused(
        (partial(net.run, rows, inject=inject), errors, words)
        for rows, inject, words in (
            (five, 3.0, "`inject` must be a dict of currents"),
            (five, {"cels": 1.0}, "no layer and no neuron named 'cels'"),
            (
                five,
                {4: 1.0},
                "A key of `inject` must be the name of a layer or a neuron",
            ),
            (five, {stranger["hidden"]: 1.0}, "is not in <Elman"),
            (
                five,
                {"hidden": np.zeros(4)},
                r"be a number or have shape \(5, 3\), got .*\(4,\)",
            ),
            (five, {"hidden": np.nan}, "must be finite"),
            (five, {"hidden": "x"}, "must be numbers"),
            (
                several,
                [{"hidden": 1.0}],
                "`inject` must have currents for 2 sequences, got 1",
            ),
            (
                several,
                [{}, {"hidden": [1.0, 2.0]}],
                r"`inject\[1\]\['hidden'\]` must .*\(3, 3\)",
            ),
            (several, [{}, 1.0], r"`inject\[1\]` must be a dict of currents"),
            ([[0.0, np.nan]], {"hidden": 1.0}, "finite"),
        )
    )
    with pytest.raises(ArgumentError, match=r"or have shape \(3,\), got"):
        net.activate(ROWS[0], inject={"hidden": np.zeros(2)})
    assert (net.biases.tolist(), [net.output[0].activation]) == numbers


@pytest.mark.parametrize("traces", [True, False])
def test_several_sequences_have_currents_of_their_own_or_the_same(traces):
    """Each as alone in a cleared context, bit by bit."""
    net, twin = (architect.LSTM(2, 3, 1, seed=0) for _ in range(2))
    sequences = [ROWS[:7], ROWS[:0], ROWS[7:20], ROWS[20:23]]
    each = [
        {"cells": PULSES[:7], "output": 1.0},
        {"cells": 2.0},
        {},
        {"input gates": NOISE[:3], "input": 0.5},
    ]
    outputs = net.run(sequences, inject=each, traces=traces)
    for rows, currents, found in zip(sequences, each, outputs, strict=True):
        if len(rows):
            twin.clear()
        wanted = twin.run(rows, inject=currents, traces=traces)
        assert found.tolist() == wanted.tolist()
    assert [neuron.state for neuron in net] == [neuron.state for neuron in twin]
    batch = np.stack([ROWS[:6], ROWS[6:12]])
    same = {"cells": NOISE[:6], "output": -1.0}
    outputs = net.run(batch, inject=same, traces=traces)
    listed = net.run(list(batch), inject=[same, same], traces=traces)
    assert outputs.tolist() == np.array(listed).tolist()
    assert net.biases.tolist() == twin.biases.tolist()
    assert net.run(np.zeros((2, 0, 2)), inject={"cells": 2.0}).shape == (2, 0, 1)


def test_ctrl_c_between_currents_loses_no_bias(monkeypatch):
    net = architect.Elman(2, 3, 1, seed=0)
    before = net.biases.tolist()
    calls = iter(range(99))
    kernel = type(net)._run

    def pressed(self, *arguments):
        if next(calls) == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return kernel(self, *arguments)

    monkeypatch.setattr(type(net), "_run", pressed)
    for rows, currents in (
        (ROWS, {"hidden": NOISE}),
        (
            [ROWS[:2], ROWS],
            [{"hidden": 1.0, "output": [0.0, 2.0]}, {"hidden": NOISE}],
        ),
    ):
        calls = iter(range(99))
        with pytest.raises(KeyboardInterrupt):
            net.run(rows, inject=currents)
        assert next(calls) == 5
        assert net.biases.tolist() == before


def test_biases_come_back_after_a_function_has_raised():
    @in_python(squashes.register)
    def raises_above_hundred(state):
        if abs(state) > 100.0:
            raise ValueError("too large")
        return state, 1.0

    inputs, cell = Layer(1), Layer(1, raises_above_hundred, 0.5, name="cell")
    inputs.project(cell, weights=0.0)
    net = Network(inputs, cell)
    with pytest.raises(FunctionError):
        net.run(np.zeros((3, 1)), inject={"cell": [0.0, 500.0, 0.0]})
    assert net.output.biases.tolist() == [0.5]


def with_electrodes(net, layer):
    """A copy with an input of weight 1 for each neuron of a layer."""
    other = net.clone()
    for neuron in other[layer]:
        electrode = Neuron()
        other.input.append(electrode)
        electrode.project(neuron, weight=1.0).trainable = False
    return other


@pytest.mark.full
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("current", [PULSES, NOISE], ids=["pulses", "noise"])
def test_a_current_is_an_input_of_weight_1(name, current):
    make, layer = NETWORKS[name]
    both = np.column_stack([ROWS, current])
    for rule in (("online",), ("rtrl",), ("rtrl", 1)):
        net = make()
        net.rule = rule if len(rule) > 1 else rule[0]
        other = with_electrodes(net, layer)
        alone = net.clone()
        targets = RNG.random((len(ROWS), len(net.output)))
        if len(net.output) > 1:
            targets /= targets.sum(axis=1, keepdims=True)
        for t in range(10):
            outputs = net.activate(ROWS[t], inject={layer: current[t]})
            wanted = other.activate(both[t])
            np.testing.assert_allclose(outputs, wanted, rtol=0, atol=1e-12)
            net.propagate(0.1, targets[t])
            other.propagate(0.1, targets[t])
        learned, wanted = (
            [
                connection.weight
                for connection in each.connections
                if connection.trainable
            ]
            for each in (net, other)
        )
        np.testing.assert_allclose(learned, wanted, rtol=0, atol=1e-12)
        # one call has the bits of single steps
        steps = [
            alone.activate(row, inject={layer: one})
            for row, one in zip(ROWS, current, strict=True)
        ]
        context = alone.clone()
        alone.clear()
        outputs = alone.run(ROWS, inject={layer: current})
        assert outputs.tolist() == np.array(steps).tolist()
        assert [neuron.state for neuron in alone] == [
            neuron.state for neuron in context
        ]
        alone.clear()
        untraced = alone.run(ROWS, traces=False, inject={layer: current})
        np.testing.assert_allclose(untraced, outputs, rtol=0, atol=1e-12)
        assert alone.biases.tolist() == make().biases.tolist()

"""Exact online gradients of any gated graph: beside the exact gradient, the dense form
and differences."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, example, strategies as st

import architect
import synapse
from synapse import Layer, Network
from synapse.engine.rtrl import Layout
from synapse.learning import compare_gradients
from tests.helpers.learners import let_learn
from tests.helpers.sensitivities import Sensitivities
from tests.helpers.strategies import (
    EVERY_GATE,
    SMOOTH,
    Twin,
    delay_some,
    given_graphs,
    specs,
)
from tests.helpers.ties import tie_at_random

from .test_reach import ties_of

STEPS = 7
tied = st.none() | st.integers(0, 99)


def twin_of(spec, tied=None):
    twin = Twin(spec)
    if tied is not None:
        tie_at_random(twin.net, tied)
        for neuron, unit in zip(twin.net, twin.reference.units.values(), strict=True):
            unit.bias = neuron.bias
        for (i, j), link in twin.reference.links.items():
            link.weight = twin.link(i, j).weight
    return twin


def data(spec, steps=STEPS):
    rng = np.random.default_rng(spec.seed)
    return rng.uniform(-1, 1, (steps, spec.inputs)), rng.random((steps, spec.outputs))


def both(comparison):
    return (
        np.append(comparison.weights[side], comparison.biases[side])
        for side in ("rule", "exact")
    )


def close(ours, theirs, within=1e-10):
    return np.abs(ours - theirs).max() <= within * max(np.abs(theirs).max(), 1e-3)


def tame(net, *arrays):
    """Whether the numbers have stayed where a relative 1e-10 means something."""
    return all(
        np.abs(values).max(initial=0) < 100
        for values in ([n.state for n in net], *arrays)
    )


# --- summed over a sequence, it is the exact gradient ---------------------------------


def gradients_agree(net, rows, aims, cost="squared_error"):
    """Whether the sum of a sequence is the exact gradient, of numbers that are tame."""
    ours, theirs = both(compare_gradients(net, rows, aims, cost, rule="rtrl"))
    assume(tame(net, theirs))
    return close(ours, theirs)


@example(EVERY_GATE, None, None, False)
@given_graphs(specs(), tied, st.none() | st.integers(0, 999), st.booleans())
def test_it_is_the_gradient_of_any_gated_graph(spec, tied, delays, together):
    """Also through delays, some of them from a neuron to itself."""
    net = Twin(spec).net
    net.synchronous = together
    if delays is not None:
        delay_some(net, delays, 6)
    if tied is not None:
        tie_at_random(net, tied)
    rows, aims = data(spec)
    net.run(rows)
    assert gradients_agree(net, rows, aims)


@pytest.mark.full
def test_many_lines_that_are_sums_of_many():
    """Their product is computed in tiles; the last tile overlaps, and short lines have
    none."""
    wide = (np.float64, 1e-10)
    narrow = (np.float32, 1e-4)
    for hidden, trained, (dtype, within) in (
        (37, None, wide),
        (40, None, wide),
        (37, None, narrow),
        (37, 5, wide),
        (37, 21, narrow),
    ):
        net = architect.Elman(2, hidden, 1, seed=0, dtype=dtype)
        if trained is not None:  # only so many biases
            for parameter in (*net.connections, *net.hidden[1][trained:]):
                let_learn(parameter, False)
        rng = np.random.default_rng(0)
        rows, aims = rng.uniform(-1, 1, (STEPS, 2)), rng.random((STEPS, 1))
        comparison = compare_gradients(net, rows, aims, "squared_error", rule="rtrl")
        assert close(*both(comparison), within), (hidden, trained, dtype)


@given_graphs(specs(logistic_outputs=True), st.integers(0, 99))
def test_steps_without_a_target_and_several_sequences(spec, seed):
    net = twin_of(spec).net
    rng = np.random.default_rng(seed)
    rows = [rng.uniform(-1, 1, (length, spec.inputs)) for length in (5, 1, 4)]
    aims = [rng.random((len(row), spec.outputs)) for row in rows]
    aims[0][[0, 3]] = np.nan
    aims[1][:] = np.nan
    net.run(rows[0])
    assert gradients_agree(net, rows, aims, "cross_entropy")


# --- with an order, it is the dense form with the mask --------------------------------


def by_parameter(net, truth, gradient):
    """A gradient of the dense form, by connections and neurons of a network."""
    number = {neuron: k for k, neuron in enumerate(net)}
    keys = [(number[c.source], number[c.target]) for c in net.connections]
    keys += [(None, k) for k in range(len(net))]
    places = dict(truth.parameters)
    for group in ties_of(net):  # members into inputs have that of the others
        places.update(
            {
                key: truth.parameters[member]
                for key in group
                for member in group
                if member in truth.parameters
            }
        )
    return np.array([gradient[places[key]] if key in places else 0.0 for key in keys])


def dense_gradients(twin, truth, rows, aims):
    """The gradient of every step: of half the squared error."""
    last = slice(len(twin.order) - twin.outputs, None)
    for row, aim in zip(rows, aims, strict=True):
        parts = truth.step(row)
        errors = (truth.y[last] - aim) * truth.slope[last]
        yield by_parameter(twin.net, truth, truth.gradient(parts, errors))


@given_graphs(specs(squashes=SMOOTH, most=6), st.sampled_from([1, 2, 3, 4, None]), tied)
def test_an_order_is_the_dense_form_with_its_mask(spec, order, tied):
    twin = twin_of(spec, tied)
    truth = Sensitivities(
        twin.reference, twin.order, twin.inputs, order, ties_of(twin.net)
    )
    rows, aims = data(spec)
    expected = sum(dense_gradients(twin, truth, rows, aims))
    assume(tame(twin.net, expected, truth.z, truth.state))
    comparison = compare_gradients(
        twin.net, rows, aims, "squared_error", rule="rtrl", reach=order
    )
    ours, _ = both(comparison)
    assert close(ours, expected)


def each_step(net, rows, aims, order=None, cost="squared_error"):
    """The negative updates of every step at a rate of 1, each taken back before the
    next."""
    net.rule = "rtrl", order
    net.clear()
    weights, biases = net.weights, net.biases
    for row, aim in zip(rows, aims, strict=True):
        net.activate(row)
        net.propagate(1.0, aim, cost)
        yield np.append(weights - net.weights, biases - net.biases)
        net.weights, net.biases = weights, biases


# --- each step, and the sensitivities themselves --------------------------------------


@example(EVERY_GATE, None)
@given_graphs(specs(squashes=SMOOTH), tied)
def test_the_update_of_a_step_is_the_gradient_of_its_cost(spec, tied):
    net = twin_of(spec, tied).net
    rows, aims = data(spec, 4)
    net.run(rows)
    up_to = [
        synapse.gradient(net, rows[:length], aims[:length], "squared_error")
        for length in range(1, 5)
    ]
    total = [np.append(each.weights, each.biases) for each in up_to]
    expected = np.diff(total, axis=0, prepend=0.0)
    assume(tame(net, *expected))
    for ours, theirs in zip(each_step(net, rows, aims), expected, strict=True):
        assert close(ours, theirs)


# --- sensitivities that are renewed every few steps -----------------------------------


def renewed_every(depth):
    """Let plans renew the sensitivities after so many steps, also where it does not
    pay."""
    return patch.object(Layout, "_choose_depth", lambda *_: depth)


@example(EVERY_GATE, None, None, 2)
@given_graphs(
    specs(squashes=SMOOTH, most=6),
    st.sampled_from([1, 2, None]),
    tied,
    st.integers(2, 4),
)
def test_renewed_every_few_steps_is_renewed_at_each(spec, order, tied, depth):
    """Reading them between steps changes no bit."""

    def learnt(depth, *, looking=False):
        net = twin_of(spec, tied).net
        rows, aims = data(spec, 7)
        with renewed_every(depth):
            net.rule = "rtrl", order
            for t, (row, aim) in enumerate(zip(rows, aims, strict=True)):
                net.activate(row)
                if t % 4 != 2:
                    net.propagate(0.05, aim, "squared_error")
                if looking and t % 3:
                    _ = [neuron.bias_sensitivity for neuron in net]
            values = [[*neuron.sensitivity.values()] for neuron in net.connections]
        return net, np.concatenate([net.weights, net.biases, *values])

    net, truth = learnt(1)
    gradients = learnt(depth)[1]
    looked = learnt(depth, looking=True)[1]
    assume(tame(net, truth))
    assert close(gradients, truth)
    assert gradients.tobytes() == looked.tobytes()


# --- activations ----------------------------------------------------------------------


def test_a_trained_self_connection_with_a_gate_of_the_previous_step():
    net = architect.Random(2, 6, 1, gates=0, self_connections=0, backward=4, seed=0)
    neuron, *_, last = net.hidden[0]
    link = neuron.project(neuron, weight=0.7, trainable=True)
    last.gate(link)  # which activates later
    rng = np.random.default_rng(0)
    rows, aims = rng.uniform(-1, 1, (9, 2)), rng.random((9, 1))
    comparison = compare_gradients(net, rows, aims, rule="rtrl")
    assert comparison.relative_error < 1e-12
    assert comparison.weights["exact"][net.connections.index(link)] != 0


def with_a_group_that_is_partly_frozen(seed):
    """A network whose softmax outputs, some of which no parameter moves, are read
    delayed."""
    rng = np.random.default_rng(seed)
    inputs, hidden = Layer(2), Layer(int(rng.integers(2, 5)), "tanh")
    outputs = Layer(int(rng.integers(2, 6)), "softmax")
    inputs.project(hidden, seed=rng)
    outputs.project(hidden, seed=rng)
    outputs[0].gate(hidden[0].incoming[0])
    for output in outputs:
        for source in hidden:
            if rng.random() < 0.4:
                source.project(output, weight=rng.normal(0, 0.5))
    net = Network(inputs, hidden, outputs)
    for neuron in net.neurons[3:]:  # one that learns remains
        if rng.random() < 0.5:
            for parameter in (neuron, *neuron.incoming):
                let_learn(parameter, False)
    return net


@given_graphs(st.integers(0, 999))
@example(0)
@example(42)
def test_members_of_a_group_that_no_parameter_moves_keep_no_errors(seed):
    net = with_a_group_that_is_partly_frozen(seed)
    rng = np.random.default_rng(seed)
    outputs = len(net.output)
    rows = rng.uniform(-1, 1, (60, 2))
    aims = np.eye(outputs)[rng.integers(outputs, size=60)]
    comparison = compare_gradients(net, rows, aims, rule="rtrl")
    # NaN: no parameter of the exact gradient moves the cost
    error = comparison.relative_error
    assert error < 1e-9 or (np.isnan(error) and not comparison.weights["rule"].any())
    for rule in "online", "rtrl":
        net.rule = rule
        net.run(rows)
        net.output_gradient()
        net.run(rows)
        slopes = net.output_gradient(errors=np.zeros(outputs))
        assert not slopes.weights.any()
        assert not slopes.biases.any()

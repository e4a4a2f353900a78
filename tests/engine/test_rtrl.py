"""Exact online gradients of any gated graph: beside the exact gradient, the dense form and differences."""

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

import architect
import synapse
from synapse.learning import compare_gradients

from ..sensitivities import Sensitivities
from ..strategies import SMOOTH, SQUASHES, Spec, Twin, crowded, specs
from ..ties import tie_at_random
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


def both(found):
    return (np.append(found.weights[side], found.biases[side]) for side in ("rule", "exact"))


def close(ours, theirs, within=1e-10):
    return np.abs(ours - theirs).max() <= within * max(np.abs(theirs).max(), 1e-3)


def tame(net, *arrays):
    """Whether the numbers have stayed where a relative 1e-10 means something."""
    return all(np.abs(one).max(initial=0) < 100 for one in ([n.state for n in net], *arrays))


# --- summed over a sequence, it is the exact gradient -----------------------------------------------------


@given(specs(), tied)
def test_it_is_the_gradient_of_any_gated_graph(spec, tied):
    net = twin_of(spec, tied).net
    rows, aims = data(spec)
    net.run(rows)
    ours, theirs = both(compare_gradients(net, rows, aims, "squared_error", method="rtrl"))
    assume(tame(net, theirs))
    assert close(ours, theirs)


@given(specs(logistic_outputs=True), st.integers(0, 99))
def test_steps_without_a_target_and_several_sequences(spec, seed):
    net = twin_of(spec).net
    rng = np.random.default_rng(seed)
    rows = [rng.uniform(-1, 1, (length, spec.inputs)) for length in (5, 1, 4)]
    aims = [rng.random((len(one), spec.outputs)) for one in rows]
    aims[0][[0, 3]] = np.nan
    aims[1][:] = np.nan
    net.run(rows[0])
    ours, theirs = both(compare_gradients(net, rows, aims, "cross_entropy", method="rtrl"))
    assume(tame(net, theirs))
    assert close(ours, theirs)


# --- with an order, it is the dense form with the mask ----------------------------------------------------


def by_parameter(net, truth, gradient):
    """A gradient of the dense form, by connections and neurons of a network."""
    number = {neuron: k for k, neuron in enumerate(net)}
    keys = [(number[c.source], number[c.target]) for c in net.connections]
    keys += [(None, k) for k in range(len(net))]
    places = dict(truth.parameters)
    for group in ties_of(net):  # members into inputs have that of the others
        places.update(
            {key: truth.parameters[one] for key in group for one in group if one in truth.parameters}
        )
    return np.array([gradient[places[key]] if key in places else 0.0 for key in keys])


def dense_gradients(twin, truth, rows, aims):
    """The gradient of every step: of half the squared error."""
    last = slice(len(twin.order) - twin.outputs, None)
    for row, aim in zip(rows, aims, strict=True):
        parts = truth.step(row)
        errors = (truth.y[last] - aim) * truth.slope[last]
        yield by_parameter(twin.net, truth, truth.gradient(parts, errors))


@settings(max_examples=100)
@given(specs(squashes=SMOOTH, most=6), st.sampled_from([1, 2, 3, 4, None]), tied)
def test_an_order_is_the_dense_form_with_its_mask(spec, order, tied):
    twin = twin_of(spec, tied)
    truth = Sensitivities(twin.reference, twin.order, twin.inputs, order, ties_of(twin.net))
    rows, aims = data(spec)
    expected = sum(dense_gradients(twin, truth, rows, aims))
    assume(tame(twin.net, expected, truth.z, truth.state))
    found = compare_gradients(twin.net, rows, aims, "squared_error", method="rtrl", order=order)
    ours, _ = both(found)
    assert close(ours, expected)


@pytest.mark.parametrize("seed", range(6))
def test_with_a_high_order_it_is_exact_and_with_a_low_one_it_is_not(seed):
    net = twin_of(crowded(seed)).net
    rows, aims = data(crowded(seed))
    errors = [
        compare_gradients(net, rows, aims, "squared_error", method="rtrl", order=order).relative_error
        for order in (1, len(net), None)
    ]
    assert errors[0] > 1e-6
    assert errors[1] == errors[2] < 1e-12


@pytest.mark.parametrize("order", [1, 2, 3, None])
def test_each_step_is_that_of_the_dense_form(order):
    for seed in range(4):
        spec = crowded(seed)
        twin = twin_of(spec)
        truth = Sensitivities(twin.reference, twin.order, twin.inputs, order)
        rows, aims = data(spec)
        expected = dense_gradients(twin, truth, rows, aims)
        for ours, theirs in zip(each_step(twin.net, rows, aims, order), expected, strict=True):
            assert close(ours, theirs)


def each_step(net, rows, aims, order=None, cost="squared_error"):
    """The negative updates of every step at a rate of 1, each taken back before the next."""
    net.learning_rule = "rtrl", order
    net.clear()
    weights, biases = net.weights, net.biases
    for row, aim in zip(rows, aims, strict=True):
        net.activate(row)
        net.propagate(1.0, aim, cost)
        yield np.append(weights - net.weights, biases - net.biases)
        net.weights, net.biases = weights, biases


# --- each step, and the sensitivities themselves ----------------------------------------------------------


@settings(max_examples=60)
@given(specs(squashes=SMOOTH), tied)
def test_the_update_of_a_step_is_the_gradient_of_its_cost(spec, tied):
    net = twin_of(spec, tied).net
    rows, aims = data(spec, 4)
    net.run(rows)
    before, expected = 0.0, []
    for length in range(1, 5):
        found = synapse.gradient(net, rows[:length], aims[:length], "squared_error")
        up_to = np.append(found.weights, found.biases)
        expected.append(up_to - before)
        before = up_to
    assume(tame(net, *expected))
    for ours, theirs in zip(each_step(net, rows, aims), expected, strict=True):
        assert close(ours, theirs)


def states_of(net, rows):
    net.clear()
    net.run(rows)
    return np.array([neuron.state for neuron in net])


@pytest.mark.parametrize("seed", range(5))
def test_sensitivities_are_how_parameters_move_states(seed):
    """Beside central differences, after some steps."""
    spec = crowded(seed)
    net = twin_of(spec).net
    rows, _ = data(spec, 5)
    net.learning_rule = "rtrl"
    net.run(rows)
    known = [(c, "weight", dict(c.sensitivity)) for c in net.connections]
    known += [(neuron, "bias", dict(neuron.bias_sensitivity)) for neuron in net]
    net.learning_rule = "online"
    assert sum(len(found) for _, _, found in known) > 50
    for owner, name, found in known:
        value, width = getattr(owner, name), 1e-5
        ends = []
        for sign in (1, -1):
            setattr(owner, name, value + sign * width)
            ends.append(states_of(net, rows))
        setattr(owner, name, value)
        moved = dict(zip(net, (ends[0] - ends[1]) / (2 * width), strict=True))
        for neuron, sensitivity in found.items():
            assert sensitivity == pytest.approx(moved[neuron], abs=1e-7, rel=1e-6)


@settings(max_examples=60)
@given(specs(squashes=SMOOTH, most=6), st.sampled_from([1, 2, None]))
def test_sensitivities_are_those_of_the_dense_form(spec, order):
    twin = twin_of(spec)
    net = twin.net
    truth = Sensitivities(twin.reference, twin.order, twin.inputs, order)
    rows, _ = data(spec)
    net.learning_rule = "rtrl", order
    net.run(rows)
    for row in rows:
        truth.step(row)
    assume(tame(net, truth.z))
    number = {neuron: k for k, neuron in enumerate(net)}
    scale = max(1.0, np.abs(truth.z).max())
    for (i, j), place in truth.parameters.items():
        owner = twin.ours[j]
        found = owner.bias_sensitivity if i is None else twin.link(i, j).sensitivity
        for neuron, value in found.items():
            assert abs(value - truth.z[number[neuron], place]) < 1e-11 * scale


# --- activations ------------------------------------------------------------------------------------------


@given(specs(squashes=SQUASHES))
def test_activations_are_those_of_the_online_rule(spec):
    net = twin_of(spec).net
    rows, _ = data(spec)
    outputs = net.run(rows)
    assume(tame(net))
    net.learning_rule = "rtrl"
    net.clear()
    assert (net.run(rows) == outputs).all()
    net.clear()
    assert ([net.activate(row) for row in rows] == outputs).all()


def test_a_network_without_connections_learns_its_biases():
    spec = Spec(1, 0, 2, ["identity", "logistic", "tanh"], [])
    twin = twin_of(spec)
    found = compare_gradients(twin.net, *data(spec), "squared_error", method="rtrl")
    assert found.relative_error < 1e-12
    assert not found.weights.size


def test_a_trained_self_connection_with_a_gate_of_the_previous_step():
    net = architect.Random(2, 6, 1, gates=0, self_connections=0, backward=4, seed=0)
    first, *_, last = net.hidden[0]
    link = first.project(first, weight=0.7, trainable=True)
    last.gate(link)  # which activates later
    rng = np.random.default_rng(0)
    rows, aims = rng.uniform(-1, 1, (9, 2)), rng.random((9, 1))
    found = compare_gradients(net, rows, aims, method="rtrl")
    assert found.relative_error < 1e-12
    assert found.weights["exact"][net.connections.index(link)] != 0

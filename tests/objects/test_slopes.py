"""Errors that are given, slopes of outputs, steps without traces, and a look at the
next step."""

import copy
import pickle
from contextlib import nullcontext
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Network, gradient, squashes
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    FunctionError,
    TopologyError,
)
from synapse.objects.online_adagrad import OnlineAdaGrad
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import all_refused
from tests.helpers.networks import unchanged
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs

RULES = ("online", "rtrl", ("rtrl", 1))


def stepped(net, steps, seed=0):
    """The network after some steps, with the inputs of the last."""
    rows = np.random.default_rng(seed).uniform(-1, 1, (steps, len(net.input)))
    for row in rows:
        net.activate(row)
    return rows


def errors_of(net):
    return np.array([neuron.error.responsibility for neuron in net.output])


@pytest.mark.full
@pytest.mark.parametrize("rule", RULES)
@given_graphs(spec=specs(), steps=st.integers(1, 4))
def test_errors_of_a_target_and_slopes_along_them_move_as_the_target(spec, steps, rule):
    net = Twin(spec).net
    net.rule = rule
    stepped(net, steps)
    twin = net.clone()
    third = net.clone()
    targets = np.random.default_rng(1).uniform(size=len(net.output))
    targets[0] = np.nan if len(targets) > 1 else targets[0]
    net.propagate(0.5, targets, "squared_error")
    slope = np.array([neuron.derivative for neuron in twin.output])
    errors = (targets - outputs_of(twin)) * slope
    twin.propagate(0.5, errors=errors)
    np.testing.assert_allclose(
        twin.weights,
        net.weights,
        rtol=0,
        atol=1e-14 * max(1.0, abs(net.weights).max(initial=0.0)),
    )
    np.testing.assert_allclose(errors_of(twin), errors_of(net), rtol=1e-14)
    before = third.weights, third.biases
    weights, biases = third.output_gradient(errors)
    assert (third.weights == before[0]).all()
    assert (third.biases == before[1]).all()
    scale = max(1.0, abs(weights).max(initial=0.0), abs(biases).max())
    for start, slope, moved in zip(
        before, (weights, biases), (net.weights, net.biases), strict=True
    ):
        np.testing.assert_allclose(
            start + 0.5 * slope, moved, rtol=0, atol=1e-12 * scale
        )


def outputs_of(net):
    return np.array([neuron.activation for neuron in net.output])


@given_graphs(specs(squashes=SMOOTH), st.integers(1, 5))
def test_slopes_by_rtrl_are_those_of_the_exact_gradient(spec, steps):
    net = Twin(spec).net
    net.rule = "rtrl"
    rows = stepped(net, steps)
    targets = np.full((steps, len(net.output)), np.nan)
    targets[-1] = outputs_of(net) - 1.0  # so that dE/dy = 1
    try:
        exact = gradient(net, rows, targets, "squared_error")
    except DivergenceError:
        assume(False)
    for slope, wanted in zip(
        net.output_gradient(), (exact.weights, exact.biases), strict=True
    ):
        np.testing.assert_allclose(
            slope, wanted, rtol=1e-9, atol=1e-11 * max(1.0, abs(wanted).max(initial=0))
        )


def test_slopes_of_shared_softmax_and_frozen_parameters_in_float32_and_given_arrays():
    net = softmax_network()
    net.layers[1].freeze()
    tied = [i for i, c in enumerate(net.connections) if c.target is net.output[0]][:2]
    synapse.tie([net.connections[i] for i in tied])
    stepped(net, 3)
    out = np.full(len(net.weights), 7.0, net.dtype), np.full(len(net), 7.0, net.dtype)
    errors = np.array([0.5, -0.25, np.nan])
    slopes = net.output_gradient(errors, out=out)
    assert (slopes.weights is out[0], slopes.biases is out[1]) == (True, True)
    assert slopes.weights[tied[0]] == slopes.weights[tied[1]] != 0
    assert not slopes.weights[[not c.trainable for c in net.connections]].any()
    twin = net.clone()
    before = np.array(twin.weights)
    twin.propagate(1.0, errors=errors)
    np.testing.assert_allclose(before + slopes.weights, twin.weights, rtol=1e-6)
    # the sum of softmax outputs is constant
    assert not any(array.any() for array in net.output_gradient())
    assert net.output_gradient().weights.dtype == np.float32


def softmax_network():
    sizes = ((2, "logistic"), (4, "tanh"), (3, "softmax"))
    a, b, c = (Layer(count, squash, dtype="float32") for count, squash in sizes)
    a.project(b, seed=0), b.project(b, seed=1), b.project(c, seed=2)
    return Network(a, b, c)


@pytest.mark.full
@pytest.mark.parametrize("rule", RULES)
@given_graphs(spec=specs(), steps=st.integers(0, 3))
def test_a_look_at_the_next_step_sees_it_and_changes_nothing(spec, steps, rule):
    net = Twin(spec).net
    net.rule = rule
    stepped(net, steps)
    inputs = np.random.default_rng(2).uniform(-1, 1, len(net.input))
    twin = net.clone()
    with unchanged(net):
        seen = net.peek(inputs)
        assert (net.peek(-inputs).shape) == seen.shape
    assert (seen == net.clone().run(inputs[np.newaxis], traces=False)[0]).all()
    np.testing.assert_allclose(seen, twin.activate(inputs), rtol=1e-12, atol=1e-14)
    net.activate(inputs)
    for each in (net, twin):
        each.propagate(0.1, errors=np.ones(len(each.output)))
    assert (net.weights == twin.weights).all()  # sensitivities and traces, too


@pytest.mark.full
@pytest.mark.parametrize("rule", RULES)
@given_graphs(spec=specs(), several=st.booleans())
def test_after_a_run_without_traces_learning_begins_with_the_next_step(
    spec, several, rule
):
    net = Twin(spec).net
    net.rule = rule
    stepped(net, 3)
    twin = net.clone()
    rows = np.random.default_rng(3).uniform(-1, 1, (2, 4, len(net.input)))
    rows = rows if several else rows[0]
    np.testing.assert_allclose(
        net.run(rows, traces=False), twin.run(rows), rtol=1e-12, atol=1e-14
    )
    twin.rule = "rtrl"  # begins without any
    twin.rule = rule
    for each in (net, twin):
        stepped(each, 2, seed=4)
        each.propagate(0.5, errors=np.ones(len(each.output)))
    np.testing.assert_allclose(net.weights, twin.weights, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(net.biases, twin.biases, rtol=1e-10, atol=1e-12)


def test_an_edit_between_looks_and_slopes_counts():
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.activate([0.5, 1.0])
    net.output_gradient(), net.peek([0.5, 1.0])
    net.input[0].project(net.output[0], weight=0.5)
    net.remove(net.layers[1][0])
    twin = copy.deepcopy(net)
    assert (net.peek([0.5, 1.0]) == twin.activate([0.5, 1.0])).all()
    net.activate([0.5, 1.0])
    assert net.output_gradient().weights.shape == net.weights.shape
    twin.propagate(1.0, errors=[1.0])
    slope = net.output[0].derivative
    np.testing.assert_allclose(
        net.output_gradient().weights, (twin.weights - net.weights) * slope, atol=1e-15
    )


@given_graphs(specs(), st.booleans())
def test_vectors_of_weights_are_those_of_the_connections_in_any_order(spec, stranger):
    net = Twin(spec).net
    if stranger:  # its connection lies between those of the network
        synapse.Neuron().project(net[spec.inputs])
    rng = np.random.default_rng(spec.seed)
    for _ in range(2):  # from scratch, and from what is known by then
        weights = rng.normal(size=len(net.connections)).tolist()
        biases = rng.normal(size=len(net)).tolist()
        net.weights, net.biases = weights, biases
        shown = [c.weight for c in net.connections]
        assert shown == weights == net.weights.tolist()
        assert [n.bias for n in net] == biases == net.biases.tolist()
    if weights:
        all_refused(
            (partial(setattr, net, "weights", wrong), ArgumentError, None)
            for wrong in (
                [*weights[1:], np.nan],
                [*weights[1:], np.inf],
                [0.0, *weights],
            )
        )
    assert net.weights.tolist() == weights


def test_what_cannot_be_used_is_refused_in_one_sentence():
    net = architect.Perceptron(2, 3, 2, seed=0)
    net.activate([0.0, 1.0])
    either = ArgumentError, ArgumentTypeError
    refused = [
        (
            lambda: net.propagate(0.1, [1.0, 0.0], errors=[1.0, 0.0]),
            ArgumentError,
            "got both",
        ),
        (lambda: net.propagate(-1, errors=[1.0, 0.0]), ArgumentError, "rate"),
        (lambda: net.peek([np.nan, 1.0]), ArgumentError, "input"),
        (lambda: net.peek([1.0]), ArgumentError, "input"),
        (
            lambda: net.output_gradient(out=np.zeros(12)),
            ArgumentTypeError,
            "pair of arrays",
        ),
        (
            lambda: net.output_gradient(out=(np.zeros(12), np.zeros(6))),
            ArgumentError,
            "12 and 7 numbers",
        ),
    ]
    refused += [
        (partial(take, errors=errors), either, "errors")
        for errors in ([1.0], [1.0, np.inf], ["a", 1])
        for take in (partial(net.propagate, 0.1), net.output_gradient)
    ]
    with unchanged(net):
        all_refused(refused)
    small = softmax_network()
    small.activate([0.0, 1.0])
    with pytest.raises(ArgumentError, match="float32"):
        small.propagate(0.1, errors=[1e300, 0.0, 0.0])
    net.rule = "rtrl"
    net.clear()
    with pytest.raises(TopologyError, match="activate first"):
        net.output_gradient()


@in_python(squashes.register)
def raises_above_eight(state):
    if state > 8.0:
        raise ValueError("too large")
    return state, 1.0


def test_a_registered_squash_that_raises_in_a_look_leaves_the_network_as_it_was():
    a, b = Layer(1), Layer(1, "raises_above_eight")
    a.project(b, weights=1.0)
    net = Network(a, b)
    net.activate([1.0])
    with unchanged(net), pytest.raises(FunctionError, match="too large"):
        net.peek([9.0])
    assert net.output_gradient().weights == [1.0]


def test_a_run_without_traces_clears_those_of_its_network_alone():
    """Also those that were made since the last such run, by a single neuron."""
    net, other = (architect.LSTM(2, 3, 1, style="synaptic", seed=k) for k in (0, 1))
    outside = synapse.Neuron()
    for each in (net, other):
        each.output[0].project(outside)  # both are in one store then
    rows = np.ones((4, 2))

    def cells_of(of):
        return [neuron for neuron in of if neuron.self_connection is not None]

    def traces(of):
        cells = cells_of(of)
        links = of.connections
        return [
            *(cell.bias_eligibility for cell in cells),
            *(c.eligibility for c in links if c.target in cells and c.trainable),
            *(c.extended[cell] for c in links for cell in cells if cell in c.extended),
        ]

    net.run(rows)
    other.run(rows)
    kept = traces(other)
    for _ in range(2):
        assert np.count_nonzero(traces(net)) > 3
        net.run(rows, traces=False)
        assert not any(traces(net))
        assert traces(other) == kept
        for cell in cells_of(net):
            cell.activate()


@pytest.mark.parametrize("rule", RULES[:2])
@pytest.mark.parametrize("linked", [False, True])
def test_copies_of_a_network_without_traces_have_nothing_to_learn_from(rule, linked):
    """Also of one that shares its store with a neuron outside, which is copied as a
    file is."""
    net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    write = synapse.readwrite
    net.rule = rule
    if linked:
        outside = synapse.Neuron()
        net.output[0].project(outside)
        net.output[0].disconnect(outside)
    rows = np.ones((4, 2))
    net.run(rows, traces=False)
    for twin in (
        net.clone(),
        copy.deepcopy(net),
        pickle.loads(pickle.dumps(net)),
        write.from_json_data(write.json_data(net)),
        write.from_npz_data(write.npz_data(net)),
    ):
        with pytest.raises(TopologyError, match="ran with traces=False"):
            twin.propagate(0.1, [0.5])
        assert (twin.weights == net.weights).all()
        twin.activate(rows[0])
        twin.propagate(0.1, [0.5])
        assert not write.json_data(twin).get("untraced", False)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("recorded", [False, True])
def test_scaled_steps_follow_their_equation(rule, shared, squared, recorded):
    net = architect.GRU(2, 3, 2, seed=0)
    if shared:
        synapse.tie([net.connections[0], net.connections[1]])
    net.rule = rule
    twin = net.clone()
    steps = OnlineAdaGrad(net)
    rng = np.random.default_rng(0)
    sums = [np.zeros(len(net.connections)), np.zeros(len(net))]
    for _ in range(5):
        row, errors = np.array([0.0, rng.normal()]), rng.normal(size=2)
        twin.weights, twin.biases = net.weights, net.biases
        outputs = twin.activate(row)
        slopes = twin.output_gradient(errors)
        sums = [0.9 * each + slope**2 for each, slope in zip(sums, slopes, strict=True)]
        moves = [
            slope / (np.sqrt(each) + 1e-8)
            for each, slope in zip(sums, slopes, strict=True)
        ]
        products = [slope * move for slope, move in zip(slopes, moves, strict=True)]
        # a shared weight counts once
        decrease = products[0][shared:].sum() + products[1].sum()
        most = (errors**2).sum() if squared else abs(errors).sum()
        step = 0.5 * 0.1 * min(1.0, most / (3.0 * 0.1 * decrease))
        expected = net.weights + step * moves[0], net.biases + step * moves[1]
        sample = row[1:], np.array([1]), np.array([0, 1])
        with synapse.record(net) if recorded else nullcontext() as log:
            steps.learn_sample(
                sample, False, outputs + errors, 0.5, 0.1, 0.9, 3.0, squared
            )
        assert log is None or len(log) == 1
        np.testing.assert_allclose(net.weights, expected[0], rtol=0, atol=1e-13)
        np.testing.assert_allclose(net.biases, expected[1], rtol=0, atol=1e-13)
    added = net.input[0].project(net.output[1], weight=0.0)
    later = dict(zip(net.connections, steps.read().weights, strict=True))
    assert later.pop(added) == 0.0
    np.testing.assert_allclose(list(later.values()), sums[0], rtol=1e-12)


# --- parameters that become trainable again begin without traces ----------------------


def gated_memory():
    """Self-connected neurons, one of which gates the other, with a delay."""
    source, middle, gate, out = (Layer(n) for n in (2, 2, 2, 1))
    source.project(middle, seed=0)
    source.project(gate, delay=2, seed=1)
    middle.project(middle, "one_to_one", weights=0.9)
    gate.project(gate, "one_to_one", weights=0.8)
    gate.gate(middle.project(out, seed=2), "output")
    return Network(source, [gate, middle], out)


def trained(net):
    for row in ([1.0, 0.5], [0.3, -1.0], [0.2, 0.9], [0.4, 0.1]):
        net.activate(row)
        net.propagate(0.1, [1.0])
    return net


def test_the_extended_traces_of_a_bias_begin_anew_as_those_of_weights():
    """Whether or not the traces of weights are read while they are frozen."""
    learned = []
    for read in (False, True):
        net = trained(gated_memory())
        net.freeze()
        _ = [link.eligibility for link in net.connections if read]
        net.unfreeze()
        before = net.biases
        learned.append(trained(net).biases - before)
    assert np.array_equal(*learned)

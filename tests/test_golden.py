"""Ten networks whose numbers were computed elsewhere."""

import numpy as np
import pytest

from synapse.learning import compare_gradients

from .networks import GOLDEN, from_golden, reference_of_golden

by_name = pytest.mark.parametrize("name", GOLDEN)
by_cost = pytest.mark.parametrize(
    ("part", "cost"), [("online", "cross_entropy"), ("online_squared", "squared_error")]
)


def close(ours, theirs, within):
    return np.abs(np.asarray(ours) - np.asarray(theirs)).max() < within


def weights_in_order(weight_of, name):
    return [weight_of(*pair) for pair in GOLDEN[name]["connection_order"]]


@by_name
def test_a_sequence_gives_the_golden_outputs(name):
    net, _ = from_golden(name)
    assert close(net.run(GOLDEN[name]["inputs"]), GOLDEN[name]["outputs"], 1e-12)


@by_name
def test_the_reference_gives_the_golden_outputs(name):
    reference, order = reference_of_golden(name)
    for inputs, outputs in zip(GOLDEN[name]["inputs"], GOLDEN[name]["outputs"], strict=True):
        reference.step(order, inputs)
        assert close([reference.units[j].y for j in order[-len(outputs) :]], outputs, 1e-12)


@by_name
@by_cost
def test_online_learning_ends_at_the_golden_weights(name, part, cost):
    golden, (net, links) = GOLDEN[name], from_golden(name)
    net.clear()
    outputs = []
    for inputs, targets in zip(golden["inputs"], golden["targets"], strict=True):
        outputs.append(net.activate(inputs))
        net.propagate(golden["online"]["rate"], targets, cost)
    assert close(weights_in_order(lambda i, j: links[i, j].weight, name), golden[part]["weights"], 1e-10)
    assert close([neuron.bias for neuron in net], golden[part]["biases"], 1e-10)
    assert part != "online" or close(outputs, golden[part]["outputs"], 1e-12)


@by_name
@by_cost
def test_the_reference_ends_at_the_golden_weights(name, part, cost):
    golden, (reference, order) = GOLDEN[name], reference_of_golden(name)
    for inputs, targets in zip(golden["inputs"], golden["targets"], strict=True):
        reference.step(order, inputs)
        reference.learn(order, golden["online"]["rate"], targets, cost)
    links = reference.links
    assert close(weights_in_order(lambda i, j: links[i, j].weight, name), golden[part]["weights"], 1e-10)
    assert close([unit.bias for unit in reference.units.values()], golden[part]["biases"], 1e-10)


@by_name
def test_neurons_called_one_by_one_do_what_the_network_does(name):
    whole, _ = from_golden(name)
    parts, _ = from_golden(name)
    for inputs, targets in zip(GOLDEN[name]["inputs"], GOLDEN[name]["targets"], strict=True):
        whole.activate(inputs)
        parts.input.activate(inputs)
        for layer in (*parts.hidden, parts.output):
            layer.activate()
        assert close(parts.output.activations, whole.output.activations, 1e-12)
        whole.propagate(0.3, targets, "squared_error")
        parts.output.propagate(0.3, targets, "squared_error")
        for layer in reversed((parts.input, *parts.hidden)):
            layer.propagate(0.3)
        assert close(parts.weights, whole.weights, 1e-12)
        assert close(parts.biases, whole.biases, 1e-12)


@by_name
def test_a_sequence_in_one_call_is_its_steps(name):
    at_once, _ = from_golden(name)
    by_steps, _ = from_golden(name)
    outputs = at_once.run(GOLDEN[name]["inputs"])
    assert (outputs == [by_steps.activate(inputs) for inputs in GOLDEN[name]["inputs"]]).all()


@by_name
def test_a_cleared_network_starts_as_a_new_one(name):
    net, _ = from_golden(name)
    first = net.run(GOLDEN[name]["inputs"])
    net.clear()
    assert (net.run(GOLDEN[name]["inputs"]) == first).all()


def summed_moves(name):
    """What the online rule would move weights and biases by, summed over the sequence at rest."""
    golden, (net, links) = GOLDEN[name], from_golden(name)
    net.clear()
    weights, biases = net.weights, net.biases
    moves, shifts = 0.0, 0.0
    for inputs, targets in zip(golden["inputs"], golden["targets"], strict=True):
        net.activate(inputs)
        before = np.array(weights_in_order(lambda i, j: links[i, j].weight, name))
        net.propagate(1.0, targets, "cross_entropy")
        moves += np.array(weights_in_order(lambda i, j: links[i, j].weight, name)) - before
        shifts += net.biases - biases
        net.weights, net.biases = weights, biases
    return moves, shifts


@pytest.mark.parametrize("name", ["perceptron_2_3_1", "perceptron_4_6_5_3", "lstm_3_4_2_nopeep"])
def test_where_nothing_is_left_out_the_rule_is_the_exact_gradient(name):
    moves, shifts = summed_moves(name)
    assert close(-moves, GOLDEN[name]["bptt_ce"]["weight_gradient"], 1e-12)
    assert close(-shifts, GOLDEN[name]["bptt_ce"]["bias_gradient"], 1e-12)


def test_with_peepholes_it_points_along_the_gradient():
    moves, exact = summed_moves("lstm_3_4_2")[0], np.array(GOLDEN["lstm_3_4_2"]["bptt_ce"]["weight_gradient"])
    assert -moves @ exact / np.sqrt((moves @ moves) * (exact @ exact)) > 0.9999


@by_name
@pytest.mark.parametrize(("part", "cost"), [("bptt_ce", "cross_entropy"), ("bptt_squared", "squared_error")])
def test_real_time_recurrent_learning_gives_the_golden_gradients(name, part, cost):
    """Summed over the sequence, whose weights stand still."""
    golden, (net, links) = GOLDEN[name], from_golden(name)
    found = compare_gradients(net, golden["inputs"], golden["targets"], cost, method="rtrl")
    place = {link: i for i, link in enumerate(net.connections)}
    weights = weights_in_order(lambda i, j: found.weights["rule"][place[links[i, j]]], name)
    size = max(1.0, np.abs(golden[part]["weight_gradient"]).max())
    assert close(weights, golden[part]["weight_gradient"], 1e-10 * size)
    assert close(found.biases["rule"], golden[part]["bias_gradient"], 1e-10 * size)

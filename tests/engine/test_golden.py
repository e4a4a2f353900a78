"""Ten networks whose numbers were computed elsewhere. Every test reports all networks
that differ."""

import numpy as np

from synapse.learning import compare_gradients
from tests.helpers.networks import GOLDEN, from_golden, reference_of_golden

ONLINE = {"online": "cross_entropy", "online_squared": "squared_error"}
EXACT = {"bptt_ce": "cross_entropy", "bptt_squared": "squared_error"}


class Differences(dict):
    """What differs by how much, where it is not within a bound."""

    def note(self, place, ours, theirs, within):
        difference = np.abs(np.asarray(ours) - np.asarray(theirs)).max()
        if not difference <= within:
            self[place] = difference


def in_order(name, weight_of):
    """Weights, or slopes, in the order of the golden data."""
    return [weight_of(*pair) for pair in GOLDEN[name]["connection_order"]]


def steps(name):
    golden = GOLDEN[name]
    return list(zip(golden["inputs"], golden["targets"], strict=True))


def test_runs_steps_and_the_reference_give_the_golden_outputs():
    wrong = Differences()
    for name, golden in GOLDEN.items():
        net = from_golden(name)[0]
        (by_steps, _) = from_golden(name)
        outputs = net.run(golden["inputs"])
        wrong.note((name, "run"), outputs, golden["outputs"], 1e-12)
        wrong.note(
            (name, "steps"),
            [by_steps.activate(row) for row in golden["inputs"]],
            outputs,
            # rows of a network without memory are computed side by side
            1e-15 if name.startswith("perceptron") else 0,
        )
        net.clear()
        wrong.note((name, "cleared"), net.run(golden["inputs"]), outputs, 0)
        reference, order = reference_of_golden(name)
        for inputs, expected in zip(golden["inputs"], golden["outputs"], strict=True):
            reference.step(order, inputs)
            ours = [reference.units[j].y for j in order[-len(expected) :]]
            wrong.note((name, "reference"), ours, expected, 1e-12)
    assert not wrong, wrong


def test_online_learning_ends_at_the_golden_weights():
    wrong = Differences()
    for name, golden in GOLDEN.items():
        rate = golden["online"]["rate"]
        for section, cost in ONLINE.items():
            net, links = from_golden(name)
            reference, order = reference_of_golden(name)
            for inputs, targets in steps(name):
                net.activate(inputs)
                net.propagate(rate, targets, cost)
                reference.step(order, inputs)
                reference.learn(order, rate, targets, cost)
            theirs = [unit.bias for unit in reference.units.values()]
            for each, biases in ((links, net.biases), (reference.links, theirs)):
                place = name, section, type(each).__name__
                weights = in_order(name, lambda i, j, each=each: each[i, j].weight)
                wrong.note((*place, "w"), weights, golden[section]["weights"], 1e-10)
                wrong.note((*place, "b"), biases, golden[section]["biases"], 1e-10)
    assert not wrong, wrong


def test_both_exact_methods_give_the_golden_gradients():
    """Backpropagation through time, and real-time recurrent learning summed over the
    sequence."""
    wrong = Differences()
    for name, golden in GOLDEN.items():
        for section, cost in EXACT.items():
            net, links = from_golden(name)
            comparison = compare_gradients(
                net, golden["inputs"], golden["targets"], cost, rule="rtrl"
            )
            place = {link: i for i, link in enumerate(net.connections)}
            rows = in_order(name, lambda i, j, p=place, n=links: p[n[i, j]])
            expected = golden[section]["weight_gradient"]
            within = 1e-10 * max(1.0, np.abs(expected).max())
            for side in ("rule", "exact"):
                weights = comparison.weights[side][rows]
                wrong.note((name, section, side), weights, expected, within)
                theirs = golden[section]["bias_gradient"]
                biases = comparison.biases[side]
                wrong.note((name, section, side, "b"), biases, theirs, within)
    assert not wrong, wrong

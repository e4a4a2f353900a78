"""Exact gradients through time, against numbers from elsewhere, differences and the
online rule."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, gradient, initializers, optimizers
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    SynapseError,
    TopologyError,
)
from synapse.learning import compare_gradients
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import GOLDEN, from_golden, perceptron, unchanged
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs
from tests.helpers.ties import EXACT, groups_of, numbers, tie_at_random

from .helpers import built, by_steps, differences, learning, loss, same_bits, sequences


def assert_slopes(net, inputs, targets, cost):
    result = gradient(net, inputs, targets, cost)
    weights, biases = learning(net)
    biases[: len(net.input)] = False
    assert result.loss == pytest.approx(loss(net, inputs, targets, cost), rel=1e-12)
    for name, learn in (("weights", weights), ("biases", biases)):
        slopes = differences(net, name, learn, inputs, targets, cost)
        assert getattr(result, name) == pytest.approx(slopes, abs=1e-6)


@pytest.mark.full
def test_softmax_outputs():
    net = architect.LSTM(3, 4, 5, output_squash="softmax", style="synaptic", seed=1)
    inputs, _ = sequences(net, (4, 70))  # several chunks of a tape
    rng = np.random.default_rng(2)
    targets = [rng.dirichlet(np.ones(5), len(rows)) for rows in inputs]
    targets[0][1] = np.nan
    assert_slopes(net, inputs, targets, "categorical_cross_entropy")
    same_bits(
        gradient(net, inputs, targets), gradient(net, inputs, targets, "cross_entropy")
    )


def test_groups_compete():
    net = architect.Perceptron(3, 6, 2, seed=3)
    net.hidden[0].squash = "maxout"
    assert_slopes(net, *sequences(net, (9, 4)), "cross_entropy")


def test_a_squash_and_a_cost_of_ones_own():
    @synapse.squashes.register
    def wavy_here(state):
        return state + 0.25 * state * state, 1.0 + 0.5 * state

    @synapse.costs.register
    def quartic_here(target, output, derivative, outputs):
        error = target - output
        return error**4 / outputs, 4.0 * error**3 * derivative / outputs

    net = architect.Elman(2, 3, 2, squash=wavy_here, output_squash=wavy_here, seed=0)
    assert_slopes(net, *sequences(net, (5, 2, 4)), "quartic_here")


WIDE = initializers.uniform(0.8)


@every_case("name", GOLDEN)
def test_both_are_what_they_are_called(name):
    net, _ = from_golden(name)
    golden = GOLDEN[name]
    for cost in ("squared_error", "cross_entropy"):
        comparison = compare_gradients(net, golden["inputs"], golden["targets"], cost)
        exact = gradient(net, golden["inputs"], golden["targets"], cost)
        weights, biases = by_steps(net, [golden["inputs"]], [golden["targets"]], cost)
        assert comparison.weights["exact"].tolist() == exact.weights.tolist()
        assert comparison.biases["exact"].tolist() == exact.biases.tolist()
        assert comparison.weights["rule"] == pytest.approx(weights, abs=1e-13)
        assert comparison.biases["rule"] == pytest.approx(biases, abs=1e-13)


@given_graphs(specs(feedforward=True, squashes=SMOOTH, logistic_outputs=True, most=6))
def test_the_online_rule_is_the_gradient_of_any_gated_graph_that_only_feeds_forward(
    spec,
):
    net = Twin(spec).net
    comparison = compare_gradients(
        net, *sequences(net, (6,), spec.seed), "cross_entropy"
    )
    for rule, exact in (
        (table["rule"], table["exact"])
        for table in (comparison.weights, comparison.biases)
    ):
        assert rule == pytest.approx(exact, rel=1e-9, abs=1e-11)


def test_the_worst_come_first():
    net = architect.Elman(3, 5, 2, initializer=WIDE, seed=0)
    comparison = compare_gradients(net, *sequences(net))
    apart = np.abs(comparison.weights["rule"] - comparison.weights["exact"])
    worst = comparison.worst(4)
    assert len(worst) == 4
    assert (
        np.abs(worst["rule"] - worst["exact"]).tolist()
        == sorted(apart, reverse=True)[:4]
    )
    assert len(comparison.worst(1000)) == len(net.connections)
    lines = repr(comparison).splitlines()
    assert lines[0].startswith(
        f"<GradientComparison of online: cosine {comparison.cosine:.9g}, relative"
        " error "
    )
    largest = worst[0]
    assert lines[1].startswith(
        f"  {net[largest['source']].name} -> {net[largest['target']].name}: rule "
    )
    assert len(lines) == 4


def test_what_cannot_be_used_is_refused():
    net = perceptron(2, 3, 1)
    other = perceptron(1, 2)
    inputs, targets = sequences(net)
    with unchanged(net):
        with pytest.raises(ArgumentTypeError, match="a Network"):
            compare_gradients([1, 2], inputs, targets)
        with pytest.raises(SynapseError, match="must be 1 number per step"):
            compare_gradients(net, inputs, inputs)
    linear = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    with pytest.raises(DivergenceError):
        compare_gradients(linear, [[1e200]], [[0.0]])
    net.project(other)
    with pytest.raises(TopologyError):
        compare_gradients(net, inputs, targets)


def test_the_rule_and_its_order_are_part_of_the_result():
    net = architect.GRU(2, 3, 1, seed=0)
    comparison = compare_gradients(net, *sequences(net), rule="rtrl", reach=2)
    assert (comparison.rule, comparison.reach) == ("rtrl", 2)
    assert repr(comparison).startswith("<GradientComparison of rtrl, reach 2: cosine ")
    refused = [
        (
            lambda: compare_gradients(net, *sequences(net), rule="bptt"),
            ArgumentError,
            "online.*rtrl",
        ),
        (
            lambda: compare_gradients(net, *sequences(net), reach=2),
            ArgumentError,
            "`reach` is for",
        ),
    ]
    all_refused(refused)


def by_hand(net, inputs, targets, l2, clip, steps, rate):
    """SGD with a penalty and a clipped norm, by parameters: each shared one once."""
    of_links, of_neurons = groups_of(net)
    single = [
        np.unique(groups, return_index=True)[1] for groups in (of_links, of_neurons)
    ]
    learns = learning(net)
    for _ in range(steps):
        gradients = gradient(net, inputs, targets)
        slopes = [gradients.weights + l2 * net.weights * learns[0], gradients.biases]
        length = np.sqrt(
            sum(
                (slope[once] ** 2).sum()
                for slope, once in zip(slopes, single, strict=True)
            )
        )
        scale = min(1.0, clip / length)
        learns[1][: len(net.input)] = False
        net.weights = net.weights - rate * scale * slopes[0] * learns[0]
        net.biases = net.biases - rate * scale * slopes[1] * learns[1]


def test_an_optimizer_sees_a_shared_number_once():
    net = tie_at_random(built("elman"), 5)
    inputs, targets = sequences(net, (6, 6, 6))
    twin = net.clone()
    options = {
        "rule": "bptt",
        "optimizer": optimizers.SGD(0.1),
        "batch_size": 3,
        "l2": 0.3,
        "clip": 0.1,
    }
    Trainer(net, **options).train(inputs, targets, epochs=4, progress=False, seed=0)
    by_hand(twin, inputs, targets, 0.3, 0.1, 4, 0.1)
    assert numbers(net) == pytest.approx(numbers(twin), **EXACT)


@every_case("method", ["bptt", "online"])
def test_training_keeps_what_is_tied(method):
    net = tie_at_random(built("lstm"), 2)
    inputs, targets = sequences(net, (6, 4, 5, 3))
    trainer = Trainer(
        net, rule=method, optimizer=optimizers.Adam(0.01), batch_size=3, l1=0.001
    )
    before = numbers(net)
    groups = groups_of(net)
    error_before = trainer.train(inputs, targets, epochs=1, progress=False, seed=0).loss
    assert (
        trainer.train(inputs, targets, epochs=20, progress=False, seed=0).loss
        < error_before
    )
    for values, group in zip((net.weights, net.biases), groups, strict=True):
        assert values.tolist() == values[group].tolist()
    assert np.abs(numbers(net) - before).max() > 1e-3

"""Exact gradients through time, against numbers from elsewhere, differences and the
online rule; ``check_gradient``; gradients per step and per sample, with weights."""

import re
from functools import partial

import numpy as np
import pytest

import architect
import synapse
from synapse import (
    Trainer,
    check_gradient,
    gradient,
    optimizers,
)
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    DivergenceError,
    SynapseError,
    TopologyError,
)
from synapse.learning import _check as module, compare_gradients
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import GOLDEN, from_golden, perceptron, unchanged
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs
from tests.helpers.ties import EXACT, groups_of, numbers, tie_at_random

from .helpers import (
    both,
    built,
    by_steps,
    differences,
    learning,
    loss,
    same_bits,
    sequences,
)


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


def sides(comparison):
    """The slopes of the rule, and the exact ones."""
    tables = comparison.weights, comparison.biases
    return (np.concatenate([table[side] for table in tables]) for side in SIDES)


SIDES = "rule", "exact"


@every_case("name", GOLDEN)
def test_both_are_what_they_are_called(name):
    net, _ = from_golden(name)
    golden = GOLDEN[name]
    data = golden["inputs"], golden["targets"]
    for cost in ("squared_error", "cross_entropy"):
        ours, theirs = sides(compare_gradients(net, *data, cost))
        rule = by_steps(net, *([rows] for rows in data), cost)
        assert theirs.tolist() == both(gradient(net, *data, cost))[1:].tolist()
        assert ours == pytest.approx(np.concatenate(rule), abs=1e-13)


@given_graphs(specs(feedforward=True, squashes=SMOOTH, logistic_outputs=True, most=6))
def test_the_online_rule_is_the_gradient_of_any_gated_graph_that_only_feeds_forward(
    spec,
):
    net = Twin(spec).net
    data = sequences(net, (6,), spec.seed)
    rule, exact = sides(compare_gradients(net, *data, "cross_entropy"))
    assert rule == pytest.approx(exact, rel=1e-9, abs=1e-11)


def test_the_worst_come_first():
    net = built("elman")
    comparison = compare_gradients(net, *sequences(net))
    apart = np.abs(comparison.weights["rule"] - comparison.weights["exact"])
    worst = comparison.worst(4)
    ordered = sorted(apart, reverse=True)[:4]
    assert np.abs(worst["rule"] - worst["exact"]).tolist() == ordered
    assert len(comparison.worst(1000)) == len(net.connections)
    source, target = (net[worst[0][end]].name for end in ("source", "target"))
    told = (
        f"<GradientComparison of online: cosine {comparison.cosine:.9g}, relative"
        rf" error .*\n  {source} -> {target}: rule .*\n.*\n.*"
    )
    assert re.fullmatch(told, repr(comparison))


def test_what_cannot_be_used_is_refused():
    net, joined = (perceptron(2, 3, 1) for _ in range(2))
    joined.project(perceptron(1, 2))
    linear = architect.Perceptron(1, 1, output_squash="identity", seed=0)
    inputs, targets = sequences(net)
    compare = partial(compare_gradients, net, inputs, targets)
    with unchanged(net):
        all_refused(
            (partial(compare_gradients, *call), error, words)
            for error, words, *call in (
                (ArgumentTypeError, "a Network", [1, 2], inputs, targets),
                (SynapseError, "must be 1 number per step", net, inputs, inputs),
                (DivergenceError, None, linear, [[1e200]], [[0.0]]),
                (TopologyError, None, joined, inputs, targets),
            )
        )
        all_refused(
            [
                (partial(compare, rule="bptt"), ArgumentError, "online.*rtrl"),
                (partial(compare, reach=2), ArgumentError, "`reach` is for"),
            ]
        )


def test_the_rule_and_its_order_are_part_of_the_result():
    net = architect.GRU(2, 3, 1, seed=0)
    comparison = compare_gradients(net, *sequences(net), rule="rtrl", reach=2)
    assert (comparison.rule, comparison.reach) == ("rtrl", 2)
    assert repr(comparison).startswith("<GradientComparison of rtrl, reach 2: cosine ")


def by_hand(net, inputs, targets, l2, clip, steps, rate):
    """SGD with a penalty and a clipped norm, by parameters: each shared one once."""
    single = [np.unique(groups, return_index=True)[1] for groups in groups_of(net)]
    learns = learning(net)
    learns[1][: len(net.input)] = False
    for _ in range(steps):
        gradients = gradient(net, inputs, targets)
        slopes = gradients.weights + l2 * net.weights * learns[0], gradients.biases
        pairs = zip(slopes, single, strict=True)
        squares = [(slope[once] ** 2).sum() for slope, once in pairs]
        step = rate * min(1.0, clip / np.sqrt(sum(squares)))
        net.weights = net.weights - step * slopes[0] * learns[0]
        net.biases = net.biases - step * slopes[1] * learns[1]


def test_an_optimizer_sees_a_shared_number_once():
    net = tie_at_random(built("elman"), 5)
    inputs, targets = sequences(net, (6, 6, 6))
    twin = net.clone()
    options = {"rule": "bptt", "optimizer": "sgd", "rate": 0.1, "batch_size": 3}
    Trainer(net, **options, l2=0.3, clip=0.1).train(
        inputs, targets, epochs=4, progress=False, seed=0
    )
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
    losses = trainer.train(inputs, targets, epochs=20, progress=False, seed=0).history
    assert losses["loss"][-1] < losses["loss"][0]
    for values, group in zip((net.weights, net.biases), groups, strict=True):
        assert values.tolist() == values[group].tolist()
    assert np.abs(numbers(net) - before).max() > 1e-3


# --- check_gradient -------------------------------------------------------------------


def everything(net):
    """All numbers of a network, as a file would have them."""
    outputs = net.clone().run(np.ones((3, len(net.input))))
    return synapse.readwrite.json_data(net), outputs.tolist()


@given_graphs(specs(squashes=SMOOTH, logistic_outputs=True, most=6))
def test_gradients_of_any_graph(spec):
    net = Twin(spec).net
    inputs, targets = sequences(net, (4, 2), spec.seed)
    net.run(inputs[0])
    for options in ({}, {"window": 2, "keep_context": True}):
        check = check_gradient(net, inputs, targets, "squared_error", **options)
        assert check.largest < 1e-6, (options, check)
        assert not check.kinks


def test_a_wrong_entry_is_found_and_named(monkeypatch):
    net = architect.Elman(2, 3, 1, seed=0)
    inputs, targets = sequences(net, (4,), 0)
    exact = synapse.gradient(net, inputs, targets)
    place = next(
        i for i, link in enumerate(net.connections) if link.source is net.input[1]
    )
    spoilt = iter([0.25])

    def wrong_once(*arguments, **options):
        gradients = synapse.gradient(*arguments, **options)
        gradients.weights[place] += next(spoilt, 0.0)
        return gradients

    monkeypatch.setattr(module, "gradient", wrong_once)
    check = check_gradient(net, inputs, targets)
    link = net.connections[place]
    assert check.largest == pytest.approx(0.25)
    assert check.parameter == f"weight of {link.source.name} -> {link.target.name}"
    assert check.relative_error > 0.25 / np.linalg.norm(exact.weights) / 2


def test_kinks_are_listed():
    net = architect.Perceptron(1, 1, 1, squash="relu", output_squash="identity", seed=0)
    net.hidden[0][0].bias = 0.0
    # the state of the hidden neuron is 0, where relu has a kink
    check = check_gradient(net, [[0.0]], [[1.0]])
    assert check.kinks == ("bias of hidden 0",)
    assert check.largest < 1e-9


def test_what_has_no_differences_is_refused():
    data = [[0.0, 1.0]], [[1.0]]
    net = architect.Perceptron(2, 2, 1, squash="bernoulli", seed=0)
    all_refused(
        (partial(check_gradient, *call), ArgumentError, words)
        for words, *call in (
            ("float64", architect.Elman(2, 2, 1, seed=0, dtype=np.float32), *data),
            ("It counts", architect.Elman(2, 2, 1, seed=0), *data, "binary_misses"),
            ("deterministic = True", net, *data),
        )
    )
    net.deterministic = True
    before = everything(net)
    assert check_gradient(net, *data).largest < 1e-8
    assert everything(net) == before


# --- per step, per sample -------------------------------------------------------------


LENGTHS = (5, 3, 7)
RNG = np.random.default_rng(0)


def tied():
    net = architect.Perceptron(2, 4, 2, dtype=np.float32, seed=3)
    synapse.tie(net.connections[:3])
    return net


on_each = pytest.mark.parametrize(
    ("make", "has_memory"),
    [
        (partial(architect.LSTM, 2, 3, 2, seed=0), True),
        (
            partial(architect.Perceptron, 2, 3, 2, output_squash="softmax", seed=1),
            False,
        ),
        (partial(architect.GRU, 2, 3, 2, output_squash="identity", seed=2), True),
        (tied, False),
    ],
)


def some_data():
    return (
        [RNG.normal(size=(length, 2)) for length in LENGTHS],
        [np.eye(2)[RNG.integers(2, size=length)] for length in LENGTHS],
    )


def close(a, b, scale=1.0):
    for name in ("loss", "weights", "biases"):
        np.testing.assert_allclose(
            getattr(a, name), scale * getattr(b, name), rtol=1e-5, atol=1e-7
        )


@on_each
def test_per_sample_is_each_sequence_by_itself(make, has_memory):
    net = make()
    inputs, targets = some_data()
    targets[1][:] = np.nan  # a sequence without a target
    each = gradient(net, inputs, targets, per_sample=True)
    assert each.weights.shape == (3, len(net.connections))
    assert "3 samples" in repr(each)
    for i, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        close(
            synapse.Gradient(each.loss[i], each.weights[i], each.biases[i]),
            gradient(net, x, y),
        )
    assert not each.weights[1].any()
    # rows without memory are samples, those with memory one sequence
    rows = gradient(net, inputs[0], targets[0], per_sample=True)
    assert rows.weights.shape[0] == (1 if has_memory else 5)
    slopes = [RNG.normal(size=y.shape) for y in targets]
    chained = gradient(net, inputs, output_gradient=slopes, per_sample=True)
    third = gradient(net, inputs[2], output_gradient=slopes[2])
    for ours, theirs in (
        (rows.weights.sum(axis=0), gradient(net, inputs[0], targets[0]).weights),
        (chained.weights[2], third.weights),
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


@on_each
def test_per_step_is_the_loss_that_a_test_measures(make, has_memory):
    net = make()
    inputs, targets = some_data()
    targets[2][3:] = np.nan
    mean = gradient(net, inputs, targets, per="step")
    assert mean.loss == pytest.approx(Trainer(net).test(inputs, targets).loss, rel=1e-5)
    close(mean, gradient(net, inputs, targets), 3 / 11)
    weights = [RNG.uniform(size=length) for length in LENGTHS]
    weighted = gradient(net, inputs, targets, sample_weight=weights, per="step")
    counted = sum(weights[i].sum() for i in (0, 1)) + weights[2][:3].sum()
    close(weighted, gradient(net, inputs, targets, sample_weight=weights), 3 / counted)
    each = gradient(net, inputs, targets, per="step", per_sample=True)
    close(
        gradient(net, inputs[2], targets[2], per="step"),
        synapse.Gradient(each.loss[2], each.weights[2], each.biases[2]),
    )


@on_each
def test_weights_are_factors_of_costs_and_a_mask_is_a_missing_target(make, has_memory):
    net = make()
    inputs, targets = some_data()
    factors = [RNG.uniform(size=length) for length in LENGTHS]
    summed = gradient(net, inputs, targets, sample_weight=factors)
    by_step = 0.0
    for x, y, steps in zip(inputs, targets, factors, strict=True):
        for t, factor in enumerate(steps):
            only = np.full_like(y, np.nan)
            only[t] = y[t]
            by_step = by_step + factor * gradient(net, x, only).weights / 3
    np.testing.assert_allclose(summed.weights, by_step, rtol=1e-4, atol=1e-6)
    mask = [factor > 0.5 for factor in factors]
    aims = [np.where(m[:, None], y, np.nan) for m, y in zip(mask, targets)]
    masked = gradient(net, inputs, targets, sample_weight=mask)
    close(masked, gradient(net, inputs, aims))
    # one length: a matrix; one number for each sequence
    equal = np.stack([x[:3] for x in inputs]), np.stack([y[:3] for y in targets])
    matrix = np.stack([factor[:3] for factor in factors])
    split = gradient(net, [*equal[0]], [*equal[1]], sample_weight=[*matrix])
    close(gradient(net, *equal, sample_weight=matrix), split)
    by_step = np.repeat([[0.5], [2.0], [0.0]], 3, axis=1)
    close(*(gradient(net, *equal, sample_weight=w) for w in (by_step[:, 0], by_step)))


def test_a_training_weighs_steps_as_a_gradient_does():
    inputs, targets = some_data()
    factors = [RNG.uniform(size=length) for length in LENGTHS]
    net = architect.LSTM(2, 3, 2, seed=0)
    slopes = gradient(net, inputs, targets, sample_weight=factors).weights
    mean = np.mean([each.mean() for each in factors])
    expected = net.weights - 0.1 * slopes / mean
    Trainer(net, rule="bptt", optimizer="sgd", rate=0.1, batch_size=None).train(
        inputs, targets, epochs=1, sample_weight=factors, progress=False, shuffle=False
    )
    np.testing.assert_allclose(net.weights, expected, rtol=1e-12)


def test_what_cannot_be_weighed_is_refused():
    net = architect.LSTM(2, 3, 2, seed=0)
    inputs, targets = some_data()
    slopes = [np.ones_like(y) for y in targets]
    words = "`sample_weight` must be 3 numbers, one per sequence, or 15, one per step"

    call = partial(gradient, net, inputs, targets)
    chained = partial(gradient, net, inputs, output_gradient=slopes)
    all_refused(
        [
            (partial(call, sample_weight=[1.0, 2.0]), ArgumentError, words),
            (partial(call, sample_weight=np.ones((3, 5))), ArgumentError, words),
            (partial(call, sample_weight=[[1.0]] * 3), ArgumentError, words),
            (partial(call, sample_weight=[1, -1, 0]), ArgumentError, "0 or above"),
            (
                *(partial(call, sample_weight=["a"] * 3), ArgumentTypeError),
                "sample_weight",
            ),
            (partial(call, per="row"), ArgumentError, "'sequence' or 'step'"),
            (partial(call, per_sample=2), ArgumentTypeError, "per_sample"),
            (partial(chained, per="step"), ArgumentError, "`per` .*output_gradient"),
            (
                *(partial(chained, sample_weight=[1.0] * 3), ArgumentError),
                "sample_weight.*output_gradient",
            ),
        ]
    )

"""Targets that are NaN for some outputs only, which then cost nothing; weights of the
outputs' costs."""

import math

import numpy as np
import pytest

import architect
from synapse import Trainer, _cost, optimizers
from synapse.learning import gradient
from tests.helpers.cases import every_case

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(30, 3))
TARGETS = RNG.random((30, 2))
TARGETS[RNG.random((30, 2)) < 0.5] = np.nan
HALVES = (
    np.where([True, False], TARGETS, np.nan),
    np.where([False, True], TARGETS, np.nan),
)


def lstm(**options):
    return architect.LSTM(3, 4, 2, seed=0, **options)


def test_the_gradient_is_the_sum_over_the_outputs():
    whole, *parts = (
        gradient(lstm(), INPUTS, aims, "squared_error") for aims in (TARGETS, *HALVES)
    )
    assert whole.loss == pytest.approx(sum(gradients.loss for gradients in parts))
    assert whole.weights == pytest.approx(
        sum(gradients.weights for gradients in parts), abs=1e-12
    )
    net = lstm()
    rate = 1e-7
    before = net.weights
    Trainer(net, rate, rule="rtrl", cost="squared_error").train(
        INPUTS, TARGETS, epochs=1, progress=False
    )
    assert (before - net.weights) / rate == pytest.approx(whole.weights, abs=1e-5)


def test_filters_leave_an_output_alone_that_has_no_target():
    def fitted(inputs, targets, optimizer, rule):
        net = architect.Perceptron(3, 4, 2, seed=0)
        trainer = Trainer(net, optimizer=optimizer, rule=rule)
        trainer.train(inputs, targets, epochs=1, shuffle=False, progress=False)
        return [net.output[0].bias, *(link.weight for link in net.output[0].incoming)]

    for optimizer, rule in (
        (optimizers.DEKF(), "rtrl"),
        (optimizers.RLS(), "online"),
    ):
        assert fitted(INPUTS, HALVES[1], optimizer, rule) == fitted(
            INPUTS[:1], HALVES[1][:1], optimizer, rule
        )
    # least squares of the rows with a target: others do not count
    observed = RNG.random((30, 2))
    both = np.concatenate([HALVES[1], observed])
    after = fitted(np.concatenate([INPUTS, INPUTS]), both, optimizers.RLS(), "online")
    assert after == pytest.approx(
        fitted(INPUTS, observed, optimizers.RLS(), "online"), abs=1e-12
    )


RULES = [
    {"rule": "bptt", "batch_size": 1},
    {"rule": "online", "batch_size": "sequence"},
    {"rule": "rtrl", "batch_size": "sequence"},
]


@every_case("optimizer", [optimizers.AdamW(0.1), optimizers.SGD(0.1, momentum=0.9)])
@every_case("options", RULES)
def test_a_batch_without_a_target_is_no_update(options, optimizer):
    rows = np.split(INPUTS, 3)
    targets = np.split(RNG.random((30, 2)), 3)
    none = np.full((10, 2), math.nan)
    data_sets = [(rows, [none, targets[1], none]), (rows[1:2], targets[1:2])]
    updates = []
    trainers = [
        Trainer(lstm(), **options, optimizer=optimizer, l2=0.1) for _ in data_sets
    ]
    for trainer, data in zip(trainers, data_sets, strict=True):
        for on_batch in (None, lambda batch: updates.append(batch.steps)):
            trainer.train(
                *data, epochs=2, shuffle=False, on_batch=on_batch, progress=False
            )
    assert updates == [10, 10, 10, 10]
    assert trainers[0]._updater.state.steps == 4
    assert (trainers[0].network.weights == trainers[1].network.weights).all()


@pytest.mark.parametrize(
    "cost_name", ["cross_entropy", "squared_error", "binary_misses"]
)
def test_steps_equal_neuron_by_neuron(cost_name):
    whole = lstm()
    single = lstm()
    by_layer = lstm()
    for row, aims in zip(INPUTS, TARGETS, strict=True):
        for net in (whole, single, by_layer):
            net.activate(row)
        error = whole.propagate(0.3, aims, cost_name)
        has_target = ~np.isnan(aims)
        assert error == pytest.approx(
            _cost.get(cost_name)(aims[has_target], whole.output.activations[has_target])
        )
        for neuron in reversed(single[3:]):
            aim = dict(zip(single.output, aims, strict=True)).get(neuron, math.nan)
            neuron.propagate(0.3, None if math.isnan(aim) else aim, cost_name)
        by_layer.output.propagate(0.3, aims, cost_name)
        for neuron in reversed(by_layer[3:-2]):
            neuron.propagate(0.3)
    assert whole.weights == pytest.approx(single.weights, abs=1e-12)
    assert by_layer.weights == pytest.approx(single.weights, abs=1e-12)
    trained = lstm()
    Trainer(trained, 0.3, cost=cost_name).train(
        INPUTS, TARGETS, epochs=1, progress=False
    )
    assert trained.weights == pytest.approx(whole.weights, abs=1e-12)

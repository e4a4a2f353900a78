"""What is left out: targets that are NaN for some outputs only, which cost nothing, and
empty sequences, without which all is the same."""

import math
from functools import partial

import numpy as np
import pytest

import architect
from synapse import Trainer, _cost, optimizers
from synapse.errors import ArgumentError
from synapse.learning import gradient
from tests.helpers.cases import every_case

from .helpers import both, same_bits

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(30, 3))
TARGETS = RNG.random((30, 2))
TARGETS[RNG.random((30, 2)) < 0.5] = np.nan
HALVES = (
    np.where([True, False], TARGETS, np.nan),
    np.where([False, True], TARGETS, np.nan),
)


lstm = partial(architect.LSTM, 3, 4, 2, seed=0)


def test_the_gradient_is_the_sum_over_the_outputs():
    whole, *parts = (
        both(gradient(lstm(), INPUTS, aims, "squared_error"))
        for aims in (TARGETS, *HALVES)
    )
    assert whole == pytest.approx(sum(parts), abs=1e-12)
    net = lstm()
    before = net.weights
    Trainer(net, 1e-7, rule="rtrl", cost="squared_error").train(
        INPUTS, TARGETS, epochs=1, progress=False
    )
    slopes = whole[1 : len(before) + 1]
    assert (before - net.weights) / 1e-7 == pytest.approx(slopes, abs=1e-5)


def test_filters_leave_an_output_alone_that_has_no_target():
    def fitted(inputs, targets, optimizer, rule):
        net = architect.Perceptron(3, 4, 2, seed=0)
        Trainer(net, optimizer=optimizer, rule=rule).train(
            inputs, targets, epochs=1, shuffle=False, progress=False
        )
        return [net.output[0].bias, *(link.weight for link in net.output[0].incoming)]

    rls = optimizers.RLS(), "online"
    for filtering in ((optimizers.DEKF(), "rtrl"), rls):
        alone = fitted(INPUTS[:1], HALVES[1][:1], *filtering)
        assert fitted(INPUTS, HALVES[1], *filtering) == alone
    # least squares of the rows with a target: others do not count
    observed = RNG.random((30, 2))
    rows, aims = np.tile(INPUTS, (2, 1)), np.concatenate([HALVES[1], observed])
    expected = pytest.approx(fitted(INPUTS, observed, *rls), abs=1e-12)
    assert fitted(rows, aims, *rls) == expected


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
    endings = []
    for data in ((rows, [none, targets[1], none]), (rows[1:2], targets[1:2])):
        updates = []
        trainer = Trainer(lstm(), **options, optimizer=optimizer, l2=0.1)
        for on_batch in (None, lambda batch: updates.append(batch.steps)):  # noqa: B023
            trainer.train(
                *data, epochs=2, shuffle=False, on_batch=on_batch, progress=False
            )
        steps = trainer._updater.state.steps
        endings.append((updates, steps, trainer.network.weights.tolist()))
    assert endings[0] == endings[1]
    assert endings[0][:2] == ([10, 10], 4)


@pytest.mark.parametrize(
    "cost_name", ["cross_entropy", "squared_error", "binary_misses"]
)
def test_steps_equal_neuron_by_neuron(cost_name):
    whole, single, by_layer, trained = (lstm() for _ in range(4))
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
    Trainer(trained, 0.3, cost=cost_name).train(
        INPUTS, TARGETS, epochs=1, progress=False
    )
    for net in (single, by_layer, trained):
        assert net.weights == pytest.approx(whole.weights, abs=1e-12)


# --- empty sequences ------------------------------------------------------------------


LENGTHS = (3, 5, 2, 4, 3)
PARTS = [RNG.random((length, 2)) for length in LENGTHS]
AIMS = [RNG.integers(0, 2, (length, 1)).astype(float) for length in LENGTHS]
WEIGHTS = [0.5, 2.0, 1.0, 3.0, 0.25]

PLACES = [[0], [5], [0, 1, 2, 3, 4, 5, 5]]
"""Before which sequences empty ones are put."""
by_places = every_case("places", PLACES)


NO_INPUT = np.empty((0, 2))
NO_TARGET = np.empty((0, 1))
small_lstm = partial(architect.LSTM, 2, 3, 1, seed=1)


def with_empty(places):
    """Inputs, targets and weights with empty sequences in these places."""
    rows = [*zip(PARTS, AIMS, WEIGHTS, strict=True)]
    for place in sorted(places, reverse=True):
        rows.insert(place, (NO_INPUT, NO_TARGET, 9.0))
    return [list(column) for column in zip(*rows, strict=True)]


@by_places
def test_every_sequence_given_has_a_sample_weight(places):
    endings = []
    for *data, weights in (with_empty(places), (PARTS, AIMS, WEIGHTS)):
        trainer = Trainer(small_lstm(), 0.1, rule="bptt", batch_size=2)
        options = {"validation": 0.2, "seed": 0, "progress": False}
        result = trainer.train(*data, 2, sample_weight=weights, **options)
        tested = trainer.test(*data, sample_weight=weights)
        endings.append((result.history, trainer.network.weights.tolist(), tested))
    assert endings[0] == endings[1]


@by_places
@every_case("make", [small_lstm, partial(architect.Perceptron, 2, 3, 1, seed=1)])
@every_case("options", [{}, {"window": 2}, {"keep_context": True}, {"threads": 2}])
def test_the_gradient_is_that_of_the_other_sequences(places, make, options):
    net = make()
    net.activate([0.3, 0.4])
    ours, theirs = (
        gradient(net, *data, **options)
        for data in (with_empty(places)[:2], (PARTS, AIMS))
    )
    same_bits(ours, theirs)


def test_empty_sequences_alone_are_no_data():
    with pytest.raises(ArgumentError, match="at least one sample"):
        Trainer(small_lstm()).train([NO_INPUT] * 2, [NO_TARGET] * 2)

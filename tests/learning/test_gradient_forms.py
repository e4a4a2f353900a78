"""Gradients per step and per sample, with weights of sequences and of steps."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Trainer, gradient
from synapse.errors import ArgumentError, ArgumentTypeError
from tests.helpers.cases import all_refused

LENGTHS = (5, 3, 7)
RNG = np.random.default_rng(0)


def networks():
    yield architect.LSTM(2, 3, 2, seed=0), True
    yield architect.Perceptron(2, 3, 2, output_squash="softmax", seed=1), False
    yield architect.GRU(2, 3, 2, output_squash="identity", seed=2), True
    tied = architect.Perceptron(2, 4, 2, dtype=np.float32, seed=3)
    synapse.tie(tied.connections[:3])
    yield tied, False


def data():
    inputs = [RNG.normal(size=(length, 2)) for length in LENGTHS]
    ones = [np.eye(2)[RNG.integers(2, size=length)] for length in LENGTHS]
    return inputs, ones


def close(a, b, scale=1.0):
    for name in ("loss", "weights", "biases"):
        np.testing.assert_allclose(
            getattr(a, name), scale * getattr(b, name), rtol=1e-5, atol=1e-7
        )


@pytest.mark.parametrize("place", range(4))
def test_per_sample_is_each_sequence_by_itself(place):
    net, has_memory = [*networks()][place]
    inputs, targets = data()
    targets[1][:] = np.nan  # a sequence without a target
    each = gradient(net, inputs, targets, per_sample=True)
    assert each.weights.shape == (3, len(net.connections))
    assert "3 samples" in repr(each)
    for i, (x, y) in enumerate(zip(inputs, targets, strict=True)):
        alone = synapse.Gradient(each.loss[i], each.weights[i], each.biases[i])
        close(alone, gradient(net, x, y))
    assert not each.weights[1].any()
    # rows without memory are samples, those with memory one sequence
    rows = gradient(net, inputs[0], targets[0], per_sample=True)
    assert rows.weights.shape[0] == (1 if has_memory else 5)
    whole = gradient(net, inputs[0], targets[0])
    np.testing.assert_allclose(
        rows.weights.sum(axis=0), whole.weights, rtol=1e-5, atol=1e-7
    )
    slopes = [RNG.normal(size=y.shape) for y in targets]
    chained = gradient(net, inputs, output_gradient=slopes, per_sample=True)
    third = gradient(net, inputs[2], output_gradient=slopes[2])
    np.testing.assert_allclose(chained.weights[2], third.weights, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("place", range(4))
def test_per_step_is_the_loss_that_a_test_measures(place):
    net, _ = [*networks()][place]
    inputs, targets = data()
    targets[2][3:] = np.nan
    mean = gradient(net, inputs, targets, per="step")
    assert mean.loss == pytest.approx(Trainer(net).test(inputs, targets).loss, rel=1e-5)
    close(mean, gradient(net, inputs, targets), 3 / 11)
    weights = [RNG.uniform(size=length) for length in LENGTHS]
    weighted = gradient(net, inputs, targets, sample_weight=weights, per="step")
    counted = sum(weights[i].sum() for i in (0, 1)) + weights[2][:3].sum()
    summed = gradient(net, inputs, targets, sample_weight=weights)
    close(weighted, summed, 3 / counted)
    each = gradient(net, inputs, targets, per="step", per_sample=True)
    close(
        gradient(net, inputs[2], targets[2], per="step"),
        synapse.Gradient(each.loss[2], each.weights[2], each.biases[2]),
    )


@pytest.mark.parametrize("place", range(4))
def test_weights_are_factors_of_costs_and_a_mask_is_a_missing_target(place):
    net, _ = [*networks()][place]
    inputs, targets = data()
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
    masked = gradient(net, inputs, targets, sample_weight=mask)
    missing = [np.where(m[:, None], y, np.nan) for m, y in zip(mask, targets)]
    close(masked, gradient(net, inputs, missing))
    # one length: a matrix; one number for each sequence
    equal = np.stack([x[:3] for x in inputs]), np.stack([y[:3] for y in targets])
    matrix = np.stack([factor[:3] for factor in factors])
    split = gradient(net, [*equal[0]], [*equal[1]], sample_weight=[*matrix])
    close(gradient(net, *equal, sample_weight=matrix), split)
    whole = gradient(net, *equal, sample_weight=[0.5, 2.0, 0.0])
    rows = np.repeat([[0.5], [2.0], [0.0]], 3, axis=1)
    close(whole, gradient(net, *equal, sample_weight=rows))


def test_a_training_weighs_steps_as_a_gradient_does():
    inputs, targets = data()
    factors = [RNG.uniform(size=length) for length in LENGTHS]
    net = architect.LSTM(2, 3, 2, seed=0)
    expected = (
        net.weights
        - 0.1 * gradient(net, inputs, targets, sample_weight=factors).weights
    )
    trainer = Trainer(net, rule="bptt", optimizer="sgd", rate=0.1, batch_size=None)
    trainer.train(
        inputs, targets, epochs=1, sample_weight=factors, progress=False, shuffle=False
    )
    np.testing.assert_allclose(net.weights, expected, rtol=1e-12)


def test_what_cannot_be_weighed_is_refused():
    net = architect.LSTM(2, 3, 2, seed=0)
    inputs, targets = data()
    slopes = [np.ones_like(y) for y in targets]
    words = "`sample_weight` must be 3 numbers, one per sequence, or 15, one per step"

    def call(**options):
        return lambda: gradient(net, inputs, targets, **options)

    all_refused(
        [
            (call(sample_weight=[1.0, 2.0]), ArgumentError, words),
            (call(sample_weight=np.ones((3, 5))), ArgumentError, words),
            (call(sample_weight=[[1.0]] * 3), ArgumentError, words),
            (call(sample_weight=[1.0, -1.0, 0.0]), ArgumentError, "0 or above"),
            (call(sample_weight=["a"] * 3), ArgumentTypeError, "sample_weight"),
            (call(per="row"), ArgumentError, "'sequence' or 'step'"),
            (call(per_sample=2), ArgumentTypeError, "per_sample"),
            (
                lambda: gradient(net, inputs, output_gradient=slopes, per="step"),
                ArgumentError,
                "`per` .*output_gradient",
            ),
            (
                lambda: gradient(
                    net, inputs, output_gradient=slopes, sample_weight=[1.0] * 3
                ),
                ArgumentError,
                "sample_weight.*output_gradient",
            ),
        ]
    )

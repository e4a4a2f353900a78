"""Spiking cells: their numbers are those of the equations, and they learn to hold a
bit."""

import math
from functools import partial

import numpy as np
import pytest

import synapse
from architect import Spiking
from synapse import Trainer
from synapse.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from synapse.learning import compare_gradients
from synapse.optimizers import Adam

from .helpers import matrix


def test_the_numbers_of_cells_are_those_of_the_equations():
    net = Spiking(
        3,
        8,
        2,
        adaptive=3,
        density=0.6,
        time_constant=10.0,
        adaptation_time=50.0,
        output_time=5.0,
        threshold=0.7,
        adaptation=0.4,
        bias_initializer="uniform",
        seed=1,
    )
    voltages = net["voltages"]
    spikes = net["spikes"]
    enter = matrix(net.input, voltages)
    within = matrix(spikes, voltages)
    leave = matrix(spikes, net.output)
    off_diagonal = ~np.eye(8, dtype=bool)
    assert 0 < np.count_nonzero(within[off_diagonal]) < 56
    np.testing.assert_array_equal(within[~off_diagonal], -0.7)
    v, z, a = np.zeros((3, 8))
    y = np.zeros(2)
    adapts = np.arange(8) < 3
    fired = 0
    for x in np.random.default_rng(0).uniform(-0.5, 1.5, (80, 3)):
        v = math.exp(-1 / 10) * v + enter @ x + within @ z
        z = (v - 0.7 - 0.4 * a * adapts > 0).astype(float)
        a = math.exp(-1 / 50) * a + z
        y = math.exp(-1 / 5) * y + leave @ z + net.output.biases
        np.testing.assert_allclose(net.activate(x), y, atol=1e-12)
        np.testing.assert_allclose(voltages.activations, v, atol=1e-12)
        np.testing.assert_array_equal(spikes.activations, z)
        np.testing.assert_allclose(net["adaptation"].activations, a[:3], atol=1e-12)
        fired += z.sum()
    assert 50 < fired < 500


@pytest.mark.full
def test_cells_are_silent_after_a_spike_and_keep_their_signs():
    """With refractory steps, and with signs, also after learning."""
    net = Spiking(3, 8, 2, adaptive=3, refractory=3, excitatory=6, seed=1)
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-0.5, 2.0, (200, 3))
    with synapse.record(net) as log:
        net.run(inputs)
    spikes = log.of(net["spikes"], "activation")
    voltages = log.of(net["voltages"], "activation")
    adaptation = np.zeros(8)
    for t in range(200):
        ready = 1.0 - sum(spikes[max(0, t - 3) : t])
        drive = ready * (voltages[t] - 0.3 * adaptation * (np.arange(8) < 3))
        np.testing.assert_array_equal(spikes[t], drive > 1.0)
        adaptation = math.exp(-1 / 100) * adaptation + spikes[t]
    assert 50 < spikes.sum() < 400

    trainer = Trainer(net, rule="bptt", optimizer=Adam(0.05))
    trainer.train(inputs, rng.normal(size=(200, 2)), epochs=20, progress=False)
    within = matrix(net["spikes"], net["voltages"])
    np.fill_diagonal(within, 0.0)  # the resets
    for weights in (within, matrix(net["spikes"], net.output)):
        signed = weights * np.repeat([1, -1], [6, 2])
        assert (signed >= 0.0).all()
        assert signed[:, :6].any()
        assert signed[:, 6:].any()


def cues(count, silence, rng):
    """A cue of 5 steps on one of two inputs, a silence, and a question of 10 steps: its
    second half has the target +1 or -1."""
    bits = rng.integers(0, 2, count)
    inputs = np.zeros((count, silence + 15, 3))
    inputs[np.arange(count), :5, bits] = 1.0
    inputs[:, -10:, 2] = 1.0
    targets = np.full((count, silence + 15, 1), np.nan)
    targets[:, -5:, 0] = (2 * bits - 1)[:, None]
    return inputs, targets, bits


@pytest.mark.full
def test_twenty_cells_hold_a_bit_over_forty_steps_of_silence():
    """After 2,560 sequences; 320 to 1,280 are enough with seeds 0 to 5."""
    rng = np.random.default_rng(10)
    net = Spiking(3, 20, 1, seed=0)
    trainer = Trainer(net, rule="bptt", optimizer=Adam(0.01), clip=1.0)
    for _ in range(40):
        inputs, targets, _ = cues(64, 40, rng)
        trainer.train(inputs, targets, epochs=1, progress=False)
    inputs, _, bits = cues(200, 40, rng)
    assert ((net.run(inputs)[:, -5:, 0].mean(axis=1) > 0) == bits).all()


@pytest.mark.parametrize("options", [{}, {"refractory": 2, "excitatory": 6}])
def test_rtrl_is_the_gradient_and_its_first_order_is_near(options):
    net = Spiking(3, 8, 1, **options, seed=3)
    inputs, targets, _ = cues(4, 20, np.random.default_rng(0))
    compared = partial(
        compare_gradients, net, inputs, targets, "squared_error", rule="rtrl"
    )
    assert compared().cosine > 1.0 - 1e-12
    assert 0.9 < compared(reach=1).cosine < 1.0 - 1e-6


@pytest.mark.full
@pytest.mark.parametrize("adaptive", [0, 3, 6])
def test_the_first_order_is_e_prop_and_two_terms_more(adaptive):
    """By hand, for weights into voltages from inputs and spikes: the eligibility of
    Bellec and others (2020) with the derivative of the reset, and what a spike does to
    the outputs by way of other cells within the next step."""
    net = Spiking(3, 6, 2, adaptive=adaptive, seed=4)
    voltages = net["voltages"]
    spikes = net["spikes"]
    enter = matrix(net.input, voltages)
    within = matrix(spikes, voltages)
    leave = matrix(spikes, net.output)
    between = within * (1 - np.eye(6))
    keep = math.exp(-1 / 20)  # of voltages and outputs
    beta = 0.3 * (np.arange(6) < adaptive)
    v, z, a = np.zeros((3, 6))
    y = np.zeros(2)
    # by source (inputs, then spikes) and cell
    of_voltage, of_adaptation, eligibility, gradient = np.zeros((4, 9, 6))
    of_output = np.zeros((2, 9, 6))
    rng = np.random.default_rng(1)
    inputs = rng.uniform(-0.3, 1.3, (60, 3))
    targets = rng.normal(size=(60, 2))
    for x, target in zip(inputs, targets, strict=True):
        of_voltage = keep * of_voltage - eligibility + np.concatenate([x, z])[:, None]
        v = keep * v + enter @ x + within @ z
        over = v - 1.0 - beta * a
        slope = 0.3 * np.maximum(0.0, 1.0 - np.abs(over))
        before = eligibility
        eligibility = slope * (of_voltage - beta * of_adaptation)
        of_adaptation = math.exp(-1 / 100) * of_adaptation + eligibility
        z = (over > 0).astype(float)
        a = math.exp(-1 / 100) * a + z
        y = keep * y + leave @ z
        by_others = leave @ (slope[:, None] * between)
        of_output = keep * of_output + leave[:, None] * eligibility
        of_output += by_others[:, None] * before
        gradient += np.einsum("o,osc->sc", y - target, of_output)
    compared = compare_gradients(
        net, inputs[None], targets[None], "squared_error", rule="rtrl", reach=1
    )
    into = [*net.input, *spikes]
    for link, found in zip(net.connections, compared.weights["rule"], strict=True):
        if link.trainable and link.target in voltages:
            expected = gradient[into.index(link.source), voltages.index(link.target)]
            assert math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)


def test_what_is_fixed_stays():
    net = Spiking(2, 5, 1, seed=0)
    trainable = {
        tuple(end.name.split()[0] for end in (link.source, link.target))
        for link in net.connections
        if link.trainable
    }
    into_voltages = {("input", "voltages"), ("spikes", "voltages")}
    assert trainable == {*into_voltages, ("spikes", "output")}
    learning = [layer.name for layer in net.layers[1:] if layer.trainable_bias]
    assert learning == ["output"]
    assert len(Spiking(2, 5, 1, adaptive=0, seed=0).layers) == 4


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"adaptive": 5}, ArgumentError, "from 0 to 4"),
        ({"adaptive": 1.5}, ArgumentTypeError, "adaptive"),
        ({"density": 0.0}, ArgumentError, "density"),
        ({"density": 1.5}, ArgumentError, "density"),
        ({"time_constant": 0.0}, ArgumentError, "time_constant"),
        ({"threshold": -1.0}, ArgumentError, "threshold"),
        ({"adaptation": math.nan}, ArgumentError, "adaptation"),
        ({"refractory": -1}, ArgumentError, "refractory"),
        ({"refractory": 1.5}, ArgumentTypeError, "refractory"),
        ({"excitatory": 5}, ArgumentError, "from 0 to 4"),
        ({"spike": "spikes"}, UnknownNameError, "squash"),
    ],
)
def test_numbers_out_of_range_are_refused(options, error, says):
    with pytest.raises(error, match=says):
        Spiking(2, 4, 1, **options)

"""Spikes: squashes whose slope is declared, by themselves and in networks."""

from functools import partial

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, _squash, squashes
from synapse.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from synapse.learning import compare_gradients
from synapse.optimizers import Adam
from tests.helpers.cases import all_refused
from tests.helpers.processes import python


def spiking(spike="spike", seed=0):
    """Leaky neurons that integrate, spike, and are set back by their own spikes."""
    inputs = Layer(3, "identity")
    voltages = Layer(4, "identity", name="voltages")
    spikes = Layer(4, spike, name="spikes")
    readout = Layer(1, "identity")
    inputs.project(voltages, seed=seed)
    voltages.project(voltages, "one_to_one", weights=0.9, trainable=False)
    voltages.project(spikes, "one_to_one", weights=1.0, trainable=False)
    spikes.biases = np.full(4, -0.4)  # minus the threshold
    spikes.project(voltages, "one_to_one", weights=-0.4, trainable=False)
    spikes.project(voltages, ~np.eye(4, dtype=bool), seed=seed + 1)
    spikes.project(readout, seed=seed + 2)
    readout.project(readout, "one_to_one", weights=0.8, trainable=False)
    return Network(inputs, [voltages, spikes], readout)


def sequence(steps=30, seed=3):
    rng = np.random.default_rng(seed)
    return rng.uniform(-0.2, 1.0, (1, steps, 3)), rng.uniform(-1.0, 1.0, (1, steps, 1))


def by_hand(net, inputs, targets, slope):
    """The gradient of half the squared error with respect to the weights from the
    inputs, by NumPy: forward derivatives of all voltages."""
    into, between, outward = (
        np.array([[a.connection_to(b).weight for b in target] for a in source])
        for source, target in (
            (net.input, net["voltages"]),
            (net["spikes"], net["voltages"]),
            (net["spikes"], net.output),
        )
    )
    out = outward[:, 0]
    v, z, y = np.zeros(4), np.zeros(4), 0.0
    dv = dz = np.zeros((4, 3, 4))  # of each voltage, by each weight from an input
    dy = gradient = np.zeros((3, 4))
    for x, target in zip(inputs[0], targets[0], strict=True):
        dv = 0.9 * dv + np.einsum("ij,iab->jab", between, dz)
        dv[range(4), :, range(4)] += x
        v = 0.9 * v + x @ into + z @ between
        z = (v > 0.4).astype(float)
        dz = slope(v - 0.4)[:, None, None] * dv
        y = 0.8 * y + z @ out
        dy = 0.8 * dy + np.einsum("j,jab->ab", out, dz)
        gradient = gradient + (y - target[0]) * dy
    return gradient


SLOPES = {
    "spike": lambda s: 0.3 * np.maximum(0.0, 1.0 - np.abs(s)),
    "super_spike": lambda s: (1.0 + 10.0 * np.abs(s)) ** -2,
    "arctan_spike": lambda s: 1.0 / (1.0 + (np.pi * s) ** 2),
}


@pytest.mark.parametrize("name", SLOPES)
def test_gradients_are_those_of_the_declared_slope_by_hand(name):
    net = spiking(name)
    inputs, targets = sequence()
    expected = by_hand(net, inputs, targets, SLOPES[name])
    assert (expected != 0.0).all()
    exact = synapse.gradient(net, inputs, targets, "squared_error")
    slopes = dict(zip(net.connections, exact.weights, strict=True))
    found = [[slopes[a.connection_to(b)] for b in net["voltages"]] for a in net.input]
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_rtrl_without_a_limit_is_the_gradient_through_time():
    data = *sequence(), "squared_error"
    assert compare_gradients(spiking(), *data, rule="rtrl").cosine > 1.0 - 1e-12


@pytest.mark.torch
@pytest.mark.parametrize("name", SLOPES)
def test_pytorch_computes_the_same_gradient(name):
    torch = pytest.importorskip("torch")
    net = spiking(name)
    inputs, targets = sequence()
    module = synapse.to_torch(net)
    loss = 0.5 * ((module(torch.tensor(inputs)) - torch.tensor(targets)) ** 2).sum()
    loss.backward()
    ours = synapse.gradient(net, inputs, targets, "squared_error")
    theirs = torch.cat(
        [p.grad.flatten() for p in module.parameters() if p.grad is not None]
    )
    moving = np.abs([*ours.weights, *ours.biases])
    assert np.isclose(
        np.sort(theirs.abs())[::-1][:12], np.sort(moving)[::-1][:12]
    ).all()


def test_what_is_declared_says_so():
    def half(state):
        return 1.0 if state > 0.0 else 0.0, 0.5

    refuse = partial(squashes.register, half)
    all_refused(
        [
            (refuse, ArgumentError, "surrogate=True"),
            (partial(squashes.register, surrogate=1), ArgumentTypeError, "surrogate"),
        ]
    )
    registered = squashes.register(surrogate=True)(half)
    assert (registered.surrogate, registered.derivative(-3.0)) == (True, 0.5)
    assert squashes.register(surrogate=True)(half) is registered
    check = partial(synapse.check_gradient, spiking(registered), *sequence())
    all_refused(
        [
            (refuse, ArgumentError, "already"),
            (check, ArgumentError, "slope of half is a declared surrogate"),
        ]
    )
    assert [_squash.get(name).surrogate for name in ("spike", "step")] == [True, False]


def test_a_network_of_spikes_learns():
    net = spiking(seed=2)
    inputs, _ = sequence(60)
    targets = np.cumsum(inputs[:, :, :1], axis=1) / 30.0
    trainer = synapse.Trainer(net, rule="bptt", optimizer=Adam(0.01))
    result = trainer.train(inputs, targets, epochs=300, progress=False)
    assert trainer.test(inputs, targets).loss < 0.3 * result.history["loss"][0]


def test_a_width_stretches_the_declared_slope():
    for name in SLOPES:
        function = _squash.get(name)
        wide = _squash.get(f"{name}(width=2.5)")
        assert (wide.name, wide.surrogate) == (f"{name}(width=2.5)", True)
        for state in np.linspace(-3.0, 3.0, 61):
            slope = pytest.approx(function.derivative(state), rel=0, abs=1e-12)
            found = wide(2.5 * state), wide.derivative(2.5 * state)
            assert found == (function(state), slope)
    assert _squash.get("Spike( width = 2.50 )") is _squash.get("spike(width=2.5)")
    assert _squash.get("spike(width=25)") is not _squash.get("spike(width=2.5)")


def test_what_is_no_width_is_refused():
    all_refused(
        [
            (partial(_squash.get, "spike(width=)"), ArgumentError, "above 0, got ''"),
            (partial(_squash.get, "spike(width=-1)"), ArgumentError, "above 0"),
            (partial(_squash.get, "spike(width=1e999)"), ArgumentError, "finite"),
            (partial(_squash.get, "tanh(width=2)"), ArgumentError, "one of spike"),
            (partial(_squash.get, "spikes(width=2)"), UnknownNameError, "spike"),
        ]
    )


LOADED = """
import sys
import numpy as np
import synapse
net = synapse.load(sys.argv[1])
rows = np.random.default_rng(0).random((30, 3))
print(net["spikes"].squash.name, repr(float(np.sum(net.run(rows)))))
"""


@pytest.mark.full
@pytest.mark.parametrize("end", ["json", "npz"])
def test_another_process_knows_a_width(end, tmp_path):
    net = spiking("spike(width=0.5)")
    path = tmp_path / f"net.{end}"
    synapse.save(net, path)
    total = float(np.sum(net.run(np.random.default_rng(0).random((30, 3)))))
    said = python("-c", LOADED, path).split()
    assert said == ["spike(width=0.5)", repr(total)]

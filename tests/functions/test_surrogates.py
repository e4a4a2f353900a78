"""Spikes: squashes whose slope is declared, by themselves and in networks."""

import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import synapse
from synapse import Layer, Network, _squash, squashes
from synapse.errors import ArgumentError, ArgumentTypeError, UnknownNameError
from synapse.learning import compare_gradients
from synapse.optimizers import Adam
from tests.helpers.cases import all_refused


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
    inputs = rng.uniform(-0.2, 1.0, (1, steps, 3))
    return inputs, rng.uniform(-1.0, 1.0, (1, steps, 1))


def by_hand(net, inputs, targets, slope):
    """The gradient of half the squared error with respect to the weights from the
    inputs, by NumPy: forward derivatives of all voltages."""
    place = {neuron: k for layer in net.layers for k, neuron in enumerate(layer)}
    weights = {name: np.zeros((4, 4)) for name in ("inputs", "spikes")}
    out = np.zeros(4)
    for link in net.connections:
        ends = place[link.source], place[link.target]
        if link.target in net["voltages"] and link.source in net.input:
            weights["inputs"][ends] = link.weight
        elif link.target in net["voltages"] and link.source in net["spikes"]:
            weights["spikes"][ends] = link.weight
        elif link.source in net["spikes"]:
            out[ends[0]] = link.weight
    v = np.zeros(4)
    z = np.zeros(4)
    y = 0.0
    dv = np.zeros((4, 3, 4))  # of each voltage, by each weight from an input
    dz = np.zeros((4, 3, 4))
    dy = np.zeros((3, 4))
    gradient = np.zeros((3, 4))
    for x, target in zip(inputs[0], targets[0], strict=True):
        dv = 0.9 * dv + np.einsum("ij,iab->jab", weights["spikes"], dz)
        dv[range(4), :, range(4)] += x
        v = 0.9 * v + x @ weights["inputs"][:3] + z @ weights["spikes"]
        z = (v > 0.4).astype(float)
        dz = slope(v - 0.4)[:, None, None] * dv
        y = 0.8 * y + z @ out
        dy = 0.8 * dy + np.einsum("j,jab->ab", out, dz)
        gradient += (y - target[0]) * dy
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
    for i, source in enumerate(net.input):
        for j, target in enumerate(net["voltages"]):
            found = slopes[source.connection_to(target)]
            assert np.isclose(found, expected[i, j], rtol=1e-10, atol=1e-12)


def test_rtrl_without_a_limit_is_the_gradient_through_time():
    inputs, targets = sequence()
    comparison = compare_gradients(
        spiking(), inputs, targets, "squared_error", rule="rtrl"
    )
    assert comparison.cosine > 1.0 - 1e-12


@pytest.mark.torch
@pytest.mark.parametrize("name", SLOPES)
def test_pytorch_computes_the_same_gradient(name):
    torch = pytest.importorskip("torch")
    net = spiking(name)
    inputs, targets = sequence()
    module = synapse.to_torch(net)
    outputs = module(torch.tensor(inputs))
    loss = 0.5 * ((outputs - torch.tensor(targets)) ** 2).sum()
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
    all_refused([(refuse, ArgumentError, "already")])
    assert [_squash.get(name).surrogate for name in ("spike", "step")] == [True, False]
    net = spiking(registered)
    inputs, targets = sequence()
    with pytest.raises(ArgumentError, match="slope of half is a declared surrogate"):
        synapse.check_gradient(net, inputs, targets, "squared_error")


def test_a_network_of_spikes_learns():
    net = spiking(seed=2)
    inputs, _ = sequence(60)
    targets = np.cumsum(inputs[:, :, :1], axis=1) / 30.0
    trainer = synapse.Trainer(net, rule="bptt", optimizer=Adam(0.01))
    before = trainer.test(inputs, targets).loss
    trainer.train(inputs, targets, epochs=300, progress=False)
    assert trainer.test(inputs, targets).loss < 0.3 * before


def test_a_width_stretches_the_declared_slope():
    for name in SLOPES:
        function = _squash.get(name)
        wide = _squash.get(f"{name}(width=2.5)")
        assert wide.name == f"{name}(width=2.5)"
        assert wide.surrogate
        for state in np.linspace(-3.0, 3.0, 61):
            assert wide(2.5 * state) == function(state)
            slope = function.derivative(state)
            assert abs(wide.derivative(2.5 * state) - slope) < 1e-12
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
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stdout.split() == ["spike(width=0.5)", repr(total)]

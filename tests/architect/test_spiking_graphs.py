"""Random networks of spiking cells with gates, delays, signs and adaptation: every
gradient is PyTorch's."""

import numpy as np
import pytest

import synapse
from architect import Spiking
from synapse.learning import compare_gradients
from tests.helpers.cases import all_hold
from tests.helpers.relays import with_plain_relays
from tests.helpers.strategies import delay_some

SPIKES = "spike", "super_spike", "arctan_spike", "spike(width=1.5)"


def random_cells(seed):
    """Cells of which some adapt and some connections are gated, delayed or signed."""
    rng = np.random.default_rng(seed)
    cells = int(rng.integers(2, 7))
    net = Spiking(
        int(rng.integers(1, 4)),
        cells,
        int(rng.integers(1, 3)),
        adaptive=int(rng.integers(0, cells + 1)),
        density=float(rng.uniform(0.3, 1.0)),
        time_constant=float(rng.uniform(2.0, 30.0)),
        adaptation_time=float(rng.uniform(10.0, 200.0)),
        output_time=float(rng.uniform(1.0, 20.0)),
        threshold=float(rng.uniform(0.3, 1.2)),
        adaptation=float(rng.uniform(0.0, 0.6)),
        refractory=int(rng.integers(0, 4)),
        excitatory=int(rng.integers(0, cells + 1)) if rng.random() < 0.5 else None,
        spike=SPIKES[seed % len(SPIKES)],
        bias_initializer="uniform",
        seed=seed,
    )
    delay_some(net, seed, count=3)
    gates = [neuron for neuron in net if neuron not in net.input]
    for link in [link for link in net.connections if link.trainable]:
        if rng.random() < 0.3 and link.gater is None and link.delay == 0:
            gates[rng.integers(len(gates))].gate(link)
        if rng.random() < 0.4:
            link.sign = 1 if link.weight > 0 else -1
    return net


def data_for(net, seed, steps=25):
    rng = np.random.default_rng([seed, 1])
    inputs = rng.uniform(-0.3, 1.2, (1, steps, len(net.input)))
    return inputs, rng.uniform(-1.0, 1.0, (1, steps, len(net.output)))


def has_pytorch_s_gradient(seed):
    torch = pytest.importorskip("torch")
    net = random_cells(seed)
    inputs, targets = data_for(net, seed)
    relayed = with_plain_relays(net)  # modules have no long delays
    module = synapse.to_torch(relayed.net)
    loss = 0.5 * ((module(torch.tensor(inputs)) - torch.tensor(targets)) ** 2).sum()
    loss.backward()
    ours = synapse.gradient(net, inputs, targets, "squared_error")
    gradients = (numbers.numpy() for numbers in module.gradient())
    for found, all_theirs, place in zip(
        (ours.weights, ours.biases), gradients, relayed.places(), strict=True
    ):
        theirs = all_theirs[place]
        size = max(1.0, np.abs(theirs).max(initial=0.0))
        assert np.abs(found - theirs).max(initial=0.0) <= 1e-10 * size


def rtrl_is_bptt(seed):
    net = random_cells(seed)
    inputs, targets = data_for(net, seed)
    comparison = compare_gradients(net, inputs, targets, "squared_error", rule="rtrl")
    assert comparison.cosine > 1.0 - 1e-12


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_rtrl_without_a_limit_is_the_gradient_through_time():
    all_hold(rtrl_is_bptt, range(30))


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_gradients_of_two_hundred_graphs_are_pytorch_s():
    all_hold(has_pytorch_s_gradient, range(200))


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_the_graphs_spike_and_have_every_part():
    """Otherwise the gradients above would agree about nothing."""
    seen = []
    for seed in range(15):
        net = random_cells(seed)
        with synapse.record(net) as log:
            net.run(data_for(net, seed)[0])
        parts = [
            any(getattr(link, name) for link in net.connections)
            for name in ("gater", "delay", "sign")
        ]
        seen.append([0.0 < log.of(net["spikes"], "activation").mean() < 1.0, *parts])
    assert np.sum(seen, axis=0).min() >= 10

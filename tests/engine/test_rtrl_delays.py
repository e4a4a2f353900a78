"""Exact online gradients through delays: beside the exact gradient, plain relays and
differences, also in the middle of runs."""

import pickle
from io import BytesIO
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Network
from synapse.engine.rtrl import Layout
from synapse.learning import compare_gradients, rtrl_cost
from synapse.objects.sensitivities import require_plan
from tests.helpers.relays import with_plain_relays
from tests.helpers.strategies import SMOOTH, Twin, delay_some, given_graphs, specs
from tests.helpers.ties import tie_at_random

from .test_rtrl import both, close, data, tame

STEPS = 9


def delayed(spec, seed, together=False, tied=None):
    """A gated graph with delayed connections, some from a neuron to itself."""
    net = Twin(spec).net
    net.synchronous = together
    delay_some(net, seed, 6)
    if tied is not None:
        tie_at_random(net, tied)
    return net


@given_graphs(
    specs(), st.integers(0, 999), st.booleans(), st.none() | st.integers(0, 9)
)
def test_it_is_the_gradient_through_delays(spec, seed, together, tied):
    net = delayed(spec, seed, together, tied)
    rows, aims = data(spec)
    net.run(rows)
    ours, theirs = both(
        compare_gradients(net, rows, aims, "squared_error", rule="rtrl")
    )
    assume(tame(net, theirs))
    assert close(ours, theirs)


def numbers_of(net, neurons, links):
    """Outputs, parameters, gains, and the sensitivities of these neurons."""
    place = {neuron: k for k, neuron in enumerate(neurons)}
    values = [net.output[k].activation for k in range(len(net.output))]
    values += [neuron.bias for neuron in neurons]
    for owner in [*neurons, *links]:
        kept = owner.bias_sensitivity if owner in place else owner.sensitivity
        row = [0.0] * len(neurons)
        for neuron, value in kept.items():
            if neuron in place:
                row[place[neuron]] = value
        values += row
    values += [link.eligibility for link in links]
    return np.array(values + [link.weight for link in links])


@given_graphs(
    specs(squashes=SMOOTH, most=6),
    st.integers(0, 999),
    st.booleans(),
    st.sampled_from([1, 2, 3, None]),
    st.sampled_from([1, 2, 4]),
)
def test_every_order_is_that_of_a_network_of_plain_relays(
    spec, seed, together, order, depth
):
    """Also if the sensitivities are renewed every few steps, after a neuron has been
    cleared, and while another is clamped."""
    net = delayed(spec, seed)
    if together:
        assume(not any(link.source is link.target for link in net.connections))
        pairs = [(link.source, link.target) for link in net.connections]
        assume(len({*pairs}) == len(pairs))
        net.synchronous = True
    other, neurons, links = with_plain_relays(net)
    ours = net, list(net), list(net.connections)
    rows, aims = data(spec, STEPS)
    first = np.random.default_rng(seed).integers(spec.inputs, len(net))
    with patch.object(Layout, "_choose_depth", lambda *_: depth):
        for network in (net, other):
            network.rule = "rtrl", order
        for t, (row, aim) in enumerate(zip(rows, aims, strict=True)):
            for network in (net, other):
                network.activate(row)
                if t % 3 != 1:
                    network.propagate(0.05, aim, "squared_error")
            found, expected = (
                numbers_of(*ours),
                numbers_of(other, neurons, links),
            )
            assume(tame(net, expected))
            assert close(found, expected)
            if t == 4:
                for network in (ours[1], neurons):
                    name = network[first].name
                    chain = f"{name} behind"
                    of = net if network is ours[1] else other
                    for neuron in of:
                        if neuron is network[first] or neuron.name.startswith(chain):
                            neuron.clear()
            if t == 6:
                for network in (ours[1], neurons):
                    network[first].clamp(0.3)


def by_file(net):
    file = BytesIO()
    synapse.save(net, file, format="npz")
    file.seek(0)
    return synapse.load(file, format="npz")


def made_anew(net):
    link = net.connections[-1]
    was = link.trainable
    link.trainable = not was
    require_plan(net)
    link.trainable = was
    return net


WAYS = {
    "clone": lambda net: net.clone(),
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "json": lambda net: synapse.readwrite.from_json_data(
        synapse.readwrite.json_data(net)
    ),
    "npz": by_file,
    "a plan made anew": made_anew,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("depth", [1, 4])
def test_runs_go_on_in_copies_and_files(way, depth):
    rng = np.random.default_rng(0)
    rows, aims = rng.uniform(-1, 1, (12, 2)), rng.random((12, 2))
    ends = []
    with patch.object(Layout, "_choose_depth", lambda *_: depth):
        for step in (None, 5):
            net = architect.Random(2, 8, 2, gates=3, backward=4, seed=0)
            delay_some(net, 1, 8)
            frozen = net.hidden[0][0].project(net.output[0], weight=0.2, delay=7)
            frozen.trainable = False
            net.rule = "rtrl"
            for t, (row, aim) in enumerate(zip(rows, aims, strict=True)):
                net.activate(row)
                if t == step:
                    net = WAYS[way](net)
                net.propagate(0.1, aim, "squared_error")
            ends.append(np.append(net.weights, net.biases))
    assert close(*ends, within=1e-12)


def test_a_delay_that_changes_keeps_the_sensitivities_of_what_is_in_flight():
    """Beside a network that has had both delays all the time, one with the weight 0."""
    rng = np.random.default_rng(0)
    rows, aims = rng.uniform(-1, 1, (12, 2)), rng.random((12, 2))

    def made(*delays):
        net = architect.Elman(2, 3, 2, seed=0)
        source, target = net.hidden[-1][0], net.hidden[-1][1]
        links = [source.project(target, weight=0.0, delay=delay) for delay in delays]
        for link in links:
            link.trainable = False
        net.rule = "rtrl"
        return net, links

    changing, (link,) = made(5)
    link.weight = 0.7
    steady, (long, short) = made(5, 3)
    long.weight = 0.7
    for t, (row, aim) in enumerate(zip(rows, aims, strict=True)):
        if t == 6:
            link.delay = 3
            short.weight, long.weight = 0.7, 0.0
        for net in (changing, steady):
            net.activate(row)
            net.propagate(0.1, aim, "squared_error")
        kept = [c for c in steady.connections if c not in (long, short)]
        ours = [c.weight for c in changing.connections if c is not link]
        assert close(np.array(ours), np.array([c.weight for c in kept]), within=1e-12)
        assert close(changing.biases, steady.biases, within=1e-12)


def test_delayed_inputs_keep_nothing():
    x, h, y = Layer(3), Layer(4, "tanh"), Layer(2)
    for delay in range(6):
        x.project(h, "all_to_all", delay=delay, seed=delay)
    h.project(y, "all_to_all", seed=9)
    net = Network(x, [h], y)
    assert rtrl_cost(net)[None].recurrent == 0
    y.project(h, "all_to_all", delay=4, seed=10)
    assert rtrl_cost(net)[None].recurrent == 2 * 4  # now, and 1 to 3 steps ago


def test_slopes_are_those_of_differences():
    net = architect.Jordan(2, 4, 3, output_squash="softmax", seed=0)
    delay_some(net, 3, 8)
    net.output[0].project(net.hidden[-1][0], weight=0.4, delay=3)
    net.rule = "rtrl"
    rows = np.random.default_rng(0).uniform(-1, 1, (8, 2))
    factors = [0.3, -0.8, 0.5]

    def total():
        net.clear()
        net.run(rows)
        return float(np.dot(factors, [neuron.state for neuron in net.output]))

    total()
    slopes = net.output_gradient(errors=factors).weights
    for slope, link in zip(slopes, net.connections, strict=True):
        if not link.trainable:
            continue
        weight = link.weight
        values = []
        for step in (1e-6, -1e-6):
            link.weight = weight + step
            values.append(total())
        link.weight = weight
        assert slope == pytest.approx((values[0] - values[1]) / 2e-6, abs=1e-8)

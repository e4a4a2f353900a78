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
from synapse.learning import rtrl_cost
from synapse.objects.sensitivities import require_plan
from tests.helpers.relays import with_plain_relays
from tests.helpers.strategies import SMOOTH, Twin, delay_some, given_graphs, specs

from .test_rtrl import close, data, tame

STEPS = 9


def numbers_of(net, neurons, links):
    """Outputs, parameters, gains, and the sensitivities of these neurons."""
    place = {neuron: k for k, neuron in enumerate(neurons)}
    kept = [neuron.bias_sensitivity for neuron in neurons]
    kept += [link.sensitivity for link in links]
    table = np.zeros((len(kept), len(neurons)))
    for row, values in zip(table, kept, strict=True):
        known = [neuron for neuron in values if neuron in place]
        row[[place[neuron] for neuron in known]] = [values[each] for each in known]
    parameters = [*(n.bias for n in neurons), *(link.weight for link in links)]
    traces = [link.eligibility for link in links]
    outputs = [neuron.activation for neuron in net.output]
    return np.array([*outputs, *parameters, *traces, *table.ravel()])


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
    net = Twin(spec).net
    delay_some(net, seed, 6)
    if together:
        pairs = [(link.source, link.target) for link in net.connections]
        assume(len({*pairs}) == len(pairs))
        assume(all(source is not target for source, target in pairs))
        net.synchronous = True
    other, neurons, links = with_plain_relays(net)
    rows, aims = data(spec, STEPS)
    place = np.random.default_rng(seed).integers(spec.inputs, len(net))
    first = [*net][place]
    both_firsts = first, neurons[place]
    with patch.object(Layout, "_choose_depth", lambda *_: depth):
        for network in (net, other):
            network.rule = "rtrl", order
        for t, (row, aim) in enumerate(zip(rows, aims, strict=True)):
            for network in (net, other):
                network.activate(row)
                if t % 3 != 1:
                    network.propagate(0.05, aim, "squared_error")
            if t not in (4, 6, 8):
                continue
            found = numbers_of(net, [*net], [*net.connections])
            expected = numbers_of(other, neurons, links)
            assume(tame(net, expected))
            assert close(found, expected)
            if t == 4:
                behind = f"{first.name} behind"
                relays = [each for each in other if each.name.startswith(behind)]
                for neuron in (*both_firsts, *relays):
                    neuron.clear()
            if t == 6:
                for neuron in both_firsts:
                    neuron.clamp(0.3)


def by_file(net):
    file = BytesIO()
    synapse.save(net, file, format="npz")
    return synapse.load(BytesIO(file.getvalue()), format="npz")


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
        links = [
            source.project(target, weight=weight, delay=delay, trainable=False)
            for weight, delay in zip((0.7, 0.0), delays, strict=False)
        ]
        net.rule = "rtrl"
        return net, links

    changing, (link,) = made(5)
    steady, (long, short) = made(5, 3)
    for t, (row, aim) in enumerate(zip(rows, aims, strict=True)):
        if t == 6:
            link.delay = 3
            short.weight, long.weight = 0.7, 0.0
        numbers = []
        for net in (changing, steady):
            net.activate(row)
            net.propagate(0.1, aim, "squared_error")
            learned = [c.weight for c in net.connections if c.trainable]
            numbers.append(np.append(learned, net.biases))
        assert close(*numbers, within=1e-12)


def test_delayed_inputs_keep_nothing():
    x, h, y = Layer(3), Layer(4, "tanh"), Layer(2)
    for delay in range(6):
        x.project(h, "all_to_all", delay=delay, seed=delay)
    h.project(y, "all_to_all", seed=9)
    net = Network(x, [h], y)
    assert rtrl_cost(net)[None].recurrent == 0
    y.project(h, "all_to_all", delay=4, seed=10)
    assert rtrl_cost(net)[None].recurrent == 2 * 4  # now, and 1 to 3 steps ago

"""Sensitivities of networks that learn by rtrl, through edits of all kinds."""

import io
from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Neuron, gradient
from synapse.engine.rtrl import Layout
from tests.engine.test_rule import EDITS, edit
from tests.helpers.cases import every_case
from tests.helpers.integrity import check_store
from tests.helpers.strategies import SMOOTH, Twin, given_graphs, specs


def sensitivities(net):
    """d s_r / d p by parameter and root; a bias is represented by its neuron."""
    by_root = {
        (link, root): value
        for link in net.connections
        for root, value in link.sensitivity.items()
    }
    return by_root | {
        (neuron, root): value
        for neuron in net
        for root, value in neuron.bias_sensitivity.items()
    }


def groups(net):
    """What shares a parameter, by parameter."""
    return {
        parameter: frozenset((parameter, *parameter.tied))
        for parameter in (*net.connections, *net)
    }


def survivors(net, before, groups_before):
    """What sensitivities must be after an edit: sums over what is tied now, 0 where a
    tie was undone."""
    alive = (set(net.connections) | set(net)) & {parameter for parameter, _ in before}
    now = groups(net)
    expected = {}
    for parameter, root in sensitivities(net):
        group_now = now[parameter]
        total = 0.0
        seen = set()
        for member in group_now & groups_before.keys():
            group = groups_before[member]
            if group not in seen and group & alive <= group_now:
                total += next(
                    (before[same, root] for same in group if (same, root) in before),
                    0.0,
                )
            seen.add(group)
        expected[parameter, root] = total
    return expected


def require_exact(net, rng):
    """Summed over a sequence with constant weights, the updates are the gradient."""
    inputs = rng.uniform(-1, 1, (5, len(net.input)))
    targets = rng.random((5, len(net.output)))
    weights = net.weights
    biases = net.biases
    moved = []
    net.clear()
    for x, t in zip(inputs, targets, strict=True):
        net.activate(x)
        net.propagate(1.0, t, "squared_error")
        moved.append((net.weights - weights, net.biases - biases))
        net.weights = weights
        net.biases = biases
    assume(np.abs([neuron.state for neuron in net]).max() < 30)
    wanted = gradient(net, inputs[None], targets[None], "squared_error")
    scale = max(
        np.abs(wanted.weights).max(initial=0), np.abs(wanted.biases).max(), 1e-3
    )
    for at, slope in enumerate((wanted.weights, wanted.biases)):
        assert (
            np.abs(sum(pair[at] for pair in moved) + slope).max(initial=0)
            < 1e-11 * scale
        )


def tie(net, random):
    for parameters in (
        [parameter for parameter in net.connections if parameter.trainable],
        [parameter for parameter in net if parameter.trainable_bias],
    ):
        if len(parameters) > 3:
            synapse.tie(random.sample(parameters, random.randint(2, 3)))


def untie(net, random):
    tied = [parameter for parameter in (*net.connections, *net) if parameter.tied]
    if tied:
        synapse.untie([random.choice(tied)])


def absorb(net, random):
    """Another store is taken over: connections between networks, then none again."""
    other = architect.Elman(1, 2, 1, seed=0)
    other.activate([0.5])
    pair = random.sample([other.hidden[0][0], net.output[0]], 2)
    pair[0].project(pair[1]), pair[0].disconnect(pair[1])


def renumber(net, random):
    """So many connections come and go that the others get new identities."""
    a = Neuron()
    b = Neuron()
    a.project(net[-1]), a.disconnect(net[-1])
    layers = Layer(80), Layer(80)
    a.project(layers[0]), a.project(b)
    for link in layers[0].project(layers[1]):
        link.source.disconnect(link.target)


OF_STORES = {edit.__name__: edit for edit in (tie, untie, absorb, renumber)}
NAMES = (
    *OF_STORES,
    "tie",
    *(name for name in EDITS if name not in ("clear", "clock", "clamp", "sign")),
)
edits = st.tuples(
    st.sampled_from(NAMES), st.integers(0, 99), st.integers(0, 99), st.booleans()
)


def edited(twin, name, a, b, flag):
    """One edit: what it does not touch stays to the last bit, and what is new is 0."""
    net = twin.net
    before = sensitivities(net)
    groups_before = groups(net)
    if name in OF_STORES:
        OF_STORES[name](net, Random(a))
    else:
        edit(twin, name, a, b, flag)
    sensitivity_now = sensitivities(net)
    expected = survivors(net, before, groups_before)
    wrong = {
        key: (sensitivity_now[key], expected[key])
        for key in sensitivity_now
        if sensitivity_now[key] != expected[key]
    }
    wrong = {
        key: pair
        for key, pair in wrong.items()
        if abs(pair[0] - pair[1]) > 1e-14 * abs(pair[1])
    }
    assert not wrong, (name, wrong)
    check_store(net._store)


@given_graphs(
    specs(squashes=SMOOTH, most=6),
    st.lists(edits, min_size=5, max_size=15),
    st.integers(1, 3),
)
def test_edits_between_steps_keep_what_they_do_not_touch(spec, todo, depth):
    """After random parts of steps; the gradient is exact again once the context is
    cleared."""
    twin = Twin(spec)
    rng = np.random.default_rng(spec.seed)
    net = twin.net
    with patch.object(Layout, "_choose_depth", lambda *_: depth):
        net.rule = "rtrl"
        for start in range(0, len(todo), 3):
            for learns in (True, True, False)[rng.integers(2) :]:
                net.activate(rng.uniform(-1, 1, len(net.input)))
                if learns:
                    net.propagate(0.05, rng.random(len(net.output)), "squared_error")
            assume(np.abs([neuron.state for neuron in net]).max() < 30)
            for edit in todo[start : start + 3]:
                edited(twin, *edit)
            net.propagate(0.05, rng.random(len(net.output)), "squared_error")
        require_exact(net, rng)


@every_case("steps", [1, 2, 3, 4])
@every_case("depth", [1, 3])  # 3: steps are pending
def test_a_cleared_neuron_and_a_saved_network_after_any_number_of_steps(
    depth, steps, monkeypatch
):
    monkeypatch.setattr(Layout, "_choose_depth", lambda *_: depth)
    net, twin = (architect.Elman(2, 4, 2, seed=0) for _ in range(2))
    for network in (net, twin):
        network.rule = "rtrl"
        for row in np.random.default_rng(0).uniform(-1, 1, (steps, 2)):
            network.activate(row)
    expected = list(sensitivities(twin).values())
    assert twin._sensitivities.plan.layout.depth == depth
    synapse.save(net, io.BytesIO())
    assert list(sensitivities(net).values()) == pytest.approx(
        expected, rel=1e-9, abs=1e-15
    )
    for network in (net, twin):
        network.propagate(0.1, [0.2, 0.9])
        network.activate([0.5, -0.5])
    assert net.weights == pytest.approx(twin.weights, rel=1e-9)
    expected = sensitivities(twin)
    assert list(sensitivities(net).values()) == pytest.approx(
        list(expected.values()), rel=1e-9, abs=1e-15
    )
    _, cleared = next(iter(sensitivities(net)))
    cleared.clear()
    after = sensitivities(net)
    assert {root: value for (_, root), value in after.items() if root is cleared} == {
        cleared: 0.0
    }
    rest = [
        (value, before)
        for ((_, root), value), before in zip(
            after.items(), expected.values(), strict=True
        )
        if root is not cleared
    ]
    assert [value for value, _ in rest] == pytest.approx(
        [before for _, before in rest], rel=1e-9, abs=1e-15
    )


@pytest.mark.full
def test_parts_frozen_and_released_in_turn():
    """A layout that is known gives the bits of one that is made anew, in a copy. Two
    weights into one neuron are frozen in turn: as many learn then, in other rows."""
    rng = np.random.default_rng(0)
    kept = architect.LSTM(2, 3, 1, seed=0)
    kept.rule = "rtrl"
    anew = kept.clone()
    find = Layout._find_classes
    frozen = None
    made = 0
    for turn in (0, 1, 0, 1, None, 2, None, 2, 3, 2, None, "edit", None, 1, None, 0):
        for net in (kept, anew):
            link, other = net.hidden[0][0].incoming[:2]
            parts = link, other, net.hidden[1], net.output[0]
            if frozen is not None:
                parts[frozen].trainable = True
            if turn == "edit":
                net.input[1].disconnect(net.hidden[0][1])
            elif turn is not None:
                parts[turn].trainable = False
        frozen = None if turn == "edit" else turn
        anew = anew.clone()
        rows, targets = rng.normal(size=(3, 2)), rng.random((3, 1))
        for net in (kept, anew):
            with patch.object(
                Layout, "_find_classes", autospec=True, side_effect=find
            ) as begun:
                for row, target in zip(rows, targets, strict=True):
                    net.activate(row)
                    net.propagate(0.3, target)
            made += begun.call_count if net is kept else 0
        assert kept.weights.tolist() == anew.weights.tolist()
        assert kept.biases.tolist() == anew.biases.tolist()
    assert made == 9  # of 15 changes

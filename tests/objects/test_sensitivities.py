"""Sensitivities of networks that learn by rtrl, through edits of all kinds."""

import io
from functools import partial
from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, strategies as st

import architect
import synapse
from synapse import Layer, Neuron, Trainer, analysis, gradient, optimizers
from synapse.engine.rtrl import Layout
from synapse.errors import ArgumentError, FunctionError, SynapseError, TopologyError
from synapse.learning import fit_readout
from tests.engine.test_rule import EDITS, edit
from tests.helpers.called_in_python import in_python
from tests.helpers.cases import all_refused, every_case
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


def survivors(net, present, before, groups_before):
    """What the present sensitivities must be after an edit: sums over what is tied now,
    0 where a tie was undone."""
    alive = (set(net.connections) | set(net)) & {parameter for parameter, _ in before}
    now = groups(net)
    expected = {}
    for parameter, root in present:
        group_now = now[parameter]
        merged = {groups_before[one] for one in group_now & groups_before.keys()}
        expected[parameter, root] = sum(
            next((before[same, root] for same in group if (same, root) in before), 0.0)
            for group in merged
            if group & alive <= group_now
        )
    return expected


def require_exact(net, rng):
    """Summed over a sequence with constant weights, the updates are the gradient."""
    inputs = rng.uniform(-1, 1, (5, len(net.input)))
    targets = rng.random((5, len(net.output)))
    weights, biases = net.weights, net.biases
    moved = 0.0
    net.clear()
    for x, t in zip(inputs, targets, strict=True):
        net.activate(x)
        net.propagate(1.0, t, "squared_error")
        moved += np.append(net.weights - weights, net.biases - biases)
        net.weights, net.biases = weights, biases
    assume(np.abs([neuron.state for neuron in net]).max() < 30)
    wanted = gradient(net, inputs[None], targets[None], "squared_error")
    slopes = np.append(wanted.weights, wanted.biases)
    assert np.abs(moved + slopes).max() < 1e-11 * max(1e-3, np.abs(slopes).max())


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
    a, b = Neuron(), Neuron()
    a.project(net[-1]), a.disconnect(net[-1])
    layers = Layer(20), Layer(20)
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
    before, groups_before = sensitivities(net), groups(net)
    if name in OF_STORES:
        OF_STORES[name](net, Random(a))
    else:
        edit(twin, name, a, b, flag)
    present = sensitivities(net)
    wrong = {
        key: (present[key], expected)
        for key, expected in survivors(net, present, before, groups_before).items()
        if not abs(present[key] - expected) <= 1e-14 * abs(expected)
    }
    assert not wrong, (name, wrong)
    check_store(net._store)


@given_graphs(
    specs(squashes=SMOOTH, most=6),
    st.lists(edits, min_size=5, max_size=11),
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
    near = {"rel": 1e-9, "abs": 1e-15}
    expected = list(sensitivities(twin).values())
    assert twin._sensitivities.plan.layout.depth == depth
    synapse.save(net, io.BytesIO())
    assert list(sensitivities(net).values()) == pytest.approx(expected, **near)
    for network in (net, twin):
        network.propagate(0.1, [0.2, 0.9])
        network.activate([0.5, -0.5])
    assert net.weights == pytest.approx(twin.weights, rel=1e-9)
    expected = list(sensitivities(twin).values())
    assert list(sensitivities(net).values()) == pytest.approx(expected, **near)
    _, cleared = next(iter(sensitivities(net)))
    cleared.clear()
    after = sensitivities(net)
    kept = [root is not cleared for _, root in after]
    assert list(after.values()) == pytest.approx(np.multiply(kept, expected), **near)
    assert not any(value for (_, root), value in after.items() if root is cleared)


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


# --- rtrl used wrongly: one clear sentence, and nothing changed -----------------------


RNG = np.random.default_rng(0)
ROWS = RNG.uniform(-1, 1, (4, 6, 2))
TARGETS = RNG.random((4, 6, 1))


def learner(rule="rtrl", architecture=architect.Elman, **options):
    net = architecture(2, 3, 1, seed=0, **options)
    net.rule = rule
    return net


def values(net):
    """All sensitivities."""
    return [list(link.sensitivity.values()) for link in net.connections] + [
        list(neuron.bias_sensitivity.values()) for neuron in net
    ]


def whole(net):
    """All that must stay as it is."""
    return synapse.readwrite.json_data(net)


def steps(net, count=3):
    for row, target in zip(ROWS[0][:count], TARGETS[0][:count], strict=True):
        net.activate(row)
        net.propagate(0.1, target)


WRONG = [
    ({"of_network": rule}, '`rule` of a network must be "online", "rtrl", a pair such')
    for rule in ("bptt", None, ["rtrl", 2], ("rtrl", 2, 3), np.zeros(2))
]
WRONG += [
    ({"of_network": ("rtrl", order)}, "`reach` of rtrl")
    for order in (0, -1, 1.5, True, "2")
]
WRONG += [
    ({"of_network": ("online", 2)}, '`reach` is for rule="rtrl"'),
    ({"reach": 2.0}, "`reach` of rtrl"),
    ({"rule": "bptt", "reach": 1}, '`reach` is for rule="rtrl"'),
    ({"optimizer": optimizers.LBFGS()}, "LBFGS|L-BFGS"),
    ({"dropout": 0.5, "optimizer": optimizers.Adam()}, "Dropout needs"),
    ({"window": 3}, "window"),
]


def test_rules_and_options_that_do_not_exist():
    net = learner(("rtrl", 2))
    steps(net)
    before = whole(net)

    def call(options):
        if "of_network" in options:
            net.rule = options["of_network"]
        Trainer(net, **{"rule": "rtrl", **options})

    weighed = partial(
        Trainer(net).train, ROWS, TARGETS, sample_weights=np.ones(4), progress=False
    )
    calls = [(partial(call, options), SynapseError, words) for options, words in WRONG]
    all_refused([*calls, (weighed, SynapseError, "weights")])
    assert (net.rule, whole(net)) == (("rtrl", 2), before)


def test_a_network_that_is_or_becomes_too_large_keeps_what_it_has(monkeypatch):
    net = learner()
    large = architect.Elman(2, 30, 1, seed=0)
    steps(net)
    monkeypatch.setattr("synapse.objects.sensitivities.most_bytes", lambda: 0.0)
    before = whole(large)
    sentence = "of .* at reach None need .* GB, but this machine has 0 GB. Pass"
    all_refused(
        (call, ArgumentError, sentence)
        for call in (
            lambda: setattr(large, "rule", "rtrl"),
            lambda: Trainer(large, rule="rtrl").train(ROWS, TARGETS, progress=False),
        )
    )
    assert (large.rule, whole(large)) == (("online", None), before)
    neuron = Neuron("tanh")
    net.hidden[-1].append(neuron)
    net.input[0].project(neuron, weight=0.1)
    all_refused(
        (act, ArgumentError, "this machine has 0 GB")
        for act in (lambda: net.activate(ROWS[0][0]), lambda: net.propagate(0.1, [0.5]))
    )
    assert net.clone().rule == ("rtrl", None)
    net.remove(neuron)
    monkeypatch.undo()
    twin = learner()
    steps(twin)
    assert values(net) == values(twin)
    for network in (net, twin):
        network.activate(ROWS[0][3])
        network.propagate(0.1, TARGETS[0][3])
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_networks_that_are_connected_with_others():
    net = learner()
    other = architect.Perceptron(1, 2, 1, seed=0)
    steps(net)
    weights = net.weights
    kept = values(net)
    link = other.output[0].project(net.hidden[-1][0])
    sentence = "cannot be trained by rtrl, because it has 1 connection "
    all_refused(
        (act, TopologyError, sentence)
        for act in (
            lambda: net.activate(ROWS[0][0]),
            lambda: net.run(ROWS),
            lambda: net.propagate(0.1, [0.5]),
            lambda: Trainer(net).train(ROWS, TARGETS, progress=False),
            lambda: setattr(net, "rule", ("rtrl", 1)),
            lambda: setattr(other, "rule", "rtrl"),
        )
    )
    assert np.array_equal(net.weights, weights)
    other.activate([0.5])
    link.source.disconnect(link.target)
    assert values(net) == kept  # nothing is lost
    net.propagate(0.1, TARGETS[0][2])


@pytest.mark.parametrize("place", [-1, -2])
def test_a_squash_that_raises_in_the_middle_of_a_step(place):
    """The context is that of the failed step: there is nothing to learn from until it
    is cleared."""

    @in_python(synapse.squashes.register)
    def fragile_now_and_then(state):
        if abs(state) > 100.0:
            raise ValueError("too large")
        return state, 1.0

    net = learner()
    layer = net.layers[place]
    layer.squash = fragile_now_and_then
    steps(net)
    weights, biases = net.weights, layer.biases
    layer.biases = np.full(len(layer), 1000.0)
    with pytest.raises(FunctionError, match="too large"):
        net.activate(ROWS[0][3])
    layer.biases = biases
    with pytest.raises(TopologyError, match="Call network.activate first"):
        net.propagate(0.1, [0.5])
    assert np.array_equal(net.weights, weights)
    assert not any(map(any, values(net)))
    net.clear()
    twin = like(net)  # it has done nothing before
    for network in (net, twin):
        steps(network)
    assert net.weights.tobytes() == twin.weights.tobytes()
    assert np.isfinite([v for row in values(net) for v in row]).all()


def like(net):
    """A network with the same squashes, weights and biases."""
    twin = learner()
    for ours, theirs in zip(net.layers, twin.layers, strict=True):
        theirs.squash = ours[0].squash
    twin.weights, twin.biases = net.weights, net.biases
    return twin


def refused_explanation(net):
    with pytest.raises(ArgumentError, match="was by rtrl"):
        analysis.explain(net.connections[0])


LOOKS = {
    "test": lambda net: Trainer(net).test(ROWS, TARGETS),
    "gradient": lambda net: gradient(net, ROWS, TARGETS),
    "fit_readout": lambda net: fit_readout(net, ROWS, TARGETS),
    "saliency": lambda net: analysis.saliency(net, ROWS[0]),
    "explain": refused_explanation,
    "half_lives": analysis.half_lives,
    "draw": lambda net: analysis.error_flow(net, ROWS[0]),
    "look": lambda net: (repr(net), net.graph.number_of_edges(), net.clone()),
}


@every_case("name", LOOKS)
def test_what_runs_a_network_leaves_no_sensitivities_of_another_context(name):
    """Where the context is as before, they are too; otherwise they are those of the new
    context, or 0."""
    net = learner()
    net.output.squash = "identity"
    net.run(ROWS[0])
    before = values(net)
    context = whole(net)["neurons"]["state"]
    LOOKS[name](net)
    if whole(net)["neurons"]["state"] == context:
        assert values(net) == before
        net.propagate(0.1, TARGETS[0][0])
    else:
        twin = like(net)
        twin.run(ROWS[-1])
        assert values(net) == values(twin) or not any(map(any, values(net)))
    twin = net.clone()
    for network in (net, twin):
        steps(network)
    assert net.weights.tobytes() == twin.weights.tobytes()


def test_a_trainer_of_another_order_beside_the_rule_of_the_network():
    """Each follows its own sensitivities, and forgets them when the other has
    stepped."""
    nets = learner(), learner("online")
    for net in nets:
        trainer = Trainer(net, 0.05, rule="rtrl", reach=1)
        for i in range(3):
            trainer.train(ROWS[i], TARGETS[i], epochs=1, progress=False)
            net.clear()
    assert nets[0].weights.tobytes() == nets[1].weights.tobytes()

import gc
import math
import sys
import tracemalloc
import weakref
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
import scipy

import architect
from synapse import Layer, Network, Neuron, squashes
from synapse.errors import (
    ArgumentError,
    ArgumentTypeError,
    TopologyError,
    UnknownNameError,
)
from tests.helpers.cases import all_refused
from tests.helpers.networks import everything, lstm, unchanged


def chain(*weights, **options):
    """Neurons one behind the other."""
    neurons = [
        Neuron(name=letter, **options)
        for letter, _ in zip("abcdefg", [0, *weights], strict=False)
    ]
    for weight, source, target in zip(weights, neurons, neurons[1:], strict=False):
        source.project(target, weight=weight)
    return neurons


def test_a_name_in_the_place_of_a_squash_is_answered():
    with pytest.raises(UnknownNameError, match="is given as name='a'"):
        Neuron("a")
    with pytest.raises(UnknownNameError, match="Did you mean 'tanh'") as found:
        Neuron("tahn")
    assert "name=" not in str(found.value)


def test_the_same_squash_again_goes_on_with_its_random_numbers():
    neuron = Neuron("noise")
    activations = []
    for names in (["noise", "noise"], ["tanh", "noise"], []):
        neuron.reseed(0)
        neuron.activate()
        for name in names:
            neuron.squash = name
        activations.append(neuron.activate())
    assert activations[0] == activations[1] == activations[2]


def test_a_weight_that_is_not_given_is_within_1_and_follows_the_seed():
    weights = [Neuron().project(Neuron(), seed=seed).weight for seed in (1, 1, 2)]
    assert weights[0] == weights[1] != weights[2]
    assert 0.1 < max(map(abs, weights)) <= 1
    rng = np.random.default_rng(0)
    assert (
        Neuron().project(Neuron(), seed=rng).weight
        != Neuron().project(Neuron(), seed=rng).weight
    )


def test_what_is_not_there_or_is_there_already_is_refused_with_nothing_changed():
    a, b = chain(0.5)
    gater, other, single = Neuron(name="gater"), Neuron(), Neuron(dtype=np.float32)
    link = b.incoming[0]
    carousel = a.project(a)
    gater.gate(link)
    refused = {
        "connected to .* already": (lambda: a.project(b), lambda: a.project(a)),
        "nothing to disconnect": (lambda: b.disconnect(a), lambda: a.disconnect(other)),
        "is gated by .* already": (
            lambda: gater.gate(carousel, link),
            lambda: other.gate(carousel, link),
        ),
        "one of them twice": (lambda: other.gate(carousel, carousel),),
        "cannot ungate .* is gated by": (lambda: other.ungate(link),),
        "has no gater": (lambda: gater.ungate(link, carousel),),
        "float32": (lambda: single.gate(carousel),),
        "no order: .* not connected": (lambda: sorted([a, Neuron()]),),
    }
    before = everything([a, b, gater])
    errors = (TopologyError, ArgumentTypeError)
    all_refused(
        [(call, errors, words) for words, calls in refused.items() for call in calls]
    )
    assert everything([a, b, gater]) == before
    assert (carousel.gater, carousel.trainable, link.gater) == (None, False, gater)
    assert other._store is not a._store is not single._store


def test_its_cost_follows_from_its_squash_unless_told():
    moved = []
    for cost in (None, "cross_entropy", "squared_error"):
        neuron = Neuron()
        neuron.activate()
        neuron.propagate(rate=1.0, target=1.0, cost=cost)
        moved.append(neuron.bias)
    assert moved == pytest.approx([0.5, 0.5, 0.125])
    neuron = Neuron("tanh", bias=0.5)
    neuron.activate()
    with unchanged([neuron]), pytest.raises(ArgumentError, match="logistic"):
        neuron.propagate(target=1.0, cost="cross_entropy")
    neuron.propagate(rate=1.0, target=1.0)
    assert neuron.bias == pytest.approx(
        0.5 + (1 - math.tanh(0.5)) * (1 - math.tanh(0.5) ** 2)
    )


def test_a_fixed_bias_has_no_sensitivities():
    net = architect.Elman(1, 2, 1, seed=0)
    net.rule = "rtrl"
    neuron = net["hidden"][0]
    for learns in (True, False, True):
        neuron.trainable_bias = learns
        twin = net.clone()
        for network in (net, twin):
            network.activate([0.3]), network.activate([0.2])
        sensitivity, expected = (
            list(n.bias_sensitivity.values()) for n in (neuron, twin["hidden"][0])
        )
        assert bool(sensitivity) is learns
        assert sensitivity == pytest.approx(expected, abs=1e-15)


def test_a_cleared_memory_cell_owes_nothing_to_its_past():
    """Its state no longer depends on what its gate once let in."""
    source, gate, cell = Neuron(), Neuron(), Neuron("identity")
    into_gate = source.project(gate, weight=0.5)
    gate.gate(source.project(cell, weight=1.0))
    cell.project(cell)
    source.activate(1.0), gate.activate(), cell.activate()
    assert into_gate.extended[cell] != 0
    cell.clear()
    assert into_gate.extended[cell] == 0
    source.activate(0.0), gate.activate(), cell.activate()
    cell.propagate(rate=1.0, target=1.0)
    gate.propagate(rate=1.0)
    assert cell.error.responsibility == 1.0
    assert (gate.bias, into_gate.weight) == (0.0, 0.5)


def test_a_removed_neuron_cannot_be_used():
    net = lstm(2, 2, 1)
    neuron = net.hidden[0][0]
    neuron.ungate(*neuron.gated)
    net.remove(neuron)
    all_refused(
        (use, TopologyError, "removed")
        for use in (
            neuron.activate,
            neuron.propagate,
            neuron.reset_parameters,
            lambda: neuron.project(Neuron()),
            lambda: neuron.squash,
            lambda: neuron.gated,
            lambda: neuron.gate(Neuron().project(Neuron())),
            lambda: Neuron().connection_to(neuron),
        )
    )
    assert repr(neuron) == str(neuron) == "<Neuron, removed>"


@pytest.mark.full
def test_a_neuron_lives_as_long_as_one_that_it_is_linked_to():
    a, b = chain(0.5)
    b.project(b)
    Neuron().gate(b.incoming[0])
    assert everything([a, b])
    watched = [weakref.ref(a), weakref.ref(b)]
    del a
    gc.collect()
    assert b.incoming[0].source is watched[0]()
    del b
    gc.collect()
    assert [reference() for reference in watched] == [None, None]


def test_neurons_of_a_network_are_ordered_as_they_activate():
    a, b, c = (Neuron(name=name) for name in "abc")
    a.project(c)
    c.project(b)
    net = Network(Layer([a]), [Layer([c])], Layer([b]))
    assert sorted([b, c, a]) == [a, c, b] == list(net)
    assert a < c < b > a
    assert (a <= a, a < a, max(net)) == (True, False, b)


def linked(weight=0.5, squash="identity"):
    a, b = Neuron(name="a"), Neuron(squash, name="b")
    return a, b, a.project(b, weight=weight)


def test_it_is_a_mapping_of_its_fields():
    _, _, link = linked()
    assert isinstance(link, MutableMapping)
    fields = {
        "weight": 0.5,
        "gain": 1.0,
        "trainable": True,
        "eligibility": 0.0,
        "number": 0,
        "synapse_part": "connection",
    }
    assert dict(link) == fields
    keys = ("weight", "capacity", "gater")
    assert [key in link for key in keys] == [True, False, False]
    assert len(link) == 6
    with pytest.raises(KeyError):
        link["capacity"]
    Neuron(name="gate").gate(link)
    assert link["gater"] == "gate"
    assert list(link) == [*list(fields)[:4], "gater", *list(fields)[4:]]


def test_a_removed_connection_cannot_be_used():
    a, b, link = linked()
    a.disconnect(b)
    new = a.project(b, weight=0.25)  # the removed one does not come back with it
    a.activate(1.0), b.activate()
    assert new is not link
    all_refused(
        (use, TopologyError, "removed")
        for use in (
            lambda: link.weight,
            lambda: setattr(link, "trainable", False),
            lambda: link.eligibility,
            lambda: link["gater"],
            lambda: link.get("weight"),
            lambda: link.update(capacity=1),
            lambda: Neuron().gate(link),
        )
    )
    assert repr(link) == "<Connection, removed>"


def test_a_new_neuron_takes_little_memory_and_leaves_none_when_it_is_connected():
    hub = Neuron()
    link = hub.project(hub)
    gc.collect()
    tracemalloc.start()
    try:
        neurons = [Neuron() for _ in range(500)]
        alone = tracemalloc.get_traced_memory()[0]
        for neuron in neurons:
            link = hub.project(neuron)
        del link
        gc.collect()
        connected = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert alone < 500 * 1000
    assert connected < 500 * 1500


@pytest.mark.full
def test_networks_composed_without_a_look_are_those_composed_with_one_at_every_step():
    def composed(seed, look):
        rng = np.random.default_rng(seed)
        links = []
        neurons = [Neuron(("tanh", "noise")[i % 2], i, f"{i}") for i in range(8)]
        for neuron in neurons:
            neuron.reseed(seed)
        for source, target, gater, other in rng.integers(0, 8, (30, 4)).tolist():
            values = {"weight": 0.1 * len(links), "trainable": gater > 3}
            with suppress(TopologyError):
                links.append(neurons[source].project(neurons[target], **values))
                neurons[gater].gate(links[other % len(links)])
            _ = [neuron.bias for neuron in neurons if rng.random() < look]
        store = Layer(neurons).project(Layer(1), weights=0.0).source._store
        facts = {
            name: store[name].tolist()
            for name in ("source", "target", "gate", "weight", "trainable")
        }
        numbers = [(n._row, n.bias, n.name, n.squash, n.activate()) for n in neurons]
        return facts, numbers, [link._at for link in links]

    for seed in range(40):
        assert composed(seed, 0.0) == composed(seed, 1.0) == composed(seed, 0.03)


def at_once(*calls):
    """Make calls in threads of their own, which take turns often."""
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(len(calls)) as threads:
            for future in [threads.submit(call) for call in calls]:
                future.result()
    finally:
        sys.setswitchinterval(0.005)


def test_no_connection_or_gate_is_lost_if_another_thread_reads():
    def link(hub, others, made):
        for other in others:
            connection = hub.project(other, 0.0)
            made.append(connection)
            hub.gate(connection)

    for _ in range(30):
        hubs = [Neuron(), Neuron()]
        others = [Neuron() for _ in range(20)]
        made = []
        links = [partial(link, hub, others, made) for hub in hubs]
        at_once(*links, partial(getattr, others[10], "bias"))
        assert [
            set(hub.outgoing) == set(hub.gated) and len(hub.gated) for hub in hubs
        ] == [20, 20]
        assert len({each._at for each in made}) == 40


def test_threads_that_read_and_connect_a_new_neuron_see_one_store():
    for i in range(100):
        neuron = Neuron("identity", bias=i, name="n")
        other = Neuron()
        seen = []
        read = lambda: seen.append((neuron.bias, neuron.name, neuron.activate()))  # noqa: E731, B023
        at_once(read, read, partial(other.project, neuron, 0.0))
        assert seen == [(i, "n", i)] * 2
        assert neuron._store is other._store
        assert neuron.bias == i


def test_a_neuron_that_joins_others_has_acted_before_what_acts_next():
    early = Neuron()
    layer = Layer(10)
    for _ in range(50):
        early.activate()
    early.project(layer[0])
    layer[0].activate()
    layer[0].propagate(0.1, 1.0, "squared_error")
    early.propagate(0.1)
    assert early.error.projected != 0


# --- random neurons, each with a stream of its own ------------------------------------


def drawn(name, count=4000, bias=0.0, seed=1):
    neuron = Neuron(name, bias=bias)
    neuron.reseed(seed)
    return np.array([neuron.activate() for _ in range(count)])


def test_noise_is_standard_normal_around_the_state():
    assert scipy.stats.kstest(drawn("noise", bias=0.7) - 0.7, "norm").pvalue > 0.01


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0])
def test_bernoulli_says_1_with_its_chance(bias):
    numbers = drawn("bernoulli", bias=bias)
    assert set(numbers) == {0.0, 1.0}
    assert (
        scipy.stats.binomtest(
            int(numbers.sum()), len(numbers), squashes.logistic(bias)
        ).pvalue
        > 0.01
    )


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_streams_of_neighbours_do_not_depend_on_each_other():
    layer = Layer(2, "noise")
    net = Network(Layer(1), [], layer)
    net.reseed(3)
    numbers = net.run(np.zeros((4000, 1)))
    assert abs(np.corrcoef(numbers.T)[0, 1]) < 0.05
    assert scipy.stats.kstest(numbers[:, 1], "norm").pvalue > 0.01


def test_a_seed_gives_the_same_numbers():
    assert np.array_equal(drawn("noise", 5), drawn("noise", 5))
    assert not np.array_equal(drawn("noise", 5), drawn("noise", 5, seed=2))
    # On any machine, in any process:
    assert drawn("noise", 2)[0] == pytest.approx(0.2524157387469357, abs=1e-15)


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_calm_neurons_give_the_mean():
    layer = Layer(2, "noise", bias=0.3)
    layer[1].squash = "bernoulli"
    net = Network(Layer(1), [], layer)
    assert not net.deterministic
    net.deterministic = True
    assert net.run(np.zeros((3, 1))).tolist() == [[0.3, squashes.logistic(0.3)]] * 3
    assert all(part.deterministic for part in (*net, layer))
    layer.deterministic = False
    assert not net.deterministic
    assert net.input.deterministic

"""What lowering makes of a topology: runs as long as there are, and only traces that
are needed."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network
from synapse.engine.lowering import edits
from synapse.engine.lowering.loops.whole import move_connections
from synapse.engine.schema import CONNECTION
from tests.helpers.networks import perceptron


def network(*layers):
    return Network(layers[0], layers[1:-1], layers[-1])


def columns_of(store):
    """The bits of all columns, as they are when everything is lowered."""
    store.ensure_lowered()
    return {name: store[name].tobytes() for name in store.columns}


def assert_lowered_as_anew(store):
    changed = columns_of(store)
    store.touch()
    assert changed == columns_of(store)


def gated_by_the_first():
    a = Layer(9)
    b = Layer(1)
    a[0].gate(*[*a[1:].project(b)][::2])
    return network(a, b)


def tied():
    net = perceptron(8, 4, 2)
    synapse.tie(net.hidden[0][0].incoming[:4])
    return net


def test_a_group_is_of_a_block_with_neurons_that_it_does_not_read():
    """Its members read an input, and each other one step late."""
    a = Layer(1)
    b = Layer(1, "winner")
    c = Layer(4, "winner")
    d = Layer(1)
    a.project(b), a.project(c), b.project(d), c.project(d)
    c.project(c, "all_to_else")
    store = network(a, b, c, d)._store
    store.ensure_lowered()
    assert store["block_first"][c[0]._row] == b[0]._row


@pytest.mark.full
@pytest.mark.parametrize("gated", [False, True])
@pytest.mark.parametrize("delayed", [False, True])
def test_many_connections_are_ordered_by_target_and_source(gated, delayed):
    """Thousands of random ones, of which some are removed, fixed or lead back."""
    rng = np.random.default_rng(0)
    n = 300
    pairs = rng.permutation(n * n)[:20_000]
    source, target = pairs // n, pairs % n
    keep = (target >= 10) & (source != target)  # those would have a delay
    edges = {
        "source": source[keep],
        "target": target[keep],
        "weight": rng.normal(size=int(keep.sum())),
    }
    net = synapse.from_edges(edges, range(10), range(n - 5, n))
    for link in list(net.connections)[::7]:
        link.trainable = False
    for link in list(net.connections)[::11]:
        link.source.disconnect(link.target)
    links = {(c.source.name, c.target.name, 0): c for c in net.connections}
    for neuron in net.neurons[100:200]:
        links[neuron.name, neuron.name, 0] = neuron.project(neuron)
    ends = [(end, 0) for end in net.neurons[20:22]]
    ends += [(net.neurons[30], delay) for delay in ((4, 2, 3) if delayed else ())]
    for start, (end, delay) in itertools.product(reversed(net.neurons[100:]), ends):
        if not start.connection_to(end, delay=delay):
            link = start.project(end, delay=delay)
            links[start.name, end.name, delay] = link
    weights = {key: link.weight for key, link in links.items()}
    if gated:
        net.neurons[50].gate(list(net.connections)[::100])
    net.activate(np.zeros(10))
    store = net._store
    delay = store["delay"]
    loops = (store["source"] == store["target"]) & (delay == 0)
    columns = store["target"], store["trainable"] == 0, loops, delay
    keys = list(zip(*columns, store["gate"], store["source"], strict=True))
    assert len(keys) == len(weights) > 15_000
    assert sorted(keys) == keys
    assert {
        (link.source.name, link.target.name, link.delay): link.weight
        for link in net.connections
    } == weights


@pytest.mark.parametrize(
    "make",
    [
        lambda: architect.Perceptron(70, 80, 20, 5, seed=0, squash="relu"),
        lambda: architect.Elman(3, 20, 2, seed=0),
        lambda: architect.LSTM(2, 3, 2, seed=0),
        tied,
        gated_by_the_first,
    ],
)
def test_what_learns_changes_a_program_as_lowering_anew_does(make):
    """Layers, neurons, biases and single weights, in any order."""
    net = make()
    rng = np.random.default_rng(0)
    members = [net, *net.layers[1:], *net.neurons, *net.connections[:9]]
    for _ in range(60):
        member = members[rng.integers(min(len(members), rng.choice([4, 200])))]
        name = "trainable_bias" if rng.random() < 0.2 else "trainable"
        if hasattr(member, name):
            setattr(member, name, bool(rng.random() < 0.5))
        assert_lowered_as_anew(net._store)


def test_an_edit_leaves_neurons_apart_that_read_delays_from_outside(monkeypatch):
    monkeypatch.setattr(edits, "MIN_CONNECTIONS", 1)
    layers = Layer(4), Layer(6), Layer(2)
    for k in range(2):
        layers[k].project(layers[k + 1], seed=k)
    Layer(3).project(layers[1], delay=2, seed=2)
    net = network(*layers)
    net._store.ensure_lowered()
    net.input[0].project(net.output[0])
    assert_lowered_as_anew(net._store)


def test_an_edit_that_is_taken_back_changes_nothing(monkeypatch):
    monkeypatch.setattr(edits, "MIN_CONNECTIONS", 1)
    net = architect.Perceptron(3, 4, 2, seed=0)
    before = columns_of(net._store)
    net.input[0].project(net.output[0])
    net.input[0].disconnect(net.output[0])
    assert before == columns_of(net._store)


def test_all_columns_of_connections_move():
    names = [column.name for column in CONNECTION]
    store = SimpleNamespace(**{name: np.array([0, 1]) for name in names})
    work = np.array([-1, -1, 0, 2, 2, 1, 0])
    row_of = np.array([0, 1])
    assert move_connections(store, 0, 2, 2, work, row_of) == 2
    assert all(vars(store)[name].tolist() == [1, 0] for name in names)
    assert row_of.tolist() == [1, 0]

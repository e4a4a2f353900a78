"""What lowering makes of a topology: runs as long as there are, and only traces that
are needed."""

from types import SimpleNamespace

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network
from synapse.engine.lowering import edits, flags as flag
from synapse.engine.lowering.loops.whole import move_connections
from synapse.engine.schema import CONNECTION
from tests.helpers.networks import perceptron


def runs(neuron):
    """(kind, flags, length) of the runs into a neuron."""
    store = neuron._store
    store.ensure_lowered()
    c = store.columns
    row = neuron._row
    mine = range(c["run_start"][row], c["run_stop"][row])
    return [
        (c["run_kind"][r].item(), c["run_flags"][r].item(), c["run_length"][r].item())
        for r in mine
    ]


def flags(neuron):
    neuron._store.ensure_lowered()
    return neuron._store.columns["flags"][neuron._row]


def network(*layers):
    return Network(layers[0], layers[1:-1], layers[-1])


def two_layers():
    a = Layer(5)
    b = Layer(6)
    c = Layer(1)
    a.project(b), a.project(c), b.project(c)
    return network(a, b, c), c


def shared():
    a = Layer(5)
    gates = Layer(1)
    b = Layer(1)
    a.project(gates)
    gates[0].gate(a.project(b))
    return network(a, gates, b), b


def zipped():
    a = Layer(5)
    gates = Layer(5)
    b = Layer(1)
    gates.gate(a.project(b), "one_to_one")
    return network(a, gates, b), b


def paired():
    a = Layer(5)
    gates = Layer(5)
    b = Layer(1)
    for i, connection in enumerate(a.project(b)):
        gates[(3 * i) % 5].gate(connection)
    return network(a, gates, b), b


def zipped_then_shared():
    """The last gate of the first run has more connections, which are the second run
    with its own."""
    a = Layer(10)
    gates = Layer(5)
    b = Layer(1)
    for i, connection in enumerate(a.project(b)):
        gates[min(i, 4)].gate(connection)
    return network(a, gates, b), b


def backward():
    a = Layer(5)
    b = Layer(5)
    c = Layer(1)
    c.project(b), a.project(b)
    return network(a, b, c), b


def gated_by_an_input():
    a = Layer(6)
    b = Layer(1)
    a[5].gate(a[:5].project(b))
    return network(a, b), b


def gated_by_the_first():
    a = Layer(9)
    b = Layer(1)
    links = a[1:].project(b)
    a[0].gate(*list(links)[::2])
    return network(a, b), b


def without_network():
    a = Layer(5)
    b = Layer(1)
    a.project(b)
    return None, b


def tied():
    net = perceptron(8, 4, 2)
    synapse.tie(net.hidden[0][0].incoming[:4])
    return net, net.hidden[0][:1]


def tied_no_more():
    net, layer = tied()
    for link in layer[0].incoming[:3]:
        link.source.disconnect(link.target)
    return net, layer


def convolved():
    net = architect.Convolutional((6, 6), 2, filters=(4, 8), kernel=(4, 2), seed=0)
    assert all(
        flags(neuron) & flag.FOUR for layer in net.layers[1:3] for neuron in layer[::4]
    )
    return net, net.layers[1]


def self_connected_among_many():
    a = Layer(1)
    b = Layer(40)
    a.project(b), b.project(b, "all_to_all", self_connections=True)
    return network(a, b), b[20:21]


def shuffled():
    """Two connections are not in order, but the last of the first sixteen is where it
    belongs."""
    a = Layer(40)
    b = Layer(1, "identity")
    for i in [0, 2, 1, *range(3, 40)]:
        a[i].project(b[0], weight=float(i))
    net = network(a, b)
    assert net.activate([float(i == 2) for i in range(40)]) == 2.0
    return net, b


SILENT = flag.SILENT
RUNS = {
    self_connected_among_many: [
        (flag.DENSE, SILENT, 1),
        (flag.DENSE, 0, 20),
        (flag.DENSE, SILENT | flag.DELAYED, 19),
    ],
    shuffled: [(flag.DENSE, SILENT, 40)],
    two_layers: [(flag.DENSE, SILENT, 5), (flag.DENSE, 0, 6)],
    shared: [(flag.SHARED, SILENT, 5)],
    zipped: [(flag.ZIPPED, SILENT, 5)],
    paired: [(flag.PAIRED, SILENT, 5)],
    zipped_then_shared: [(flag.ZIPPED, SILENT, 4), (flag.SHARED, SILENT, 6)],
    backward: [(flag.DENSE, SILENT, 5), (flag.DENSE, SILENT | flag.DELAYED, 1)],
    gated_by_an_input: [(flag.SHARED, SILENT | flag.QUIET_GATER, 5)],
    gated_by_the_first: [
        (flag.LISTED, SILENT, 4),
        (flag.PAIRED, SILENT | flag.QUIET_GATER, 4),
    ],
    without_network: [(flag.DENSE, flag.UNORDERED, 5)],
    tied: [(flag.DENSE, SILENT | flag.AT_ONCE, 4), (flag.DENSE, SILENT, 4)],
    tied_no_more: [(flag.DENSE, SILENT, 5)],  # a group of one is none
    convolved: [(flag.DENSE, SILENT | flag.AT_ONCE, 4)] * 4,
}


def sizes(net):
    net._store.ensure_lowered()
    return tuple(
        len(net._store.columns[name])
        for name in ("eligibility", "extended", "influence")
    )


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
    weights = {
        (link.source.name, link.target.name, 0): link.weight for link in net.connections
    }
    for link in list(net.connections)[::7]:
        link.trainable = False
    for link in list(net.connections)[::11]:
        start, end = link.source, link.target
        start.disconnect(end)
        del weights[start.name, end.name, 0]
    for neuron in net.neurons[100:200]:
        weights[neuron.name, neuron.name, 0] = neuron.project(neuron).weight
    for start in reversed(net.neurons[100:]):
        for end in net.neurons[20:22]:
            if not start.connection_to(end):
                weights[start.name, end.name, 0] = start.project(end).weight
        for delay in (4, 2, 3) if delayed else ():
            link = start.project(net.neurons[30], delay=delay)
            weights[start.name, net.neurons[30].name, delay] = link.weight
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
    made = make()
    net = made if isinstance(made, Network) else made[0]
    rng = np.random.default_rng(0)
    store = net._store
    members = [net, *net.layers[1:], *net.neurons, *net.connections[:9]]
    for _ in range(60):
        member = members[rng.integers(min(len(members), rng.choice([4, 200])))]
        name = "trainable_bias" if rng.random() < 0.2 else "trainable"
        if hasattr(member, name):
            setattr(member, name, bool(rng.random() < 0.5))
        store.ensure_lowered()
        changed = {name: store[name].tobytes() for name in store.columns}
        store.touch()
        store.ensure_lowered()
        assert changed == {name: store[name].tobytes() for name in store.columns}


def test_an_edit_leaves_neurons_apart_that_read_delays_from_outside(monkeypatch):
    monkeypatch.setattr(edits, "MIN_CONNECTIONS", 1)
    layers = Layer(4), Layer(6), Layer(2)
    for k in range(2):
        layers[k].project(layers[k + 1], seed=k)
    outside = Layer(3)
    outside.project(layers[1], delay=2, seed=2)
    net = network(*layers)
    store = net._store
    store.ensure_lowered()
    net.input[0].project(net.output[0])
    store.ensure_lowered()
    after_edit = {name: store[name].tobytes() for name in store.columns}
    store.touch()
    store.ensure_lowered()
    assert after_edit == {name: store[name].tobytes() for name in store.columns}


def test_an_edit_that_is_taken_back_changes_nothing(monkeypatch):
    monkeypatch.setattr(edits, "MIN_CONNECTIONS", 1)
    net = architect.Perceptron(3, 4, 2, seed=0)
    store = net._store
    store.ensure_lowered()
    before = {name: store[name].tobytes() for name in store.columns}
    net.input[0].project(net.output[0])
    net.input[0].disconnect(net.output[0])
    store.ensure_lowered()
    assert before == {name: store[name].tobytes() for name in store.columns}


def test_all_columns_of_connections_move():
    names = [column.name for column in CONNECTION]
    store = SimpleNamespace(**{name: np.array([0, 1]) for name in names})
    work = np.array([-1, -1, 0, 2, 2, 1, 0])
    row_of = np.array([0, 1])
    assert move_connections(store, 0, 2, 2, work, row_of) == 2
    assert all(vars(store)[name].tolist() == [1, 0] for name in names)
    assert row_of.tolist() == [1, 0]

"""What lowering makes of a topology: runs as long as there are, and only traces that are needed."""

import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron
from synapse.engine.lowering import flags as flag
from synapse.engine.schema import NONE

from ..networks import lstm, perceptron


def runs(neuron):
    """(kind, flags, length) of the runs into a neuron."""
    store = neuron._store
    store.ready()
    c, row = store.columns, neuron._row
    mine = range(c["first_run"][row], c["last_run"][row])
    return [(c["run_kind"][r].item(), c["run_flags"][r].item(), c["run_length"][r].item()) for r in mine]


def flags(neuron):
    neuron._store.ready()
    return neuron._store.columns["flags"][neuron._row]


def network(*layers):
    return Network(layers[0], layers[1:-1], layers[-1])


# --- runs ---------------------------------------------------------------------------------------


def test_a_dense_layer_is_one_run_a_neuron():
    net = perceptron(5, 6, 4)
    assert [runs(neuron) for neuron in net.hidden[0]] == [[(flag.DENSE, flag.SILENT, 5)]] * 6
    assert [runs(neuron) for neuron in net.output] == [[(flag.DENSE, 0, 6)]] * 4


def test_scattered_sources_wait_as_inputs_do_unless_they_get_an_error():
    net = perceptron(30, 8, 2)
    for link in [link for neuron in net.hidden[0] for link in neuron.incoming[::2]]:
        link.source.disconnect(link.target)
    assert [runs(neuron) for neuron in net.hidden[0]] == [[(flag.LISTED, flag.SILENT, 15)]] * 8
    assert all(flags(neuron) & flag.WAITING for neuron in net.hidden[0])
    assert not any(flags(neuron) & flag.WAITING for neuron in net.output)


def test_a_run_is_tied_as_a_whole_and_then_does_not_wait():
    net = perceptron(8, 4, 2)
    assert flags(net.hidden[0][0]) & flag.WAITING
    links = net.hidden[0][0].incoming
    synapse.tie(links[:4])
    assert runs(net.hidden[0][0]) == [(flag.DENSE, flag.SILENT | flag.TIED, 4), (flag.DENSE, flag.SILENT, 4)]
    assert not flags(net.hidden[0][0]) & flag.WAITING
    assert flags(net.hidden[0][1]) & flag.WAITING
    for link in links[:3]:
        link.source.disconnect(link.target)
    assert runs(net.hidden[0][0]) == [(flag.DENSE, flag.SILENT, 5)]  # a group of one is none


def test_filters_of_a_place_are_weighed_four_at_a_time():
    net = architect.Convolutional((6, 6), 2, filters=(4, 8), kernel=(4, 2), seed=0)
    first, second = net.layers[1:3]
    assert [runs(neuron) for neuron in first] == [[(flag.DENSE, flag.SILENT | flag.TIED, 4)] * 4] * len(first)
    assert [runs(neuron) for neuron in second] == [[(flag.DENSE, flag.TIED, 8)] * 2] * len(second)
    assert all(flags(neuron) & flag.FOUR for neuron in (*first[::4], *second[::4]))


def test_connections_from_two_neighbouring_layers_are_told_apart_only_by_what_they_want():
    a, b, c = Layer(5), Layer(6), Layer(1)
    a.project(b), a.project(c), b.project(c)
    assert network(a, b, c)
    assert runs(c[0]) == [(flag.DENSE, flag.SILENT, 5), (flag.DENSE, 0, 6)]


def test_scattered_connections_are_listed_together():
    a, b = Layer(9), Layer(1)
    a.project(b, np.array([[i % 2 == 0] for i in range(9)]))
    assert network(a, b)
    assert runs(b[0]) == [(flag.LISTED, flag.SILENT, 5)]


def test_one_gater_of_neighbours_is_shared():
    a, gates, b = Layer(5), Layer(1), Layer(1)
    a.project(gates)
    gates[0].gate(a.project(b))
    assert network(a, gates, b)
    assert runs(b[0]) == [(flag.SHARED, flag.SILENT, 5)]


def test_neighbouring_gaters_of_neighbours_are_zipped():
    a, gates, b = Layer(5), Layer(5), Layer(1)
    gates.gate(a.project(b), "one_to_one")
    assert network(a, gates, b)
    assert runs(b[0]) == [(flag.ZIPPED, flag.SILENT, 5)]


def test_scattered_gaters_are_paired():
    a, gates, b = Layer(5), Layer(5), Layer(1)
    for i, connection in enumerate(a.project(b)):
        gates[(3 * i) % 5].gate(connection)
    assert network(a, gates, b)
    assert {kind for kind, _, _ in runs(b[0])} == {flag.PAIRED}


def test_connections_from_later_neurons_are_marked():
    a, b, c = Layer(5), Layer(5), Layer(1)
    c.project(b), a.project(b)
    assert network(a, b, c)
    assert set(runs(b[0])) == {(flag.DENSE, flag.SILENT | flag.BACK, 1), (flag.DENSE, flag.SILENT, 5)}


def test_gates_that_fire_later_are_marked():
    a, b, gates = Layer(5), Layer(1), Layer(1)
    gates[0].gate(a.project(b))
    net = network(a, b, gates)
    assert runs(b[0]) == [(flag.SHARED, flag.SILENT | flag.BACK_GATED, 5)]
    gates[0].ungate(*gates[0].gated)
    b[0].gate(*b[0].incoming)
    assert runs(b[0]) == [(flag.SHARED, flag.SILENT | flag.BACK_GATED, 5)]
    assert net


def test_gates_that_are_inputs_want_no_error():
    a, b = Layer(6), Layer(1)
    projection = a[:5].project(b)
    a[5].gate(projection)
    assert network(a, b)
    assert runs(b[0]) == [(flag.SHARED, flag.SILENT | flag.QUIET_GATER, 5)]


def test_fixed_connections_are_marked():
    a, b = Layer(5), Layer(1)
    a.project(b, trainable=False)
    assert network(a, b)
    assert runs(b[0]) == [(flag.DENSE, flag.SILENT | flag.FIXED, 5)]


def test_without_a_network_the_order_is_the_one_observed():
    a, b = Layer(5), Layer(1)
    a.project(b)
    assert runs(b[0]) == [(flag.DENSE, flag.UNORDERED, 5)]


def test_the_runs_of_a_neuron_cover_its_connections_once():
    net = lstm(3, 4, 2)
    for neuron in net:
        assert sum(length for _, _, length in runs(neuron)) == len(neuron.incoming)


# --- traces -------------------------------------------------------------------------------------


def sizes(net):
    net._store.ready()
    return {name: len(net._store.columns[name]) for name in ("eligibility", "extended", "influence")}


def test_a_perceptron_keeps_no_trace():
    assert sizes(perceptron(5, 6, 4)) == {"eligibility": 0, "extended": 0, "influence": 0}


def test_a_gate_of_neurons_without_memory_keeps_no_trace():
    a, gates, b, c = Layer(5), Layer(6), Layer(6), Layer(1)
    a.project(gates), b.project(c)
    gates.gate(a.project(b), "input")
    assert sizes(network(a, gates, b, c)) == {"eligibility": 0, "extended": 0, "influence": 0}


@pytest.mark.parametrize(("inputs", "blocks"), [(3, 2), (5, 7)])
def test_memory_blocks_keep_what_section_4_needs(inputs, blocks):
    found = sizes(lstm(inputs, blocks, 4))
    assert found["eligibility"] == blocks * inputs  # into each cell
    assert found["influence"] == 2 * blocks  # input and forget gate on their cell
    assert found["extended"] == 2 * blocks * (inputs + 1)  # into each of these gates, biases too


def test_a_trained_self_connection_has_a_trace():
    net = lstm(3, 2, 1)
    before = sizes(net)["eligibility"]
    for cell in net.hidden[2]:
        cell.self_connection.trainable = True
    assert sizes(net)["eligibility"] == before + 2


def test_connections_that_are_not_trained_keep_no_trace():
    net = lstm(3, 2, 1)
    for connection in net.connections:
        connection.trainable = False
    assert sizes(net) == {"eligibility": 0, "extended": 4, "influence": 4}  # the biases of four gates


def test_a_gate_that_fires_later_keeps_no_extended_trace():
    a, cell, gate, out = Layer(2), Layer(1), Layer(1), Layer(1)
    cell.project(cell)
    a.project(gate)
    gate[0].gate(a.project(cell))
    assert sizes(network(a, cell, gate, out))["extended"] == 0


def test_only_neurons_with_memory_or_gated_gates_are_traced():
    net = lstm(3, 2, 1)
    assert all(flags(cell) & flag.MEMORY and flags(cell) & flag.TRACED for cell in net.hidden[2])
    others = [neuron for neuron in net if neuron not in net.hidden[2]]
    assert not any(flags(neuron) & (flag.MEMORY | flag.TRACED) for neuron in others)


# --- when ---------------------------------------------------------------------------------------


def lowered(net):
    net._store.ready()
    return net._store.program


CHANGES = {
    "project": lambda net: net.hidden[0][0].project(net.hidden[0][1]),
    "project in bulk": lambda net: net.hidden[0].project(net.hidden[0], "all_to_else"),
    "self-connect": lambda net: net.output[0].project(net.output[0]),
    "disconnect": lambda net: net[0].disconnect(net.hidden[0][0]),
    "gate": lambda net: net.hidden[0][0].gate(net.connections[-1]),
    "gate in bulk": lambda net: Layer(1).gate(net.hidden[0].project(net.hidden[0]), "input"),
    "ungate": lambda net: net.hidden[0][2].ungate(*net.hidden[0][2].gated),
    "add": lambda net: net.add(Neuron()),
    "append": lambda net: net.hidden[0].append(Neuron()),
    "remove": lambda net: net.remove(net.hidden[0][1]),
    "trainable": lambda net: setattr(net.connections[0], "trainable", False),
    "trainable bias": lambda net: setattr(net[3], "trainable", False),  # sensitivities are laid out anew
    "squash": lambda net: setattr(net.output[0], "squash", "tanh"),
    "squash of a layer": lambda net: setattr(net.output, "squash", "tanh"),
    "another network": lambda net: net.project(perceptron(1, 1)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_change_of_structure_is_lowered_before_the_next_step(change):
    net = perceptron(2, 3, 2, seed=1)
    net.hidden[0][2].gate(net.connections[-2])
    before, store = lowered(net), net._store
    change(net)
    assert lowered(net) is not before or net._store is not store
    assert net.activate([1.0, 1.0]).shape == (2,)


@pytest.mark.parametrize(
    "change",
    [
        lambda net: setattr(net.connections[0], "weight", 3.0),
        lambda net: setattr(net, "weights", net.weights * 2),
        lambda net: setattr(net[3], "bias", 1.0),
        lambda net: setattr(net[3], "name", "x"),
        lambda net: net.activate([1.0, 1.0]),
        lambda net: net.clear(),
        lambda net: net.reset(seed=1),
        lambda net: net.graph,
        lambda net: net.connections[0].eligibility,
    ],
)
def test_numbers_change_without_lowering(change):
    net = perceptron(2, 3, 2, seed=1)
    before = lowered(net)
    change(net)
    assert lowered(net) is before


def test_rows_follow_the_order_of_the_network():
    a, b, c = Layer(2), Layer(3), Layer(1)
    b.project(c), a.project(b), c.project(a)
    net = network(a, b, c)
    net._store.ready()
    assert [neuron._row for neuron in net] == list(range(6))
    assert (np.diff(net._store["target"].astype(int)) >= 0).all()


def test_lowering_twice_changes_nothing():
    net = lstm(3, 4, 2)
    net.activate([1.0, 2.0, 3.0])
    before = {name: column.copy() for name, column in net._store.columns.items()}
    net._store.touch()
    net._store.ready()
    for name, column in net._store.columns.items():
        assert np.array_equal(column, before[name]), name


def test_no_index_points_nowhere():
    net = lstm(3, 4, 2)
    net._store.ready()
    c = net._store.columns
    assert (c["run_source"] < len(net)).all()
    assert ((c["run_gater"] < len(net)) | (c["run_gater"] == NONE) | (c["run_kind"] == flag.DENSE)).all()
    assert (c["run_first"] + c["run_length"] <= net._store.n_connections).all()
    assert (c["influence_trace"][c["pull"]] < len(c["extended"])).all()


@pytest.mark.filterwarnings("ignore::synapse.errors.TopologyWarning")
def test_neighbours_fire_one_by_one_where_one_gates_the_other():
    """Also where the gates are neighbours of which the last is the gated neuron itself."""
    source = Network(Layer(1), [], Layer(2, squash="identity", bias=1.0))
    inputs, hidden, output = Layer(1), Layer(2, squash="identity", bias=0.5), Layer(1)
    first, second = (source.output[i].project(hidden[1], weight=1.0) for i in range(2))
    hidden[0].gate(first)
    hidden[1].gate(second)
    net = Network(inputs, [hidden], output)
    source.activate([0.0])
    assert runs(hidden[1]) == [(flag.ZIPPED, flag.UNORDERED, 2)]
    net.activate([0.0])
    assert hidden.activations.tolist() == [0.5, 0.5 + 0.5 * 1.0 + 0.0 * 1.0]
    net.activate([0.0])
    assert hidden[1].activation == 0.5 + 0.5 * 1.0 + 1.0 * 1.0

"""Two nodes that differ are two neurons on every way in, or the call says so."""

import io
import json
import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import architect
from synapse import from_edges, from_networkx, load, save, to_networkx
from synapse.errors import SynapseError
from synapse.readwrite import read_graph
from tests.helpers.cases import every_case

BIG = 2**53
ODD = {
    "number and its digits": [0, "0"],
    "equal numbers": [0, 0.0],
    "false": [0, False],
    "signs of zero": [0.0, -0.0],
    "leading zero": ["007", "7"],
    "number and leading zero": [7, "007"],
    "float and text": [1.5, "1.5"],
    "composed letters": ["\u00e9", "e\u0301"],
    "trailing blank": ["a", "a "],
    "hard blank": ["a", "a\u00a0"],
    "case": ["a", "A"],
    "empty": ["a", ""],
    "missing": ["a", float("nan")],
    "large": [BIG, BIG + 1],
    "large floats": [float(BIG), float(BIG + 2)],
    "unsigned": [2**63 + 1, 2**63 + 3],
    "beyond 64 bits": [2**64 + 1, 2**64 + 2],
    "pairs": [(0, 0), (0, 1)],
    "text of NumPy": [np.str_("a"), "a"],
    "integers of NumPy": [np.int8(1), np.uint64(1)],
    "zero bytes": ["a\0", "a"],
    "signed digits": ["1", "+1"],
    "exponent": ["1000", "1e3"],
    "dates": [pd.Timestamp("2020-01-01"), pd.Timestamp("2020-01-02")],
}
"""Two nodes, which are one where Python's equality says so."""


def edges_of(nodes):
    """From an input to each, and from each to an output of its own."""
    return [
        edge
        for i, node in enumerate(nodes)
        for edge in ((f"in {i}", node), (node, f"out {i}"))
    ]


ENDS = {"inputs": ["in 0", "in 1"], "outputs": ["out 0", "out 1"], "seed": 0}


def columns(edges):
    return {
        "source": [source for source, _ in edges],
        "target": [target for _, target in edges],
    }


def as_array(edges):
    table = np.empty((len(edges), 2), object)
    for row, edge in enumerate(edges):
        table[row, 0], table[row, 1] = edge
    return table


def with_neurons(edges):
    names = list(dict.fromkeys(end for edge in edges for end in edge))
    return from_edges(columns(edges), neurons={"name": names}, **ENDS)


def by_json(edges):
    data = nx.node_link_data(nx.DiGraph(edges), edges="edges")
    return from_networkx(read_graph(io.StringIO(json.dumps(data))), **ENDS)


DOORS = {
    "tuples": lambda edges: from_edges(edges, **ENDS),
    "columns": lambda edges: from_edges(columns(edges), **ENDS),
    "frame": lambda edges: from_edges(pd.DataFrame(columns(edges)), **ENDS),
    "array": lambda edges: from_edges(as_array(edges), **ENDS),
    "neurons": with_neurons,
    "graph": lambda edges: from_networkx(nx.DiGraph(edges), **ENDS),
    "node-link": by_json,
}


def identity(neuron):
    """By what a user tells a neuron."""
    return (
        neuron.name,
        str(type(neuron.metadata.get("node"))),
        neuron.metadata.get("node"),
    )


REFUSED = (
    *("number and its digits", "float and text"),  # in tables
    *("trailing blank", "hard blank", "empty", "missing"),
)


@every_case("door, kind", [(door, kind) for door in DOORS for kind in ODD])
def test_two_that_differ_stay_two_or_the_call_says_so(door, kind):
    nodes = ODD[kind]
    edges = edges_of(nodes)
    if door == "node-link" and kind in ("dates", "integers of NumPy"):
        return  # JSON does not have them
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            net = DOORS[door](edges)
        except SynapseError:
            assert kind in REFUSED
            return
    hidden = [*net][2:-2]
    assert len({identity(neuron) for neuron in hidden}) == len(hidden)
    if len(hidden) < len({*nodes}):
        assert len(said) == 1
        assert "1 name became equal to another" in str(said[0].message)
    if len({neuron.name for neuron in hidden}) < len(hidden):
        assert "2 neurons share 1 name" in str(said[0].message)
    if kind == "large floats":
        assert "2 names, such as 9007199254740992.0, are floats" in str(said[0].message)


def test_integers_of_two_dtypes_are_no_floats():
    source = np.array([2**62 + 1, 5])
    target = np.array([2**63 + 1, 2**63 + 2], np.uint64)
    net = from_edges({"source": source, "target": target})
    assert [int(neuron.name) for neuron in net] == [5, 2**62 + 1, 2**63 + 1, 2**63 + 2]


def labelled():
    graph = nx.DiGraph([("x", "0"), ("x", "1"), ("0", "y"), ("1", "y")])
    for node, label in {"0": "cell", "1": "cell", "y": "hand"}.items():
        graph.nodes[node]["label"] = label
    return graph


@pytest.mark.filterwarnings("ignore:2 neurons share 1 name")
def test_nodes_stay_known_beside_their_labels():
    with pytest.warns(match=r"2 neurons share 1 name.*neuron.metadata\['node'\]"):
        net = from_networkx(labelled(), seed=0)
    assert [neuron.name for neuron in net] == ["x", "cell", "cell", "hand"]
    nodes = [neuron.metadata.get("node") for neuron in net]
    assert nodes == [None, "0", "1", "y"]
    assert net.select(node="1") == [net[2]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of graphs of networks nothing is lost
        twin = from_networkx(to_networkx(net))
    assert [neuron.metadata.get("node") for neuron in twin] == nodes


def test_an_attribute_of_a_graph_keeps_its_name():
    graph = labelled()
    nx.set_node_attributes(graph, "mine", "node")
    with pytest.warns(match=r"neuron.metadata\['node of the graph'\]"):
        net = from_networkx(graph, seed=0)
    assert dict(net[1].metadata) == {"node": "mine", "node of the graph": "0"}


def test_the_name_in_a_table_of_neurons_is_the_name():
    """Labels of many cells are the same in published tables."""
    neurons = {"name": ["x", 720575940621039145, "y"], "label": ["x", "cell", "y"]}
    edges = [("x", 720575940621039145), (720575940621039145, "y")]
    net = from_edges(edges, neurons=neurons, seed=0)
    assert net["720575940621039145"].metadata["label"] == "cell"


def test_nodes_of_files_with_leading_zeros_stay_two():
    stream = io.BytesIO()
    save(architect.Perceptron(2, 1, seed=0), stream, "node_link")
    data = json.loads(stream.getvalue())
    data["nodes"][0]["id"], data["nodes"][1]["id"] = "01", "1"
    data["edges"][0]["source"], data["edges"][1]["source"] = "01", "1"
    net = load(io.StringIO(json.dumps(data)), "node_link")
    assert len(net) == 3
    assert len(net.connections) == 2

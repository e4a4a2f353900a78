"""Two nodes that differ are two neurons on every way in, or the call says so."""

import io
import itertools
import json
import warnings

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import architect
from synapse import from_edges, from_networkx, to_networkx
from synapse.errors import SynapseError
from synapse.readwrite import read_graph
from tests.helpers.cases import every_case

from .formats import content_of, from_content

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


ENDS = {"inputs": ["in 0", "in 1"], "outputs": ["out 0", "out 1"], "seed": 0}


def columns(edges):
    return dict(zip(("source", "target"), zip(*edges, strict=True), strict=True))


def as_array(edges):
    table = np.empty((len(edges), 2), object)
    table[:, 0], table[:, 1] = zip(*edges, strict=True)
    return table


def by_json(edges):
    data = nx.node_link_data(nx.DiGraph(edges), edges="edges")
    return from_networkx(read_graph(io.StringIO(json.dumps(data))), **ENDS)


DOORS = {
    "tuples": lambda edges: from_edges(edges, **ENDS),
    "columns": lambda edges: from_edges(columns(edges), **ENDS),
    "frame": lambda edges: from_edges(pd.DataFrame(columns(edges)), **ENDS),
    "array": lambda edges: from_edges(as_array(edges), **ENDS),
    "neurons": lambda edges: from_edges(
        columns(edges),
        neurons={"name": list(dict.fromkeys(itertools.chain(*edges)))},
        **ENDS,
    ),
    "graph": lambda edges: from_networkx(nx.DiGraph(edges), **ENDS),
    "node-link": by_json,
}


REFUSED = (
    *("number and its digits", "float and text"),  # in tables
    *("trailing blank", "hard blank", "empty", "missing"),
)


@every_case(
    "door, kind",
    [
        (door, kind)
        for door in DOORS
        for kind in ODD
        # JSON does not have these
        if door != "node-link" or kind not in ("dates", "integers of NumPy")
    ],
)
def test_two_that_differ_stay_two_or_the_call_says_so(door, kind):
    nodes = ODD[kind]
    edges = [(f"in {i}", node) for i, node in enumerate(nodes)]
    edges += [(node, f"out {i}") for i, node in enumerate(nodes)]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            net = DOORS[door](edges)
        except SynapseError:
            assert kind in REFUSED
            return
    hidden = [*net][2:-2]
    marks = [neuron.metadata.get("node") for neuron in hidden]
    names = [neuron.name for neuron in hidden]
    assert len({*zip(names, map(type, marks), marks)}) == len(hidden)
    words = {
        "1 name became equal to another": len(hidden) < len({*nodes}),
        "2 neurons share 1 name": len({*names}) < len(hidden),
        "2 names, such as 9007199254740992.0, are floats": kind == "large floats",
    }
    for expected, is_due in words.items():
        assert not is_due or expected in str(said[0].message)
    assert len(said) == 1 or len(hidden) >= len({*nodes})


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
    data = json.loads(content_of("node_link", architect.Perceptron(2, 1, seed=0)))
    for i, name in enumerate(("01", "1")):
        data["nodes"][i]["id"] = data["edges"][i]["source"] = name
    net = from_content("node_link", json.dumps(data).encode())
    assert (len(net), len(net.connections)) == (3, 2)

"""Programs that fill columns, such as graph-tool and many tables, give every node and
edge 0, False or empty text where it had no value: the network stays the same."""

import io
import re

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import architect
from synapse import Topology, from_edges, from_networkx, load, to_edges, to_networkx
from synapse.readwrite import read_graph

from .graph_programs import CASES
from .test_plain_graphs import AS_WRITTEN


def gated_by_an_input():
    net = architect.Perceptron(2, 3, 1, seed=0)
    net.input[0].gate(net.connections[1])
    return net


def with_costs():
    net = architect.Perceptron(2, 3, 3, seed=0)
    net.output.cost_weights = 1.0, 2.0, 1.0
    return net


NETWORKS = {
    **{name: make for name, make in CASES.items() if name != "metadata"},
    "gated by an input": gated_by_an_input,
    "costs of outputs": with_costs,
    "float32": lambda: architect.LSTM(2, 3, 1, seed=0, dtype="float32"),
}


def filled(net, **options):
    """Its graph, as one whose columns have no gaps."""
    graph = to_networkx(net, multigraph=True, **options)
    for rows in (
        [*graph.nodes.values()],
        [data for *_, data in graph.edges(data=True)],
    ):
        empty = {name: type(row[name])() for row in rows for name in row}
        for row in rows:
            row.update({**empty, **row})
    return graph


def by_graph_tool(net):
    """GraphML as graph-tool 2.45 saves it: without empty text, and the attributes of
    the graph at the last edge."""
    graph = filled(net)
    *_, last = ({}, *graph.nodes.values(), *(edge for *_, edge in graph.edges.data()))
    last |= graph.graph
    graph.graph.clear()
    text = "\n".join(nx.generate_graphml(graph))
    return io.BytesIO(re.sub(r'<data key="\w+"(></data>| ?/>)', "", text).encode())


def by_networkx(write, format):
    def again(net):
        stream = io.BytesIO()
        write(filled(net), stream)
        return load(io.BytesIO(stream.getvalue()), format)

    return again


def by_tables(net, as_read=lambda table: table):
    if not len(net.connections):  # a table without columns is none
        return net
    tables = [as_read(table) for table in to_edges(net)]
    edges, neurons = (
        table.apply(
            lambda column: column.where(
                column.notna(), type(column.dropna().iloc[0])()
            ).infer_objects()
        )
        for table in tables
    )
    return from_edges(edges, neurons=neurons, dtype=net.dtype, name=net.name)


def from_csv(table):
    return pd.read_csv(io.StringIO(table.to_csv(index=False)), **AS_WRITTEN)


WAYS = {
    "graph": lambda net: from_networkx(filled(net)),
    "graph of names": lambda net: from_networkx(filled(net, names=True)),
    "graph-tool": lambda net: load(by_graph_tool(net), "graphml"),
    "graph-tool, as a graph": lambda net: from_networkx(
        read_graph(by_graph_tool(net), "graphml")
    ),
    "GraphML": by_networkx(nx.write_graphml, "graphml"),
    "GML": by_networkx(nx.write_gml, "gml"),
    "GEXF": by_networkx(nx.write_gexf, "gexf"),
    "tables": by_tables,
    "CSV": lambda net: by_tables(net, from_csv),
}


@pytest.mark.filterwarnings("ignore:.*no connection leads", "ignore:Removed the blanks")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_filled_in_is_no_value(name, way):
    net = NETWORKS[name]()
    twin = WAYS[way](net)
    if way != "GEXF":  # has no dtype
        assert (twin.dtype, twin.name) == (net.dtype, net.name)
    rows = np.random.default_rng(0).normal(size=(9, len(net.input)))
    difference = np.abs(twin.run(rows) - net.run(rows)).max()
    assert difference <= (1e-5 if net.dtype != twin.dtype else 0.0)
    assert [each.cost_weights.tolist() for each in twin.layers] == [
        each.cost_weights.tolist() for each in net.layers
    ]
    assert Topology.of(twin).gater.tolist() == Topology.of(net).gater.tolist()


def test_a_gater_that_is_given_by_hand_counts():
    """In a graph of ours, beside gated connections and without."""
    for net in (gated_by_an_input(), architect.Perceptron(2, 3, 1, seed=0)):
        graph = to_networkx(net)
        graph.edges[2, 5]["gater"] = 0
        twin = from_networkx(graph)
        assert twin[2].connection_to(twin[5]).gater is twin[0]

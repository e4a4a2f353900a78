"""The functions of networkx, each on live graphs and on ordinary copies of them: the same results.

``tests/networkx_table.py`` finds the functions and their arguments, and lists what is refused.
"""

import importlib.util
import inspect
import io
import json
import pickle
from functools import cache, partial
from operator import attrgetter, methodcaller

import matplotlib as mpl
import matplotlib.pyplot
import networkx as nx
import pytest

from synapse import Layer, Network, Neuron, Topology
from synapse.errors import KindError
from synapse.graph import GraphEditError

from . import networkx_table
from .networks import lstm, perceptron, used
from .networkx_table import (
    COPIES_NODES,
    DIFFERS,
    EDITS,
    MISSING,
    NEVER,
    NO_GRAPH,
    RANDOM,
    UNORDERED,
    WRITES_WEIGHTS,
    first,
    first_edge,
    half,
    last,
)
from .test_graph import EDITS as GRAPH_EDITS

mpl.use("Agg")


@pytest.fixture(autouse=True)
def closed():
    """Pictures are closed after each test."""
    yield
    mpl.pyplot.close("all")


TABLE = networkx_table.table()
KNOWN = nx.__version__.startswith("3.6.")
"""Whether the lists were made for this networkx; another may have functions whose arguments nobody gave."""


# --- networks of several structures --------------------------------------------------------------


def linked(sizes, *pairs):
    """A network of named neurons and these connections, with weights 1, 2, ..."""
    neurons = [Neuron(name=f"n{i}") for i in range(sum(sizes))]
    for weight, (i, j) in enumerate(pairs, 1):
        neurons[i].project(neurons[j], weight=weight)
    layers = [Layer(neurons[sum(sizes[:i]) : sum(sizes[: i + 1])]) for i in range(len(sizes))]
    return Network(layers[0], layers[1:-1], layers[-1])


STRUCTURES = {
    "gated, recurrent": lambda: used(lstm(2, 1, 1, seed=1)),
    "bipartite, without cycles": lambda: used(perceptron(2, 3, 2)),
    "ring": lambda: linked((1, 2, 1), (0, 1), (1, 2), (2, 3), (3, 0)),
    "tree": lambda: linked((1, 2, 4), (0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)),
    "tournament": lambda: linked((1, 3, 1), *((i, j) for j in range(5) for i in range(j))),
    "complete": lambda: linked((1, 2, 1), *((i, j) for i in range(4) for j in range(4) if i != j)),
    "triad": lambda: linked((1, 1, 1), (0, 1), (1, 2)),
}


@cache
def network(structure, alone):
    """A network that is all of its store, or one that shares it."""
    net = STRUCTURES[structure]()
    if not alone:
        net.project(perceptron(1, 2))
    return net


def ordinary(live):
    """An ordinary graph of the same neurons, in the same order everywhere."""
    graph = nx.DiGraph()
    graph.add_nodes_from((node, dict(data)) for node, data in live.nodes(data=True))
    for u in live:
        graph._succ[u].update((v, dict(data)) for v, data in live.succ[u].items())
    for v in live:
        graph._pred[v].update((u, graph._succ[u][v]) for u in live.pred[v])
    return graph


def undirected(graph):
    return graph.to_undirected(as_view=True)


def data_of(net):
    """All that a graph tells, notes too."""
    graph = net.graph
    return [
        {node: dict(data) for node, data in graph.nodes(data=True)},
        {(u, v): dict(data) for u, v, data in graph.edges(data=True)},
    ]


# --- the table -----------------------------------------------------------------------------------


def works(name, call, graph, copy):
    """Whether a call gives for a live graph what it gives for an ordinary one; False if both refuse it."""
    live, usual = networkx_table.outcome(call, graph), networkx_table.outcome(call, copy)
    if isinstance(live, Exception):
        refused = name in EDITS and isinstance(live, nx.NetworkXError)
        assert refused or type(live) is type(usual), (live, usual)
        return False
    if isinstance(usual, KindError):
        return True  # an ordinary graph of neurons cannot be copied deeply; a live one can
    if name in UNORDERED:
        live, usual = networkx_table.sorted_out(live), networkx_table.sorted_out(usual)
    assert name in DIFFERS or name in RANDOM or networkx_table.same(live, usual)
    return True


@pytest.mark.parametrize("name", TABLE)
def test_it_works_as_on_an_ordinary_graph(name):
    results = []
    for turned in (lambda graph: graph, undirected):
        for structure in STRUCTURES:
            for alone in (True, False):
                net = network(structure, alone)
                graph, before = net.graph, data_of(net)
                results += [
                    works(name, call, turned(graph), turned(ordinary(graph)))
                    for call in networkx_table.calls(name, TABLE[name])
                ]
                graph.graph.clear()  # a function that fails can leave attributes, as view_pygraphviz does
                if name in WRITES_WEIGHTS:
                    assert networkx_table.same(data_of(net), before)
                else:
                    assert data_of(net) == before
        if any(results):
            break  # else it may be a function of undirected graphs
    missing = [start for start, package in MISSING.items() if importlib.util.find_spec(package) is None]
    refused = name in COPIES_NODES or name in NEVER or name.startswith(tuple(missing))
    assert any(results) != refused or not KNOWN or name in EDITS


def test_every_callable_of_networkx_is_in_the_table_or_takes_no_graph():
    for name, function in networkx_table.public().items():
        if name not in TABLE and not name.startswith(tuple(NO_GRAPH)):
            assert not inspect.isclass(function), name
            assert getattr(function, "graphs", None) == {}, name
    assert not KNOWN or len(TABLE) > 600


# --- the methods of a graph ----------------------------------------------------------------------

FACTORIES = [name for name in dir(nx.DiGraph) if name.endswith("_factory")]
CALLED = ["adjacency", "is_directed", "is_multigraph", "number_of_nodes", "order", *FACTORIES]
METHODS = {
    **dict.fromkeys(GRAPH_EDITS),
    **{name: methodcaller(name) for name in CALLED},
    **{name: attrgetter(name) for name in ("adj", "name", "pred", "succ")},
    "copy": lambda g: [g.copy(), g.copy(as_view=True)],
    "degree": lambda g: [g.degree, g.degree(weight="weight"), g.degree[first(g)]],
    "edge_subgraph": lambda g: g.edge_subgraph(list(g.edges)[::2]),
    "edges": lambda g: (
        [g.edges, g.edges(half(g)), g.edges[first_edge(g)], *(g.edges(data=d) for d in (True, "gater"))]
    ),
    "get_edge_data": lambda g: [g.get_edge_data(*first_edge(g)), g.get_edge_data(1, 2, "none")],
    "has_edge": lambda g: [g.has_edge(*first_edge(g)), g.has_edge(last(g), last(g))],
    "has_node": lambda g: [g.has_node(first(g)), g.has_node("n")],
    "has_predecessor": lambda g: [g.has_predecessor(last(g), n) for n in g],
    "has_successor": lambda g: [g.has_successor(first(g), n) for n in g],
    "in_degree": lambda g: [g.in_degree, g.in_degree(weight="weight")],
    "in_edges": lambda g: [g.in_edges, g.in_edges(data=True), g.in_edges(half(g), data="weight")],
    "nbunch_iter": lambda g: [g.nbunch_iter(half(g)), g.nbunch_iter()],
    "neighbors": lambda g: [g.neighbors(n) for n in g],
    "nodes": lambda g: [g.nodes, g.nodes(data=True), g.nodes(data="layer"), g.nodes[first(g)]],
    "number_of_edges": lambda g: [g.number_of_edges(), g.number_of_edges(*first_edge(g))],
    "out_degree": lambda g: [g.out_degree, g.out_degree(weight="weight")],
    "out_edges": lambda g: [g.out_edges, g.out_edges(data=True)],
    "predecessors": lambda g: [g.predecessors(n) for n in g],
    "reverse": lambda g: [g.reverse(), g.reverse(copy=False)],
    "size": lambda g: [g.size(), g.size(weight="weight")],
    "subgraph": lambda g: [g.subgraph(half(g)), g.subgraph(half(g)).subgraph([first(g)]).copy()],
    "successors": lambda g: [g.successors(n) for n in g],
    "to_directed": lambda g: [g.to_directed(), g.to_directed(as_view=True)],
    "to_directed_class": lambda g: g.to_directed_class()(),
    "to_undirected": lambda g: [g.to_undirected(**o) for o in ({}, {"reciprocal": True}, {"as_view": True})],
    "to_undirected_class": lambda g: g.to_undirected_class()(),
}
"""How each public name of a graph is used; None: it edits the graph, see ``tests/test_graph.py``."""


@pytest.mark.parametrize("name", [name for name in dir(nx.DiGraph) if not name.startswith("_")])
def test_the_methods_of_a_graph_work_as_those_of_an_ordinary_one(name):
    if name not in METHODS and not KNOWN:
        return
    for structure in STRUCTURES:
        for alone in (True, False):
            graph = network(structure, alone).graph
            if METHODS[name] is None:
                with pytest.raises(GraphEditError):
                    getattr(graph, name)(*GRAPH_EDITS[name])
                continue
            results = [networkx_table.outcome(METHODS[name], g) for g in (graph, ordinary(graph))]
            assert networkx_table.same(*results), results
            assert not isinstance(results[0], Exception)


# --- what tools of the language and files make of it ---------------------------------------------


@pytest.mark.parametrize("alone", [True, False])
def test_files_of_networkx_can_be_read_again(alone, tmp_path):
    net = network("gated, recurrent", alone)
    size, gated = len(net.connections), sum(c.gater is not None for c in net.connections)
    pairs = {
        "graphml": (nx.write_graphml, nx.read_graphml),
        "gexf": (nx.write_gexf, nx.read_gexf),
        "gml": (partial(nx.write_gml, stringizer=str), nx.read_gml),
    }
    for kind, (write, read) in pairs.items():
        write(net.graph, tmp_path / kind)
        again = read(tmp_path / kind)
        weights = [data["weight"] for *_, data in again.edges(data=True)]
        assert sorted(weights) == pytest.approx(sorted(net.weights))
        assert len(again) == len(net)
        assert again.number_of_edges() == size
        assert len(nx.get_edge_attributes(again, "gater")) == gated
        assert {data["layer"] for _, data in again.nodes(data=True)} == {layer.name for layer in net.layers}


def test_json_tables_and_matrices_hold_scalars():
    net = network("gated, recurrent", True)
    for data in (
        nx.node_link_data(net.graph, edges="edges"),
        nx.cytoscape_data(net.graph),
        nx.adjacency_data(net.graph),
    ):
        assert json.loads(json.dumps(data, default=lambda neuron: neuron.name))
    table = nx.to_pandas_edgelist(net.graph)
    assert sorted(table["weight"]) == sorted(net.weights)
    assert {"gater", "gain", "trainable", "eligibility"} < set(table)
    by_rows = nx.to_numpy_array(net.graph, nodelist=list(net))
    assert by_rows.sum() == pytest.approx(net.weights.sum())
    assert (nx.to_scipy_sparse_array(net.graph, nodelist=list(net)).toarray() == by_rows).all()


def test_text_is_written_of_neurons_in_an_order():
    buffer = io.BytesIO()
    nx.write_sparse6(undirected(network("ring", True).graph), buffer)
    assert len(nx.from_sparse6_bytes(buffer.getvalue().strip())) == 4


@pytest.mark.parametrize("alone", [True, False])
def test_what_functions_are_asked_to_keep_in_a_graph_becomes_a_note(alone):
    net = STRUCTURES["ring"]()
    if not alone:
        net.project(perceptron(1, 2))
    graph, copy = net.graph, ordinary(net.graph)
    for one in (graph, copy):
        nx.barycenter(one, attr="centre")
        nx.set_node_attributes(one, nx.circular_layout(one), "pos")
        nx.set_edge_attributes(one, nx.edge_betweenness_centrality(one), "betweenness")
    assert nx.get_node_attributes(graph, "centre") == nx.get_node_attributes(copy, "centre")
    assert nx.to_latex(graph) == nx.to_latex(copy)
    flow = nx.maximum_flow_value(graph, net[0], net[3], capacity="betweenness")
    assert flow == nx.maximum_flow_value(copy, net[0], net[3], capacity="betweenness") > 0


@pytest.mark.parametrize("alone", [True, False])
def test_functions_of_attributes_read_the_neurons(alone):
    net = network("gated, recurrent", alone)
    plain = Topology.of(net).to_networkx()
    for key in ("layer", "squash", "subset"):
        mixing = [nx.attribute_mixing_dict(graph, key) for graph in (net.graph, plain)]
        assert mixing[0] == mixing[1]
        found, expected = (nx.attribute_assortativity_coefficient(graph, key) for graph in (net.graph, plain))
        assert found == pytest.approx(expected)
    found, expected = (nx.numeric_assortativity_coefficient(graph, "bias") for graph in (net.graph, plain))
    assert found == pytest.approx(expected)
    layers = nx.get_node_attributes(net.graph, "layer")
    together = nx.quotient_graph(net.graph.copy(), lambda u, v: layers[u] == layers[v])
    assert len(together) == len(net.layers)


def test_drawings_are_coloured_by_attributes():
    net = network("bipartite, without cycles", True)
    graph, ax = net.graph, mpl.pyplot.figure().add_subplot()
    places = nx.multipartite_layout(graph)
    colours = list(nx.get_node_attributes(graph, "activation").values())
    widths = [abs(weight) for _, _, weight in graph.edges(data="weight")]
    nx.draw_networkx_edges(graph, places, ax=ax, width=widths, arrows=False)
    drawn = nx.draw_networkx_nodes(graph, places, ax=ax, node_color=colours)
    assert drawn.get_array().tolist() == [neuron.activation for neuron in graph]
    assert len(drawn.get_offsets()) == len(net)


def test_a_backend_sees_the_weights_of_now():
    """graphblas-algorithms converts a graph and may keep the result; that of a live graph is made anew."""
    pytest.importorskip("graphblas_algorithms")
    net = linked((1, 2, 1), (0, 1), (0, 2), (1, 3), (2, 3))
    for weight in (1.0, 50.0):
        net[0].connected(net[1]).weight = weight
        found, expected = nx.pagerank(net.graph, backend="graphblas"), nx.pagerank(net.graph)
        assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("alone", [True, False])
def test_pickle_gives_an_ordinary_graph_of_numbers(alone):
    net = network("gated, recurrent", alone)
    loaded = pickle.loads(pickle.dumps(net.graph))
    assert type(loaded) is nx.DiGraph
    assert list(loaded) == list(range(len(net)))
    assert nx.get_node_attributes(loaded, "bias") == dict(enumerate(net.biases))
    loaded.add_edge("x", "y")

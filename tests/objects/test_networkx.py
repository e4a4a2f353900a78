"""The functions of networkx that people call give the same results on live graphs and
on ordinary copies."""

import pickle
import random
import warnings
from collections.abc import Mapping
from functools import cache, partial
from operator import getitem

import matplotlib as mpl
import matplotlib.pyplot
import networkx as nx
import numpy as np
import pytest

import architect
import synapse
from synapse import Layer, Network, Neuron
from synapse.errors import ArgumentError, ArgumentTypeError
from synapse.objects.graph import GraphEditError
from tests.helpers.cases import all_refused, every_case
from tests.helpers.networks import lstm, perceptron, used

mpl.use("Agg")

CALLS = """
shortest_path(g, a, z); shortest_path(g, a, z, "weight"); has_path(g, a, z);
all_simple_paths(g, a, z); dijkstra_path_length(g, a, z); bellman_ford_path(g, a, z);
diameter(g); diameter(u, weight="weight"); degree_centrality(g);
closeness_centrality(g); betweenness_centrality(g);
betweenness_centrality(g, weight="weight"); eigenvector_centrality(u); pagerank(g);
clustering(g, half); clustering(g, weight="weight"); density(g); adjacency_spectrum(g);
strongly_connected_components(g); is_weakly_connected(g); condensation(g);
simple_cycles(g); find_cycle(g); negative_edge_cycle(g); topological_sort(g);
topological_generations(g); dag_longest_path(g); ancestors(g, z); descendants(g, a);
dfs_tree(g, a); minimum_spanning_arborescence(g); spring_layout(g, seed=1);
multipartite_layout(g); draw_networkx(g, nx.circular_layout(g)); to_numpy_array(g);
to_scipy_sparse_array(g); to_pandas_edgelist(g); node_link_data(g); generate_graphml(g);
subgraph(g, half); restricted_view(g, half, list(g.edges)[::2]);
get_edge_attributes(g, "weight"); get_node_attributes(g, "bias"); DiGraph(g);
reverse(g); relabel_nodes(g, numbers); convert_node_labels_to_integers(g);
compose(g, nx.relabel_nodes(g, primed)); is_isomorphic(g, g);
isomorphism.DiGraphMatcher(g, g).isomorphisms_iter();
maximum_flow(g, a, z, capacity="weight"); community.louvain_communities(g, seed=1);
is_directed_acyclic_graph(g)
"""
"""What people call of networkx, of every kind: g is a graph, u the same undirected, a
and z its ends."""

DIFFERS = {"to_pandas_edgelist(g)"}
"""What has a connection's own str(data)."""
WRITES_WEIGHTS = {"minimum_spanning_arborescence(g)"}
"""What replaces weights while it runs and brings them back, by addition: to
rounding."""


def result_of(call, graph):
    """What networkx makes of a graph."""
    nodes = list(graph)
    names = {
        "nx": nx,
        "g": graph,
        "u": graph.to_undirected(as_view=True),
        "a": nodes[0],
        "z": nodes[-1],
        "half": nodes[: len(nodes) // 2],
        "numbers": {node: i for i, node in enumerate(nodes)},
        "primed": {node: f"{node.name}'" for node in nodes},
    }
    return eval(f"nx.{call}", names)


def outcome(call, graph):
    """What a call gives: a value that can be compared, or an error."""
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002  # what networkx draws from where it takes no seed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return normal(result_of(call, graph))
        except Exception as error:
            return error


def normal(value):
    """A value made of lists, dicts and numbers, as far as it can be taken apart."""
    if isinstance(value, nx.Graph):
        nodes = {node: normal(dict(data)) for node, data in value.nodes(data=True)}
        edges = [
            (*edge[:-1], normal(dict(edge[-1]))) for edge in value.edges(data=True)
        ]
        return [value.is_directed(), value.is_multigraph(), nodes, edges]
    if isinstance(value, Mapping):
        return {key: normal(entry) for key, entry in value.items()}
    if value is None or isinstance(
        value, (str, bytes, set, frozenset, int, float, complex)
    ):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "toarray") or hasattr(value, "to_numpy"):
        value = value.toarray() if hasattr(value, "toarray") else value.to_numpy()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "__iter__"):
        return [normal(entry) for entry, _ in zip(value, range(2000))]
    return value if hasattr(value, "squash") else type(value).__name__


def same(ours, theirs):
    """Whether two normal values are equal, floats to rounding."""
    if isinstance(ours, float) and isinstance(theirs, float):
        return (
            abs(ours - theirs) <= 1e-9 * max(1.0, abs(ours))
            or ours == theirs
            or (ours != ours and theirs != theirs)
        )
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, (list, tuple)):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, dict):
        return ours.keys() == theirs.keys() and all(
            same(ours[key], theirs[key]) for key in ours
        )
    return bool(ours == theirs)


def linked(sizes, *pairs):
    """A network of named neurons and these connections, with weights 1, 2, ..."""
    neurons = [Neuron(name=f"n{i}") for i in range(sum(sizes))]
    for weight, (i, j) in enumerate(pairs, 1):
        neurons[i].project(neurons[j], weight=weight)
    layers = [
        Layer(neurons[sum(sizes[:i]) : sum(sizes[: i + 1])]) for i in range(len(sizes))
    ]
    return Network(layers[0], layers[1:-1], layers[-1])


STRUCTURES = {
    "gated, recurrent": lambda: used(lstm(2, 1, 1, seed=1)),
    "bipartite, without cycles": lambda: used(perceptron(2, 3, 2)),
    "ring": lambda: linked((1, 2, 1), (0, 1), (1, 2), (2, 3), (3, 0)),
    "tree": lambda: linked((1, 2, 4), (0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)),
    "tournament": lambda: linked(
        (1, 3, 1), *((i, j) for j in range(5) for i in range(j))
    ),
    "complete": lambda: linked(
        (1, 2, 1), *((i, j) for i in range(4) for j in range(4) if i != j)
    ),
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
    graph = nx.DiGraph(**live.graph)
    graph.add_nodes_from((node, dict(data)) for node, data in live.nodes(data=True))
    for u in live:
        graph._succ[u].update((v, dict(data)) for v, data in live.succ[u].items())
    for v in live:
        graph._pred[v].update((u, graph._succ[u][v]) for u in live.pred[v])
    return graph


def data_of(net):
    """All that a graph tells, notes too."""
    graph = net.graph
    return [
        {node: dict(data) for node, data in graph.nodes(data=True)},
        {(u, v): dict(data) for u, v, data in graph.edges(data=True)},
    ]


def works(call, graph, copy):
    """Whether a call gives for a live graph what it gives for an ordinary one; False if
    both refuse it."""
    live = outcome(call, graph)
    usual = outcome(call, copy)
    if isinstance(live, Exception):
        assert isinstance(live, GraphEditError) or type(live) is type(usual), (
            f"raises {live!r}, an ordinary graph gives {usual!r}"
        )
        return False
    if isinstance(usual, ArgumentTypeError):
        return (
            True  # an ordinary graph of neurons cannot be copied deeply; a live one can
        )
    assert call in DIFFERS or same(live, usual), (
        f"{live}, and of an ordinary graph {usual}"
    )
    return True


@pytest.mark.full
@every_case("call", [call.strip() for call in CALLS.split(";")])
def test_what_people_call_works_as_on_an_ordinary_graph(call):
    """Notes and numbers stay as they are."""
    results = []
    for structure in STRUCTURES:
        for alone in (True, False):
            net = network(structure, alone)
            graph = net.graph
            before = data_of(net)
            results.append(works(call, graph, ordinary(graph)))
            after = data_of(net)
            assert after == before or (
                call in WRITES_WEIGHTS and same(after, before)
            ), "other data"
    mpl.pyplot.close("all")
    assert any(results), "no result"


def test_what_functions_are_asked_to_keep_in_a_graph_becomes_a_note():
    net = STRUCTURES["ring"]()
    net.project(perceptron(1, 2))
    graph = net.graph
    copy = ordinary(net.graph)
    for annotated in (graph, copy):
        nx.barycenter(annotated, attr="centre")
        nx.set_node_attributes(annotated, nx.circular_layout(annotated), "pos")
        nx.set_edge_attributes(
            annotated, nx.edge_betweenness_centrality(annotated), "betweenness"
        )
    assert nx.get_node_attributes(graph, "centre") == nx.get_node_attributes(
        copy, "centre"
    )
    assert nx.to_latex(graph) == nx.to_latex(copy)
    flow = nx.maximum_flow_value(graph, net[0], net[3], capacity="betweenness")
    assert (
        flow == nx.maximum_flow_value(copy, net[0], net[3], capacity="betweenness") > 0
    )


def test_pickle_gives_an_ordinary_graph_of_numbers():
    net = network("gated, recurrent", False)
    loaded = pickle.loads(pickle.dumps(net.graph))
    assert (type(loaded), [*loaded]) == (nx.DiGraph, [*range(len(net))])
    assert nx.get_node_attributes(loaded, "bias") == dict(enumerate(net.biases))
    loaded.add_edge("x", "y")


def test_nodes_are_names_where_a_function_takes_names():
    net = architect.LSTM(1, 2, 1, seed=0)
    for kind in ({}, {"multigraph": True}, {"gates": True}):
        graph = synapse.to_networkx(net, names=True, **kind)
        assert list(graph) == [neuron.name for neuron in net]
        path = nx.shortest_path(graph, "input 0", "output 0")
        assert path[-2:] == ["hidden 0", "output 0"]
        assert next(g for *_, g in graph.edges(data="gater") if g) == "input gates 0"
        again = synapse.from_networkx(graph)
        assert (again.run(np.ones((3, 1))) == net.run(np.ones((3, 1)))).all()
    assert {*nx.relabel_nodes(net.graph, lambda neuron: neuron.name).edges} == {
        *synapse.to_networkx(net, names=True).edges
    }
    net[1].name = net[2].name = "twin"
    with pytest.raises(ArgumentError, match=r"different names, got 2 named 'twin'.*="):
        synapse.to_networkx(net, names=True)


@every_case("shared", [False, True])
def test_a_name_is_no_node_of_the_live_graph_and_the_error_says_what_is(shared):
    net = architect.Perceptron(1, 2, 1, seed=0)
    if shared:  # the graph is a part of the graph of a store
        net.output[0].project(synapse.Neuron())
    graph = net.graph
    which = r"net\['hidden 0'\] is the one"
    all_refused(
        (partial(getitem, nodes, name), KeyError, words)
        for nodes, name, words in (
            (graph, "hidden 0", which),
            (graph.nodes, "hidden 0", which),
            (graph.pred, "hidden 0", which),
            (graph, 7, r"^7$"),
        )
    )
    assert graph.has_node(net["hidden 0"])
    assert "hidden 0" not in graph

"""The functions of networkx that people call, each on live graphs and on ordinary copies: the same results.

A function is called with arguments found by the names of its parameters; ``CALLS`` tells how where these do
not suffice.
"""

import inspect
import io
import pickle
import random
import warnings
from collections.abc import Mapping
from functools import cache, partial
from operator import attrgetter

import matplotlib as mpl
import matplotlib.pyplot
import networkx as nx
import numpy as np

from synapse import Layer, Network, Neuron
from synapse.errors import ArgumentTypeError
from synapse.objects.graph import GraphEditError

from .cases import every_case
from .networks import lstm, perceptron, used

mpl.use("Agg")

COMMON = {
    "paths": "shortest_path has_path all_simple_paths dijkstra_path_length bellman_ford_path diameter",
    "centralities": "degree_centrality closeness_centrality betweenness_centrality eigenvector_centrality",
    "links": "pagerank clustering density adjacency_spectrum",
    "components": "strongly_connected_components is_weakly_connected condensation",
    "cycles": "simple_cycles find_cycle negative_edge_cycle",
    "without cycles": "topological_sort topological_generations dag_longest_path ancestors descendants",
    "trees": "dfs_tree minimum_spanning_arborescence",
    "layouts": "spring_layout multipartite_layout draw_networkx",
    "matrices": "to_numpy_array to_scipy_sparse_array to_pandas_edgelist",
    "files": "node_link_data write_graphml",
    "parts": "subgraph restricted_view get_edge_attributes get_node_attributes",
    "copies": "DiGraph reverse relabel_nodes convert_node_labels_to_integers compose",
    "comparisons": "is_isomorphic isomorphism.DiGraphMatcher",
    "more": "maximum_flow community.louvain_communities is_directed_acyclic_graph",
}
"""What people call of networkx, of every kind."""

DIFFERS = {"to_pandas_edgelist"}
"""What has a connection's own str(data)."""
WRITES_WEIGHTS = {"minimum_spanning_arborescence"}
"""What replaces weights while it runs and brings them back, by addition: to rounding."""


def graphs_of(function):
    """The parameters of a function that are graphs and have to be given."""
    parameters = inspect.signature(function).parameters
    marked = getattr(function, "graphs", None)
    names = {name.strip("[]?") for name in marked} if marked is not None else {"G", "graph", "N"}
    return [p.name for p in parameters.values() if p.name in names and p.default is p.empty]


def first(graph):
    return next(iter(graph))


def last(graph):
    return list(graph)[-1]


def half(graph):
    return list(graph)[: len(graph) // 2]


ARGUMENTS = {
    **dict.fromkeys(("source", "_s"), first),
    **dict.fromkeys(("target", "_t"), last),
    **dict.fromkeys(("nodes", "nbunch"), half),
    "H": lambda g: g,
    "capacity": lambda _: "weight",
    "edges": lambda g: list(g.edges)[::2],
    "mapping": lambda g: {node: number for number, node in enumerate(g)},
    "name": lambda _: "bias",
    "seed": lambda _: 1,
}
CALLS = {
    "DiGraph": lambda f, g: f(g),
    "compose": lambda f, g: f(g, nx.relabel_nodes(g, {node: f"{node.name}'" for node in g})),
    "isomorphism.DiGraphMatcher": lambda f, g: list(f(g, g).isomorphisms_iter()),
}


def calls(name):
    """The ways in which a function is tried: functions of a graph."""
    function = attrgetter(name)(nx)
    if name in CALLS:
        return [partial(CALLS[name], function)]
    weight = inspect.signature(function).parameters.get("weight")
    ways = [{}, {"weight": "weight"}] if weight is not None and weight.default is None else [{}]
    return [partial(by_names, function, **more) for more in ways]


def by_names(function, graph, **named):
    """Call a function with what the names of its parameters stand for."""
    graphs, stream, positional = graphs_of(function), io.BytesIO(), []
    for p in inspect.signature(function).parameters.values():
        given = p.default is p.empty or p.name in ("seed", "capacity")
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) or not given:
            continue
        value = graph if p.name in graphs else stream if p.name == "path" else ARGUMENTS[p.name](graph)
        if p.kind is p.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[p.name] = value
    result = function(*positional, **named)
    return (result, stream.getvalue()) if stream.tell() else result


def outcome(call, graph):
    """What a call gives: a value that can be compared, or an error."""
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002  # what networkx draws from where it takes no seed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return normal(call(graph))
        except Exception as error:
            return error


def normal(value):
    """A value made of lists, dicts and numbers, as far as it can be taken apart."""
    if isinstance(value, nx.Graph):
        nodes = {node: normal(dict(data)) for node, data in value.nodes(data=True)}
        edges = [(*edge[:-1], normal(dict(edge[-1]))) for edge in value.edges(data=True)]
        return [value.is_directed(), value.is_multigraph(), nodes, edges]
    if isinstance(value, Mapping):
        return {key: normal(one) for key, one in value.items()}
    if value is None or isinstance(value, (str, bytes, set, frozenset, int, float, complex)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if hasattr(value, "toarray") or hasattr(value, "to_numpy"):
        value = value.toarray() if hasattr(value, "toarray") else value.to_numpy()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "__iter__"):
        return [normal(one) for one, _ in zip(value, range(2000))]
    return value if hasattr(value, "squash") else type(value).__name__


def same(one, other):
    """Whether two normal values are equal, floats to rounding."""
    if isinstance(one, float) and isinstance(other, float):
        return (
            abs(one - other) <= 1e-9 * max(1.0, abs(one)) or one == other or (one != one and other != other)
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(one == other)


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


def data_of(net):
    """All that a graph tells, notes too."""
    graph = net.graph
    return [
        {node: dict(data) for node, data in graph.nodes(data=True)},
        {(u, v): dict(data) for u, v, data in graph.edges(data=True)},
    ]


def works(name, call, graph, copy):
    """Whether a call gives for a live graph what it gives for an ordinary one; False if both refuse it."""
    live, usual = outcome(call, graph), outcome(call, copy)
    if isinstance(live, Exception):
        refused = isinstance(live, GraphEditError) or type(live) is type(usual)
        assert refused, f"raises {live!r}, an ordinary graph gives {usual!r}"
        return False
    if isinstance(usual, ArgumentTypeError):
        return True  # an ordinary graph of neurons cannot be copied deeply; a live one can
    assert name in DIFFERS or same(live, usual), f"{live}, and of an ordinary graph {usual}"
    return True


@every_case("name", " ".join(COMMON.values()).split())
def test_what_people_call_works_as_on_an_ordinary_graph(name):
    """Directed and, where that has no result at all, undirected; notes and numbers stay as they are."""
    for turned in (lambda graph: graph, lambda graph: graph.to_undirected(as_view=True)):
        results = []
        for structure in STRUCTURES:
            for alone in (True, False):
                net = network(structure, alone)
                graph, before = net.graph, data_of(net)
                results += [works(name, call, turned(graph), turned(ordinary(graph))) for call in calls(name)]
                after = data_of(net)
                assert after == before or (name in WRITES_WEIGHTS and same(after, before)), "other data"
        mpl.pyplot.close("all")
        if any(results):
            return
    raise AssertionError("no result")


def test_what_functions_are_asked_to_keep_in_a_graph_becomes_a_note():
    net = STRUCTURES["ring"]()
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


def test_pickle_gives_an_ordinary_graph_of_numbers():
    net = network("gated, recurrent", False)
    loaded = pickle.loads(pickle.dumps(net.graph))
    assert type(loaded) is nx.DiGraph
    assert list(loaded) == list(range(len(net)))
    assert nx.get_node_attributes(loaded, "bias") == dict(enumerate(net.biases))
    loaded.add_edge("x", "y")

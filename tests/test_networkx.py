"""The functions of networkx, each on live graphs and on ordinary copies of them: the same results.

A function is called with arguments found by the names of its parameters; ``CALLS`` tells how where these do
not suffice. What people call must return a result; another function may refuse both graphs.
"""

import importlib
import inspect
import io
import pickle
import pkgutil
import random
import warnings
from collections.abc import Mapping
from functools import cache, partial
from operator import attrgetter

import matplotlib as mpl
import matplotlib.pyplot
import networkx as nx
import numpy as np
import pytest

from synapse import Layer, Network, Neuron
from synapse.errors import ArgumentTypeError
from synapse.objects.graph import GraphEditError

from .networks import lstm, perceptron, used

mpl.use("Agg")

GRAPHS = {"G", "graph", "N", "Gbunch", "G_to_add_to", "graph1", "graph2"}
"""Names of parameters that are graphs, where networkx does not mark them."""

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
"""What people call of networkx, of every kind: in the default tier."""

WRITES_WEIGHTS = ("spanning_arborescence", "minimal_branching", "minimum_branching")
"""Ends of names of what replaces weights while it runs and brings them back, by addition: to rounding."""

DIFFERS = ("edgelist", "adjlist", "is_frozen")
"""Ends of names of what writes str(data), a connection's own, or that a live graph is frozen."""
if not nx.__version__.startswith("3.6."):  # 3.7 chooses one of several mappings by the order of sets
    DIFFERS += ("morphism", "morphisms")

RANDOM = {
    "centrality.laplacian.laplacian_centrality",
    "link_analysis.hits_alg.hits",
    "linalg.laplacianmatrix.directed_combinatorial_laplacian_matrix",
    "linalg.laplacianmatrix.directed_laplacian_matrix",
    "approximation.clustering_coefficient.average_clustering",
}
"""What starts an iteration at random and takes no seed."""

UNORDERED = {"classes.function.non_edges", "connectivity.edge_kcomponents.k_edge_subgraphs"}
"""What takes its results out of a set, in any order."""


def public():
    """Every callable that a module of networkx lists in ``__all__``, by the first name it is found under."""
    found = {}
    for module in modules():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name, None)
            if callable(value):
                path = f"{module.__name__}.{name}".removeprefix("networkx.").removeprefix("algorithms.")
                found.setdefault(id(value), (path, value))
    return dict(found.values())


def modules():
    """All modules of networkx but its tests; packages last, so that a name tells where a function is."""
    names = [info.name for info in pkgutil.walk_packages(nx.__path__, "networkx.") if not info.ispkg]
    for name in sorted(names):
        if ".tests" not in name and "conftest" not in name:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a module that will be removed
                module = importlib.import_module(name)
            yield module
    yield nx


def graphs_of(function):
    """The parameters of a function that are graphs and have to be given."""
    parameters = inspect.signature(function).parameters
    marked = getattr(function, "graphs", None)
    names = {name.strip("[]?") for name in marked} if marked is not None else GRAPHS
    return [p.name for p in parameters.values() if p.name in names and p.default is p.empty]


def first(graph):
    return next(iter(graph))


def last(graph):
    return list(graph)[-1]


def half(graph):
    return list(graph)[: len(graph) // 2]


def path(graph):
    """The longest of the shortest paths from the first node."""
    return max(nx.single_source_shortest_path(graph, first(graph)).values(), key=len)


def top(graph):
    """One side of a bipartite graph, or what stands for it."""
    undirected = nx.Graph(graph)
    if not nx.is_bipartite(undirected):
        return half(graph)
    color = nx.bipartite.color(undirected)
    return [node for node in graph if color[node] == color[first(graph)]]


ARGUMENTS = {
    **dict.fromkeys(("source", "s", "_s", "u", "n", "node", "node1", "start", "root", "root1", "x"), first),
    **dict.fromkeys(("target", "t", "_t", "v", "node2", "y", "root2"), last),
    **dict.fromkeys(("sources", "S", "nbunch", "nbunch1", "C", "center_nodes", "terminal_nodes"), half),
    **dict.fromkeys(("nodes", "row_order"), top),
    **dict.fromkeys(("targets", "T"), lambda g: list(g)[len(g) // 2 :]),
    **dict.fromkeys(("nodes_for_cycle", "nodes_for_path", "nodes_for_star"), list),
    **dict.fromkeys(("communities", "partition"), lambda g: [set(half(g)), set(g) - set(half(g))]),
    **dict.fromkeys(("k", "number_of_sets", "distance", "radius", "l", "threshold"), lambda _: 2),
    **dict.fromkeys(("H", "G2", "t2", "graph2"), lambda g: g),
    **dict.fromkeys(("matching", "cover"), lambda g: {first(g.edges)}),
    **dict.fromkeys(("capacity", "weight"), lambda _: "weight"),
    "alpha": lambda _: 0.5,
    "attribute": lambda _: "subset",
    "colors": lambda _: {},
    "edge": lambda g: first(g.edges),
    "edges": lambda g: list(g.edges)[::2],
    "init_cycle": lambda _: "greedy",
    "mapping": lambda g: {node: number for number, node in enumerate(g)},
    "max_size": lambda _: 3,
    "name": lambda _: "bias",
    "node_attributes": lambda _: ["layer"],
    "num_colors": len,
    "pos": nx.circular_layout,
    "sample_size": lambda _: 3,
    "seed": lambda _: 1,
    "stretch": lambda _: 2,
    "value": lambda _: str,
    "walk_length": lambda _: 3,
    "z": lambda _: set(),
}

OPTIONAL = ("seed", "capacity", "T")
"""Parameters that are given where a function has them, besides those that it asks for."""


def renamed(graph):
    return nx.relabel_nodes(graph, {node: f"{node.name}'" for node in graph})


def without_loops(function, graph):
    if nx.number_of_selfloops(graph):
        raise nx.NetworkXError("the function does not end where there are self-loops")
    return function(graph)


def flows(function, graph):
    """Costs and capacities must be whole numbers, or the function does not end."""
    return function(graph, first(graph), last(graph), capacity="trainable", weight="trainable")


CALLS = {
    "classes.digraph.DiGraph": lambda f, g: f(g),
    "classes.function.freeze": lambda f, g: f(g.subgraph(g)),  # it changes the object that it is given
    "classes.function.set_edge_attributes": lambda f, g: f(g, {}, "weight"),
    "classes.function.set_node_attributes": lambda f, g: f(g, {}, "bias"),
    "classes.graph.Graph": lambda f, g: f(g),
    "classes.multidigraph.MultiDiGraph": lambda f, g: f(g),
    "classes.multigraph.MultiGraph": lambda f, g: f(g),
    "clique.max_weight_clique": lambda f, g: f(g, weight=None),
    "flow.mincost.max_flow_min_cost": flows,
    "isomorphism.vf2userfunc.DiGraphMatcher": lambda f, g: list(f(g, g).isomorphisms_iter()),
    "operators.all.compose_all": lambda f, g: f([g, renamed(g)]),
    "operators.binary.full_join": lambda f, g: f(g, renamed(g)),
    "similarity.panther_similarity": lambda f, g: f(g, first(g), k=2, weight=None, seed=1),
    "smallworld.sigma": lambda f, g: f(g, niter=1, nrand=1, seed=1),
    "threshold.find_threshold_graph": without_loops,
    "tree.mst.number_of_spanning_trees": lambda f, g: f(g, root=first(g) if g.is_directed() else None),
}


BUFFERS = {"drawing.nx_latex.write_latex": io.StringIO, "readwrite.text.write_network_text": io.StringIO}
"""Writers of text; the others write bytes."""


def calls(name, function):
    """The ways in which a function is tried: functions of a graph."""
    if name in CALLS:
        return [partial(CALLS[name], function)]
    ways = [partial(by_names, name, function)]
    parameters = inspect.signature(function).parameters
    if "weight" in parameters and parameters["weight"].default is None:
        ways.append(partial(by_names, name, function, weight="weight"))
    return ways


def by_names(name, function, graph, **more):
    """Call a function with what the names of its parameters stand for."""
    parameters, graphs = inspect.signature(function).parameters, graphs_of(function)
    buffer, positional, named = BUFFERS.get(name, io.BytesIO)(), [], dict(more)
    for p in parameters.values():
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) or (
            p.default is not p.empty and p.name not in OPTIONAL
        ):
            continue
        if p.name in graphs:
            value = graph
        elif p.name == "path":
            value = buffer if "write" in name else path(graph)
        else:
            value = ARGUMENTS[p.name](graph)
        if p.kind is p.POSITIONAL_ONLY:
            positional.append(value)
        else:
            named[p.name] = value
    result = function(*positional, **named)
    return (result, buffer.getvalue()) if buffer.tell() else result


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


TABLE = {
    name: function
    for name, function in public().items()
    if name in CALLS or (not inspect.isclass(function) and graphs_of(function))
}


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


def works(name, call, graph, copy):
    """Whether a call gives for a live graph what it gives for an ordinary one; False if both refuse it."""
    live, usual = outcome(call, graph), outcome(call, copy)
    if isinstance(live, Exception):
        refused = isinstance(live, GraphEditError) or type(live) is type(usual)
        assert refused, f"raises {live!r}, an ordinary graph gives {usual!r}"
        return False
    if isinstance(usual, ArgumentTypeError):
        return True  # an ordinary graph of neurons cannot be copied deeply; a live one can
    if name in UNORDERED:
        live, usual = (sorted(sorted(map(str, one)) for one in value) for value in (live, usual))
    other = f"{live}, and of an ordinary graph {usual}"
    assert name.endswith(DIFFERS) or name in RANDOM or same(live, usual), other
    return True


def working(names):
    """How many functions have a result; all that differ from an ordinary graph are reported."""
    wrong, count = {}, 0
    for name in names:
        try:
            count += works_everywhere(name)
        except AssertionError as error:
            wrong[name] = str(error)[:300]
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())
    return count


def works_everywhere(name):
    """Directed and, where that has no result at all, undirected; notes and numbers stay as they are."""
    results = []
    for turned in (lambda graph: graph, lambda graph: graph.to_undirected(as_view=True)):
        for structure in STRUCTURES:
            for alone in (True, False):
                net = network(structure, alone)
                graph, before = net.graph, data_of(net)
                results += [
                    works(name, call, turned(graph), turned(ordinary(graph)))
                    for call in calls(name, TABLE[name])
                ]
                graph.graph.clear()  # a function that fails can leave attributes, as view_pygraphviz does
                after = data_of(net)
                assert after == before or (name.endswith(WRITES_WEIGHTS) and same(after, before)), (
                    "other data"
                )
        mpl.pyplot.close("all")
        if any(results):
            break
    return any(results)


def test_what_people_call_works_as_on_an_ordinary_graph():
    names = {id(function): name for name, function in TABLE.items()}
    common = [names[id(attrgetter(name)(nx))] for group in COMMON.values() for name in group.split()]
    assert working(common) == len(common)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_every_function_works_as_on_an_ordinary_graph(part):
    assert working(list(TABLE)[part::4]) > 140


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

"""Every public callable of networkx, and how each is called on a graph.

A callable is called with arguments found by the names of its parameters; where these do not suffice,
``CALLS`` tells how. What is in none of the lists below must return a result for a live graph.
"""

from __future__ import annotations

import importlib
import inspect
import io
import pkgutil
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import networkx as nx
import numpy as np

Function = Callable[..., Any]

GRAPHS = {"G", "graph", "N", "Gbunch", "G_to_add_to", "graph1", "graph2"}
"""Names of parameters that are graphs, where networkx does not mark them."""

EDITS = {
    "approximation.traveling_salesman.asadpour_atsp": "removes edges and adds them again",
    "centrality.closeness.incremental_closeness_centrality": "adds an edge and removes it",
    "classes.function.add_cycle": "adds edges",
    "classes.function.add_path": "adds edges",
    "classes.function.add_star": "adds edges",
    "cycles.recursive_simple_cycles": "removes self-loops",
    "swap.connected_double_edge_swap": "moves edges",
    "swap.directed_edge_swap": "moves edges",
    "swap.double_edge_swap": "moves edges",
}
"""What edits the graph it is given: refused."""

COPIES_NODES = {
    "centrality.group.group_betweenness_centrality",
    "centrality.group.prominent_group",
    "community.bipartitions.greedy_node_swap_bipartition",
}
"""What copies nodes deeply, which neurons refuse. ``Topology.to_networkx`` gives a graph of numbers."""

NEVER = {
    "community.leiden.leiden_communities": "left to other packages by networkx",
    "community.leiden.leiden_partitions": "left to other packages by networkx",
    "tree.coding.to_prufer_sequence": "asks for the nodes 0, 1, ...",
}
"""What no graph of neurons can be given to, with the reason."""

MISSING = {"drawing.nx_agraph": "pygraphviz", "drawing.nx_pydot": "pydot", "polynomials.": "sympy"}
"""Modules that need a package which Synapse's extras do not bring."""

WRITES_WEIGHTS = {
    "tree.branchings.maximum_spanning_arborescence",
    "tree.branchings.minimal_branching",
    "tree.branchings.minimum_branching",
    "tree.branchings.minimum_spanning_arborescence",
}
"""What replaces weights while it runs and brings them back, by addition: to rounding."""

DIFFERS = {
    "bipartite.edgelist.generate_edgelist": "writes str(data): a connection's own",
    "bipartite.edgelist.write_edgelist": "writes str(data): a connection's own",
    "classes.function.is_frozen": "a live graph is frozen",
    "readwrite.multiline_adjlist.generate_multiline_adjlist": "writes str(data): a connection's own",
    "readwrite.multiline_adjlist.write_multiline_adjlist": "writes str(data): a connection's own",
}
"""What returns something else than for an ordinary graph."""
if not nx.__version__.startswith("3.6."):  # 3.7 chooses one of several mappings by the order of sets
    kinds = ("isomorphism", "subgraph_isomorphism", "monomorphism")
    kinds += tuple(f"all_{kind}s" for kind in kinds)
    DIFFERS |= {f"isomorphism.vf2pp.vf2pp_{kind}": "one of several mappings" for kind in kinds}

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

NO_GRAPH = {
    "assortativity.mixing.mixing_dict": "takes pairs",
    "distance_regular.global_parameters": "takes numbers",
    "drawing.layout.rescale_layout": "takes positions",
    "generators.expanders.maybe_regular_expander": "makes a graph",
    "isomorphism.matchhelpers": "make functions of data",
    "minors.contraction.equivalence_classes": "takes a relation",
    "planar_drawing.combinatorial_embedding_to_pos": "takes an embedding",
    "classes.filters": "are about nodes and edges",
    "classes.coreviews": "are made of dicts",
    "classes.reportviews": "are what graph.nodes, edges and degree are: see the table of methods",
    "exception": "are errors",
    "utils": "are tools of networkx itself",
    "lazy_imports": "import modules",
    "flow.utils": "are parts of algorithms",
    "chordal.NetworkXTreewidthBoundExceeded": "is an error",
    "tree.coding.NotATree": "is an error",
    "tree.mst.EdgePartition": "is an enumeration",
    "readwrite.graphml.GraphMLReader": "reads a file",
}
"""What takes no graph and is not marked so by networkx, by the beginning of its name."""


def public() -> dict[str, Function]:
    """Every callable that a module of networkx lists in ``__all__``, by the first name it is found under."""
    found: dict[int, tuple[str, Function]] = {}
    for module in modules():
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name, None)
            if callable(value):
                path = f"{module.__name__}.{name}".removeprefix("networkx.").removeprefix("algorithms.")
                found.setdefault(id(value), (path, value))
    return dict(found.values())


def modules() -> Iterator[Any]:
    """All modules of networkx but its tests; packages last, so that a name tells where a function is."""
    names = [info.name for info in pkgutil.walk_packages(nx.__path__, "networkx.") if not info.ispkg]
    for name in sorted(names):
        if ".tests" not in name and "conftest" not in name:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a module that will be removed
                module = importlib.import_module(name)
            yield module
    yield nx


def graphs_of(function: Function) -> list[str]:
    """The parameters of a function that are graphs and have to be given."""
    parameters = inspect.signature(function).parameters
    marked = getattr(function, "graphs", None)
    names = {name.strip("[]?") for name in marked} if marked is not None else GRAPHS
    return [p.name for p in parameters.values() if p.name in names and p.default is p.empty]


def table() -> dict[str, Function]:
    """Those of them that take a graph."""
    return {name: function for name, function in public().items() if name in CALLS or _takes_graph(function)}


def _takes_graph(function: Function) -> bool:
    return not inspect.isclass(function) and bool(graphs_of(function))


# --- arguments by the name of a parameter --------------------------------------------------------


def first(graph: Any) -> Any:
    return next(iter(graph))


def last(graph: Any) -> Any:
    return list(graph)[-1]


def half(graph: Any) -> list[Any]:
    return list(graph)[: len(graph) // 2]


def other_half(graph: Any) -> list[Any]:
    return list(graph)[len(graph) // 2 :]


def first_edge(graph: Any) -> Any:
    return next(iter(graph.edges))


def path(graph: Any) -> list[Any]:
    """The longest of the shortest paths from the first node."""
    return max(nx.single_source_shortest_path(graph, first(graph)).values(), key=len)


def top(graph: Any) -> list[Any]:
    """One side of a bipartite graph, or what stands for it."""
    undirected = nx.Graph(graph)
    if not nx.is_bipartite(undirected):
        return half(graph)
    color = nx.bipartite.color(undirected)
    return [node for node in graph if color[node] == color[first(graph)]]


ARGUMENTS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("source", "s", "_s", "u", "n", "node", "node1", "start", "root", "root1", "x"), first),
    **dict.fromkeys(("target", "t", "_t", "v", "node2", "y", "root2"), last),
    **dict.fromkeys(("sources", "S", "nbunch", "nbunch1", "C", "center_nodes", "terminal_nodes"), half),
    **dict.fromkeys(("nodes", "row_order"), top),
    **dict.fromkeys(("targets", "T"), other_half),
    **dict.fromkeys(("nodes_for_cycle", "nodes_for_path", "nodes_for_star"), list),
    **dict.fromkeys(("communities", "partition"), lambda g: [set(half(g)), set(other_half(g))]),
    **dict.fromkeys(("k", "number_of_sets", "distance", "radius", "l", "threshold"), lambda _: 2),
    **dict.fromkeys(("H", "G2", "t2", "graph2"), lambda g: g),
    **dict.fromkeys(("matching", "cover"), lambda g: {first_edge(g)}),
    **dict.fromkeys(("capacity", "weight"), lambda _: "weight"),
    "alpha": lambda _: 0.5,
    "attribute": lambda _: "subset",
    "colors": lambda _: {},
    "edge": first_edge,
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


# --- calls that need more than names ------------------------------------------------------------


def renamed(graph: Any) -> Any:
    return nx.relabel_nodes(graph, {node: f"{node.name}'" for node in graph})


def noted(values: Callable[[Any], Any], name: str, call: Callable[[Any, Any], Any]) -> Function:
    """A call while nodes carry a note."""

    def run(function: Function, graph: Any) -> Any:
        nx.set_node_attributes(graph, values(graph), name)
        try:
            return normal(call(function, graph))
        finally:
            for _, data in graph.nodes(data=True):
                data.pop(name, None)

    return run


def written(function: Function, graph: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    function(graph, buffer, **options)
    return buffer.getvalue()


def residual(graph: Any) -> Any:
    return nx.algorithms.flow.edmonds_karp(graph, first(graph), last(graph), capacity="trainable")


def without_loops(function: Function, graph: Any) -> Any:
    if nx.number_of_selfloops(graph):
        raise nx.NetworkXError("the function does not end where there are self-loops")
    return function(graph)


def flows(function: Function, graph: Any) -> Any:
    """Costs and capacities must be whole numbers, or the function does not end."""
    return function(graph, first(graph), last(graph), capacity="trainable", weight="trainable")


def matched(kind: Function, graph: Any) -> Any:
    return list(kind(graph, graph).isomorphisms_iter())


TWO_SIDES = partial(noted, lambda g: {node: int(node not in top(g)) for node in g}, "bipartite")

CALLS: dict[str, Function] = {
    "bipartite.edgelist.generate_edgelist": TWO_SIDES(lambda f, g: f(g)),
    "bipartite.edgelist.write_edgelist": TWO_SIDES(written),
    "bipartite.matching.to_vertex_cover": lambda f, g: f(g, nx.bipartite.maximum_matching(g, top(g)), top(g)),
    "bipartite.redundancy.node_redundancy": lambda f, g: f(g, [first(g)]),
    "classes.digraph.DiGraph": lambda f, g: f(g),
    "classes.function.freeze": lambda f, g: f(g.subgraph(g)),  # it changes the object that it is given
    "classes.function.set_edge_attributes": lambda f, g: f(g, {}, "weight"),
    "classes.function.set_node_attributes": lambda f, g: f(g, {}, "bias"),
    "classes.graph.Graph": lambda f, g: f(g),
    "classes.multidigraph.MultiDiGraph": lambda f, g: f(g),
    "classes.multigraph.MultiGraph": lambda f, g: f(g),
    "clique.max_weight_clique": lambda f, g: f(g, weight=None),
    "connectivity.edge_kcomponents.EdgeComponentAuxGraph": lambda f, g: list(
        f.construct(g).k_edge_components(1)
    ),
    "convert.to_networkx_graph": lambda f, g: f(g, nx.DiGraph),
    "drawing.nx_pylab.apply_matplotlib_colors": noted(
        lambda _: None, "color", lambda f, g: (f(g, "bias", "color", _viridis()), g)
    ),
    "flow.mincost.cost_of_flow": lambda f, g: f(g, {u: dict.fromkeys(g[u], 1) for u in g}),
    "flow.mincost.max_flow_min_cost": flows,
    "flow.utils.build_flow_dict": lambda f, g: f(g, residual(g)),
    "flow.utils.detect_unboundedness": lambda f, g: f(residual(g), first(g), last(g)),
    "generators.geometric.geometric_edges": noted(
        lambda g: {node: (node.bias, number) for number, node in enumerate(g)}, "pos", lambda f, g: f(g, 2)
    ),
    "isomorphism.ismags.ISMAGS": lambda f, g: len(list(f(g, g).isomorphisms_iter())),
    "isomorphism.isomorphvf2.DiGraphMatcher": matched,
    "isomorphism.isomorphvf2.GraphMatcher": matched,
    "isomorphism.temporalisomorphvf2.TimeRespectingDiGraphMatcher": lambda f, g: list(
        f(g, g, "eligibility", 10).subgraph_isomorphisms_iter()
    ),
    "isomorphism.temporalisomorphvf2.TimeRespectingGraphMatcher": lambda f, g: list(
        f(g, g, "eligibility", 10).subgraph_isomorphisms_iter()
    ),
    "isomorphism.vf2userfunc.DiGraphMatcher": matched,
    "isomorphism.vf2userfunc.GraphMatcher": matched,
    "isomorphism.vf2userfunc.MultiDiGraphMatcher": lambda f, g: matched(f, nx.MultiDiGraph(g)),
    "isomorphism.vf2userfunc.MultiGraphMatcher": lambda f, g: matched(f, nx.MultiGraph(g)),
    "operators.all.compose_all": lambda f, g: f([g, renamed(g)]),
    "operators.all.disjoint_union_all": lambda f, g: f([g, g]),
    "operators.all.intersection_all": lambda f, g: f([g, g]),
    "operators.all.union_all": lambda f, g: f([g, renamed(g)]),
    "operators.binary.full_join": lambda f, g: f(g, renamed(g)),
    "operators.binary.union": lambda f, g: f(g, renamed(g)),
    "planarity.PlanarEmbedding": lambda f, g: nx.check_planarity(g)[0],
    "readwrite.gml.generate_gml": lambda f, g: f(g, stringizer=str),
    "readwrite.gml.write_gml": lambda f, g: written(f, g, stringizer=str),
    "readwrite.graphml.GraphMLWriter": lambda f, g: str(f(graph=g)),
    "shortest_paths.weighted.find_negative_cycle": lambda f, g: f(g, first(g), weight=lambda *_: -1),
    "similarity.panther_similarity": lambda f, g: f(g, first(g), k=2, weight=None, seed=1),
    "similarity.panther_vector_similarity": lambda f, g: f(g, first(g), D=2, k=2, weight=None, seed=1),
    "smallworld.omega": lambda f, g: f(g, niter=1, nrand=1, seed=1),
    "smallworld.sigma": lambda f, g: f(g, niter=1, nrand=1, seed=1),
    "threshold.find_threshold_graph": without_loops,
    "time_dependent.cd_index": lambda f, g: f(g, first(g), time_delta=5, time="subset"),
    "tree.branchings.ArborescenceIterator": lambda f, g: list(f(g)),
    "tree.mst.SpanningTreeIterator": lambda f, g: list(f(g)),
    "tree.mst.number_of_spanning_trees": lambda f, g: f(g, root=first(g) if g.is_directed() else None),
}


def _viridis() -> Any:
    import matplotlib as mpl  # heavy: only where it is used

    return mpl.colormaps["viridis"]


BUFFERS = {"drawing.nx_latex.write_latex": io.StringIO, "readwrite.text.write_network_text": io.StringIO}
"""Writers of text; the others write bytes."""


def calls(name: str, function: Function) -> list[Callable[[Any], Any]]:
    """The ways in which a function is tried: functions of a graph."""
    if name in CALLS:
        return [partial(CALLS[name], function)]
    ways = [partial(by_names, name, function)]
    parameters = inspect.signature(function).parameters
    if "weight" in parameters and parameters["weight"].default is None:
        ways.append(partial(by_names, name, function, weight="weight"))
    return ways


def by_names(name: str, function: Function, graph: Any, **more: Any) -> Any:
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


# --- outcomes ------------------------------------------------------------------------------------


def outcome(call: Callable[[Any], Any], graph: Any) -> Any:
    """What a call gives: a value that can be compared, or an error."""
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002  # what networkx draws from where it takes no seed
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return normal(call(graph))
        except Exception as error:
            return error


def normal(value: Any) -> Any:
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


def sorted_out(value: Any) -> Any:
    """A list of results in an order of their own."""
    return sorted(sorted(map(str, one)) for one in value)


def same(one: Any, other: Any) -> bool:
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

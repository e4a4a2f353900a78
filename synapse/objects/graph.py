"""The live networkx graph of neurons and connections.

The graph of a store is made on first access and updated with every later change. Its
nodes are the neurons, its edge data are the connections, and its node data are views of
neurons. The graph of a network is a part of its store's graph.
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, pairwise, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .._checks import registered_name
from .._typing import Indices
from ..engine.locking import ExclusiveAccess, consistent_read
from ..engine.schema import NONE
from ..engine.store import Store
from ..errors import TopologyError
from .data_view import DataView
from .graph_attributes import (
    FIELDS_OF_NEURONS as FIELDS,
    MARK,
    NEURON_PART,
    NODE_NAMES,
    NONDEFAULT_OF_NEURONS,
    PAST_NAME,
    POSITION,
    PREFIX,
    NodeNames,
    is_usual_position,
    nondefault_values,
)
from .metadata import Metadata
from .past import past_of

if TYPE_CHECKING:
    from .handles import ConnectionHandle, NetworkHandle, NeuronHandle, Neurons

    DiGraph = nx.DiGraph[Any]
else:
    DiGraph = nx.DiGraph

MIN_BATCHED_READS = 16
"""Minimum number of a neuron's connections for which weights are read together.
According to ``python -m benchmarks.variants graph.MIN_BATCHED_READS``, rows take 1.04
to 1.28 times as long with a tenth, and 1.01 to 2.73 times with ten times."""


class GraphEditError(TopologyError, nx.NetworkXError):
    """An attempt to edit the live graph through networkx."""


def _refuse(*args: Any, **kwargs: Any) -> NoReturn:
    raise GraphEditError(
        "The live graph of a network cannot be edited through networkx. Use project,"
        " disconnect, gate and ungate of the neurons, net.add and net.remove, or edit"
        " graph.copy()."
    )


_ATTRIBUTES = {"trainable": "trainable_bias"}
"""Attributes of a neuron whose keys in files differ from their names."""


class NeuronData(DataView):
    """The data of a node in a live graph, read from its neuron at each access.

    The keys are ``label`` (name of the neuron), ``layer`` (name of its layer),
    ``subset`` (index of its layer, 0 for the inputs, by which
    ``networkx.multipartite_layout`` arranges nodes), ``squash`` (name of the activation
    function), ``bias``, ``trainable`` (whether the bias is trainable, as weights are
    data of edges), ``activation`` and ``state``. Some nodes have further keys, which
    :func:`synapse.to_networkx` lists, such as ``outgoing_sign``. You can set ``bias``
    and ``trainable``. All other keys are :attr:`Neuron.metadata`, which you can set,
    too. By ``synapse_part="neuron"``, :func:`synapse.from_networkx` distinguishes these
    keys from the keys of other graphs, and metadata of the same names get the prefix
    ``metadata_`` here.

    The data equal a dict with the same values. They are not hashable, because this is
    how networkx distinguishes data from nodes.

    See Also
    --------
    Network.graph : The live graph of a network.
    Connection : The data of an edge.

    Examples
    --------
    >>> import architect
    >>> net = architect.Perceptron(2, 3, 1, seed=0)
    >>> data = net.graph.nodes[net.output[0]]
    >>> data["layer"], data["subset"], data["squash"]
    ('output', 2, 'logistic')
    """

    __slots__ = ("_neuron",)

    _what = "neuron"
    _known = NodeNames(NODE_NAMES - {*POSITION})
    _taken = NODE_NAMES
    _settable = ("bias", "trainable")

    def __init__(self, neuron: NeuronHandle) -> None:
        self._neuron = neuron

    @property
    def metadata(self) -> Metadata:
        """Metadata of the neuron."""
        return self._neuron.metadata

    def _present(self) -> tuple[str, ...]:
        self._neuron._require()
        return *FIELDS, MARK, *_rare_of(self._neuron)

    def _others(self) -> list[Any]:
        metadata = self.metadata
        placed = [axis for axis in POSITION if axis in metadata]
        prefixed = [PREFIX + axis for axis in placed]
        keys = [key for key in super()._others() if key not in prefixed]
        if "x" in placed and is_usual_position(metadata["x"], self["subset"]):
            # Else readers of a copy would take it for a position to draw at.
            keys += prefixed
        return [*keys, *placed]

    def _field(self, key: str) -> Any:
        neuron = self._neuron
        if key == MARK:
            return NEURON_PART
        if key not in FIELDS:
            return _rare_of(neuron)[key]
        if key == "label":
            return neuron.name
        if key == "squash":
            return registered_name(neuron.squash.name)
        if key in ("layer", "subset"):
            number, name = _place(neuron)
            return number if key == "subset" else name
        return getattr(neuron, _ATTRIBUTES.get(key, key))

    def _set(self, key: str, value: Any) -> None:
        setattr(self._neuron, _ATTRIBUTES.get(key, key), value)

    def __repr__(self) -> str:
        return repr(self.copy())


@consistent_read
def _rare_of(neuron: NeuronHandle) -> dict[str, Any]:
    """Return the values of a neuron that graphs contain only if they differ from the
    default.
    """
    store, row = neuron._store, neuron._row
    rare = nondefault_values(store, row, NONDEFAULT_OF_NEURONS)
    past = past_of(store, np.array([row]))
    held = {PAST_NAME.format(k): values[0] for k, values in past.items()}
    return rare | {name: float(value) for name, value in held.items() if value}


@consistent_read
def _place(neuron: NeuronHandle) -> tuple[int, str]:
    """Return the index and name of a neuron's layer, or 0 and "" without a network."""
    network, position = network_of(neuron), int(neuron._store["position"][neuron._row])
    for number, layer in enumerate(network.layers if network is not None else ()):
        if position < len(layer):
            return number, layer.name or ""
        position -= len(layer)
    return 0, ""


def network_of(neuron: NeuronHandle) -> Any:
    """Return the network to which a neuron belongs, or None if no network in use
    contains it.
    """
    return neuron._require().network_at(neuron._row)


class ByNeuron(dict[Any, Any]):
    """A dict whose keys are neurons. Looking up a name raises an error with advice."""

    __slots__ = ()

    def __missing__(self, node: Any) -> NoReturn:
        raise _no_node(node)


def _no_node(node: Any) -> KeyError:
    """Make the error for a node that is not in a live graph."""
    if not isinstance(node, str):
        return KeyError(node)
    return KeyError(
        f"The nodes of net.graph are neurons: net[{node!r}] is the one of this name."
        " synapse.to_networkx(net, names=True) has names as nodes."
    )


class LiveMapping(Mapping[Any, Any]):
    """A part of the dicts in a store's graph, read at each access."""

    __slots__ = ()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def copy(self) -> dict[Any, Any]:
        """Return the mapping as a dict."""
        return dict(self)


class FilteredAtlas(LiveMapping):
    """A mapping restricted to some of its keys, read at each access."""

    __slots__ = ("_here", "_whole")

    def __init__(
        self, whole: Mapping[Any, Any], here: dict[NeuronHandle, None]
    ) -> None:
        self._whole = whole
        self._here = here

    def __getitem__(self, node: Any) -> Any:
        if node in self._here:
            return self._whole[node]
        raise _no_node(node)

    def __contains__(self, node: Any) -> bool:
        return node in self._here and node in self._whole

    def __iter__(self) -> Iterator[Any]:
        if len(self._here) < len(self._whole):
            return (node for node in self._here if node in self._whole)
        return (node for node in self._whole if node in self._here)


class FilteredAdjacency(FilteredAtlas):
    """A mapping by two neurons, an edge's ends, both restricted to some neurons."""

    __slots__ = ()

    def __getitem__(self, node: Any) -> FilteredAtlas:
        return FilteredAtlas(super().__getitem__(node), self._here)


@consistent_read
def weights_of(neuron: NeuronHandle, connections: Collection[Any]) -> list[float]:
    """Return the weights of connections in a neuron's store."""
    store = neuron._store
    identities = np.fromiter(map(attrgetter("_identity"), connections), np.int64)
    return store["weight"][store.row_of[identities]].tolist()


class OutEdgeDataView(nx.reportviews.OutEdgeDataView):  # type: ignore[type-arg]
    """The edges of a live graph with their data. The weights of each neuron's
    connections are read together.
    """

    __slots__ = ()

    _data: Any
    _viewer: Any
    _nodes_nbrs: Any

    def __iter__(self) -> Iterator[Any]:
        live = self._viewer._live
        if self._data != "weight" or live._helper is not None:
            return super().__iter__()
        live._store.ensure_lowered()  # else each weight would be read under its lock
        return chain.from_iterable(
            zip(
                repeat(neuron),
                targets,
                weights_of(neuron, targets.values()),
                strict=False,
            )
            if len(targets) >= MIN_BATCHED_READS
            else [
                (neuron, target, connection.weight)
                for target, connection in targets.items()
            ]
            for neuron, targets in self._nodes_nbrs()
        )


class OutEdgeView(nx.reportviews.OutEdgeView):  # type: ignore[type-arg]
    """The edges of a live graph."""

    __slots__ = (
        "_live",
    )  # networkx 3.7 refers to the graph weakly; nobody else may hold it
    dataview = OutEdgeDataView

    def __init__(self, graph: LiveGraph) -> None:
        super().__init__(graph)
        self._live = graph

    def __len__(self) -> int:
        return self._live.number_of_edges()


class LiveGraph(DiGraph):
    """The live graph of a network, see :attr:`synapse.Network.graph`.

    Its nodes are in order of activation, like the network's neurons. The rows and
    columns of ``networkx.to_numpy_array(net.graph)`` therefore have the order of
    ``list(net)`` and of recorded states. You cannot add or remove neurons and
    connections through it. ``copy()`` and ``copy.deepcopy`` return an ordinary
    ``networkx.DiGraph`` of the same neurons, whose data are dicts. It contains the
    whole network, and :func:`synapse.from_networkx` can make the same network from it.
    Because a neuron cannot leave its network, pickle stores the graph of
    :func:`synapse.to_networkx` instead, whose nodes are numbers.

    To find a node by its name, use ``net["hidden 0"]``. If a function needs names as
    nodes, pass it :func:`synapse.to_networkx` with ``names=True``, or
    ``networkx.relabel_nodes(net.graph, lambda neuron: neuron.name)``.

    Examples
    --------
    >>> import architect, pickle
    >>> graph = architect.Perceptron(2, 3, 1, seed=0).graph
    >>> print(graph)
    LiveGraph named 'Perceptron' with 6 nodes and 9 edges
    >>> print(graph.copy())
    DiGraph named 'Perceptron' with 6 nodes and 9 edges
    >>> list(pickle.loads(pickle.dumps(graph)))
    [0, 1, 2, 3, 4, 5]
    """

    frozen = True
    node_dict_factory = adjlist_outer_dict_factory = ByNeuron

    _node: Any
    _adj: Any
    _pred: Any

    add_node = add_nodes_from = remove_nodes_from = _refuse
    add_edge = add_weighted_edges_from = remove_edge = remove_edges_from = _refuse
    clear = clear_edges = update = _refuse

    # networkx caches these views in the graph; this reference cycle would keep the
    # network alive
    edges = out_edges = property(OutEdgeView)
    in_edges = property(nx.reportviews.InEdgeView)
    degree = property(nx.reportviews.DiDegreeView)
    in_degree = property(nx.reportviews.InDegreeView)
    out_degree = property(nx.reportviews.OutDegreeView)

    # answers of one call; an algorithm that iterates beside the edits of other threads
    # needs a copy
    __len__: Any = consistent_read(DiGraph.__len__)
    number_of_nodes = order = __len__
    size: Any = consistent_read(DiGraph.size)
    copy: Any = consistent_read(DiGraph.copy)
    __copy__ = copy
    reverse: Any = consistent_read(DiGraph.reverse)
    to_undirected: Any = consistent_read(DiGraph.to_undirected)

    def __init__(self, network: NetworkHandle | None = None) -> None:
        DiGraph.__init__(self)
        if network is not None:  # as to_networkx has them
            self.graph.update(name=network.name, dtype=network.dtype.name)
        self.__networkx_cache__ = None  # type: ignore[assignment]  # otherwise backends use old weights
        self._network = network
        self._helper: Any = None
        # in the graph of a store: pairs with several connections, the shortest first
        self._parallel: dict[tuple[NeuronHandle, NeuronHandle], list[Any]] = {}

    @property
    def _store(self) -> Store:
        return (
            next(iter(self._node)) if self._network is None else self._network
        )._store

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # networkx makes its results as G.__class__()
        return nx.DiGraph

    def _show(self, whole: LiveGraph) -> None:
        """Refer to the network's part of its store's graph, without a copy, in the
        order of activation.
        """
        neurons = list(self._network or ())
        self._helper = None
        if len(neurons) == len(whole._node):
            for name in ("_node", "_adj", "_pred"):
                if list(getattr(whole, name)) != neurons:
                    values = getattr(whole, name)
                    ordered = ((neuron, values[neuron]) for neuron in neurons)
                    setattr(whole, name, ByNeuron(ordered))
                setattr(self, name, getattr(whole, name))
            return
        here = dict.fromkeys(neurons)
        self._node = FilteredAtlas(whole._node, here)
        self._adj = FilteredAdjacency(whole._adj, here)
        self._pred = FilteredAdjacency(whole._pred, here)

    def add_edges_from(self, ebunch_to_add: Iterable[Any], **attr: Any) -> None:
        """Raise GraphEditError, except for edges from one new node to every neuron.

        Some algorithms (``negative_edge_cycle``) add such a helper node and remove it
        again. It only appears in this graph, and the network does not change.
        """
        try:
            pairs = [(helper, node) for helper, node in ebunch_to_add]
            (helper,) = {helper for helper, _ in pairs}
            fits = [node for _, node in pairs] == list(
                self
            ) and helper not in self._node
        except (TypeError, ValueError):
            fits = False
        if attr or not fits or self._helper is not None or self._network is None:
            _refuse()
        self._helper = helper
        links: dict[Any, Any] = {node: {} for node in self}
        self._node = {**self._node, helper: {}}
        self._adj = {**self._adj, helper: links}
        self._pred = {
            **{n: {**before, helper: links[n]} for n, before in self._pred.items()},
            helper: {},
        }

    def remove_node(self, node: Any) -> None:
        """Raise GraphEditError, except for the helper node of an algorithm."""
        if self._network is None or self._helper is None or node != self._helper:
            _refuse()
        self._show(of(next(iter(self._network))._store))

    @consistent_read
    def __deepcopy__(self, memo: dict[int, Any]) -> nx.DiGraph[Any]:
        clone: nx.DiGraph[Any] = nx.DiGraph(**copy.deepcopy(self.graph, memo))
        clone.add_nodes_from(
            (node, copy.deepcopy(data, memo)) for node, data in self._node.items()
        )
        clone.add_edges_from(
            (u, v, copy.deepcopy(data, memo)) for u, v, data in self.edges(data=True)
        )
        return clone


def of(store: Store) -> LiveGraph:
    """Return the graph of all neurons of a store."""
    if store.graph is None:
        with ExclusiveAccess(store):
            if store.graph is None:  # False if another thread has made it meanwhile
                whole = LiveGraph()
                _add_nodes(whole, store.handles)
                _add_edges(whole, store, 0, store.n_identities)
                store.graph = whole
    return store.graph


def view(network: NetworkHandle) -> LiveGraph:
    """Return the graph of a network, which is the same object while it is in use."""
    live: LiveGraph | None = network._live()
    if live is None:
        with ExclusiveAccess(network):
            # another thread may have made it meanwhile
            live = network._live() or LiveGraph(network)
            live._show(of(network._store))
            network._live = weakref.ref(live)
    return live


def refresh(store: Store) -> None:
    """Update the graphs of networks after neurons have been added to a network or to
    the store, or removed from them.
    """
    for reference in store.networks.values() if store.graph is not None else ():
        network = reference()
        live = None if network is None else network._live()
        if live is not None:
            live._show(store.graph)


def _add_nodes(graph: LiveGraph, handles: Iterable[NeuronHandle | None]) -> None:
    for neuron in (handle for handle in handles if handle is not None):
        graph._node[neuron] = NeuronData(neuron)
        graph._adj[neuron] = {}
        graph._pred[neuron] = {}


def _add_edges(graph: LiveGraph, store: Store, first_identity: int, last: int) -> None:
    """Add the connections with these identities, each as the data of its edge."""
    if (
        last == first_identity + 1
        and (row := store.row_of.item(first_identity)) != NONE
    ):
        edge = store.edge(first_identity)
        source = store.handles[store.columns["source"].item(row)]
        target = store.handles[store.columns["target"].item(row)]
        _add_parallel(graph, source, target, edge)
    if last <= first_identity + 1:
        return
    rows = store.row_of[first_identity:last]
    alive = np.flatnonzero(rows != NONE)
    sources = store["source"][rows[alive]]
    targets = store["target"][rows[alive]]
    edges = store.held_edges((alive + first_identity).tolist())
    if store["delay"].any():  # else a pair has one connection
        for i, j, edge in zip(sources.tolist(), targets.tolist(), edges, strict=True):
            _add_parallel(graph, store.handles[i], store.handles[j], edge)
        return
    _link(graph._adj, store.handles, sources, targets, edges)
    _link(graph._pred, store.handles, targets, sources, edges)


def _add_parallel(
    graph: LiveGraph, source: NeuronHandle, target: NeuronHandle, edge: ConnectionHandle
) -> None:
    """Add a connection. It becomes the edge of its pair if its delay is the
    shortest.
    """
    shown = graph._adj[source].get(target)
    if shown is not None:
        several = graph._parallel.get((source, target), [shown])
        several = sorted([*several, edge], key=attrgetter("delay"))
        graph._parallel[source, target] = several
        edge = several[0]
    graph._adj[source][target] = graph._pred[target][source] = edge


def edges_between(source: NeuronHandle, target: NeuronHandle) -> list[Any]:
    """Return the connections from one neuron to another in a store, the shortest delay
    first.
    """
    graph = of(source._store)
    shown = graph._adj[source].get(target)
    if shown is None:
        return []
    return graph._parallel.get((source, target)) or [shown]


def edges_of(neuron: NeuronHandle, into: bool) -> tuple[Any, ...]:
    """Return the connections into a neuron, or from it, in the order of creation."""
    graph = of(neuron._require())
    others = graph._pred[neuron] if into else graph._adj[neuron]
    if not graph._parallel:
        return tuple(others.values())
    pairs = ((other, neuron) if into else (neuron, other) for other in others)
    edges = [edge for pair in pairs for edge in edges_between(*pair)]
    return tuple(sorted(edges, key=attrgetter("_identity")))


def _link(
    adjacency: dict[NeuronHandle, dict[NeuronHandle, Any]],
    neurons: Neurons,
    rows: Indices,
    others: Indices,
    edges: Sequence[Any],
) -> None:
    """Add edges to one of the two adjacencies, for one neuron of `rows` after the
    other.
    """
    order = np.argsort(rows, kind="stable")
    ends = list(map(neurons.__getitem__, others[order].tolist()))
    data = list(map(edges.__getitem__, order.tolist()))
    rows_with_edges, begins = np.unique(rows[order], return_index=True)
    for row, (begin, stop) in zip(
        rows_with_edges.tolist(), pairwise([*begins.tolist(), len(data)]), strict=True
    ):
        adjacency[neurons[row]].update(
            zip(ends[begin:stop], data[begin:stop], strict=True)
        )


def follow_connected(store: Store, identity: int, count: int) -> None:
    """Add new connections to the graph."""
    if store.graph is not None:
        _add_edges(store.graph, store, identity, identity + count)


def follow_disconnected(store: Store, identities: NDArray[np.int64]) -> None:
    """Remove connections from the graph, before the store removes them."""
    if store.graph is None:
        return
    graph = store.graph
    sources, targets = store["source"], store["target"]
    for identity in identities.tolist():
        row = store.row_of.item(identity)
        source = store.handles[sources.item(row)]
        target = store.handles[targets.item(row)]
        pair = source, target
        left = [
            edge for edge in graph._parallel.get(pair, ()) if edge._identity != identity
        ]
        if len(left) < 2:
            graph._parallel.pop(pair, None)
        else:
            graph._parallel[pair] = left
        if left:
            graph._adj[source][target] = graph._pred[target][source] = left[0]
        else:
            del graph._adj[source][target]
            del graph._pred[target][source]


def follow_removed(store: Store, neurons: Neurons) -> None:
    """Remove neurons without connections from the graph, before the store removes
    them.
    """
    if store.graph is not None:
        for neuron in neurons:
            for mapping in (store.graph._node, store.graph._adj, store.graph._pred):
                del mapping[neuron]


def follow_absorbed(
    store: Store, graphs: tuple[Any, Any], first_row: int, identity: int
) -> None:
    """Merge the graph of an absorbed store, whose rows start at `first_row` and
    identities at `identity`.
    """
    own_graph, other = graphs
    if own_graph is not None and other is not None:
        for name in ("_node", "_adj", "_pred", "_parallel"):
            getattr(own_graph, name).update(getattr(other, name))
    elif own_graph is not None:
        _add_nodes(store.graph, store.handles[first_row:])
        _add_edges(store.graph, store, identity, store.n_identities)
    elif other is not None:
        store.graph = other
        _add_nodes(store.graph, store.handles[:first_row])
        _add_edges(store.graph, store, 0, identity)
    refresh(store)

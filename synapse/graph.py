"""The networkx graph of live objects, and plain copies for other tools.

The graph of a store is made when it is first looked at, and follows every change from then on.
Its nodes are the neurons, its edge data the connections themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .engine.guard import InUse
from .engine.schema import NONE
from .engine.store import Store
from .errors import TopologyError

if TYPE_CHECKING:
    from .neuron import Neuron

_MUTATORS = (
    "add_node",
    "add_nodes_from",
    "remove_node",
    "remove_nodes_from",
    "add_edge",
    "add_edges_from",
    "add_weighted_edges_from",
    "remove_edge",
    "remove_edges_from",
    "clear",
    "clear_edges",
    "update",
)


class GraphEditError(TopologyError, nx.NetworkXError):
    """The live graph was to be edited through networkx."""


def _refuse(*args: Any, **kwargs: Any) -> None:
    raise GraphEditError(
        "The graph of a network shows its neurons and cannot be edited through networkx. "
        "Use project, disconnect, gate and ungate of the neurons, or edit graph.copy()."
    )


def of(store: Store) -> nx.DiGraph[Any]:
    """The graph of all neurons of a store."""
    if store.graph is None:
        with InUse(store):
            _make(store)
    graph: nx.DiGraph[Any] = store.graph
    return graph


def _make(store: Store) -> None:
    """Make the graph, unless another thread has done so."""
    if store.graph is not None:
        return
    store.graph = nx.freeze(nx.DiGraph())
    for name in _MUTATORS:
        setattr(store.graph, name, _refuse)
    _add_nodes(store, (view for view in store.views if view is not None))
    _add_edges(store, 0, store.n_identities)


def _add_nodes(store: Store, neurons: Iterable[Neuron]) -> None:
    for neuron in neurons:
        nx.DiGraph.add_node(store.graph, neuron)


def _add_edges(store: Store, first: int, last: int) -> None:
    """Add the connections with these identities, each as the data of its edge."""
    from .wiring import connection_at  # wiring keeps the graph up to date: they know each other

    graph, views = store.graph, store.views
    rows = store.row_of[first:last]
    alive = np.flatnonzero(rows != NONE)
    sources, targets = store["source"][rows[alive]].tolist(), store["target"][rows[alive]].tolist()
    usual = graph.edge_attr_dict_factory
    for identity, source, target in zip((alive + first).tolist(), sources, targets, strict=True):
        edge = connection_at(store, identity)
        graph.edge_attr_dict_factory = lambda edge=edge: edge
        nx.DiGraph.add_edge(graph, views[source], views[target])
    graph.edge_attr_dict_factory = usual


def follow_added(store: Store, neurons: Iterable[Neuron]) -> None:
    """Neurons have come into the store."""
    if store.graph is not None:
        _add_nodes(store, neurons)


def follow_connected(store: Store, identity: int, count: int) -> None:
    """Connections have been made."""
    if store.graph is not None:
        _add_edges(store, identity, identity + count)


def follow_disconnected(store: Store, identities: NDArray[np.int64]) -> None:
    """Connections are about to go."""
    if store.graph is None:
        return
    rows = store.row_of[identities]
    for source, target in zip(store["source"][rows].tolist(), store["target"][rows].tolist(), strict=True):
        nx.DiGraph.remove_edge(store.graph, store.views[source], store.views[target])


def follow_removed(store: Store, neurons: Sequence[Neuron]) -> None:
    """Neurons without connections are about to go."""
    if store.graph is not None:
        nx.DiGraph.remove_nodes_from(store.graph, neurons)


def follow_absorbed(store: Store, graphs: tuple[Any, Any], first: int, identity: int) -> None:
    """Another store has been absorbed, whose rows and identities begin where told."""
    own, other = graphs
    if own is not None:
        _add_nodes(store, (view for view in store.views[first:] if view is not None))
        _add_edges(store, identity, store.n_identities)
    elif other is not None:
        store.graph = other
        _add_nodes(store, (view for view in store.views[:first] if view is not None))
        _add_edges(store, 0, identity)


def view(store: Store, neurons: Sequence[Neuron]) -> nx.DiGraph[Any]:
    """The part of the live graph that some neurons span; all of it where they are all."""
    graph = of(store)
    if len(neurons) == graph.number_of_nodes():
        return graph
    part: nx.DiGraph[Any] = graph.subgraph(neurons)
    return part


def plain(neurons: Sequence[Neuron]) -> nx.DiGraph[int]:
    """An ordinary graph for other tools: integer nodes, scalar attributes, no None.

    Parameters
    ----------
    neurons : sequence of Neuron
        In the order in which nodes are numbered; a network will do.

    Returns
    -------
    networkx.DiGraph
        Nodes carry ``label``, ``layer``, ``squash``, ``bias``, ``activation`` and ``state``,
        edges ``weight``, ``gain``, ``trainable``, and ``gater`` (a node number) where gated.

    >>> import architect
    >>> plain(architect.Perceptron(2, 3, 1, seed=0)).number_of_edges()
    9
    """
    graph: nx.DiGraph[int] = nx.DiGraph()
    number = {neuron: i for i, neuron in enumerate(neurons)}
    layers = {neuron: layer.name for layer in getattr(neurons, "layers", ()) for neuron in layer}
    for neuron, i in number.items():
        graph.add_node(
            i,
            label=neuron.name,
            layer=layers.get(neuron) or "",
            squash=neuron.squash.name,
            bias=neuron.bias,
            activation=neuron.activation,
            state=neuron.state,
        )
    if not number:
        return graph
    live = of(next(iter(number))._store)
    for source, i in number.items():
        edges: Mapping[Neuron, Any] = live.succ[source]  # networkx takes edge data for dicts
        for target, edge in edges.items():
            if target not in number:
                continue
            gater = {"gater": number[edge.gater]} if edge.gater in number else {}
            graph.add_edge(
                i, number[target], weight=edge.weight, gain=edge.gain, trainable=edge.trainable, **gater
            )
    return graph

"""A network as a plain graph of networkx, checked in both directions, for the formats of other programs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import networkx as nx

from .._checks import shown
from ..errors import FormatError, SynapseError
from ..objects.network import Network
from ..objects.state import take_apart
from ..objects.topology import Topology
from ._checks import FLOATS, require
from .graphs import from_networkx

NODE = ("label", "layer", "subset", "squash", "bias", "trainable", "activation", "state")
EDGE = ("weight", "trainable")
"""The attributes without which a graph is not one of Synapse's."""


def graph_of(network: Network, format: str = "", unfit: re.Pattern[str] | None = None) -> nx.DiGraph[int]:
    """Make the graph of a network, with everything that determines outputs as plain attributes.

    Raises as :func:`synapse.save` does, and FormatError if a name has a character that the format cannot
    hold.
    """
    take_apart(network)  # refuses what cannot be saved
    graph = Topology.of(network).to_networkx()
    for what, name in _names(graph):
        if unfit is not None and (found := unfit.search(name)):
            raise FormatError(
                f"Expected the {what} to have no {found[0]!r}, which {format} cannot hold, got {shown(name)}."
            )
    return graph


def _names(graph: nx.DiGraph[int]) -> Iterator[tuple[str, str]]:
    """What has a name, and the name."""
    yield "name of the network", graph.name
    for key in ("label", "layer"):
        yield from ((f"{key} of neuron {i}", data[key]) for i, data in graph.nodes.items())


def network_of(graph: nx.Graph[Any]) -> Network:
    """Make the network of a graph that was read from a file, or raise FormatError."""
    require(graph.is_directed(), "The graph", "directed", "an undirected graph")
    name, dtype = graph.graph.get("name", ""), graph.graph.get("dtype", "float64")
    require(type(name) is str, "The name of the network", "a string", name)
    require(type(dtype) is str and dtype in FLOATS, "The dtype", " or ".join(FLOATS), dtype)
    for node, data in graph.nodes.items():
        _require_attributes(f"Node {shown(node)}", data, NODE)
    for source, target, data in graph.edges(data=True):
        _require_attributes(f"The edge from {shown(source)} to {shown(target)}", data, EDGE)
    try:
        return from_networkx(_numbered(graph))
    except SynapseError as error:
        raise FormatError(str(error).partition(" Pass ")[0]) from None  # the advice is for its callers


def _require_attributes(what: str, data: Mapping[Any, Any], keys: Iterable[str]) -> None:
    missing = [key for key in keys if key not in data]
    if missing:
        raise FormatError(
            f"{what} has no {missing[0]}, so Synapse has not written this graph. To use graphs of other "
            "programs, read them with networkx and pass them to synapse.from_networkx."
        )


def _numbered(graph: nx.Graph[Any]) -> nx.Graph[Any]:
    """The same graph with numbers as nodes where all nodes are numbers as text, in their order."""
    texts = [str(node) for node in graph]
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
        return graph
    known = dict(zip(graph, map(int, texts), strict=True))
    made = type(graph)(**graph.graph)
    made.add_nodes_from(sorted((known[node], data) for node, data in graph.nodes(data=True)))
    made.add_edges_from((known[u], known[v], data) for u, v, data in graph.edges(data=True))
    return made

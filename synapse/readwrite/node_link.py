"""Node-link JSON, which networkx, D3 and Sigma read."""

from __future__ import annotations

from typing import Any

from ..errors import FormatError
from ..network import Network
from . import files
from ._checks import an_object
from ._formats import ALL, LINKED, Format
from ._tables import CONNECTION, NEURON, Tables, columns_of, from_tables, records, to_tables

__all__ = ["from_node_link_data", "node_link_data", "read_node_link", "write_node_link"]


def write_node_link(network: Network, path: files.File) -> None:
    """Write a network as node-link JSON. :func:`node_link_data` lists what the file preserves."""
    files.write_document(path, node_link_data(network))


def read_node_link(path: files.File) -> Network:
    """Read a network that :func:`write_node_link` has written. Raises as :func:`synapse.load` does."""
    with files.reading(path):
        return from_node_link_data(files.read_document(path))


def node_link_data(network: Network) -> dict[str, Any]:
    """Convert a network to the JSON of ``networkx.node_link_graph(data, edges="edges")``.

    It preserves the same as :func:`graphml_data`. Raises as :func:`synapse.save` does.

    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> node_link_data(Network(a, [], b))["edges"]
    [{'source': 0, 'target': 1, 'weight': 0.5, 'trainable': True}]
    """
    tables = to_tables(network)
    return {
        "directed": True,
        "multigraph": False,
        "graph": {"name": tables.name, "dtype": tables.dtype},
        "nodes": records(tables.neurons),
        "edges": records(tables.connections),
    }


def from_node_link_data(data: dict[str, Any]) -> Network:
    """Make a network from the result of :func:`node_link_data`.

    Edges may also be under "links", as D3 and older versions of networkx write them. Raises FormatError if
    `data` is not a valid network.
    """
    data = an_object("A node-link graph", data)
    graph = an_object("The graph", data.get("graph"))
    if "edges" in data and "links" in data:
        raise FormatError("A node-link graph must have edges or links, not both.")
    neurons = columns_of("neuron", data.get("nodes"), NEURON)
    connections = columns_of("connection", data.get("edges", data.get("links")), CONNECTION)
    return from_tables(Tables(graph.get("name"), graph.get("dtype"), neurons, connections))


FORMAT = Format(
    name="node_link",
    what="networkx, D3",
    kept=ALL,
    lost=LINKED,
    link="https://networkx.org/documentation/stable/reference/readwrite/json_graph.html",
    write=write_node_link,
    read=read_node_link,
    data=node_link_data,
    from_data=from_node_link_data,
    marks=frozenset({"nodes"}),
)

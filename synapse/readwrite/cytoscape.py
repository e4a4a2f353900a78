"""The JSON of Cytoscape and Cytoscape.js, which networkx reads too."""

from __future__ import annotations

from typing import Any

from ..network import Network
from . import files
from ._checks import an_object
from ._formats import ALL, LINKED, Format
from ._tables import CONNECTION, NEURON, Columns, Tables, columns_of, from_tables, records, to_tables

__all__ = ["cytoscape_data", "from_cytoscape_data", "read_cytoscape", "write_cytoscape"]


def write_cytoscape(network: Network, path: files.File) -> None:
    """Write a network for Cytoscape. :func:`cytoscape_data` lists what the file preserves."""
    files.write_document(path, cytoscape_data(network))


def read_cytoscape(path: files.File) -> Network:
    """Read a network that :func:`write_cytoscape` has written. Raises as :func:`synapse.load` does."""
    with files.reading(path):
        return from_cytoscape_data(files.read_document(path))


def cytoscape_data(network: Network) -> dict[str, Any]:
    """Convert a network to the JSON of ``networkx.cytoscape_graph`` and ``cytoscape({elements: ...})``.

    It preserves the same as :func:`graphml_data`. Raises as :func:`synapse.save` does.

    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> cytoscape_data(Network(a, [], b))["elements"]["edges"]
    [{'data': {'source': 0, 'target': 1, 'weight': 0.5, 'trainable': True}}]
    """
    tables = to_tables(network)
    nodes = [
        {"data": {**row, "id": str(row["id"]), "value": row["id"], "name": row["label"]}}
        for row in records(tables.neurons)
    ]
    edges = [{"data": edge} for edge in records(tables.connections)]
    return {
        "directed": True,
        "multigraph": False,
        "data": {"name": tables.name, "dtype": tables.dtype},
        "elements": {"nodes": nodes, "edges": edges},
    }


def from_cytoscape_data(data: dict[str, Any]) -> Network:
    """Make a network from the result of :func:`cytoscape_data`.

    Ids may be numbers or, as Cytoscape.js writes them, strings of digits. Raises FormatError if `data` is not
    a valid network.
    """
    data = an_object("A graph of Cytoscape", data)
    head = an_object("The data of the graph", data.get("data"))
    elements = an_object("The elements", data.get("elements"))
    neurons = _columns("neuron", elements.get("nodes"), NEURON)
    connections = _columns("connection", elements.get("edges"), CONNECTION)
    return from_tables(Tables(head.get("name"), head.get("dtype"), neurons, connections))


def _columns(item: str, rows: Any, kinds: dict[str, type]) -> Columns:
    if isinstance(rows, list):
        rows = [row.get("data") if isinstance(row, dict) else row for row in rows]
    return columns_of(item, rows, kinds)


FORMAT = Format(
    name="cytoscape",
    what="Cytoscape, Cytoscape.js, networkx",
    kept=ALL,
    lost=LINKED,
    link="https://js.cytoscape.org/#notation/elements-json",
    suffixes=(".cyjs",),
    write=write_cytoscape,
    read=read_cytoscape,
    data=cytoscape_data,
    from_data=from_cytoscape_data,
    marks=frozenset({"elements"}),
)

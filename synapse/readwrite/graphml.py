"""GraphML, which Gephi, yEd, Cytoscape, igraph and networkx read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from ..network import Network
from . import _xml, files
from ._formats import ALL, LINKED, Format
from ._tables import CONNECTION, NEURON, Tables, columns_of, from_tables, kinds_in, records, to_tables

__all__ = ["from_graphml_data", "graphml_data", "read_graphml", "write_graphml"]

NAMESPACE = "http://graphml.graphdrawing.org/xmlns"
GRAPH: dict[str, type] = {"name": str, "dtype": str}


def write_graphml(network: Network, path: files.File) -> None:
    """Write a network as GraphML. :func:`graphml_data` lists what the file preserves."""
    files.write(path, graphml_data(network))


def read_graphml(path: files.File) -> Network:
    """Read a network that :func:`write_graphml` has written. Raises as :func:`synapse.load` does."""
    with files.reading(path):
        return from_graphml_data(files.read(path))


def graphml_data(network: Network) -> str:
    """Convert a network to a GraphML document.

    Nodes are numbered in activation order. The document preserves layers, names, squashes,
    groups, biases, states, activations, random streams, weights, ties, gaters (numbers of nodes), trainable
    flags and the dtype. It does not preserve errors and traces.

    Raises
    ------
    FormatError
        If a name has a character that XML cannot hold.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> import architect, networkx
    >>> text = graphml_data(architect.Perceptron(2, 3, 1, seed=0))
    >>> networkx.parse_graphml(text, node_type=int).nodes[5]["layer"]
    'output'
    """
    return "\n".join(_lines(to_tables(network, "GraphML", _xml.UNFIT))) + "\n"


def _lines(tables: Tables) -> Iterator[str]:
    yield _xml.HEAD
    yield f'<graphml xmlns="{NAMESPACE}">'
    of_nodes, of_edges = kinds_in(tables.neurons, NEURON), kinds_in(tables.connections, CONNECTION)
    for domain, kinds in (("graph", GRAPH), ("node", of_nodes), ("edge", of_edges)):
        for name in _attributes(kinds):
            kind = _xml.TYPES[kinds[name]]
            yield f'<key id="{domain}_{name}" for="{domain}" attr.name="{name}" attr.type="{kind}"/>'
    yield f'<graph edgedefault="directed">{_data("graph", {"name": tables.name, "dtype": tables.dtype})}'
    for node in records(tables.neurons):
        yield f'<node id="{node["id"]}">{_data("node", node)}</node>'
    for edge in records(tables.connections):
        yield f'<edge source="{edge["source"]}" target="{edge["target"]}">{_data("edge", edge)}</edge>'
    yield "</graph>"
    yield "</graphml>"


def _attributes(values: Mapping[str, Any]) -> list[str]:
    """Columns that are stored in <data>; the others are attributes of the element itself."""
    return [name for name in values if name not in ("id", "source", "target")]


def _data(domain: str, record: dict[str, Any]) -> str:
    return "".join(
        f'<data key="{domain}_{name}">{_xml.escaped(record[name])}</data>' for name in _attributes(record)
    )


def from_graphml_data(data: str | bytes) -> Network:
    """Make a network from the result of :func:`graphml_data`; FormatError if it is not valid."""
    root = _xml.parse(data, "graphml")
    graph = _xml.only_graph(root)
    keys = {key.get("id"): key.get("attr.name") for key in _xml.inside(root, "key")}

    def record(element: Element) -> dict[Any, Any]:
        """All values of an element: its attributes, and its <data> by the names of the keys."""
        data = ((keys.get(data.get("key")), data.text or "") for data in _xml.inside(element, "data"))
        return _xml.record(element, data)

    head = record(graph)
    neurons = columns_of("neuron", [record(node) for node in _xml.inside(graph, "node")], NEURON)
    connections = columns_of("connection", [record(edge) for edge in _xml.inside(graph, "edge")], CONNECTION)
    return from_tables(Tables(head.get("name"), head.get("dtype"), neurons, connections))


FORMAT = Format(
    name="graphml",
    what="Gephi, yEd, Cytoscape, igraph, networkx",
    kept=ALL,
    lost=f"{LINKED}; names with control characters are refused",
    link="http://graphml.graphdrawing.org/specification.html",
    suffixes=(".graphml",),
    write=write_graphml,
    read=read_graphml,
    data=graphml_data,
    from_data=from_graphml_data,
)

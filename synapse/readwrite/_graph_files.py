"""The files of graphs that networkx writes and reads: GraphML, GEXF, GML, Cytoscape's
JSON and node-link JSON.

The writers come from networkx, as do the readers of GraphML and GML. This module adds
checks of the content, support for files of other programs, a guard against hostile XML,
layers and gates in DOT, and colours and a timeline in GEXF.
"""

from __future__ import annotations

import io
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any
from xml.parsers import expat

import networkx as nx
import numpy as np
from networkx.readwrite.gexf import GEXFReader
from numpy.typing import ArrayLike

from .._checks import as_matrix, short_repr
from .._html import COLOURS
from ..errors import FormatError, SynapseError
from ..objects.graph_attributes import (
    CONNECTION_PART,
    EDGE_NAMES,
    FIELDS_OF_NEURONS,
    MARK,
    NEURON_PART,
    NODE_NAMES,
    POSITION,
    PREFIX,
    STATE,
    escaped,
    unescaped,
)
from ..objects.metadata import Columns
from ..objects.network import Network
from ..objects.ordinary_graph import to_networkx
from ..objects.recording import Log
from ..objects.saved import SavedNetwork
from ..objects.topology import Topology
from . import _files
from ._file_checks import FLOATS, an_object, require
from ._formats import ALL, LINKED, Format
from ._graphs import from_networkx

UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold, not even escaped."""
NAMESPACES = {
    "GraphML": b"http://graphml.graphdrawing.org/xmlns",
    "GEXF": b"http://www.gexf.net/1.2draft",
}
NOT_IN_DOT = re.compile("[\0\ud800-\udfff]")
"""Characters that a file for Graphviz cannot hold."""
DOT = """\
rankdir=LR;
newrank=true;
node [shape=circle];"""


# --- XML: GraphML ---------------------------------------------------------------------


def _graphml_data(network: Network) -> str:
    graph = graph_of(network, "GraphML", UNFIT)
    # As text, because igraph writes numbers with 15 digits only
    for _, data in graph.nodes(data=True):
        data.update({"random": f"{data['random']}"} if "random" in data else {})
    # Ids must be unique in the graph, which the keys, delays, are not.
    write = partial(
        nx.write_graphml_xml,
        graph,
        edge_id_from_attribute="number" if graph.is_multigraph() else None,
    )
    # XML Schema has true and false, networkx writes True and False.
    keys = re.findall(
        r'<key id="(\w+)"[^>]* attr.type="boolean"', text := xml_text(write)
    )
    return re.sub(
        rf'(<data key="(?:{"|".join(keys)})">)(True|False)',
        lambda match: match[1] + match[2].lower(),
        text,
    )


def xml_text(write: Callable[[Any], None]) -> str:
    """Return the text that networkx writes into a stream, with carriage returns
    escaped, because XML readers would otherwise convert them to newlines.
    """
    stream = io.BytesIO()
    write(stream)
    return stream.getvalue().decode().replace("\r", "&#13;")


def xml_graph(read: Callable[..., Any], name: str, content: bytes) -> nx.Graph[Any]:
    """Read the graph of an XML file with this name by a reader of networkx."""

    # The entities that a document type declares can be used for attacks.
    def refuse(declared: str, *ignored: Any) -> None:
        raise FormatError(
            "Expected a file without a document type declaration, got <!DOCTYPE"
            f" {declared}>."
        )

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise FormatError(
            f"The file is not XML, or only a part of it: {error}."
        ) from None
    named = rb'<\1 xmlns="%b"' % NAMESPACES[name]  # networkit names none
    content = re.sub(
        rb"<(graphml|gexf)(?=[\s>])(?![^>]*\sxmlns=)", named, content, count=1
    )
    graph: nx.Graph[Any] = _parsed(lambda: read(io.BytesIO(content)), name)
    for key, rows in (
        ("node_default", graph.nodes.values()),
        ("edge_default", _of_edges(graph)),
    ):
        defaults = graph.graph.pop(key, {})
        for data in rows:
            data.update({**defaults, **data})
    return _with_its_ids(graph)


def _with_its_ids(graph: nx.Graph[Any]) -> nx.Graph[Any]:
    """Undo the changes of igraph in a graph: it gives nodes new names, keeps the old
    ones as an attribute, and writes missing text as empty text.
    """
    ids = [data.get("id") if MARK in data else None for data in graph.nodes.values()]
    if {*map(type, ids)} != {str} or len({*ids}) < len(ids):
        return graph
    for data in (*graph.nodes.values(), *_of_edges(graph)):
        empty = {name for name, value in data.items() if value == ""}
        for name in empty - {*FIELDS_OF_NEURONS}:
            del data[name]
    return nx.relabel_nodes(graph, dict(zip(graph, ids, strict=True)))


def _read_graphml(stream: io.BytesIO) -> Any:
    reader = nx.GraphMLReader()
    reader.python_type = defaultdict(lambda: str, reader.python_type, **GRAPH_TOOL)
    content = stream.read()
    ids = re.findall(rb'<key\b[^>]*?\sid="([^"]*)"', content)
    if twice := [key for key in ids if ids.count(key) > 1]:
        raise FormatError(
            "Every key of GraphML must have an id of its own, got"
            f" {twice[0].decode()!r} for several, as rustworkx writes them unless you"
            " pass write_graphml(graph, path, keys=[...]) a GraphMLKey for each"
            " attribute."
        )
    graphs = list(reader(string=content))
    require(len(graphs) == 1, "The number of graphs in the file", "1", len(graphs))
    (graph,) = graphs
    # graph-tool takes the attributes of a graph for those of its last part.
    for data in (*_of_edges(graph), *graph.nodes.values()):
        if MARK in data and "dtype" in data and "dtype" not in graph.graph:
            graph.graph["dtype"] = data.pop("dtype")
            graph.graph["name"] = data.pop("name", "")
    return graph


def _read_gexf(stream: io.BytesIO) -> Any:
    """Return the graph of a GEXF file, which may have any type of GEXF 1.3."""
    reader = GEXFReader()
    reader.python_type = defaultdict(lambda: str, reader.python_type, **GEXF_TYPES)
    graph = reader(stream)
    for data in (*graph.nodes.values(), *_of_edges(graph)):
        if MARK not in data:  # else the picture is one of Synapse's
            for look, value in data.pop("viz", {}).items():
                # x, y, z, r, g, b and a, as Gephi calls them in GraphML
                looks = value if isinstance(value, dict) else {look: value}
                data.update({**looks, **data})
    return graph


def _numbers(text: Any) -> list[float]:
    """Return numbers between commas, as graph-tool writes them, also in hexadecimal.

    Because networkx converts a default twice, numbers and lists of numbers may also be
    text.
    """
    parts = str(text).strip("[]").split(",")
    return [float.fromhex(part) if "0x" in part else float(part) for part in parts]


# How values are read whose types networkx does not know
GEXF_TYPES = dict.fromkeys(("short", "byte", "biginteger"), int) | {"bigdecimal": float}
GRAPH_TOOL = {
    **dict.fromkeys(("float", "double", "long_double"), lambda text: _numbers(text)[0]),
    **{f"vector_{name}": _numbers for name in ("short", "int", "long", "float")},
    **{f"vector_{name}": _numbers for name in ("boolean", "double", "long_double")},
    "short": int,
}
"""Functions that read graph-tool's values, by the name of the type. Other types remain
text."""


def _parsed(read: Callable[[], Any], name: str) -> Any:
    """Return the graph that networkx reads; FormatError if it raises anything."""
    try:
        with warnings.catch_warnings():
            # Warnings are of attributes without a type, which are checked here.
            warnings.simplefilter("ignore")
            return read()
    except (MemoryError, FormatError):
        raise
    except Exception as error:  # of many kinds
        if "edge found in" in str(error):
            raise FormatError(
                "The edges of the graph must all be directed or all be undirected,"
                f" got both in {name}. Give the edges of one kind the type of the"
                " others in the program that wrote it."
            ) from None
        reason = f"unknown {error}" if isinstance(error, KeyError) else f"{error}"
        raise FormatError(
            f"The file is not {name}, or only a part of it: {reason.rstrip('.')}."
        ) from None


# --- JSON -----------------------------------------------------------------------------


def _cytoscape_graph(data: Any) -> Any:
    document = {"directed": True, "data": {}, **an_object("A graph of Cytoscape", data)}
    elements = an_object("The elements", document.get("elements"))
    if isinstance(document["data"], list):  # as networkx writes it
        for i, pair in enumerate(document["data"]):
            fits = isinstance(pair, list) and [*map(type, pair[:-1])] == [str]
            require(fits, f"Item {i} of data", "a list of a name and a value", pair)
        document["data"] = dict(document["data"])
    rows = {
        noun: [
            an_object(f"The data of {noun} {i}", row.get("data"))
            for i, row in enumerate(_rows(noun, elements.get(f"{noun}s", [])))
        ]
        for noun in ("node", "edge")
    }
    return _json_graph(document["directed"], document["data"], rows)


def _node_link_graph(data: Any) -> Any:
    document = {"directed": False, "graph": {}, **an_object("A node-link graph", data)}
    # D3 and older versions of networkx have links.
    edges = document.get("edges", document.get("links"))
    if edges is None:
        names = ", ".join(map(short_repr, data)) or "none"
        raise FormatError(
            f"A node-link graph must have edges or links, got {names}. Pass"
            " networkx.adjacency_graph(data), and graphs in other layouts, to"
            " synapse.from_networkx."
        )
    rows = {"node": document.get("nodes"), "edge": edges}
    return _json_graph(document["directed"], document["graph"], rows)


def _rows(noun: str, items: Any) -> list[dict[str, Any]]:
    require(isinstance(items, list), f"The {noun}s", "a list", items)
    return [an_object(f"The {noun} {i}", item) for i, item in enumerate(items)]


def _json_graph(directed: Any, attributes: Any, rows: dict[str, Any]) -> Any:
    """Build a graph from a list of nodes with an ``id`` and a list of edges with a
    ``source`` and a ``target``.

    Cytoscape has text there, networkx in its JSON of Cytoscape numbers as ends.
    """
    require(type(directed) is bool, "The member directed", "true or false", directed)
    graph: Any = nx.MultiDiGraph() if directed else nx.MultiGraph()
    graph.graph = dict(an_object("The attributes of the graph", attributes))
    for i, row in enumerate(_rows("node", rows["node"])):
        node = _node(f"The id of node {i}", row.get("id", i))
        require(node not in graph, f"The id of node {i}", "another", node)
        graph.add_node(node)
        graph.nodes[node].update({name: row[name] for name in row if name != "id"})
    for i, row in enumerate(_rows("edge", rows["edge"])):
        nodes = [_node(f"The {end} of edge {i}", row.get(end)) for end in _ENDS]
        ends = [node if node in graph else str(node) for node in nodes]
        for end, node in zip(_ENDS, ends, strict=True):
            require(node in graph, f"The {end} of edge {i}", "the id of a node", node)
        data = {name: row[name] for name in row if name not in (*_ENDS, "key")}
        graph.add_edges_from([(*ends, data)])
    return graph


_ENDS = ("source", "target")


def _node(subject: str, value: Any) -> Any:
    """Return a node of JSON, in which networkx writes a tuple as a list."""
    parts = value if isinstance(value, list) else [value]
    fits = {*map(type, parts)} <= {str, int, float, bool}
    require(fits, subject, "text or a number", value)
    return tuple(value) if isinstance(value, list) else value


# --- plain graphs ---------------------------------------------------------------------

EDGE = ("weight", "trainable")
"""The attributes of edges, beside `FIELDS_OF_NEURONS`, without which a graph is not one
of Synapse's."""
XML = ("GraphML", "GEXF")
XML_HOLDS = (
    "holds numbers, booleans or text without control characters, one of these for each"
    " name"
)
CYTOSCAPE = "Cytoscape's JSON"
NODE_LINK = "node-link JSON"
FORMATS_OWN = {
    "GraphML": ("id", "viz", "activations"),
    "GEXF": (
        *("id", "label", "viz", "activations", "start", "end", "type", "pid"),
        *("parents", "slices", "spells", "key", "networkx_key"),
    ),
    CYTOSCAPE: ("id", "value", "name", "key", "source", "target"),
    NODE_LINK: ("id", "key", "source", "target"),
}
"""Attributes that nodes or edges of a format have themselves, or that its writer or
reader in networkx does not keep; metadata of these names get a prefix."""


def graph_of(
    network: Network, format: str = "", unfit: re.Pattern[str] | None = None
) -> nx.DiGraph[int]:
    """Make the graph of a network, with everything that determines outputs as plain
    attributes.

    Raises as :func:`synapse.save` does, and FormatError if a name has a character that
    the format cannot hold.
    """
    saved = SavedNetwork.of(network)  # refuses what cannot be saved
    if format in FORMATS_OWN:
        _fit_metadata(format, saved.neuron_metadata, saved.neuron_label)
        _fit_metadata(format, saved.connection_metadata, "net.connections[{}]".format)
    table = replace(
        Topology.of(network),
        neuron_metadata=saved.neuron_metadata,
        connection_metadata=saved.connection_metadata,
    )
    several = not table._shortest.all()
    graph = to_networkx(table, multigraph=several)
    named = [("name of the network", graph.name)]
    for key in ("label", "layer"):
        named += (
            (f"{key} of neuron {i}", data[key]) for i, data in graph.nodes.items()
        )
    for subject, name in named:
        if unfit is not None and (bad := unfit.search(name)):
            raise FormatError(
                f"The {subject} must have no {bad[0]!r}, which {format} cannot"
                f" hold, got {short_repr(name)}."
            )
    _rename(graph, format, escaped)
    return graph


def _rename(graph: nx.Graph[Any], format: str, renamed: Callable[..., Any]) -> None:
    """Write or read metadata that are called like attributes of the format itself."""
    own = FORMATS_OWN.get(format, ())
    for rows, reserved in (
        (graph.nodes.values(), NODE_NAMES),
        (_of_edges(graph), EDGE_NAMES),
    ):
        taken = {*own} - reserved
        for data in rows:
            names = [renamed(name, taken) for name in data]
            if names != [*data]:
                values = list(data.values())
                data.clear()
                data.update(zip(names, values, strict=True))


def _of_edges(graph: nx.Graph[Any]) -> Iterator[dict[str, Any]]:
    return (data for *_, data in graph.edges(data=True))


def _fit_metadata(format: str, columns: Columns, label: Callable[[Any], str]) -> None:
    """Raise FormatError if a format cannot hold one of these metadata; numbers beside
    floats become floats.
    """
    for name, column in columns.items():
        # The positions of the other neurons are floats.
        kinds = {*map(type, column.values())} | ({float} if name in POSITION else set())
        if format in XML and kinds == {int, float}:
            column.update({i: float(value) for i, value in column.items()})
        usual = float if name in POSITION else type(next(iter(column.values())))
        bad = [
            i
            for i, value in column.items()
            if (
                type(value) is not usual
                or usual not in (int, float, bool, str)
                or UNFIT.search(f"{name}{value}")
                if format in XML
                else value is None
            )
        ]
        if bad:
            raise FormatError(
                f"{format} cannot hold {label(bad[0])}.metadata[{name!r}],"
                f" {short_repr(column[bad[0]])}, because it"
                f" {XML_HOLDS if format in XML else 'takes this for a missing value'}."
                " Save as .json or .synapse, which keep it, or delete it."
            )


def readers(read: Callable[[Any], Any], format: str) -> dict[str, Any]:
    """Return the functions that a :class:`Format` needs to read the graph in a
    content.
    """
    return {
        "graph": read,
        "from_data": lambda content: network_of(read(content), format),
    }


OTHER_PROGRAMS = (
    " or the program that saved it again has dropped its attributes. To use a graph of"
    " another program, pass synapse.readwrite.read_graph(path) to"
    " synapse.from_networkx."
)


def network_of(graph: nx.Graph[Any], format: str = "") -> Network:
    """Make the network of a graph that was read from a file, or raise FormatError."""
    if not graph.is_directed():
        raise FormatError(
            "The graph of a network must be directed, got an undirected one, which"
            f" Synapse has not written,{OTHER_PROGRAMS}"
        )
    for data in (*graph.nodes.values(), *_of_edges(graph)):
        for name in {*FORMATS_OWN.get(format, ())} - {"label"}:
            data.pop(name, None)
    attributes: Any = graph.graph  # networkx takes it from the file as it is
    named = isinstance(attributes, dict) and all(
        type(name) is str for name in attributes
    )
    require(
        named, "The attributes of the graph", "an object with text as names", attributes
    )
    name, dtype = graph.graph.get("name", ""), graph.graph.get("dtype", "float64")
    require(type(name) is str, "The name of the network", "a string", name)
    require(
        type(dtype) is str and dtype in FLOATS, "The dtype", " or ".join(FLOATS), dtype
    )
    for node, data in graph.nodes.items():
        if MARK.replace("_", "") in data:
            raise FormatError(
                "The names of the attributes must have their underscores, such as"
                f" {MARK}, which igraph leaves out of GML. Save the graph as GraphML"
                " there."
            )
        _require_attributes(f"Node {short_repr(node)}", data, FIELDS_OF_NEURONS)
        data.setdefault(MARK, NEURON_PART)  # files of the first versions have none
    for source, target, data in graph.edges(data=True):
        _require_attributes(
            f"The edge from {short_repr(source)} to {short_repr(target)}", data, EDGE
        )
        data.setdefault(MARK, CONNECTION_PART)
    _rename(graph, format, unescaped)
    try:
        return from_networkx(_numbered(graph), self_connections=STATE)
    except SynapseError as error:
        # The advice of the message is for callers of from_networkx.
        raise FormatError(str(error).partition(" Pass ")[0]) from None


def _require_attributes(
    subject: str, data: Mapping[Any, Any], keys: Iterable[str]
) -> None:
    missing = [key for key in keys if key not in data]
    if missing:
        raise FormatError(
            f"{subject} has no {missing[0]}, so Synapse has not written this graph,"
            f"{OTHER_PROGRAMS}"
        )


def _numbered(graph: nx.Graph[Any]) -> nx.Graph[Any]:
    """Return the graph with numbers as nodes, in their order, if all its nodes are
    numbers as text.
    """
    texts = [str(node) for node in graph]
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
        return graph
    number = dict(zip(graph, map(int, texts), strict=True))
    if len({*number.values()}) < len(number):  # "1" and "01" are two
        return graph
    numbered = type(graph)(**graph.graph)
    numbered.add_nodes_from(
        sorted((number[node], data) for node, data in graph.nodes(data=True))
    )
    numbered.add_edges_from(
        (number[u], number[v], data) for u, v, data in graph.edges(data=True)
    )
    return numbered


# --- GEXF, the files of Gephi ---------------------------------------------------------

MIN_SIZE = 8.0
MAX_SIZE = 24.0
MAX_THICKNESS = 4.0
"""In Gephi's units: sizes of neurons, and the thickness of the strongest connection."""


def _gexf_data(network: Network, activations: ArrayLike | Log | None = None) -> str:
    """Return a graph of networkx as GEXF 1.2, with the looks of a picture and
    activations over time.
    """
    graph = graph_of(network, "GEXF", UNFIT)
    if activations is not None:
        values = (
            activations.of(network, "activation")
            if isinstance(activations, Log)
            else activations
        )
        steps = as_matrix("activations", values, len(network), np.dtype(np.float64))
        graph.graph["mode"] = "dynamic"
        for node, of_node in enumerate(steps.T.tolist()):
            graph.nodes[node]["activations"] = [
                (value, float(t), t + 1.0) for t, value in enumerate(of_node)
            ]
    _add_looks(graph)
    return xml_text(partial(nx.write_gexf, graph))


def _add_looks(graph: nx.DiGraph[int]) -> None:
    """Add the elements of GEXF's module viz to nodes and edges.

    Each layer has a colour, and the area of a neuron grows with its connections. The
    sign of a weight is blue or orange, and its magnitude is the thickness.
    """
    busiest = max((degree for _, degree in graph.degree), default=1)
    for node, data in graph.nodes.items():
        area = graph.degree[node] / max(1, busiest)
        x, y = (data.get(axis, data.get(PREFIX + axis, 0.0)) for axis in POSITION)
        data["viz"] = {
            "color": _color(data["subset"]),
            "position": {"x": x, "y": y, "z": 0.0},
            "size": MIN_SIZE + (MAX_SIZE - MIN_SIZE) * area**0.5,
        }
    edges = [*_of_edges(graph)]
    scaled = [data for data in edges if data["trainable"]] or edges
    heaviest = max((abs(data["weight"]) for data in scaled), default=0.0) or 1.0
    for data in edges:
        strength = min(abs(data["weight"]) / heaviest, 1.0)
        data["viz"] = {
            "color": _color(data["weight"] < 0),
            "thickness": max(0.2, MAX_THICKNESS * strength),
            "shape": "dashed" if "gater" in data else "solid",
        }


def _color(number: int) -> dict[str, float]:
    """Return a colour of curves, which repeat, as red, green, blue and opacity."""
    color = COLOURS[number % len(COLOURS)]
    shade = dict(zip("rgb", bytes.fromhex(color[1:]), strict=True))
    return {**shade, "a": 1}


# --- DOT, the language of Graphviz ----------------------------------------------------


def _dot_data(network: Network) -> str:
    """Return a drawing in DOT, for Graphviz.

    Each layer is a cluster with one rank. Connections show their weights to four
    digits, and connections that are not trainable are dashed. A gated connection passes
    through a point, with a dotted line from its gater. The tooltips of neurons show
    squashes and biases.
    """
    return "\n".join(_dot(graph_of(network, "DOT", NOT_IN_DOT))) + "\n"


def _dot(graph: nx.DiGraph[int]) -> Iterator[str]:
    yield f"digraph {_quoted(graph.name)} {{"
    yield DOT
    for number, layer in groupby(
        graph.nodes.items(), key=lambda node: node[1]["subset"]
    ):
        neurons = list(layer)
        yield (
            f"subgraph cluster_{number}"
            f" {{\nlabel={_quoted(neurons[0][1]['layer'])};\nrank=same;"
        )
        for i, data in neurons:
            tooltip = _quoted(f"{data['squash']}, bias {data['bias']:.4g}")
            yield f"{i} [label={_quoted(data['label'])}, tooltip={tooltip}];"
        yield "}"
    for i, (source, target, data) in enumerate(graph.edges(data=True)):
        dashed = "" if data["trainable"] else ", style=dashed"
        look = f'label="{data["weight"]:.4g}"{dashed}'
        if "gater" not in data:
            yield f"{source} -> {target} [{look}];"
            continue
        yield f"gate_{i} [shape=point];"
        yield f"{source} -> gate_{i} [{look}, arrowhead=none];"
        yield f"gate_{i} -> {target}{'' if data['trainable'] else ' [style=dashed]'};"
        yield f"{data['gater']} -> gate_{i} [style=dotted, constraint=false];"
    yield "}"


def _quoted(text: str) -> str:
    """Return a text as a quoted string of DOT, with entities and backslashes
    escaped.
    """
    escaped = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\r", "").replace("\n", "\\n").replace("\t", " ")
    return f'"{escaped}"'


FORMATS = (
    Format(
        name="graphml",
        purpose="Gephi, yEd, Cytoscape, igraph, networkx",
        kept=ALL,
        lost=f"{LINKED}; names with control characters are refused",
        link="http://graphml.graphdrawing.org/specification.html",
        data=_graphml_data,
        **readers(partial(xml_graph, _read_graphml, "GraphML"), "GraphML"),
        write=_files.write,
        read=_files.read,
    ),
    Format(
        name="gml",
        purpose="networkx, igraph, Gephi; it is read only",
        kept=f"{ALL.replace(' names of neurons,', '')}, of graphs that networkx wrote",
        lost=f"{LINKED}; the names of neurons, which are numbers",
        link="https://networkx.org/documentation/stable/reference/readwrite/gml.html",
        **readers(
            lambda text: _parsed(lambda: nx.parse_gml(text, label="id"), "GML"), "GML"
        ),
        read=_files.read_text,
    ),
    Format(
        name="cytoscape",
        purpose="Cytoscape, Cytoscape.js, networkx",
        kept=ALL,
        lost=LINKED,
        link="https://js.cytoscape.org/#notation/elements-json",
        data=lambda network: nx.cytoscape_data(
            graph_of(network, CYTOSCAPE), name="label"
        ),
        **readers(_cytoscape_graph, CYTOSCAPE),
        write=_files.write_document,
        read=_files.read_document,
    ),
    Format(
        name="node_link",
        purpose="networkx, D3",
        kept=ALL,
        lost=LINKED,
        link="https://networkx.org/documentation/stable/reference/readwrite/json_graph.html",
        data=lambda network: nx.node_link_data(
            graph_of(network, NODE_LINK), edges="edges"
        ),
        **readers(_node_link_graph, NODE_LINK),
        write=_files.write_document,
        read=_files.read_document,
    ),
    Format(
        name="dot",
        purpose="a drawing for Graphviz",
        kept="layers, names, gates, weights to four digits",
        lost="all else",
        link="https://graphviz.org/doc/info/lang.html",
        data=_dot_data,
        write=_files.write,
    ),
    Format(
        name="gexf",
        purpose="Gephi, networkx; a picture; activations over time",
        kept=ALL.removesuffix(", dtype"),
        lost=(
            f"{LINKED}; the dtype; names with control characters are refused; the"
            " timeline is not read"
        ),
        link="https://gexf.net/schema.html",
        data=_gexf_data,
        **readers(partial(xml_graph, _read_gexf, "GEXF"), "GEXF"),
        write=_files.write,
        read=_files.read,
    ),
)

"""DOT, the language of Graphviz."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import networkx as nx

from ..objects.network import Network
from . import files
from ._formats import Format
from .graph_files import graph_of

__all__ = ["dot_data"]

UNFIT = re.compile("[\0\ud800-\udfff]")
"""Characters that a file for Graphviz cannot hold."""
HEAD = """\
rankdir=LR;
newrank=true;
node [shape=circle];"""


def dot_data(network: Network) -> str:
    """Draw a network in DOT, for Graphviz (``dot -Tsvg``). The drawing cannot be read back.

    Each layer is a cluster with one rank. Connections show their weights to four digits; connections that
    are not trainable are dashed. A gated connection passes through a point, with a dotted line
    from its gater. Tooltips of the neurons show squashes and biases.

    Raises
    ------
    FormatError
        If a name has a character that Graphviz cannot read.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> print(dot_data(Network(a, [], b)).splitlines()[-2])
    0 -> 1 [label="0.5"];
    """
    return "\n".join(_lines(graph_of(network, "DOT", UNFIT))) + "\n"


def _lines(graph: nx.DiGraph[int]) -> Iterator[str]:
    yield f"digraph {_quoted(graph.name)} {{"
    yield HEAD
    for number, layer in groupby(graph.nodes.items(), key=lambda node: node[1]["subset"]):
        yield from _layer(number, list(layer))
    for i, (source, target, data) in enumerate(graph.edges(data=True)):
        yield from _connection(i, source, target, data)
    yield "}"


def _layer(number: int, neurons: list[tuple[int, dict[str, Any]]]) -> Iterator[str]:
    yield f"subgraph cluster_{number} {{"
    yield f"label={_quoted(neurons[0][1]['layer'])};"
    yield "rank=same;"
    for i, data in neurons:
        tooltip = _quoted(f"{data['squash']}, bias {data['bias']:.4g}")
        yield f"{i} [label={_quoted(data['label'])}, tooltip={tooltip}];"
    yield "}"


def _connection(i: int, source: int, target: int, data: dict[str, Any]) -> Iterator[str]:
    style = "" if data["trainable"] else ", style=dashed"
    look = f'label="{data["weight"]:.4g}"{style}'
    if "gater" not in data:
        yield f"{source} -> {target} [{look}];"
        return
    yield f"gate_{i} [shape=point];"
    yield f"{source} -> gate_{i} [{look}, arrowhead=none];"
    yield f"gate_{i} -> {target}{' [style=dashed]' if style else ''};"
    yield f"{data['gater']} -> gate_{i} [style=dotted, constraint=false];"


def _quoted(text: str) -> str:
    """A text as a quoted string of DOT; entities and backslashes are escaped."""
    escaped = text.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\r", "").replace("\n", "\\n").replace("\t", " ")
    return f'"{escaped}"'


FORMAT = Format(
    name="dot",
    what="a drawing for Graphviz",
    kept="layers, names, gates, weights to four digits",
    lost="all else",
    link="https://graphviz.org/doc/info/lang.html",
    suffixes=(".dot", ".gv"),
    data=dot_data,
    write=files.write,
)

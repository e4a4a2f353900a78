"""GEXF 1.2, which Gephi and networkx read, as a picture, optionally with activations over time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import lowered, numbers
from ..errors import ArgumentError
from ..network import Network
from ..recording import Log
from ..topology import NO_GATER, Topology
from . import _xml, files
from ._formats import ALL, LINKED, Format
from ._tables import CONNECTION, NEURON, Tables, columns_of, from_tables, kinds_in, records, to_tables

__all__ = ["from_gexf_data", "gexf_data", "read_gexf", "write_gexf"]

NAMESPACE = "http://www.gexf.net/1.2draft"
"""Version 1.3 has the same elements, but older versions of networkx do not read it."""

APART, SMALLEST, LARGEST, THICKEST = 50.0, 8.0, 24.0, 4.0
"""In Gephi: distance of two neurons of a column, sizes of neurons, thickness of the strongest connection."""

ELEMENT = ("id", "label", "source", "target", "weight")
"""Columns that are attributes of an element in GEXF; the others are in <attvalue>."""


def write_gexf(
    network: Network,
    path: files.File,
    activations: ArrayLike | Log | None = None,
    *,
    layout: Any = "layers",
) -> None:
    """Write a network as GEXF. :func:`gexf_data` describes the parameters and what the file preserves."""
    files.write(path, gexf_data(network, activations, layout=layout))


def read_gexf(path: files.File) -> Network:
    """Read a network that :func:`write_gexf` has written, without activations over time.

    Raises as :func:`synapse.load` does.
    """
    with files.reading(path):
        return from_gexf_data(files.read(path))


def gexf_data(network: Network, activations: ArrayLike | Log | None = None, *, layout: Any = "layers") -> str:
    """Convert a network to a GEXF document.

    It preserves the same as :func:`graphml_data`; the dtype is stored under keywords. Programs such as Gephi
    show it as a picture at once: each layer has a colour; the area of a neuron grows with the number of its
    connections; a connection is blue or, below zero, orange, and darker and thicker with the magnitude of
    its weight, on the scale of the trainable weights; gated connections are dashed, where the program
    supports that. These are elements of GEXF's module ``viz``, which :func:`read_gexf` ignores.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    activations : Log or array_like, shape (T, N), optional
        Activations of the N neurons in a run of T steps, for the timeline of Gephi, or a log that has the
        "activation" of all neurons. They are a dynamic attribute "activations", whose step t lasts from t to
        t + 1.
    layout : str or callable
        The positions of neurons, as in :func:`synapse.draw.network`. Default: layers from left to right.

    Raises
    ------
    KindError, ArgumentError
        If `activations` are not finite numbers of this shape, a log does not have them, or `layout` is of
        another kind or does not place every neuron.
    UnknownNameError, MissingExtraError
        If there is no such layout, or it needs Graphviz or SciPy, which is not installed.
    FormatError, TopologyError, DivergenceError
        As for :func:`graphml_data`.

    Examples
    --------
    >>> import architect
    >>> print(gexf_data(architect.Perceptron(2, 3, 1, seed=0)).splitlines()[2])
    <meta><keywords>float64</keywords><description>Perceptron</description></meta>
    """
    tables = to_tables(network, "GEXF", _xml.UNFIT)
    steps = None if activations is None else _steps(activations, network)
    return "\n".join(_lines(tables, steps, *_looks(network, layout))) + "\n"


def _looks(network: Network, layout: Any) -> tuple[list[str], list[str]]:
    """The viz elements of each neuron and of each connection."""
    from ..draw._layouts import places_of
    from ..draw._style import BLUE, PALE, RED, mixed, tints  # without matplotlib

    table = Topology.of(network)
    centres = APART * places_of(table, layout).centres
    ends = np.concatenate([table.source, table.target])
    degrees = np.bincount(ends, minlength=table.neurons) / max(1, np.bincount(ends, minlength=1).max())
    sizes = SMALLEST + (LARGEST - SMALLEST) * np.sqrt(degrees)
    shades = tints(len(table.layers))
    neurons = [
        f'{_colour(shades[layer])}<viz:position x="{x:.6g}" y="{y:.6g}" z="0"/><viz:size value="{size:.4g}"/>'
        for layer, (x, y), size in zip(table.layer.tolist(), centres.tolist(), sizes.tolist(), strict=True)
    ]
    scale = np.abs(table.weight[table.trainable] if table.trainable.any() else table.weight)
    strengths = np.minimum(np.abs(table.weight) / (scale.max(initial=0.0) or 1.0), 1.0)
    links = zip(table.weight.tolist(), strengths.tolist(), (table.gater != NO_GATER).tolist(), strict=True)
    connections = [
        f"{_colour(mixed(PALE, BLUE if weight >= 0 else RED, strength))}"
        f'<viz:thickness value="{max(0.2, THICKEST * strength):.4g}"/>'
        f'<viz:shape value="{"dashed" if gated else "solid"}"/>'
        for weight, strength, gated in links
    ]
    return neurons, connections


def _colour(shade: tuple[float, float, float]) -> str:
    red, green, blue = (round(255 * part) for part in shade)
    return f'<viz:color r="{red}" g="{green}" b="{blue}" a="1"/>'


def _steps(activations: ArrayLike | Log, network: Network) -> NDArray[np.float64]:
    neurons = len(network)
    if isinstance(activations, Log):
        activations = activations.of(network, "activation")
    what, condition = "The activations", f"finite numbers, shape (T, {neurons})"
    steps = numbers(what, activations, condition)
    if steps.shape[1:] != (neurons,):
        raise ArgumentError(f"Expected {lowered(what)} to be {condition}, got shape {steps.shape}.")
    if not np.isfinite(steps).all():
        raise ArgumentError(
            f"Expected {lowered(what)} to be {condition}, got {steps[~np.isfinite(steps)][0]}."
        )
    return steps.astype(np.float64)


def _lines(
    tables: Tables, steps: NDArray[np.float64] | None, neurons: list[str], connections: list[str]
) -> Iterator[str]:
    mode = 'mode="static"' if steps is None else 'mode="dynamic" timeformat="double"'
    yield _xml.HEAD
    yield f'<gexf xmlns="{NAMESPACE}" xmlns:viz="{NAMESPACE}/viz" version="1.2">'
    name = _xml.escaped(tables.name)
    yield f"<meta><keywords>{tables.dtype}</keywords><description>{name}</description></meta>"
    yield f'<graph defaultedgetype="directed" {mode}>'
    yield from _declared("node", "static", kinds_in(tables.neurons, NEURON))
    if steps is not None:
        yield from _declared("node", "dynamic", {"activations": float})
    yield from _declared("edge", "static", kinds_in(tables.connections, CONNECTION))
    yield "<nodes>"
    for i, (node, look) in enumerate(zip(records(tables.neurons), neurons, strict=True)):
        yield _element("node", node, look, "" if steps is None else _timeline(steps[:, i]))
    yield "</nodes>\n<edges>"
    for i, (edge, look) in enumerate(zip(records(tables.connections), connections, strict=True)):
        yield _element("edge", {"id": i, **edge}, look)
    yield "</edges>\n</graph>\n</gexf>"


def _declared(domain: str, mode: str, kinds: dict[str, type]) -> Iterator[str]:
    yield f'<attributes class="{domain}" mode="{mode}">'
    for name, kind in kinds.items():
        if name not in ELEMENT:
            yield f'<attribute id="{name}" title="{name}" type="{_xml.TYPES[kind]}"/>'
    yield "</attributes>"


def _element(tag: str, record: dict[str, Any], look: str, more: str = "") -> str:
    own = "".join(f" {name}={_xml.quoted(record[name])}" for name in ELEMENT if name in record)
    values = "".join(
        f'<attvalue for="{name}" value={_xml.quoted(value)}/>'
        for name, value in record.items()
        if name not in ELEMENT
    )
    return f"<{tag}{own}><attvalues>{values}{more}</attvalues>{look}</{tag}>"


def _timeline(steps: NDArray[np.float64]) -> str:
    return "".join(
        f'<attvalue for="activations" value="{value}" start="{t}.0" end="{t + 1}.0"/>'
        for t, value in enumerate(steps.tolist())
    )


def from_gexf_data(data: str | bytes) -> Network:
    """Make a network from the result of :func:`gexf_data`; FormatError if it is not valid."""
    root = _xml.parse(data, "gexf")
    graph = _xml.only_graph(root)
    neurons = columns_of("neuron", _records(graph, "node"), NEURON)
    connections = columns_of("connection", _records(graph, "edge"), CONNECTION)
    name, dtype = (_xml.text_inside(root, "meta", tag) for tag in ("description", "keywords"))
    return from_tables(Tables(name, dtype, neurons, connections))


def _records(graph: Element, tag: str) -> list[dict[Any, Any]]:
    titles = {
        attribute.get("id"): attribute.get("title")
        for attributes in _xml.inside(graph, "attributes")
        if attributes.get("class") == tag
        for attribute in _xml.inside(attributes, "attribute")
    }

    def record(element: Element) -> dict[Any, Any]:
        values = _xml.inside(element, "attvalues", "attvalue")
        return _xml.record(element, ((titles.get(one.get("for")), one.get("value")) for one in values))

    return [record(element) for element in _xml.inside(graph, f"{tag}s", tag)]


FORMAT = Format(
    name="gexf",
    what="Gephi, networkx; a picture; activations over time",
    kept=ALL,
    lost=f"{LINKED}; names with control characters are refused; the timeline is not read",
    link="https://gexf.net/schema.html",
    suffixes=(".gexf",),
    write=write_gexf,
    read=read_gexf,
    data=gexf_data,
    from_data=from_gexf_data,
)

"""Draw a small picture of a network for notebooks, as static SVG with its numbers as
tool tips.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

import numpy as np

from .._checks import pluralize
from .._typing import Floats
from ..objects.network import Network
from ..objects.topology import Topology
from ._bundles import Bundles, boxes_of, bundles_of, routes_and_scene
from ._places import RADIUS, Places
from ._routes import curve, routes_of_connections, scene_of_neurons
from ._style import BLUE, NEGATIVE, POSITIVE, RED

WIDTH = 640
HEIGHT = 300
"""The largest size of the drawing, in pixels."""
MAX_NEURONS = 100
MAX_CONNECTIONS = 500
"""Maximum numbers of neurons and connections drawn one by one. A larger network is
drawn with one box per layer.
"""
MAX_DRAWN = 1 << 18
"""Maximum number of connections of a network that is drawn at all, since a notebook
shows it every time."""
UNIT = 64
"""Pixels of a unit of length, which is the distance of two neurons, if the drawing is
not scaled down.
"""


def small_picture(network: Network) -> str:
    """Draw the present state of a network as SVG, with neurons, boxes of layers, or
    only a description.
    """
    if len(network.connections) > MAX_DRAWN:
        return f"<div>{escape(repr(network))}</div>"
    table = Topology.of(network)
    unfolded = table.neurons <= MAX_NEURONS and table.connections <= MAX_CONNECTIONS
    net = None if unfolded else bundles_of(table)
    places = Places.of(table) if net is None else boxes_of(table, net)
    lines = list(
        _connections(table, places) if net is None else _bundled(table, net, places)
    )
    half = np.array(places.half) + (0.0 if net else 0.16)
    corners = places.centres - half, places.centres + half
    every = np.concatenate([*corners, *(curve(route) for route, _, _ in lines)])
    low = every.min(axis=0) - 0.05
    high = every.max(axis=0) + 0.05
    width, height = (UNIT * (high - low)).tolist()
    scale = min(1.0, (WIDTH - 16) / width, (HEIGHT - 44) / height)
    nodes = _circles(table, places) if unfolded else _boxes(table, places)
    titles = (
        _titles(table, places, scale, float(high[1]) + 12 / (UNIT * scale))
        if unfolded
        else ()
    )
    beside = 8 / scale
    above = 28 / scale
    words = escape(table.description)
    view = (
        UNIT * low[0] - beside,
        -UNIT * high[1] - above,
        width + 2 * beside,
        height + 1.5 * above,
    )
    return (
        f'<div><svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{words}" '
        f'width="{width * scale + 16:.0f}" height="{height * scale + 42:.0f}" '
        f'viewBox="{" ".join(f"{number:.1f}" for number in view)}" '
        'style="max-width: 100%; height: auto" font-family="sans-serif" fill="none"'
        ' stroke="currentColor">'
        f"{''.join([*(_drawn(*line) for line in lines), *nodes, *titles])}"
        f"</svg><div>{words}</div></div>"
    )


def _connections(
    table: Topology, places: Places
) -> Iterator[tuple[Floats, str, float]]:
    """Return route, tool tip and weight, -1 to 1, of every connection."""
    heaviest = float(np.abs(table.weight).max(initial=0.0)) or 1.0
    routes = routes_of_connections(
        table.source, table.target, places, scene_of_neurons(places)
    )
    columns = (
        column.tolist()
        for column in (table.source, table.target, table.weight, table.gain)
    )
    for route, source, target, weight, gain in zip(routes, *columns, strict=True):
        tip = (
            f"{table.label[source]} → {table.label[target]}\nweight {weight:.6g}\ngain"
            f" {gain:.6g}"
        )
        yield route, tip, weight / heaviest


def _bundled(
    table: Topology, net: Bundles, places: Places
) -> Iterator[tuple[Floats, str, float]]:
    """Return route, tool tip and sign of all the connections between two layers."""
    columns = (
        column.tolist() for column in (net.source, net.target, net.size, net.total)
    )
    for route, source, target, size, total in zip(
        routes_and_scene(net, places)[0], *columns, strict=True
    ):
        count = pluralize(size, "connection")
        tip = (
            f"{table.layers[source]} → {table.layers[target]}\n{count}, sum {total:.6g}"
        )
        yield route, tip, math.copysign(1.0, total)


def _circles(table: Topology, places: Places) -> Iterator[str]:
    numbers = zip(
        table.activation.tolist(), table.bias.tolist(), places.centres, strict=True
    )
    for name, squash, (value, bias, centre) in zip(
        table.label, table.squash, numbers, strict=True
    ):
        tip = f"{name}, {squash}\nactivation {value:.6g}\nbias {bias:.6g}"
        shade = min(1.0, abs(value)) if math.isfinite(value) else 1.0
        x, y = _at(centre).split()
        yield (
            f'<circle cx="{x}" cy="{y}" r="{UNIT * RADIUS:.1f}"'
            f' fill="{NEGATIVE if value < 0 else POSITIVE}" fill-opacity="{shade:.2f}"'
            f' vector-effect="non-scaling-stroke">{_tip(tip)}</circle>'
        )


def _titles(table: Topology, places: Places, scale: float, y: float) -> Iterator[str]:
    """Yield names of layers, in the same size at every scale."""
    for label, (x, _), frame in zip(
        table.layers, places.middles, places.frames, strict=True
    ):
        room = UNIT * scale * (places.gap + frame[2] - frame[0] - 1.0)
        yield _text(label, x, y, 11 / scale, max(3, int(room / 6.5)))


def _boxes(table: Topology, places: Places) -> Iterator[str]:
    means = np.bincount(table.layer, table.activation) / table.sizes
    width, height = (2 * UNIT * half for half in places.half)
    layers = zip(table.layers, table.sizes.tolist(), means, places.centres, strict=True)
    for label, count, mean, middle in layers:
        size = pluralize(count, "neuron")
        tip = f"{label}, {size}\nmean activation {mean:.6g}"
        left, top = _at(middle + np.array([-places.half[0], places.half[1]])).split()
        yield (
            f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="6"'
            ' fill="gray" fill-opacity="0.12"'
            f' vector-effect="non-scaling-stroke">{_tip(tip)}</rect>'
        )
        x, y = middle.tolist()
        yield _text(label, x, y + 0.1, 13, 13) + _text(size, x, y - 0.3, 12, 15)


def _drawn(route: Floats, tip: str, weight: float) -> str:
    """Return a line as strong as the magnitude of its weight, 0 to 1."""
    stops = [*(route[1:-2] + route[2:-1]) / 2, route[-1]]
    bends = [
        f"Q{_at(bend)} {_at(stop)}"
        for bend, stop in zip(route[1:-1], stops, strict=False)
    ]
    path = f"M{_at(route[0])}{''.join(bends) or f'L{_at(route[-1])}'}"
    pen = (
        f'stroke="{RED if weight < 0 else BLUE}"'
        f' stroke-opacity="{0.25 + 0.55 * abs(weight):.2f}"'
    )
    width = (
        f'stroke-width="{0.6 + 2 * abs(weight):.1f}" vector-effect="non-scaling-stroke"'
    )
    return f'<path d="{path}" {pen} {width}>{_tip(tip)}</path>'


def _at(point: Floats) -> str:
    return f"{UNIT * point[0]:.1f} {-UNIT * point[1]:.1f}"


def _tip(words: str) -> str:
    return f"<title>{escape(words)}</title>"


def _text(words: str, x: float, y: float, size: float, room: int) -> str:
    """Return a line of text about x, cut to `room` characters."""
    cut = words if len(words) <= room else words[: room - 1] + "…"
    return (
        f'<text x="{UNIT * x:.1f}" y="{-UNIT * y:.1f}" font-size="{size:.1f}"'
        f' text-anchor="middle" fill="currentColor" stroke="none">{escape(cut)}</text>'
    )

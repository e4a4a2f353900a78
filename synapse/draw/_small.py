"""A small drawing of a network for notebooks: static SVG with its numbers as tool tips."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from .._checks import counted
from ..objects.network import Network
from ..objects.topology import Topology
from ._style import ABOVE, BELOW, BLUE, RED

WIDTH, HEIGHT = 640, 300
"""The largest size of the drawing, in pixels."""
MOST_NEURONS, MOST_CONNECTIONS = 100, 500
"""Maximum numbers of neurons and connections drawn one by one; a larger network is one box per layer."""
GAP = 100
"""Distance between two layers; units are those of `ACROSS`."""
BOX = (130.0, 70.0)


class Line(NamedTuple):
    """A connection, or all between two layers: ends as (layer, x, y), tool tip, value, strength 0 to 1."""

    source: tuple[int, float, float]
    target: tuple[int, float, float]
    tip: str
    value: float
    strength: float


def small_picture(network: Network) -> str:
    """Draw the present state of a network as SVG, at most 640 by 300 pixels.

    A network of more than 100 neurons or 500 connections is drawn as one box per layer.

    >>> from synapse import Layer, Network
    >>> small_picture(Network(Layer(1), [], Layer(1)))[:44]
    '<div><svg xmlns="http://www.w3.org/2000/svg"'
    """
    table = Topology.of(network)
    unfolded = table.neurons <= MOST_NEURONS and table.connections <= MOST_CONNECTIONS
    sizes = [size_of(count) if unfolded else BOX for count in table.sizes.tolist()]
    middles = _middles([width for width, _ in sizes])
    lines = list(_connections(table, middles) if unfolded else _bundles(table, middles))
    length = middles[-1] + sizes[-1][0] / 2
    tall = max(height for _, height in sizes)
    apexes = [_middle_of(line)[1] for line in lines]
    top, bottom = min(-tall / 2, *apexes, 0.0), max(tall / 2, *apexes, 0.0)
    scale = min(1.0, (WIDTH - 16) / length, (HEIGHT - 44) / (bottom - top))
    nodes = _circles(table, middles) if unfolded else _boxes(table, middles)
    titles = _titles(table, middles, scale, top - 12 / scale) if unfolded else ()
    box = (0.0, top, length, bottom - top)
    return _framed(table.description, [*map(_drawn, lines), *nodes, *titles], box, scale)


def _framed(words: str, parts: Sequence[str], box: tuple[float, float, float, float], scale: float) -> str:
    """Put the parts of a drawing together, scaled, with a margin around their box (x, y, width, height)."""
    x, y, width, height = box
    beside, above = 8 / scale, 28 / scale
    view = f"{x - beside:.1f} {y - above:.1f} {width + 2 * beside:.1f} {height + 1.5 * above:.1f}"
    size = f'width="{width * scale + 16:.0f}" height="{height * scale + 42:.0f}" viewBox="{view}"'
    return (
        f'<div><svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{escape(words)}" {size} '
        'style="max-width: 100%; height: auto" font-family="sans-serif" fill="none" stroke="currentColor">'
        f"{''.join(parts)}</svg><div>{escape(words)}</div></div>"
    )


def _middles(widths: Sequence[float]) -> list[float]:
    """Centres of consecutive layers with these widths."""
    ends = np.cumsum([width + GAP for width in widths])
    return [float(end - GAP - width / 2) for end, width in zip(ends, widths, strict=True)]


def _spots(table: Topology, middles: Sequence[float]) -> list[tuple[int, float, float]]:
    """Layer and position of every neuron."""
    return [(i, middles[i] + x, y) for i, count in enumerate(table.sizes.tolist()) for x, y in places(count)]


def _connections(table: Topology, middles: Sequence[float]) -> Iterator[Line]:
    where = _spots(table, middles)
    heaviest = float(np.abs(table.weight).max(initial=0.0)) or 1.0
    columns = (table.source, table.target, table.weight, table.gain)
    for source, target, weight, gain in zip(*(column.tolist() for column in columns), strict=True):
        tip = f"{table.names[source]} → {table.names[target]}\nweight {weight:.6g}\ngain {gain:.6g}"
        yield Line(where[source], where[target], tip, weight, abs(weight) / heaviest)


def _circles(table: Topology, middles: Sequence[float]) -> Iterator[str]:
    numbers = zip(table.activation.tolist(), table.bias.tolist(), strict=True)
    words = zip(table.names, table.squash, strict=True)
    for (name, squash), (value, bias), (_, x, y) in zip(words, numbers, _spots(table, middles), strict=True):
        tip = f"{name}, {squash}\nactivation {value:.6g}\nbias {bias:.6g}"
        shade = min(1.0, abs(value)) if math.isfinite(value) else 1.0
        colour = BELOW if value < 0 else ABOVE
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="14" fill="{colour}" fill-opacity="{shade:.2f}" '
            f'vector-effect="non-scaling-stroke">{_tip(tip)}</circle>'
        )


def _titles(table: Topology, middles: Sequence[float], scale: float, y: float) -> Iterator[str]:
    """Names of layers, in the same size at every scale."""
    for label, count, x in zip(table.layers, table.sizes.tolist(), middles, strict=True):
        room = (GAP + size_of(count)[0]) * scale
        yield _text(label, x, y, 11 / scale, max(3, int(room / 6.5)))


def _boxes(table: Topology, middles: Sequence[float]) -> Iterator[str]:
    width, height = BOX
    means = np.bincount(table.layer, table.activation) / table.sizes
    for label, count, mean, x in zip(table.layers, table.sizes.tolist(), means, middles, strict=True):
        size = counted(count, "neuron")
        tip = f"{label}, {size}\nmean activation {mean:.6g}"
        yield (
            f'<rect x="{x - width / 2:.1f}" y="{-height / 2}" width="{width}" height="{height}" rx="8" '
            f'fill="gray" fill-opacity="0.12" vector-effect="non-scaling-stroke">{_tip(tip)}</rect>'
        )
        yield _text(label, x, -6, 18, 13) + _text(size, x, 20, 16, 15)


def _bundles(table: Topology, middles: Sequence[float]) -> Iterator[Line]:
    """One line for all the connections of two layers."""
    ends = table.layer[table.source] * len(middles) + table.layer[table.target]
    pairs, which = np.unique(ends, return_inverse=True)
    sums, counts = np.bincount(which, table.weight), np.bincount(which)
    for pair, total, count in zip(pairs.tolist(), sums.tolist(), counts.tolist(), strict=True):
        a, b = divmod(pair, len(middles))
        tip = f"{table.layers[a]} → {table.layers[b]}\n{counted(count, 'connection')}, sum {total:.6g}"
        yield Line(*_box_ends(a, middles[a], b, middles[b]), tip, total, 1.0)


def _box_ends(
    source: int, x: float, target: int, u: float
) -> tuple[tuple[int, float, float], tuple[int, float, float]]:
    """The ends of a line between two boxes: above the boxes in between, or below them if it leads back."""
    width, height = BOX
    if target == source + 1:
        return (source, x + width / 2, 0.0), (target, u - width / 2, 0.0)
    y = height / 2 if target < source else -height / 2
    return (source, x, y), (target, u, y)


def _drawn(line: Line) -> str:
    (_, x, y), (_, u, v) = line.source, line.target
    if (x, y) == (u, v):
        path = f"M{x - 9:.1f} {y:.1f}c-20 -42 38 -42 18 0"
    else:
        mx, my = _middle_of(line)
        path = f"M{x:.1f} {y:.1f}Q{2 * mx - (x + u) / 2:.1f} {2 * my - (y + v) / 2:.1f} {u:.1f} {v:.1f}"
    pen = f'stroke="{RED if line.value < 0 else BLUE}" stroke-opacity="{0.25 + 0.55 * line.strength:.2f}"'
    width = f'stroke-width="{0.6 + 2 * line.strength:.1f}" vector-effect="non-scaling-stroke"'
    return f'<path d="{path}" {pen} {width}>{_tip(line.tip)}</path>'


def _middle_of(line: Line) -> tuple[float, float]:
    """The middle of a line: bent, unless it leads to the next layer; forward lines bend up, others down."""
    (source, x, y), (target, u, v) = line.source, line.target
    aside = 0.0 if target == source + 1 else 0.15 if target == source else -0.1
    return (x + u) / 2 - aside * (v - y), (y + v) / 2 + aside * (u - x)


def _tip(words: str) -> str:
    return f"<title>{escape(words)}</title>"


def _text(words: str, x: float, y: float, size: float, room: int) -> str:
    """A line of text about x, cut to `room` characters."""
    cut = words if len(words) <= room else words[: room - 1] + "…"
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:.1f}" text-anchor="middle" fill="currentColor" '
        f'stroke="none">{escape(cut)}</text>'
    )


ACROSS, DOWN = 88, 64
"""Distance from one column of neurons to the next, and from one neuron to the one below."""
TALL = 20
"""Maximum number of neurons in one column; larger layers are about twice as high as wide."""


def columns_of(count: int) -> int:
    """The number of columns of a layer of `count` neurons.

    >>> columns_of(20), columns_of(21), columns_of(1000)
    (1, 2, 19)
    """
    rows = max(TALL, math.ceil(math.sqrt(2 * count * ACROSS / DOWN)))
    return math.ceil(count / rows)


def places(count: int) -> list[tuple[float, float]]:
    """The positions (x, y) of the neurons of a layer, relative to its middle.

    >>> places(3)
    [(0.0, -64.0), (0.0, 0.0), (0.0, 64.0)]
    """
    columns = columns_of(count)
    rows = math.ceil(count / columns)
    return [
        (
            ACROSS * (i // rows - (columns - 1) / 2),
            DOWN * (i % rows - (min(rows, count - i // rows * rows) - 1) / 2),
        )
        for i in range(count)
    ]


def size_of(count: int) -> tuple[float, float]:
    """Width and height of a layer, including its frame.

    >>> size_of(3)
    (88, 192)
    """
    columns = columns_of(count)
    return ACROSS * columns, DOWN * math.ceil(count / columns)

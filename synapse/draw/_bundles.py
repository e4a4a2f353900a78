"""Draw a network in bundles, with one arrow for all connections from one group of
neurons to another. The groups are boxes or, to show single gates, frames around their
neurons.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Bools, Floats, Indices
from ..objects.topology import NO_GATER, Topology
from ._gates import draw_gates
from ._places import BOXES, Places
from ._placing_rules import UNIT, structure_of
from ._routes import (
    along,
    curve,
    draw_lines,
    free_spot,
    routes_of_bundles,
    scene_of_frames,
)
from ._routing_rules import Scene
from ._style import (
    INK,
    LETTER_WIDTH,
    TEXT_BACKGROUND,
    Axes,
    canvas,
    diverging,
    largest,
    lines,
    title_of,
)

if TYPE_CHECKING:
    from ._scaled import Scaled

MAX_WIDTH = 8.4
"""Width of a figure in inches, unless its text would be too small."""

WIDTH = BOXES.box[0] / UNIT
"""Width of a box."""

NAME = 0.2
NUMBER = 0.17
"""Sizes of text, in units, for names of groups and numbers of neurons and
connections.
"""

POINT = 1.0 / 40.0
"""Width of a line of one point in a figure of its own, in units."""

WIDTHS = (0.8, 2.7)
HEAD = 0.22
"""Width in points of the thinnest bundle, the additional width of the largest one, and
the length of arrowheads in units.
"""

ROOM_OF_LOOPS = 1.1
"""Height of a loop and its text, in units."""

TEXT_SHARES = np.array([0.5, 0.4, 0.6, 0.3, 0.7, 0.22, 0.78])
"""Places along a bundle that its text tries."""


@dataclass(frozen=True)
class Bundles:
    """The connections between groups of neurons, with one bundle for each pair, and
    separate bundles for self-connections.
    """

    source: Indices
    target: Indices
    size: Indices  # numbers of connections, and how many of these are gated
    gated: Indices
    total: Floats  # sums of weights
    gates: Indices  # pairs of a bundle and a group that gates it, (gates, 2)
    bundle: Indices  # the bundle of each connection; -1: none


def bundles_of(diagram: Topology, bundled: Bools | None = None) -> Bundles:
    """Return the bundles of all connections, or of the connections in a mask."""
    if bundled is None:
        bundled = np.ones(diagram.connections, bool)
    count = len(diagram.layers)
    code = diagram.layer[diagram.source] * count + diagram.layer[diagram.target]
    code = np.where(bundled, code * 2 + diagram._self_connected, -1)
    codes, bundle = np.unique(code[bundled], return_inverse=True)
    gater = diagram.gater[bundled]
    gated = gater != NO_GATER
    group = np.where(gater < 0, gater, diagram.layer[gater])
    gates = np.unique(np.stack([bundle, group], axis=1)[gated], axis=0)
    start, stop = np.divmod(codes // 2, count)
    size = np.bincount(bundle, minlength=len(codes))
    total = np.bincount(bundle, diagram.weight[bundled], len(codes))
    return Bundles(
        start,
        stop,
        size,
        np.bincount(bundle[gated], minlength=len(codes)),
        np.asarray(total, np.float64),
        gates,
        np.where(bundled, np.searchsorted(codes, code), -1),
    )


def boxes_of(diagram: Topology, bundles: Bundles) -> Places:
    """Return the boxes of groups, each behind the groups that gate its bundles."""
    bundle, gater = bundles.gates.T
    count = len(diagram.layers)
    ungated = np.full(len(bundles.source), NO_GATER)
    structure = structure_of(
        [1] * count,
        list(range(count)),
        np.concatenate([bundles.source, bundles.source[bundle]]).tolist(),
        np.concatenate([bundles.target, bundles.target[bundle]]).tolist(),
        np.concatenate([ungated, gater]).tolist(),
    )
    looped = np.array(structure.level)[bundles.source[bundles.source == bundles.target]]
    is_stacked = (np.bincount(structure.level)[looped] > 1).any()
    return Places.of_boxes(structure, UNIT * ROOM_OF_LOOPS * is_stacked)


def routes_and_scene(
    bundles: Bundles, places: Places, head: float = 0.0
) -> tuple[list[Floats], Scene]:
    """Return the routes of bundles between frames, and their scene. Loops are above
    frames or, if these have names of this height there, below.
    """
    room = ROOM_OF_LOOPS * bool((bundles.source == bundles.target).any())
    scene = scene_of_frames(places, head or room, room * (head > 0.0))
    side = -1.0 if head else 1.0
    return routes_of_bundles(bundles.source, bundles.target, places, scene, side), scene


def _text_of(diagram: Topology, bundles: Bundles, i: int, mine: Indices) -> str:
    """Return the number of a bundle's connections, with their pattern unless it is all
    to all, their mean weight, and the number of gated connections.
    """
    source = diagram.source[mine]
    target = diagram.target[mine]
    m, n = (int(diagram.sizes[diagram.layer[end[0]]]) for end in (source, target))
    pairs = max(len(np.unique(source)), len(np.unique(target)))
    pattern = f", {100 * len(mine) / (m * n):.2g} %"
    if diagram._self_connected[mine].all():
        pattern = " to itself"
    elif len(mine) == m * n:
        pattern = ""
    elif bundles.source[i] == bundles.target[i] and len(mine) == n * (n - 1):
        pattern = " all to else"
    elif len(mine) == max(m, n) == pairs:
        pattern = " one to one"
    mean = bundles.total[i] / len(mine)
    number = f"{mean:.2g}" if abs(mean) >= 1e-4 or not mean else f"{mean:.0e}"
    number = number.replace("-", "\N{MINUS SIGN}")
    gated = [f"{bundles.gated[i]:,} gated"] if bundles.gated[i] else []
    return "\n".join([f"{len(mine):,}{pattern}", f"mean {number}", *gated])


def draw_boxes(
    diagram: Topology, bundles: Bundles, ax: Axes | None, title: str
) -> Axes:
    """Draw a box for each group, and bundles between them."""
    from ._scaled import Scaled

    places = boxes_of(diagram, bundles)
    routes, scene = routes_and_scene(bundles, places)
    every = np.concatenate([places.corners, *map(curve, routes)])
    low = every.min(axis=0) - np.array([0.2, 0.4])
    high = every.max(axis=0) + np.array([0.2, 0.6])
    width, height = (high - low).tolist()
    inches = float(np.clip(MAX_WIDTH / width, 0.45, 0.8))
    is_own = ax is None
    size = (max(2.5, width * inches), height * inches + 0.3)
    with canvas(ax, size) as ax:
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        ax.set_axis_off()
        title_of(ax, title)
        scaled = Scaled(ax)
        _draw_boxes(ax, diagram, places, scaled)
        draw_bundles(ax, scaled, diagram, bundles, places, routes, scene)
        if is_own:
            scaled.enlarge()
        return ax


def _draw_boxes(ax: Axes, diagram: Topology, places: Places, scaled: Scaled) -> None:
    """Draw a box for each group, with its name and the number of its neurons."""
    counts = diagram.sizes.tolist()
    titles = [
        lines(name or (diagram.label[i] if counts[i] == 1 else "neurons"), 11, 2)
        for i, name in enumerate(diagram.layers)
    ]
    longest = max(len(line) for title in titles for line in title.split("\n"))
    size = min(NAME, (WIDTH - 0.1) / (1.12 * LETTER_WIDTH * max(longest, 1)))
    half = np.array(places.half)
    for title, count, centre in zip(titles, counts, places.centres, strict=True):
        scaled.box(
            centre - half, centre + half, POINT, edgecolor=INK, zorder=3, gid="layer"
        )
        x, y = centre.tolist()
        place = dict[str, Any](ha="center", va="center", zorder=4)
        scaled.text(
            ax.text(x, y + 0.13, title, weight="bold", linespacing=1.0, **place), size
        )
        scaled.text(
            ax.text(x, y - 0.26, f"{count:,} neuron{'s' * (count > 1)}", **place),
            NUMBER,
        )


def draw_bundles(
    ax: Axes,
    scaled: Scaled,
    diagram: Topology,
    bundles: Bundles,
    places: Places,
    routes: list[Floats],
    scene: Scene,
) -> None:
    """Draw arrows, as wide as their numbers of connections and in the color of the mean
    weight, their gates, and their texts, which avoid all of these.
    """
    if not routes:
        return
    mean = bundles.total / bundles.size
    strength = 0.4 * np.sign(mean) + 0.6 * mean / (largest(mean) or 1.0)
    colors = diverging()(0.5 + 0.5 * strength)  # the sign can be seen of small ones
    least, more = WIDTHS
    widths = POINT * (least + more * np.sqrt(bundles.size / bundles.size.max()))
    paths = [curve(route) for route in routes]
    layers = replace(
        places, centres=places.middles, layer=np.arange(len(places.frames))
    )
    ends = layers.centres[bundles.target]
    pointed = np.full(len(paths), True)
    draw_lines(ax, scaled, paths, ends, colors, widths, pointed, HEAD)
    bundle, gater = bundles.gates.T
    links = (bundles.source[bundle], bundles.target[bundle], gater)
    of_gates = [paths[i] for i in bundle]
    half = (places.frames[:, 2:] - places.frames[:, :2]) / 2.0
    gates = draw_gates(ax, scaled, links, layers, of_gates, scene, POINT, half[:, 0])
    taken = [
        *zip(layers.centres, half, strict=True),
        *((mark, np.array([0.1, 0.1])) for gate in gates for mark in gate.marks),
        *((path[-1], np.array([0.2, 0.12])) for path in paths),
    ]
    drawn = [*paths, *(gate.lead for gate in gates if gate.lead is not None)]
    points = np.concatenate([along(path, np.linspace(0.0, 1.0, 50)) for path in drawn])
    order = np.argsort(bundles.bundle, kind="stable")[-bundles.size.sum() :]
    members = np.split(order, np.cumsum(bundles.size))
    for i, path in enumerate(paths):
        text = _text_of(diagram, bundles, i, members[i])
        rows = text.split("\n")
        half = np.array([LETTER_WIDTH * max(map(len, rows)), 1.2 * len(rows)])
        half *= NUMBER / 2.0
        on_it, aside = along(path, TEXT_SHARES), np.array([0.0, half[1] + 0.08])
        spots = np.concatenate([on_it, on_it + aside, on_it - aside])
        spot = free_spot(spots, half, taken, points)
        taken.append((spot, half))
        shown = ax.text(spot[0], spot[1], text, ha="center", va="center", zorder=2.5)
        shown.set(linespacing=1.0, bbox=TEXT_BACKGROUND)
        scaled.text(shown, NUMBER)

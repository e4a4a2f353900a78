"""A network drawn by layers: a box for each, and arrows for all the connections between
two of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats, Indices
from ..objects.topology import NO_GATER, Topology
from ._picture import draw_gates, draw_lines
from ._places import BOXES, Places
from ._placing_rules import UNIT, structure_of
from ._routes import along, curve, scene_at, ways_of
from ._style import GREEN, INK, LETTER_WIDTH, SKY, Axes, canvas, lines

if TYPE_CHECKING:
    from ._scaled import Scaled

MAX_WIDTH = 8.4
"""Width of a figure in inches, unless its text would be too small."""

BESIDE_GATES = 0.36
"""Where the text of a long bundle is, as a fraction of its length: marks of gates are
in the middle."""

WIDTH = BOXES.box[0] / UNIT
"""Width of a box."""

ONWARDS = "#505050"

ALL = "all to all"
NOTE = "Numbers of connections, all to all unless noted"

NAME = 0.2
NUMBER = 0.17
"""Sizes of text, in units: names of layers, numbers of neurons and connections."""

POINT = 1.0 / 40.0
"""Width of a line of one point in a figure of its own, in units."""

DOTTED = 400
"""Maximum number of neurons of a layer that are dots in its box."""


@dataclass(frozen=True)
class Folded:
    """A network whose layers are boxes, and whose connections are bundles from one
    layer to another.
    """

    places: Places
    source: Indices  # of each bundle; self-connections are bundles of their own
    target: Indices
    size: NDArray[Any]  # number of connections
    total: NDArray[Any]  # sum of their weights
    texts: list[str]
    gates: Indices  # numbers of bundles and of the layers that gate them
    routes: list[Floats]


def folded(diagram: Topology) -> Folded:
    """Fold a network."""
    count = len(diagram.layers)
    ends = (diagram.layer[diagram.source], diagram.layer[diagram.target])
    code = (ends[0] * count + ends[1]) * 2 + diagram.self_connected
    codes, bundle = np.unique(code, return_inverse=True)
    source, target = np.divmod(codes // 2, count)
    gater = np.where(diagram.gater < 0, diagram.gater, diagram.layer[diagram.gater])
    gates = np.unique(np.stack([bundle, gater], axis=1)[gater != NO_GATER], axis=0)
    texts = [_text_of(diagram, np.flatnonzero(bundle == i)) for i in range(len(codes))]
    places = Places.of_boxes(
        structure_of(
            [1] * count,
            list(range(count)),
            source.tolist(),
            target.tolist(),
            [NO_GATER] * len(codes),
        )
    )
    loops = np.bincount(source[source == target], minlength=count).max(initial=0)
    room_of_loops = 0.5 + 0.3 * float(loops) if loops else 0.0  # with their texts
    scene = scene_at(places, beside=room_of_loops)
    places = replace(
        places, frames=places.frames + np.array([0.0, 0.0, 0.0, room_of_loops])
    )
    size, total = (
        np.bincount(bundle, weights, len(codes)) for weights in (None, diagram.weight)
    )
    return Folded(
        places,
        source,
        target,
        size,
        total,
        texts,
        gates,
        ways_of(source, target, places, scene),
    )


def _text_of(diagram: Topology, mine: Indices) -> str:
    """Return the number of some connections from one layer to another, and their
    pattern in words.
    """
    source = diagram.source[mine]
    target = diagram.target[mine]
    m, n = (int(diagram.sizes[diagram.layer[end[0]]]) for end in (source, target))
    number = f"{len(mine):,}"
    within = diagram.layer[source[0]] == diagram.layer[target[0]]
    if source[0] == target[0] and diagram.self_connected[mine].all():
        return f"{number}\nto itself"
    if len(mine) == m * n:
        return number
    if within and len(mine) == n * (n - 1):
        return f"{number}\nall to else"
    if len(mine) == max(m, n) == max(len(np.unique(source)), len(np.unique(target))):
        return f"{number}\none to one"
    return f"{number}\n{100 * len(mine) / (m * n):.2g} % of all"


def draw_blocks(diagram: Topology, ax: Axes | None, title: str) -> Axes:
    """Draw the picture."""
    from ._scaled import Scaled

    net = folded(diagram)
    routes = [curve(route) for route in net.routes]
    every = np.concatenate([net.places.corners, *routes])
    low = every.min(axis=0) - np.array([0.2, 0.6])
    high = every.max(axis=0) + np.array([0.2, 0.3])
    width, height = (high - low).tolist()
    inches = float(np.clip(MAX_WIDTH / width, 0.45, 0.8))
    is_own = ax is None
    with canvas(ax, (max(2.5, width * inches), height * inches + 0.3)) as ax:
        ax.set(
            xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal", title=title
        )
        ax.set_axis_off()
        scaled = Scaled(ax)
        _draw_boxes(ax, diagram, net.places, scaled)
        if routes:
            _draw_bundles(ax, net, routes, scaled)
            bundle, gater = net.gates.T
            draw_gates(
                ax,
                scaled,
                (net.source[bundle], net.target[bundle], gater),
                net.places,
                [routes[i] for i in bundle],
                POINT,
            )
            note = ax.text(
                low[0] + 0.2, low[1] + 0.08, NOTE, color=ONWARDS, va="bottom"
            )
            scaled.text(note, min(NUMBER, 1.7 * (width - 0.4) / len(NOTE)))
        if is_own:
            scaled.enlarge()
        return ax


def _draw_boxes(ax: Axes, diagram: Topology, places: Places, scaled: Scaled) -> None:
    """Draw a box for each layer, with its name, the number of its neurons, and a dot
    for each.
    """
    counts = diagram.sizes.tolist()
    titles = [
        lines(name or (diagram.names[i] if counts[i] == 1 else "neurons"), 13, 2)
        for i, name in enumerate(diagram.layers)
    ]
    longest = max(len(line) for title in titles for line in title.split("\n"))
    size = min(NAME, (WIDTH - 0.1) / (1.12 * LETTER_WIDTH * max(longest, 1)))
    half = np.array(places.half)
    for title, count, centre in zip(titles, counts, places.centres, strict=True):
        scaled.box(
            centre - half, centre + half, POINT, edgecolor=INK, zorder=3, gid="layer"
        )
        x = float(centre[0])
        place = dict[str, Any](ha="center", va="center", zorder=4)
        scaled.text(
            ax.text(x, 0.22, title, weight="bold", linespacing=1.0, **place), size
        )
        scaled.text(
            ax.text(x, -0.36, f"{count:,} neuron{'s' * (count > 1)}", **place),
            0.85 * NUMBER,
        )
        if count <= DOTTED:
            _draw_dots(ax, x, count)


def _draw_dots(ax: Axes, x: float, count: int) -> None:
    """Draw a dot for each neuron of a layer, in rows in the middle of its box."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    width = WIDTH - 0.2
    height = 0.2
    rows = next(
        rows
        for rows in range(1, count + 1)
        if width / -(-count // rows) >= height / rows
    )
    columns = -(-count // rows)
    pitch = min(height / rows, width / columns, 0.12)
    row, column = np.divmod(np.arange(count), columns)
    in_row = np.minimum(columns, count - row * columns)
    spots = pitch * np.stack(
        [column - (in_row - 1) / 2, (rows - 1) / 2 - row], axis=1
    ) + [x, -0.12]
    dots = PatchCollection([Circle(spot, 0.375 * pitch) for spot in spots], gid="dots")
    dots.set(facecolor=SKY, edgecolor="none", zorder=4)
    ax.add_collection(dots)


def _draw_bundles(ax: Axes, net: Folded, routes: list[Floats], scaled: Scaled) -> None:
    """Draw arrows, as wide as the logarithm of their connections, with their texts."""
    colors = np.where(net.target > net.source, ONWARDS, GREEN)
    widths = (0.7 + 0.35 * np.log10(net.size)) * POINT
    ends = net.places.centres[net.target]
    draw_lines(ax, scaled, routes, ends, colors, widths, np.full(len(routes), True))
    for text, way, source, target in zip(
        net.texts, routes, net.source, net.target, strict=True
    ):
        is_short = source == target or target == source + 1
        x, y = along(way, np.array([0.5 if is_short else BESIDE_GATES]))[0]
        if is_short:  # above its loop or arrow
            y += 0.26 if "\n" in text else 0.15
            middle = net.places.centres[source, 0]
            is_left_of_two_loops = source == target and x < middle - 0.1
            y += 0.32 * is_left_of_two_loops
        shown = ax.text(
            x, y, text, ha="center", va="center", zorder=2.5, linespacing=1.0
        )
        shown.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.6})
        scaled.text(shown, NUMBER if "\n" not in text else 0.85 * NUMBER)

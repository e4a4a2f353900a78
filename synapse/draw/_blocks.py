"""A network drawn by layers: a box for each, and arrows for all the connections between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._typing import Floats, Indices
from ..objects.topology import NO_GATER, Topology
from ._style import DOTS, GATE, GREEN, INK, SKY, WIDE, canvas, lines
from ._ways import along, curve, rounded, stacked

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ._scaled import Scaled

WIDEST = 8.4
"""Width of a figure in inches, unless its text would be too small."""

WIDTH, HEIGHT, PITCH = 1.5, 1.0, 2.35
"""Width and height of a box, and distance between boxes."""

LANE = 0.42
"""Distance between two arrows that pass boxes."""

ONWARDS = "#505050"

ALL = "all to all"
NOTE = "Numbers of connections, all to all unless noted"

NAME, NUMBER = 0.2, 0.17
"""Sizes of text, in units: names of layers, numbers of neurons and connections."""

POINT = 1.0 / 40.0
"""Width of a line of one point in a figure of its own, in units."""

DOTTED = 400
"""Maximum number of neurons of a layer that are dots in its box."""


@dataclass(frozen=True)
class Bundle:
    """All connections from one layer to another, the sum of their weights, and the layers that gate them.

    A gater outside of the drawing is -2.
    """

    source: int
    target: int
    text: str
    size: int
    total: float
    gaters: tuple[int, ...]


def bundles(diagram: Topology) -> list[Bundle]:
    """The bundles, by source and target; self-connections are bundles of their own."""
    count = len(diagram.layers)
    ends = (
        diagram.layer[diagram.source] * count + diagram.layer[diagram.target]
    ) * 2 + diagram.self_connected
    found = []
    for end in np.unique(ends).tolist():
        mine = np.flatnonzero(ends == end)
        (source, target), loops = divmod(end // 2, count), end % 2
        gater = diagram.gater[mine]
        layers = np.where(gater < 0, gater, diagram.layer[gater])
        gaters = tuple(int(g) for g in np.unique(layers) if g != NO_GATER)
        kind = "to itself" if loops else _kind(diagram, mine, source, target)
        text = f"{len(mine):,}" if kind == ALL else f"{len(mine):,}\n{kind}"
        found.append(Bundle(source, target, text, len(mine), float(diagram.weight[mine].sum()), gaters))
    return found


def _kind(diagram: Topology, mine: Indices, source: int, target: int) -> str:
    """The pattern of some connections in words."""
    m, n = int(diagram.sizes[source]), int(diagram.sizes[target])
    if len(mine) == m * n:
        return ALL
    if source == target and len(mine) == n * (n - 1):
        return "all to else"
    ends = max(len(np.unique(diagram.source[mine])), len(np.unique(diagram.target[mine])))
    if len(mine) == max(m, n) == ends:
        return "one to one"
    return f"{100 * len(mine) / (m * n):.2g} % of all"


class Route(NamedTuple):
    """The control points of a bundle's route, and the position of its text."""

    bundle: Bundle
    points: Floats
    text: tuple[float, float]


def routes(found: list[Bundle]) -> list[Route]:
    """Straight to the next box, past boxes above them, backwards below them; each in its lane."""
    own = [b for b in found if b.target == b.source]
    deep = max((sum(b.source == bundle.source for b in own) for bundle in own), default=0)
    result = [_straight(b) for b in found if b.target == b.source + 1]
    result += _in_lanes([b for b in found if b.target > b.source + 1], 1.0, 0.45)
    result += _in_lanes([b for b in found if b.target < b.source], -1.0, 0.65 + LANE * deep)
    for bundle in own:
        mine = [b for b in own if b.source == bundle.source]
        result.append(_own(bundle, mine.index(bundle), len(mine)))
    return result


def _straight(bundle: Bundle) -> Route:
    start, end = bundle.source * PITCH + WIDTH / 2, bundle.target * PITCH - WIDTH / 2
    height = 0.26 if "\n" in bundle.text else 0.0  # two lines of text stand above the arrow
    return Route(bundle, np.array([[start, 0.0], [end, 0.0]]), ((start + end) / 2, height))


def _own(bundle: Bundle, number: int, of: int) -> Route:
    """A loop under the box; two are side by side, the text of the second below that of the first."""
    x, low = bundle.source * PITCH + 0.36 * (number - (of - 1) / 2), -HEIGHT / 2
    side, down = 0.22 / of, low - 0.36
    loop = rounded(np.array([(x + side, low), (x + side, down), (x - side, down), (x - side, low)]))
    return Route(bundle, loop, (x, low - 0.62 - LANE * number))


def _in_lanes(found: list[Bundle], side: float, first: float) -> list[Route]:
    """Routes beside the boxes, the longest outermost, with the text in the first gap between boxes."""
    found = sorted(found, key=lambda b: (abs(b.target - b.source), b.source))
    heights = stacked([(*sorted((b.source, b.target)), 0.0) for b in found], first, LANE)
    result = []
    for bundle, height in zip(found, heights, strict=True):
        inward = 0.68 - 0.34 * (height - first) / max(LANE, max(heights) - first)
        port = inward if bundle.target > bundle.source else -inward  # on the side of the other end
        start, end = bundle.source * PITCH + port, bundle.target * PITCH - port
        foot, lane = side * HEIGHT / 2, side * (HEIGHT / 2 + height)
        points = rounded(np.array([[start, foot], [start, lane], [end, lane], [end, foot]]))
        result.append(Route(bundle, points, ((min(bundle.source, bundle.target) + 0.5) * PITCH, lane)))
    return result


def draw_blocks(diagram: Topology, ax: Axes | None, title: str) -> Axes:
    """Draw the picture."""
    found = routes(bundles(diagram))
    every = np.concatenate([[[0.0, 0.0]], *(route.points for route in found)])
    low, high = float(every[:, 1].min()) - 0.75, float(every[:, 1].max()) + 0.3
    low, high = min(low, -1.0), max(high, 0.9)
    width = (len(diagram.layers) - 1) * PITCH + WIDTH + 0.4
    inches = float(np.clip(WIDEST / width, 0.45, 0.8))
    with canvas(ax, (max(2.5, width * inches), (high - low) * inches + 0.3)) as ax:
        from ._scaled import Scaled

        ax.set(xlim=(-WIDTH / 2 - 0.2, width - WIDTH / 2 - 0.2), ylim=(low, high), aspect="equal")
        ax.set_axis_off()
        ax.set_title(title)
        scaled = Scaled(ax)
        _draw_boxes(ax, diagram, scaled)
        for route in found:
            _draw_route(ax, route, scaled)
        if found:
            note = ax.text(-WIDTH / 2, low + 0.08, NOTE, color=ONWARDS, va="bottom")
            scaled.text(note, min(NUMBER, 1.7 * (width - 0.4) / len(NOTE)))
        return ax


def _draw_boxes(ax: Axes, diagram: Topology, scaled: Scaled) -> None:
    """A box for each layer, with its name, the number of its neurons, and a dot for each."""
    counts = diagram.sizes.tolist()
    titles = [
        lines(name or (diagram.names[i] if counts[i] == 1 else "neurons"), 13, 2)
        for i, name in enumerate(diagram.layers)
    ]
    longest = max(len(line) for title in titles for line in title.split("\n"))
    size = min(NAME, (WIDTH - 0.1) / (1.12 * WIDE * max(longest, 1)))
    for i, (title, count) in enumerate(zip(titles, counts, strict=True)):
        left, right = i * PITCH - WIDTH / 2, i * PITCH + WIDTH / 2
        scaled.box((left, -HEIGHT / 2), (right, HEIGHT / 2), POINT, edgecolor=INK, zorder=3, gid="layer")
        text = ax.text(i * PITCH, 0.22, title, ha="center", va="center", weight="bold", linespacing=1.0)
        text.set_zorder(4)
        scaled.text(text, size)
        amount = f"{count:,} neuron{'s' * (count > 1)}"
        scaled.text(ax.text(i * PITCH, -0.36, amount, ha="center", va="center", zorder=4), 0.85 * NUMBER)
        if count <= DOTTED:
            _draw_dots(ax, i * PITCH, count)


def _draw_dots(ax: Axes, x: float, count: int) -> None:
    """A dot for each neuron of a layer, in its box."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    spots, size = _dots(count)
    dots = PatchCollection([Circle((x + right, up - 0.12), size / 2) for right, up in spots], gid="dots")
    dots.set(facecolor=SKY, edgecolor="none", zorder=4)
    ax.add_collection(dots)


def _dots(count: int) -> tuple[Floats, float]:
    """Places of dots in rows in the middle of a box, and their size."""
    width, height = WIDTH - 0.2, 0.2
    rows = next(rows for rows in range(1, count + 1) if width / -(-count // rows) >= height / rows)
    columns = -(-count // rows)
    pitch = min(height / rows, width / columns, 0.12)
    row, column = np.divmod(np.arange(count), columns)
    in_row = np.minimum(columns, count - row * columns)
    return pitch * np.stack([column - (in_row - 1) / 2, (rows - 1) / 2 - row], axis=1), 0.75 * pitch


def _draw_route(ax: Axes, route: Route, scaled: Scaled) -> None:
    """The arrow, as wide as the logarithm of its connections, its text, and the gates on it."""
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    colour = ONWARDS if route.bundle.target > route.bundle.source else GREEN
    look: dict[str, Any] = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0, "zorder": 2}
    arrow = FancyArrowPatch(path=Path(curve(route.points)), gid="projection", **look)
    ax.add_patch(arrow)
    scaled.widths(arrow, (0.7 + 0.35 * np.log10(route.bundle.size)) * POINT)
    scaled.follow(lambda unit: arrow.set_mutation_scale(8.0 * POINT * unit))
    text = ax.text(*route.text, route.bundle.text, ha="center", va="center", zorder=2.5, linespacing=1.0)
    text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 0.6})
    scaled.text(text, NUMBER if "\n" not in route.bundle.text else 0.85 * NUMBER)
    for gater in route.bundle.gaters:
        _draw_gate(ax, route, gater, scaled)


def _draw_gate(ax: Axes, route: Route, gater: int, scaled: Scaled) -> None:
    """A mark on the path, and a dotted line to it from the box of the gater, if that is shown."""
    place = _mark(route, gater)
    if gater >= 0:
        (line,) = ax.plot(*_lead(gater, place).T, ls=DOTS, color=GATE, zorder=2.6, gid="gate")
        scaled.widths(line, 1.3 * POINT)
    (mark,) = ax.plot(*place, "o", color=GATE, mec="white", mew=0.5, zorder=3.5, gid="gate mark")
    scaled.follow(lambda unit: mark.set_markersize(5.0 * POINT * unit))


def _lead(gater: int, place: Floats) -> Floats:
    """The path from the box of a gater to a mark: straight or, if that is between boxes, over boxes."""
    x = float(np.clip(place[0], gater * PITCH - 0.6, gater * PITCH + 0.6))
    if abs(place[1]) >= HEIGHT / 2:
        return np.array([(x, np.sign(place[1]) * HEIGHT / 2), place])
    over = HEIGHT / 2 + 0.14 + 0.06 * (gater % 4)  # side by side above the boxes
    return curve(rounded(np.array([(x, HEIGHT / 2), (x, over), (place[0], over), place])))


def _mark(route: Route, gater: int) -> Floats:
    """The place of a gate: at the foot of a loop, otherwise nearest to its gater, clear of ends and text."""
    if route.bundle.source == route.bundle.target:
        shift = 0.06 * (route.bundle.gaters.index(gater) - (len(route.bundle.gaters) - 1) / 2)
        foot: Floats = along(curve(route.points), np.array([0.5 + shift]))[0]
        return foot
    spots = along(curve(route.points), np.linspace(0.08, 0.92, 200))
    off = np.abs(spots[:, 0] - gater * PITCH) + 0.01 * np.abs(spots[:, 1])
    near = np.linalg.norm(spots - route.text, axis=1) < 0.5
    spot: Floats = spots[np.where(near, np.inf, off).argmin()]
    return spot

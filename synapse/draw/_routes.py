"""The lines of pictures: routes by the rules of `_routing_rules.py`, their curves with
arrowheads, and the marks and lines of gates.

A route is a list of control points, shape (points, 2), from the middle of the source to
that of the target. Its curve is their quadratic B-spline, which Cytoscape.js draws too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._typing import Bools, Floats, Indices
from ..objects.topology import NO_GATER, OUTSIDE
from ._places import BOXES, RADIUS, Places, in_units
from ._placing_rules import UNIT, Arrangement, Point
from ._routing_rules import (
    CLEARANCE,
    Extent,
    Line,
    Scene,
    extent_of,
    lead_of,
    routes_of,
    scene_of,
)
from ._style import DOTS, GATE, Axes

if TYPE_CHECKING:
    from ._scaled import Scaled

LOOP = np.array([[0.14, 0.22], [0.34, 0.5], [-0.34, 0.5], [-0.14, 0.22]])
LANE_OF_BUNDLES = 0.09
"""Distance in units of bundles that rise beside each other."""

ROOM_OF_ARROWHEADS = 8.0
"""Pixels beside boxes for their arrowheads, where other connections pass."""

TIMES = np.linspace(0.0, 1.0, 9)[1:, None]


def scene_at(places: Places, head: float = 0.0, below: Floats | None = None) -> Scene:
    """Return the scene of connections, with text. `head` is the height of names above
    frames, and `below` the height of the name below each neuron.
    """
    arranged = _arranged(places, head)
    rings = places.rings.tolist()
    names = np.zeros(len(places.centres)) if below is None else below
    extents = [
        extent_of(arranged, layer, place, False, rings[layer], UNIT * name, 0.0)
        for layer, place, name in zip(
            places.layer.tolist(),
            _in_pixels(places.centres),
            names.tolist(),
            strict=True,
        )
    ]
    return scene_of(arranged, extents, [False] * len(places.frames), rings)


def scene_of_frames(places: Places, above: float, below: float) -> Scene:
    """Return the scene of bundles, which consists of the layers' frames, which are
    boxes, with room for text above and below each.
    """
    arranged = _arranged(places, 0.0)
    measures = replace(BOXES, box=arranged.measures.box)
    room = np.array([0.0, above, 0.0, -below]) * UNIT
    # left, low, right and high: down the page in pixels, up in the picture
    edges = places.frames[:, [0, 3, 2, 1]] * np.array([1, -1, 1, -1]) * UNIT - room
    extents = [
        Extent(
            left=left - ROOM_OF_ARROWHEADS,
            right=right + ROOM_OF_ARROWHEADS,
            low=low - 2.0 * CLEARANCE,
            high=high + 2.0 * CLEARANCE,
        )
        for left, low, right, high in edges.tolist()
    ]
    count = len(extents)
    arranged = replace(arranged, measures=measures)
    return scene_of(arranged, extents, [True] * count, [False] * count)


def ways_of(
    source: Indices, target: Indices, places: Places, scene: Scene | None
) -> list[Floats]:
    """Return the routes of connections, from middle to middle. Without a scene, places
    are free and routes are arcs.
    """
    here = places.centres[source]
    there = places.centres[target]
    if scene is None:
        routes = [_arc(*ends, 0.15) for ends in zip(here, there, strict=True)]
    else:
        layers = (places.layer[source], places.layer[target])
        routes = _routed(here, there, layers, source == target, scene)
    for i in np.flatnonzero(source == target):
        routes[i] = here[i] + LOOP
    return routes


def ways_of_bundles(
    source: Indices, target: Indices, places: Places, scene: Scene, side: float
) -> list[Floats]:
    """Return the routes of bundles, from frame to frame. Loops are above (1) or below
    (-1) their frame, side by side.
    """
    middles = places.middles
    half = (places.frames[:, 2:] - places.frames[:, :2]) / 2.0
    here = middles[source]
    there = middles[target]
    routes = _routed(here, there, (source, target), source == target, scene)
    routes = [
        _from_rims(route, half[[start, stop]])
        for route, start, stop in zip(routes, source, target, strict=True)
    ]
    _part_cables(routes)
    loops = np.flatnonzero(source == target)
    for i in loops:
        siblings = loops[source[loops] == source[i]].tolist()
        shift = 0.65 * (siblings.index(i) - (len(siblings) - 1) / 2)
        routes[i] = here[i] + [shift, side * (half[source[i], 1] - RADIUS)]
        routes[i] = routes[i] + LOOP * [1.0, side]
    return routes


def _part_cables(routes: list[Floats]) -> None:
    """Move backward bundles apart where they leave, or reach, the same column."""
    back = [route for route in routes if len(route) > 3 and route[0, 0] > route[-1, 0]]
    back.sort(key=lambda route: float(np.abs(route[:, 1]).max()))
    taken: Counter[tuple[int, float]] = Counter()
    for route in back:
        ends = [(end, round(float(route[end, 0]), 3)) for end in (0, -1)]
        lane = LANE_OF_BUNDLES * min(max(taken[end] for end in ends), 6)
        taken.update(ends)
        middle = len(route) // 2
        route[1:middle, 0] += lane
        route[middle:-1, 0] -= lane


def _routed(
    here: Floats,
    there: Floats,
    layers: tuple[Indices, Indices],
    loops: Bools,
    scene: Scene,
) -> list[Floats]:
    """Return the routes from places to others through a scene."""
    lines = [
        Line(start, stop, layer, of, loop, 0.0)
        for start, stop, layer, of, loop in zip(
            _in_pixels(here),
            _in_pixels(there),
            *(column.tolist() for column in (*layers, loops)),
            strict=True,
        )
    ]
    return [
        np.concatenate([[start], in_units(bends), [end]])
        for start, bends, end in zip(here, routes_of(scene, lines), there, strict=True)
    ]


def lead_at(here: Floats, there: Floats, scene: Scene | None) -> Floats:
    """Return the route from a neuron to the mark of a gate."""
    bends = (
        [] if scene is None else lead_of(scene, *_in_pixels(np.stack([here, there])))
    )
    return np.concatenate([[here], in_units(bends), [there]])


def _arranged(places: Places, head: float) -> Arrangement:
    """Return how layers are arranged, which they are without a layout, with room for
    names of this height above frames.
    """
    if places.arrangement is None:
        raise ValueError("free places have no arrangement")
    arranged = places.arrangement
    tops = in_units([frame.middle for frame in arranged.frames])[:, 1]
    tops += np.array([frame.size[1] for frame in arranged.frames]) / (2.0 * UNIT)
    above_loops = float((places.frames[:, 3] - tops).max(initial=0.0))
    titled = replace(arranged.measures, title=(0.0, UNIT * (head + above_loops)))
    return replace(arranged, measures=titled)


def _in_pixels(points: Floats) -> list[Point]:
    """Return places along and across the flow from points of a picture."""
    return list(map(tuple, (points * np.array([UNIT, -UNIT])).tolist()))


def _from_rims(route: Floats, half: Floats) -> Floats:
    """Return a route that begins and ends at the sides of two frames. `half` is half
    the width and height of each.
    """
    ends = route[[0, -1]]
    # No line turns at a place that its frame hides.
    is_inside = np.abs(route[:, None] - ends) < half
    is_hidden = np.any(is_inside.all(axis=2), axis=1)
    turns = route[~is_hidden]
    nearest = turns[[0, -1]] if len(turns) else ends[::-1]
    ends[:, 0] += half[:, 0] * np.sign(nearest - ends)[:, 0]
    return np.concatenate([ends[:1], turns, ends[1:]])


def _arc(here: Floats, there: Floats, bend: float) -> Floats:
    """Return a parabola to the left of a straight line, which the parabola of the
    opposite direction does not hide.
    """
    along_it = there - here
    aside = bend * np.array([-along_it[1], along_it[0]])
    return np.array([here, (here + there) / 2 + aside, there])


def spread(places: Floats, apart: float, last: float) -> Floats:
    """Return ascending places, moved as little as possible to be `apart` from each
    other and not beyond `last`.
    """
    moved = places.copy()
    for i in range(1, len(moved)):
        moved[i] = max(moved[i], moved[i - 1] + apart)
    moved[-1:] = np.minimum(moved[-1:], max(last, *places[-1:]))
    for i in range(len(moved) - 1, 0, -1):
        moved[i - 1] = min(moved[i - 1], moved[i] - apart)
    return moved


def curve(route: Floats) -> Floats:
    """Return points of a route, close to each other where it is bent."""
    middles = (route[1:-2] + route[2:-1]) / 2
    starts = np.concatenate([route[:1], middles])
    ends = np.concatenate([middles, route[-1:]])
    pieces = [
        (1 - TIMES) ** 2 * a + 2 * TIMES * (1 - TIMES) * bend + TIMES**2 * b
        for a, bend, b in zip(starts, route[1:-1], ends, strict=False)
    ]
    return np.concatenate([route[:1], *(pieces or [route[1:]])])


def along(way: Floats, shares: Floats) -> Floats:
    """Return the points at these fractions of the length of a path."""
    length = np.concatenate(
        [[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))]
    )
    return np.stack(
        [np.interp(shares * length[-1], length, way[:, axis]) for axis in (0, 1)],
        axis=1,
    )


def free_spot(
    spots: Floats, half: Floats, taken: list[tuple[Floats, Floats]], paths: Floats
) -> Floats:
    """Return the spot at which a text of this half width and height covers least of the
    taken room, given by middles with halves, and of the points of paths.
    """
    middles, halves = (np.array(column) for column in zip(*taken, strict=True))
    covered = half + halves - np.abs(spots[:, None] - middles)
    cost = np.maximum(covered, 0.0).prod(axis=2).sum(axis=1)
    inside = (np.abs(spots[:, None] - paths) < half).all(axis=2).sum(axis=1)
    return np.asarray(spots[(100.0 * cost + 0.1 * inside).argmin()])


def arrowheads(routes: Sequence[Floats], centres: Floats, size: float) -> Floats:
    """Return arrowheads where paths reach the discs of their targets or end at a rim,
    shape (connections, 3, 2).
    """
    heads = np.empty((len(routes), 3, 2))
    for i, (way, centre) in enumerate(zip(routes, centres, strict=True)):
        outside = np.flatnonzero(np.linalg.norm(way - centre, axis=1) >= RADIUS)
        inward = np.linalg.norm(way[-1] - centre) < 1e-9
        before = way[outside[-1] if inward and len(outside) else -2]
        ahead = (way[-1] - before) / max(float(np.linalg.norm(way[-1] - before)), 1e-9)
        tip = way[-1] - RADIUS * inward * ahead
        wing = 0.42 * size * np.array([-ahead[1], ahead[0]])
        heads[i] = [tip, tip - size * ahead + wing, tip - size * ahead - wing]
    return heads


# --- drawing ------------------------------------------------------------------------


def draw_lines(
    ax: Axes,
    scaled: Scaled,
    routes: list[Floats],
    ends: Floats,
    colors: Any,
    widths: Floats,
    pointed: Bools,
    head: float = 0.15,
) -> None:
    """Draw connections to the neurons or boxes at `ends`, with arrowheads of a length
    in units where they are pointed.
    """
    from matplotlib.collections import PathCollection, PolyCollection
    from matplotlib.path import Path

    lines = PathCollection(
        [Path(way) for way in routes],
        facecolors="none",
        edgecolors=colors,
        zorder=1,
        gid="connections",
    )
    ax.add_collection(lines)
    scaled.widths(lines, widths)
    heads = list(
        arrowheads([routes[i] for i in np.flatnonzero(pointed)], ends[pointed], head)
    )
    if heads:
        look: dict[str, Any] = {
            "facecolors": colors[pointed],
            "lw": 0,
            "zorder": 1.5,
            "gid": "arrowheads",
        }
        ax.add_collection(PolyCollection(heads, **look))


# --- gates ----------------------------------------------------------------------------

REACH = 0.3
RING = 0.17
GATE_SPACING = 0.2
"""Distance of the first bundle of gates from the disc of the neuron that its
connections share, of the next bundle from it, and of single marks from each other."""


SHARES = np.array([0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71])
SHARES_OF_BUNDLES = np.array([0.7, 0.62, 0.54, 0.46, 0.38])
"""Places of a mark along a connection, and along a bundle: behind the box that gates
it."""


class Gates(NamedTuple):
    """Marks on connections that one neuron gates, near the neuron that these share, if
    any.
    """

    marks: Floats
    # The path from the gater to the nearest mark, if the gater is in the picture.
    lead: Floats | None


def draw_gates(
    ax: Axes,
    scaled: Scaled,
    links: Any,
    places: Places,
    routes: list[Floats],
    scene: Scene | None,
    point: float,
    half: Floats | None = None,
) -> list[Gates]:
    """Draw marks on gated connections, bars across gated bundles, and dotted lines from
    their gaters or, for boxes with these halves of a width, from the side of the gater.
    Returns the lines.
    """
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Circle

    gates = gates_of(links, places, routes, scene, half)
    if not gates:
        return []
    dots = LineCollection(
        [gate.lead for gate in gates if gate.lead is not None],
        colors=GATE,
        linestyles=[DOTS],
        zorder=1.8,
        gid="gates",
    )
    bars = [gate.marks for gate in gates if len(gate.marks) > 1]
    across = LineCollection(
        bars, colors=GATE, zorder=1.9, capstyle="round", gid="gate bars"
    )
    alone = [len(gate.marks) == 1 for gate in gates for _ in gate.marks]
    spots = [spot for gate in gates for spot in gate.marks]
    circles = [
        Circle(spot, 0.075 if single else 0.04)
        for spot, single in zip(spots, alone, strict=True)
    ]
    edges = ["white" if single else GATE for single in alone]
    marks = PatchCollection(
        circles, facecolor=GATE, edgecolor=edges, zorder=3, gid="gate marks"
    )
    for artist, width in ((dots, 1.0), (across, 1.6), (marks, 0.4)):
        ax.add_collection(artist)
        scaled.widths(artist, width * point)
    return gates


def gates_of(
    links: tuple[Indices, Indices, Indices],
    places: Places,
    routes: list[Floats],
    scene: Scene | None,
    half: Floats | None = None,
) -> list[Gates]:
    """Return all gates, with one bundle for each gater and shared source or target, and
    single gates last.
    """
    source, target, gater = links
    taken: Counter[int] = Counter()
    marked = []
    alone = gater != NO_GATER
    for gating, mine, shared in _bundles(source, target, gater):
        reach = RADIUS if half is None else float(half[shared])
        reach += REACH + RING * taken[shared]
        taken[shared] += 1
        alone[mine] = False
        centre = places.centres[shared]
        marks = np.array([_crossing(routes[i], centre, reach) for i in mine])
        marked.append((gating, marks[_around(centre, marks)]))
    single = np.flatnonzero(alone)
    spots = _apart(routes, single, SHARES if half is None else SHARES_OF_BUNDLES)
    marked += zip(gater[single].tolist(), spots[:, None], strict=True)
    gates = []
    for gating, marks in marked:
        here = places.centres[max(gating, 0)]
        nearest = marks[int(np.linalg.norm(marks - here, axis=1).argmin())]
        if half is not None:
            toward = np.sign(nearest[0] - here[0])
            here = here + np.array([half[max(gating, 0)] * toward, 0.0])
        # A gater outside of what is drawn has marks, and no line that leads to them.
        line = None if gating == OUTSIDE else curve(lead_at(here, nearest, scene))
        gates.append(Gates(marks, line))
    return gates


def _bundles(
    source: Indices, target: Indices, gater: Indices
) -> list[tuple[int, Indices, int]]:
    """Return gater, several connections and the neuron that they share, which is a
    target or a source, depending on which are fewer.
    """
    bundles = []
    for connections in np.unique(gater[gater >= 0]).tolist():
        mine = np.flatnonzero((gater == connections) & (source != target))
        ends = min((target[mine], source[mine]), key=lambda end: len(np.unique(end)))
        bundles += [
            (connections, mine[ends == end], end)
            for end in np.unique(ends).tolist()
            if (ends == end).sum() > 1
        ]
    return bundles


def _crossing(way: Floats, centre: Floats, reach: float) -> Floats:
    """Return the point of a way at a distance from the neuron at one of its ends, at
    most in its middle.
    """
    way = (
        way
        if np.linalg.norm(way[0] - centre) < np.linalg.norm(way[-1] - centre)
        else way[::-1]
    )
    fine = along(way, np.linspace(0.0, 0.5, 200))
    beyond = np.flatnonzero(np.linalg.norm(fine - centre, axis=1) >= reach)
    return fine[beyond[0] if len(beyond) else -1]


def _around(centre: Floats, marks: Floats) -> Indices:
    """Return the order of marks by their direction from a neuron, beginning after the
    widest gap.
    """
    turns = np.arctan2(*(marks - centre).T[::-1])
    order = np.argsort(turns)
    gaps = np.diff(turns[order], append=turns[order[0]] + 2 * np.pi)
    return np.roll(order, -int(gaps.argmax()) - 1)


def _apart(routes: list[Floats], gated: Indices, shares: Floats) -> Floats:
    """Return marks at the first of these shares of their connections that is apart from
    other marks.
    """
    spots = np.empty((0, 2))
    for i in gated:
        tries = along(routes[i], shares)
        distance = np.linalg.norm(tries[:, None] - spots, axis=-1).min(
            axis=1, initial=np.inf
        )
        free = np.flatnonzero(distance > GATE_SPACING)
        spot = tries[free[0] if len(free) else int(distance.argmax())]
        spots = np.concatenate([spots, spot[None]])
    return spots

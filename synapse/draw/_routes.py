"""Route connections and bundles by the rules of `_routing_rules.py`, each through a
scene of its own, and draw the curves of routes with arrowheads.

A route is a list of control points, shape (points, 2), from the middle of the source to
that of the target. Its curve is their quadratic B-spline, which Cytoscape.js draws too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .._typing import Bools, Floats, Indices
from ._places import BOXES, RADIUS, Places, in_units
from ._placing_rules import UNIT, Arrangement, Point
from ._routing_rules import (
    CLEARANCE,
    Extent,
    Line,
    Scene,
    extent_of,
    routes_of,
    scene_of,
)
from ._style import Axes

if TYPE_CHECKING:
    from ._scaled import Scaled

LOOP = np.array([[0.14, 0.22], [0.34, 0.5], [-0.34, 0.5], [-0.14, 0.22]])
LANE_OF_BUNDLES = 0.09
"""Distance in units of bundles that rise beside each other."""

ROOM_OF_ARROWHEADS = 8.0
"""Pixels beside boxes for their arrowheads, where other connections pass."""

TIMES = np.linspace(0.0, 1.0, 9)[1:, None]


def scene_of_neurons(
    places: Places, head: float = 0.0, below: Floats | None = None
) -> Scene:
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
            in_pixels(places.centres),
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


def routes_of_connections(
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
        routes = _routes_through(here, there, layers, source == target, scene)
    for i in np.flatnonzero(source == target):
        routes[i] = here[i] + LOOP
    return routes


def routes_of_bundles(
    source: Indices, target: Indices, places: Places, scene: Scene, side: float
) -> list[Floats]:
    """Return the routes of bundles, from frame to frame. Loops are above (1) or below
    (-1) their frame, side by side.
    """
    middles = places.middles
    half = (places.frames[:, 2:] - places.frames[:, :2]) / 2.0
    here = middles[source]
    there = middles[target]
    routes = _routes_through(here, there, (source, target), source == target, scene)
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


def _routes_through(
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
            in_pixels(here),
            in_pixels(there),
            *(column.tolist() for column in (*layers, loops)),
            strict=True,
        )
    ]
    return [
        np.concatenate([[start], in_units(bends), [end]])
        for start, bends, end in zip(here, routes_of(scene, lines), there, strict=True)
    ]


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


def in_pixels(points: Floats) -> list[Point]:
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


def along(path: Floats, shares: Floats) -> Floats:
    """Return the points at these fractions of the length of a path."""
    length = np.concatenate(
        [[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
    )
    return np.stack(
        [np.interp(shares * length[-1], length, path[:, axis]) for axis in (0, 1)],
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


def arrowheads(paths: Sequence[Floats], centres: Floats, size: float) -> Floats:
    """Return arrowheads where paths reach the discs of their targets or end at a rim,
    shape (connections, 3, 2).
    """
    heads = np.empty((len(paths), 3, 2))
    for i, (path, centre) in enumerate(zip(paths, centres, strict=True)):
        outside = np.flatnonzero(np.linalg.norm(path - centre, axis=1) >= RADIUS)
        inward = np.linalg.norm(path[-1] - centre) < 1e-9
        before = path[outside[-1] if inward and len(outside) else -2]
        ahead = (path[-1] - before) / max(
            float(np.linalg.norm(path[-1] - before)), 1e-9
        )
        tip = path[-1] - RADIUS * inward * ahead
        wing = 0.42 * size * np.array([-ahead[1], ahead[0]])
        heads[i] = [tip, tip - size * ahead + wing, tip - size * ahead - wing]
    return heads


def draw_lines(
    ax: Axes,
    scaled: Scaled,
    paths: list[Floats],
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
        [Path(path) for path in paths],
        facecolors="none",
        edgecolors=colors,
        zorder=1,
        gid="connections",
    )
    ax.add_collection(lines)
    scaled.widths(lines, widths)
    heads = list(
        arrowheads([paths[i] for i in np.flatnonzero(pointed)], ends[pointed], head)
    )
    if heads:
        look: dict[str, Any] = {
            "facecolors": colors[pointed],
            "lw": 0,
            "zorder": 1.5,
            "gid": "arrowheads",
        }
        ax.add_collection(PolyCollection(heads, **look))

"""Routes of connections: between the neurons of the columns that they pass, or around all columns.

A route is a list of control points, shape (points, 2), from the middle of the source to that of the target.
Its curve is their quadratic B-spline, which Cytoscape.js draws too: `page/ways.js` finds routes by the same
rules. As in Graphviz's dot, a connection has a place of its own in every column that it passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._typing import Floats, Indices
from ._places import RADIUS, Places

ROOM = 0.08
"""Distance of a connection from a disc that it passes, and of two that pass side by side."""

BEFORE = 0.24
"""Distance before and after a column at which a connection turns, so that it passes discs level."""

CABLE, WIDEST = 0.2, 0.4
"""Distance between two cables of backward connections, and the largest width of one."""

ROUND = 0.12
"""Radius of the corners of cables."""

LOOP = np.array([[0.14, 0.22], [0.34, 0.5], [-0.34, 0.5], [-0.14, 0.22]])
TIMES = np.linspace(0.0, 1.0, 9)[1:, None]


class Column(NamedTuple):
    """Neurons one below the other: extent of their discs, and the gaps between them from bottom to top."""

    left: float
    right: float
    gaps: Floats


def columns_of(places: Places, head: float = 0.0) -> list[Column]:
    """All columns from left to right: a ring is one, a folded layer several. `head` is space for names."""
    columns = []
    for layer, frame in enumerate(places.frames):
        own = places.centres[places.layer == layer]
        lines = [own] if places.rings[layer] else [own[own[:, 0] == x] for x in np.unique(own[:, 0])]
        for line in lines:
            y = np.sort(line[:, 1])
            tops = np.append(y[:-1] + RADIUS, max(y[-1] + RADIUS, frame[3] + head)) + ROOM
            gaps = np.stack([np.append(-np.inf, tops), np.append(y - RADIUS - ROOM, np.inf)], axis=1)
            left, right = line[:, 0].min() - RADIUS, line[:, 0].max() + RADIUS
            columns.append(Column(left, right, gaps[gaps[:, 0] < gaps[:, 1]]))
    return sorted(columns, key=lambda column: column.left)


def routes_of(source: Indices, target: Indices, places: Places, head: float = 0.0) -> list[Floats]:
    """The routes of connections. `head` is the space for the names above frames."""
    here, there = places.centres[source], places.centres[target]
    layer, step = places.layer[source], places.layer[target] - places.layer[source]
    lateral = (step == 0) & (source != target)
    routes = list(np.stack([here, there], axis=1))
    for i in np.flatnonzero(source == target):
        routes[i] = here[i] + LOOP
    if not places.gap:
        for i in np.flatnonzero(source != target):
            routes[i] = _arc(here[i], there[i], 0.15)
        return routes
    for i in np.flatnonzero(lateral & places.rings[layer]):
        routes[i] = _arc(here[i], there[i], 0.08, places.middles[layer[i]])
    for i in np.flatnonzero(lateral & ~places.rings[layer]):
        routes[i] = _beside(here[i], there[i], places.gap)
    _pass_columns(routes, np.flatnonzero(step > 0), columns_of(places, head))
    _lead_back(routes, np.flatnonzero(step < 0), layer * len(places.frames) + step, places, head)
    return routes


def _arc(here: Floats, there: Floats, bend: float, towards: Floats | None = None) -> Floats:
    """A parabola to the left of a straight line, so that one in the other direction does not hide it."""
    along_it, middle = there - here, (here + there) / 2
    aside = np.zeros(2) if towards is None else 0.6 * (towards - middle)
    return np.array([here, middle + aside + bend * np.array([-along_it[1], along_it[0]]), there])


def _beside(here: Floats, there: Floats, gap: float) -> Floats:
    """A connection in a layer: on the right of a column if it leads down, on the left if up."""
    drop = here[1] - there[1]
    if abs(drop) < 1e-9:
        return np.array([here, (here + there) / 2 + [0.0, np.sign(there[0] - here[0])], there])
    aside = np.array([np.sign(drop) * min(0.3 + 0.17 * abs(drop), 0.45 * gap), 0.0])
    return np.array([here, here + aside, there + aside, there])


def crossings(here: Floats, there: Floats, columns: Sequence[Column]) -> list[tuple[int, int, float]]:
    """Columns between two points, the gap of each that is nearest to a straight line, and its height."""
    found = []
    low, high = sorted((here[0], there[0]))
    for number in range(len(columns)) if here[0] < there[0] else reversed(range(len(columns))):
        left, right, gaps = columns[number]
        if low < left and right < high:
            # Level for one unit at both ends: a steep line would meet their neighbours.
            share = (abs((left + right) / 2 - here[0]) - 1.0) / max(high - low - 2.0, 1e-9)
            straight = here[1] + (there[1] - here[1]) * min(1.0, max(0.0, share))
            heights = np.clip(straight, gaps[:, 0], gaps[:, 1])
            gap = int(np.abs(heights - straight).argmin())
            found.append((number, gap, float(heights[gap])))
    return found


def through(here: Floats, there: Floats, heights: Iterable[tuple[Column, float]]) -> Floats:
    """The route between two points that passes columns at these heights."""
    stops = [
        (x, y)
        for (left, right, _), y in heights
        for x in (left - BEFORE, (left + right) / 2, right + BEFORE)[:: 1 if here[0] < there[0] else -1]
    ]
    return np.array([here, *stops, there])


def lead_of(here: Floats, there: Floats, columns: Sequence[Column]) -> Floats:
    """The route from a neuron to the mark of a gate: through the gaps of columns, or beside its own."""
    crossed = crossings(here, there, columns)
    if not crossed and abs(there[1] - here[1]) > 1.0 and abs(there[0] - here[0]) < 1.0:
        return _beside(here, there, 2.0)
    return through(here, there, [(columns[number], y) for number, _, y in crossed])


def _pass_columns(routes: list[Floats], onwards: Indices, columns: Sequence[Column]) -> None:
    """Lead connections through the columns that they pass, side by side where several take one gap."""
    crossed = {i: crossings(routes[i][0], routes[i][1], columns) for i in onwards.tolist()}
    shared: dict[tuple[int, int], list[tuple[float, float, int, int]]] = {}
    for i, own in crossed.items():
        for k, (column, gap, y) in enumerate(own):
            span = float(np.ptp(routes[i][:, 0]))
            shared.setdefault((column, gap), []).append((y, span, i, k))
    height = {}
    for (column, gap), members in shared.items():
        low, high = columns[column].gaps[gap]
        outward = 1.0 if np.isinf(high) else -1.0  # above all neurons, the longest is on top
        members.sort(key=lambda one: (round(one[0], 6), outward * one[1]))
        pitch = min(ROOM, (high - low) / len(members))
        heights = [one[0] for one in members]
        for k in range(1, len(heights)):
            heights[k] = max(heights[k], heights[k - 1] + pitch)
        heights[-1] = min(heights[-1], high)
        for k in reversed(range(len(heights) - 1)):
            heights[k] = min(heights[k], heights[k + 1] - pitch)
        height.update({(i, k): at for (_, _, i, k), at in zip(members, heights, strict=True)})
    for i, own in crossed.items():
        here, there = routes[i]
        routes[i] = through(here, there, [(columns[c], height[i, k]) for k, (c, _, _) in enumerate(own)])


def _lead_back(routes: list[Floats], back: Indices, pairs: Indices, places: Places, head: float) -> None:
    """Backward connections: above or below everything, in one cable for each pair of layers.

    They leave on the right of their source and arrive from the left of their target. Those of the upper half
    of a layer run above, the others below; short ones, and those of outer neurons, take the inner lanes.
    """
    low, high = places.corners
    high = high + np.array([0.0, head])
    every = np.concatenate([[low, high], *(route for route in routes if len(route) > 2)])
    middle = np.array([route[[0, -1], 1].mean() for route in routes])
    length = np.array([np.ptp(route[:, 0]) for route in routes])
    for side, rim in ((1.0, every[:, 1].max()), (-1.0, -every[:, 1].min())):
        mine = back[(middle[back] >= 0) == (side > 0)]
        mine = mine[np.lexsort((-side * middle[mine], pairs[mine], length[mine].round(6)))]
        cables = np.split(mine, np.flatnonzero(np.diff(pairs[mine])) + 1) if len(mine) else []
        spans = [(*routes[own[0]][::-1, 0].tolist(), min(0.12 * len(own), WIDEST)) for own in cables]
        for cable, span, height in zip(cables, spans, stacked(spans, rim + CABLE, CABLE), strict=True):
            for share, i in zip(np.arange(len(cable)) / len(cable), cable.tolist(), strict=True):
                (here, there), out = routes[i], 0.5 + 0.2 * share
                routes[i] = around(here, there, (out, -out), side * (height + span[-1] * share))


def stacked(spans: Iterable[tuple[Any, ...]], first: float, apart: float) -> list[float]:
    """Heights of lanes, each (from, to, width), above all earlier ones that they overlap."""
    taken: list[tuple[float, float, float]] = []
    heights = []
    for low, high, width in spans:
        heights.append(max([first, *(top + apart for a, b, top in taken if a < high and low < b)]))
        taken.append((low, high, heights[-1] + width))
    return heights


def around(here: Floats, there: Floats, out: tuple[float, float], height: float) -> Floats:
    """A route at this height, which leaves its ends at these distances along the columns."""
    a, b = here[0] + out[0], there[0] + out[1]
    return rounded(np.array([here, (a, here[1]), (a, height), (b, height), (b, there[1]), there]))


def rounded(corners: Floats) -> Floats:
    """The control points of a line through corners that are rounded."""
    points = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        near = [
            corner + (end - corner) * min(0.5, 2 * ROUND / max(float(np.linalg.norm(end - corner)), 1e-9))
            for end in (before, after)
        ]
        points += [near[0], corner, near[1]]
    return np.array([*points, corners[-1]])


def curve(route: Floats) -> Floats:
    """Points of a route, close to each other where it is bent."""
    middles = (route[1:-2] + route[2:-1]) / 2
    starts, ends = np.concatenate([route[:1], middles]), np.concatenate([middles, route[-1:]])
    pieces = [
        (1 - TIMES) ** 2 * a + 2 * TIMES * (1 - TIMES) * bend + TIMES**2 * b
        for a, bend, b in zip(starts, route[1:-1], ends, strict=False)
    ]
    return np.concatenate([route[:1], *(pieces or [route[1:]])])


def along(way: Floats, shares: Floats) -> Floats:
    """The points at these fractions of the length of a path."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    return np.stack([np.interp(shares * length[-1], length, way[:, axis]) for axis in (0, 1)], axis=1)


def arrowheads(ways: Sequence[Floats], size: float) -> Floats:
    """Arrowheads where paths reach the discs of their targets, shape (connections, 3, 2)."""
    heads = np.empty((len(ways), 3, 2))
    for i, way in enumerate(ways):
        loop = np.linalg.norm(way[0] - way[-1]) < 2 * RADIUS
        outside = np.flatnonzero(np.linalg.norm(way - way[-1], axis=1) >= RADIUS)
        heads[i] = _arrowhead(way[-2 if loop else outside[-1]], way[-1], 0.0 if loop else RADIUS, size)
    return heads


def _arrowhead(before: Floats, end: Floats, short: float, size: float) -> Floats:
    """A triangle on the line from `before` to `end` whose tip stops `short` of the end."""
    ahead = (end - before) / max(float(np.linalg.norm(end - before)), 1e-9)
    tip = end - short * ahead
    wing = 0.42 * size * np.array([-ahead[1], ahead[0]])
    return np.array([tip, tip - size * ahead + wing, tip - size * ahead - wing])

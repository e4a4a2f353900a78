"""Routes of connections: between the neurons of the columns that they pass, or around
all columns.

A route is a list of control points, shape (points, 2), from the middle of the source to
that of the target. Its curve is their quadratic B-spline, which Cytoscape.js draws too:
`page/ways.js` finds routes by the same rules. As in Graphviz's dot, a connection has a
place of its own in every column that it passes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np

from .._typing import Floats, Indices
from ._places import RADIUS, Places

ROOM = 0.08
"""Distance of a connection from a disc that it passes, and of two that pass side by
side."""

BEFORE = 0.24
"""Distance before and after a column at which a connection turns, so that it passes
discs level."""

CABLE = 0.2
WIDEST = 0.4
LANE = 0.42
"""Distance between two cables of backward connections, largest width of one, and
distance at boxes."""

ROUND = 0.12
"""Radius of the corners of cables."""

LOOP = np.array([[0.14, 0.22], [0.34, 0.5], [-0.34, 0.5], [-0.14, 0.22]])
TIMES = np.linspace(0.0, 1.0, 9)[1:, None]


class LayerColumn(NamedTuple):
    """Neurons one below the other: extent of their discs, and the gaps between them
    from bottom to top.
    """

    left: float
    right: float
    gaps: Floats


def columns_of(places: Places, head: float = 0.0) -> list[LayerColumn]:
    """Return all columns from left to right: a ring is one, a folded layer several.
    `head` is space for names.
    """
    columns = []
    (wide, high) = places.half
    for layer, frame in enumerate(places.frames):
        members = places.centres[places.layer == layer]
        lines = [members[members[:, 0] == x] for x in np.unique(members[:, 0])]
        lines = [members] if places.rings[layer] else lines
        for line in lines:
            y = np.sort(line[:, 1])
            tops = np.append(y[:-1] + high, max(y[-1] + high, frame[3] + head)) + ROOM
            gaps = np.stack(
                [np.append(-np.inf, tops), np.append(y - high - ROOM, np.inf)], axis=1
            )
            left = line[:, 0].min() - wide
            right = line[:, 0].max() + wide
            columns.append(LayerColumn(left, right, gaps[gaps[:, 0] < gaps[:, 1]]))
    return sorted(columns, key=lambda column: column.left)


def routes_of(
    source: Indices, target: Indices, places: Places, head: float = 0.0
) -> list[Floats]:
    """Return the routes of connections. `head` is the space for the names above
    frames.
    """
    here = places.centres[source]
    there = places.centres[target]
    layer = places.layer[source]
    step = places.layer[target] - places.layer[source]
    lateral = (step == 0) & (source != target)
    routes = list(np.stack([here, there], axis=1))
    loops = np.flatnonzero(source == target)
    for i in loops:
        # The loops of a box are side by side.
        beside = loops[source[loops] == source[i]].tolist()
        shift = 0.6 * (beside.index(i) - (len(beside) - 1) / 2)
        routes[i] = here[i] + LOOP + [shift, places.half[1] - RADIUS]
    if not places.gap:
        for i in np.flatnonzero(source != target):
            routes[i] = _arc(here[i], there[i], 0.15)
        return routes
    for i in np.flatnonzero(lateral & places.rings[layer]):
        routes[i] = _arc(here[i], there[i], 0.08, places.middles[layer[i]])
    for i in np.flatnonzero(lateral & ~places.rings[layer]):
        routes[i] = _beside(here[i], there[i], places.gap)
    boxes = places.half[0] > RADIUS
    if boxes:
        for i in np.flatnonzero(step == 1):
            routes[i] = routes[i] + np.array(
                [(places.half[0], 0.0), (-places.half[0], 0.0)]
            )
        around = (step < 0) | (step > 1)
        upper = step > 0
    else:
        _pass_columns(routes, np.flatnonzero(step > 0), columns_of(places, head))
        around = step < 0
        upper = (here[:, 1] + there[:, 1]) / 2 > 0
    pairs = layer * len(places.frames) + step
    for side in (1.0, -1.0):
        on_this_side = np.flatnonzero(around & (upper == (side > 0)))
        _lead_around(routes, on_this_side, side, pairs, places, head)
    return routes


def _arc(
    here: Floats, there: Floats, bend: float, towards: Floats | None = None
) -> Floats:
    """Return a parabola to the left of a straight line, so that one in the other
    direction does not hide it.
    """
    along_it = there - here
    middle = (here + there) / 2
    aside = np.zeros(2) if towards is None else 0.6 * (towards - middle)
    return np.array(
        [here, middle + aside + bend * np.array([-along_it[1], along_it[0]]), there]
    )


def _beside(here: Floats, there: Floats, gap: float) -> Floats:
    """Return a connection in a layer: on the right of a column if it leads down, on the
    left if up.
    """
    drop = here[1] - there[1]
    if abs(drop) < 1e-9:
        return np.array(
            [here, (here + there) / 2 + [0.0, np.sign(there[0] - here[0])], there]
        )
    aside = np.array([np.sign(drop) * min(0.3 + 0.17 * abs(drop), 0.45 * gap), 0.0])
    return np.array([here, here + aside, there + aside, there])


def crossings(
    here: Floats, there: Floats, columns: Sequence[LayerColumn]
) -> list[tuple[int, int, float]]:
    """Return columns between two points, the gap of each that is nearest to a straight
    line, and its height.
    """
    passed = []
    low, high = sorted((here[0], there[0]))
    numbers = range(len(columns))
    for number in numbers if here[0] < there[0] else reversed(numbers):
        left, right, gaps = columns[number]
        if low < left and right < high:
            # Level for one unit at both ends: a steep line would meet their neighbors.
            length = max(high - low - 2.0, 1e-9)
            share = (abs((left + right) / 2 - here[0]) - 1.0) / length
            straight = here[1] + (there[1] - here[1]) * min(1.0, max(0.0, share))
            heights = np.clip(straight, gaps[:, 0], gaps[:, 1])
            gap = int(np.abs(heights - straight).argmin())
            passed.append((number, gap, float(heights[gap])))
    return passed


def through(
    here: Floats, there: Floats, heights: Iterable[tuple[LayerColumn, float]]
) -> Floats:
    """Return the route between two points that passes columns at these heights."""
    stops = []
    for (left, right, _), y in heights:
        xs = [left - BEFORE, (left + right) / 2, right + BEFORE]
        ordered = xs if here[0] < there[0] else reversed(xs)
        stops += [(x, y) for x in ordered]
    return np.array([here, *stops, there])


def lead_of(here: Floats, there: Floats, columns: Sequence[LayerColumn]) -> Floats:
    """Return the route from a neuron to the mark of a gate: through the gaps of
    columns, or beside its own.
    """
    crossed = crossings(here, there, columns)
    if not crossed and abs(there[1] - here[1]) > 1.0 and abs(there[0] - here[0]) < 1.0:
        return _beside(here, there, 2.0)
    return through(here, there, [(columns[number], y) for number, _, y in crossed])


def _pass_columns(
    routes: list[Floats], onwards: Indices, columns: Sequence[LayerColumn]
) -> None:
    """Lead connections through the columns that they pass, side by side where several
    take one gap.
    """
    crossed = {
        i: crossings(routes[i][0], routes[i][1], columns) for i in onwards.tolist()
    }
    shared: dict[tuple[int, int], list[tuple[float, float, int, int]]] = {}
    for i, passed in crossed.items():
        for k, (column, gap, y) in enumerate(passed):
            span = float(np.ptp(routes[i][:, 0]))
            shared.setdefault((column, gap), []).append((y, span, i, k))
    height = {}
    for (column, gap), members in shared.items():
        low, high = columns[column].gaps[gap]
        # Above all neurons the longest is on top, so that none crosses another.
        outward = 1.0 if np.isinf(high) else -1.0
        members.sort(key=lambda member: (round(member[0], 6), outward * member[1]))
        pitch = min(ROOM, (high - low) / len(members))
        heights = spread(
            np.array([member[0] for member in members]), pitch, high
        ).tolist()
        height.update(
            {(i, k): y for (_, _, i, k), y in zip(members, heights, strict=True)}
        )
    for i, passed in crossed.items():
        here, there = routes[i]
        levels = [
            (columns[column], height[i, k]) for k, (column, _, _) in enumerate(passed)
        ]
        routes[i] = through(here, there, levels)


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


def _lead_around(
    routes: list[Floats],
    mine: Indices,
    side: float,
    pairs: Indices,
    places: Places,
    head: float,
) -> None:
    """Lead connections above or below everything, in one cable for each pair of layers,
    short ones inside.
    """
    rim = side * places.corners[side > 0][1] + head * (side > 0)
    rim = max([rim, *(float((side * route[:, 1]).max()) for route in routes)])
    ends = {i: routes[i] for i in mine.tolist()}
    order = sorted(
        ends,
        key=lambda i: (
            round(abs(np.ptp(ends[i][:, 0])), 6),
            pairs[i],
            -side * ends[i][:, 1].mean(),
        ),
    )
    taken: list[tuple[float, float, float]] = []
    boxes = places.half[0] > RADIUS
    gap = LANE if boxes else CABLE
    for number, (_, members) in enumerate(groupby(order, key=lambda i: pairs[i])):
        cable = list(members)
        low, high = sorted(ends[cable[0]][:, 0].tolist())
        # Outside of the rim and of all cables that this one would cross.
        rims = [rim, *(top for a, b, top in taken if a < high and low < b)]
        start = max(rims) + gap
        width = min(0.12 * (len(cable) - 1), WIDEST)
        taken.append((low, high, start + width))
        for share, i in zip(np.linspace(0.0, 1.0, len(cable)), cable, strict=True):
            (here, there) = routes[i]
            at = side * (start + width * share)
            if boxes:
                port = np.sign(there[0] - here[0]) * (0.69 - 0.06 * min(number, 4))
                foot = side * places.half[1]
                a = here[0] + port
                b = there[0] - port
                corners = [(a, foot), (a, at), (b, at), (b, foot)]
            else:
                a = here[0] + 0.5 + 0.2 * share
                b = there[0] - 0.5 - 0.2 * share
                corners = [here, (a, here[1]), (a, at), (b, at), (b, there[1]), there]
            routes[i] = rounded(np.array(corners))


def rounded(corners: Floats) -> Floats:
    """Return the control points of a line through corners that are rounded."""
    points = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        near = [
            corner
            + (end - corner)
            * min(0.5, 2 * ROUND / max(float(np.linalg.norm(end - corner)), 1e-9))
            for end in (before, after)
        ]
        points += [near[0], corner, near[1]]
    return np.array([*points, corners[-1]])


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

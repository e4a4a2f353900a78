"""Paths of connections in a picture.

A way is the path of a connection: points from the middle of the source to the middle of the target, shape
(STEPS, 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from .._typing import Floats, Indices
from ..objects.topology import Topology
from ._places import RADIUS, Places

BENDS = (
    0.0,
    *(side * bend for bend in (0.35, 0.5, 0.65, 0.8, 0.95, 1.15, 1.4, 1.7, 2.0) for side in (1, -1)),
)
"""Bends that a connection across other columns tries, in this order."""

SWERVES = [(bend, bend) for bend in BENDS]
SWERVES += sorted(product(BENDS, BENDS), key=lambda pair: abs(pair[0]) + abs(pair[1]))
"""Bends of its first and second half: arches, then waves."""

AVOIDED = 60
"""Maximum number of neurons for which connections across columns search for a free path."""

CABLE = 0.2
"""Distance between the cables of backward connections."""

ROUND = 12
STEPS = 4 * ROUND + 2
TIMES = np.linspace(0.0, 1.0, STEPS)
CUBIC = np.stack(
    [(1 - TIMES) ** 3, 3 * TIMES * (1 - TIMES) ** 2, 3 * TIMES**2 * (1 - TIMES), TIMES**3], axis=1
)


def ways_of(diagram: Topology, places: Places, head: float = 0.0) -> Floats:
    """The ways of all connections, (connections, STEPS, 2). `head` is the space for names above frames."""
    here, there = places.centres[diagram.source], places.centres[diagram.target]
    step = diagram.layer[diagram.target] - diagram.layer[diagram.source]
    found = here[:, None] + TIMES[:, None] * (there - here)[:, None]
    for i in np.flatnonzero(diagram.self_connected):
        found[i] = _loop(here[i])
    others = np.flatnonzero(~diagram.self_connected)
    if not places.gap:
        found[others] = _arcs(here[others], there[others])
        return found
    rings = places.rings[diagram.layer[diagram.source]]
    for i in others[step[others] == 0]:
        middle = np.array([places.columns[diagram.layer[diagram.source[i]]], 0.0])
        ring = rings[i]
        found[i] = _chord(here[i], there[i], middle) if ring else _within(here[i], there[i], places.gap)
    if len(places.centres) <= AVOIDED:
        for i in np.flatnonzero(step > 1):
            rest = np.delete(places.centres, [diagram.source[i], diagram.target[i]], axis=0)
            found[i] = _free(here[i], there[i], rest, SWERVES)
    _lead_back(found, np.flatnonzero(step < 0), diagram, places, head)
    return found


def _arcs(here: Floats, there: Floats) -> Floats:
    """Slightly bent paths, so that connections in both directions do not hide each other."""
    along_it = there - here
    lift = 0.1 * np.stack([-along_it[:, 1], along_it[:, 0]], axis=1)
    points = np.stack([here, here + along_it / 3 + lift, there - along_it / 3 + lift, there], axis=1)
    arcs: Floats = CUBIC @ points
    return arcs


def _chord(here: Floats, there: Floats, middle: Floats) -> Floats:
    """A connection within a ring: bent towards its middle, by another amount in each direction."""
    off = there - here
    lift = 0.05 * np.array([-off[1], off[0]])
    near, far = here + 0.4 * (middle - here) + lift, there + 0.4 * (middle - there) + lift
    chord: Floats = CUBIC @ np.array([here, near, far, there])
    return chord


def _loop(centre: Floats) -> Floats:
    """A self-connection: a loop on the neuron."""
    start = RADIUS * np.array([np.cos(1.0), np.sin(1.0)])
    over = np.array([0.42, 0.60])
    mirror = np.array([-1.0, 1.0])
    loop: Floats = centre + CUBIC @ np.array([start, over, over * mirror, start * mirror])
    return loop


def _within(here: Floats, there: Floats, gap: float) -> Floats:
    """A connection inside a layer: on its right down the column, on its left up."""
    drop = here[1] - there[1]
    if drop == 0.0:  # neighbours in a folded layer
        lift = 0.5 * float(np.sign(there[0] - here[0]))
        return _bent(here, there, lift, lift)
    bulge = np.array([np.sign(drop) * min(0.4 + 0.22 * abs(drop), 0.6 * gap), 0.0])
    way: Floats = CUBIC @ np.array([here, here + bulge, there + bulge, there])
    return way


def _bent(here: Floats, there: Floats, first: float, second: float) -> Floats:
    """A path from start to end, with its first and second half lifted."""
    third = (there - here) / 3
    lifts = np.array([[0.0, first / 0.75], [0.0, second / 0.75]])
    way: Floats = CUBIC @ np.array([here, here + third + lifts[0], there - third + lifts[1], there])
    return way


def _free(here: Floats, there: Floats, others: Floats, swerves: Sequence[tuple[float, float]]) -> Floats:
    """The straightest path that meets no other neuron, or the one with the largest distance from them."""
    side = 1.0 if here[1] + there[1] >= 0 else -1.0
    farthest, best = -np.inf, _bent(here, there, 0.0, 0.0)
    for first, second in swerves:
        way = _bent(here, there, side * first, side * second)
        distance = np.linalg.norm(way[:, None] - others, axis=-1).min(initial=np.inf)
        if distance > 1.45 * RADIUS:
            return way
        if distance > farthest:
            farthest, best = distance, way
    return best


def free_arc(here: Floats, there: Floats, others: Floats) -> Floats:
    """As straight an arc as possible from a neuron to a point, clear of other neurons if possible."""
    between = others[np.linalg.norm(others - there, axis=1) > 1.45 * RADIUS]
    return _free(here, there, between, [(bend, bend) for bend in BENDS[:7]])


def _lead_back(ways: Floats, back: Indices, diagram: Topology, places: Places, head: float) -> None:
    """Paths of backward connections: above or below everything, in one cable for each pair of layers.

    They leave on the right of their source and arrive from the left of their target. Those of the upper half
    of a layer run above, the others below; short paths, and those of outer neurons, take the inner lanes.
    """
    here, there = places.centres[diagram.source], places.centres[diagram.target]
    layers = diagram.layer[diagram.source] * len(diagram.layers) + diagram.layer[diagram.target]
    middle = (here[:, 1] + there[:, 1]) / 2
    low, high = places.corners
    for side, rim in ((1.0, high[1] + head), (-1.0, -low[1])):
        mine = back[(middle[back] >= 0) == (side > 0)]
        spans = diagram.layer[diagram.source[mine]] - diagram.layer[diagram.target[mine]]
        mine = mine[np.lexsort((-side * middle[mine], layers[mine], spans))]
        height = rim + CABLE
        for pair in _runs(layers[mine]):
            cable = mine[pair]
            pitch = min(0.12, 0.4 / len(cable))
            for lane, i in enumerate(cable):
                out = 0.5 + 0.2 * lane / len(cable)
                ways[i] = _round_about(here[i], there[i], out, side * (height + pitch * lane))
            height += pitch * len(cable) + CABLE


def _runs(values: Indices) -> list[slice]:
    """The slices of equal neighbours."""
    ends = np.flatnonzero(np.diff(values)) + 1
    starts = [0, *ends.tolist()]
    return [slice(a, b) for a, b in zip(starts, [*ends.tolist(), len(values)], strict=True) if a < b]


def _round_about(here: Floats, there: Floats, out: float, height: float) -> Floats:
    """A path back: out of its source, along its lane, into its target."""
    right, left = here[0] + out, there[0] - out
    corners = [here, (right, here[1]), (right, height), (left, height), (left, there[1]), there]
    return rounded(np.array(corners), 0.25)


def rounded(corners: Floats, radius: float) -> Floats:
    """A line through corners; each inner corner is rounded by ROUND points."""
    pieces = [corners[:1]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        into, out = before - corner, after - corner
        a, b = (v * min(0.5, radius / max(float(np.linalg.norm(v)), 1e-9)) for v in (into, out))
        turn = np.linspace(0.0, 1.0, ROUND)[:, None]
        pieces.append(corner + (1 - turn) ** 2 * a + turn**2 * b)
    return np.concatenate([*pieces, corners[-1:]])


def along(way: Floats, shares: Floats) -> Floats:
    """The points at these fractions of the length of a path."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])
    return np.stack([np.interp(shares * length[-1], length, way[:, axis]) for axis in (0, 1)], axis=1)


def arrowheads(ways: Floats, size: float) -> Floats:
    """Arrowheads where paths reach the discs of their targets, shape (connections, 3, 2)."""
    heads = np.empty((len(ways), 3, 2))
    for i, way in enumerate(ways):
        outside = np.linalg.norm(way - way[-1], axis=1) >= RADIUS
        loop = np.linalg.norm(way[0] - way[-1]) < 2 * RADIUS
        last = STEPS - 2 if loop else int(np.flatnonzero(outside)[-1])
        heads[i] = _arrowhead(way[last], way[-1], 0.0 if loop else RADIUS, size)
    return heads


def _arrowhead(before: Floats, end: Floats, short: float, size: float) -> Floats:
    """A triangle on the line from `before` to `end` whose tip stops `short` of the end."""
    ahead = (end - before) / max(float(np.linalg.norm(end - before)), 1e-9)
    tip = end - short * ahead
    wing = 0.42 * size * np.array([-ahead[1], ahead[0]])
    return np.array([tip, tip - size * ahead + wing, tip - size * ahead - wing])

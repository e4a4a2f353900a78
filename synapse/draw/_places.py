"""Positions of neurons in a picture, and the paths of their connections.

A way is the path of a connection: points from the middle of the source to the middle of the target, shape
(STEPS, 2). The distance between two neurons of a column is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from .._typing import Floats, Indices
from ..topology import Topology

RADIUS = 0.26
TALLEST = 25
"""Maximum number of neurons in a column; larger layers are folded into several columns."""

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

ROUND = 12
STEPS = 4 * ROUND + 2
TIMES = np.linspace(0.0, 1.0, STEPS)
CUBIC = np.stack(
    [(1 - TIMES) ** 3, 3 * TIMES * (1 - TIMES) ** 2, 3 * TIMES**2 * (1 - TIMES), TIMES**3], axis=1
)


@dataclass(frozen=True)
class Places:
    """Centres of neurons, (neurons, 2), centres of columns, (layers,), and the distance of columns."""

    centres: Floats
    columns: Floats
    gap: float

    @classmethod
    def of(cls, diagram: Topology) -> Places:
        """Layers as columns from left to right, their neurons from top to bottom."""
        folds = -(-diagram.sizes // TALLEST)
        rows = -(-diagram.sizes // folds)
        gap = max(2.0, 0.3 * float(rows.max()))
        starts = np.concatenate([[0.0], np.cumsum(gap + folds[:-1] - 1.0)])
        centres = np.empty((diagram.neurons, 2))
        for i, start in enumerate(starts):
            mine = np.flatnonzero(diagram.layer == i)
            column, row = np.divmod(np.arange(len(mine)), rows[i])
            in_column = np.minimum(rows[i], len(mine) - column * rows[i])
            centres[mine] = np.stack([start + column, (in_column - 1) / 2 - row], axis=1)
        return cls(centres, starts + (folds - 1) / 2, gap)


def ways_of(diagram: Topology, places: Places) -> Floats:
    """The ways of all connections, shape (connections, STEPS, 2)."""
    here, there = places.centres[diagram.source], places.centres[diagram.target]
    step = diagram.layer[diagram.target] - diagram.layer[diagram.source]
    found = here[:, None] + TIMES[:, None] * (there - here)[:, None]
    for i in np.flatnonzero(diagram.self_connected):
        found[i] = _loop(here[i])
    for i in np.flatnonzero((step == 0) & ~diagram.self_connected):
        found[i] = _within(here[i], there[i], places.gap)
    if len(places.centres) <= AVOIDED:
        for i in np.flatnonzero(step > 1):
            others = np.delete(places.centres, [diagram.source[i], diagram.target[i]], axis=0)
            found[i] = _free(here[i], there[i], others)
    _lead_back(found, np.flatnonzero(step < 0), here, there, places)
    return found


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


def _free(here: Floats, there: Floats, others: Floats) -> Floats:
    """The straightest path that meets no other neuron, or the one with the largest distance from them."""
    side = 1.0 if here[1] + there[1] >= 0 else -1.0
    farthest, best = -np.inf, _bent(here, there, 0.0, 0.0)
    for first, second in SWERVES:
        way = _bent(here, there, side * first, side * second)
        distance = np.linalg.norm(way[:, None] - others, axis=-1).min()
        if distance > 1.45 * RADIUS:
            return way
        if distance > farthest:
            farthest, best = distance, way
    return best


def _lead_back(ways: Floats, back: Indices, here: Floats, there: Floats, places: Places) -> None:
    """Paths of backward connections: above or below everything, each in its own lane.

    They leave on the right of their source and arrive from the left of their target. Those of the upper half
    of a layer run above, the others below; short paths, and those of outer neurons, take the inner lanes.
    """
    rim = float(np.abs(places.centres[:, 1]).max()) + 0.8
    middle = (here[:, 1] + there[:, 1]) / 2
    for side, mine in ((1.0, back[middle[back] >= 0]), (-1.0, back[middle[back] < 0])):
        mine = mine[np.lexsort((-side * middle[mine], here[mine, 0] - there[mine, 0]))]
        pitch = min(0.12, 2.0 / max(1, len(mine)))
        for lane, i in enumerate(mine):
            out = 0.42 + 0.25 * lane / len(mine)
            right, left, height = here[i, 0] + out, there[i, 0] - out, side * (rim + pitch * lane)
            corners = [
                here[i],
                (right, here[i, 1]),
                (right, height),
                (left, height),
                (left, there[i, 1]),
                there[i],
            ]
            ways[i] = rounded(np.array(corners), 0.25)


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
    ahead = (end - before) / np.linalg.norm(end - before)
    tip = end - short * ahead
    wing = 0.42 * size * np.array([-ahead[1], ahead[0]])
    return np.array([tip, tip - size * ahead + wing, tip - size * ahead - wing])


def marks(ways: Floats, gated: Indices, apart: float = 0.2) -> Floats:
    """Places of gates: on their connections near the middle, and apart from each other if possible."""
    found = np.empty((0, 2))
    for i in gated:
        tries = along(ways[i], np.array([0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71]))
        distance = np.linalg.norm(tries[:, None] - found, axis=-1).min(axis=1, initial=np.inf)
        free = np.flatnonzero(distance > apart)
        spot = tries[free[0] if len(free) else int(distance.argmax())]
        found = np.concatenate([found, spot[None]])
    return found

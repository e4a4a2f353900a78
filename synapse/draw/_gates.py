"""Gates in a picture: bundles of connections that one neuron gates, and the marks on them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from .._typing import Floats, Indices
from ..objects.topology import NO_GATER, OUTSIDE, Topology
from ._places import RADIUS, Places
from ._ways import STEPS, along, free_arc

REACH, RING = 0.3, 0.17
"""Distance of the first bundle of gates from the disc of the neuron that its connections share, and of the
next bundle from it."""


@dataclass(frozen=True)
class Gates:
    """Connections that one neuron gates, with a mark on each: near the neuron that they share, if any.

    `lead` is the path from the gater to the nearest mark, None for a gater that is not in the picture.
    """

    gater: int
    links: Indices
    marks: Floats
    lead: Floats | None


def gates_of(diagram: Topology, places: Places, ways: Floats) -> list[Gates]:
    """All gates: one bundle for each gater and shared source or target, single ones last."""
    bundles = [bundle for bundle in _bundles(diagram) if len(bundle[1]) > 1]
    alone = np.setdiff1d(
        np.flatnonzero(diagram.gater != NO_GATER), np.concatenate([[], *(links for _, links, _ in bundles)])
    ).astype(int)
    taken: Counter[int] = Counter()
    found = []
    for gater, links, shared in bundles:
        reach = RADIUS + REACH + RING * taken[shared]
        taken[shared] += 1
        centre = places.centres[shared]
        marks = np.array([_crossing(ways[i], centre, reach) for i in links])
        order = _around(centre, marks)
        found.append((gater, links[order], marks[order]))
    marks = _apart(ways, alone)
    found += [(int(diagram.gater[i]), np.array([i]), marks[k : k + 1]) for k, i in enumerate(alone)]
    return [Gates(gater, links, marks, _lead(gater, marks, places)) for gater, links, marks in found]


def _bundles(diagram: Topology) -> list[tuple[int, Indices, int]]:
    """Gater, connections and the neuron they share: all targets or all sources, whichever are fewer."""
    found = []
    for gater in np.unique(diagram.gater).tolist():
        mine = np.flatnonzero((diagram.gater == gater) & ~diagram.self_connected)
        if gater in (NO_GATER, OUTSIDE):
            continue
        ends = min((diagram.target[mine], diagram.source[mine]), key=lambda end: len(np.unique(end)))
        found += [(gater, mine[ends == end], end) for end in np.unique(ends).tolist()]
    return found


def _crossing(way: Floats, centre: Floats, reach: float) -> Floats:
    """The point of a way at a distance from the neuron at one of its ends, at most in its middle."""
    way = way if np.linalg.norm(way[0] - centre) < np.linalg.norm(way[-1] - centre) else way[::-1]
    fine = along(way, np.linspace(0.0, 0.5, 4 * STEPS))
    beyond = np.flatnonzero(np.linalg.norm(fine - centre, axis=1) >= reach)
    point: Floats = fine[beyond[0] if len(beyond) else -1]
    return point


def _around(centre: Floats, marks: Floats) -> Indices:
    """The order of marks by their direction from a neuron, beginning after the widest gap."""
    turns = np.arctan2(*(marks - centre).T[::-1])
    order = np.argsort(turns)
    gaps = np.diff(turns[order], append=turns[order[0]] + 2 * np.pi)
    return np.roll(order, -int(gaps.argmax()) - 1)


def _apart(ways: Floats, gated: Indices, apart: float = 0.2) -> Floats:
    """Marks near the middle of their connections, and apart from each other if possible."""
    found = np.empty((0, 2))
    for i in gated:
        tries = along(ways[i], np.array([0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71]))
        distance = np.linalg.norm(tries[:, None] - found, axis=-1).min(axis=1, initial=np.inf)
        free = np.flatnonzero(distance > apart)
        spot = tries[free[0] if len(free) else int(distance.argmax())]
        found = np.concatenate([found, spot[None]])
    return found


def _lead(gater: int, marks: Floats, places: Places) -> Floats | None:
    """The path from the gater to the nearest mark, around other neurons where an arc can avoid them."""
    if gater == OUTSIDE:
        return None
    here = places.centres[gater]
    nearest = marks[int(np.linalg.norm(marks - here, axis=1).argmin())]
    return free_arc(here, nearest, np.delete(places.centres, gater, axis=0))

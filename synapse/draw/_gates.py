"""The gates of pictures: marks on gated connections, and lines from their gaters."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._typing import Floats, Indices
from ..objects.topology import NO_GATER, OUTSIDE
from ._places import RADIUS, Places, in_units
from ._routes import along, curve, in_pixels
from ._routing_rules import Scene, lead_of
from ._style import DOTS, GATE, Axes

if TYPE_CHECKING:
    from ._scaled import Scaled

REACH = 0.3
RING = 0.17
GATE_SPACING = 0.2
"""Distance of the first bundle of gates from the disc of the neuron that its
connections share, of the next bundle from it, and of single marks from each other."""

MARK_SHARES = np.array([0.5, 0.42, 0.58, 0.35, 0.65, 0.29, 0.71])
MARK_SHARES_OF_BUNDLES = np.array([0.7, 0.62, 0.54, 0.46, 0.38])
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
    Return the gates.
    """
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Circle

    gates = _gates_of(links, places, routes, scene, half)
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


def _gates_of(
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
    for gating, mine, shared in _gated_together(source, target, gater):
        reach = RADIUS if half is None else float(half[shared])
        reach += REACH + RING * taken[shared]
        taken[shared] += 1
        alone[mine] = False
        centre = places.centres[shared]
        marks = np.array([_crossing(routes[i], centre, reach) for i in mine])
        marked.append((gating, marks[_around(centre, marks)]))
    single = np.flatnonzero(alone)
    spots = _apart(
        routes, single, MARK_SHARES if half is None else MARK_SHARES_OF_BUNDLES
    )
    marked += zip(gater[single].tolist(), spots[:, None], strict=True)
    gates = []
    for gating, marks in marked:
        here = places.centres[max(gating, 0)]
        nearest = marks[int(np.linalg.norm(marks - here, axis=1).argmin())]
        if half is not None:
            toward = np.sign(nearest[0] - here[0])
            here = here + np.array([half[max(gating, 0)] * toward, 0.0])
        # A gater outside of what is drawn has marks, and no line that leads to them.
        line = None if gating == OUTSIDE else curve(_lead(here, nearest, scene))
        gates.append(Gates(marks, line))
    return gates


def _lead(here: Floats, there: Floats, scene: Scene | None) -> Floats:
    """Return the route from a neuron to the mark of a gate."""
    bends = [] if scene is None else lead_of(scene, *in_pixels(np.stack([here, there])))
    return np.concatenate([[here], in_units(bends), [there]])


def _gated_together(
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


def _crossing(path: Floats, centre: Floats, reach: float) -> Floats:
    """Return the point of a path at a distance from the neuron at one of its ends, at
    most in its middle.
    """
    path = (
        path
        if np.linalg.norm(path[0] - centre) < np.linalg.norm(path[-1] - centre)
        else path[::-1]
    )
    fine = along(path, np.linspace(0.0, 0.5, 200))
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

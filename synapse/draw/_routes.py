"""The lines of pictures: routes by the rules of `_routing_rules.py`, and their curves.

A route is a list of control points, shape (points, 2), from the middle of the source to
that of the target. Its curve is their quadratic B-spline, which Cytoscape.js draws too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .._typing import Floats, Indices
from ._places import RADIUS, Places, in_units
from ._placing_rules import UNIT, Arrangement, Point
from ._routing_rules import Line, Scene, extent_of, lead_of, routes_of, scene_of

LOOP = np.array([[0.14, 0.22], [0.34, 0.5], [-0.34, 0.5], [-0.14, 0.22]])
TIMES = np.linspace(0.0, 1.0, 9)[1:, None]


def scene_at(
    places: Places,
    head: float = 0.0,
    below: Floats | None = None,
    beside: float = 0.0,
) -> Scene:
    """Return what connections are routed through, with text: `head` is the height of
    names above frames, `below` that of the name below each neuron, and `beside` what is
    left free above and below boxes.
    """
    arranged = _arranged(places)
    tops = in_units([frame.middle for frame in arranged.frames])[:, 1]
    tops += np.array([frame.size[1] for frame in arranged.frames]) / (2.0 * UNIT)
    above_loops = float((places.frames[:, 3] - tops).max(initial=0.0))
    titled = replace(arranged.measures, title=(0.0, UNIT * (head + above_loops)))
    arranged = replace(arranged, measures=titled)
    folded = [_has_boxes(places)] * len(places.frames)
    rings = places.rings.tolist()
    names = np.zeros(len(places.centres)) if below is None else below
    extents = [
        extent_of(
            arranged,
            layer,
            place,
            folded[layer],
            rings[layer],
            UNIT * (name + beside),
            UNIT * beside,
        )
        for layer, place, name in zip(
            places.layer.tolist(),
            _in_pixels(places.centres),
            names.tolist(),
            strict=True,
        )
    ]
    return scene_of(arranged, extents, folded, rings)


def ways_of(
    source: Indices, target: Indices, places: Places, scene: Scene | None
) -> list[Floats]:
    """Return the routes of connections, from middle to middle or, of boxes, from rim to
    rim; without a scene, places are free and routes are arcs.
    """
    here = places.centres[source]
    there = places.centres[target]
    loops = source == target
    if scene is None:
        routes = [_arc(*ends, 0.15) for ends in zip(here, there, strict=True)]
    else:
        lines = [
            Line(start, stop, layer, of, loop, 0.0)
            for start, stop, layer, of, loop in zip(
                _in_pixels(here),
                _in_pixels(there),
                places.layer[source].tolist(),
                places.layer[target].tolist(),
                loops.tolist(),
                strict=True,
            )
        ]
        routes = [
            np.concatenate([[start], in_units(bends), [end]])
            for start, bends, end in zip(
                here, routes_of(scene, lines), there, strict=True
            )
        ]
        if _has_boxes(places):
            routes = [_from_rims(route, places.half) for route in routes]
    numbers = np.flatnonzero(loops)
    for i in numbers:
        # The loops of a box are side by side.
        siblings = numbers[source[numbers] == source[i]].tolist()
        shift = 0.6 * (siblings.index(i) - (len(siblings) - 1) / 2)
        routes[i] = here[i] + LOOP + [shift, places.half[1] - RADIUS]
    return routes


def lead_at(here: Floats, there: Floats, scene: Scene | None) -> Floats:
    """Return the route from a neuron to the mark of a gate."""
    bends = (
        [] if scene is None else lead_of(scene, *_in_pixels(np.stack([here, there])))
    )
    return np.concatenate([[here], in_units(bends), [there]])


def _arranged(places: Places) -> Arrangement:
    """Return how layers are arranged, which they are without a layout."""
    if places.arrangement is None:
        raise ValueError("free places have no arrangement")
    return places.arrangement


def _has_boxes(places: Places) -> bool:
    return places.half[0] > RADIUS


def _in_pixels(points: Floats) -> list[Point]:
    """Return places along and across the flow from points of a picture."""
    return list(map(tuple, (points * np.array([UNIT, -UNIT])).tolist()))


def _from_rims(route: Floats, half: tuple[float, float]) -> Floats:
    """Return a route that begins and ends at the sides of boxes."""
    ends = route[[0, -1]]
    # No line turns at a place that its box hides.
    is_inside = np.abs(route[:, None] - ends) < np.array(half)
    is_hidden = np.any(is_inside.all(axis=2), axis=1)
    turns = route[~is_hidden]
    nearest = turns[[0, -1]] if len(turns) else ends[::-1]
    ends[:, 0] += half[0] * np.sign(nearest - ends)[:, 0]
    return np.concatenate([ends[:1], turns, ends[1:]])


def _arc(here: Floats, there: Floats, bend: float) -> Floats:
    """Return a parabola to the left of a straight line, so that one in the other
    direction does not hide it.
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

"""Positions of neurons in a picture: layers as columns or rings, or wherever a layout
puts them.

The distance between two neurons of a column is 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import networkx as nx
import numpy as np

from .._checks import expected, function_of, is_among, missing_extra, unknown_name
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError
from ..objects.topology import Topology

RADIUS = 0.26
"""Radius of a disc."""

TALLEST = 25
"""Maximum number of neurons in a column; larger layers are folded into several
columns."""

RINGED = 8
"""Minimum number of neurons of a layer that becomes a ring, if it has many connections
within it."""

BESIDE = 0.72
"""Distance between neighbors on a ring."""

MARGIN = 0.16
"""Distance of the frame of a layer from its discs."""


@dataclass(frozen=True)
class Places:
    """Centres of neurons, (neurons, 2), and their layers; frames of layers: left,
    bottom, right, top.

    `rings` says which layers are rings. `gap` is the distance of columns; it is 0 if a
    layout has placed the neurons, which then have no frames. `half` is half the width
    and height of what stands at a centre.
    """

    centres: Floats
    layer: Ints
    frames: Floats
    rings: Bools
    gap: float
    half: tuple[float, float] = (RADIUS, RADIUS)

    @classmethod
    def of(cls, diagram: Topology, printed: bool = False, wider: float = 0.0) -> Places:
        """Return layers from left to right; the neurons of a column from top to bottom,
        of a ring clockwise.

        Neighbouring layers are `wider` units further apart than they have to be.
        """
        shapes, rings = zip(
            *(_shape(diagram, i) for i in range(len(diagram.layers))), strict=True
        )
        sizes = np.array(
            [np.ptp(shape, axis=0) if len(shape) else np.zeros(2) for shape in shapes]
        )
        tallest = float(sizes[:, 1].max()) + 1.0
        gap = (1.5 if printed else 1.0) * max(
            2.0, min(0.3 * tallest, 1.7 * (tallest + 2.0) / max(1, len(shapes) - 1))
        )
        gap += wider
        middles = np.concatenate(
            [[0.0], np.cumsum(gap + (sizes[:-1, 0] + sizes[1:, 0]) / 2)]
        )
        centres = np.empty((diagram.neurons, 2))
        for i, shape in enumerate(shapes):
            centres[diagram.layer == i] = shape + np.array([middles[i], 0.0])
        loops = (
            np.bincount(
                diagram.layer[diagram.source[diagram.self_connected]],
                minlength=len(shapes),
            )
            > 0
        )
        edge = RADIUS + MARGIN
        low = np.stack([middles, np.zeros(len(shapes))], axis=1) - sizes / 2 - edge
        high = np.stack([middles, np.zeros(len(shapes))], axis=1) + sizes / 2 + edge
        high[:, 1] += 0.25 * loops
        low[:, 1] -= 0.15 * (printed | _has_long_names(diagram))
        return cls(
            centres,
            diagram.layer,
            np.concatenate([low, high], axis=1),
            np.array(rings),
            gap,
        )

    @classmethod
    def at(cls, centres: Floats, diagram: Topology) -> Places:
        """Return neurons where a layout has put them, without frames."""
        return cls(
            centres,
            diagram.layer,
            np.empty((0, 4)),
            np.zeros(len(diagram.layers), bool),
            0.0,
        )

    @property
    def middles(self) -> Floats:
        """The middle of each layer, shape (layers, 2)."""
        x = (self.frames[:, 0] + self.frames[:, 2]) / 2
        return np.stack([x, np.zeros(len(x))], axis=1)

    @property
    def corners(self) -> tuple[Floats, Floats]:
        """The corners of the rectangle around all neurons and frames."""
        every = np.concatenate([self.centres, self.frames[:, :2], self.frames[:, 2:]])
        return every.min(axis=0), every.max(axis=0)


def short_names(names: Iterable[str], layers: Iterable[str]) -> list[str]:
    """Return the names of neurons without those of their layers, one for each: "cells
    3" of the cells is "3".
    """
    tails = (
        (name, layer, name.removeprefix(f"{layer} "))
        for name, layer in zip(names, layers, strict=True)
    )
    return [tail if layer and tail.isdecimal() else name for name, layer, tail in tails]


def names_shown(diagram: Topology) -> list[str]:
    """Return the names of neurons in a picture, without the name of the layer, which
    stands above them.
    """
    layers = (diagram.layers[i] for i in diagram.layer.tolist())
    tails = (
        (name, name.removeprefix(f"{layer} "))
        for name, layer in zip(diagram.names, layers, strict=True)
    )
    return [tail or name for name, tail in tails]


def _shape(diagram: Topology, layer: int) -> tuple[Floats, bool]:
    """Return positions of the neurons of a layer around its middle, and whether they
    form a ring.
    """
    size = int(diagram.sizes[layer])
    ends = diagram.layer[diagram.source], diagram.layer[diagram.target]
    within = int(
        ((ends[0] == layer) & (ends[1] == layer) & ~diagram.self_connected).sum()
    )
    if size >= RINGED and within >= 2 * size:
        turns = 2 * np.pi * np.arange(size) / size
        radius = 0.5 * BESIDE / np.sin(np.pi / size)
        return radius * np.stack([np.sin(turns), np.cos(turns)], axis=1), True
    folds = max(1, -(-size // TALLEST))
    rows = -(-size // folds)
    column, row = np.divmod(np.arange(size), max(1, rows))
    return np.stack([column - (folds - 1) / 2, (rows - 1) / 2 - row], axis=1), False


def _has_long_names(diagram: Topology) -> Bools:
    """Return whether a layer has names of neurons below their discs."""
    long = np.array([len(name) > 3 for name in names_shown(diagram)])
    return np.bincount(diagram.layer[long], minlength=len(diagram.layers)) > 0


# --- layouts --------------------------------------------------------------------------

NETWORKX: dict[str, Callable[[Any], Any]] = {
    "circular": nx.circular_layout,
    "forceatlas2": partial(nx.forceatlas2_layout, seed=0, max_iter=300),
    "kamada_kawai": nx.kamada_kawai_layout,
    "spectral": nx.spectral_layout,
    "spiral": nx.spiral_layout,
    "spring": partial(nx.spring_layout, seed=0, iterations=200, method="force"),
}
"""Layouts of networkx by name; those that draw random numbers have a fixed seed."""

NEAREST = 0.75
"""Distance to the nearest neuron that nine out of ten neurons exceed."""

FORCES = ("forceatlas2", "kamada_kawai", "spring")
"""Layouts that drive unconnected parts of a network apart, so that each part is laid
out for itself."""

LAYERS = "layers"


def check_layout(layout: Any) -> bool:
    """Return whether neurons are placed by a layout, and not by layers; raises if there
    is no such layout.
    """
    if isinstance(layout, str):
        layouts = (LAYERS, *NETWORKX)
        if not is_among(layout, layouts):
            raise unknown_name("layout", layout, layouts)
        return layout != LAYERS
    if not callable(layout):
        condition = "the name of a layout or a function of a graph"
        raise ArgumentTypeError(expected("layout", condition, layout))
    function_of("layout", layout, "graph")
    return True


def places_of(diagram: Topology, layout: Any, printed: bool = False) -> Places:
    """Return the places of neurons by layers or by another layout."""
    if not check_layout(layout):
        return Places.of(diagram, printed)
    return Places.at(_positions(diagram, layout), diagram)


def _positions(diagram: Topology, layout: Any) -> Floats:
    """Return centres of the neurons, (neurons, 2), in units of a picture."""
    graph = graph_of(diagram)
    count = diagram.neurons
    try:
        placed: Any = (
            layout(graph)
            if callable(layout)
            else _named_layout(layout, graph.to_undirected())
        )
    except ImportError as error:
        if callable(layout):
            raise
        raise missing_extra(f"The layout {layout!r} needs", "scipy") from error
    if not isinstance(placed, Mapping) or not all(i in placed for i in range(count)):
        raise ArgumentError(
            expected(
                "layout",
                f"a dict with a place for each node 0 to {count - 1}",
                placed,
            )
        )
    try:
        centres = np.array(
            [[float(x) for x in placed[i]] for i in range(count)]
        ).reshape(count, -1)
    except (TypeError, ValueError):
        centres = np.full((count, 2), np.nan)
    if centres.shape != (count, 2) or not np.isfinite(centres).all():
        raise ArgumentError(
            expected("layout", "two finite numbers (x, y) for each node", placed)
        )
    return _spaced(centres)


def _named_layout(name: str, graph: Any) -> Any:
    """Return places by a layout of networkx; unconnected parts of a graph side by side,
    if it has forces.
    """
    parts = sorted(
        nx.connected_components(graph), key=lambda nodes: (-len(nodes), min(nodes))
    )
    if name not in FORCES or len(parts) == 1:
        return NETWORKX[name](graph)
    laid = []
    for connected in parts:
        nodes = sorted(connected)
        placed = NETWORKX[name](graph.subgraph(nodes))
        laid.append((nodes, _spaced(np.array([placed[node] for node in nodes]))))
    return _side_by_side(laid)


def _side_by_side(laid: list[tuple[list[int], Floats]]) -> dict[int, Floats]:
    """Return places of parts in rows, the largest part first; all begin at the top of
    their row.
    """
    sizes = np.array([np.ptp(centres, axis=0) + 2.0 for _, centres in laid])
    widest = max(
        float(sizes[:, 0].max()), 1.25 * float(sizes.prod(axis=1).sum()) ** 0.5
    )
    places: dict[int, Floats] = {}
    left = top = deep = 0.0
    for (nodes, centres), (width, height) in zip(laid, sizes.tolist(), strict=True):
        if left and left + width > widest:
            left = 0.0
            top -= deep
            deep = 0.0
        corner = np.array([left - centres[:, 0].min(), top - centres[:, 1].max()])
        places.update(zip(nodes, centres + corner, strict=True))
        left += width
        deep = max(deep, height)
    return places


def grouped(diagram: Topology, name: str) -> Topology:
    """Return the network with groups of neurons in place of layers, by their metadata
    of this name.

    The groups stand in the order of the mean place of their neurons in the order of
    activation.
    """
    values = diagram.neuron_metadata[name]
    missing = f"no {name}"
    labels = np.array([str(values.get(i, missing)) for i in range(diagram.neurons)])
    groups, group = np.unique(labels, return_inverse=True)
    middle = np.bincount(group, np.arange(diagram.neurons)) / np.bincount(group)
    order = np.argsort(middle, kind="stable")
    place = np.argsort(order)
    return replace(diagram, layers=tuple(groups[order].tolist()), layer=place[group])


def graph_of(diagram: Topology) -> nx.DiGraph[int]:
    """Return a graph for layouts: neurons by number, connections, and edges from gaters
    to the ends of these.
    """
    graph: nx.DiGraph[int] = nx.DiGraph()
    for i, name in enumerate(diagram.names):
        graph.add_node(i, name=name, layer=diagram.layers[diagram.layer[i]])
    ends = zip(
        diagram.source.tolist(),
        diagram.target.tolist(),
        diagram.weight.tolist(),
        strict=True,
    )
    graph.add_edges_from((a, b, {"strength": abs(weight)}) for a, b, weight in ends)
    gates = zip(diagram.gater.tolist(), diagram.target.tolist(), strict=True)
    graph.add_edges_from(
        (a, b, {"gate": True}) for a, b in gates if a >= 0 and not graph.has_edge(a, b)
    )
    return graph


def _spaced(centres: Floats) -> Floats:
    """Return centres around 0, at a scale at which few discs touch."""
    centres = centres - (centres.min(axis=0) + centres.max(axis=0)) / 2
    if len(centres) < 2:
        return centres
    apart = np.linalg.norm(centres[:, None] - centres, axis=-1) + np.diag(
        np.full(len(centres), np.inf)
    )
    near = float(np.quantile(apart.min(axis=1), 0.1))
    span = float(np.ptp(centres, axis=0).max())
    # Neurons in one place do not blow up the rest.
    most = max(2.0 * len(centres) ** 0.5 + 2.0, 0.25 * len(centres))
    scale = min(NEAREST / near if near else np.inf, most / span if span else 1.0)
    spaced: Floats = centres * scale
    return spaced

"""Positions of neurons in a picture: layers as columns or rings, or wherever a layout puts them.

The distance between two neurons of a column is 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._typing import Bools, Floats
from ..objects.topology import Topology

RADIUS = 0.26
"""Radius of a disc."""

TALLEST = 25
"""Maximum number of neurons in a column; larger layers are folded into several columns."""

RINGED = 8
"""Minimum number of neurons of a layer that becomes a ring, if it has many connections within it."""

BESIDE = 0.72
"""Distance between neighbours on a ring."""

MARGIN = 0.16
"""Distance of the frame of a layer from its discs."""


@dataclass(frozen=True)
class Places:
    """Centres of neurons, (neurons, 2), and frames of layers, (layers, 4): left, bottom, right, top.

    `rings` says which layers are rings. `gap` is the distance of columns; it is 0 if a layout has placed the
    neurons, which then have no frames.
    """

    centres: Floats
    frames: Floats
    rings: Bools
    gap: float

    @classmethod
    def of(cls, diagram: Topology) -> Places:
        """Layers from left to right; the neurons of a column from top to bottom, of a ring clockwise."""
        shapes, rings = zip(*(_shape(diagram, i) for i in range(len(diagram.layers))), strict=True)
        sizes = np.array([np.ptp(shape, axis=0) if len(shape) else np.zeros(2) for shape in shapes])
        tallest = float(sizes[:, 1].max()) + 1.0
        gap = max(2.0, min(0.3 * tallest, 1.7 * (tallest + 2.0) / max(1, len(shapes) - 1)))
        middles = np.concatenate([[0.0], np.cumsum(gap + (sizes[:-1, 0] + sizes[1:, 0]) / 2)])
        centres = np.empty((diagram.neurons, 2))
        for i, shape in enumerate(shapes):
            centres[diagram.layer == i] = shape + np.array([middles[i], 0.0])
        loops = np.bincount(diagram.layer[diagram.source[diagram.self_connected]], minlength=len(shapes)) > 0
        edge = RADIUS + MARGIN
        low = np.stack([middles, np.zeros(len(shapes))], axis=1) - sizes / 2 - edge
        high = np.stack([middles, np.zeros(len(shapes))], axis=1) + sizes / 2 + edge
        high[:, 1] += 0.25 * loops
        low[:, 1] -= 0.15 * _named(diagram)
        return cls(centres, np.concatenate([low, high], axis=1), np.array(rings), gap)

    @classmethod
    def at(cls, centres: Floats, layers: int) -> Places:
        """Neurons where a layout has put them, without frames."""
        return cls(centres, np.empty((0, 4)), np.zeros(layers, bool), 0.0)

    @property
    def columns(self) -> Floats:
        """The horizontal middle of each layer."""
        return (self.frames[:, 0] + self.frames[:, 2]) / 2

    @property
    def corners(self) -> tuple[Floats, Floats]:
        """The corners of the rectangle around all neurons and frames."""
        every = np.concatenate([self.centres, self.frames[:, :2], self.frames[:, 2:]])
        return every.min(axis=0), every.max(axis=0)


def _shape(diagram: Topology, layer: int) -> tuple[Floats, bool]:
    """Positions of the neurons of a layer around its middle, and whether they form a ring."""
    size = int(diagram.sizes[layer])
    ends = diagram.layer[diagram.source], diagram.layer[diagram.target]
    within = int(((ends[0] == layer) & (ends[1] == layer) & ~diagram.self_connected).sum())
    if size >= RINGED and within >= 2 * size:
        turns = 2 * np.pi * np.arange(size) / size
        radius = 0.5 * BESIDE / np.sin(np.pi / size)
        return radius * np.stack([np.sin(turns), np.cos(turns)], axis=1), True
    folds = max(1, -(-size // TALLEST))
    rows = -(-size // folds)
    column, row = np.divmod(np.arange(size), max(1, rows))
    in_column = np.minimum(rows, size - column * rows)
    return np.stack([column - (folds - 1) / 2, (in_column - 1) / 2 - row], axis=1), False


def _named(diagram: Topology) -> Bools:
    """Whether a layer has names of neurons below their discs."""
    from ._diagram import short_names

    long = np.array([len(name) > 3 for name in short_names(diagram)])
    return np.bincount(diagram.layer[long], minlength=len(diagram.layers)) > 0

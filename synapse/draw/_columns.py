"""Positions of the neurons of a layer: one below the other, large layers in several columns."""

from __future__ import annotations

import math

ACROSS, DOWN = 88, 64
"""Distance from one column of neurons to the next, and from one neuron to the one below."""
TALL = 20
"""Maximum number of neurons in one column; larger layers are about twice as high as wide."""


def columns_of(count: int) -> int:
    """The number of columns of a layer of `count` neurons.

    >>> columns_of(20), columns_of(21), columns_of(1000)
    (1, 2, 19)
    """
    rows = max(TALL, math.ceil(math.sqrt(2 * count * ACROSS / DOWN)))
    return math.ceil(count / rows)


def places(count: int) -> list[tuple[float, float]]:
    """The positions (x, y) of the neurons of a layer, relative to its middle.

    >>> places(3)
    [(0.0, -64.0), (0.0, 0.0), (0.0, 64.0)]
    """
    columns = columns_of(count)
    rows = math.ceil(count / columns)
    return [
        (
            ACROSS * (i // rows - (columns - 1) / 2),
            DOWN * (i % rows - (min(rows, count - i // rows * rows) - 1) / 2),
        )
        for i in range(count)
    ]


def size_of(count: int) -> tuple[float, float]:
    """Width and height of a layer, including its frame.

    >>> size_of(3)
    (88, 192)
    """
    columns = columns_of(count)
    return ACROSS * columns, DOWN * math.ceil(count / columns)

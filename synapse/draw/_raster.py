"""Rasters: activations or states over time, as an image."""

from __future__ import annotations

from itertools import accumulate
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import boolean, suggests_arguments
from ..objects.recording import Log
from ._arguments import over_time
from ._places import short_names
from ._routes import spread
from ._style import (
    INK,
    Axes,
    canvas,
    coloring,
    count_along,
    key,
    label,
    name_each,
    points_each,
)


@suggests_arguments(
    "raster", void=[("what", "color_bars", lambda given: given["color_bars"] is False)]
)
def raster(
    values: ArrayLike | Log,
    neurons: Any = None,
    ax: Axes | None = None,
    *,
    what: str | None = None,
    color_bars: Annotated[bool, boolean] = True,
) -> Axes:
    """Draw activations or states over time: one row per neuron, one column per step.

    White is zero, teal above, brown below; purple is where there is no finite number.

    Parameters
    ----------
    values : Log or array_like, shape (T, n)
        A log, which shows its activations or the only number that it has, or an array
        of one, such as ``log.state``.
    neurons : Network, Layer, or sequence of Neuron or str, optional
        The neurons that the values belong to. Layers of a network are separated and
        named on the right; the rows then have the names without those of the layers.
        Default: those of the log; numbers, if there is none.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    what : str, optional
        The name of the values, for the color bar. Default: that of the log's number,
        or "activation".
    color_bars : bool
        Whether to add a color bar.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If the values are not a matrix of numbers, or the number of neurons differs.

    Examples
    --------
    >>> import architect, synapse
    >>> from synapse import draw
    >>> net = architect.LSTM(1, 3, 1, seed=0)
    >>> with synapse.record(net) as log:
    ...     outputs = net.run([[1]] * 8)
    >>> ax = draw.raster(log)
    >>> [text.get_text() for text in ax.get_yticklabels()][:2]
    ['0', '0']
    """
    matrix, names, layers, what = over_time(values, neurons, what)
    steps, count = matrix.shape
    height = float(np.clip(0.17 * count + 0.9, 1.8, 9.0))
    with canvas(ax, (float(np.clip(0.06 * steps + 3.2, 5.0, 11.0)), height)) as ax:
        cmap, norm = coloring(matrix)
        ax.imshow(
            np.ma.masked_invalid(matrix.T),
            aspect="auto",
            origin="upper",
            cmap=cmap,
            norm=norm,
        )
        ax.spines[:].set_visible(False)
        ax.set_xlabel("step")
        owners = [layer for layer, size in layers for _ in range(size)]
        several = len(layers) > 1
        count_along(ax)
        ax.tick_params(length=0)
        if not name_each(ax.yaxis, short_names(names, owners) if several else names):
            ax.set_ylabel("neuron")
        if several:
            set_layers_apart(ax, layers, count)
        if color_bars:
            key(ax, cmap, norm, label(what), pad=0.16 if several else 0.02)
        return ax


def set_layers_apart(ax: Axes, layers: list[tuple[str, int]], rows: int) -> None:
    """Draw lines between layers, and the names of layers on the right, each with a line
    to its own.
    """
    a_row = points_each(ax.yaxis, rows)
    size = 8.0
    ends = list(accumulate(size for _, size in layers))
    for end in ends[:-1]:
        ax.axhline(end - 0.5, color=INK, lw=0.8)  # white is an activation of 0
    middles = np.array(
        [end - size / 2 - 0.5 for end, (_, size) in zip(ends, layers, strict=True)]
    )
    places = spread(middles, 1.5 * size / a_row, rows - 0.5)
    beside = ax.get_yaxis_transform()
    for (name, _), place, middle in zip(layers, places, middles, strict=True):
        line: dict[str, Any] = {
            "color": INK,
            "lw": 0.5,
            "transform": beside,
            "clip_on": False,
        }
        ax.plot([1.0, 1.01, 1.025], [middle, middle, place], **line)
        ax.text(1.03, place, label(name, 20), va="center", size=size, transform=beside)

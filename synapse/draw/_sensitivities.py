"""Draw sensitivities, which show how every parameter has changed every recurrent state,
as an image.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

from .._checks import boolean, positive_number, require, suggests_arguments
from .._typing import Ints
from ..objects.network import Network, require_network
from ..objects.sensitivities import sensitivity_matrix
from ..objects.topology import Topology
from ._style import (
    GRAY,
    INK,
    Axes,
    around_zero,
    canvas,
    diverging,
    key,
    label,
    points_each,
)

LETTER = 8.0
"""Size of names, in points."""


Bands = list[tuple[str, int, int]]
"""Neighbouring rows or columns with one name, given by the name, the first of them, and
the one after the last.
"""


@suggests_arguments("sensitivities")
def sensitivities(
    network: Annotated[Network, require_network],
    ax: Axes | None = None,
    *,
    scale: Annotated[float | None, positive_number] = None,
    color_bars: Annotated[bool, boolean] = True,
) -> Axes:
    """Draw the sensitivities d s_k / d p, with one row per recurrent neuron k and one
    column per parameter p.

    The columns are the trainable weights into each neuron and its bias, neuron by
    neuron. White means that there is no sensitivity, because the parameter cannot reach
    the neuron's state within the reach of the network's rule. Sensitivities are orange
    below zero, pale at zero, and blue above.

    Parameters
    ----------
    network : Network
        A network that learns by rtrl, see :attr:`Network.rule`, or that a
        Trainer has trained by it.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    scale : float, optional
        The sensitivity that has the full color. Pass it to compare several pictures.
        Default: the largest.
    color_bars : bool
        Whether to add a color bar.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `network` is not a network, has no sensitivities, or has no recurrent neuron
        or no trainable parameter.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> net = architect.Elman(2, 3, 1, seed=0)
    >>> net.rule = "rtrl"
    >>> outputs = net.run([[0.0, 1.0], [1.0, 1.0]])
    >>> ax = draw.sensitivities(net)
    >>> ax.images[0].get_array().shape, ax.get_title(loc="left")
    ((3, 22), '54 of 66 sensitivities are kept')
    """
    kept = sensitivity_matrix(network)
    table = Topology.of(network)
    own = kept.steps == 0
    recurrent_neurons = kept.rows[own]
    values = kept.values[own]
    require(
        values.size,
        "network",
        "a network with a recurrent neuron and a trainable parameter",
        network,
    )
    matrix = np.ma.masked_invalid(values)
    rows, columns = values.shape
    size = (
        float(np.clip(0.16 * columns + 2.4, 5.0, 12.0)),
        float(np.clip(0.3 * rows + 1.7, 2.7, 9.0)),
    )
    with canvas(ax, size) as ax:
        cmap = diverging()
        norm = around_zero(values, scale)
        ax.imshow(matrix, aspect="auto", origin="upper", cmap=cmap, norm=norm)
        ax.set_title(
            f"{matrix.count()} of {matrix.size} sensitivities are kept",
            size=LETTER,
            loc="left",
        )
        ax.set(
            xlabel="parameters, by the neuron they lead into",
            ylabel="recurrent neurons",
        )
        ax.tick_params(length=0)
        _name_axis(ax, ax.yaxis, table, recurrent_neurons, rows)
        _name_axis(ax, ax.xaxis, table, kept.owners, columns)
        if color_bars:
            key(ax, cmap, norm, r"$\partial s_k / \partial p$")
        return ax


def _name_axis(ax: Axes, axis: Any, table: Topology, neurons: Ints, count: int) -> None:
    """Draw names of neurons, or of layers where the neurons' names would overlap, and
    lines between them.
    """
    across = axis is ax.xaxis
    room = points_each(axis, count)
    of_layers = _bands(table.layer[neurons], table.layers)
    of_neurons = _bands(neurons, table.label)
    line = ax.axvline if across else ax.axhline
    for bands, color, width in ((of_neurons, GRAY, 0.4), (of_layers, INK, 1.0)):
        if room * count > 3 * len(bands):
            for _, _, stop in bands[:-1]:
                line(stop - 0.5, color=color, lw=width)
    named = of_neurons
    if not all(room * (stop - begin) >= 1.1 * LETTER for _, begin, stop in of_neurons):
        named = []
        # A name that is too close to the one before is left out.
        for name, begin, stop in of_layers:
            distance = np.inf
            if named:
                distance = room * (begin + stop - sum(named[-1][1:])) / 2
            if distance >= 1.5 * LETTER:
                named.append((name, begin, stop))
    middles = [(begin + stop - 1) / 2 for _, begin, stop in named]
    axis.set_ticks(middles, [label(name, 18) for name, _, _ in named], size=LETTER)
    if across and any(
        len(name) * LETTER > room * (stop - begin) for name, begin, stop in named
    ):
        axis.set_tick_params(rotation=90)


def _bands(numbers: Ints, names: Sequence[str]) -> Bands:
    """Return neighbouring places with the same number."""
    starts = np.flatnonzero(np.diff(numbers, prepend=-1)).tolist()
    stops = [*starts[1:], len(numbers)]
    return [
        (names[numbers[begin]], begin, stop)
        for begin, stop in zip(starts, stops, strict=True)
    ]

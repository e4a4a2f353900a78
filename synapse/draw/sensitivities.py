"""Sensitivities: how every parameter has moved every recurrent state, as an image."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._checks import boolean, expected, positive_number
from .._typing import Ints
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..objects.sensitivities import sensitivity_matrix
from ..objects.topology import Topology
from ._style import GREY, INK, canvas, diverging, key, label, largest, points_each

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LETTER = 8.0
"""Size of names, in points."""


class _Band(NamedTuple):
    """Neighbouring rows or columns with one name."""

    name: str
    first: int
    stop: int


def sensitivities(
    network: Network, ax: Axes | None = None, *, scale: float | None = None, colour_bars: bool = True
) -> Axes:
    """Draw the sensitivities d s_k / d p: one row per recurrent neuron k, one column per parameter p.

    The columns are the trainable weights into each neuron and its bias, neuron by neuron. A white place is
    a sensitivity that is not kept, because the parameter cannot reach the neuron's state within the order of
    the network's rule. The others are orange below zero, pale at zero, and blue above.

    Parameters
    ----------
    network : Network
        A network that learns by rtrl, see :attr:`Network.learning_rule`, or that a Trainer has trained by it.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    scale : float, optional
        The sensitivity that has the full colour. Give it to compare several pictures. Default: the largest.
    colour_bars : bool
        Whether to add a colour bar.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `network` is not a network, keeps no sensitivities, or has no recurrent neuron or no trainable
        parameter.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> net = architect.Elman(2, 3, 1, seed=0)
    >>> net.learning_rule = "rtrl"
    >>> outputs = net.run([[0.0, 1.0], [1.0, 1.0]])
    >>> ax = draw.sensitivities(net)
    >>> ax.images[0].get_array().shape, ax.get_title(loc="left")
    ((3, 22), '54 of 66 sensitivities are kept')
    """
    require_network("What has sensitivities", network)
    boolean("The colour_bars", colour_bars)
    full = None if scale is None else positive_number("The scale of sensitivities", scale)
    kept, table = sensitivity_matrix(network), Topology.of(network)
    if not kept.values.size:
        raise ArgumentError(
            expected("What ", "a network with a recurrent neuron and a trainable parameter", network)
        )
    matrix = np.ma.masked_invalid(kept.values)
    rows, columns = kept.values.shape
    size = (float(np.clip(0.16 * columns + 2.4, 5.0, 12.0)), float(np.clip(0.3 * rows + 1.7, 2.7, 9.0)))
    with canvas(ax, size) as ax:
        from matplotlib.colors import Normalize

        limit = full or largest(kept.values) or 1.0
        cmap, norm = diverging(), Normalize(-limit, limit)
        ax.imshow(matrix, aspect="auto", origin="upper", cmap=cmap, norm=norm)
        ax.set_title(f"{matrix.count()} of {matrix.size} sensitivities are kept", size=LETTER, loc="left")
        ax.set(xlabel="parameters, by the neuron they lead into", ylabel="recurrent neurons")
        ax.tick_params(length=0)
        _name_axis(ax, ax.yaxis, table, kept.rows, rows)
        _name_axis(ax, ax.xaxis, table, kept.owners, columns)
        if colour_bars:
            key(ax, cmap, norm, r"$\partial s_k / \partial p$")
        return ax


def _name_axis(ax: Axes, axis: Any, table: Topology, neurons: Ints, count: int) -> None:
    """Names of neurons, or of layers where those would overlap, and lines between them."""
    across = axis is ax.xaxis
    room = points_each(axis, count)
    of_layers = _bands([(i, table.layers[i]) for i in table.layer[neurons].tolist()])
    of_neurons = _bands([(i, table.names[i]) for i in neurons.tolist()])
    line = ax.axvline if across else ax.axhline
    for bands, width in ((of_neurons, 0.4), (of_layers, 1.0)):
        if room * count > 3 * len(bands):
            for band in bands[:-1]:
                line(band.stop - 0.5, color=INK if bands is of_layers else GREY, lw=width)
    fits = all(room * (band.stop - band.first) >= 1.1 * LETTER for band in of_neurons)
    named = of_neurons if fits else _without_overlap(of_layers, room)
    middles = [(band.first + band.stop - 1) / 2 for band in named]
    axis.set_ticks(middles, [label(band.name, 18) for band in named], size=LETTER)
    if across and any(len(band.name) * LETTER > room * (band.stop - band.first) for band in named):
        axis.set_tick_params(rotation=90)


def _bands(names: list[tuple[int, str]]) -> list[_Band]:
    """Neighbouring places with the same number and name."""
    bands, first = [], 0
    for (_, name), members in groupby(names):
        stop = first + len(list(members))
        bands.append(_Band(name, first, stop))
        first = stop
    return bands


def _without_overlap(bands: list[_Band], room: float) -> list[_Band]:
    """Bands whose names do not overlap: a name that is too close to the one before is left out."""
    chosen = bands[:1]
    for band in bands[1:]:
        apart = (band.first + band.stop - chosen[-1].first - chosen[-1].stop) / 2
        if room * apart >= 1.5 * LETTER:
            chosen.append(band)
    return chosen

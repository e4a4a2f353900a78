"""Matrices of groups: which types of neurons excite and inhibit which."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import numpy as np

from .._checks import boolean, positive_number, suggests_arguments
from .._typing import Floats
from ..objects.topology import NO_GATER, Topology
from ._places import diagram_of, grouped, names_shown
from ._raster import set_layers_apart
from ._style import (
    GROUND,
    INK,
    Axes,
    around_zero,
    canvas,
    diverging,
    key,
    largest,
    name_each,
)

CELL = 0.25
"""Inches of a row or a column, so that its name has letters of 8 points."""
LARGEST = 9.0
"""Inches of all rows or columns, at most."""
LETTER = 0.075
"""Inches of a letter."""
MAX_NAME_LETTERS = 24
"""Letters of a name; the rest of a longer one is cut off."""


@suggests_arguments("matrix")
def matrix(
    network: Any,
    ax: Axes | None = None,
    *,
    groups: str | None = None,
    scale: float | None = None,
    color_bars: Annotated[bool, boolean] = True,
) -> Axes:
    """Draw how groups of neurons excite and inhibit each other: one row per group of
    sources, one column per group of targets.

    The color of a square is the sum of the weights of all connections between the two
    groups, each times its present gain, as the color bar says if there are gates: blue
    above zero, orange below, grey at zero. The scale is symmetric. Groups that are not
    connected are white.

    Parameters
    ----------
    network : Network, or sequence of Neuron
        The network, or the neurons, to draw.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    groups : str, optional
        A name of metadata of neurons: those with the same value are a group, those
        without one, too. The groups are in the order of the mean place of their neurons
        in the order of activation. Groups without connections are left out. Default:
        layers.
    scale : float, optional
        The magnitude of the darkest colors; larger sums have the same color. Default:
        the largest magnitude.
    color_bars : bool
        Whether to add a color bar.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `network` is of another kind, or `scale` is not above 0.
    UnknownNameError
        If no neuron has metadata of the name `groups`.

    See Also
    --------
    hinton : The weights of one projection, neuron by neuron.

    Examples
    --------
    >>> import synapse
    >>> from synapse import draw
    >>> edges = [("eye", "a", 1.0), ("eye", "b", 2.0), ("b", "a", -0.5), ("a", "leg")]
    >>> types = {"name": ["eye", "a", "b", "leg"], "type": ["S", "I", "I", "M"]}
    >>> net = synapse.from_edges(edges, neurons=types, seed=0)
    >>> ax = draw.matrix(net, groups="type")
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['S', 'I', 'M']
    >>> ax.images[0].get_array()[:2, 1]
    masked_array(data=[3.0, -0.5],
                 mask=[False, False],
           fill_value=1e+20)
    """
    diagram = diagram_of(network)
    darkest = None if scale is None else positive_number("scale of matrix", scale)
    if groups is not None:
        diagram = grouped(diagram, groups)
    sums = _sums(diagram)
    connected = ~np.isnan(sums)
    shown = connected.any(axis=0) | connected.any(axis=1) | ~connected.any()
    sums = sums[np.ix_(shown, shown)]
    titles = [diagram.layers[i] for i in np.flatnonzero(shown).tolist()]
    side = max(1.2, min(CELL * len(titles), LARGEST))
    letters = LETTER * min(max(map(len, titles)), MAX_NAME_LETTERS)
    with canvas(ax, (side + letters + 1.8, side + letters + 0.6)) as ax:
        _draw_sums(ax, diagram, sums, darkest, color_bars, "sum of weights")
        for axis in (ax.yaxis, ax.xaxis):
            name_each(axis, titles, MAX_NAME_LETTERS)
            axis.set_ticks(np.arange(0.5, len(titles) - 1), minor=True)
        ax.tick_params(which="minor", length=0)
        ax.grid(which="minor", color=GROUND, lw=0.8)
        if max(map(len, titles)) > 2:
            ax.xaxis.set_tick_params(rotation=90)
        return ax


def draw_neurons(
    diagram: Topology, ax: Axes | None, title: str, color_bars: bool
) -> Axes:
    """Draw the weights between single neurons, in the order of their layers."""
    count = diagram.neurons
    order = np.argsort(diagram.layer, kind="stable")
    alone = replace(diagram, layers=diagram.names, layer=np.argsort(order))
    names = names_shown(diagram)
    side = float(np.clip(0.11 * count, 2.5, 7.0))
    with canvas(ax, (side + 2.6, side + 0.6)) as ax:
        _draw_sums(ax, alone, _sums(alone), None, color_bars, "weight", pad=0.18)
        ax.set(title=title, aspect="auto")
        for axis in (ax.yaxis, ax.xaxis):
            name_each(axis, [names[i] for i in order.tolist()], MAX_NAME_LETTERS)
        ax.xaxis.set_tick_params(rotation=90)
        sizes = diagram.sizes.tolist()
        set_layers_apart(ax, list(zip(diagram.layers, sizes, strict=True)), count)
        for end in np.cumsum(sizes)[:-1].tolist():
            ax.axvline(end - 0.5, color=INK, lw=0.8)
        return ax


def _draw_sums(
    ax: Axes,
    diagram: Topology,
    sums: Floats,
    darkest: float | None,
    color_bars: bool,
    name: str,
    **options: Any,
) -> None:
    """Draw squares in the colors of sums, with a bar that says what they are."""
    cmap = diverging()
    norm = around_zero(sums, darkest)
    image = ax.imshow(np.ma.masked_invalid(sums), cmap=cmap, norm=norm)
    image.set_gid("sums")
    ax.spines[:].set_visible(False)
    ax.set(xlabel="target", ylabel="source")
    if color_bars:
        gated = (diagram.gater != NO_GATER).any()
        beyond = "both" if darkest and largest(sums) > darkest else "neither"
        words = f"{name} \N{MULTIPLICATION SIGN} gain" if gated else name
        key(ax, cmap, norm, words, extend=beyond, **options)


def _sums(diagram: Topology) -> Floats:
    """Return the sums of weights, each times its gain, by layer of the source and of
    the target; NaN where there is no connection.
    """
    count = len(diagram.layers)
    pair = diagram.layer[diagram.source] * count + diagram.layer[diagram.target]
    links = np.bincount(pair, minlength=count * count)
    weights = diagram.weight * diagram.gain
    sums = np.bincount(pair, weights, count * count)
    return np.where(links > 0, sums, np.nan).reshape(count, count)

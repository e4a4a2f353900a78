"""Draw images of activations or states over time, and matrices of groups, which show
how types of neurons excite and inhibit each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Annotated, Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from .._checks import boolean, positive_number, suggests_arguments
from .._typing import Floats, Indices
from ..objects.recording import Log
from ..objects.topology import NO_GATER, Topology
from ._arguments import over_time
from ._places import diagram_of, grouped, names_shown, short_names
from ._style import (
    GROUND,
    INK,
    Axes,
    around_zero,
    canvas,
    coloring,
    count_along,
    diverging,
    key,
    label,
    largest,
    name_each,
    points_each,
    title_of,
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
    """Draw activations or states over time, with one row per neuron and one column per
    step.

    White is zero, teal above zero, and brown below. Purple marks numbers that are not
    finite.

    Parameters
    ----------
    values : Log or array_like, shape (T, n)
        A log, which shows its activations or the only number that it has, or an array
        of one, such as ``log.state``.
    neurons : Network, Layer, or sequence of Neuron or str, optional
        The neurons that the values belong to. Layers of a network are separated and
        named on the right, and the names of the rows are then shown without the names
        of the layers. Default: the neurons of the log, or numbers without a log.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    what : str, optional
        The name of the values, for the color bar. Default: the name of the log's
        variable, or "activation".
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


def set_layers_apart(ax: Axes, layers: Sequence[tuple[str, float]], rows: int) -> None:
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
    places = _spread(middles, 1.5 * size / a_row, rows - 0.5)
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


CELL = 0.25
"""Inches of a row or a column for a name with letters of 8 points."""
LARGEST = 9.0
"""Inches of all rows or columns, at most."""
LETTER = 0.075
"""Inches of a letter."""
MAX_NAME_LETTERS = 24
"""Maximum number of letters in a name. Longer names are cut off."""


def _spread(places: Floats, apart: float, last: float) -> Floats:
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


@suggests_arguments("matrix")
def matrix(
    network: Any,
    ax: Axes | None = None,
    *,
    groups: str | None = None,
    scale: float | None = None,
    color_bars: Annotated[bool, boolean] = True,
) -> Axes:
    """Draw how groups of neurons excite and inhibit each other, with one row per group
    of sources and one column per group of targets.

    The color of a square is the sum of the weights of all connections between the two
    groups, blue above zero, orange below, and grey at zero. If there are gates, each
    weight is multiplied by its present gain, which the color bar mentions. The scale is
    symmetric. Groups that are not connected are white.

    Parameters
    ----------
    network : Network, or sequence of Neuron
        The network, or the neurons, to draw.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    groups : str, optional
        A name of the neurons' metadata. Neurons with the same value form a group, and
        so do neurons without a value. The groups are in the order of the mean place of
        their neurons in the order of activation. Groups without connections are left
        out. Default: layers.
    scale : float, optional
        The magnitude of the darkest colors. Larger sums have the same color. Default:
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


MAX_ROWS = 400
"""Maximum number of rows in a matrix of neurons. More neurons share rows."""

MAX_UNSORTED = 40
"""Maximum number of neurons of a group that is not sorted by community."""

MAX_IN_LOUVAIN = 300_000
"""Maximum number of connections of a group that is sorted by community: Louvain's
method takes ten to twenty seconds then."""

MIN_IN_COMMUNITY = 5
SMALLEST_COMMUNITY = 0.01
"""Number of neurons that a community has at least, and their fraction of a group."""

OUTLIERS = 0.1
"""Fraction of the weights that may have the darkest color in common."""


def draw_neurons(
    diagram: Topology, ax: Axes | None, title: str, color_bars: bool, by_groups: bool
) -> Axes:
    """Draw the weights between single neurons or, if there are many, the numbers of
    connections, by community, within groups or instead of groups.
    """
    parts, by_community = _parts_of(diagram, by_groups)
    order = np.concatenate([mine for _, mine in parts])
    each = -(-diagram.neurons // MAX_ROWS)
    rows = -(-diagram.neurons // each)
    alone = replace(
        diagram, layers=("",) * rows, layer=np.argsort(order).astype(np.int64) // each
    )
    kind = "weight"
    if each > 1:
        ones = np.ones(diagram.connections)
        ungated = np.full(diagram.connections, NO_GATER)
        alone = replace(alone, weight=ones, gain=ones, gater=ungated)
        kind = f"connections of {each} \N{MULTIPLICATION SIGN} {each} neurons"
    sums = _sums(alone)
    sizes = np.abs(sums[np.isfinite(sums)])
    darkest = float(np.quantile(sizes, 1.0 - OUTLIERS)) if len(sizes) else 0.0
    side = float(np.clip(0.11 * rows, 2.5, 7.0))
    with canvas(ax, (side + 2.6, side + 0.6)) as ax:
        limit = darkest if largest(sums) > 2.0 * darkest else None
        _draw_sums(ax, alone, sums, limit, color_bars, kind, pad=0.18)
        if each > 1 and color_bars:
            ax.figure.axes[-1].set_ylim(bottom=0.0)  # no count is negative
        sorting = " by community" if by_community else ""
        title_of(ax, f"{title} in a matrix{sorting}")
        ax.set_aspect("auto")
        names = names_shown(diagram)
        for axis in (ax.yaxis, ax.xaxis):
            if each > 1:
                axis.set_ticks([])
            else:
                name_each(axis, [names[i] for i in order.tolist()], MAX_NAME_LETTERS)
        ax.xaxis.set_tick_params(rotation=90)
        lengths = [(name, len(mine) / each) for name, mine in parts]
        set_layers_apart(ax, lengths, rows)
        for end in np.cumsum([length for _, length in lengths])[:-1].tolist():
            ax.axvline(end - 0.5, color=INK, lw=0.8)
        return ax


def _parts_of(
    diagram: Topology, by_groups: bool
) -> tuple[list[tuple[str, Indices]], bool]:
    """Return the neurons in the order of their rows, which is by group, and by
    community in large groups, or by community of the whole network. Also return whether
    communities were found.
    """
    groups = [
        (name, np.flatnonzero(diagram.layer == i))
        for i, name in enumerate(diagram.layers)
    ]
    found = [(name, _communities_of(diagram, mine)) for name, mine in groups]
    if not by_groups:
        whole = _communities_of(diagram, np.arange(diagram.neurons))
        found = [("community", whole)] if len(whole) > 1 else found
    parts = [
        (f"{f'{name} {number}'.strip()}: {len(mine):,}", mine)
        for name, communities in found
        for number, mine in communities
    ]
    return parts, len(parts) > len(found)


def _communities_of(diagram: Topology, mine: Indices) -> list[tuple[str, Indices]]:
    """Return the neurons of a group by community, with a number, in the order of their
    mean place. Small communities are joined and come last.
    """
    member = np.zeros(diagram.neurons, bool)
    member[mine] = True
    source, target = diagram.source, diagram.target
    within = member[source] & member[target] & (source != target)
    links = np.count_nonzero(within)
    is_dense = links > 0.5 * len(mine) ** 2
    if len(mine) <= MAX_UNSORTED or is_dense or links > MAX_IN_LOUVAIN:
        return [("", mine)]
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(mine.tolist())
    graph.add_edges_from(
        zip(source[within].tolist(), target[within].tolist(), strict=True)
    )
    found = nx.community.louvain_communities(graph, seed=0)
    least = max(MIN_IN_COMMUNITY, SMALLEST_COMMUNITY * len(mine))
    sets = [np.sort(list(one)) for one in found if len(one) >= least]
    large = sorted(sets, key=np.mean)
    if len(large) < 2:
        return [("", mine)]
    others = np.setdiff1d(mine, np.concatenate(large))
    numbered = [(str(i), one) for i, one in enumerate(large, 1)]
    return [*numbered, *([("others", others)] if len(others) else [])]


def _draw_sums(
    ax: Axes,
    diagram: Topology,
    sums: Floats,
    darkest: float | None,
    color_bars: bool,
    name: str,
    **options: Any,
) -> None:
    """Draw squares in the colors of sums, with a labelled color bar."""
    cmap = diverging()
    norm = around_zero(sums, darkest)
    ax.imshow(np.ma.masked_invalid(sums), cmap=cmap, norm=norm).set_gid("sums")
    ax.spines[:].set_visible(False)
    ax.set(xlabel="target", ylabel="source")
    if color_bars:
        gated = (diagram.gater != NO_GATER).any()
        beyond = "both" if (sums < 0.0).any() else "max"
        beyond = beyond if darkest and largest(sums) > darkest else "neither"
        words = f"{name} \N{MULTIPLICATION SIGN} gain" if gated else name
        key(ax, cmap, norm, words, extend=beyond, **options)


def _sums(diagram: Topology) -> Floats:
    """Return the sums of weights, each times its gain, by layer of the source and of
    the target, with NaN where there is no connection.
    """
    count = len(diagram.layers)
    pair = diagram.layer[diagram.source] * count + diagram.layer[diagram.target]
    links = np.bincount(pair, minlength=count * count)
    sums = np.bincount(pair, diagram.weight * diagram.gain, count * count)
    return np.where(links > 0, sums, np.nan).reshape(count, count)

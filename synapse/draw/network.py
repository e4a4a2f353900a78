"""Draw a network neuron by neuron or, if it is large, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import boolean, is_among, unknown_name
from .._typing import Floats
from ..network import Network
from ..topology import NO_GATER, OUTSIDE, Topology
from . import _blocks as block_view
from ._diagram import diagram_of, short_names
from ._places import RADIUS, TALLEST, Places, arrowheads, marks, ways_of
from ._style import (
    GATE,
    INK,
    WIDE,
    around_zero,
    canvas,
    colouring,
    diverging,
    key,
    label,
    largest,
    lines,
    points_a_unit,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_NEURONS, MOST_CONNECTIONS = 300, 4000
"""Maximum numbers of neurons and connections of a network that is drawn neuron by neuron."""

MOST_ARROWHEADS = 250
"""Maximum number of connections that all have arrowheads."""

COLOURS = ("activation", "bias", "state")


def network(
    net: Any,
    ax: Axes | None = None,
    *,
    colour: str | None = None,
    blocks: bool | None = None,
    colour_bars: bool = True,
) -> Axes:
    """Draw a network: layers from left to right, connections as thick as their weights.

    Negative weights are orange, positive ones blue; the scale is that of the trainable weights, if there are
    any. Backward connections run above or below the others. Connections within a layer run beside it (on the
    left if they lead to an earlier neuron). Self-connections are loops. A gate is a dotted line from the
    gater to a mark on the gated connection.

    Networks of more than 300 neurons or 4000 connections are drawn by layers: boxes, and arrows labelled with
    the number and pattern of their connections. Arrows to the same or an earlier layer are green.

    Parameters
    ----------
    net : Network, or sequence of Neuron
        The network or neurons to draw. Loose neurons are drawn in a row, more than 25 of them as one layer.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    colour : {"activation", "bias", "state"}, optional
        The number that colours the discs of neurons, if neurons are drawn. Default: none.
    blocks : bool, optional
        Whether to draw by layers. Default: True for large networks.
    colour_bars : bool
        Whether to add colour bars beside the picture.

    Raises
    ------
    KindError, ArgumentError
        If `net` or `ax` is of another kind, or a neuron is given twice.
    UnknownNameError
        If `colour` is not one of these numbers.
    MissingExtraError
        Without matplotlib.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> from matplotlib import pyplot
    >>> ax = draw.network(architect.LSTM(2, 4, 1, seed=0), colour="bias")
    >>> ax.get_title()
    'LSTM'
    >>> pyplot.close(ax.figure)
    """
    diagram = diagram_of(net)
    boolean("The colour_bars", colour_bars)
    if colour is not None and not is_among(colour, COLOURS):
        raise unknown_name("number of a neuron to colour by", colour, COLOURS)
    large = diagram.neurons > MOST_NEURONS or diagram.connections > MOST_CONNECTIONS
    title = label(net.name, 40) if isinstance(net, Network) else ""
    if large if blocks is None else boolean("The blocks", blocks):
        return block_view.draw_blocks(diagram, ax, title)
    return _draw_neurons(diagram, ax, title, colour, colour_bars)


def _draw_neurons(diagram: Topology, ax: Axes | None, title: str, colour: str | None, bars: bool) -> Axes:
    places = Places.of(diagram)
    ways = ways_of(diagram, places)
    low, high = _extent(places, ways)
    size = high - low
    inches = min(0.8, 11.0 / size[0], 8.0 / size[1])
    with canvas(ax, (max(2.5, size[0] * inches + 0.4 + 0.8 * bars), max(1.8, size[1] * inches + 0.6))) as ax:
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        ax.set_axis_off()
        ax.set_title(title)
        if len(ways):
            _draw_connections(ax, diagram, ways, bars)
        _draw_gates(ax, diagram, places, ways)
        inks = _draw_discs(ax, diagram, places, colour, bars)
        _draw_names(ax, diagram, places, inks)
        _draw_layer_names(ax, diagram, places, low[1])
        return ax


def _extent(places: Places, ways: Floats) -> tuple[Floats, Floats]:
    """The corners of the picture, with space for the names of layers at the bottom."""
    every = np.concatenate([places.centres, ways.reshape(-1, 2)])
    low, high = every.min(axis=0) - np.array([0.9, 0.55]), every.max(axis=0) + np.array([0.9, 0.45])
    return low - [0.0, 0.9], high


def _draw_connections(ax: Axes, diagram: Topology, ways: Floats, bars: bool) -> None:
    from matplotlib.collections import PathCollection, PolyCollection
    from matplotlib.path import Path

    scale = diagram.weight[diagram.trainable] if diagram.trainable.any() else diagram.weight
    cmap, norm = diverging(), around_zero(scale)
    strength = np.minimum(np.abs(diagram.weight) / (largest(scale) or 1.0), 1.0)
    order = np.argsort(strength, kind="stable")  # the strong ones lie on top
    colours = cmap(norm(diagram.weight[order]))
    thickest = float(np.clip(30.0 / np.sqrt(len(ways)), 0.7, 3.0)) * min(1.0, points_a_unit(ax) / 40.0)
    ax.add_collection(
        PathCollection(
            [Path(way) for way in ways[order]],
            facecolors="none",
            edgecolors=colours,
            linewidths=thickest * (0.2 + 0.8 * strength[order]),
            zorder=1,
            gid="connections",
        )
    )
    few = diagram.connections <= MOST_ARROWHEADS  # otherwise only backward and lateral ones have arrowheads
    pointed = (few | (diagram.layer[diagram.target] <= diagram.layer[diagram.source]))[order]
    if pointed.any():
        heads = list(arrowheads(ways[order][pointed], 0.15))
        ax.add_collection(PolyCollection(heads, facecolors=colours[pointed], zorder=1.5, gid="arrowheads"))
    if bars:
        beyond = largest(diagram.weight) > largest(scale)
        key(ax, cmap, norm, "weight", extend="both" if beyond else "neither")


def _draw_gates(ax: Axes, diagram: Topology, places: Places, ways: Floats) -> None:
    """A mark on each gated connection, and a dotted line to it from the gater, if that is shown."""
    from matplotlib.collections import LineCollection, PatchCollection
    from matplotlib.patches import Circle

    gated = np.flatnonzero(diagram.gater != NO_GATER)
    if not len(gated):
        return
    spots = marks(ways, gated)
    known = diagram.gater[gated] != OUTSIDE
    starts = places.centres[diagram.gater[gated][known]]
    dotted = (0, (1, 2))
    ax.add_collection(
        LineCollection(
            list(np.stack([starts, spots[known]], axis=1)),
            colors=GATE,
            linestyles=[dotted],
            linewidths=0.9,
            zorder=1.8,
            gid="gates",
        )
    )
    circles = [Circle((x, y), 0.075) for x, y in spots]
    ax.add_collection(
        PatchCollection(circles, facecolor=GATE, edgecolor="white", lw=0.5, zorder=3, gid="gate marks")
    )


def _draw_discs(ax: Axes, diagram: Topology, places: Places, colour: str | None, bars: bool) -> list[str]:
    """Draw the neurons; returns a readable text colour for each."""
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Circle

    discs = PatchCollection([Circle((x, y), RADIUS) for x, y in places.centres], zorder=2, gid="neurons")
    discs.set(edgecolor=INK, linewidth=0.8, facecolor="white")
    ax.add_collection(discs)
    if colour is None:
        return [INK] * diagram.neurons
    values = getattr(diagram, colour)
    cmap, norm = (diverging(), around_zero(values)) if colour == "bias" else colouring(values)
    faces = cmap(norm(values))
    discs.set_facecolor(faces)
    if bars:
        key(ax, cmap, norm, colour, location="left")
    brightness = faces[:, :3] @ [0.299, 0.587, 0.114]
    return ["white" if bright < 0.5 else INK for bright in brightness]


def _draw_names(ax: Axes, diagram: Topology, places: Places, inks: list[str]) -> None:
    """Numbers and short names in the discs, longer names below them; none if they would be too small."""
    from matplotlib.patheffects import withStroke

    unit = points_a_unit(ax)
    size = min(8.0, 0.3 * unit)
    if size < 3.5:
        return
    folded = bool((diagram.sizes > TALLEST).any())
    room = int((0.9 if folded else 0.95 * places.gap) * unit / (WIDE * max(size - 1, 3.0)))
    halo = [withStroke(linewidth=2.0, foreground="white")]
    for (x, y), name, ink in zip(places.centres, short_names(diagram), inks, strict=True):
        if len(name) <= 3:
            inside = size if len(name) < 3 else 0.75 * size
            ax.text(x, y, label(name), ha="center", va="center", size=inside, color=ink, zorder=4)
        else:
            text, low = label(name, max(3, room)), y - RADIUS - 0.04
            ax.text(x, low, text, ha="center", va="top", size=size - 1, zorder=4, path_effects=halo)


def _draw_layer_names(ax: Axes, diagram: Topology, places: Places, bottom: float) -> None:
    """The names of layers at the foot of the picture, in a size that fits the longest word."""
    room = 0.92 * places.gap * points_a_unit(ax) / (1.12 * WIDE)
    longest = max(len(word) for name in diagram.layers for word in [*name.split(), "layer"])
    size = float(np.clip(room / min(longest, 12), 5.0, 9.0))
    for x, name in zip(places.columns, diagram.layers, strict=True):
        text = lines(name, max(4, int(room / size)))
        ax.text(x, bottom + 0.75, text, ha="center", va="top", size=size, weight="bold")

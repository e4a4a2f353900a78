"""Draw a network neuron by neuron or, if it is large, layer by layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from .._checks import (
    boolean,
    is_among,
    suggests_arguments,
    unknown_name,
)
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.topology import NO_GATER, Topology
from ._folded import draw_blocks
from ._picture import NUMBERS, Picture
from ._places import LAYERS, check_layout, grouped, names_of_metadata, places_of
from ._style import label, size_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_ROW = 25
"""Maximum number of neurons without a network that are each drawn in their own
column."""

MAX_NEURONS = 300
MAX_CONNECTIONS = 4000
"""Maximum numbers of neurons and connections of a network that is drawn neuron by
neuron."""

MAX_GATED = 600
"""The same for the connections of a network with gates."""

MAX_PRINTED = 100
"""Maximum number of connections with printed weights."""


@suggests_arguments("draw.network")
def network(
    network: Any,
    ax: Axes | None = None,
    *,
    color: str | None = None,
    groups: str | None = None,
    layout: Any = LAYERS,
    blocks: bool | None = None,
    numbers: bool = False,
    color_bars: Annotated[bool, boolean] = True,
) -> Axes:
    """Draw a network: layers from left to right, connections as thick as their weights.

    Negative weights are orange, positive ones blue; the scale is that of the trainable
    weights, if there are any. Layers are boxes. Connections pass between the neurons of
    the layers on their way. Backward ones run above or below all others, in one cable
    for each pair of layers, those within a layer beside it (on the left if they lead to
    an earlier neuron); a layer of 4 to 40 neurons with more such connections than
    neurons is a ring. Self-connections are loops. A gate is a dotted line from the
    gater to a mark on the gated connection; if one neuron gates several connections
    that share a source or a target, the line leads to a bar across all of them. Delayed
    connections start at the neuron that they delay; up to 100 are labelled with the
    delay: "t−2" is the activation of two steps ago.

    Networks of more than 300 neurons or 4000 connections, or 600 connections if some
    are gated, are drawn by layers: boxes with a dot for each neuron, and arrows
    labelled with the number of their connections, and with their pattern unless it is
    all to all. Arrows to the same or an earlier layer are green.

    Text, lines and arrows keep their proportions at any size of the axes. For PDF and
    SVG files with text that can be edited, save the figure within :func:`style`.

    Parameters
    ----------
    network : Network, or sequence of Neuron
        The network or neurons to draw. Loose neurons are drawn in a row, more than 25
        of them as one layer.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    color : str, optional
        Values that color the discs of neurons, of a large network with
        ``blocks=False``: "activation", "bias", "state", or a name of their
        :attr:`~synapse.Neuron.metadata`: numbers have a color bar, other values a
        legend. Default: none.
    groups : str, optional
        A name of metadata of neurons: those with the same value stand together, in
        place of those of a layer, and those without a value, too. The groups are in the
        order of the mean place of their neurons in the order of activation. Default:
        layers.
    layout : str or callable
        The positions of neurons. "layers" (the default); a layout of networkx,
        "circular", "forceatlas2", "kamada_kawai", "spectral", "spiral" or "spring"; or
        a function that is given a networkx DiGraph and returns a dict with a place (x,
        y) for each of its nodes, such as ``networkx.nx_agraph.graphviz_layout``. The
        nodes are the numbers of the neurons in the order of activation, with the
        attributes "name" and "layer". The attribute "strength" of an edge is the
        magnitude of its weight; edges with "gate" lead from gaters to the targets of
        what they gate. Colors of discs then show the layers, if `color` is not given.
    blocks : bool, optional
        Whether to draw by layers. Default: True for large networks, if no other layout
        is given.
    numbers : bool
        Whether to print every weight on its connection and every activation in its
        disc, to two decimals, for slides and exercises. Default False. The network may
        have up to 100 connections.
    color_bars : bool
        Whether to add color bars beside the picture.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `network`, `ax` or `layout` is of another kind, a neuron is given twice, a
        layout does not place every neuron, a network is drawn by layers with a layout,
        `color` or `numbers`, or `numbers` is True for more than 100 connections.
    UnknownNameError
        If no neuron has metadata of the name `color` or `groups`, or `layout` not one
        of these names.
    MissingExtraError
        Without matplotlib; if the layout needs SciPy, which is not installed.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> ax = draw.network(architect.LSTM(2, 4, 1, seed=0), color="bias")
    >>> ax.get_title()
    'LSTM'
    """
    diagram = diagram_of(network)
    colors = (*NUMBERS, *names_of_metadata(diagram))
    if color is not None and not is_among(color, colors):
        raise unknown_name("number or metadata of neurons to color by", color, colors)
    if groups is not None:
        diagram = grouped(diagram, groups)
    free = check_layout(layout)
    printed = boolean("numbers", numbers)
    if printed and diagram.connections > MAX_PRINTED:
        raise ArgumentError(
            f"numbers=True prints up to {MAX_PRINTED} weights; there are"
            f" {diagram.connections} connections."
        )
    maximum = MAX_GATED if (diagram.gater != NO_GATER).any() else MAX_CONNECTIONS
    large = diagram.neurons > MAX_NEURONS or diagram.connections > maximum
    by_layers = large and not free if blocks is None else boolean("blocks", blocks)
    if by_layers and (free or printed or color is not None):
        raise ArgumentError(
            "`color`, `numbers` and another `layout` are for neurons, which `blocks`,"
            " the default of large networks, does not draw. Pass one of the two."
        )
    title = label(network.name, 40) if isinstance(network, Network) else ""
    if by_layers:
        return draw_blocks(diagram, ax, title)
    window = None if ax is None else size_of(ax)
    picture = Picture(diagram, places_of(diagram, layout, printed, window), printed)
    return picture.draw(ax, title, color, color_bars)


def diagram_of(network: Any) -> Topology:
    """Return the table of a network, or of single neurons: up to 25 have a column each,
    more share one.
    """
    table = Topology.of([network] if isinstance(network, Neuron) else network)
    count = table.neurons
    if not count:
        raise ArgumentError("Expected at least one neuron to draw, got none.")
    if isinstance(network, Network) or count > LONGEST_ROW:
        return table
    return replace(table, layers=("",) * count, layer=np.arange(count))

"""Draw a network neuron by neuron or, if it is large, layer by layer."""

from __future__ import annotations

from typing import Annotated, Any

from .._checks import (
    boolean,
    is_among,
    suggests_arguments,
    unknown_name,
)
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.topology import NO_GATER, Topology
from ._folded import draw_blocks
from ._matrix import draw_neurons
from ._picture import NUMBERS, Picture
from ._places import (
    LAYERS,
    MATRIX,
    check_layout,
    diagram_of,
    grouped,
    names_of_metadata,
    places_of,
    structured,
)
from ._placing_rules import MAX_IN_RING
from ._style import Axes, label, size_of

MAX_NEURONS = 300
MAX_CONNECTIONS = 4000
"""Maximum numbers of neurons and connections of a network that is drawn neuron by
neuron."""

MAX_GATED = 600
"""The same for the connections of a network with gates."""

MAX_IN_SPRINGS = 500
"""Maximum number of connections that a layout by springs shows without being asked."""

MAX_PRINTED = 100
"""Maximum number of connections with printed weights."""


@suggests_arguments("draw.network")
def network(
    network: Any,
    ax: Axes | None = None,
    *,
    color: str | None = None,
    groups: str | None = None,
    layout: Any = None,
    blocks: bool | None = None,
    numbers: Annotated[bool, boolean] = False,
    color_bars: Annotated[bool, boolean] = True,
) -> Axes:
    """Draw a network: layers from left to right, connections as thick as their weights.

    Negative weights are orange, positive ones blue; the scale is that of the trainable
    weights, if there are any. Layers are boxes. Connections pass between the neurons of
    the layers on their way. Backward ones run above or below all others, in one cable
    for each pair of layers, but for those to the neuron beside, which return below
    the line between the two. Those within a layer are beside it (on the left if they
    lead to an earlier neuron); a layer of 4 to 40 neurons with more such connections
    than neurons is a ring, and a larger one a disc, in which springs place the neurons.
    Self-connections are loops. A gate is a dotted line from the gater to a mark on the
    gated connection; if one neuron gates several connections that share a source or a
    target, the line leads to a bar across all of them. Delayed connections start at the
    neuron that they delay; up to 100 are labelled with the delay: "t−2" is the
    activation of two steps ago.

    A network of more than 40 neurons in which more pairs of layers are connected
    backward than there are layers is laid out by springs as a whole. If such a network,
    or one with a disc, has more than 500 connections and no gates, it is drawn as a
    matrix. Networks of more than 300 neurons or 4000 connections, or 600 connections if
    some are gated, are drawn by layers: boxes with a dot for each neuron, and arrows
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
        The positions of neurons. "layers"; "matrix", a row and a column for each neuron
        and squares with the colors of weight times gain; a layout of networkx,
        "circular", "forceatlas2", "kamada_kawai", "spectral", "spiral" or "spring"; or
        a function that is given a networkx DiGraph and returns a dict with a place (x,
        y) for each of its nodes, such as ``networkx.nx_agraph.graphviz_layout``. The
        nodes are the numbers of the neurons in the order of activation, with the
        attributes "name" and "layer". The attribute "strength" of an edge is the
        magnitude of its weight; edges with "gate" lead from gaters to the targets of
        what they gate. Colors of discs then show the layers, if `color` is not given.
        Default: layers, or springs or a matrix, see above.
    blocks : bool, optional
        Whether to draw by layers. Default: True for large networks, if no layout is
        given.
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
    free = layout is not None and check_layout(layout, MATRIX)
    if numbers and diagram.connections > MAX_PRINTED:
        raise ArgumentError(
            f"numbers=True prints up to {MAX_PRINTED} weights; there are"
            f" {diagram.connections} connections."
        )
    maximum = MAX_GATED if (diagram.gater != NO_GATER).any() else MAX_CONNECTIONS
    large = diagram.neurons > MAX_NEURONS or diagram.connections > maximum
    by_layers = large and not free if blocks is None else boolean("blocks", blocks)
    has_discs = not by_layers and layout != MATRIX
    if (by_layers and free) or not (has_discs or color is None) or numbers > has_discs:
        raise ArgumentError(
            "`color`, `numbers` and another `layout` are for neurons, which `blocks`,"
            " the default of large networks, and layout='matrix' do not draw. Pass one"
            " of the two."
        )
    if layout is None:
        given = blocks is not None or numbers
        layout = LAYERS if given else _layout_of(diagram, color)
    title = label(network.name, 40) if isinstance(network, Network) else ""
    if by_layers:
        return draw_blocks(diagram, ax, title)
    if layout == MATRIX:
        return draw_neurons(diagram, ax, title, color_bars)
    window = None if ax is None else size_of(ax)
    picture = Picture(diagram, places_of(diagram, layout, numbers, window), numbers)
    return picture.draw(ax, title, color, color_bars)


def _layout_of(diagram: Topology, color: str | None) -> str:
    """Return the layout that shows how a network is connected; one with discs, if they
    are colored.
    """
    structure = structured(diagram)
    backward = [lead for lead in structure.leads if lead.start > lead.stop]
    crossing = len(backward) > len(structure.counts) and diagram.neurons > MAX_IN_RING
    gated = (diagram.gater != NO_GATER).any()
    is_dense = diagram.connections > MAX_IN_SPRINGS and not gated
    has_pool = (diagram.sizes[structure.ring] > MAX_IN_RING).any()
    if is_dense and color is None and (crossing or has_pool):
        return MATRIX
    return "spring" if crossing else LAYERS

"""Draw each connection of a network, bundles of connections or, for large networks, a
matrix.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np

from .._checks import (
    boolean,
    is_among,
    suggests_arguments,
    unknown_name,
)
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.topology import NO_GATER, Topology
from ._bundles import Bundles, boxes_of, bundles_of, draw_boxes
from ._matrix import draw_neurons
from ._neuron_picture import NUMBERS, NeuronPicture, with_connections
from ._places import (
    LAYERS,
    check_layout,
    diagram_of,
    grouped,
    names_of_metadata,
    places_of,
)
from ._placing_rules import MAX_IN_RING
from ._style import Axes, label, size_of

CONNECTIONS, BUNDLES, MATRIX = DETAILS = ("connections", "bundles", "matrix")

MAX_NEURONS = 150
MAX_CONNECTIONS = 200
"""Maximum numbers of neurons and connections of a network whose connections are all
drawn without being asked: In a larger network, lines cannot be followed.
"""

MAX_LINES = 20_000
"""Maximum number of connections that are drawn one by one at all: it takes about ten
seconds."""

MAX_BUNDLES = 16
MAX_BUNDLES_A_GROUP = 2
MAX_LEVELS = 12
"""Numbers of bundles, for the network or for each of its groups, and of groups that
follow each other, beyond which arrows are a tangle, or a strip with tiny text."""

MAX_IN_POOL = 100
"""Maximum number of neurons of a group with most of the connections within it."""

MAX_GATED = 60
"""Maximum number of gated connections that are drawn one by one among bundles."""

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
    detail: str | None = None,
    numbers: Annotated[bool, boolean] = False,
    color_bars: Annotated[bool, boolean] = True,
) -> Axes:
    """Draw a network: each connection, bundles of connections between groups or, if the
    network is large, a matrix of its neurons.

    In a picture of every connection, layers are boxes from left to right, and
    connections are as thick as their weights. Negative weights are orange, positive
    ones blue; the scale is that of the trainable weights, if there are any.
    Connections pass between the neurons of the layers on their way. Backward ones run
    above or below all others, in one cable for each pair of layers, except for those to
    the neuron beside, which return below the line between the two. Those within a layer
    are beside it (on the left if they lead to an earlier neuron); a layer of 4 to 40
    neurons with more such connections than neurons is a ring, and a larger one a disc,
    in which springs place the neurons. Self-connections are loops. A gate is a dotted
    line from the gater to a mark on the gated connection; if one neuron gates several
    connections that share a source or a target, the line leads to a bar across all of
    them. Delayed connections start at the neuron that they delay; up to 100 are
    labelled with the delay: "t−2" is the activation of two steps ago.

    In larger networks, single lines could not be followed. A network of more than 150
    neurons or 200 connections is therefore drawn in bundles: one arrow for all
    connections from one layer to another, labelled with their number, with their
    pattern unless it is all to all, and with their mean weight. The width shows the
    number, and the color the sign of the mean. Dotted lines lead from layers to marks
    on the bundles that their neurons gate.
    If up to 60 gated connections share bundles with others in a network of up to 150
    neurons, the neurons are drawn in place of boxes, and these connections apart from
    their bundles, each with its gate.

    More than 16 bundles that are also more than two for each layer would be a tangle,
    and more than 12 layers behind each other a strip. Such networks are drawn as a
    matrix, as are networks that have more than half of their connections within a layer
    of more than 100 neurons: a row and a column for each neuron, and squares with the
    colors of weight times gain. In layers of more than 40 neurons, or in the whole
    network if bundles would be a tangle, Louvain's method finds communities by which
    the rows are sorted. Above 400 neurons, several share a row, and the color of a
    square shows its number of connections.

    Text, lines and arrows keep their proportions at any size of the axes, and text
    below 7 points is left out. For PDF and SVG files with text that can be edited, save
    the figure within :func:`style`.

    Parameters
    ----------
    network : Network, or sequence of Neuron
        The network or neurons to draw. Loose neurons are drawn in a row, more than 25
        of them as one layer.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    color : str, optional
        Values that color the discs of neurons: "activation", "bias", "state", or a name
        of their :attr:`~synapse.Neuron.metadata`: numbers have a color bar, other
        values a legend. Every connection is drawn then. Default: none.
    groups : str, optional
        A name of metadata of neurons: those with the same value stand together, in
        place of those of a layer, and those without a value, too. The groups are in the
        order of the mean place of their neurons in the order of activation. Default:
        layers.
    layout : str or callable
        The positions of neurons in a picture of every connection. "layers"; a layout of
        networkx, "circular", "forceatlas2", "kamada_kawai", "spectral", "spiral" or
        "spring"; or a function that is given a networkx DiGraph and returns a dict with
        a place (x, y) for each of its nodes, such as
        ``networkx.nx_agraph.graphviz_layout``. The nodes are the numbers of the neurons
        in the order of activation, with the attributes "name" and "layer". The
        attribute "strength" of an edge is the magnitude of its weight; edges with
        "gate" lead from gaters to the targets of what they gate. Colors of discs then
        show the layers, if `color` is not given. Default: layers.
    detail : str, optional
        What is drawn: "connections", "bundles" or "matrix"; the title says which if not
        every connection is drawn. Default: by the size of the network, see above; every
        connection if `color`, `layout` or `numbers` is given.
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
        layout does not place every neuron, bundles or a matrix are drawn with `color`,
        `layout` or `numbers`, `numbers` is True for more than 100 connections, or more
        than 20,000 connections would be drawn one by one. Layouts by forces raise it
        above 500 neurons ("kamada_kawai"), 1,000 ("forceatlas2") or 2,500 ("spring"),
        because they would take minutes.
    UnknownNameError
        If no neuron has metadata of the name `color` or `groups`, or there is no such
        `layout` or `detail`.
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
    if layout is not None:
        check_layout(layout)
    if numbers and diagram.connections > MAX_PRINTED:
        raise ArgumentError(
            f"numbers=True prints up to {MAX_PRINTED} weights, got"
            f" {diagram.connections} connections. Use draw.matrix, or omit `numbers`."
        )
    of_lines = {"color": color, "layout": layout, "numbers": numbers or None}
    asked = [name for name, value in of_lines.items() if value is not None]
    detail = _checked_detail(diagram, detail, asked)
    title = label(network.name, 40) if isinstance(network, Network) else ""
    if detail != CONNECTIONS:
        size = f"{diagram.neurons:,} neurons, {diagram.connections:,} connections"
        title = f"{title}: {size}" if title else size
    if detail == MATRIX:
        by_groups = groups is not None or not _is_tangle(diagram, bundles_of(diagram))
        return draw_neurons(diagram, ax, title, color_bars, by_groups)
    window = None if ax is None else size_of(ax)
    if detail == BUNDLES:
        return _draw_in_bundles(diagram, ax, window, title, color_bars)
    places = places_of(diagram, layout or LAYERS, numbers, window)
    return NeuronPicture(diagram, places, numbers).draw(ax, title, color, color_bars)


def _checked_detail(diagram: Topology, detail: str | None, asked: list[str]) -> str:
    """Return the chosen detail, or raise an error if it cannot be drawn. `asked` are
    arguments for pictures of every connection.
    """
    if detail is None:
        detail = CONNECTIONS if asked else _detail_of(diagram)
    elif not is_among(detail, DETAILS):
        raise unknown_name("detail", detail, DETAILS)
    if asked and detail != CONNECTIONS:
        raise ArgumentError(
            f"`{asked[0]}` needs a picture of every connection, got detail={detail!r}."
            " Pass one of the two."
        )
    if detail == CONNECTIONS and diagram.connections > MAX_LINES:
        raise ArgumentError(
            f"A picture shows up to {MAX_LINES:,} connections one by one, got"
            f" {diagram.connections:,}. Pass detail='matrix', or write a file for"
            ' Gephi: synapse.save(net, "net.gexf").'
        )
    return detail


def _draw_in_bundles(
    diagram: Topology,
    ax: Axes | None,
    window: tuple[float, float] | None,
    title: str,
    color_bars: bool,
) -> Axes:
    """Draw bundles between boxes or, if these would hide a few gated connections,
    between neurons.
    """
    title += " in bundles"
    bundles = bundles_of(diagram)
    partly = (bundles.gated > 0) & (bundles.gated < bundles.size)
    single = partly[bundles.bundle] & (diagram.gater != NO_GATER)
    if not 0 < single.sum() <= MAX_GATED or diagram.neurons > MAX_NEURONS:
        return draw_boxes(diagram, bundles, ax, title)
    near = with_connections(diagram, single)
    places = places_of(diagram, LAYERS, False, window, near)
    title += f", {single.sum()} gated ones apart"
    return NeuronPicture(diagram, places, False, ~single).draw(
        ax, title, None, color_bars
    )


def _detail_of(diagram: Topology) -> str:
    """Choose the detail that shows how a network is connected, by its size and
    structure.
    """
    bundles = bundles_of(diagram)
    is_tangle = _is_tangle(diagram, bundles)
    count = diagram.connections
    if diagram.neurons <= MAX_NEURONS and count <= MAX_CONNECTIONS:
        is_few = diagram.neurons <= MAX_IN_RING
        return CONNECTIONS if is_few or not is_tangle else MATRIX
    within = np.where(bundles.source == bundles.target, bundles.size, 0)
    pool = bundles.source[within.argmax()] if count else 0
    size, inner = diagram.sizes[pool], within.max(initial=0)
    is_pool = size > MAX_IN_POOL and 0.5 * count < inner < 0.5 * size**2
    arranged = boxes_of(diagram, bundles).arrangement
    is_long = arranged is not None and max(arranged.rank) >= MAX_LEVELS
    return MATRIX if is_pool or is_long or is_tangle else BUNDLES


def _is_tangle(diagram: Topology, bundles: Bundles) -> bool:
    """Return whether a network has too many bundles for arrows between boxes."""
    most = max(MAX_BUNDLES, MAX_BUNDLES_A_GROUP * len(diagram.layers))
    return len(bundles.size) > most

"""Write GEXF, the format of Gephi, as a networkx graph with the looks of a picture and
activations over time.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from .._checks import as_matrix, suggests_arguments
from ..objects.network import Network
from ..objects.recording import Log
from ..objects.topology import NO_GATER, Topology
from ..readwrite import _files, _graph_files
from ..readwrite._formats import ALL, LINKED, Format
from ._places import places_of
from ._style import BLUE, PALE, RED, mixed, tints

POSITION_SCALE = 50.0
MIN_SIZE = 8.0
MAX_SIZE = 24.0
MAX_THICKNESS = 4.0
"""Distance in Gephi of two neurons of a column, sizes of neurons, and thickness of the
strongest connection.
"""


@suggests_arguments()
def gexf_data(
    network: Network,
    activations: ArrayLike | Log | None = None,
    *,
    layout: Any = "layers",
) -> str:
    """Write a network as GEXF 1.2, with all attributes of
    :func:`synapse.to_networkx`.

    Programs such as Gephi immediately show it as a picture. Each layer has a color, and
    the area of a neuron grows with the number of its connections. A connection is blue
    or, below zero, orange, and darker and thicker with the magnitude of its weight, on
    the scale of the trainable weights. Gated connections are dashed, where the program
    supports this. :func:`synapse.load` reads it without activations, in float64,
    because GEXF has no place for the dtype.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    activations : Log or array_like, shape (T, N), optional
        Activations of the N neurons in a run of T steps, for the timeline of Gephi, or
        a log that has the "activation" of all neurons. They are a dynamic attribute
        "activations", whose step t lasts from t to t + 1.
    layout : str or callable
        The positions of neurons, as in :func:`synapse.draw.network`. Default: layers
        from left to right.

    Returns
    -------
    str
        The content of a file: ``synapse.save(net, "net.gexf", layout="spring")`` writes
        it.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `activations` are not finite numbers of this shape, a log does not have them,
        or `layout` is of another kind or does not place every neuron.
    UnknownNameError, MissingExtraError
        If there is no such layout, or it needs SciPy, which is not installed.
    FormatError
        If a name has a character that XML cannot hold.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Examples
    --------
    >>> import architect, io, networkx
    >>> text = gexf_data(architect.Perceptron(2, 3, 1, seed=0))
    >>> networkx.read_gexf(io.BytesIO(text.encode())).nodes["5"]["layer"]
    'output'
    """
    graph = _graph_files.graph_of(network, "GEXF", _graph_files.UNFIT)
    shown = Topology.of(network)
    if activations is not None:
        values = (
            activations.of(network, "activation")
            if isinstance(activations, Log)
            else activations
        )
        steps = as_matrix("activations", values, len(network), np.dtype(np.float64))
        graph.graph["mode"] = "dynamic"
        for node, of_node in enumerate(steps.T.tolist()):
            graph.nodes[node]["activations"] = [
                (value, float(t), t + 1.0) for t, value in enumerate(of_node)
            ]
    _add_looks(graph, shown, layout)
    return _graph_files.xml_text(lambda stream: nx.write_gexf(graph, stream))


def _add_looks(graph: nx.DiGraph[int], table: Topology, layout: Any) -> None:
    """Add elements of GEXF's module viz to each neuron and each connection."""
    centres = (POSITION_SCALE * places_of(table, layout).centres).tolist()
    ends = np.concatenate([table.source, table.target])
    degrees = np.bincount(ends, minlength=table.neurons) / max(
        1, np.bincount(ends, minlength=1).max()
    )
    sizes = (MIN_SIZE + (MAX_SIZE - MIN_SIZE) * np.sqrt(degrees)).tolist()
    shades = tints(len(table.layers))
    for i, (x, y) in enumerate(centres):
        look = {
            "color": _color(shades[table.layer[i]]),
            "position": {"x": x, "y": y, "z": 0.0},
        }
        graph.nodes[i]["viz"] = {**look, "size": sizes[i]}
    scale = np.abs(
        table.weight[table.trainable] if table.trainable.any() else table.weight
    )
    strengths = np.minimum(
        np.abs(table.weight) / (scale.max(initial=0.0) or 1.0), 1.0
    ).tolist()
    keys = zip(
        *(end.tolist() for end in (table.source, table.target, table.delay)),
        strict=True,
    )
    for i, key in enumerate(keys):
        edge = graph.edges[key if graph.is_multigraph() else key[:2]]
        shade = mixed(PALE, BLUE if table.weight[i] >= 0 else RED, strengths[i])
        edge["viz"] = {
            "color": _color(shade),
            "thickness": max(0.2, MAX_THICKNESS * strengths[i]),
            "shape": "solid" if table.gater[i] == NO_GATER else "dashed",
        }


def _color(shade: tuple[float, float, float]) -> dict[str, float]:
    return {
        **dict(zip("rgb", (round(255 * channel) for channel in shade), strict=True)),
        "a": 1.0,
    }


FORMATS = (
    Format(
        name="gexf",
        purpose="Gephi, networkx; a picture; activations over time",
        kept=ALL.removesuffix(", dtype"),
        lost=(
            f"{LINKED}; the dtype; names with control characters are refused; the"
            " timeline is not read"
        ),
        link="https://gexf.net/schema.html",
        data=gexf_data,
        **_graph_files.readers(
            partial(_graph_files.xml_graph, _graph_files.read_gexf, "GEXF"), "GEXF"
        ),
        write=_files.write,
        read=_files.read,
    ),
)

"""Draw Hinton diagrams, which show weights as squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import numbers, positive_number, require_type, suggests_arguments
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.projection import Projection
from ._arguments import names_of
from ._style import BLUE, GRAY, RED, Axes, canvas, label, largest, name_each

GROUND = "#f1f1f1"


@suggests_arguments()
def hinton(
    weights: Any,
    ax: Axes | None = None,
    *,
    sources: Any = None,
    targets: Any = None,
    scale: float | None = None,
) -> Axes:
    """Draw weights as squares, one row per source, one column per target.

    The area of a square is the magnitude of its weight. Positive weights are blue, and
    negative ones orange. Pairs that are not connected are white, and a number that is
    not finite is a grey cross.

    Parameters
    ----------
    weights : Projection, or array_like of shape (sources, targets)
        The weights to draw.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    sources, targets : Layer, or sequence of Neuron or str, optional
        Names of rows and columns. Default: the neurons of the projection, or numbers.
    scale : float, optional
        The magnitude of a full square. Default: the largest magnitude.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If the weights are not a projection or matrix, the number of names differs, or
        the scale is not above 0.

    Examples
    --------
    >>> import architect
    >>> from synapse import Layer, draw
    >>> projection = Layer(3, name="a").project(Layer(2, name="b"), seed=0)
    >>> ax = draw.hinton(projection)
    >>> ax.get_ylabel(), [text.get_text() for text in ax.get_xticklabels()]
    ('a', ['b 0', 'b 1'])
    """
    matrix, connected, rows, columns = _matrix(weights)
    sources = rows if sources is None else sources
    targets = columns if targets is None else targets
    names = names_of("sources", sources, matrix.shape[0])
    others = names_of("targets", targets, matrix.shape[1])
    filled = None if scale is None else positive_number("scale of hinton", scale)
    full = filled or largest(matrix) or 1.0
    inches = min(0.35, 8.0 / max(matrix.shape))
    size = (
        max(2.6, matrix.shape[1] * inches + 1.4),
        max(2.2, matrix.shape[0] * inches + 1.2),
    )
    with canvas(ax, size) as ax:
        _draw_squares(ax, matrix, connected, full)
        ax.set(
            aspect="equal",
            xlim=(-0.5, matrix.shape[1] - 0.5),
            ylim=(matrix.shape[0] - 0.5, -0.5),
        )
        ax.spines[:].set_visible(False)
        ax.set_title(f"a full square is {full:.3g}", size=8, loc="left")
        for axis, (labels, layers), role in (
            (ax.yaxis, names, "sources"),
            (ax.xaxis, others, "targets"),
        ):
            axis.set_label_text(label(layers[0][0] if layers else role))
            name_each(axis, labels, 18)
        if max(len(name) for name in others[0]) > 2:
            ax.xaxis.set_tick_params(rotation=90)
        return ax


def _matrix(weights: Any) -> tuple[Floats, Any, Any, Any]:
    """Return weights as a matrix, the mask of connections, and the layers of rows and
    columns.
    """
    if isinstance(weights, Projection):
        row, column = (
            {n: i for i, n in enumerate(layer)}
            for layer in (weights.source, weights.target)
        )
        matrix = np.zeros((len(row), len(column)))
        connected = matrix > 0
        for link in weights:
            place = row[link.source], column[link.target]
            matrix[place] = link.weight
            connected[place] = True
        return matrix, connected, weights.source, weights.target
    require_type(
        not isinstance(weights, Network),
        "weights",
        "a Projection or a matrix",
        weights,
        "Use draw.matrix(net), which shows all layers.",
    )
    matrix = numbers("weights", weights, "a Projection or a matrix")
    if matrix.ndim != 2 or not matrix.size:
        raise ArgumentError(
            "Expected weights with a row for each source and a column for each target, "
            f"got an array of shape {matrix.shape}."
        )
    return matrix, np.ones(matrix.shape, bool), None, None


def _draw_squares(ax: Axes, matrix: Floats, connected: Any, full: float) -> None:
    """Draw the background, the squares, and crosses for numbers that are not finite."""
    from matplotlib.collections import PolyCollection

    ground = _squares(np.argwhere(connected), np.full(connected.sum(), 0.96))
    ax.add_collection(PolyCollection(ground, facecolors=GROUND, gid="connections"))
    drawn = np.isfinite(matrix) & (matrix != 0)
    values = matrix[drawn]
    sides = 0.92 * np.sqrt(np.minimum(np.abs(values) / full, 1.0))
    colors = [BLUE if value > 0 else RED for value in values]
    ax.add_collection(
        PolyCollection(
            _squares(np.argwhere(drawn), sides), facecolors=colors, gid="weights"
        )
    )
    rows, columns = np.nonzero(~np.isfinite(matrix))
    ax.plot(columns, rows, "x", color=GRAY, gid="not finite")


def _squares(places: Any, sides: Floats) -> Any:
    """Return corners of squares on rows and columns, shape (squares, 4, 2)."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return places[:, None, ::-1] + sides[:, None, None] * corners

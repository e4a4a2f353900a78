"""What neurons hold at every step of a sequence: what rasters and traces show."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from .. import recording
from .._checks import as_matrix, is_among, listed, numbers, unknown_name
from .._typing import Floats
from ..errors import ArgumentError
from ..layer import Layer
from ..network import Network, require_network
from ..neuron import Neuron

NUMBERS = ("activation", "state")


def record(net: Network, inputs: ArrayLike, what: str = "activation") -> Floats:
    """Run a network over a sequence and keep what each of its neurons held at each step.

    Parameters
    ----------
    net : Network
        What runs; afterwards it stands where ``net.run(inputs)`` would have brought it.
    inputs : array_like, shape (T, n)
        One row a step.
    what : {"activation", "state"}
        Which of their numbers.

    Returns
    -------
    ndarray, shape (T, neurons)

    Raises
    ------
    KindError, ArgumentError
        If `net` is no network, or the inputs do not fit or are not finite; nothing has run then.
    UnknownNameError
        If neurons have no such number.

    Examples
    --------
    >>> import architect
    >>> from synapse import draw
    >>> draw.record(architect.Perceptron(2, 3, 1, seed=0), [[0, 1], [1, 1]]).shape
    (2, 6)
    """
    require_network("What is recorded", net)
    if not is_among(what, NUMBERS):
        raise unknown_name("number of a neuron to record", what, NUMBERS)
    rows = as_matrix("The inputs", inputs, len(net.input), net._store.dtype)
    with recording.record(net, what) as log:
        net.run(rows)
    return log[what]


def series(values: ArrayLike) -> Floats:
    """`values` as a matrix of steps and neurons.

    Raises
    ------
    KindError, ArgumentError
        If they are no numbers, or of another shape, or none.
    """
    matrix = numbers("The values", values, "a matrix of steps and neurons")
    if matrix.ndim != 2 or not matrix.size:
        raise ArgumentError(
            f"The values must have a row a step and a column a neuron. Got an array of shape {matrix.shape}."
        )
    return matrix


def who(neurons: Any, count: int) -> tuple[list[str], list[tuple[str, int]]]:
    """Names of `count` neurons, and of the layers they are in, with their sizes.

    Raises
    ------
    KindError, ArgumentError
        If `neurons` are no network, layer, neurons or names, or of another number.
    """
    if neurons is None:
        return [str(i) for i in range(count)], []
    shown = listed("The neurons", neurons, "a Network, a Layer, or a list of neurons or names")
    if len(shown) != count:
        raise ArgumentError(
            f"The neurons must be as many as the values have columns: {count}. Got {len(shown)}."
        )
    names = [n.name if isinstance(n, Neuron) else str(n) for n in shown]
    layers = list(neurons.layers) if isinstance(neurons, Network) else []
    layers = [neurons] if isinstance(neurons, Layer) else layers
    return names, [(layer.label, len(layer)) for layer in layers]

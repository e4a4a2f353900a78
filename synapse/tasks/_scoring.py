"""Scores of a network on sequences. The context is cleared before each sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from numpy.typing import ArrayLike, NDArray

from .._checks import any_array, expected, listed
from .._typing import Floats
from ..errors import ArgumentError, KindError
from ..learning._data import input_rows
from ..network import Network, require_network


def equal_shapes(outputs: ArrayLike, targets: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Outputs of a network and their targets, as arrays of one shape."""
    given = []
    for what, values in (("The outputs", outputs), ("The targets", targets)):
        given.append(any_array(what, values, "numbers"))
        if given[-1].dtype.kind not in "biuf":
            raise KindError(expected(what, "numbers", values))
    if given[0].shape != given[1].shape:
        raise ArgumentError(expected("The outputs", f"of shape {given[1].shape}", given[0].shape))
    return given[0], given[1]


def fraction(network: Network, inputs: Sequence[Floats], right: Callable[[int, Floats], bool]) -> float:
    """Fraction of sequences, each of shape (T_i, n), that the network gets right. Empty ones do not count.

    `right` takes the number of a sequence and its outputs, shape (T_i, m). Afterwards the network has the
    context of the last sequence; its weights have not changed.

    >>> import architect, numpy as np
    >>> net = architect.Perceptron(1, 1, seed=0)
    >>> fraction(net, [np.zeros((3, 1))] * 4, lambda i, outputs: i < 3)
    0.75
    """
    require_network("What is scored", network)
    inputs = listed("The sequences", inputs, "a list of arrays (T, n)")
    filled = [i for i, rows in enumerate(inputs) if len(rows)]
    if not filled:
        raise ArgumentError("Expected at least one sequence, got none.")
    for rows in inputs:
        input_rows("The inputs", network, rows)
    count = 0
    for i in filled:
        network.clear()
        count += bool(right(i, network.run(inputs[i])))
    return count / len(filled)

"""How a network is judged on sequences: each begins with a cleared context."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ArgumentError
from ..network import Network, require_network

Floats = NDArray[np.float64]


def fraction(network: Network, inputs: Sequence[Floats], right: Callable[[int, Floats], bool]) -> float:
    """Which fraction of sequences is answered rightly.

    Parameters
    ----------
    network : Network
        What answers. Its weights stay; its context is the last sequence's afterwards.
    inputs : sequence of ndarray, each of shape (T_i, n)
        The sequences. Empty ones count for nothing.
    right : callable
        Takes the number of a sequence and the outputs (T_i, m) to it; whether they are right.

    Raises
    ------
    ArgumentError, KindError
        If there are no sequences, or what is judged is not a network they fit.

    >>> import architect, numpy as np
    >>> net = architect.Perceptron(1, 1, seed=0)
    >>> fraction(net, [np.zeros((3, 1))] * 4, lambda i, outputs: i < 3)
    0.75
    """
    require_network("What is judged", network)
    filled = [i for i, rows in enumerate(inputs) if len(rows)]
    if not filled:
        raise ArgumentError("There must be at least one sequence to judge a network by. Got none.")
    count = 0
    for i in filled:
        network.clear()
        count += bool(right(i, network.run(inputs[i])))
    return count / len(filled)

"""The language a^n b^n c^n: predict which symbols can come next.

A string is S, n times a, n times b, n times c, then T. After every symbol but T, a network must name all
symbols that can come next; to know when the b end, it must count the a. Gers and Schmidhuber 2001.

>>> string(2)
'SaabbccT'
>>> legal(2)
['a', 'ab', 'ab', 'b', 'c', 'c', 'T']
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import MOST_SEQUENCES, finite_number, positive_integer
from .._random import Seed, random_generator
from .._typing import Floats
from ..errors import ArgumentError
from ..network import Network, require_network
from ._scoring import equal_shapes

Mask = NDArray[np.bool_]

INPUTS = "Sabc"
"""The symbols of the four inputs, in their order."""
OUTPUTS = "abcT"
"""The symbols of the four outputs, in their order."""
MOST = 100_000
"""Largest n of a string."""


def string(n: int) -> str:
    """Return the string of this n, 1 or above.

    >>> string(3)
    'SaaabbbcccT'
    """
    n = _checked_n(n)
    return "S" + n * "a" + n * "b" + n * "c" + "T"


def _checked_n(n: Any) -> int:
    """Return `n`, or raise an error."""
    return positive_integer("The n of a string", n, MOST)


def legal(n: int) -> list[str]:
    """List the symbols that can come next, after each symbol of a string but the last.

    Every string has at least one a. The first b determines how many b and c follow.

    >>> legal(1)
    ['a', 'ab', 'c', 'T']
    """
    n = _checked_n(n)
    return ["a", *n * ["ab"], *(n - 1) * ["b"], *n * ["c"], "T"]


def legal_mask(n: int) -> Mask:
    """The result of :func:`legal` as booleans, shape (3n + 1, 4), by step and symbol of :data:`OUTPUTS`."""
    n = _checked_n(n)
    mask = np.zeros((3 * n + 1, 4), np.bool_)
    mask[: n + 1, 0] = mask[1 : 2 * n, 1] = mask[2 * n : 3 * n, 2] = mask[3 * n, 3] = True
    return mask


def encode(n: int, off: float = -1.0) -> tuple[Floats, Floats]:
    """Encode a string as inputs, one symbol per step, and targets, the set of legal next symbols.

    Parameters
    ----------
    n : int
        Number of a, of b and of c.
    off : float
        Value of the symbols that are not present, below 1; present ones are 1. Default -1, as in the paper;
        0 is for logistic outputs.

    Returns
    -------
    inputs, targets : ndarray, shape (3n + 1, 4) each

    Examples
    --------
    >>> inputs, targets = encode(1, off=0.0)
    >>> inputs.argmax(axis=1).tolist(), targets[1].tolist()
    ([0, 1, 2, 3], [1.0, 1.0, 0.0, 0.0])
    """
    n, low = _checked_n(n), _checked_off(off)
    inputs = np.full((3 * n + 1, 4), low)
    inputs[0, 0] = inputs[1 : n + 1, 1] = inputs[n + 1 : 2 * n + 1, 2] = inputs[2 * n + 1 :, 3] = 1.0
    return inputs, np.where(legal_mask(n), 1.0, low)


def _checked_off(off: Any) -> float:
    """Return the value of absent symbols, or raise an error."""
    low = finite_number("The off", off)
    if low >= 1.0:
        raise ArgumentError(f"Expected the off to be below 1, the value of present symbols, got {low:g}.")
    return low


def sequences(
    count: int, most: int = 10, seed: Seed = None, off: float = -1.0
) -> tuple[list[Floats], list[Floats]]:
    """Draw strings and encode them as inputs and targets for :class:`synapse.Trainer`.

    Parameters
    ----------
    count : int
        Number of strings.
    most : int
        Largest n; every n from 1 to `most` is equally probable. Default 10.
    seed : int or numpy.random.Generator, optional
        Seed of the random choices. A generator continues its own stream.
    off : float
        See :func:`encode`.

    Returns
    -------
    inputs, targets : list of ndarray, each of shape (3n + 1, 4)

    Examples
    --------
    >>> inputs, targets = sequences(3, seed=0)
    >>> [rows.shape for rows in inputs]
    [(28, 4), (22, 4), (19, 4)]
    """
    rng, count = random_generator(seed), positive_integer("The count of strings", count, MOST_SEQUENCES)
    most, low = _checked_n(most), _checked_off(off)
    pairs = [encode(n, low) for n in rng.integers(1, most, count, endpoint=True).tolist()]
    return [inputs for inputs, _ in pairs], [targets for _, targets in pairs]


def right(outputs: ArrayLike, allowed: ArrayLike, threshold: float = 0.0) -> bool:
    """Whether exactly the legal symbols have outputs above the threshold, at every step.

    Parameters
    ----------
    outputs : array_like, shape (T, 4)
        Outputs of a network.
    allowed : array_like of bool, shape (T, 4)
        Legal symbols, as :func:`legal_mask` returns them.
    threshold : float
        Outputs above it count as predicted. Default 0, as in the paper; 0.5 is for targets of 0 and 1.

    Examples
    --------
    >>> right([[0.9, -0.2, -1.1, -0.8]], legal_mask(1)[:1])
    True
    """
    limit = finite_number("The threshold", threshold)
    values, mask = equal_shapes(outputs, allowed)
    return bool(((values > limit) == mask).all())


def longest(network: Network, most: int = 1000, off: float = -1.0) -> int:
    """The largest N such that a network predicts the strings of all n from 1 to N correctly; 0 if none.

    Parameters
    ----------
    network : Network
        A network with four inputs and four outputs. Afterwards it has the context of the last string.
    most : int
        Largest n to test. Default 1000.
    off : float
        See :func:`encode`; the threshold is halfway between it and 1.

    Raises
    ------
    ArgumentError, KindError
        If an argument cannot be used, or the network does not have four inputs and four outputs.

    Examples
    --------
    >>> import architect
    >>> longest(architect.LSTM(4, 2, 4, seed=0))
    0
    """
    require_network("What is scored", network)
    most, threshold = _checked_n(most), (_checked_off(off) + 1.0) / 2.0
    if (len(network.input), len(network.output)) != (4, 4):
        shape = f"{len(network.input)} and {len(network.output)}"
        raise ArgumentError(f"Expected a network with 4 inputs and 4 outputs, one per symbol, got {shape}.")
    for n in range(1, most + 1):
        network.clear()
        if not right(network.run(encode(n, off)[0]), legal_mask(n), threshold):
            return n - 1
    return most

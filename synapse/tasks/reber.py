"""The embedded Reber grammar: predict which symbols can come next.

A Reber string is a random walk along the arcs of a graph (:data:`ARCS`), with equal probabilities at
every fork. An embedded string wraps one: ``B``, then ``T`` or ``P``, a Reber string, the
same ``T`` or ``P`` again, ``E``. To predict the last symbol but one, a network must store one bit during the
whole inner string. Hochreiter and Schmidhuber 1997, experiment 1.

>>> strings(3, seed=0)
['BPBTSSXXVPXVPSEPE', 'BPBTXSEPE', 'BPBPTTTTVPXTVPXVPSEPE']
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .._checks import MOST_SEQUENCES, boolean, expected, listed, positive_integer, text
from .._random import Seed, random_generator
from .._typing import Floats
from ..errors import ArgumentError
from ..network import Network
from ._scoring import equal_shapes, fraction

Mask = NDArray[np.bool_]

SYMBOLS = "BTPSXVE"
"""The seven symbols, in the order of inputs and outputs."""

ARCS = {
    0: {"B": 1},
    1: {"T": 2, "P": 3},
    2: {"S": 2, "X": 4},
    3: {"T": 3, "V": 5},
    4: {"S": 6, "X": 3},
    5: {"V": 6, "P": 4},
    6: {"E": 7},
}
"""The grammar: for each node, the next node by symbol. Walks start at node 0 and end at node 7."""

END = 7
OUTER = "TP"


def string(seed: Seed = None) -> str:
    """Generate one embedded Reber string; see :func:`strings`.

    >>> string(seed=1)
    'BPBPTVVEPE'
    """
    rng = random_generator(seed)
    outer = _either(OUTER, rng)
    inner, node = "", 0
    while node != END:
        arcs = ARCS[node]
        symbol = _either("".join(arcs), rng)
        inner, node = inner + symbol, arcs[symbol]
    return f"B{outer}{inner}{outer}E"


def _either(symbols: str, rng: np.random.Generator) -> str:
    """Choose one of one or two symbols; a single symbol draws no random number."""
    return symbols[0] if len(symbols) == 1 or rng.random() < 0.5 else symbols[1]


def strings(count: int, seed: Seed = None) -> list[str]:
    """Generate embedded Reber strings, independently of each other.

    Parameters
    ----------
    count : int
        Number of strings.
    seed : int or numpy.random.Generator, optional
        Seed of the random choices. A generator continues its own stream.
    """
    rng, count = random_generator(seed), positive_integer("The count of strings", count, MOST_SEQUENCES)
    return [string(rng) for _ in range(count)]


def legal(string: str) -> list[str]:
    """List the symbols that can come next, after each symbol but the last.

    Parameters
    ----------
    string : str
        An embedded Reber string.

    Returns
    -------
    list of str
        One entry per step; the number of steps is the length of the string minus 1.

    Raises
    ------
    ArgumentError
        If the grammar does not generate this string.

    Examples
    --------
    >>> legal("BTBTXSETE")
    ['TP', 'B', 'TP', 'SX', 'SX', 'E', 'T', 'E']
    """
    text("An embedded Reber string", string)
    outer, inner = string[1:2], string[2:-2]
    node, answers = 0, []
    for symbol in inner:
        after = ARCS.get(node, {}).get(symbol)
        if after is None:
            break
        node = after
        answers.append("".join(ARCS.get(node, {})) or outer)
    whole = node == END and len(answers) == len(inner)
    if not whole or outer not in OUTER or string != f"B{outer}{inner}{outer}E":
        raise ArgumentError(
            expected("An embedded Reber string", "B, T or P, a Reber string, that letter again, E", string)
        )
    return [OUTER, "B", *answers, "E"]


def legal_mask(string: str) -> Mask:
    """The result of :func:`legal` as booleans, shape (T, 7), by step and symbol."""
    return np.array([[symbol in allowed for symbol in SYMBOLS] for allowed in legal(string)])


def encode(string: str) -> tuple[Floats, Floats]:
    """Encode a string as one-hot inputs and targets; the target of a step is the next symbol.

    Parameters
    ----------
    string : str
        Two or more symbols of :data:`SYMBOLS`.

    Returns
    -------
    inputs, targets : ndarray, shape (T, 7) each, where T is the length of the string minus 1

    Examples
    --------
    >>> inputs, targets = encode("BTX")
    >>> inputs.argmax(axis=1).tolist(), targets.argmax(axis=1).tolist()
    ([0, 1], [1, 4])
    """
    text("A string to encode", string)
    places = [SYMBOLS.find(symbol) for symbol in string]
    if len(places) < 2 or min(places) < 0:
        raise ArgumentError(expected("A string to encode", f"two or more of the symbols {SYMBOLS}", string))
    rows = np.eye(len(SYMBOLS))[places]
    return rows[:-1], rows[1:]


def sequences(count: int, seed: Seed = None) -> tuple[list[Floats], list[Floats]]:
    """Generate strings and encode them as inputs and targets for :class:`synapse.Trainer`.

    Returns
    -------
    inputs, targets : list of ndarray, each of shape (T_i, 7)

    Examples
    --------
    >>> inputs, targets = sequences(3, seed=0)
    >>> [rows.shape for rows in inputs]
    [(16, 7), (8, 7), (20, 7)]
    """
    pairs = [encode(string) for string in strings(count, seed)]
    return [inputs for inputs, _ in pairs], [targets for _, targets in pairs]


def right(outputs: Floats, allowed: Mask, strict: bool = False) -> bool:
    """Whether the most active output is a legal next symbol at every step.

    Parameters
    ----------
    outputs : ndarray, shape (T, 7)
        Outputs of a network.
    allowed : ndarray of bool, shape (T, 7)
        Legal symbols, as :func:`legal_mask` returns them.
    strict : bool
        Whether to use the criterion of Hochreiter and Schmidhuber: every legal symbol has a higher output
        than every other symbol.

    Examples
    --------
    >>> right(np.array([[0.0, 0.9, 0.4, 0.5, 0.0, 0.0, 0.0]]), legal_mask("BTBTXSETE")[:1])
    True
    >>> right(np.array([[0.0, 0.9, 0.4, 0.5, 0.0, 0.0, 0.0]]), legal_mask("BTBTXSETE")[:1], strict=True)
    False
    """
    boolean("The strict", strict)
    outputs, allowed = equal_shapes(outputs, allowed)
    illegal = np.where(allowed, -np.inf, outputs).max(axis=1)
    if strict:
        ahead = np.where(allowed, outputs, np.inf).min(axis=1)
    else:
        ahead = np.where(allowed, outputs, -np.inf).max(axis=1)
    return bool((ahead > illegal).all())


def fraction_right(network: Network, strings: Sequence[str], strict: bool = False) -> float:
    """Fraction of strings that a network predicts correctly at every step, from a cleared context.

    Parameters
    ----------
    network : Network
        A network with seven inputs and seven outputs. Afterwards it has the context of the last string.
    strings : sequence of str
        Embedded Reber strings.
    strict : bool
        See :func:`right`.

    Raises
    ------
    ArgumentError, KindError
        If there are no strings, a string is not in the grammar, or the network does not fit.

    Examples
    --------
    >>> import architect
    >>> fraction_right(architect.LSTM(7, 4, 7, seed=0), strings(20, seed=0))
    0.0
    """
    strings = listed("The strings", strings, "a list of embedded Reber strings")
    masks = [legal_mask(string) for string in strings]
    inputs = [encode(string)[0] for string in strings]
    return fraction(network, inputs, lambda i, outputs: right(outputs, masks[i], strict))

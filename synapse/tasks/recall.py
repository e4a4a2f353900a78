"""Distracted sequence recall: output the target symbols of a sequence, in order, at the prompts.

A sequence shows target symbols at random places among distractors, then the prompts one by one.
All targets are 0 before the first prompt. At the first prompt the target is 1 for the output of the first
target symbol shown, at the second prompt for that of the second, and so on. Monner and Reggia 2012,
section 5.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._checks import MOST_SEQUENCES, finite_array, listed, positive_integer
from .._random import Seed, random_generator
from .._typing import Floats
from ..errors import ArgumentError
from ..network import Network
from ._scoring import equal_shapes, fraction

MOST_SYMBOLS = 1000
"""Maximum number of symbols of a kind; each has its own input."""


def sequences(
    count: int, targets: int = 2, distractors: int = 2, prompts: int = 2, length: int = 10, seed: Seed = None
) -> tuple[list[Floats], list[Floats]]:
    """Generate inputs and targets of random sequences for :class:`synapse.Trainer`.

    Parameters
    ----------
    count : int
        Number of sequences.
    targets : int
        Number of target symbols. They are the first inputs, and the outputs in the same order.
    distractors : int
        Number of distractor symbols: the inputs after those of the targets.
    prompts : int
        Number of prompt symbols, the last inputs. Each sequence ends with all prompts, in order, and
        shows as many targets before, drawn with replacement.
    length : int
        Number of steps of a sequence, including the prompts.
    seed : int or numpy.random.Generator, optional
        Seed of the random sequences.

    Returns
    -------
    inputs : list of ndarray, each of shape (length, targets + distractors + prompts)
    targets : list of ndarray, each of shape (length, targets)

    Raises
    ------
    ArgumentError, KindError
        If a number is not a whole number above 0, or the length is too short for targets and prompts.

    Examples
    --------
    >>> inputs, targets = sequences(1, length=6, seed=2)
    >>> inputs[0].argmax(axis=1).tolist()  # 0 and 1 are targets, 2 and 3 distractors, 4 and 5 prompts
    [1, 2, 0, 3, 4, 5]
    >>> targets[0][4:].tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    count = positive_integer("The count of sequences", count, MOST_SEQUENCES)
    targets = positive_integer("The targets of recall", targets, MOST_SYMBOLS)
    distractors = positive_integer("The distractors of recall", distractors, MOST_SYMBOLS)
    prompts = positive_integer("The prompts of recall", prompts, MOST_SYMBOLS)
    length = positive_integer("The length of recall", length, MOST_SEQUENCES)
    if length < 2 * prompts:
        raise ArgumentError(
            f"Expected the length of recall to be at least {2 * prompts}, "
            f"so that each of {prompts} prompts has a target, got {length}."
        )
    rng = random_generator(seed)
    symbols = np.eye(targets + distractors + prompts)
    pairs = [_sequence(symbols, targets, distractors, prompts, length, rng) for _ in range(count)]
    return [inputs for inputs, _ in pairs], [targets for _, targets in pairs]


def _sequence(
    symbols: Floats, targets: int, distractors: int, prompts: int, length: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Generate one sequence; `symbols` has a one-hot row for each symbol."""
    open_steps = length - prompts
    shown = rng.integers(targets, size=prompts)
    order = targets + rng.integers(distractors, size=open_steps)
    order[np.sort(rng.permutation(open_steps)[:prompts])] = shown
    aims = np.zeros((length, targets))
    aims[open_steps + np.arange(prompts), shown] = 1.0
    asked = targets + distractors + np.arange(prompts)
    return symbols[np.concatenate([order, asked])], aims


def right(outputs: Floats, targets: Floats) -> bool:
    """Whether every rounded output equals its target at every step.

    Parameters
    ----------
    outputs, targets : ndarray, shape (T, m)
        Outputs of a network, and their targets.

    Examples
    --------
    >>> right(np.array([[0.4, 0.1], [0.2, 0.7]]), np.array([[0.0, 0.0], [0.0, 1.0]]))
    True
    """
    found, expected = equal_shapes(outputs, targets)
    return bool((np.rint(found) == expected).all())


def fraction_right(network: Network, inputs: Sequence[Floats], targets: Sequence[Floats]) -> float:
    """Fraction of sequences that a network gets right at every step; the context is cleared before each.

    Parameters
    ----------
    network : Network
        The network. Afterwards it has the context of the last sequence.
    inputs, targets : sequence of ndarray
        As :func:`sequences` returns them.

    Raises
    ------
    ArgumentError, KindError
        If there are no sequences, their number differs from that of the targets, or the network does not fit.

    Examples
    --------
    >>> import architect
    >>> fraction_right(architect.LSTM(6, 7, 2, seed=0), *sequences(20, seed=0))
    0.0
    """
    inputs = listed("The inputs", inputs, "a list of arrays (T, n)")
    listed_targets = listed("The targets", targets, "a list of arrays (T, m)")
    targets = [finite_array("The targets", rows) for rows in listed_targets]
    if len(inputs) != len(targets):
        raise ArgumentError(f"Expected as many inputs as targets, got {len(inputs)} and {len(targets)}.")
    return fraction(network, inputs, lambda i, outputs: right(outputs, targets[i]))

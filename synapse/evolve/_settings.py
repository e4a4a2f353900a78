"""Define the probabilities and coefficients of NEAT, each with its source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial
from typing import Annotated, Any, final

import numpy as np
from numpy.typing import NDArray

from .. import _squash
from .._checks import (
    choice,
    from_0_to_1,
    listed,
    non_negative_integer,
    non_negative_number,
    require,
    suggests_arguments,
    whole_number,
)
from .._typing import Ints
from .._ways import OTHER_SQUASH
from ..engine.functions.activations import ACTIVATIONS, SINGLE
from ._kernels.genes import record

FRACTIONS = 1000
"""Largest numerator and denominator of a weight that is a fraction."""
SELECTIONS = ("fitness", "pareto", "novelty")


def or_infinity(check: Callable[[str, Any], float]) -> Callable[[str, Any], float]:
    """Return the check of a number that may be infinite."""

    def checked(title: str, value: Any) -> float:
        endless = isinstance(value, float) and value == np.inf
        return value if endless else check(title, value)

    return checked


def largest(title: str, value: Any) -> int:
    """Return the largest numerator of a fraction, or raise."""
    condition = f"a whole number from 0 to {FRACTIONS:,}"
    return whole_number(title, value, condition, 0, FRACTIONS)


def names_of(title: str, several: Any) -> tuple[str, ...]:
    """Return the names of activation functions that genomes can have, or raise."""
    functions = listed(title, several, "a sequence of activation functions")
    codes_of(functions)
    return tuple(_squash.get(squash).name for squash in functions)


Probability = Annotated[float, from_0_to_1]
Number = Annotated[float, non_negative_number]
Endless = Annotated[float, or_infinity(non_negative_number)]
Count = Annotated[float, or_infinity(non_negative_integer)]
Largest = Annotated[int, largest]


@final
@suggests_arguments(
    "Settings",
    of_class=False,
    void=[
        *(
            (name, "select", lambda given: given["select"] != "fitness")
            for name in ("stagnation", "refocus")
        ),
    ],
)
@dataclass(frozen=True)
class Settings:
    """How genomes are compared, selected, crossed and mutated.

    The defaults are those of Stanley and Miikkulainen 2002, section 4.1, for
    populations of 150. "Program" marks values that are missing in the paper, and were
    taken from the parameter files of the authors' program. All mutations and options
    from `recurrent` on are off by default.

    Parameters
    ----------
    excess, disjoint, weight_difference : float
        c1, c2 and c3 of the compatibility distance. Default 1, 1 and 0.4 (section 4.1).
    threshold : float
        Compatibility threshold. Genomes that are closer than this to its representative
        join a species. Default 3 (section 4.1). With ``inf``, there is only one
        species.
    stagnation : int
        A species without improvement for this many generations has no offspring.
        Default 15 (section 4.1).
    refocus : int
        If the population has not improved for this many generations, only the best two
        species have offspring. Section 3.3 uses 20. Default ``inf``, which disables it,
        because on XOR, 20 makes the slowest runs, by removing the other species again
        and again (``studies/evolution.md``).
    champion_size : int
        Number of genomes above which a species copies its champion unchanged. Default 5
        (section 4.1).
    survival : float
        Fraction of a species, its fittest genomes, that may be parents. Default 0.2
        (program).
    mutation_only : float
        Probability that a child has one parent and is not crossed. Default 0.25
        (section 4.1).
    interspecies : float
        Probability that the other parent is of another species. Default 0.001 (section
        4.1).
    inherit_disabled : float
        Probability that a gene which is disabled in either parent is disabled in the
        child. Default 0.75 (section 4.1).
    mutate_weights : float
        Probability that the weights of a child are mutated. Default 0.8 (section 4.1).
    perturb : float
        Probability that a weight is perturbed when mutated, instead of replaced.
        Default 0.9 (section 4.1).
    weight_step : float
        A perturbation is uniform within plus and minus this. Default 2.5 (program).
    weight_range : float
        A new weight is uniform within plus and minus this. Default 8, which was chosen
        on XOR, because neither source gives a value.
    add_node : float
        Probability that a connection is split by a node. Default 0.03 (section 4.1).
    add_connection : float
        Probability of a new connection, for which 20 pairs of nodes are tried
        (program). Default 0.05 (section 4.1, which uses 0.3 for populations of 1,000).
    recurrent : float
        Probability that a new connection leads backward, or from a node to itself, and
        therefore carries the activation of the previous step. Default 0.
    add_self_connection : float
        Probability of a new self-connection, which carries over the state. Its weight
        is 1 and does not mutate. Default 0.
    add_gate, remove_gate : float
        Probability that a node becomes the gater of a connection, and that a gate is
        removed. Default 0.
    mutate_squash : float
        Probability that a hidden node takes another of the `squashes`. Default 0.
    delay_connection : float
        Probability that a connection becomes one that carries the activation of the
        previous step, or of the same step again. Default 0.
    fractions : int
        Weights are fractions of whole numbers up to this, at most 1,000. A new weight
        is small, and a mutation moves one weight of the child to a fraction next to it,
        instead of using `weight_range` and `weight_step`. Default 0, which allows any
        numbers as weights.
    remove_connection, remove_node : float
        Probability that a connection is removed, or a hidden node with its connections.
        Default 0.
    select : str
        Criterion of the selection: "fitness", "pareto" for several objectives as in
        NSGA-II, or "novelty" of their behaviour. With "pareto" and "novelty", species
        do not stagnate. Default "fitness". See :func:`neat`.
    squashes : sequence of str or Squash
        The activation functions of hidden nodes, which must be built-in functions of
        one state. A new node has the first. Default: logistic.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a probability is not from 0 to 1, a number is negative, not a number or not a
        whole one where it counts something, or a squash cannot be used.

    Examples
    --------
    >>> from synapse import evolve
    >>> evolve.Settings(add_connection=0.3, threshold=4.0).threshold
    4.0
    """

    excess: Number = 1.0
    disjoint: Number = 1.0
    weight_difference: Number = 0.4
    threshold: Endless = 3.0
    stagnation: Count = 15
    refocus: Count = np.inf
    champion_size: Count = 5
    survival: Probability = 0.2
    mutation_only: Probability = 0.25
    interspecies: Probability = 0.001
    inherit_disabled: Probability = 0.75
    mutate_weights: Probability = 0.8
    perturb: Probability = 0.9
    weight_step: Number = 2.5
    weight_range: Number = 8.0
    add_node: Probability = 0.03
    add_connection: Probability = 0.05
    recurrent: Probability = 0.0
    add_self_connection: Probability = 0.0
    add_gate: Probability = 0.0
    remove_gate: Probability = 0.0
    mutate_squash: Probability = 0.0
    delay_connection: Probability = 0.0
    fractions: Largest = 0
    remove_connection: Probability = 0.0
    remove_node: Probability = 0.0
    select: Annotated[str, partial(choice, options=SELECTIONS)] = "fitness"
    squashes: Annotated[tuple[Any, ...], names_of] = ("logistic",)


def record_of(settings: Settings) -> NDArray[Any]:
    """Return the numbers as one record, which kernels read."""
    names = [field.name for field in fields(settings)[:-2]]
    row = tuple(min(float(getattr(settings, name)), 1e300) for name in names)
    return np.array([row], record([(name, "f8") for name in names]))


def codes_of(several: Any) -> Ints:
    """Return the codes of activation functions, which must all be built-in functions of
    one state.
    """
    codes = []
    for squash in several:
        name = _squash.get(squash).name
        if name not in ACTIVATIONS or ACTIVATIONS[name].family != SINGLE:
            raise OTHER_SQUASH.error(squash=name)
        codes.append(ACTIVATIONS[name].code)
    require(codes, "squashes", "at least one", several)
    return np.array(codes, np.int64)

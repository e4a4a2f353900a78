"""Probabilities and coefficients of NEAT, each with its source."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from .. import squash as squashes
from .._checks import expected, finite_number, listed
from .._typing import Ints
from ..engine.evolution.genes import record
from ..engine.functions.activations import ACTIVATIONS, SINGLE
from ..errors import ArgumentError

PROBABILITIES = (
    "mutation_only", "interspecies", "inherit_disabled", "mutate_weights", "perturb", "add_node",
    "add_connection", "recurrent", "add_self_connection", "add_gate", "remove_gate", "mutate_squash",
    "remove_connection", "remove_node", "survival",
)  # fmt: skip
ENDLESS = ("stagnation", "refocus", "champion_size")


@final
@dataclass(frozen=True)
class Settings:
    """How genomes are compared, selected, crossed and mutated.

    The defaults are those of Stanley and Miikkulainen 2002, section 4.1, for populations of 150. "Program"
    marks what the paper leaves open and the parameter files of the authors' program say. Everything from
    `recurrent` on is off by default.

    Parameters
    ----------
    excess, disjoint, weight_difference : float
        c1, c2 and c3 of the compatibility distance. Default 1, 1 and 0.4 (section 4.1).
    threshold : float
        Compatibility threshold: genomes closer than this to its representative join a species. Default 3
        (section 4.1). With ``inf`` there is one species.
    stagnation : int
        A species without improvement for so many generations has no offspring. Default 15 (section 4.1).
    refocus : int
        If the population has not improved for so many generations, only the best two species have offspring.
        Default 20 (section 3.3).
    champion_size : int
        The champion of a larger species is copied unchanged. Default 5 (section 4.1).
    survival : float
        Fraction of a species that may be parents: the fittest. Default 0.2 (program).
    mutation_only : float
        Probability that a child has one parent and is not crossed. Default 0.25 (section 4.1).
    interspecies : float
        Probability that the other parent is of another species. Default 0.001 (section 4.1).
    inherit_disabled : float
        Probability that a gene which is disabled in either parent is disabled in the child. Default 0.75
        (section 4.1).
    mutate_weights : float
        Probability that the weights of a child are mutated. Default 0.8 (section 4.1).
    perturb : float
        Probability that a weight is then perturbed; otherwise it is replaced. Default 0.9 (section 4.1).
    weight_step : float
        A perturbation is uniform within plus and minus this. Default 2.5 (program).
    weight_range : float
        A new weight is uniform within plus and minus this. Default 8, chosen on XOR; neither source says it.
    add_node : float
        Probability that a connection is split by a node. Default 0.03 (section 4.1).
    add_connection : float
        Probability of a new connection, for which 20 pairs of nodes are tried (program). Default 0.05
        (section 4.1); it says 0.3 for populations of 1,000.
    recurrent : float
        Probability that a new connection leads backward, or from a node to itself, so that it carries the
        activation of the previous step. Default 0.
    add_self_connection : float
        Probability of a new self-connection, which carries over the state. Its weight is 1 and does not
        mutate. Default 0.
    add_gate, remove_gate : float
        Probability that a node becomes the gater of a connection, and that a gate is removed. Default 0.
    mutate_squash : float
        Probability that a hidden node takes another of the `squashes`. Default 0.
    remove_connection, remove_node : float
        Probability that a connection is removed, or a hidden node with its connections. Default 0.
    squashes : sequence of str or Squash
        The activation functions of hidden nodes: built-in functions of one state. A new node has the first.
        Default: logistic.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a probability is not from 0 to 1, a number is negative or not a number, or a squash cannot be used.

    Examples
    --------
    >>> from synapse import evolve
    >>> evolve.Settings(add_connection=0.3, weight_difference=3.0, threshold=4.0).threshold
    4.0
    """

    excess: float = 1.0
    disjoint: float = 1.0
    weight_difference: float = 0.4
    threshold: float = 3.0
    stagnation: float = 15
    refocus: float = 20
    champion_size: float = 5
    survival: float = 0.2
    mutation_only: float = 0.25
    interspecies: float = 0.001
    inherit_disabled: float = 0.75
    mutate_weights: float = 0.8
    perturb: float = 0.9
    weight_step: float = 2.5
    weight_range: float = 8.0
    add_node: float = 0.03
    add_connection: float = 0.05
    recurrent: float = 0.0
    add_self_connection: float = 0.0
    add_gate: float = 0.0
    remove_gate: float = 0.0
    mutate_squash: float = 0.0
    remove_connection: float = 0.0
    remove_node: float = 0.0
    squashes: tuple[Any, ...] = ("logistic",)

    def __post_init__(self) -> None:
        for field in fields(self):
            name, value = field.name, getattr(self, field.name)
            if name == "squashes":
                several = listed("The squashes", value, "a sequence of activation functions")
                codes_of(several)
                object.__setattr__(self, name, tuple(squashes.get(one).name for one in several))
            elif not (name in ("threshold", *ENDLESS) and isinstance(value, float) and value == np.inf):
                number = finite_number(f"The {name}", value)
                most = 1.0 if name in PROBABILITIES else np.inf
                if not 0.0 <= number <= most or (number == 0 and name in ENDLESS[:2]):
                    condition = "a number from 0 to 1" if most == 1.0 else "a number above 0"
                    raise ArgumentError(expected(f"The {name}", condition, value))

    def record(self) -> NDArray[Any]:
        """The numbers as kernels read them: one record."""
        names = [field.name for field in fields(self) if field.name != "squashes"]
        row = tuple(min(float(getattr(self, name)), 1e300) for name in names)
        return np.array([row], record([(name, "f8") for name in names]))

    def codes(self) -> Ints:
        """The codes of the squashes."""
        return codes_of(self.squashes)


def codes_of(several: Any) -> Ints:
    """Codes of activation functions, all built in and of one state."""
    found = []
    for one in several:
        name = squashes.get(one).name
        if name not in ACTIVATIONS or ACTIVATIONS[name].kind != SINGLE:
            raise ArgumentError(expected("A squash of a genome", "built in, of one state", name))
        found.append(ACTIVATIONS[name].code)
    if not found:
        raise ArgumentError(expected("The squashes", "at least one", several))
    return np.array(found, np.int64)

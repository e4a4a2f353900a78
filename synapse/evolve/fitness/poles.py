"""Balancing poles on a cart: section 4.3 of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, final

import numpy as np

from ..._checks import boolean, expected, whole_number
from ..._typing import Bools, Floats
from ...engine.evolution.poles import SCORE, SIZE, step_poles
from ...errors import ArgumentTypeError
from ..phenotype import Phenotype
from ..phenotypes import Phenotypes
from .base import Fitness
from .environment import run_episodes

FRACTIONS = (0.05, 0.25, 0.5, 0.75, 0.95)
WIDTHS = (2.16, 1.35, np.radians(3.6), np.radians(8.6))
"""Bounds of the 625 starts of the test: place and speed of the cart, and of the long pole."""
ENOUGH = 200
LONG_TEST, SHORT_TEST = 100_000, 1_000
"""Numbers of steps of 0.02 s."""


def start_of(*numbers: float) -> Floats:
    """The state of a cart and its poles, with the memory that its kernel needs."""
    state = np.zeros(SIZE)
    state[: len(numbers)] = numbers
    return state


@final
@dataclass(frozen=True)
class Poles(Fitness):
    """Balance a pole of 1 m, or this one and one of 0.1 m, on a cart: section 4.3 of the paper.

    The long pole starts at 4 degrees. An episode ends if a pole is beyond 36 degrees or the cart beyond 2.4
    m. The output, from 0 to 1, is a force from -10 N to 10 N. Inputs are place and angles, scaled, each
    followed by its velocity.

    With velocities, fitness is the number of steps of 0.02 s, solved at 100,000. Without, it is Gruau's: 0.1
    t / 1000 + 0.9 f over 1,000 steps, where f punishes movement in the last 100 of them. It is solved if
    the fittest of a generation balances for 100,000 steps and from 200 of 625 other starts.

    Parameters
    ----------
    count : int
        Number of poles, 1 or 2. Default 2.
    velocities : bool
        Whether velocities are inputs. Default True.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used.

    Examples
    --------
    >>> from synapse import evolve
    >>> evolve.neat(evolve.fitness.Poles(count=1), seed=0).solved
    True
    """

    count: int = 2
    velocities: bool = True
    outputs = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", whole_number("The count", self.count, "1 or 2", 1, 2))
        object.__setattr__(self, "velocities", boolean("The velocities", self.velocities))

    @property
    def inputs(self) -> int:  # type: ignore[override]
        """Number of inputs: 4 or 6 with velocities, 2 or 3 without."""
        return (1 + self.count) * (1 + self.velocities)

    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome, and with velocities whether it solves the task."""
        start = start_of(0.0, 0.0, np.radians(4.0))[None]
        steps, score = (LONG_TEST, None) if self.velocities else (SHORT_TEST, SCORE)
        scores, lengths = run_episodes(phenotypes, step_poles, start, steps, score)
        return scores[:, 0], lengths[:, 0] >= LONG_TEST

    def confirm(self, phenotype: Phenotype) -> bool:
        """Without velocities: whether it balances for 100,000 steps, and from 200 of 625 other starts."""
        if self.velocities:
            return False
        start = start_of(0.0, 0.0, np.radians(4.0))[None]
        _, lengths = run_episodes(Phenotypes.of(phenotype), step_poles, start, LONG_TEST, None)
        return bool(lengths[0, 0] >= LONG_TEST) and self.generalisation(phenotype) >= ENOUGH

    def generalisation(self, phenotype: Phenotype) -> int:
        """Count from how many of 625 starts it balances the poles for 1,000 steps.

        The starts are all combinations of five places and speeds of the cart and of the long pole.
        """
        given: Any = phenotype
        if not isinstance(given, Phenotype) or (given.inputs, given.outputs) != (self.inputs, 1):
            condition = f"a Phenotype with {self.inputs} inputs and 1 output"
            raise ArgumentTypeError(expected("The phenotype", condition, phenotype))
        starts = [
            start_of(*((2.0 * part - 1.0) * width for part, width in zip(parts, WIDTHS, strict=True)))
            for parts in product(FRACTIONS, repeat=4)
        ]
        _, lengths = run_episodes(Phenotypes.of(phenotype), step_poles, np.array(starts), SHORT_TEST, None)
        return int((lengths >= SHORT_TEST).sum())

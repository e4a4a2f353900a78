"""Balancing two poles on a cart: section 4.3 of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, final

import numpy as np

from ..._checks import boolean, expected
from ..._typing import Bools, Floats
from ...engine.evolution.poles import ONE_POLE, ROOM, SCORE, TWO_POLES, step_two_poles
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


def start_of(poles: int, *numbers: float) -> Floats:
    """The state of a cart and its poles, with the memory that its kernel needs."""
    state = np.zeros((ONE_POLE if poles == 1 else TWO_POLES) + ROOM)
    state[: len(numbers)] = numbers
    return state


@final
@dataclass(frozen=True)
class DoublePole(Fitness):
    """Balance two poles; :func:`double_pole` makes it.

    Parameters
    ----------
    velocities : bool
        Whether the network sees the velocities of cart and poles.
    """

    velocities: bool = True
    outputs = 1

    @property
    def inputs(self) -> int:  # type: ignore[override]
        """Number of inputs: 6 with velocities, 3 without."""
        return 6 if self.velocities else 3

    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome, and whether it balances the poles for 100,000 steps."""
        start = start_of(2, 0.0, 0.0, np.radians(4.0))[None]
        if self.velocities:
            scores, steps = run_episodes(phenotypes, step_two_poles, start, LONG_TEST, None)
            return scores[:, 0], steps[:, 0] >= LONG_TEST
        scores, _ = run_episodes(phenotypes, step_two_poles, start, SHORT_TEST, SCORE)
        return scores[:, 0], np.zeros(len(phenotypes), bool)

    def confirm(self, phenotype: Phenotype) -> bool:
        """Without velocities: whether it balances for 100,000 steps, and from 200 of 625 other starts."""
        if self.velocities:
            return False
        alone, start = Phenotypes.of(phenotype), start_of(2, 0.0, 0.0, np.radians(4.0))[None]
        _, steps = run_episodes(alone, step_two_poles, start, LONG_TEST, None)
        return bool(steps[0, 0] >= LONG_TEST) and self.generalisation(phenotype) >= ENOUGH

    def generalisation(self, phenotype: Phenotype) -> int:
        """Count from how many of 625 starts it balances the poles for 1,000 steps.

        The starts are all combinations of five places and speeds of the cart and of the long pole.
        """
        given: Any = phenotype
        if not isinstance(given, Phenotype) or given.inputs != self.inputs:
            condition = f"a Phenotype with {self.inputs} inputs"
            raise ArgumentTypeError(expected("The phenotype", condition, phenotype))
        starts = [
            start_of(2, *((2.0 * part - 1.0) * width for part, width in zip(parts, WIDTHS, strict=True)))
            for parts in product(FRACTIONS, repeat=4)
        ]
        _, steps = run_episodes(Phenotypes.of(phenotype), step_two_poles, np.array(starts), SHORT_TEST, None)
        return int((steps >= SHORT_TEST).sum())


def double_pole(velocities: bool = True) -> DoublePole:
    """Balance a pole of 1 m and one of 0.1 m on a cart: section 4.3 of the paper.

    With velocities, fitness is the number of steps of 0.02 s, solved at 100,000. Without, it is Gruau's: 0.1
    t / 1000 + 0.9 f over 1,000 steps, where f punishes movement in the last 100 of them. It is solved if
    the fittest of a generation balances for 100,000 steps and from 200 of 625 other starts.

    Parameters
    ----------
    velocities : bool
        Whether velocities are inputs. Default True.
    """
    return DoublePole(boolean("The velocities", velocities))

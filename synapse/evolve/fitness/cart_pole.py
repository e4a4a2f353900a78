"""Balancing one pole on a cart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from ..._checks import positive_integer
from ..._typing import Bools, Floats
from ...engine.evolution.poles import step_one_pole
from ..phenotypes import Phenotypes
from .base import Fitness
from .double_pole import start_of
from .environment import run_episodes


@final
@dataclass(frozen=True)
class CartPole(Fitness):
    """Balance one pole with all velocities; :func:`cart_pole` makes it."""

    steps: int
    inputs = 4
    outputs = 1

    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return how many steps every genome balances the pole, and whether to the end."""
        start = start_of(1, 0.0, 0.0, np.radians(4.0))
        scores, _ = run_episodes(phenotypes, step_one_pole, start[None], self.steps, None)
        return scores[:, 0], scores[:, 0] >= self.steps


def cart_pole(steps: int = 10_000) -> CartPole:
    """Balance one pole on a cart: fitness is the number of steps of 0.02 s, solved at `steps`.

    The pole is 1 m long and starts at 4 degrees. The episode ends beyond 36 degrees or 2.4 m. The output,
    from 0 to 1, is a force from -10 N to 10 N. Inputs are place and speed of cart and pole, scaled.

    Parameters
    ----------
    steps : int
        Number of steps. Default 10,000.
    """
    return CartPole(positive_integer("The steps", steps))

"""Fitness as a function in Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np

from ..._checks import expected, function_of
from ..._typing import Bools, Floats
from ...errors import ArgumentTypeError
from ...experiments._workers import ended_by
from ..phenotype import Phenotype
from ..phenotypes import Phenotypes
from .base import Fitness


@final
@dataclass(frozen=True)
class FunctionFitness(Fitness):
    """A fitness that calls a function with each `Phenotype`; it returns a number.

    Parameters
    ----------
    function : callable
        Function of a phenotype with an empty context.
    time_limit : float, optional
        Seconds that it may take for one genome, which has failed after that. Default: no limit.
    """

    function: Callable[[Phenotype], float]
    time_limit: float | None = None

    def __post_init__(self) -> None:
        function_of("The fitness", self.function, "phenotype")

    def evaluate(self, phenotypes: Phenotypes) -> tuple[Floats, Bools]:
        """Return the fitness of every genome; `neat` compares it with its `goal`."""
        values = np.array([self._value(phenotypes[g]) for g in range(len(phenotypes))])
        return values, np.zeros(len(values), bool)

    def _value(self, phenotype: Phenotype) -> float:
        try:
            value = ended_by("evolution", self.time_limit, lambda: self.function(phenotype))
        except TimeoutError:
            if self.time_limit is None:  # it is the function's own
                raise
            return math.nan
        try:
            return float(value)
        except (TypeError, ValueError):
            raise ArgumentTypeError(expected("What a fitness returns", "a number", value)) from None

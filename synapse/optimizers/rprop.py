"""Resilient propagation: the sign of a gradient counts, its size does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

from .._checks import check_fields, expected, pair, positive_number, understands
from ..errors import ArgumentError
from .base import BuiltIn


def _positive_pair(what: str, value: Any) -> tuple[float, float]:
    first, second = pair(what, value)
    return positive_number(what, first), positive_number(what, second)


@final
@understands("optimizer")
@dataclass(frozen=True)
class Rprop(BuiltIn):
    """iRprop-: each parameter has a step that grows while its gradient keeps its sign and else shrinks.

    Igel and Hüsken 2003: after a change of sign the gradient counts as 0, so that the parameter rests
    and its step stays as it is the time after. It needs the gradient of all the data, not of batches.

    Parameters
    ----------
    rate : float
        The step of every parameter at first. A rate given to ``OptimizerState.step`` scales that step
        by its ratio to this one.
    etas : (float, float)
        Factors by which steps shrink and grow.
    steps : (float, float)
        The smallest and the largest step.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0, 1.0])
    >>> state = Rprop(rate=0.5).begin(parameters)
    >>> state.step(parameters, gradient=[9.0, 0.1])
    >>> state.step(parameters, gradient=[9.0, -0.1])
    >>> state.sizes, parameters
    (array([0.6 , 0.25]), array([-0.1,  0.5]))
    """

    equation: ClassVar[str] = "rprop"
    rate: float = 0.01
    etas: tuple[float, float] = (0.5, 1.2)
    steps: tuple[float, float] = (1e-6, 50)

    def __post_init__(self) -> None:
        check_fields(self, positive_number, "rate")
        check_fields(self, _positive_pair, "etas", "steps")
        shrink, grow = self.etas
        if not shrink < 1 < grow:
            raise ArgumentError(expected(self._about("etas"), "one below and one above 1", self.etas))
        least, most = self.steps
        if not least <= self.rate <= most:
            raise ArgumentError(expected(self._about("steps"), f"around the rate, {self.rate}", self.steps))

    def memory(self) -> dict[str, float]:
        """``sizes`` of the next changes, ``signs`` of the last gradient (0: it counts as 0)."""
        return {"sizes": self.rate, "signs": 0.0}

    def settings(self) -> tuple[float, ...]:
        """Both factors, the smallest and the largest step, and the rate."""
        return *self.etas, *self.steps, self.rate

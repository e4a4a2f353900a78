"""Gradient descent, with or without momentum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from .._checks import (
    boolean,
    check_fields,
    expected,
    fraction_below_one,
    non_negative_number,
    positive_number,
    understands,
)
from ..errors import ArgumentError
from .base import BuiltIn


@final
@understands("optimizer")
@dataclass(frozen=True)
class SGD(BuiltIn):
    """Stochastic gradient descent: p -= rate · v, v = momentum · v + g.

    Momentum is that of Polyak 1964, or that of Nesterov 1983 in the form of Sutskever, Martens, Dahl and
    Hinton 2013: p -= rate · (g + momentum · v).

    Parameters
    ----------
    rate : float
        The learning rate.
    momentum : float
        Factor of the previous velocity. Default 0: no momentum.
    nesterov : bool
        Whether to use Nesterov's momentum.
    weight_decay : float
        Factor of the L2 penalty: `weight_decay` times each parameter is added to its gradient.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0])
    >>> SGD(rate=0.5).begin(parameters).step(parameters, gradient=[1.0])
    >>> parameters
    array([0.5])
    """

    equation: ClassVar[str] = "sgd"
    rate: float = 0.1
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        check_fields(self, positive_number, "rate")
        check_fields(self, fraction_below_one, "momentum")
        check_fields(self, boolean, "nesterov")
        check_fields(self, non_negative_number, "weight_decay")
        if self.nesterov and not self.momentum:
            raise ArgumentError(expected(self._about("momentum"), "above 0 with nesterov", self.momentum))

    def memory(self) -> dict[str, float]:
        """One name with momentum: ``velocity``, which starts at 0."""
        return {"velocity": 0.0} if self.momentum else {}

    def settings(self) -> tuple[float, ...]:
        """Momentum, whether it is Nesterov's, and weight decay."""
        return self.momentum, self.nesterov, self.weight_decay

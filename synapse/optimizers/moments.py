"""Adam and AdamW: running means of gradients and of their squares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, final

from .._checks import (
    boolean,
    check_fields,
    fraction_below_one,
    non_negative_number,
    pair,
    positive_number,
    understands,
)
from .base import BuiltIn


def _fractions(what: str, value: Any) -> tuple[float, float]:
    first, second = pair(what, value)
    return fraction_below_one(what, first), fraction_below_one(what, second)


@dataclass(frozen=True)
class _Moments(BuiltIn):
    """Base class of Adam and AdamW."""

    equation: ClassVar[str] = "adam"
    rate: float = 0.001
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    amsgrad: bool = False

    def __post_init__(self) -> None:
        check_fields(self, positive_number, "rate", "epsilon")
        check_fields(self, _fractions, "betas")
        check_fields(self, boolean, "amsgrad")

    def memory(self) -> dict[str, float]:
        """Names: ``first_moment``, ``second_moment`` and, with amsgrad, ``largest_second_moment``; from 0."""
        names = ["first_moment", "second_moment"] + ["largest_second_moment"] * bool(self.amsgrad)
        return dict.fromkeys(names, 0.0)

    def settings(self) -> tuple[float, ...]:
        """Betas, epsilon, amsgrad, and weight decay."""
        return *self.betas, self.epsilon, self.amsgrad, 0.0


@final
@understands("optimizer")
@dataclass(frozen=True)
class Adam(_Moments):
    """Adam: running means of the gradient, m, and of its square, v: p -= rate · m̂ / (√v̂ + epsilon).

    Kingma and Ba 2015, algorithm 1, where m̂ = m / (1 - beta1^t) and v̂ = v / (1 - beta2^t).

    Parameters
    ----------
    rate : float
        The learning rate: about the largest change of a parameter in one step.
    betas : (float, float)
        Factors of the previous means m and v.
    epsilon : float
        Term of the denominator that keeps the quotient finite when gradients vanish.
    amsgrad : bool
        Whether to divide by the root of the largest v so far: Reddi, Kale and Kumar 2018.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0, 1.0])
    >>> state = Adam(rate=0.25, betas=(0.5, 0.75)).begin(parameters)
    >>> state.step(parameters, gradient=[4.0, -40.0])
    >>> parameters.round(6), state.first_moment, state.second_moment
    (array([0.75, 1.25]), array([  2., -20.]), array([  4., 400.]))
    """


@final
@understands("optimizer")
@dataclass(frozen=True)
class AdamW(_Moments):
    """Adam with decoupled weight decay: also p -= rate · weight_decay · p.

    Loshchilov and Hutter 2019, algorithm 2.

    Parameters
    ----------
    rate, betas, epsilon, amsgrad
        As for :class:`Adam`.
    weight_decay : float
        Factor of the decay; a step multiplies each parameter by 1 - rate · weight_decay.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0])
    >>> AdamW(rate=0.5, weight_decay=0.5).begin(parameters).step(parameters, gradient=[0.0])
    >>> parameters
    array([0.75])
    """

    weight_decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        check_fields(self, non_negative_number, "weight_decay")

    def settings(self) -> tuple[float, ...]:
        """Those of Adam, with weight decay."""
        return *super().settings()[:-1], self.weight_decay

"""Optimizers with a rate for each parameter, scaled by the size of its gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from .._checks import boolean, check_fields, fraction_below_one, positive_number, understands
from .base import BuiltIn


@final
@understands("optimizer")
@dataclass(frozen=True)
class RMSprop(BuiltIn):
    """Gradients divided by the root of their running mean square: p -= rate · g / (√s + epsilon).

    Tieleman and Hinton 2012 (lecture 6.5); centred and with momentum as Graves 2013 (equations 38-45),
    except that epsilon stands outside the root.

    Parameters
    ----------
    rate : float
        The learning rate.
    decay : float
        Factor of the previous mean square.
    epsilon : float
        Term of the denominator that keeps the quotient finite when gradients vanish.
    momentum : float
        Factor of the previous velocity, which accumulates quotients.
    centered : bool
        Whether to divide by the standard deviation, that is, to subtract the square of the running mean.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0, 1.0])
    >>> RMSprop(rate=0.1, decay=0.75).begin(parameters).step(parameters, gradient=[2.0, 20.0])
    >>> parameters.round(6)
    array([0.8, 0.8])
    """

    equation: ClassVar[str] = "rmsprop"
    rate: float = 0.01
    decay: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0
    centered: bool = False

    def __post_init__(self) -> None:
        check_fields(self, positive_number, "rate", "epsilon")
        check_fields(self, fraction_below_one, "decay", "momentum")
        check_fields(self, boolean, "centered")

    def memory(self) -> dict[str, float]:
        """Names: ``mean_square``, ``mean`` if centered, and ``velocity`` with momentum; all start at 0."""
        used = {"mean_square": True, "mean": self.centered, "velocity": self.momentum}
        return {name: 0.0 for name, remembered in used.items() if remembered}

    def settings(self) -> tuple[float, ...]:
        """Decay, epsilon, momentum, and whether it is centred."""
        return self.decay, self.epsilon, self.momentum, self.centered


@final
@understands("optimizer")
@dataclass(frozen=True)
class AdaGrad(BuiltIn):
    """Gradients divided by the root of the sum of their squares: p -= rate · g / (√Σg² + epsilon).

    Duchi, Hazan and Singer 2011, with diagonal matrices.

    Parameters
    ----------
    rate : float
        The learning rate, which is the size of the first step.
    epsilon : float
        Term of the denominator that keeps the quotient finite when gradients vanish.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.array([1.0, 1.0])
    >>> state = AdaGrad(rate=0.5).begin(parameters)
    >>> state.step(parameters, gradient=[3.0, -0.3])
    >>> parameters.round(6), state.sum_of_squares
    (array([0.5, 1.5]), array([9.  , 0.09]))
    """

    equation: ClassVar[str] = "adagrad"
    rate: float = 0.01
    epsilon: float = 1e-10

    def __post_init__(self) -> None:
        check_fields(self, positive_number, "rate", "epsilon")

    def memory(self) -> dict[str, float]:
        """One name: ``sum_of_squares``, which starts at 0."""
        return {"sum_of_squares": 0.0}

    def settings(self) -> tuple[float, ...]:
        """Epsilon."""
        return (self.epsilon,)

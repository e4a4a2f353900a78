"""Optimizers with a rate for each parameter, scaled by the size of its gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from .._checks import boolean, fraction_below_one, positive_number, settle
from .._typing import Floats
from .base import Optimizer, OptimizerState


def average(mean: Floats, decay: float, values: Floats, spare: Floats) -> None:
    """Update a running mean: mean = decay · mean + (1 - decay) · values; `spare` may be `values`."""
    mean *= decay
    np.multiply(values, 1.0 - decay, out=spare)
    mean += spare


@final
@dataclass(frozen=True)
class RMSprop(Optimizer):
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
    >>> parameters = np.array([1.0, 1.0])
    >>> RMSprop(rate=0.1, decay=0.75).begin(parameters).step(parameters, gradient=[2.0, 20.0])
    >>> parameters.round(6)
    array([0.8, 0.8])
    """

    rate: float = 0.01
    decay: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0
    centered: bool = False

    def __post_init__(self) -> None:
        settle(self, positive_number, "rate", "epsilon")
        settle(self, fraction_below_one, "decay", "momentum")
        settle(self, boolean, "centered")

    def memory(self) -> dict[str, float]:
        """Names: ``mean_square``, ``mean`` if centered, and ``velocity`` with momentum; all start at 0."""
        used = {"mean_square": True, "mean": self.centered, "velocity": self.momentum}
        return {name: 0.0 for name, remembered in used.items() if remembered}

    def find_change(self, state: OptimizerState, parameters: Floats, gradient: Floats, rate: float) -> None:
        """Update the means and compute the quotient."""
        change, spare = state.change, state.spare
        np.square(gradient, out=spare)
        average(state.mean_square, self.decay, spare, spare)
        self._deviation(state, gradient)
        np.divide(gradient, spare, out=change)
        if self.momentum:
            velocity = state.velocity
            velocity *= self.momentum
            velocity += change
            change[:] = velocity
        change *= rate

    def _deviation(self, state: OptimizerState, gradient: Floats) -> None:
        """Compute the denominator in ``state.spare``."""
        spare = state.spare
        if self.centered:
            average(state.mean, self.decay, gradient, spare)
            np.square(state.mean, out=spare)
            np.subtract(state.mean_square, spare, out=spare)
            np.maximum(spare, 0.0, out=spare)  # rounding may leave a variance below 0
            np.sqrt(spare, out=spare)
        else:
            np.sqrt(state.mean_square, out=spare)
        spare += self.epsilon


@final
@dataclass(frozen=True)
class AdaGrad(Optimizer):
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
    >>> parameters = np.array([1.0, 1.0])
    >>> state = AdaGrad(rate=0.5).begin(parameters)
    >>> state.step(parameters, gradient=[3.0, -0.3])
    >>> parameters.round(6), state.sum_of_squares
    (array([0.5, 1.5]), array([9.  , 0.09]))
    """

    rate: float = 0.01
    epsilon: float = 1e-10

    def __post_init__(self) -> None:
        settle(self, positive_number, "rate", "epsilon")

    def memory(self) -> dict[str, float]:
        """One name: ``sum_of_squares``, which starts at 0."""
        return {"sum_of_squares": 0.0}

    def find_change(self, state: OptimizerState, parameters: Floats, gradient: Floats, rate: float) -> None:
        """Update the sum and compute the quotient."""
        change, spare, total = state.change, state.spare, state.sum_of_squares
        np.square(gradient, out=spare)
        total += spare
        np.sqrt(total, out=spare)
        spare += self.epsilon
        np.divide(gradient, spare, out=change)
        change *= rate

"""Times as numbers of steps."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import expected, numbers, positive_number, suggests_arguments
from ._typing import Floats
from .errors import ArgumentError

NOISE = 1e-12
"""Fraction of a time by which the rounding of decimals may reduce it. For example,
0.15 / 0.1 is less than 1.5."""
MAX_STEPS = 2.0**53
"""Number from which on floating-point numbers skip whole numbers."""


def nearest_steps(times: ArrayLike, dt: float) -> NDArray[np.float64]:
    """Return the nearest whole number of steps to each time, rounding half a step up.
    NaN and infinities stay.
    """
    steps: Floats = np.floor(np.asarray(times) / dt * (1.0 + NOISE) + 0.5)
    return steps


@suggests_arguments("to_steps")
def to_steps(times: ArrayLike, dt: Annotated[float, positive_number]) -> Any:
    """Return times as whole numbers of steps, rounding to the nearest and half a step
    up.

    Brian2 and NEST convert delays to steps by the same rule, which is
    floor(t / dt + 1/2). In contrast, ``np.round`` rounds half a step to the even
    number.

    Parameters
    ----------
    times : float or array_like of any shape
        Times in milliseconds, at least 0.
    dt : float
        Duration of a step, in the unit of `times`.

    Returns
    -------
    numpy.int64, or ndarray of int64 of the shape of `times`
        The numbers of steps.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a time is below 0 or not finite, or `dt` is not a number above 0.

    Notes
    -----
    A half counts as one although its floating-point quotient may be less. For example,
    0.15 ms are 2 steps of 0.1 ms. NEST has the same number. Brian2 divides in seconds,
    which gives 1.4999999999999998 here, and therefore has 1.

    Examples
    --------
    >>> to_steps([0.25, 0.05, 0.45, 1.25], dt=0.1)
    array([ 3,  1,  5, 13])
    >>> np.round(np.array([0.25, 0.05, 0.45, 1.25]) / 0.1)
    array([ 2.,  0.,  4., 12.])
    """
    given = numbers("times", times, "a number or an array of numbers")
    steps = nearest_steps(given, dt)
    outside = ~((given >= 0.0) & (steps < MAX_STEPS))
    if outside.any():
        wrong = given[outside].item(0)
        raise ArgumentError(expected("times", "0 or above, and finite", wrong))
    return steps.astype(np.int64)[()]

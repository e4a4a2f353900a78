"""Define formulas for learning along gradients, for kernels (``inline``) and for Python
alike.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

# --- the parts of a chain -------------------------------------------------------------

# kinds of steps, see `bounded_step` and the functions after it
BOUNDED, IMPLICIT, INTENTIONAL = range(3)
# memory of a chain: the number of its updates, and the means of g²/d, δ² and |δ|
KEPT = COUNT, MEAN_SLOPE, MEAN_SQUARE, MEAN_ABSOLUTE = range(4)
# the decay of the means of δ and the least divisors are taken from the program of
# Sharifnassab and others 2026
SLOWLY = 0.9998
SMALLEST, SMALLEST_ERROR = 1e-8, 1e-12
LARGEST = 1e300  # a mean stays finite


class Chain(NamedTuple):
    """Settings of trace, scale, clip and step, by which δ and the traces e of a network
    change its parameters by step · δ · e / d.
    """

    # If a setting that affects means changes, the means begin afresh
    method: int
    # whether the slopes of the last step are needed by themselves, beside the traces
    separate: bool
    unbiased: bool  # see `keep`
    relative: bool  # whether the limit is one of the root of the mean of δ²
    normalize: bool  # whether δ is divided by the mean of |δ|
    rate: float  # α of a step, or the fraction η of an intended one
    bound: float  # κ; 0: none
    decay: float  # γλ
    # Decay β of the mean squares of slopes, whose roots plus ε are d. Without bias, a
    # mean is that of all slopes so far, else it begins at 0. Without scale: 1, 1
    keep: float
    epsilon: float
    limit: float  # of |δ|; infinite: none


# each step has the size 1
PLAIN_STEP = Chain(
    *(BOUNDED, False, False, False, False), *(1.0, 0.0, 0.0, 1.0, 1.0, math.inf)
)


def weight_in_mean(keep: float, count: float) -> float:
    """Return the weight of the latest of several numbers in their exponential mean
    without bias (Kingma and Ba 2015): ``(1 - β) / (1 - β^t)``, which is 1/t for β = 1.
    """
    if keep == 1.0:
        return 1.0 / count
    return (1.0 - keep) / (1.0 - keep**count)


def clipped_error(chain: Chain, numbers: Any, delta: float) -> float:
    """Return δ within its limit and, depending on the chain, divided by its mean size:
    ``max(-c, min(c, δ))`` with the limit c, and δ / mean |δ|.

    A relative limit is c times the root of the mean of δ² (Sharifnassab and others
    2026, ``δ̂``), whose mean starts at 1.
    """
    limit = chain.limit
    weight = weight_in_mean(SLOWLY, numbers[COUNT])
    if chain.relative:
        square = min(delta * delta, LARGEST)
        numbers[MEAN_SQUARE] += weight * (square - numbers[MEAN_SQUARE])
        # the remaining weight of the initial value
        start = weight * SLOWLY ** numbers[COUNT] / (1.0 - SLOWLY)
        limit *= math.sqrt(numbers[MEAN_SQUARE] + start)
    error = max(-limit, min(limit, delta))
    if chain.normalize:
        numbers[MEAN_ABSOLUTE] += weight * (abs(error) - numbers[MEAN_ABSOLUTE])
        error /= max(numbers[MEAN_ABSOLUTE], SMALLEST_ERROR)
    return error


def bounded_step(rate: float, bound: float, delta: float, size: float) -> float:
    """Return the rate, reduced if necessary to make an output change by less than its
    error, for slopes whose absolute values add up to `size` (Elsayed, Vasan and Mahmood
    2024, algorithm 3, ``κ``). If the bound is 0, the rate is not reduced.
    """
    return rate / max(1.0, rate * bound * max(abs(delta), 1.0) * size)


def implicit_step(rate: float, square: float) -> float:
    """Return ``α / (1 + α |e|²)``, for an update whose δ uses the value after the
    update (Kim, Toulis and Laber 2025, implicit TD(λ)). `square` is |e|².
    """
    return rate / (1.0 + rate * square)


def intended_step(fraction: float, mean_slope: float, square: float) -> float:
    """Return ``η / √(σ Σ e²/d)``, which intends to reduce δ by the fraction η
    (Sharifnassab and others 2026). σ is the mean of Σ g²/d, and `square` is Σ e²/d.
    """
    return fraction / max(math.sqrt(mean_slope * square), SMALLEST)


def step_of_chain(
    chain: Chain,
    numbers: Any,
    delta: float,
    sums: tuple[float, float, float],
) -> tuple[float, float]:
    """Return δ as the chain clips it, and the step, from Σ g²/d, Σ e²/d and Σ |e/d|."""
    slope, square, size = sums
    error = clipped_error(chain, numbers, delta)
    step = 0.0
    if chain.method == INTENTIONAL:
        weight = weight_in_mean(chain.decay, numbers[COUNT])
        numbers[MEAN_SLOPE] += weight * (slope - numbers[MEAN_SLOPE])
        step = intended_step(chain.rate, numbers[MEAN_SLOPE], square)
    elif chain.method == IMPLICIT:
        step = implicit_step(chain.rate, square)
    else:
        step = bounded_step(chain.rate, chain.bound, error, size)
    return error, step


# --- others ---------------------------------------------------------------------------


def temporal_difference(
    reward: float, discount: float, value_after: float, value: float
) -> float:
    """Return the TD error (Sutton 1988): ``r + gamma V(s') - V(s)``."""
    return reward + discount * value_after - value


def share_of_step(rate: float, bound: float, decrease: float, limit: float) -> float:
    """Return the fraction of a step at this rate that limits the first-order decrease
    of the cost to `limit`/`bound`. `decrease` is the decrease at a rate of 1.
    """
    if rate * bound * decrease > limit:
        return limit / (rate * bound * decrease)
    return 1.0

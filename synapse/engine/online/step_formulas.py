"""Formulas of learning along slopes, for kernels (``inline``) and for Python alike."""

from __future__ import annotations


def temporal_difference(
    reward: float, discount: float, value_after: float, value: float
) -> float:
    """Return the TD error (Sutton 1988): ``r + gamma V(s') - V(s)``."""
    return reward + discount * value_after - value


def bounded_step(rate: float, bound: float, delta: float, size: float) -> float:
    """Return the rate, or less so that an output changes by less than its error, for
    slopes whose absolute values add up to `size` (Elsayed, Vasan and Mahmood 2024,
    algorithm 3, ``κ``); the rate itself if the bound is 0.
    """
    return rate / max(1.0, rate * bound * max(abs(delta), 1.0) * size)


def share_of_step(rate: float, bound: float, decrease: float, limit: float) -> float:
    """Return the share of a step at this rate that limits the first-order decrease of
    the cost to `limit`/`bound`. `decrease` is the decrease at a rate of 1.
    """
    if rate * bound * decrease > limit:
        return limit / (rate * bound * decrease)
    return 1.0

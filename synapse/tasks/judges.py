"""Judges: which steps of a network's outputs are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats
from ..errors import ArgumentError

Mask = NDArray[np.bool_]

Judge = Callable[[Floats, Floats, Mask | None], Mask]
"""Which steps are right, shape (T,): a function of outputs and targets (T, m), and the allowed symbols."""


@dataclass(frozen=True)
class Within:
    """A step is right if every output differs from its target by less than `tolerance`."""

    tolerance: float

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        near: Mask = np.all((np.abs(outputs - targets) < self.tolerance) | np.isnan(targets), axis=1)
        return near


@dataclass(frozen=True)
class Sides:
    """A step is right if outputs and targets are above the threshold in the same places."""

    threshold: float

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        above = (outputs > self.threshold) == (targets > self.threshold)
        same: Mask = np.all(above | np.isnan(targets), axis=1)
        return same


@dataclass(frozen=True)
class Ranked:
    """A step is right if the allowed symbols have the highest outputs: all of them, or the most active."""

    all_allowed: bool = True

    def __call__(self, outputs: Floats, targets: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        if allowed is None:
            raise ArgumentError("Expected samples with allowed symbols, got samples without.")
        others = np.where(allowed, -inf, outputs).max(axis=1)
        least, fill = (np.min, inf) if self.all_allowed else (np.max, -inf)
        ahead: Mask = least(np.where(allowed, outputs, fill), axis=1) > others
        return ahead

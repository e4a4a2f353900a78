"""Judges of tasks in which only some steps or targets can be predicted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synapse._typing import Floats
from synapse.errors import ArgumentError
from synapse.tasks import Within
from synapse.tasks._samples import Mask


@dataclass(frozen=True)
class Predictable:
    """A step is right if outputs and targets are above the threshold in the same
    places, among those whose target can be predicted: the allowed ones."""

    threshold: float

    def __call__(self, targets: Floats, outputs: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        if allowed is None:
            raise ArgumentError(
                "Expected samples with predictable targets marked, got samples without."
            )
        same: Mask = np.all(
            ((outputs > self.threshold) == (targets > self.threshold)) | ~allowed,
            axis=1,
        )
        return same


@dataclass(frozen=True)
class WithinIfCertain:
    """A step is right if its next symbol is certain and every output differs from its
    target by less than `tolerance`, or if several symbols can come next."""

    tolerance: float

    def __call__(self, targets: Floats, outputs: Floats, allowed: Mask | None) -> Mask:
        """Return which steps are right, shape (T,)."""
        near = Within(self.tolerance)(targets, outputs, None)
        return near if allowed is None else near | (allowed.sum(axis=1) > 1)

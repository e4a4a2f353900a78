"""How a network has classified data: counts by class, and the samples that were misclassified."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats
from ._data import Data

THRESHOLD = 0.5
"""A single output above it means class 1."""


class Classes(NamedTuple):
    """The counts of :attr:`Evaluation.confusion`, and the numbers of :attr:`Evaluation.misclassified`."""

    confusion: NDArray[np.int64]
    misclassified: NDArray[np.int64]


def classes_of(data: Data, weights: Floats | None) -> NDArray[np.int64] | None:
    """The class of each row, or -1 if it does not count; None if the targets are not classes."""
    counted = data.counted(weights) > 0
    targets = data.targets[counted]
    if not len(targets) or not np.isin(targets, (0, 1)).all():
        return None
    several = targets.shape[1] > 1
    if several and (targets.sum(axis=1) != 1).any():
        return None
    found = np.full(len(counted), -1)
    found[counted] = targets.argmax(axis=1) if several else targets[:, 0]
    return found


def classified(data: Data, classes: NDArray[np.int64], outputs: Floats) -> Classes:
    """Compare the classes of rows with those that the outputs, shape (rows, m), name."""
    size = max(2, outputs.shape[1])
    named = outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > THRESHOLD).astype(np.int64)
    counted = classes >= 0
    confusion = np.zeros((size, size), np.int64)
    np.add.at(confusion, (classes[counted], named[counted]), 1)
    wrong = np.flatnonzero(counted & (classes != named))
    if not data.stream:
        wrong = np.unique(np.searchsorted(data.bounds, wrong, side="right") - 1)
    return Classes(confusion, wrong)

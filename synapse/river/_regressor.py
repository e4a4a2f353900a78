"""Predict numbers on a stream."""

from __future__ import annotations

import math
from typing import Any, final

import numpy as np
import pandas as pd
from river import base

from .. import _checks as checks
from .._scale import SQUARABLE
from .._typing import Floats
from ..errors import ArgumentError
from ._features import Features, dicts_of
from ._target_network import TargetNetwork


def checked_target(y: Any) -> float:
    """Return a number that a scale can count."""
    target = (
        y if type(y) is float and abs(y) < SQUARABLE else checks.finite_number("y", y)
    )
    if abs(target) >= SQUARABLE:
        raise ArgumentError(
            checks.expected("y", f"between -{SQUARABLE:g} and {SQUARABLE:g}", y)
        )
    return target


@final
class NetworkRegressor(TargetNetwork, base.MiniBatchRegressor):
    """A network that predicts numbers from a stream of dicts.

    The parameters are described at :class:`~synapse.river.StreamNetwork`.

    Examples
    --------
    >>> from river import datasets, evaluate, metrics
    >>> model = NetworkRegressor(seed=0)
    >>> evaluate.progressive_val_score(datasets.TrumpApproval(), model, metrics.MAE())
    MAE: 0.239824
    """

    _checked = staticmethod(checked_target)

    def _standard(self, target: float) -> Floats:
        # `follow` would examine once more what `checked_target` has
        scale = self._target_scale
        standard, scale._numbers = scale._taken(np.array([[target]]), 1.0)
        return standard[0]

    def predict_many(self, X: pd.DataFrame) -> pd.Series:
        """Predict the number of each row, or 0 before the first sample."""
        return pd.Series(
            [self.predict_one(row) for row in dicts_of(X)], index=X.index, dtype=float
        )

    def predict_one(self, x: Features) -> float:
        """Predict the number of a sample, or 0 before the first sample."""
        with self._lock:
            if self._model is None:
                return 0.0
            outputs = self._outputs(x)
            scale = self._target_scale
            number = outputs.item(0) * scale.deviation.item(0) + scale.mean.item(0)
            return number if math.isfinite(number) else scale.original(outputs).item(0)

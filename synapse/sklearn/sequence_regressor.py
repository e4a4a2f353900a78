"""A regressor of sequences."""

from __future__ import annotations

from typing import Any, final

from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from .estimator import parameters
from .sequences import SequenceEstimator


@final
@parameters(
    hidden=(16,), build="LSTM", squash=None, scale=True, per="sequence", online_rate=0.01, random_state=None
)
class SequenceRegressor(RegressorMixin, SequenceEstimator):
    """A network with memory as a regressor of sequences, or of every step of them.

    Its parameters and attributes are those of :class:`SequenceClassifier` without `class_weight` and
    `classes_`. Outputs are linear. With `scale`, targets are standardised, too.

    Examples
    --------
    >>> import numpy as np
    >>> sequences = np.random.default_rng(0).uniform(-1, 1, (50, 6, 1))
    >>> sums = sequences[:, :, 0].cumsum(axis=1)
    >>> model = SequenceRegressor(hidden=(6,), build="GRU", per="step", random_state=0).fit(sequences, sums)
    >>> model.predict(sequences).shape, model.score(sequences, sums) > 0.9
    ((50, 6), True)
    """

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination over all answers; `sample_weight` has a weight for each."""
        known, found = self._joined(y), self._joined(self.predict(X))
        return float(r2_score(known, found, sample_weight=sample_weight))

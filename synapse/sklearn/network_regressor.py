"""A regressor of rows."""

from __future__ import annotations

from typing import final

from sklearn.base import RegressorMixin

from .estimator import parameters
from .rows import RowEstimator


@final
@parameters(hidden=(16,), build="Perceptron", squash="tanh", scale=True, online_rate=0.01, random_state=None)
class NetworkRegressor(RegressorMixin, RowEstimator):
    """A network of any topology as a regressor of rows: of scikit-learn, skforecast and River.

    Its parameters and attributes are those of :class:`NetworkClassifier` without `class_weight` and
    `classes_`. Outputs are linear. With `scale`, targets are standardised, too.

    Examples
    --------
    >>> import numpy as np
    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = NetworkRegressor(random_state=0).fit(rows, 100 * rows[:, 0] + 5)
    >>> model.score(rows, 100 * rows[:, 0] + 5) > 0.99
    True
    """

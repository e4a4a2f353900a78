"""A classifier of sequences."""

from __future__ import annotations

from typing import Any, final

from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from .class_targets import ClassTargets
from .estimator import parameters
from .sequences import SequenceEstimator


@final
@parameters(
    hidden=(16,),
    build="LSTM",
    squash=None,
    scale=True,
    per="sequence",
    class_weight=None,
    online_rate=0.01,
    random_state=None,
)
class SequenceClassifier(ClassifierMixin, ClassTargets, SequenceEstimator):
    """A network with memory as a classifier of sequences, or of every step of them.

    Sequences are an array of shape (S, T, n), or a list of arrays (T_i, n), which may have different lengths.
    scikit-learn's tools take both. With ``per="step"`` give them a splitter such as ``cv=KFold(5)``, because
    labels of steps cannot be stratified.

    Parameters
    ----------
    per : {"sequence", "step"}
        Whether there is a label for each sequence, after its last step, or for every step.
    hidden, build, squash, scale, class_weight, online_rate, random_state, **options
        As for :class:`NetworkClassifier`. Default of `build` "LSTM", of `squash` that of the architecture.

    Attributes
    ----------
    classes_, network_, n_features_in_, result_, n_iter_, loss_curve_
        As for :class:`NetworkClassifier`.

    Examples
    --------
    The first number of each sequence decides, and the last step answers:

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> sequences = [rng.uniform(-1, 1, (rng.integers(3, 7), 1)) for _ in range(100)]
    >>> labels = ["up" if rows[0, 0] > 0 else "down" for rows in sequences]
    >>> model = SequenceClassifier(hidden=(4,), epochs=30, random_state=0).fit(sequences, labels)
    >>> model.score(sequences, labels) > 0.9
    True
    """

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy over all answers; `sample_weight` has a weight for each."""
        known, found = self._joined(y), self._joined(self.predict(X))
        return float(accuracy_score(known, found, sample_weight=sample_weight))

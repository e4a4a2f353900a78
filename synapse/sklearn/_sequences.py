"""Estimate targets of sequences, or of their steps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, final

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.validation import _check_feature_names

from .._checks import (
    any_array,
    as_matrix,
    choice,
    listed,
    pluralize,
    require,
    require_labels,
)
from .._defaults import SEQUENCES
from .._typing import Floats
from ..errors import ArgumentError
from ._class_targets import ClassTargets
from ._estimator import NetworkEstimator
from ._parameters import LEARNING, parameters


class SequenceEstimator(NetworkEstimator):
    """An estimator of sequences, each of shape (T_i, n). The context is cleared before
    each.
    """

    _measure: Callable[..., float]

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the accuracy, or the coefficient of determination, over all answers.

        `sample_weight` contains a weight for each answer.
        """
        truth = self._joined(y)
        answers = self._joined(self.predict(X))
        return float(self._measure(truth, answers, sample_weight=sample_weight))

    @property
    def _by_step(self) -> bool:
        return bool(choice("per", self.per, ("sequence", "step")) == "step")

    def _checked_data(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        """Return the sequences, and one array with the targets of all sequences or all
        their steps.
        """
        sequences = self._sequences(X, reset)
        answers = listed(
            "y",
            getattr(y, "values", y),
            "an array or list with an entry for each sequence",
        )
        if len(answers) != len(sequences):
            raise ArgumentError(
                "Expected y with an entry for each of"
                f" {pluralize(len(sequences), 'sequence')}, got {len(answers)}."
            )
        if self._by_step and getattr(self, "class_weight", None) is not None:
            raise ArgumentError('Expected class_weight=None with per="step".')
        for i, (rows, answer) in enumerate(zip(sequences, answers, strict=True)):
            if self._by_step and np.shape(answer)[:1] != (len(rows),):
                raise ArgumentError(
                    f"Expected {pluralize(len(rows), 'target')} for sequence {i}, one"
                    f" for each step, got the shape {np.shape(answer)}. Use"
                    ' per="sequence" for one target per sequence.'
                )
        return sequences, self._checked(self._joined(answers))

    def _sequences(self, X: Any, reset: bool) -> list[Floats]:
        """Return the sequences as matrices."""
        parts = listed("X", X, "an array (N, T, n), or a list of arrays (T_i, n)")
        shape: tuple[int, ...] = np.shape(parts[0]) if parts else ()
        require(
            len(shape) in (1, 2),
            "X",
            "an array (N, T, n), or a list of arrays (T_i, n)",
            X,
        )
        tables = [part for part in parts if hasattr(part, "columns")]
        for i, table in enumerate(tables or [X]):
            _check_feature_names(self, table, reset=reset and i == 0)
        width = shape[1] if len(shape) == 2 else 1
        n = width if reset else self.n_features_in_
        dtype = np.dtype(np.float64)
        sequences = [
            as_matrix(f"Sequence {i}", sequence, n, dtype)
            for i, sequence in enumerate(parts)
        ]
        if 0 in map(len, sequences):
            raise ArgumentError(
                "Expected sequences of one step or more, got one without steps."
            )
        self.n_features_in_ = n
        return sequences

    def _samples(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return sequences, and the answers to each or to its steps."""
        return X, self._parted(y, X) if self._by_step else y

    def _parted(self, values: Any, sequences: list[Floats]) -> list[Any]:
        """Return values of all steps, by sequence."""
        ends = np.cumsum([0, *map(len, sequences)]).tolist()
        return [values[start:stop] for start, stop in pairwise(ends)]

    def _joined(self, answers: Any) -> Any:
        """Join the answers to all sequences, or to all their steps, into one array."""
        condition = "an entry of one shape for each sequence"
        if not self._numeric:
            for labels in answers if self._by_step else [answers]:
                require_labels("y", labels)
        if not self._by_step:
            return any_array("y", answers, condition)
        answers_by_step = [
            any_array("y", answer, f"{condition} and step") for answer in answers
        ]
        require(
            len({rows.shape[1:] for rows in answers_by_step}) <= 1,
            "y",
            f"{condition} and step",
            answers,
        )
        return np.concatenate(answers_by_step)

    def _answers(self, X: Any, decode: Callable[[Floats], Any]) -> Any:
        """Return the result of a function of the outputs for sequences."""
        model = self._fitted()
        sequences = self._sequences(X, reset=False)
        outputs = model.run(sequences)
        if not self._by_step:
            return decode(np.stack([rows[-1] for rows in outputs]))
        answers = self._parted(decode(np.concatenate(outputs)), sequences)
        return (
            np.stack(answers) if isinstance(X, np.ndarray) and X.ndim == 3 else answers
        )


DEFAULTS = {
    "hidden": SEQUENCES.hidden,
    "build": SEQUENCES.build,
    "squash": None,
    "scale": True,
    "per": "sequence",
}
"""Parameters of both estimators, which the parameters of learning follow."""


@final
@parameters(**DEFAULTS, class_weight=None, **LEARNING)
class SequenceClassifier(ClassifierMixin, ClassTargets, SequenceEstimator):
    """A network with memory as a classifier of sequences, or of every step in them.

    Sequences are an array of shape (S, T, n), or a list of arrays (T_i, n), which may
    have different lengths. scikit-learn's tools accept both. With ``per="step"``, give
    them a splitter such as ``cv=KFold(5)``, because labels of steps cannot be
    stratified.

    Parameters
    ----------
    per : {"sequence", "step"}
        Whether there is a label for each sequence, after its last step, or for every
        step.
    hidden, build, squash, scale, class_weight, online_rate, random_state, **options
        As for :class:`NetworkClassifier`. The default of `build` is "LSTM", and the
        default of `squash` is the architecture's own function.

    Attributes
    ----------
    classes_, model_, network_, n_features_in_, result_, n_iter_, loss_curve_
        As for :class:`NetworkClassifier`.

    Examples
    --------
    In the example, the first number of each sequence decides, and the last step
    answers:

    >>> rng = np.random.default_rng(0)
    >>> sequences = [rng.uniform(-1, 1, (rng.integers(3, 7), 1)) for _ in range(100)]
    >>> labels = ["up" if rows[0, 0] > 0 else "down" for rows in sequences]
    >>> model = SequenceClassifier(hidden=(4,), epochs=30, random_state=0)
    >>> model = model.fit(sequences, labels)
    >>> model.score(sequences, labels) > 0.9
    True
    """

    score = SequenceEstimator.score
    _measure = staticmethod(accuracy_score)


@final
@parameters(**DEFAULTS, **LEARNING)
class SequenceRegressor(RegressorMixin, SequenceEstimator):
    """A network with memory as a regressor of sequences, or of every step in them.

    Its parameters and attributes are those of :class:`SequenceClassifier` without
    `class_weight` and `classes_`. Outputs are linear. With `scale`, targets are
    standardised, too.

    Examples
    --------
    >>> sequences = np.random.default_rng(0).uniform(-1, 1, (50, 6, 1))
    >>> sums = sequences[:, :, 0].cumsum(axis=1)
    >>> model = SequenceRegressor(
    ...     hidden=(6,), build="GRU", per="step", random_state=0
    ... ).fit(sequences, sums)
    >>> model.predict(sequences).shape, model.score(sequences, sums) > 0.9
    ((50, 6), True)
    """

    score = SequenceEstimator.score
    _measure = staticmethod(r2_score)

"""Learn classes and labels as the targets of estimators."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from .._checks import ordered
from .._typing import Floats
from ..errors import ArgumentError
from ._estimator import NetworkEstimator


class ClassTargets(NetworkEstimator):
    """A softmax output for each class in one column of labels, or logistic outputs for
    columns of 0 and 1.
    """

    _numeric = False
    classes_: Any
    class_weight: Any

    @property
    def _task(self) -> str:  # type: ignore[override]
        return "classes" if self._flat else "labels"

    def _checked(self, y: Any) -> Any:
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            return column_or_1d(y, warn=True)
        if y.ndim == 2 and (
            type_of_target(y) != "multilabel-indicator" or not np.isin(y, (0, 1)).all()
        ):
            raise ArgumentError(
                "Expected labels in one column, or columns of 0 and 1, got columns of"
                " several classes. Use sklearn.multioutput.MultiOutputClassifier."
            )
        return y

    def _learn_targets(self, y: Any, classes: Any) -> list[str]:
        self._flat = y.ndim == 1
        if not self._flat:
            self.classes_ = [np.array([0, 1])] * y.shape[1]
            return self._target_names or [""] * y.shape[1]
        if classes is not None and not np.size(classes):
            raise ArgumentError(
                "Expected classes, all labels that will come, in the first partial_fit."
            )
        self.classes_ = np.unique(y if classes is None else np.asarray(classes))
        return [str(label) for label in self.classes_]

    def _learn_model(self) -> None:
        self._flat = self.model_.task == "classes"
        outputs = len(self.network_.output)
        labels: Any = self.model_._targets.labels if self._flat else None
        self.classes_ = labels if self._flat else [np.array([0, 1])] * outputs

    def _labels(self) -> list[Any] | None:
        return _plain(self.classes_) if self._flat else None

    def _targets(self, y: Any) -> Any:
        return _plain(y) if self._flat else np.asarray(y, np.float64)

    def _form(self, values: Any) -> Any:
        return values

    def _decode(self, outputs: Floats) -> Any:
        if self._flat:
            return self.classes_[outputs.argmax(axis=1)]
        return (outputs > 0.5).astype(int)

    def _probabilities(self, outputs: Floats) -> Floats:
        return outputs / outputs.sum(axis=1, keepdims=True) if self._flat else outputs

    def partial_fit(  # type: ignore[override]
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Learn each sample once, in order, by the online rule, as
        :meth:`NetworkRegressor.partial_fit` does.

        Parameters
        ----------
        X, y, sample_weight
            As there. Labels that are not among the classes also raise an error.
        classes : array_like, optional
            All labels that can occur. They are needed in the first call, except for
            columns of 0 and 1, and must not change in later calls.

        Returns
        -------
        self
        """
        if isinstance(self.class_weight, str):
            raise ArgumentError(
                "`class_weight` must be a dict for partial_fit, which gets only a"
                " part of the data."
            )
        learned = getattr(self, "classes_", ordered("classes", classes))
        if classes is not None and not np.array_equal(np.unique(classes), learned):
            raise ArgumentError(
                f"`classes` must not change after the first call. Expected {learned},"
                f" got {classes}."
            )
        return self._partial_fit(
            X, y, () if classes is None else classes, sample_weight
        )

    def predict_proba(self, X: Any) -> Any:
        """Predict the probability of each class.

        Parameters
        ----------
        X
            As for ``predict``.

        Returns
        -------
        ndarray or list of ndarray
            As ``predict`` returns, with a last axis in the order of `classes_`. For
            columns of 0 and 1, the probability of 1 in each.
        """
        return self._answers(X, self._probabilities)


def _plain(labels: Any) -> Any:
    """Convert labels to the types that a model supports, with strings for other
    types.
    """
    if labels.dtype.kind in "biufU":
        return labels
    kinds = str | int | float | bool
    return [
        label if isinstance(label, kinds) else str(label) for label in labels.tolist()
    ]

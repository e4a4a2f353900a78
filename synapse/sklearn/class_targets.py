"""Targets that are labels of classes."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from .._checks import shown
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from .estimator import NetworkEstimator


class ClassTargets(NetworkEstimator):
    """A softmax output for each class of one column of labels; logistic outputs for columns of 0 and 1."""

    _numeric = False
    classes_: Any
    class_weight: Any

    @property
    def _output_squash(self) -> str:  # type: ignore[override]
        return "softmax" if self._flat else "logistic"

    def _checked(self, y: Any) -> Any:
        check_classification_targets(y)
        if y.ndim == 2 and y.shape[1] == 1:
            return column_or_1d(y, warn=True)
        if y.ndim == 2 and (type_of_target(y) != "multilabel-indicator" or not np.isin(y, (0, 1)).all()):
            raise ArgumentError(
                "Expected labels in one column, or columns of 0 and 1, got columns of several classes. "
                "Use sklearn.multioutput.MultiOutputClassifier."
            )
        return y

    def _learn_targets(self, y: Any, classes: Any) -> list[str]:
        self._flat = y.ndim == 1
        if not self._flat:
            self.classes_ = [np.array([0, 1])] * y.shape[1]
            return [""] * y.shape[1]
        if classes is not None and not np.size(classes):
            raise ArgumentError("Expected classes, all labels that will come, in the first partial_fit.")
        self._set_classes(np.unique(y if classes is None else np.asarray(classes)))
        return [str(label) for label in self.classes_]

    def _set_classes(self, classes: Any) -> None:
        self.classes_ = classes
        self._one_hot = dict(zip(classes.tolist(), np.eye(len(classes)), strict=True))  # targets by label

    def _targets(self, y: Any) -> Floats:
        if not self._flat:
            return np.asarray(y, np.float64)
        try:
            return np.array([self._one_hot[label] for label in y.tolist()])
        except KeyError as unknown:
            raise ArgumentError(
                f"Expected labels among {shown(self.classes_.tolist())}, got {shown(unknown.args[0])}. "
                "Give all classes to the first partial_fit, or use learn_one."
            ) from None

    def _decode(self, outputs: Floats) -> Any:
        return self.classes_[outputs.argmax(axis=1)] if self._flat else (outputs > 0.5).astype(int)

    def _probabilities(self, outputs: Floats) -> Floats:
        return outputs / outputs.sum(axis=1, keepdims=True) if self._flat else outputs

    def _require_outputs(self, network: Network) -> None:
        for neuron in network.output:
            if neuron.squash.name not in ("logistic", self._output_squash):
                raise ArgumentError(f"Expected {self._output_squash} or logistic outputs, got {neuron!r}.")

    def _describe(self) -> dict[str, Any]:
        labels = self.classes_.tolist() if self._flat else []
        labels = [one if isinstance(one, str | int | float | bool) else str(one) for one in labels]
        return {"flat": self._flat, "classes": labels}

    def _restore(self, notes: dict[str, Any]) -> None:
        self._flat = notes["flat"]
        if self._flat:
            self._set_classes(array_of(notes["classes"]))
        else:
            self.classes_ = [np.array([0, 1])] * len(self.network_.output)

    def partial_fit(  # type: ignore[override]
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> Self:
        """Learn each sample once, in order, by the online rule.

        Parameters
        ----------
        X, y
            As for `fit`. The scale counts all samples of the call first.
        classes : array_like, optional
            All labels that will come. Needed in the first call, but for columns of 0 and 1.
        sample_weight : array_like, shape (N,), optional
            The weight of each sample, a factor of `online_rate`. Default: all 1.

        Returns
        -------
        self

        Raises
        ------
        ValueError, TypeError
            If the data cannot be used, or a label is not among the classes. Nothing has changed.
        DivergenceError
            If the cost of a step is not finite, as with a high rate.
        """
        if isinstance(self.class_weight, str):
            raise ArgumentError("Expected class_weight to be a dict for partial_fit, which sees a part only.")
        return self._partial_fit(X, y, () if classes is None else classes, sample_weight)

    def predict_proba(self, X: Any) -> Any:
        """Predict the probability of each class.

        Parameters
        ----------
        X
            As for `predict`.

        Returns
        -------
        ndarray or list of ndarray
            As `predict` returns, with a last axis in the order of `classes_`; for columns of 0 and 1, the
            probability of 1 in each.
        """
        return self._answers(X, self._probabilities)


def array_of(labels: list[Any]) -> Any:
    """Labels as an array of their type, or of objects if they have several types."""
    plain = [one.item() if isinstance(one, np.generic) else one for one in labels]
    return np.array(plain, None if len({type(one) for one in plain}) < 2 else object)

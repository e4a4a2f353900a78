"""Classification of a stream."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, final

import numpy as np
import pandas as pd
from river import base

from .. import _checks as checks
from .._defaults import OUTPUTS
from ..errors import ArgumentError
from ..model import Model
from ..objects.network import Network
from ..objects.outputs import require_squash
from .stream_network import Features, dicts_of
from .target_network import TargetNetwork

PLAIN = (str, int, float, bool, np.generic)
"""Labels that a file can have; others are written as text."""


@final
class NetworkClassifier(TargetNetwork, base.MiniBatchClassifier):
    """A network that classifies a stream of dicts; a new class gets an output neuron.

    The parameters are those of :class:`~synapse.river.StreamNetwork`.

    Examples
    --------
    >>> from river import datasets, evaluate, metrics
    >>> model = NetworkClassifier(seed=0)
    >>> evaluate.progressive_val_score(datasets.Phishing(), model, metrics.Accuracy())
    Accuracy: 89.27%
    >>> model.network
    <Perceptron 9-32-2, 43 neurons, 370 connections>
    """

    _output_squash = OUTPUTS["classes"]
    _squared = False
    _multiclass = True
    _labels: dict[Hashable, int]

    def learn_one(self, x: Features, y: Any, w: float = 1.0) -> None:
        """Learn a sample.

        Parameters
        ----------
        x : dict of feature names to numbers
            The features that there are.
        y : hashable
            The label.
        w : float
            Factor of the step. Default 1.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a feature is not a number, the label is None or NaN, or the weight is
            below 0. Nothing has changed.
        """
        checked_label(y)
        weight = w if w == 1.0 else checks.non_negative_number("The w", w)
        with self._lock:
            network, row = self._counted(x)
            place = self._labels.get(y)
            if place is None:
                place = self._labels[y] = self._add_label(network, str(y))
            errors = -network.activate(row)
            errors[place] += 1.0
            self._learn(errors, weight)

    @staticmethod
    def _checked(y: Any) -> Any:
        return checked_label(y)

    def predict_proba_many(self, X: pd.DataFrame) -> pd.DataFrame:
        """Predict the probability of each label so far, for each row; no column before
        the first sample.
        """
        rows = [self.predict_proba_one(row) for row in dicts_of(X)]
        labels = [] if self.network is None else list(self._labels)
        return pd.DataFrame(rows, index=X.index, columns=pd.Index(labels, dtype=object))

    def predict_many(self, X: pd.DataFrame) -> pd.Series:
        """Predict the label of each row; None before the first sample."""
        return pd.Series(
            [self.predict_one(row) for row in dicts_of(X)], index=X.index, dtype=object
        )

    def _begin(self, names: list[Hashable]) -> Network:
        self._labels = {}
        return super()._begin(names)

    def _model(self, network: Network, **options: Any) -> Model:
        advice = 'Build it with output_squash="softmax".'
        require_squash("What build returns", network, ("softmax",), advice)
        labels = [
            label if isinstance(label, PLAIN) else str(label) for label in self._labels
        ]
        options |= {"task": "classes", "classes": labels or None}
        return super()._model(network, **options)

    def _add_label(self, network: Network, name: str) -> int:
        """The output for a new label."""
        layer = network.output
        if self._labels:
            self._append(layer, [name], self._sources(network), layer)
        else:
            layer[0].name = name
        return len(self._labels)

    def predict_proba_one(self, x: Features) -> dict[Any, float]:
        """Predict the probability of each label so far; an empty dict before the first
        sample.
        """
        with self._lock:
            if self.network is None:
                return {}
            return dict(
                zip(self._labels, self._outputs(self.network, x).tolist(), strict=True)
            )


def checked_label(y: Any) -> Any:
    """A label, or ArgumentError."""
    if y is None or not isinstance(y, Hashable) or y != y:
        raise ArgumentError(f"Expected a label, got {checks.shown(y)}.")
    return y

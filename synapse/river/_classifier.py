"""Classify the samples of a stream."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, final

import numpy as np
import pandas as pd
from river import base

from .. import _checks as checks
from .._defaults import OUTPUTS
from .._model import Model
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.outputs import require_squash
from ..objects.topology import Topology
from ._features import Features, append, dicts_of, layer_of
from ._target_network import TargetNetwork

LABEL_TYPES = (str, int, float, bool)
"""Types of labels that a file can store. Other labels are written as text."""


def checked_label(y: Any) -> Any:
    """Return a label, or ArgumentError."""
    # `isinstance` is slow: it asks all bases of Hashable
    is_label = y is not None and (type(y) in LABEL_TYPES or isinstance(y, Hashable))
    if not is_label or y is pd.NA or y != y:
        raise ArgumentError(f"Expected a label, got {checks.short_repr(y)}.")
    return y


@final
class NetworkClassifier(TargetNetwork, base.MiniBatchClassifier):
    """A network that classifies a stream of dicts. Each new class gets an output
    neuron.

    The parameters are described at :class:`~synapse.river.StreamNetwork`.

    Examples
    --------
    >>> from river import datasets, evaluate, metrics
    >>> model = NetworkClassifier(seed=0)
    >>> evaluate.progressive_val_score(datasets.Phishing(), model, metrics.Accuracy())
    Accuracy: 89.27%
    >>> model.network
    <Perceptron 9-32-2, 43 neurons, 370 connections>
    """

    _task = "classes"
    _squared = False
    _multiclass = True
    _labels: dict[Hashable, Any]
    """The class of the model for each label."""

    _checked = staticmethod(checked_label)

    def _standard(self, target: Any) -> Floats:
        model = self._model
        assert model is not None  # made for the first sample
        if target not in self._labels:
            self._add_label(model, target)
        return model._targets.one_hot[self._labels[target]]

    def predict_proba_many(self, X: pd.DataFrame) -> pd.DataFrame:
        """Predict the probability of each label so far, for each row. Before the first
        sample, the result has no columns.
        """
        rows = [self.predict_proba_one(row) for row in dicts_of(X)]
        labels = [] if self._model is None else list(self._labels)
        return pd.DataFrame(rows, index=X.index, columns=pd.Index(labels, dtype=object))

    def predict_many(self, X: pd.DataFrame) -> pd.Series:
        """Predict the label of each row, or None before the first sample."""
        return pd.Series(
            [self.predict_one(row) for row in dicts_of(X)], index=X.index, dtype=object
        )

    def _begin(self, x: Features) -> None:
        self._labels = {}
        super()._begin(x)

    def _built(self, names: list[str], seed: int) -> Network:
        network = super()._built(names, seed)
        advice = f'Build it with output_squash="{OUTPUTS["classes"]}".'
        require_squash("The result of build", network, ("softmax",), advice)
        return network

    def _add_label(self, model: Model, label: Hashable) -> None:
        """Add a label, and an output for it if it is not the first one."""
        network = model.network
        classes = [*self._labels.values()]
        if classes:
            into_outputs = Topology.of(network).target >= len(network) - len(classes)
            sources = layer_of(network, Topology.of(network).source[into_outputs])
            append(network.output, 1, sources, network.output)
        network.output[-1].name = str(label)
        self._labels[label] = _plain(label, classes)
        model._targets.set_classes(self._labels.values())

    def predict_proba_one(self, x: Features) -> dict[Any, float]:
        """Predict the probability of each label so far, or return an empty dict before
        the first sample.
        """
        with self._lock:
            if self._model is None:
                return {}
            return dict(zip(self._labels, self._outputs(x).tolist(), strict=True))


def _plain(label: Any, classes: list[Any]) -> Any:
    """Return a label in the form that the model stores, which differs from these
    classes.
    """
    value = label.item() if isinstance(label, np.generic) else label
    if isinstance(value, LABEL_TYPES):
        return value
    text = str(label)
    return text if text not in classes else f"{type(label).__name__} {text}"

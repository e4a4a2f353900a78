"""Estimators of rows: tables, arrays, and River's dicts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from math import isfinite
from typing import Any, Self

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import validate_data

from .._checks import finite_number, shown
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.neuron import Neuron
from .estimator import NOTES, NetworkEstimator


class RowEstimator(NetworkEstimator):
    """An estimator of rows, shape (N, n): each is one step of the network, with a cleared context.

    Of plain float64 arrays only the shape is checked here: the network refuses what is not finite, and then
    scikit-learn checks the array for its message. Its own checks take twenty times as long as a step.
    """

    _supervised = _multiclass = True  # what River asks

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _data(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[Any, Any, Floats | None]:
        """Checked data and weights."""
        options = {"dtype": np.float64, "multi_output": True, "y_numeric": self._numeric}
        X, y = validate_data(self, X, y, reset=reset, **options)
        y = self._checked(y.toarray() if hasattr(y, "toarray") else y)
        return X, y, self._weights(X, y, sample_weight)

    def _standard(self, X: Any, y: Any, weights: Floats | None) -> tuple[Floats, Floats]:
        """Sequences of one step, shape (N, 1, n), and targets in standard units, after counting them."""
        targets = self._counted(X, y, weights)
        return self._scale.standard(X)[:, None], targets[:, None]

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        if sample_weight is None and self._is_plain(X) and len(X) == 1 and type(y) in (np.ndarray, list):
            target = self._plain_target(y[0]) if self._flat and len(y) == 1 else None
            if target is not None and isfinite(X.sum()):
                self._step(X[0], target, 1.0, 1.0)
                return self
        return super()._partial_fit(X, y, classes, sample_weight)

    def _plain_target(self, value: Any) -> Floats | None:
        """The targets of one value that needs no checks; None if it does."""
        return np.array([value]) if isinstance(value, float) and isfinite(value) else None

    def _step(self, row: Floats, target: Floats, weight: float, counted: Any) -> None:
        """Learn one row by the online rule; the scale counts its columns with the weights `counted`."""
        scale = self._scale
        if self.scale:
            scale.add_row(np.concatenate([row, target]) if self._numeric else row, counted)
        goal = scale.standard(target, len(row)) if self._numeric else target
        self._learn(scale.standard(row)[None], goal[None], weight)
        notes = self.network_.metadata.get(NOTES)
        if notes is None:
            self._note()
        else:
            notes["scale"] = scale.as_json()

    def _is_plain(self, X: Any) -> bool:
        """Whether nothing has to be checked of an array but that its numbers are finite."""
        known = vars(self)
        return (
            type(X) is np.ndarray
            and X.dtype == np.float64
            and X.ndim == 2
            and X.shape[1] == known.get("n_features_in_")
            and len(X) > 0
            and "feature_names_in_" not in known
            and "network_" in known
        )

    def _answers(self, X: Any, decode: Callable[[Floats], Any]) -> Any:
        """What a function makes of the outputs for rows."""
        self._fitted()
        if self._is_plain(X):
            try:
                return decode(self._run(X))
            except ArgumentError:
                pass  # the message of scikit-learn says what and where
        return decode(self._run(validate_data(self, X, reset=False, dtype=np.float64)))

    def _run(self, X: Floats) -> Floats:
        """The outputs for rows, shape (N, m), in standard units."""
        network, rows = self.network_, self._scale.standard(X)
        if network.has_memory:
            found: Floats = network.run(rows[:, None])[:, 0]
            return found
        return network.activate(rows[0])[None] if len(rows) == 1 else network.run(rows)

    # --- one dict at a time, as River has them ---------------------------------------------------------

    def learn_one(self, x: Mapping[Any, Any], y: Any, w: float = 1.0) -> None:
        """Learn one sample by the online rule, as in River.

        A new feature gets an input neuron, connected to all neurons that read inputs, with weights of 0: no
        prediction without it changes. A new class gets an output neuron in the same way. A feature that is
        missing, None or NaN is silent: it has its mean.

        Parameters
        ----------
        x : mapping of feature names to numbers
            The features that there are.
        y : label or float
            The target.
        w : float
            Weight of the sample, a factor of `online_rate`. Default 1.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a feature or a target is not a finite number. Nothing has changed.
        """
        values, target = self._values(x), self._stream_target(y)
        if hasattr(self, "network_") and not self._flat:
            raise ArgumentError("Expected an estimator of one column of targets for learn_one.")
        if not hasattr(self, "network_"):
            if not values:
                raise ArgumentError("Expected the first sample to have a feature, got none.")
            with self._unchanged_by_errors():
                self.n_features_in_, self.feature_names_in_ = len(values), _names(values)
                self._prepare(np.array([y]), None if self._numeric else [y])
                target = self._stream_target(y)
        for name in [name for name in values if name not in self._places]:
            self._add_feature(name)
        row, present = self._row(values)
        w *= (getattr(self, "class_weight", None) or {}).get(y, 1.0)
        if w > 0:
            self._step(row, target, w, w * (np.append(present, 1.0) if self._numeric else present))

    def predict_one(self, x: Mapping[Any, Any]) -> Any:
        """Predict the label or the number of one sample; before the first None or 0, as in River.

        Parameters
        ----------
        x : mapping of feature names to numbers
            Unknown features are ignored, missing ones have their mean.
        """
        outputs = self._stream_outputs(x)
        if outputs is None:
            return 0.0 if self._numeric else None
        return self._decode(outputs).tolist()[0]

    def _stream_target(self, y: Any) -> Any:
        """The targets of one sample."""
        return np.array([finite_number("The target", y)])

    def _stream_outputs(self, x: Mapping[Any, Any]) -> Floats | None:
        """The outputs for one sample, shape (1, m); None before the first."""
        return self._run(self._row(self._values(x))[0][None]) if hasattr(self, "network_") else None

    def _values(self, x: Mapping[Any, Any]) -> dict[Any, float]:
        """The features that are there, as floats."""
        try:
            values = {name: float(value) for name, value in x.items() if value is not None}
        except (TypeError, ValueError):
            values = {None: np.inf}
        if not isfinite(sum(values.values())):
            values = {name: value for name, value in values.items() if value == value}
        if not isfinite(sum(values.values())):
            raise ArgumentError(
                f"Expected the features to be finite numbers, got {shown(dict(x))}. "
                "Encode words first, such as by river.preprocessing.OneHotEncoder."
            )
        return values

    def _row(self, values: dict[Any, float]) -> tuple[Floats, Floats]:
        """The values in the order of the inputs, the mean for those missing, and which are there."""
        row, present = self._scale.mean[: self.n_features_in_].copy(), np.zeros(self.n_features_in_)
        for name, value in values.items():
            if (at := self._places.get(name)) is not None:
                row[at], present[at] = value, 1.0
        return row, present

    def _add_feature(self, name: Any) -> None:
        """Add an input neuron for a new feature."""
        inputs = self.network_.input
        self._append(inputs, name, [], [link.target for neuron in inputs for link in neuron.outgoing])
        self._scale.insert(self.n_features_in_)
        self._places[name], self.n_features_in_ = self.n_features_in_, self.n_features_in_ + 1
        self.feature_names_in_ = _names(self._places)
        self._note()

    def _append(self, layer: Layer, name: Any, sources: list[Neuron], targets: list[Neuron]) -> None:
        """Add a neuron to a layer, with one connection of weight 0 from each source and to each target."""
        neuron = Neuron(layer[0].squash, name=str(name), dtype=self.network_.dtype)
        layer.append(neuron)
        for source in dict.fromkeys(sources):
            source.project(neuron, weight=0.0)
        for target in dict.fromkeys(targets):
            neuron.project(target, weight=0.0)

    def clone(self, new_params: Mapping[str, Any] | None = None, include_attributes: bool = False) -> Self:
        """Copy the estimator with other parameters, as River does.

        Parameters
        ----------
        new_params : mapping of str to anything, optional
            Parameters that differ.
        include_attributes : bool
            Whether the copy has learned what this one has. Default False.
        """
        made: Self = deepcopy(self) if include_attributes else clone(self)
        made.set_params(**(new_params or {}))
        return made


def _names(values: Iterable[Any]) -> Any:
    """Names of features as an array of objects, also if they are tuples."""
    return np.array([*values, None], object)[:-1]

"""Estimators of rows: tables, arrays, and River's dicts."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from copy import deepcopy
from math import isfinite
from typing import Any, Self, final

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, clone
from sklearn.utils.validation import validate_data

from .._checks import finite_number, non_negative_number, shown
from .._running_scale import TOO_LARGE
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.neuron import Neuron
from .estimator import AUTO, LEARNING, NOTES, ClassTargets, NetworkEstimator, array_of, parameters

LARGE = 1e150
"""Values below this have squares that a scale can count."""


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
        targets = self._counted(X, y, weights, weights)
        return self._scale.standard(X)[:, None], targets[:, None]

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        if sample_weight is None and self._is_plain(X) and len(X) == 1 and type(y) in (np.ndarray, list):
            target = self._plain_target(y[0]) if self._flat and len(y) == 1 else None
            if target is not None and np.abs(X).max() < LARGE:  # also false for NaN
                self._step(X[0], target, 1.0, 1.0)
                return self
        return super()._partial_fit(X, y, classes, sample_weight)

    def _plain_target(self, value: Any) -> Floats | None:
        """The targets of one value that needs no checks; None if it does."""
        return np.array([value]) if isinstance(value, float) and abs(value) < LARGE else None

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
        attributes = vars(self)
        return (
            type(X) is np.ndarray
            and X.dtype == np.float64
            and X.ndim == 2
            and X.shape[1] == attributes.get("n_features_in_")
            and len(X) > 0
            and "feature_names_in_" not in attributes
            and "network_" in attributes
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
            outputs: Floats = network.run(rows[:, None])[:, 0]
            return outputs
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
            If a feature, a target or the weight is not a finite number, or the weight is below 0. Nothing has
            changed.
        """
        values, w = self._values(x), non_negative_number("The w", w)
        if self.scale and max(map(abs, values.values()), default=0.0) >= LARGE:
            raise ArgumentError(TOO_LARGE)
        target = self._stream_target(y)  # adds an output neuron for a new label, so all else is right by now
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
        target = finite_number("The target", y)
        if self.scale and abs(target) >= LARGE:
            raise ArgumentError(TOO_LARGE)
        return np.array([target])

    def _stream_outputs(self, x: Mapping[Any, Any]) -> Floats | None:
        """The outputs for one sample, shape (1, m); None before the first."""
        return self._run(self._row(self._values(x))[0][None]) if hasattr(self, "network_") else None

    def _values(self, x: Mapping[Any, Any]) -> dict[Any, float]:
        """The features that are there, as floats."""
        try:
            if any(isinstance(value, np.complexfloating) for value in x.values()):
                raise TypeError  # float() only warns that it drops a part
            values = {name: float(value) for name, value in x.items() if value is not None}
        except (AttributeError, TypeError, ValueError, OverflowError):
            values = {None: np.inf}
        if not isfinite(sum(values.values())):
            values = {name: value for name, value in values.items() if value == value}
        if not all(map(isfinite, values.values())):
            raise ArgumentError(
                f"Expected the features to be a dict of finite numbers, got {shown(x)}. "
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
        copy: Self = deepcopy(self) if include_attributes else clone(self)
        copy.set_params(**(new_params or {}))
        return copy


def _names(values: Iterable[Any]) -> Any:
    """Names of features as an array of objects, also if they are tuples."""
    return np.array([*values, None], object)[:-1]


DEFAULTS = {"hidden": (16,), "build": "Perceptron", "squash": "tanh", "scale": True}
"""Parameters of both estimators; those of learning follow."""


@final
@parameters(**DEFAULTS, class_weight=None, **LEARNING)
class NetworkClassifier(ClassifierMixin, ClassTargets, RowEstimator):
    """A network of any topology as a classifier of rows: of scikit-learn and of River.

    Labels may be numbers, strings or booleans. One column of labels has a softmax output for each class;
    columns of 0 and 1 (multi-label) have a logistic output each.

    Parameters
    ----------
    hidden : tuple of int
        Sizes of the hidden layers, if `build` is the name of an architecture. Default one of 16 neurons.
    build : str, networkx.Graph or callable
        The topology. A string is the name of a class of :mod:`architect`. A graph marks nodes by the
        attributes ``layer="input"`` and ``layer="output"``; without them :func:`synapse.from_networkx` finds
        the inputs and outputs. Nodes called like the features or classes are those of them. A function
        ``build(n_inputs, n_outputs, seed)`` returns any network, hand-wired or gated, of which a copy is
        trained. Default "Perceptron".
    squash : str or Squash, optional
        Activation function of the hidden neurons. None: that of the architecture. Default "tanh".
    scale : bool
        Whether inputs are standardised. The scale is part of the estimator, and of the metadata of
        `network_`, so its files have it. Default True.
    class_weight : dict or "balanced", optional
        The weight of each class; with "balanced" inversely proportional to its frequency. Default: all 1.
    online_rate : float
        Learning rate of `partial_fit` and `learn_one`, which use the online rule. Default 0.01.
    random_state : int, numpy.random.RandomState or None
        Seed of weights, orders and held-out samples.
    **options
        The options of :class:`~synapse.Trainer`, and `epochs`, `error`, `shuffle`,
        `validation` (a fraction, drawn at random), `patience`, `restore_best`, `callbacks` and `progress` of
        its ``train``. The defaults that differ are ``method="bptt"``, ``optimizer="adam"``, ``rate=0.01`` and
        ``progress=False``. Optimizers may be given by name: "adam", "lbfgs", "sgd".

    Attributes
    ----------
    network_ : Network
        The trained network. It takes and returns standard units, if `scale` is true. Input neurons are named
        like the features, outputs like the classes.
    classes_ : ndarray, or list of them
        The labels, by column if there are several.
    n_features_in_, feature_names_in_
        Number of features; their names, if `X` is a DataFrame or a stream of dicts.
    result_ : Result
        The result of the training in `fit`.
    n_iter_, loss_curve_ : int, list of float
        Its number of epochs, and the mean cost of each.

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 2))
    >>> labels = np.where(rows[:, 0] * rows[:, 1] > 0, "same", "other")
    >>> model = NetworkClassifier(hidden=(8,), random_state=0).fit(rows, labels)
    >>> model.score(rows, labels) > 0.95, model.predict([[1.0, 1.0], [1.0, -1.0]])
    (True, array(['same', 'other'], dtype='<U5'))
    >>> model.network_
    <Perceptron 2-8-2, 12 neurons, 32 connections>
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def predict_proba_one(self, x: Mapping[Any, Any]) -> dict[Any, float]:
        """Predict the probability of each label for one sample; an empty dict before the first.

        Parameters
        ----------
        x : mapping of feature names to numbers
            As for `predict_one`.
        """
        outputs = self._stream_outputs(x)
        if outputs is None:
            return {}
        return dict(zip(self.classes_.tolist(), self._probabilities(outputs)[0].tolist(), strict=True))

    def _plain_target(self, value: Any) -> Floats | None:
        plain = self.class_weight is None and isinstance(value, Hashable)
        return self._one_hot.get(value) if plain else None

    def _stream_target(self, y: Any) -> Any:
        """The targets of a label; a new one gets an output neuron. None before the first sample."""
        if y is None or not isinstance(y, Hashable) or y != y:
            raise ArgumentError(f"Expected a label, got {shown(y)}.")
        if not isinstance(self.class_weight, Mapping | None):
            raise ArgumentError(
                "Expected class_weight to be a dict for learn_one, which sees one sample only."
            )
        non_negative_number("The class_weight", (self.class_weight or {}).get(y, 1.0))
        if not hasattr(self, "network_") or not self._flat:
            return None
        if y not in self._one_hot:
            layer = self.network_.output
            self._append(layer, y, [link.source for neuron in layer for link in neuron.incoming], [])
            self._set_classes(array_of([*self.classes_.tolist(), y]))
            self._note()
        return self._one_hot[y]


@final
@parameters(**DEFAULTS, **LEARNING, l2=AUTO)
class NetworkRegressor(RegressorMixin, RowEstimator):
    """A network of any topology as a regressor of rows: of scikit-learn, skforecast and River.

    Its parameters and attributes are those of :class:`NetworkClassifier` without `class_weight` and
    `classes_`. Outputs are linear. With `scale`, targets are standardised, too.

    The default of `l2` is ``"auto"``: 3 divided by the number of samples, so that a small table is fitted
    less closely (`l2` of the trainer; 0 if the method is not "bptt"). It was chosen on thirteen small tables,
    on none of which the R² is more than 0.03 below that of linear regression (``studies/small_tables.md``).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = NetworkRegressor(random_state=0).fit(rows, 100 * rows[:, 0] + 5)
    >>> model.score(rows, 100 * rows[:, 0] + 5) > 0.99
    True
    """

"""Estimate targets of rows, in tables and arrays."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Self, final

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_consistent_length, validate_data

from .._checks import FLOAT64, input_rows, is_sparse, require_labels
from .._defaults import ROWS, SQUASHES
from .._scale import SQUARABLE
from .._typing import Floats
from ..errors import ArgumentError
from ._class_targets import ClassTargets
from ._estimator import NetworkEstimator
from ._parameters import AUTO, LEARNING, parameters


class RowEstimator(NetworkEstimator):
    """An estimator of rows, shape (N, n). Each row is one step of the network, with a
    cleared context.

    For plain float64 arrays, only the shape is checked here. If the network refuses a
    number that is not finite, scikit-learn checks the array for its message. This order
    is used because scikit-learn's own checks take twenty times as long as a step.
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags

    def _checked_data(self, X: Any, y: Any, reset: bool) -> tuple[Any, Any]:
        """Return checked rows and targets."""
        options = {
            "dtype": np.float64,
            "multi_output": True,
            "y_numeric": self._numeric,
        }
        if not (self._numeric or y is None or hasattr(y, "toarray")):
            require_labels("y", y)
        if is_sparse(X):
            X = self._sparse(X, reset)
            del options["dtype"]
            y = validate_data(self, y=y, reset=reset, **options)
            check_consistent_length(X, y)
        else:
            X, y = validate_data(self, X, y, reset=reset, **options)
        return X, self._checked(y.toarray() if hasattr(y, "toarray") else y)

    def _sparse(self, X: Any, reset: bool) -> Any:
        """Return checked sparse rows."""
        validate_data(self, X, reset=reset, skip_check_array=True)
        return input_rows("X", X, X.shape[-1], FLOAT64)

    def _samples(self, X: Any, y: Any) -> tuple[Any, Any]:
        """Return samples or, for a network with memory, sequences of one step."""
        if not self.network_.has_memory:
            return X, y
        return [X[i : i + 1] for i in range(len(X))] if is_sparse(X) else X[:, None], y

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        if (
            sample_weight is None
            and self._is_plain(X)
            and len(X) == 1
            and type(y) in (np.ndarray, list)
        ):
            target = self._plain_target(y[0]) if self._flat and len(y) == 1 else None
            if target is not None and np.abs(X).max() < SQUARABLE:  # also false for NaN
                self._step(X[0], target)
                return self
        return super()._partial_fit(X, y, classes, sample_weight)

    def _plain_target(self, value: Any) -> Floats | None:
        """Return the targets of one value that needs no checks, or None if it does."""
        return (
            np.array([value])
            if isinstance(value, float) and abs(value) < SQUARABLE
            else None
        )

    def _step(self, row: Floats, target: Floats) -> None:
        """Learn one row by the online rule, after the scales have counted it."""
        model = self.model_
        if model.network.has_memory:
            model.network.clear()
        with self._advised():
            model._learn_row(row, target, float(self.online_rate))

    def _is_plain(self, X: Any) -> bool:
        """Return whether an array only needs a check that its numbers are finite."""
        attributes = vars(self)
        return (
            type(X) is np.ndarray
            and X.dtype == np.float64
            and X.ndim == 2
            and X.shape[1] == attributes.get("n_features_in_")
            and len(X) > 0
            and "feature_names_in_" not in attributes
            and "model_" in attributes
        )

    def _answers(self, X: Any, decode: Callable[[Floats], Any]) -> Any:
        """Return the result of a function of the outputs for rows."""
        self._fitted()
        if is_sparse(X):
            return decode(self._run(self._sparse(X, reset=False)))
        if self._is_plain(X):
            try:
                return decode(self._run(X))
            except ArgumentError:
                pass  # the message of scikit-learn says what and where
        return decode(self._run(validate_data(self, X, reset=False, dtype=np.float64)))

    def _run(self, X: Any) -> Floats:
        """Return the outputs for rows, shape (N, m), in the units of the targets."""
        model = self.model_
        network = model.network
        rows = X if model.scale is None else model.scale.standard(X)
        if network.has_memory:
            rows, _ = self._samples(rows, None)
            outputs = np.concatenate(network.run(rows, traces=False))
        elif len(rows) == 1 and not is_sparse(rows):
            outputs = network.activate(rows[0])[None]
        else:
            outputs = network.run(rows, threads=self.threads)
        scale = model.target_scale
        return outputs if scale is None else scale.original(outputs)


DEFAULTS = {
    "hidden": ROWS.hidden,
    "build": ROWS.build,
    "squash": SQUASHES[ROWS.build],
    "scale": True,
}
"""Parameters of both estimators, which the parameters of learning follow."""


@final
@parameters(**DEFAULTS, class_weight=None, **LEARNING)
class NetworkClassifier(ClassifierMixin, ClassTargets, RowEstimator):
    """A network of any topology as a classifier of rows, for scikit-learn.

    Labels may be numbers, strings or booleans. One column of labels has a softmax
    output for each class, whereas columns of 0 and 1 (multi-label) have a logistic
    output each.

    Parameters
    ----------
    hidden : int or tuple of int
        Sizes of the hidden layers, if `build` is the name of an architecture. Default:
        one layer of 16 neurons.
    build : str, networkx.Graph or callable
        The topology. A string is the name of a class of :mod:`architect` in any case,
        such as "lstm". A graph marks nodes by the attributes ``layer="input"`` and
        ``layer="output"``, and without them, :func:`synapse.from_networkx` finds the
        inputs and outputs. Nodes with the names of features or classes belong to them.
        A function ``build(n_inputs, n_outputs, seed)`` returns any network, such as a
        hand-wired or gated one, of which a copy is trained. Its outputs must be softmax
        or logistic. For a regressor, they must be unbounded ("identity"), or with
        ``scale=False`` reach the targets. Default "Perceptron".
    squash : str or Squash, optional
        Activation function of the hidden neurons. With None, the architecture's own
        function is used. Default "tanh".
    scale : bool
        Whether inputs are standardised. The scale is part of the model. Default True.
    class_weight : dict or "balanced", optional
        The weight of each class. With "balanced", it is inversely proportional to the
        frequency of the class. Default: all 1.
    online_rate : float
        Learning rate of `partial_fit`, which uses the online rule. Default 0.01.
    warm_start : bool
        Whether `fit` continues with a copy of the present network and its scales, which
        then include the new data, instead of a new network. Default False.
    random_state : int, numpy.random.RandomState or None
        Seed of weights, orders and held-out samples.
    **options
        The options of :class:`~synapse.Trainer`, and those of its ``train``: `epochs`,
        ``goal``, `shuffle`, `progress`, `validation`, `eval_set`, `metrics`,
        `patience`, `min_delta`, `restore_best`, ``callbacks`` and ``on_batch``. The
        defaults that differ are ``rule="bptt"``, ``optimizer="adam"``, ``rate=0.01``
        and ``progress=False``. Optimizers may be given by name: "adam", "lbfgs", "sgd".
        `validation` is a fraction of the samples, drawn at random, or a tuple
        ``(X, y)`` of data in the same form as for `fit`, and `eval_set` is a dict of
        such tuples, to which the scale is not fitted. A function among the `metrics`
        receives targets and predictions as ``predict`` returns them. Layers in `only`
        are given by their names.

    Attributes
    ----------
    model_ : Model
        The network with its scales and names, which :func:`synapse.save` can save.
    classes_ : ndarray, or list of them
        The labels, by column if there are several.
    n_features_in_, feature_names_in_
        Number of features, and their names if `X` is a DataFrame.
    result_ : Result
        The result of the training in `fit`.
    n_iter_, loss_curve_ : int, list of float
        The number of epochs in this training, and the mean cost of each.

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

    def _plain_target(self, value: Any) -> Floats | None:
        plain = self.class_weight is None and isinstance(value, Hashable)
        return self.model_._targets.one_hot.get(value) if plain else None


@final
@parameters(**DEFAULTS, **LEARNING, l2=AUTO)
class NetworkRegressor(RegressorMixin, RowEstimator):
    """A network of any topology as a regressor of rows, for scikit-learn and
    skforecast.

    Its parameters and attributes are those of :class:`NetworkClassifier` without
    `class_weight` and `classes_`. Outputs are linear. With `scale`, targets are
    standardised, too.

    The default of `l2` is ``"auto"``, which is 3 divided by the number of samples, to
    fit a small table less closely (`l2` of the trainer, or 0 if the rule is not
    "bptt"). It was chosen on thirteen small tables. On each of them, R² is at most 0.03
    below that of linear regression (``studies/small_tables.md``).

    Examples
    --------
    >>> rows = np.random.default_rng(0).normal(size=(200, 3))
    >>> model = NetworkRegressor(random_state=0).fit(rows, 100 * rows[:, 0] + 5)
    >>> model.score(rows, 100 * rows[:, 0] + 5) > 0.99
    True
    """

"""Implement the common parts of all estimators. They check data, build a network of any
topology, and pass both to its model, which does the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from functools import wraps
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import _check_sample_weight

from .. import _checks
from .._build import network_of
from .._defaults import OUTPUTS, ROWS
from .._model import Model, columns_of
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError, DivergenceError
from ..learning import Result, Trainer
from ..objects.network import Network
from ._parameters import AUTO, TRAIN, TRAINER


@_checks.suggests_attributes("NetworkEstimator")
class NetworkEstimator(BaseEstimator, metaclass=_checks.AbstractOwnNames):
    """A model as an estimator of scikit-learn. Its targets are numbers, unless a
    subclass changes them.
    """

    _numeric = True
    _task = "numbers"
    _flat: bool  # whether targets have one dimension
    _target_names: list[str]  # none if the targets have no names
    model_: Model
    n_features_in_: int
    build: Any
    l2: Any
    threads: Any
    rule: Any
    validation: Any
    eval_set: Any
    metrics: Any
    warm_start: Any

    # --- for users --------------------------------------------------------------------

    @property
    def network_(self) -> Network:
        """The network of the model. It takes and returns standard units, if `scale` is
        true. Inputs are named like the features, and outputs like the classes.
        """
        return self.model_.network

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Build the network and train it, or continue with a copy of the present model
        if `warm_start` is true.

        Parameters
        ----------
        X : array_like or DataFrame, shape (N, n)
            The features of each sample. They may be sparse, as an array of SciPy, or
            any object with the ``indptr``, ``indices``, ``data`` and ``shape`` of CSR.
            Sparse columns are scaled, but not centred. Sequence estimators take an
            array (N, T, n), or a list of arrays (T_i, n), which may have one dimension
            if there is only one feature.
        y : array_like or DataFrame, shape (N,) or (N, m)
            The targets or labels. Output neurons for numbers are named like the columns
            of a DataFrame. With ``per="step"``, each step has a target: (N, T), (N, T,
            m), or a list of arrays.
        sample_weight : array_like, shape (N,), optional
            The weight of each sample, which also affects the scale. It requires the
            rule "bptt". Default: all 1.

        Raises
        ------
        ValueError, TypeError
            If the data, for example because of NaN, or a parameter cannot be used.
            Nothing has changed in this case.
        DivergenceError
            If the cost is not finite, for example at a high rate. Nothing has changed
            in this case.
        """
        with self._unchanged_by_errors():
            warm = _checks.boolean("warm_start", self.warm_start)
            reset = not (warm and hasattr(self, "model_"))
            X, y, weights = self._data(X, y, sample_weight, reset=reset)
            draw = check_random_state(self.random_state).randint
            # an error leaves the present model
            self.model_ = self._made(y, None, draw) if reset else deepcopy(self.model_)
            self._train(X, y, weights, reset, int(draw(2**31 - 1)))
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn each sample once, in order, by the online rule.

        Parameters
        ----------
        X, y
            As for `fit`. The scale counts all samples of the call first.
        sample_weight : array_like, shape (N,), optional
            The weight of each sample, as a factor of `online_rate`. Default: all 1.

        Raises
        ------
        ValueError, TypeError
            If the data cannot be used. Nothing has changed in this case.
        DivergenceError
            If the cost of a step is not finite, for example at a high rate.
        """
        return self._partial_fit(X, y, None, sample_weight)

    def predict(self, X: Any) -> Any:
        """Predict the labels, or the numbers, of samples.

        Parameters
        ----------
        X
            Samples, as for `fit`.

        Returns
        -------
        ndarray or list of ndarray
            Predictions in the form of the learned targets, or a list if ``per="step"``
            and `X` is a list.
        """
        return self._answers(X, self._decode)

    @classmethod
    def from_model(cls, model: Model, **parameters: Any) -> Self:
        """Make the fitted estimator of a model, such as the model of another estimator,
        or of ``synapse train``.

        Parameters
        ----------
        model : Model
            The attribute `model_` of an estimator, or any model with such targets, also
            from a file of :func:`synapse.save`.
        **parameters : Any
            Parameters of the estimator, for later calls of `fit` and `partial_fit`.

        Returns
        -------
        estimator
            An estimator with the model's predictions. A single number is predicted
            without a second axis.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If it is not a model, or has other targets than this class.
        """
        if isinstance(model, Network):
            raise ArgumentTypeError(
                f"Expected a model, got its network alone, {model!r}. Fit the"
                " estimator again, and save its model: synapse.save(estimator.model_,"
                " path)."
            )
        tasks = ("numbers",) if cls._numeric else ("classes", "labels")
        _checks.require(
            _checks.instance("model", model, Model).task in tasks,
            "model",
            f"a model of {' or '.join(tasks)}",
            model.task,
        )
        estimator = cls(**parameters)
        estimator.model_ = model
        model._columns.fitted_by_name = None  # the estimator checks names
        estimator.n_features_in_ = len(model.network.input)
        if names := columns_of(model.network.input):
            estimator.feature_names_in_ = np.array(names, object)
        estimator._learn_model()
        return estimator

    # --- targets, here numbers --------------------------------------------------------

    def _checked(self, y: Any) -> Any:
        """Return targets in a form that the methods below take."""
        values = _checks.numbers("y", y, "numbers")
        _checks.require(np.isfinite(values).all(), "y", "finite", y)
        return values

    def _learn_targets(self, y: Any, classes: Any) -> list[str]:
        """Learn the form of the targets, and return a name for each output, or "" if it
        has none.
        """
        self._flat = y.ndim == 1
        return self._target_names or [""] * (1 if self._flat else y.shape[1])

    def _learn_model(self) -> None:
        """Learn the form of the targets from a model."""
        self._flat = len(self.network_.output) == 1

    def _labels(self) -> list[Any] | None:
        """Return the classes of the model."""
        return None

    def _targets(self, y: Any) -> Any:
        """Convert targets to the form that the model takes."""
        return y

    def _form(self, values: Any) -> Any:
        """Convert predictions of the model to the form of the targets."""
        return values[:, 0] if self._flat else values

    def _decode(self, outputs: Floats) -> Any:
        """Convert outputs, shape (N, m), to predictions."""
        return self._form(outputs)

    # --- the network ------------------------------------------------------------------

    def _made(self, y: Any, classes: Any, draw: Callable[[int], Any]) -> Model:
        """Learn the form of the targets, and make the network and its model."""
        scale = _checks.boolean("scale", self.scale)
        _checks.positive_number("online_rate", self.online_rate)
        features = self.n_features_in_
        names = self._learn_targets(y, classes)
        columns = [*map(str, getattr(self, "feature_names_in_", [""] * features))]
        options = {
            "output_squash": OUTPUTS[self._task],
            "seed": int(draw(2**31 - 1)),
        }
        network = network_of(
            self.build, columns, names, self.hidden, self.squash, **options
        )
        for neuron, name in zip(
            [*network.input, *network.output], [*columns, *names], strict=True
        ):
            neuron.name = name or neuron.name
        return Model(
            network, self._labels(), task=self._task, scale=scale, target_scale=scale
        )

    def _fitted(self) -> Model:
        if not hasattr(self, "model_"):
            name = type(self).__name__
            raise NotFittedError(
                f"This {name} is not fitted yet. Call fit or partial_fit first."
            )
        return self.model_

    # --- learning ---------------------------------------------------------------------

    @contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        """Restore all attributes if an error is raised."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _data(
        self, X: Any, y: Any, sample_weight: Any, reset: bool
    ) -> tuple[Any, Any, Floats | None]:
        """Return checked data and weights."""
        self._target_names = [str(name) for name in getattr(y, "columns", ())]
        X, y = self._checked_data(X, y, reset)
        return X, y, self._weights(X, y, sample_weight)

    def _weights(self, X: Any, y: Any, sample_weight: Any) -> Floats | None:
        """Return the weight of each sample, given by itself and by its class, or None
        if all are 1.
        """
        factors = []
        if sample_weight is not None:
            factors.append(
                _check_sample_weight(sample_weight, X, ensure_non_negative=True)
            )
        if getattr(self, "class_weight", None) is not None:
            factors.append(compute_sample_weight(self.class_weight, y))
        weights: Floats | None = np.prod(factors, axis=0) if factors else None
        if weights is not None and not (np.isfinite(weights) & (weights >= 0)).all():
            raise ArgumentError(
                _checks.expected(
                    "class_weight", "finite numbers, 0 or above", self.class_weight
                )
            )
        if weights is not None and not weights.any():
            raise ArgumentError("Expected a sample with a weight above 0, got none.")
        return weights

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        with self._unchanged_by_errors():
            reset = not hasattr(self, "model_")
            X, y, weights = self._data(X, y, sample_weight, reset=reset)
            if reset:
                draw = check_random_state(self.random_state).randint
                self.model_ = self._made(y, classes, draw)
            with self._advised():
                inputs, targets = self._samples(X, self._targets(y))
                self.model_.learn_many(inputs, targets, self.online_rate, weights)
        return self

    @contextmanager
    def _advised(self) -> Iterator[None]:
        """Explain how to proceed when the online rule diverges."""
        try:
            yield
        except DivergenceError as error:
            raise DivergenceError(
                f"{error} Or use a lower online_rate, or scale=True."
            ) from None

    def _train(
        self, X: Any, y: Any, weights: Floats | None, reset: bool, seed: int
    ) -> None:
        """Train the model, whose held-out samples are drawn by the seed."""
        model = self.model_
        options = {name: getattr(self, name) for name in TRAIN}
        condition = "a list of names and functions of (y, prediction)"
        options["metrics"] = [
            self._formed(metric) if callable(metric) else metric
            for metric in _checks.listed("metrics", self.metrics, condition)
        ]
        if self.eval_set is not None:
            _checks.require(
                isinstance(self.eval_set, Mapping),
                "eval_set",
                "a dict of names and tuples (X, y)",
                self.eval_set,
            )
            options["eval_set"] = {
                name: self._held_out("The data of eval_set", "", data)
                for name, data in self.eval_set.items()
            }
        share = 0.0
        settings = {name: getattr(self, name) for name in TRAINER}
        count = len(y)
        inputs, targets = self._samples(X, self._targets(y))
        if isinstance(self.validation, tuple):
            also = "a fraction or "
            options["validation"] = self._held_out("validation", also, self.validation)
        elif self.validation is not None:
            share = _checks.fraction("validation", self.validation)
            order = np.random.default_rng(seed).permutation(len(inputs))
            inputs, targets = (
                [samples[i] for i in order]
                if isinstance(samples, list)
                else samples[order]
                for samples in (inputs, targets)
            )
            weights = None if weights is None else weights[order]
        if isinstance(self.l2, str) and _checks.choice("l2", self.l2, (AUTO,)):
            penalty = ROWS.penalty / (count * (1.0 - share))
            settings["l2"] = penalty if self.rule == "bptt" else 0.0
        if weights is not None:
            options["sample_weight"] = weights
        if reset:
            model.trainer = Trainer(model.network, **settings)
        for name in () if reset else settings:
            setattr(model.trainer, name, settings[name])
        learn = model.fit if reset else model.update
        result: Result = learn(inputs, targets, seed=seed, **options)
        self.result_ = result
        self.loss_curve_ = result.history["loss"]
        self.n_iter_ = result.epochs
        if model.network._is_random:
            model.network.deterministic = True

    def _held_out(self, title: str, also: str, data: Any) -> tuple[Any, Any]:
        """Return held-out data in the form that the model takes."""
        _checks.require(
            isinstance(data, tuple) and len(data) == 2,
            title,
            f"{also}a tuple (X, y)",
            data,
        )
        X, y = self._checked_data(*data, reset=False)
        inputs, targets = self._samples(X, self._targets(y))
        return inputs, targets

    def _formed(self, metric: Any) -> Any:
        """Return a metric that receives targets and predictions in this form."""

        @wraps(metric)
        def measure(targets: Any, predictions: Any) -> Any:
            return metric(self._form(targets), self._form(predictions))

        measure.__name__ = getattr(metric, "__name__", "<lambda>")
        return measure

"""What all estimators share: parameters, targets, the network with its scale, training,
and files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, Self, TypeVar

import networkx as nx
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight

from .. import _checks
from .._defaults import OUTPUTS, ROWS, architecture, built
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError, DivergenceError
from ..learning import Result, Trainer
from ..objects.network import Network, require_network
from ..objects.outputs import require_range, require_squash, squashes_of
from ..readwrite import from_networkx
from ..scale import Scale

OF_CALLS = (
    *("self", "inputs", "targets", "sample_weight", "class_weight", "seed"),
    *("checkpoint", "every", "resume"),
)
"""What ``Trainer.train`` takes that is no option of an estimator."""
TRAINER = {
    name: option
    for name, option in signature(Trainer).parameters.items()
    if name != "network"
}
TRAIN = {
    name: option
    for name, option in signature(Trainer.train).parameters.items()
    if name not in OF_CALLS
}
DEFAULTS = {
    "method": ROWS.method,
    "optimizer": ROWS.optimizer,
    "rate": ROWS.rate,
    "progress": False,
}
"""Options whose default differs from that of the trainer."""
LEARNING = {"online_rate": 0.01, "warm_start": False, "random_state": None}
"""The last parameters of all estimators, before the options."""
AUTO = "auto"
"""The option ``l2="auto"``."""
NOTES = "estimator"
"""The key of `network_.metadata` for what an estimator needs beside its network."""
Class = TypeVar("Class", bound=type)


def parameters(**defaults: Any) -> Callable[[Class], Class]:
    """A class decorator: `__init__` stores these parameters, which have defaults, and
    the trainer's.
    """

    def declared(cls: Class) -> Class:
        options = {
            name: DEFAULTS.get(name, option.default)
            for name, option in {**TRAINER, **TRAIN}.items()
        }
        several = [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
        for name, default in {**defaults, **options, **defaults}.items():
            role = (
                Parameter.POSITIONAL_OR_KEYWORD
                if len(several) == 1
                else Parameter.KEYWORD_ONLY
            )
            several.append(Parameter(name, role, default=default))
        declaration = Signature(several)

        # It becomes the method of the class.
        def __init__(self: Any, *values: Any, **named: Any) -> None:  # noqa: N807
            if unknown := _checks.about_arguments(
                [__init__], named, _checks.ARGUMENTS["estimator"], as_dict=False
            ):
                raise ArgumentTypeError(unknown)
            bound = declaration.bind(self, *values, **named)
            bound.apply_defaults()
            vars(self).update(
                (name, value)
                for name, value in bound.arguments.items()
                if name != "self"
            )

        __init__.__signature__ = declaration  # type: ignore[attr-defined]
        __init__.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__ = __init__  # type: ignore[misc]
        return cls

    return declared


class NetworkEstimator(BaseEstimator):
    """A network as an estimator of scikit-learn. Its targets are numbers, unless a
    subclass has others.
    """

    _numeric = True
    _output_squash = OUTPUTS["numbers"]
    _flat: bool  # whether targets have one dimension
    _scale: Scale
    _target_scale: Scale
    _target_names: list[str]  # none if the targets have no names
    network_: Network
    n_features_in_: int
    build: Any
    l2: Any
    method: Any
    optimizer: Any
    validation: Any
    eval_set: Any
    metrics: Any
    warm_start: Any

    # --- for users --------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Build the network and train it; with `warm_start` train a copy of the present
        one on.

        Parameters
        ----------
        X : array_like or DataFrame, shape (N, n)
            The features of each sample. Sequence estimators take an array (N, T, n), or
            a list of arrays (T_i, n); with one feature each may have one dimension.
        y : array_like or DataFrame, shape (N,) or (N, m)
            The targets or labels. Output neurons of numbers are named like the columns
            of a DataFrame. With ``per="step"``, of each step: (N, T), (N, T, m),
            or a list of arrays.
        sample_weight : array_like, shape (N,), optional
            The weight of each sample, also in the scale; with the method "bptt".
            Default: all 1.

        Raises
        ------
        ValueError, TypeError
            If the data cannot be used, such as NaN or a sparse matrix, or a parameter
            cannot. Nothing has changed.
        DivergenceError
            If the cost is not finite, as with a high rate. Nothing has changed.
        """
        with self._unchanged_by_errors():
            warm = _checks.boolean("The warm_start", self.warm_start)
            reset = not (warm and hasattr(self, "network_"))
            X, y, weights = self._data(X, y, sample_weight, reset=reset)
            if reset:
                seed = self._prepare(y, None)
            else:
                self.network_ = self.network_.clone()  # an error leaves the present one
                seed = int(check_random_state(self.random_state).randint(2**31 - 1))
            inputs, targets = self._standard(X, y, weights)
            self._train(inputs, targets, weights, seed)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn each sample once, in order, by the online rule.

        Parameters
        ----------
        X, y
            As for `fit`. The scale counts all samples of the call first.
        sample_weight : array_like, shape (N,), optional
            The weight of each sample, a factor of `online_rate`. Default: all 1.

        Raises
        ------
        ValueError, TypeError
            If the data cannot be used. Nothing has changed.
        DivergenceError
            If the cost of a step is not finite, as with a high rate.
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
            In the form of the targets that were learned; with ``per="step"`` and a
            list, a list.
        """
        return self._answers(X, self._decode)

    # --- targets, here numbers --------------------------------------------------------

    def _checked(self, y: Any) -> Any:
        """Targets in a form that the methods below take."""
        values = _checks.numbers("The y", y, "numbers")
        if not np.isfinite(values).all():
            raise ArgumentError(_checks.expected("The y", "finite", y))
        return values

    def _learn_targets(self, y: Any, classes: Any) -> list[str]:
        """Learn the form of the targets; returns a name of each output, "" if it has
        none.
        """
        self._flat = y.ndim == 1
        return self._target_names or [""] * (1 if self._flat else y.shape[1])

    def _require_learned(self, y: Any) -> None:
        """Raise if held-out targets cannot be those of this estimator."""

    def _targets(self, y: Any) -> Floats:
        """Targets of the network, shape (N, m), in the units of y."""
        targets: Floats = y.reshape(len(y), -1)
        return targets

    def _decode(self, outputs: Floats) -> Any:
        """What outputs, shape (N, m), predict."""
        values = self._target_scale.original(outputs)
        return values[:, 0] if self._flat else values

    def _require_outputs(self, network: Network, y: Any) -> None:
        """Raise if the outputs of a network cannot be what this estimator takes them
        for: targets, which can be any number in standard units.
        """
        require_range(
            "What build returns",
            network,
            squashes_of(network),
            'Build it with output_squash="identity".',
            *(() if self.scale else (float(y.min()), float(y.max()))),
        )

    def _describe(self) -> dict[str, Any]:
        """What the targets are, as JSON has it."""
        return {"flat": self._flat}

    def _restore(self, notes: dict[str, Any]) -> None:
        """Take what `_describe` has written."""
        self._flat = notes["flat"]

    # --- the network ------------------------------------------------------------------

    def _prepare(self, y: Any, classes: Any) -> int:
        """Learn what the targets are and build the network with its scale; returns a
        seed for training.
        """
        _checks.boolean("The scale", self.scale)
        _checks.positive_number("The online_rate", self.online_rate)
        draw = check_random_state(self.random_state).randint
        features = self.n_features_in_
        names = self._learn_targets(y, classes)
        network = self._built(features, names, int(draw(2**31 - 1)))
        if (len(network.input), len(network.output)) != (features, len(names)):
            raise ArgumentError(
                f"Expected a network with an input for each of {features} features and"
                f" an output for each of {len(names)} targets or classes, got"
                f" {network!r}."
            )
        self._require_outputs(network, y)
        self.network_ = network
        self._scale = Scale(features)
        self._target_scale = Scale(len(names))
        neuron_names = [*(self._features() or [""] * features), *names]
        for neuron, name in zip(
            [*network.input, *network.output], neuron_names, strict=True
        ):
            neuron.name = name or neuron.name
        return int(draw(2**31 - 1))

    def _built(self, inputs: int, names: list[str], seed: int) -> Network:
        """The network of `build`: an architecture by its name, a graph, or what a
        function returns.
        """
        outputs = len(names)
        options: dict[str, Any] = {"output_squash": self._output_squash, "seed": seed}
        if isinstance(self.build, str):
            name = architecture("The build", self.build)
            hidden = _checks.layer_sizes("The hidden", self.hidden)
            return built(name, inputs, hidden, outputs, self.squash, **options)
        options |= {} if self.squash is None else {"squash": self.squash}
        if isinstance(self.build, nx.Graph):
            ends = (
                self._marked("input", self._features()),
                self._marked("output", names),
            )
            return from_networkx(self.build, *ends, **options)
        network = _checks.function_of(
            "The build",
            self.build,
            "n_inputs",
            "n_outputs",
            "seed",
            advice=_checks.BUILD_ADVICE,
        )(inputs, outputs, seed)
        # Without a copy, one network for all calls would learn from every fold of a
        # cross-validation.
        return require_network("What build returns", network).clone()

    def _marked(self, layer: str, names: list[str]) -> list[Any] | None:
        """The nodes of a graph in this layer, in the order of these names if they are
        called so.
        """
        nodes = [
            node
            for node, data in self.build.nodes(data=True)
            if data.get("layer") == layer
        ]
        if set(map(str, nodes)) == set(names):
            nodes.sort(key=lambda node: names.index(str(node)))
        return nodes or None

    def _features(self) -> list[str]:
        """The names of the features, if they have any."""
        return [str(name) for name in getattr(self, "feature_names_in_", ())]

    def _fitted(self) -> Network:
        if not hasattr(self, "network_"):
            name = type(self).__name__
            raise NotFittedError(
                f"This {name} is not fitted yet. Call fit or partial_fit first."
            )
        return self.network_

    # --- learning ---------------------------------------------------------------------

    @contextmanager
    def _unchanged_by_errors(self) -> Iterator[None]:
        """Bring back all attributes if an error is raised."""
        before = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__ = before
            raise

    def _data(
        self, X: Any, y: Any, sample_weight: Any, reset: bool
    ) -> tuple[Any, Any, Floats | None]:
        """Checked data and weights."""
        names = getattr(y, "columns", ())
        self._target_names = [str(name) for name in names]
        X, y = self._checked_data(X, y, reset)
        return X, y, self._weights(X, y, sample_weight)

    def _weights(self, X: Any, y: Any, sample_weight: Any) -> Floats | None:
        """The weight of each sample, by itself and by its class; None if all are 1."""
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
                    "The class_weight", "finite numbers, 0 or above", self.class_weight
                )
            )
        if weights is not None and not weights.any():
            raise ArgumentError("Expected a sample with a weight above 0, got none.")
        return weights

    def _partial_fit(self, X: Any, y: Any, classes: Any, sample_weight: Any) -> Self:
        with self._unchanged_by_errors():
            reset = not hasattr(self, "network_")
            X, y, weights = self._data(X, y, sample_weight, reset=reset)
            if reset:
                self._prepare(y, classes)
            inputs, targets = self._standard(X, y, weights)
        for i, (rows, aims) in enumerate(zip(inputs, targets, strict=True)):
            self._learn(rows, aims, 1.0 if weights is None else weights[i])
        self._note()
        return self

    def _counted(
        self,
        rows: Floats,
        y: Any,
        weights: Floats | None,
        target_weights: Floats | None,
        held_out: bool,
    ) -> Floats:
        """Count all rows of inputs and the targets in the scale, unless they are held
        out; returns the targets in standard units.
        """
        targets = self._targets(y)
        outputs = len(self.network_.output)
        if targets.shape != (len(y), outputs):
            raise ArgumentError(
                f"Expected {_checks.counted(outputs, 'target')} a sample, got the shape"
                f" {y.shape}."
            )
        if self.scale and not held_out:
            # an error brings those before back
            self._scale = deepcopy(self._scale)
            self._scale.add(rows, weights)
            if self._numeric:
                self._target_scale = deepcopy(self._target_scale)
                self._target_scale.add(targets, target_weights)
        return self._target_scale.standard(targets)

    def _train(
        self, inputs: Any, targets: Any, weights: Floats | None, seed: int
    ) -> None:
        """Train on data in standard units; the samples that are held out are drawn by
        the seed.
        """
        options = {name: getattr(self, name) for name in TRAIN}
        inputs, targets = self._samples(inputs, targets)
        options["metrics"] = self._measures()
        if self.eval_set is not None:
            condition = "a dict of names and tuples (X, y)"
            if not isinstance(self.eval_set, Mapping):
                raise ArgumentError(
                    _checks.expected("The eval_set", condition, self.eval_set)
                )
            options["eval_set"] = {
                name: self._held_out("The data of eval_set", data)
                for name, data in self.eval_set.items()
            }
        if isinstance(self.validation, tuple):
            options["validation"] = self._held_out("The validation", self.validation)
        elif self.validation is not None:
            _checks.fraction("The validation", self.validation)
            order = np.random.default_rng(seed).permutation(len(inputs))
            inputs, targets = (
                [samples[i] for i in order]
                if isinstance(samples, list)
                else samples[order]
                for samples in (inputs, targets)
            )
            weights = None if weights is None else weights[order]
        # a mean weight of 1, so that twice all weights are the same
        if weights is not None:
            options["sample_weight"] = weights * (len(weights) / weights.sum())
        settings = {name: getattr(self, name) for name in TRAINER}
        if isinstance(self.l2, str) and _checks.choice("The l2", self.l2, (AUTO,)):
            rows = np.concatenate(targets) if isinstance(targets, list) else targets
            counted = ~np.isnan(rows).all(axis=-1) if weights is None else weights
            share = 0.0 if isinstance(self.validation, tuple) else self.validation
            learned = counted.sum() * (1.0 - (share or 0.0))
            settings["l2"] = ROWS.penalty / learned if self.method == "bptt" else 0.0
        result = Trainer(self.network_, **settings).train(
            inputs, targets, seed=seed, **options
        )
        self.result_: Result = result
        self.loss_curve_ = result.history["error"]
        self.n_iter_ = result.epochs
        if self.network_.is_random:
            self.network_.deterministic = True
        self._note()

    def _samples(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Sequences as the trainer takes them: those of one step as samples, if the
        network has no memory, which is one call instead of one for each.
        """
        if isinstance(inputs, np.ndarray) and not self.network_.has_memory:
            return inputs[:, 0], targets[:, 0]
        return inputs, targets

    def _held_out(self, title: str, data: Any) -> tuple[Any, Any]:
        """Data that are not learned, in the units of the training data."""
        if not isinstance(data, tuple) or len(data) != 2:
            condition = "a tuple (X, y)"
            if title == "The validation":
                condition = f"a fraction or {condition}"
            raise ArgumentError(_checks.expected(title, condition, data))
        X, y = self._checked_data(*data, reset=False)
        self._require_learned(y)
        return self._samples(*self._standard(X, y, None, held_out=True))

    def _measures(self) -> list[Any]:
        """The metrics, as functions of targets and outputs in standard units."""

        def decoding(metric: Any) -> Any:
            @wraps(metric)
            def measure(targets: Floats, outputs: Floats) -> Any:
                return metric(self._decode(targets), self._decode(outputs))

            measure.__name__ = getattr(metric, "__name__", "<lambda>")
            return measure

        condition = "a list of names and functions of (y, prediction)"
        return [
            decoding(metric) if callable(metric) else metric
            for metric in _checks.listed("The metrics", self.metrics, condition)
        ]

    def _learn(self, rows: Floats, targets: Floats, weight: float) -> None:
        """Learn one sequence in standard units by the online rule, at every step that
        has a target.
        """
        network = self.network_
        rate = float(self.online_rate * weight)
        if network.has_memory:
            network.clear()
        for row, target in zip(rows, targets, strict=True):
            network.activate(row)
            try:
                network.propagate(rate, target)
            except DivergenceError as error:
                raise DivergenceError(
                    f"{error} Or give a lower online_rate, or scale=True."
                ) from None

    # --- what files have --------------------------------------------------------------

    def _note(self) -> None:
        """Write the scale, and what inputs and outputs are, to the metadata of the
        network.
        """
        names = getattr(self, "feature_names_in_", ())
        features = [
            name if isinstance(name, str | int) else str(name) for name in names
        ]
        notes = {"class": type(self).__name__, "features": features, **self._describe()}
        self.network_.metadata[NOTES] = {**notes, **self._scales()}

    def _scales(self) -> dict[str, Any]:
        """The scales, as JSON has them; classes have none."""
        scales = {"scale": self._scale.as_json()}
        if self._numeric:
            scales["target_scale"] = self._target_scale.as_json()
        return scales

    @classmethod
    def from_network(cls, network: Network, **parameters: Any) -> Self:
        """Make the fitted estimator of a network that one of this class has trained.

        Parameters
        ----------
        network : Network
            The attribute `network_` of an estimator, also from a file of
            :func:`synapse.save`.
        **parameters : Any
            Parameters of the estimator, for later calls of `fit` and `partial_fit`.

        Returns
        -------
        estimator
            It predicts what the first one predicted.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If it is not a network, or its metadata do not come from an estimator of
            this class.
        """
        notes: Any = require_network("The network", network).metadata.get(NOTES)
        source = notes.get("class") if isinstance(notes, dict) else None
        if source != cls.__name__:
            source = source or "no estimator"
            raise ArgumentError(
                f"Expected a network whose metadata come from {cls.__name__}, got"
                f" {source}."
            )
        model = cls(**parameters)
        model.network_ = network
        model.n_features_in_ = len(network.input)
        try:
            model._scale = Scale.from_json(notes["scale"], len(network.input))
            model._target_scale = Scale(len(network.output))
            if model._numeric:
                model._target_scale = Scale.from_json(
                    notes["target_scale"], len(network.output)
                )
            if notes["features"]:
                model.feature_names_in_ = np.array(notes["features"], object)
            model._restore(notes)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ArgumentError(
                f"The metadata of {network!r} are damaged: {error!r}."
            ) from error
        return model


class ClassTargets(NetworkEstimator):
    """A softmax output for each class of one column of labels; logistic outputs for
    columns of 0 and 1.
    """

    _numeric = False
    classes_: Any
    class_weight: Any

    @property
    def _output_squash(self) -> str:  # type: ignore[override]
        return OUTPUTS["classes" if self._flat else "labels"]

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
        self._set_classes(np.unique(y if classes is None else np.asarray(classes)))
        return [str(label) for label in self.classes_]

    def _require_learned(self, y: Any) -> None:
        if not self._flat or y.ndim != 1:
            return
        for label in y.tolist():
            if label not in self._one_hot:
                raise ArgumentError(
                    "Expected the labels of held-out data to be among those of y,"
                    f" {_checks.shown(self.classes_.tolist())}, got"
                    f" {_checks.shown(label)}."
                )

    def _set_classes(self, classes: Any) -> None:
        self.classes_ = classes
        # targets by label
        self._one_hot = dict(zip(classes.tolist(), np.eye(len(classes)), strict=True))

    def _targets(self, y: Any) -> Floats:
        if not self._flat:
            return np.asarray(y, np.float64)
        try:
            return np.array([self._one_hot[label] for label in y.tolist()])
        except KeyError as unknown:
            labels = _checks.shown(self.classes_.tolist())
            label = _checks.shown(unknown.args[0])
            raise ArgumentError(
                f"Expected labels among {labels}, got {label}. Give all classes to the"
                " first partial_fit. (Those of synapse.river add classes.)"
            ) from None

    def _decode(self, outputs: Floats) -> Any:
        return (
            self.classes_[outputs.argmax(axis=1)]
            if self._flat
            else (outputs > 0.5).astype(int)
        )

    def _probabilities(self, outputs: Floats) -> Floats:
        return outputs / outputs.sum(axis=1, keepdims=True) if self._flat else outputs

    def _require_outputs(self, network: Network, y: Any) -> None:
        names = tuple(dict.fromkeys((self._output_squash, "logistic")))
        advice = f'Build it with output_squash="{self._output_squash}".'
        require_squash("What build returns", network, names, advice)

    def _describe(self) -> dict[str, Any]:
        labels = self.classes_.tolist() if self._flat else []
        labels = [
            label if isinstance(label, str | int | float | bool) else str(label)
            for label in labels
        ]
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
        """Learn each sample once, in order, by the online rule, as
        :meth:`NetworkRegressor.partial_fit`.

        Parameters
        ----------
        X, y, sample_weight
            As there. An error is also raised for a label that is not among the classes.
        classes : array_like, optional
            All labels that will come. Needed in the first call, but for columns of 0
            and 1.

        Returns
        -------
        self
        """
        if isinstance(self.class_weight, str):
            raise ArgumentError(
                "Expected class_weight to be a dict for partial_fit, which sees a part"
                " only."
            )
        return self._partial_fit(
            X, y, () if classes is None else classes, sample_weight
        )

    def predict_proba(self, X: Any) -> Any:
        """Predict the probability of each class.

        Parameters
        ----------
        X
            As for `predict`.

        Returns
        -------
        ndarray or list of ndarray
            As `predict` returns, with a last axis in the order of `classes_`; for
            columns of 0 and 1, the probability of 1 in each.
        """
        return self._answers(X, self._probabilities)


def array_of(labels: list[Any]) -> Any:
    """Labels as an array of their type, or of objects if they have several types."""
    plain = [
        label.item() if isinstance(label, np.generic) else label for label in labels
    ]
    return np.array(
        plain, None if len({type(label) for label in plain}) < 2 else object
    )

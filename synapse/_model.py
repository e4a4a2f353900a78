"""A network in the units of its data: what estimators, the command and agents fit."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from copy import copy
from functools import partial, wraps
from typing import Annotated, Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _checks
from ._build import architecture, built
from ._defaults import OUTPUTS, ROWS
from ._scale import Scale
from ._typing import Floats
from .engine.locking import DeferredInterrupt, raise_interrupt
from .engine.schema import CHECK_SIZES
from .errors import ArgumentError, ArgumentTypeError, FormatError, SynapseError
from .forecasting._network_forecaster import NetworkForecaster
from .learning import Result, Trainer
from .learning._archive import TRAINER, arrays_of, trainer_of
from .learning._data import prepare
from .learning._options import OPTIONS
from .objects import incomplete
from .objects.layer import Layer
from .objects.network import Network, require_network
from .objects.outputs import require_range, require_squash, squashes_of
from .objects.scaling import with_scales
from .objects.snapshots import preserved_context
from .readwrite._file_checks import an_object, members, require_version
from .readwrite._formats import Archived
from .readwrite._json_format import (
    DIGEST,
    from_json_data,
    json_data,
    require_digest,
    sealed,
)
from .readwrite._npz import as_text, from_array, from_arrays, npz_data

MARK = "synapse model"
VERSION = 1
MODEL = "model"
"""The array that marks the file of a model."""
HEAD = ("format", "version", "task", "classes", "scale", "target_scale")
OTHER_ENTRIES = (TRAINER, "arrays", DIGEST)
STANDARD_UNITS = (
    "takes and returns standard units, and its scales are not written with the network"
    " alone. Save its model, or model.whole(), which has them as neurons."
)
TASKS = {
    "numbers": (),
    "classes": ("softmax", "logistic"),
    "labels": ("logistic",),
}
"""Squashes that outputs may have, by what they are; those of numbers have no bounds."""

FLOAT = np.dtype(np.float64)
Matrices = list[Floats]
Scales = tuple[Scale | None, Scale | None]
"""Those of inputs and targets."""


def _checked_task(title: str, task: Any) -> Any:
    return _checks.choice(title, task, [None, *TASKS])


def _checked_classes(title: str, classes: Any) -> list[Any]:
    """Return the labels of classes as values of JSON."""
    condition = "a list of different strings, numbers or booleans"
    labels = _checks.listed(title, classes, condition)
    plain = [
        label.item() if isinstance(label, np.generic) else label for label in labels
    ]
    kinds = str | int | float | bool
    are_labels = all(isinstance(label, kinds) and label == label for label in plain)
    if isinstance(classes, set) or not are_labels or len({*plain}) < len(plain):
        raise ArgumentError(_checks.expected(title, condition, classes))
    return plain


def _checked_scale(title: str, scale: Any) -> Any:
    if isinstance(scale, Scale):
        return scale
    condition = "a Scale, True for a new one, or False for none"
    if not isinstance(scale, bool):
        raise ArgumentTypeError(_checks.expected(title, condition, scale))
    return scale


@final
@_checks.suggests_arguments("Model", of_class=False)
class Model(Archived):
    """A network with the scales, names and classes of its data; fitted, continued,
    saved and exported as a whole.

    The network computes in standard units, and is live: each of its numbers can be read
    and set, and its structure may change. The model converts from and to the units of
    the data. Estimators of other libraries and the command make models, and each opens
    those of the others.

    Parameters
    ----------
    network : Network
        The network itself, not a copy. Its first layer has an input for each column of
        the data. Outputs for numbers have no bounds ("identity"), those for classes are
        softmax or logistic, those for labels logistic.
    classes : sequence of str, int, float or bool, optional
        The label of each output, if the outputs are probabilities of exclusive classes.
        Default: the names of softmax outputs, or their indices.
    task : {"numbers", "classes", "labels"}, optional
        Kind of the outputs; labels are columns of 0 and 1 that do not exclude each
        other. Default: it follows from their squash.
    scale, target_scale : Scale or bool
        The standard units of inputs, and of targets that are numbers. True: a new
        scale; False: the data are in the units of the network. Default True.
    trainer : Trainer, optional
        How the network learns in :meth:`fit` and :meth:`update`. Default: by exact
        gradients and Adam, with the rate 0.01.

    Attributes
    ----------
    scale, target_scale : Scale or None
        The scales. Classes and labels have no `target_scale`.
    classes : list or None
        The labels of the classes.
    task : str
        What the outputs are.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the outputs cannot be what the task says, or a scale or the trainer belongs
        to another network.

    See Also
    --------
    Model.build : Makes the network by the name of its architecture, too.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rooms = rng.uniform([20.0, 1.0], [200.0, 6.0], (100, 2))
    >>> price = 3000.0 * rooms[:, 0] + 20000.0 * rooms[:, 1]
    >>> model = Model.build("Perceptron", ["area", "rooms"], ["price"], seed=0)
    >>> result = model.fit(rooms, price, epochs=200, seed=0, progress=False)
    >>> model
    <Model of <Perceptron 2-16-1, 19 neurons, 48 connections>: area, rooms -> price>
    >>> bool(abs(model.predict([[100.0, 3.0]])[0, 0] - 360000.0) < 10000.0)
    True

    New rows are learned from where it is, by the same optimizer:

    >>> result = model.update(rooms[:10], price[:10], epochs=5, progress=False)

    One network that takes the area and returns the price:

    >>> model.whole()
    <Network 'Perceptron' 2-2-16-1-1, 22 neurons, 51 connections>
    """

    def __init__(
        self,
        network: Annotated[Network, require_network],
        classes: Annotated[Sequence[Any] | None, _checked_classes] = None,
        *,
        task: Annotated[str | None, _checked_task] = None,
        scale: Annotated[Scale | bool, _checked_scale] = True,
        target_scale: Annotated[Scale | bool, _checked_scale] = True,
        trainer: Trainer | None = None,
    ) -> None:
        squashes = {squash.name for squash in squashes_of(network)}
        if task is None:
            is_classes = classes is not None or squashes == {"softmax"}
            is_labels = squashes == {"logistic"}
            unscaled = "labels" if is_labels else "numbers"
            task = "classes" if is_classes else unscaled
        self.task = task
        self.classes: list[Any] | None = None
        if task == "classes":
            names = [neuron.name for neuron in network.output]
            if classes is None:
                classes = names if all(names) else range(len(names))
            if len(classes) != len(names):
                condition = (
                    f"a label for each of {_checks.pluralize(len(names), 'output')}"
                )
                raise ArgumentError(_checks.expected("classes", condition, classes))
            self._set_classes(classes)
        elif classes is not None:
            condition = f"None for the task {task!r}"
            raise ArgumentError(_checks.expected("classes", condition, classes))
        self._network = network
        self.scale = _scale_of("scale", scale, len(network.input))
        if task != "numbers":
            if isinstance(target_scale, Scale):
                raise _checks.void("target_scale", "task", task)
            target_scale = False
        count = len(network.output)
        self.target_scale = _scale_of("target_scale", target_scale, count)
        self._require_outputs("network of Model")
        self._trainer = self._checked_trainer(trainer)
        # whether the data of the latest fit had names; None: nothing has been learned
        self._fitted_by_name: bool | None = None
        self._note()

    @classmethod
    @_checks.suggests_arguments("Model.build", of_class=False)
    def build(
        cls,
        build: Annotated[str, architecture],
        inputs: Sequence[str],
        outputs: Sequence[str],
        classes: Annotated[Sequence[Any] | None, _checked_classes] = None,
        hidden: Annotated[Sequence[int], _checks.layer_sizes] = ROWS.hidden,
        **options: Any,
    ) -> Self:
        """Make a network by the name of its architecture, and its model.

        Parameters
        ----------
        build : str
            The name of a class of :mod:`architect` in any case, such as "lstm".
        inputs, outputs : sequence of str
            The names of the columns, which the neurons get.
        classes : sequence of str, int, float or bool, optional
            The labels of the one output column, if it has classes: each becomes an
            output, and the column names their layer.
        hidden : sequence of int
            Sizes of the hidden layers. Default one of 16 neurons.
        **options
            Those of the architecture, such as ``squash`` and ``seed``.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If there is no such architecture or option, or it takes no such sizes.
        """
        columns = _names("inputs", inputs)
        targets = _names("outputs", outputs)
        if classes is not None and len(targets) != 1:
            condition = "one name, that of the column of classes"
            raise ArgumentError(_checks.expected("outputs", condition, outputs))
        labels = targets if classes is None else [str(label) for label in classes]
        task = "numbers" if classes is None else "classes"
        options.setdefault("output_squash", OUTPUTS[task])
        squash = options.pop("squash", None)
        network = built(build, len(columns), hidden, len(labels), squash, **options)
        _call(network.input, "input", columns)
        _call(network.output, "output" if classes is None else targets[0], labels)
        return cls(network, classes, task=task)

    def __repr__(self) -> str:
        inputs, outputs = (", ".join(names) for names in (self.inputs, self.outputs))
        named = f": {inputs} -> {outputs}" if inputs and outputs else ""
        return f"<Model of {self.network!r}{named}>"

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._note()

    # --- what it has ------------------------------------------------------------------

    @property
    def network(self) -> Network:
        """The network, in standard units: live, as always."""
        return self._network

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs; none if some have no name."""
        return _names_in(self.network.input)

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs; none if some have no name."""
        return _names_in(self.network.output)

    @property
    def metadata(self) -> dict[str, Any]:
        """Further information, such as a test: the :attr:`Network.metadata` of the
        network, which files contain.
        """
        return self.network.metadata

    @property
    def trainer(self) -> Trainer:
        """How the network learns, with the state of its optimizer.

        A trainer that is assigned brings its network, such as that of a checkpoint.
        """
        if self._trainer is None:
            self._trainer = self._usual_trainer()
        return self._trainer

    @trainer.setter
    def trainer(self, trainer: Trainer) -> None:
        network = _checks.instance("trainer", trainer, Trainer).network
        sizes = (len(network.input), len(network.output))
        if sizes != (len(self.network.input), len(self.network.output)):
            condition = f"one of a network like {self.network!r}"
            raise ArgumentError(_checks.expected("trainer", condition, trainer))
        self._network = network
        self._trainer = trainer
        self._note()

    def _usual_trainer(self) -> Trainer:
        return Trainer(
            self.network, ROWS.rate, rule=ROWS.rule, optimizer=ROWS.optimizer
        )

    @property
    def _threads(self) -> int | None:
        """Maximum number of threads of a run: that of the trainer."""
        return None if self._trainer is None else self._trainer.threads

    # --- learning ---------------------------------------------------------------------

    def fit(
        self,
        inputs: Any,
        targets: Any,
        *,
        validation: tuple[Any, Any] | float | None = None,
        sample_weight: ArrayLike | None = None,
        **options: Any,
    ) -> Result:
        """Fit the scales to these data only, and train the network.

        Parameters
        ----------
        inputs : array_like
            (N, n): samples or, for a network with memory, steps of one stream.
            (S, T, n), or a list of (T_i, n): sequences. Data frames have their columns
            in the order of :attr:`inputs`; inputs without names of data get those of
            the first frame. A warning is given where only the data, or only what was
            learned, has names.
        targets : array_like
            Numbers (N, m), or (N,) for one output. For classes: labels (N,), also as a
            series or categories of pandas, or
            probabilities (N, m). For sequences: the same for each step of each
            sequence, NaN meaning no target; or one target for each sequence, which is
            that of its last step.
        validation : tuple of (inputs, targets) or float, optional
            Held-out data, to which the scales are not fitted, or the fraction to hold
            out, see :meth:`Trainer.train`.
        sample_weight : array_like, optional
            The weight of each sample or sequence, also in the scales.
        **options
            Further arguments of :meth:`Trainer.train`, such as ``epochs`` and ``seed``.

        Returns
        -------
        Result
            That of the trainer. Costs are in standard units.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the data or an option cannot be used. Nothing has changed.
        DivergenceError
            If the cost is not finite; the weights are those before that step.
        """
        scales = (_anew(self.scale), _anew(self.target_scale))
        given = inputs, targets, validation, sample_weight
        return self._train(*given, scales, options, fits=True)

    def update(
        self,
        inputs: Any,
        targets: Any,
        *,
        validation: tuple[Any, Any] | float | None = None,
        sample_weight: ArrayLike | None = None,
        **options: Any,
    ) -> Result:
        """Continue with more data: the scales include them, and the trainer continues
        with its weights and the state of its optimizer.

        Parameters and errors are those of :meth:`fit`.
        """
        scales = copy(self.scale), copy(self.target_scale)
        given = inputs, targets, validation, sample_weight
        return self._train(*given, scales, options, fits=False)

    @_checks.suggests_arguments("learn_one")
    def learn_one(
        self,
        inputs: ArrayLike,
        target: Any,
        rate: Annotated[float, _checks.non_negative_number] = ROWS.rate,
    ) -> None:
        """Learn one row by the learning rule of the network, after updating the scales
        with it.

        The context continues; ``model.network.clear()`` begins a new sequence.

        Parameters
        ----------
        inputs : array_like, shape (n,)
            The row: finite numbers. The index of a series is checked as the columns of
            a data frame are.
        target : float, array_like of shape (m,), or a label
            Its target.
        rate : float
            The learning rate. Default 0.01.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If these are no such values. Nothing has changed.
        DivergenceError
            If the cost is not finite; weights and scales are those before this row.
        """
        (aim,) = self._encoded("target", [target])
        aim = _checks.vector("target", aim, len(aim), FLOAT)
        names = _checks.names_of(inputs, "index") if hasattr(inputs, "iloc") else None
        self._require_names([names])
        row = _checks.vector("inputs", inputs, len(self.network.input), FLOAT)
        self._learn_row(row, aim, rate)
        self._take_names(names)

    def _learn_row(self, row: Any, aim: Floats, rate: float) -> None:
        """Learn a row: all checks come first, and the scales count it last."""
        network = self.network
        scale, target_scale = self.scale, self.target_scale
        if scale is not None:
            row, numbers = scale._following("inputs", row)
        if target_scale is not None:
            aim, target_numbers = target_scale._following("target", aim)
        lesson = network._lesson(rate, aim)
        with DeferredInterrupt():
            network.activate(row)
            network._learn(*lesson, CHECK_SIZES)
            if scale is not None:
                scale._numbers = numbers
            if target_scale is not None:
                target_scale._numbers = target_numbers

    @_checks.suggests_arguments("learn_many")
    def learn_many(
        self,
        inputs: Any,
        targets: Any,
        rate: Annotated[float, _checks.non_negative_number] = ROWS.rate,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Learn each row once, in order, by the learning rule of the network, after
        updating the scales with all of them.

        Parameters
        ----------
        inputs, targets
            As for :meth:`fit`; the context is cleared before each sequence.
        rate : float
            The learning rate. Default 0.01.
        sample_weight : array_like, optional
            The weight of each sample or sequence, a factor of the rate, also in the
            scales.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the data cannot be used. Nothing has changed.
        DivergenceError
            If the cost of a step is not finite; the rows before it have been learned.
        """
        parts, is_single, names = self._parts(inputs)
        aims = self._aims(targets, parts, is_single)
        self._require_reach(aims)
        scales = copy(self.scale), copy(self.target_scale)
        weights = _count(scales, parts, aims, is_single, sample_weight)
        network = self.network
        data = prepare(
            network,
            *_standard(scales, parts, aims, is_single),
            network._cost(None),
        )
        rates = rate * (np.ones(len(data.inputs)) if weights is None else weights)
        network._lesson(float(rates.max()), None)
        begins = {*data.bounds.tolist()} if data.clear and network.has_memory else ()
        with DeferredInterrupt():
            for i, each in enumerate(rates.tolist()):
                if i in begins:
                    network.clear()
                network.activate(data.inputs[i])
                network.propagate(each, data.targets[i])
                self.scale, self.target_scale = scales
                self._take_names(names)
                raise_interrupt()

    # --- answers ----------------------------------------------------------------------

    def run(self, inputs: Any) -> Any:
        """Return the outputs in the units of the data, from a cleared context.

        Parameters
        ----------
        inputs : array_like
            As for :meth:`fit`.

        Returns
        -------
        ndarray or list of ndarray
            Shape (N, m); for an array of sequences (S, T, m), for a list a list of
            (T_i, m). Outputs of classes are probabilities.
        """
        return self._answered(inputs, lambda outputs: outputs)

    def predict(self, inputs: Any) -> Any:
        """Predict numbers, the most probable class, or labels of 0 and 1.

        Parameters
        ----------
        inputs : array_like
            As for :meth:`fit`.

        Returns
        -------
        ndarray or list of ndarray
            As :meth:`run` returns, for classes without the last axis.
        """
        return self._answered(inputs, self._decoded)

    def forecast(
        self, history: ArrayLike, steps: int, known: ArrayLike | None = None
    ) -> Floats:
        """Forecast the rows that follow a history: each output is fed back to the input
        with its index.

        Parameters
        ----------
        history : array_like, shape (T, m) or (T,)
            The past, in the units of the data; the network has learned to predict each
            row from the one before. If `target_scale` has lags, its differences are
            computed from it.
        steps : int
            Number of rows.
        known : array_like, shape (N, k), optional
            The other inputs of all rows, to the last one that is forecast.

        Returns
        -------
        ndarray, shape (steps, m) or (steps,)
            The forecast.
        """
        scale = self.target_scale
        lags = None if scale is None else scale.lags
        network = with_scales(self.network, self.scale, scale)
        past = Scale(len(network.output), lags=lags)
        in_advance: Any = known
        return NetworkForecaster(network, past, in_advance)(history, steps)

    def whole(self) -> Network:
        """Return one network in the units of the data, with a cleared context: its
        scales are neurons that do not learn.

        Raises
        ------
        ArgumentError
            If a scale makes differences, for which there are no neurons, or the
            network has synchronous neurons.
        """
        for scale in (self.scale, self.target_scale):
            if scale is not None and scale.lost:
                raise ArgumentError(
                    "Expected scales without lags, which no neurons can have, got"
                    f" {scale!r} with {scale.lags}. Save the model as .json or .npz."
                )
        return with_scales(self.network, self.scale, self.target_scale)

    # --- what targets are -------------------------------------------------------------

    def _decoded(self, outputs: Floats) -> Any:
        """Return what outputs in the units of the data predict, by row."""
        if self.task == "classes":
            return self._labels[outputs.argmax(axis=1)]
        return outputs if self.task == "numbers" else (outputs > 0.5).astype(int)

    def _encoded(self, title: str, targets: Any) -> Floats:
        """Return targets of the network, shape (N, m), in the units of the data."""
        if self.task != "classes":
            count = len(self.network.output)
            return _checks.as_matrix(title, targets, count, FLOAT, finite=False)
        if hasattr(targets, "iloc") and targets.shape[1:] in ((), (1,)):
            targets = targets.to_numpy(object).reshape(-1)
        labels = _checks.any_array(title, targets, "the label of each row")
        if labels.dtype.kind == "U" and isinstance(targets, list):
            are_text = all(isinstance(label, str) for label in targets)
            labels = labels if are_text else np.array(targets, object)
        count = len(self._one_hot)
        if labels.ndim == 2 and labels.shape[1] == count:
            return _checks.as_matrix(title, labels, count, FLOAT, finite=False)
        try:
            listed = isinstance(targets, list | tuple) and labels.ndim == 1
            entries = targets if listed else labels.tolist()
            rows = [self._one_hot[label] for label in entries]
        except (KeyError, TypeError) as error:
            unknown = error.args[0] if isinstance(error, KeyError) else targets
            unknown = unknown.item() if isinstance(unknown, np.generic) else unknown
            raise ArgumentError(
                f"Expected labels among {_checks.short_repr(self.classes)}, got"
                f" {_checks.short_repr(unknown)}. Pass all classes at the beginning, to"
                " the first partial_fit. (Those of synapse.river add classes.)"
            ) from None
        return np.array(rows).reshape(len(rows), count)

    def _set_classes(self, classes: Iterable[Any]) -> None:
        self.classes = [*classes]
        self._labels = array_of(self.classes)
        rows = np.eye(len(self.classes))
        self._one_hot: dict[Hashable, Floats] = dict(
            zip(self.classes, rows, strict=True)
        )

    def _note(self) -> None:
        """Make the network warn when it is written without its scales."""
        is_scaled = self.scale is not None or self.target_scale is not None
        incomplete.note(self.network, STANDARD_UNITS if is_scaled else "")

    # --- data -------------------------------------------------------------------------

    def _parts(
        self, inputs: Any, fits: bool = False
    ) -> tuple[Matrices, bool, list[str] | None]:
        """Return inputs as sequences, whether they are rows instead, and the names of
        their columns, which must be those of the model.
        """
        count = len(self.network.input)
        parts, is_single = _checks.parts_of("inputs", inputs, count)
        names = [*map(_checks.names_of, parts)]
        self._require_names(names, fits)
        title = "inputs" if is_single else "The inputs of a sequence"
        rows = [_checks.as_matrix(title, part, count, FLOAT) for part in parts]
        return rows, is_single, next(filter(None, names), None)

    @property
    def _columns(self) -> list[str]:
        """The names of the inputs that are those of data: not those that a network
        gives by number.
        """
        layer = self.network.input
        usual = [f"{layer.name} {number}" for number in range(len(layer))]
        return [] if self.inputs == usual else self.inputs

    def _require_names(
        self, tables: list[list[str] | None], fits: bool = False
    ) -> None:
        """Raise unless the names of columns are those of the inputs, in their order;
        warn where only the data or only what was learned had names.
        """
        known = self._columns if any(tables) else None
        for names in filter(None, tables):
            known = known or names
            if names != known:
                raise ArgumentError(
                    f"Expected the columns {_checks.short_repr(known)}, in this order,"
                    f" got {_checks.short_repr(names)}. Pass"
                    f" data[{known!r}]."
                )
        if (
            fits
            or self._fitted_by_name in (None, any(tables))
            or self._columns == known
        ):
            return
        have, fitted = ("", "out") if any(tables) else ("no ", "")
        _checks.warn(
            f"The data have {have}names of columns, but the model was fitted"
            f" with{fitted} names.",
            UserWarning,
        )

    def _take_names(self, names: list[str] | None, fits: bool = False) -> None:
        """Name inputs without names by the columns that have been learned."""
        if fits or self._fitted_by_name is None:
            self._fitted_by_name = names is not None
            if names is not None and not self._columns:
                for neuron, name in zip(self.network.input, names, strict=True):
                    neuron.name = name or neuron.name

    def _aims(self, targets: Any, parts: Matrices, is_single: bool) -> Matrices:
        """Return the targets of these sequences in the units of the data, shapes (T_i,
        m); NaN for no target.
        """
        if is_single:
            aims = [self._encoded("targets", targets)]
        else:
            table = targets.to_numpy() if hasattr(targets, "to_numpy") else targets
            entries = _checks.listed("targets", table, "an entry a sequence")
            if len(entries) != len(parts):
                raise ArgumentError(
                    "Expected targets of each of"
                    f" {_checks.pluralize(len(parts), 'sequence')}, got {len(entries)}."
                )
            pairs = zip(entries, parts, strict=True)
            aims = [self._by_step(entry, len(rows)) for entry, rows in pairs]
        for rows, aim in zip(parts, aims, strict=True):
            if len(rows) != len(aim):
                raise ArgumentError(
                    "Expected as many targets as inputs, got"
                    f" {len(aim)} and {len(rows)}."
                )
        return aims

    def _by_step(self, targets: Any, steps: int) -> Floats:
        """Return the targets of the steps of a sequence; one alone is that of the last
        step.
        """
        title = "The targets of a sequence"
        depth = _checks.depth_of(targets)
        single = self.task == "classes" or len(self.network.output) == 1
        at_end = depth == 0 or (depth == 1 and (not single or len(targets) == 1))
        if not at_end:
            return self._encoded(title, targets)
        row = self._encoded(title, [targets] if depth == 0 or not single else targets)
        return np.vstack([np.full((steps - 1, row.shape[1]), np.nan), row])

    def _train(
        self,
        inputs: Any,
        targets: Any,
        validation: Any,
        weights: ArrayLike | None,
        scales: Scales,
        options: dict[str, Any],
        fits: bool,
    ) -> Result:
        """Train, after these scales have counted the data. They become those of the
        model when the weights first change.
        """
        parts, is_single, names = self._parts(inputs, fits)
        aims = self._aims(targets, parts, is_single)
        self._require_reach(aims)
        _count(scales, parts, aims, is_single, weights)
        if weights is not None:
            options["sample_weight"] = weights
        held_out = partial(self._held_out, scales, names)
        validation = held_out(validation)
        if isinstance(sets := options.get("eval_set"), Mapping):
            options["eval_set"] = {name: held_out(sets[name]) for name in sets}
        if isinstance(metrics := options.get("metrics"), list | tuple):
            options["metrics"] = [*map(self._in_units, metrics)]
        data = _standard(scales, parts, aims, is_single)
        trainer = self._trainer or self._usual_trainer()

        def begin() -> None:
            self._trainer = trainer
            self.scale, self.target_scale = scales
            self._take_names(names, fits)

        trainer._on_first_update = begin
        try:
            return trainer.train(*data, validation=validation, **options)
        finally:
            trainer._on_first_update = None

    def _held_out(self, scales: Scales, names: Any, data: Any) -> Any:
        """Return a pair of inputs and targets in standard units; all else as it is."""
        if not isinstance(data, tuple) or len(data) != 2:
            return data
        parts, is_single, own = self._parts(data[0], fits=True)
        self._require_names([names, own], fits=True)
        aims = self._aims(data[1], parts, is_single)
        return _standard(scales, parts, aims, is_single)

    def _in_units(self, metric: Any) -> Any:
        """Return a metric of what :meth:`predict` returns, as one of outputs."""
        if not callable(metric):
            return metric

        @wraps(metric)
        def measure(*sides: Floats) -> Any:
            scale = self.target_scale
            units = [side if scale is None else scale.original(side) for side in sides]
            return metric(*map(self._decoded, units))

        measure.__name__ = getattr(metric, "__name__", "<lambda>")
        return measure

    def _answered(self, inputs: Any, form: Any) -> Any:
        """Return what a function makes of the outputs for inputs, in the form of
        these.
        """
        parts, is_single, _ = self._parts(inputs)
        network = self.network
        if self.scale is not None:
            parts = [self.scale.standard(rows) for rows in parts]
        with preserved_context(network):
            network.clear()
            standard = parts[0] if is_single else parts
            outputs = network.run(standard, traces=False, threads=self._threads)
        scale = self.target_scale
        answers = [
            form(part if scale is None else scale.original(part))
            for part in ([outputs] if is_single else outputs)
        ]
        if is_single:
            return answers[0]
        is_array = isinstance(inputs, np.ndarray) and inputs.ndim == 3
        return np.stack(answers) if is_array else answers

    # --- what it is made of -----------------------------------------------------------

    def _require_outputs(self, title: str) -> None:
        """Raise if the outputs cannot be what the task says."""
        names = TASKS[self.task]
        usual = OUTPUTS[self.task]
        advice = f'Build it with output_squash="{usual}".'
        if names:
            require_squash(title, self.network, names, advice)
        elif self.target_scale is not None:  # standard units can be any number
            require_range(title, self.network, squashes_of(self.network), advice)

    def _require_reach(self, targets: Matrices) -> None:
        """Raise if targets that have no scale are beyond the bounds of the outputs."""
        if self.task == "numbers" and self.target_scale is None:
            title = "network of Model"
            low, high = (
                np.nanmin(np.concatenate(targets)),
                np.nanmax(np.concatenate(targets)),
            )
            advice = 'Build it with output_squash="identity".'
            squashes = squashes_of(self.network)
            require_range(title, self.network, squashes, advice, low, high)

    def _checked_trainer(self, trainer: Trainer | None) -> Trainer | None:
        if trainer is None:
            return None
        if _checks.instance("trainer", trainer, Trainer).network is self.network:
            return trainer
        condition = f"one of {self.network!r}"
        raise ArgumentError(_checks.expected("trainer", condition, trainer))

    # --- files ------------------------------------------------------------------------

    def _whole(self) -> Network:
        return self.whole()

    def _head(self) -> dict[str, Any]:
        """Return what a model has beside its network and its trainer, as JSON has
        it.
        """
        scales = (self.scale, self.target_scale)
        described = (None if scale is None else scale.as_json() for scale in scales)
        values = (MARK, VERSION, self.task, self.classes, *described)
        return dict(zip(HEAD, values, strict=True))

    def _archive(self) -> dict[str, NDArray[Any]]:
        trainer = self._trainer
        arrays = npz_data(self.network) if trainer is None else arrays_of(trainer, None)
        return {MODEL: as_text(self._head()), **arrays}

    @classmethod
    def _of_archive(cls, arrays: dict[str, NDArray[Any]]) -> Model:
        head = from_array(MODEL, arrays.pop(MODEL))
        if TRAINER in arrays:
            return cls._of_parts(head, trainer_of(Trainer, OPTIONS, arrays))
        return cls._of_parts(head, from_arrays(arrays))

    def _document(self) -> dict[str, Any]:
        document = self._head()
        if self._trainer is not None:
            arrays = arrays_of(self._trainer, None)
            document[TRAINER] = from_array(TRAINER, arrays[TRAINER])
            names = document[TRAINER]["arrays"]
            document["arrays"] = {name: _as_json(arrays[name]) for name in names}
        return {**sealed(document), "network": sealed(json_data(self.network))}

    @classmethod
    def _of_document(cls, document: dict[str, Any]) -> Model:
        require_version("model", document, MARK, VERSION)
        own = members(
            "A saved model", document, (*HEAD, "network"), OTHER_ENTRIES
        ).copy()
        network = from_json_data(own.pop("network"))
        require_digest(own)
        head = {name: document[name] for name in HEAD}
        if TRAINER not in document:
            return cls._of_parts(head, network)
        written = an_object("The arrays of a model", document.get("arrays"))
        arrays = {name: _from_json(name, array) for name, array in written.items()}
        arrays |= {TRAINER: as_text(document[TRAINER]), **npz_data(network)}
        return cls._of_parts(head, trainer_of(Trainer, OPTIONS, arrays))

    @classmethod
    def _of_parts(cls, head: Any, learning: Network | Trainer) -> Model:
        """Return the model of a file; FormatError if its description is not valid."""
        require_version("model", head, MARK, VERSION)
        members("The description of a model", head, HEAD)
        trainer = learning if isinstance(learning, Trainer) else None
        network = learning if isinstance(learning, Network) else learning.network
        sizes = {"scale": len(network.input), "target_scale": len(network.output)}
        try:
            scales = {
                name: head[name] is not None and Scale.from_json(head[name], size)
                for name, size in sizes.items()
            }
            classes, task = head["classes"], head["task"]
            return cls(network, classes, task=task, trainer=trainer, **scales)
        except SynapseError as error:
            raise FormatError(f"The model in the file is not valid. {error}") from None


def array_of(labels: Sequence[Any]) -> NDArray[Any]:
    """Return labels as an array of their type, or of objects if they have several."""
    several = len({type(label) for label in labels}) > 1
    return np.array(labels, object if several else None)


def whole_of(model: Any) -> Any:
    """Return the network of a model in the units of its data; all else as it is."""
    return model.whole() if isinstance(model, Model) else model


def _scale_of(title: str, scale: Scale | bool, columns: int) -> Scale | None:
    if not isinstance(scale, Scale):
        return Scale(columns) if scale else None
    if len(scale) != columns:
        condition = f"one of {_checks.pluralize(columns, 'column')}"
        raise ArgumentError(_checks.expected(title, condition, scale))
    return scale


def _anew(scale: Scale | None) -> Scale | None:
    """Return a scale of the same columns that has counted nothing."""
    return None if scale is None else Scale(len(scale), scale.half_life, scale.lags)


def _standard(
    scales: Scales, parts: Matrices, targets: Matrices, is_single: bool
) -> tuple[Any, Any]:
    """Return inputs and targets in standard units, as a trainer takes them."""
    x, y = (
        side if scale is None else [scale.standard(rows) for rows in side]
        for scale, side in zip(scales, (parts, targets), strict=True)
    )
    return (x[0], y[0]) if is_single else (x, y)


def _count(
    scales: Scales,
    parts: Matrices,
    aims: Matrices,
    is_single: bool,
    weights: ArrayLike | None,
) -> Floats | None:
    """Count inputs and targets, but for those that are NaN, by the weights of samples
    or sequences; returns the weight of each row.
    """
    scale, target_scale = scales
    for each in scales:
        if each is not None and each.lost:
            condition = "without lags, to learn rows that are given as such"
            raise ArgumentError(_checks.expected("scales", condition, each.lags))
    by_row = None
    if weights is not None:
        lengths = np.array([1] * len(parts[0]) if is_single else [*map(len, parts)])
        condition = _checks.pluralize(len(lengths), "number")
        given = _checks.numbers("sample_weight", weights, condition)
        if given.shape != (len(lengths),):
            message = _checks.expected("sample_weight", condition, given.shape)
            raise ArgumentError(message)
        if not (np.isfinite(given) & (given >= 0.0)).all():
            condition = "finite numbers, 0 or above"
            raise ArgumentError(_checks.expected("sample_weight", condition, weights))
        by_row = np.repeat(given, lengths)
    if scale is not None:
        scale.add(np.concatenate(parts), by_row)
    if target_scale is not None:
        targets = np.concatenate(aims)
        has_target = ~np.isnan(targets).any(axis=1)
        counted = None if by_row is None else by_row[has_target]
        target_scale.add(targets[has_target], counted)
    return by_row


def _names(title: str, names: Any) -> list[str]:
    listed = _checks.listed(title, names, "a list of names")
    name_title = f"A name in {_checks.lowercase_title(title)}"
    return [_checks.text(name_title, name) for name in listed]


def _names_in(layer: Layer) -> list[str]:
    names = [neuron.name for neuron in layer]
    return [name or "" for name in names] if all(names) else []


def _call(layer: Layer, name: str, neurons: Sequence[str]) -> None:
    """Name a layer and its neurons."""
    for neuron, neuron_name in zip(layer, neurons, strict=True):
        neuron.name = neuron_name
    layer.name = name


def _as_json(array: NDArray[Any]) -> dict[str, Any]:
    return {"dtype": array.dtype.str, "values": array.tolist()}


def _from_json(name: str, written: Any) -> NDArray[Any]:
    fields = members(f"The array {name!r}", written, ("dtype", "values"))
    try:
        return np.array(fields["values"], fields["dtype"])
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"The array {name!r} cannot be read: {error}.") from None

"""Convert between a network in standard units and the units of its data. Estimators,
the command and agents fit such models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial, wraps
from typing import Annotated, Any, Self, final

import numpy as np
from numpy.typing import ArrayLike

from .. import _checks
from .._build import architecture, built
from .._defaults import OUTPUTS, ROWS
from .._scale import Scale
from .._typing import Floats
from ..engine.locking import DeferredInterrupt, ExclusiveAccess, raise_interrupt
from ..engine.schema import CHECK_SIZES
from ..errors import ArgumentError, FormatError, SynapseError
from ..forecasting._network_forecaster import NetworkForecaster
from ..learning import Result, Trainer
from ..learning._archive import parts_of, trainer_of
from ..learning._data import prepare
from ..learning._options import OPTIONS
from ..objects import incomplete
from ..objects.layer import Layer
from ..objects.network import Network, require_network
from ..objects.scaling import with_scales
from ..objects.snapshots import preserved_context
from ..readwrite._container import document_of, network_in
from ..readwrite._file_checks import members
from ..readwrite._formats import Archived
from .columns import InputColumns, names_in
from .scales import Scales, Sequences, StandardRows, checked_scale, scale_of
from .targets import TASKS, Targets, checked_classes

PARTS = ("task", "classes", "scale", "target_scale")
"""Parts of a model's document, besides the network and the trainer."""
STANDARD_UNITS = (
    "takes and returns standard units, because a network is written without the"
    " scales of its model. Save the model, or model.whole(), which has the scales as"
    " neurons."
)


@final
@_checks.suggests_arguments("Model", of_class=False)
class Model(Archived):
    """A network with the scales, names and classes of its data, which are fitted,
    continued, saved and exported together.

    The network computes in standard units, and is live, which means that you can read
    and set each of its numbers, and change its structure. The model converts from and
    to the units of the data. Models are made by the command, and by estimators of other
    libraries, each of which can open the models of the others.

    Parameters
    ----------
    network : Network
        The network itself, not a copy. Its first layer has an input for each column of
        the data. Outputs for numbers are unbounded ("identity"), outputs for classes
        are softmax or logistic, and outputs for labels are logistic.
    classes : sequence of str, int, float or bool, optional
        The label of each output, if the outputs are probabilities of exclusive classes.
        Default: the names of softmax outputs, or their indices.
    task : {"numbers", "classes", "labels"}, optional
        Kind of the outputs. Labels are columns of 0 and 1 that do not exclude each
        other. By default, it follows from the squash of the outputs.
    scale, target_scale : Scale or bool
        The standard units of inputs, and of targets that are numbers. True makes a new
        scale, and False means that the data are in the units of the network. Default
        True.
    trainer : Trainer, optional
        The trainer that :meth:`fit` and :meth:`update` use. By default, it uses exact
        gradients and Adam, with the rate 0.01.

    Attributes
    ----------
    scale, target_scale : Scale or None
        The scales. Classes and labels have no `target_scale`.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the outputs do not fit the task, or a scale or the trainer belongs to another
        network.

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

    New rows are learned from the present state, by the same optimizer:

    >>> result = model.update(rooms[:10], price[:10], epochs=5, progress=False)

    This makes one network that takes the area and returns the price:

    >>> model.whole()
    <Network 'Perceptron' 2-2-16-1-1, 22 neurons, 51 connections>
    """

    _mark = "synapse model"

    def __init__(
        self,
        network: Annotated[Network, require_network],
        classes: Annotated[Sequence[Any] | None, checked_classes] = None,
        *,
        task: Annotated[str | None, partial(_checks.choice, options=TASKS)] = None,
        scale: Annotated[Scale | bool, checked_scale] = True,
        target_scale: Annotated[Scale | bool, checked_scale] = True,
        trainer: Trainer | None = None,
    ) -> None:
        self._targets = Targets(network, classes, task)
        self._network = network
        self.scale = scale_of("scale", scale, len(network.input))
        if self.task != "numbers":
            if isinstance(target_scale, Scale):
                raise _checks.void("target_scale", "task", self.task)
            target_scale = False
        self.target_scale = scale_of("target_scale", target_scale, len(network.output))
        self._targets.require_outputs(network, self.target_scale is not None)
        self._trainer = self._checked_trainer(trainer)
        self._columns = InputColumns()
        self._note()

    @classmethod
    @_checks.suggests_arguments("Model.build", of_class=False)
    def build(
        cls,
        build: Annotated[str, architecture],
        inputs: Sequence[str],
        outputs: Sequence[str],
        classes: Annotated[Sequence[Any] | None, checked_classes] = None,
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
            The labels of the one output column, if it has classes. Each label becomes
            an output, and the column gives its name to their layer.
        hidden : sequence of int
            Sizes of the hidden layers. Default: one layer of 16 neurons.
        **options
            Options of the architecture, such as ``squash`` and ``seed``.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If there is no such architecture or option, or the architecture does not
            take such sizes.
        """
        columns = _names("inputs", inputs)
        targets = _names("outputs", outputs)
        _checks.require(
            classes is None or len(targets) == 1,
            "outputs",
            "the name of one column, which contains the classes",
            outputs,
        )
        labels = targets if classes is None else [str(label) for label in classes]
        task = "numbers" if classes is None else "classes"
        options.setdefault("output_squash", OUTPUTS[task])
        squash = options.pop("squash", None)
        network = built(build, len(columns), hidden, len(labels), squash, **options)
        _set_names(network.input, "input", columns)
        _set_names(network.output, "output" if classes is None else targets[0], labels)
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
    def task(self) -> str:
        """Kind of the outputs: "numbers", "classes" or "labels"."""
        return self._targets.task

    @property
    def classes(self) -> list[Any] | None:
        """The labels of the classes."""
        return self._targets.classes

    @property
    def _scales(self) -> Scales:
        return Scales(self.scale, self.target_scale)

    @property
    def network(self) -> Network:
        """The network, in standard units. It is live."""
        return self._network

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs, or an empty result if some have no name."""
        return names_in(self.network.input)

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs, or an empty result if some have no name."""
        return names_in(self.network.output)

    @property
    def metadata(self) -> dict[str, Any]:
        """Further information, such as the results of a test. It is the
        :attr:`Network.metadata` of the network, which files contain.
        """
        return self.network.metadata

    @property
    def trainer(self) -> Trainer:
        """The trainer of the network, with the state of its optimizer.

        If you assign a trainer, its network becomes the model's network, for example to
        continue from a checkpoint.
        """
        if self._trainer is None:
            self._trainer = self._usual_trainer()
        return self._trainer

    @trainer.setter
    def trainer(self, trainer: Trainer) -> None:
        network = _checks.instance("trainer", trainer, Trainer).network
        _checks.require(
            (len(network.input), len(network.output))
            == (len(self.network.input), len(self.network.output)),
            "trainer",
            f"one of a network like {self.network!r}",
            trainer,
        )
        self._network = network
        self._trainer = trainer
        self._note()

    def _usual_trainer(self) -> Trainer:
        return Trainer(
            self.network, ROWS.rate, rule=ROWS.rule, optimizer=ROWS.optimizer
        )

    @property
    def _threads(self) -> int | None:
        """Maximum number of threads in a run, as set in the trainer."""
        return None if self._trainer is None else self._trainer.threads

    # --- learning ---------------------------------------------------------------------

    @_checks.suggests_arguments()
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
            Samples of shape (N, n) or, for a network with memory, steps of one stream.
            Sequences have the shape (S, T, n), or are a list of (T_i, n). Data frames
            have their columns in the order of :attr:`inputs`, and inputs without names
            of data get those of the first frame. A warning is given if only the data,
            or only the learned columns, have names. Rows may be a sparse array of
            SciPy, or anything with the ``indptr``, ``indices``, ``data`` and ``shape``
            of one in CSR, in which case a scale that is fitted to them does not centre.
        targets : array_like
            Numbers (N, m), or (N,) for one output. For classes, pass labels (N,), also
            as a series or categories of pandas, or probabilities (N, m). For sequences,
            pass the same for each step of each sequence, where NaN marks a missing
            target, or one target for each sequence, which belongs to its last step.
        validation : tuple of (inputs, targets) or float, optional
            Held-out data, to which the scales are not fitted, or the fraction to hold
            out, see :meth:`Trainer.train`.
        sample_weight : array_like, optional
            The weight of each sample or sequence, which also affects the scales.
        **options
            Further arguments of :meth:`Trainer.train`, such as ``epochs`` and ``seed``.
            The keys of ``class_weight`` are labels.

        Returns
        -------
        Result
            The result of the trainer. Costs are in standard units.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the data or an option cannot be used. Nothing has changed in this case.
        DivergenceError
            If the cost is not finite. The weights are those before that step.
        """
        return self._train(
            inputs,
            targets,
            validation,
            sample_weight,
            self._scales.anew(),
            options,
            fits=True,
        )

    @_checks.suggests_arguments()
    def update(
        self,
        inputs: Any,
        targets: Any,
        *,
        validation: tuple[Any, Any] | float | None = None,
        sample_weight: ArrayLike | None = None,
        **options: Any,
    ) -> Result:
        """Continue training with more data, which also update the scales. The trainer
        continues with its weights and the state of its optimizer.

        Parameters and errors are described at :meth:`fit`.
        """
        return self._train(
            inputs,
            targets,
            validation,
            sample_weight,
            self._scales.copies(),
            options,
            fits=False,
        )

    @_checks.suggests_arguments("learn_one")
    def learn_one(
        self,
        inputs: ArrayLike,
        target: Any,
        rate: Annotated[float, _checks.non_negative_number] = ROWS.rate,
    ) -> None:
        """Learn one row by the learning rule of the network, after updating the scales
        with it.

        The context continues from row to row. To begin a new sequence, call
        ``model.network.clear()``.

        Parameters
        ----------
        inputs : array_like, shape (n,)
            The row, which consists of finite numbers. The index of a series is checked
            like the columns of a data frame.
        target : float, array_like of shape (m,), or a label
            Its target.
        rate : float
            The learning rate. Default 0.01.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If these values cannot be used. Nothing has changed in this case.
        DivergenceError
            If the cost is not finite. The weights and scales are those before this row.
        """
        network = self.network
        (aim,) = self._targets.encoded("target", [target], len(network.output))
        aim = _checks.vector("target", aim, len(aim), _checks.FLOAT64)
        names = _checks.names_of(inputs, "index") if hasattr(inputs, "iloc") else None
        self._columns.require(network.input, [names])
        row = _checks.vector("inputs", inputs, len(network.input), _checks.FLOAT64)
        self._learn_row(row, aim, rate)
        self._columns.take(network.input, names)

    def _learn_row(self, row: Any, aim: Floats, rate: float) -> None:
        """Learn a row, after all checks. The scales count it last."""
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
            As for :meth:`fit`. The context is cleared before each sequence.
        rate : float
            The learning rate. Default 0.01.
        sample_weight : array_like, optional
            The weight of each sample or sequence, which is a factor of the rate, and
            also affects the scales.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If the data cannot be used. Nothing has changed in this case.
        DivergenceError
            If the cost of a step is not finite. The rows before it have been learned.
        """
        network = self.network
        data_of_call, names = self._given(inputs, targets)
        scales = self._scales.copies()
        weights = scales.add(data_of_call, sample_weight)
        data = prepare(network, *scales.standard(data_of_call), network._cost(None))
        rates = rate * (np.ones(len(data.inputs)) if weights is None else weights)
        network._lesson(float(rates.max()), None)
        begins = {*data.bounds.tolist()} if data.clear and network.has_memory else ()
        is_sparse = _checks.is_sparse(data.inputs)
        with DeferredInterrupt():
            for i, each in enumerate(rates.tolist()):
                if i in begins:
                    network.clear()
                if is_sparse:
                    network.run(data.inputs[i : i + 1])
                else:
                    network.activate(data.inputs[i])
                network.propagate(each, data.targets[i])
                self.scale, self.target_scale = scales
                self._columns.take(network.input, names)
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
            An array of shape (N, m), for an array of sequences (S, T, m), and for a
            list of sequences a list of (T_i, m). Outputs of classes are probabilities.
        """
        return self._outputs_of(inputs, lambda outputs: outputs)

    @_checks.suggests_arguments()
    def predict(self, inputs: Any) -> Any:
        """Predict numbers, the most probable class, or labels of 0 and 1.

        Parameters
        ----------
        inputs : array_like
            As for :meth:`fit`.

        Returns
        -------
        ndarray or list of ndarray
            Predictions in the shape that :meth:`run` returns, but for classes without
            the last axis.
        """
        return self._outputs_of(inputs, self._targets.decoded)

    @_checks.suggests_arguments()
    def forecast(
        self, history: ArrayLike, steps: int, known: ArrayLike | None = None
    ) -> Floats:
        """Forecast the rows that follow a history, by feeding each output back to the
        input with its index.

        Parameters
        ----------
        history : array_like, shape (T, m) or (T,)
            The past, in the units of the data. The network must have learned to predict
            each row from the one before. If `target_scale` has lags, its differences
            are computed from it.
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
        """Return one network in the units of the data, with a cleared context. Its
        scales become neurons that do not learn.

        Raises
        ------
        ArgumentError
            If a scale makes differences, which neurons cannot represent, or the network
            has synchronous neurons.
        """
        for scale in (self.scale, self.target_scale):
            if scale is not None and scale.lost:
                raise ArgumentError(
                    "Expected scales without lags, because neurons cannot compute"
                    f" differences, got {scale!r} with {scale.lags}. Save the model as"
                    " .json or .npz."
                )
        return with_scales(self.network, self.scale, self.target_scale)

    def _note(self) -> None:
        """Make the network warn when it is written without its scales."""
        is_scaled = self.scale is not None or self.target_scale is not None
        incomplete.note(self.network, STANDARD_UNITS if is_scaled else "")

    # --- data -------------------------------------------------------------------------

    def _given(
        self, inputs: Any, targets: Any, fits: bool = False
    ) -> tuple[Sequences, list[str] | None]:
        """Return inputs and targets in the units of the data, and the names of the
        columns.
        """
        layer, outputs = self.network.input, self.network.output
        parts, is_single, names = self._columns.parts(layer, inputs, fits)
        aims = self._targets.of_sequences(targets, parts, is_single, len(outputs))
        if self.target_scale is None:
            self._targets.require_reach(self.network, aims)
        return Sequences(parts, aims, is_single), names

    def _sequences(self, inputs: Any, targets: Any) -> Sequences:
        """Return inputs and targets in the units of the data; NaN for all targets if
        there are none.
        """
        if targets is not None:
            return self._given(inputs, targets)[0]
        parts, is_single, _ = self._columns.parts(self.network.input, inputs)
        outputs = len(self.network.output)
        aims = [np.full((len(rows), outputs), np.nan) for rows in parts]
        return Sequences(parts, aims, is_single)

    def _standard(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Return inputs and targets, or None for none, in standard units."""
        rows, aims = self._scales.standard(self._sequences(inputs, targets))
        return rows, None if targets is None else aims

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
        """Train, after these scales have counted the data. They become the scales of
        the model when the weights first change.
        """
        data, names = self._given(inputs, targets, fits)
        scales.add(data, weights, relative=True)
        if weights is not None:
            options["sample_weight"] = weights
        if "class_weight" in options:
            options["class_weight"] = self._targets.by_number(options["class_weight"])
        held_out = partial(self._held_out, scales, names)
        validation = held_out(validation)
        if isinstance(sets := options.get("eval_set"), Mapping):
            options["eval_set"] = {name: held_out(sets[name]) for name in sets}
        if isinstance(metrics := options.get("metrics"), list | tuple):
            options["metrics"] = [*map(self._in_units, metrics)]
        standard = scales.standard(data)
        trainer = self._trainer or self._usual_trainer()

        def begin() -> None:
            self._trainer = trainer
            self.scale, self.target_scale = scales
            self._columns.take(self.network.input, names, fits)

        trainer._kept.on_first_update = begin
        try:
            return trainer.train(*standard, validation=validation, **options)
        finally:
            trainer._kept.on_first_update = None

    def _held_out(self, scales: Scales, names: Any, data: Any) -> Any:
        """Return a pair of inputs and targets in standard units, and all other values
        unchanged.
        """
        if not isinstance(data, tuple) or len(data) != 2:
            return data
        layer, outputs = self.network.input, len(self.network.output)
        parts, is_single, own = self._columns.parts(layer, data[0], fits=True)
        self._columns.require(layer, [names, own], fits=True)
        aims = self._targets.of_sequences(data[1], parts, is_single, outputs)
        return scales.standard(Sequences(parts, aims, is_single))

    def _in_units(self, metric: Any) -> Any:
        """Convert a metric of the results of :meth:`predict` to a metric of outputs."""
        if not callable(metric):
            return metric

        @wraps(metric)
        def measure(*sides: Floats) -> Any:
            scale = self.target_scale
            units = [side if scale is None else scale.original(side) for side in sides]
            return metric(*map(self._targets.decoded, units))

        measure.__name__ = getattr(metric, "__name__", "<lambda>")
        return measure

    def _outputs_of(self, inputs: Any, form: Any) -> Any:
        """Return the result of a function of the outputs for inputs, in the form of the
        inputs.
        """
        scale = self.target_scale
        lost = [each for each in self._scales if each is not None and each.lost]
        is_array = isinstance(inputs, np.ndarray) and inputs.ndim == 3
        rows = inputs
        if is_array and not lost and inputs.size:  # all sequences at once
            rows = inputs.reshape(-1, inputs.shape[-1])
        outputs, is_single = None if lost else self._outputs_apart(rows), True
        if outputs is None:
            outputs, is_single = self._outputs_in_order(inputs, rows)
        if rows is not inputs:
            outputs = outputs.reshape(len(rows), -1)
        answers = [
            form(rows_of_part if scale is None else scale.original(rows_of_part))
            for rows_of_part in ([outputs] if is_single else outputs)
        ]
        if rows is not inputs:
            return answers[0].reshape(*inputs.shape[:2], *answers[0].shape[1:])
        if is_single:
            return answers[0]
        return np.stack(answers) if is_array else answers

    def _outputs_apart(self, rows: Any) -> Floats | None:
        """Return the outputs for rows that a network without memory runs, or None if it
        has memory, the rows are not a usual array, or some of them are refused.
        """
        network = self.network
        plain: Any = None
        if type(rows) is np.ndarray and rows.ndim == 2 and len(rows) > 1:
            plain = _checks.rows_as_given(rows, len(network.input), network.dtype)
        if plain is None or network._recorder is not None:
            return None
        self._columns.require(network.input, [None])
        if self.scale is not None:
            plain = StandardRows(self.scale, plain, network.dtype)
        with ExclusiveAccess(network):
            return network._run_apart(plain, False, self._threads)

    def _outputs_in_order(self, inputs: Any, rows: Any) -> tuple[Any, bool]:
        """Return the outputs for rows or sequences from a cleared context, and whether
        they are rows. `rows` are all of the `inputs`.
        """
        network = self.network
        parts, is_single, _ = self._columns.parts(network.input, rows)
        if self.scale is not None:
            standard_of = self.scale._standard
            parts = [standard_of(rows_here, network.dtype) for rows_here in parts]
        standard = parts[0] if is_single else parts
        if rows is not inputs:
            standard = parts[0].reshape(inputs.shape)
        with preserved_context(network):
            network.clear()
            # sparse rows are read as such by steps with traces
            traces = any(map(_checks.is_sparse, parts))
            outputs = network.run(standard, traces=traces, threads=self._threads)
        return outputs, is_single

    # --- what it is made of -----------------------------------------------------------

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
        """Return the `PARTS` of a model's document."""
        scales = (self.scale, self.target_scale)
        described = (None if scale is None else scale._as_json() for scale in scales)
        return dict(zip(PARTS, (self.task, self.classes, *described), strict=True))

    def _document(self) -> dict[str, Any]:
        parts = self._head()
        if self._trainer is not None:
            parts["trainer"] = parts_of(self._trainer, None)
        return {**parts, "network": document_of(self.network)}

    @classmethod
    def _of_document(cls, parts: dict[str, Any]) -> Any:
        head = members("A saved model", parts, (*PARTS, "network"), ["trainer"])
        network, trainer = network_in(head["network"]), None
        if "trainer" in head:
            trainer = trainer_of(Trainer, OPTIONS, head["trainer"], network)
        sizes = {"scale": len(network.input), "target_scale": len(network.output)}
        try:
            scales = {
                name: head[name] is not None and Scale._from_json(head[name], size)
                for name, size in sizes.items()
            }
            classes, task = head["classes"], head["task"]
            return cls(network, classes, task=task, trainer=trainer, **scales)
        except SynapseError as error:
            raise FormatError(f"The model in the file is not valid. {error}") from None


def whole_of(model: Any) -> Any:
    """Return the network of a model in the units of its data, and all other values
    unchanged.
    """
    return model.whole() if isinstance(model, Model) else model


def _names(title: str, names: Any) -> list[str]:
    listed = _checks.listed(title, names, "a list of names")
    name_title = f"A name in {_checks.lowercase_title(title)}"
    return [_checks.text(name_title, name) for name in listed]


def _set_names(layer: Layer, name: str, neurons: Sequence[str]) -> None:
    """Name a layer and its neurons."""
    for neuron, neuron_name in zip(layer, neurons, strict=True):
        neuron.name = neuron_name
    layer.name = name

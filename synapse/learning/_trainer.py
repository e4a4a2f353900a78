"""The trainer: its options, and the checks of options and data before a training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from math import inf, nan
from typing import Annotated, Any

import numpy as np

from .. import _checks
from .._cost import Cost
from .._initializer import Seed, random_generator
from .._typing import PathLike
from ..errors import ArgumentError
from ..objects.snapshots import take_over
from ..optimizers import LBFGS
from ..plasticity._rule import Rule
from ..readwrite._container import network_in
from ..readwrite._formats import Archived
from . import _archive, _data_source
from ._callbacks import Batch, Callback
from ._data import (
    Data,
    blank_targets,
    cost_of,
    joined,
    prepare,
    row_weights,
)
from ._evaluation import (
    Evaluation,
    Metric,
    checked_metrics,
    evaluated,
    require_measurable,
)
from ._history import VALIDATION, History, Result
from ._options import OPTIONS, FixedOptions, TrainerOptions
from ._parameters import Updater
from ._plan import Checkpointer, TrainingPlan, TrainingState, TrainingStateParts
from ._training import Kept, OrderSampler, Training
from ._warnings import warn_if_vanished, warn_of_dead_ends
from .rules import BackpropagationThroughTime, RuleTask, TrainingRule
from .rules._synaptic import rule_class

# --- checks of the arguments of train -------------------------------------------------


def _seed(title: str, value: Any) -> np.random.Generator:
    return random_generator(value)


def _progress(title: str, value: Any) -> bool | str:
    return value if isinstance(value, str) else _checks.boolean(title, value)


STOPPING = "Use patience=10 to stop early, and checkpoint=path to save the training."


def _callbacks(title: str, value: Any) -> tuple[Any, ...]:
    callbacks = _checks.listed(title, value, "a list of functions")
    return tuple(
        _checks.function_of("A callback", callback, "progress", advice=STOPPING)
        for callback in callbacks
    )


def _eval_set(title: str, value: Any) -> dict[str, Any]:
    _checks.require_type(
        isinstance(value, Mapping),
        title,
        "a mapping of names to (inputs, targets)",
        value,
    )
    for name in value:
        if not isinstance(name, str) or not name.isidentifier() or name == VALIDATION:
            raise ArgumentError(
                _checks.expected(
                    f"A name in {_checks.lowercase_title(title)}",
                    f"a word other than {VALIDATION!r}, which names the data of"
                    " `validation`",
                    name,
                )
            )
    return dict(value)


def _on_batch(title: str, value: Any) -> Any:
    return _checks.function_of(title, value, "batch")


def _path(title: str, value: Any) -> Any:
    _checks.file_path(title, value)
    return value


# --- the trainer ----------------------------------------------------------------------


@_checks.suggests_attributes("Trainer")
@_checks.suggests_arguments("Trainer", "train", "test")
@_checks.with_options
class Trainer(Archived, TrainerOptions, metaclass=_checks.AbstractOwnNames):
    """Trains a network by the online rule or by exact gradients, forward or backward in
    time.

    The online rule and real-time recurrent learning update weights at every step with a
    target; backpropagation through time updates them after every batch.

    Parameters
    ----------
    network : Network
        The network to train.

    Notes
    -----
    Several trainers, each with a part and an optimizer of its own, can take turns on
    one network. While a trainer computes, the rest of the network is not trainable,
    exactly as if it had been frozen.

    Every option is an attribute with the same name. An assigned value, ``trainer.rate =
    0.01``, is checked like an argument, and is used by the next call of :meth:`train`.
    None assigns the default again; defaults that depend on other options follow them.

    See Also
    --------
    gradient : The exact gradient that "bptt" uses.
    fit_readout : Fits the weights into the outputs by least squares.

    Examples
    --------
    >>> import architect, synapse
    >>> net = architect.Perceptron(2, 3, 1, seed=3)
    >>> trainer = synapse.Trainer(net, rate=0.5)
    >>> xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> result = trainer.train(*xor, epochs=5000, goal=0.05, seed=0, progress=False)
    >>> net.run(xor[0]).round().ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """

    _mark = "synapse trainer"

    def __post_init__(self) -> None:
        """Check that the options fit together."""
        self._begin()
        self._checked()

    def _begin(self) -> None:
        """Begin without anything that is kept from one call to the next."""
        self._updater = Updater(self.network, self.only)
        self._kept = Kept()
        self._paused: TrainingState | None = None  # the latest training

    def __repr__(self) -> str:
        paused = self._paused
        done = ""
        if paused is not None and paused.done < paused.epochs:
            done = (
                f"; {paused.done} of {_checks.pluralize(paused.epochs, 'epoch')} done"
            )
        return f"<Trainer of {self.network!r}: {self._settings()}{done}>"

    def _settings(self) -> str:
        """Return the options that are not default, as one would write them; those of
        the optimizer, too.
        """
        values = {name: getattr(self, name) for name in OPTIONS}
        changed = {
            name: value
            for name, value in values.items()
            if value != OPTIONS[name].default
        }
        if self.optimizer is not None and not hasattr(self.optimizer, "rate"):
            del changed["rate"]
        return ", ".join(f"{name}={_brief(value)}" for name, value in changed.items())

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for pickles, which has the contents of a file and also the
        user's functions, by their names.
        """
        arrays = self._updater.arrays(self.optimizer, self.only)
        training = self._paused and self._paused.parts(self.network)
        return {
            "network": self.network,
            **self._assigned(),
            "_memory": arrays,
            "_training": training,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        memory = state.pop("_memory")
        training = state.pop("_training")
        vars(self).update(state)  # they have been checked
        self._begin()
        self._restore(memory, training)

    def _restore(
        self, memory: Mapping[str, Any] | None, training: TrainingStateParts | None
    ) -> None:
        """Set the state of the optimizer and the latest training to those that
        `__getstate__` returned.
        """
        self._updater = Updater(self.network, self.only)
        if memory is not None:
            self._updater.restore(self.optimizer, memory)
        self._paused = (
            None if training is None else TrainingState.of(self.network, *training)
        )

    def _document(self) -> dict[str, Any]:
        return _archive.document(self, self._paused)

    @classmethod
    def _of_document(cls, parts: dict[str, Any]) -> Trainer:
        network = network_in(parts.pop("network", None))
        return _archive.trainer_of(cls, OPTIONS, parts, network)

    def _take_over(self, clone: Trainer) -> None:
        """Continue where a copy has ended that was trained in another process: its
        numbers, the state of its optimizer, and its latest training.

        Raises TopologyError, before anything changes, if its network has another
        structure.
        """
        if clone is self:
            return
        take_over(self.network, clone.network)
        state = clone.__getstate__()
        self._restore(state["_memory"], state["_training"])

    def _checked(self) -> FixedOptions:
        """Return the present options, checked anew if they, the network's structure or
        its rule have changed.
        """
        chances = (self.dropout, self.recurrent_dropout)
        by_layer = [
            dict(by_name) for by_name in chances if isinstance(by_name, Mapping)
        ]  # they may have been changed
        store = self.network._store
        version = (
            store.structure_version if self.only is None else store.version_of_part
        )
        state = version, self.network.rule, by_layer
        known = vars(self).get(_checks.BY_OPTIONS)
        if known is None or known[0] != state:
            known = vars(self)[_checks.BY_OPTIONS] = state, self._fixed()
        return known[1]

    @_checks.suggests_arguments(
        "train",
        "__init__",
        "test",
        void=[
            ("min_delta", "patience", lambda given: given["patience"] is None),
            (
                "checkpoint_every",
                "checkpoint",
                lambda given: given["checkpoint"] is None,
            ),
        ],
    )
    def train(
        self,
        inputs: Any,
        targets: Any = None,
        epochs: Annotated[int | None, _checks.positive_integer] = None,
        *,
        goal: Annotated[float | None, _checks.non_negative_number] = None,
        shuffle: Annotated[bool | None, _checks.boolean] = None,
        seed: Annotated[Seed, _seed] = None,
        progress: Annotated[bool | str, _progress] = True,
        validation: tuple[Any, Any] | Iterable[tuple[Any, Any]] | float | None = None,
        eval_set: Annotated[Mapping[str, Any] | None, _eval_set] = None,
        metrics: Annotated[Iterable[str | Metric], checked_metrics] = (),
        patience: Annotated[int | None, _checks.positive_integer] = None,
        min_delta: Annotated[float, _checks.non_negative_number] = 0.0,
        restore_best: Annotated[bool, _checks.boolean] = True,
        callbacks: Annotated[Iterable[Callback], _callbacks] = (),
        on_batch: Annotated[Callable[[Batch], Any] | None, _on_batch] = None,
        sample_weight: Any | None = None,
        class_weight: Mapping[int, float] | None = None,
        checkpoint: Annotated[PathLike | None, _path] = None,
        checkpoint_every: Annotated[int | None, _checks.positive_integer] = None,
        resume: Annotated[bool, _checks.boolean] = False,
    ) -> Result:
        """Train the network on arrays, ``train(inputs, targets)``, or on batches,
        ``train(batches)``.

        Parameters
        ----------
        inputs : array_like, iterable or callable
            Samples have the shape (N, n), or are a sparse array of SciPy. A network
            with memory reads them as one stream and keeps its context from before the
            call, but with "bptt" they are one sequence. Sequences have the shape (S, T,
            n), or are a list of arrays (T_i, n), and the context is cleared before
            each. Without `targets`, `inputs` is a stream of batches, see Notes. Arrays
            of float64 in C order are not copied, so that a callback can change the
            data. With "bptt", this is true of inputs of the network's float type.
        targets : array_like
            Targets in the same form, with m columns. Where a target is NaN, this output
            adds nothing to the cost at this step. Softmax outputs have a target all
            together or not at all, and accept integer classes from 0 instead, of shape
            (N,), (S, T) or a list of (T_i,), with NaN for a missing target. Omit the
            targets if `inputs` is a stream of batches, or a list of dicts
            ``{"input": [...], "output": [...]}``.
        epochs : int, optional
            The epoch limit: maximum number of passes through the data. Default: 100; 1
            for a stream.
        goal : float, optional
            Training ends when the mean cost of an epoch is at most this number, 0 or
            above. Because weights change during an epoch, the data are then tested
            with its final weights, whose cost must also be at most `goal`. Batches of a
            stream are not stored, and are therefore not tested.
        shuffle : bool, optional
            Whether sequences, or samples for a network without memory, have a new
            random order in every epoch. Default: True if there is more than one, but
            False for one stream or a stream of batches.
        seed : int or numpy.random.Generator
            Seed for the orders and for dropout. Default: an unrecorded random seed.
        progress : bool or str
            Whether to show a progress bar; a string is shown in front of it.
        validation : (inputs, targets), batches of them or float, optional
            Held-out data: a tuple of two, or a list or another iterable of such
            batches, as a ``DataLoader``. For arrays also the fraction to hold out, at
            least one sample, sequence or step. That is always the last part: the last
            samples or sequences in the order given, so shuffle sorted samples
            beforehand, and of a stream (T, n) into a network with memory its end, which
            runs on in the context after the training rows ("bptt" clears it). No
            fraction of a stream of batches.
        eval_set : mapping of str to (inputs, targets), optional
            Other data, in the form of `validation`, of which the history also has the
            loss and the metrics after every epoch: ``test_loss``, ``test_accuracy`` for
            ``{"test": (inputs, targets)}``. They do not influence the training.
        metrics : iterable of str or callable
            Measures of each epoch in addition to the cost: "accuracy", or functions of
            your own. A function gets the targets and outputs of all steps with a
            target, each of shape (steps, m), and returns a number. The history lists
            its values under its name for the training data (``accuracy``), the held-out
            data (``validation_accuracy``) and each of `eval_set`. A stream of batches
            has no such values, because batches are not stored. Weights of samples and
            classes have no influence.
        patience : int, optional
            Training ends after this number of epochs without a lower loss, on the
            held-out data if there are any, otherwise on the training data with the
            weights at the end of the epoch. Default: no limit.
        min_delta : float
            Minimum decrease of the loss that counts for `patience`, compared with the
            latest loss that counted. Default 0.
        restore_best : bool
            With `validation` or `patience`: restore the weights of the best epoch at
            the end. If a callback edits the network after that epoch, it keeps its last
            weights, see :class:`Result`. Default True.
        callbacks : iterable of callable
            Functions called with a :class:`Progress` after every epoch; returning a
            true value ends the training. They may edit the network.
        on_batch : callable, optional
            Function called with a :class:`~synapse.learning.Batch` after every update;
            returning a true value ends the training. It may edit the network.
        sample_weight : array_like, optional
            Weight in training of each sequence (or sample) or of each step, see
            :func:`gradient`, held-out ones included; with "bptt". Weights are divided
            by their mean, because only their ratios count. Not for a stream of batches.
        class_weight : mapping of int to float, optional
            Weight of the steps of each class, for "bptt". The class of a step is the
            index of the target's largest entry, or 0 or 1 for a single output. For a
            stream of batches, these weights are divided by their mean.
        checkpoint : str or os.PathLike, optional
            File to which the trainer is saved while it trains: at once, so that a file
            that cannot be written raises before the first epoch, then after epochs, and
            at the end, also by Ctrl-C. Each file replaces the one before as a whole.
            :func:`synapse.load` reads it. Default: none.
        checkpoint_every : int, optional
            Number of epochs from one checkpoint to the next. Default: as often as 5 %
            of the time allows, at most once a second.
        resume : bool
            Continue the latest call of `train` after its latest complete epoch, as if
            it had not ended there, also if the trainer has been saved and loaded since.
            A trainer without such a call starts a new training. Pass the same arguments
            again. `epochs` includes the epochs that are done, and its default is the
            previous limit, while `seed` is ignored. An incomplete epoch is repeated
            from the weights that it has reached. Default False.

        Returns
        -------
        Result
            The result of this training. With `resume`, it includes the epochs before.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument cannot be used; no weight has changed. That includes, with
            `resume`, data of another shape, and with `checkpoint` a trainer that cannot
            be saved. Also if a batch of a stream cannot be used; the error gives its
            number in the epoch, from 1, and the previous batches have been trained.
        DivergenceError
            If the cost is not finite or, with a recursive optimizer, an error exceeds a
            million times the largest target; the weights are those before that step.
        FunctionError
            If a registered squash or cost raises an exception; the weights are those
            before that step or batch.
        OSError
            If a checkpoint cannot be written. The file before it has not changed.

        Warns
        -----
        TrainingWarning
            If training would change nothing, connections lead into input neurons, or an
            output depends on no input. Each warning is given once per topology. Also,
            at the end of 50 epochs or more, if predicting the mean of the targets would
            always have been as good and the gradient of hidden weights is practically
            0, which happens with tanh and weights near 0.

        See Also
        --------
        test : The mean cost on data, without learning.

        Notes
        -----
        Ctrl-C ends the training like a callback: the result is returned and the network
        remains usable.

        A training that is continued has the same weights, history and random numbers,
        bit by bit, as one without an interruption, on the same kind of machine. Pass
        callbacks and data again. A training that ends within an epoch, by Ctrl-C, an
        error or `on_batch`, repeats that epoch from the weights that it has reached; a
        checkpoint always belongs to a complete epoch. L-BFGS continues with a new
        search, because SciPy cannot save its memory.

        A batch without targets, or with targets of weight 0 only, makes no update: the
        network runs, but no weight changes, not even by momentum, decay or a penalty,
        and `on_batch` is not called.

        A stream of batches is an iterable of pairs (inputs, targets), each in one of
        the forms above, such as a generator or a ``DataLoader`` of PyTorch. An epoch is
        one pass through it. Several epochs need an iterable that can be iterated over
        again, or a function that returns a new one for each epoch. Batches may have
        different lengths. They are used in their order and are not stored.

        With an optimizer or "bptt", each batch is one update, or one for each
        ``trainer.batch_size`` of its sequences (for "online", of its steps). The plain
        online rule updates the weights at every step. The context goes on from one
        batch of rows (T, n) to the next, so cutting a stream into batches changes
        nothing; with "bptt" each batch of rows into a network with memory is a
        sequence, and begins
        with a cleared context. An exception in the iterable is raised unchanged; the
        previous batches have been trained.
        """
        options = self._checked()
        if isinstance(self.rule, Rule):
            targets = self._targets_of_rule(self.rule, inputs, targets, goal)
        weighted = sample_weight is not None or class_weight is not None
        if weighted and not options.rule_class.weighs:
            raise ArgumentError('The sample_weight and class_weight need rule="bptt".')
        weights = (sample_weight, class_weight) if weighted else None
        file = None
        if checkpoint is not None:
            write = partial(_archive.write_trainer, self, checkpoint)
            file = Checkpointer(write, checkpoint_every)
        before = self._paused if resume else None
        if before is not None:
            epochs = before.epochs if epochs is None else epochs
            shuffle = before.shuffle if shuffle is None else shuffle
            seed = before.rng()
        rng: Any = self._kept.unseeded() if seed is None else seed  # it is checked
        stream = _data_source.is_stream(inputs, targets)
        if epochs is None:
            epochs = 1 if stream else 100
        source: _data_source.Arrays | _data_source.BatchStream
        if stream:
            batches = _data_source.checked_batches(inputs, epochs)
            source, held_out = self._stream(options, batches, validation, weights, rng)
        else:
            arrays = inputs, targets
            source, held_out = self._arrays(options, arrays, validation, weights, rng)
        others = {} if held_out is None else {VALIDATION: held_out}
        others |= {
            name: self._held_out(given) for name, given in (eval_set or {}).items()
        }
        measures: dict[str, Metric] = dict(metrics)  # type: ignore[arg-type]
        training = source.measurable(measures, others)
        if measures:
            require_measurable(measures, others, training)
        followed = held_out is not None or patience is not None
        plan = TrainingPlan(
            options=options,
            epochs=epochs,
            goal=-inf if goal is None else goal,
            patience=patience,
            min_delta=min_delta,
            restore=restore_best and followed,
            metrics=measures,
            callbacks=tuple(callbacks),
            on_batch=on_batch,
            checkpoint=file,
            resumed_from=before,
        )
        searches = isinstance(options.optimizer, LBFGS)
        measure = None if searches else source.measure(self.network, self.cost)
        history = History(plan, self._updater.in_use, others, training, measure)
        if before is not None:
            before.require_like(source.shape, history.held_out_shape, history.values)
        self._updater.penalties = options.penalties
        self._updater.part = self.only
        warned = isinstance(self.rule, Rule) or warn_of_dead_ends(
            self.network, self._updater, self.rule, self.cost
        )
        orders = OrderSampler(rng, source.shuffled(shuffle))
        rule = self._kept.take_rule(options)
        run = Training(plan, source, orders, history, self._updater, self._kept, rule)
        result = self._run(run, progress)
        if isinstance(source, _data_source.Arrays) and not warned:  # the cause is known
            warn_if_vanished(source.task, self._updater, result)
        return result

    def _targets_of_rule(
        self, rule: Rule, inputs: Any, targets: Any, goal: float | None
    ) -> Any:
        """Return the targets of a training by a rule of synapses, or raise if it has no
        use for them.
        """
        if rule._asks_for("post_error"):
            return targets
        if targets is not None or goal is not None:
            name = "goal" if targets is None else "targets"
            raise ArgumentError(
                f"{rule!r} does not use {name}, because none of its functions has the"
                " argument post_error. Leave it out."
            )
        return blank_targets(self.network, inputs, nan)

    def _run(self, training: Training, progress: bool | str) -> Result:
        """Run a training, and keep what the next call may use of it."""
        # a file that a callback saves has no other training
        latest, self._paused = (self._paused, None)
        try:
            return training.run(progress)
        finally:
            end = training.end
            begun = end is not None and (end.done or training.changed)
            self._paused = end if begun else latest
            if isinstance(training.rule, BackpropagationThroughTime):
                store = self.network._store
                self.network._gradients_until = int(store["clock"][0])
            self._kept.keep_rule(training.rule)

    def _arrays(
        self,
        options: FixedOptions,
        arrays: tuple[Any, Any],
        validation: Any,
        weights: Any,
        rng: np.random.Generator,
    ) -> tuple[_data_source.Arrays, Data | None]:
        """Check arrays, and the weights of samples and of classes if given. Returns the
        data to train on and the held-out data.
        """
        rule = options.rule_class
        data, _ = self._prepared(*arrays, rule=rule)
        held_out = None
        if weights is not None:
            samples, classes = weights
            weights = row_weights(data, samples, classes, self.network._n_outputs)
        if validation is not None and not _checks.is_number(validation):
            held_out = self._held_out(validation)
        elif validation is not None:
            data, held_out = data.split(validation)
            held_out = self._validating(rule.arrange(held_out))
        weights = None if weights is None else weights[: len(data.inputs)]
        needs_none = isinstance(self.rule, Rule)
        if not (needs_none or data.counted(weights).any()):
            raise ArgumentError(_data_source.NO_TARGET)
        data = rule.arrange(data)
        weights = None if weights is None else data.relative(weights)
        task = RuleTask(options, data, weights, rng)
        return _data_source.Arrays(task), held_out

    def _stream(
        self,
        options: FixedOptions,
        batches: Any,
        validation: Any,
        weights: Any,
        rng: np.random.Generator,
    ) -> tuple[_data_source.BatchStream, Data | None]:
        """Return a stream of batches, each of which is checked when it is used, and the
        held-out data.
        """
        sample_weight, class_weight = weights or (None, None)
        _data_source.refuse_for_streams(options.optimizer, validation, sample_weight)
        rule = options.rule_class

        def task(inputs: Any, targets: Any) -> RuleTask:
            data, _ = self._prepared(inputs, targets, rule=rule)
            of_rows = row_weights(data, None, class_weight, self.network._n_outputs)
            return RuleTask(options, rule.arrange(data), of_rows, rng, streamed=True)

        held_out = None if validation is None else self._held_out(validation)
        return _data_source.BatchStream(batches, task), held_out

    def _prepared(
        self,
        inputs: Any,
        targets: Any,
        cost: str | Cost | None = None,
        rule: type[TrainingRule] | None = None,
    ) -> tuple[Data, Cost]:
        """Check data for the network and a cost, by default the trainer's.

        Returns the data, whose inputs have the network's float, unless they are to be
        trained on by a `rule` that takes float64, and the cost.
        """
        measure = cost_of(self.network, self.cost if cost is None else cost)
        # the squashes of the outputs have changed
        if cost is None and measure is not self.cost:
            self.cost._check([neuron.squash for neuron in self.network.output])
        in_float = rule is None or rule._in_float
        dtype = self.network.dtype if in_float else np.float64
        return prepare(self.network, inputs, targets, measure, dtype), measure

    def _held_out(self, validation: Any) -> Data:
        """Check a pair of inputs and targets for validation, or batches of them, which
        become one.
        """
        pairs = _data_source.held_out_pairs(validation)
        # each like one to train on
        rule = rule_class(self.rule)
        parts = [rule.arrange(self._prepared(*pair)[0]) for pair in pairs]
        return self._validating(parts[0] if len(parts) == 1 else joined(parts))

    def _validating(self, data: Data) -> Data:
        """Return held-out data, or raise if they have no target."""
        if not data.has_target.any():
            raise ArgumentError(
                "Expected at least one step with a target in the held-out data, got"
                " none."
            )
        return data

    def stop(self) -> None:
        """End a training that runs in another thread, like Ctrl-C: it returns its
        result so far.
        """
        self._kept.stop.set()

    @_checks.suggests_arguments("test", "__init__", "train")
    def test(
        self,
        inputs: Any,
        targets: Any = None,
        cost: str | Cost | None = None,
        *,
        sample_weight: Any | None = None,
        class_weight: Mapping[int, float] | None = None,
        metrics: Annotated[Iterable[str | Metric], checked_metrics] = (),
    ) -> Evaluation:
        """Compute the mean cost on data, without learning, and the accuracy if the
        targets are classes.

        Random neurons are deterministic during the test. The context is cleared before
        each sequence; a stream continues from the present context.

        Parameters
        ----------
        inputs, targets, sample_weight, class_weight, metrics
            The data, weights and metrics, as for :meth:`train`; weights are accepted
            with any rule.
        cost : str or Cost, optional
            The cost. Default: the trainer's.

        Returns
        -------
        Evaluation
            The mean cost and the number of steps with a target. With weights: the
            weighted mean, and the number of steps with a weight above 0. If the targets
            are classes, also the ``accuracy``, the counts by class (``confusion``) and
            the numbers of ``misclassified`` samples; not while the network is being
            recorded.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If an argument cannot be used; the network has not run.

        See Also
        --------
        train : Trains the network.
        """
        data, measure = self._prepared(inputs, targets, cost)
        weights = row_weights(
            data, sample_weight, class_weight, len(self.network.output)
        )
        measures: dict[str, Metric] = dict(metrics)  # type: ignore[arg-type]
        require_measurable(measures, {}, data)
        return evaluated(self.network, data, measure, weights, measures, self.threads)


def _brief(value: Any) -> str:
    """Return an option's value; of an optimizer the settings that are not default, but
    for the rate, an option.
    """
    if isinstance(value, Cost):
        return _checks.short_repr(value.name)
    if not is_dataclass(value):
        return _checks.short_repr(value)
    values = {
        field.name: (getattr(value, field.name), field.default)
        for field in fields(value)
        if field.init
    }
    values.pop("rate", None)
    changed = (
        f"{name}={now!r}" for name, (now, default) in values.items() if now != default
    )
    return f"{type(value).__name__}({', '.join(changed)})"

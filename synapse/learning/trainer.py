"""The trainer: its options, and the checks of options and data before a training."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import partial
from inspect import signature
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks
from .._typing import PathLike
from ..cost import Cost
from ..errors import ArgumentError
from ..initializers import Seed
from ..objects.network import Network, require_network
from ..objects.state import take_over
from ..optimizers import LBFGS, Optimizer, RecursiveOptimizer
from ..readwrite._formats import Archived
from . import _archive, _options, _source
from ._checkpoint import Checkpoint, Paused, PausedParts
from ._data import KEPT, Data, Layout, joined, laid_out, prepare, row_weights
from ._history import History, Result
from ._options import OptionCheck, alone, or_none
from ._parameters import Updater
from ._part import Item, Part, checked_part
from ._regularisation import Chances, Dropout, Penalties
from ._warnings import warn_if_vanished, warn_of_dead_ends
from .callbacks import Batch, Callback
from .evaluation import Evaluation, evaluated
from .gradient import checked_window
from .renewal import Renewal, checked_renewal
from .rules import RULES, Rule, RuleOptions, RuleTask
from .schedules import CheckedRates, Rate
from .training import Orders, Training

OPTIONS: dict[str, OptionCheck] = {
    "method": _options.method_used,
    "order": _options.order_used,
    "batch_size": _options.batch_size_used,
    "window": alone(or_none(partial(_checks.positive_integer, most=inf))),
    "clip": alone(or_none(_checks.positive_number)),
    "clip_value": alone(or_none(_checks.positive_number)),
    "l1": alone(_checks.non_negative_number),
    "l2": alone(_checks.non_negative_number),
    "optimizer": _options.optimizer_used,
    "rate": _options.rate_used,
    "cost": lambda trainer, title, value: trainer.network._cost(value),
    "dropout": _options.chances_used,
    "recurrent_dropout": _options.chances_used,
    "threads": alone(partial(_checks.positive_integer, most=_checks.MOST_THREADS)),
    "renewal": alone(checked_renewal),
    "only": lambda trainer, title, value: (
        None if value is None else checked_part(trainer.network, value)
    ),
}
"""The check of each option, in this order: it gets the trainer, which has the options
of the rows before, the name for messages and the value, and returns the value that is
used. All else follows from the row and the signature: attributes, assignment, pickles,
files, ``repr``, and what a rule receives."""
DEPENDENT = ("order", "batch_size", "optimizer", "rate")
"""Options that follow from others if they are not assigned. Else they are checked again
before a training."""
RULE_OPTIONS = tuple(
    field.name for field in fields(RuleOptions) if field.name in OPTIONS
)


@_checks.answers("Trainer")
class Trainer(Archived):
    """Trains a network by the online rule or by exact gradients, forward or backward in
    time.

    The online rule and real-time recurrent learning update weights at every step with a
    target; backpropagation through time updates them after every batch.

    Parameters
    ----------
    network : Network
        The network to train.
    rate : float, schedule or callable of the epoch, optional
        The learning rate, or a schedule such as :class:`~synapse.learning.Cosine`.
        Default: 0.1, or the optimizer's own. A rate above 10 warns
        (:class:`synapse.errors.RateWarning`).
    cost : str or Cost, optional
        The cost. Default: cross-entropy for logistic outputs, otherwise squared error.
    method : {"online", "bptt", "rtrl"}, optional
        The learning rule: the online rule of Monner and Reggia 2012; the exact gradient
        of whole sequences (see :func:`gradient`), as the mean over a batch's sequences
        of the cost summed over their steps; or the exact gradient of every step, by
        real-time recurrent learning, see :attr:`Network.learning_rule`. Default: that
        of the network.
    optimizer : Optimizer, LBFGS, RecursiveOptimizer or str, optional
        How gradients change weights, see :mod:`synapse.optimizers`; a name such as
        "adamw" is the one with default settings. Default: plain gradient descent. Its
        state (moments, velocities) is used again in the next call of :meth:`train`, and
        is reset if the topology or the set of trainable parameters has changed. With
        "online" and "rtrl", the updates of `batch_size` steps are summed before the
        optimizer is called.
    batch_size : int or "sequence", optional
        Number of sequences, or samples, in a batch; with "online" and "rtrl" the number
        of steps with a target, or "sequence" to update at the end of each. Default: 32;
        1 with "online" and "rtrl"; everything with L-BFGS; for a stream of batches, all
        of each batch.
    order : int, optional
        For "rtrl": number of steps within which a parameter must reach a recurrent
        state for its sensitivity to be kept, see :func:`synapse.learning.reach`.
        Default: that of the network, or no limit: exact.
    window : int, optional
        For "bptt": maximum number of steps that errors pass through, see
        :func:`gradient`. Default: no limit.
    clip, clip_value : float, optional
        Maximum norm of the gradient (a longer one is rescaled to it), and maximum
        absolute value of its entries. Default: no limit.
    l1, l2 : float
        Factors of the penalties, the sums of `|w|` and `w^2 / 2` over all trainable
        weights. Default 0.
    dropout, recurrent_dropout : float or mapping of layers (or their names) to float
        For "bptt", during training: the probability that a hidden neuron, or a neuron
        of these layers, is dropped for a step, or for a whole sequence. Default 0.
    threads : int
        For "bptt": number of groups of sequences computed at the same time. The result
        is identical for any number. Default 1.
    renewal : Renewal, optional
        Lets the least useful hidden neurons begin anew, so that the network stays able
        to learn in a long stream, see :class:`synapse.learning.Renewal`. Default: none
        begins anew.
    only : iterable of layers (or names), projections, neurons, connections, optional
        The part of the network that is trained: the weights of these projections and
        connections, and the biases and incoming weights of these neurons and layers.
        Errors pass through the rest, which this trainer does not change. A shared
        parameter is trained if one of its members is in the part. Default: everything
        that is trainable.

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
    >>> result = trainer.train(*xor, epochs=5000, error=0.05, seed=0, progress=False)
    >>> net.run(xor[0]).round().ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """

    network: Network
    rate: Rate
    cost: Cost
    method: str
    order: int | None
    optimizer: Optimizer | LBFGS | RecursiveOptimizer | None
    batch_size: int | str | None
    window: int | None
    clip: float | None
    clip_value: float | None
    l1: float
    l2: float
    dropout: Chances
    recurrent_dropout: Chances
    threads: int
    renewal: Renewal | None
    only: Part | None

    @_checks.understands("Trainer", "train", "test")
    def __init__(
        self,
        network: Network,
        rate: Rate | None = None,
        cost: str | Cost | None = None,
        *,
        method: str | None = None,
        order: int | None = None,
        optimizer: Optimizer | LBFGS | RecursiveOptimizer | str | None = None,
        batch_size: int | str | None = None,
        window: int | None = None,
        clip: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: Chances = 0.0,
        recurrent_dropout: Chances = 0.0,
        threads: int = 1,
        renewal: Renewal | None = None,
        only: Iterable[Item] | None = None,
    ) -> None:
        arguments = locals()
        assert arguments.keys() == {
            "self",
            "network",
            *OPTIONS,
        }, "An option has no row in OPTIONS, or a row no option"
        vars(self)["network"] = require_network("The network of a Trainer", network)
        for name in OPTIONS:
            setattr(self, name, arguments[name])
        self._checked()
        self._stop = threading.Event()
        self._updater = Updater(network, self._penalties, self.only)
        self._paused: Paused | None = None  # the latest training

    _options_known: tuple[Any, RuleOptions] | None = (
        None  # what they depend on, and checked options
    )
    _whole_known: tuple[RuleOptions, RuleOptions] | None = (
        None  # options, and those for a stream
    )
    _entropy: tuple[int, np.random.Generator] | None = None
    _layout_known: Layout = None
    _visit_known = (
        1e-9  # seconds for a connection and a row, by the latest compiled call
    )

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "network":  # the state of an optimizer belongs to it
            raise _checks.attribute_error(
                "The network of a Trainer cannot be replaced. Make a Trainer of the"
                " other one."
            )
        if name in OPTIONS:
            checked = OPTIONS[name](self, f"The {name} of Trainer", value)
            self._options_known = None
            if value is None and name in DEPENDENT:
                vars(self).pop(name, None)  # it is derived when it is read
                return
            value = checked
        elif name[:1] != "_":
            hint = (
                _checks.suggestion(name, OPTIONS)
                or f" It has: {_checks.known_names(OPTIONS)}."
            )
            raise _checks.attribute_error(f"A Trainer has no option {name!r}.{hint}")
        super().__setattr__(name, value)

    def __repr__(self) -> str:
        paused = self._paused
        done = ""
        if paused is not None and paused.done < paused.epochs:
            done = f"; {paused.done} of {_checks.counted(paused.epochs, 'epoch')} done"
        return f"<Trainer of {self.network!r}: {self._settings()}{done}>"

    def _settings(self) -> str:
        """The options that are not default, as one would write them; those of the
        optimizer, too.
        """
        defaults = signature(Trainer).parameters
        values = {name: getattr(self, name) for name in OPTIONS}
        changed = {
            name: value
            for name, value in values.items()
            if value != defaults[name].default
        }
        if self.optimizer is not None and not hasattr(self.optimizer, "rate"):
            del changed["rate"]
        return ", ".join(f"{name}={_brief(value)}" for name, value in changed.items())

    def __getstate__(self) -> dict[str, Any]:
        """Pickles have all that files have, and functions of the user, by their
        names.
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
        self._stop = threading.Event()
        self._restore(memory, training)

    def _restore(
        self, memory: Mapping[str, Any] | None, training: PausedParts | None
    ) -> None:
        """Set the state of the optimizer and the latest training to those that
        `__getstate__` returned.
        """
        self._updater = Updater(self.network, self._penalties, self.only)
        if memory is not None:
            assert self.optimizer is not None
            self._updater.restore(self.optimizer, memory)
        self._paused = None if training is None else Paused.of(self.network, *training)

    def _archive(self) -> dict[str, NDArray[Any]]:
        return _archive.arrays_of(self, self._paused)

    @classmethod
    def _of_archive(cls, arrays: dict[str, NDArray[Any]]) -> Trainer:
        return _archive.trainer_of(cls, OPTIONS, arrays)

    def _take_over(self, twin: Trainer) -> None:
        """Continue where a copy has ended that was trained in another process: its
        numbers, the state of its optimizer, and its latest training.

        Raises TopologyError, before anything changes, if its network has another
        structure.
        """
        if twin is self:
            return
        take_over(self.network, twin.network)
        state = twin.__getstate__()
        self._restore(state["_memory"], state["_training"])

    def _assigned(self) -> dict[str, Any]:
        """The options, without those that are derived."""
        return {name: value for name, value in vars(self).items() if name in OPTIONS}

    @property
    def _rule(self) -> type[Rule]:
        return RULES[self.method]

    @property
    def _penalties(self) -> Penalties:
        return Penalties(
            **{field.name: getattr(self, field.name) for field in fields(Penalties)}
        )

    def _checked(self, **of_call: Any) -> RuleOptions:
        """The options in the form of the rule, and those of a call; ArgumentError
        unless all fit together.
        """
        network = self.network
        chances = (self.dropout, self.recurrent_dropout)
        by_layer = [
            dict(by_name) for by_name in chances if isinstance(by_name, Mapping)
        ]  # they may have been changed
        store = network._store
        version = (
            store.structure_version if self.only is None else store.topology_version
        )
        state = network, version, network.learning_rule, by_layer, of_call
        if self._options_known is not None and self._options_known[0] == state:
            return self._options_known[1]
        for name in DEPENDENT:
            if name == "rate" and name in vars(self):
                continue  # checked when it was assigned, with a warning if it is high
            OPTIONS[name](self, f"The {name} of Trainer", getattr(self, name))
        values = {name: getattr(self, name) for name in OPTIONS}
        settings = {name: values[name] for name in RULE_OPTIONS}
        settings["window"] = checked_window(self.window)
        settings["dropout"] = Dropout(
            self.network, self.dropout, self.recurrent_dropout
        )
        options = RuleOptions(**settings, **of_call, penalties=self._penalties)
        self._rule.check(options)
        if self.only is not None:
            self.only.require_trainable()
        self._options_known = state, options
        return options

    @_checks.understands("train", "__init__", "test")
    def train(
        self,
        inputs: Any,
        targets: Any = None,
        epochs: int | None = None,
        error: float | None = None,
        shuffle: bool | None = None,
        seed: Seed = None,
        progress: bool | str = True,
        *,
        validation: tuple[Any, Any] | Iterable[tuple[Any, Any]] | float | None = None,
        patience: int | None = None,
        restore_best: bool = True,
        callbacks: Iterable[Callback] = (),
        on_batch: Callable[[Batch], Any] | None = None,
        sample_weight: Any | None = None,
        class_weight: Mapping[int, float] | None = None,
        checkpoint: PathLike | None = None,
        every: int | None = None,
        resume: bool = False,
    ) -> Result:
        """Train the network on arrays, ``train(inputs, targets)``, or on batches,
        ``train(batches)``.

        Parameters
        ----------
        inputs : array_like, iterable or callable
            (N, n): samples; a network with memory takes them as one stream and keeps
            its context from before the call ("bptt": as one sequence). (S, T, n) or a
            list of (T_i, n): sequences, the context cleared before each. Without
            `targets`: a stream of batches, see Notes.
        targets : array_like
            Targets in the same form, with m columns. NaN means that this output has no
            target at this step: it adds nothing to the cost (softmax outputs: all of
            them or none). For softmax outputs also integer classes, from 0: (N,), (S,
            T) or a list of (T_i,), with NaN for no target. Omit it if `inputs` is a
            stream of batches, or a list of dicts ``{"input": [...], "output": [...]}``.
        epochs : int, optional
            The epoch limit: maximum number of passes through the data. Default: 100; 1
            for a stream.
        error : float, optional
            Training ends when the mean cost of an epoch is at most this, and so is that
            of the weights after it: each epoch that reaches it is followed by a test on
            the data (not with a stream of batches, which are not stored). 0 or above.
        shuffle : bool, optional
            Whether sequences, or samples for a network without memory, have a new
            random order in every epoch. Default: True if there is more than one, but
            False for one stream or a stream of batches.
        seed : int or numpy.random.Generator
            Seed for the orders and for dropout. Default: other random numbers in each
            call.
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
        patience : int, optional
            Training ends after this number of epochs without a lower error, on the
            held-out data if there are any. Default: no limit.
        restore_best : bool
            With `validation` or `patience`: restore the weights of the best epoch at
            the end. Default True.
        callbacks : iterable of callable
            Functions called with a :class:`Progress` after every epoch; returning a
            true value ends the training. They may edit the network.
        on_batch : callable, optional
            Function called with a :class:`~synapse.learning.Batch` after every update;
            returning a true value ends the training. It may edit the network.
        sample_weight : array_like, optional
            Weight in training of each sequence (or sample), held-out ones included;
            with "bptt". Not for a stream of batches.
        class_weight : mapping of int to float, optional
            Weight of the steps of each class: the index of the target's largest entry,
            or 0 or 1 for a single output; with "bptt".
        checkpoint : str or os.PathLike, optional
            File to which the trainer is saved while it trains: at once, so that a file
            that cannot be written raises before the first epoch, then after epochs, and
            at the end, also by Ctrl-C. Each file replaces the one before as a whole.
            :func:`synapse.load` reads it. Default: none.
        every : int, optional
            Number of epochs from one checkpoint to the next. Default: as often as 5 %
            of the time allows, at most once a second.
        resume : bool
            Continue the latest call of `train` of this trainer, or of the trainer that
            was saved, after its latest complete epoch, as if it had not ended there; a
            trainer without one begins. Give the same arguments as then. `epochs` counts
            those that are done, and has their limit by default; `seed` is ignored. An
            incomplete epoch begins again, from the weights that it has reached. Default
            False.

        Returns
        -------
        Result
            With `resume`, that of the whole training.

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
            at the end of 50 epochs or more, if the error never fell below that of the
            mean of the targets and the gradient of hidden weights is practically 0, as
            with tanh and weights near 0.

        See Also
        --------
        test : The mean cost on data, without learning.

        Notes
        -----
        Ctrl-C ends the training like a callback: the result is returned and the network
        remains usable.

        A training that is continued has the same weights, history and random numbers,
        bit by bit, as one that was not broken off, on the same kind of machine. Give
        callbacks and data again. A training that ends within an epoch, by Ctrl-C, an
        error or `on_batch`, begins that epoch again from the weights that it has
        reached; a checkpoint is always that of a complete epoch. L-BFGS continues by a
        new search, because SciPy cannot save its memory.

        A batch in which no step has a target, or only of weight 0, is no update: the
        network runs, but no weight changes, neither by momentum nor by decay or a
        penalty, and `on_batch` is not called.

        A stream of batches is an iterable of pairs (inputs, targets), each in one of
        the forms above, such as a generator or a ``DataLoader`` of PyTorch. An epoch is
        one pass through it. Several epochs need an iterable that can be iterated over
        again, or a function that returns a new one for each epoch. Batches may have
        different lengths. They are used in their order and are not stored.

        With an optimizer or "bptt", each batch is one update, or one for each
        `batch_size` of its sequences (for "online", of its steps). The plain online
        rule updates the weights at every step. The context goes on from one batch of
        rows (T, n) to the next, so cutting a stream into batches changes nothing; with
        "bptt" each batch of rows into a network with memory is a sequence, and begins
        with a cleared context. An exception in the iterable is raised unchanged; the
        previous batches have been trained.
        """
        call = _options.checked_call(locals())
        weighted = sample_weight is not None or class_weight is not None
        options = self._checked(weighted=weighted)
        file = None
        if checkpoint is not None:
            write = partial(_archive.write_trainer, self, checkpoint)
            file = Checkpoint(write, call.every)
        elif call.every is not None:
            raise ArgumentError(
                "`every` is the number of epochs between checkpoints. Give checkpoint,"
                " too."
            )
        before = self._paused if call.resume else None
        if before is not None:
            _options.continue_call(call, before)
        call.seed = call.seed or self._unseeded()
        stream = _source.is_stream(inputs, targets)
        usual = 1 if stream else 100
        limit = usual if call.epochs is None else call.epochs
        make = partial(
            RuleTask, self.network, cost=self.cost, rng=call.seed, options=options
        )
        if stream:
            batches = _source.checked_batches(inputs, limit)
            _source.refuse_for_streams(options.optimizer, validation, sample_weight)
            options = self._for_streams(options)
            make = partial(make, options=options)
            source: _source.Arrays | _source.BatchStream = self._stream(
                batches, class_weight, make
            )
            held_out = self._held_out(validation)
        else:
            source, held_out = self._arrays(
                inputs, targets, validation, sample_weight, class_weight, make
            )
        if before is not None:
            shape = None if held_out is None else held_out.shape
            before.require_like(source.shape, shape)
        self._updater.penalties = options.penalties
        self._updater.part = self.only
        warned = warn_of_dead_ends(self.network, self._updater, self.method, self.cost)
        followed = held_out is not None or patience is not None
        history = History(
            network=self.network,
            in_use=self._updater.in_use,
            cost=self.cost,
            held_out=held_out,
            epochs=limit,
            goal=-inf if error is None else call.error,
            patience=call.patience,
            restore=call.restore_best and followed,
            callbacks=call.callbacks,
            measure=(
                None
                if isinstance(options.optimizer, LBFGS)
                else source.measure(self.network, self.cost)
            ),
        )
        training = Training(
            network=self.network,
            source=source,
            history=history,
            orders=Orders(call.seed, source.shuffled(call.shuffle)),
            options=options,
            rates=CheckedRates(self.rate, self.network.dtype),
            rule=self._rule,
            updater=self._updater,
            stop=self._stop,
            on_batch=on_batch,
            checkpoint=file,
            continued=before,
            ready=self._work_for(options),
            visit=self._visit_known,
        )
        # a file that a callback saves has no other training
        latest, self._paused = (self._paused, None)
        try:
            result = training.run(call.progress)
        finally:
            end = training.end
            self._visit_known = training.visit
            begun = end is not None and (end.done or training.work is not None)
            self._paused = end if begun else latest
            work = training.work
            # it has no threads, nor random masks
            plain = options.threads == 1 and not options.dropout.any
            if plain and work is not None and work.nbytes <= KEPT:
                self._work_known = work
        if isinstance(source, _source.Arrays) and not warned:  # the cause is known
            warn_if_vanished(source.task, self._updater, result)
        return result

    def _for_streams(self, options: RuleOptions) -> RuleOptions:
        """The same object for the same options: by default, each batch of a stream is
        one update.
        """
        if self._whole_known is None or self._whole_known[0] is not options:
            self._whole_known = (
                options,
                replace(options, batch_size=options.batch_size or sys.maxsize),
            )
        return self._whole_known[1]

    def _unseeded(self) -> np.random.Generator:
        """The generator of trainings without a seed: making one takes as long as a
        small batch.
        """
        process = os.getpid()  # a fork makes its own
        if self._entropy is None or self._entropy[0] != process:
            self._entropy = process, np.random.default_rng()
        return self._entropy[1]

    def _work_for(self, options: RuleOptions) -> Rule | None:
        """The rule of the latest training, with its memory, if it was kept and had
        these options.
        """
        work = vars(self).pop("_work_known", None)  # another thread cannot get it, too
        fits = (
            work is not None
            and work.task.options is options
            and work.task.cost is self.cost
        )
        return work if fits else None

    def _arrays(
        self,
        inputs: Any,
        targets: Any,
        validation: Any,
        sample_weight: Any | None,
        class_weight: Mapping[int, float] | None,
        make: Callable[..., RuleTask],
    ) -> tuple[_source.Arrays, Data | None]:
        """Check arrays; returns the data to train on and the held-out data."""
        data, _ = self._prepared(inputs, targets)
        held_out: Data | None
        weights = row_weights(
            data, sample_weight, class_weight, len(self.network.output)
        )
        if _checks.is_number(validation):
            data, held_out = data.split(validation)
            held_out = self._validating(self._rule.arrange(held_out))
        else:
            held_out = self._held_out(validation)
        weights = None if weights is None else weights[: len(data.inputs)]
        if not data.counted(weights).any():
            raise ArgumentError(_source.NO_TARGET)
        return (
            _source.Arrays(make(data=self._rule.arrange(data), weights=weights)),
            held_out,
        )

    def _stream(
        self,
        batches: Any,
        class_weight: Mapping[int, float] | None,
        make: Callable[..., RuleTask],
    ) -> _source.BatchStream:
        """A stream of batches; each batch is checked when it is used."""

        def task(inputs: Any, targets: Any) -> RuleTask:
            data, _ = self._prepared(inputs, targets)
            weights = row_weights(data, None, class_weight, len(self.network.output))
            return make(data=self._rule.arrange(data), weights=weights)

        return _source.BatchStream(batches, task)

    def _prepared(
        self, inputs: Any, targets: Any, cost: str | Cost | None = None
    ) -> tuple[Data, Cost]:
        """Check data for the network and a cost (default: the trainer's); returns the
        data and the cost.
        """
        measure = self.network._cost(self.cost if cost is None else cost)
        # the squashes of the outputs have changed
        if cost is None and measure is not self.cost:
            self.cost.check([neuron.squash for neuron in self.network.output])
        data, self._layout_known = laid_out(
            prepare, self._layout_known, self.network, inputs, targets, measure
        )
        return data, measure

    def _held_out(self, validation: Any) -> Data | None:
        """Check a pair of inputs and targets for validation, or batches of them, which
        become one.
        """
        if validation is None:
            return None
        pairs = _source.held_out_pairs(validation)
        # each like one to train on
        parts = [self._rule.arrange(self._prepared(*pair)[0]) for pair in pairs]
        return self._validating(parts[0] if len(parts) == 1 else joined(parts))

    def _validating(self, data: Data) -> Data:
        """Return held-out data, or raise if they have no target."""
        if not data.aimed.any():
            raise ArgumentError(
                "Expected at least one step with a target in the held-out data, got"
                " none."
            )
        return data

    def stop(self) -> None:
        """End a training that runs in another thread, like Ctrl-C: it returns its
        result so far.
        """
        self._stop.set()

    @_checks.understands("test", "__init__", "train")
    def test(
        self,
        inputs: Any,
        targets: Any = None,
        cost: str | Cost | None = None,
        *,
        sample_weight: Any | None = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Evaluation:
        """Compute the mean cost on data, without learning, and the accuracy if the
        targets are classes.

        Random neurons are deterministic during the test. The context is cleared before
        each sequence; a stream continues from the present context.

        Parameters
        ----------
        inputs, targets, sample_weight, class_weight
            The data and weights, as for :meth:`train`; weights are accepted with any
            method.
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
        return evaluated(self.network, data, measure, weights)


for _name in DEPENDENT:
    setattr(Trainer, _name, _options.Derived(_name, OPTIONS[_name]))


def _brief(value: Any) -> str:
    """An option's value; of an optimizer the settings that are not default, but for the
    rate, an option.
    """
    if isinstance(value, Cost):
        return _checks.shown(value.name)
    if not is_dataclass(value):
        return _checks.shown(value)
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

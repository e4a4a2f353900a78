"""The trainer: its options, and the checks of options and data before a training."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any

import numpy as np

from .._checks import (
    MOST_THREADS,
    TEST,
    TRAIN,
    TRAINER,
    TRAINER_METHODS,
    answers,
    boolean,
    choice,
    expected,
    function_of,
    is_number,
    listed,
    non_negative_number,
    own_names,
    positive_integer,
    understands,
)
from .._random import Seed, random_generator
from .._sensitivities import checked_order
from ..cost import Cost
from ..errors import ArgumentError, KindError
from ..network import Network, require_network
from ..optimizers import LBFGS, SGD, Optimizer, RecursiveOptimizer
from ..readwrite.files import PathLike
from ._checkpoint import Checkpoint
from ._data import Data, prepare, row_weights
from ._dead_ends import warn_of_dead_ends
from ._exact import checked_window
from ._history import History, Result
from ._jacobians import require_fit
from ._parameters import Updater, checked_optimizer
from ._paused import Paused, PausedParts, require_like, shape_of_data
from ._pieces import Orders
from ._regularisation import Chances, Dropout, Penalties
from ._source import NO_TARGET, Arrays, Stream, checked_batches, is_stream, refuse_for_streams
from ._writing import write_trainer
from .callbacks import Batch, Callback, Step
from .evaluation import Evaluation, mean_cost
from .rules import RULES, SEQUENCE, Options, Rule, Task
from .schedules import CheckedRates, Rate, checked_rate
from .training import Training

RATE = 0.1


def checked_batch_size(size: Any, rule: type[Rule]) -> int | str | None:
    """Return a batch size, or raise ArgumentError."""
    if isinstance(size, str) and size == SEQUENCE and rule.by_steps:
        return SEQUENCE
    return None if size is None else positive_integer("The batch_size", size)


@answers(TRAINER_METHODS)
class Trainer:
    """Trains a network by the online rule or by exact gradients, forward or backward in time.

    The online rule and real-time recurrent learning update weights at every step with a target;
    backpropagation through time updates them after every batch.

    Parameters
    ----------
    network : Network
        The network to train.
    rate : float, schedule or callable of the epoch, optional
        The learning rate, or a schedule such as :class:`~synapse.learning.Cosine`. Default: 0.1, or the
        optimizer's own. A rate above 10 warns (:class:`synapse.errors.RateWarning`).
    cost : str or Cost, optional
        The cost. Default: cross-entropy for logistic outputs, otherwise squared error.
    method : {"online", "bptt", "rtrl"}, optional
        The learning rule: the online rule of Monner and Reggia 2012; the exact gradient of whole sequences
        (see :func:`gradient`), as the mean over a batch's sequences of the cost summed over their steps; or
        the exact gradient of every step, by real-time recurrent learning, see :attr:`Network.learning_rule`.
        Default: that of the network.
    optimizer : Optimizer, LBFGS or RecursiveOptimizer, optional
        How gradients change weights, see :mod:`synapse.optimizers`. Default: plain gradient descent. Its
        state (moments, velocities) is used again in the next call of :meth:`train`, and is reset if the
        topology or the set of trainable parameters has changed. With "online" and "rtrl", the updates of
        `batch_size` steps are summed before the optimizer is called.
    batch_size : int or "sequence", optional
        Number of sequences, or samples, in a batch; with "online" and "rtrl" the number of steps with a
        target, or "sequence" to update at the end of each. Default: 32; 1 with "online" and "rtrl";
        everything with L-BFGS; for a stream of batches, all of each batch.
    order : int, optional
        For "rtrl": number of steps within which a parameter must reach a recurrent state for its sensitivity
        to be kept, see :func:`synapse.learning.reach`. Default: that of the network, or no limit: exact.
    window : int, optional
        For "bptt": maximum number of steps that errors pass through, see :func:`gradient`. Default: no limit.
    clip, clip_value : float, optional
        Maximum norm of the gradient (a longer one is rescaled to it), and maximum absolute value of its
        entries. Default: no limit.
    l1, l2 : float
        Factors of the penalties, the sums of `|w|` and `w^2 / 2` over all weights. Default 0.
    dropout, recurrent_dropout : float or mapping of layers (or their names) to float
        For "bptt", during training: the probability that a hidden neuron, or a neuron of these layers, is
        dropped for a step, or for a whole sequence. Default 0.
    threads : int
        For "bptt": number of groups of sequences computed at the same time. The result is identical for any
        number. Default 1.
    checkpoint : str or os.PathLike, optional
        File to which the trainer is saved while it trains, see :meth:`train`, whose default this is. It is
        not in the file. Default: none.
    every : int, optional
        Number of epochs from one checkpoint to the next, see :meth:`train`.

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

    def __dir__(self) -> list[str]:
        return own_names(self)

    @understands(TRAINER)
    def __init__(
        self,
        network: Network,
        rate: Rate | None = None,
        cost: str | Cost | None = None,
        *,
        method: str | None = None,
        order: int | None = None,
        optimizer: Optimizer | LBFGS | RecursiveOptimizer | None = None,
        batch_size: int | str | None = None,
        window: int | None = None,
        clip: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: Chances = 0.0,
        recurrent_dropout: Chances = 0.0,
        threads: int = 1,
        checkpoint: PathLike | None = None,
        every: int | None = None,
    ) -> None:
        self.network = require_network("The network of a Trainer", network)
        own = network.learning_rule
        self.method: str = own.method if method is None else choice("The method of a Trainer", method, RULES)
        self.order = checked_order(self.method, order)
        if self.order is None and self.method == own.method:
            self.order = own.order
        self.optimizer = checked_optimizer(optimizer)
        self.penalties = Penalties(l1, l2, clip, clip_value)
        self.batch_size = checked_batch_size(batch_size, self._rule)
        sums = self.penalties != Penalties() or self.batch_size not in (None, 1)
        if self.optimizer is None and (sums or not self._rule.direct):
            self.optimizer = SGD()
        default = RATE if optimizer is None else getattr(self.optimizer, "rate", RATE)
        chosen = default if rate is None else rate
        self._float = network._store.dtype if self.optimizer is None else np.dtype(np.float64)
        self.rate = checked_rate("The rate of Trainer", chosen, self._float)
        self.cost = network._cost(cost)
        self.window = checked_window(window)
        self.dropout = Dropout(network, dropout, recurrent_dropout)
        self.threads = positive_integer("The threads", threads, MOST_THREADS)
        self._rule.check(self._options())
        slopes = {name: rule.slopes for name, rule in RULES.items()}
        require_fit(self.optimizer, self.method, slopes, self.batch_size, self.penalties)
        if isinstance(optimizer, LBFGS) and (clip, clip_value) != (None, None):
            raise ArgumentError("L-BFGS needs gradients without clipping. Omit clip and clip_value.")
        self.checkpoint, self.every = checkpoint, every
        self._checkpoint(None, None)
        self._stop = threading.Event()
        self._updater = Updater(network, self.penalties)
        self._paused: Paused | None = None  # the latest training

    def __getstate__(self) -> dict[str, Any]:
        """Pickles have all that files have, and functions of the user, by their names."""
        left_out = ("_stop", "_updater", "_paused")
        state = {name: value for name, value in vars(self).items() if name not in left_out}
        arrays = self._updater.arrays(self.optimizer)
        return {**state, "_memory": arrays, "_training": self._paused and self._paused.parts(self.network)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        memory, training = state.pop("_memory", None), state.pop("_training", None)
        vars(self).update(state)
        self._stop, self._updater = threading.Event(), Updater(self.network, self.penalties)
        self._continue_from(memory, training)

    def _continue_from(self, memory: Mapping[str, Any] | None, training: PausedParts | None) -> None:
        """Take over the state of an optimizer, and a training."""
        if memory is not None:
            assert self.optimizer is not None
            self._updater.restore(self.optimizer, memory)
        self._paused = None if training is None else Paused.of(self.network, *training)

    @property
    def _rule(self) -> type[Rule]:
        return RULES[self.method]

    def _options(self) -> Options:
        """The options that are passed to the rule."""
        return Options(
            self.optimizer, self.batch_size, self.window, self.dropout, self.threads, order=self.order
        )

    @understands(TRAIN)
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
        validation: tuple[Any, Any] | float | None = None,
        patience: int | None = None,
        restore_best: bool = True,
        callbacks: Iterable[Callback] = (),
        on_step: Callable[[Step], Any] | None = None,
        on_batch: Callable[[Batch], Any] | None = None,
        steps: int | None = None,
        sample_weight: Any | None = None,
        class_weight: Mapping[int, float] | None = None,
        checkpoint: PathLike | None = None,
        every: int | None = None,
        resume: bool = False,
    ) -> Result:
        """Train the network on arrays, ``train(inputs, targets)``, or on batches, ``train(batches)``.

        Parameters
        ----------
        inputs : array_like, iterable or callable
            (N, n): samples; a network with memory takes them as one stream and keeps its context
            from before the call ("bptt": as one sequence). (S, T, n) or a list of (T_i, n): sequences,
            the context cleared before each. Without `targets`: a stream of batches, see Notes.
        targets : array_like
            Targets in the same form, with m columns. A row of NaN means that this step has no target. For
            softmax outputs also integer classes, from 0: (N,), (S, T) or a list of (T_i,), with NaN for no
            target. Omit it if `inputs` is a stream of batches, or a list of dicts
            ``{"input": [...], "output": [...]}``.
        epochs : int, optional
            The epoch limit: maximum number of passes through the data. Default: 100; 1 for a stream.
        error : float, optional
            Training ends when the mean cost of an epoch is at most this; 0 or above.
        shuffle : bool, optional
            Whether sequences, or samples for a network without memory, have a new random order in every
            epoch. Default: True if there is more than one, but False for one stream or a stream of batches.
        seed : int or numpy.random.Generator
            Seed for the orders and for dropout. Default: a new random seed for each call.
        progress : bool or str
            Whether to show a progress bar; a string is shown in front of it.
        validation : (inputs, targets) or float, optional
            Held-out data or, for arrays, the fraction of them to hold out, at least one sample, sequence or
            step. That is always the last part: the last samples or sequences in the order given, so shuffle
            sorted samples beforehand, and of a stream (T, n) into a network with memory its end, which runs
            on in the context after the training rows ("bptt" clears it). No fraction of a stream of batches.
        patience : int, optional
            Training ends after this number of epochs without a lower error, on the held-out data if there
            are any. Default: no limit.
        restore_best : bool
            With `validation` or `patience`: restore the weights of the best epoch at the end. Default True.
        callbacks : iterable of callable
            Functions called with a :class:`Progress` after every epoch; returning a true value ends the
            training. They may edit the network.
        on_step : callable, optional
            Function called with a :class:`Step` after every step; returning a true value ends the training.
            Each step is then a separate compiled call. For "online" without an optimizer.
        on_batch : callable, optional
            Function called with a :class:`~synapse.learning.Batch` after every update; returning a true
            value ends the training. It may edit the network.
        steps : int, optional
            For a stream of batches: maximum number of batches, in all epochs. Default: no limit.
        sample_weight : array_like, optional
            Weight in training of each sequence (or sample), held-out ones included; with "bptt". Not for a
            stream of batches.
        class_weight : mapping of int to float, optional
            Weight of the steps of each class: the index of the target's largest entry, or 0 or 1 for a
            single output; with "bptt".
        checkpoint : str or os.PathLike, optional
            File to which the trainer is saved while it trains: at once, so that a file that cannot be written
            raises before the first epoch, then after epochs, and at the end, also by Ctrl-C. Each file
            replaces the one before as a whole. :func:`synapse.load` reads it. Default: that of the trainer.
        every : int, optional
            Number of epochs from one checkpoint to the next. Default: that of the trainer, or as often as 5 %
            of the time allows, at most once a second.
        resume : bool
            Continue the latest call of `train` of this trainer, or of the trainer that was saved, after its
            latest complete epoch, as if it had not ended there; a trainer without one begins. Give the same
            arguments as then. `epochs` counts those that are done, and has their limit by default; `seed` is
            ignored. Default False.

        Returns
        -------
        Result
            With `resume`, that of the whole training.

        Raises
        ------
        ArgumentError, KindError
            If an argument cannot be used; no weight has changed. That includes, with `resume`, data of
            another shape, and with `checkpoint` a trainer that cannot be saved. Also if a batch of a stream
            cannot be used; the error gives its number in the epoch, from 1, and the previous batches have
            been trained.
        DivergenceError
            If the cost is not finite; the weights are those before that step.
        FunctionError
            If a registered squash or cost raises an exception; the weights are those before that step or
            batch.
        OSError
            If a checkpoint cannot be written. The file before it has not changed.

        Warns
        -----
        TrainingWarning
            If training would change nothing, connections lead into input neurons, or an output depends on no
            input. Each warning is given once per topology.

        See Also
        --------
        test : The mean cost on data, without learning.

        Notes
        -----
        Ctrl-C ends the training like a callback: the result is returned and the network remains usable.

        A training that is continued has the same weights, history and random numbers, bit by bit, as one
        that was not broken off, on the same kind of machine. Callbacks, data and batches are not in a file,
        and are given again. Ctrl-C within a long epoch leaves the file of the epoch before, but the trainer
        itself continues from the weights that it has. L-BFGS repeats its iterations to continue, because
        SciPy cannot save its memory.

        The plain online rule runs several short epochs in one compiled call of about 20 ms if nothing has to
        be done between them. That is so without `on_step`, `on_batch`, `validation` and a best epoch to
        restore, with a constant rate or a schedule of the epoch, and with no callbacks other than
        :class:`~synapse.learning.every`. The result is the same, bit by bit, as with one call per epoch.

        A stream of batches is an iterable of pairs (inputs, targets), each in one of the forms above, such as
        a generator or a ``DataLoader`` of PyTorch. An epoch is one pass through it. Several epochs need an
        iterable that can be iterated over again, or a function that returns a new one for each epoch. Batches
        may have different lengths. They are used in their order and are not stored.

        With an optimizer or "bptt", each batch is one update, or one for each `batch_size` of its sequences
        (for "online", of its steps). The plain online rule updates the weights at every step. The context
        goes on from one batch of rows (T, n) to the next, so cutting a stream into batches changes nothing;
        with "bptt" each batch of rows into a network with memory is a sequence, and begins with a cleared
        context. An exception in the iterable is raised unchanged; the previous batches have been trained.
        """
        weighted = sample_weight is not None or class_weight is not None
        options = replace(self._options(), on_step=on_step is not None, weighted=weighted)
        self._rule.check(options)
        before = self._paused if boolean("The resume", resume) else None
        rng, stream = random_generator(seed), is_stream(inputs, targets)
        if before is not None:
            rng, epochs = before.generator.generator(), before.epochs if epochs is None else epochs
        limit = positive_integer("The epochs", (1 if stream else 100) if epochs is None else epochs)
        make = partial(Task, self.network, cost=self.cost, rng=rng, options=options)
        if stream:
            batches = checked_batches(inputs, limit)
            refuse_for_streams(self.optimizer, validation, sample_weight)
            source: Arrays | Stream = self._stream(batches, steps, class_weight, make)
            held_out = self._held_out(validation)
        else:
            if steps is not None:
                raise ArgumentError("The steps limit the batches of a stream. For arrays give epochs.")
            source, held_out = self._arrays(inputs, targets, validation, sample_weight, class_weight, make)
        if before is not None:
            require_like("the data", before.data, source.shape)
            require_like("the held-out data", before.held_out, shape_of_data(held_out))
            shuffle = before.shuffle if shuffle is None else shuffle
        warn_of_dead_ends(self.network, self.method, self.cost)
        followed = held_out is not None or patience is not None
        history = History(
            network=self.network,
            cost=self.cost,
            held_out=held_out,
            epochs=limit,
            goal=-inf if error is None else non_negative_number("The error to stop at", error),
            patience=None if patience is None else positive_integer("The patience", patience),
            restore=boolean("The restore_best", restore_best) and followed,
            callbacks=tuple(
                function_of("A callback", callback, "progress")
                for callback in listed("The callbacks", callbacks, "a list of functions")
            ),
        )
        training = Training(
            network=self.network,
            source=source,
            history=history,
            orders=Orders(rng, source.shuffled(shuffle)),
            options=options,
            rates=CheckedRates(self.rate, self._float),
            rule=self._rule,
            updater=self._updater,
            stop=self._stop,
            on_step=None if on_step is None else function_of("The on_step", on_step, "step"),
            on_batch=None if on_batch is None else function_of("The on_batch", on_batch, "batch"),
            checkpoint=self._checkpoint(checkpoint, every),
            continued=before,
        )
        shown = progress if isinstance(progress, str) else boolean("The progress", progress)
        try:
            return training.run(shown)
        finally:
            if training.end is not None and training.end.done:
                self._paused = training.end

    def _checkpoint(self, path: PathLike | None, every: int | None) -> Checkpoint | None:
        """The checkpoints of a training, by default those of the trainer."""
        path = self.checkpoint if path is None else path
        every = self.every if every is None else every
        number = None if every is None else positive_integer("The every", every)
        if path is None:
            if number is not None:
                raise ArgumentError(
                    "The every is the number of epochs between checkpoints. Give checkpoint, too."
                )
            return None
        if not isinstance(path, str | os.PathLike):
            raise KindError(expected("The checkpoint", "a string or a path", path))
        return Checkpoint(partial(write_trainer, self, path), number)

    def _arrays(
        self,
        inputs: Any,
        targets: Any,
        validation: Any,
        sample_weight: Any | None,
        class_weight: Mapping[int, float] | None,
        make: Callable[..., Task],
    ) -> tuple[Arrays, Data | None]:
        """Check arrays; returns the data to train on and the held-out data."""
        data, _ = self._prepared(inputs, targets)
        held_out: Data | None
        weights = row_weights(data, sample_weight, class_weight, len(self.network.output))
        if is_number(validation):
            data, held_out = data.split(validation)
            held_out = self._validating(held_out)
        else:
            held_out = self._held_out(validation)
        weights = None if weights is None else weights[: len(data.inputs)]
        if not (data.aimed if weights is None else data.aimed * weights).any():
            raise ArgumentError(NO_TARGET)
        return Arrays(make(self._rule.arrange(data), weights=weights)), held_out

    def _stream(
        self,
        batches: Any,
        steps: int | None,
        class_weight: Mapping[int, float] | None,
        make: Callable[..., Task],
    ) -> Stream:
        """A stream of batches; each batch is checked when it is used."""

        def task(inputs: Any, targets: Any) -> Task:
            data, _ = self._prepared(inputs, targets)
            weights = row_weights(data, None, class_weight, len(self.network.output))
            found = make(self._rule.arrange(data), weights=weights)
            size = self.batch_size or len(data.inputs)  # one update by default
            return replace(found, options=replace(found.options, batch_size=size))

        return Stream(batches, task, inf if steps is None else positive_integer("The steps", steps))

    def _prepared(self, inputs: Any, targets: Any, cost: str | Cost | None = None) -> tuple[Data, Cost]:
        """Check data for the network and a cost (default: the trainer's); returns the data and the cost."""
        data = prepare(self.network, inputs, targets)
        if cost is None:
            self.cost.check([neuron.squash for neuron in self.network.output])  # they may have changed
        measure = self.cost if cost is None else self.network._cost(cost)
        measure.check_targets(data.targets)
        return data, measure

    def _held_out(self, validation: Any) -> Data | None:
        """Check a pair of inputs and targets for validation."""
        if validation is None:
            return None
        if not isinstance(validation, tuple | list) or len(validation) != 2:
            kind = "a fraction, or a pair of inputs and targets"
            raise KindError(expected("The validation", kind, validation))
        return self._validating(self._prepared(*validation)[0])

    def _validating(self, data: Data) -> Data:
        """Held-out data in the form of the rule."""
        if not data.aimed.any():
            raise ArgumentError("Expected at least one step with a target in the held-out data, got none.")
        return self._rule.arrange(data)

    def stop(self) -> None:
        """End a training that runs in another thread, like Ctrl-C: it returns its result so far."""
        self._stop.set()

    @understands(TEST)
    def test(
        self,
        inputs: Any,
        targets: Any = None,
        cost: str | Cost | None = None,
        *,
        sample_weight: Any | None = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Evaluation:
        """Compute the mean cost on data, without learning.

        Random neurons are deterministic during the test. The context is cleared before each sequence; a
        stream continues from the present context.

        Parameters
        ----------
        inputs, targets, sample_weight, class_weight
            The data and weights, as for :meth:`train`; weights are accepted with any method.
        cost : str or Cost, optional
            The cost. Default: the trainer's.

        Returns
        -------
        Evaluation
            The mean cost and the number of steps with a target. With weights: the weighted mean, and the
            number of steps with a weight above 0.

        Raises
        ------
        ArgumentError, KindError
            If an argument cannot be used; the network has not run.

        See Also
        --------
        train : Trains the network.
        """
        data, measure = self._prepared(inputs, targets, cost)
        weights = row_weights(data, sample_weight, class_weight, len(self.network.output))
        return mean_cost(self.network, data, measure, weights)

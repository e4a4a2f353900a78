"""The trainer: epochs of the online rule over data, one compiled call an epoch."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from .. import engine
from ..cost import Cost
from ..errors import ArgumentError, DivergenceError, KindError, expected, finite_number, positive_integer
from ..network import Network
from ..neuron import Seed, random_generator
from ..optimizers import LBFGS, SGD, Moves, Optimizer
from .batches import Batches, Chances, Dropout, Penalties, row_weights
from .callbacks import Callback, Progress, Step
from .data import Data, prepare
from .rates import Follower, Rate, checked_rate, follower
from .unfolding import as_sequences, checked_window

METHODS = ("online", "bptt")
RATE = 0.1
WORTH_WATCHING = 2e7
"""Connections to be visited in an epoch above which it runs in a thread, so that Ctrl-C is heard."""

KEPT = 64
"""Outputs whose costs are summed together, so that their logarithms vectorise."""


@dataclass(frozen=True)
class Result:
    """What a training reached.

    Parameters
    ----------
    error : float
        Mean cost of the last epoch's steps with a target, taken as they were learnt, as far as it
        came; with restored weights, of the epoch they come from.
    epochs : int
        Epochs done.
    seconds : float
        How long it took.
    history : dict of str to list of float
        By epoch: ``error``, ``rate`` and, where data were held out, ``validation_error``.
    stopped : str
        Why it ended: ``epochs``, ``error``, ``patience``, ``callback`` or ``interrupted``.
    """

    error: float
    epochs: int
    seconds: float
    history: dict[str, list[float]]
    stopped: str

    def __repr__(self) -> str:
        return (
            f"<Result: error {self.error:.6g} after {self.epochs} epochs, "
            f"{self.seconds:.3g} s, stopped by {self.stopped}>"
        )


@dataclass(frozen=True)
class Evaluation:
    """The mean cost of `steps` steps with a target."""

    error: float
    steps: int


class Trainer:
    """Trains a network: by the online rule, weights moving at every step with a target, or by exact
    gradients through time, weights moving after every batch.

    Parameters
    ----------
    network : Network
        What is trained.
    rate : float, schedule or callable of the epoch, optional
        How far weights move; see :mod:`synapse.learning.rates` for schedules. Default: 0.1, or the
        optimizer's own.
    cost : str or Cost, optional
        Default: cross-entropy for logistic outputs, else squared error.
    method : {"online", "bptt"}
        The rule of :meth:`Network.propagate`, or the exact gradient of whole sequences, see
        :func:`gradient`: the mean over a batch's sequences of the sum over their steps.
    optimizer : Optimizer or LBFGS, optional
        What makes moves of gradients, see :mod:`synapse.optimizers`. Default: plain descent. What it
        keeps (moments, velocities) goes on from one call of :meth:`train` to the next. With
        "online" the moves of `batch_size` steps are summed up before it is asked.
    batch_size : int, optional
        Sequences, or samples, to a batch. Default: 32; 1 with "online"; all of them with L-BFGS.
    window : int, optional
        For "bptt": errors pass through at most so many steps, see :func:`gradient`.
    clip, clip_value : float, optional
        The longest gradient (a longer one is shrunk), the largest entry of one.
    l1, l2 : float
        By how much `|w|` and `w^2 / 2` of every weight count beside the cost.
    dropout, recurrent_dropout : float or mapping of layers (or their names) to float
        For "bptt", and while learning only: the chance of each hidden neuron, or of those of some layers, to
        be left out of a step, or of a whole sequence.
    threads : int
        For "bptt": groups of sequences computed at the same time; the bits are the same.

    Examples
    --------
    >>> import architect, synapse
    >>> net = architect.Perceptron(2, 3, 1, seed=3)
    >>> trainer = synapse.Trainer(net, rate=0.5)
    >>> xor = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    >>> result = trainer.train(*xor, epochs=5000, error=0.05, progress=False)
    >>> net.run(xor[0]).round().ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """

    def __init__(
        self,
        network: Network,
        rate: Rate | None = None,
        cost: str | Cost | None = None,
        *,
        method: str = "online",
        optimizer: Optimizer | LBFGS | None = None,
        batch_size: int | None = None,
        window: int | None = None,
        clip: float | None = None,
        clip_value: float | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
        dropout: Chances = 0.0,
        recurrent_dropout: Chances = 0.0,
        threads: int = 1,
    ) -> None:
        if not isinstance(network, Network):
            raise KindError(expected("What a Trainer trains", "a Network", network))
        self.network = network
        self.method = _checked_method(method)
        self.optimizer = _checked_optimizer(optimizer, method)
        self.penalties = Penalties(l1, l2, clip, clip_value)
        if self.optimizer is None and (self.penalties != Penalties() or (batch_size or 1) > 1):
            self.optimizer = SGD()
        own = getattr(self.optimizer, "rate", RATE)
        self.rate = checked_rate(rate if rate is not None else RATE if optimizer is None else own)
        self.cost = network._cost(cost)
        self.batch_size = None if batch_size is None else positive_integer("The batch_size", batch_size)
        self.window = checked_window(window)
        self.dropout = Dropout(network, dropout, recurrent_dropout)
        if self.dropout.any and (method != "bptt" or isinstance(optimizer, LBFGS)):
            raise ArgumentError(
                'Dropout needs method="bptt", and batches that differ: not L-BFGS. '
                "For the online rule gate connections by bernoulli neurons."
            )
        self.threads = positive_integer("The threads", threads)
        self._stop = threading.Event()
        self._kept: tuple[int, Moves | None] = (0, None)

    def train(
        self,
        inputs: Any,
        targets: Any,
        epochs: int = 100,
        error: float | None = None,
        shuffle: bool | None = None,
        seed: Seed = 0,
        progress: bool | str = True,
        *,
        validation: tuple[Any, Any] | float | None = None,
        patience: int | None = None,
        restore_best: bool = True,
        callbacks: Iterable[Callback] = (),
        on_step: Callable[[Step], Any] | None = None,
        sample_weight: Any | None = None,
        class_weight: Mapping[int, float] | None = None,
    ) -> Result:
        """Train.

        Parameters
        ----------
        inputs : array_like
            (N, n): samples; a network with memory takes them as one stream and keeps its context
            from before the call. (S, T, n) or a list of (T_i, n): sequences, the context cleared
            before each.
        targets : array_like
            The same with m columns. A row of NaN: no target at this step.
        epochs : int
            How many times to go through the data, at most.
        error : float, optional
            Stop when the mean cost of an epoch falls to this.
        shuffle : bool, optional
            Take sequences, or samples of a network without memory, in a new order every epoch.
            Default: wherever there is more than one; never a stream.
        seed : int or numpy.random.Generator
            Where these orders come from.
        progress : bool or str
            Show a progress bar; a string: with this in front.
        validation : (inputs, targets) or float, optional
            Data held out, or which fraction of those given is: the last part.
        patience : int, optional
            Stop after so many epochs without a lower error, on the data held out where there are any.
        restore_best : bool
            With `validation` or `patience`: end with the weights of the best epoch.
        callbacks : iterable of callable
            Called with a :class:`Progress` after every epoch; a true answer stops.
        on_step : callable, optional
            Called with a :class:`Step` after every step; a true answer stops. Steps are
            then single compiled calls. With "online" and no optimizer.
        sample_weight : array_like, optional
            How much each sequence (or sample) counts; with "bptt".
        class_weight : mapping of int to float, optional
            How much the steps of each class count, the class being the target's largest entry, or 0 or
            1 where there is one output; with "bptt".

        Returns
        -------
        Result

        Raises
        ------
        ArgumentError, KindError
            If an argument cannot be used; nothing has been trained then.
        DivergenceError
            If the cost leaves the finite numbers; the weights are those before that step.

        Notes
        -----
        Ctrl-C ends the training as a callback would: the result is returned, the network stays usable.
        """
        data = prepare(self.network, inputs, targets)
        self.cost.check_targets(data.targets)
        held_out: Data | None = None
        if isinstance(validation, (int, float)):
            data, held_out = data.split(validation)
        elif validation is not None:
            held_out = prepare(self.network, *validation)
            self.cost.check_targets(held_out.targets)
        if not data.aimed.any():
            raise ArgumentError("No step has a target: every row of the targets is NaN.")
        if self.method == "bptt":
            data, held_out = as_sequences(data), held_out and as_sequences(held_out)
        weights = row_weights(data, sample_weight, class_weight, len(self.network.output))
        if weights is not None and self.method != "bptt":
            raise ArgumentError('Samples and classes are weighed with method="bptt" only.')
        if on_step is not None and self.optimizer is not None:
            raise ArgumentError("on_step is for the plain online rule: leave method and optimizer out.")
        run = _Run(
            self,
            data,
            held_out,
            positive_integer("The epochs", epochs),
            None if error is None else finite_number("The error to stop at", error),
            _shuffled(data, shuffle),
            random_generator(seed),
            None if patience is None else positive_integer("The patience", patience),
            restore_best and (held_out is not None or patience is not None),
            tuple(callbacks),
            on_step,
            weights,
        )
        return run.go(progress)

    def stop(self) -> None:
        """End a training that runs in another thread, as Ctrl-C would: it returns what it has reached."""
        self._stop.set()

    def test(self, inputs: Any, targets: Any, cost: str | Cost | None = None) -> Evaluation:
        """The mean cost on data, without learning; forms of data as for :meth:`train`.

        Random neurons are calm meanwhile. Sequences clear the context before each; a stream goes on
        from the context there is.
        """
        data = prepare(self.network, inputs, targets)
        measure = self.cost if cost is None else self.network._cost(cost)
        measure.check_targets(data.targets)
        total, steps = _tested(self.network, data, measure)
        return Evaluation(total / steps if steps else math.nan, steps)


def _checked_method(method: str) -> str:
    if method not in METHODS:
        raise ArgumentError(expected("The method of a Trainer", " or ".join(map(repr, METHODS)), method))
    return method


def _checked_optimizer(optimizer: Any, method: str) -> Optimizer | LBFGS | None:
    """The optimizer given, or plain descent where the method needs one."""
    if optimizer is None:
        return SGD() if method == "bptt" else None
    if not isinstance(optimizer, (Optimizer, LBFGS)):
        raise KindError(expected("The optimizer of a Trainer", "one of synapse.optimizers", optimizer))
    if isinstance(optimizer, LBFGS) and method != "bptt":
        raise ArgumentError('L-BFGS needs exact gradients: give method="bptt".')
    return optimizer


def _shuffled(data: Data, shuffle: bool | None) -> bool:
    if shuffle and data.stream:
        raise ArgumentError(
            "A stream into a network with memory cannot be shuffled: its order is what is learnt. "
            "Give sequences, (S, T, n), or leave shuffle out."
        )
    return data.sequences > 1 if shuffle is None else bool(shuffle)


def _in_order(data: Data) -> NDArray[np.uint64]:
    return np.arange(data.sequences, dtype=np.uint64)


def _control() -> NDArray[np.uint64]:
    """What a running epoch and its watcher share: [stop asked for, rows done]."""
    return np.zeros(2, np.uint64)


def _epoch(
    network: Network,
    data: Data,
    order: NDArray[np.uint64],
    cost: Cost,
    rate: float | None,
    control: NDArray[np.uint64],
) -> tuple[float, int]:
    """One compiled pass through the data; `rate` None: without learning. Summed cost, steps aimed at."""
    address, store, span = network._ready()
    if store.recorder is not None:
        store.recorder.make_room(len(data.inputs))
    total, steps = engine.online.train_network(
        address,
        store.unit,
        span,
        data.inputs.reshape(-1),
        data.targets.reshape(-1),
        data.aimed,
        data.bounds,
        order,
        data.clear,
        cost.code,
        store.dtype.type(0.0 if rate is None else rate),
        rate is not None,
        np.empty(2 * max(KEPT, network._n_outputs)),
        control,
    )
    return total, int(steps)


def _tested(network: Network, data: Data, cost: Cost) -> tuple[float, int]:
    """A pass without learning, in which random neurons give their means."""
    network._ready()  # rows are sorted
    calm = network._store["calm"].copy()
    network.calm = True
    try:
        return _epoch(network, data, _in_order(data), cost, None, _control())
    finally:
        network._store["calm"][:] = calm


@dataclass
class _Run:
    """One call of ``Trainer.train``."""

    trainer: Trainer
    data: Data
    held_out: Data | None
    epochs: int
    goal: float | None
    shuffle: bool
    rng: np.random.Generator
    patience: int | None
    restore: bool
    callbacks: tuple[Callback, ...]
    on_step: Callable[[Step], Any] | None
    weights: NDArray[np.float64] | None
    history: dict[str, list[float]] = field(default_factory=dict)
    best: float = math.inf
    best_epoch: int = 0
    best_weights: Any = None
    label: str = ""
    reached: float = math.nan  # mean cost of the latest epoch, be it cut short
    batches: Batches | None = None
    ending: str | None = None  # why the epoch under way is the last, and cut short
    rate: Follower = field(init=False)

    @property
    def network(self) -> Network:
        return self.trainer.network

    @property
    def watched(self) -> list[float]:
        """By epoch: the error that decides, on the data held out where there are any."""
        return self.history.get("validation_error", self.history["error"])

    def go(self, progress: bool | str) -> Result:
        self.rate = follower(self.trainer.rate)
        if self.trainer.optimizer is not None:
            self.batches = Batches(self.trainer, self.data, self.weights, self._one_row, self.rng)
        self.history = {"error": [], "rate": []}
        if self.held_out is not None:
            self.history["validation_error"] = []
        rows = len(self.data.inputs)
        begin = time.perf_counter()
        bar = tqdm(total=rows * self.epochs, unit=" steps", unit_scale=True, disable=not progress)
        self.label = f"{progress}: " if isinstance(progress, str) else ""
        go = self._search if isinstance(self.trainer.optimizer, LBFGS) else self._epochs
        with bar:
            try:
                stopped = go(begin, bar)
            except KeyboardInterrupt:
                stopped = "interrupted"
        self.trainer._stop.clear()
        return self._result(stopped, time.perf_counter() - begin)

    def _epochs(self, begin: float, bar: Any) -> str:
        """One epoch after the other; why they ended."""
        for epoch in range(self.epochs):
            reason = "interrupted" if self.trainer._stop.is_set() else self._one(epoch, begin, bar)
            if reason is not None:
                return reason
        return "epochs"

    def _search(self, begin: float, bar: Any) -> str:
        """Iterations of L-BFGS, each an epoch; why they ended."""
        assert self.batches is not None
        rows, ended = len(self.data.inputs), "epochs"

        def tell(error: float) -> bool:
            nonlocal ended
            bar.update(rows)
            self.reached = error
            self._note(error, math.nan)
            bar.set_description(f"{self.label}error {error:.5g}", refresh=False)
            done = len(self.history["error"])
            reason = "interrupted" if self.trainer._stop.is_set() else None
            reason = reason or self._judge(done, math.nan, time.perf_counter() - begin)
            ended = reason or ended
            return reason is not None

        self.batches.search(self.epochs, tell)
        return ended

    def _one(self, epoch: int, begin: float, bar: Any) -> str | None:
        """An epoch; why training ends with it, if it does."""
        rate = self.rate(epoch, self.watched[-1] if epoch else None)
        order = _in_order(self.data)
        if self.shuffle:
            order = self.rng.permutation(order)
        total, steps = self._pass(epoch, order, rate, bar)
        if steps:
            self.reached = total / steps
        if self.ending is not None:
            return self.ending
        if not math.isfinite(total):
            raise DivergenceError(
                f"The cost became {total} in epoch {epoch + 1}. The weights are those before that step: "
                "train on with a lower rate, smaller inputs or a bounded squash."
            )
        self._note(total / steps, rate)
        bar.set_description(f"{self.label}error {total / steps:.5g}", refresh=False)
        return self._judge(epoch + 1, rate, time.perf_counter() - begin)

    def _note(self, error: float, rate: float) -> None:
        self.history["error"].append(error)
        self.history["rate"].append(rate)
        if self.held_out is None:
            return
        context = self.network._context()
        total, steps = _tested(self.network, self.held_out, self.trainer.cost)
        self.network._return_to(context)
        self.history["validation_error"].append(total / max(1, steps))

    def _judge(self, done: int, rate: float, seconds: float) -> str | None:
        error = self.history["error"][-1]
        watched = self.watched[-1]
        if watched < self.best:
            self.best, self.best_epoch = watched, done
            self.best_weights = self.network._learnt() if self.restore else None
        validation = None if self.held_out is None else watched
        news = Progress(done, error, validation, rate, seconds, self.network)
        if any([callback(news) for callback in self.callbacks]):  # every one is told
            return "callback"
        if self.goal is not None and error <= self.goal:
            return "error"
        if self.patience is not None and done - self.best_epoch >= self.patience:
            return "patience"
        return None

    def _result(self, stopped: str, seconds: float) -> Result:
        errors, reached = self.history["error"], self.reached
        if self.best_weights is not None:
            self.network._relearn(self.best_weights)
            reached = errors[self.best_epoch - 1]
        return Result(reached, len(errors), seconds, self.history, stopped)

    # --- running ---------------------------------------------------------------------------

    def _one_row(self, row: Data, rate: float) -> tuple[float, int]:
        """A step of the online rule."""
        return _epoch(self.network, row, _in_order(row), self.trainer.cost, rate, _control())

    def _pass(self, epoch: int, order: NDArray[np.uint64], rate: float, bar: Any) -> tuple[float, float]:
        if self.batches is not None:
            result = self.batches.epoch(order, rate, bar)
            if self.trainer._stop.is_set():
                self.ending = "interrupted"
            return result
        if self.on_step is not None:
            return self._by_steps(epoch, order, rate, bar)
        control = _control()
        rows = len(self.data.inputs)
        if rows * (len(self.network) + self.network._store.n_connections) < WORTH_WATCHING:
            result = _epoch(self.network, self.data, order, self.trainer.cost, rate, control)
            bar.update(rows)
            return result
        return self._watched(order, rate, bar, control)

    def _watched(
        self, order: NDArray[np.uint64], rate: float, bar: Any, control: NDArray[np.uint64]
    ) -> tuple[float, int]:
        """A long epoch runs in a thread of its own; this one moves the bar and hears Ctrl-C."""
        results: list[tuple[float, int]] = []
        failures: list[BaseException] = []

        def work() -> None:
            try:
                results.append(_epoch(self.network, self.data, order, self.trainer.cost, rate, control))
            except BaseException as failure:  # handed to the thread that waits
                failures.append(failure)
            finally:
                finished.set()

        finished = threading.Event()  # an interrupted join may take a living thread for a finished one
        threading.Thread(target=work, daemon=True).start()
        shown = 0
        while not finished.is_set():
            try:
                finished.wait(0.05)
                done = int(control[1])
                bar.update(done - shown)
                shown = done
            except KeyboardInterrupt:
                self.trainer.stop()
            if self.trainer._stop.is_set():
                control[0] = 1
                self.ending = "interrupted"
        if failures:
            raise failures[0]
        bar.update(int(control[1]) - shown)
        return results[0]

    def _by_steps(self, epoch: int, order: NDArray[np.uint64], rate: float, bar: Any) -> tuple[float, float]:
        """The same kernel, a row at a time, so that the caller sees every step."""
        total, judged = 0.0, 0
        assert self.on_step is not None
        for sequence in order.tolist():
            if self.data.clear:
                self.network.clear()
            for row in range(int(self.data.bounds[sequence]), int(self.data.bounds[sequence + 1])):
                single = self.data.row(row)
                cost, aimed = _epoch(
                    self.network, single, _in_order(single), self.trainer.cost, rate, _control()
                )
                total, judged = total + cost, judged + aimed
                bar.update(1)
                if not math.isfinite(cost):
                    return total, judged
                if self.on_step(Step(epoch + 1, sequence, row, cost if aimed else None, self.network)):
                    self.ending = "callback"
                    return total, judged
        return total, judged

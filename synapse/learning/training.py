"""One training from its first epoch to its end: stopping conditions, monitoring and the result."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from .._checks import counted
from .._snapshot import Snapshot, preserved_context
from ..cost import Cost
from ..engine.guard import Deferred, InUse, interruptible, take
from ..errors import ArgumentError, DivergenceError
from ..network import Network
from ..optimizers import LBFGS
from ._data import Control, Data, Order, new_control
from ._parameters import ParameterVector, Updater
from ._search import Search
from ._source import NO_TARGET, Arrays, Stream
from .callbacks import Batch, Callback, Progress, Step
from .evaluation import mean_cost
from .rules import Options, Rule, Task
from .schedules import Rates

LONG = 2e7
"""Connections visited per epoch above which an epoch runs in a thread, so that Ctrl-C works."""


@dataclass(frozen=True)
class Result:
    """The result of a training.

    Parameters
    ----------
    error : float
        Mean cost of the last epoch's steps with a target, measured before each update. If the epoch is
        incomplete, the mean covers its steps so far. With restored weights, it is the error of their epoch.
    epochs : int
        Number of complete epochs.
    seconds : float
        Duration in seconds.
    history : dict of str to list of float
        Values per epoch: ``error``, ``rate`` and, with held-out data, ``validation_error``.
    stopped : str
        Reason of the end: ``epochs``, ``error``, ``patience``, ``callback`` or ``interrupted``; with L-BFGS
        also ``converged``, if no lower cost is found; for a stream also ``steps``.
    """

    error: float
    epochs: int
    seconds: float
    history: dict[str, list[float]]
    stopped: str

    def __repr__(self) -> str:
        return (
            f"<Result: error {self.error:.6g} after {counted(self.epochs, 'epoch')}, "
            f"{self.seconds:.3g} s, stopped by {self.stopped}>"
        )


@dataclass
class Training:
    """One call of ``Trainer.train``."""

    rule: type[Rule]
    network: Network
    source: Arrays | Stream
    cost: Cost
    rng: np.random.Generator  # for the orders of sequences
    options: Options
    rates: Rates
    updater: Updater  # used with an optimizer
    stop: threading.Event  # set by another thread to end the training
    held_out: Data | None
    epochs: int  # the limit
    goal: float | None  # an error at which training ends
    shuffle: bool
    patience: int | None
    restore: bool  # restore the weights of the best epoch
    callbacks: tuple[Callback, ...]
    on_step: Callable[[Step], Any] | None
    on_batch: Callable[[Batch], Any] | None
    bar: Any = field(init=False)  # the progress bar
    order: Order = field(init=False)  # the sequences of the latest task that have a step
    begun: float = field(init=False)  # start time in seconds
    label: str = ""
    history: dict[str, list[float]] = field(default_factory=dict)
    best: float = math.inf
    best_epoch: int = 0
    best_weights: Snapshot | None = None
    latest: float = math.nan  # mean cost of the latest epoch, even if incomplete
    ending: str | None = None  # why the present epoch is the last, and incomplete
    work: Rule | None = None  # the rule, for the latest task
    batch: int = 0  # number of updates in this epoch, counted for `on_batch`
    updates: int = 0  # in total

    @property
    def monitored(self) -> list[float]:
        """The monitored errors by epoch, on the held-out data if there are any."""
        return self.history.get("validation_error", self.history["error"])

    def run(self, progress: bool | str) -> Result:
        """Train, with a progress bar if `progress` is true; a string is shown in front of it."""
        self.history = {"error": [], "rate": []}
        if self.held_out is not None:
            self.history["validation_error"] = []
        self.begun, rows = time.perf_counter(), self.source.rows
        total = None if rows is None else rows * self.epochs
        self.bar = tqdm(total=total, unit=" steps", unit_scale=True, disable=not progress)
        self.label = f"{progress}: " if isinstance(progress, str) else ""
        with self.bar, Deferred():
            return self._result(self._until_stopped())

    def _until_stopped(self) -> str:
        """Run all epochs; returns why they ended."""
        try:
            run = self._search if isinstance(self.options.optimizer, LBFGS) else self._epochs
            return run()
        except KeyboardInterrupt:  # from a callback, or from a safe place
            return "interrupted"
        finally:
            take()
            self.stop.clear()

    def _rule_for(self, task: Task) -> Rule:
        """Return the rule, ready for this task."""
        if self.work is None or self.work.task is not task:
            with InUse(self.network):
                self.work = self.rule(task) if self.work is None else self.work.continued(task)
                self._refresh(self.work)
            self.order = task.data.filled
        return self.work

    def _refresh(self, work: Rule) -> None:
        """Prepare everything that depends on the topology. The caller has the network in use."""
        if self.options.optimizer is not None:
            self.updater.refresh(self.options.optimizer)
        work.refresh()

    def _asked_to_stop(self) -> bool:
        """Whether Ctrl-C was pressed, or ``trainer.stop`` called."""
        if take():
            self.stop.set()
        return self.stop.is_set()

    def _epochs(self) -> str:
        """Run one epoch after the other; returns why they ended."""
        for epoch in range(self.epochs):
            reason = "interrupted" if self._asked_to_stop() else self._epoch(epoch)
            if reason is not None:
                return reason
            if not self.source.left:
                return "steps"
        return "epochs"

    def _search(self) -> str:
        """Run iterations of L-BFGS, one per epoch; returns why they ended."""
        optimizer, source = self.options.optimizer, self.source
        assert isinstance(optimizer, LBFGS)
        assert isinstance(source, Arrays)
        task, rows, ended = source.task, source.rows, "epochs"
        counted = task.data.aimed * (1.0 if task.weights is None else task.weights)

        def note(error: float, norm: float) -> bool:
            nonlocal ended
            self.bar.update(rows)
            self.latest, self.batch = error, 0
            if self.on_batch is not None:
                epoch = len(self.history["error"])
                self._report(self.on_batch, epoch, error, norm, math.nan, rows, float(counted.sum()))
            self._record(error, math.nan)
            reason = "interrupted" if self._asked_to_stop() else self._judge() or self.ending
            ended = reason or ended
            return reason is not None

        Search(optimizer, self.updater, self._rule_for(task), note).run(self.epochs)
        return "converged" if ended == "epochs" and len(self.history["error"]) < self.epochs else ended

    def _epoch(self, epoch: int) -> str | None:
        """Run one epoch; returns why training ends with it, or None."""
        rate, self.batch = self.rates(epoch, self.monitored[-1] if epoch else None), 0
        total, steps = self._tasks(epoch, rate)
        if self.ending is not None:
            return self.ending
        if not math.isfinite(total):
            raise DivergenceError(
                f"The cost became {total} in epoch {epoch + 1}. The weights are those before that step: "
                "train on with a lower rate, smaller inputs or a bounded squash."
            )
        if not steps:  # only with a stream: arrays have been checked
            raise ArgumentError(NO_TARGET)
        self._record(total / steps, rate)
        return self._judge()

    def _tasks(self, epoch: int, rate: float) -> tuple[float, float]:
        """Run all data of an epoch; returns the summed cost and the number of steps with a target."""
        total, steps = 0.0, 0.0
        try:
            for task in self.source:
                work = self._rule_for(task)
                order = self.rng.permutation(self.order) if self.shuffle else self.order
                cost, aimed = self._pass(work, epoch, order, rate)
                total, steps = total + cost, steps + aimed
                if self.ending is None and not self.source.whole and self._asked_to_stop():
                    self.ending = "interrupted"
                if self.ending is not None or not math.isfinite(total):
                    break
        finally:
            if steps:
                self.latest = total / steps
        return total, steps

    def _record(self, error: float, rate: float) -> None:
        """Append to the history, with the error on the held-out data."""
        self.history["error"].append(error)
        self.history["rate"].append(rate)
        if self.held_out is not None:
            with preserved_context(self.network):
                found = mean_cost(self.network, self.held_out, self.cost)
            self.history["validation_error"].append(found.error)
        self.bar.set_description(f"{self.label}error {error:.5g}", refresh=False)

    def _judge(self) -> str | None:
        """Record the best epoch and call the callbacks; returns why training ends, or None."""
        done, error, rate = len(self.history["error"]), self.history["error"][-1], self.history["rate"][-1]
        monitored = self.monitored[-1]
        if monitored < self.best:
            self.best, self.best_epoch = monitored, done
            if self.restore:
                with InUse(self.network):
                    self.best_weights = Snapshot(self.network)
        validation = None if self.held_out is None else monitored
        progress = Progress(done, error, validation, rate, time.perf_counter() - self.begun, self.network)
        with interruptible():
            stops = [callback(progress) for callback in self.callbacks]  # call all of them
        if any(stops):
            return "callback"
        if self.goal is not None and error <= self.goal:
            return "error"
        if self.patience is not None and done - self.best_epoch >= self.patience:
            return "patience"
        return None

    def _result(self, stopped: str) -> Result:
        seconds = time.perf_counter() - self.begun
        errors, error = self.history["error"], self.latest
        if self.best_weights is not None:
            self.best_weights.restore()
            error = errors[self.best_epoch - 1]
        return Result(error, len(errors), seconds, self.history, stopped)

    def _pass(self, work: Rule, epoch: int, order: Order, rate: float) -> tuple[float, float]:
        """Run one task; returns the summed cost and the number of steps with a target."""
        if self.options.optimizer is not None:
            return self._by_batches(work, epoch, order, rate)
        if self.on_batch is None:
            return self._directly(work, epoch, order, rate)
        with InUse(self.network):
            parameters = ParameterVector(self.network)
            before = parameters.read()
        cost, steps = self._directly(work, epoch, order, rate)
        if self.ending is None and math.isfinite(cost):
            norm, lengths = None, np.diff(work.task.data.bounds)
            if rate and parameters.writable:
                norm = float(np.linalg.norm(parameters.read() - before)) / rate
            loss = cost / steps if steps else math.nan
            self._report(self.on_batch, epoch, loss, norm, rate, int(lengths[order].sum()), steps)
        return cost, steps

    def _directly(self, work: Rule, epoch: int, order: Order, rate: float) -> tuple[float, float]:
        """Run one pass in which the rule updates weights itself."""
        if self.on_step is not None:
            return self._by_steps(work, self.on_step, epoch, order, rate)
        with InUse(self.network):
            work.refresh()
            data, control = work.task.data, new_control()
            rows = len(data.inputs)
            if rows * (len(self.network) + self.network._store.n_connections) < LONG:
                found = work.learn(data, order, rate, control)
                self.bar.update(rows)
                return found
            return self._in_a_thread(work, order, rate, control)

    def _report(
        self,
        on_batch: Callable[[Batch], Any],
        epoch: int,
        loss: float,
        norm: float | None,
        rate: float,
        rows: int,
        steps: float,
    ) -> None:
        """Call `on_batch` after an update."""
        self.batch, self.updates = self.batch + 1, self.updates + 1
        seconds = time.perf_counter() - self.begun
        batch = Batch(
            epoch + 1, self.batch, self.updates, loss, norm, rate, seconds, rows, steps, self.network
        )
        try:
            with interruptible():
                stop = on_batch(batch)
        except KeyboardInterrupt:  # the batch is complete
            self.ending = "interrupted"
        else:
            self.ending = "callback" if stop else None

    def _in_a_thread(self, work: Rule, order: Order, rate: float, control: Control) -> tuple[float, int]:
        """Run a long epoch in another thread; this thread updates the bar and checks for Ctrl-C."""
        self.network._ready()  # lower now: another thread cannot
        with ThreadPoolExecutor(1) as pool:
            epoch = pool.submit(work.learn, work.task.data, order, rate, control)
            shown = 0
            while not wait([epoch], 0.05).done:
                done = int(control[1])
                self.bar.update(done - shown)
                shown = done
                if self._asked_to_stop():
                    control[0] = 1
                    self.ending = "interrupted"
        self.bar.update(int(control[1]) - shown)
        return epoch.result()

    def _by_batches(self, work: Rule, epoch: int, order: Order, rate: float) -> tuple[float, float]:
        """Run one pass with an update after every batch."""
        total, steps, use = 0.0, 0.0, InUse(self.network)
        with use:
            if not self.updater.current:  # a callback has edited the network
                self._refresh(work)
            for batch in work.gradients(order):
                total, steps = total + batch.cost, steps + batch.steps
                self.bar.update(batch.rows)
                if not math.isfinite(batch.cost):
                    break
                norm = self.updater.update(batch, rate, measured=self.on_batch is not None)
                if self.on_batch is not None:
                    loss = batch.cost / batch.steps if batch.steps else math.nan
                    with _released(use):
                        self._report(self.on_batch, epoch, loss, norm, rate, batch.rows, batch.steps)
                    self._refresh(work)
                if self.ending is not None or self._asked_to_stop():
                    break
        if self._asked_to_stop():
            self.ending = "interrupted"
        return total, steps

    def _by_steps(
        self, work: Rule, on_step: Callable[[Step], Any], epoch: int, order: Order, rate: float
    ) -> tuple[float, float]:
        """Run the same pass row by row, and call `on_step` after every step."""
        data, bounds = work.task.data, work.task.data.bounds.tolist()
        total, steps = 0.0, 0
        for sequence in order.tolist():
            if data.clear:
                work.clear()
            for row in range(bounds[sequence], bounds[sequence + 1]):
                one = data.rows(row, row + 1)
                with InUse(self.network):
                    work.refresh()
                    cost, aimed = work.learn(one, one.filled, rate, new_control())
                total, steps = total + cost, steps + aimed
                self.bar.update(1)
                if not math.isfinite(cost):
                    return total, steps
                step = Step(epoch + 1, sequence, row, cost if aimed else None, self.network)
                with interruptible():
                    stop = on_step(step)
                if stop:
                    self.ending = "callback"
                    return total, steps
        return total, steps


@contextmanager
def _released(use: InUse) -> Iterator[None]:
    """Release the network within the block, so that other threads can use it."""
    use.__exit__()
    try:
        yield
    finally:
        use.__enter__()

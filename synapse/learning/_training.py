"""One training from its first epoch to its end."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .._stderr import Stderr
from .._typing import Floats
from ..engine.compiling import notify_compiling
from ..engine.locking import (
    AllowInterrupt,
    DeferredInterrupt,
    ExclusiveAccess,
    consume_interrupt,
)
from ..engine.online import Epochs
from ..errors import ArgumentError, DivergenceError
from ..optimizers import LBFGS
from ._callbacks import Batch, ends_training
from ._data import MAX_CACHED_BYTES, Order, new_control
from ._data_source import NO_TARGET, Arrays, BatchStream
from ._history import History, Result
from ._options import FixedOptions
from ._parameters import Updater
from ._plan import Checkpointer, TrainingPlan, TrainingState
from ._schedules import CheckedRates
from .rules import RuleTask, TrainingRule

TARGET_CALL_SECONDS = 0.02
"""Target time for a call with several epochs, because Ctrl-C and the progress bar wait
for its end.

If a call for an epoch takes longer, it runs in a thread, so that neither has to wait.
The time also bounds the memory for the orders of the epochs."""
R = TypeVar("R")


# --- how a training is divided into compiled calls ------------------------------------


class OrderSampler:
    """Draws the order of the sequences for one or several epochs. Unused orders can be
    put back.
    """

    def __init__(self, rng: np.random.Generator, shuffle: bool) -> None:
        self.rng = rng
        self.shuffle = shuffle
        # state of the generator before the latest draw of several epochs
        self._before: Any = None
        self._drawn = 0  # their number

    def draw(self, sequences: Order, epochs: int) -> NDArray[np.int64]:
        """Return the orders of the next epochs, shape (epochs, sequences)."""
        orders = (
            sequences[None] if epochs == 1 else sequences[None].repeat(epochs, axis=0)
        )
        if not self.shuffle:
            return orders
        if epochs > 1:
            self._before = self.rng.bit_generator.state
            self._drawn = epochs
        return self.rng.permuted(orders, axis=1)

    def rewind(self, sequences: Order, used: int) -> None:
        """Put back all but the first `used` of the epochs that were drawn last."""
        if self.shuffle and used < self._drawn:
            self.rng.bit_generator.state = self._before
            self.rng.permuted(sequences[None].repeat(used, axis=0), axis=1)


# --- one training ---------------------------------------------------------------------


@dataclass
class Kept:
    """The objects that a trainer keeps for its next training, in this process."""

    # set by another thread to end the training
    stop: threading.Event = field(default_factory=threading.Event)
    rule: TrainingRule | None = None  # of the latest training, with its memory
    # of a connection in a row, as measured in the latest compiled call
    seconds_per_visit: float = 1e-9
    # called once, when the network has changed, or a training ends as it should
    on_first_update: Callable[[], None] | None = None
    entropy: tuple[int, np.random.Generator] | None = None  # by process, see `unseeded`

    def take_rule(self, options: FixedOptions) -> TrainingRule | None:
        """Take the stored rule, returning it if it had these options."""
        rule, self.rule = self.rule, None
        return rule if rule is not None and rule.task.options is options else None

    def keep_rule(self, rule: TrainingRule | None) -> None:
        """Keep a rule for the next training, unless it is large or has random masks."""
        if (
            rule is not None
            and rule.task.options.masks is None
            and rule._nbytes <= MAX_CACHED_BYTES
        ):
            self.rule = rule

    def unseeded(self) -> np.random.Generator:
        """Return the generator of trainings without a seed: making one takes as long as
        a small batch.
        """
        process = os.getpid()  # a fork makes its own
        if self.entropy is None or self.entropy[0] != process:
            self.entropy = process, np.random.default_rng()
        return self.entropy[1]


@dataclass
class Training:
    """One call of ``Trainer.train`` with its plan, its data and its state."""

    plan: TrainingPlan
    source: Arrays | BatchStream
    orders: OrderSampler  # of sequences
    history: History
    updater: Updater  # used with an optimizer
    kept: Kept
    rule: TrainingRule | None  # for the latest task, or of the training before
    rates: CheckedRates = field(init=False)
    bar: Any = field(init=False)  # the progress bar
    epochs_per_call: int = 1  # number of epochs for the next compiled call
    seconds_per_epoch: float = 0.0  # as measured in the latest one
    label: str = ""
    end_reason: str | None = None  # why the present epoch is the last, and incomplete
    batch: int = 0  # number of updates in this epoch, counted for `on_batch`
    updates: int = 0  # in total
    end: TrainingState | None = None  # what is needed to continue after its end
    changed: bool = False  # whether there was an update
    in_epoch: bool = False  # whether an epoch has begun that is not complete

    def __post_init__(self) -> None:
        self.rates = CheckedRates(self.plan.options.rate, self.plan.network.dtype)

    def run(self, progress: bool | str) -> Result:
        """Train, with a progress bar if `progress` is true. A string is shown in front
        of it.
        """
        rows = self.source.rows
        total = None if rows is None else rows * self.plan.epochs
        self.bar = (
            progress_bar(True, "steps", total, unit_scale=True)
            if progress
            else _hidden_bar()
        )
        self.label = f"{progress}: " if isinstance(progress, str) else ""
        with self.bar, show_compiling(self.bar), DeferredInterrupt():
            if self.plan.checkpoint is not None:
                self._write_first(self.plan.checkpoint)
            if self.plan.resumed_from is not None:
                self._continue_from(self.plan.resumed_from)
            try:
                stopped = self._run_until_stopped()
                if stopped != "interrupted":
                    self._updated()
            finally:
                self.end = self.state()
            try:
                if self.plan.checkpoint is not None and not self.in_epoch:
                    self.plan.checkpoint.write(self.end)
            finally:
                result = self.history.result(stopped)
                self.end.last = self.history.last_weights
            return result

    def _write_first(self, checkpoint: Checkpointer) -> None:
        """Write the first checkpoint, which may fail."""
        before, epochs = self.plan.resumed_from, self.plan.epochs
        checkpoint.write(
            self.state() if before is None else replace(before, epochs=epochs)
        )

    def _continue_from(self, before: TrainingState) -> None:
        """Continue from the previous training."""
        self.history.continue_from(before)
        self.updates = before.updates
        rows = self.source.rows
        self.bar.update(0 if rows is None else rows * before.done)
        self.rates.repeat(self.history.monitored)

    def _updated(self) -> None:
        """Note that the network has changed, and notify the callers that asked for
        it.
        """
        self.changed = True
        if (tell := self.kept.on_first_update) is not None:
            tell()
            self.kept.on_first_update = None

    def state(self) -> TrainingState:
        """Return the state from which a training can continue. An incomplete epoch
        begins again.
        """
        history = self.history
        source = self.source
        return TrainingState(
            values={name: list(values) for name, values in history.values.items()},
            epochs=self.plan.epochs,
            generator=self.orders.rng.bit_generator.state,
            shuffle=self.orders.shuffle,
            data=source.shape,
            held_out=history.held_out_shape,
            seconds=history.seconds,
            updates=self.updates,
            best=history.restorable,
        )

    def _save_if_due(self) -> None:
        checkpoint = self.plan.checkpoint
        if checkpoint and not self.in_epoch and checkpoint.is_due(self.history.done):
            checkpoint.write(self.state())

    def _run_until_stopped(self) -> str:
        """Run all epochs, and return the reason of their end."""
        try:
            run = (
                self._run_lbfgs
                if isinstance(self.plan.options.optimizer, LBFGS)
                else self._run_epochs
            )
            return self.history.reason_to_stop() or run()
        except KeyboardInterrupt:  # from a callback, or from a safe place
            return "interrupted"
        finally:
            consume_interrupt()
            self.kept.stop.clear()

    def _rule_for(self, task: RuleTask) -> TrainingRule:
        """Return the rule for this task, prepared for the topology. The caller has the
        network in use.
        """
        if self.rule is None:
            self.rule = self.plan.options.rule_class(task)
        elif self.rule.task is not task:
            self.rule = self.rule.continued(task)
        self._refresh(self.rule)
        return self.rule

    def _refresh(self, rule: TrainingRule) -> None:
        """Update everything that an edit of the network has made invalid. The caller
        has the network in use.
        """
        if self.plan.options.optimizer is not None:
            self.updater.refresh(self.plan.options.optimizer)
        rule._refresh()

    def _stop_requested(self) -> bool:
        """Return whether Ctrl-C was pressed, or ``trainer.stop`` called."""
        if consume_interrupt():
            self.kept.stop.set()
        return self.kept.stop.is_set()

    def _run_epochs(self) -> str:
        """Run all epochs, and return the reason of their end."""
        while self.history.done < self.plan.epochs:
            if self._stop_requested():
                return "interrupted"
            reason = self._run_next_epochs()
            if reason is not None:
                return reason
            self._save_if_due()
        return "epochs"

    def _run_next_epochs(self) -> str | None:
        """Run one epoch, or several in one compiled call, and return the reason to end
        the training with them, or None.
        """
        history = self.history
        epoch = history.done
        due: float = history.epochs_until_due
        if self.plan.checkpoint is not None:
            due = min(due, self.plan.checkpoint.epochs_until_due(epoch))
        rates = self.rates.ahead(
            epoch, int(min(self.epochs_per_call, due)), history.previous
        )
        self.in_epoch = True
        self.batch = 0
        epochs, done, total, steps = self._run_source(rates)
        latest = total / steps if steps else math.nan
        losses = epochs.losses.tolist()
        if len(losses) == 1:
            if self.end_reason is not None:  # the epoch is repeated
                return self.end_reason
            if math.isfinite(total) and not steps:  # only with a stream
                raise ArgumentError(NO_TARGET)
            losses, done = [latest], int(math.isfinite(latest))
        if done:
            self._record(losses[:done], rates[:done].tolist())
        if done == len(losses) or (done and losses[done - 1] <= self.plan.goal):
            return history.check_stop()
        self.in_epoch = True
        history.reached(latest)
        if self.end_reason is None:
            raise _diverged(total, history.done)
        return self.end_reason

    def _run_source(self, rates: Floats) -> tuple[Epochs, int, float, float]:
        """Run the tasks of one or several epochs, and return the result of
        :meth:`_run_task` with the sums over the tasks.
        """
        total = steps = 0.0
        try:
            for task in self.source:
                epochs, done, cost, judged = self._run_task(task, rates)
                total, steps = total + cost, steps + judged
                if not self.source.whole and self._stop_requested():
                    self.end_reason = self.end_reason or "interrupted"
                if self.end_reason is not None or not math.isfinite(total):
                    break
        finally:  # an iterable may raise
            self.history.reached(total / steps if steps else math.nan)
        return epochs, done, total, steps

    def _run_task(
        self, task: RuleTask, rates: Floats
    ) -> tuple[Epochs, int, float, float]:
        """Run epochs with these rates, or only the first if they cannot run in one
        call.

        Returns the epochs, how many are complete, and the cost and steps of the latest.
        """
        direct = self.plan.options.optimizer is None
        with self.updater.in_use() as access:
            rule = self._rule_for(task)
            joined = self.plan.on_batch is None and not rule._one_epoch
            joined = joined and rule.joins_epochs()
            several = joined and self.source.whole
            if not several:
                self.epochs_per_call, rates = 1, rates[:1]
            filled = task.data.filled
            orders = self.orders.draw(filled, len(rates))
            losses = np.array([math.nan] * len(rates))
            goal = self.plan.goal if several else -math.inf
            epochs = Epochs(orders, rates, losses, float(goal), new_control())
            try:
                done, cost, steps = (
                    self._call_compiled(rule, epochs)
                    if joined or direct
                    else self._run_batches(rule, epochs, access)
                )
            finally:
                if len(rates) > 1:
                    used = math.ceil(int(epochs.control[1]) / len(task.data.inputs))
                    # an incomplete epoch has used its order, too
                    self.orders.rewind(filled, used)
        if several and len(rates) == self.epochs_per_call:
            self._choose_epochs_per_call()
        if epochs.control[0] and done < len(rates):
            self.end_reason = "interrupted"
        elif direct and self.plan.on_batch is not None and math.isfinite(cost):
            loss = cost / steps if steps else math.nan
            rows = int(task.data.lengths[orders[0]].sum())
            self._call_on_batch(loss, None, float(rates[0]), rows, steps)
        return epochs, done, cost, steps

    def _choose_epochs_per_call(self) -> None:
        """Choose the number of epochs for the next call by measured times, which must
        not affect any result.
        """
        fitting = int(TARGET_CALL_SECONDS / max(self.seconds_per_epoch, 1e-9))
        # times are noisy
        self.epochs_per_call = max(1, min(4 * self.epochs_per_call, fitting))

    def _run_lbfgs(self) -> str:
        """Run iterations of L-BFGS, one per epoch, and return the reason of their end.

        The network is free after each iteration. After an edit, a new search begins
        from there.
        """
        history = self.history
        reason = None
        with self.updater.in_use() as access:
            while reason is None and history.done < self.plan.epochs:
                reason = self._search(access)
        return reason or "epochs"

    def _search(self, access: ExclusiveAccess) -> str | None:
        """Run L-BFGS from the present parameters, and return the reason to end the
        training, or None after an edit. The caller has the network in use.
        """
        optimizer: Any = self.plan.options.optimizer
        (task,) = self.source
        rule = self._rule_for(task)
        updater = self.updater
        parameters = updater.refresh(optimizer)
        n_weights = parameters.n_weights
        learns = ~parameters.frozen[:n_weights]
        order = task.data.filled
        reached = parameters.read()
        evaluated: dict[bytes, tuple[float, float]] = {}
        begun = self.history.done
        reason: str | None = None
        edited = False

        def function(values: Floats) -> tuple[float, Floats]:
            parameters.write_in_use(values)
            batch = rule.gradient(order)
            slopes, norm = updater.penalised(batch, values)
            evaluated[values.tobytes()] = batch.cost / batch.steps, norm
            penalty = updater.penalties.of(values[:n_weights][learns])
            return batch.cost / len(order) + penalty, slopes

        def callback(values: Floats, _: float) -> bool:
            nonlocal reached, reason, edited
            parameters.write_in_use(values)
            reached = parameters.read()
            reason = self._end_iteration(access, task, *evaluated[values.tobytes()])
            edited = not (
                parameters.current and bool((parameters.read() == reached).all())
            )
            return reason is not None or edited

        left = replace(optimizer, iterations=self.plan.epochs - begun)
        bounds = (parameters.low, parameters.high) if parameters.signed else None
        try:
            best = left._minimize(
                function, reached, parameters.frozen, callback, bounds
            )
        except BaseException:
            parameters.write(reached)
            raise
        if reason is not None or edited:
            return reason
        parameters.write_in_use(best)
        if self.history.done == begun:  # no lower cost was found
            function(best)
            reason = self._end_iteration(access, task, *evaluated[best.tobytes()])
        done = self.history.done
        return reason or ("converged" if done < self.plan.epochs else "epochs")

    def _end_iteration(
        self, access: ExclusiveAccess, task: RuleTask, loss: float, norm: float
    ) -> str | None:
        """Release the network, complete an iteration, and return the reason to end the
        training with it, or None.
        """
        rows = len(task.data.inputs)
        self._updated()
        self.bar.update(rows)
        self.batch = 0
        with _released(access):
            self._record([loss], [math.nan])  # first, as on_batch may raise
            if self.plan.on_batch is not None:
                steps = float(task.data.counted(task.weights).sum())
                self._call_on_batch(loss, norm, math.nan, rows, steps)
            reason = (
                "interrupted"
                if self._stop_requested()
                else self.history.check_stop() or self.end_reason
            )
            self._save_if_due()
        return reason

    def _record(self, losses: list[float], rates: list[float]) -> None:
        """Append epochs to the history, and show the latest loss."""
        self.history.add(losses, rates)
        self.in_epoch = False
        self.bar.set_description(f"{self.label}loss {losses[-1]:.5g}", refresh=False)

    def _call_on_batch(
        self, loss: float, norm: float | None, rate: float, rows: int, steps: float
    ) -> None:
        """Call `on_batch` after an update."""
        epoch = self.history.done + self.in_epoch  # L-BFGS has recorded it
        self.batch, self.updates = self.batch + 1, self.updates + 1
        figures = loss, norm, rate, self.history.seconds, rows, steps
        batch = Batch(epoch, self.batch, self.updates, *figures, self.plan.network)
        try:
            with AllowInterrupt():
                stop = self.plan.on_batch(batch)
        except KeyboardInterrupt:  # the batch is complete
            self.end_reason = "interrupted"
        else:
            ends = ends_training("The result of on_batch", stop)
            self.end_reason = "callback" if ends else None

    def _call_compiled(
        self, rule: TrainingRule, epochs: Epochs
    ) -> tuple[int, float, float]:
        """Run epochs in one call, and a long one in its own thread."""
        updater = None if self.plan.options.optimizer is None else self.updater
        call = partial(rule.learn_epochs, epochs, updater)
        visits = len(rule.task.data.inputs) * self.plan.network._size  # in an epoch
        expected = visits * self.kept.seconds_per_visit
        is_long = rule._threaded and expected >= TARGET_CALL_SECONDS
        started = time.perf_counter()
        failed = True
        try:
            shown, result = (
                self._call_in_thread(call, epochs) if is_long else (0, call())
            )
            failed = not math.isfinite(result[1])
        finally:
            rows = int(epochs.control[1])
            # a rule that works by steps counts the row that it has not learned, too
            if rows > (failed and rule._by_steps):
                self._updated()
        if rows:
            per_row = (time.perf_counter() - started) / rows
            self.seconds_per_epoch = per_row * len(rule.task.data.inputs)
            self.kept.seconds_per_visit = self.seconds_per_epoch / visits
        self.bar.update(rows - shown)
        return result

    def _call_in_thread(self, call: Callable[[], R], epochs: Epochs) -> tuple[int, R]:
        """Make a call in a thread, while this thread updates the bar and checks for
        Ctrl-C. Returns the number of rows shown, and the call's result.
        """
        control = epochs.control
        shown = 0
        self.plan.network._lowered()  # lower now: another thread cannot
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(call)
            while not wait([running], 0.05).done:
                done = int(control[1])
                self.bar.update(done - shown)
                shown = done
                if self._stop_requested():
                    control[0] = 1
            return shown, running.result()

    def _run_batches(
        self, rule: TrainingRule, epochs: Epochs, access: ExclusiveAccess
    ) -> tuple[int, float, float]:
        """Run one pass with an update after every batch, like `_call_compiled`."""
        total = 0.0
        steps = 0.0
        rate = float(epochs.rates[0])
        told = self.plan.on_batch is not None
        for batch in rule.gradients(epochs.orders[0]):
            total, steps = total + batch.cost, steps + batch.steps
            self.bar.update(batch.rows)
            if not math.isfinite(batch.cost):
                break
            if batch.steps:  # a batch without a target is no update
                norm = self.updater.update(batch, rate, measured=told)
                self._updated()
                rule._reinitialize_neurons(self.updater)
            if (told and batch.steps) or access.is_awaited():
                with _released(access):
                    if told and batch.steps:
                        loss = batch.cost / batch.steps
                        self._call_on_batch(loss, norm, rate, batch.rows, batch.steps)
                self._refresh(rule)
            if self.end_reason is not None or self._stop_requested():
                break
        if self._stop_requested():
            self.end_reason = "interrupted"
        return 1, total, steps


@contextmanager
def _released(access: ExclusiveAccess) -> Iterator[None]:
    """Release the network within the block, so that other threads can use it."""
    access.__exit__()
    try:
        yield
    finally:
        access.__enter__()


def _diverged(cost: float, epoch: int) -> DivergenceError:
    """Return the error for a cost that is not finite in an epoch, counted from 0."""
    subject = "The cost or an update" if math.isnan(cost) else "The cost"
    return DivergenceError(
        f"{subject} became {cost} in epoch {epoch + 1}. The weights from before that"
        " step are kept. Train on with a lower rate, smaller inputs or a bounded"
        " squash."
    )


def progress_bar(shown: bool, unit: str, total: int | None, **options: Any) -> Any:
    """Return a new bar of tqdm on stderr, or a hidden one if there is no stderr."""
    from tqdm.auto import tqdm  # a tenth of the time of `import synapse`

    # its width is that of the terminal, which tqdm looks up for `sys.stderr` only
    options |= {"file": Stderr(), "dynamic_ncols": True}
    return tqdm(total=total, unit=f" {unit}", disable=not shown, **options)


@cache
def _hidden_bar() -> Any:
    """Return one bar for all trainings that show none, because making one takes longer
    than a small batch.
    """
    return progress_bar(False, "steps", None)


def show_compiling(bar: Any) -> AbstractContextManager[None]:
    """Return a context in which a bar of tqdm says "compiling", and whose time is not
    included in the bar's estimate.
    """
    label = ""

    def show(begins: bool) -> None:
        nonlocal label
        if begins:
            label = bar.desc or ""
            bar.set_description_str("compiling: ")
        else:
            bar.unpause()
            bar.set_description_str(label)

    return nullcontext() if bar.disable else notify_compiling(show)

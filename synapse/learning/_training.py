"""One training from its first epoch to its end."""

from __future__ import annotations

import math
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
from ..errors import ArgumentError, DivergenceError
from ..objects.network import Network
from ..optimizers import LBFGS
from ._callbacks import Batch
from ._checkpoint import Checkpointer, TrainingState
from ._data import Data, Epochs, Order, new_control, single_epoch
from ._data_source import NO_TARGET, Arrays, BatchStream
from ._history import History, Result
from ._options import FixedOptions
from ._parameters import ParameterVector, Updater
from ._schedules import CheckedRates
from .rules import BatchGradient, Rule, RuleTask
from .rules._base import RULES

TARGET_CALL_SECONDS = 0.02
"""Time that a call with several epochs should take: Ctrl-C and the progress bar wait
for its end.

A call for an epoch that takes longer runs in a thread, so that both need not wait. It
bounds the memory for the orders of the epochs, too."""
R = TypeVar("R")


# --- how a training is divided into compiled calls ------------------------------------


class OrderSampler:
    """Draws the order of the sequences for one epoch or several; unused orders can be
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
        """Put back all but the first `used` of several epochs that were drawn last."""
        if self.shuffle and used < self._drawn:
            self.rng.bit_generator.state = self._before
            self.rng.permuted(sequences[None].repeat(used, axis=0), axis=1)


# --- one training ---------------------------------------------------------------------


@dataclass
class Training:
    """One call of ``Trainer.train``."""

    options: FixedOptions
    source: Arrays | BatchStream
    history: History
    orders: OrderSampler  # of sequences
    updater: Updater  # used with an optimizer
    stop: threading.Event  # set by another thread to end the training
    # of a connection in a row, as measured in the latest compiled call
    seconds_per_visit: float
    # the rule of a training before, with memory for the same options
    previous_rule: Rule | None = None
    # called once, when the network has changed, or the training ends as it should
    on_first_update: Callable[[], None] | None = None
    on_batch: Callable[[Batch], Any] | None = None
    checkpoint: Checkpointer | None = None
    resumed_from: TrainingState | None = None  # the training that this one continues
    rates: CheckedRates = field(init=False)
    bar: Any = field(init=False)  # the progress bar
    sequences: Order = field(init=False)  # those of the latest task that have a step
    epochs_per_call: int = 1  # number of epochs for the next compiled call
    label: str = ""
    end_reason: str | None = None  # why the present epoch is the last, and incomplete
    rule: Rule | None = None  # the rule, for the latest task
    batch: int = 0  # number of updates in this epoch, counted for `on_batch`
    updates: int = 0  # in total
    end: TrainingState | None = None  # what is needed to continue after its end
    changed: bool = False  # whether there was an update
    in_epoch: bool = False  # whether an epoch has begun that is not complete

    def __post_init__(self) -> None:
        self.rates = CheckedRates(self.options.rate, self.network.dtype)

    @property
    def network(self) -> Network:
        """The network to train."""
        return self.options.network

    def run(self, progress: bool | str) -> Result:
        """Train, with a progress bar if `progress` is true; a string is shown in front
        of it.
        """
        rows = self.source.rows
        total = None if rows is None else rows * self.history.epochs
        self.bar = (
            progress_bar(True, "steps", total, unit_scale=True)
            if progress
            else _hidden_bar()
        )
        self.label = f"{progress}: " if isinstance(progress, str) else ""
        with self.bar, show_compiling(self.bar), DeferredInterrupt():
            if self.checkpoint is not None or self.resumed_from is not None:
                self._start()
            try:
                stopped = self._run_until_stopped()
                if stopped != "interrupted":
                    self._updated()
            finally:
                self.end = self.state()
            try:
                if self.checkpoint is not None and not self.in_epoch:
                    self.checkpoint.write(self.end)
            finally:
                result = self.history.result(stopped)
                self.end.last = self.history.last_weights
            return result

    def _start(self) -> None:
        """Write the first checkpoint, which may fail, and continue from the training
        before.
        """
        before = self.resumed_from
        if self.checkpoint is not None:
            state = (
                self.state()
                if before is None
                else replace(before, epochs=self.history.epochs)
            )
            self.checkpoint.write(state)
        if before is not None:
            self.history.continue_from(before)
            self.updates = before.updates
            rows = self.source.rows
            self.bar.update(0 if rows is None else rows * before.done)
            self.rates.repeat(self.history.monitored)

    def _updated(self) -> None:
        """Note that the network has changed, and tell who has asked for it."""
        self.changed = True
        if self.on_first_update is not None:
            self.on_first_update()
            self.on_first_update = None

    def state(self) -> TrainingState:
        """Return what is needed to continue here; an epoch that is not complete begins
        again.
        """
        history = self.history
        source = self.source
        return TrainingState(
            values={name: list(values) for name, values in history.values.items()},
            epochs=history.epochs,
            generator=self.orders.rng.bit_generator.state,
            shuffle=self.orders.shuffle,
            data=source.shape,
            held_out=history.held_out_shape,
            seconds=history.seconds,
            updates=self.updates,
            best=history.best_weights,
        )

    def _save_if_due(self, checkpoint: Checkpointer) -> None:
        if not self.in_epoch and checkpoint.is_due(self.history.done):
            checkpoint.write(self.state())

    def _run_until_stopped(self) -> str:
        """Run all epochs; returns why they ended."""
        try:
            run = (
                self._run_lbfgs
                if isinstance(self.options.optimizer, LBFGS)
                else self._run_epochs
            )
            return self.history.reason_to_stop() or run()
        except KeyboardInterrupt:  # from a callback, or from a safe place
            return "interrupted"
        finally:
            consume_interrupt()
            self.stop.clear()

    def _rule_for(self, task: RuleTask) -> Rule:
        """Return the rule for this task."""
        before = self.rule or self.previous_rule
        if before is None:
            with self.updater.in_use():
                self.rule = RULES[self.options.rule](task)
                self._refresh(self.rule)
        elif self.rule is None or self.rule.task is not task:
            self.rule = before.continued(task)
        self.sequences = task.data.filled
        return self.rule

    def _refresh(self, rule: Rule) -> None:
        """Update what an edit of the network has made invalid. The caller has the
        network in use.
        """
        if self.options.optimizer is not None:
            self.updater.refresh(self.options.optimizer)
        rule._refresh()

    def _stop_requested(self) -> bool:
        """Return whether Ctrl-C was pressed, or ``trainer.stop`` called."""
        if consume_interrupt():
            self.stop.set()
        return self.stop.is_set()

    def _run_epochs(self) -> str:
        """Run all epochs; returns why they ended."""
        while self.history.done < self.history.epochs:
            if self._stop_requested():
                return "interrupted"
            reason = self._run_next_epochs()
            if reason is not None:
                return reason
            if self.checkpoint is not None:
                self._save_if_due(self.checkpoint)
        return "epochs"

    def _run_next_epochs(self) -> str | None:
        """Run one epoch, or several in one compiled call; returns why training ends
        with them, or None.
        """
        epoch = self.history.done
        source = self.source
        due: float = self.history.epochs_until_due
        if self.checkpoint is not None:
            due = min(due, self.checkpoint.epochs_until_due(epoch))
        rates = self.rates.ahead(
            epoch, int(min(self.epochs_per_call, due)), self.history.previous
        )
        self.in_epoch = True
        if isinstance(source, Arrays) and self.on_batch is None:
            rule = self._rule_for(source.task)
            with self.updater.in_use():
                self._refresh(rule)
                ended = (
                    self._run_compiled_epochs(rule, rates)
                    if rule._runs_in_one_call()
                    else None
                )
            if ended is not None:
                return self._record_compiled_epochs(*ended)
            self.epochs_per_call = 1
        return self._run_epoch(epoch, float(rates[0]))

    def _run_compiled_epochs(self, rule: Rule, rates: Floats) -> tuple[Epochs, int]:
        """Run epochs with these rates; returns them and the number of complete ones."""
        orders = self.orders.draw(self.sequences, len(rates))
        losses = np.array([math.nan] * len(rates))
        epochs = Epochs(orders, rates, losses, self.history.goal, new_control())
        try:
            done, *_ = self._call_compiled(rule, epochs)
        finally:
            if len(rates) > 1:
                used = math.ceil(int(epochs.control[1]) / len(rule.task.data.inputs))
                # an incomplete epoch has used its order, too
                self.orders.rewind(self.sequences, used)
        if len(rates) == self.epochs_per_call:
            self._choose_epochs_per_call(rule.task.data)
        return epochs, done

    def _choose_epochs_per_call(self, data: Data) -> None:
        """Choose the number of epochs of the next call by measured times: they must not
        change any result.
        """
        fitting = int(TARGET_CALL_SECONDS / max(self._expected_seconds(data), 1e-9))
        # times are noisy
        self.epochs_per_call = max(1, min(4 * self.epochs_per_call, fitting))

    def _expected_seconds(self, data: Data) -> float:
        """Return the seconds that an epoch will take, as the latest did."""
        return len(data.inputs) * self.network._size * self.seconds_per_visit

    def _record_compiled_epochs(self, epochs: Epochs, done: int) -> str | None:
        """Record complete epochs; returns why training ends, or None."""
        losses = epochs.losses.tolist()
        if done:
            self._record(losses[:done], epochs.rates[:done].tolist())
        if done == len(losses) or (done and losses[done - 1] <= epochs.goal):
            return self.history.check_stop()
        return self._end_within_epoch(losses[done], interrupted=bool(epochs.control[0]))

    def _end_within_epoch(self, loss: float, interrupted: bool) -> str:
        """Return why training ends within an epoch that has this loss so far, or
        raise.
        """
        self.in_epoch = True
        if math.isfinite(loss):
            self.history.latest = loss
        if not interrupted:
            raise _diverged(loss, self.history.done)
        return "interrupted"

    def _run_lbfgs(self) -> str:
        """Run iterations of L-BFGS, one per epoch; returns why they ended."""
        optimizer = self.options.optimizer
        source = self.source
        assert isinstance(optimizer, LBFGS)
        assert isinstance(source, Arrays)
        task = source.task
        rows = source.rows
        ended = "epochs"
        n_targets = float(task.data.counted(task.weights).sum())

        def on_iteration(loss: float, norm: float) -> bool:
            nonlocal ended
            self._updated()
            self.bar.update(rows)
            epoch = self.history.done
            self.batch = 0
            self._record([loss], [math.nan])  # first, as on_batch may raise
            if self.on_batch is not None:
                self._call_on_batch(
                    self.on_batch, epoch, loss, norm, math.nan, rows, n_targets
                )
            reason = (
                "interrupted"
                if self._stop_requested()
                else self.history.check_stop() or self.end_reason
            )
            ended = reason or ended
            if self.checkpoint is not None:
                self._save_if_due(self.checkpoint)
            return reason is not None

        search = Search(optimizer, self.updater, self._rule_for(task), on_iteration)
        search.run(self.history.epochs - self.history.done)
        return (
            "converged"
            if ended == "epochs" and self.history.done < self.history.epochs
            else ended
        )

    def _run_epoch(self, epoch: int, rate: float) -> str | None:
        """Run one epoch; returns why training ends with it, or None."""
        self.batch = 0
        total, steps = self._run_tasks(epoch, rate)
        if self.end_reason is not None:
            return self.end_reason
        if not math.isfinite(total):
            raise _diverged(total, epoch)
        if not steps:  # only with a stream: arrays have been checked
            raise ArgumentError(NO_TARGET)
        self._record([total / steps], [rate])
        return self.history.check_stop()

    def _run_tasks(self, epoch: int, rate: float) -> tuple[float, float]:
        """Run all data of an epoch; returns the summed cost and the number of steps
        with a target.
        """
        total = 0.0
        steps = 0.0
        try:
            for task in self.source:
                rule = self._rule_for(task)
                order = self.orders.draw(self.sequences, 1)[0]
                cost, with_target = self._run_task(rule, epoch, order, rate)
                total, steps = total + cost, steps + with_target
                if (
                    self.end_reason is None
                    and not self.source.whole
                    and self._stop_requested()
                ):
                    self.end_reason = "interrupted"
                if self.end_reason is not None or not math.isfinite(total):
                    break
        finally:
            if steps:
                self.history.latest = total / steps
        return total, steps

    def _record(self, losses: list[float], rates: list[float]) -> None:
        """Append epochs to the history, and show the latest loss."""
        self.history.add(losses, rates)
        self.in_epoch = False
        self.bar.set_description(f"{self.label}loss {losses[-1]:.5g}", refresh=False)

    def _run_task(
        self, rule: Rule, epoch: int, order: Order, rate: float
    ) -> tuple[float, float]:
        """Run one task; returns the summed cost and the number of steps with a
        target.
        """
        if self.options.optimizer is not None:
            return self._run_batches(rule, epoch, order, rate)
        with self.updater.in_use():
            rule._refresh()
            cost, steps = self._run_in_one_call(rule, order, rate)
        if (
            self.end_reason is None
            and self.on_batch is not None
            and math.isfinite(cost)
        ):
            loss = cost / steps if steps else math.nan
            rows = int(rule.task.data.lengths[order].sum())
            self._call_on_batch(self.on_batch, epoch, loss, None, rate, rows, steps)
        return cost, steps

    def _call_on_batch(
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
        figures = loss, norm, rate, self.history.seconds, rows, steps
        batch = Batch(epoch + 1, self.batch, self.updates, *figures, self.network)
        try:
            with AllowInterrupt():
                stop = on_batch(batch)
        except KeyboardInterrupt:  # the batch is complete
            self.end_reason = "interrupted"
        else:
            self.end_reason = "callback" if stop else None

    def _call_compiled(self, rule: Rule, epochs: Epochs) -> tuple[int, float, float]:
        """Run epochs in one call; a long one in a thread of its own."""
        updater = None if self.options.optimizer is None else self.updater
        call = partial(rule.learn_epochs, epochs, updater)
        is_long = (
            rule.threaded
            and self._expected_seconds(rule.task.data) >= TARGET_CALL_SECONDS
        )
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
            if rows > (failed and rule.by_steps):
                self._updated()
        if rows:
            self.seconds_per_visit = (time.perf_counter() - started) / (
                rows * self.network._size
            )
        self.bar.update(rows - shown)
        return result

    def _call_in_thread(self, call: Callable[[], R], epochs: Epochs) -> tuple[int, R]:
        """Make a call in a thread, while this one updates the bar and checks for
        Ctrl-C; returns the number of rows shown, and its answer.
        """
        control = epochs.control
        shown = 0
        self.network._lowered()  # lower now: another thread cannot
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
        self, rule: Rule, epoch: int, order: Order, rate: float
    ) -> tuple[float, float]:
        """Run one pass with an update after every batch."""
        total = 0.0
        steps = 0.0
        access = self.updater.in_use()
        with access:
            self._refresh(rule)
            if self.on_batch is None and rule._runs_in_one_call():
                return self._run_in_one_call(rule, order, rate)
            for batch in rule.gradients(order):
                total, steps = total + batch.cost, steps + batch.steps
                self.bar.update(batch.rows)
                if not math.isfinite(batch.cost):
                    break
                if batch.steps:  # a batch without a target is no update
                    norm = self.updater.update(
                        batch, rate, measured=self.on_batch is not None
                    )
                    self._updated()
                    rule._reinitialize_neurons(self.updater)
                if batch.steps and self.on_batch is not None:
                    loss = batch.cost / batch.steps
                    with _released(access):
                        self._call_on_batch(
                            self.on_batch,
                            epoch,
                            loss,
                            norm,
                            rate,
                            batch.rows,
                            batch.steps,
                        )
                    self._refresh(rule)
                elif access.is_awaited():
                    with _released(access):
                        pass
                    self._refresh(rule)
                if self.end_reason is not None or self._stop_requested():
                    break
        if self._stop_requested():
            self.end_reason = "interrupted"
        return total, steps

    def _run_in_one_call(
        self, rule: Rule, order: Order, rate: float
    ) -> tuple[float, float]:
        """Run one pass with all its updates in one compiled call. The caller has the
        network in use.
        """
        epoch = single_epoch(order, rate, new_control())
        _, cost, steps = self._call_compiled(rule, epoch)
        if epoch.control[0]:
            self.end_reason = "interrupted"
        return cost, steps


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
        f"{subject} became {cost} in epoch {epoch + 1}. The weights are those before"
        " that step: train on with a lower rate, smaller inputs or a bounded squash."
    )


def progress_bar(shown: bool, unit: str, total: int | None, **options: Any) -> Any:
    """Return a new bar of tqdm on stderr; where there is none, nothing is shown."""
    from tqdm.auto import tqdm  # a tenth of the time of `import synapse`

    # its width is that of the terminal, which tqdm looks up for `sys.stderr` only
    options |= {"file": Stderr(), "dynamic_ncols": True}
    return tqdm(total=total, unit=f" {unit}", disable=not shown, **options)


@cache
def _hidden_bar() -> Any:
    """Return one bar for all trainings that show none: making one takes longer than a
    small batch.
    """
    return progress_bar(False, "steps", None)


def show_compiling(bar: Any) -> AbstractContextManager[None]:
    """Return a context in which a bar of tqdm says "compiling"; its estimate leaves
    this time out.
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


# --- L-BFGS, which evaluates costs and gradients of all data when it needs them -------


class _EditedError(Exception):
    """Raised if another thread has edited the network during a search."""


class Search:
    """A search by L-BFGS over all sequences; a true value of `on_iteration`, called
    after an iteration, ends it.
    """

    def __init__(
        self,
        optimizer: LBFGS,
        updater: Updater,
        rule: Rule,
        on_iteration: Callable[[float, float], bool],
    ) -> None:
        self.optimizer = optimizer
        self.updater = updater
        self.rule = rule
        self.on_iteration = on_iteration
        self.order = rule.task.data.filled

    def run(self, epochs: int) -> None:
        """Run `iterations` iterations. After an edit, a new search begins from the
        edited network.
        """
        while epochs > 0:
            with self.updater.in_use():
                parameters = self.updater.refresh(self.optimizer)
                self.rule._refresh()
                begin = parameters.read()
            done, ended = self._search_from(begin, parameters, epochs)
            epochs = 0 if ended else epochs - done

    def _search_from(
        self, reached: Floats, parameters: ParameterVector, epochs: int
    ) -> tuple[int, bool]:
        """Run one search from `reached`; returns its number of iterations and whether
        it has ended.
        """
        evaluated: dict[bytes, tuple[float, float]] = {}
        done = 0
        ended = True

        def function(values: Floats) -> tuple[float, Floats]:
            batch = self._gradient(parameters, values)
            slopes, norm = self.updater.penalised(batch, values)
            evaluated[values.tobytes()] = batch.cost / batch.steps, norm
            weights = slice(parameters.n_weights)
            penalty = self.updater.penalties.of(
                values[weights][~parameters.frozen[weights]]
            )
            return batch.cost / len(self.order) + penalty, slopes

        def callback(values: Floats, _: float) -> bool:
            nonlocal reached, done, ended
            with self._unedited(parameters):
                parameters.write(values)
                reached = parameters.read()
                done += 1
            stop = self.on_iteration(*evaluated[values.tobytes()])
            with self.updater.in_use():
                ended = stop or (
                    parameters.current and bool((parameters.read() == reached).all())
                )
            return stop or not ended

        try:
            optimizer = replace(self.optimizer, iterations=epochs)
            bounds = (parameters.low, parameters.high) if parameters.signed else None
            best = optimizer._minimize(
                function, reached, parameters.frozen, callback, bounds
            )
            with self.updater.in_use():
                if ended and parameters.current:
                    parameters.write(best)
            if done == 0:  # no lower cost was found
                batch = self._gradient(parameters)
                self.on_iteration(
                    batch.cost / batch.steps,
                    self.updater.penalised(batch, parameters.read())[1],
                )
        except _EditedError:
            return done, False
        except BaseException:
            with self.updater.in_use():
                parameters.write(reached)
            raise
        return done, ended

    def _gradient(
        self, parameters: ParameterVector, values: Floats | None = None
    ) -> BatchGradient:
        """Set the network's parameters to these values and return the gradient over all
        sequences.
        """
        with self._unedited(parameters):
            if values is not None:
                parameters.write(values)
            return self.rule.gradient(self.order)

    @contextmanager
    def _unedited(self, parameters: ParameterVector) -> Iterator[None]:
        """Hold the network in use; raises if its structure has changed since the search
        began.
        """
        with self.updater.in_use():
            if not parameters.current:
                raise _EditedError
            yield

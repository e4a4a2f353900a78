"""One training from its first epoch to its end: when it stops, what it watches and what it reached."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from .._snapshot import Snapshot, preserved_context
from ..engine.guard import Deferred, InUse, interruptible, take
from ..errors import DivergenceError
from ..network import Network
from ..optimizers import LBFGS
from .batches import Batches
from .callbacks import Callback, Progress, Step
from .data import Data
from .passes import in_order, judged, new_control, one_pass
from .rates import Follower, follower

if TYPE_CHECKING:
    from .trainer import Trainer

WORTH_WATCHING = 2e7
"""Connections to be visited in an epoch above which it runs in a thread, so that Ctrl-C is heard."""


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
        Why it ended: ``epochs``, ``error``, ``patience``, ``callback`` or ``interrupted``; of L-BFGS also
        ``converged``, where it gets no lower.
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


@dataclass
class Run:
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
    best_weights: Snapshot | None = None
    label: str = ""
    reached: float = math.nan  # mean cost of the latest epoch, be it cut short
    batches: Batches | None = None
    ending: str | None = None  # why the epoch under way is the last, and cut short
    rate: Follower = field(init=False)

    @property
    def network(self) -> Network:
        """What is trained."""
        return self.trainer.network

    @property
    def watched(self) -> list[float]:
        """By epoch: the error that decides, on the data held out where there are any."""
        return self.history.get("validation_error", self.history["error"])

    def go(self, progress: bool | str) -> Result:
        """Train, with a bar if `progress` says so."""
        self.rate = follower(self.trainer.rate, self.trainer._float)
        self.history = {"error": [], "rate": []}
        if self.held_out is not None:
            self.history["validation_error"] = []
        rows = len(self.data.inputs)
        begin = time.perf_counter()
        bar = tqdm(total=rows * self.epochs, unit=" steps", unit_scale=True, disable=not progress)
        self.label = f"{progress}: " if isinstance(progress, str) else ""
        with bar, Deferred():
            stopped = self._until_stopped(begin, bar)
            return self._result(stopped, time.perf_counter() - begin)

    def _until_stopped(self, begin: float, bar: Any) -> str:
        """All epochs; why they ended."""
        try:
            if self.trainer.optimizer is not None:
                with InUse(self.network):
                    self.batches = Batches(self.trainer, self.data, self.weights, self._one_row, self.rng)
            go = self._search if isinstance(self.trainer.optimizer, LBFGS) else self._epochs
            return go(begin, bar)
        except KeyboardInterrupt:  # from a callback, or from a place at which it does no harm
            return "interrupted"
        finally:
            take()
            self.trainer._stop.clear()

    def _asked_to_stop(self) -> bool:
        """Whether Ctrl-C was pressed, or ``trainer.stop`` called."""
        if take():
            self.trainer.stop()
        return self.trainer._stop.is_set()

    def _epochs(self, begin: float, bar: Any) -> str:
        """One epoch after the other; why they ended."""
        for epoch in range(self.epochs):
            reason = "interrupted" if self._asked_to_stop() else self._one(epoch, begin, bar)
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
            reason = "interrupted" if self._asked_to_stop() else None
            reason = reason or self._judge(done, math.nan, time.perf_counter() - begin)
            ended = reason or ended
            return reason is not None

        self.batches.search(self.epochs, tell)
        return "converged" if ended == "epochs" and len(self.history["error"]) < self.epochs else ended

    def _one(self, epoch: int, begin: float, bar: Any) -> str | None:
        """An epoch; why training ends with it, if it does."""
        rate = self.rate(epoch, self.watched[-1] if epoch else None)
        order = in_order(self.data)
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
        with preserved_context(self.network):
            total, steps = judged(self.network, self.held_out, self.trainer.cost)
        self.history["validation_error"].append(total / max(1, steps))

    def _judge(self, done: int, rate: float, seconds: float) -> str | None:
        error = self.history["error"][-1]
        watched = self.watched[-1]
        if watched < self.best:
            self.best, self.best_epoch = watched, done
            self.best_weights = self._kept() if self.restore else None
        validation = None if self.held_out is None else watched
        news = Progress(done, error, validation, rate, seconds, self.network)
        with interruptible():
            stops = [callback(news) for callback in self.callbacks]  # every one is called
        if any(stops):
            return "callback"
        if self.goal is not None and error <= self.goal:
            return "error"
        if self.patience is not None and done - self.best_epoch >= self.patience:
            return "patience"
        return None

    def _kept(self) -> Snapshot:
        with InUse(self.network):
            return Snapshot(self.network)

    def _result(self, stopped: str, seconds: float) -> Result:
        errors, reached = self.history["error"], self.reached
        if self.best_weights is not None:
            self.best_weights.restore()
            reached = errors[self.best_epoch - 1]
        return Result(reached, len(errors), seconds, self.history, stopped)

    # --- running ---------------------------------------------------------------------------

    def _one_row(self, row: Data, rate: float) -> tuple[float, int]:
        """A step of the online rule."""
        return one_pass(self.network, row, in_order(row), self.trainer.cost, rate, new_control())

    def _pass(self, epoch: int, order: NDArray[np.uint64], rate: float, bar: Any) -> tuple[float, float]:
        if self.on_step is not None:
            return self._by_steps(epoch, order, rate, bar)
        with InUse(self.network):
            if self.batches is not None:
                result = self.batches.epoch(order, rate, bar, self._asked_to_stop)
                if self._asked_to_stop():
                    self.ending = "interrupted"
                return result
            control, rows = new_control(), len(self.data.inputs)
            if rows * (len(self.network) + self.network._store.n_connections) < WORTH_WATCHING:
                found = one_pass(self.network, self.data, order, self.trainer.cost, rate, control)
                bar.update(rows)
                return found
            return self._watched(order, rate, bar, control)

    def _watched(
        self, order: NDArray[np.uint64], rate: float, bar: Any, control: NDArray[np.uint64]
    ) -> tuple[float, int]:
        """A long epoch runs in a thread of its own; this one moves the bar and looks for Ctrl-C."""
        given = self.network, self.data, order, self.trainer.cost, rate, control, self.network._ready()
        with ThreadPoolExecutor(1) as pool:
            epoch = pool.submit(one_pass, *given)
            shown = 0
            while not wait([epoch], 0.05).done:
                done = int(control[1])
                bar.update(done - shown)
                shown = done
                if self._asked_to_stop():
                    control[0] = 1
                    self.ending = "interrupted"
        bar.update(int(control[1]) - shown)
        return epoch.result()

    def _by_steps(self, epoch: int, order: NDArray[np.uint64], rate: float, bar: Any) -> tuple[float, float]:
        """The same kernel, a row at a time, so that the caller sees every step."""
        total, judged = 0.0, 0
        assert self.on_step is not None
        for sequence in order.tolist():
            if self.data.clear:
                self.network.clear()
            for row in range(int(self.data.bounds[sequence]), int(self.data.bounds[sequence + 1])):
                with InUse(self.network):
                    cost, aimed = self._one_row(self.data.row(row), rate)
                total, judged = total + cost, judged + aimed
                bar.update(1)
                if not math.isfinite(cost):
                    return total, judged
                step = Step(epoch + 1, sequence, row, cost if aimed else None, self.network)
                with interruptible():
                    stop = self.on_step(step)
                if stop:
                    self.ending = "callback"
                    return total, judged
        return total, judged

"""The errors of a training by epoch, what depends on them (callbacks, the end, the
best), and the result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .. import _html
from .._checks import counted
from ..cost import in_words
from ..engine.guard import Interruptible, InUse
from ..objects.network import Network
from ..objects.state import Snapshot, preserved_context
from ._checkpoint import Paused
from ._data import Data
from ._options import FixedOptions
from .callbacks import Callback, Progress, every
from .evaluation import mean_cost


@dataclass(frozen=True)
class Result:
    """The result of a training.

    Parameters
    ----------
    error : float
        Mean cost of the last epoch's steps with a target, measured before each update.
        If the epoch is incomplete, the mean covers its steps so far. With restored
        weights, it is the error of their epoch. After a training on arrays that stopped
        by ``error``, it is the error of the network as it is now.
    epochs : int
        Number of complete epochs.
    seconds : float
        Duration in seconds.
    history : dict of str to list of float
        Values per epoch: ``error``, ``rate`` and, with held-out data,
        ``validation_error``.
    stopped : str
        Reason of the end: ``epochs``, ``error``, ``patience``, ``callback`` or
        ``interrupted``; with L-BFGS also ``converged``, if no lower cost is found.
    cost : str
        Name of the cost whose mean the errors are.
    """

    error: float
    epochs: int
    seconds: float
    history: dict[str, list[float]]
    stopped: str
    cost: str

    @property
    def falling(self) -> bool:
        """Whether the monitored error, on the held-out data if there are any, fell
        until the end.

        The mean over the last tenth of the epochs is then lower than that over the
        tenth before by more than 1 %. More epochs are likely to lower it further.
        """
        errors = self.history.get("validation_error", self.history["error"])
        tenth = max(1, len(errors) // 10)
        if len(errors) < 2 * tenth:
            return False
        before = sum(errors[-2 * tenth : -tenth])
        last = sum(errors[-tenth:])
        return last < 0.99 * before

    def __repr__(self) -> str:
        ended = f"stopped by {self.stopped}"
        if self.stopped == "epochs":
            ended = "reached the epoch limit" + (
                " while the error was still falling" if self.falling else ""
            )
        after = f"after {counted(self.epochs, 'epoch')}, {self.seconds:.3g} s"
        return f"<Result: {in_words(self.cost)} {self.error:.6g} {after}, {ended}>"

    def _repr_html_(self) -> str:
        """The learning curve, for notebooks."""
        lines = {name: line for name, line in self.history.items() if name != "rate"}
        return _html.view(repr(self), _html.curves(lines, "epoch"))


@dataclass
class History:
    """Numbers by epoch (`values`), and the conditions and functions that use them."""

    options: FixedOptions
    # a context for the network's use, in which it is as it is trained
    in_use: Callable[[], InUse]
    held_out: Data | None
    epochs: int  # the limit
    goal: float  # an error at which training ends; -inf: none
    patience: int | None
    restore: bool  # restore the weights of the best epoch
    callbacks: tuple[Callback, ...]
    # the error of the present weights; None: that of an epoch is theirs
    measure: Callable[[], float] | None
    values: dict[str, list[float]] = field(
        default_factory=lambda: {"error": [], "rate": []}
    )
    begun: float = field(default_factory=time.perf_counter)
    latest: float = math.nan  # mean cost of the latest epoch, even if incomplete
    # mean cost of the present weights, if the latest has reached the goal
    tested: float = math.nan
    best: float = math.inf
    best_epoch: int = 0
    best_weights: Snapshot | None = None
    last_weights: Snapshot | None = None  # those that the best have replaced

    def __post_init__(self) -> None:
        if self.held_out is not None:
            self.values["validation_error"] = []

    @property
    def network(self) -> Network:
        """The network to train."""
        return self.options.network

    def continue_from(self, paused: Paused) -> None:
        """Take over the epochs of a training, and restore its latest weights if they
        have been replaced.
        """
        self.values = {name: list(values) for name, values in paused.values.items()}
        self.begun -= paused.seconds
        self.best_weights = paused.best if self.restore else None
        if paused.last is not None:
            paused.last.restore()
        if self.done:
            self.latest = self.values["error"][-1]
            self.best = min(self.monitored)
            self.best_epoch = self.monitored.index(self.best) + 1

    @property
    def done(self) -> int:
        """Number of complete epochs."""
        return len(self.values["error"])

    @property
    def monitored(self) -> list[float]:
        """The monitored errors by epoch, on the held-out data if there are any."""
        return self.values.get("validation_error", self.values["error"])

    @property
    def previous(self) -> float | None:
        """The latest monitored error; None before the first."""
        return self.monitored[-1] if self.done else None

    @property
    def seconds(self) -> float:
        """Time since training began."""
        return time.perf_counter() - self.begun

    @property
    def free(self) -> int:
        """Number of epochs until something has to be done that depends on them."""
        if self.restore or self.held_out is not None:
            return 1
        limits = [self.epochs - self.done]
        limits += [
            callback.epochs - self.done % callback.epochs
            if type(callback) is every
            else 1
            for callback in self.callbacks
        ]
        if self.patience is not None:
            limits.append(self.best_epoch + self.patience - self.done)
        return min(limits)

    def add(self, errors: list[float], rates: list[float]) -> None:
        """Append epochs; one, with its error on the held-out data, if there are any."""
        self.latest = errors[-1]
        self.values["error"] += errors
        self.values["rate"] += rates
        if self.held_out is not None:
            with self.in_use(), preserved_context(self.network):
                evaluation = mean_cost(self.network, self.held_out, self.options.cost)
            self.values["validation_error"].append(evaluation.error)
        latest = self.monitored[-len(errors) :]
        if (self.restore or self.patience is not None) and min(latest) < self.best:
            self.best = min(latest)
            self.best_epoch = self.done - len(errors) + latest.index(self.best) + 1
            if self.restore:
                with self.in_use():
                    self.best_weights = Snapshot(self.network)

    def judge(self) -> str | None:
        """Call the callbacks after the latest epoch; returns why training ends with it,
        or None.
        """
        reason = self.ended()  # before a callback may edit the network
        return "callback" if self.callbacks and self._called_back() else reason

    def _called_back(self) -> bool:
        """Whether a callback, all of which are called, ends the training."""
        error, rate = self.values["error"][-1], self.values["rate"][-1]
        validation = None if self.held_out is None else self.monitored[-1]
        progress = Progress(
            self.done, error, validation, rate, self.seconds, self.network
        )
        with Interruptible():
            # call all of them
            return any([callback(progress) for callback in self.callbacks])

    def ended(self) -> str | None:
        """Why training ends with the latest epoch, if not by a callback; None if it
        does not.
        """
        if self.done and self.values["error"][-1] <= self.goal and self._reached():
            return "error"
        if self.patience is not None and self.done - self.best_epoch >= self.patience:
            return "patience"
        return None

    def _reached(self) -> bool:
        """Whether the present weights have reached the goal: the error of an epoch is
        of those before.
        """
        if self.measure is None:
            return True
        with self.in_use():
            self.tested = self.measure()
        return self.tested <= self.goal

    def result(self, stopped: str) -> Result:
        """Return the result of the training, after restoring the best weights if they
        have been noted.
        """
        seconds = self.seconds
        reached = stopped == "error" and self.measure is not None
        error = self.tested if reached else self.latest
        if self.best_weights is not None and (self.held_out is not None or not reached):
            error = self._restored(self.best_weights, reached)
        cost = self.options.cost.name
        return Result(error, self.done, seconds, self.values, stopped, cost)

    def _restored(self, best: Snapshot, reached: bool) -> float:
        """The error of the best weights, which are restored; it is measured if the goal
        has been reached.
        """
        with self.in_use():
            self.last_weights = Snapshot(self.network)
        best.restore()
        if not reached or self.measure is None:
            return self.values["error"][self.best_epoch - 1]
        with self.in_use():
            return self.measure()

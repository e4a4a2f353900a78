"""The losses of a training by epoch, the callbacks, end and best weights that depend on
them, and the result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import _html
from .._checks import AbstractOwnNames, pluralize, suggests_attributes
from .._cost import in_words
from ..engine.locking import AllowInterrupt, ExclusiveAccess
from ..objects.snapshots import Snapshot, preserved_context
from ._callbacks import Progress, ends_training, every
from ._data import Data, Shape
from ._evaluation import mean_cost, measured
from ._loss_gradient import wiring_of
from ._plan import AT_END, TrainingPlan, TrainingState

VALIDATION = "validation"
"""Name of the held-out data that decide when a training ends."""


@suggests_attributes("Result")
@dataclass(frozen=True)
class Result(metaclass=AbstractOwnNames):
    """The result of a training.

    Parameters
    ----------
    loss : float
        Mean cost of the last epoch's steps with a target, measured before each update.
        If the epoch is incomplete, the mean covers its steps so far. If a training on
        arrays restored the best weights, or stopped by ``goal``, it is the loss of the
        network as it is now. If one on batches of a stream restored them, it is the
        loss of their epoch.
    epochs : int
        Number of complete epochs.
    seconds : float
        Duration in seconds.
    history : dict of str to list of float
        Values per epoch. They are ``loss`` and ``rate``, each metric of the training
        data, such as ``accuracy``, and the loss and the metrics of the other data that
        were evaluated, such as ``validation_loss``, ``validation_accuracy`` and
        ``test_loss``. If ``patience`` compares losses of arrays without held-out data,
        it compares ``loss_at_end``. All except ``loss`` belong to the weights at the
        end of the epoch.
    stop_reason : str
        Reason of the end: ``epochs``, ``goal``, ``patience``, ``callback`` or
        ``interrupted``. With L-BFGS it can also be ``converged``, if no lower cost is
        found.
    cost : str
        Name of the cost that is averaged by the losses.
    best_epoch : int, optional
        Epoch with the lowest monitored loss, counted from 1, if its weights were to be
        restored.
    restored : bool
        Whether the network has the weights of this epoch. If a callback has edited the
        network since then, it keeps its last weights.
    """

    loss: float
    epochs: int
    seconds: float
    history: dict[str, list[float]]
    stop_reason: str
    cost: str
    best_epoch: int | None = None
    restored: bool = False

    @property
    def falling(self) -> bool:
        """Whether the monitored loss, on the held-out data if there are any, fell until
        the end.

        This means that its mean over the last tenth of the epochs is lower than over
        the tenth before by more than 1 %. More epochs are then likely to lower it
        further.
        """
        losses = monitored(self.history)
        tenth = max(1, len(losses) // 10)
        if len(losses) < 2 * tenth:
            return False
        before = sum(losses[-2 * tenth : -tenth])
        last = sum(losses[-tenth:])
        return last < 0.99 * before

    def __repr__(self) -> str:
        by = "" if self.stop_reason == "interrupted" else "stopped by "
        ended = by + self.stop_reason
        if self.stop_reason == "epochs":
            ended = "reached the epoch limit" + (
                " while the loss was still falling" if self.falling else ""
            )
        after = f"after {pluralize(self.epochs, 'epoch')}, {self.seconds:.3g} s"
        if self.best_epoch is not None and not self.restored:
            ended += (
                f"; the weights of epoch {self.best_epoch}, the best one, do not fit"
                " the network, which was edited since then"
            )
        return f"<Result: {in_words(self.cost)} {self.loss:.6g} {after}, {ended}>"

    def _repr_html_(self) -> str:
        """Return the learning curve, for notebooks."""
        lines = {
            name: line
            for name, line in self.history.items()
            if name.rpartition("_")[2] == "loss"
        }
        return _html.view(repr(self), _html.curves(lines, "epoch"))


def monitored(values: Mapping[str, list[float]]) -> list[float]:
    """Return the losses by epoch that decide about the end and the best weights."""
    return values.get(f"{VALIDATION}_loss", values.get(AT_END, values["loss"]))


@dataclass
class History:
    """Values by epoch (`values`), with the conditions and functions that use them."""

    plan: TrainingPlan
    # a context for the network's use, in which it is as it is trained
    in_use: Callable[[], ExclusiveAccess]
    # evaluated after every epoch, by name; those called VALIDATION decide
    others: Mapping[str, Data]
    training: Data | None  # of which metrics are computed, too, if they are stored
    # the loss of the present weights; None: that of an epoch is theirs
    measure: Callable[[], float] | None
    values: dict[str, list[float]] = field(
        default_factory=lambda: {"loss": [], "rate": []}
    )
    done: int = 0  # number of complete epochs
    started: float = field(default_factory=time.perf_counter)
    latest: float = math.nan  # mean cost of the latest epoch, even if incomplete
    # mean cost of the present weights, if the latest has reached the goal
    tested: float = math.nan
    best: float = math.inf
    best_epoch: int = 0
    # the latest loss that was lower by `min_delta`, from which patience counts
    reference: float = math.inf
    reference_epoch: int = 0
    best_weights: Snapshot | None = None
    best_form: Any = None  # of the network that had them
    last_weights: Snapshot | None = None  # those that the best have replaced

    def __post_init__(self) -> None:
        names = [*self.plan.metrics] if self.training is not None else []
        for name in self.others:
            names += [f"{name}_{value}" for value in ("loss", *self.plan.metrics)]
        if self.plan.restore and self.held_out is None and self.measure is not None:
            names.append(AT_END)
        self.values |= {name: [] for name in names}

    @property
    def held_out(self) -> Data | None:
        """Data whose loss decides about the end and the best weights."""
        return self.others.get(VALIDATION)

    @property
    def held_out_shape(self) -> Shape:
        """Shape by which a continued training recognises these data."""
        return None if self.held_out is None else self.held_out.shape

    def continue_from(self, paused: TrainingState) -> None:
        """Take over the epochs of a training, and restore its latest weights if they
        have been replaced.
        """
        unknown = [math.nan] * paused.done
        self.values = {
            name: [*paused.values.get(name, unknown)] for name in self.values
        }
        self.done = paused.done
        self.started -= paused.seconds
        self.best_weights = paused.best if self.plan.restore else None
        if paused.last is not None:
            paused.last.restore()
        if self.best_weights is not None:
            self.best_form = self._form()
        if self.done:
            self.latest = self.values["loss"][-1]
            self._compare(self.monitored, 0)
            if math.isnan(self.monitored[-1]):  # unknown until now
                self.reference_epoch = self.done

    def _form(self) -> Any:
        """Return what an edit of the network by a callback would change."""
        network = self.plan.network
        with self.in_use():
            squash = network._column("squash")[network._rows()]
            delay = network._column("delay")[network._connection_rows()]
            return wiring_of(network), squash.tobytes(), delay.tobytes()

    @property
    def restorable(self) -> Snapshot | None:
        """The best weights, or None if the network has been edited since then."""
        best = self.best_weights
        return best if best is not None and self.best_form == self._form() else None

    @property
    def monitored(self) -> list[float]:
        """Monitored losses by epoch."""
        return monitored(self.values)

    @property
    def previous(self) -> float | None:
        """Latest monitored loss, or None before the first."""
        return self.monitored[-1] if self.done else None

    @property
    def seconds(self) -> float:
        """Time since training began."""
        return time.perf_counter() - self.started

    @property
    def epochs_until_due(self) -> int:
        """Number of epochs until the next action that depends on them is due."""
        if self.plan.restore or self.others or self.plan.metrics:
            return 1
        limits = [self.plan.epochs - self.done]
        limits += [
            callback.epochs - self.done % callback.epochs
            if type(callback) is every
            else 1
            for callback in self.plan.callbacks
        ]
        if self.plan.patience is not None:
            limits.append(self.reference_epoch + self.plan.patience - self.done)
        return min(limits)

    def reached(self, loss: float) -> None:
        """Note the mean cost of an incomplete epoch, unless it is NaN."""
        if not math.isnan(loss):
            self.latest = loss

    def add(self, losses: list[float], rates: list[float]) -> None:
        """Append epochs. If other data are evaluated, append a single epoch with their
        values.
        """
        self.latest = losses[-1]
        done = self.done
        figures = self._figures()  # a metric may raise: nothing is appended then
        self.done += len(losses)
        self.values["loss"] += losses
        self.values["rate"] += rates
        for name, value in figures.items():
            self.values[name].append(value)
        if self.plan.restore or self.plan.patience is not None:
            best = self.best
            self._compare(self.monitored[done:], done)
            if self.plan.restore and self.best < best:
                with self.in_use():
                    self.best_weights = Snapshot(self.plan.network)
                    self.best_form = self._form()

    def _figures(self) -> dict[str, float]:
        """Return the values of the present weights on all data that are evaluated."""
        figures: dict[str, float] = {}
        plan = self.plan
        threads = plan.options.threads
        if AT_END in self.values:
            figures[AT_END] = self._measured()
        if self.training is not None:
            figures |= measured(plan.metrics, plan.network, self.training, threads)
        for name, data in self.others.items():
            with self.in_use(), preserved_context(plan.network):
                evaluation = mean_cost(
                    plan.network, data, plan.options.cost, threads=threads
                )
            figures[f"{name}_loss"] = evaluation.loss
            values = measured(plan.metrics, plan.network, data, threads)
            figures |= {f"{name}_{metric}": value for metric, value in values.items()}
        return figures

    def _compare(self, losses: list[float], done: int) -> None:
        """Find the best of the next losses, after `done` epochs, and the latest loss
        that restarts the waiting.
        """
        for epoch, loss in enumerate(losses, done + 1):
            if loss < self.best:
                self.best, self.best_epoch = loss, epoch
            if loss < self.reference - self.plan.min_delta:
                self.reference, self.reference_epoch = loss, epoch

    def check_stop(self) -> str | None:
        """Call the callbacks after the latest epoch, and return the reason to end the
        training with it, or None.
        """
        reason = self.reason_to_stop()  # before a callback may edit the network
        return "callback" if self.plan.callbacks and self._called_back() else reason

    def _called_back(self) -> bool:
        """Call all callbacks, and return whether one of them ends the training."""
        latest = {name: values[-1] for name, values in self.values.items()}
        progress = Progress(
            self.done,
            latest["loss"],
            latest.get(f"{VALIDATION}_loss"),
            latest["rate"],
            self.seconds,
            self.plan.network,
            latest,
        )
        with AllowInterrupt():
            # call all of them
            answers = [callback(progress) for callback in self.plan.callbacks]
        title = "The result of a callback"
        return any(ends_training(title, answer) for answer in answers)

    def reason_to_stop(self) -> str | None:
        """Return the reason to end the training with the latest epoch, except for
        callbacks, or None.
        """
        if self.done and self.values["loss"][-1] <= self.plan.goal and self._reached():
            return "goal"
        waited = self.done - self.reference_epoch
        if self.plan.patience is not None and waited >= self.plan.patience:
            return "patience"
        return None

    def _reached(self) -> bool:
        """Return whether the present weights have reached the goal, because an epoch's
        loss belongs to the weights before.
        """
        if self.measure is None:
            return True
        self.tested = (
            self.values[AT_END][-1] if AT_END in self.values else self._measured()
        )
        return self.tested <= self.plan.goal

    def _measured(self) -> float:
        """Return the loss of the present weights on the training data."""
        assert self.measure is not None
        with self.in_use():
            return self.measure()

    def result(self, stopped: str) -> Result:
        """Return the result of the training, after restoring the best weights if they
        have been noted.
        """
        seconds = self.seconds
        reached = stopped == "goal" and self.measure is not None
        loss = self.tested if reached else self.latest
        wanted = self.plan.restore and (self.held_out is not None or not reached)
        noted = wanted and self.best_weights is not None
        best = self.restorable if noted else None
        if best is not None:
            loss = self._restored(best)
        return Result(
            loss,
            self.done,
            seconds,
            self.values,
            stopped,
            self.plan.options.cost.name,
            self.best_epoch if noted else None,
            best is not None,
        )

    def _restored(self, best: Snapshot) -> float:
        """Restore the best weights and return their loss on the training data."""
        with self.in_use():
            self.last_weights = Snapshot(self.plan.network)
        best.restore()
        if self.measure is None:
            return self.values["loss"][self.best_epoch - 1]
        return self._measured()

"""Callbacks: functions that a training calls after an epoch or a step, and what it passes to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._checks import function_of, positive_integer, settle
from ..network import Network


@dataclass(frozen=True)
class Progress:
    """The state of a training after an epoch.

    Parameters
    ----------
    epoch : int
        Number of complete epochs.
    error : float
        Mean cost of this epoch's steps, each measured before its update.
    validation_error : float or None
        Mean cost on the held-out data, if there are any.
    rate : float
        The learning rate of this epoch.
    seconds : float
        Time since training began.
    network : Network
        The network; a callback may read, change and save it.
    """

    epoch: int
    error: float
    validation_error: float | None
    rate: float
    seconds: float
    network: Network


@dataclass(frozen=True)
class Step:
    """One step of a training: the sequence and row it came from, and its cost (None: no target)."""

    epoch: int
    sequence: int
    row: int
    cost: float | None
    network: Network


Callback = Callable[[Progress], Any]
"""Called after every epoch; a true result ends the training."""


@dataclass(frozen=True)
class every:  # noqa: N801 - reads as a word among callbacks: every(10, print)
    """A callback that calls a function every so many epochs.

    Parameters
    ----------
    epochs : int
        The number of epochs between two calls.
    function : callable
        Takes a :class:`Progress`; a true result ends the training.

    Examples
    --------
    >>> import synapse, architect
    >>> seen = []
    >>> trainer = synapse.Trainer(architect.Perceptron(1, 1, seed=0))
    >>> note = synapse.every(2, lambda progress: seen.append(progress.epoch))
    >>> _ = trainer.train([[0.0]], [[1.0]], epochs=5, callbacks=[note], progress=False)
    >>> seen
    [2, 4]
    """

    epochs: int
    function: Callback

    def __post_init__(self) -> None:
        settle(self, positive_integer, "epochs")
        function_of("The function of every", self.function, "progress")

    def __call__(self, progress: Progress) -> Any:
        """Call the function, if the epoch's number is a multiple of ``epochs``."""
        return self.function(progress) if progress.epoch % self.epochs == 0 else None

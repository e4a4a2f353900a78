"""What a training tells those who listen, and how they stop it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._checks import function_of, positive_integer, settle

if TYPE_CHECKING:
    from ..network import Network


@dataclass(frozen=True)
class Progress:
    """Where a training stands after an epoch.

    Parameters
    ----------
    epoch : int
        Epochs done.
    error : float
        Mean cost of this epoch's steps, taken as they were learnt.
    validation_error : float or None
        Mean cost on the data held out, where there are any.
    rate : float
        The rate of this epoch.
    seconds : float
        Since training began.
    network : Network
        The network; it may be looked at, changed and saved.
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
"""Called after every epoch; an answer that counts as true ends the training."""


@dataclass(frozen=True)
class schedule:  # noqa: N801 - reads as a verb among callbacks: schedule(every=10, do=...)
    """A callback that is called after every `every` epochs only.

    Parameters
    ----------
    every : int
        How many epochs lie between two calls.
    do : callable
        Takes a :class:`Progress`; an answer that counts as true ends the training.

    >>> import synapse, architect
    >>> seen = []
    >>> trainer = synapse.Trainer(architect.Perceptron(1, 1, seed=0))
    >>> listen = synapse.schedule(every=2, do=lambda progress: seen.append(progress.epoch))
    >>> _ = trainer.train([[0.0]], [[1.0]], epochs=5, callbacks=[listen], progress=False)
    >>> seen
    [2, 4]
    """

    every: int
    do: Callback

    def __post_init__(self) -> None:
        settle(self, positive_integer, "every")
        function_of("The do of schedule", self.do, "progress")

    def __call__(self, progress: Progress) -> Any:
        """Pass the call on, when it is time."""
        return self.do(progress) if progress.epoch % self.every == 0 else None

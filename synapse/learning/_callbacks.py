"""Callbacks, which are functions called after an epoch or batch of a training, and the
objects that are passed to them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from .._checks import expected, function_of, positive_integer, suggests_arguments
from ..errors import ArgumentTypeError
from ..objects.network import Network


@dataclass(frozen=True)
class Progress:
    """The state of a training after an epoch.

    Parameters
    ----------
    epoch : int
        Number of complete epochs.
    loss : float
        Mean cost of this epoch's steps, each measured before its update.
    validation_loss : float or None
        Mean cost on the held-out data, or None if there are none.
    rate : float
        The learning rate of this epoch.
    seconds : float
        Time since training began.
    network : Network
        The network, which a callback may read, change and save.
    values : dict of str to float
        The latest values of ``result.history`` by name, metrics among them.
    """

    epoch: int
    loss: float
    validation_loss: float | None
    rate: float
    seconds: float
    network: Network
    values: dict[str, float] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Batch:
    """The state of a training after a batch, which is the data of one weight update.

    With an optimizer, a batch consists of ``batch_size`` sequences (for the online
    rule: steps), or is a batch of a stream. Because the plain online rule updates the
    weights at every step, its batches are those of a stream, and arrays are one batch.
    With L-BFGS, a batch is one iteration.

    Parameters
    ----------
    epoch : int
        Number of the epoch, from 1.
    batch : int
        Number of the batch within its epoch, from 1.
    update : int
        Number of the batch since training began, from 1.
    loss : float
        Mean cost of the batch's steps with a target, before the update, or NaN if no
        step has a target.
    gradient_norm : float or None
        Euclidean norm of the gradient with its penalties, before clipping, or None
        without an optimizer.
    rate : float
        The learning rate, or NaN with L-BFGS.
    seconds : float
        Time since training began.
    rows : int
        Number of rows in the batch.
    steps : float
        Number of rows with a target. If samples or classes have weights, it is the sum
        of the rows' weights, after these have been divided by their mean.
    network : Network
        The network, which a callback may read, change and save.
    """

    epoch: int
    batch: int
    update: int
    loss: float
    gradient_norm: float | None
    rate: float
    seconds: float
    rows: int
    steps: float
    network: Network


Callback = Callable[[Progress], Any]
"""Function called after every epoch. Returning a true value ends the training."""


def ends_training(title: str, answer: Any) -> bool:
    """Return whether the answer of a callback ends the training, or raise
    ArgumentTypeError if it is neither true nor false.
    """
    try:
        return bool(answer)
    except Exception as error:  # arrays have no truth value
        condition = "True, to end the training, or False or None"
        raise ArgumentTypeError(expected(title, condition, answer)) from error


def called_with_progress(title: str, function: Any) -> Callable[[Any], Any]:
    """Return a function of one argument, or raise an error."""
    return function_of(title, function, "progress")


@suggests_arguments("every")
@dataclass(frozen=True)
class every:  # noqa: N801 - reads as a word among callbacks: every(10, print)
    """A callback that calls a function after every `epochs` epochs or, as ``on_batch``,
    after every `epochs` batches.

    It saves time because several short epochs between its calls can run in one compiled
    call.

    Parameters
    ----------
    epochs : int
        Number of epochs, or batches, from one call to the next.
    function : callable
        Function of a :class:`Progress` or a :class:`Batch`. Returning a true value ends
        the training.

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

    epochs: Annotated[int, positive_integer]
    function: Annotated[Callable[[Any], Any], called_with_progress]

    def __call__(self, progress: Progress | Batch) -> Any:
        """Call the function if the number of the epoch or batch is a multiple of
        ``epochs``.
        """
        number = progress.update if isinstance(progress, Batch) else progress.epoch
        return self.function(progress) if number % self.epochs == 0 else None

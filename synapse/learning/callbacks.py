"""Callbacks: functions called after an epoch or batch of a training, with what they are given."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

from .._checks import check_fields, file_path, function_of, imported, positive_integer
from ..objects.network import Network


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
class Batch:
    """The state of a training after a batch. A batch is the data of one update of the weights.

    With an optimizer a batch is `batch_size` sequences (for the online rule: steps), or a batch of a stream.
    The plain online rule updates the weights at every step; its batches are those of a stream, and arrays
    are one batch. With L-BFGS a batch is one iteration.

    Parameters
    ----------
    epoch : int
        Number of the epoch, from 1.
    batch : int
        Number of the batch within its epoch, from 1.
    update : int
        Number of the batch since training began, from 1.
    loss : float
        Mean cost of the batch's steps with a target, before the update; NaN if none has a target.
    gradient_norm : float or None
        Euclidean norm of the gradient with its penalties, before clipping; None without an optimizer.
    rate : float
        The learning rate; NaN with L-BFGS.
    seconds : float
        Time since training began.
    rows : int
        Number of rows in the batch.
    steps : float
        Number of rows with a target; with weights of samples or classes, the sum of their weights.
    network : Network
        The network; a callback may read, change and save it.
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
"""Called after every epoch; returning a true value ends the training."""


@dataclass(frozen=True)
class every:  # noqa: N801 - reads as a word among callbacks: every(10, print)
    """A callback that calls a function after every `epochs` epochs; as `on_batch`, after as many batches.

    Several short epochs between its calls can run in one compiled call, which takes less time.

    Parameters
    ----------
    epochs : int
        Number of epochs, or batches, from one call to the next.
    function : callable
        Function of a :class:`Progress`, or a :class:`Batch`; returning a true value ends the training.

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
    function: Callable[[Any], Any]

    def __post_init__(self) -> None:
        check_fields(self, positive_integer, "epochs")
        function_of("The function of every", self.function, "progress")

    def __call__(self, progress: Progress | Batch) -> Any:
        """Call the function, if the number of the epoch, or batch, is a multiple of ``epochs``."""
        number = progress.update if isinstance(progress, Batch) else progress.epoch
        return self.function(progress) if number % self.epochs == 0 else None


@final
class TensorBoard:
    """Writes scalars for TensorBoard after every epoch or, as `on_batch`, after every batch.

    Epochs are written as ``epoch/error``, ``epoch/validation_error`` and ``epoch/rate`` by number of
    the epoch; batches as ``batch/loss``, ``batch/gradient_norm`` and ``batch/rate`` by number of the update.
    One object can be used for both. A thread writes the file of a folder, a second behind the training.

    Parameters
    ----------
    log_dir : path or writer
        The folder of the run, as for ``tensorboard --logdir``, or a writer: anything with ``add_scalar(tag,
        value, step)``, such as a ``SummaryWriter``.

    Raises
    ------
    MissingExtraError
        If `log_dir` is a path and ``tensorboardX`` is not installed. A writer may also be of PyTorch.

    Examples
    --------
    >>> import architect, synapse
    >>> class Writer:
    ...     def add_scalar(self, tag, value, step):
    ...         print(tag, step)
    >>> trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0))
    >>> board = synapse.learning.TensorBoard(Writer())
    >>> _ = trainer.train([[0, 1]], [[1]], epochs=1, callbacks=[board], progress=False)
    epoch/error 1
    epoch/rate 1
    """

    def __init__(self, log_dir: Any = "runs") -> None:
        self._own = not hasattr(log_dir, "add_scalar")
        self.writer = log_dir
        if self._own:
            folder = file_path("The log_dir of a TensorBoard", log_dir, "a path, or a writer with add_scalar")
            package = imported("tensorboardX", "TensorBoard needs")
            # 120 unless told: nothing would be seen of a short training
            self.writer = package.SummaryWriter(str(folder), flush_secs=1)

    def __call__(self, progress: Progress | Batch) -> None:
        """Write the scalars of one epoch or batch."""
        batch = isinstance(progress, Batch)
        names = ("loss", "gradient_norm", "rate") if batch else ("error", "validation_error", "rate")
        kind, step = ("batch", progress.update) if isinstance(progress, Batch) else ("epoch", progress.epoch)
        for name in names:
            value = getattr(progress, name)
            if value is not None and not math.isnan(value):
                self.writer.add_scalar(f"{kind}/{name}", value, step)

    def close(self) -> None:
        """Write all pending scalars, and close the writer if it was created by this object."""
        if self._own:
            self.writer.close()

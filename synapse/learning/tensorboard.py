"""A callback that writes the course of a training for TensorBoard."""

from __future__ import annotations

import math
from typing import Any, final

from .._checks import file_path, missing_extra
from .callbacks import Batch, Progress


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
        If `log_dir` is a path and neither ``tensorboardX`` nor ``torch.utils.tensorboard`` is installed.

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
        self.writer = _writer(log_dir) if self._own else log_dir

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


def _writer(log_dir: Any) -> Any:
    """Create a SummaryWriter of the installed package."""
    folder = str(file_path("The log_dir of a TensorBoard", log_dir, "a path, or a writer with add_scalar"))
    try:
        from tensorboardX import SummaryWriter  # an extra: synapse works without it
    except ImportError:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise missing_extra("TensorBoard needs", "tensorboardX") from None
    return SummaryWriter(folder, flush_secs=1)  # 120 unless told: nothing would be seen of a short training

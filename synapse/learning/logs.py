"""Callbacks that write the course of a training to a CSV file, a Python logger or TensorBoard.

Each takes reports after epochs (``callbacks=[...]``) or after batches (``on_batch=...``).
"""

from __future__ import annotations

import csv
import io
import logging
import math
import os
from dataclasses import fields
from typing import Any, final

from .._checks import expected, file_path, integer, missing_extra, text
from ..errors import ArgumentError
from .callbacks import Batch, Progress

Report = Progress | Batch


def values_of(report: Report) -> dict[str, int | float | None]:
    """The values of a report by name."""
    return {one.name: getattr(report, one.name) for one in fields(report) if one.name != "network"}


@final
class CSVLogger:
    """Appends a line to a CSV file after every epoch or, as `on_batch`, after every batch.

    The first line contains the column names: the fields of :class:`Progress` or :class:`Batch` without
    the network. None is written as an empty cell. Each line is written at once. Lines are appended to an
    existing file, after an incomplete last line has been removed.

    Parameters
    ----------
    path : path
        The file, in an existing folder. Use one file for epochs and another for batches.

    Raises
    ------
    ArgumentError
        If the folder does not exist, or, when the first line is written, if the file has other columns.

    Examples
    --------
    >>> import architect, pathlib, synapse, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "xor.csv"
    >>> trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0))
    >>> log = synapse.learning.CSVLogger(path)
    >>> _ = trainer.train([[0, 1], [1, 1]], [[1], [0]], epochs=2, callbacks=[log], progress=False)
    >>> [line.split(",")[0] for line in path.read_text().splitlines()]
    ['epoch', '1', '2']
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = file_path("The path of a CSVLogger", path)
        if not self.path.parent.is_dir() or self.path.is_dir():
            condition = "that of a file in a folder that exists"
            raise ArgumentError(expected("The path of a CSVLogger", condition, path))
        self._header: str | None = None  # columns of previous reports

    def __call__(self, progress: Report) -> None:
        """Append a line."""
        values = values_of(progress)
        header = _line(values)
        if header != self._header:
            self._continue(header)
            self._header = header
        with self.path.open("a", encoding="utf-8", newline="") as file:
            file.write(_line(values.values()) if file.tell() else header + _line(values.values()))

    def _continue(self, header: str) -> None:
        """Check that the file, if it exists, has these columns; remove an incomplete last line."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            first = file.readline()
            if first and first != header.encode():
                raise ArgumentError(
                    f"{str(self.path)!r} has other columns than this training. Give another path; "
                    "epochs and batches need a CSVLogger each."
                )
            whole = len(first)
            for line in file:
                whole += len(line) if line.endswith(b"\n") else 0
            file.truncate(whole)


def _line(cells: Any) -> str:
    """A line of a CSV file; None is an empty cell."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


@final
class PythonLogger:
    """Sends a line to a logger of Python's :mod:`logging` after every epoch or, as `on_batch`, every batch.

    Parameters
    ----------
    logger : logging.Logger or str
        The logger or its name. Default "synapse".
    level : int or str
        The level of the messages. Default "INFO", which is shown after ``logging.basicConfig(level="INFO")``.

    Examples
    --------
    >>> import architect, logging, sys, synapse
    >>> logger = logging.getLogger("example")
    >>> logger.addHandler(logging.StreamHandler(sys.stdout))
    >>> log = synapse.learning.PythonLogger(logger, level="WARNING")
    >>> trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0))
    >>> _ = trainer.train([[0, 1]], [[1]], epochs=1, callbacks=[log], progress=False)  # doctest: +ELLIPSIS
    epoch 1, error 0.898..., rate 0.1, seconds ...
    """

    def __init__(self, logger: logging.Logger | str = "synapse", level: int | str = "INFO") -> None:
        if not isinstance(logger, logging.Logger):
            logger = logging.getLogger(text("The logger of a PythonLogger", logger))
        self.logger = logger
        names = logging.getLevelNamesMapping()
        number = names.get(level) if isinstance(level, str) else integer(level)
        if number is None:
            condition = f"a whole number or one of {', '.join(names)}"
            raise ArgumentError(expected("The level of a PythonLogger", condition, level))
        self.level = number

    def __call__(self, progress: Report) -> None:
        """Log one line."""
        if self.logger.isEnabledFor(self.level):
            values = {name: value for name, value in values_of(progress).items() if value is not None}
            self.logger.log(self.level, ", ".join(f"{name} {value:.6g}" for name, value in values.items()))


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

    def __call__(self, progress: Report) -> None:
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

"""Trainings of models that a file lets continue, in another process too."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .._model import Model
from ..errors import ArgumentError, FormatError
from ..learning import Trainer
from ..readwrite import load
from ._table import file_errors

REFIT = ".refit"
"""What the name of the second file ends in: that of the training on all rows, after the
test."""
OF = "checkpoint of"
"""Key of the metadata of a network in a checkpoint: which training it is of."""


@contextmanager
def resumed(
    path: str,
    model: Model,
    parts: tuple[Any, Any],
    settings: dict[str, Any],
    epochs: int,
) -> Iterator[None]:
    """Give a model the trainer of a checkpoint, if there is one, for a training that
    writes it.

    The result has the same bits as a training that was not broken off. `parts` are the
    data, and `settings` all else that the training depends on. The number of epochs may
    be another one than before.

    Raises
    ------
    ArgumentError
        If the file is of other data or settings, or has more epochs.
    FormatError
        If it is not a checkpoint.
    """
    digest = _digest(parts, settings)
    if Path(path).exists():
        model.trainer = _continued(path, digest, epochs)
    model.metadata[OF] = digest
    with file_errors("write", path):
        yield
    del model.metadata[OF]


def remove_checkpoints(path: str) -> None:
    """Remove the files of a training whose model has been saved."""
    for name in (path, path + REFIT):
        Path(name).unlink(missing_ok=True)


def _continued(path: str, digest: str, epochs: int) -> Trainer:
    """Return the trainer of a checkpoint; raises unless it is of these data and
    settings, and of at most `epochs` epochs.
    """
    with file_errors("read", path):
        contents = load(path)
    if not isinstance(contents, Trainer):
        raise FormatError(
            f"{path!r} must be a checkpoint of a training, got {contents!r}."
        )
    if contents.network.metadata.get(OF) != digest:
        raise ArgumentError(
            f"The checkpoint {path!r} was written with other data or options. Pass"
            " those, choose another file, or remove it."
        )
    done = 0 if contents._paused is None else contents._paused.done
    if done > epochs:
        raise ArgumentError(
            f"The checkpoint {path!r} has {done} epochs, more than {epochs}. Pass"
            f" --epochs {done} or more, choose another file, or remove it."
        )
    return contents


def _digest(parts: tuple[Any, Any], settings: dict[str, Any]) -> str:
    """Return a digest of the data and settings of a training."""
    code = hashlib.sha256(repr(sorted(settings.items())).encode())
    for side in parts:
        for inputs, targets in side or []:
            for array in (inputs, targets):
                code.update(repr(array.shape).encode())
                code.update(np.ascontiguousarray(array, np.float64).tobytes())
    return code.hexdigest()

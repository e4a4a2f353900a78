"""``synapse train --checkpoint FILE --resume``: a training that goes on where it was broken off."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

from .. import Trainer
from ..errors import ArgumentError, FormatError, TopologyError
from ..objects.state import take_over
from ..tables.scaled_model import Part, ScaledModel
from .formats import loaded
from .words import UsageError, require_folder

FREE = ("data", "epochs", "output", "quiet", "checkpoint", "resume", "patience", "command_line", "debug")
"""Options that may differ when a training goes on. The numbers of the data are compared, not their name."""
OPTIONS = "training"
"""Key of the metadata of a checkpoint's network: the options of the command."""


def check(options: argparse.Namespace) -> None:
    """Raise UsageError, before any work, if the options of checkpoints cannot be used."""
    path = options.checkpoint
    if path is None:
        if options.resume:
            raise UsageError("--resume needs the file of the training: give --checkpoint FILE, too.")
        return
    if Path(path).absolute() == Path(options.output).absolute():
        raise UsageError("The model and the checkpoint need two files: give --checkpoint another name.")
    require_folder(path)
    if Path(path).exists() and not options.resume:
        raise UsageError(f"{path!r} exists: give --resume to go on with its training, or delete it.")


def trainer_of(model: ScaledModel, options: argparse.Namespace, data: list[Part]) -> Trainer:
    """A trainer of this new network, or the one in the checkpoint, whose network is like it.

    Raises FormatError if the file is not the checkpoint of a training with these options and data.
    """
    given = {name: value for name, value in vars(options).items() if name not in FREE and not callable(value)}
    now: dict[str, Any] = {name: _as_typed(value) for name, value in given.items()}
    now["data"] = hashlib.sha256(b"".join(side.tobytes() for part in data for side in part)).hexdigest()
    network, path = model.network, options.checkpoint
    network.metadata = {OPTIONS: now}
    if not options.resume or not Path(path).exists():
        return model.trainer(options.rate, options.optimizer)
    trainer = loaded(path)
    if not isinstance(trainer, Trainer):
        raise FormatError(f"Cannot go on with {path!r}: it is a model, not a checkpoint.")
    before = trainer.network.metadata.get(OPTIONS)
    if not isinstance(before, dict):
        raise FormatError(f"Cannot go on with {path!r}: it is not a checkpoint of `synapse train`.")
    for name, value in now.items():
        if before.get(name) != value:
            option = f"it was trained with --{name.replace('_', '-')} {before.get(name)}, not {value}."
            other = "the table has other numbers than it had then."
            raise ArgumentError(f"Cannot go on with {path!r}: {other if name == 'data' else option}")
    try:
        take_over(network, trainer.network)
    except TopologyError:
        raise FormatError(f"The network in {path!r} is not that of this training.") from None
    return trainer


def _as_typed(value: Any) -> str | None:
    """The value of an option as one would type it."""
    if value is None:
        return None
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)

"""``synapse train --checkpoint FILE --resume``: a training that goes on where it was broken off."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from .. import Trainer
from ..errors import ArgumentError, FormatError, SynapseError, TopologyError
from ..objects.state import take_over
from ..readwrite import load
from ..tables import ScaledModel
from .words import UsageError, reason, require_folder

FREE = ("data", "epochs", "output", "quiet", "checkpoint", "resume", "patience", "command_line", "debug")
"""Options that may differ when a training goes on. The numbers of the data are compared, not their name."""
OPTIONS = "training"
"""Key of the metadata of a checkpoint's network: the options of the command."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options to argparse."""
    add = parser.add_argument
    add(
        "--checkpoint",
        metavar="FILE",
        help="save the training in this file while it runs",
    )
    add("--resume", action="store_true", help="go on with the training in the checkpoint, if there is one")


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


def trainer_of(model: ScaledModel, options: argparse.Namespace, data: Any) -> Trainer:
    """A trainer of this new network, or the one in the checkpoint, whose network is like it.

    Raises FormatError if the file is not the checkpoint of a training with these options and data.
    """
    network = model.network
    network.metadata = {OPTIONS: {**_compared(options), "data": _digest(data)}}
    if not options.resume or not Path(options.checkpoint).exists():
        return model.trainer(options.rate, options.optimizer)
    trainer = _read(options.checkpoint)
    _require_same(options.checkpoint, trainer.network.metadata.get(OPTIONS), network.metadata[OPTIONS])
    try:
        take_over(network, trainer.network)
    except TopologyError:
        raise FormatError(f"The network in {options.checkpoint!r} is not that of this training.") from None
    return trainer


def arguments(options: argparse.Namespace) -> dict[str, Any]:
    """The arguments of ``Trainer.train`` for the checkpoint."""
    return {"checkpoint": options.checkpoint, "resume": options.resume}


def _read(path: str) -> Trainer:
    try:
        found = load(path)
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot read {path!r}: {reason(error)}") from error
    if not isinstance(found, Trainer):
        raise FormatError(f"Cannot go on with {path!r}: it is a model, not a checkpoint.")
    return found


def _compared(options: argparse.Namespace) -> dict[str, Any]:
    """The options that determine what is trained, as text."""
    given = {name: value for name, value in vars(options).items() if name not in FREE and not callable(value)}
    return {name: _as_typed(value) for name, value in given.items()}


def _as_typed(value: Any) -> str | None:
    """The value of an option as one would type it."""
    if value is None:
        return None
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _require_same(path: str, before: Any, now: dict[str, Any]) -> None:
    if not isinstance(before, dict):
        raise FormatError(f"Cannot go on with {path!r}: it is not a checkpoint of `synapse train`.")
    for name, value in now.items():
        if before.get(name) == value:
            continue
        if name == "data":
            raise ArgumentError(f"Cannot go on with {path!r}: the table has other numbers than it had then.")
        option = f"--{name.replace('_', '-')}"
        raise ArgumentError(
            f"Cannot go on with {path!r}: it was trained with {option} {before.get(name)}, not {value}."
        )


def _digest(data: Any) -> str:
    """A digest of all numbers in nested lists and tuples of arrays."""
    total = hashlib.sha256()
    for part in data if isinstance(data, list | tuple) else []:
        nested = isinstance(part, list | tuple)
        total.update(_digest(part).encode() if nested else np.ascontiguousarray(part, float).tobytes())
    return total.hexdigest()

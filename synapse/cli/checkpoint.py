"""The file in which `synapse train` saves a training while it runs."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Checkpoint:
    """The file, if there is one, that a training writes, and with `resume` goes on with.

    `given` are the options of the command that may not change, as they are typed.
    """

    path: str | None
    resume: bool
    given: dict[str, str | None]

    @classmethod
    def of(cls, options: argparse.Namespace) -> Checkpoint:
        """The checkpoint that the options name; UsageError, before any work, if they cannot be used."""
        path, given = options.checkpoint, vars(options)
        fixed = {name: value for name, value in given.items() if name not in FREE and not callable(value)}
        checkpoint = cls(path, options.resume, {name: _as_typed(value) for name, value in fixed.items()})
        if path is None:
            if options.resume:
                raise UsageError("--resume needs the file of the training: give --checkpoint FILE, too.")
            return checkpoint
        if Path(path).absolute() == Path(options.output).absolute():
            raise UsageError("The model and the checkpoint need two files: give --checkpoint another name.")
        require_folder(path)
        if Path(path).exists() and not options.resume:
            raise UsageError(f"{path!r} exists: give --resume to go on with its training, or delete it.")
        return checkpoint

    def trainer(self, model: ScaledModel, parts: list[Part]) -> Trainer | None:
        """The trainer in the checkpoint, if there is one, whose network is like this new one.

        Raises FormatError if the file is not the checkpoint of a training with these options and data.
        """
        numbers = hashlib.sha256(b"".join(side.tobytes() for part in parts for side in part)).hexdigest()
        now: dict[str, Any] = {**self.given, "data": numbers}
        model.network.metadata = {OPTIONS: now}
        if not self.resume or self.path is None or not Path(self.path).exists():
            return None
        trainer = loaded(self.path)
        if not isinstance(trainer, Trainer):
            raise FormatError(f"Cannot go on with {self.path!r}: it is a model, not a checkpoint.")
        before = trainer.network.metadata.get(OPTIONS)
        if not isinstance(before, dict):
            raise FormatError(f"Cannot go on with {self.path!r}: it is not a checkpoint of `synapse train`.")
        for name, value in now.items():
            if before.get(name) != value:
                option = f"it was trained with --{name.replace('_', '-')} {before.get(name)}, not {value}."
                other = "the table has other numbers than it had then."
                raise ArgumentError(f"Cannot go on with {self.path!r}: {other if name == 'data' else option}")
        try:
            take_over(model.network, trainer.network)
        except TopologyError:
            raise FormatError(f"The network in {self.path!r} is not that of this training.") from None
        return trainer


def _as_typed(value: Any) -> str | None:
    """The value of an option as one would type it."""
    if value is None:
        return None
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)

"""Read and write files of models for the command, in the formats of ``readwrite``."""

from __future__ import annotations

from typing import Any, cast

from .._model import Model, whole_of
from ..errors import FormatError
from ..learning import Trainer
from ..objects.network import Network
from ..readwrite import formats, load, save
from .helpers import UsageError, aligned, file_errors, require_folder

_READ = [suffix for form in formats() if form.read for suffix in form.suffixes]
READING = f"a saved model: {', '.join(_READ)}"
KEEPING = [
    suffix for form in formats() if form.read and form.write for suffix in form.suffixes
]
"""Suffixes of formats that can be written and read back."""


def table() -> str:
    """Return all formats as text, for ``--help``."""
    rows = [("format", "ending", "reads", "writes", "")]
    for form in formats():
        does = ("yes" if form.read else "-", "yes" if form.write else "-")
        if form.read or form.write:
            rows.append(
                (form.name, " ".join(form.suffixes) or ".json", *does, form.purpose)
            )
    return aligned(rows, "<<<<<")


def read(path: str, name: str | None = None) -> Network:
    """Read the network of a file or checkpoint. A model's network is converted to the
    units of its data. Raises FormatError if the file cannot be read or does not contain
    a network.
    """
    contents = loaded(path, name)
    if isinstance(contents, Trainer):
        return contents.network
    return whole_of(contents)


def loaded(path: str, name: str | None = None) -> Model | Network | Trainer:
    """Return the network or model in a file, or the trainer in a checkpoint, see
    :func:`read`.
    """
    with file_errors("read", path):
        contents = load(path, cast(Any, name))  # `load` checks it
    if not isinstance(contents, Model | Network | Trainer):
        raise FormatError(f"{path!r} must be a network, got {contents!r}.")
    return contents


def require_kept(path: str) -> None:
    """Raise, before any work, if a model could not be saved in this file or read
    back.
    """
    if not path.lower().endswith((*KEEPING,)):
        raise UsageError(f"The suffix of {path!r} must be one of {', '.join(KEEPING)}.")
    require_folder(path)


def write(model: Model | Network, path: str, name: str | None = None) -> None:
    """Write a model or a network to a file, in the format of this name or suffix."""
    with file_errors("write", path):
        save(model, path, cast(Any, name))  # `save` checks it

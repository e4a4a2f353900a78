"""The formats of model files for the command; their table is in ``readwrite``."""

from __future__ import annotations

from ..errors import FormatError
from ..learning import Trainer
from ..objects.network import Network
from ..readwrite import formats, load, save
from ..readwrite._formats import by_suffix
from .words import UsageError, aligned, file_errors, require_folder

READABLE = [form.name for form in formats() if form.read]
WRITABLE = [form.name for form in formats() if form.write]


def _suffixes(reads: bool, writes: bool) -> str:
    """File suffixes of the formats that can be read, written, or both."""
    fitting = (form for form in formats() if (form.read or not reads) and (form.write or not writes))
    return ", ".join(suffix for form in fitting for suffix in form.suffixes)


READING = "a saved model: " + _suffixes(reads=True, writes=False)
WRITING = _suffixes(reads=False, writes=True)
KEEPING = _suffixes(reads=True, writes=True)


def table() -> str:
    """All formats as text, for ``--help``."""
    rows = [("format", "ending", "reads", "writes", "")]
    for form in formats():
        does = ("yes" if form.read else "-", "yes" if form.write else "-")
        if form.read or form.write:
            rows.append((form.name, " ".join(form.suffixes) or ".json", *does, form.what))
    return aligned(rows, "<<<<<")


def read(path: str, name: str | None = None) -> Network:
    """Read the network of a file, in the format of this name or in that which :func:`synapse.load` finds.

    Raises UsageError if the format cannot be read, and FormatError if the file cannot be read or is not a
    network.
    """
    contents = loaded(path, name)
    return contents.network if isinstance(contents, Trainer) else contents


def loaded(path: str, name: str | None = None) -> Network | Trainer:
    """The network of a file, or the trainer of a checkpoint; see :func:`read`."""
    form = by_suffix(path)
    if name is None and form is not None and form.read is None:
        raise UsageError(
            f"The format {form.name} of {path!r} can be written, not read. Known: {', '.join(READABLE)}."
        )
    with file_errors("read", path):
        contents = load(path, name)
    if not isinstance(contents, Network | Trainer):
        raise FormatError(f"Expected {path!r} to be a network, got {contents!r}.")
    return contents


def require_kept(path: str) -> None:
    """Raise, before any work, if a model could not be saved in this file or read back."""
    form = by_suffix(path)
    if form is None or form.read is None or form.write is None:
        raise UsageError(f"The suffix of {path!r} must be one of {KEEPING}.")
    require_folder(path)


def require_writable(path: str, name: str | None = None) -> None:
    """Raise UsageError if neither the name of a format nor a suffix selects a format that can be written."""
    form = by_suffix(path)
    if name is None and (form is None or form.write is None):
        raise UsageError(f"The suffix of {path!r} must be that of a format to write: {WRITING}.")


def write(network: Network, path: str, name: str | None = None) -> None:
    """Write a network to a file, in the format of this name or of its suffix."""
    require_writable(path, name)
    with file_errors("write", path):
        save(network, path, name)

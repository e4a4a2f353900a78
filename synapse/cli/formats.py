"""The formats of models on disk: one table, by name and by the ending of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import readwrite
from ..errors import FormatError, SynapseError
from ..network import Network
from ..readwrite import files
from .words import UsageError, aligned, reason


@dataclass(frozen=True)
class Format:
    """A format: its name, the endings that mean it, what reads and what writes it."""

    name: str
    endings: tuple[str, ...]
    what: str
    read: Callable[[str], Network] | None = None
    write: Callable[[Network, str], None] | None = None


JSON = Format(
    "synapse",
    (".json", ".synapse"),
    "the whole network, with states and traces",
    readwrite.load,
    readwrite.save,
)
FORMATS = (
    JSON,
    Format("npz", (".npz",), "arrays for NumPy", readwrite.read_npz, readwrite.write_npz),
    Format("graphml", (".graphml",), "Gephi, yEd, igraph", readwrite.read_graphml, readwrite.write_graphml),
    Format("gexf", (".gexf",), "Gephi", readwrite.read_gexf, readwrite.write_gexf),
    Format("cytoscape", (".cyjs",), "Cytoscape", readwrite.read_cytoscape, readwrite.write_cytoscape),
    Format("node-link", (), "networkx, D3", readwrite.read_node_link, readwrite.write_node_link),
    Format("synaptic", (), "Synaptic 1.1.4", readwrite.read_synaptic, readwrite.write_synaptic),
    Format("neataptic", (), "Neataptic 1.4", readwrite.read_neataptic),
    Format("csv", (".csv",), "the connections, a row each", write=readwrite.write_table),
    Format("dot", (".dot", ".gv"), "a drawing for Graphviz", write=readwrite.write_dot),
    Format("python", (".py",), "a program", write=readwrite.write_python),
    Format("c", (".c",), "a program", write=readwrite.write_c),
    Format("javascript", (".js",), "a program", write=readwrite.write_javascript),
    Format("onnx", (".onnx",), "a model for onnxruntime and others", write=readwrite.write_onnx),
)
BY_NAME = {form.name: form for form in FORMATS}
BY_ENDING = {ending: form for form in FORMATS for ending in form.endings}

READABLE = [form.name for form in FORMATS if form.read]
WRITABLE = [form.name for form in FORMATS if form.write]
READING = "a saved model: " + ", ".join(ending for ending, form in BY_ENDING.items() if form.read)
WRITING = ", ".join(ending for ending, form in BY_ENDING.items() if form.write)
KEEPING = ", ".join(ending for ending, form in BY_ENDING.items() if form.read and form.write)

MARKS = {
    "synapse": {"format"},
    "synaptic": {"neurons", "connections"},
    "neataptic": {"nodes", "connections"},
    "cytoscape": {"elements"},
    "node-link": {"nodes"},
}
"""By which members a JSON document is known to be of a format, the first one that fits."""


def table() -> str:
    """All formats as text, for ``--help``."""
    rows = [("format", "ending", "reads", "writes", "")]
    for form in FORMATS:
        does = ("yes" if form.read else "-", "yes" if form.write else "-")
        rows.append((form.name, " ".join(form.endings) or ".json", *does, form.what))
    return aligned(rows, "<<<<<")


def read(path: str, name: str | None = None) -> Network:
    """The network in a file.

    Parameters
    ----------
    path : str
        The file.
    name : str, optional
        Its format. Default: as its ending says; of JSON, and of any ending that is not in the table, as
        its content says.

    Raises
    ------
    UsageError
        If nothing reads this format.
    FormatError
        If the file cannot be read, or holds no such network.
    """
    try:
        form = _format_of(path) if name is None else BY_NAME[name]
        if form.read is None:
            raise UsageError(
                f"The format {form.name} of {path!r} can be written, not read. Known: {', '.join(READABLE)}."
            )
        return form.read(path)
    except UsageError:
        raise
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot read {path!r}: {reason(error)}") from error


def _format_of(path: str) -> Format:
    form = BY_ENDING.get(Path(path).suffix.lower(), JSON)
    return _format_of_document(files.read_document(path)) if form is JSON else form


def _format_of_document(document: Any) -> Format:
    members = set(document) if isinstance(document, dict) else set()
    return next((BY_NAME[name] for name, mark in MARKS.items() if mark <= members), JSON)


def keeps(path: str) -> bool:
    """Whether a file of this name can be written and read back."""
    form = BY_ENDING.get(Path(path).suffix.lower())
    return form is not None and form.read is not None and form.write is not None


def writer(path: str, name: str | None = None) -> Callable[[Network, str], None]:
    """What writes a network to a file of this name.

    Raises
    ------
    UsageError
        If the ending of the file tells no format that can be written.
    """
    form = BY_ENDING.get(Path(path).suffix.lower()) if name is None else BY_NAME[name]
    if form is None or form.write is None:
        raise UsageError(f"The ending of {path!r} must tell a format to write: {WRITING}.")
    return form.write


def write(network: Network, path: str, name: str | None = None) -> None:
    """Write a network to a file, in the format that its ending tells.

    Raises
    ------
    UsageError
        As for :func:`writer`.
    FormatError
        If the file cannot be written, or the format cannot hold the network.
    """
    into = writer(path, name)
    try:
        into(network, path)
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot write {path!r}: {reason(error)}") from error

"""The table of formats: each describes itself in its own module, which is imported when it is needed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._checks import choice
from ..errors import ArgumentError
from ..network import Network
from . import files

MODULES = {
    "json": "native",
    "npz": "npz",
    "graphml": "graphml",
    "gexf": "gexf",
    "cytoscape": "cytoscape",
    "synaptic": "synaptic",
    "neataptic": "neataptic",
    "node_link": "node_link",
    "table": "table",
    "sparse": "sparse",
    "dot": "dot",
    "python": "programs.python",
    "c": "programs.c",
    "javascript": "programs.javascript",
    "onnx": "onnx",
    "torch": "pytorch",
}
"""The module of each format. A new format is one line here, and its module with `FORMAT` and `__all__`.

A JSON document is of the first format whose marks it has.
"""


@dataclass(frozen=True)
class Format:
    """A format: what it is for, what it keeps, and what reads and writes it."""

    name: str  # the word in the names of its functions: write_gexf of "gexf"
    what: str  # what it is, or the programs that read it
    kept: str  # what of a network is in it
    lost: str  # and what is not
    link: str  # where it is specified
    suffixes: tuple[str, ...] = ()  # the ends of file names that mean it
    write: Callable[..., None] | None = None  # write(network, path)
    read: Callable[..., Network] | None = None  # read(path)
    data: Callable[..., Any] | None = None  # a network as what stands in a file
    from_data: Callable[..., Network] | None = None  # and back
    marks: frozenset[str] = frozenset()  # members by which a JSON document is recognised
    extra: str = ""  # the package that it needs beside those of Synapse


ALL = (
    "layers, their names and order, names of neurons, squashes (your own by name), groups, biases, weights, "
    "ties, gates, what is trainable, states, activations, random streams, dtype"
)
"""What graph formats keep: a network that was read answers a sequence as the one that was written."""
TRACES = "errors and traces, as after ``clear``"
LINKED = f"{TRACES}; the class of an architecture"


def module_of(name: str) -> Any:
    """The module of a format."""
    return importlib.import_module(f".{MODULES[name]}", __package__)


def format_of(name: str) -> Format:
    """The format of this name, or an ArgumentError."""
    choice("The format", name, tuple(MODULES))
    found: Format = module_of(name).FORMAT
    return found


def formats() -> list[Format]:
    """All formats, in the order of the table."""
    return [format_of(name) for name in MODULES]


def by_suffix(path: Any) -> Format | None:
    """The format that the name of a file means, None where it means none, or it is an open file."""
    if not isinstance(path, str | os.PathLike):
        return None
    suffix = Path(path).suffix.lower()
    return next((form for form in formats() if suffix in form.suffixes), None)


def by_marks(document: Any) -> Format:
    """The format of a JSON document."""
    members = set(document) if isinstance(document, dict) else set()
    fitting = (form for form in formats() if form.marks and form.marks <= members)
    return next(fitting, format_of("json"))


def save(network: Network, path: files.File, format: str | None = None) -> None:
    """Write a network to a file, from which :func:`load` reads its twin.

    The format is the one that the end of the file's name means, and JSON if it means none. JSON keeps the
    whole network: layers, names, weights, biases, squashes (those of your own by name), gates, ties, what is
    trainable, and the context: states, errors and traces. Every step after :func:`load` gives the same bits
    as with the network that was saved, and so does a new trainer: by the online rule with a plain rate,
    training goes on as if it had not been interrupted. An :class:`architect.LSTM` comes back as one, and so
    does every architecture, unless layers that make it what it is were removed or have other names now;
    then, and of a class of your own, comes back a :class:`Network` of its name. The file does not keep the
    projections by which connections were made, ties to other networks, and what belongs to a trainer: the
    momentum or moments of an optimizer and the position in a schedule of rates. The table of formats lists
    what the others keep; drawings, programs and ONNX models cannot be read back.

    Parameters
    ----------
    network : Network
        What is saved; it stays as it is.
    path : str, os.PathLike or file
        Where to: a path, or a file that is open. A file that is there is replaced in one step: it is never
        found half written.
    format : str, optional
        The name of a format, whatever the file is called.

    Raises
    ------
    ArgumentError
        If there is no such format, or it cannot be written.
    TopologyError
        If the network is connected with neurons outside of it, which would be lost.
    DivergenceError
        If it has a number that is not finite.
    FormatError
        If the format cannot hold the network.
    OSError
        If the file cannot be written; the old one is untouched then.

    Examples
    --------
    >>> import os, tempfile
    >>> from synapse import Layer, Network, load, save
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=1.0)
    >>> net = Network(a, [], b, name="sum")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(net, os.path.join(folder, "sum.json"))
    ...     twin = load(os.path.join(folder, "sum.json"))
    >>> twin
    <sum 2-1, 3 neurons, 2 connections>
    >>> twin.activate([1.0, -1.0]) == net.activate([1.0, -1.0])
    array([ True])
    """
    form = _chosen(path, format, "write", "written to")
    assert form.write is not None
    form.write(network, path)


def load(path: files.File, format: str | None = None) -> Network:
    """Read a network that :func:`save` or another program has written.

    Nothing in a file is run, and nothing in it is believed before it is checked. The format is the one that
    the end of the file's name means; of ``.json``, and of files whose names mean none, it is found by the
    content.

    Parameters
    ----------
    path : str, os.PathLike or file
        The file: a path, or a file that is open.
    format : str, optional
        The name of a format, whatever the file is called.

    Raises
    ------
    ArgumentError
        If there is no such format, or it cannot be read.
    FormatError
        If the file holds no network, or one that contradicts itself; the sentence says where.
    OSError
        If the file cannot be read.
    """
    form = _chosen(path, format, "read", "read from")
    assert form.read is not None
    if format is not None or form.name != "json":
        return form.read(path)
    with files.reading(path):
        document = files.read_document(path)
        from_data = by_marks(document).from_data
        assert from_data is not None
        return from_data(document)


def _chosen(path: Any, format: str | None, act: str, done: str) -> Format:
    form = (by_suffix(path) or format_of("json")) if format is None else format_of(format)
    if getattr(form, act) is None:
        known = ", ".join(one.name for one in formats() if getattr(one, act))
        raise ArgumentError(f"The format {form.name} cannot be {done} a file. Known: {known}.")
    return form

"""``synapse info``, ``draw``, ``play`` and ``convert``: what can be done with a saved model."""

from __future__ import annotations

import argparse
import json
import tempfile
import webbrowser
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import architect

from .. import Trainer
from .._checks import counted, shown
from .._typing import Floats
from ..cost import in_words
from ..objects.network import Network
from ..objects.topology import NO_GATER, Topology
from ..tables.rows import input_rows, lesson_rows
from ..tables.series_task import SeriesTask
from . import formats, words
from .formats import READING, loaded, read
from .reading import Table, add_reading, add_sequence, say
from .train import OPTIONS

SILENT = (OPTIONS, "errors", "relative", "encoding")
"""Keys of metadata that are for other subcommands: errors on held-out rows, medians and words of columns."""
PAGE = ".html"
MOST_STEPS = 200
"""Maximum number of rows that a page shows; more are slow in a browser."""


def add_info(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("model", metavar="MODEL", help=READING)


def info(options: argparse.Namespace) -> None:
    """Print the contents of a saved model."""
    saved = loaded(options.model)
    if isinstance(saved, Trainer):
        print(f"{words.aligned(list(_of_checkpoint(saved)), '<<')}\n")
        saved = saved.network
    print(describe(saved))


def _of_checkpoint(trainer: Trainer) -> Iterator[tuple[str, str]]:
    """How far a checkpoint is, and the options of its training that are not default."""
    paused, done = trainer._paused, "no epoch yet"
    if paused is not None and paused.done:
        epochs = f"{paused.done} of {counted(paused.epochs, 'epoch')} done"
        done = f"{epochs}, {in_words(trainer.cost.name)} {paused.values['error'][-1]:.6g}"
    yield "checkpoint", done
    yield "settings", trainer._settings()
    given = trainer.network.metadata.get(OPTIONS)
    if isinstance(given, dict):  # of `synapse train`
        chosen = {name: value for name, value in given.items() if value not in (None, "", "False")}
        typed = (f"--{name.replace('_', '-')} {value}" for name, value in chosen.items() if name != "data")
        yield "options", words.printable(" ".join(typed))


def describe(network: Network) -> str:
    """The contents of a network and its metadata, as aligned text."""
    topology = Topology.of(network)
    facts = {
        "name": words.printable(topology.name),
        "sizes": "-".join(map(str, topology.sizes)),
        "neurons": topology.neurons,
        "connections": topology.connections,
        "self-connections": topology.self_connected.sum(),
        "gated connections": (topology.gater != NO_GATER).sum(),
        "gating neurons": len(np.unique(topology.gater[topology.gated])),
        "parameters": topology.parameters,
        "memory": "yes" if network.has_memory else "no",
        "dtype": topology.dtype.name,
    }
    layers = [("layer", "neurons", "squash")]
    ends = np.cumsum(topology.sizes).tolist()
    for label, size, end in zip(topology.layers, topology.sizes.tolist(), ends, strict=True):
        squashes = dict.fromkeys(map(words.printable, topology.squash[end - size : end]))
        layers.append((words.printable(label), str(size), ", ".join(squashes)))
    rows, trained_here = [(what, str(value)) for what, value in facts.items()], "targets" in network.metadata
    carried = []  # of models of `synapse train`, without what is empty
    for key, value in network.metadata.items():
        if key != OPTIONS and not (trained_here and (key in SILENT or value in (None, [], {}, ""))):
            name = key.replace("_", " ") if trained_here else key
            carried.append((words.printable(name), words.printable(_text(value))))
    parts = [words.aligned(rows, "<<"), words.aligned(layers, "<><")]
    return "\n\n".join([*parts, words.aligned(carried, "<<")] if carried else parts)


def _text(value: Any) -> str:
    """A value of JSON; lists and dicts without their brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(entry, str) for entry in value):
        return ", ".join(value)
    if isinstance(value, dict) and value:
        return ", ".join(f"{name} {_text(entry)}" for name, entry in value.items())
    if isinstance(value, int | float):
        return f"{value:.4g}" if isinstance(value, float) else str(value)
    return shown(json.dumps(value))


def add_draw(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add = parser.add_argument
    add("model", metavar="MODEL", help=READING)
    words.add_output(parser, f"the file to write: {', '.join(words.PICTURES)} or {PAGE}")
    add("--data", metavar="DATA", help="the sequence that a page shows: a CSV file; - is standard input")
    add("--in-order", action="store_true", help="match columns to inputs by order instead of by name")
    add_reading(parser)


def draw(options: argparse.Namespace) -> None:
    """Draw a model, or write a page to explore it.

    A page shows the network at every step of a sequence: the first 200 rows of --data or, without it, a
    pulse of 1 on each input in turn, then zeros. The context is cleared first.
    """
    path = words.output_of(options)
    page = words.require_suffix(path, (*words.PICTURES, PAGE)) == PAGE
    if options.data is not None and not page:
        raise words.UsageError(f"A picture cannot show --data. Write a page instead ({PAGE}).")
    network = read(options.model)
    network.clear()
    from .. import draw as pictures  # matplotlib is an extra

    if not page:
        with pictures.style():  # text in files stays text
            words.save_figure(pictures.network(network).figure, path)
        return
    rows = pulses(len(network.input))
    if options.data is not None:
        rows = input_rows(network, Table.of(options).cells, in_order=options.in_order)[0]
    with words.file_errors("write", path):
        pictures.explore(network, rows[:MOST_STEPS], path)


def pulses(inputs: int) -> Floats:
    """Inputs with a pulse on each input in turn, then five steps of zeros, shape (steps, inputs).

    >>> pulses(2).tolist()[:3]
    [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    return np.vstack([np.eye(inputs), np.zeros((5, inputs))])


def add_play(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.add_argument("model", metavar="MODEL", nargs="?", help=f"{READING} (default: a perceptron 2-3-1)")
    what = "the table of the model: its last rows are the page's data; a CSV file, - is standard input"
    parser.add_argument("--data", metavar="DATA", help=what)
    parser.add_argument("-o", "--output", metavar="PAGE.html", help="write the page, and open no browser")
    add_sequence(parser)
    add_reading(parser)


def play(options: argparse.Namespace) -> None:
    """Open a page in the browser in which a network learns.

    The page is one file that works offline: lessons, data, building, and files that synapse.load reads.
    Without -o it is written to a new temporary folder, which stays. A model of `synapse train` learns its
    own table if --data names it, in the units in which it has learned: for a series, differences.
    """
    model, output, table = options.model, options.output, options.data and Table.of(options)
    if output is not None:
        words.require_suffix(output, (PAGE,))
    xor = partial(architect.Perceptron, 2, 3, 1, squash="tanh", output_squash="logistic", seed=0)
    network = xor() if model is None else read(model)
    network.clear()
    inputs, targets = (None, None) if table is None else _lessons(network, table)
    if table is None and "targets" in network.metadata:
        say([f"The page has not the data of {model!r}: give its table, --data FILE."])
    from .. import draw

    page = output or Path(tempfile.mkdtemp(prefix="synapse-")) / "play.html"
    draw.explore(network, inputs, page, targets, learn=True)
    if output is None:
        print(page)
        if not webbrowser.open(page.as_uri()):
            print("No browser was found. Open the file yourself.")


def _lessons(network: Network, table: Table) -> tuple[Floats, Floats | None]:
    """What a network learns from a table, at most 200 rows; of several series, as many rows of each."""
    facts = network.metadata
    if "differences" not in facts:
        inputs, targets = lesson_rows(network, table.cells)
        return inputs[-MOST_STEPS:], None if targets is None else targets[-MOST_STEPS:]
    lessons = [SeriesTask.of(network, series).lesson() for series in table.trained_series(facts)[0].values()]
    count = min(MOST_STEPS, *(len(inputs) for inputs, _ in lessons))
    inputs, targets = (np.stack([part[-count:] for part in side]) for side in zip(*lessons, strict=True))
    return (inputs, targets) if len(lessons) > 1 else (inputs[0], targets[0])


def add_convert(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    parser.epilog = f"{formats.table()}\n\n{parser.epilog}"
    parser.add_argument("source", metavar="IN", help="the model")
    words.add_output(parser, "the file to write")
    parser.add_argument("--from", dest="read_as", metavar="FORMAT", choices=formats.READABLE, help="of IN")
    parser.add_argument("--to", dest="write_as", metavar="FORMAT", choices=formats.WRITABLE, help="of OUT")


def convert(options: argparse.Namespace) -> None:
    """Write a model in another format.

    The suffix of a file selects its format; when a .json file is read, its content does, as for unknown
    suffixes. Programs, .onnx and .dot cannot be read back.
    """
    path = words.output_of(options)
    formats.require_writable(path, options.write_as)  # a wrong suffix is an error before any work
    network = formats.read(options.source, options.read_as)
    formats.write(network, path, options.write_as)

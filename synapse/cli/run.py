"""``synapse run``: compute the outputs of a model for the rows of a table."""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ..tables import Sheet
from ..tables.predicting import encoding_of, predict_series, series_facts
from .formats import READING, read
from .reading import add_reading, say, series_of, sheet_of
from .words import TABLES, listed, require_suffix, table_text, write_text

NOTES = """
The columns of DATA are found by the names of the model's inputs; others are ignored. The result is CSV with
the rows of DATA: its column of dates or of --sequence and those of --keep, and the outputs. A model with
memory starts with a cleared context, and clears it again when the value of --sequence changes. If the outputs
are probabilities of classes (softmax), the first one is the likeliest class, under the name of the target. A
model of a series forecasts every row from the rows before it.
"""


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser(
        "run", help="predict with a model", description="Predict with a model.", epilog=NOTES
    )
    add = parser.add_argument
    add("model", metavar="MODEL", help=READING)
    add("data", metavar="DATA", help="the table, a CSV file; - is standard input")
    add("-o", "--output", metavar="FILE", help="the file to write (default: standard output)")
    add("--sequence", metavar="COLUMN", help="column that identifies the sequence each row belongs to")
    add("--in-order", action="store_true", help="match columns to inputs by order instead of by name")
    add_reading(parser)
    parser.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Print the outputs; return the exit code."""
    if options.output is not None and Path(options.output).suffix:
        require_suffix(options.output, TABLES)
    network = read(options.model)
    sheet = sheet_of(options.data, options)
    if "differences" in network.metadata:
        rows = _of_series(network, sheet, options)
    else:
        rows = _of_rows(network, sheet, options)
    text = table_text(rows)
    if options.output is None:
        shutil.copyfileobj(io.StringIO(text), sys.stdout)  # in parts: a closed pipe is noticed
    else:
        write_text(options.output, text)
    return 0


def _of_rows(network: Network, sheet: Sheet, options: argparse.Namespace) -> list[list[str]]:
    """The cells of the result for a model of rows."""
    rows, notes = input_rows(network, sheet, options)
    say([*sheet.notes, *notes])
    answers = np.empty((len(rows), len(network.output)))
    for part in sheet.sequences(options.sequence):
        network.clear()
        answers[part] = network.run(rows[part])
    keys = keys_of(network, sheet, options)
    head, body = _answers(network, answers)
    kept = [sheet.cells(name) for name in keys]
    return [[*keys, *head], *([*(one[i] for one in kept), *cells] for i, cells in enumerate(body))]


def keys_of(network: Network, sheet: Sheet, options: argparse.Namespace) -> list[str]:
    """The columns that are no inputs, which may identify a row; of other models, that of --sequence."""
    encoding = encoding_of(network)
    if encoding is None:
        return [] if options.sequence is None else [sheet.find(options.sequence)]
    used = {*encoding.columns, *network.metadata["targets"]}
    return [name for name in sheet.names if name not in used]


def input_rows(network: Network, sheet: Sheet, options: argparse.Namespace) -> tuple[Floats, list[str]]:
    """The inputs of a network from the columns of a table, shape (rows, inputs), and what was filled in.

    Columns are found by name, with or without their units, or in their order with --in-order. Raises
    ArgumentError or FormatError if the table lacks these columns, or they are not numbers.
    """
    encoding = encoding_of(network)
    if encoding is not None and not options.in_order:
        return encoding.rows(sheet)
    names = [neuron.name or "" for neuron in network.input]
    if options.in_order:
        columns = [name for name in sheet.names if name != options.sequence]
        if len(columns) != len(names):
            raise ArgumentError(
                f"Expected {sheet.path!r} to have {len(names)} columns, got {listed(columns)}."
            )
        names = columns
    elif any(not sheet.has(name) for name in names):
        missing = listed([name for name in names if not sheet.has(name)])
        raise ArgumentError(
            f"{sheet.path!r} has no column {missing} for the inputs of the model. It has "
            f"{listed(sheet.names)}. To take columns in their order, say --in-order."
        )
    problems = sheet.all_problems()
    values = sheet.numbers(names, problems)
    sheet.note_missing(values, names, problems)
    problems.check()
    return values, []


def _answers(network: Network, answers: Floats) -> tuple[list[str], list[list[str]]]:
    """The head and the cells of outputs; of classes, the likeliest one comes first."""
    names = [neuron.name for neuron in network.output]
    cells = [[repr(value) for value in row] for row in answers.tolist()]
    if all(neuron.squash.name == "softmax" for neuron in network.output):
        likeliest = [names[place] for place in answers.argmax(axis=1)]
        return [network.output.label, *names], [
            [name, *row] for name, row in zip(likeliest, cells, strict=True)
        ]
    return names, cells


def _of_series(network: Network, sheet: Sheet, options: argparse.Namespace) -> list[list[str]]:
    """The cells of the result for a model of a series: each row, forecast from those before it."""
    facts = series_facts(network)
    fed = [*facts["targets"], *facts["observed"]]
    series = series_of(sheet, [*fed, *facts["known"]], options, facts)
    say(series.notes)
    made, y = predict_series(network, series), series.values
    times = [series.written(time) for time in series.times(0 if facts["known"] else 1)]
    count = len(facts["targets"])
    head = [series.date or "row", *facts["targets"], *(f"{name} predicted" for name in facts["targets"])]
    rows = [head]
    for place, time in enumerate(times):
        known = ["" if place >= len(y) else f"{value:.15g}" for value in y[min(place, len(y) - 1), :count]]
        found = ["" if np.isnan(value) else f"{value:.6g}" for value in made[place, :count]]
        rows.append([time, *known, *found])
    return rows

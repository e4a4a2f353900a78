"""``synapse run``: compute the outputs of a model for the rows of a table."""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from .._typing import Floats
from ..errors import ArgumentError, FormatError, SynapseError
from ..objects.network import Network
from ..readwrite import files
from .formats import READING, read
from .lesson import early
from .series import add_numbers, decimal_of
from .sheet import Sheet, read_sheet
from .words import listed, reason, require_suffix

SUFFIXES = (".csv", ".txt")

NOTES = """
The columns of DATA are found by the names of the model's inputs; others are ignored. Every row is
a step. A model with memory starts with a cleared context, and clears it again when the value of --sequence
changes. The result is CSV with one row of outputs per row. A model that forecasts the next row reads inputs
that are known in advance from there; where DATA ends, such a row has no outputs. If the outputs are
probabilities of classes (softmax), the first column is the likeliest class, under the name of the target
column.
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
    add_numbers(parser)
    parser.set_defaults(do=run)


def run(options: argparse.Namespace) -> int:
    """Print the outputs; return the exit code."""
    if options.output is not None and Path(options.output).suffix:
        require_suffix(options.output, SUFFIXES)
    network = read(options.model)
    sheet = read_sheet(options.data, decimal_of(options))
    sheet, rows = input_rows(network, sheet, options)
    for note in sheet.notes:
        print(f"synapse: {note}", file=sys.stderr)
    answers = np.empty((len(rows), len(network.output)))
    for part in sheet.sequences(options.sequence):
        network.clear()
        answers[part] = outputs(network, rows[part])
    text = _as_csv(network, answers)
    if options.output is None:
        shutil.copyfileobj(io.StringIO(text), sys.stdout)  # in parts: a closed pipe is noticed
        return 0
    try:
        files.write(options.output, text)
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot write {options.output!r}: {reason(error)}") from error
    return 0


def input_rows(network: Network, sheet: Sheet, options: argparse.Namespace) -> tuple[Sheet, Floats]:
    """The inputs of a network from the columns of a table, shape (rows, inputs), and the table of these rows.

    Columns are found by name, with or without their units, or in their order with --in-order; --fill mends
    missing values. Raises ArgumentError or FormatError if the table lacks these columns, or they are not
    numbers.
    """
    names = [neuron.name for neuron in network.input]
    if options.in_order:
        columns = [name for name in sheet.names if name != options.sequence]
        if len(columns) != len(names):
            raise ArgumentError(
                f"Expected {sheet.path!r} to have {len(names)} columns, got {listed(columns)}."
            )
        names = columns
    else:
        sheet.require(
            names, " for the inputs of the model", "To take columns in their order, say --in-order."
        )
    return sheet.mended(names, options.fill, lambda _: "")


def outputs(network: Network, rows: Floats) -> Floats:
    """The outputs for rows of the table; NaN for rows at the end whose known inputs are below it."""
    facts, names = network.metadata, [neuron.name for neuron in network.input]
    known, ahead = facts.get("known"), facts.get("ahead")
    if not isinstance(known, list) or type(ahead) is not int or ahead < 1:  # not by `synapse train`
        known, ahead = [], 0
    places = [place for place, name in enumerate(names) if name in known]
    count = max(len(rows) - ahead, 0) if places else len(rows)
    answers = np.full((len(rows), len(network.output)), np.nan)
    if count:
        answers[:count] = network.run(early(rows, places, ahead)[:count])
    return answers


def _as_csv(network: Network, answers: Floats) -> str:
    names = [neuron.name for neuron in network.output]
    rows: Iterable[list[Any]] = np.where(np.isnan(answers), "", answers.astype(object)).tolist()
    if all(neuron.squash.name == "softmax" for neuron in network.output):
        best = answers.argmax(axis=1).tolist()
        rows = [[names[i], *row] for i, row in zip(best, rows, strict=True)]
        names = [network.output.label, *names]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows(rows)
    return text.getvalue()

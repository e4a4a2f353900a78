"""``synapse run``: compute the outputs of a model for the rows of a table."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from ..objects.network import Network
from ..tables import predict_rows, predict_series
from ..tables.encoding import encoding_of
from .formats import READING, read
from .reading import Table, add_reading, add_sequence, say
from .words import TABLES, require_suffix, write_table


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add = parser.add_argument
    add("model", metavar="MODEL", help=READING)
    add("data", metavar="DATA", help="the table, a CSV file; - is standard input")
    add("-o", "--output", metavar="FILE", help="the file to write (default: standard output)")
    add_sequence(parser)
    add("--in-order", action="store_true", help="match columns to inputs by order instead of by name")
    add_reading(parser)


def run(options: argparse.Namespace) -> None:
    """Predict with a model.

    The columns of DATA are found by the names of the model's inputs; others are ignored. The result is
    CSV with the rows of DATA: its columns that are no inputs or, for other models, that of --sequence;
    and the outputs. A model with memory starts with a cleared context, and clears it again when the value
    of --sequence changes. If the outputs are probabilities of classes (softmax), the first one is the
    likeliest class, under the name of the target. A model of a series forecasts every row from the rows
    before it.
    """
    if options.output is not None and Path(options.output).suffix:
        require_suffix(options.output, TABLES)
    network, table = read(options.model), Table.of(options)
    of_series = "differences" in network.metadata
    rows = _of_series(network, table) if of_series else _of_rows(network, table, options.in_order)
    write_table(rows, options.output)


def _of_rows(network: Network, table: Table, in_order: bool) -> list[list[str]]:
    """The cells of the result for a model of rows; of classes, the likeliest one comes first."""
    sheet = table.sheet()
    answers, notes = predict_rows(network, sheet, sequence=table.sequence, in_order=in_order)
    say([*sheet.notes, *notes])
    keys = [] if table.sequence is None else [sheet.find(table.sequence)]
    if (encoding := encoding_of(network)) is not None:
        used = {*encoding.columns, *network.metadata["targets"]}
        keys = [name for name in sheet.names if name not in used]
    head = [neuron.name or "" for neuron in network.output]
    columns = [sheet.cells(name) for name in keys]
    if all(neuron.squash.name == "softmax" for neuron in network.output):
        keys.append(network.output.label)
        columns.append([head[place] for place in answers.argmax(axis=1)])
    columns += [[repr(value) for value in column] for column in answers.T.tolist()]
    return [[*keys, *head], *map(list, zip(*columns, strict=True))]


def _of_series(network: Network, table: Table) -> list[list[str]]:
    """The cells of the result for a model of series: each row, forecast from those before it."""
    facts, several = network.metadata, table.trained_series(network.metadata)
    targets, first = facts["targets"], several[0]
    say([note for series in several for note in series.notes])
    head = [*(first.sequence or [])[:1], first.date or "row", *targets]
    rows = [[*head, *(f"{name} predicted" for name in targets)]]
    for series in several:
        answers, y = predict_series(network, series), series.values[:, : len(targets)]
        for place, time in enumerate(series.times(0 if facts["known"] else 1)):
            actual = [f"{value:.15g}" for value in y[place]] if place < len(y) else [""] * len(targets)
            predicted = ["" if np.isnan(value) else f"{value:.6g}" for value in answers[place]]
            rows.append([*(series.sequence or [])[1:], series.written(time), *actual, *predicted])
    return rows

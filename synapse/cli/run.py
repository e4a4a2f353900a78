"""``synapse run``: compute the outputs of a model for the rows of a table."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..forecasting._frames import labels_beside
from ..objects.network import Network
from ..tables import predict_rows, predict_series
from ..tables._encoding import encoding_of, is_named_as_key
from ..tables._pandas import pd
from ..tables._table import find
from .formats import read
from .helpers import joined, require_table, write_table
from .reading import DATA, HOW, MODEL, TABLES, Options, ReadTable, refuse, say, shared

RUN: Options = {
    **MODEL,
    **DATA,
    **shared("-o --output", "--sequence"),
    "--in-order": {
        "action": "store_true",
        "help": "match columns to inputs by order instead of by name",
    },
    **TABLES,
}


def run(options: argparse.Namespace) -> None:
    """Predict with a model.

    The columns of DATA are matched to the model's inputs by name; others are ignored.
    The result has a row for each row of DATA: its columns that are no inputs or are
    named like identifiers, such as "customer_id" (for models that `synapse train` has
    not written, only the --sequence column), then the outputs. A model with memory
    starts with a cleared context, and clears it again when the value of --sequence
    changes. If the outputs are probabilities of classes (softmax), the first column is
    the likeliest class, under the name of the target. A model of a series forecasts
    every row from the previous rows.
    """
    if options.output is not None and Path(options.output).suffix:
        require_table(options.output)
    network = read(options.model)
    table = ReadTable.of(options, network.metadata.get("missing", ()))
    say(table.notes)
    if "differences" in network.metadata:
        refuse(options, ["in_order"], "a model of rows")
        write_table(_of_series(network, table), options.output)
    else:
        refuse(options, HOW, "a model of series")
        write_table(
            _of_rows(network, table, options.in_order), options.output, index=False
        )


def _of_rows(network: Network, table: ReadTable, in_order: bool) -> pd.DataFrame:
    """Return the result for a model of rows; of classes, the likeliest one comes
    first.
    """
    answers, notes = predict_rows(
        network, table.cells, sequence=table.sequence, in_order=in_order
    )
    say(notes)
    keys = [] if table.sequence is None else [find(table.cells, table.sequence)]
    if (encoding := encoding_of(network)) is not None:
        inputs = {name for name in encoding.columns if not is_named_as_key(name)}
        used = {*inputs, *network.metadata["targets"]}
        keys = [name for name in table.cells.columns if name not in used]
    names = [neuron.name or "" for neuron in network.output]
    result = table.cells[keys]
    if all(neuron.squash.name == "softmax" for neuron in network.output):
        likeliest = [names[place] for place in answers.argmax(axis=1)]
        result = result.assign(**{network.output._label: likeliest})
    return result.join(pd.DataFrame(answers, index=result.index, columns=names))


def _of_series(network: Network, table: ReadTable) -> pd.DataFrame:
    """Return the result for a model of series: each row, forecast from those before
    it.
    """
    facts = network.metadata
    several, notes = table.trained_series(facts)
    say(notes)
    frames, targets = {}, facts["targets"]
    for name, series in several.items():
        frame = series[targets]
        if not facts["known"]:
            frame = frame.reindex(series.index.append(labels_beside(series.index, 1)))
        predicted = predict_series(network, series)
        frames[name] = frame.assign(
            **{
                f"{target} predicted": predicted[:, place]
                for place, target in enumerate(targets)
            }
        )
    return joined(frames, table.sequence or facts.get("sequence"))

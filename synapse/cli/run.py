"""``synapse run``: compute the outputs of a model for the rows of a table."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..objects.network import Network
from ..tables._encoding import encoding_of
from ..tables._pandas import pd
from ..tables._row_models import predict_rows
from ..tables._series_task import predict_series, series_for
from ..tables._table import find
from .formats import read as read_model
from .helpers import joined, require_table, write_table
from .reading import (
    DATA,
    FOR_SERIES,
    MODEL,
    TABLES,
    Options,
    read,
    refuse,
    say,
    shared,
)

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

    The columns of DATA are matched to the model's inputs by name, and other columns are
    ignored. The result has a row for each row of DATA. It begins with the columns that
    the model does not use (for models that `synapse train` has not written, only the
    --sequence column), and continues with the outputs. A model with memory starts with
    a cleared context, and clears it again when the value of --sequence changes. If the
    outputs are probabilities of classes (softmax), the first column is the likeliest
    class, under the name of the target. A model of a series forecasts every row from
    the previous rows.
    """
    if options.output is not None and Path(options.output).suffix:
        require_table(options.output)
    network = read_model(options.model)
    table, _, dating = read(options, options.data, network)
    if "differences" not in network.metadata:
        refuse(options, FOR_SERIES, "a model of series")
        answers = predict_rows(
            network, table, sequence=options.sequence, in_order=options.in_order
        )
        say(answers.attrs["notes"])
        keys = table[_unused(network, table, options.sequence)]
        write_table(pd.concat([keys, answers], axis=1), options.output, index=False)
        return
    refuse(options, ["in_order"], "a model of rows")
    several, notes = series_for(network, table, options.sequence, **dating)
    say(notes)
    frames = {}
    for name, series in several.items():
        predicted = predict_series(network, series)
        truth = series[predicted.columns].reindex(predicted.index)
        frames[name] = truth.join(predicted.add_suffix(" predicted"))
    facts = network.metadata
    write_table(
        joined(frames, options.sequence or facts.get("sequence")), options.output
    )


def _unused(network: Network, table: pd.DataFrame, sequence: str | None) -> list[str]:
    """Return the columns that a result has beside the outputs."""
    encoding = encoding_of(network)
    if encoding is None:
        return [] if sequence is None else [find(table, sequence)]
    used = {*encoding.medians, *encoding.words, *network.metadata["targets"]}
    return [name for name in table.columns if name not in used]

"""``synapse update``: continue learning with new rows of a table."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from .._checks import pluralize
from .._model import Model
from ..errors import DivergenceError, FormatError
from ..tables._series_task import series_for
from ..tables._updating import update_rows, update_series
from . import INTERRUPTED, formats
from .formats import loaded
from .helpers import names, numbers_table
from .reading import (
    FOR_SERIES,
    MODEL,
    TABLES,
    TRAINER,
    Options,
    further,
    read,
    refuse,
    say,
    shared,
)

UPDATE: Options = {
    **MODEL,
    "data": {
        "metavar": "DATA",
        "help": "the new rows, a CSV, Parquet or Excel file; - is standard input",
    },
    "--target": {
        "metavar": "COLUMN,...",
        "type": names,
        "help": "columns to predict, if the model does not name them",
    },
    **shared("--sequence"),
    "--epochs": {
        "metavar": "N",
        "type": int,
        "help": "epochs of the new rows (default: in proportion to their fraction)",
    },
    "--rate": {
        "metavar": "R",
        "type": float,
        "help": "learning rate (default: that of the model)",
    },
    **TRAINER,
    **shared("--seed"),
    **TABLES,
    **shared("-q --quiet"),
    "-o --output": {
        "metavar": "FILE",
        "help": "the file to write (default: MODEL)",
    },
}


def update(options: argparse.Namespace) -> int:
    """Continue learning with new rows of a table.

    MODEL is a model of `synapse train`, or of an estimator. Training continues from its
    weights, the state of its optimizer and its scales, which the new rows update. The
    columns are matched by name, and other columns are ignored.

    DATA may contain rows of a series that the model has learned. Rows up to its last
    date are read, but not learned again. Messages report these, and missing rows. New
    classes raise an error.

    The report compares the errors before and after the update, on the new rows and, if
    the file has them, on the rows of the test. For a series, it shows one-step forecast
    errors. By default, the number of epochs is that of the training before, times the
    fraction of new rows among all rows. To choose another number, use --epochs.
    """
    output = options.output or options.model
    formats.require_kept(output)
    model = loaded(options.model)
    if not isinstance(model, Model):
        command = model.metadata.get("command") if hasattr(model, "metadata") else None
        advice = command or "synapse train DATA.csv --target COLUMN -o MODEL"
        raise FormatError(
            f"{options.model!r} cannot be updated, because it has neither scales nor"
            f" a trainer. Train it again: `{advice}`."
        )
    facts = model.metadata
    table, _, dating = read(options, options.data, model)
    if options.rate is not None:
        model.trainer.rate = options.rate
    for name, value in further(options).items():
        setattr(model.trainer, name, value)
    settings = {
        "epochs": options.epochs,
        "seed": options.seed,
        "progress": sys.stderr.isatty() and not options.quiet,
    }
    try:
        if "differences" in facts:
            refuse(options, ["target"], "a model of rows")
            several, notes = series_for(model, table, options.sequence, **dating)
            say(notes)
            updated = update_series(model, several, **settings)
        else:
            refuse(options, FOR_SERIES, "a model of series")
            updated = update_rows(
                model, table, options.target, sequence=options.sequence, **settings
            )
    except DivergenceError:
        raise DivergenceError(
            "The error is no longer finite, and nothing was saved. Use a lower"
            f" --rate than {model.trainer.rate}."
        ) from None
    at = datetime.now(UTC).isoformat(timespec="seconds")
    facts["updates"] = [*facts.get("updates", []), [at, options.command_line]]
    model.network.clear()
    formats.write(model, output)
    say(updated.notes)
    epochs = pluralize(updated.result.epochs, "epoch")
    if not options.quiet:
        print(f"{model.network!r}: {epochs} on {pluralize(updated.rows, 'new row')}.")
        print(numbers_table(updated.table), flush=True)
    if updated.result.stop_reason != "interrupted":
        return 0
    say([f"Interrupted after {epochs}. {output!r} contains the model updated so far."])
    return INTERRUPTED

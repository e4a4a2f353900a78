"""``synapse compare``: compare methods of forecasting on a table."""

from __future__ import annotations

import argparse

from .._checks import pluralize
from .._defaults import BUILDS, SERIES
from ..forecasting._statistical import METHODS, not_installed
from ..tables import compare_series
from ..tables._series import read_several
from ..tables._table import columns, written
from . import helpers
from .helpers import names, numbers_table
from .pictures import check_picture, draw_comparison
from .reading import (
    DATA,
    MANY_ROWS,
    OPTIMIZER,
    TABLES,
    TRAINER,
    Options,
    read,
    say,
    shared,
    training_options,
)

NO_NETWORK = "none"
"""The value of --build to compare only statistical methods."""
MAX_PRINTED = 24
"""Maximum number of rows of errors by origin that are printed."""


COMPARE: Options = {
    **DATA,
    "--target": {
        "metavar": "COLUMN,...",
        "type": names,
        "required": True,
        "help": "columns to forecast",
    },
    **shared("--known", "--observed", "--ignore", "--sequence"),
    "--build": {
        "metavar": "NAME,...",
        "type": names,
        "default": [SERIES.build],
        "help": f"networks: {', '.join(BUILDS)}, or {NO_NETWORK} (default:"
        f" {SERIES.build.lower()})",
    },
    **shared("--methods"),
    "--steps": {
        "metavar": "N",
        "type": int,
        "help": "steps ahead (default: a season, from 6 to 12; fewer in a short"
        " series)",
    },
    "--origins": {
        "metavar": "N",
        "type": int,
        "help": "approximate number of origins (default: 60)",
    },
    **shared("--validation", "--hidden", "--epochs", "--rate", "--seed"),
    **OPTIMIZER,
    **TRAINER,
    "-q --quiet": {"action": "store_true", "help": "no progress bar"},
    "-o --output": {
        "metavar": "FILE",
        "help": "the table to write: errors by origin",
    },
    **shared("--plot"),
    **TABLES,
}


def compare(options: argparse.Namespace) -> None:
    """Compare methods of forecasting on a table, by rolling origins.

    The end of the series is held out. Each method, networks among them, is fitted to
    the rows before, and forecasts --steps ahead from many of the held-out rows
    (origins), each time from all rows up to there.

    The report ranks the methods by the mean absolute error in units of the mean
    absolute difference of rows a season apart, or of adjacent rows without a season
    (MASE). It also contains MAE and RMSE in the units of the target, and the share of
    origins from which a method is the best one. If the errors by origin are few, they
    follow. To write all of them, use -o, and to draw them, use --plot.
    """
    if options.output is not None:
        helpers.require_table(options.output)
    check_picture(options.plot)
    table, _, dating = read(options, options.data)
    table = table.drop(columns=columns(table, options.ignore))
    names_used = dict.fromkeys([*options.target, *options.known, *options.observed])
    several = read_several(table, [*names_used], options.sequence or "", **dating)
    notes = next(iter(several.values())).attrs["notes"]
    methods = options.methods or METHODS
    # Before networks are trained, which may take long.
    rows = sum(map(len, several.values()))
    sizes = [f"{pluralize(rows, 'row')}."] if rows > MANY_ROWS else []
    say([*sizes, *notes, *not_installed(methods)])
    learning = training_options(
        options, "hidden", "epochs", "rate", "seed", "validation"
    )
    comparison = compare_series(
        several,
        options.target,
        learning,
        build=[] if options.build == [NO_NETWORK] else options.build,
        methods=methods,
        known=options.known,
        steps=options.steps,
        origins=options.origins,
    )
    say(comparison.notes)
    summary = comparison.summary
    shares = summary.pop("best").map("{:.0%}".format)
    errors = summary.columns.drop("MASE")
    text = summary.map("{:.4g}".format).assign(
        **{name: summary[name].map(written) for name in errors},
        **{"best origins": shares},
    )
    text = text.reset_index()
    by_origin = comparison.by_origin
    if "series" in by_origin.index.names:
        by_origin = by_origin.rename_axis(index={"series": options.sequence})
    # files first: a closed pipe ends the command when it prints
    if options.output is not None:
        helpers.write_table(by_origin, options.output, "%.6g")
    if options.plot is not None:
        draw_comparison(comparison, options.plot)
    print(numbers_table([text.columns, *text.itertuples(index=False)]), flush=True)
    if len(by_origin) <= MAX_PRINTED:
        rows = by_origin.map(written).reset_index().astype(str)
        print("Mean absolute error by origin:")
        print(numbers_table([rows.columns, *rows.itertuples(index=False)]))
    elif options.output is None:
        print(
            "-o errors.csv writes the errors from"
            f" {pluralize(len(by_origin), 'origin')}."
        )
    print("\n".join(comparison.verdicts), flush=True)

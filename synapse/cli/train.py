"""``synapse train``: train a model to predict columns of a table."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

import numpy as np

from .. import __version__
from .._checks import pluralize
from .._defaults import BUILDS
from ..errors import FormatError
from ..forecasting._statistical import METHODS, not_installed
from ..tables import Trained, TrainingOptions, train_rows, train_series
from ..tables._dates import like_time
from ..tables._encoding import MAX_WORDS
from ..tables._pandas import pd
from ..tables._series import step_name
from ..tables._table import (
    bare,
    columns,
    is_numeric,
    mostly_numbers,
    place,
    require_one_use,
)
from ..tables._table_training import remove_checkpoints
from ..tables._time_words import DATE_NAMES
from . import INTERRUPTED, formats
from .helpers import (
    UsageError,
    aligned,
    build,
    listed,
    names,
    printable,
    require_folder,
)
from .reading import (
    DATA,
    MANY_ROWS,
    OPTIMIZER,
    TABLES,
    TRAINER,
    Options,
    ReadTable,
    about_series,
    refuse,
    say,
    shared,
    training_options,
)

MIDNIGHT = " 00:00:00"


TRAIN: Options = {
    **DATA,
    "--target": {
        "metavar": "COLUMN,...",
        "type": names,
        "required": True,
        "help": "columns to predict",
    },
    "--inputs": {
        "metavar": "COLUMN,...",
        "type": names,
        "help": "columns to predict from (default: all others)",
    },
    **shared("--known", "--observed", "--ignore", "--sequence"),
    "--classes": {
        "action": "store_true",
        "help": "treat the numbers of the target as classes",
    },
    "--ahead": {
        "metavar": "K",
        "type": int,
        "help": "predict the target K rows below, from all columns",
    },
    "--build": {
        "metavar": "NAME",
        "type": build,
        "help": f"{', '.join(BUILDS)} (default: perceptron; gru for a series)",
    },
    "--steps": {
        "metavar": "N",
        "type": int,
        "help": "steps ahead in the test of a series (default: a season, from 6 to 12;"
        " fewer in a short series)",
    },
    **shared("--methods"),
    **TABLES,
    **shared("--hidden", "--epochs"),
    "--patience": {
        "metavar": "N",
        "type": int,
        "help": "stop after N epochs without a lower loss (default without --epochs:"
        " 60)",
    },
    "--min-delta": {
        "metavar": "D",
        "type": float,
        "default": 0.0,
        "help": "decrease of the loss that counts for --patience (default: any)",
    },
    **shared("--rate", "--validation"),
    **OPTIMIZER,
    **TRAINER,
    **shared("--seed"),
    "--checkpoint": {
        "metavar": "FILE",
        "help": "save the training to FILE while it runs; continue from FILE",
    },
    **shared("-q --quiet"),
    "-o --output": {
        "metavar": "MODEL",
        "required": True,
        "help": f"the model to write: {', '.join(formats.KEEPING)}",
    },
}


def train(options: argparse.Namespace) -> int:
    """Learn to predict columns of a table: read, choose, fit, test, save.

    DATA has the names of the columns in the first row; units may follow, as in
    "Sales (kEUR)".

    A table with a column of dates is a series, whose rows must be evenly spaced in
    time. A GRU learns to forecast the targets from their own past and that of the
    --observed columns; columns that are --known in advance, such as holidays, are
    inputs for their own row. The end of the series is held out, for a comparison with
    statistical methods that chooses what will forecast. Then the network is trained on
    all rows. With --sequence Shop, the rows of each shop are a series, and one network
    learns all of them.

    Otherwise rows are samples for a perceptron, which is the default, and for the other
    models steps in time: one stream or, with --sequence, many sequences. With --ahead
    K, the target of a row is the value K rows below it. Words become inputs of 0 and 1,
    missing numbers the median of their column; identifiers are left out. For a target
    of words, the model outputs a probability for each class. A table with dates is used
    in this way with --inputs, --classes or --ahead 0.

    Ctrl-C ends the training; the model trained so far is saved, once an epoch is
    complete. With --checkpoint FILE, the same command continues an interrupted
    training, with the same result as without the interruption. The file is removed once
    the model is saved. Each part of the report is printed as soon as it is computed.
    """
    formats.require_kept(options.output)
    if options.checkpoint is not None:
        require_folder(options.checkpoint)
    table = ReadTable.of(options)
    report = Report(options.quiet)
    learning = training_options(
        options,
        "build",
        "hidden",
        "epochs",
        "patience",
        "min_delta",
        "rate",
        "seed",
        "validation",
        "checkpoint",
        on_begin=report.begin,
        on_test=report.add_test,
    )
    try:
        trained = _trained(options, table, learning, report)
    except KeyboardInterrupt as error:
        error.add_note(f"No epoch was complete, so {options.output!r} is not written.")
        raise
    trained.model.metadata.update(
        {
            "trained": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": __version__,
            "command": options.command_line,
        }
    )
    if missing := [*(options.missing or []), *table.cells.attrs["markers"]]:
        trained.model.metadata["missing"] = missing
    trained.model.network.clear()
    formats.write(trained.model, options.output)
    is_whole = trained.result.stop_reason != "interrupted"
    if is_whole and options.checkpoint is not None:
        remove_checkpoints(options.checkpoint)
    report.end(trained)
    if is_whole:
        return 0
    epochs = pluralize(trained.result.epochs, "epoch")
    note = (
        f"Interrupted after {epochs}; {options.output!r} is the model trained so far."
    )
    if options.checkpoint is not None:
        note += f" The same command continues from {options.checkpoint!r}."
    say([note])
    return INTERRUPTED


def _trained(
    options: argparse.Namespace,
    table: ReadTable,
    learning: TrainingOptions,
    report: Report,
) -> Trained:
    """Return the trained model with what its file carries; `report` gets sentences on
    how the table was read.
    """
    cells = table.cells
    asked = [*options.known, *options.observed]
    targets = columns(cells, options.target)
    ignored = columns(cells, table.ignore)
    key = columns(cells, [table.sequence] if table.sequence else [])
    require_one_use(
        [*targets, *columns(cells, asked), *ignored, *key], error=UsageError
    )
    dated = table.date([*targets, *asked])
    as_rows = options.classes or options.ahead is not None or options.inputs
    of_numbers = mostly_numbers(cells[targets[0]])
    if dated and dated.guessed and (as_rows or not of_numbers):
        dated = None
    # Whether the targets have nothing but their past.
    alone = len(cells.columns) == len({*targets, *ignored, *key})
    if dated and not as_rows:
        _require_numbers(cells, targets)
    if not dated and not as_rows:
        _require_dates(cells, [*targets, *ignored, *key])
    if as_rows or not (dated or asked or alone) or not of_numbers:
        if asked or table.series_options["fill"] or options.methods:
            why = "are for a series of numbers, without --inputs, --classes and --ahead"
            raise UsageError(f"--known, --observed, --fill and --methods {why}.")
        refuse(options, ("steps", "zone"), "a series")
        used = [*targets, *columns(cells, options.inputs or [])]
        first_date = dated.columns[0] if dated else None
        numbered = first_date and key and is_numeric(cells[first_date])
        dates = (
            [first_date] if first_date and not (numbered or first_date in used) else []
        )
        row_options: dict[str, Any] = {
            "sequence": table.sequence,
            "ahead": options.ahead or 0,
        }
        row_options |= {"classes": options.classes, "ignore": [*ignored, *dates]}
        report.notes = [f"{pluralize(len(cells), 'row')}.", *table.notes]
        if not options.classes:
            report.notes += _about_classes(cells, targets)
        if not (as_rows or key):
            others = [
                name for name in cells.columns if name not in [*ignored, *targets]
            ]
            report.notes += _about_time(cells, others)
        return train_rows(cells, targets, options.inputs, learning, **row_options)
    several = table.series([*targets, *asked])
    known_columns = columns(cells, options.known)
    first_series = next(iter(several.values()))
    methods = options.methods or METHODS
    date = first_series.index.name if step_name(first_series) else None
    begin, end = (
        pick(series.index[at] for series in several.values())
        for pick, at in ((min, 0), (max, -1))
    )
    step = f" ({date}), step: {step_name(first_series)}" if date else ""
    rows = pluralize(sum(map(len, several.values())), "row")
    of = f"{len(several)} series ({key[0]}), " if key else ""
    of_dates = dated.columns if dated else []
    unused = [
        name
        for name in cells.columns
        if name not in (*first_series, *ignored, *of_dates, *key)
    ]
    notes = [
        f"{of}{rows}, {str(begin).removesuffix(MIDNIGHT)} to"
        f" {str(end).removesuffix(MIDNIGHT)}{step}."
    ]
    if unused:
        notes.append(
            f"Not used: {listed(unused)}. Name columns --known in advance, or"
            " --observed."
        )
    if dated and dated.note:
        notes.append(dated.note)
    notes += about_series(several)
    notes += [*table.notes, *_about_classes(cells, targets)]
    report.add(notes, sum(map(len, several.values())))
    say(not_installed(methods))  # before the training, which may take long
    trained = train_series(
        several,
        targets,
        learning,
        known=known_columns,
        steps=options.steps,
        methods=methods,
    )
    trained.model.metadata.update(
        {
            "date": date,
            "dates": table.series_options["dates"],
            "fill": table.series_options["fill"],
            "zone": table.series_options["zone"],
            "sequence": key[0] if key else None,
            "step": step_name(first_series),
        }
    )
    return trained


def _about_classes(cells: pd.DataFrame, targets: list[str]) -> list[str]:
    """Return a sentence on a target of 0 and 1, which is trained as a number."""
    if len(targets) != 1 or not is_numeric(cells[targets[0]]):
        return []
    if {*cells[targets[0]].dropna().unique()} != {0, 1}:
        return []
    return [
        f"{targets[0]!r} is 0 or 1 in every row, and is predicted as a number. If these"
        " are classes, pass --classes: then each has a probability."
    ]


def _about_time(cells: pd.DataFrame, names: list[str]) -> list[str]:
    """Return a sentence on an input that increases from row to row as time does, while
    rows are samples.
    """
    for name in names:
        if like_time(cells, name):
            others = (
                ", and name the other columns --known in advance or --observed"
                if len(names) > 1
                else ""
            )
            return [
                f"{name!r} increases in equal steps, as time does, but rows are samples"
                " here, and those of the test are drawn at random. To forecast, leave"
                f" it out: --ignore {name!r}{others}."
            ]
    return []


def _require_numbers(cells: pd.DataFrame, targets: list[str]) -> None:
    """Raise FormatError for a target beside dates that has more different words than
    classes have.
    """
    for name in targets:
        different = cells[name].dropna().astype(str).unique()
        if not mostly_numbers(cells[name]) and len(different) > MAX_WORDS:
            row = int(np.flatnonzero(cells[name].notna())[0])
            raise FormatError(
                f"The column {name!r} must have numbers, or classes of up to"
                f" {MAX_WORDS} words, got {different[0]!r} in {place(cells, row)} and"
                f" {len(different) - 1} others. Pass its decimal mark, such as"
                " --decimal comma, or pass --classes."
            )


def _require_dates(cells: pd.DataFrame, taken: list[str]) -> None:
    """Raise FormatError for a column that is called like one of dates and has other
    text in most rows.
    """
    for name in cells.columns:
        if (
            name in taken
            or bare(name).lower() not in DATE_NAMES
            or mostly_numbers(cells[name])
        ):
            continue
        rows_with_text = np.flatnonzero(cells[name].notna())
        if cells[name].nunique() > min(MAX_WORDS, len(rows_with_text) / 2):
            row = int(rows_with_text[0])
            raise FormatError(
                f"The column {name!r} must have dates, got"
                f" {cells[name].iloc[row]!r} in {place(cells, row)}. Pass their form,"
                " such as --dates %d.%m.%y, or leave the column out: --ignore"
                f" {name!r}."
            )


class Report:
    """The report, of which each part is printed as soon as it is known: a training that
    a time limit ends leaves what was measured until then.

    `notes` are sentences on how the table was read.
    """

    def __init__(self, quiet: bool) -> None:
        self.notes = list[str]()
        self._quiet = quiet
        self._begun = False
        self._tested = False
        self._failure: OSError | None = None

    def add(self, notes: list[str], rows: int) -> None:
        """Add sentences; of many rows of series, they are printed now."""
        self.notes += notes
        if rows > MANY_ROWS:
            self.begin()

    def begin(self) -> None:
        """Print how the table was read."""
        if not self._begun:
            self._begun = True
            self._print(self.notes)

    def add_test(self, trained: Trained) -> None:
        """Print the test, and which model forecasts."""
        self._tested = True
        self._print(_of_test(trained))

    def end(self, trained: Trained) -> None:
        """Print the rest; raises the OSError of printing, now that the model has been
        saved.
        """
        self.begin()
        if not self._tested:
            self.add_test(trained)
        if refit := trained.facts.get("refit"):
            self._print([refit])
        if self._failure is not None:
            raise self._failure

    def _print(self, lines: list[str]) -> None:
        if self._quiet or self._failure is not None:
            return
        try:
            for line in lines:
                print(line, flush=True)
        except OSError as error:  # a closed pipe does not end the training
            self._failure = error


def _of_test(trained: Trained) -> list[str]:
    """Return the lines of the report on a training and its test, and which model
    forecasts.
    """
    facts = trained.facts
    result = trained.result
    why = {
        "epochs": "reached the epoch limit",
        "patience": "the loss stopped falling",
    }.get(result.stop_reason, result.stop_reason)
    lines = [
        *trained.notes,
        f"{trained.model.network!r}: {pluralize(result.epochs, 'epoch')}, {why}.",
    ]
    if trained.table:
        held_out = pluralize(facts["held_out_rows"], "held-out row")
        rows = (
            f"Test on {held_out}" if facts["held_out_rows"] else "On the training rows"
        )
        if commonest := facts.get("commonest"):
            rows += f", {commonest[1]:.1%} of them {commonest[0]!r}"
        lines.append(f"{rows}:")
        cells = [[printable(cell) for cell in row] for row in trained.table]
        lines.append(aligned(cells, "<" + ">" * (len(cells[0]) - 1)))
    return [*lines, *(facts[name] for name in ("verdict", "reason") if facts.get(name))]

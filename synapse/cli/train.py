"""``synapse train``: train a model to predict columns of a table."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from .. import __version__
from .._checks import pluralize
from .._defaults import BUILDS
from ..forecasting._statistical import METHODS, not_installed
from ..tables import Trained, TrainingOptions, train_rows, train_series
from ..tables._pandas import pd
from ..tables._reading import find_dates
from ..tables._series import read_several, step_name
from ..tables._table import (
    MAX_WORDS,
    columns,
    is_numeric,
    mostly_numbers,
    require_one_use,
)
from ..tables._table_training import remove_checkpoints
from . import INTERRUPTED, formats
from .helpers import (
    UsageError,
    build,
    listed,
    names,
    numbers_table,
    require_folder,
)
from .reading import (
    DATA,
    FOR_SERIES,
    MANY_ROWS,
    OPTIMIZER,
    TABLES,
    TRAINER,
    Options,
    read,
    refuse,
    say,
    shared,
    training_options,
)

MIN_SHOWN_SECONDS = 10.0
"""Time from which on a method's is reported."""
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

    A table with a column of dates is a series, whose rows must be evenly spaced in
    time. A GRU learns to forecast the targets from their own past and that of the
    --observed columns. Columns that are --known in advance, such as holidays, are
    inputs for their own row. The end of the series is held out to compare the network
    with statistical methods, and to choose what will forecast. Then the network is
    trained on all rows. With --sequence Shop, the rows of each shop are a series, and
    one network learns all of them.

    Otherwise rows are samples for a perceptron, which is the default, and for the other
    models steps in time: one stream or, with --sequence, many sequences. With --ahead
    K, the target of a row is the value K rows below it. Words become inputs of 0 and 1,
    missing numbers the median of their column. For a target of words, the model outputs
    a probability for each class. A table with dates is used in this way with --inputs,
    --classes or --ahead 0.

    Ctrl-C ends the training, and saves the model trained so far if an epoch is
    complete. With --checkpoint FILE, the same command continues an interrupted
    training, with the same result as without the interruption. The file is removed once
    the model is saved. Each part of the report is printed as soon as it is computed.
    """
    formats.require_kept(options.output)
    if options.checkpoint is not None:
        require_folder(options.checkpoint)
    table, reading, dating = read(options, options.data)
    table = table.drop(columns=columns(table, options.ignore))
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
        trained = _trained(options, table, dating, learning, report)
    except KeyboardInterrupt as error:
        error.add_note(
            f"{options.output!r} was not written, because no epoch was completed."
        )
        raise
    trained.model.metadata.update(
        {
            "trained": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": __version__,
            "command": options.command_line,
            "reading": reading,
        }
    )
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
        f"Interrupted after {epochs}. {options.output!r} contains the model trained"
        " so far."
    )
    if options.checkpoint is not None:
        note += f" The same command continues from {options.checkpoint!r}."
    say([note])
    return INTERRUPTED


def _trained(
    options: argparse.Namespace,
    table: pd.DataFrame,
    dating: dict[str, Any],
    learning: TrainingOptions,
    report: Report,
) -> Trained:
    """Return the trained model. `report` receives sentences on how the table is
    used.
    """
    key = [options.sequence] if options.sequence else []
    asked = [*options.known, *options.observed]
    used = columns(table, [*options.target, *asked, *key])
    require_one_use(used, error=UsageError)
    others = table.drop(columns=used)
    as_rows = options.classes or options.ahead is not None or options.inputs
    dated = None
    if not as_rows:
        date = dating.get("date")
        require_one_use(used, date or [], UsageError)
        dated = find_dates(table if date else others, date, dating.get("date_format"))
    target = table[options.target[0]]
    # Words of more classes than these are numbers in another form, and refused.
    is_number = mostly_numbers(target) or bool(dated and target.nunique() > MAX_WORDS)
    if not as_rows and is_numeric(target) and {*target.dropna()} == {0, 1}:
        report.notes = [
            f"{target.name!r} is 0 or 1 in every row, and is predicted as a number."
            " If these are classes, pass --classes to predict their probabilities."
        ]
    if not as_rows and is_number and (dated or asked or others.empty):
        return _of_series(options, table, dating, learning, report)
    if asked or options.methods or options.steps:
        raise UsageError(
            "--known, --observed, --methods and --steps are for a series of numbers."
            " Name its dates by --date. Remove --inputs, --classes and --ahead."
        )
    refuse(options, FOR_SERIES, "a series")
    why = "" if dated or as_rows else " without dates (--date names their column)"
    report.notes.insert(0, f"{pluralize(len(table), 'row')}{why}.")
    return train_rows(
        table,
        options.target,
        options.inputs,
        learning,
        ignore=dated[0] if dated else [],
        sequence=options.sequence,
        ahead=options.ahead or 0,
        classes=options.classes,
    )


def _of_series(
    options: argparse.Namespace,
    table: pd.DataFrame,
    dating: dict[str, Any],
    learning: TrainingOptions,
    report: Report,
) -> Trained:
    """Return the model of one series or several."""
    asked = [*options.target, *options.known, *options.observed]
    key = options.sequence
    several = read_several(table, asked, key or "", **dating)
    some, *_ = several.values()
    count = sum(map(len, several.values()))
    date = some.index.name
    step = step_name(some)
    begin, end = (
        str(pick(series.index[at] for series in several.values()))
        for pick, at in ((min, 0), (max, -1))
    )
    of = f"{len(several)} series ({key}), " if key else ""
    notes = [
        f"{of}{pluralize(count, 'row')}, {begin.removesuffix(MIDNIGHT)} to"
        f" {end.removesuffix(MIDNIGHT)}"
        + (f" ({date}), step: {step}." if step else ".")
    ]
    of_date = [] if date is None else dating.get("date", [date])
    unused = [name for name in table if name not in (*asked, *of_date, key)]
    if unused:
        notes.append(
            f"Not used: {listed(unused)}. To use such columns, name them by --known"
            " if they are known in advance, and otherwise by --observed."
        )
    report.notes = [*notes, *some.attrs["notes"], *report.notes]
    if count > MANY_ROWS:
        report.begin()
    methods = options.methods or METHODS
    say(not_installed(methods))  # before the training, which may take long
    trained = train_series(
        several,
        options.target,
        learning,
        known=options.known,
        steps=options.steps,
        methods=methods,
    )
    trained.model.metadata["sequence"] = key
    return trained


class Report:
    """The report, of which each part is printed as soon as it is known. This leaves the
    measured parts if a time limit ends the training.

    `notes` are sentences on how the table was read, until they are printed.
    """

    def __init__(self, quiet: bool) -> None:
        self.notes = list[str]()
        self._quiet = quiet
        self._tested = False
        self._failure: OSError | None = None

    def begin(self) -> None:
        """Print how the table was read."""
        self._print(self.notes)
        self.notes = []

    def add_test(self, trained: Trained) -> None:
        """Print the test, and which model forecasts."""
        self._tested = True
        self._print(_of_test(trained))

    def end(self, trained: Trained) -> None:
        """Print the rest. Raises the OSError of printing only now, because the model
        has been saved.
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
        lines.append(numbers_table(trained.table))
    return [
        *lines,
        *(facts[name] for name in ("verdict", "reason") if facts.get(name)),
        *_times(trained.seconds),
    ]


def _times(seconds: dict[str, float]) -> list[str]:
    """Return a line on how long the methods of a test took, and how to shorten it."""
    slow = {name: each for name, each in seconds.items() if each >= MIN_SHOWN_SECONDS}
    if not slow:
        return []
    ranked = sorted(slow, key=slow.__getitem__, reverse=True)
    said = ", ".join(f"{name} {slow[name]:.2g} s" for name in ranked)
    others = [name for name in seconds if name in METHODS and name not in slow]
    shorter = f" --methods {','.join(others)} leaves these out." if others else ""
    return [f"Time of the test: {said}.{shorter}"]

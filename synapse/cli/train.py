"""``synapse train``: train a model to predict columns of a table."""

from __future__ import annotations

import argparse
import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import Trainer, __version__
from .._checks import counted
from ..errors import ArgumentError, FormatError, TopologyError
from ..objects.state import take_over
from ..tables import Sheet, Trained, series_task, train_rows, train_series
from ..tables.problems import require_one_use
from ..tables.scaled_model import MODELS, Part, ScaledModel
from ..tables.series import Series, find_dates
from ..tables.sheet import without_unit
from . import INTERRUPTED, formats
from .reading import add_learning, add_reading, learning_of, say, series_of, sheet_of
from .words import UsageError, aligned, listed, names, natural, printable, require_folder, share, whole

FREE = ("data", "epochs", "output", "quiet", "checkpoint", "resume", "patience", "command_line", "debug")
"""Options that may differ when a training goes on. The numbers of the data are compared, not their name."""
OPTIONS = "training"
"""Key of the metadata of a checkpoint's network: the options of the command."""


def add_train(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the subcommand."""
    add = parser.add_argument
    add("data", metavar="DATA", help="the table, a CSV file; - is standard input")
    add("--target", metavar="COLUMN,...", type=names, required=True, help="columns to predict")
    add("--inputs", metavar="COLUMN,...", type=names, help="columns to predict from (default: all others)")
    add("--known", metavar="COLUMN,...", type=names, default=[], help="columns known in advance (series)")
    add("--observed", metavar="COLUMN,...", type=names, default=[], help="columns known when they occur")
    add("--ignore", metavar="COLUMN,...", type=names, default=[], help="columns to leave out")
    add("--sequence", metavar="COLUMN", help="column that identifies the sequence each row belongs to")
    add("--classes", action="store_true", help="treat the numbers of the target as classes")
    add("--ahead", metavar="K", type=natural, help="predict the target K rows below, from all columns")
    add("--model", choices=MODELS, help="default: perceptron; gru for a series")
    add("--steps", metavar="N", type=whole, help="steps ahead in the test of a series (default: a season)")
    add("--validation", metavar="SHARE", type=share, help="share to hold out for the test (default: 0.2)")
    add_reading(parser)
    add_learning(parser)
    add("--checkpoint", metavar="FILE", help="save the training in this file while it runs")
    add("--resume", action="store_true", help="go on with the training in the checkpoint, if there is one")
    add("-q", "--quiet", action="store_true", help="no progress bar, no report")
    add("-o", "--output", metavar="MODEL", required=True, help=f"the model to write: {formats.KEEPING}")


def train(options: argparse.Namespace) -> int:
    """Learn to predict columns of a table: read, choose, fit, test, save.

    DATA is CSV with the names of the columns in the first row; units may follow, as in "Sales (kEUR)". All
    problems of the file are listed at once.

    A table with a column of dates is a series, whose rows must be evenly spaced in time. A GRU learns to
    forecast the targets from their own past and that of the --observed columns; columns that are --known in
    advance, such as holidays, explain their own row. The end of the series is held out: there the network is
    compared with statistical methods, and the best will forecast. Then the network is trained on all rows.

    Otherwise rows are samples for a perceptron, which is the default, and for the other models steps in
    time: one stream or, with --sequence, many sequences. With --ahead K, the target of a row is the value
    K rows below it. Words become inputs of 0 and 1, missing numbers the median of their column;
    identifiers are left out. A target of words is predicted by one probability for each class. To use a
    table with dates in this way, say --ahead 0, or --ignore the dates.

    Ctrl-C ends the training; the model trained so far is saved. With --checkpoint, the same command with
    --resume goes on after the last epoch in that file and gives the same model.
    """
    formats.require_kept(options.output)
    _check_checkpoint(options)
    sheet = sheet_of(options.data, options)
    _check_uses(sheet, options)
    dated = find_dates(sheet, options.date, options.dates, [*options.ignore, *options.target])
    series = _is_series(sheet, dated is not None, options)
    options.optimizer = options.optimizer or ("adam" if series else "sgd")
    show = sys.stderr.isatty() and not options.quiet
    learning = learning_of(
        options,
        series,
        validation=options.validation,
        trainer_of=lambda model, parts: _trainer_of(model, options, parts),
        options={"progress": show, "checkpoint": options.checkpoint, "resume": options.resume},
    )
    if series:
        read = series_of(sheet, [*options.target, *options.observed, *options.known], options)
        columns = sheet.found(options.target), sheet.found(options.known)
        task = series_task(read, *columns, steps=options.steps, validation=options.validation)
        trained, notes = train_series(task, learning), _of_series(read, sheet, options)
    else:
        used = sheet.found([*options.target, *(options.inputs or [])])
        numbered = dated and options.sequence and sheet.has_numbers(dated[0])
        left = [dated[0]] if dated and not numbered and dated[0] not in used else []
        given = {"ignore": [*options.ignore, *left], "sequence": options.sequence}
        given |= {"ahead": options.ahead or 0, "classes": options.classes}
        trained = train_rows(sheet, options.target, options.inputs, learning, **given)
        read, notes = None, [f"{counted(len(sheet.rows), 'row')}.", *sheet.notes]
    trained.network.metadata = _facts(trained, read, options)
    trained.network.clear()
    formats.write(trained.network, options.output)
    if not options.quiet:
        print(_report(trained, [*notes, *trained.notes]))
    if trained.result.stopped != "interrupted":
        return 0
    epochs = counted(trained.result.epochs, "epoch")
    say([f"Interrupted after {epochs}; {options.output!r} is the model trained so far."])
    return INTERRUPTED


def _check_uses(sheet: Sheet, options: argparse.Namespace) -> None:
    """Raise if a column has two uses, or an option does not go with the others."""
    uses = [*options.target, *options.known, *options.observed, *options.ignore]
    uses += [name for name in (options.sequence, options.date) if name is not None]
    found = sheet.found(uses)
    require_one_use(found, error=UsageError)
    taken = set(found) - (set(sheet.found(options.target)) if options.ahead else set())
    require_one_use(sheet.found(options.inputs or []), taken, UsageError)
    if options.classes and len(options.target) > 1:
        raise UsageError(f"Expected one --target for classes, got {listed(options.target)}.")
    if options.sequence and options.fill:
        raise UsageError("--fill is for a series; with --sequence, missing numbers become medians.")


def _is_series(sheet: Sheet, dated: bool, options: argparse.Namespace) -> bool:
    """Whether to forecast a number in a series: the table has dates, or columns are known or observed."""
    asked = bool(options.known or options.observed)
    rows = options.sequence is not None or options.classes or options.ahead is not None
    if dated and options.inputs and not rows and options.date not in options.ignore:
        raise UsageError(
            "In a series, say which columns are --known in advance and which are only --observed. "
            "To predict a column from others of the same row, say --ahead 0."
        )
    if rows or not sheet.has_numbers(options.target[0]):
        if asked:
            raise UsageError(
                "--known and --observed are for a series, without --sequence, --classes and --ahead."
            )
        return False
    return dated or asked


def _of_series(series: Series, sheet: Sheet, options: argparse.Namespace) -> list[str]:
    """Sentences on how a series was read."""
    first, last = (series.written(series.times()[place]) for place in (0, -1))
    step = "" if series.step is None else f" ({series.date}), step: {series.step.name}"
    used = [*series.columns, *sheet.found(options.ignore), series.date]
    unused = [name for name in sheet.names if name not in used]
    notes = [f"{counted(len(series.values), 'row')}, {first} to {last}{step}.", *series.notes]
    if unused:
        notes.append(f"Not used: {listed(unused)}. Name columns --known in advance, or --observed.")
    return notes


def _facts(trained: Trained, series: Series | None, options: argparse.Namespace) -> dict[str, Any]:
    """What the model's file carries: what was measured, how it was read and made."""
    facts = dict(trained.facts)
    columns = [neuron.name for neuron in trained.network.input] + facts["targets"]
    facts["units"] = {name: found for name in columns if name and (found := without_unit(name)[1])}
    if series is not None:
        facts |= {"date": series.date, "zone": series.zone, "fill": options.fill, "season": series.season}
        if series.step is not None:
            facts |= {"step": series.step.name, "first_date": series.dates[0].isoformat()}
            facts |= {"last_date": series.dates[-1].isoformat()}
    trained_at = datetime.now(UTC).isoformat(timespec="seconds")
    return {**facts, "trained": trained_at, "version": __version__, "command": options.command_line}


def _report(trained: Trained, notes: list[str]) -> str:
    """The report: how the table was read, the test, and which model forecasts."""
    facts, result = trained.facts, trained.result
    why = {"epochs": "reached the epoch limit", "patience": "the error stopped falling"}.get(
        result.stopped, result.stopped
    )
    lines = [*notes, f"{trained.network!r}: {counted(result.epochs, 'epoch')}, {why}."]
    if trained.table:
        held_out = counted(facts["held_out_rows"], "held-out row")
        lines.append(f"Test on {held_out}:" if facts["held_out_rows"] else "On the training rows:")
        cells = [[printable(cell) for cell in row] for row in trained.table]
        lines.append(aligned(cells, "<" + ">" * (len(cells[0]) - 1)))
    return "\n".join([*lines, *(facts[name] for name in ("refit", "verdict", "reason") if facts.get(name))])


def _check_checkpoint(options: argparse.Namespace) -> None:
    """Raise UsageError, before any work, if the options of checkpoints cannot be used."""
    path = options.checkpoint
    if path is None:
        if options.resume:
            raise UsageError("--resume needs the file of the training: give --checkpoint FILE, too.")
        return
    if Path(path).absolute() == Path(options.output).absolute():
        raise UsageError("The model and the checkpoint need two files: give --checkpoint another name.")
    require_folder(path)
    if Path(path).exists() and not options.resume:
        raise UsageError(f"{path!r} exists: give --resume to go on with its training, or delete it.")


def _trainer_of(model: ScaledModel, options: argparse.Namespace, data: list[Part]) -> Trainer:
    """A trainer of this new network, or the one in the checkpoint, whose network is like it.

    Raises FormatError if the file is not the checkpoint of a training with these options and data.
    """
    given = {name: value for name, value in vars(options).items() if name not in FREE and not callable(value)}
    now: dict[str, Any] = {name: _as_typed(value) for name, value in given.items()}
    now["data"] = hashlib.sha256(b"".join(side.tobytes() for part in data for side in part)).hexdigest()
    network, path = model.network, options.checkpoint
    network.metadata = {OPTIONS: now}
    if not options.resume or not Path(path).exists():
        return model.trainer(options.rate, options.optimizer)
    trainer = formats.loaded(path)
    if not isinstance(trainer, Trainer):
        raise FormatError(f"Cannot go on with {path!r}: it is a model, not a checkpoint.")
    before = trainer.network.metadata.get(OPTIONS)
    if not isinstance(before, dict):
        raise FormatError(f"Cannot go on with {path!r}: it is not a checkpoint of `synapse train`.")
    for name, value in now.items():
        if before.get(name) != value:
            option = f"it was trained with --{name.replace('_', '-')} {before.get(name)}, not {value}."
            other = "the table has other numbers than it had then."
            raise ArgumentError(f"Cannot go on with {path!r}: {other if name == 'data' else option}")
    try:
        take_over(network, trainer.network)
    except TopologyError:
        raise FormatError(f"The network in {path!r} is not that of this training.") from None
    return trainer


def _as_typed(value: Any) -> str | None:
    """The value of an option as one would type it."""
    if value is None:
        return None
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)

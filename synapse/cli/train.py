"""``synapse train``: train a model to predict columns of a table."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .. import __version__
from .._checks import counted
from .._typing import Floats
from ..errors import DivergenceError, FormatError
from ..forecasting.calibration import fewest_origins
from ..forecasting.closed_loop import INTERVAL
from ..learning import Result
from . import formats, resuming, teaching
from .facts import Facts
from .lesson import Lesson, LessonOptions, Part, joined, prepare
from .report import Quality, measured, report
from .scaling import MODELS, Scale, ScaledModel
from .series import add_reading, decimal_of
from .sheet import read_sheet, unit
from .words import UsageError, names, natural, positive, share, whole, wholes

INTERRUPTED = 130

HELD_OUT = 0.2
"""Least share of a series that is held out, unless --validation gives another one."""

NOTES = """
DATA is CSV with the names of the columns in the first row; units may follow, as in "Sales (kEUR)". Cells are
separated by commas, semicolons or tabs. All problems of the file are listed at once.

A table with a column of dates is a series, whose rows must be evenly spaced in time. A GRU learns to
predict the targets one row ahead (--ahead) from their own past. Further --inputs, such as holidays, must be
known in advance: each row of them explains the target in the same row, and a forecast takes the values of
the rows to come from its --future. The last fifth of the rows is held out (--validation), or up to a third
of a short series, as many as an interval of a forecast for a season needs. The report shows the error there
beside those of simple methods: the last value (persistence), the value a season ago (seasonal naive), and a
linear autoregression (AR). To predict a column from others in the same row, say --ahead 0; to use rows as
samples, --ignore the dates.

Otherwise rows are samples in random order for a perceptron, which is the default. For the other models they
are steps in time: one stream or, with --sequence, many sequences. With --ahead K, the target of a row is the
value K rows below it (in its sequence), and the target column is an input too.

A target of numbers is trained with squared error. A target of words, or of numbers with --classes, is
trained as classes, with one probability each. Columns are standardised inside the model: `synapse run` takes
and returns the units of the file.

--validation holds out random samples or sequences, or the end of a stream or series, and the weights of the
epoch with the lowest held-out error are saved. For a series, the held-out end is not used for that: with
--patience, the rows before it are.

Ctrl-C ends the training; the model trained so far is saved. With --checkpoint, the same command with
--resume goes on after the last epoch in that file, also with more --epochs, and gives the same model as a
training that was not broken off.
"""


def add_to(commands: Any) -> None:
    """Add the subcommand to argparse."""
    parser = commands.add_parser(
        "train",
        help="learn to predict columns of a table",
        description="Learn to predict columns of a table.",
        epilog=NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_data(parser)
    _add_learning(parser)
    parser.set_defaults(do=train)


def _add_data(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("data", metavar="DATA", help="the table, a CSV file; - is standard input")
    add("--target", metavar="COLUMN,...", type=names, required=True, help="columns to predict")
    add(
        "--inputs",
        metavar="COLUMN,...",
        type=names,
        help="columns to predict from (default: all others; in a series, the targets)",
    )
    add("--ignore", metavar="COLUMN,...", type=names, default=[], help="columns to leave out")
    add("--sequence", metavar="COLUMN", help="column that identifies the sequence each row belongs to")
    add("--classes", action="store_true", help="treat the numbers of the target as classes")
    add("--ahead", metavar="K", type=natural, help="predict the target K rows ahead (default: 1 in a series)")
    add_reading(parser)
    add("-o", "--output", metavar="MODEL", required=True, help=f"the model to write: {formats.KEEPING}")


def _add_learning(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", choices=MODELS, help="default: perceptron; gru for a series")
    add("--hidden", metavar="N,...", type=wholes, default=[8], help="sizes of hidden layers (default: 8)")
    add("--epochs", metavar="N", type=whole, default=100, help="default: %(default)s")
    add("--rate", metavar="R", type=positive, default=0.02, help="learning rate (default: %(default)s)")
    teaching.add_to(parser)
    add("--seed", metavar="N", type=natural, default=0, help="seed of all randomness (default: %(default)s)")
    add("--validation", metavar="SHARE", type=share, help="share to hold out (default: 0.2 of a series)")
    add("--patience", metavar="N", type=whole, help="stop after N epochs without a lower error")
    resuming.add_to(parser)
    add("-q", "--quiet", action="store_true", help="no progress bar, no report")


def train(options: argparse.Namespace) -> int:
    """Train and save; return the exit code."""
    _check_output(options.output)
    resuming.check(options)
    sheet = read_sheet(options.data, decimal_of(options))
    chosen = {name: getattr(options, name) for name in LessonOptions.__annotations__}
    lesson = prepare(sheet, LessonOptions(**chosen))
    options.optimizer = teaching.chosen(options.optimizer, lesson.series is not None)
    kind = options.model or ("gru" if lesson.series else "perceptron")
    model = ScaledModel(kind, options.hidden, lesson.inputs, lesson.outputs, lesson.kind, options.seed)
    training, held_out = _parts(model, lesson, options)
    result = _fit(model, lesson, *_used(lesson, training, held_out, options), options)
    quality = measured(model.network, lesson, training, held_out)
    model.network.metadata = _facts(lesson, training, held_out, quality, options)
    model.network.clear()
    formats.write(model.network, options.output)
    if not options.quiet:
        print(report(model.network, lesson, quality, result))
    return _ended(result, options.output)


def _parts(model: ScaledModel, lesson: Lesson, options: argparse.Namespace) -> tuple[list[Part], list[Part]]:
    """The training parts and the held-out parts, none without --validation; of a series a fifth."""
    share = options.validation
    if share is None:
        share = _share_of_series(lesson) if lesson.series else 0.0
    if not share:
        return lesson.parts, []
    return lesson.split(share, model.network.has_memory, options.seed)


def _share_of_series(lesson: Lesson) -> float:
    """A fifth, or the share that the usual interval for a season ahead needs, but at most a third."""
    assert lesson.series is not None
    needed = (lesson.series.step.season or 1) + fewest_origins(INTERVAL) - 1
    return max(HELD_OUT, min(needed / len(lesson.parts[0][0]), 1 / 3))


def _used(
    lesson: Lesson, training: list[Part], held_out: list[Part], options: argparse.Namespace
) -> tuple[list[Part], list[Part]]:
    """The parts to train on, and those that choose the epoch.

    In a series, the held-out end is for the comparison with other methods alone, which would be unfair if the
    network had been chosen by it.
    """
    if lesson.series is None:
        return training, held_out
    if options.patience is None:
        return training, []
    return replace(lesson, parts=training).split(HELD_OUT, in_order=True, seed=options.seed)


def _facts(
    lesson: Lesson,
    training: list[Part],
    held_out: list[Part],
    quality: Quality,
    options: argparse.Namespace,
) -> Facts:
    """What the model carries with it."""
    series, targets = lesson.series, lesson.targets
    units = {name: unit(name) for name in [*lesson.inputs, *targets]}
    return Facts(
        targets=targets,
        inputs=lesson.inputs,
        known=lesson.known,
        units={name: text for name, text in units.items() if text is not None},
        classes=lesson.kind is not None,
        ahead=lesson.ahead,
        sequence=options.sequence,
        date=series.date if series else None,
        step=str(series.step) if series else None,
        first_date=series.dates[0].isoformat() if series else None,
        last_date=series.dates[-1].isoformat() if series else None,
        season=series.step.season if series else None,
        fill=options.fill,
        rows=len(joined(lesson.parts)[0]),
        held_out_rows=len(joined(held_out)[0]) if held_out else 0,
        error=_by_target(targets, quality.training if quality.held_out is None else quality.held_out),
        baselines={name: _by_target(targets, errors) for name, errors in quality.baselines.items()},
        verdict=quality.verdict,
        trained=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        command=options.command_line,
    )


def _by_target(targets: list[str], errors: Floats) -> dict[str, float]:
    return dict(zip(targets, errors.tolist(), strict=True))


def _check_output(path: str) -> None:
    """Raise, before any work, if the model could not be saved or read back."""
    if not formats.keeps(path):
        raise UsageError(f"The suffix of {path!r} must be one of {formats.KEEPING}.")
    if not Path(path).absolute().parent.is_dir():
        raise FormatError(f"Cannot write {path!r}: there is no such folder.")


def _ended(result: Result, path: str) -> int:
    """The exit code; prints a sentence after an interruption."""
    if result.stopped != "interrupted":
        return 0
    message = f"Interrupted after {counted(result.epochs, 'epoch')}; {path!r} is the model trained so far."
    print(f"synapse: {message}", file=sys.stderr)
    return INTERRUPTED


def _fit(
    model: ScaledModel,
    lesson: Lesson,
    training: list[Part],
    held_out: list[Part],
    options: argparse.Namespace,
) -> Result:
    """Train in the standard units of the training rows; then set these units in the model."""
    inputs, targets = joined(training)
    scales = Scale.of(inputs), None if lesson.kind else Scale.of(targets)

    def form(parts: list[Part]) -> tuple[Any, Any]:
        """As the trainer takes them: sequences as lists, samples or a stream as one array."""
        x = [scales[0].standard(part) for part, _ in parts]
        y = [scales[1].standard(part) if scales[1] else part for _, part in parts]
        return (x, y) if lesson.sequences else (x[0], y[0])

    data, validation = form(training), form(held_out) if held_out else None
    trainer = resuming.trainer_of(model.network, options, data, validation)
    try:
        result = trainer.train(
            *data,
            epochs=options.epochs,
            seed=options.seed,
            progress=sys.stderr.isatty() and not options.quiet,
            validation=validation,
            patience=options.patience,
            **resuming.arguments(options),
        )
    except DivergenceError:
        raise DivergenceError(
            f"The error is no longer finite; nothing is saved. Use a lower --rate than {options.rate:g}."
        ) from None
    resuming.give_back(trainer, model.network, options.checkpoint)
    model.set(*scales)
    return result

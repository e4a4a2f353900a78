"""``synapse train``: train a model to predict columns of a table."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .. import Trainer
from .._checks import counted
from ..errors import DivergenceError, FormatError
from ..learning import Result
from . import formats
from .lesson import Lesson, LessonOptions, Part, joined, prepare
from .report import report
from .scaling import MODELS, Scale, Scaled
from .sheet import read_sheet
from .words import UsageError, fraction, names, natural, positive, whole, wholes

INTERRUPTED = 130

NOTES = """
DATA is CSV with the names of the columns in the first row. Cells are separated by commas, semicolons or tabs;
none may be empty.

A target of numbers is trained with squared error. A target of words, or of numbers with --classes, is
trained as classes, with one probability each. Columns are standardised inside the model: `synapse run` takes
and returns the units of the file.

For a perceptron, rows are samples in random order. For the other models they are steps in time: one stream
or, with --sequence, many sequences. With --ahead K, the target of a row is the value K rows below it (in its
sequence), and the target column is an input too.

--validation holds out random samples or sequences, or the end of a stream. Without it, --patience uses the
training error.

Ctrl-C ends the training; the model trained so far is saved.
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
    add("--inputs", metavar="COLUMN,...", type=names, help="columns to predict from (default: all others)")
    add("--ignore", metavar="COLUMN,...", type=names, default=[], help="columns to leave out")
    add("--sequence", metavar="COLUMN", help="column that identifies the sequence each row belongs to")
    add("--classes", action="store_true", help="treat the numbers of the target as classes")
    add("--ahead", metavar="K", type=natural, default=0, help="predict the target K rows ahead")
    add("-o", "--output", metavar="MODEL", required=True, help=f"the model to write: {formats.KEEPING}")


def _add_learning(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", choices=MODELS, default="perceptron", help="default: %(default)s")
    add("--hidden", metavar="N,...", type=wholes, default=[8], help="sizes of hidden layers (default: 8)")
    add("--epochs", metavar="N", type=whole, default=100, help="default: %(default)s")
    add("--rate", metavar="R", type=positive, default=0.02, help="learning rate (default: %(default)s)")
    add("--seed", metavar="N", type=natural, default=0, help="seed of all randomness (default: %(default)s)")
    add("--validation", metavar="SHARE", type=fraction, help="share of the data to hold out, such as 0.2")
    add("--patience", metavar="N", type=whole, help="stop after N epochs without a lower error")
    add("-q", "--quiet", action="store_true", help="no progress bar, no report")


def train(options: argparse.Namespace) -> int:
    """Train and save; return the exit code."""
    _check_output(options.output)
    sheet = read_sheet(options.data)
    chosen = {name: getattr(options, name) for name in LessonOptions.__annotations__}
    lesson = prepare(sheet, LessonOptions(**chosen))
    model = Scaled(options.model, options.hidden, lesson.inputs, lesson.outputs, lesson.kind, options.seed)
    training, held_out = lesson.parts, list[Part]()
    if options.validation is not None:
        training, held_out = lesson.split(options.validation, model.network.has_memory, options.seed)
    result = _fit(model, lesson, training, held_out, options)
    formats.write(model.network, options.output)
    if not options.quiet:
        print(report(model.network, lesson, training, held_out, result))
    return _ended(result, options.output)


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
    model: Scaled, lesson: Lesson, training: list[Part], held_out: list[Part], options: argparse.Namespace
) -> Result:
    """Train in the standard units of the training rows; then set these units in the model."""
    inputs, targets = joined(training)
    scales = Scale.of(inputs), None if lesson.kind else Scale.of(targets)

    def form(parts: list[Part]) -> tuple[Any, Any]:
        """As the trainer takes them: sequences as lists, samples or a stream as one array."""
        x = [scales[0].standard(part) for part, _ in parts]
        y = [scales[1].standard(part) if scales[1] else part for _, part in parts]
        return (x, y) if lesson.sequences else (x[0], y[0])

    try:
        result = Trainer(model.network, options.rate).train(
            *form(training),
            epochs=options.epochs,
            seed=options.seed,
            progress=sys.stderr.isatty() and not options.quiet,
            validation=form(held_out) if held_out else None,
            patience=options.patience,
        )
    except DivergenceError:
        raise DivergenceError(
            f"The error is no longer finite; nothing is saved. Use a lower --rate than {options.rate:g}."
        ) from None
    model.set(*scales)
    return result

"""``synapse train``: a table in, a model that predicts one of its columns out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .. import Trainer
from ..errors import DivergenceError, FormatError
from ..learning.training import Result
from . import formats
from .lesson import Lesson, Part, Wanted, prepare, together
from .report import report
from .scaling import MODELS, Scale, Scaled
from .sheet import read_sheet
from .words import UsageError, fraction, names, natural, positive, whole, wholes

INTERRUPTED = 130

NOTES = """
DATA is CSV: names of columns in the first row; cells parted by commas, semicolons or tabs; no cell empty.

A target of numbers is learnt by squared error, a target of words, or of numbers with --classes, as
classes, with a probability each. Columns are standardised inside the model: `synapse run` takes and gives
the units of the file.

Rows are samples to a perceptron, learnt in random order; to the other models they are steps in time, one
stream, or, with --sequence, many. With --ahead K a row's target is what stands K rows below it (in
its sequence), and the target column itself is an input, too.

Held out are, for --validation, random samples or sequences; of a stream, its end. Without --validation,
--patience looks at the error of what is learnt.

Ctrl-C ends the training; the model is saved as far as it came.
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
    add("--target", metavar="COLUMN,...", type=names, required=True, help="what to predict")
    add("--inputs", metavar="COLUMN,...", type=names, help="from what (default: all other columns)")
    add("--ignore", metavar="COLUMN,...", type=names, default=[], help="columns to leave out")
    add("--sequence", metavar="COLUMN", help="tells by its value which sequence a row belongs to")
    add("--classes", action="store_true", help="the numbers of the target are names of classes")
    add("--ahead", metavar="K", type=natural, default=0, help="predict the target K rows ahead")
    add("-o", "--output", metavar="MODEL", required=True, help=f"where to save it: {formats.KEEPING}")


def _add_learning(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", choices=MODELS, default="perceptron", help="default: %(default)s")
    add("--hidden", metavar="N,...", type=wholes, default=[8], help="sizes of hidden layers (default: 8)")
    add("--epochs", metavar="N", type=whole, default=100, help="default: %(default)s")
    add(
        "--rate", metavar="R", type=positive, default=0.02, help="how far weights move (default: %(default)s)"
    )
    add("--seed", metavar="N", type=natural, default=0, help="of all randomness (default: %(default)s)")
    add("--validation", metavar="SHARE", type=fraction, help="share of the data to hold out, such as 0.2")
    add("--patience", metavar="N", type=whole, help="stop after N epochs without a lower error")
    add("-q", "--quiet", action="store_true", help="no progress bar, no report")


def train(options: argparse.Namespace) -> int:
    """Train and save; the exit code."""
    _check_output(options.output)
    sheet = read_sheet(options.data)
    lesson = prepare(sheet, Wanted(**{name: getattr(options, name) for name in Wanted.__annotations__}))
    model = Scaled(options.model, options.hidden, lesson.inputs, lesson.outputs, lesson.kind, options.seed)
    learnt, held_out = lesson.parts, list[Part]()
    if options.validation is not None:
        learnt, held_out = lesson.split(options.validation, model.network.has_memory, options.seed)
    result = _teach(model, lesson, learnt, held_out, options)
    formats.write(model.network, options.output)
    if not options.quiet:
        print(report(model.network, lesson, learnt, held_out, result))
    return _ended(result, options.output)


def _check_output(path: str) -> None:
    """Raise, before the work, where the model could not be saved, or not be run."""
    if not formats.keeps(path):
        raise UsageError(f"The ending of {path!r} must be one of {formats.KEEPING}.")
    if not Path(path).absolute().parent.is_dir():
        raise FormatError(f"Cannot write {path!r}: there is no such folder.")


def _ended(result: Result, path: str) -> int:
    """The exit code; an interruption is told of."""
    if result.stopped != "interrupted":
        return 0
    print(
        f"synapse: Interrupted after {result.epochs} epochs; {path!r} is what was reached.", file=sys.stderr
    )
    return INTERRUPTED


def _teach(
    model: Scaled, lesson: Lesson, learnt: list[Part], held_out: list[Part], options: argparse.Namespace
) -> Result:
    """Train in the standard units of what is learnt; then let the model know these."""
    inputs, targets = together(learnt)
    scales = Scale.of(inputs), None if lesson.kind else Scale.of(targets)

    def form(parts: list[Part]) -> tuple[Any, Any]:
        """As the trainer takes them: sequences as lists, samples or a stream as one array."""
        x = [scales[0].standard(part) for part, _ in parts]
        y = [scales[1].standard(part) if scales[1] else part for _, part in parts]
        return (x, y) if lesson.sequences else (x[0], y[0])

    try:
        result = Trainer(model.network, options.rate).train(
            *form(learnt),
            epochs=options.epochs,
            seed=options.seed,
            progress=sys.stderr.isatty() and not options.quiet,
            validation=form(held_out) if held_out else None,
            patience=options.patience,
        )
    except DivergenceError:
        raise DivergenceError(
            f"The error left the finite numbers; nothing is saved. Give a lower --rate than {options.rate:g}."
        ) from None
    model.set(*scales)
    return result

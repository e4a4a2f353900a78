"""Lessons: the inputs and targets in a table, and the split into training and held-out rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats
from ..errors import ArgumentError, FormatError
from .sheet import Sheet, is_number
from .words import UsageError, listed

Part = tuple[Floats, Floats]

ENCODE = "Leave the column out with --ignore, or write numbers for its words."
LABELS = "If these are names of classes, pass --classes."


@dataclass(frozen=True)
class LessonOptions:
    """The options that select columns, and how many rows ahead to predict; see ``synapse train --help``."""

    target: list[str]
    inputs: list[str] | None
    ignore: list[str]
    sequence: str | None
    classes: bool
    ahead: int


@dataclass(frozen=True)
class Lesson:
    """Inputs and targets, in the units of the table."""

    inputs: list[str]  # names of the columns
    outputs: list[str]  # names of the columns or of the classes
    kind: str | None  # the column whose classes the outputs are; None if they are numbers
    parts: list[Part]  # inputs (T, n) and targets (T, m) of each sequence; samples or a stream are one part
    sequences: bool  # whether the parts are sequences

    def split(self, share: float, in_order: bool, seed: int) -> tuple[list[Part], list[Part]]:
        """Split into training parts and held-out parts.

        Sequences or samples are held out at random. For a stream (`in_order`), the end is held out. Raises
        ArgumentError if no training data would remain.
        """
        count = len(self.parts) if self.sequences else len(self.parts[0][0])
        out = max(1, round(share * count))
        if out >= count:
            raise ArgumentError(f"Holding out {out} of {count} leaves no training data. Provide more data.")
        order = np.arange(count)
        if self.sequences or not in_order:
            order = np.random.default_rng(seed).permutation(count)
        return self._chosen(np.sort(order[:-out])), self._chosen(np.sort(order[-out:]))

    def _chosen(self, which: NDArray[np.int64]) -> list[Part]:
        if self.sequences:
            return [self.parts[i] for i in which]
        inputs, targets = self.parts[0]
        return [(inputs[which], targets[which])]


def joined(parts: list[Part]) -> Part:
    """All inputs and all targets, one row per step."""
    inputs, targets = zip(*parts, strict=True)
    return np.concatenate(inputs), np.concatenate(targets)


def prepare(sheet: Sheet, options: LessonOptions) -> Lesson:
    """Make a lesson from a table.

    Raises UsageError if a column has two uses, and ArgumentError or FormatError if the table lacks these
    columns, has no numbers in them, or has too few rows.
    """
    sheet.require([*options.target, *(options.inputs or ()), *options.ignore])
    names = _input_columns(sheet, options)
    inputs = sheet.numbers(names, ENCODE)
    outputs, kind, targets = _targets(sheet, options)
    parts = _shifted(sheet, options, inputs, targets)
    later = f" +{options.ahead}" if options.ahead else ""
    outputs, kind = ([name + later for name in outputs], None) if kind is None else (outputs, kind + later)
    return Lesson(names, outputs, kind, parts, options.sequence is not None)


def _input_columns(sheet: Sheet, options: LessonOptions) -> list[str]:
    """The columns given, or all without another use; with --ahead the target is an input too."""
    taken = [*options.ignore, *([options.sequence] if options.sequence else [])]
    targets = [] if options.ahead else options.target
    _check_uses([*taken, *options.target])
    _check_uses([*taken, *targets, *(options.inputs or ())])
    if options.inputs is not None:
        return options.inputs
    names = [name for name in sheet.names if name not in (*taken, *targets)]
    if not names:
        raise ArgumentError(
            f"{sheet.path!r} has no column left for the inputs. To predict a column from its own past, "
            "say how many rows --ahead."
        )
    return names


def _check_uses(columns: list[str]) -> None:
    twice = sorted(name for name, count in Counter(columns).items() if count > 1)
    if twice:
        raise UsageError(f"A column can have one use only. {listed(twice)} has two.")


def _targets(sheet: Sheet, options: LessonOptions) -> tuple[list[str], str | None, Floats]:
    """The outputs, the column whose classes they are, and the targets, shape (rows, outputs)."""
    (first, *others) = options.target
    words = not is_number(sheet.column(first)[0])
    if not options.classes and (others or not words):
        return options.target, None, sheet.numbers(options.target, "" if others else LABELS)
    if others:
        raise UsageError(f"Expected one --target for classes, got {listed(options.target)}.")
    cells = sheet.column(first)
    classes = sorted(set(cells))
    if len(classes) < 2:
        raise FormatError(
            f"Expected the column {first!r} of {sheet.path!r} to have two classes, got {classes[0]!r}."
        )
    return classes, first, np.eye(len(classes))[[classes.index(cell) for cell in cells]]


def _shifted(sheet: Sheet, options: LessonOptions, inputs: Floats, targets: Floats) -> list[Part]:
    """For each sequence: inputs, and the targets that many rows ahead of them."""
    parts = []
    for rows in sheet.sequences(options.sequence):
        if rows.stop - rows.start <= options.ahead:
            raise FormatError(
                f"--ahead {options.ahead} needs sequences longer than {options.ahead} rows; the one ending "
                f"on line {sheet.lines[rows.stop - 1]} of {sheet.path!r} has {rows.stop - rows.start}."
            )
        first, stop = rows.start + options.ahead, rows.stop - options.ahead
        parts.append((inputs[rows.start : stop], targets[first : rows.stop]))
    return parts

"""Lessons: the inputs and targets in a table, and the split into training and held-out rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .._checks import counted
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from .numerals import is_missing, is_number
from .series import Dated, Series, find_dates, make_series, without_totals
from .sheet import Sheet
from .words import UsageError, listed

Part = tuple[Floats, Floats]

ENCODE = "Leave the column out with --ignore, or write numbers for its words."
LABELS = "If these are names of classes, pass --classes."


@dataclass(frozen=True)
class LessonOptions:
    """The options that select columns, and how many rows ahead to predict; see ``synapse train --help``.

    `ahead` is None if it was not given: 1 for a series, 0 otherwise.
    """

    target: list[str]
    inputs: list[str] | None
    ignore: list[str]
    sequence: str | None
    classes: bool
    ahead: int | None
    fill: str | None = None
    date: str | None = None
    dates: str | None = None


@dataclass(frozen=True)
class Lesson:
    """Inputs and targets, in the units of the table."""

    inputs: list[str]  # names of the columns
    outputs: list[str]  # names of the columns or of the classes
    kind: str | None  # the column whose classes the outputs are; None if they are numbers
    parts: list[Part]  # inputs (T, n) and targets (T, m) of each sequence; samples or a stream are one part
    sequences: bool  # whether the parts are sequences
    ahead: int = 0  # how many rows below its inputs a target is
    targets: list[str] = field(default_factory=list)  # names of the columns that are predicted
    known: list[str] = field(default_factory=list)  # inputs that are known in advance: of the target's row
    series: Series | None = None  # the dates and numbers, if the table has dates
    notes: list[str] = field(default_factory=list)  # sentences on how the table was read

    def split(self, share: float, in_order: bool, seed: int) -> tuple[list[Part], list[Part]]:
        """Split into training parts and held-out parts.

        Sequences or samples are held out at random. For a stream (`in_order`) or a series, the end is held
        out. Raises ArgumentError if no training data would remain.
        """
        count = len(self.parts) if self.sequences else len(self.parts[0][0])
        out = max(1, round(share * count))
        if out >= count:
            raise ArgumentError(f"Holding out {out} of {count} leaves no training data. Provide more data.")
        order = np.arange(count)
        if self.sequences or not (in_order or self.series):
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
    """Make a lesson from a table: of a series if it has a date column, otherwise of samples or sequences.

    Raises UsageError if a column has two uses, and ArgumentError or FormatError if the table lacks these
    columns, has no numbers in them, or has too few rows.
    """
    lesson = _prepared(sheet, options)
    if len(joined(lesson.parts)[0]) < 2:
        raise FormatError(f"Expected {sheet.path!r} to have two rows to learn from, or more, got one.")
    return lesson


def _prepared(sheet: Sheet, options: LessonOptions) -> Lesson:
    options = _with_full_names(sheet, options)
    for chosen in (options.target, options.inputs or []):
        _check_uses([*chosen, *options.ignore, *filter(None, [options.sequence, options.date])])
    used = [*options.target, *(options.inputs or ()), *filter(None, [options.sequence])]
    dated = find_dates(sheet, options.date, options.dates, [*options.ignore, *used])
    if dated is None:
        return _of_rows(sheet, options)
    numbers = not options.classes and _has_numbers(sheet, options.target[0])
    if numbers and options.ahead != 0 and options.sequence is None:
        return _of_series(sheet, dated, options)
    if options.sequence is not None and _has_numbers(
        sheet, dated.name
    ):  # such as years, as good as any number
        return _of_rows(sheet, options)
    return _of_rows(without_totals(sheet, dated), replace(options, ignore=[*options.ignore, dated.name]))


def _with_full_names(sheet: Sheet, options: LessonOptions) -> LessonOptions:
    """The options with names of columns as in the file, with their units."""
    given = [*options.target, *(options.inputs or ()), *options.ignore, options.sequence, options.date]
    sheet.require([name for name in given if name is not None])
    return replace(
        options,
        target=sheet.found(options.target),
        inputs=None if options.inputs is None else sheet.found(options.inputs),
        ignore=sheet.found(options.ignore),
        sequence=None if options.sequence is None else sheet.find(options.sequence),
        date=None if options.date is None else sheet.find(options.date),
    )


def _has_numbers(sheet: Sheet, column: str) -> bool:
    """Whether the first cell of a column that is not missing is a number, or all are missing."""
    return next((is_number(cell) for cell in sheet.cells(column) if not is_missing(cell)), True)


def _of_series(sheet: Sheet, dated: Dated, options: LessonOptions) -> Lesson:
    """The targets a number of rows ahead, from the inputs, by default the targets themselves, so far.

    Inputs that are not targets are those of the target's own row: a forecast takes them from --future.
    """
    ahead = 1 if options.ahead is None else options.ahead
    inputs = options.target if options.inputs is None else options.inputs
    columns = list(dict.fromkeys([*inputs, *options.target]))
    series = make_series(sheet, dated, columns, options.fill)
    if len(series.values) <= ahead:
        raise FormatError(
            f"--ahead {ahead} needs more than {counted(ahead, 'row')}; {sheet.path!r} has "
            f"{len(series.values)}."
        )
    known = [name for name in inputs if name not in options.target]
    x = series.values[:, [columns.index(name) for name in inputs]]
    x = early(x, [inputs.index(name) for name in known], ahead)[:-ahead]
    y = series.values[ahead:, [columns.index(name) for name in options.target]]
    outputs = [f"{name} +{ahead}" for name in options.target]
    unused = [name for name in sheet.names if name not in (dated.name, *columns, *options.ignore)]
    notes = [*series.notes, *_unused(unused)]
    return Lesson(inputs, outputs, None, [(x, y)], False, ahead, options.target, known, series, notes)


def early(rows: Floats, known: list[int], ahead: int) -> Floats:
    """A copy with these columns moved up, to the rows whose outputs they explain; NaN at the end.

    >>> early(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]]), [1], 1).tolist()
    [[1.0, 20.0], [2.0, 30.0], [3.0, nan]]
    """
    moved = rows.copy()
    if known:
        moved[:, known] = np.nan
        moved[:-ahead, known] = rows[ahead:, known]
    return moved


def _unused(columns: list[str]) -> list[str]:
    if not columns:
        return []
    what = "column" if len(columns) == 1 else "columns"
    return [f"Not used: the {what} {listed(columns)}. To predict from other columns, too, name all --inputs."]


def _of_rows(sheet: Sheet, options: LessonOptions) -> Lesson:
    """Rows as samples or, in order, as steps; neighbours with one value in a column as sequences."""
    options = replace(options, ahead=options.ahead or 0)
    if options.sequence is not None and options.fill in ("forward", "linear"):
        raise UsageError(
            "With --sequence, missing values cannot be filled in from rows nearby. Say --fill drop."
        )
    names = _input_columns(sheet, options)
    sheet, inputs, numbers = _numbers(sheet, options, names)
    outputs, kind, targets = _targets(sheet, options, numbers)
    parts = _shifted(sheet, options, inputs, targets)
    later = f" +{options.ahead}" if options.ahead else ""
    outputs, kind = ([name + later for name in outputs], None) if kind is None else (outputs, kind + later)
    sequences = options.sequence is not None
    return Lesson(
        names, outputs, kind, parts, sequences, options.ahead or 0, options.target, notes=sheet.notes
    )


def _numbers(sheet: Sheet, options: LessonOptions, inputs: list[str]) -> tuple[Sheet, Floats, Floats | None]:
    """The inputs and, unless they are classes, the targets; and the table of the rows that are left."""
    targets = [] if _are_classes(sheet, options) else options.target
    columns = list(dict.fromkeys([*inputs, *targets]))

    def advice(bad: set[str | None]) -> str:
        if bad <= set(targets):
            return "" if len(targets) > 1 else LABELS
        return ENCODE if bad & set(columns) else ""

    sheet, values = sheet.mended(columns, options.fill, advice)
    x = values[:, [columns.index(name) for name in inputs]]
    return sheet, x, values[:, [columns.index(name) for name in targets]] if targets else None


def _are_classes(sheet: Sheet, options: LessonOptions) -> bool:
    one = len(options.target) == 1
    if options.classes and not one:
        raise UsageError(f"Expected one --target for classes, got {listed(options.target)}.")
    return options.classes or (one and not _has_numbers(sheet, options.target[0]))


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


def _targets(
    sheet: Sheet, options: LessonOptions, numbers: Floats | None
) -> tuple[list[str], str | None, Floats]:
    """The outputs, the column whose classes they are, and the targets, shape (rows, outputs)."""
    if numbers is not None:
        return options.target, None, numbers
    column = options.target[0]
    cells = sheet.column(column)
    classes = sorted(set(cells))
    if len(classes) < 2:
        raise FormatError(
            f"Expected the column {column!r} of {sheet.path!r} to have two classes, got {classes[0]!r}."
        )
    return classes, column, np.eye(len(classes))[[classes.index(cell) for cell in cells]]


def _shifted(sheet: Sheet, options: LessonOptions, inputs: Floats, targets: Floats) -> list[Part]:
    """For each sequence: inputs, and the targets that many rows ahead of them."""
    parts, ahead = [], options.ahead or 0
    for rows in sheet.sequences(options.sequence):
        if rows.stop - rows.start <= ahead:
            raise FormatError(
                f"--ahead {ahead} needs sequences longer than {ahead} rows; the one ending "
                f"on line {sheet.lines[rows.stop - 1]} of {sheet.path!r} has {rows.stop - rows.start}."
            )
        first, stop = rows.start + ahead, rows.stop - ahead
        parts.append((inputs[rows.start : stop], targets[first : rows.stop]))
    return parts

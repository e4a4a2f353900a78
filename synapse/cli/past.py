"""What `synapse forecast` starts from: the columns of a model in a table, and the rows that follow."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from .._checks import counted
from .._typing import Floats
from ..errors import ArgumentError, FormatError
from ..objects.network import Network
from .numerals import decimal_mark
from .series import Dated, Series, decimal_of, find_dates, make_series
from .sheet import Sheet, read_sheet
from .steps import next_dates
from .words import UsageError, listed

SHARE = 0.2
"""Share of the rows that calibrate an interval if the model does not tell which ones it was trained on."""


@dataclass(frozen=True)
class Fed:
    """The inputs of a model by the names of their columns, and which of them its outputs are.

    `feedback` has the input of each output. `others` are the inputs that no output is fed to, in order.
    """

    inputs: list[str]
    feedback: dict[int, int]

    @property
    def targets(self) -> list[str]:
        """The columns that are forecast."""
        return [self.inputs[place] for place in self.feedback.values()]

    @property
    def others(self) -> list[str]:
        """The columns that are not."""
        return [name for place, name in enumerate(self.inputs) if place not in self.feedback.values()]


def fed(network: Network, path: str) -> Fed:
    """Match outputs of a model, such as "sales +1", to its inputs. Raises ArgumentError if one has none."""
    if all(neuron.squash.name == "softmax" for neuron in network.output):
        raise ArgumentError(
            f"{path!r} predicts probabilities of classes, which cannot be fed back as inputs."
        )
    inputs = [neuron.name for neuron in network.input]
    feedback, loose = dict[int, int](), list[str]()
    for place, neuron in enumerate(network.output):
        target, ahead = _target(neuron.name)
        if ahead > 1 and target in inputs:
            raise ArgumentError(
                f"{path!r} predicts {ahead} rows ahead. A forecast of one row after the other needs a model "
                "that predicts the next row: train it with --ahead 1."
            )
        if target in inputs:
            feedback[place] = inputs.index(target)
        else:
            loose.append(target)
    if loose:
        raise ArgumentError(
            f"{listed(loose)} cannot be fed back: the inputs of {path!r} are {listed(inputs)}. Train the "
            "model with --ahead 1 and its targets among the --inputs."
        )
    return Fed(inputs, feedback)


def _target(output: str) -> tuple[str, int]:
    """The column that an output predicts, and how many rows ahead."""
    found = re.fullmatch(r"(.+) \+(\d{1,9})", output)
    return (found[1], int(found[2])) if found else (output, 1)


@dataclass(frozen=True)
class Past:
    """The known rows.

    Parameters
    ----------
    sheet : Sheet
        The table that they are from.
    columns : list of str
        Names of the inputs of the model in the table.
    values : ndarray, shape (T, n)
        Their numbers.
    series : Series or None
        The dates; None if the table has none.
    notes : list of str
        Sentences that tell how the table was read.
    """

    sheet: Sheet
    columns: list[str]
    values: Floats
    series: Series | None
    notes: list[str]

    @property
    def head(self) -> str:
        """The name of the column that tells the row: its dates or, without dates, "row"."""
        return self.series.date if self.series else "row"

    def next(self, steps: int) -> list[datetime] | list[int]:
        """The dates of the rows that follow or, without dates, their numbers from 1."""
        if self.series is None:
            return list(range(len(self.values) + 1, len(self.values) + steps + 1))
        try:
            return next_dates(self.series.dates[-1], self.series.step, steps)
        except ArgumentError as error:
            raise ArgumentError(f"{error} Give fewer --steps.") from None

    def times(self, steps: int) -> list[Any]:
        """Dates or numbers of all known rows and of those that follow."""
        if self.series is None:
            return list(range(1, len(self.values) + steps + 1))
        return [*self.series.dates, *self.next(steps)]

    def written(self, time: Any) -> str:
        """A date as the table writes it, or a number."""
        return self.series.form.write(time) if self.series else str(time)

    def decimal_mark(self) -> str:
        """The decimal mark of the table, where it does not also separate the cells."""
        cells = (cell for name in self.columns for cell in self.sheet.cells(name))
        mark = self.sheet.decimal or decimal_mark(cells) or "."
        return mark if mark != self.sheet.delimiter else "."

    def held_out(self, facts: dict[str, Any]) -> int | None:
        """Number of last rows that the model was not trained on; None if it does not tell."""
        try:
            count, rows, last = int(facts["held_out_rows"]), int(facts["rows"]), facts.get("last_date")
            end = None if last is None else datetime.fromisoformat(last)
        except (KeyError, TypeError, ValueError):  # made elsewhere
            return None
        if self.series is None or end is None:
            return max(count + len(self.values) - rows - 1, 0)
        newer = sum(date > end for date in self.series.dates)
        if newer == len(self.values):  # none of the rows of the training is here
            return newer
        missing = 0
        if self.series.dates[-1] < end:  # the table ends before that of the training
            missing = 1 + sum(1 for _ in self.series.step.until(self.series.dates[-1], end))
        return max(count + newer - missing, 0)


def read_past(network: Network, inputs: list[str], options: argparse.Namespace) -> Past:
    """Read the columns of a model; the options and what the model carries say how."""
    facts = network.metadata
    sheet = read_sheet(options.data, decimal_of(options))
    columns = _columns(sheet, inputs, options.model)
    fill = options.fill or facts.get("fill")
    dated = _dated(sheet, columns, facts, options)
    if dated is not None:
        series = make_series(sheet, dated, columns, fill)
        _require_step(series, facts.get("step"), options)
        return Past(sheet, columns, series.values, series, series.notes)
    mended, values = sheet.mended(columns, fill, lambda _: "")
    return Past(sheet, columns, values, None, mended.notes)


def _require_step(series: Series, trained: Any, options: argparse.Namespace) -> None:
    """Raise unless the rows step as those that the model was trained on, if it tells."""
    step = str(series.step)
    if isinstance(trained, str) and step.removesuffix(" end") != trained.removesuffix(" end"):
        raise ArgumentError(
            f"The model {options.model!r} is for rows of another step: {trained}. Those of "
            f"{options.data!r} have the step {step}."
        )


def _columns(sheet: Sheet, names: list[str], model: str) -> list[str]:
    try:
        return sheet.found(names)
    except ArgumentError as error:
        raise ArgumentError(f"The model {model!r} is for other columns: {error}") from None


def _dated(
    sheet: Sheet, columns: Sequence[str], facts: dict[str, Any], options: argparse.Namespace
) -> Dated | None:
    """The date column: the one given, or that of the training, or the first one."""
    name = options.date
    if name is None and facts.get("date") in sheet.names:
        name = facts["date"]
    return find_dates(sheet, name, options.dates, columns)


def read_future(past: Past, others: list[str], known: bool, options: argparse.Namespace) -> Floats | None:
    """The inputs that are not forecast, in the rows that follow, shape (steps, k); None if there are none.

    The first step needs them only if they are `known` in advance.
    """
    if not others:
        if options.future is not None:
            raise UsageError(f"{options.model!r} forecasts all its inputs itself. Leave --future out.")
        return None
    if options.future is None:
        if options.steps == 1 and not known:
            return None
        what = "is an input" if len(others) == 1 else "are inputs"
        raise UsageError(
            f"{listed(others)} {what} of {options.model!r} that it does not forecast. Give the values in the "
            f"next {counted(options.steps, 'row') if options.steps > 1 else 'row'}: --future FILE."
        )
    sheet = read_sheet(options.future, decimal_of(options))
    columns = _columns(sheet, others, options.model)
    values = sheet.numbers(columns)
    if len(values) != options.steps:
        raise FormatError(
            f"Expected {options.future!r} to have {counted(options.steps, 'row')}, one for each step, "
            f"got {len(values)}."
        )
    _check_dates(sheet, columns, past, options)
    return values


def _check_dates(sheet: Sheet, columns: list[str], past: Past, options: argparse.Namespace) -> None:
    """Raise unless the dates of future inputs, if there are any, are those of the rows that follow."""
    if past.series is None or past.head not in sheet.names:
        return
    dated = find_dates(sheet, past.head, options.dates, columns)
    cells = sheet.cells(past.head)
    for cell, line, date in zip(cells, sheet.lines, past.next(len(cells)), strict=True):
        if dated is None or dated.form.read(cell) != date:
            raise FormatError(
                f"Expected the dates of {options.future!r} to follow those of {options.data!r}: "
                f"{past.written(date)} on line {line}, got {cell!r}."
            )


def decimals(values: Floats) -> int:
    """Number of decimals to round forecasts of a column, shape (T,), to.

    As many as nine tenths of the values have, but at least so many that two digits of their deviation are
    left, and at most so many that six are.

    >>> decimals(np.array([112.0, 118.0, 160.0])), decimals(np.array([20.5, 20.25, 22.75]))
    (0, 2)
    >>> decimals(np.array([0.0, 1.0]))
    2
    """
    own = np.sort([len(f"{value:.12g}".partition(".")[2].partition("e")[0]) for value in values])
    usual = int(own[-1 - len(own) // 10])
    deviation = values.std()
    if not deviation:
        return usual
    first = -int(np.floor(np.log10(deviation)))
    return max(0, min(max(usual, first + 1), first + 5))

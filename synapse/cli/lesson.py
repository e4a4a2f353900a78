"""What there is to learn in a table: which columns, in what order, and which rows are held out."""

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
LABELS = "If these are names of classes, say --classes."


@dataclass(frozen=True)
class Wanted:
    """What the options ask for: columns, and how many rows ahead; see ``synapse train --help``."""

    target: list[str]
    inputs: list[str] | None
    ignore: list[str]
    sequence: str | None
    classes: bool
    ahead: int


@dataclass(frozen=True)
class Lesson:
    """Inputs and targets, in the units of the table.

    Parameters
    ----------
    inputs, outputs : list of str
        What the columns of the numbers, or the classes, are called.
    kind : str or None
        The column of which `outputs` are the classes, if they are.
    parts : list of (ndarray, ndarray)
        Inputs (T, n) and targets (T, m) of each sequence; of samples or a stream there is one.
    sequences : bool
        Whether the parts are sequences.
    """

    inputs: list[str]
    outputs: list[str]
    kind: str | None
    parts: list[Part]
    sequences: bool

    def split(self, share: float, in_order: bool, seed: int) -> tuple[list[Part], list[Part]]:
        """Parts to learn from, and parts held out.

        Held out are sequences or samples, drawn at random; of a stream (`in_order`), the end.

        Raises
        ------
        ArgumentError
            If nothing would be left to learn from.
        """
        count = len(self.parts) if self.sequences else len(self.parts[0][0])
        out = max(1, round(share * count))
        if out >= count:
            raise ArgumentError(f"To hold out {out} of {count} leaves nothing to learn from. Give more data.")
        order = np.arange(count)
        if self.sequences or not in_order:
            order = np.random.default_rng(seed).permutation(count)
        return self._chosen(np.sort(order[:-out])), self._chosen(np.sort(order[-out:]))

    def _chosen(self, which: NDArray[np.int64]) -> list[Part]:
        if self.sequences:
            return [self.parts[i] for i in which]
        inputs, targets = self.parts[0]
        return [(inputs[which], targets[which])]


def together(parts: list[Part]) -> Part:
    """All inputs and all targets, a row each."""
    inputs, targets = zip(*parts, strict=True)
    return np.concatenate(inputs), np.concatenate(targets)


def prepare(sheet: Sheet, wanted: Wanted) -> Lesson:
    """What there is to learn in a table.

    Raises
    ------
    UsageError
        If a column is asked for twice over.
    ArgumentError, FormatError
        If the table has no such columns, or not such numbers in them, or too few rows.
    """
    sheet.require([*wanted.target, *(wanted.inputs or ()), *wanted.ignore])
    names = _input_columns(sheet, wanted)
    inputs = sheet.numbers(names, ENCODE)
    outputs, kind, targets = _targets(sheet, wanted)
    parts = _shifted(sheet, wanted, inputs, targets)
    if kind is None and wanted.ahead:
        outputs = [f"{name} +{wanted.ahead}" for name in outputs]
    elif kind is not None and wanted.ahead:
        kind = f"{kind} +{wanted.ahead}"
    return Lesson(names, outputs, kind, parts, wanted.sequence is not None)


def _input_columns(sheet: Sheet, wanted: Wanted) -> list[str]:
    """Those asked for, or all columns but those with another use; the target's past is an input."""
    apart = [*wanted.ignore, *([wanted.sequence] if wanted.sequence else [])]
    targets = [] if wanted.ahead else wanted.target
    _check_uses([*apart, *wanted.target])
    _check_uses([*apart, *targets, *(wanted.inputs or ())])
    if wanted.inputs is not None:
        return wanted.inputs
    names = [name for name in sheet.names if name not in (*apart, *targets)]
    if not names:
        raise ArgumentError(
            f"No column of {sheet.path!r} is left for the inputs. To predict a column from its own past, "
            "say how many rows --ahead."
        )
    return names


def _check_uses(columns: list[str]) -> None:
    twice = sorted(name for name, count in Counter(columns).items() if count > 1)
    if twice:
        raise UsageError(f"A column has one use. Got {listed(twice)} for two.")


def _targets(sheet: Sheet, wanted: Wanted) -> tuple[list[str], str | None, Floats]:
    """The outputs, the column whose classes they are, and the targets, shape (rows, outputs)."""
    (first, *others) = wanted.target
    words = not is_number(sheet.column(first)[0])
    if not wanted.classes and (others or not words):
        return wanted.target, None, sheet.numbers(wanted.target, "" if others else LABELS)
    if others:
        raise UsageError(f"Classes can be learnt of one --target. Got {listed(wanted.target)}.")
    cells = sheet.column(first)
    classes = sorted(set(cells))
    if len(classes) < 2:
        raise FormatError(
            f"The column {first!r} of {sheet.path!r} must have two classes. Got {classes[0]!r}."
        )
    return classes, first, np.eye(len(classes))[[classes.index(cell) for cell in cells]]


def _shifted(sheet: Sheet, wanted: Wanted, inputs: Floats, targets: Floats) -> list[Part]:
    """By sequence: inputs, and the targets so many rows ahead of them."""
    parts = []
    for rows in sheet.sequences(wanted.sequence):
        if rows.stop - rows.start <= wanted.ahead:
            raise FormatError(
                f"There must be more than {wanted.ahead} rows, in every sequence, to look so many --ahead. "
                f"Got {rows.stop - rows.start} up to line {sheet.lines[rows.stop - 1]} of {sheet.path!r}."
            )
        parts.append(
            (inputs[rows.start : rows.stop - wanted.ahead], targets[rows.start + wanted.ahead : rows.stop])
        )
    return parts

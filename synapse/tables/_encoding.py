"""Columns of a table as inputs of a network: numbers, and words as one input for each
of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import pluralize
from .._typing import Floats
from ..errors import FormatError
from ..objects.network import Network
from ._table import (
    bare,
    columns as columns_of,
    find,
    is_numeric,
    mostly_numbers,
    numbers,
    place as place_of,
    quoted,
)

if TYPE_CHECKING:
    import pandas as pd

MAX_WORDS = 20
"""Largest number of different words in a column that becomes inputs."""
IDENTIFIERS = frozenset(
    ("id", "nr", "no", "number", "index", "key", "row", "uuid", "code", "name")
)
"""The last word in the name of a column of identifiers."""


@dataclass(frozen=True)
class Encoding:
    """How columns become inputs; chosen by :func:`choose_encoding` on the training
    rows.

    Attributes
    ----------
    medians : dict of str to float
        For each column of numbers, the value for missing ones.
    words : dict of str to list of str
        For each column of text, its words: an input is 1 where the cell has the word,
        and 0 elsewhere.
    """

    medians: dict[str, float]
    words: dict[str, list[str]]

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs: those of columns, or "column=word"."""
        return [
            *self.medians,
            *(f"{name}={word}" for name, words in self.words.items() for word in words),
        ]

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return [*self.medians, *self.words]

    def rows(self, table: pd.DataFrame) -> tuple[Floats, list[str]]:
        """Return the inputs in a table, shape (rows, inputs), and sentences on what was
        filled in.

        Raises FormatError if a cell of a column of numbers is not a number.
        """
        values = numbers(table, list(self.medians), gaps=True)
        notes = list[str]()
        for place, (name, median) in enumerate(self.medians.items()):
            gaps = np.isnan(values[:, place])
            if gaps.any():
                values[gaps, place] = median
                notes.append(
                    f"{pluralize(int(gaps.sum()), 'missing value')} of {name!r}: the"
                    f" median, {median:.6g}."
                )
        parts = [values]
        for name, words in self.words.items():
            cells = table[find(table, name)]
            if unknown := sorted({*cells.dropna().astype(str)} - {*words}):
                notes.append(
                    f"Words of {name!r} that the model has not seen count as none:"
                    f" {quoted(unknown)}."
                )
            parts.append(
                np.array(
                    [[cell == word for word in words] for cell in cells.astype(str)],
                    float,
                )
            )
        return np.hstack(parts), notes


def encoding_of(network: Network) -> Encoding | None:
    """Return how the columns of a table become the inputs of a network from
    `train_rows`; None for others.
    """
    facts: Any = network.metadata.get("encoding")  # or what a user has written there
    ours = isinstance(facts, dict) and facts.keys() == {"medians", "words"}
    return Encoding(**facts) if ours else None


def _unread(table: pd.DataFrame, names: Sequence[str]) -> str:
    """Return a sentence on the first column that is left out, with its first cell."""
    for name in names:
        for row in np.flatnonzero(table[name].notna())[:1]:
            cell = str(table[name].iloc[row])
            return (
                f" {name!r} has neither numbers nor dates nor up to {MAX_WORDS} words;"
                f" it begins with {cell!r} in {place_of(table, row)}. If these are"
                " dates, pass their form, such as --dates %d.%m.%y."
            )
    return ""


def choose_encoding(
    table: pd.DataFrame, columns: Sequence[str], named: bool = False
) -> tuple[Encoding, list[str]]:
    """Return how these columns become inputs, and sentences on those that are left out.

    Identifiers are left out: columns of text with more than 20 words or a different one
    in every row, and columns of different whole numbers whose names end like those of
    identifiers, such as "customer id". If the columns were `named` by the user, numbers
    are never identifiers.

    Raises FormatError if a cell of a column of numbers is not a number, or no column is
    left.
    """
    medians = dict[str, float]()
    words = dict[str, list[str]]()
    left_out = list[str]()
    notes = list[str]()
    advice = ""
    for name in columns_of(table, columns):
        cells = table[name].dropna()
        last = bare(name).lower().replace("_", " ").split()[-1:]
        if not len(cells):
            left_out.append(name)
        elif not mostly_numbers(cells):
            different = sorted({*cells.astype(str)})
            if len(different) > MAX_WORDS or (
                len(different) == len(cells) and len(cells) > 2
            ):
                left_out.append(name)
            else:
                words[name] = different
        elif (
            is_numeric(cells)
            and cells.is_unique
            and len(cells) > 2
            and not named
            and {*last} & IDENTIFIERS
        ):
            left_out.append(name)
            advice = " To use such numbers, name them with --inputs."
        else:
            medians[name] = float(np.nanmedian(numbers(table, [name], gaps=True)))
    if left_out:
        reason = (
            "identifiers, or empty" if len(left_out) > 1 else "an identifier, or empty"
        )
        notes.append(f"Left out: {quoted(left_out)} ({reason}).{advice}")
    if words:
        notes.append(f"Words became inputs of 0 and 1: {quoted(words)}.")
    if not medians and not words:
        raise FormatError(
            f"The table has no column left for the inputs.{_unread(table, left_out)} To"
            " predict a column from its own past without dates, leave the other"
            " columns out: --ignore COLUMN."
        )
    return Encoding(medians, words), notes

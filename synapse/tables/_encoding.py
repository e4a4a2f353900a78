"""Columns of a table as inputs of a network: numbers, and words as one input for each
of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import pluralize
from .._typing import Floats
from ..errors import FormatError
from ..objects.network import Network
from ._pandas import pd
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
from ._time_words import TIME_WORDS

MAX_WORDS = 20
"""Largest number of different words in a column that becomes inputs."""
IDENTIFIERS = frozenset(
    (
        *("id", "nr", "no", "number", "index", "key", "row", "uuid", "code", "name"),
        *("nummer", "kennung", "kunde", "konto", "num", "numero", "n\u00famero"),
        *("num\u00e9ro", "customer", "client", "account", "user", "patient", "order"),
        *("sku", "ean", "isbn", "serial"),
    )
)
"""The last word in the name of a column of identifiers."""
MAX_CHANCE_SPAN = 0.1
"""Range of different whole numbers, in units of the square of their number, up to which
they are not different by chance: random ones would repeat some five times or more."""
MIN_CODE = 1e5
"""Least number of those that are identifiers if all have as many digits."""


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
            cells = table[find(table, name)].astype("string")
            codes = pd.Index(words).get_indexer(cells)
            parts.append(np.eye(len(words) + 1)[codes, :-1])  # -1: none of them
            if count := int(cells.isna().sum()):
                notes.append(
                    f"{pluralize(count, 'missing cell')} of {name!r}: no word."
                )
            unseen = cells[(codes < 0) & cells.notna()]
            if len(unseen):
                notes.append(
                    f"Words of {name!r} that the model has not seen count as none, in"
                    f" {pluralize(len(unseen), 'cell')}: {quoted(sorted({*unseen}))}."
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


def _words_in(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", bare(name).lower())


def is_named_as_key(name: str) -> bool:
    """Return whether the name of a column ends like those of identifiers."""
    return bool(IDENTIFIERS & {*_words_in(name)[-1:]})


def _are_identifiers(name: str, cells: pd.Series) -> bool:
    """Return whether the numbers in a column of this name, without missing ones, are
    identifiers.
    """
    parts = _words_in(name)
    if not is_numeric(cells) or len(cells) < 3 or not cells.is_unique:
        return False
    values = cells.to_numpy(np.float64)
    if (values % 1).any() or TIME_WORDS & {*parts}:
        return False
    low, high = float(values.min()), float(values.max())
    return bool(
        is_named_as_key(name)
        or high - low < MAX_CHANCE_SPAN * len(values) ** 2
        or (low >= MIN_CODE and len(f"{low:.0f}") == len(f"{high:.0f}"))
    )


def choose_encoding(
    table: pd.DataFrame, columns: Sequence[str], named: bool = False
) -> tuple[Encoding, list[str]]:
    """Return how these columns become inputs, and sentences on those that are left out.

    Identifiers are left out: columns of text with more than 20 words or a different one
    in every row, and columns with a different whole number in every row that is no
    chance. It may be one if the numbers are in a wide range, unless their name ends
    like those of identifiers, such as "customer id", or all have as many digits. Times
    are not identifiers, nor are numbers in columns that were `named` by the user, or in
    a table that has no other inputs.

    Raises FormatError if a cell of a column of numbers is not a number, or no column is
    left.
    """
    of_numbers = list[str]()
    words = dict[str, list[str]]()
    left_out = list[str]()
    numbered = list[str]()
    notes = list[str]()
    names = columns_of(table, columns)
    for name in names:
        cells = table[name].dropna()
        are_words = not mostly_numbers(cells)
        different = sorted({*cells.astype(str)}) if are_words else []
        is_key = len(different) == len(cells) and len(cells) != 2
        if not len(cells) or len(different) > MAX_WORDS or (are_words and is_key):
            left_out.append(name)
        elif are_words:
            words[name] = different
        elif named or not _are_identifiers(name, cells):
            of_numbers.append(name)
        else:
            numbered.append(name)
    if numbered and not of_numbers and not words:
        notes.append(
            f"{quoted(numbered)}: a different whole number in every row, as identifiers"
            " have, but there are no other inputs."
        )
        of_numbers, numbered = numbered, []
    left_out = [name for name in names if name in {*left_out, *numbered}]
    advice = " To use such numbers, name them with --inputs." if numbered else ""
    if left_out:
        reason = (
            "identifiers, or empty" if len(left_out) > 1 else "an identifier, or empty"
        )
        notes.append(f"Left out: {quoted(left_out)} ({reason}).{advice}")
    if words:
        notes.append(f"Words became inputs of 0 and 1: {quoted(words)}.")
    if not of_numbers and not words:
        raise FormatError(
            f"The table has no column left for the inputs.{_unread(table, left_out)} To"
            " predict a column from its own past without dates, leave the other"
            " columns out: --ignore COLUMN."
        )
    values = numbers(table, of_numbers, gaps=True)
    medians = dict(zip(of_numbers, np.nanmedian(values, axis=0).tolist(), strict=True))
    return Encoding(medians, words), notes

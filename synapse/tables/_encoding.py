"""Convert columns of a table to inputs of a network. Numbers become one input, and
words one input each.
"""

from __future__ import annotations

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
    MAX_WORDS,
    columns as columns_of,
    find,
    missed,
    mostly_numbers,
    numbers,
    place,
    quoted,
)


@dataclass(frozen=True)
class Encoding:
    """The conversion of columns to inputs, which :func:`choose_encoding` chooses on the
    training rows.

    Attributes
    ----------
    medians : dict of str to float
        For each column of numbers, the value that replaces missing ones.
    words : dict of str to list of str
        For each column of text, its words. The input of a word is 1 where the cell has
        this word, and 0 elsewhere.
    """

    medians: dict[str, float]
    words: dict[str, list[str]]

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs, which are names of columns, or "column=word"."""
        return [
            *self.medians,
            *(f"{name}={word}" for name, words in self.words.items() for word in words),
        ]

    def rows(self, table: pd.DataFrame) -> tuple[Floats, list[str]]:
        """Return the inputs in a table, shape (rows, inputs), and sentences on the
        values that were filled in.

        Raises FormatError if a column of numbers contains another cell.
        """
        values = numbers(table, list(self.medians), gaps=True)
        notes = list[str]()
        for column, (name, median) in enumerate(self.medians.items()):
            gaps = np.isnan(values[:, column])
            if gaps.any():
                values[gaps, column] = median
                notes.append(
                    f"{pluralize(int(gaps.sum()), 'missing value')} of {name!r}: the"
                    f" median, {median:.6g}."
                )
        parts = [values]
        for name, words in self.words.items():
            # By convert_dtypes, whole numbers beside a missing one have no ".0".
            cells = table[find(table, name)].convert_dtypes().astype("string")
            codes = pd.Index(words).get_indexer(cells)
            parts.append(np.eye(len(words) + 1)[codes, :-1])  # -1: none of them
            if count := int(cells.isna().sum()):
                notes.append(
                    f"{pluralize(count, 'missing cell')} of {name!r}: no word."
                    f"{missed(table, name)}"
                )
            unseen = cells[(codes < 0) & cells.notna()]
            if len(unseen):
                notes.append(
                    f"Words of {name!r} that the model has not seen count as none, in"
                    f" {pluralize(len(unseen), 'cell')}: {quoted(sorted({*unseen}))}."
                )
        return np.hstack(parts), notes


def encoding_of(network: Network) -> Encoding | None:
    """Return the encoding by which the columns of a table become inputs of a network
    from `train_rows`, or None for other networks.
    """
    facts: Any = network.metadata.get("encoding")  # or what a user has written there
    ours = isinstance(facts, dict) and facts.keys() == {"medians", "words"}
    return Encoding(**facts) if ours else None


def choose_encoding(
    table: pd.DataFrame, columns: Sequence[str]
) -> tuple[Encoding, list[str]]:
    """Return the encoding of these columns, and sentences on columns that are left out.

    Empty columns are left out, as are columns of text with more than 20 words or a
    different word in every row.

    Raises FormatError if a column of numbers contains another cell, or all columns are
    left out.
    """
    of_numbers = list[str]()
    words = dict[str, list[str]]()
    notes = list[str]()
    for name in columns_of(table, columns):
        cells = table[name].dropna()
        if not len(cells):
            notes.append(f"Left out: {name!r}, which is empty.{missed(table, name)}")
            continue
        if mostly_numbers(cells):
            of_numbers.append(name)
            if (
                pd.api.types.is_integer_dtype(cells)
                and cells.is_unique
                and len(cells) > 2
            ):
                notes.append(
                    f"{name!r} has a different whole number in every row. If these"
                    f" identify rows, leave them out: --ignore {name!r}."
                )
            continue
        different = sorted({*cells.astype(str)})
        is_repeated = len(different) < len(cells) or len(cells) == 2
        if len(different) <= MAX_WORDS and is_repeated:
            words[name] = different
            continue
        row = int(np.flatnonzero(table[name].notna())[0])
        notes.append(
            f"Left out: {name!r}, a column of text with {len(different)} different"
            f" cells, such as {str(cells.iloc[0])!r} in {place(table, row)}."
        )
    if words:
        notes.append(f"Words became inputs of 0 and 1: {quoted(words)}.")
    if not of_numbers and not words:
        raise FormatError(
            " ".join(["The table has no column left for the inputs.", *notes])
            + (
                " If these are numbers with another decimal mark, pass --decimal. If"
                " these are dates, name them by --date. To predict a column from its"
                " own past, leave the other columns out: --ignore COLUMN."
            )
        )
    values = numbers(table, of_numbers, gaps=True)
    medians = dict(zip(of_numbers, np.nanmedian(values, axis=0).tolist(), strict=True))
    return Encoding(medians, words), notes

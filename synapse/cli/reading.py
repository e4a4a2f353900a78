"""What several subcommands share: the table that is named, how it is read, and how a network learns."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..tables import Learning, Series, Sheet, read_series, read_several, read_sheet
from ..tables.scaled_model import OPTIMIZERS
from ..tables.series import DUPLICATES, FILLS, ORDERS, without_totals
from .words import NEEDS, listed, natural, positive, whole, wholes

MARKS = {"point": ".", "comma": ","}
"""What --decimal may be."""
HOW = ("date", "dates", "fill", "duplicates", "zone")
"""The options of :func:`read_series`."""


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a table is read."""
    parser.epilog = f"{parser.epilog}\n\n{NEEDS}"
    add = parser.add_argument
    add("--decimal", choices=MARKS, help="the decimal mark, if the numbers do not tell")
    add("--fill", choices=FILLS, help="mend missing values of a series: repeat, interpolate, or drop the row")
    add("--duplicates", choices=DUPLICATES, help="of rows with one date: use the first, their mean, or none")
    add("--date", metavar="COLUMN", help="column with the dates (default: the first one with dates)")
    add("--dates", choices=ORDERS, help="how dates such as 02/01/2024 begin, if the column does not tell")
    add("--zone", metavar="NAME", help="time zone of the dates, such as Europe/Berlin")


def add_sequence(parser: argparse.ArgumentParser) -> None:
    """Add the option that tells several series or sequences of a table apart."""
    what = "column that tells several series apart, such as Shop, or sequences of rows"
    parser.add_argument("--sequence", metavar="COLUMN", help=what)


@dataclass(frozen=True)
class Table:
    """A table as a person names it: its file, and how it is read.

    `sequence` is the column that tells series or sequences apart, `ignore` are columns to leave out, and
    `how` has the options of :func:`read_series`, None where they are not given.
    """

    path: str
    decimal: str | None = None
    sequence: str | None = None
    ignore: list[str] = field(default_factory=list)
    how: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, options: argparse.Namespace) -> Table:
        """The table that the options name."""
        given = vars(options)
        decimal = None if given["decimal"] is None else MARKS[given["decimal"]]
        how = {name: given[name] for name in HOW}
        return cls(given["data"], decimal, given.get("sequence"), given.get("ignore", []), how)

    def sheet(self) -> Sheet:
        """The cells of the file."""
        return without_totals(read_sheet(self.path, self.decimal))

    def series(self, sheet: Sheet, columns: Sequence[str]) -> list[Series]:
        """These columns as a series or, with a column that tells several apart, as one for each value."""
        names = list(dict.fromkeys(columns))
        if self.sequence is None:
            return [read_series(sheet, names, ignore=self.ignore, **self.how)]
        return read_several(sheet, names, self.sequence, ignore=self.ignore, **self.how)

    def trained_series(self, facts: Mapping[str, Any]) -> list[Series]:
        """The series of a model with these facts, read as for its training unless options say otherwise."""
        sheet = self.sheet()
        how = {name: self.how[name] or facts.get(name) for name in HOW}
        if self.how["date"] is None and how["date"] not in sheet.names:
            how["date"] = None
        sequence = self.sequence or facts.get("sequence")
        if self.sequence is None and sequence not in sheet.names:  # one series, without a name
            sequence = None
        columns = [*facts["targets"], *facts["observed"], *facts["known"]]
        several = replace(self, sequence=sequence, how=how).series(sheet, columns)
        least = max(sum(lags) for lags in facts["differences"]) + 2
        long = [series for series in several if len(series.values) >= least]
        short = [series.sequence[1] for series in several if series.sequence and len(series.values) < least]
        if long and short:
            long[0].notes.append(f"Left out: {listed(short)}, with fewer than {least} rows.")
        return long or several


def add_learning(parser: argparse.ArgumentParser) -> None:
    """Add the options of a network and its training."""
    add = parser.add_argument
    add("--hidden", metavar="N,...", type=wholes, default=[8], help="sizes of hidden layers (default: 8)")
    add("--epochs", metavar="N", type=whole, help="default: until the error stops falling")
    add("--patience", metavar="N", type=whole, help="stop after N epochs without a lower error (default: 60)")
    add("--rate", metavar="R", type=positive, default=0.02, help="learning rate (default: %(default)s)")
    what = "sgd: after every row; adam: exact gradients of whole sequences (default: adam for a series)"
    add("--optimizer", choices=OPTIMIZERS, help=what)
    add("--seed", metavar="N", type=natural, default=0, help="seed of all randomness (default: %(default)s)")


def learning_of(options: argparse.Namespace) -> Learning:
    """How a network learns."""
    names = ("hidden", "epochs", "patience", "rate", "seed", "optimizer")
    return Learning(getattr(options, "model", None), **{name: getattr(options, name) for name in names})


def say(notes: Sequence[str]) -> None:
    """Print sentences on stderr."""
    for note in dict.fromkeys(notes):
        print(f"synapse: {note}", file=sys.stderr)

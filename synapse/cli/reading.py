"""Options that several subcommands share: how a table is read, and how a network learns."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from ..objects.network import Network
from ..tables import Learning, Series, Sheet, read_series, read_sheet
from ..tables.scaled_model import OPTIMIZERS
from ..tables.series import DUPLICATES, FILLS, ORDERS, without_totals
from ..tables.series_task import series_facts
from .words import NEEDS, natural, positive, whole, wholes

MARKS = {"point": ".", "comma": ","}
"""What --decimal may be."""
HOW = ("date", "dates", "fill", "duplicates", "zone")
"""The options of :func:`read_series`."""


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a series is read."""
    parser.epilog = f"{parser.epilog}\n\n{NEEDS}"
    add = parser.add_argument
    add("--decimal", choices=MARKS, help="the decimal mark, if the numbers do not tell")
    add("--fill", choices=FILLS, help="mend missing values of a series: repeat, interpolate, or drop the row")
    add("--duplicates", choices=DUPLICATES, help="of rows with one date: use the first, their mean, or none")
    add("--date", metavar="COLUMN", help="column with the dates (default: the first one with dates)")
    add("--dates", choices=ORDERS, help="how dates such as 02/01/2024 begin, if the column does not tell")
    add("--zone", metavar="NAME", help="time zone of the dates, such as Europe/Berlin")


def sheet_of(path: str, options: argparse.Namespace) -> Sheet:
    """Read a table as the options say."""
    return without_totals(read_sheet(path, None if options.decimal is None else MARKS[options.decimal]))


def series_of(sheet: Sheet, used: Sequence[str] | Network, options: argparse.Namespace) -> Series:
    """Columns of a table as a series, as the options say; those of a network also as it was trained."""
    facts: dict[str, Any] = series_facts(used) if isinstance(used, Network) else {}
    if isinstance(used, Network):
        used = [*facts["targets"], *facts["observed"], *facts["known"]]
    how = {name: getattr(options, name) or facts.get(name) for name in HOW}
    if how["date"] not in sheet.names and options.date is None:
        how["date"] = None
    return read_series(sheet, list(dict.fromkeys(used)), **how, ignore=getattr(options, "ignore", []))


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


def learning_of(options: argparse.Namespace, series: bool, /, **more: Any) -> Learning:
    """How a network learns."""
    given = {name: getattr(options, name) for name in ("hidden", "epochs", "patience", "rate", "seed")}
    given["model"] = getattr(options, "model", None) or ("gru" if series else "perceptron")
    given["optimizer"] = options.optimizer or ("adam" if series else "sgd")
    return Learning(**given | more)


def say(notes: Sequence[str]) -> None:
    """Print sentences on stderr."""
    for note in dict.fromkeys(notes):
        print(f"synapse: {note}", file=sys.stderr)

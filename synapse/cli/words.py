"""Helpers of the subcommands: kinds of arguments, text in columns, files that are written."""

from __future__ import annotations

import csv
import io
import math
import shutil
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._checks import MOST_COUNT, shown
from ..errors import ArgumentError, FormatError
from ..readwrite import files
from ..tables.table import file_errors, pandas_for_tables, quoted as listed, reason

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["file_errors", "listed", "reason"]  # of tables, for the subcommands

PICTURES, TABLES = (".png", ".svg", ".pdf"), (".csv", ".txt")
"""Suffixes of files that are written."""
NEEDS = 'Tables need the extra "forecast" (pandas, statsforecast): pip install "synapse-neurons[forecast]".'


class UsageError(ArgumentError):
    """Options that contradict each other, or a file name without a known format."""


# --- text ------------------------------------------------------------------------------------


def printable(name: str) -> str:
    """A name from a file, which may hold any character, on one line of a terminal."""
    return name if name.isprintable() else ascii(name)


def aligned(rows: Sequence[Sequence[str]], sides: str) -> str:
    """Lines of columns, each flush left (<) or right (>).

    >>> print(aligned([("a", "10"), ("long", "9")], "<>"))
    a     10
    long   9
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True))
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def joined(frames: dict[str, pd.DataFrame], sequence: str | None) -> pd.DataFrame:
    """The rows of several series below each other, with a column of their names; or those of a series."""
    if [*frames] == [""]:
        return frames[""]
    return pandas_for_tables().concat(frames, names=[sequence])


def write_table(table: pd.DataFrame, path: str | None, form: str | None = None, index: bool = True) -> None:
    """Write a table as CSV: a whole file or, without a path, to standard output."""
    text = table.to_csv(float_format=form, lineterminator="\n", index=index)
    if path is None:
        return shutil.copyfileobj(io.StringIO(text), sys.stdout)  # in parts: a closed pipe is noticed
    with file_errors("write", path):
        files.write(path, text)
    return None


# --- files -----------------------------------------------------------------------------------


def add_output(parser: ArgumentParser, what: str) -> None:
    """Add the file to write, as the last argument or with -o; see :func:`output_of`."""
    parser.add_argument("target", metavar="OUT", nargs="?", help=f"{what}; an existing one is replaced")
    parser.add_argument("-o", "--output", metavar="OUT", help="the same")


def output_of(options: Namespace) -> str:
    """The file to write; UsageError if it is not given, or twice."""
    given = [path for path in (options.target, options.output) if path is not None]
    if len(given) != 1:
        raise UsageError(f"Expected one file to write, OUT or -o OUT, got {listed(given) or 'none'}.")
    path: str = given[0]
    return path


def require_suffix(path: str, suffixes: Sequence[str]) -> str:
    """The suffix of a file to write, in lower case; UsageError if it is none of these."""
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        expected = " or ".join(filter(None, [", ".join(suffixes[:-1]), suffixes[-1]]))
        raise UsageError(f"The suffix of {path!r} must be {expected}.")
    return suffix


def require_folder(path: str) -> None:
    """Raise FormatError if the folder of a file to write does not exist."""
    if not Path(path).absolute().parent.is_dir():
        raise FormatError(f"Cannot write {path!r}: there is no such folder.")


def save_figure(figure: Any, path: str, dots: int | str = "figure") -> None:
    """Write a picture of matplotlib whole, and close it."""
    from matplotlib import pyplot

    try:
        with file_errors("write", path), files.replacing(path) as picture:
            figure.savefig(picture, format=Path(path).suffix[1:].lower(), dpi=dots)
    finally:
        pyplot.close(figure)


# --- kinds of arguments, for argparse --------------------------------------------------------


def names(text: str) -> list[str]:
    """Names separated by commas; a name that contains a comma is in double quotes.

    >>> names('age,"height, cm"')
    ['age', 'height, cm']
    """
    given = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(given) or not given:
        raise ArgumentTypeError(f"expected names separated by commas, got {text!r}")
    if len(set(given)) < len(given):
        raise ArgumentTypeError(f"expected every name once, got {text!r}")
    return given


def natural(text: str) -> int:
    """A whole number, 0 or above."""
    return _whole(text, "a whole number, 0 or above")


def whole(text: str) -> int:
    """A whole number above 0."""
    return _whole(text, "a whole number above 0", 1)


def _whole(text: str, what: str, least: int = 0) -> int:
    if not (text.isascii() and text.isdecimal()) or (least and not text.strip("0")):
        raise ArgumentTypeError(f"expected {what}, got {shown(text)}")
    if len(text) > len(str(MOST_COUNT)) or int(text) > MOST_COUNT:
        raise ArgumentTypeError(f"expected a whole number up to 10^15, got {shown(text)}")
    return int(text)


def wholes(text: str) -> list[int]:
    """Whole numbers above 0, separated by commas."""
    return [whole(part.strip()) for part in text.split(",")]


def _kind(what: str, fits: Callable[[float], bool]) -> Callable[[str], float]:
    def kind(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and fits(value)):
            raise ArgumentTypeError(f"expected {what}, got {text!r}")
        return value

    return kind


number = _kind("a number", lambda value: True)
positive = _kind("a number above 0", lambda value: value > 0)
fraction = _kind("a number between 0 and 1", lambda value: 0 < value < 1)
share = _kind("0 or a number between 0 and 1", lambda value: 0 <= value < 1)

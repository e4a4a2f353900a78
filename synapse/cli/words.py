"""Helpers of the subcommands: parsing of arguments, text in columns, errors."""

from __future__ import annotations

import csv
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterable, Sequence
from pathlib import Path

from .._checks import shown
from ..errors import ArgumentError, SynapseError


class UsageError(ArgumentError):
    """Options that contradict each other, or a file name without a known format."""


def reason(error: OSError | SynapseError) -> str:
    """The reason why a file could not be read or written, as a sentence."""
    if isinstance(error, OSError):
        return f"{error.strerror or error}."
    return str(error)


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


def listed(names: Iterable[str]) -> str:
    """Names in a sentence, in quotes.

    >>> listed(["a", "b"])
    "'a', 'b'"
    """
    return ", ".join(map(repr, names))


def add_output(parser: ArgumentParser, what: str) -> None:
    """Add the file to write, as the last argument or with -o; see :func:`output_of`."""
    parser.add_argument("target", metavar="OUT", nargs="?", help=f"{what}; an existing one is replaced")
    parser.add_argument("-o", "--output", metavar="OUT", help="the same")


def output_of(options: Namespace) -> str:
    """The file to write; UsageError if it is not given, or twice."""
    given = [path for path in (options.target, options.output) if path is not None]
    if len(given) != 1:
        found = "none" if not given else listed(given)
        raise UsageError(f"Expected one file to write, OUT or -o OUT, got {found}.")
    path: str = given[0]
    return path


def require_suffix(path: str, suffixes: Sequence[str]) -> str:
    """The suffix of a file to write, in lower case; UsageError if it is none of these."""
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        *others, last = suffixes
        known = f"{', '.join(others)} or {last}" if others else last
        raise UsageError(f"The suffix of {path!r} must be {known}.")
    return suffix


# --- kinds of arguments, for argparse --------------------------------------------------------


def names(text: str) -> list[str]:
    """Names separated by commas; a name that contains a comma is in double quotes.

    >>> names('age,"height, cm"')
    ['age', 'height, cm']
    """
    found = [name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])]
    if not all(found) or not found:
        raise ArgumentTypeError(f"expected names separated by commas, got {text!r}")
    if len(set(found)) < len(found):
        raise ArgumentTypeError(f"expected every name once, got {text!r}")
    return found


LARGEST = 10**15
"""The largest whole number that is accepted."""


def whole(text: str) -> int:
    """A whole number above 0."""
    if not (text.isascii() and text.isdecimal()) or not text.strip("0"):
        raise ArgumentTypeError(f"expected a whole number above 0, got {shown(text)}")
    if len(text) > len(str(LARGEST)) or int(text) > LARGEST:
        raise ArgumentTypeError(f"expected a whole number up to 10^15, got {shown(text)}")
    return int(text)


def natural(text: str) -> int:
    """A whole number, 0 or above."""
    return 0 if text == "0" else whole(text)


def wholes(text: str) -> list[int]:
    """Whole numbers above 0, separated by commas.

    >>> wholes("8,4")
    [8, 4]
    """
    return [whole(part.strip()) for part in text.split(",")]


def positive(text: str) -> float:
    """A finite number above 0."""
    return _between(text, float("inf"), "a number above 0")


def fraction(text: str) -> float:
    """A number between 0 and 1, both excluded."""
    return _between(text, 1.0, "a number between 0 and 1")


def share(text: str) -> float:
    """A number from 0 up to 1, which is excluded."""
    return 0.0 if text == "0" else _between(text, 1.0, "0 or a number between 0 and 1")


def _between(text: str, limit: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number < limit:
        raise ArgumentTypeError(f"expected {what}, got {text!r}")
    return number

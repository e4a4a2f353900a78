"""Help the subcommands to parse arguments, align text in columns, and write files."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .._build import lower_name
from .._checks.extras import FROM_CLONE
from ..errors import ArgumentError, FormatError
from ..readwrite import _files
from ..tables._pandas import pd
from ..tables._reading import NEEDED, OPTIONS, USUAL
from ..tables._table import file_errors, quoted as listed, reason

__all__ = ["file_errors", "listed", "reason"]  # of tables, for the subcommands

PICTURES = (".png", ".svg", ".pdf")
TABLES = (".csv", ".txt", *NEEDED)
"""Suffixes of files that are written."""
NEEDS = (
    'Tables need the extra "forecast" (pandas, scikit-learn, statsforecast).'
    f" {FROM_CLONE.format('forecast')}"
)


class UsageError(ArgumentError):
    """Raised for options that contradict each other, or a file name without a known
    format.
    """


# --- text -----------------------------------------------------------------------------


def printable(name: str) -> str:
    """Return a name from a file, which may hold any character, on one line of a
    terminal.
    """
    return name if name.isprintable() else ascii(name)


def aligned(rows: Sequence[Sequence[str]], sides: str) -> str:
    """Return lines of columns, each flush left (<) or right (>).

    >>> print(aligned([("a", "10"), ("long", "9")], "<>"))
    a     10
    long   9
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(
            f"{cell:{side}{width}}"
            for cell, side, width in zip(row, sides, widths, strict=True)
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines)


def numbers_table(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows of a report as lines, numbers flush right."""
    cells = [[printable(str(cell)) for cell in row] for row in rows]
    return aligned(cells, "<" + ">" * (len(cells[0]) - 1))


def joined(frames: dict[str, pd.DataFrame], sequence: str | None) -> pd.DataFrame:
    """Return the rows of several series below each other, with a column of their names,
    or the rows of a single series.
    """
    if [*frames] == [""]:
        return frames[""]
    return pd.concat(frames, names=[sequence])


def write_table(
    table: pd.DataFrame, path: str | None, form: Any = None, index: bool = True
) -> None:
    """Write a table to a whole file, CSV unless its suffix is another kind; or, without
    a path, as CSV to standard output.
    """
    if path is not None and Path(path).suffix.lower() in NEEDED:
        frame = table.reset_index() if index else table
        content = io.BytesIO()
        if path.lower().endswith(".parquet"):
            frame.to_parquet(content, engine="pyarrow", index=False)
        else:
            for name in frame.select_dtypes("datetimetz").columns:  # Excel has no zones
                frame = frame.assign(**{str(name): frame[name].map(str)})
            frame.to_excel(content, engine="openpyxl", index=False)
        with file_errors("write", path):
            _files.write(path, content.getvalue())
        return
    text = table.to_csv(float_format=form, lineterminator="\n", index=index)
    if path is None:
        # In portions, so that a closed pipe is noticed.
        shutil.copyfileobj(io.StringIO(text), sys.stdout)
        return
    with file_errors("write", path):
        _files.write(path, text)


def without_vain_advice(message: str, given: dict[str, Any]) -> str:
    """Return an error without sentences on options that are among the given ones, or
    that this command or this kind of file does not have.
    """
    of_file = OPTIONS.get(Path(str(given.get("data"))).suffix.lower(), USUAL)
    first, *others = re.split(r"(?<=[.?]) (?=[A-Z])", message)
    kept = [first]
    for sentence in others:
        options = {k.replace("-", "_") for k in re.findall(r"--([a-z-]+)", sentence)}
        if sentence.startswith(("Remove", "Train", "Use")) or not (
            any(given.get(name, True) for name in options)
            or options & USUAL.keys() - {*of_file}
            or ("ignore" in options and given.get("date"))
        ):
            kept.append(sentence)
    return " ".join(kept)


# --- files ----------------------------------------------------------------------------


def require_suffix(path: str, suffixes: Sequence[str]) -> str:
    """Return the suffix of a file to write, in lower case, or raise UsageError if it is
    not among these.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in suffixes:
        expected = " or ".join(filter(None, [", ".join(suffixes[:-1]), suffixes[-1]]))
        raise UsageError(f"The suffix of {path!r} must be {expected}.")
    return suffix


def require_table(path: str) -> None:
    """Raise, before any work, if a table could not be written to this file."""
    suffix = require_suffix(path, TABLES)
    if suffix in NEEDED:
        NEEDED[suffix]()
    require_folder(path)


def require_folder(path: str) -> None:
    """Raise FormatError if the folder of a file to write does not exist."""
    if not Path(path).absolute().parent.is_dir():
        raise FormatError(f"Cannot write {path!r}: there is no such folder.")


def save_figure(figure: Any, path: str, dots: int | str = "figure") -> None:
    """Write a picture of matplotlib whole, and close it."""
    from matplotlib import pyplot

    try:
        with file_errors("write", path), _files.replacing(path) as picture:
            figure.savefig(picture, format=Path(path).suffix[1:].lower(), dpi=dots)
    finally:
        pyplot.close(figure)


# --- kinds of arguments, for argparse -------------------------------------------------


def build(text: str) -> str:
    """Return the name of an architecture in an option, in any case."""
    try:
        return lower_name("the build", text)
    except ArgumentError as error:
        raise ArgumentTypeError(str(error).rstrip(".")) from None


def names(text: str) -> list[str]:
    """Return names separated by commas; a name that contains a comma is in double
    quotes.

    >>> names('age,"height, cm"')
    ['age', 'height, cm']
    """
    listed_names = [
        name.strip() for name in next(csv.reader([text], skipinitialspace=True), [])
    ]
    if not all(listed_names) or not listed_names:
        raise ArgumentTypeError(f"expected names separated by commas, got {text!r}")
    if len(set(listed_names)) < len(listed_names):
        raise ArgumentTypeError(f"expected every name once, got {text!r}")
    return listed_names


def wholes(text: str) -> list[int]:
    """Return whole numbers, separated by commas."""
    return [*map(int, text.split(","))]

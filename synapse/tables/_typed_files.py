"""Parquet and Excel files, whose cells have types: read and written by pandas."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from .._checks import imported, is_number, void
from ..errors import FormatError
from ._pandas import pd

SUFFIXES = {".parquet": "pyarrow", ".xlsx": "openpyxl"}
"""Suffixes of such files that are written, and the package that pandas needs."""
TITLES = {"pyarrow": "Parquet files need", "openpyxl": "Excel files need"}


def require_package(package: str) -> None:
    """Raise MissingExtraError, with the command that installs it, if the package of a
    kind of files is missing.
    """
    imported(package, TITLES[package], extra="tables")


@dataclass(frozen=True)
class TypedCells:
    """The cells of a Parquet or Excel file.

    `cells` has a row for each of the file, below the names of the columns if
    `is_named`, as those of Parquet are. `notes` are sentences on what was not read.
    """

    cells: pd.DataFrame
    is_named: bool
    notes: list[str]

    @classmethod
    def of(cls, content: bytes, path: str) -> TypedCells | None:
        """Return the cells of such a file; None for files of another kind.

        Raises MissingExtraError without the package that reads it, and FormatError if
        the file is damaged.
        """
        # The names of a table in text may begin with the same letters.
        if content.startswith(b"PAR1") and b"\0" in content:
            read, package, kind = _of_parquet, "pyarrow", "a Parquet file"
        elif content.startswith(b"PK\3\4") and b"xl/workbook" in content:
            read, package, kind = _of_excel, "openpyxl", "an Excel file"
        else:
            return None
        require_package(package)
        try:
            return read(content)
        except Exception as error:  # of zipfile, XML, Arrow and others
            why = " ".join(str(error).split()).rstrip(".")
            raise FormatError(f"Cannot read {path!r} as {kind}: {why}.") from None

    def rows(
        self, encoding: str | None, header: bool | None, skip: int
    ) -> dict[int, list[Any]]:
        """Return numbers and, of all other cells, the text, by the number of the row;
        names of columns are row 0. Without the first rows and those without a value.

        Raises ArgumentError for what only text has.
        """
        if encoding is not None or (self.is_named and header is False):
            name = "header" if encoding is None else "encoding"
            raise void(name, "path", self, f"Only text has it: remove `{name}`.")

        def plain(cell: Any) -> Any:
            if is_number(cell):
                return int(cell) if isinstance(cell, int | np.integer) else float(cell)
            return " ".join(str(cell).split())

        filled = self.cells.notna().to_numpy()
        below = islice(enumerate(self.cells.itertuples(index=False)), skip, None)
        return {
            place + (not self.is_named): [
                plain(cell) if has else ""
                for cell, has in zip(row, filled[place], strict=True)
            ]
            for place, row in below
            if filled[place].any()
        }


def _of_parquet(content: bytes) -> TypedCells:
    """Return the cells; the index of the file becomes columns if it has names or
    dates.
    """
    frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index(
            names=[name or f"column {i}" for i, name in enumerate(frame.index.names, 1)]
        )
    head = pd.DataFrame([[*map(str, frame.columns)]], columns=frame.columns)
    return TypedCells(pd.concat([head.astype(object), frame.astype(object)]), True, [])


def _of_excel(content: bytes) -> TypedCells:
    """Return the cells of the first sheet."""
    workbook = pd.ExcelFile(io.BytesIO(content), engine="openpyxl")
    sheet, *others = map(str, workbook.sheet_names)
    cells = pd.read_excel(workbook, sheet_name=sheet, header=None, dtype=object)
    cells = cells.dropna(axis=1, how="all")
    sheets = ", ".join(map(repr, others))
    notes = [f"The first sheet, {sheet!r}, is read, and not {sheets}."]
    return TypedCells(cells, False, notes if others else [])


def as_bytes(table: pd.DataFrame, suffix: str, index: bool) -> bytes:
    """Return a table as a file of this kind; its index becomes columns if `index`.

    In Excel, which has no time zones, dates with a zone become text.
    """
    frame = table.reset_index() if index else table
    content = io.BytesIO()
    if suffix == ".parquet":
        frame.to_parquet(content, engine="pyarrow", index=False)
        return content.getvalue()
    for name in frame.select_dtypes("datetimetz").columns:
        frame = frame.assign(**{str(name): frame[name].map(str)})
    frame.to_excel(content, engine="openpyxl", index=False)
    return content.getvalue()

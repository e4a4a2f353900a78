"""Tables in files, which pandas reads by its own options, and their dates."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import sys
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from .._checks import (
    boolean,
    file_path,
    imported,
    non_negative_integer,
    suggests_arguments,
    text,
    void,
)
from .._typing import PathLike
from ..errors import ArgumentError, FormatError, SynapseError
from ..readwrite import _files
from ._pandas import pd
from ._table import (
    MAX_WORDS,
    MISSED,
    as_frame,
    columns,
    file_errors,
    is_numeric,
    mostly_numbers,
    place,
)

NEEDED = {
    ".parquet": lambda: imported("pyarrow", "Parquet files need", extra="tables"),
    ".xlsx": lambda: imported("openpyxl", "Excel files need", extra="tables"),
}
"""Suffixes of files whose cells have types, with a function that imports the package
needed by pandas."""
OPTIONS = {
    ".parquet": (),
    ".xlsx": (
        "decimal",
        "thousands",
        "header",
        "skiprows",
        "comment",
        "na_values",
        "keep_default_na",
    ),
}
"""Options of pandas for files that do not have all of them."""
USUAL = {
    "sep": ",",
    "decimal": ".",
    "header": "infer",
    "skiprows": 0,
    "keep_default_na": True,
}
"""The defaults of pandas; None for other options."""
MONTHS = ("month", "monat", "mois", "mes", "mese", "m")
"""Names of columns, in any case, whose numbers are months beside those of years."""
DATE_NAMES = ("date", "time", "datetime", "timestamp", "year")
"""Names of columns, in any case, that are looked at for dates."""
# Cells that pandas takes for missing values by default, beside empty ones
MISSING = frozenset(
    (
        *("NA", "N/A", "n/a", "#N/A", "#N/A N/A", "#NA", "<NA>", "NULL", "null"),
        *("None", "NaN", "nan", "-NaN", "-nan"),
        *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
    )
)
UNPACKED: dict[bytes, Any] = {
    rb"\x1f\x8b\x08": gzip,
    rb"BZh[1-9]1AY&SY": bz2,
    rb"\xfd7zXZ\0": lzma,
}
"""Modules that unpack a file, by how it begins."""
OTHER_KINDS = {
    r"\xd0\xcf\x11\xe0": "an Excel file of before 2007. Save it as .xlsx.",
    r"(\s*%[^\n]*\n)*\s*@relation": "ARFF. Read it with scipy.io.arff.loadarff, and"
    " write its rows as CSV by pandas.",
    r"\s*[\[{]\s*[\[{\"]": "JSON. Read it with pandas.read_json, and write it as CSV.",
    r"\s*<(!doctype|html|\?xml)": "HTML or XML. Read it with pandas.read_html or"
    " pandas.read_xml, and write it as CSV.",
    _files.LFS: "a pointer of Git LFS. Fetch the file: git lfs pull.",
}
"""Files that are no tables here, by how they begin, and the way on."""
HOW = (
    "If another mark separates the cells, pass it, such as --sep ';'. If lines are"
    " above the names, pass their number, such as --skiprows 1."
)
"""Advice on rows with different numbers of cells."""


@suggests_arguments("read_table")
def read_table(
    path: PathLike,
    *,
    sep: Annotated[str, text] = ",",
    decimal: Annotated[str, text] = ".",
    thousands: str | None = None,
    encoding: str | None = None,
    header: int | str | None = "infer",
    skiprows: Annotated[int, non_negative_integer] = 0,
    comment: str | None = None,
    na_values: Collection[str] | None = None,
    keep_default_na: Annotated[bool, boolean] = True,
    dtype: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Read a CSV, Parquet or Excel file by pandas, as a data frame whose index has the
    line of each row.

    The options are those of ``pandas.read_csv`` and ``pandas.read_excel``, with the
    same names, meanings and defaults. Parquet files have no options. Options are never
    guessed. Unlike in pandas, columns of numbers such as 01234 stay text, because they
    may be codes, which lose their zeros otherwise. Instead of a file, you can also pass
    a data frame that you have read or changed in another way to all functions of
    :mod:`synapse.tables`.

    Parquet and Excel files need the extra ``tables`` (pyarrow, openpyxl). An index of
    the frame in a Parquet file becomes columns. The first sheet of an Excel file is
    read.

    Parameters
    ----------
    path : str or path-like
        The file: Parquet or Excel if its name ends in ".parquet" or ".xlsx", otherwise
        text. "-" is standard input.
    sep : str
        The mark between cells, or a regular expression. Default ",".
    decimal : str
        The decimal mark. Default ".".
    thousands : str, optional
        The mark between groups of digits. Default: no mark.
    encoding : str, optional
        The encoding of text, such as "cp1252". Default: UTF-8.
    header : int, "infer" or None
        The row that names the columns, counted from 0. With None, columns are called
        "0", "1" and so on. Default: the first row.
    skiprows : int, optional
        The number of lines above the names. Default 0.
    comment : str, optional
        The mark after which the rest of a line is a comment. Default: no mark.
    na_values : sequence of str, optional
        Further cells that are missing values. By default, only those of pandas are
        missing, such as empty cells, "NA" and "None".
    keep_default_na : bool
        Whether the missing values of pandas count beside `na_values`. Default True.
    dtype : mapping, optional
        The types of columns, such as ``{"month": str}``. Columns of the type "category"
        are words everywhere, even if they look like numbers.

    Returns
    -------
    pandas.DataFrame
        The table. Its index has the line of each row in the file, or the row of the
        sheet. If lines are empty, commented or within quotes, it counts rows from 1.

    Raises
    ------
    ArgumentError
        If the file's kind does not have such an option.
    FormatError
        If the file cannot be read by these options, a row has more cells than there are
        names, or there are no rows.
    MissingExtraError
        If the package that reads such a file is not installed.
    """
    path = str(file_path("path", path))
    suffix = Path(path).suffix.lower()
    settings = {
        "sep": sep,
        "decimal": decimal,
        "thousands": thousands,
        "encoding": encoding,
        "header": header,
        "skiprows": skiprows,
        "comment": comment,
        "na_values": na_values,
        "keep_default_na": keep_default_na,
        "dtype": dtype,
    }
    options = {k: value for k, value in settings.items() if value != USUAL.get(k)}
    for name in sorted(options.keys() - {*OPTIONS.get(suffix, settings)}):
        raise void(
            name, "path", path, f"{suffix} files do not need it. Remove `{name}`."
        )
    with file_errors("read", path):
        content: bytes = _files.read(sys.stdin.buffer if path == "-" else path)
    if suffix in NEEDED:
        NEEDED[suffix]()
    try:
        content = _unpacked(path, content)
        of_names = 1 + header if isinstance(header, int) else int(header is not None)
        above = skiprows + of_names
        label, start = "row", above + 1
        if suffix == ".parquet":
            frame, start = pd.read_parquet(io.BytesIO(content)), 1
        elif suffix == ".xlsx":
            frame = _as_written(
                partial(pd.read_excel, engine="openpyxl"), io.BytesIO(content), options
            )
        else:
            frame, lines = _read_text(path, content, options)
            is_exact = lines == len(frame) + above
            label, start = ("line", start) if is_exact else ("row", 1)
    except (SynapseError, MemoryError):
        raise
    except Exception as error:  # of pandas, zipfile, Arrow, openpyxl and others
        why = " ".join(str(error).rpartition("C error: ")[2].split()).rstrip(".")
        # Other errors are of an option's value, or of what the file lacks.
        advice = HOW if "fields" in why else "Check the file and the options."
        raise FormatError(f"Cannot read {path!r}: {why}. {advice}") from None
    if not isinstance(frame.index, pd.RangeIndex):
        frame = frame.reset_index()
    frame.columns = [str(name) for name in frame.columns]
    if not len(frame):
        raise FormatError(f"{path!r} has names of columns and no rows.")
    index = pd.RangeIndex(start, start + len(frame), name=label)
    return frame.set_axis(index)


def _unpacked(path: str, content: bytes) -> bytes:
    """Return the content of a file without compression, or raise FormatError if it is
    of a kind that is not read.
    """
    for begin, module in UNPACKED.items():
        if re.match(begin, content):
            content = module.decompress(content)
    begins = content[:4096].decode("latin-1")
    for pattern, kind in OTHER_KINDS.items():
        if re.match(pattern, begins, re.IGNORECASE):
            raise FormatError(f"Cannot read {path!r}: it is {kind}")
    return content


def _as_written(
    read: Callable[..., Any], source: Any, options: Mapping[str, Any]
) -> pd.DataFrame:
    """Return a table in which codes, such as 01234, are text. Its attributes count the
    words that became missing values.
    """
    frame = read(source, **options)
    marks = options.get("decimal", "."), options.get("thousands")
    if marks != (".", None):
        frame = frame.apply(_with_single_mistakes, args=marks)
    gaps = frame.isna()
    text = source.getvalue()  # in Excel, codes are text
    has_zeros = isinstance(text, str) and re.search(r"(?<![\d.:/-])0\d", text)
    if not has_zeros and not gaps.to_numpy().any():
        return frame
    source.seek(0)
    written = read(
        source, **{**options, "dtype": str, "na_values": None, "keep_default_na": False}
    )
    # If some usual words are kept, the others are among `na_values`.
    is_usual = "keep_default_na" not in options
    words = MISSING.difference((is_usual and options.get("na_values")) or ())
    named = written.where(gaps & written.isin(words))
    frame.attrs[MISSED] = {
        str(name): named[name].value_counts().to_dict() for name in named
    }
    # Text becomes a number again only with the usual marks.
    whole = r"\d+(\.\d+)?" if marks == (".", None) else r"\d+"
    for name in frame.select_dtypes("number"):
        cells = written[name].str.strip()[frame[name].notna()]
        if cells.str.match(r"0\d").any() and cells.str.fullmatch(whole).all():
            frame[name] = cells.reindex(frame.index)
    return frame


def _with_single_mistakes(
    column: pd.Series, decimal: str, thousands: str | None
) -> pd.Series:
    """Return a column in which most cells are numbers by these marks with its numbers,
    and its other cells as text: pandas leaves the whole column as text.
    """
    if is_numeric(column):
        return column
    cells = column.astype("string").str.strip()
    groups = "" if thousands is None else rf"|\d{{1,3}}({re.escape(thousands)}\d{{3}})+"
    pattern = rf"[+-]?(\d+{groups})({re.escape(decimal)}\d+)?([eE][+-]?\d+)?"
    cells = cells.where(cells.str.fullmatch(pattern).fillna(False))
    if thousands is not None:
        cells = cells.str.replace(thousands, "", regex=False)
    found = pd.to_numeric(cells.str.replace(decimal, ".", regex=False), errors="coerce")
    if 2 * found.notna().sum() <= column.notna().sum():
        return column
    return column.astype(object).where(found.isna(), found)


def _read_text(
    path: str, content: bytes, options: dict[str, Any]
) -> tuple[pd.DataFrame, int]:
    """Return the table in a text, and the number of lines."""
    encoding = options.pop("encoding", "utf-8")
    try:
        decoded = content.decode(encoding).removeprefix("\ufeff")
    except UnicodeError:
        decoded = "\0"
    if "\0" in decoded:  # pandas reads such a cell as a missing value
        raise FormatError(
            f"Cannot read {path!r}: it is not text in {encoding.upper()}. Name its"
            f" encoding, such as --encoding {'utf-16' if 0 in content else 'cp1252'}."
            " If it is of another kind, write it as CSV by pandas."
        )
    exact: dict[str, Any] = {"low_memory": False}
    # Before 3.1, the usual parser of pandas reads every third number one bit off.
    if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1):
        exact["float_precision"] = "round_trip"
    is_mark = len(options.get("sep", ",")) == 1 or options["sep"] == r"\s+"
    options |= exact if is_mark else {"engine": "python"}
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            # By default, pandas takes cells without a name for labels of the rows.
            frame = _as_written(
                partial(pd.read_csv, index_col=False), io.StringIO(decoded), options
            )
    except pd.errors.ParserWarning:
        raise FormatError(
            f"Cannot read {path!r}: rows have more cells than the first row has names."
            f" {HOW}"
        ) from None
    return frame, decoded.rstrip("\n").count("\n") + 1


# --- dates ----------------------------------------------------------------------------


@np.errstate(all="ignore")  # of floats that are no years
def find_dates(
    table: pd.DataFrame,
    date: str | Sequence[str] | None = None,
    date_format: str | None = None,
) -> tuple[list[str], pd.DatetimeIndex] | None:
    """Return the names of the columns with the dates of the rows, and the dates, or
    None if there is no such column.

    These are the columns `date`, whose cells are joined by blanks. By default, it is
    the first column that has a usual name for dates and begins with ISO 8601 or
    contains whole years.

    Raises ArgumentError if there is no such column, or no such format, and FormatError
    if a cell is not a date.
    """
    if date is not None:
        names = columns(table, [date] if isinstance(date, str) else date)
        return names, _dates(table, names, date_format)
    for name in as_frame(table).columns:
        if str(name).lower() not in DATE_NAMES:
            continue
        cells = _text(table, [name]).dropna()
        if mostly_numbers(table[name]) and date_format is None:
            is_date = len(cells) and cells.str.fullmatch(r"[1-9]\d{3}").all()
        else:  # Words stay an input; other text has no use but as dates.
            is_date = (
                cells.nunique() > MAX_WORDS
                or _parsed(cells[:1], date_format).notna().all()
            )
        if is_date:
            return [name], _dates(table, [name], date_format)
    if date_format is not None:
        raise void("date_format", "date", None, "Name the column: --date COLUMN.")
    return None


def _text(table: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Return the cells of columns as text, joined by blanks."""
    # By convert_dtypes, years beside a missing one have no ".0".
    head, *others = (table[k].convert_dtypes().astype("string") for k in names)
    return head.str.cat(others, sep=" ")


def _dates(
    table: pd.DataFrame, names: list[str], date_format: str | None
) -> pd.DatetimeIndex:
    """Return the dates in columns, or raise FormatError for the first cell that is not
    a date.
    """
    cells = _text(table, names)
    numbers = date_format is None and cells.str.fullmatch(r"\d{4} \d{1,2}").all()
    if numbers and len(names) == 2 and names[1].lower() not in MONTHS:
        raise FormatError(
            f"Are the numbers in column {names[1]!r} months? Then pass --date-format"
            " '%Y %m'. Otherwise, add a column with a date of each row."
        )
    if len(names) == 1 and pd.api.types.is_datetime64_any_dtype(table[names[0]]):
        dates = pd.DatetimeIndex(table[names[0]], freq=None)
    else:
        dates = _parsed(cells, date_format)
    for row in dates.isna().nonzero()[0][:1]:
        form = date_format or "a date in ISO 8601, such as 2024-01-31, or a year"
        cell = "no value" if pd.isna(cells.iloc[row]) else repr(cells.iloc[row])
        way = " Pass the form of the dates, such as --date-format %d.%m.%Y."
        year = re.search(r"\b\d{4}\b|\d{5,}(?=-)", cell)
        if year and _parsed(pd.Series([f"{year[0]}-01-01"]), None).isna().all():
            form, way = f"a year that pandas can hold in a date, not {year[0]},", ""
        raise FormatError(
            f"Expected {form} in {place(table, row)}, column {' '.join(names)!r}, got"
            f" {cell}.{way * (date_format is None)} To leave the column out, pass"
            f" --ignore {names[0]!r}."
        )
    return dates


def _parsed(cells: pd.Series, date_format: str | None) -> pd.DatetimeIndex:
    """Return the dates in cells of text, with NaT for missing dates. Dates with several
    offsets from UTC are converted to UTC.
    """
    if date_format is None:  # pandas reads "now" and "today", too
        cells = cells.where(cells.str.match(r"\d{4}").fillna(False))
    for utc in (False, True):
        try:
            with warnings.catch_warnings(action="error", category=FutureWarning):
                form = date_format or "ISO8601"
                dates = pd.to_datetime(cells, format=form, errors="coerce", utc=utc)
                return pd.DatetimeIndex(dates)
        except (ValueError, FutureWarning) as error:
            why = str(error)
    raise ArgumentError(f"`date_format` must be a form of strptime: {why}.")

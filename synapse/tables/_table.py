"""Tables in CSV files, which pandas reads; their columns, by name and as numbers."""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice, pairwise, zip_longest
from typing import Annotated, Any

import numpy as np

from .._checks import (
    boolean,
    choice,
    file_path,
    instance,
    listed,
    non_negative_integer,
    pluralize,
    suggestion,
    suggests_arguments,
    text,
)
from .._scale import SQUARABLE
from .._typing import Bools, Floats, Ints, PathLike
from ..errors import ArgumentError, FormatError, SynapseError
from ..readwrite import _files
from ._number_text import PATTERNS, convert_numbers, signed, to_floats
from ._pandas import pd
from ._typed_files import TypedCells

DELIMITERS = ";\t,"
MAX_NAMES = 100_000
"""Number of characters at the beginning of a file, in which the row of names is looked
for."""
UNREADABLE = "Correct it, or count such cells as missing values: --missing {cell}."
"""What to do about a cell of a column of numbers that is none."""
UNIT = re.compile(r"(.*\S)\s*[(\[][^()\[\]]+[)\]]")
MAX_LINES = 6
"""Number of lines, at most, that a sentence lists."""
NO_NAMES = (
    "If the file has no row of names, pass --header no: columns are then called 'column"
    " 1', 'column 2' and so on."
)
"""What to do about a first row that has values."""
MISSING = frozenset(
    (
        *(
            "",
            "-",
            "--",
            "\u2013",
            "\u2014",
            "\u2212",
            "#N/A",
            "#N/A N/A",
            "#NA",
            "<NA>",
        ),
        *("-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN", "NaN", "nan", "-NaN", "-nan"),
        *("N/A", "n/a", "NA", "NULL", "null", "None"),
    )
)
"""Cells that are missing values: a dash, and those of pandas."""
MAX_TITLE_ROWS = 20
"""Number of rows at the beginning of a file among which the names are looked for."""
BY_PANDAS = (
    'Write it as CSV: python -c "import pandas;'
    " pandas.{}({!r}).to_csv('table.csv', index=False)\"."
)
BY_SQLITE = (
    'Write a table of it as CSV: sqlite3 -csv -header {1!r} "SELECT * FROM {0}" >'
    " table.csv."
)
UNPACK = "Unpack it, and pass the file inside."
EXPORT = "Save the table as CSV."
BINARY = (
    # How files begin, what they are, what to do, and the reader of pandas.
    (b"ARROW1", "a Feather (Arrow) file", BY_PANDAS, "read_feather"),
    (b"FEA1", "a Feather file", BY_PANDAS, "read_feather"),
    (b"ORC", "an ORC file", BY_PANDAS, "read_orc"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", BY_PANDAS, "read_hdf"),
    (b"<stata_dta>", "a Stata file", BY_PANDAS, "read_stata"),
    (b"q\x02\x01\0", "a Stata file", BY_PANDAS, "read_stata"),
    (b"r\x02\x01\0", "a Stata file", BY_PANDAS, "read_stata"),
    (b"s\x02\x01\0", "a Stata file", BY_PANDAS, "read_stata"),
    (b"\0" * 12 + b"\xc2\xea\x81\x60", "a SAS file", BY_PANDAS, "read_sas"),
    (b"$FL", "an SPSS file", BY_PANDAS, "read_spss"),
    (b"SQLite format 3\0", "a SQLite database", BY_SQLITE, "NAME"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a spreadsheet (.xls)", EXPORT, ""),
    (b"PK\3\4", "a zip file", UNPACK, ""),
    (b"\x1f\x8b", "a gzip file", UNPACK, ""),
    (b"BZh", "a bzip2 file", UNPACK, ""),
    (b"\xfd7zXZ\0", "an xz file", UNPACK, ""),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file", UNPACK, ""),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", UNPACK, ""),
    (b"Rar!", "a RAR archive", UNPACK, ""),
    (b"\x93NUMPY", "an array of NumPy (.npy)", EXPORT, ""),
    (b"MATLAB 5.0", "a MATLAB file", EXPORT, ""),
    (b"%PDF", "a PDF document", EXPORT, ""),
    (b"Obj\x01", "an Avro file", EXPORT, ""),
    (b"\x80\x04\x95", "a pickle of Python", EXPORT, ""),
    (b"\x80\x05\x95", "a pickle of Python", EXPORT, ""),
    (b"RDX", "a file of R", EXPORT, ""),
)
"""Files that are no text and that people give for a table."""
MARKED = (
    (re.compile(r"\s*<(!doctype|html|\?xml)", re.IGNORECASE), "a page (HTML or XML)"),
    (re.compile(r'\s*(\{\s*"|\[\s*[\[{])'), "JSON"),
)
"""Text that is no table."""


# --- sentences ------------------------------------------------------------------------


def reason(error: OSError | SynapseError) -> str:
    """Return the reason why a file could not be read or written, as a sentence."""
    return f"{error.strerror or error}." if isinstance(error, OSError) else str(error)


@contextmanager
def file_errors(action: str, path: str) -> Iterator[None]:
    """Raise FormatError, with the path, for whatever stops the reading or writing of a
    file.
    """
    try:
        yield
    except (OSError, SynapseError) as error:
        raise FormatError(f"Cannot {action} {path!r}: {reason(error)}") from error


def quoted(names: Iterable[Any]) -> str:
    """Return names in a sentence, in quotes.

    >>> quoted(["a", "b"])
    "'a', 'b'"
    """
    return ", ".join(map(repr, names))


def require_one_use(
    names: Sequence[str],
    taken: Iterable[str] = (),
    error: type[SynapseError] = ArgumentError,
) -> None:
    """Raise if a column comes twice among these, or is taken already."""
    counts = Counter([*dict.fromkeys(taken), *names])
    if twice := sorted(name for name in {*names} if counts[name] > 1):
        raise error(f"A column can have one use only, got two of {quoted(twice)}.")


def encoding_name(title: str, name: Any) -> str:
    """Return the name of an encoding; ArgumentError if there is none of this name."""
    try:
        codecs.lookup(text(title, name))
        return str(name)
    except LookupError:
        raise ArgumentError(
            f"There is no encoding {name!r}. Use one of Python's, such as cp1252 or"
            " utf-8."
        ) from None


# --- files ----------------------------------------------------------------------------


@np.errstate(all="ignore")
@suggests_arguments("read_table")
def read_table(
    path: PathLike,
    decimal: Annotated[str | None, partial(choice, options=(None, ".", ","))] = None,
    *,
    encoding: Annotated[str | None, encoding_name] = None,
    missing: Collection[str] = (),
    header: Annotated[bool | None, boolean] = None,
    skip_rows: Annotated[int, non_negative_integer] = 0,
    without_totals: Annotated[bool, boolean] = False,
) -> pd.DataFrame:
    """Read a CSV, Parquet or Excel file as a data frame of pandas, whose index has the
    line of each row.

    The first row names the columns. Empty lines, rows without a value and lines that
    begin with # are left out; ``table.attrs["notes"]`` counts those below the names,
    and says how numbers were read. Cells are separated by semicolons, tabs or commas,
    whichever the first row has most of. Empty cells, "-" and those that
    ``pandas.read_csv`` takes for missing, such as "NA", are missing.

    A column is numeric if most of its cells are numbers. Numbers may have thousands
    separators, and a currency or per cent sign if all cells of the column have it.

    A last row of totals is named in the notes, with other rows that have such a label:
    its first text is a word such as "Total", or it has no text where the others have
    one, and its numbers are the sums of those above.

    Parquet and Excel files need the extra ``tables`` (pyarrow, openpyxl). Their numbers
    are used as they are, and rows have numbers instead of lines. The first sheet of an
    Excel file is read.

    Parameters
    ----------
    path : str or path-like
        The file, whose content decides what it is; ``-`` is standard input.
    decimal : {".", ","}, optional
        The decimal mark. Default: in each column, the mark with which more cells are
        numbers. If both marks fit all cells of a column, such as 999 and 1.234, it is
        that of the other columns, or a point in a file with commas between its cells;
        otherwise the file is refused.
    encoding : str, optional
        The encoding of a file of text, such as "cp1252". Default: UTF-8, or UTF-16
        if the file begins with its mark.
    missing : collection of str
        Further cells that are missing values, such as "n.v.".
    header : bool, optional
        Whether the first row names the columns. Without such a row they are called
        "column 1", "column 2" and so on. Default: it does, and a file whose first row
        looks like the rows below it is refused.
    skip_rows : int
        The number of lines, or rows of a sheet, above the names. They are not read.
        Default 0.
    without_totals : bool
        Whether rows of totals are left out. Default False.

    Returns
    -------
    pandas.DataFrame
        The table. A column that has only numbers has a numeric dtype. In other numeric
        columns, the cells that are not numbers are text; all other columns are text.

    Raises
    ------
    ArgumentError
        If there is no such encoding.
    FormatError
        If the file cannot be read, is not text in this encoding, does not name every
        column once, has values in the first row, has no rows, a row has more cells than
        there are names, or a column may have either decimal mark.
    MissingExtraError
        If the package that reads such a file is not installed.
    """
    absent = [
        text("A missing cell", cell)
        for cell in listed("missing", missing, "a list of cells", any_order=True)
    ]
    path = str(file_path("path", path))
    with file_errors("read", path):
        raw: bytes = _files.read(sys.stdin.buffer if path == "-" else path)
    typed = TypedCells.of(raw, path)
    content, separator, comments = "", ",", list[int]()
    if typed is not None:
        rows = typed.rows(encoding, header, skip_rows)
        header = True if typed.is_named else header
    else:
        content = _text(raw, path, encoding)
        # Empty lines, so that the others have their numbers.
        content = "\n" * skip_rows + "".join(content.split("\n", skip_rows)[skip_rows:])
        separator = _separator(content)
        rows = _rows(path, content, separator, comments)
    if not rows:
        raise FormatError(
            f"{path!r} must have a row of names and rows below it, got no text."
        )
    head = next(iter(rows))
    cells = [" ".join(str(cell).split()) for cell in rows[head]]
    _require_no_title(path, cells, rows, separator, header)
    names, notes = _names(path, cells, header, comments[:1])
    if header is not False:
        del rows[head]
    table = _in_columns(path, names, rows)
    table.index.name = "line" if typed is None else "row"
    notes += _read_missing(table, absent)
    is_empty = table.isna().all(axis=1)
    empty, table = table[is_empty], table[~is_empty].copy()
    about_comments = _about_comments(
        [place for place in comments if place > head], content
    )
    if not len(table):
        raise FormatError(
            " ".join([f"{path!r} has names of columns and no rows.", *about_comments])
        )
    if header is not False:
        table = _without_units(table, notes)
    if typed is not None:
        table = table.infer_objects()
        notes += typed.notes
    notes += convert_numbers(table, separator, decimal)
    about_markers, markers = read_markers(table, absent)
    notes += about_markers
    if header is None and cells[0]:  # pandas writes an index without a name
        notes += _about_header(path, names, table)
    notes += about_dates_as_names(table, path, separator)
    notes += about_comments
    if len(empty):
        count = pluralize(len(empty), "row")
        notes.append(f"Left out: {count} without a value ({_places(empty)}).")
    table = _finished(table, notes, without_totals)
    table.attrs["markers"] = markers  # for other tables of the same source
    return table


def _without_units(table: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Return a table of text without a row of units below the names; a sentence on it
    is added to the notes.
    """
    if not has_units(table):
        return table
    units = table.iloc[0].dropna()
    notes.append(
        f"Left out: {place(table, 0)}, which has units below the names,"
        f" {quoted(units[:MAX_LINES])}."
    )
    return table.iloc[1:].copy()


def _finished(table: pd.DataFrame, notes: list[str], without: bool) -> pd.DataFrame:
    """Return a table with its notes, and without rows of totals if these are to be left
    out.
    """
    totals = total_rows(table)
    if len(totals):
        count = pluralize(len(totals), "row")
        where = f"{count} of totals ({_places(table.iloc[totals])})"
        notes.append(
            f"Left out: {where}."
            if without
            else f"The table has {where}, which counts as data. To leave out such rows,"
            " pass --without-totals."
        )
    if without:
        table = table.drop(index=table.index[totals]).infer_objects()
    table.attrs["notes"] = notes
    return table


def _in_columns(
    path: str, names: list[str], rows: dict[int, list[str]]
) -> pd.DataFrame:
    """Return rows of text as a table of text, whose index has their lines."""
    for line, cells in rows.items():
        if len(cells) > len(names):
            raise FormatError(
                f"Expected {pluralize(len(names), 'cell')} in line {line} of {path!r},"
                f" as many as names, got {len(cells)}. If lines stand above the names,"
                " pass their number: --skip-rows N."
            )
    columns = zip_longest(names, *rows.values(), fillvalue="")
    arrays = {name: np.array(cells, object) for name, *cells in columns}
    return pd.DataFrame(arrays, pd.Index([*rows], dtype=int), copy=False)


def _read_missing(table: pd.DataFrame, further: Sequence[str]) -> list[str]:
    """Replace the cells of a table of text that are missing values, these `further`
    ones too, and strip the others; return a sentence counting those with text.
    """
    texts = Counter[str]()
    for name in table.columns:
        cells = table[name].map(
            lambda cell: cell.strip() if isinstance(cell, str) else cell
        )
        is_missing = cells.isin([*MISSING, *further])
        texts.update(cells[is_missing].value_counts().to_dict())
        table[name] = cells.mask(is_missing, np.nan)
    del texts[""]
    if not texts:
        return []
    counts = [f"{count} {cell!r}" for cell, count in texts.most_common()]
    total = pluralize(texts.total(), "cell")
    are = "is a missing value" if texts.total() == 1 else "are missing values"
    return [f"{total} with text {are}: {', '.join(counts)}."]


def _text(content: bytes, path: str, encoding: str | None) -> str:
    """Return the content of a file as text, in lines; FormatError if it is no text."""
    if binary := _binary_kind(content):
        title, advice, reader = binary
        advice = advice.format(reader, "FILE" if path == "-" else path)
        raise FormatError(f"Cannot read {path!r}: it is {title}, not text. {advice}")
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    name = encoding or ("utf-16" if is_utf_16 else "utf-8")
    try:
        decoded = content.decode(name)
    except (UnicodeError, LookupError):  # a codec that is not of text
        decoded = "\0"
    if "\0" in decoded:
        advice = (
            "Save it as CSV in UTF-8, or name its encoding, such as --encoding cp1252"
            " (Windows)."
        )
        raise FormatError(
            f"Cannot read {path!r}: it is not text in {name.upper()}. {advice}"
        )
    table_text = io.StringIO(decoded.removeprefix("\ufeff"), newline=None).read()
    for beginning, title in MARKED:
        if beginning.match(table_text):
            raise FormatError(f"Cannot read {path!r}: it is {title}, not CSV. {EXPORT}")
    return table_text


def _binary_kind(content: bytes) -> tuple[str, str, str] | None:
    """Return what a file is that begins like one of another kind than text, what to do
    about it, and the reader of pandas; None for other files.
    """
    if content.startswith(b"PK\3\4") and b"opendocument.spreadsheet" in content:
        return "a spreadsheet (.ods)", "Save the table as .xlsx or CSV.", ""
    for signature, title, advice, reader in BINARY:
        # The names of a table may begin with such letters.
        is_text = signature.isascii() and signature.decode().isprintable()
        if content.startswith(signature) and (not is_text or b"\0" in content):
            return title, advice, reader
    return None


def _separator(content: str) -> str:
    """Return the mark between cells: the one that the row of names has most of, outside
    of quotes.
    """
    named = re.match(r"sep=(.)\n", content)  # the first line of some spreadsheets
    if named is not None and named[1] in DELIMITERS:
        return named[1]
    unquoted = re.sub(
        r'(^|[;\t,])\s*"(?:[^"]|"")*"', r"\1", content[:MAX_NAMES], flags=re.MULTILINE
    )
    head = next(
        (
            line
            for line in unquoted.split("\n")
            if line.strip() and not line.startswith("#")
        ),
        "",
    )
    return max(DELIMITERS, key=head.count)


def _rows(
    path: str, content: str, separator: str, comments: list[int]
) -> dict[int, list[str]]:
    """Return the cells of each row of a file by the line at which it begins: rows end
    outside of quotes.

    Empty rows and comments are left out; the lines of these are appended to `comments`.
    Raises FormatError if a cell is too long, or a quote is not closed.
    """
    rows = dict[int, list[str]]()
    begin = 0  # between rows

    def lines() -> Iterator[str]:
        nonlocal begin
        for place, line in enumerate(io.StringIO(content), 1):
            if not begin:
                if line.startswith("#") and not line.startswith("#N/A"):
                    comments.append(place)
                    continue
                if not line.strip() or (place == 1 and line.startswith("sep=")):
                    continue
                begin = place
            yield line
        if begin:
            raise csv.Error(f"the quote that opens in line {begin} is not closed")

    try:
        for cells in csv.reader(lines(), delimiter=separator, skipinitialspace=True):
            rows[begin] = cells
            begin = 0
    except csv.Error as error:
        raise FormatError(f"{path!r} is not CSV: {error}.") from None
    return rows


def _require_no_title(
    path: str,
    cells: Sequence[str],
    rows: dict[int, list[str]],
    separator: str,
    header: bool | None,
) -> None:
    """Raise FormatError if the first row has half of its cells or fewer, and names
    follow in one of the next rows; unless it is known what the first row is.
    """
    filled = sum(map(bool, cells))
    if header is not None or not cells[0] or 2 * filled > len(cells) > 1:
        return
    rows_below = islice(rows.items(), 1, MAX_TITLE_ROWS)
    below = [(line, [*map(str, row)]) for line, row in rows_below]
    for mark in dict.fromkeys([separator, *DELIMITERS]):
        if mark != separator:
            below = [(line, separator.join(row).split(mark)) for line, row in below]
        for (line, names), (_, values) in pairwise(below):
            are_cells = 2 * filled <= len(names) == len(values)
            if (
                are_cells
                and all(map(_has_letter, names))
                and not all(map(_has_letter, values))
            ):
                raise FormatError(
                    f"The first row of {path!r} must name the columns, got"
                    f" {cells[0]!r}, which looks like a title. If line {line}"
                    f" has the names, pass --skip-rows {line - 1}; if these are"
                    " names, pass --header yes."
                )


def _has_letter(cell: str) -> bool:
    return any(map(str.isalpha, cell))


def _names(
    path: str, cells: Sequence[str], header: bool | None, comments: Sequence[int]
) -> tuple[list[str], list[str]]:
    """Return the names of the columns: the cells of the first row, or, without a
    header, their numbers; and sentences on those that were changed.

    A column without a name has its number, and of several columns of one name, the
    later ones are numbered. Raises FormatError if the cells are not names. Names in one
    of the lines of `comments` are not read.
    """
    if header is False:
        return [f"column {place}" for place in range(1, len(cells) + 1)], []
    if header is None and not (cells[0] == "" or _has_letter("".join(cells))):
        raise FormatError(
            f"The first row of {path!r} must name the columns, got"
            f" {quoted(cells)}. {NO_NAMES} If these are names, pass --header yes."
            + "".join(
                f" If {_lines([place])} has the names, remove its #."
                for place in comments
            )
        )
    names = [cell or f"column {place}" for place, cell in enumerate(cells, 1)]
    places = {name: place for place, name in reversed([*enumerate(names)])}
    again = [place for place, name in enumerate(names) if places[name] < place]
    for place in again:
        names[place] += f".{place}"
    if len({*names}) < len(names):
        raise FormatError(
            f"The first row of {path!r} must name every column once, got"
            f" {quoted(cells)}. Rename one."
        )
    # pandas writes an index without a name
    again += [place for place, cell in enumerate(cells) if place and not cell]
    own = "no name of its own" if len(again) == 1 else "no names of their own"
    return names, [
        f"{pluralize(len(again), 'column')} with {own}: read as"
        f" {quoted(names[place] for place in sorted(again))}."
    ] if again else []


def _about_header(path: str, names: list[str], table: pd.DataFrame) -> list[str]:
    """Return a sentence, if numbers name columns of numbers, as in tables with a column
    for each year; FormatError if the first row looks like the rows below it.
    """
    like_values = [name for name in names if _is_like(name, table[name])]
    recurring = [name for name in names if not is_numeric(table[name])]
    recurring = [name for name in recurring if (table[name] == name).any()]
    like_values = like_values or (names if recurring == names else [])
    if not like_values:
        return []
    if _are_labels(like_values):
        return [
            f"The first row names the columns, {quoted(like_values[:2])} among them. If"
            " it has values, pass --header no."
        ]
    raise FormatError(
        f"The first row of {path!r} must name the columns, got"
        f" {quoted(like_values[:MAX_LINES])}, which look like the cells below.\
 {NO_NAMES} If these are names, pass --header yes."
    )


def _is_like(name: str, column: pd.Series) -> bool:
    """Return whether a name is a number above numbers, or has digits where most cells
    of text have them, as dates do.
    """
    cells = column.dropna()
    if not len(cells) or not re.search(r"\d", name):
        return False
    if mostly_numbers(cells):
        return any(pattern.fullmatch(name) for pattern in PATTERNS.values())
    form = re.sub(r"\d", "9", name)
    forms = cells.astype(str).str.replace(r"\d", "9", regex=True)
    return len(name) > 3 and bool((forms == form).mean() > 0.5)


def _are_labels(names: Sequence[str]) -> bool:
    """Return whether numbers may name columns: years in order, or whole numbers in
    equal steps.
    """
    if not all(map(str.isdecimal, names)):
        return False
    steps = np.diff([*map(int, names)])
    if all(re.fullmatch("[12][0-9]{3}", name) for name in names):
        return bool((steps > 0).all() or (steps < 0).all())
    return len(names) > 1 and len({*steps}) == 1 and (len(names) > 2 or steps[0] == 1)


def _lines(places: Sequence[int], noun: str = "line") -> str:
    """Return lines of a file in a sentence.

    >>> _lines([3]), _lines([3, 5]), _lines([*range(2, 12)])
    ('line 3', 'lines 3, 5', 'lines 2, 3, 4, 5, 6, 7 and 4 others')
    """
    if len(places) == 1:
        return f"{noun} {places[0]}"
    others = len(places) - MAX_LINES
    listed_places = ", ".join(map(str, places[:MAX_LINES]))
    more = f" and {pluralize(others, 'other')}" if others > 0 else ""
    return f"{noun}s {listed_places}{more}"


def _places(table: pd.DataFrame) -> str:
    """Return the rows of a table in a sentence: their lines in the file."""
    return _lines([*map(int, table.index)], str(table.index.name))


def _about_comments(places: list[int], content: str) -> list[str]:
    """Return a sentence on lines below the names that are left out as comments."""
    if not places:
        return []
    comment = content.split("\n")[places[0] - 1]
    cell = re.split(f"[{DELIMITERS}]", comment)[0].strip()
    count = pluralize(len(places), "line")
    return [
        f"Left out: {count} with # at the beginning ({_lines(places)}). If these are"
        f' rows, put the cell in quotes: "{cell}".'
    ]


# --- columns --------------------------------------------------------------------------


def bare(name: str) -> str:
    """Return the name of a column without its unit.

    >>> bare("Sales (kEUR)"), bare("Temp [°C]"), bare("Costs")
    ('Sales', 'Temp', 'Costs')
    """
    match = UNIT.fullmatch(name)
    return name if match is None else match[1]


def find(table: pd.DataFrame, name: str) -> str:
    """Return the column with this name, one of which may leave its unit out;
    ArgumentError unless there is one.
    """
    if text("The name of a column", name) in table.columns:
        return name
    names = [*map(str, table.columns)]
    plain = bare(name)
    fitting = [
        other for other in names if bare(other) == plain and plain in (name, other)
    ]
    if len(fitting) > 1:
        raise ArgumentError(f"{name!r} may be {quoted(fitting)}. Pass the unit, too.")
    if not fitting:
        meant = suggestion(name, [*names, *map(bare, names)])
        raise ArgumentError(
            f"The table has no column {name!r}. It has {quoted(names)}.{meant}"
        )
    return fitting[0]


def columns(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return the columns with these names; ArgumentError if there is no such column."""
    frame = instance("table", table, pd.DataFrame)
    return [find(frame, name) for name in listed("columns", names, "a list of names")]


def is_numeric(column: pd.Series) -> bool:
    """Return whether all cells of a column are numbers or missing."""
    types = pd.api.types
    return bool(types.is_numeric_dtype(column) and not types.is_bool_dtype(column))


def mostly_numbers(column: pd.Series) -> bool:
    """Return whether more than half of the cells that are not missing are numbers."""
    if is_numeric(column) or not column.notna().any():
        return True
    return bool(2 * np.isfinite(to_floats(column)).sum() > column.notna().sum())


def numbers(
    table: pd.DataFrame,
    names: Sequence[str],
    gaps: bool = False,
    *,
    advice: str = UNREADABLE,
    fill: str = "",
) -> Floats:
    """Return columns of numbers, shape (rows, columns); with `gaps`, NaN where a cell
    is missing.

    Raises FormatError, which names the first wrong cell, if a cell is not a finite
    number. `advice` follows if the cell has something else, and `fill` if it is
    missing.
    """
    frame = table[columns(table, names)]
    parts = [to_floats(frame.iloc[:, place]) for place in range(frame.shape[1])]
    values: Floats = np.column_stack(parts) if parts else np.empty((len(frame), 0))
    wrong = ~np.isfinite(values)
    is_present = frame.notna().to_numpy(bool)  # of no column: an array of objects
    _require_right(frame, wrong & is_present, "a finite number", advice)
    is_large = np.abs(values) >= SQUARABLE
    condition = f"a number below {SQUARABLE:.3g}"  # whose square is finite
    _require_right(frame, is_large, condition, "Write the column in other units.")
    if not gaps:
        _require_right(frame, wrong & ~is_present, "a finite number", fill)
    return values


def words(table: pd.DataFrame, name: str) -> list[str]:
    """Return the cells of a column as text; FormatError, which names the first one, if
    cells are missing.
    """
    frame = table[columns(table, [name])]
    _require_right(
        frame,
        frame.isna().to_numpy(),
        "text",
        "Fill the cells in, or take the rows out.",
    )
    return [*map(str, frame.iloc[:, 0])]


def _require_right(
    frame: pd.DataFrame, wrong: Bools, condition: str, advice: str
) -> None:
    """Raise FormatError for the first of the wrong cells, if there is one."""
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        cell = frame.iloc[row, column]
        more = int(wrong.sum()) - 1
        cell_text = f"{str(cell)!r}" if frame.notna().iloc[row, column] else "no value"
        advice = advice.format(cell=cell_text)
        others = f"; {pluralize(more, 'other cell')} like it" if more else ""
        where = f"{place(frame, row)}, column {frame.columns[column]!r}"
        got = f"{cell_text}{others}"
        raise FormatError(
            f"Expected {condition} in {where}, got {got}. {advice}".strip()
        )


def place(table: pd.DataFrame, row: int) -> str:
    """Return a row in a sentence: its line in the file, or its label.

    >>> import pandas
    >>> place(pandas.DataFrame({"x": [1, 2]}), 1)
    'row 1'
    """
    return f"{table.index.name or 'row'} {table.index[row]}"


def sequences(table: pd.DataFrame, column: str | None) -> list[slice]:
    """Return the rows of each sequence: neighbours with the same value in a column;
    without one, all rows.

    Raises FormatError if a sequence continues after another has begun.
    """
    if column is None:
        return [slice(0, len(table))]
    cells = words(table, column)
    starts = [i for i, cell in enumerate(cells) if i == 0 or cell != cells[i - 1]]
    begins = {cells[start]: start for start in reversed(starts)}
    for start in starts:
        if begins[cells[start]] < start:
            raise FormatError(
                f"The rows of sequence {cells[start]!r} must be consecutive. It"
                f" continues after another one in {place(table, start)}."
            )
    return [
        slice(*ends) for ends in zip(starts, [*starts[1:], len(cells)], strict=True)
    ]


# --- rows of units, columns of dates -------------------------------------------------


# read_csv can read several rows as names (header=[0, 1]), but must be told so.
MIN_DATES = 3
"""Number of columns, at least, that are named by dates in a table that is wide."""
SAMPLED_ROWS = 20
"""Number of rows below the first that show what a column has."""


def has_units(table: pd.DataFrame) -> bool:
    """Return whether the first row of a table of text has the units of its columns:
    text above columns of numbers, and nothing like the cells below.
    """

    def is_number(cell: Any) -> bool:
        return any(
            pattern.fullmatch(signed(str(cell))) for pattern in PATTERNS.values()
        )

    def form(cell: Any) -> str:
        return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", str(cell)))

    sample = table.iloc[1 : 1 + SAMPLED_ROWS]
    of_numbers = [
        bool(cells.notna().any() and cells.dropna().map(is_number).all())
        for _, cells in sample.items()
    ]
    head = table.iloc[0]
    units = head[of_numbers].dropna()
    if not len(units) or any(map(is_number, units)):
        return False
    return not {*map(form, head.dropna())} & {*map(form, sample.iloc[0].dropna())}


def about_dates_as_names(table: pd.DataFrame, path: str, separator: str) -> list[str]:
    """Return a sentence on a table that has a column for each date, and what to do."""
    of_numbers = table.select_dtypes("number").columns
    names = of_numbers[of_numbers.str.fullmatch(r".*\d{4}.*|.*\d\W\d.*|\D+\d\d")]
    with warnings.catch_warnings(action="ignore"):
        times = pd.to_datetime(names, format="mixed", errors="coerce")
    months = pd.to_datetime(names, format="%b-%y", errors="coerce")
    dated = names[times.notna() | months.notna()]
    others = [name for name in table.columns if name not in dated]
    if len(dated) < MIN_DATES or len(dated) <= len(others):
        return []
    marks = "" if separator == "," else f", sep={separator!r}"
    key = f" --sequence {others[0]!r}" if others else ""
    return [
        f"{pluralize(len(dated), 'column')} from {dated[0]!r} to {dated[-1]!r} are"
        ' dates. To forecast, give each date a row: python -c "import pandas;'
        f" pandas.read_csv({path!r}{marks}).melt({others}, None, 'date',"
        " 'value').to_csv('long.csv', index=False)\", and train on long.csv with"
        f" --target value{key}."
    ]


# --- numbers that mark missing values ------------------------------------------------


# pandas takes marks of missing values that it is told (na_values); it finds none.
USUAL = re.compile(
    r"-?((\d)\2+(\.\2+)?|9\.9+|32767|2147483647|.*e\+(1[5-9]|[2-9]\d|\d{3}))"
    r"|-1|-32768|-2147483648"
)
"""Usual marks: one digit that repeats, as in 9999 and 88.8, -1, the ends of integers,
and all numbers from 1e15 on."""
MIN_DISTINCT = 5
"""Number of different other values, at least, beside which a number is a mark."""


def read_markers(
    table: pd.DataFrame, missing: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Replace the marks of missing values in columns of numbers; return sentences that
    count them, and these numbers as text.

    A mark is a usual one, and further from the other values than these are from each
    other. It is negative or huge where no other number is, and comes again or is very
    far away; or it comes three times, and is not a whole number above whole ones, as
    numbers of shops are. Numbers of which this holds in part are named. If the
    user says which cells are `missing`, no other numbers are.
    """
    notes = list[str]()
    markers = list[str]()
    named = pd.to_numeric(pd.Series(missing, dtype=object), errors="coerce")
    for name in table.select_dtypes("number").columns:
        is_named = table[name].isin(named.dropna())
        if is_named.any():
            table[name] = table[name].mask(is_named)
            cells = pluralize(int(is_named.sum()), "number")
            notes.append(f"{cells} of {name!r} in --missing: missing values.")
        values = table[name].to_numpy(np.float64)
        others, counts = np.unique(values[np.isfinite(values)], return_counts=True)
        apart = dict[float, int]()
        while len(others) > MIN_DISTINCT:
            gaps = others[1] - others[0], others[-1] - others[-2]
            end = -int(gaps[1] > gaps[0])
            value, rest = float(others[end]), np.delete(others, end)
            is_usual = USUAL.fullmatch(repr(value).removesuffix(".0")) is not None
            if max(gaps) <= np.ptp(rest) or not (is_usual or counts[end] > 2):
                break
            apart[value] = int(counts[end])
            others, counts = rest, np.delete(counts, end)
        for value, count in apart.items():
            text = repr(value).removesuffix(".0")
            low, high = others[[0, -1]].tolist()
            is_far = count > 1 or max(low - value, value - high) > 3 * (high - low)
            is_foreign = value < 0 <= low or "e+" in text
            is_measured = value < low or bool((others % 1).any())
            is_mark = is_far if is_foreign else count > 2 and is_measured
            meaning, advice = (
                "counts as a number",
                f"marks a missing value, pass --missing={text}",
            )
            if is_mark and not missing and USUAL.fullmatch(text):
                meaning, advice = "is a missing value", "is a number, pass --missing=NA"
                markers.append(text)
                table[name] = table[name].mask(values == value)
            notes.append(
                f"{text} {meaning} in {pluralize(count, 'cell')} of {name!r}, where the"
                f" others are {low:.6g} to {high:.6g}. If it {advice}."
            )
    return notes, [*dict.fromkeys(markers)]


# --- rows of totals ------------------------------------------------------------------


# pandas skips rows by their number only (skipfooter).
LABEL = re.compile(
    r"((grand|sub)[- ]?)?(totals?|sums?|totale|suma|summe|gesamt|gesamtsumme"
    r"|insgesamt|zwischensumme)\b.*",
    re.IGNORECASE,
)
"""What the first text of such a row is, such as "Total", "Total 2024" or "Summe:"."""
MIN_ROWS = 3
"""Number of rows above one without a label, at least, whose sum is no chance."""
SUM_TOLERANCE = 1e-9
"""Relative difference of sums that rounding explains."""


def total_rows(table: pd.DataFrame) -> Ints:
    """Return the positions of rows that are totals: none unless the last row is one.

    Its first cell of text is a word for a total, or a cell is missing where no other is
    and each of its numbers is the sum of those above. Other rows with such a word are
    totals, too.
    """
    if len(table) < 2:
        return np.array([], int)
    texts = table.select_dtypes(exclude="number")
    labels = texts.map(lambda cell: isinstance(cell, str) and LABEL.fullmatch(cell))
    has_label = labels.astype(bool).any(axis=1).to_numpy()
    if has_label[-1]:
        return np.flatnonzero(has_label)
    return np.array([len(table) - 1] if _is_sum(table) else [], int)


def _is_sum(table: pd.DataFrame) -> bool:
    """Return whether the last row, in which a cell is missing, has the sums of the
    columns above it.
    """
    *_, last = table.isna().to_numpy()
    above = table.iloc[:-1]
    if (
        len(above) < MIN_ROWS
        or not last.any()
        or above.loc[:, last].isna().any(axis=None)
    ):
        return False
    names = table.columns[~last]
    if not len(names) or any(table[name].dtype.kind not in "iuf" for name in names):
        return False
    numbers, total = above[names].to_numpy(float), table[names].iloc[-1].to_numpy(float)
    sizes = np.abs(numbers).sum(axis=0)
    are_sums = np.abs(numbers.sum(axis=0) - total) <= SUM_TOLERANCE * sizes
    return bool(are_sums.all() and sizes.all())

"""Check data, and convert the numbers that users pass to the arrays that kernels take.

Arrays, lists, tuples, memory maps, pandas DataFrames and Series, torch tensors, and all
objects with `__array__` or `to_numpy` become float64. Data that would lose information
raise an error: complex numbers, text, dates, objects, masked entries, and numbers
beyond the range of the network's dtype.
"""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from itertools import chain
from numbers import Number, Real
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from .._typing import Bools, Floats
from .._ways import SPARSE_ROWS
from ..errors import ArgumentError, ArgumentTypeError, SynapseError
from .arguments import (
    FLOAT32,
    FLOAT64,
    expected,
    integer,
    must,
    pluralize,
    real_number,
    short_repr,
    subject,
    unfit,
)

MAX_FLOAT = {dtype: float(np.finfo(dtype).max) for dtype in (FLOAT64, FLOAT32)}
SQUARES = {FLOAT64: MAX_FLOAT[FLOAT64], FLOAT32: MAX_FLOAT[FLOAT32] ** 2}
"""Sums of squares up to which every number is finite, and within the range of the
dtype."""

REAL_KINDS = "biuf"
"""Kinds of dtype that are numbers: booleans, signed and unsigned integers, floats."""
PLAIN_TYPES = {float, int, bool, np.float64, np.ndarray}
"""Types that NumPy converts without loss."""
LISTS = {list, tuple}
OTHER_KINDS = {
    "c": "complex numbers",
    "U": "text",
    "S": "text",
    "T": "text",
    "M": "dates",
    "m": "durations",
}
"""Names for other kinds of dtype."""
CSR_ATTRIBUTES = ("indptr", "indices", "data", "shape")
"""Attributes of a CSR array. Because SciPy is not imported, any object with these
attributes is accepted."""
MAX_DEPTH = 4  # largest depth to which nested lists are searched


def _of_padding(rows: Floats) -> str:
    """Return advice if NaN fills up the end of the rows."""
    blank: Bools = np.all(np.isnan(rows), axis=1)
    filled = len(rows) - int(blank.sum())
    if not 0 < filled < len(rows) or not blank[filled:].all():
        return ""
    return (
        "Pass sequences of different lengths as a list of arrays, without the rows"
        " that fill them up."
    )


def numbers(title: str, values: Any, condition: str) -> Floats:
    """Return `values` as a C-contiguous array of float64 of any shape, without a copy
    if they are one already.

    An error with the condition is raised if they are not numbers, or if some are
    masked.
    """
    usual = type(values) is np.ndarray and values.dtype is FLOAT64
    array = values if usual else real_array(title, values, condition)
    if array.dtype == FLOAT64 and array.flags.carray:
        return array
    return _as_float64(array)


def _as_float64(array: NDArray[Any]) -> Floats:
    """Return a C-contiguous copy."""
    if array.dtype.itemsize <= FLOAT64.itemsize:
        return np.array(array, np.float64, order="C")

    # A long double may become infinite, which raises an error later.
    with np.errstate(over="ignore", under="ignore"):
        return np.array(array, np.float64, order="C")


def real_array(title: str, values: Any, condition: str) -> NDArray[Any]:
    """Return `values` as an array of any type of numbers or booleans, with errors as in
    :func:`numbers`.
    """
    array = any_array(title, values, condition)
    if array.dtype == object and all(isinstance(n, Real | Decimal) for n in array.flat):
        with suppress(OverflowError):
            array = array.astype(np.float64)
    if array.dtype.kind not in REAL_KINDS:
        advice = ""
        if OTHER_KINDS.get(array.dtype.kind) == "text" and array.ndim == 1:
            advice = "Number classes by np.unique(labels, return_inverse=True)[1]."
        raise ArgumentTypeError(
            must(
                title,
                f"be {condition}",
                OTHER_KINDS.get(array.dtype.kind) or short_repr(values),
                advice,
            )
        )
    return array


def any_array(title: str, values: Any, condition: str) -> NDArray[Any]:
    """Return `values` as an array of any type without masked entries, with errors as in
    :func:`numbers`.
    """
    if type(values) in PLAIN_TYPES:
        return np.asarray(values)
    try:
        array = np.asarray(_opened(title, values, condition))
    except (SynapseError, MemoryError):
        raise
    except Exception as error:  # ragged lists; or any error of a foreign `__array__`
        raise ArgumentTypeError(expected(title, condition, values)) from error
    if array.dtype == object and is_sparse(values):
        raise SPARSE_ROWS.error(subject=subject(title), condition=condition)
    return array


def is_sparse(values: Any) -> bool:
    """Return whether values are a sparse array, of SciPy or in CSR."""
    if isinstance(values, np.ndarray):  # the common case
        return False
    in_csr = all(hasattr(values, name) for name in CSR_ATTRIBUTES)
    return in_csr or hasattr(values, "tocsr")


def require_labels(title: str, values: Any) -> None:
    """Raise ArgumentError if some labels are text and others are not, or are missing.

    NumPy would convert all of them to text, or to objects, which cannot be sorted.
    """
    array = np.asarray(values)
    made_text = array is not values and np.issubdtype(array.dtype, np.str_)
    if array.dtype == object or made_text:
        labels = np.array(values, object).ravel()
        has_text = any(isinstance(label, str) for label in labels)
        for label in labels:
            is_nan = label != label
            is_number = isinstance(label, Number | np.bool_) and not is_nan
            if not isinstance(label, str) and (has_text or not is_number):
                condition = "all text or all numbers, without missing labels"
                raise ArgumentError(expected(title, condition, label))


def finite_array(
    title: str, values: Any, dtype: Any = np.float64, gaps: bool = False
) -> Floats:
    """Return `values` as a new array of float64 of any shape. :func:`finite_number`
    must accept each value, but a matrix may have `gaps`, which are NaN.

    Unlike in data, booleans raise an error, and fractions and decimals are accepted.
    """
    array = any_array(title, values, "numbers")
    if array.dtype.kind == "O":
        entries = [real_number(title, value) for value in array.flat]
        array = np.array(entries).reshape(array.shape)
    if array.dtype.kind not in "iuf":
        raise ArgumentTypeError(expected(title, "numbers", values))
    floats = _as_float64(array)
    if sum_of_squares(floats) <= SQUARES[np.dtype(dtype)]:  # the common case
        return floats
    # without NaN, or with it
    largest = (np.fmax if gaps and floats.ndim == 2 else np.maximum).reduce(
        np.abs(floats), axis=None, initial=0.0
    )
    if largest <= MAX_FLOAT[np.dtype(dtype)]:  # false for NaN too
        return floats
    if np.isfinite(largest):
        raise unfit(title, dtype, floats[np.abs(floats) == largest][0].item())
    raise ArgumentError(expected(title, "finite", values))


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Make `array`, a copy, read-only and return it, because writing to it would not
    change the network.
    """
    array.flags.writeable = False
    return array


def _opened(title: str, values: Any, condition: str, depth: int = 0) -> Any:
    """Return `values` in a form that NumPy converts without loss."""
    if type(values) in PLAIN_TYPES:
        return values
    if isinstance(values, list | tuple):
        # The types of all entries, of a list of lists those of their entries, are found
        # without a loop in Python: most data are plain.
        types = set(map(type, values))
        if types <= LISTS:
            types = set(map(type, chain.from_iterable(values)))
        if types <= PLAIN_TYPES or depth == MAX_DEPTH:
            return values
        return [_opened(title, entry, condition, depth + 1) for entry in values]
    if np.ma.is_masked(values):
        advice = "Fill the masked entries, or remove their rows."
        raise ArgumentError(
            expected(title, "numbers without masked entries", values, advice)
        )
    if hasattr(values, "detach") and hasattr(values, "cpu"):
        return values.detach().cpu()  # a tensor, which may require a gradient
    if hasattr(values, "iloc"):
        return _of_table(title, values, condition)
    if hasattr(values, "to_numpy") and not hasattr(values, "__array__"):
        return values.to_numpy()
    return values


def _of_table(title: str, table: Any, condition: str) -> Any:
    """Convert a pandas DataFrame or Series to an array, with NaN for missing values."""
    columns = list(table.items()) if table.ndim == 2 else [(table.name, table)]
    for name, column in columns:
        if column.dtype.kind not in REAL_KINDS and not _are_numbers(column):
            raise ArgumentTypeError(
                must(
                    title,
                    f"be {condition}",
                    f"{column.dtype} in the column {short_repr(name)}",
                )
            )
    if columns and all(column.dtype == bool for _, column in columns):
        return table.to_numpy()
    return table.to_numpy(np.float64, na_value=np.nan)


def _are_numbers(column: Any) -> bool:
    """Return whether the objects, categories or words of a column are numbers."""
    try:
        return column.dtype.kind == "O" and bool(
            column.to_numpy(np.float64, na_value=np.nan).ndim
        )
    except (TypeError, ValueError):
        return False


def require_range(title: str, rows: Floats, dtype: np.dtype[Any]) -> None:
    """Raise if a number is beyond the range of a store's dtype. NaN and infinity are
    accepted.
    """
    if dtype != FLOAT32 or not rows.size:
        return
    bad = (np.abs(rows) > float(np.finfo(np.float32).max)) & np.isfinite(rows)
    if bad.any():
        raise unfit(title, dtype, float(rows[bad].flat[0]))


def is_row(values: Any, size: int) -> TypeGuard[Floats]:
    """Return whether kernels can read `values` unchanged, as `size` adjacent numbers of
    float64.
    """
    return (
        type(values) is np.ndarray
        and values.dtype is FLOAT64
        and values.shape == (size,)
        and values.flags.carray
    )


def row_of(title: str, values: Any, size: int) -> Floats:
    """Return `values` as `size` floats, finite or not, or raise an error. A single
    value may be a scalar.
    """
    if is_row(values, size):
        return values  # nothing to copy
    row = numbers(title, values, pluralize(size, "number"))
    if row.ndim == 0 and size == 1:
        row = row.reshape(1)
    if row.shape != (size,):
        is_class = title.startswith("target") and integer(values) is not None
        advice = f" {about_classes(size)}" if is_class else ""
        raise ArgumentError(f"{_counted(title, size)}, got {shape_of(row)}.{advice}")
    return row


def about_classes(count: int) -> str:
    """Make the sentence about classes as targets of outputs that are not softmax."""
    return (
        "Only softmax outputs accept integer classes as targets. Build the network"
        ' with output_squash="softmax", or pass one-hot rows, such as'
        f" np.eye({count})[classes]."
    )


def _counted(title: str, size: int) -> str:
    """Return the beginning of a sentence, such as "Expected 1 input" or "`target` must
    be 2 numbers".
    """
    if title in ("inputs", "targets"):
        return f"Expected {pluralize(size, title[:-1])}"
    return f"{subject(title)} must be {pluralize(size, 'number')}"


def vector(
    title: str, values: Any, size: int, dtype: np.dtype[Any], nan: bool = False
) -> Floats:
    """Return `values` as `size` finite floats within the range of this dtype, or NaN if
    `nan`, or raise.
    """
    row = row_of(title, values, size)
    if not (np.isfinite(row) | (nan & np.isnan(row))).all():
        raise ArgumentError(expected(title, "finite", values))
    require_range(title, row, dtype)
    return row


def class_row(title: str, value: Any, classes: int) -> Floats:
    """Convert the number of a class to a row of targets, with 1 for this class and 0
    for the others.
    """
    return one_hot(title, np.array([[value]], np.float64), classes).reshape(classes)


def one_hot(title: str, column: Floats, classes: int) -> Floats:
    """Convert numbers of classes, shape (rows, 1), to targets, shape (rows, classes),
    and NaN to rows of NaN.
    """
    numbers = column[:, 0]
    missing = np.isnan(numbers)
    for row in np.flatnonzero(~missing & ~np.isin(numbers, np.arange(classes))):
        where = f" in row {row}" if len(numbers) > 1 else ""
        raise ArgumentError(
            must(
                title,
                f"be classes from 0 to {classes - 1} (or NaN for no target)",
                f"{numbers[row]:g}{where}",
            )
        )
    rows = np.zeros((len(numbers), classes))
    rows[np.flatnonzero(~missing), numbers[~missing].astype(np.intp)] = 1.0
    rows[missing] = np.nan
    return rows


def from_pairs(inputs: Any, targets: Any) -> tuple[Any, Any]:
    """Return inputs and targets. Both may be given as one list of dicts {"input": ...,
    "output": ...}.
    """
    if targets is not None:
        return inputs, targets
    samples = inputs if isinstance(inputs, list | tuple) else ()
    paired = all(
        isinstance(sample, dict) and sample.keys() == {"input", "output"}
        for sample in samples
    )
    if samples and paired:
        inputs = [sample["input"] for sample in samples]
        return inputs, [sample["output"] for sample in samples]
    raise ArgumentError(
        "Expected inputs and targets, got no targets."
        ' Pass two arrays, or a list of dicts {"input": [...], "output": [...]}.'
    )


def shape_of(array: NDArray[Any]) -> str:
    """Describe the shape of an array in words."""
    if array.ndim == 0:
        return "a single number"
    if array.ndim == 1:
        return f"{array.shape[0]}"
    return f"an array of shape {array.shape}"


def names_of(table: Any, axis: str = "columns") -> list[str] | None:
    """Return the column names of a data frame, or with the axis "index" the names in
    one of its rows, or None if there are no names, or if they are numbers.

    Raises ArgumentTypeError, as scikit-learn does, if only some are text, or two are
    equal.
    """
    names = [*getattr(table, axis)] if hasattr(table, "to_numpy") else []
    texts = [isinstance(name, str) for name in names]
    if any(texts) and not (all(texts) and len({*names}) == len(names)):
        raise ArgumentTypeError(
            "Expected different names of columns, all text or all numbers, got"
            f" {short_repr(names)}."
        )
    return names if any(texts) else None


def sum_of_squares(values: Floats) -> float:
    """Return the sum of squares, computed in one thread. It is NaN or infinity if one
    of the numbers is.

    For 10,000 numbers, BLAS would wake threads, which keep the other cores busy for
    milliseconds after it.
    """
    if values.size < 10_000:
        return float(np.vdot(values, values))
    flat = values.reshape(-1)
    return float(np.einsum("i,i", flat, flat))


def as_matrix(
    title: str, values: Any, columns: int, dtype: np.dtype[Any], finite: bool = True
) -> Floats:
    """Return `values` in the form that kernels take: float64, C-contiguous, of shape
    (rows, columns).

    One column may be given as a list of numbers. Numbers beyond the range of the dtype
    raise an error, and so do NaN and infinity if `finite` is True.
    """
    rows = numbers(title, values, f"rows of {pluralize(columns, 'number')} each")
    if rows.ndim == 1 and (columns == 1 or not len(rows)):
        rows = rows.reshape(len(rows), columns)
    if rows.ndim != 2 or rows.shape[1] != columns:
        got = f"an array of shape {rows.shape}"
        if rows.shape[:1] == (1,) or rows.ndim == 0:
            got = shape_of(rows.reshape(rows.shape[1:]))
        raise ArgumentError(f"{_counted(title, columns)} per step, got {got}.")
    if sum_of_squares(rows) <= SQUARES[dtype]:  # the common case, in one pass
        return rows
    if finite and not np.isfinite(rows).all():
        row = np.flatnonzero(~np.isfinite(rows).all(axis=1))[0]
        advice = _of_padding(rows) if "sequence" in title else ""
        got = f"NaN or infinity in row {row}"
        raise ArgumentError(must(title, "be finite", got, advice))
    require_range(title, rows, dtype)
    return rows


def rows_as_given(
    values: Any, columns: int, dtype: np.dtype[Any]
) -> NDArray[Any] | None:
    """Return an array (N, columns) or (S, T, columns) as rows, if it is contiguous, of
    float64 or the dtype of a network, and its sequences are finite, or None otherwise.
    A single run of rows is checked by kernels, which read all of it before anything
    changes.
    """
    if (
        type(values) is not np.ndarray
        or values.dtype not in (FLOAT64, dtype)
        or values.ndim not in (2, 3)
        or values.shape[-1] != columns
        or not values.flags.carray
    ):
        return None
    rows = values.reshape(-1, columns)
    return rows if values.ndim == 2 or sum_of_squares(rows) <= SQUARES[dtype] else None


OBJECTS = np.dtype(object)


def as_list(values: Any) -> Any:
    """Return an array of objects or a Series with sequences as a list, and all other
    values unchanged.
    """
    if getattr(values, "ndim", 0) != 1 or getattr(values, "dtype", None) != OBJECTS:
        return values
    entry = next(iter(values), None)
    is_sequence = isinstance(entry, list | tuple) or getattr(entry, "shape", False)
    return list(values) if is_sequence else values


def parts_of(
    title: str, values: Any, columns: int, parted: bool = False
) -> tuple[list[Any], bool]:
    """Return the sequences, for :func:`as_matrix`, and whether `values` is one array of
    rows instead.

    Rows of one column may be given as numbers. For sequences of such rows, `values`
    must be a list of arrays, or `parted` must be True.
    """
    values = as_list(values)
    depth = depth_of(values)
    if depth == 0:
        condition = "an array (N, n), (S, T, n), or a list of (T, n)"
        raise ArgumentTypeError(expected(title, condition, values))
    # A list of arrays that are not all rows of one number is one of sequences.
    entries = values if isinstance(values, list | tuple) else ()
    parted = parted or any(getattr(entry, "shape", (1,)) != (1,) for entry in entries)
    if depth == 3 or (columns == 1 and depth == 2 and parted):
        return list(values), False
    if depth == 2 or columns == 1 or _is_empty(values):
        return [values], True
    raise ArgumentError(
        must(
            title,
            "be an array (N, n), (S, T, n), or a list of (T, n)",
            pluralize(depth, "dimension"),
        )
    )


def depth_of(values: Any, left: int = MAX_DEPTH) -> int:
    """Return the number of dimensions of an array, a table, or nested lists, or 0 for
    anything else.

    For a list, the first item that is not empty decides.

    >>> depth_of([[], [[1, 2]]]), depth_of(np.zeros((2, 3))), depth_of("text")
    (3, 2, 0)
    """
    values = as_list(values)
    if isinstance(values, list | tuple):
        if not left or not values:
            return 1
        filled = (entry for entry in values if not _is_empty(entry))
        return 1 + depth_of(next(filled, values[0]), left - 1)
    shape = getattr(values, "shape", (0,) * isinstance(values, range))
    return len(shape) if isinstance(shape, tuple) else 0


def width_of(values: Any, left: int = MAX_DEPTH) -> int:
    """Return the number of columns of an array or of nested lists, or 0 if there are no
    columns.

    >>> width_of([[], [[1, 2]]]), width_of(np.zeros((2, 3))), width_of("text")
    (2, 3, 0)
    """
    values = as_list(values)
    if isinstance(values, list | tuple):
        entry = next((entry for entry in values if not _is_empty(entry)), None)
        return width_of(entry, left - 1) if left and depth_of(entry) else len(values)
    shape = getattr(values, "shape", ())
    return int(shape[-1]) if isinstance(shape, tuple) and shape else 0


def _is_empty(values: Any) -> bool:
    """Return whether a list has no items, or an array no rows."""
    if isinstance(values, list | tuple):
        return not values
    return bool(getattr(values, "shape", ())[:1] == (0,))

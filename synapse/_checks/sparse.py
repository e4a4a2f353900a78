"""Represent rows of numbers most of which are 0, in the form of SciPy's CSR arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats
from ..errors import ArgumentError
from .arguments import must, pluralize, short_repr
from .data import SQUARES, as_matrix, is_sparse, numbers, sum_of_squares

__all__ = [
    "SparseRows",
    "dense_rows",
    "input_rows",
    "joined_rows",
    "row_of_mapping",
]


class SparseRows:
    """Checked rows. Row i has the numbers ``data[indptr[i] : indptr[i + 1]]``, in the
    columns ``indices``, and all its other numbers are 0.
    """

    def __init__(
        self,
        data: Floats,
        indices: NDArray[np.int64],
        indptr: NDArray[np.int64],
        columns: int,
    ) -> None:
        self.data = data
        self.indices = indices
        self.indptr = indptr
        self.shape = len(indptr) - 1, columns

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> SparseRows:
        """Return some rows, without a copy if they are consecutive."""
        if not isinstance(rows, slice):
            return joined_rows([self[i : i + 1] for i in rows.tolist()])
        start, stop, _ = rows.indices(len(self))
        kept = self.indptr[start : max(start, stop) + 1]
        return SparseRows(self.data, self.indices, kept, self.shape[1])

    @property
    def kept(self) -> slice:
        """Where the numbers of its rows are in ``data`` and ``indices``."""
        return slice(int(self.indptr[0]), int(self.indptr[-1]))

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.data.nbytes + self.indices.nbytes + self.indptr.nbytes

    @property
    def for_kernels(self) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
        """Its arrays in the order that kernels take."""
        return self.data, self.indices, self.indptr

    @cached_property
    def dense(self) -> Floats:
        """The same rows as an array, for functions that read all numbers."""
        rows = np.zeros(self.shape)
        row = np.repeat(np.arange(len(self)), np.diff(self.indptr))
        rows[row, self.indices[self.kept]] = self.data[self.kept]
        return rows


def dense_rows(rows: Floats | SparseRows) -> Floats:
    """Return rows as an array."""
    return rows.dense if isinstance(rows, SparseRows) else rows


def input_rows(
    title: str, values: Any, columns: int, dtype: np.dtype[Any], finite: bool = True
) -> Any:
    """Return rows of inputs in the form that kernels take, which is an array, see
    `as_matrix`, or `SparseRows`.

    Other sparse arrays of SciPy are converted to CSR.
    """
    if isinstance(values, SparseRows) and values.shape[1] == columns:
        return values
    if not is_sparse(values):
        return as_matrix(title, values, columns, dtype, finite)
    if hasattr(values, "tocsr"):
        values = values.tocsr()
    return _sparse_rows(title, values, columns, dtype)


def joined_rows(parts: Sequence[Any], dtype: Any = None) -> Any:
    """Return rows one after the other. The result is sparse if all rows are, and dense
    rows get this dtype.
    """
    if not all(isinstance(rows, SparseRows) for rows in parts):
        with np.errstate(under="ignore"):
            return np.concatenate([dense_rows(rows) for rows in parts], dtype=dtype)
    counts = [np.diff(rows.indptr) for rows in parts]
    return SparseRows(
        np.concatenate([rows.data[rows.kept] for rows in parts]),
        np.concatenate([rows.indices[rows.kept] for rows in parts]),
        np.concatenate([np.zeros(1, np.int64), *counts]).cumsum(),
        parts[0].shape[1],
    )


def row_of_mapping(
    title: str, values: Mapping[Any, Any], by_name: Mapping[str, int], columns: int
) -> Floats:
    """Return one row with the numbers of a mapping by index, or by name. Other numbers
    are 0.
    """
    row = np.zeros(columns)
    for key, value in values.items():
        # almost every mapping has such keys, each once, and such values
        if not (type(key) is int and 0 <= key < columns and type(value) is float):
            break
        row[key] = value
    else:
        return row
    indices = [_place(title, key, by_name, columns) for key in values]
    data = numbers(title, list(values.values()), "a dict of numbers")
    if data.ndim != 1:
        raise ArgumentError(must(title, "be a dict of numbers", "a dict of arrays"))
    if len({*indices}) < len(indices):
        again = next(index for index in indices if indices.count(index) > 1)
        raise ArgumentError(must(title, "have each index once", f"{again} twice"))
    row[:] = 0.0
    row[np.array(indices, np.intp)] = data
    return row


def _place(title: str, key: Any, by_name: Mapping[str, int], columns: int) -> int:
    if isinstance(key, str) and key in by_name:
        if by_name[key] < 0:
            requirement = "name one input neuron by each key"
            got = f"{key!r}, which several have"
            raise ArgumentError(must(title, requirement, got))
        return by_name[key]
    if isinstance(key, bool) or not isinstance(key, int | np.integer):
        requirement = "have names or indices of input neurons as keys"
        raise ArgumentError(must(title, requirement, repr(key)))
    if not 0 <= key < columns:
        requirement = f"have indices from 0 to {columns - 1}"
        raise ArgumentError(must(title, requirement, str(key)))
    return int(key)


def _sparse_rows(
    title: str, values: Any, columns: int, dtype: np.dtype[Any]
) -> SparseRows:
    """Check the parts of a CSR array."""
    shape = values.shape
    if len(shape) == 1 and len(values.indptr) == 2:
        shape = 1, *shape
    if getattr(values, "format", "csr") != "csr" or len(shape) != 2:
        got = f"the format {values.format!r}" if len(shape) == 2 else f"shape {shape}"
        raise ArgumentError(must(title, "be in CSR, with two axes", got))
    if shape[1] != columns:
        raise ArgumentError(
            f"Expected {pluralize(columns, 'input')} per step, got a sparse array of"
            f" shape {tuple(shape)}."
        )
    rows = SparseRows(
        numbers(title, values.data, "numbers"),
        _whole(title, "indices", values.indices),
        _whole(title, "indptr", values.indptr),
        columns,
    )
    _require_offsets(title, rows, shape[0])
    _require_indices(title, rows)
    if not sum_of_squares(rows.data[rows.kept]) <= SQUARES[dtype]:
        as_matrix(title, rows.dense, columns, dtype)  # raises
    return rows


def _whole(title: str, name: str, values: Any) -> NDArray[np.int64]:
    """Return a copy of one of the arrays of whole numbers of a CSR array."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        requirement = f"have one row of whole numbers in `{name}`"
        raise ArgumentError(must(title, requirement, short_repr(values)))
    return np.array(array, np.int64, order="C")


def _require_offsets(title: str, rows: SparseRows, count: int) -> None:
    """Raise unless `count` rows have their offsets."""
    indptr = rows.indptr
    size = min(len(rows.data), len(rows.indices))
    fits = len(indptr) == count + 1 and indptr[0] == 0 and indptr[-1] <= size
    if not fits or (np.diff(indptr) < 0).any():
        offsets = f"{pluralize(count + 1, 'offset')} from 0 to {size}"
        requirement = f"have {offsets} in `indptr`, ascending"
        raise ArgumentError(must(title, requirement, short_repr(indptr.tolist())))


def _require_indices(title: str, rows: SparseRows) -> None:
    """Raise if an index is beyond the columns, or comes twice in a row."""
    indices, columns = rows.indices[rows.kept], rows.shape[1]
    within = (indices >= 0) & (indices < columns)
    if not within.all():
        requirement = f"have indices from 0 to {columns - 1}"
        raise ArgumentError(must(title, requirement, f"{indices[~within][0]}"))
    keys = np.repeat(np.arange(len(rows)), np.diff(rows.indptr)) * columns + indices
    if (np.diff(keys) > 0).all():  # in order, as most are
        return
    keys = np.sort(keys)
    again = keys[1:][keys[1:] == keys[:-1]]
    if len(again):
        at, index = divmod(int(again[0]), columns)
        got = f"{index} twice" + (f" in row {at}" if len(rows) > 1 else "")
        raise ArgumentError(must(title, "have each index once", got))

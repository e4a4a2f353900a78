"""Define the columns of a store, and everything that follows from their declarations in
``schema.py``.
"""

from __future__ import annotations

import mmap
import sys
from contextlib import suppress
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import schema

AXES = {column.name: column.axis for column in schema.COLUMNS}
"""The axis of each column, which determines its rows."""

_EMPTY = {
    dtype: {
        column.name: np.empty(0, schema.numpy_dtype(column, dtype))
        for column in schema.COLUMNS
    }
    for dtype in schema.SIDE_BY_SIDE
}

# The columns of neurons of one dtype are rows of one array, so that growing, joining
# and sorting neurons take few copies.
_BY_DTYPE = [
    [column for column in schema.NEURON if column.dtype == dtype]
    for dtype in schema.TYPES
]
_BLOCKS = [columns for columns in _BY_DTYPE if columns]
BLOCK_NAMES = [[column.name for column in columns] for columns in _BLOCKS]
"""The columns of neurons in each array of ``store.blocks``."""
BLOCK_DEFAULTS = [
    np.array([[column.default] for column in columns]) for columns in _BLOCKS
]
"""The values of a new neuron in each array of ``store.blocks``."""
OF_NEURONS = [*chain.from_iterable(BLOCK_NAMES)]
"""The columns of neurons in the order of ``store.blocks``."""

NEW_CONNECTION = [(column.name, column.default) for column in schema.CONNECTION]
"""The columns of connections, with the value of a new connection."""

_OWN = ("connection", "store", *schema.LOWERED)
COPIED = [column.name for column in schema.COLUMNS if column.axis in _OWN]
"""Columns that are copied one by one with a store. Columns of neurons are in blocks
instead."""

_KINDS = (
    schema.ROW,
    schema.GATE,
    schema.IDENTITY,
    schema.NETWORK,
    schema.TIME,
    schema.GROUP,
)
SHIFTED = tuple(column for column in schema.COLUMNS if column.kind in _KINDS)
"""Columns whose numbers are shifted when another store absorbs theirs."""

LEFT = tuple(
    column
    for column in schema.COLUMNS
    if column.kind in (schema.ROW, schema.GATE, schema.GROUP)
)
"""Columns in which a removed row gets the default: it refers to no row and is in no
group."""

TABLE_SLOTS = {column.name: [i] for i, column in enumerate(schema.TABLE)}
"""The entries of a store's table for kernels that have the address of a column."""
for _name, _column in schema.DESTINATIONS.items():
    TABLE_SLOTS[_column] += TABLE_SLOTS[_name]


class StoreColumns(dict[str, NDArray[Any]]):
    """The columns of a store by name; `moved` are those whose addresses its table does
    not have yet.
    """

    def __init__(self, dtype: np.dtype[Any]) -> None:
        super().__init__(_EMPTY[dtype])
        self.moved: set[str] = set()  # a new table has the address 0 for empty columns

    def __setitem__(self, name: str, column: NDArray[Any]) -> None:
        super().__setitem__(name, column)
        self.moved.add(name)

    def update(self, columns: Any) -> None:  # type: ignore[override]
        """Replace these columns."""
        super().update(columns)
        self.moved.update(columns)


MAX_UNREAD = 1 << 12
"""Rows that are copied and moved without a look whether all are 0. ``python -m
benchmarks.variants columns.MAX_UNREAD``: rows take 0.94 to 1.68 times as long with a
tenth, 0.96 to 1.41 times with ten times."""

MIN_MAPPED = 1 << 18
"""Bytes of zeros that have pages of their own: below, the system's rounding to pages
and its calls cost more than memory."""
_PRIVATE: dict[str, int] = (
    {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if sys.platform != "win32" else {}
)


def has_numbers(values: NDArray[Any]) -> bool:
    """Return whether rows of a column have to be copied: they are few, or not all 0.

    Most connections have no gater, sign, tie or delay. The system allocates memory
    for zeros only where they have been written.
    """
    if len(values) < MAX_UNREAD:
        return True
    bits = values.view(f"u{values.itemsize}")  # -0.0 is copied, too
    return bool(bits[:MAX_UNREAD].any() or bits.any())


def write(rows: NDArray[Any], values: Any) -> None:
    """Write values into rows of a column, but no zeros over zeros of many rows."""
    if rows.dtype.kind == "f" or np.any(values) or has_numbers(rows):
        rows[:] = values


def zeros(size: int, dtype: Any) -> NDArray[Any]:
    """Return zeros. If there are many, only pages that are written later take memory.

    NumPy would clear memory that has been used before, which makes it resident.
    """
    count = size * np.dtype(dtype).itemsize
    if count < MIN_MAPPED:
        return np.zeros(size, dtype)
    try:
        memory = mmap.mmap(-1, count, **_PRIVATE)
    except OSError as error:
        raise MemoryError(f"{count} bytes cannot be allocated") from error
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a system without huge pages
            memory.madvise(mmap.MADV_HUGEPAGE)  # as NumPy does
    return np.frombuffer(memory, dtype)


def copied(column: NDArray[Any]) -> NDArray[Any]:
    """Return a copy of a column."""
    if has_numbers(column):
        return column.copy()
    return zeros(len(column), column.dtype)


def room(length: int, rows: int) -> int:
    """Return the capacity of columns of this length that have to grow to some rows,
    with a reserve.
    """
    return max(rows, length + max(32, length // 4))


def aligned(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Return zeros that start at a cache line, because vectors across two lines take
    twice the time to load.
    """
    memory = np.zeros(size * dtype.itemsize + schema.VECTOR_BYTES, np.uint8)
    offset = -memory.ctypes.data % schema.VECTOR_BYTES
    return memory[offset : offset + size * dtype.itemsize].view(dtype)


def with_room(array: NDArray[Any], rows: int) -> NDArray[Any]:
    """Return `array` if it has `rows` rows, otherwise a longer copy with a reserve."""
    if rows <= len(array):
        return array
    capacity = room(max(len(array), 32), rows)
    if not has_numbers(array):
        return zeros(capacity, array.dtype)
    grown = aligned(capacity, array.dtype)
    grown[: len(array)] = array
    return grown

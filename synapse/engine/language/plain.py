"""Bundles and arrays in plain Python, for kernels that are not compiled."""

from __future__ import annotations

import ctypes
from enum import IntEnum
from typing import Any

import numpy as np

from ..schema import numpy_dtype


def bundle(
    columns: Any, fields: Any, table: int, scalar: Any, tag: tuple[int, ...] = (0,)
) -> Any:
    """Return the columns of a table as arrays with the same memory. A row of a column
    of lanes has one number for each sample: as many as `tag` is long.
    """
    dtype = np.dtype(type(scalar))
    dtypes = [
        dtype if column.dtype == "lanes" else numpy_dtype(column, dtype)
        for column in columns
    ]
    arrays = zip(_arrays(table, dtypes), columns, strict=True)
    return fields(*(_column(array, column, len(tag)) for array, column in arrays))


def _column(array: Any, column: Any, lanes: int) -> Any:
    if column.record is not None:
        return PlainRecord(array, column.record)
    is_wide = column.dtype == "lanes" and lanes > 1
    return array.reshape(-1, lanes) if is_wide else array


def _arrays(table: int, dtypes: list[np.dtype[Any]]) -> list[Any]:
    n = len(dtypes)
    arrays = []
    words = np.ctypeslib.as_array(
        ctypes.cast(int(table), ctypes.POINTER(ctypes.c_uint64)), (2 * n,)
    )
    for dtype, address, length in zip(
        dtypes, words[:n].tolist(), words[n:].tolist(), strict=True
    ):
        memory = (ctypes.c_char * (length * dtype.itemsize)).from_address(address)
        array = np.frombuffer(memoryview(memory), dtype)
        arrays.append(array.view(_Integers) if dtype.kind in "iu" else array)
    return arrays


class PlainRecord:
    """A column whose places have names."""

    _array: Any
    _places: type[IntEnum]

    def __init__(self, array: Any, places: type[IntEnum]) -> None:
        vars(self).update(_array=array, _places=places)

    def __getattr__(self, name: str) -> int:
        return int(self._array[self._places[name.upper()]])

    def __setattr__(self, name: str, value: int) -> None:
        self._array[self._places[name.upper()]] = value

    def __getitem__(self, index: int) -> int:
        return int(self._array[index])

    def __setitem__(self, index: int, value: int) -> None:
        self._array[index] = value


class _Integers(np.ndarray):
    """A column of integers, which reads as signed ones of any size."""

    def __getitem__(self, index: Any) -> Any:
        value = super().__getitem__(index)
        return int(value) if isinstance(value, np.integer) else value

"""Represent bundles and arrays in plain Python, for kernels that are not compiled."""

from __future__ import annotations

import ctypes
from enum import IntEnum
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..schema import numpy_dtype

HAS_LLVM = find_spec("llvmlite") is not None
"""Whether kernels can be compiled, which some platforms have no llvmlite for."""


def bundle(
    columns: Any, fields: Any, table: int, scalar: Any, tag: tuple[int, ...] = (0,)
) -> Any:
    """Return the columns of a table as arrays that share its memory. In a column of
    lanes, each row has one number for each sample. The length of `tag` is the number of
    samples.
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
        return record(array, column.record)
    return array.reshape(-1, lanes) if column.dtype == "lanes" and lanes > 1 else array


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


class _Integers(np.ndarray):
    """A column whose integers are read as signed integers of unlimited size."""

    def __getitem__(self, index: Any) -> Any:
        value = super().__getitem__(index)
        return int(value) if isinstance(value, np.integer) else value


@cache
def _record_type(places: type[IntEnum]) -> type[_Integers]:
    """Return the type of a column whose elements have names."""

    def place(index: int) -> property:
        return property(
            lambda column: column[index],
            lambda column, value: column.__setitem__(index, value),
        )

    names = {name.lower(): place(index) for name, index in places.__members__.items()}
    return type(places.__name__, (_Integers,), names)


def record(array: Any, places: type[IntEnum]) -> Any:
    """Return a column whose elements have names."""
    return array.view(_record_type(places))

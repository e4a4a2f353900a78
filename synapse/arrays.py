"""What users give as numbers, as arrays that kernels take; checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import ArgumentError, KindError, expected, shown

Floats = NDArray[np.float64]


def vector(what: str, values: ArrayLike, size: int) -> Floats:
    """`values` as `size` finite floats.

    Raises
    ------
    ArgumentError, KindError
        If they are of another number, not numbers, or not finite.
    """
    try:
        numbers = np.asarray(_real(values), np.float64)
    except (TypeError, ValueError, OverflowError):
        raise KindError(expected(what, f"{size} numbers", values)) from None
    if numbers.shape != (size,):
        raise ArgumentError(f"{what} must be {size} numbers. Got {shape_of(numbers)}.")
    if not np.isfinite(numbers).all():
        raise ArgumentError(f"{what} must be finite. Got {shown(values)}.")
    return numbers if numbers.flags.carray else numbers.copy()


def shape_of(array: NDArray[Any]) -> str:
    """The shape of an array in words."""
    return f"{array.shape[0]}" if array.ndim == 1 else f"an array of shape {array.shape}"


def as_matrix(what: str, values: ArrayLike, columns: int, finite: bool = False) -> Floats:
    """`values` as the kernels take them: float64, C-contiguous, of shape (rows, columns).

    Anything else (lists, tuples, float32, slices, read-only arrays) is copied.
    """
    if type(values) is np.ndarray and values.dtype == np.float64 and values.flags.carray:
        rows = values  # nothing to copy
    else:
        rows = copied(what, values, columns)
    if rows.ndim != 2 or rows.shape[1] != columns:
        got = shape_of(rows[0]) if rows.shape[:1] == (1,) else f"an array of shape {rows.shape}"
        raise ArgumentError(f"{what} must be {columns} numbers a step. Got {got}.")
    if finite and not np.isfinite(rows).all():
        raise ArgumentError(f"{what} must be finite. Got NaN or infinity in row {_first_bad(rows)}.")
    return rows


def copied(what: str, values: ArrayLike, columns: int) -> Floats:
    """A copy of `values`, of whatever shape, or a KindError that tells how many numbers a row has."""
    try:
        return np.array(_real(values), np.float64, order="C")
    except (TypeError, ValueError, OverflowError):
        raise KindError(f"{what} must be rows of {columns} numbers each.") from None


def _real(values: Any) -> Any:
    """`values` if they are not one complex number, of which NumPy would take the real part."""
    if isinstance(values, complex | np.complexfloating):
        raise TypeError
    return values


def _first_bad(rows: Floats) -> int:
    return int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])

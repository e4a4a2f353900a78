"""Check series and horizons."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import (
    finite_array,
    must,
    numbers,
    pluralize,
    positive_integer,
    require,
    require_type,
)
from .._typing import Floats
from ..errors import ArgumentError

MAX_STEPS = 10_000_000
"""Longest horizon, so that a forecast fits into memory."""


def checked_series(
    title: str, values: Any, minimum: int = 1, reason: str = ""
) -> Floats:
    """Return a series as an array, shape (T,) or (T, m), with at least this many finite
    steps.

    >>> checked_series("The past", [1.0, float("nan")])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    synapse.errors.ArgumentError: The past must be finite, got nan at step 1. ...
    """
    array = numbers(title, values, "a number or a row of numbers for each step")
    fits = array.ndim in (1, 2) and array.shape[1:] != (0,)
    require_type(fits, title, "of the shape (T,) or (T, m)", array.shape)
    needed = f"of {pluralize(minimum, 'step')} or more{reason}"
    require(len(array) >= minimum, title, needed, len(array))
    bad = ~np.isfinite(array)
    if bad.any():
        step = int(bad.reshape(len(array), -1).any(axis=1).argmax())
        value = array[step][bad[step]].flat[0]
        raise ArgumentError(
            must(
                title, "be finite", f"{value} at step {step}", "Fill in missing values."
            )
        )
    return array


def require_columns(
    title: str, array: Floats, columns: tuple[int, ...], why: str
) -> None:
    """Raise unless the shape of an array of steps ends in `columns`, which is () or
    (m,).
    """
    shape = f"(T, {columns[0]})" if columns else "(T,)"
    fits = array.shape[1:] == columns
    require(fits, title, f"of the shape {shape}, {why}", array.shape)


def horizon(title: str, steps: Any) -> int:
    """Return a number of steps to forecast, 1 or above."""
    return positive_integer(title, steps, MAX_STEPS)


def known_rows(title: str, values: Any) -> Floats:
    """Return values known in advance as an array of shape (N, k)."""
    rows = finite_array(title, values)
    require(rows.ndim == 2, title, "rows of numbers, shape (N, k)", values)
    return rows


def too_few_known(rows: Floats, needed: int) -> ArgumentError:
    """Make the error for values known in advance that end before the last step of a
    forecast.
    """
    return ArgumentError(f"`known` must have {needed} rows, got {len(rows)}.")

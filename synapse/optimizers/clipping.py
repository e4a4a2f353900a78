"""Clipping of gradients by norm or by value, in place."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from .._checks import expected, listed, positive_number
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError, DivergenceError


def not_clipped() -> DivergenceError:
    """The error for a gradient that is not finite."""
    return DivergenceError("The gradient is not finite, and cannot be clipped. Nothing has changed.")


def _arrays(gradient: Any) -> list[Floats]:
    """`gradient` as a list of arrays that can be changed in place."""
    arrays = [gradient] if isinstance(gradient, np.ndarray) else gradient
    arrays = listed("A gradient", arrays, "an array of floats, or a list of them")
    for array in arrays:
        masked = isinstance(array, np.ma.MaskedArray)
        if not isinstance(array, np.ndarray) or masked or not np.issubdtype(array.dtype, np.floating):
            raise ArgumentTypeError(expected("A gradient", "an array of floats, or a list of them", gradient))
        if not array.flags.writeable:
            raise ArgumentError("A gradient is clipped in place, but one of these arrays is read-only.")
        if not np.isfinite(array).all():
            raise not_clipped()
    return [array for array in arrays if array.size]


def clip_by_norm(gradient: Floats | Iterable[Floats], most: float) -> float:
    """Rescale a gradient so that its Euclidean norm is at most `most`; its direction stays the same.

    Pascanu, Mikolov and Bengio 2013, algorithm 1.

    Parameters
    ----------
    gradient : numpy.ndarray or iterable of them
        Floats of any shape, changed in place. Several arrays form one gradient.
    most : float
        Maximum norm, above 0.

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If an argument cannot be used. Nothing has changed.
    DivergenceError
        If the gradient is not finite. Nothing has changed.

    Examples
    --------
    >>> gradient = np.array([3.0, 4.0])
    >>> clip_by_norm(gradient, most=1.0), gradient
    (5.0, array([0.6, 0.8]))
    """
    most = positive_number("The most of clip_by_norm", most)
    arrays = _arrays(gradient)
    largest = max((float(np.abs(array).max()) for array in arrays), default=0.0)
    if largest == 0.0:
        return 0.0
    # divided by the largest entry first: squares of exploded gradients would overflow
    ratio = math.hypot(*(float(np.linalg.norm(array / largest)) for array in arrays))
    if largest * ratio > most:
        for array in arrays:
            array /= largest
            array *= most / ratio
    return largest * ratio


def clip_by_value(gradient: Floats | Iterable[Floats], most: float) -> None:
    """Clip every entry of a gradient to the range from -most to most, in place.

    Parameters
    ----------
    gradient, most
        As for :func:`clip_by_norm`, which raises the same errors.

    Examples
    --------
    >>> gradient = np.array([0.5, -4.0])
    >>> clip_by_value(gradient, most=1.0)
    >>> gradient
    array([ 0.5, -1. ])
    """
    most = positive_number("The most of clip_by_value", most)
    for array in _arrays(gradient):
        np.clip(array, -most, most, out=array)

"""Compute ranges of consecutive rows, and the order of many keys, in NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools, Indices


def concat_ranges(firsts: Indices, lengths: Indices) -> NDArray[np.int64]:
    """Return the indices ``first .. first + length`` of every pair, one after the
    other.
    """
    lengths = lengths.astype(np.int64)
    ends: NDArray[np.int64] = lengths.cumsum()
    indices: NDArray[np.int64] = (firsts - (ends - lengths)).repeat(lengths)
    indices += np.arange(len(indices))
    return indices


def order_of(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the stable order of integers from 0 on. Small integers are sorted together
    with their places, which is faster.
    """
    bits = len(keys).bit_length()
    if int(keys.max(initial=0)) >> (63 - bits):
        return keys.argsort(kind="stable")
    return np.asarray(
        np.sort(keys << bits | np.arange(len(keys))) & ((1 << bits) - 1), np.int64
    )


def joined_ranges(joined: Bools) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first index and the length of each range of items that are joined to
    the previous one.
    """
    begin = (~joined).nonzero()[0]
    length = np.empty_like(begin)
    length[:-1] = begin[1:] - begin[:-1]
    length[-1:] = len(joined) - begin[-1:]
    return begin, length

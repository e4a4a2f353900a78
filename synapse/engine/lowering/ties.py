"""Rows that share a weight or a bias."""

from __future__ import annotations

import numpy as np

from ..records import Ties
from ..store_rows import StoreRows
from .ranges import joined_ranges


def number_groups(store: StoreRows) -> None:
    """Number the groups from 1. A group with one member left is dissolved."""
    for name in ("tie", "bias_tie"):
        tie = store[name]
        if tie.any():
            several = np.bincount(tie.astype(np.int64)) > 1
            several[0] = False
            tie[:] = (np.cumsum(several) * several)[tie]


def lay_out(store: StoreRows) -> None:
    """Build the rows that share a weight or a bias, as ranges of consecutive rows
    with consecutive groups.
    """
    c = store.columns
    counts = []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = store[number].nonzero()[0]
        _, first_use, inverse = np.unique(
            store[number][tied], return_index=True, return_inverse=True
        )
        # in order of first use: a filter's weights are consecutive
        group = np.argsort(np.argsort(first_use))[inverse]
        starts, lengths = joined_ranges(
            np.append(False, (np.diff(tied) == 1) & (np.diff(group) == 1))[: len(tied)]
        )
        for suffix, values in (
            ("", tied[starts]),
            ("_length", lengths),
            ("_group", group[starts]),
        ):
            c[name + suffix] = values.astype(np.uint32)
        c[f"{name}_first"] = tied[np.sort(first_use)].astype(np.uint32)
        c[f"{name}_base"], c[f"{name}_update"] = np.zeros(
            (2, len(first_use)), store.dtype
        )
        counts += [len(starts), len(first_use)]
    c["ties"][: Ties.SIGNED] = *counts, 0

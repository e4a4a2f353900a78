"""Groups of tied connections, and of neurons with tied biases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..._typing import Indices
from .runs import stretches

if TYPE_CHECKING:
    from ..store import Store


def number_ties(store: Store) -> Indices:
    """Number the groups from 1. A group with one member left is dissolved.

    Returns the targets of the connections whose group is dissolved.
    """
    untied = [np.empty(0, np.uint32)]
    for name in ("tie", "bias_tie"):
        tie = store[name]
        if tie.any():
            several = np.bincount(tie.astype(np.int64)) > 1
            several[0] = False
            if name == "tie":
                untied.append(store["target"][(tie != 0) & ~several[tie]])
            tie[:] = (np.cumsum(several) * several)[tie]
    return np.concatenate(untied)


def lay_out_ties(store: Store) -> None:
    """Rows that share a weight or a bias, as stretches of consecutive rows with consecutive groups."""
    c, counts = store.columns, []
    for name, number in (("tied", "tie"), ("bias_tied", "bias_tie")):
        tied = np.flatnonzero(store[number])
        _, first, place = np.unique(store[number][tied], return_index=True, return_inverse=True)
        group = np.argsort(np.argsort(first))[
            place
        ]  # in order of first use: a filter's weights are consecutive
        starts, lengths = stretches(
            np.append(False, (np.diff(tied) == 1) & (np.diff(group) == 1))[: len(tied)]
        )
        for part, values in (("", tied[starts]), ("_length", lengths), ("_group", group[starts])):
            c[name + part] = values.astype(np.uint32)
        c[f"{name}_first"] = tied[np.sort(first)].astype(np.uint32)
        c[f"{name}_base"], c[f"{name}_move"] = np.zeros((2, len(first)), store.dtype)
        counts += [len(starts), len(first)]
    c["ties"] = np.array([*counts, 0], np.uint64)

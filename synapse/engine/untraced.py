"""Stepping a store without the traces of the online rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .columns import BLOCK_NAMES
from .lowering.flags import AT_ONCE, GATES, PENDING, TRACED
from .lowering.stretches import spans
from .records import LogPlace, Span
from .redirected_table import RedirectedTable
from .schema import NONE
from .store import Store


def untraced_columns(store: Store) -> dict[str, NDArray[Any]]:
    """Copies of a lowered store's flags: steps leave traces as they are, and no update
    is pending.
    """
    return {
        "flags": store["flags"] & ~np.uint8(TRACED | GATES | PENDING),
        "run_flags": store["run_flags"]
        | np.uint8(AT_ONCE),  # their updates are never pending
        "influence_trace": np.full_like(store["influence_trace"], NONE),
        "last_pull": store["first_pull"].copy(),
    }


def forget_traces(store: Store, span: NDArray[np.int64]) -> None:
    """Clear the traces of a network in a lowered store, because steps without them
    leave them as they are.
    """
    c = store.columns
    start = int(span[Span.START])
    stop = int(span[Span.STOP])
    traced = start + np.flatnonzero(c["flags"][start:stop] & TRACED)
    c["eligibility"][spans(c["first_trace"][traced], c["learning"][traced])] = 0.0
    c["bias_eligibility"][traced] = 0.0
    gaters = c["influence_gater"]
    pairs = np.flatnonzero(
        (c["influence_trace"] != NONE) & (gaters >= start) & (gaters < stop)
    )
    lengths = c["learning"][gaters[pairs]].astype(np.int64) + 1
    c["influence"][pairs] = 0.0
    c["extended"][spans(c["influence_trace"][pairs], lengths)] = 0.0


WORD = np.dtype(np.uint32)
"""All numbers consist of such words: by them, kernels copy them whatever their
types."""


class Aside(RedirectedTable):
    """A table for kernels that learn nothing, by which steps leave no trace."""

    def __init__(self, store: Store) -> None:
        store.ready()
        columns = {
            **untraced_columns(store),
            "log_place": np.zeros(len(LogPlace), np.uint64),
        }
        pairs = []  # of a copy and what it is a copy of
        for names, block in zip(BLOCK_NAMES, store.blocks, strict=True):
            # numbers and times; others are structure
            if block.dtype in (store.dtype, np.uint64):
                copy = np.empty_like(block)
                pairs.append((copy, block))
                columns |= {
                    name: copy[i, : store.n_neurons] for i, name in enumerate(names)
                }
        for name in ("influence", "clock"):
            columns[name] = np.empty_like(store[name])
            pairs.append((columns[name], store.columns[name]))
        self.copies = tuple(
            (copy.reshape(-1).view(WORD), present.reshape(-1).view(WORD))
            for copy, present in pairs
        )
        super().__init__(store, columns)

    def begin(self) -> int:
        """Copy the present numbers of the store; returns the address of the table."""
        for copy, present in self.copies:
            copy[:] = present
        return self.address

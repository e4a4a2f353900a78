"""Stepping a store without the traces of the online rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .columns import BLOCK_NAMES
from .lowering.flags import AT_ONCE, GATES, PENDING, TRACED
from .records import LogPlace, Span
from .redirected_table import RedirectedTable
from .schema import COUNTING, NONE
from .store import Store


def untraced_columns(store: Store) -> dict[str, NDArray[Any]]:
    """Copies of a lowered store's flags: steps leave traces as they are, and no update
    is pending.
    """
    return {
        "flags": store["flags"] & ~np.uint8(TRACED | GATES | PENDING),
        # their updates are never pending
        "run_flags": store["run_flags"] | np.uint8(AT_ONCE),
        "influence_trace": np.full_like(store["influence_trace"], NONE),
        "last_pull": store["first_pull"].copy(),
    }


TraceRows = list[tuple[str, slice]]
"""Where the traces of a network are: names of columns, and rows of them."""


def traces_of(store: Store, span: NDArray[np.int64]) -> TraceRows:
    """Where the traces of a network in a lowered store are, for this topology."""
    c = store.columns
    start = int(span[Span.START])
    stop = int(span[Span.STOP])
    traced = start + np.flatnonzero(c["flags"][start:stop] & TRACED)
    gaters = c["influence_gater"]
    pairs = np.flatnonzero(
        (c["influence_trace"] != NONE) & (gaters >= start) & (gaters < stop)
    )
    ranges = {
        "eligibility": (c["first_trace"][traced], c["learning"][traced]),
        "bias_eligibility": (traced, np.ones_like(traced)),
        "influence": (pairs, np.ones_like(pairs)),
        "extended": (c["influence_trace"][pairs], c["learning"][gaters[pairs]] + 1),
    }
    return [
        (name, rows)
        for name, (firsts, lengths) in ranges.items()
        for rows in _joined(firsts.astype(np.int64), lengths.astype(np.int64))
    ]


def _joined(firsts: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[slice]:
    """Ranges as slices, of which those are one that follow each other."""
    order = np.argsort(firsts, kind="stable")
    starts = firsts[order]
    stops = starts + lengths[order]
    apart = np.flatnonzero(starts[1:] != stops[:-1]) + 1
    begins = starts[np.concatenate([[0], apart])[: len(starts)]]
    ends = stops[np.concatenate([apart - 1, [-1]])[: len(starts)]]
    return [slice(start, stop) for start, stop in zip(begins, ends, strict=True)]


def forget(store: Store, traces: TraceRows) -> None:
    """Clear traces, because steps without them leave them as they are."""
    for name, rows in traces:
        store.columns[name][rows] = 0.0


def forget_traces(store: Store, span: NDArray[np.int64]) -> None:
    """Clear the traces of a network in a lowered store."""
    forget(store, traces_of(store, span))


COPIED = (
    "influence",
    "clock",
    *(column.name for column in COUNTING if column.axis == "connection"),
)
"""Columns that a step changes, besides those of neurons."""
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
        for name in COPIED:
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

"""Run steps that only read and train the connections of listed inputs."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from ..lowering import flags as mark
from ..lowering.ranges import concat_ranges
from ..records import Span, Ties
from ..redirected_table import RedirectedTable
from ..schema import COUNTING, STEPPED
from ..store import Store
from .accumulator import Accumulator
from .calls import Kernels, calls_for

REFUSED_FLAGS = mark.FIXED | mark.DELAYED | mark.UNORDERED
"""Flags of runs that are not read or trained like the connections of plain inputs."""


UNLISTED = [
    *range(Ties.RANGES, Ties.BIAS_GROUPS + 1),
    *(Ties.SIGNED, Ties.DELAYS, Ties.RINGS),
]
"""Properties that a store with such steps must not have."""


@final
class InputLists:
    """The kernels of ``listed_inputs.py`` for a network and one topology, with their
    arguments.

    `updates` have the tables and buffers of its propagation.
    """

    def __init__(
        self,
        store: Store,
        span: NDArray[np.int64],
        updates: Accumulator,
        runs: NDArray[np.int64],
        readers: NDArray[np.int64],
        rest: NDArray[np.int64],
    ) -> None:
        lengths = store["run_length"].copy()
        lengths[runs] = 0
        self.readers = readers, store["run_first"][runs].astype(np.int64)
        latest = np.zeros(2 + int(span[Span.INPUTS]), np.int64)
        latest[1] = -1  # the network has not been activated yet
        code = calls_for(store)
        # steps do not list other sources, because few of them are 0
        ties = updates.columns["ties"].copy()
        ties[Ties.LISTS] = 0
        flags = updates.columns["flags"] & ~np.uint32(mark.LISTS)
        others = {"run_length": lengths, "ties": ties, "flags": flags}
        learning = RedirectedTable(store, {**updates.columns, **others})
        # `zeros_like` would write to the memory of all inputs
        scratch = {
            name: np.zeros(len(store.columns[name]), store.columns[name].dtype)
            for name in STEPPED
            if name != "failed"
        }
        peeking = RedirectedTable(store, {**scratch, **others})
        self.learning, self.peeking = (
            Kernels(
                code,
                *(table.renewed(), store.scalar, span, (*self.readers, set_by), *more),
                before=table.renewed,
            )
            for table, set_by, *more in (
                (learning, latest, rest),
                (peeking, latest[:0]),
            )
        )

    @classmethod
    def of(
        cls, store: Store, span: NDArray[np.int64], updates: Accumulator
    ) -> InputLists | None:
        """Return the lists of a network without memory in a lowered store, or None if
        one of its neurons reads inputs in another way than all of them in one plain
        run.
        """
        start, inputs = int(span[Span.START]), int(span[Span.INPUTS])
        first, stop = start + inputs, int(span[Span.STOP])
        neurons = np.arange(first, stop)
        if (
            store["ties"][UNLISTED].any()
            or COUNTING
            or span[Span.LEARNING] != first
            or store["synchronous"][first:stop].any()
            or (store["flags"][first:stop] & mark.WITH_GATES).any()
        ):
            return None
        counts = (
            store["run_stop"][neurons].astype(np.int64) - store["run_start"][neurons]
        )
        runs = concat_ranges(store["run_start"][neurons], counts)
        of_inputs = (
            (store["run_kind"][runs] == mark.DENSE)
            & (store["run_source"][runs] == start)
            & (store["run_length"][runs] == inputs)
            & ((store["run_flags"][runs] & REFUSED_FLAGS) == 0)
        )
        others = runs[~of_inputs]
        rest = concat_ranges(store["run_first"][others], store["run_length"][others])
        source = store["source"][rest]
        if ((source >= start) & (source < first)).any():
            return None
        readers = np.repeat(neurons, counts)[of_inputs]
        return cls(store, span, updates, runs[of_inputs], readers, rest)

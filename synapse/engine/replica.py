"""Several threads that run one network, each on numbers of its own.

What steps write is in few columns, unless they learn (`schema.STEPPED`). A thread has a
table in which these are copies, and calls the same kernels with it; weights and the
program are read where they are. The log of a recording is written where it is, too:
each part of the steps has rows of its own there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import schema
from .records import LogLayout, Span
from .redirected_table import RedirectedTable
from .schema import COUNTING, NONE
from .store import Store


class Replica(RedirectedTable):
    """A lowered store's table with copies of what steps of the network in `span` write;
    for one call, during which only this thread and its helpers use the store.
    """

    def __init__(self, store: Store, span: NDArray[np.int64]) -> None:
        self.numbers = {name: store.columns[name].copy() for name in schema.STEPPED}
        super().__init__(store, self.numbers)
        self._start, self._stop = int(span[Span.START]), int(span[Span.STOP])
        self.renewed()

    def move_to(self, steps: int) -> None:
        """Set the numbers that count steps to those after the first `steps` of the
        call.

        The context is not that of these steps: what runs next must not depend on it.
        """
        before, now = self.store.columns, self.numbers
        size = self._stop - self._start
        now["clock"][0] = before["clock"][0] + np.uint64(steps * size)
        if steps:  # neurons activate one after the other
            clock = int(now["clock"][0])
            now["stamp"][self._start : self._stop] = np.arange(
                clock - size + 1, clock + 1, dtype=np.uint64
            )
        now["log_layout"][:] = before["log_layout"]
        layout = now["log_layout"]
        if layout[LogLayout.WIDTH] and layout[LogLayout.NETWORK] == self._start:
            layout[LogLayout.STEPS] += np.uint64(steps)
        ring = before["ring"][self._start]
        if ring != NONE:
            head = int(before["ring_head"][ring]) + steps
            now["ring_head"][ring] = head % int(before["ring_frames"][ring])
            now["ring_steps"][ring] = before["ring_steps"][ring] + steps
        for column in COUNTING:
            rows = self.store.counted_rows(column, self._start, self._stop)
            counts = before[column.name][rows] + np.uint64(steps)
            now[column.name][rows] = counts

    def adopt(self) -> None:
        """Copy its numbers into the store."""
        for name, values in self.numbers.items():
            self.store.columns[name][...] = values

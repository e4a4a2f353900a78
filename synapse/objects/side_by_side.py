"""Running independent sequences of one call side by side, in registers and in several
threads.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _checks as checks, engine
from .._typing import Floats
from ..engine.locking import raise_interrupt
from ..engine.schema import SIDE_BY_SIDE
from ..engine.status import DONE
from .calling import Calling
from .threads import beside, computing, threads_that_pay, work_of

PART = 1 << 24
"""Minimum work in a part for several threads, see `work_of`. It takes about 0.1 ms, a
tenth of which is spent on the call."""
PARTS = 8
"""Number of parts for each of several threads, so that none waits long for the last
part."""
MAX_PART = 1 << 33
"""Maximum work in a part, which takes about 50 ms. Ctrl-C is noticed between parts."""
CONVERTED = 1 << 17
"""Number of inputs to convert at a time, so that they stay in the cache."""
MAX_NEURONS = 1 << 14
"""Maximum number of neurons in a store for which a thread's memory is kept, about
16 MB."""


class SideBySide:
    """Runs sequences of a network, for one topology. Each thread has its own memory,
    which is kept for later calls unless it is large.
    """

    def __init__(self, network: Calling) -> None:
        self.network = network
        self._calls: list[Callable[..., int]] = []

    def run(
        self,
        rows: Any,
        bounds: NDArray[np.int64],
        independent: bool,
        threads: int | None,
        *judge: engine.exact.Judge,
    ) -> Floats | None:
        """Return the outputs of sequences of rows, or None if an input is refused or a
        registered function raises an error.

        With a `judge`, their costs are written. The caller has the network in use,
        which does not change.
        """
        store = self.network._store
        order = bounds[:-1]  # of rows
        if not independent:  # those that end together are side by side
            lengths = np.diff(bounds)
            order = np.argsort(-lengths, kind="stable")[: np.count_nonzero(lengths)]
        outputs = np.empty((len(rows), self.network._n_outputs))
        work = work_of(store.n_connections, store.dtype.itemsize, len(rows))
        lanes = SIDE_BY_SIDE[store.dtype]
        wanted = threads or threads_that_pay(work, work / 2)
        part = work if wanted == 1 else max(PART, work / (PARTS * wanted))
        size = min(part, MAX_PART) * len(order) / max(work, 1.0)
        whole = None
        if judge or not independent:
            whole = kernel_rows(rows, True, store.dtype)
        elif getattr(rows, "dtype", store.dtype) != store.dtype:
            size = min(size, CONVERTED / max(1, self.network._n_inputs))
        size = lanes * max(1, ceil(size / lanes))
        parts = list(pairwise([*range(0, len(order), size), len(order)]))
        left = iter(parts)  # Python's lock makes `next` indivisible
        done = []

        def take(call: Any) -> None:
            for start, stop in left:
                raise_interrupt()
                inputs, at, results = whole, start, outputs
                if whole is None:  # each thread converts its rows
                    inputs = kernel_rows(rows[start:stop], True, store.dtype)
                    at, results = 0, outputs[start:stop]
                of = bounds, order[at : at + stop - start], results.reshape(-1)
                sequences = engine.exact.SequenceRows(inputs, *of, independent)
                if call(sequences, *judge) != DONE:
                    break
                done.append(start)

        with computing(min(wanted, len(parts)), threads is None) as count:
            self._make_calls(count)
            calls = self._calls[:count]
            helpers = [partial(take, call) for call in calls[1:]]
            with beside(helpers, partial(list, left)):
                take(calls[0])
        if store.n_neurons > MAX_NEURONS:
            self._calls.clear()
        raise_interrupt()
        return outputs if len(done) == len(parts) else None

    def _make_calls(self, count: int) -> None:
        """Make each thread's call, but for fewer threads if memory is short."""
        _, store, span = self.network._lowered()
        try:
            while len(self._calls) < count:
                self._calls.append(engine.exact.call_side_by_side(store, span))
        except MemoryError:
            if not self._calls:
                raise


def kernel_rows(rows: Any, sparse: bool, dtype: Any = np.float64) -> Any:
    """Return rows of inputs in the form for kernels, as numbers, or also as the arrays
    of sparse rows if `sparse`.

    Values beyond the range of float32 become infinity, which kernels refuse.
    """
    if isinstance(rows, checks.SparseRows):
        if sparse:
            return rows.for_kernels
        rows = rows.dense
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(rows, dtype).reshape(-1)

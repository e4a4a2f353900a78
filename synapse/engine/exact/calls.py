"""Call the kernels of steps without traces from Python, for one network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..language import failure
from ..online.calls import Kernels
from ..records import Span
from ..redirected_table import RedirectedTable
from ..schema import FAILURE, SIDE_BY_SIDE
from ..store import Store
from . import event_index, events, runs, side_by_side, streams
from .tapes import Tapes


def tapes_of_runs(store: Store, width: int = 1, outputs: int = 0) -> Tapes:
    """Return tapes of the present and the previous step, with all rows of a store and a
    copy of its past, for `width` samples. Tests use `outputs`.
    """
    sizes = store.n_neurons, outputs, 0
    past, rings = (len(store.columns[name]) for name in ("past", "ring_head"))
    return Tapes(store.dtype, width, 1, *sizes, restored=True, past=past, rings=rings)


def kernels_untraced(
    store: Store, span: NDArray[Any], tapes: Tapes, latest: NDArray[Any]
) -> Kernels:
    """Return kernels of the network in a span of a lowered store, on these tapes. They
    write to `latest`, see ``runs.py``.
    """
    code = runs.calls_for(store)
    return Kernels(
        code, store.address, store.scalar, tapes.address, tapes.rows, span, latest
    )


def kernels_by_events(
    store: Store, span: NDArray[Any], tapes: Tapes, latest: NDArray[Any]
) -> Kernels | None:
    """Return the same kernels by events, with the connections by source, or None if
    gathering all connections is faster.
    """
    index = event_index.build_index(store, span)
    if index is None:
        return None
    begin = kernels_untraced(store, span, tapes, latest).begin
    return Kernels(events.calls_for(store), *begin, *index)


def kernels_of_streams(store: Store, kernels: Kernels) -> Kernels:
    """Return the kernels of a learning rule with `learn_stream`, which the kernels of
    rtrl include.
    """
    if kernels.plan is not None:
        return kernels
    code = streams.calls_for(store)
    return Kernels(code, *kernels.begin, before=kernels.before, updates=kernels.updates)


def table_with_lists(
    store: Store, lanes: int, **columns: NDArray[Any]
) -> RedirectedTable:
    """Return a table with lists of its own, of single sources if there are several
    lanes, and with these columns.
    """
    lists = {
        "list_first": store["list_first"] * np.uint32(lanes),
        "list_count": store["list_count"].copy(),
        "listed": np.empty(len(store["listed"]) * lanes, np.uint32),
        "input_rows": store["input_rows"].copy(),
    }
    return RedirectedTable(store, lists | columns)


def call_side_by_side(store: Store, span: NDArray[Any]) -> Callable[..., int]:
    """Return a function of `SequenceRows`, and of a `Judge` for a test, which runs the
    network in a span of a lowered store side by side. It has its own memory for one
    thread, see ``side_by_side.py``.
    """
    code = side_by_side.calls_for(store)
    lanes = SIDE_BY_SIDE[store.dtype]
    tapes = tapes_of_runs(store, lanes, int(span[Span.OUTPUTS]))
    failed = np.zeros(FAILURE)
    table = table_with_lists(store, lanes, failed=failed)

    def call(sequences: Any, judge: Any = None) -> int:
        is_sparse = type(sequences.inputs) is tuple
        kernel = side_by_side.KERNELS[judge is not None, is_sparse]
        status: int = code[kernel](
            table.address,
            store.scalar,
            tapes.address,
            (0,) * lanes,
            tapes.rows,
            span,
            sequences,
            judge,
        )
        if failed[0] < 0:  # of a part of a kernel
            raise failure()
        return status

    return call

"""Runs the loops of lowering as machine code."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..store_rows import StoreRows

_NOTHING = np.empty(1, np.int64)


def run(
    loop: Callable[..., tuple[int, int]],
    store: StoreRows,
    work: NDArray[np.int64] = _NOTHING,
    count: int | None = None,
) -> tuple[int, int]:
    """Run a loop over all neurons of a store, and `count` connections or influences;
    without a number, all connections.
    """
    if count is None:
        count = store.n_connections
    entry = _entry_of(loop)
    if entry is None:
        columns = {name: _plain(column) for name, column in store.columns.items()}
        return loop(SimpleNamespace(**columns), store.n_neurons, count, _plain(work))
    if store.columns.moved:
        store.renew_table()
    return entry(store.address, store.n_neurons, count, work)


def _plain(array: Any) -> memoryview:
    """Return an array from which Python reads single integers fastest."""
    return memoryview(array)


@cache
def _entry_of(loop: Callable[..., tuple[int, int]]) -> Any:
    """Return a loop as machine code: a function of the address of a table, two numbers
    and memory. None if nothing is compiled.
    """
    from ..language import COMPILES, FLOAT64, INT, STORE, ArrayKind, BundleKind

    if not COMPILES:
        return None
    # LLVM is loaded when it is needed
    from ..language.entries import entry

    kinds = BundleKind(STORE, FLOAT64), INT, INT, ArrayKind(INT, 1)
    # no loop of floats: a few passes make it as fast, in a third of the time
    return entry(loop, kinds, speed=1)

"""Run the loops of lowering as machine code."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..locking import LockNeededError
from ..store_rows import StoreRows
from .loops import lower_rows

_NOTHING = np.empty(1, np.int64)


def run(
    loop: Callable[..., tuple[int, int]],
    store: StoreRows,
    work: NDArray[np.int64] = _NOTHING,
    count: int | None = None,
) -> tuple[int, int]:
    """Run a loop over all neurons of a store, and `count` connections or influences;
    without a number, all connections.

    The loop follows addresses. Raises LockNeededError unless the thread holds the
    store, whose columns others could move meanwhile.
    """
    if not store.lock._is_owned():
        raise LockNeededError
    if count is None:
        count = store.n_connections
    arguments = (count, work, store.row_of)[: 3 if loop is lower_rows else 2]
    entry = _entry_of(loop, store.dtype.itemsize)
    if entry is None:
        columns = {name: _plain(column) for name, column in store.columns.items()}
        plain = map(_plain, arguments[1:])
        return loop(SimpleNamespace(**columns), store.n_neurons, count, *plain)
    if store.columns.moved:
        store.renew_table()
    return entry(store.address, store.n_neurons, *arguments)


def _plain(array: Any) -> memoryview:
    """Return an array from which Python reads single integers fastest, with the bits of
    floats as integers.
    """
    bits = {8: np.int64, 4: np.uint32}[array.itemsize] if array.dtype.kind == "f" else 0
    return memoryview(array.view(bits) if bits else array)


@cache
def _entry_of(loop: Callable[..., tuple[int, int]], size_of_float: int) -> Any:
    """Return a loop as machine code, a function of the address of a table, two numbers
    and memory, or None without compilation.
    """
    from ..language import COMPILES, INT, STORE, ArrayKind, BundleKind

    if not COMPILES:
        return None
    # LLVM is loaded when it is needed
    from ..language.entries import entry

    # Floats are moved as integers. One loop takes the rows of all identities, too.
    table = BundleKind(STORE, "uint32" if size_of_float == 4 else "int64")
    kinds = table, INT, INT, ArrayKind(INT, 1), ArrayKind("uint32", 1)
    # no loop over floats, because a few passes make it as fast in a third of the time
    return entry(loop, kinds if loop is lower_rows else kinds[:4], speed=1)

"""Runs the loops of lowering as machine code."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..store import Store

DEBUGGING = os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")
"""Whether the loops run in plain Python, as kernels do then."""

_NOTHING = np.empty(1, np.int64)
_NOWHERE = ctypes.addressof(ctypes.c_char.from_buffer(_NOTHING.data))
_Results = ctypes.c_int64 * 2


def run(
    loop: Callable[..., tuple[int, int]],
    store: Store,
    work: NDArray[np.int64] = _NOTHING,
    count: int | None = None,
) -> tuple[int, int]:
    """Run a loop over all neurons of a store, and `count` connections or influences;
    without a number, all connections.
    """
    if count is None:
        count = store.n_connections
    if DEBUGGING:
        columns = {name: _plain(column) for name, column in store.columns.items()}
        return loop(SimpleNamespace(**columns), store.n_neurons, count, _plain(work))
    if store.columns.moved:
        store.renew_table()
    memory = _NOWHERE
    if work is not _NOTHING:
        memory = ctypes.addressof(ctypes.c_char.from_buffer(work.data))
    results = _Results()
    _entry_of(loop)(store.address, store.n_neurons, count, memory, results)
    return results[0], results[1]


def _plain(array: Any) -> memoryview:
    """Return an array from which Python reads single integers fastest."""
    return memoryview(array)


@cache
def _entry_of(loop: Callable[..., tuple[int, int]]) -> Any:
    # LLVM is loaded when it is needed
    from .compiled import entry_of

    return entry_of(loop)

"""How the loops of lowering run: in plain Python or compiled.

They are written once. Two modes are needed because each is a thousand times too slow
where the other runs: in plain Python a network of a million connections takes seconds,
and compiling takes three seconds in a new installation, whose first network has ten
connections. In NumPy the loops would take one mode, but 40 calls where an edit of a
small network and its next step may take 50 microseconds in all.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from .loops import LOOPS

if TYPE_CHECKING:
    from ..store import Store

MUCH = 1 << 17
"""How many neurons and connections a process lowers in plain Python before it compiles
the loops,"""
SOME = 1 << 10
"""or loads them from the cache if it has loaded Numba: what loading takes."""


_NOTHING = np.empty(0, np.int64)


class _Columns:
    """The columns of a store as attributes, from which Python reads single integers
    fastest.
    """

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns

    def __getattr__(self, name: str) -> memoryview:
        view = memoryview(self._columns[name])
        setattr(self, name, view)
        return view


class _Modes:
    """Plain Python until the process has lowered much, then compiled."""

    def __init__(self) -> None:
        self.lowered = 0
        self.compiled: Any = None
        self.cached = False

    def run(
        self, loop: Any, store: Store, work: Any = _NOTHING, count: int | None = None
    ) -> tuple[int, int]:
        """Run a loop over all neurons of a store, and so many connections or
        influences; without a number, all connections.
        """
        n = store.n_neurons
        if count is None:
            count = store.n_connections
        if self.compiled is None and self.lowered > (
            SOME if "numba" in sys.modules else MUCH
        ):
            self.compiled = importlib.import_module(f"{__package__}.compiled")
            self.cached = self.compiled.is_cached()
        if (
            self.lowered > (SOME if self.cached else MUCH)
            and not self.compiled.DEBUGGING
        ):
            if store.columns.moved:
                store.renew_table()
            pair: tuple[int, int] = self.compiled.run(
                store.address, 1.0, LOOPS.index(loop), n, count, work
            )
        else:
            pair = loop(_Columns(store.columns), n, count, memoryview(work))
        return pair


modes = _Modes()

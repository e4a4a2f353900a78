"""The kernels of steps without traces as Python calls them, for one network."""

from __future__ import annotations

from functools import partial
from typing import Any

from numpy.typing import NDArray

from ..online.calls import Kernels, MachineCode
from ..store import Store
from ..untraced import TraceRows, forget, traces_of
from . import events, loops
from .tapes import StoreTapes


def kernels_untraced(store: Store, span: NDArray[Any]) -> Kernels:
    """Kernels that clear the traces of the network in a span of a lowered store, and
    step without them.
    """
    is_lean = events.may_be_lean(store, span)
    return _kernels(loops.calls_for(store), store, span, is_lean)


def kernels_by_events(store: Store, span: NDArray[Any]) -> Kernels | None:
    """The same by events, with the connections by source; None if all connections are
    gathered faster.
    """
    fans = events.fans_of(store, span)
    if fans is None:
        return None
    return _kernels(events.calls_for(store), store, span, tuple(fans))


def _kernels(
    code: MachineCode, store: Store, span: NDArray[Any], weighing: Any
) -> Kernels:
    """Kernels that take the tapes of a store, a span and how they weigh."""
    memory = StoreTapes(store)
    begin = store.address, store.unit, memory.renewed(), span, weighing
    before = partial(_prepare, store, traces_of(store, span), memory)
    return Kernels(code, *begin, before=before)


def _prepare(store: Store, traces: TraceRows, memory: StoreTapes) -> None:
    """What must be so before a call: no traces, and the present columns on the
    tapes.
    """
    forget(store, traces)
    memory.renewed()

"""The kernels of steps without traces as Python calls them, for one network."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from ..online.calls import Kernels
from ..store import Store
from . import events, runs, streams
from .tapes import Tapes


def tapes_of_runs(store: Store) -> Tapes:
    """Return tapes of two steps, the present one and the one before, with all rows of a
    store and a copy of its past.
    """
    sizes = store.n_neurons, 0, 0
    past, rings = (len(store.columns[name]) for name in ("past", "ring_head"))
    return Tapes(store.dtype, 1, 1, *sizes, restored=True, past=past, rings=rings)


def kernels_untraced(
    store: Store, span: NDArray[Any], tapes: Tapes, latest: NDArray[Any]
) -> Kernels:
    """Return kernels of the network in a span of a lowered store, on these tapes;
    `latest` is written, see ``runs.py``.
    """
    code = runs.calls_for(store)
    memory = tapes.address, tapes.rows
    return Kernels(code, store.address, store.scalar, *memory, span, latest)


def kernels_by_events(
    store: Store, span: NDArray[Any], tapes: Tapes, latest: NDArray[Any]
) -> Kernels | None:
    """Return the same by events, with the connections by source; None if all
    connections are gathered faster.
    """
    fans = events.build_outgoing_index(store, span)
    if fans is None:
        return None
    begin = kernels_untraced(store, span, tapes, latest).begin
    return Kernels(events.calls_for(store), *begin, fans)


def kernels_of_streams(store: Store, kernels: Kernels) -> Kernels:
    """Return the kernels of a learning rule with `learn_stream`, which those of rtrl
    have.
    """
    if kernels.plan is not None:
        return kernels
    code = streams.calls_for(store)
    return Kernels(code, *kernels.begin, before=kernels.before, updates=kernels.updates)

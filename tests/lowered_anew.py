"""A lowering that is checked: what it makes of an edit is what a lowering of everything makes."""

from __future__ import annotations

from collections import Counter

import numpy as np

from synapse.engine import store as stores
from synapse.engine.lowering import lower as lowering, order
from synapse.engine.lowering.program import Program, kept_traces

from .integrity import require

COUNTS: Counter[str] = Counter()


def snapshot(store):
    """All columns, up to the rows in use."""
    return {name: store[name].copy() for name in store.columns} | {"row_of": store.row_of.copy()}


def checked_lower(store):
    """Lower, then lower everything again, and compare every column and every fact."""
    COUNTS["incremental" if store.program.basis is not None else "first"] += 1
    basis = lowering.lower(store)
    before = snapshot(store)
    store.program = Program(0, [kept_traces(store)])
    anew = lowering.lower(store)
    after = snapshot(store)
    for name, column in before.items():
        require(column.dtype == after[name].dtype, "type of a column", name)
        require(
            np.array_equal(column, after[name], equal_nan=column.dtype.kind == "f"), "as lowered anew", name
        )
    for name in ("connections", "changed", "latest", "network", "pure"):
        require(np.array_equal(getattr(basis, name), getattr(anew, name)), "facts as lowered anew", name)
    return basis


def install(patch):
    """Check every lowering; `patch` is the fixture monkeypatch."""
    patch.setattr(stores, "lower", checked_lower)
    full = order.order_all_connections

    def counted(store):
        COUNTS["full"] += 1
        full(store)

    patch.setattr(order, "order_all_connections", counted)

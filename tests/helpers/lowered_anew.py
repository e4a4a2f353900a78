"""A lowering that is checked: plain and compiled loops make the same program, whatever
was lowered before, and whether all is laid out anew or what edits have touched."""

from __future__ import annotations

import numpy as np

from synapse.engine import store as stores
from synapse.engine.lowering import edits, lower as lowering, runner
from synapse.engine.lowering.program import Program, kept_traces
from tests.helpers.integrity import require

# addresses that the process has when a function is registered
LOADED = ("functions",)


def snapshot(store):
    """All columns, up to the rows in use."""
    copies = {name: store[name].copy() for name in store.columns if name not in LOADED}
    return copies | {"row_of": store.row_of.copy()}


def install(patch):
    """Check every lowering; `patch` is the fixture monkeypatch."""
    patch.setattr(edits, "MIN_CONNECTIONS", 1)
    lower = lowering.lower
    modes = [True, False]

    def lower_with(plain, store):
        with patch.context() as within:
            if plain:
                within.setattr(runner, "_entry_of", lambda *_: None)
            lower(store)

    def checked_lower(store):
        modes.reverse()
        lower_with(modes[0], store)
        before = snapshot(store)
        store.program = Program(0, kept_traces(store))
        store.removed_rows = None
        lower_with(modes[1], store)
        after = snapshot(store)
        for name, column in before.items():
            require(column.dtype == after[name].dtype, "type of a column", name)
            equal = np.array_equal(
                column, after[name], equal_nan=column.dtype.kind == "f"
            )
            require(equal, "as lowered anew", name)

    patch.setattr(stores, "lower", checked_lower)

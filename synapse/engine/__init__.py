"""Numbers only: the store, lowering and the kernels. Knows no object that a user holds.

The kernels need Numba, which takes its time to import; they are loaded when first asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import lower, program, schema, store

_COMPILED = (
    "_jit",
    "_lanes",
    "activations",
    "backward",
    "collect",
    "costs",
    "firing",
    "forward",
    "online",
    "propagating",
    "registered",
    "tapes",
    "ties",
    "unfold",
    "watching",
    "weighing",
)


def __getattr__(name: str) -> Any:
    if name in _COMPILED:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "activations",
    "costs",
    "firing",
    "lower",
    "online",
    "program",
    "propagating",
    "registered",
    "schema",
    "store",
    "tapes",
    "ties",
    "unfold",
    "watching",
    "weighing",
]

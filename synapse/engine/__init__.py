"""Numbers only: the store, lowering and the kernels. The engine does not use the
objects that users hold.

``schema`` names the columns and ``store`` holds them. ``lowering`` makes the program
that kernels execute, ``functions`` has the formulas, ``online`` the kernels of single
steps, ``exact`` those of gradients through time, ``rtrl`` exact gradients forward in
time, and ``compiler`` everything that depends on Numba. Kernels and the compiled part
of ``functions`` import Numba, which is slow to import; they are loaded when first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import functions, lowering, rtrl, schema, status, store
from .guard import Deferred

_COMPILED = ("compiler", "exact", "online")


def __getattr__(name: str) -> Any:
    if name in _COMPILED:
        with (
            Deferred()
        ):  # Numba cannot be imported again after Ctrl-C has ended its first import
            return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "compiler",
    "exact",
    "functions",
    "lowering",
    "online",
    "rtrl",
    "schema",
    "status",
    "store",
]

"""Numbers only: the store, lowering and the kernels. Knows no object that a user holds.

``schema`` names the columns and ``store`` holds them. ``lowering`` makes what the kernels walk, ``functions``
has the formulas, ``online`` the kernels of single steps, ``exact`` those of gradients through time,
``compiler`` all that knows Numba. The last three, and what ``functions`` compiles, import Numba, which takes
its time; they are loaded when first asked for.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import functions, lowering, schema, store

_COMPILED = ("compiler", "exact", "online")


def __getattr__(name: str) -> Any:
    if name in _COMPILED:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["compiler", "exact", "functions", "lowering", "online", "schema", "store"]

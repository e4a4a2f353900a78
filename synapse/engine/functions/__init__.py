"""The formulas: activation functions, costs, and the elementary functions that they use.

Formulas are plain Python. Their compiled versions are loaded when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import activations, costs


def __getattr__(name: str) -> Any:
    if name == "compiled":
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["activations", "compiled", "costs"]

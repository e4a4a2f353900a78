"""The formulas: activation functions, costs, and the elementary functions that they are made of.

Formulas are plain Python. What is compiled of them is loaded when first asked for.
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

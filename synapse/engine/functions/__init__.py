"""Define the formulas for activation functions, costs, the elementary functions that
they use, and optimizers.

Formulas of squashes and costs are plain Python. Everything compiled is loaded on first
use.
"""

from __future__ import annotations

import importlib
from typing import Any

from . import activations, costs

SQUARABLE = 1e150
"""Upper limit of the numbers whose squares means and deviations can count."""
VANISHING = 1e-250
"""Sum of squares below which digits have been lost to underflow. Deviations are then
computed without squares.
"""
ROUNDING = 64 * 2.0**-52
"""A deviation below this fraction of the mean is a rounding error of a constant
column.
"""


def __getattr__(name: str) -> Any:
    if name in ("compiled", "optimizers", "scale"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = ["activations", "compiled", "costs", "optimizers", "scale"]

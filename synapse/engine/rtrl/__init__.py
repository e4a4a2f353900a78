"""Compute exact online gradients forward in time, by real-time recurrent learning.

``pattern`` finds the recurrent states that each parameter can influence, and ``layout``
assigns the sensitivities to places in memory. A ``plan`` holds the sensitivities of one
topology, and ``portable`` carries them over to the next plan and into files. These
modules only use NumPy. The kernels, which are loaded on first use, are in ``loops`` and
``jacobian``, and call ``advance`` and ``sweep``. ``pending`` explains why most steps of
a large network do not renew sensitivities.
"""

from __future__ import annotations

import importlib
from typing import Any

from .layout import Layout as Layout
from .pattern import (
    Pattern as Pattern,
    TooLarge as TooLarge,
    find_pattern as find_pattern,
)
from .plan import Plan as Plan
from .portable import BIAS as BIAS, PortableSensitivities as PortableSensitivities


def __getattr__(name: str) -> Any:
    if name in ("loops", "jacobian"):
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

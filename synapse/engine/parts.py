"""Addresses of the parts of kernels that are compiled when a network first needs them.

A kernel finds them in the column ``parts`` of a store, which is one of these arrays: the same for all
stores of a float, and valid in this process only. ``compiler/rare.py`` fills them.
"""

from __future__ import annotations

import numpy as np

ROOM = 64
RESOLVER = ROOM - 1
"""The place of the function that kernels call to have a part compiled, whose address is 0 until then."""
INTERRUPT = ROOM - 2
"""The place of the function that kernels call if Ctrl-C was pressed meanwhile, so that Python raises it."""

ADDRESSES = {np.dtype(name): np.zeros(ROOM, np.uint64) for name in ("float32", "float64")}

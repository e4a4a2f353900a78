"""Types of arrays for annotations."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.integer[Any]]
"""Integers of any size; rows in columns of the kernels are narrower than `Ints`."""

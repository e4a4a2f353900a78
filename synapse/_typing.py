"""Types of arrays, paths and closed sets of names for annotations."""

import os
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Indices = NDArray[np.integer[Any]]
"""Integers of any size. Row numbers in the columns of kernels are narrower than
`Ints`."""
RuleName = Literal["online", "bptt", "rtrl"]
"""The learning rules of the library."""
PathLike = str | os.PathLike[str]

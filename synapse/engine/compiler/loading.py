"""Import Numba's arrays without SciPy.

Numba imports SciPy's linear algebra, which takes half of a first call from a full
cache, only to see whether it is there: its functions of matrices, which kernels do not
use, import it again when they are compiled. So here a look for the package is enough.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

import numba
from numba.np import linalg


def _find_blas() -> None:
    if find_spec("scipy") is None:
        raise ImportError("scipy 0.16+ is required for linear algebra")


def _import_arrays() -> None:
    import_blas = linalg.ensure_blas
    linalg.ensure_blas = _find_blas
    try:
        from numba.np import arraymath

        arraymath.ensure_blas = import_blas
    finally:
        linalg.ensure_blas = import_blas


if not numba.config.DISABLE_JIT and "numba.np.arraymath" not in sys.modules:
    _import_arrays()

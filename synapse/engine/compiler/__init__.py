"""Everything that depends on Numba and LLVM."""

from . import loading  # isort: skip
from . import calls, jit, lazy_parts

__all__ = ["calls", "jit", "lazy_parts", "loading"]

"""Everything that depends on Numba and LLVM."""

from . import loading  # isort: skip
from . import calls, jit, rare

__all__ = ["calls", "jit", "loading", "rare"]

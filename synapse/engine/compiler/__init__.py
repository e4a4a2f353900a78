"""Everything that depends on Numba and LLVM."""

from . import calls, jit, rare

__all__ = ["calls", "jit", "rare"]

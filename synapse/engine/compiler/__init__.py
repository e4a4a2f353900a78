"""Everything that depends on Numba and LLVM."""

from . import jit, rare, registered

__all__ = ["jit", "rare", "registered"]

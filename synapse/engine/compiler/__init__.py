"""Everything that depends on Numba and LLVM."""

from . import jit, registered

__all__ = ["jit", "registered"]

"""Everything that knows Numba and LLVM."""

from . import jit, registered

__all__ = ["jit", "registered"]

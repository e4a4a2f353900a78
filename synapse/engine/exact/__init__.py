"""The kernels of exact gradients through time, several samples side by side."""

from .loops import unfold_network
from .tapes import Tapes

__all__ = ["Tapes", "unfold_network"]

"""The kernels of exact gradients through time, several samples side by side."""

from .loops import Samples, gradient_network
from .tapes import Tapes

__all__ = ["Samples", "Tapes", "gradient_network"]

"""The kernels of exact gradients through time, several samples side by side."""

from .loops import Samples as Samples, gradient_network as gradient_network
from .tapes import Tapes as Tapes

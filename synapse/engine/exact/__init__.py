"""The kernels of exact gradients through time, for several samples at once."""

from .loops import Samples as Samples, gradient_network as gradient_network
from .tapes import Tapes as Tapes

"""Use networks as forecasters in sktime, which must be installed. They work like the
command ``synapse train`` on a series.
"""

from .._checks import public_module as _public_module
from ._forecaster import NetworkForecaster

__all__ = [
    "NetworkForecaster",
]
_public_module(__name__, __all__)

"""A forecaster for sktime, which works like the command ``synapse train`` on a series.
It needs sktime.
"""

from .._checks import public_names as _public_names
from ._forecaster import SynapseForecaster

__all__ = [
    "SynapseForecaster",
]
__dir__ = _public_names(__all__)

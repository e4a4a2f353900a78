"""Use networks as estimators for River. They learn one dict at a time, and grow with
features and classes.

They need River, the extra ``river``. Install it from a clone of the repository:
``pip install -e ".[river]"``. Inputs are scaled by running means and deviations, and
the step of each parameter by its earlier gradients. The defaults were chosen on the
streams that River contains.
"""

from .._checks import imported as _imported, public_module as _public_module

_imported("river", "The estimators of synapse.river need", "river")

from ._classifier import NetworkClassifier  # noqa: E402
from ._forecaster import NetworkForecaster  # noqa: E402
from ._regressor import NetworkRegressor  # noqa: E402
from ._stream_network import StreamNetwork  # noqa: E402

__all__ = [
    "NetworkClassifier",
    "NetworkForecaster",
    "NetworkRegressor",
    "StreamNetwork",
]
_public_module(__name__, __all__)

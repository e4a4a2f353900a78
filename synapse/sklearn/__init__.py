"""Use networks of any topology as estimators in pipelines of scikit-learn and
skforecast.

To learn rows of a table, use :class:`NetworkClassifier` and :class:`NetworkRegressor`,
and to learn sequences, :class:`SequenceClassifier` and :class:`SequenceRegressor`. They
need scikit-learn, the extra ``sklearn``. Install it from a clone of the repository:
``pip install -e ".[sklearn]"``.
"""

from .._checks import (
    imported as _imported,
    public_module as _public_module,
)

_imported("sklearn", "The estimators of synapse.sklearn need", "scikit-learn")

from ._row_estimators import NetworkClassifier, NetworkRegressor  # noqa: E402
from ._sequences import SequenceClassifier, SequenceRegressor  # noqa: E402

__all__ = [
    "NetworkClassifier",
    "NetworkRegressor",
    "SequenceClassifier",
    "SequenceRegressor",
]
_public_module(__name__, __all__)

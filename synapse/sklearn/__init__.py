"""Estimators for scikit-learn and skforecast: networks of any topology in their
pipelines.

Rows of a table are learned by :class:`NetworkClassifier` and :class:`NetworkRegressor`,
sequences by
:class:`SequenceClassifier` and :class:`SequenceRegressor`. They need scikit-learn, the
extra ``sklearn``. Install it from a clone of the repository: ``pip install -e
".[sklearn]"``.
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

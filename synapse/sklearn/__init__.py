"""Estimators for scikit-learn and skforecast: networks of any topology in their
pipelines.

Rows of a table are learned by :class:`NetworkClassifier` and :class:`NetworkRegressor`,
sequences by
:class:`SequenceClassifier` and :class:`SequenceRegressor`. They need scikit-learn, the
extra ``sklearn``. Install it from a clone of the repository: ``pip install -e
".[sklearn]"``.
"""

import typing as _typing

from .._checks import (
    imported as _imported,
    missing_names as _missing_names,
    public_names as _public_names,
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
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    __getattr__ = _missing_names(__name__, __all__)

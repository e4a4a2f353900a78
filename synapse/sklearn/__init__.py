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
    ATTRIBUTES as _ATTRIBUTES,
    imported as _imported,
    public_names as _public_names,
    unknown_attribute as _unknown_attribute,
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

    def __getattr__(name: str) -> _typing.Any:
        """Return called for names that do not exist: the error has the equivalent of
        ours.
        """
        advice = _ATTRIBUTES["sklearn"].get(name, "")
        raise _unknown_attribute(f"The module {__name__}", name, __all__, advice)

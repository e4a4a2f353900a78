"""Estimators for scikit-learn and skforecast: networks of any topology in their
pipelines.

Rows of a table are learned by :class:`NetworkClassifier` and :class:`NetworkRegressor`,
sequences by
:class:`SequenceClassifier` and :class:`SequenceRegressor`. They need scikit-learn, the
extra ``sklearn``. Install it from a clone of the repository: ``pip install -e
".[sklearn]"``.
"""

from typing import TYPE_CHECKING, Any

from .._checks import ATTRIBUTES, imported, public_names, unknown_attribute

imported("sklearn", "The estimators of synapse.sklearn need", "scikit-learn")

from .row_estimators import NetworkClassifier, NetworkRegressor  # noqa: E402
from .sequences import SequenceClassifier, SequenceRegressor  # noqa: E402

__all__ = [
    "NetworkClassifier",
    "NetworkRegressor",
    "SequenceClassifier",
    "SequenceRegressor",
]
__dir__ = public_names(__all__)

if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> Any:
        """Return called for names that do not exist: the error has the equivalent of
        ours.
        """
        advice = ATTRIBUTES["sklearn"].get(name, "")
        raise unknown_attribute(f"The module {__name__}", name, __all__, advice)

"""The learning rules that a trainer can use; importing the file of a rule registers
it.
"""

import typing as _typing

from ..._checks import missing_names as _missing_names, public_names as _public_names
from .._parameters import BatchGradient
from ._base import Rule, RuleTask
from ._bptt import BackpropagationThroughTime
from ._stepwise import Online, RealTimeRecurrentLearning, StepwiseRule

__all__ = [
    "BackpropagationThroughTime",
    "BatchGradient",
    "Online",
    "RealTimeRecurrentLearning",
    "Rule",
    "RuleTask",
    "StepwiseRule",
]
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    __getattr__ = _missing_names(__name__, __all__)

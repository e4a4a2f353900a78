"""The learning rules that a trainer can use; importing the file of a rule registers
it.
"""

from ..._checks import public_names as _public_names
from .._parameters import BatchGradient
from ._base import RULES, SEQUENCE, Rule, RuleTask
from ._bptt import BackpropagationThroughTime
from ._stepwise import Online, RealTimeRecurrentLearning, StepwiseRule

__all__ = [
    "RULES",
    "SEQUENCE",
    "BackpropagationThroughTime",
    "BatchGradient",
    "Online",
    "RealTimeRecurrentLearning",
    "Rule",
    "RuleTask",
    "StepwiseRule",
]
__dir__ = _public_names(__all__)

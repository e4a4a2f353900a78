"""The learning rules that a trainer can use; importing the file of a rule registers
it.
"""

from ..._checks import public_names
from .._parameters import BatchGradient as BatchGradient
from .base import (
    RULES as RULES,
    SEQUENCE as SEQUENCE,
    Rule as Rule,
    RuleTask as RuleTask,
)
from .bptt import BackpropagationThroughTime as BackpropagationThroughTime
from .stepwise import (
    Online as Online,
    RealTimeRecurrentLearning as RealTimeRecurrentLearning,
    StepwiseRule as StepwiseRule,
)

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
__dir__ = public_names(__all__)

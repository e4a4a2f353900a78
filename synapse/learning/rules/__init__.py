"""The learning rules of trainers. Importing the file of a rule registers it."""

from ..._checks import public_module as _public_module
from .._parameters import BatchGradient
from ._base import RuleTask, TrainingRule
from ._bptt import BackpropagationThroughTime
from ._stepwise import Online, StepwiseRule

__all__ = [
    "BackpropagationThroughTime",
    "BatchGradient",
    "Online",
    "RuleTask",
    "StepwiseRule",
    "TrainingRule",
]
_public_module(__name__, __all__)

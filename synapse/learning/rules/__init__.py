"""The learning rules that a trainer can use, one file each; importing the file of a rule registers it."""

from .base import (
    RULES as RULES,
    SEQUENCE as SEQUENCE,
    BatchGradient as BatchGradient,
    Options as Options,
    Rule as Rule,
    Task as Task,
)
from .bptt import BackpropagationThroughTime as BackpropagationThroughTime
from .online import Online as Online
from .rtrl import RealTimeRecurrentLearning as RealTimeRecurrentLearning
from .stepwise import StepwiseRule as StepwiseRule

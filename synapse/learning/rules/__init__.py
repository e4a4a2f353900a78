"""The learning rules that a trainer can use, one file each; importing the file of a rule registers it."""

from .._parameters import BatchGradient as BatchGradient
from .base import (
    RULES as RULES,
    SEQUENCE as SEQUENCE,
    Rule as Rule,
    RuleOptions as RuleOptions,
    RuleTask as RuleTask,
)
from .bptt import BackpropagationThroughTime as BackpropagationThroughTime
from .online import Online as Online
from .rtrl import RealTimeRecurrentLearning as RealTimeRecurrentLearning
from .stepwise import StepwiseRule as StepwiseRule

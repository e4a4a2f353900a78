"""Training with the trainer and its learning rules, exact gradients, schedules,
callbacks, and read-outs.
"""

from .._checks import (
    public_module as _public_module,
)
from . import rules
from ._callbacks import Batch, Progress, every
from ._check import GradientCheck, check_gradient
from ._continual_backprop import ContinualBackprop
from ._evaluation import Evaluation
from ._gradient import gradient
from ._gradient_comparison import GradientComparison, compare_gradients
from ._history import Result
from ._loss_gradient import Gradient
from ._readout import Readout, fit_readout
from ._rtrl_cost import RTRLCost, RTRLCostRow, rtrl_cost
from ._schedules import AdaptiveSchedule, Cosine, ReduceOnPlateau, StepDecay, WarmUp
from ._trainer import Trainer

__all__ = [
    "AdaptiveSchedule",
    "Batch",
    "ContinualBackprop",
    "Cosine",
    "Evaluation",
    "Gradient",
    "GradientCheck",
    "GradientComparison",
    "Progress",
    "RTRLCost",
    "RTRLCostRow",
    "Readout",
    "ReduceOnPlateau",
    "Result",
    "StepDecay",
    "Trainer",
    "WarmUp",
    "check_gradient",
    "compare_gradients",
    "every",
    "fit_readout",
    "gradient",
    "rtrl_cost",
    "rules",
]
_public_module(__name__, __all__)

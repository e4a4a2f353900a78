"""Training: the trainer and its learning rules, exact gradients, schedules, callbacks,
read-outs.
"""

from typing import TYPE_CHECKING, Any

from .._checks import ATTRIBUTES, public_names, unknown_attribute
from ._history import Result
from .callbacks import Batch, Progress, every
from .check import GradientCheck, check_gradient
from .continual_backprop import ContinualBackprop
from .evaluation import Evaluation
from .gradient import gradient
from .gradient_comparison import GradientComparison, compare_gradients
from .loss_gradient import Gradient
from .readout import Readout, fit_readout
from .rtrl_cost import RTRLCost, RTRLCostRow, rtrl_cost
from .schedules import AdaptiveSchedule, Cosine, ReduceOnPlateau, StepDecay, WarmUp
from .trainer import Trainer

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
]
__dir__ = public_names(__all__)

if not TYPE_CHECKING:  # type checkers know the names above, and no others

    def __getattr__(name: str) -> Any:
        """Return called for names that do not exist: the error has the equivalent of
        ours.
        """
        advice = ATTRIBUTES["learning"].get(name, "")
        raise unknown_attribute(f"The module {__name__}", name, __all__, advice)

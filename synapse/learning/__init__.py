"""Training: the trainer and its learning rules, exact gradients, schedules, callbacks, read-outs."""

from .callbacks import Progress, Step, every
from .comparison import GradientComparison, compare_gradients
from .evaluation import Evaluation
from .gradient import Gradient, gradient
from .readout import Readout, fit_readout
from .schedules import AdaptiveSchedule, Cosine, Exponential, ReduceOnPlateau, StepDecay, WarmUp
from .trainer import Trainer
from .training import Result

__all__ = [
    "AdaptiveSchedule",
    "Cosine",
    "Evaluation",
    "Exponential",
    "Gradient",
    "GradientComparison",
    "Progress",
    "Readout",
    "ReduceOnPlateau",
    "Result",
    "Step",
    "StepDecay",
    "Trainer",
    "WarmUp",
    "compare_gradients",
    "every",
    "fit_readout",
    "gradient",
]

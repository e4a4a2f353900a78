"""Training: the trainer, exact gradients and how near the online rule is, rates, callbacks, read-outs."""

from .callbacks import Progress, Step, schedule
from .comparison import GradientComparison, compare_gradients
from .rates import Cosine, Exponential, ReduceOnPlateau, StepDecay, WarmUp, Watching
from .readout import Readout, fit_readout
from .run import Result
from .trainer import Evaluation, Trainer
from .unfolding import Gradient, gradient

__all__ = [
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
    "Watching",
    "compare_gradients",
    "fit_readout",
    "gradient",
    "schedule",
]

"""Training: the trainer, exact gradients, rates that change, callbacks, read-outs."""

from .callbacks import Progress, Step, schedule
from .rates import Cosine, Exponential, ReduceOnPlateau, StepDecay, WarmUp, Watching
from .readout import Readout, fit_readout
from .trainer import Evaluation, Result, Trainer
from .unfolding import Gradient, gradient

__all__ = [
    "Cosine",
    "Evaluation",
    "Exponential",
    "Gradient",
    "Progress",
    "Readout",
    "ReduceOnPlateau",
    "Result",
    "Step",
    "StepDecay",
    "Trainer",
    "WarmUp",
    "Watching",
    "fit_readout",
    "gradient",
    "schedule",
]

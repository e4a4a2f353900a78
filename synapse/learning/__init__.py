"""Training: the trainer, rates that change, callbacks, read-outs."""

from .callbacks import Progress, Step, schedule
from .rates import Cosine, Exponential, ReduceOnPlateau, StepDecay, WarmUp, Watching
from .readout import Readout, fit_readout
from .trainer import Evaluation, Result, Trainer

__all__ = [
    "Cosine",
    "Evaluation",
    "Exponential",
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
    "schedule",
]

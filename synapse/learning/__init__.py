"""Training: the trainer, rates that change, callbacks."""

from .callbacks import Progress, Step, schedule
from .rates import Cosine, Exponential, StepDecay
from .trainer import Evaluation, Result, Trainer

__all__ = [
    "Cosine",
    "Evaluation",
    "Exponential",
    "Progress",
    "Result",
    "Step",
    "StepDecay",
    "Trainer",
    "schedule",
]

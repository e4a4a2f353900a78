"""Experiments: many trials on any executor, stored as they come; trainings in parallel; cross-validation."""

from .._checks import public_names
from .estimate import Estimate, TrialComparison
from .many import train_many
from .running import run, sweep
from .trials import Trials, read_trials
from .validation import CrossValidation, cross_validate

__all__ = [
    "CrossValidation",
    "Estimate",
    "TrialComparison",
    "Trials",
    "cross_validate",
    "read_trials",
    "run",
    "sweep",
    "train_many",
]
__dir__ = public_names(__all__)

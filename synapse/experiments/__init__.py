"""Experiments: many trials on any executor, stored as they come; trainings in parallel; cross-validation."""

from .._checks import public_names
from .many import train_many
from .running import run, sweep
from .statistics import (
    Median,
    SuccessRate,
    median,
    success_rate,
)
from .trials import Summary, Trials, read_trials, rescue
from .validation import CrossValidation, cross_validate

__all__ = [
    "CrossValidation",
    "Median",
    "SuccessRate",
    "Summary",
    "Trials",
    "cross_validate",
    "median",
    "read_trials",
    "rescue",
    "run",
    "success_rate",
    "sweep",
    "train_many",
]
__dir__ = public_names(__all__)

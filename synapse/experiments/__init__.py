"""Experiments: many trials on any executor, stored as they come; trainings in parallel; cross-validation."""

from .many import train_many as train_many
from .running import run as run, sweep as sweep
from .statistics import (
    Median as Median,
    SuccessRate as SuccessRate,
    median as median,
    success_rate as success_rate,
)
from .trials import Summary as Summary, Trials as Trials, read_trials as read_trials
from .validation import CrossValidation as CrossValidation, cross_validate as cross_validate

"""Experiments: many trials on any executor, stored as they come; trainings in parallel;
cross-validation.
"""

from .._checks import public_names
from .estimate import Estimate as Estimate
from .many import train_many as train_many
from .running import run_trials as run_trials, sweep as sweep
from .trials import Trials as Trials, read_trials as read_trials

__all__ = [
    name
    for name, value in globals().items()
    if getattr(value, "__module__", "").startswith(__name__)
]
__dir__ = public_names(__all__)

"""Experiments: many trials on any executor, stored at once; trainings in parallel."""

import typing as _typing

from .._checks import missing_names as _missing_names, public_names as _public_names
from ._estimate import Estimate
from ._many import train_many
from ._running import run_trials, sweep
from ._trials import Trials, read_trials

__all__ = [
    "Estimate",
    "Trials",
    "read_trials",
    "run_trials",
    "sweep",
    "train_many",
]
__dir__ = _public_names(__all__)

if not _typing.TYPE_CHECKING:  # type checkers know the names above, and no others
    __getattr__ = _missing_names(__name__, __all__)

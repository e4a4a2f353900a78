"""Run many trials on any executor, storing each result at once, and train many networks
in parallel.
"""

from .._checks import public_module as _public_module
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
_public_module(__name__, __all__)

"""The kernels of one step at a time: a neuron's, a network's, a whole training's."""

from .accumulate import Accumulator
from .loops import (
    activate_one,
    clamp_one,
    clear_rows,
    propagate_one,
    propagate_targets,
    run_network,
    train_network,
)
from .ties import hold_shared, release_shared

__all__ = [
    "Accumulator",
    "activate_one",
    "clamp_one",
    "clear_rows",
    "hold_shared",
    "propagate_one",
    "propagate_targets",
    "release_shared",
    "run_network",
    "train_network",
]

"""How one training runs: the arguments of ``Trainer.train``, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..objects.network import Network
from ._callbacks import Callback
from ._checkpoint import Checkpointer, TrainingState
from ._metrics import Metric
from ._options import FixedOptions


@dataclass(frozen=True)
class TrainingPlan:
    """How one training runs; nothing of it changes."""

    options: FixedOptions
    epochs: int  # the limit
    goal: float  # a loss at which training ends; -inf: none
    patience: int | None
    min_delta: float  # by how much a loss has to be lower to end the waiting
    restore: bool  # restore the weights of the best epoch
    metrics: Mapping[str, Metric]
    callbacks: tuple[Callback, ...]
    on_batch: Any  # a function of a `Batch`, or None
    checkpoint: Checkpointer | None
    resumed_from: TrainingState | None  # the training that this one continues

    @property
    def network(self) -> Network:
        """The network to train."""
        return self.options.network

"""The plan of a training, which contains the checked arguments of ``Trainer.train``,
and the state from which a training continues after its latest epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .._checks import pluralize
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.snapshots import Snapshot
from ._callbacks import Callback
from ._data import Shape
from ._evaluation import Metric
from ._options import FixedOptions

TrainingStateParts = tuple[dict[str, Any], dict[str, tuple[Floats, Floats]]]
AT_END = "loss_at_end"
"""Name of the training loss of the weights that an epoch ends with."""
SNAPSHOTS = ("best", "last")


@dataclass
class TrainingState:
    """A training after its latest complete epoch.

    Together with the network, the optimizer's state and the options, it determines the
    rest of a training. Everything else is derived, for example the state of an adaptive
    schedule, which follows from the history. A training that was stopped within an
    epoch repeats this epoch. Because SciPy does not expose the memory of L-BFGS, a new
    search begins.

    A field whose type is not among those in ``CHECKS`` of ``_archive.py`` needs a line
    there, so that it can be read from a file.
    """

    values: dict[str, list[float]]  # by epoch, as in a Result
    epochs: int  # the epoch limit
    generator: Mapping[str, Any]  # the state of NumPy's generator of orders and dropout
    shuffle: bool
    data: Shape
    held_out: Shape
    seconds: float = 0.0
    updates: int = 0  # number of updates counted for `on_batch`
    best: Snapshot | None = None  # weights of the best epoch
    last: Snapshot | None = (
        None  # weights of the last epoch, if those of the best have been restored
    )

    def parts(self, network: Network) -> TrainingStateParts:
        """Return the training without references to neurons, as its fields, and weights
        and biases by network.
        """
        fields = dict(vars(self))
        weights = {name: fields.pop(name) for name in SNAPSHOTS}
        return fields, {
            name: snapshot.arrays(network)
            for name, snapshot in weights.items()
            if snapshot is not None
        }

    @classmethod
    def of(
        cls,
        network: Network,
        fields: dict[str, Any],
        weights: dict[str, tuple[Floats, Floats]],
    ) -> TrainingState:
        """Make a training from :meth:`parts`, for a copy of its network."""
        snapshots: dict[str, Any] = {
            name: Snapshot.of(network, *arrays) for name, arrays in weights.items()
        }
        return cls(**fields, **snapshots)

    @property
    def done(self) -> int:
        """Number of complete epochs."""
        return len(self.values["loss"])

    def require_like(self, data: Shape, held_out: Shape, values: Iterable[str]) -> None:
        """Raise ArgumentError unless a training on these data, with these values by
        epoch, can continue it.
        """
        for subject, before, now in (
            ("data", self.data, data),
            ("held-out data", self.held_out, held_out),
        ):
            if before != now:
                raise ArgumentError(
                    f"Expected the {subject} of the training that is continued,"
                    f" {_described(before)}, got {_described(now)}. Pass the same data,"
                    " or train without resume."
                )
        if self.values.keys() - {AT_END} != {*values} - {AT_END}:
            names = [", ".join(each) for each in (self.values, values)]
            raise ArgumentError(
                "Expected the metrics and eval_set of the training that is continued,"
                f" whose history has {names[0]}, got {names[1]}. Pass the same, or"
                " train without resume."
            )

    def rng(self) -> np.random.Generator:
        """Return a new generator in the state of the training's generator."""
        return generator_in(self.generator)


def generator_in(state: Mapping[str, Any]) -> np.random.Generator:
    """Return a new generator in this state."""
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)


def _described(shape: Shape) -> str:
    if shape is None:
        return "none or a stream"
    return f"{pluralize(shape[0], 'sequence')} with {pluralize(shape[1], 'row')}"


class Checkpointer:
    """Writes a training to a file by `write`, after every `every` epochs, or as often
    as is cheap.
    """

    SECONDS = 1.0
    """Minimum time between two files, unless the user sets a number of epochs."""
    SHARE = 20.0
    """Minimum time between two files as a multiple of the latest file's writing time,
    so that files take 5 % of the time."""

    def __init__(
        self, write: Callable[[TrainingState], None], every: int | None
    ) -> None:
        self._write = write
        self._every = every
        self._due = 0.0

    def epochs_until_due(self, done: int) -> int | float:
        """Return the number of epochs until the next file may be due."""
        return float("inf") if self._every is None else self._every - done % self._every

    def is_due(self, done: int) -> bool:
        """Return whether to write a file after this number of epochs."""
        return (
            time.monotonic() >= self._due
            if self._every is None
            else done % self._every == 0
        )

    def write(self, paused: TrainingState) -> None:
        """Write the file."""
        begun = time.monotonic()
        self._write(paused)
        ended = time.monotonic()
        self._due = ended + max(self.SECONDS, self.SHARE * (ended - begun))


@dataclass(frozen=True)
class TrainingPlan:
    """The arguments of one training, which do not change."""

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

    @cached_property
    def network(self) -> Network:
        """The network to train."""
        return self.options.network

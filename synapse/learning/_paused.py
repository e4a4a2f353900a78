"""What a training needs to continue after its latest epoch, besides the network and its optimizer's state."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import counted
from .._snapshot import Snapshot, read_numbers, write_numbers
from .._typing import Floats
from ..errors import ArgumentError
from ..network import Network
from ._data import Data

Shape = dict[str, int] | None
"""Numbers of sequences and rows of data; None for a stream, or for no data."""


def shape_of_data(data: Data | None) -> Shape:
    """The numbers of sequences and rows, by which data are recognised."""
    return None if data is None else {"sequences": data.sequences, "rows": len(data.inputs)}


def require_like(what: str, before: Shape, now: Shape) -> None:
    """Raise ArgumentError unless data have the shape that they had before."""
    if before != now:
        raise ArgumentError(
            f"Expected {what} of the training that is continued, {_described(before)}, "
            f"got {_described(now)}. Give the same data, or train without resume."
        )


def _described(shape: Shape) -> str:
    if shape is None:
        return "none or a stream"
    return f"{counted(shape['sequences'], 'sequence')} with {counted(shape['rows'], 'row')}"


PausedParts = tuple[dict[str, Any], dict[str, tuple[Floats, Floats]]]
SNAPSHOTS = ("best", "last")


@dataclass(frozen=True)
class SearchStart:
    """Where a search by L-BFGS began. SciPy keeps its memory, so a search is continued by repeating it."""

    epoch: int  # number of complete epochs then
    parameters: Floats
    random: Floats  # positions of the streams of random numbers, by neuron

    @classmethod
    def of(cls, network: Network, epoch: int, parameters: Floats) -> SearchStart:
        """The present network."""
        return cls(epoch, parameters.copy(), read_numbers(network, "random"))

    def restore_random(self, network: Network) -> None:
        """Let random neurons draw the same numbers again."""
        if len(self.random) == len(network):
            write_numbers(network, "random", self.random)


@dataclass(frozen=True)
class GeneratorState:
    """The state of a generator, which is copied faster than the generator."""

    kind: type[np.random.BitGenerator]
    state: Any

    @classmethod
    def of(cls, rng: np.random.Generator) -> GeneratorState:
        """The present state."""
        return cls(type(rng.bit_generator), rng.bit_generator.state)

    def generator(self) -> np.random.Generator:
        """A new generator in this state."""
        bits = self.kind()
        bits.state = self.state
        return np.random.Generator(bits)


@dataclass
class Paused:
    """A training after its latest epoch."""

    values: dict[str, list[float]]  # by epoch, as in a Result
    epochs: int  # the epoch limit
    generator: GeneratorState  # of orders and dropout
    shuffle: bool
    data: Shape
    held_out: Shape
    seconds: float = 0.0
    updates: int = 0  # number of updates counted for `on_batch`
    taken: int = 0  # number of batches of a stream
    best: Snapshot | None = None  # weights of the best epoch
    last: Snapshot | None = None  # weights of the last epoch, if those of the best have been restored
    search: SearchStart | None = None

    def parts(self, network: Network) -> PausedParts:
        """The training without references to neurons: its fields, and weights and biases by network."""
        fields = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        weights = {name: fields.pop(name) for name in SNAPSHOTS}
        return fields, {name: one.arrays(network) for name, one in weights.items() if one is not None}

    @classmethod
    def of(
        cls, network: Network, fields: dict[str, Any], weights: dict[str, tuple[Floats, Floats]]
    ) -> Paused:
        """Make a training from the result of :meth:`parts`, for a copy of that network."""
        found: dict[str, Any] = {name: Snapshot.of(network, *arrays) for name, arrays in weights.items()}
        return cls(**fields, **found)

    @property
    def done(self) -> int:
        """Number of complete epochs."""
        return len(self.values["error"])

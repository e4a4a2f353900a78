"""One step of a network, from which programs and ONNX models are written.

A step reads and writes one vector of *values*: value ``i`` is the activation of neuron ``i``, value
``neurons + i`` is its state. A self-connection is then a connection like others, whose source is a
state. A value that has not been written yet in this step is that of the previous step; backward connections
need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import squash as squashes
from .._checks import boolean
from .._typing import Floats, Ints
from ..objects.network import Network, require_network
from ._lowered import Lowered, take_apart_lowered
from ._squashes import require_mean, require_written


class Block(NamedTuple):
    """Consecutive neurons with one squash that do not depend on each other within a step.

    First their states are computed, ``first .. stop``, then their activations: all at once or, if they are
    ``grouped``, group by group. A group may have neurons outside of the block.
    """

    first: int
    stop: int
    squash: str
    grouped: bool
    fires: list[tuple[int, int]]


@dataclass(frozen=True)
class Step:
    """The forward step of a network."""

    name: str
    layers: list[tuple[str, int]]  # name and size of inputs, hidden layers, outputs
    names: list[str]  # names of its neurons
    outputs: int
    start: Floats  # (2 neurons,): the values before the first step
    biases: Floats
    weights: Floats  # in the order of `lowered`
    blocks: list[Block]  # in activation order
    lowered: Lowered  # neurons that are computed together, and the connections

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.lowered.inputs

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return self.lowered.neurons

    def rows(self, first: int, stop: int) -> Ints:
        """Range of the connections into neurons ``first .. stop``."""
        return np.arange(*np.searchsorted(self.lowered.target, [first, stop]).tolist())


def step_of(network: Network, format: str, language: str, context: bool) -> Step:
    """Describe the step of a network for a language.

    `format` is the key of the language in ``Squash.written``, `language` its name in messages. With `context`
    the values start from the network's context instead of 0. Raises as
    :func:`synapse.readwrite.python_source` does.
    """
    require_network("What is written as a program", network)
    boolean("The context", context)
    parts, lowered = take_apart_lowered(network)
    names = [name or f"neuron {i}" for i, name in enumerate(parts.names or ())]
    squash, means = (parts.neurons[key].tolist() for key in ("squash", "deterministic"))
    start = np.concatenate([parts.neurons["activation"], parts.neurons["state"]]).astype(np.float64)
    for name, own, mean in list(zip(names, squash, means, strict=True))[lowered.inputs :]:
        require_mean(name, own, mean, language)
        require_written(name, own, format, language)
    return Step(
        name=network.name,
        layers=[(name or "", size) for name, size in parts.layers],
        names=names,
        outputs=parts.layers[-1][1],
        start=start if context else np.zeros_like(start),
        biases=parts.neurons["bias"].astype(np.float64),
        weights=parts.connections["weight"][lowered.order].astype(np.float64),
        blocks=_blocks(lowered, squash),
        lowered=lowered,
    )


def _blocks(lowered: Lowered, squash: list[str]) -> list[Block]:
    groups = list(zip(lowered.group_first.tolist(), lowered.group_stop.tolist(), strict=True))
    blocks = []
    for first, stop in lowered.blocks.tolist():
        grouped = squashes.get(squash[first]).grouped
        fires = list(dict.fromkeys(groups[first:stop])) if grouped else [(first, stop)]
        blocks.append(Block(first, stop, squash[first], grouped, fires))
    return blocks

"""One step of a network, from which programs and ONNX models are written.

A step reads and writes one vector of *values*: value ``i`` is the activation of neuron ``i``, value
``neurons + i`` is its state. A self-connection is then a connection like others, whose source is a
state. A value that has not been written yet in this step is that of the previous step; backward connections
need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from .. import squash as squashes
from .._checks import boolean
from .._typing import Bools, Floats, Ints
from ..engine.guard import InUse
from ..objects.network import Network, require_network
from ..objects.state import to_saved
from ..objects.topology import Topology
from ._formulas import require_mean, require_written

SOFTMAX = "softmax"


class NeuronBlock(NamedTuple):
    """Consecutive neurons with one squash that do not depend on each other within a step.

    First their states are computed, ``first .. stop``, then the activations of each stretch of neurons in
    `fires`: the block or, if its neurons compete, their groups, which may have neurons outside of the block.
    """

    first: int
    stop: int
    squash: str
    fires: list[tuple[int, int]]


class Run(NamedTuple):
    """Connections into one neuron from neighbouring sources: ``source .. source + length``.

    Neuron ``gater + along * t`` gates the connection ``t``; there is no gater if ``gater`` is -1.
    """

    source: int
    length: int
    gater: int
    along: int


@dataclass(frozen=True)
class NetworkStep:
    """The forward step of a network, with neurons numbered in their order of activation.

    Sources are numbers of values. Connections into inputs are left out, because the activations of inputs
    are set.
    """

    name: str
    layers: list[tuple[str, int]]  # name and size of inputs, hidden layers, outputs
    names: list[str]  # names of its neurons
    start: Floats  # (2 neurons,): the values before the first step
    biases: Floats
    blocks: list[NeuronBlock]  # in activation order
    weights: Floats  # these four in the order of summation, target by target
    source: Ints
    target: Ints
    gater: Ints  # -1: none

    @property
    def inputs(self) -> int:
        """Number of inputs."""
        return self.layers[0][1]

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return self.layers[-1][1]

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return len(self.biases)

    def rows(self, first: int, stop: int) -> Ints:
        """Range of the connections into neurons ``first .. stop``."""
        return np.arange(*np.searchsorted(self.target, [first, stop]).tolist())

    def runs(self) -> list[list[Run]]:
        """Return the incoming runs of every neuron: from neighbours with one gater, or with neighbours."""

        def moves(column: Ints, by: int) -> Bools:
            further: Bools = np.diff(column, prepend=column[:1] - 9) == by
            return further

        neighbours = moves(self.target, 0) & moves(self.source, 1)
        same = neighbours & moves(self.gater, 0)
        beside_same = same | np.append(same, False)[1:] | np.append(False, same)[:-1]
        along = neighbours & moves(self.gater, 1) & (self.gater > 0) & ~beside_same
        first = np.flatnonzero(~(same | along))
        length = np.diff(np.append(first, len(self.target)))
        steps = np.append(along, False)[first + 1].astype(int)
        columns = (self.target[first], self.source[first], length, self.gater[first], steps)
        runs: list[list[Run]] = [[] for _ in range(self.neurons)]
        for target, *run in zip(*(column.tolist() for column in columns), strict=True):
            runs[target].append(Run(*run))
        return runs


def step_of(network: Network, format: str, language: str, context: bool) -> NetworkStep:
    """Describe the step of a network for a language.

    `format` is the key of the language in ``Squash.written``, `language` its name in messages. With `context`
    the values start from the network's context instead of 0. Raises as
    :func:`synapse.readwrite.python_source` does.
    """
    require_network("What is written as a program", network)
    boolean("The context", context)
    with InUse(network):
        saved, table = to_saved(network), Topology.of(network)
    names = [name or f"neuron {i}" for i, name in enumerate(saved.names or ())]
    for i in range(table.inputs, table.neurons):
        require_mean(names[i], table.squash[i], bool(saved.neurons["deterministic"][i]), language)
        require_written(names[i], table.squash[i], format, language)
    start = np.concatenate([table.activation, table.state])
    source = np.where(table.self_connected, table.source + table.neurons, table.source)
    order = np.lexsort((source, table.gated, table.target))
    order = order[table.target[order] >= table.inputs]
    return NetworkStep(
        name=network.name,
        layers=[(name or "", size) for name, size in saved.layers],
        names=names,
        start=start if context else np.zeros_like(start),
        biases=table.bias,
        blocks=_blocks(table),
        weights=table.weight[order],
        source=source[order],
        target=table.target[order],
        gater=table.gater[order],
    )


def _blocks(topology: Topology) -> list[NeuronBlock]:
    """Split the neurons greedily: a block ends before a neuron that depends on one of it within a step."""
    after = np.zeros(topology.neurons, np.int64)  # the first neuron at which a block with it may begin
    for before in (topology.source, topology.gater):
        earlier = (before >= 0) & (before < topology.target)
        np.maximum.at(after, topology.target[earlier], before[earlier] + 1)
    needed, squash, groups = after.tolist(), topology.squash, groups_of(topology)
    starts: list[int] = []
    for j in range(topology.inputs, topology.neurons):
        outputs = j == topology.neurons - topology.outputs
        if not starts or outputs or squash[j] != squash[j - 1] or needed[j] > starts[-1]:
            starts.append(j)
    blocks = []
    for first, stop in pairwise([*starts, topology.neurons]):
        grouped = squashes.get(squash[first]).grouped
        fires = list(dict.fromkeys(groups[first:stop])) if grouped else [(first, stop)]
        blocks.append(NeuronBlock(first, stop, squash[first], fires))
    return blocks


def groups_of(topology: Topology) -> list[tuple[int, int]]:
    """The group of each neuron: neighbours with one group and squash compete; softmax outputs are one group.

    The activation of a neuron is determined by the states of its group.
    """
    outputs = np.arange(topology.neurons) >= topology.neurons - topology.outputs
    squash = np.array(topology.squash)
    group = np.where(outputs & (squash == SOFTMAX), -1, topology.group)
    starts = np.ones(topology.neurons, bool)
    starts[1:] = (group[1:] == 0) | (group[1:] != group[:-1]) | (squash[1:] != squash[:-1])
    first = np.flatnonzero(starts)
    stop = np.append(first[1:], topology.neurons)
    return list(zip(*(np.repeat(ends, stop - first).tolist() for ends in (first, stop)), strict=True))

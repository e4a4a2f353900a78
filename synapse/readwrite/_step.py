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
from ..objects.topology import NO_GATER, Topology
from ._formulas import require_mean, require_written

SOFTMAX = "softmax"


class NeuronBlock(NamedTuple):
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
class NetworkStep:
    """The forward step of a network."""

    name: str
    layers: list[tuple[str, int]]  # name and size of inputs, hidden layers, outputs
    names: list[str]  # names of its neurons
    outputs: int
    start: Floats  # (2 neurons,): the values before the first step
    biases: Floats
    weights: Floats  # in the order of `lowered`
    blocks: list[NeuronBlock]  # in activation order
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


def step_of(network: Network, format: str, language: str, context: bool) -> NetworkStep:
    """Describe the step of a network for a language.

    `format` is the key of the language in ``Squash.written``, `language` its name in messages. With `context`
    the values start from the network's context instead of 0. Raises as
    :func:`synapse.readwrite.python_source` does.
    """
    require_network("What is written as a program", network)
    boolean("The context", context)
    with InUse(network):
        saved, lowered = to_saved(network), Lowered.of(Topology.of(network))
    names = [name or f"neuron {i}" for i, name in enumerate(saved.names or ())]
    squash, means = (saved.neurons[key].tolist() for key in ("squash", "deterministic"))
    start = np.concatenate([saved.neurons["activation"], saved.neurons["state"]]).astype(np.float64)
    for name, own, mean in list(zip(names, squash, means, strict=True))[lowered.inputs :]:
        require_mean(name, own, mean, language)
        require_written(name, own, format, language)
    return NetworkStep(
        name=network.name,
        layers=[(name or "", size) for name, size in saved.layers],
        names=names,
        outputs=saved.layers[-1][1],
        start=start if context else np.zeros_like(start),
        biases=saved.neurons["bias"].astype(np.float64),
        weights=saved.connections["weight"][lowered.order].astype(np.float64),
        blocks=_neuron_blocks(lowered, squash),
        lowered=lowered,
    )


def _neuron_blocks(lowered: Lowered, squash: list[str]) -> list[NeuronBlock]:
    blocks = []
    for first, stop in lowered.blocks:
        grouped = squashes.get(squash[first]).grouped
        fires = list(dict.fromkeys(lowered.groups[first:stop])) if grouped else [(first, stop)]
        blocks.append(NeuronBlock(first, stop, squash[first], grouped, fires))
    return blocks


class Run(NamedTuple):
    """Connections into one neuron from neighbouring sources: ``source .. source + length``.

    Neuron ``gater + along * t`` gates the connection ``t``; there is no gater if ``gater`` is -1. For the
    next neuron of a stretch, source and gater increase by ``source_step`` and ``gater_step``.
    """

    source: int
    source_step: int
    length: int
    gater: int
    gater_step: int
    along: int


@dataclass
class Stretch:
    """Neurons ``first .. stop`` of a block whose incoming connections have the same runs."""

    first: int
    stop: int
    runs: list[Run]


@dataclass(frozen=True)
class Lowered:
    """What a step computes in which order, with neurons and connections numbered as in a `Topology`.

    Sources are numbers of values: value ``i`` is the activation of neuron ``i``, value ``neurons + i`` is
    its state, which a self-connection carries. Before a value is computed in a step, it is that of the
    previous step. Connections into inputs are left out, because the activations of inputs are set.
    """

    neurons: int
    inputs: int
    blocks: list[tuple[int, int]]  # first and stop of neighbours of one squash without mutual dependence
    groups: list[tuple[int, int]]  # by neuron: the neighbours whose states determine its activation
    order: Ints  # the connections in the order of summation, target by target
    target: Ints  # targets in this order
    source: Ints
    gater: Ints  # -1: none

    @classmethod
    def of(cls, topology: Topology) -> Lowered:
        """Return the order of a network; TopologyError if neurons outside of it connect to it, or gate it."""
        topology.require_closed("lowered", outward=False)
        own = topology.source == topology.target
        source = np.where(own, topology.source + topology.neurons, topology.source)
        order = np.lexsort((source, topology.gater != NO_GATER, topology.target))
        order = order[topology.target[order] >= topology.inputs]
        ends = topology.target[order], source[order], topology.gater[order]
        groups = groups_of(topology)
        return cls(topology.neurons, topology.inputs, _blocks(topology), groups, order, *ends)

    def stretches(self) -> list[list[Stretch]]:
        """Return the stretches of each block; their connections are in `order`."""
        runs = self._runs()
        found: list[list[Stretch]] = []
        for first, stop in self.blocks:
            inside = [Stretch(first, first + 1, runs[first])]
            for j in range(first + 1, stop):
                if _extended(inside[-1], runs[j]):
                    inside[-1].stop = j + 1
                else:
                    inside.append(Stretch(j, j + 1, runs[j]))
            found.append(inside)
        return found

    def _runs(self) -> list[list[Run]]:
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
        steps = np.append(along, False)[first + 1]
        columns = (self.target[first], self.source[first], length, self.gater[first], steps.astype(int))
        runs: list[list[Run]] = [[] for _ in range(self.neurons)]
        for target, source, count, gater, step in zip(*(column.tolist() for column in columns), strict=True):
            runs[target].append(Run(source, 0, count, gater, 0, step))
        return runs


def _blocks(topology: Topology) -> list[tuple[int, int]]:
    """Split the neurons greedily: a block ends before a neuron that depends on one of it within a step."""
    after = np.zeros(topology.neurons, np.int64)  # the first neuron at which a block with it may begin
    for before in (topology.source, topology.gater):
        earlier = (before >= 0) & (before < topology.target)
        np.maximum.at(after, topology.target[earlier], before[earlier] + 1)
    needed, squash = after.tolist(), topology.squash
    starts: list[int] = []
    for j in range(topology.inputs, topology.neurons):
        outputs = j == topology.neurons - topology.outputs
        if not starts or outputs or squash[j] != squash[j - 1] or needed[j] > starts[-1]:
            starts.append(j)
    return list(pairwise([*starts, topology.neurons]))


def groups_of(topology: Topology) -> list[tuple[int, int]]:
    """Neighbours with one group and squash compete; softmax outputs are one group."""
    outputs = np.arange(topology.neurons) >= topology.neurons - topology.outputs
    squash = np.array(topology.squash)
    group = np.where(outputs & (squash == SOFTMAX), -1, topology.group)
    starts = np.ones(topology.neurons, bool)
    starts[1:] = (group[1:] == 0) | (group[1:] != group[:-1]) | (squash[1:] != squash[:-1])
    first = np.flatnonzero(starts)
    stop = np.append(first[1:], topology.neurons)
    return list(zip(*(np.repeat(ends, stop - first).tolist() for ends in (first, stop)), strict=True))


def _extended(stretch: Stretch, runs: list[Run]) -> bool:
    """Extend a stretch by the next neuron, if its runs fit; returns whether they do.

    The second neuron of a stretch determines the steps.
    """
    if len(runs) != len(stretch.runs):
        return False
    past = stretch.stop - stretch.first
    if past > 1:
        return all(_moved(run, past) == after for run, after in zip(stretch.runs, runs, strict=True))
    stepping = [_stepping(before, after) for before, after in zip(stretch.runs, runs, strict=True)]
    if None in stepping:
        return False
    stretch.runs = [run for run in stepping if run is not None]
    return True


def _stepping(run: Run, after: Run) -> Run | None:
    """Return the run with the steps that lead to `after`; None if there are none."""
    steps = after.source - run.source, after.gater - run.gater
    ungated = run.gater == NO_GATER, after.gater == NO_GATER
    if (run.length, run.along, ungated[0]) != (after.length, after.along, ungated[1]):
        return None
    return run._replace(source_step=steps[0], gater_step=steps[1]) if set(steps) <= {0, 1} else None


def _moved(run: Run, past: int) -> Run:
    """Return the run of the neuron that comes `past` neurons later, without steps."""
    source, gater = run.source + past * run.source_step, run.gater + past * run.gater_step
    return Run(source, 0, run.length, gater, 0, run.along)

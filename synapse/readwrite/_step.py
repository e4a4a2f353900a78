"""One step of a network, from which programs and ONNX models are written.

A step reads and writes one vector of *values*: value ``i`` is the activation of neuron ``i``, value
``neurons + i`` is its state. A self-connection is then a connection like others, whose source is a
state. A value that has not been written yet in this step is that of the previous step; backward connections
need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .. import squash as squashes
from .._checks import boolean
from .._typing import Floats, Ints
from ..engine.guard import InUse
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..objects.state import to_saved
from ..objects.topology import Topology, require_released
from ..objects.unsaved import warn_of_missing
from ._formulas import require_mean, require_written


class Fire(NamedTuple):
    """Neurons ``first .. stop`` whose activations one function computes: with one squash, or one group."""

    squash: str
    first: int
    stop: int


class NeuronBlock(NamedTuple):
    """Consecutive neurons that do not depend on each other within a step.

    First their states are computed, ``first .. stop``, then the activations of each stretch of neurons in
    `fires`. A stretch is a part of the block; if its neurons compete, it is their group.
    """

    first: int
    stop: int
    fires: list[Fire]


@dataclass(frozen=True)
class NetworkStep:
    """The forward step of a network, with neurons numbered so that those of a block are neighbours.

    Inputs come first and outputs last, each in their order. Sources are numbers of values. Connections into
    inputs are left out, because the activations of inputs are set.
    """

    name: str
    layers: list[tuple[str, int]]  # name and size of inputs, hidden layers, outputs
    names: list[str]  # names of its neurons, in the network's order of activation
    order: Ints  # number in the network of every neuron
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

    def begin(self, neurons: Ints) -> Ints:
        """The first neuron of the block of each of some neurons."""
        starts = np.array([block.first for block in self.blocks])
        return np.asarray(starts[np.searchsorted(starts, neurons, "right") - 1])

    def memory(self) -> Ints:
        """Numbers of the values that survive a step: those that a step may read before it writes them."""
        begin = self.begin(self.target)
        read = [column[column >= begin] for column in (self.source, self.gater)]

        # A group whose members are in several blocks fires with states that later blocks have yet to compute.
        for block in self.blocks:
            ready = np.arange(self.inputs, block.stop)
            for _, first, stop in block.fires:
                absent = np.setdiff1d(np.arange(first, stop), ready)
                read.append(absent + self.neurons)
        return np.unique(np.concatenate(read))

    def stored_states(self) -> Ints:
        """Neurons whose states something reads later than the activations of their own block."""
        states = self.memory()
        divided = [
            np.arange(first, stop)
            for block in self.blocks
            for _, first, stop in block.fires
            if first < block.first or stop > block.stop
        ]
        return np.unique(np.concatenate([states[states >= self.neurons] - self.neurons, *divided]))

    def squashes(self) -> list[str]:
        """The squashes of its neurons, each once."""
        return list(dict.fromkeys(fire.squash for block in self.blocks for fire in block.fires))

    def rows(self, first: int, stop: int) -> Ints:
        """Range of the connections into neurons ``first .. stop``."""
        return np.arange(*np.searchsorted(self.target, [first, stop]).tolist())


def step_of(network: Network, format: str, language: str, context: bool) -> NetworkStep:
    """Describe the step of a network for a language.

    `format` is the key of the language in ``Squash.written``, `language` its name in messages. With `context`
    the values start from the network's context instead of 0. Raises as
    :func:`synapse.readwrite.python_source` does.
    """
    require_network("What is written as a program", network)
    boolean("The context", context)
    require_released(network, "written as a program")
    warn_of_missing(network)
    with InUse(network):
        saved, table = to_saved(network), Topology.of(network)
    names = [name or f"neuron {i}" for i, name in enumerate(saved.names or ())]
    for i in range(table.inputs, table.neurons):
        require_mean(names[i], table.squash[i], bool(saved.neurons["deterministic"][i]), language)
        require_written(names[i], table.squash[i], format, language)
    order, blocks = blocks_of(table)
    place = np.argsort(order)
    start = np.concatenate([table.activation[order], table.state[order]])
    source = place[table.source] + np.where(table.self_connected, table.neurons, 0)
    target, gater = place[table.target], np.where(table.gated, place[table.gater], table.gater)
    rows = np.lexsort((source, table.gated, target))
    rows = rows[target[rows] >= table.inputs]
    return NetworkStep(
        name=network.name,
        layers=[(name or "", size) for name, size in saved.layers],
        names=names,
        order=order,
        start=start if context else np.zeros_like(start),
        biases=table.bias[order],
        blocks=blocks,
        weights=table.weight[rows],
        source=source[rows],
        target=target[rows],
        gater=gater[rows],
    )


def require_range(step: NetworkStep, dtype: np.dtype[Any]) -> None:
    """Raise if a weight or bias does not fit into numbers of a dtype."""
    largest = max(np.abs(values).max(initial=0.0) for values in (step.weights, step.biases, step.start))
    if largest > np.finfo(dtype).max:
        raise ArgumentError(
            f'A weight, bias or state of {largest:.3g} is beyond the range of {dtype}. Use dtype="float64".'
        )


def _stages(topology: Topology) -> Ints:
    """The stage of every neuron: all neurons of a stage can be computed together, stage after stage.

    A neuron is in a later stage than those that it reads within a step, and in no earlier one than those that
    read its previous activation. Both bind the later neuron of the two to the earlier one, so one pass over
    the neurons is enough. Inputs have the stage 0. Neurons that compete share a stage; if some of them depend
    on each other within a step, stages follow the order of the neurons.
    """
    n, first_output = topology.neurons, topology.neurons - topology.outputs
    if topology.synchronous:  # all but relays read previous activations, so are computed before one fires
        stages = np.where(np.arange(n) < topology.inputs, 0, 1 + topology.together)
        return np.unique(stages, return_inverse=True)[1]  # there may be no relays, before them
    before, target = np.concatenate([topology.source, topology.gater]), np.tile(topology.target, 2)
    chosen = (before >= 0) & (target >= topology.inputs)
    before, target = before[chosen], target[chosen]
    within = ~topology.is_late(before, target)
    earlier, later = np.minimum(before, target), np.maximum(before, target)
    rows = np.argsort(later, kind="stable")
    earlier, within = earlier[rows], within[rows]
    starts = np.searchsorted(later[rows], np.arange(n + 1))
    stages = np.zeros(n, np.int64)
    for first, stop in dict.fromkeys(_groups_of(topology)):
        if first < topology.inputs:
            continue
        own = slice(starts[first], starts[stop])
        least = (
            1 if first < first_output else stages[:first].max() + (first == first_output)
        )  # in their order
        # What members read of each other is late, and so adds nothing: their stages are still 0.
        stages[first:stop] = max(least, (stages[earlier[own]] + within[own]).max(initial=0))
    return stages


def _groups_of(topology: Topology) -> list[tuple[int, int]]:
    """First neuron and stop of the group of each neuron."""
    first, stop = topology.group_bounds
    return list(zip(first.tolist(), stop.tolist(), strict=True))


def blocks_of(topology: Topology) -> tuple[Ints, list[NeuronBlock]]:
    """The new order of the neurons, and the blocks of their stages.

    Neurons are ordered by stages and within a stage by squashes, but for inputs and outputs, which come last.
    """
    stages, groups, numbers = _stages(topology), _groups_of(topology), np.arange(topology.neurons)
    hidden = (numbers >= topology.inputs) & (numbers < topology.neurons - topology.outputs)
    _, codes = np.unique(np.array(topology.squash, str), return_inverse=True)
    order = np.lexsort((numbers, np.where(hidden, codes, len(codes)), stages))
    stages = stages[order]
    squash = [topology.squash[j] for j in order]
    bounds = np.searchsorted(stages, np.arange(1, stages.max(initial=0) + 2)).tolist()
    blocks = []
    for first, stop in pairwise(bounds):
        fires: list[Fire] = []
        for j in range(first, stop):
            low, high = (end - order[j] + j for end in groups[order[j]])
            if squashes.get(squash[j]).grouped:
                fires.append(Fire(squash[j], low, high))
            elif fires and fires[-1].squash == squash[j]:
                fires[-1] = fires[-1]._replace(stop=j + 1)
            else:
                fires.append(Fire(squash[j], j, j + 1))
        blocks.append(NeuronBlock(first, stop, list(dict.fromkeys(fires))))
    return order, blocks

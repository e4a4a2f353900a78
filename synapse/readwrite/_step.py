"""One step of a network, from which programs and ONNX models are written.

A step reads and writes one vector of *values*: value ``i`` is the activation of neuron ``i``, value
``neurons + i`` is its state. A self-connection is then a connection like others, whose source is a
state. A value that has not been written yet in this step is that of the previous step; backward connections
need nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import squash as squashes
from .._checks import boolean
from .._typing import Bools, Floats, Ints
from ..engine.guard import InUse
from ..engine.lowering.changes import spans
from ..engine.lowering.flags import LISTED, PAIRED, ZIPPED
from ..engine.schema import NONE
from ..engine.store import Store
from ..objects.network import Network, require_network
from ..objects.state import Parts, take_apart
from ..objects.topology import NO_GATER, Topology, freeze
from ._formulas import require_mean, require_written


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
    parts, lowered = take_apart_lowered(network)
    names = [name or f"neuron {i}" for i, name in enumerate(parts.names or ())]
    squash, means = (parts.neurons[key].tolist() for key in ("squash", "deterministic"))
    start = np.concatenate([parts.neurons["activation"], parts.neurons["state"]]).astype(np.float64)
    for name, own, mean in list(zip(names, squash, means, strict=True))[lowered.inputs :]:
        require_mean(name, own, mean, language)
        require_written(name, own, format, language)
    return NetworkStep(
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


def _blocks(lowered: Lowered, squash: list[str]) -> list[NeuronBlock]:
    groups = list(zip(lowered.group_first.tolist(), lowered.group_stop.tolist(), strict=True))
    blocks = []
    for first, stop in lowered.blocks.tolist():
        grouped = squashes.get(squash[first]).grouped
        fires = list(dict.fromkeys(groups[first:stop])) if grouped else [(first, stop)]
        blocks.append(NeuronBlock(first, stop, squash[first], grouped, fires))
    return blocks


OWN = -1
"""Number of the run of a self-connection, which is in no run of the kernels."""


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


@dataclass(frozen=True, eq=False)
class Lowered:
    """The program of a network for the kernels, with neurons and connections numbered as in its `Topology`.

    Sources are numbers of values: value ``i`` is the activation of neuron ``i``, value ``neurons + i`` is
    its state, which a self-connection carries. Before a value is computed in a step, it is that of the
    previous step. Connections into inputs are left out, because the activations of inputs are set. Columns
    of neurons have shape (neurons,), those of connections (connections,).
    """

    neurons: int
    inputs: int
    blocks: Ints  # (blocks, 2): first and stop of neighbours with one squash that do not depend on each other
    group_first: Ints  # group_first .. group_stop are the neighbours whose states determine the activation
    group_stop: Ints  # of each neuron; only itself if it does not compete
    alike_stop: Ints  # end of the neurons that follow each one and have runs of the same form
    order: Ints  # the connections in the order of summation, target by target
    target: Ints  # targets in this order
    source: Ints
    gater: Ints  # -1: none
    starts: Bools  # whether a run starts with each of them
    along: Bools  # whether each of them continues a run with the next gater

    def __post_init__(self) -> None:
        freeze(self)

    @classmethod
    def of(cls, network: Network, topology: Topology | None = None) -> Lowered:
        """Return the program of a network; its topology may be given if it has been made already.

        Raises TopologyError if neurons outside of the network connect to it, or gate its connections.
        """
        with InUse(network):
            topology = topology or Topology.of(network)
            topology.require_closed("lowered", outward=False)
            return cls(topology.neurons, topology.inputs, **_columns(network, topology))

    def stretches(self) -> list[list[Stretch]]:
        """Return the stretches of each block; their connections are in `order`."""
        runs, alike = self._runs(), self.alike_stop.tolist()
        found: list[list[Stretch]] = []
        for first, stop in self.blocks.tolist():
            inside = [Stretch(first, first + 1, runs[first])]
            for j in range(first + 1, stop):
                if j < alike[j - 1] and _extended(inside[-1], runs[j]):
                    inside[-1].stop = j + 1
                else:
                    inside.append(Stretch(j, j + 1, runs[j]))
            found.append(inside)
        return found

    def _runs(self) -> list[list[Run]]:
        """Return the incoming runs of every neuron."""
        first = np.flatnonzero(self.starts)
        length = np.diff(np.append(first, len(self.starts)))
        along = np.append(self.along, False)[first + 1]
        columns = (self.target[first], self.source[first], length, self.gater[first], along.astype(int))
        runs: list[list[Run]] = [[] for _ in range(self.neurons)]
        for target, source, count, gater, step in zip(*(column.tolist() for column in columns), strict=True):
            runs[target].append(Run(source, 0, count, gater, 0, step))
        return runs


def take_apart_lowered(network: Network) -> tuple[Parts, Lowered]:
    """Return the columns and the program of a network at one moment; raises like :func:`synapse.save`."""
    with InUse(require_network("What is written", network)):
        topology = Topology.of(network)
        return take_apart(network), Lowered.of(network, topology)


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


def _columns(network: Network, topology: Topology) -> dict[str, Any]:
    """Compute the columns of `Lowered` from those of the store."""
    store, rows = network._store, network._rows()
    node = {
        name: store.columns[name][rows].astype(np.int64) - rows[0]
        for name in ("block_first", "block_stop", "alike_stop", "group_first", "group_stop")
    }
    blocks = np.stack([node.pop("block_first"), node.pop("block_stop")], axis=1)[topology.inputs :]
    number = np.full(store.n_connections, NONE, np.int64)
    number[network._connection_rows()] = np.arange(topology.connections)
    lie = np.append(store.columns["first_incoming"], store.n_connections)
    begin, end = int(lie[rows[0] + topology.inputs]), int(lie[rows[-1] + 1])
    order = number[begin:end]
    target, source, gater = (ends[order] for ends in (topology.target, topology.source, topology.gater))
    starts, along = _cut(source, gater, *_runs_of(store, begin, end))
    return {
        **node,
        "blocks": np.unique(blocks, axis=0),
        "order": order,
        "target": target,
        "source": np.where(source == target, source + topology.neurons, source),
        "gater": gater,
        "starts": starts,
        "along": along,
    }


def _runs_of(store: Store, begin: int, end: int) -> tuple[Ints, NDArray[np.uint8]]:
    """Return the run of the kernels that contains each connection, or OWN, and its kind."""
    first, length = store.columns["run_first"], store.columns["run_length"]
    run = np.full(store.n_connections, OWN, np.int64)
    run[spans(first, length)] = np.repeat(np.arange(len(first)), length)
    run = run[begin:end]
    kind = np.append(store.columns["run_kind"], 0)[run]
    return run, np.where(run == OWN, 0, kind).astype(np.uint8)


def _cut(source: Ints, gater: Ints, run: Ints, kind: NDArray[np.uint8]) -> tuple[Bools, Bools]:
    """Return where runs start, and which connections have the next gater; lists are cut into neighbours."""

    def further(column: Ints) -> Ints:
        return np.asarray(np.diff(column, prepend=column[:1] - 9)[: len(column)])

    joined = (further(run) == 0) & (run != OWN)
    listed = (kind == LISTED) | (kind == PAIRED)
    neighbours = joined & (further(source) == 1)
    same = np.where(listed, neighbours & (further(gater) == 0), joined & (kind != ZIPPED))
    beside_same = same | np.append(same, False)[1:] | np.append(False, same)[:-1]
    paired = (kind == PAIRED) & neighbours & (further(gater) == 1) & ~beside_same
    along = (joined & (kind == ZIPPED)) | paired
    return ~(same | along), along

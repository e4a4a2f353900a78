"""The lowered program of a network, read only: what fires together, and which connections are one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ._saved import Parts, take_apart
from ._typing import Bools, Ints
from .engine.guard import InUse
from .engine.lowering.flags import LISTED, PAIRED, ZIPPED
from .engine.lowering.program import spans
from .engine.schema import NONE
from .engine.store import Store
from .network import Network, require_network
from .topology import NO_GATER, Topology, freeze

OWN = -1
"""Instead of the number of a run of the kernels: a self-connection, which is in none."""


class Run(NamedTuple):
    """Connections into one neuron from neighbouring sources: ``source .. source + length``.

    The connection ``t`` is gated by neuron ``gater + along * t``, by none where that is -1. For the next
    neuron of a stretch, source and gater move by ``source_step`` and ``gater_step``.
    """

    source: int
    source_step: int
    length: int
    gater: int
    gater_step: int
    along: int


@dataclass
class Stretch:
    """Neurons ``first .. stop`` of a block that are weighed by the same runs."""

    first: int
    stop: int
    runs: list[Run]


@dataclass(frozen=True, eq=False)
class Lowered:
    """How the kernels compute a network, in numbers of its neurons and connections as in its `Topology`.

    Sources are numbers of values: value ``i`` is the activation of neuron ``i``, value ``neurons + i`` its
    state, which a self-connection carries. A value that has not been computed yet in a step is that of the
    step before. Connections into inputs, which are given their activation, are left out. Columns of neurons
    have shape (neurons,), those of connections (connections,).
    """

    neurons: int
    inputs: int
    blocks: Ints  # (blocks, 2): first and stop of neighbours with one squash that do not wait for each other
    group_first: Ints  # to group_stop: the neighbours whose states decide on the activation of each neuron,
    group_stop: Ints  # which is itself, where it is alone
    alike_stop: Ints  # where the neurons from each one on end whose runs are alike for the kernels
    order: Ints  # the connections as they are added up, target by target
    target: Ints  # their ends, in this order
    source: Ints
    gater: Ints  # -1: none
    starts: Bools  # whether a run starts with each of them
    along: Bools  # whether each of them continues a run with the next gater

    def __post_init__(self) -> None:
        freeze(self)

    @classmethod
    def of(cls, network: Network, topology: Topology | None = None) -> Lowered:
        """The program of a network, whose topology need not be made again where it is given.

        Raises TopologyError if connections lead into it from neurons outside of it, or are gated from there.
        """
        with InUse(network):
            topology = topology or Topology.of(network)
            topology.require_closed("lowered", outward=False)
            return cls(topology.neurons, topology.inputs, **_columns(network, topology))

    def stretches(self) -> list[list[Stretch]]:
        """The stretches of each block, in order; connections are used up in `order`."""
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
        """The runs into every neuron."""
        first = np.flatnonzero(self.starts)
        length = np.diff(np.append(first, len(self.starts)))
        along = np.append(self.along, False)[first + 1]
        columns = (self.target[first], self.source[first], length, self.gater[first], along.astype(int))
        runs: list[list[Run]] = [[] for _ in range(self.neurons)]
        for target, source, count, gater, step in zip(*(column.tolist() for column in columns), strict=True):
            runs[target].append(Run(source, 0, count, gater, 0, step))
        return runs


def take_apart_lowered(network: Network) -> tuple[Parts, Lowered]:
    """A network as columns, and its program, of one moment. Raises as :func:`synapse.save` does."""
    with InUse(require_network("What is written", network)):
        topology = Topology.of(network)
        return take_apart(network, topology), Lowered.of(network, topology)


def _extended(stretch: Stretch, runs: list[Run]) -> bool:
    """Whether the next neuron's runs go on those of a stretch; its second neuron decides on the steps."""
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
    """The run with the steps that lead to `after`, if there are such."""
    steps = after.source - run.source, after.gater - run.gater
    ungated = run.gater == NO_GATER, after.gater == NO_GATER
    if (run.length, run.along, ungated[0]) != (after.length, after.along, ungated[1]):
        return None
    return run._replace(source_step=steps[0], gater_step=steps[1]) if set(steps) <= {0, 1} else None


def _moved(run: Run, past: int) -> Run:
    """The run of the neuron that comes `past` neurons later, as it stands alone."""
    source, gater = run.source + past * run.source_step, run.gater + past * run.gater_step
    return Run(source, 0, run.length, gater, 0, run.along)


def _columns(network: Network, topology: Topology) -> dict[str, Any]:
    """The columns of `Lowered` from those of the store."""
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
    """The run of the kernels that each connection is in, or OWN, and its kind."""
    first, length = store.columns["run_first"], store.columns["run_length"]
    run = np.full(store.n_connections, OWN, np.int64)
    run[spans(first, length)] = np.repeat(np.arange(len(first)), length)
    run = run[begin:end]
    kind = np.append(store.columns["run_kind"], 0)[run]
    return run, np.where(run == OWN, 0, kind).astype(np.uint8)


def _cut(source: Ints, gater: Ints, run: Ints, kind: NDArray[np.uint8]) -> tuple[Bools, Bools]:
    """Where runs start, and which connections take the next gater; lists are cut into neighbours."""

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

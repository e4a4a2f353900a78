"""Convert a network to columns, with its context and traces, and back, for files, copies and pickles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _ties, squash as squashes
from ._typing import Floats, Ints
from .architectures import describe, rebuild
from .engine.guard import InUse
from .engine.lowering.program import Program, Traces, kept_traces
from .engine.schema import CONNECTION, NEURON, NONE, RARE, Column
from .errors import DivergenceError
from .layer import Layer
from .network import Network, require_network
from .topology import NO_GATER, Topology

__all__ = ["Column", "Parts", "Traces", "put_together", "set_numbers", "take_apart"]

OF_NEURONS = tuple(column for column in NEURON if column.saved)
"""Saved columns of neurons, except the squash."""
OF_CONNECTIONS = tuple(column for column in CONNECTION if column.saved)
"""Saved columns of connections, except source, target and gater."""
OPTIONAL = tuple(column for column in (*OF_NEURONS, *OF_CONNECTIONS) if column.name in RARE)
"""Saved columns that are all 0 in most networks."""


@dataclass
class Parts:
    """A network as columns.

    Neurons are numbered in the order in which they activate, connections in the order of creation.
    """

    name: str | None
    dtype: Any
    layers: Sequence[tuple[str | None, int]]  # name and size; None: the default name
    names: Sequence[str | None] | None  # of the neurons; None: names derived from their layers
    neurons: dict[str, NDArray[Any]]  # squash (names), and any saved column of the schema
    connections: dict[str, NDArray[Any]]  # source, target, gater (-1: none), and any saved column
    clock: int = 0  # the store's count of activations
    traces: Traces | None = None  # stored traces, by numbers; extending -1: the bias
    architecture: dict[str, Any] | None = None  # see :func:`synapse.architectures.describe`


def take_apart(network: Network, topology: Topology | None = None) -> Parts:
    """Return the parts of a network; its topology may be given if it has been made already.

    Raises TopologyError if it is connected to neurons outside of it, and DivergenceError if it has a value
    that is not finite.
    """
    with InUse(require_network("What is written", network)):
        return _taken_apart(network, (topology or Topology.of(network)).require_closed("saved"))


def _taken_apart(network: Network, topology: Topology) -> Parts:
    store, rows, edges = network._store, network._rows(), network._connection_rows()
    number, place = _numbers(store.n_neurons, rows), _numbers(store.n_identities, store["identity"][edges])
    parts = Parts(
        name=network.name,
        dtype=store.dtype,
        layers=[(layer.name, len(layer)) for layer in network.layers],
        names=[store.names[row] for row in rows],
        neurons={column.name: store[column.name][rows] for column in OF_NEURONS},
        connections={column.name: store[column.name][edges] for column in OF_CONNECTIONS},
        clock=int(store["clock"][0]),
        traces=_own_traces(kept_traces(store), number, place),
        architecture=describe(network),
    )
    parts.neurons["group"] = _renumbered(parts.neurons["group"])
    for columns, tie in ((parts.neurons, "bias_tie"), (parts.connections, "tie")):
        columns[tie] = _renumbered(_without_single(columns[tie]))
    parts.neurons["squash"] = np.array(topology.squash, object)
    parts.connections |= {end: getattr(topology, end) for end in ("source", "target", "gater")}
    _require_finite(parts)
    return parts


def put_together(parts: Parts) -> Network:
    """Make a network from its parts, whose values have been checked."""
    neurons = list(Layer(sum(size for _, size in parts.layers), dtype=parts.dtype))
    store = neurons[0]._store
    ends = parts.connections["source"], parts.connections["target"]
    store.add_connections(*ends, 0.0)
    names, place = np.unique(parts.neurons["squash"].astype(str), return_inverse=True)
    codes = np.array([squashes.get(str(name)).code for name in names], np.uint32)
    gater = parts.connections["gater"]
    coded = {"squash": codes[place], "gater": np.where(gater == NO_GATER, NONE, gater)}
    for name, column in {**parts.neurons, **parts.connections, **coded}.items():
        store[name][:] = column
    store["clock"][0] = parts.clock
    layers, first = [], 0
    for layer, size in parts.layers:
        layers.append(Layer(neurons[first : first + size], name=layer))
        first += size
    network = rebuild(parts.architecture, layers, parts.name)
    if parts.names is not None:
        store.names[:] = parts.names
    if parts.traces is not None:
        extending = np.where(parts.traces.extending < 0, NONE, parts.traces.extending)
        store.program = Program(0, [replace(parts.traces, extending=extending)])
    store.ready()  # lowering distributes the traces
    return network


def set_numbers(network: Network, weights: tuple[Ints, Floats], biases: tuple[Ints, Floats]) -> None:
    """Set weights and biases, and those tied to them, by numbers of connections and neurons.

    Raises ArgumentError if tied ones are given different values; nothing has changed then.
    """
    with InUse(network):
        places = network._connection_rows()[weights[0]], network._rows()[biases[0]]
        for set_them in (_ties.require_agreement, _ties.assign):
            set_them(network._store, "weight", places[0], weights[1])
            set_them(network._store, "bias", places[1], biases[1])


def _renumbered(groups: Ints) -> Ints:
    """Renumber groups from 1 on; 0 does not change."""
    return np.unique(np.append(0, groups), return_inverse=True)[1][1:]


def _without_single(groups: Ints) -> Ints:
    """Replace the numbers of groups with one member by 0; their other members are in other networks."""
    return np.where(np.bincount(groups.astype(np.int64))[groups] == 1, 0, groups) if groups.any() else groups


def _numbers(size: int, chosen: Ints) -> Ints:
    """Make a table with the number of each chosen row, and NONE for all others and for one row more."""
    table = np.full(size + 1, NONE, np.int64)
    table[chosen] = np.arange(len(chosen))
    return table


def _own_traces(kept: Traces, number: Ints, place: Ints) -> Traces:
    """Return the traces of one network of a store, by its numbers of neurons and connections."""
    last = len(place) - 1
    memory = number[kept.memory] != NONE
    eligible = place[kept.eligible] != NONE
    pairs = number[kept.gater] != NONE
    pair_now = np.cumsum(pairs) - 1
    extending = pairs[kept.pair]
    bias = kept.extending[extending] == NONE
    return Traces(
        memory=number[kept.memory[memory]],
        memory_self=place[kept.memory_self[memory]],
        eligible=place[kept.eligible[eligible]],
        eligibility=kept.eligibility[eligible],
        gater=number[kept.gater[pairs]],
        gated=number[kept.gated[pairs]],
        influence=kept.influence[pairs],
        pair=pair_now[kept.pair[extending]],
        extending=np.where(bias, -1, place[np.minimum(kept.extending[extending], last)]),
        extended=kept.extended[extending],
    )


def _require_finite(parts: Parts) -> None:
    """Raise DivergenceError if a value is not finite."""
    traces = parts.traces
    assert traces is not None
    of_traces = {name: getattr(traces, name) for name in ("eligibility", "influence", "extended")}
    for item, columns in (("neuron", parts.neurons), ("connection", parts.connections), ("trace", of_traces)):
        for name, column in columns.items():
            if column.dtype.kind != "f":
                continue
            bad = np.flatnonzero(~np.isfinite(column))
            if len(bad):
                raise DivergenceError(
                    f"Expected finite values to save, got {column[bad[0]]} for the {name} of {item} {bad[0]}."
                    " Clear the network if its weights are finite, or return to one saved earlier."
                )

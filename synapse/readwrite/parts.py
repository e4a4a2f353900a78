"""A network as columns, and back: the one projection that every format is written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..architectures import describe, rebuild
from ..connection import connection_at
from ..engine.guard import InUse
from ..engine.lowering.program import Program, Traces, kept_traces
from ..engine.schema import CONNECTION, NEURON, NONE
from ..engine.store import Store
from ..errors import DivergenceError, TopologyError
from ..layer import Layer
from ..network import Network, require_network

Column = NDArray[Any]

OF_NEURONS = tuple(column for column in NEURON if column.saved)
"""The columns of a neuron that are kept; its squash is kept by name."""
OF_CONNECTIONS = tuple(column for column in CONNECTION if column.saved)
"""The columns of a connection that are kept, besides source, target and gater."""


@dataclass
class Parts:
    """A network in columns.

    Neurons are numbered in the order in which they activate, connections in the order of making.

    Parameters
    ----------
    name : str or None
        Its name.
    dtype : numpy dtype
        The float of its store.
    layers : list of (name, size)
        Inputs, hidden layers, outputs; without a name they get the usual one.
    names : list of (str or None), optional
        The names of its neurons. Default: those that their layers give them.
    neurons : dict of array
        ``squash`` (codes) and any saved column of the schema.
    connections : dict of array
        ``source``, ``target``, ``gater`` (numbers of neurons, or NONE) and any saved column.
    clock : int
        When, by the store's count, the last neuron fired.
    traces : Traces, optional
        Those that cannot be read off, by numbers of neurons and connections.
    architecture : dict, optional
        Of which class it is, see :func:`synapse.architectures.describe`.
    """

    name: str | None
    dtype: Any
    layers: Sequence[tuple[str | None, int]]
    names: Sequence[str | None] | None
    neurons: dict[str, Column]
    connections: dict[str, Column]
    clock: int = 0
    traces: Traces | None = None
    architecture: dict[str, Any] | None = None


def take_apart(network: Network) -> Parts:
    """The parts of a network; it stays as it is.

    Raises
    ------
    TopologyError
        If it is connected with neurons outside of it.
    DivergenceError
        If it has a number that is not finite.
    """
    with InUse(require_network("What is written", network)):
        return _taken_apart(network)


def _taken_apart(network: Network) -> Parts:
    store = network._store
    store.ready()
    _require_whole(network, store)
    rows, edges = network._rows(), network._connection_rows()
    number, place = _numbers(store.n_neurons, rows), _numbers(store.n_identities, store["identity"][edges])
    parts = Parts(
        name=network.name,
        dtype=store.dtype,
        layers=[(layer.name, len(layer)) for layer in network.layers],
        names=[store.names[row] for row in rows],
        neurons={name: store[name][rows] for name in ("squash", *(column.name for column in OF_NEURONS))},
        connections={column.name: store[column.name][edges] for column in OF_CONNECTIONS},
        clock=int(store["clock"][0]),
        traces=_own_traces(kept_traces(store), number, place),
        architecture=describe(network),
    )
    parts.neurons["group"] = _renumbered(parts.neurons["group"])
    for columns, tie in ((parts.neurons, "bias_tie"), (parts.connections, "tie")):
        columns[tie] = _renumbered(_without_single(columns[tie]))
    for end in ("source", "target", "gater"):
        parts.connections[end] = number[np.minimum(store[end][edges], store.n_neurons)]
    _require_finite(parts)
    return parts


def put_together(parts: Parts) -> Network:
    """The network of some parts, whose numbers have been checked."""
    neurons = list(Layer(sum(size for _, size in parts.layers), dtype=parts.dtype))
    store = neurons[0]._store
    ends = parts.connections["source"], parts.connections["target"]
    store.add_connections(*ends, 0.0)
    for name, column in (*parts.neurons.items(), *parts.connections.items()):
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
        store.program = Program(0, [parts.traces])
    store.ready()  # lowering lays the traces where they belong
    return network


def own_memory(source: Column, target: Column) -> tuple[Column, Column]:
    """The self-connected neurons, and the numbers of their self-connections."""
    loops = np.flatnonzero(source == target)
    return target[loops].astype(np.int64), loops


def _renumbered(groups: Column) -> Column:
    """Numbers of groups from 1 on, 0 staying 0."""
    return np.unique(np.append(0, groups), return_inverse=True)[1][1:]


def _without_single(groups: Column) -> Column:
    """The same, but those who are alone with a number, as the others are in another network, have 0."""
    return np.where(np.bincount(groups.astype(np.int64))[groups] == 1, 0, groups) if groups.any() else groups


def _numbers(size: int, chosen: Column) -> NDArray[np.int64]:
    """A table that gives the number of each chosen row, NONE for all others and past the end."""
    table = np.full(size + 1, NONE, np.int64)
    table[chosen] = np.arange(len(chosen))
    return table


def _require_whole(network: Network, store: Store) -> None:
    """Raise where a connection, or a gate, crosses the border of the network."""
    mine = np.append(store["network"] == network._number_now, False)
    source, target, gater = (np.minimum(store[end], store.n_neurons) for end in ("source", "target", "gater"))
    gated = store["gater"] != NONE
    inside = mine[source] & mine[target]
    crossing = np.flatnonzero((mine[source] != mine[target]) | (gated & (mine[gater] != inside)))
    if len(crossing):
        example = connection_at(store, int(store["identity"][crossing[0]]))
        raise TopologyError(
            f"{network!r} cannot be saved alone: {len(crossing)} connection(s) link it to neurons outside of "
            f"it, or are gated across its border, such as {example!r}. Disconnect or ungate them first, "
            "or build one network of all the layers and save that."
        )


def _own_traces(kept: Traces, number: NDArray[np.int64], place: NDArray[np.int64]) -> Traces:
    """The traces of one network of a store, by its numbers of neurons and connections."""
    last = len(place) - 1
    memory = number[kept.memory] != NONE
    eligible = place[kept.eligible] != NONE
    pairs = number[kept.gater] != NONE
    pair_now = np.cumsum(pairs) - 1
    extending = pairs[kept.pair]
    return Traces(
        memory=number[kept.memory[memory]],
        memory_self=place[kept.memory_self[memory]],
        eligible=place[kept.eligible[eligible]],
        eligibility=kept.eligibility[eligible],
        gater=number[kept.gater[pairs]],
        gated=number[kept.gated[pairs]],
        influence=kept.influence[pairs],
        pair=pair_now[kept.pair[extending]],
        extending=place[np.minimum(kept.extending[extending], last)],
        extended=kept.extended[extending],
    )


def _require_finite(parts: Parts) -> None:
    """Raise where training has left the range of finite numbers."""
    traces = parts.traces
    assert traces is not None
    of_traces = {name: getattr(traces, name) for name in ("eligibility", "influence", "extended")}
    for item, columns in (("neuron", parts.neurons), ("connection", parts.connections), ("trace", of_traces)):
        for name, column in columns.items():
            bad = np.flatnonzero(~np.isfinite(column))
            if len(bad):
                raise DivergenceError(
                    f"The {name} of {item} {bad[0]} must be finite to be saved. Got {column[bad[0]]}. "
                    "Clear the network if its weights are finite, or go back to one saved earlier."
                )

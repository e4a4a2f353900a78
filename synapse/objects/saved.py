"""Networks as columns, which is their form in files, pickles and copies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _squash
from .._checks import json_object
from .._typing import Ints
from ..engine import schema
from ..engine.locking import ExclusiveAccess, gc_paused
from ..engine.lowering.program import Placed, Program, Traces, kept_traces
from ..engine.rtrl import BIAS, PortableSensitivities
from ..engine.schema import (
    CONNECTION_TABLE,
    GROUP,
    NEURON_TABLE,
    NO_GATER,
    NONE,
    NUMBER,
    SENSITIVITY_TABLES,
    TRACE_TABLES,
    FileTable,
)
from ..engine.store import Store
from ..errors import DivergenceError
from .architectures import describe_for_file, instance_of
from .edits import refuse_softmax, require_closed
from .groups import require_neighbors
from .layer import layers_of
from .metadata import Columns, Notes, as_json, by_number
from .network import Network, require_network
from .neuron import Neuron
from .saved_rule import SavedRule
from .sensitivities import Sensitivities

# of the engine, which files do not import
__all__ = ["Placed", "PortableSensitivities", "Traces"]


@dataclass
class SavedNetwork:
    """A network as columns, with neurons in the order of activation and connections in
    the order of creation.

    This is the only form between a network and its files. The columns are those of
    ``schema.FILE_TABLES``. :meth:`of` copies them from a store, :meth:`network` makes a
    new store from them, and ``readwrite/_document.py`` writes and checks them. Missing
    columns have their default.
    """

    name: str | None
    dtype: Any
    layers: Sequence[tuple[str | None, int]]  # name and size; None: the default name
    # of the neurons; None: names derived from their layers
    names: Sequence[str | None] | None
    # squash (names), and any column of the table
    neurons: dict[str, NDArray[Any]]
    # source, target, weight, and any column of the table (gater -1: none)
    connections: dict[str, NDArray[Any]]
    clock: int = 0  # the store's count of activations
    traces: Traces | None = None  # by numbers of connections; -1: the bias
    architecture: dict[str, Any] | None = None  # see ``objects/architectures.py``
    # whether the network learns by it; otherwise a trainer may have left sensitivities
    rtrl: bool = False
    reach: int | None = None  # of the sensitivities
    sensitivities: PortableSensitivities | None = (
        None  # by numbers; None: none include the latest step
    )
    synaptic: SavedRule | None = None  # the rule of synapses by which it learns
    # whether its latest step left no traces, so that there is nothing to learn from
    untraced: bool = False
    # values that JSON can represent
    metadata: dict[str, Any] = field(default_factory=dict)
    # such values by name and number
    neuron_metadata: Columns = field(default_factory=dict)
    connection_metadata: Columns = field(default_factory=dict)

    @classmethod
    def of(
        cls, network: Network, doing: str = "saved", rule: bool = True
    ) -> SavedNetwork:
        """Copy the columns of a network. `doing` is a participle for messages. If
        `rule` is False, a rule of synapses is left out.

        Raises TopologyError, DivergenceError or ArgumentTypeError if the network is not
        closed, not finite, or cannot be written as JSON.
        """
        with ExclusiveAccess(require_network("network", network)):
            require_closed(network, doing)
            saved = _columns_of(network)
            if rule and network._plastic is not None:
                saved.synaptic = SavedRule.of(network)
            _require_finite(NEURON_TABLE, saved.neurons)
            _require_finite(CONNECTION_TABLE, saved.connections)
            for table, columns in saved.numbers_by_table():
                _require_finite(table, columns)
            return saved

    def neuron_label(self, number: int) -> str:
        """Return the code with which a user accesses a neuron, for messages."""
        return f"net[{((self.names or {number: None})[number] or number)!r}]"

    @gc_paused()
    def network(self, placed: Placed | None = None) -> Network:
        """Make a network from these columns, which have been checked. It takes over the
        arrays.

        Traces wait in the store until it is lowered, which the first step does at the
        latest. Sensitivities are written into a plan, for which the store is lowered.
        Both are then noted in `placed`, with their positions.
        """
        neurons = [Neuron.__new__(Neuron) for _ in self.neurons["squash"].tolist()]
        store = self._store_of(neurons)
        layers = layers_of(neurons, self.layers)
        network = instance_of(self.architecture, layers)
        refuse_softmax(neurons[: -len(layers[-1])])
        require_neighbors(layers)
        network._begin(layers, self.name)
        network._enter(store)
        network._metadata = self.metadata
        if self.neuron_metadata or self.connection_metadata:
            notes = Notes.of(store)  # connections have their numbers as identities
            notes.connections = self.connection_metadata
            for name, values in self.neuron_metadata.items():
                notes.neurons[name] = {
                    neurons[number]: value for number, value in values.items()
                }
        if self.names is not None:
            store.names[:] = self.names
        if self.traces is not None:
            of = self.traces.extended_connection
            store.program = Program(
                0,
                replace(
                    self.traces,
                    extended_connection=np.where(of < 0, np.int64(NONE), of),
                ),
                placed=placed,
            )
        take_over_rule(network, self, placed)
        if self.synaptic is not None:
            self.synaptic.restore(network)
        if self.untraced:
            network._note_untraced()
        return network

    def numbers_by_table(self) -> Iterator[tuple[FileTable, dict[str, NDArray[Any]]]]:
        """Yield each table of traces and sensitivities that is not empty, with its
        columns.
        """
        tables = (self.traces, TRACE_TABLES), (self.sensitivities, SENSITIVITY_TABLES)
        for source, several in tables:
            for table in several if source is not None else ():
                columns = {
                    column.name: getattr(source, table.full_name(column))
                    for column in table.columns
                    if column.kind is NUMBER
                }
                if any(map(len, columns.values())):
                    yield table, columns

    def _store_of(self, neurons: list[Neuron]) -> Store:
        """Return a store of these neurons that has adopted the columns."""
        default = [
            name and f"{name} {i}" for name, size in self.layers for i in range(size)
        ]
        store = Store(self.dtype)
        store.make_columns()
        # names that are given are written at the end, so that the network does not make
        # others
        store.add_neurons(
            neurons, default if self.names is None else [""] * len(neurons)
        )
        for row, neuron in enumerate(neurons):
            neuron._moved(store, row)
        names = self.neurons["squash"].tolist()
        codes = {name: _squash.get(name).code for name in dict.fromkeys(names)}
        squash = [codes[name] for name in names]
        for name, column in {**self.neurons, "squash": squash}.items():
            store.columns[name][: len(neurons)] = column
        edges = dict(self.connections)
        if "gater" in edges:
            edges["gate"] = edges.pop("gater") - NO_GATER
        store.adopt_connections(edges)
        store["clock"][0] = self.clock
        return store


def _columns_of(network: Network) -> SavedNetwork:
    store = network._store
    live = network._sensitivities
    kept = None if live is None or live.current(network) is None else live.kept()
    alone = len(network) == store.n_neurons
    rows = network._rows()
    every = network._connection_rows()
    # a slice copies fastest
    edges = slice(None) if alone and (every[1:] > every[:-1]).all() else every
    number = _numbers(store.n_neurons, rows)
    ends = {end: number[store[end][edges]] for end in ("source", "target")}
    gater = store.gaters(edges)
    ends["gater"] = np.full(len(gater), NO_GATER, np.int32)
    if (gated := gater != NONE).any():
        ends["gater"][gated] = number[gater[gated]]
    saved = SavedNetwork(
        name=network.name,
        dtype=store.dtype,
        layers=[(layer.name, len(layer)) for layer in network.layers],
        names=[store.names[row] for row in rows],
        neurons={
            column.name: own_column(store, column, rows)
            for column in NEURON_TABLE.columns
        },
        connections={
            **ends,
            **{
                column.name: own_column(store, column, edges)
                for column in CONNECTION_TABLE.columns
                if column.axis == "connection"
            },
        },
        clock=int(store["clock"][0]),
        traces=_own_traces(store, kept_traces(store), number, edges),
        architecture=describe_for_file(network),
        rtrl=network._rtrl is not None,
        reach=None if live is None else live.reach,
        sensitivities=None if kept is None else _numbered(kept, store, edges),
        untraced=network._is_untraced,
        metadata=json_object("net.metadata", network.metadata),
    )
    if store.notes is not None:
        columns = by_number(store.notes.neurons, network)
        saved.neuron_metadata = as_json(columns, saved.neuron_label)
        columns = by_number(store.notes.connections, store["identity"][edges].tolist())
        saved.connection_metadata = as_json(columns, "net.connections[{}]".format)
    codes = store["squash"][rows].tolist()
    named = {code: _squash.by_code(code).name for code in set(codes)}
    saved.neurons["squash"] = np.array([named[code] for code in codes], object)
    return saved


def traces_of_past(
    connections: dict[str, NDArray[Any]], neuron: Ints, steps: Ints, value: NDArray[Any]
) -> Traces:
    """Return traces of a network that only consist of earlier activations, given by
    neurons and by their age in steps.
    """
    source, target = (connections[end].astype(np.int64) for end in ("source", "target"))
    delay = connections.get("delay", np.zeros(len(source)))
    loops = np.flatnonzero((source == target) & (delay == 0))
    nothing = {name.name: np.empty(0, np.int64) for name in fields(Traces)}
    past = {"past_neuron": neuron, "past_steps": steps, "past_value": value}
    return Traces(**{**nothing, "memory": target[loops], "memory_self": loops, **past})


def take_over_rule(
    network: Network, saved: SavedNetwork, placed: Placed | None = None
) -> None:
    """Set the learning rule of a new network to the saved rule, and note the positions
    of its sensitivities in `placed`.
    """
    if not saved.rtrl and saved.sensitivities is None:
        return
    live = network._sensitivities = Sensitivities(saved.reach)
    network._learn_by(live if saved.rtrl else None)
    live.follow(network._store)
    if saved.sensitivities is not None:
        with ExclusiveAccess(network):
            live.plan_for(network)
            live.write(saved.sensitivities, network.neurons, placed)


def own_column(store: Store, column: schema.Column, rows: Ints | slice) -> NDArray[Any]:
    """Copy some rows of a column, numbering groups from 1 on.

    A group whose members share a value is left out if only one member is in these rows.
    """
    values: NDArray[Any] = store[column.name][rows]
    values = values.copy() if isinstance(rows, slice) else values
    if column.kind is not GROUP or not values.any():
        return values
    if column.name in schema.SHARED_BY.values():
        values[np.bincount(values)[values] == 1] = 0
    return np.unique(np.append(0, values), return_inverse=True)[1][1:]


def _numbers(size: int, chosen: Ints, dtype: Any = np.uint32) -> Ints:
    """Make a table with the number of each chosen row, and with NONE for all other rows
    and for one additional row.
    """
    table = np.full(size + 1, NONE, dtype)
    table[chosen] = np.arange(len(chosen))
    return table


def _own_traces(
    store: Store, kept: Traces, number: Ints, edges: Ints | slice
) -> Traces:
    """Return the traces of one network in a store by the network's numbers. Biases come
    at the end of the list instead of the end of each pair.
    """
    if kept.are_none:
        return kept
    place = _numbers(store.n_identities, store["identity"][edges], np.int64)
    last = len(place) - 1
    number = number.astype(np.int64)
    memory = number[kept.memory] != NONE
    eligible = place[kept.eligibility_connection] != NONE
    pairs = number[kept.influence_gater] != NONE
    pair_now = np.cumsum(pairs) - 1
    extending = np.argsort(kept.extended_connection == NONE, kind="stable")
    extending = extending[pairs[kept.extended_influence[extending]]]
    bias = kept.extended_connection[extending] == NONE
    longest = np.zeros(len(number), np.int64)
    np.maximum.at(longest, store["source"][edges], store["delay"][edges])
    # a neuron remembers more if it has been delayed by more, though that be 0
    told = (kept.past_value != 0.0) | (kept.past_steps > longest[kept.past_neuron])
    past = (number[kept.past_neuron] != NONE) & told
    return Traces(
        memory=number[kept.memory[memory]],
        memory_self=place[kept.memory_self[memory]],
        eligibility_connection=place[kept.eligibility_connection[eligible]],
        eligibility_value=kept.eligibility_value[eligible],
        influence_gater=number[kept.influence_gater[pairs]],
        influence_gated=number[kept.influence_gated[pairs]],
        influence_value=kept.influence_value[pairs],
        extended_influence=pair_now[kept.extended_influence[extending]],
        extended_connection=np.where(
            bias, -1, place[np.minimum(kept.extended_connection[extending], last)]
        ),
        extended_value=kept.extended_value[extending],
        past_neuron=number[kept.past_neuron[past]],
        past_steps=kept.past_steps[past],
        past_value=kept.past_value[past],
    )


def _numbered(
    kept: PortableSensitivities, store: Store, edges: Ints | slice
) -> PortableSensitivities:
    """Return sensitivities with the numbers of connections instead of identities."""
    number = _numbers(store.n_identities, store["identity"][edges], np.int64)
    of = kept.parameter_connection
    return replace(kept, parameter_connection=np.where(of == BIAS, BIAS, number[of]))


def require_savable(network: Network) -> None:
    """Raise TopologyError or DivergenceError unless a network can be written in any
    format, which needs all neurons that it is connected with, and finite numbers.

    :meth:`SavedNetwork.of` checks the numbers that it copies, and also the traces.
    """
    with ExclusiveAccess(require_network("network", network)):
        require_closed(network, "saved")
        rows = network._rows(), network._connection_rows()
        for table, chosen in zip((NEURON_TABLE, CONNECTION_TABLE), rows, strict=True):
            names = [column.name for column in table.columns if column.dtype == "float"]
            _require_finite(table, {it: network._store[it][chosen] for it in names})


def _require_finite(table: FileTable, columns: dict[str, NDArray[Any]]) -> None:
    """Raise DivergenceError if a value is not finite."""
    for name, column in columns.items():
        if column.dtype.kind == "f" and not (finite := np.isfinite(column)).all():
            bad = int(np.flatnonzero(~finite)[0])
            raise DivergenceError(
                f"Expected finite values to save, got {column[bad]} for the {name}"
                f" of {table.item} {bad}. Clear the network if its weights are"
                " finite, or return to one saved earlier."
            )

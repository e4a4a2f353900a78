"""All numbers of a network: as columns for files and pickles, and as copies that can be
restored.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import squash as squashes
from .._checks import json_object
from .._typing import Floats, Ints
from ..engine import schema
from ..engine.follower import Follower
from ..engine.guard import InUse, making_many
from ..engine.lowering.program import Program, Traces, kept_traces
from ..engine.records import Span
from ..engine.rtrl import BIAS, PortableSensitivities
from ..engine.schema import GROUP, NONE, SAVED
from ..engine.store import Store
from ..errors import DivergenceError, TopologyError
from . import parameters
from .architectures import describe, describe_for_file, instance_of
from .groups import require_neighbours
from .layer import layers_of
from .metadata import Columns, Notes, as_json, by_number
from .network import Network, require_network
from .neuron import Neuron
from .sensitivities import Sensitivities
from .topology import NO_GATER
from .wiring import refuse_softmax, require_closed

# of the engine, which files do not import
__all__ = ["PortableSensitivities", "Traces"]

OF_NEURONS = tuple(column for column in schema.NEURON if column in SAVED)
"""Saved columns of neurons, except the squash."""
OF_CONNECTIONS = tuple(column for column in schema.CONNECTION if column in SAVED)
"""Saved columns of connections, except source, target and gater."""


@dataclass
class SavedNetwork:
    """A network as columns: neurons in the order of activation, connections in the
    order of creation.
    """

    name: str | None
    dtype: Any
    layers: Sequence[tuple[str | None, int]]  # name and size; None: the default name
    # of the neurons; None: names derived from their layers
    names: Sequence[str | None] | None
    # squash (names), and any saved column of the schema
    neurons: dict[str, NDArray[Any]]
    # source, target, gater (-1: none), weight, and any saved column
    connections: dict[str, NDArray[Any]]
    clock: int = 0  # the store's count of activations
    traces: Traces | None = None  # stored traces, by numbers; extending -1: the bias
    architecture: dict[str, Any] | None = (
        None  # see :func:`synapse.objects.architectures.describe`
    )
    # whether the network learns by it; otherwise a trainer may have left sensitivities
    rtrl: bool = False
    order: int | None = None  # of the sensitivities
    sensitivities: PortableSensitivities | None = (
        None  # by numbers; None: none include the latest step
    )
    # whether its latest step left no traces, so that there is nothing to learn from
    untraced: bool = False
    # values that JSON can represent
    metadata: dict[str, Any] = field(default_factory=dict)
    # such values by name and number
    neuron_metadata: Columns = field(default_factory=dict)
    connection_metadata: Columns = field(default_factory=dict)


def to_saved(network: Network, doing: str = "saved") -> SavedNetwork:
    """Return a network as columns, to be saved; `doing` is a participle for messages.

    Raises TopologyError, DivergenceError or ArgumentTypeError if it is not closed, not
    finite, or not JSON.
    """
    with InUse(require_network("What is written", network)):
        return _saved(network, doing)


def _saved(network: Network, doing: str) -> SavedNetwork:
    store = network._store
    live = network._sensitivities
    kept = None if live is None or live.current(network) is None else live.kept()
    require_closed(network, doing)
    alone = len(network) == store.n_neurons
    rows = network._rows()
    every = network._connection_rows()
    # a slice copies fastest
    edges = slice(None) if alone and (every[1:] > every[:-1]).all() else every
    number = _numbers(store.n_neurons, rows)
    saved = SavedNetwork(
        name=network.name,
        dtype=store.dtype,
        layers=[(layer.name, len(layer)) for layer in network.layers],
        names=[store.names[row] for row in rows],
        neurons={column.name: _own(store, column, rows) for column in OF_NEURONS},
        connections={
            column.name: _own(store, column, edges) for column in OF_CONNECTIONS
        },
        clock=int(store["clock"][0]),
        traces=_own_traces(store, kept_traces(store), number, edges),
        architecture=describe_for_file(network),
        rtrl=network._rtrl is not None,
        order=None if live is None else live.order,
        sensitivities=None if kept is None else _numbered(kept, store, edges),
        untraced=network._is_untraced(store),
        metadata=json_object("net.metadata", network.metadata),
    )
    if store.notes is not None:
        columns = by_number(store.notes.neurons, network)
        saved.neuron_metadata = as_json("The metadata of neurons", columns)
        columns = by_number(store.notes.connections, store["identity"][edges].tolist())
        saved.connection_metadata = as_json("The metadata of connections", columns)
    named = {
        code: squashes.by_code(code).name
        for code in set(store["squash"][rows].tolist())
    }
    saved.neurons["squash"] = np.array(
        [named[code] for code in store["squash"][rows].tolist()], object
    )
    for end in ("source", "target"):
        saved.connections[end] = number[store[end][edges]]
    gater = store["gater"][edges]
    saved.connections["gater"] = np.full(len(gater), NO_GATER, np.int32)
    if (gated := gater != NONE).any():
        saved.connections["gater"][gated] = number[gater[gated]]
    _require_finite(saved)
    return saved


@making_many()
def from_saved(saved: SavedNetwork) -> Network:
    """Make a network from columns whose values have been checked. It takes over the
    arrays.
    """
    names = saved.neurons["squash"].tolist()
    codes = {name: squashes.get(name).code for name in dict.fromkeys(names)}
    default = [
        name and f"{name} {i}" for name, size in saved.layers for i in range(size)
    ]
    store = Store(saved.dtype)
    neurons = [Neuron.__new__(Neuron) for _ in names]
    # names that are given are written at the end, so that the network does not make
    # others
    store.add_neurons(neurons, default if saved.names is None else [""] * len(names))
    for row, neuron in enumerate(neurons):
        neuron._moved(store, row)
    for name, column in {
        **saved.neurons,
        "squash": [codes[name] for name in names],
    }.items():
        store.columns[name][: len(names)] = column
    edges = dict(saved.connections)
    if "gater" in edges:
        edges["gater"] = np.where(
            edges["gater"] == NO_GATER, np.int64(NONE), edges["gater"]
        )
    store.adopt_connections(edges)
    store["clock"][0] = saved.clock
    layers = layers_of(neurons, saved.layers)
    network = instance_of(saved.architecture, layers)
    refuse_softmax(neurons[: -len(layers[-1])])
    require_neighbours(layers)
    network._begin(layers, saved.name)
    network._enter(store)
    network._metadata = saved.metadata
    if saved.neuron_metadata or saved.connection_metadata:
        notes = Notes.of(store)  # connections have their numbers as identities
        notes.connections = saved.connection_metadata
        for name, values in saved.neuron_metadata.items():
            notes.neurons[name] = {
                neurons[number]: value for number, value in values.items()
            }
    if saved.names is not None:
        store.names[:] = saved.names
    if saved.traces is not None:
        extending = np.where(
            saved.traces.extending < 0, np.int64(NONE), saved.traces.extending
        )
        store.program = Program(0, replace(saved.traces, extending=extending))
    take_over_rule(network, saved)
    if saved.untraced:
        network._note_untraced(store)
    return network


def copied(network: Network) -> Network:
    """A copy: of a whole store column by column, with its program; otherwise as a file
    would make it.
    """
    with InUse(network):
        store = network._store
        store.ready()
        alone = len(network) == store.n_neurons and network._sensitivities is None
        if not alone or not _is_as_saved(store):
            twin = from_saved(to_saved(network, "cloned"))
            twin._made = network._made
            return twin
        # in the order of activation
        neurons = [Neuron.__new__(Neuron) for _ in store.views]
        layers = layers_of(
            neurons, [(layer.name, len(layer)) for layer in network.layers]
        )
        twin_store = store.copied(neurons)
        if store.notes is not None:
            store.notes.copy_to(twin_store)
        twin = instance_of(describe(network), layers)
        twin._made = network._made
        twin._begin(layers, network.name)
        twin._metadata = json_object("net.metadata", network.metadata)
        twin._doubled_known = network._doubled_known
        twin_store.networks[network._number_now] = weakref.ref(twin)
        for layer in layers:
            layer._network = weakref.ref(twin)
        if network._is_untraced(store):
            twin._note_untraced(twin_store)
        return twin


def _is_as_saved(store: Store) -> bool:
    """Whether a file would have the same numbers: groups are numbered from 1 on, and
    values are finite.
    """
    groups = [
        column for column in SAVED if column.kind is GROUP and store[column.name].any()
    ]
    traces = (store[column.name] for column in schema.TRACES)
    values = store.blocks[0][:, : store.n_neurons], store["weight"], *traces
    return all(np.isfinite(array).all() for array in values) and all(
        np.array_equal(_own(store, column, slice(None)), store[column.name])
        for column in groups
    )


def take_over_rule(network: Network, saved: SavedNetwork) -> None:
    """Let a new network learn as the saved one did."""
    if not saved.rtrl and saved.sensitivities is None:
        return
    live = network._sensitivities = Sensitivities(saved.order)
    network._rtrl = live if saved.rtrl else None
    live.follow(network._store)
    if saved.sensitivities is not None:
        with InUse(network):
            live.ready(network)
            live.write(saved.sensitivities, network.neurons)


def set_numbers(
    network: Network, weights: tuple[Ints, Floats], biases: tuple[Ints, Floats]
) -> None:
    """Set weights and biases by numbers; ArgumentError, and nothing changed, if tied
    ones differ.
    """
    with InUse(network):
        places = network._connection_rows()[weights[0]], network._rows()[biases[0]]
        for set_them in (parameters.require_agreement, parameters.assign):
            set_them(network._store, "weight", places[0], weights[1])
            set_them(network._store, "bias", places[1], biases[1])


def _own(store: Store, column: schema.Column, rows: Ints | slice) -> NDArray[Any]:
    """Copy some rows of a column. Groups are numbered from 1 on.

    A group whose members share a value is left out if only one of them is in these
    rows.
    """
    values: NDArray[Any] = store[column.name][rows]
    values = values.copy() if isinstance(rows, slice) else values
    if column.kind is not GROUP or not values.any():
        return values
    if column.name in schema.SHARED_BY.values():
        values[np.bincount(values)[values] == 1] = 0
    return np.unique(np.append(0, values), return_inverse=True)[1][1:]


def _numbers(size: int, chosen: Ints, dtype: Any = np.uint32) -> Ints:
    """Make a table with the number of each chosen row, and NONE for all others and for
    one row more.
    """
    table = np.full(size + 1, NONE, dtype)
    table[chosen] = np.arange(len(chosen))
    return table


def _own_traces(
    store: Store, kept: Traces, number: Ints, edges: Ints | slice
) -> Traces:
    """The traces of one network of a store by its numbers; biases come last, not last
    in each pair.
    """
    if not (len(kept.memory) or len(kept.eligible) or len(kept.gater)):
        return kept
    place = _numbers(store.n_identities, store["identity"][edges], np.int64)
    last = len(place) - 1
    number = number.astype(np.int64)
    memory = number[kept.memory] != NONE
    eligible = place[kept.eligible] != NONE
    pairs = number[kept.gater] != NONE
    pair_now = np.cumsum(pairs) - 1
    extending = np.argsort(kept.extending == NONE, kind="stable")
    extending = extending[pairs[kept.pair[extending]]]
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
        extending=np.where(
            bias, -1, place[np.minimum(kept.extending[extending], last)]
        ),
        extended=kept.extended[extending],
    )


def _numbered(
    kept: PortableSensitivities, store: Store, edges: Ints | slice
) -> PortableSensitivities:
    """Sensitivities with the numbers of connections instead of identities."""
    place = _numbers(store.n_identities, store["identity"][edges], np.int64)
    return replace(
        kept, connection=np.where(kept.connection == BIAS, BIAS, place[kept.connection])
    )


def _require_finite(saved: SavedNetwork) -> None:
    """Raise DivergenceError if a value is not finite."""
    traces = saved.traces
    kept = saved.sensitivities
    assert traces is not None
    of_traces = {
        name: getattr(traces, name) for name in ("eligibility", "influence", "extended")
    }
    columns_of = {
        "neuron": saved.neurons,
        "connection": saved.connections,
        "trace": of_traces,
    }
    if kept is not None:
        columns_of["recurrent neuron"] = {"slope": kept.slopes}
        columns_of["sensitivity"] = {"value": kept.now, "previous value": kept.before}
    for item, columns in columns_of.items():
        for name, column in columns.items():
            if column.dtype.kind == "f" and not (finite := np.isfinite(column)).all():
                bad = int(np.flatnonzero(~finite)[0])
                raise DivergenceError(
                    f"Expected finite values to save, got {column[bad]} for the {name}"
                    f" of {item} {bad}. Clear the network if its weights are finite, or"
                    " return to one saved earlier."
                )


# --- copies in memory, which can be restored ------------------------------------------


Context = dict[str, NDArray[Any]]
"""Copies of all columns that ``clear`` resets."""


def read_context(network: Network) -> Context:
    """Return a copy of the context: states, activations, errors, traces and
    sensitivities.
    """
    _, store, _ = network._ready()
    return {
        name: column.copy() for name, column in _context_columns(network, store).items()
    }


def _context_columns(network: Network, store: Store) -> Context:
    columns = {name: store.columns[name] for name in schema.CONTEXT}
    live = network._sensitivities
    plan = None if live is None else live.current(network) or live.plan
    if plan is not None:
        columns.update((name, plan.columns[name]) for name in schema.PLAN_CONTEXT)
    return columns


def restore_context(network: Network, context: Context) -> None:
    """Restore a context; the topology must be the same."""
    columns = _context_columns(network, network._store)
    for name, values in context.items():
        if name in columns:  # the network may have lost its sensitivities
            columns[name][...] = values
    if network._store.recorder is not None:
        network._store.recorder.step_over()


@contextmanager
def preserved_context(network: Network) -> Iterator[None]:
    """Restore the context of a network at the end of the block."""
    with InUse(network):
        context = read_context(network)
        try:
            yield
        finally:
            restore_context(network, context)


@contextmanager
def deterministic(network: Network) -> Iterator[None]:
    """Make random neurons output their means within the block."""
    with InUse(network):
        network._ready()  # rows are sorted
        before = network._store["deterministic"].copy()
        network.deterministic = True
        try:
            yield
        finally:
            network._store["deterministic"][:] = before


def take_over(network: Network, twin: Network) -> None:
    """Copy all numbers of a copy, which has been trained in another process, into its
    original.

    Raises TopologyError, before anything changes, if the copy has another structure.
    """
    if twin is network:
        return
    with InUse(network):
        _, store, _ = network._ready()
        _, other, _ = twin._ready()
        if not _are_alike(store, other):
            raise TopologyError(
                f"The structure of {network!r} differs from that of the copy trained in"
                " another process. Callbacks there must not edit it, and it must have"
                " a store of its own: use net.clone()."
            )
        if network._sensitivities is None and twin._sensitivities is not None:
            take_over_rule(network, to_saved(twin))
        if any((store[name] != other[name]).any() for name in _FLAGS):
            store.touch_learning()  # what learns is another
        for name in (*_NUMBERS, *_FLAGS, "clock", *schema.CONTEXT):
            store[name][...] = other[name]
        context = read_context(twin)
        restore_context(
            network,
            {name: context[name] for name in schema.PLAN_CONTEXT if name in context},
        )


def _are_alike(store: Store, other: Store) -> bool:
    """Whether two stores have the same rows, in the same order."""
    same = (
        "source",
        "target",
        "gater",
        "role",
        "position",
        "squash",
        *schema.of_kind(GROUP),
        "influence_gated",
    )
    return all(
        store[name].shape == other[name].shape for name in (*schema.CONTEXT, *_NUMBERS)
    ) and all(np.array_equal(store[name], other[name]) for name in same)


_FLAGS = tuple(column.name for column in SAVED if column.kind is schema.FLAG)
_NUMBERS = tuple(
    column.name for column in SAVED if column.kind not in (schema.FLAG, GROUP)
)


class Snapshot(Follower):
    """Copy of the weights and biases of a network, which can be restored even after
    edits.
    """

    def __init__(self, network: Network) -> None:
        rows = network._connection_rows()
        self._store = network._store
        self._identities = self._store["identity"][rows].astype(np.int64)
        self._weights = self._store["weight"][rows]
        self._neurons = network.neurons
        self._biases = network.biases
        self._store.follow(self)

    def arrays(self, network: Network) -> tuple[Floats, Floats]:
        """The values by connection and by neuron of the present network; NaN where
        there is none.
        """
        with InUse(self):
            identities = network._store["identity"][network._connection_rows()].astype(
                np.int64
            )
            table = np.full(network._store.n_identities, np.nan, self._weights.dtype)
            there = self._identities != NONE
            table[self._identities[there]] = self._weights[there]
            biases = dict(zip(self._neurons, self._biases.tolist(), strict=True))
            return table[identities], np.array(
                [biases.get(neuron, np.nan) for neuron in network]
            )

    @classmethod
    def of(cls, network: Network, weights: Floats, biases: Floats) -> Snapshot:
        """Make a snapshot of a network from the result of :meth:`arrays`."""
        snapshot = cls(network)
        has = ~np.isnan(weights)
        has_bias = ~np.isnan(biases)
        snapshot._identities, snapshot._weights = (
            snapshot._identities[has],
            weights[has].astype(network.dtype),
        )
        snapshot._neurons = [
            neuron
            for neuron, there in zip(snapshot._neurons, has_bias, strict=True)
            if there
        ]
        snapshot._biases = biases[has_bias].astype(network.dtype)
        return snapshot

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store, which has been absorbed by another."""
        self._store = store
        self._identities[self._identities != NONE] += offset

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities of the connections."""
        self._identities = new[np.minimum(self._identities, len(new) - 1)].astype(
            np.int64
        )

    def restore(self) -> None:
        """Restore the weights and biases of connections and neurons that still
        exist.
        """
        with InUse(self):
            store = self._store
            rows = np.append(store.row_of[: store.n_identities], NONE)
            rows = rows[np.minimum(self._identities, store.n_identities)]
            parameters.assign_first(
                store, "weight", rows[rows != NONE], self._weights[rows != NONE]
            )
            rows = np.array([neuron._row for neuron in self._neurons])
            parameters.assign_first(
                store, "bias", rows[rows >= 0], self._biases[rows >= 0]
            )


def read_numbers(network: Network, name: str) -> Floats:
    """Return a column of the neurons in the order of activation, as a float64 copy."""
    _, store, span = network._ready()  # after lowering they are neighbours
    return store[name][int(span[Span.START]) : int(span[Span.STOP])].astype(np.float64)

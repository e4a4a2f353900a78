"""Connection: a live edge between two neurons."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _ties
from ._checks import boolean, expected, finite_number
from ._data_view import DataView
from ._typing import Floats, Ints
from .engine.guard import steady, whole
from .engine.lowering.flags import MEMORY, TRACED
from .engine.schema import NONE
from .engine.store import Store
from .errors import KindError, TopologyError

if TYPE_CHECKING:
    from .neuron import Neuron


_making_views = threading.RLock()  # collecting garbage may look at connections, too

FIELDS = ("weight", "gain", "trainable", "eligibility")


class Connection(DataView):
    """A connection from one neuron to another; made by ``neuron.project`` and ``layer.project``.

    It is a view: every number is read from, and written to, the store that training uses. It is
    also the edge data of ``network.graph``, a mapping with the keys ``weight``, ``gain``,
    ``trainable``, ``eligibility`` and, where it is gated, ``gater`` (the name of the gater), so that
    networkx algorithms see live values. ``weight`` and ``trainable`` can be set. Other keys are notes:
    values of your own that stay with the graph and are not saved with the network.

    >>> from synapse import Neuron
    >>> a, b = Neuron(), Neuron()
    >>> link = a.project(b, weight=0.5)
    >>> link.weight, link.gain, link["weight"]
    (0.5, 1.0, 0.5)
    """

    __slots__ = ("__weakref__", "_identity", "_store")
    __hash__ = object.__hash__

    _what = "connection"
    _known = frozenset((*FIELDS, "gater"))
    _settable = ("weight", "trainable")

    def __init__(self, store: Store, identity: int) -> None:
        self._store = store
        self._identity = identity
        self._notes = None

    def __eq__(self, other: object) -> bool:
        return self is other

    @property
    def _at(self) -> int:
        """Its present row."""
        if self._identity < 0:
            raise TopologyError("This connection has been removed. Project again to make a new one.")
        return int(self._store.row_of[self._identity])

    @property
    @steady
    def source(self) -> Neuron:
        """The neuron at its start."""
        neuron: Neuron = self._store.views[self._store["source"][self._at]]
        return neuron

    @property
    @steady
    def target(self) -> Neuron:
        """The neuron at its end."""
        neuron: Neuron = self._store.views[self._store["target"][self._at]]
        return neuron

    @property
    @steady
    def weight(self) -> float:
        """Its weight w_ij; that of all connections that it is tied to is set with it."""
        return float(self._store["weight"][self._at])

    @weight.setter
    @whole
    def weight(self, value: float) -> None:
        _ties.assign(self._store, "weight", self._at, finite_number("A weight", value, self._store.dtype))

    @property
    @steady
    def trainable(self) -> bool:
        """Whether learning moves its weight, and those of all that it is tied to. Settable. What
        :meth:`Layer.unfreeze` restores is forgotten then.
        """
        return bool(self._store["trainable"][self._at])

    @trainable.setter
    @whole
    def trainable(self, value: bool) -> None:
        learns = boolean("The trainable of a connection", value)
        if self.trainable != learns:
            self._store.touch()
        _ties.set_trainable(self._store, "trainable", self._at, learns)

    @property
    @steady
    def tied(self) -> tuple[Connection, ...]:
        """The other connections that share its weight, see :func:`synapse.tie`; in the order of making."""
        rows = _ties.tied_rows(self._store, "weight", self._at)
        return tuple(connections_at(self._store, rows))

    @property
    @steady
    def gater(self) -> Neuron | None:
        """The neuron whose activation scales it, if one does."""
        row = self._store["gater"][self._at]
        return None if row == NONE else self._store.views[row]

    @property
    @steady
    def gain(self) -> float:
        """g_ij: the gater's activation, 1 without a gater."""
        row = self._store["gater"][self._at]
        return 1.0 if row == NONE else float(self._store["activation"][row])

    @property
    @steady
    def eligibility(self) -> float:
        """The eligibility trace: how its weight moves the state of its target.

        Stored if the target is self-connected; otherwise the source's activation times the gater's, as the
        target last saw them.
        """
        store, row = self._store, self._at
        target = int(store["target"][row])
        store.ready()
        row = self._at
        columns = store.columns
        offset = row - int(columns["first_incoming"][target])
        if columns["flags"][target] & TRACED and offset < columns["learning"][target]:
            return float(columns["eligibility"][int(columns["first_trace"][target]) + offset])
        return self._seen_gain() * self._seen(int(store["source"][row]), target)

    def _seen(self, row: int, target: int) -> float:
        """The activation that a neuron had when `target` last fired."""
        store = self._store
        moved = row == target or store["stamp"][row] > store["stamp"][target]
        return float(store["old_activation" if moved else "activation"][row])

    def _seen_gain(self) -> float:
        store, row = self._store, self._at
        gater = int(store["gater"][row])
        return 1.0 if gater == NONE else self._seen(gater, int(store["target"][row]))

    @property
    @steady
    def extended(self) -> Mapping[Neuron, float]:
        """Extended traces, by neuron whose input the target gates: how the weight affects its state."""
        return {
            neuron: float(traces[0])
            for neuron, which, traces in extended_into(self.target, [self])
            if len(which)
        }

    # --- the mapping that networkx sees ----------------------------------------------------

    def __getitem__(self, key: str) -> Any:
        if key in FIELDS:
            return getattr(self, key)
        return super().__getitem__(key)

    def _present(self) -> tuple[str, ...]:
        return FIELDS if self._store["gater"][self._at] == NONE else (*FIELDS, "gater")

    def _field(self, key: str) -> Any:
        gater = self.gater
        if gater is None:
            raise KeyError(key)
        return gater.name  # a mapping holds numbers and names only, which files and tables take

    def _set(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __repr__(self) -> str:
        try:
            gated = f", gated by {self.gater.name}" if self.gater else ""
            return f"<Connection {self.source.name} -> {self.target.name}, weight {self.weight:.4g}{gated}>"
        except TopologyError:
            return "<Connection, removed>"


def connection_at(store: Store, identity: int) -> Connection:
    """The Connection with this identity; there is one object for each."""
    view = store.edges.get(identity)
    if view is None:
        with _making_views:  # threads that only read do not hold the store's lock
            view = store.edges.get(identity)
            if view is None:
                view = store.edges[identity] = Connection(store, identity)
    return view


def connections_at(store: Store, rows: NDArray[Any]) -> list[Connection]:
    """The connections in these rows, in the order of making."""
    return [connection_at(store, identity) for identity in np.sort(store["identity"][rows]).tolist()]


def require_connection(what: str, connection: Any) -> Connection:
    """Return `connection` if it is a Connection and has not been removed, or raise an error."""
    if not isinstance(connection, Connection):
        raise KindError(expected(what, "a Connection", connection))
    _ = connection._at
    return connection


def extended_into(gater: Neuron, connections: Sequence[Connection]) -> Iterator[tuple[Neuron, Ints, Floats]]:
    """By neuron k that a neuron gates: the places of those of some connections into the gater that have
    an extended trace x_ij^k, and these traces: stored or, if k has no self-connection, computed.
    """
    store = gater._store
    store.ready()
    columns, j = store.columns, gater._row
    offsets = np.array([connection._at for connection in connections]) - int(columns["first_incoming"][j])
    learning = np.flatnonzero(offsets < columns["learning"][j])
    rows = np.flatnonzero(store["gater"] == j)
    for k in np.unique(store["target"][rows]):
        view = store.views[k]
        if not columns["flags"][k] & MEMORY:
            eligibility = np.array([connection.eligibility for connection in connections])
            traces = float(store["derivative"][j]) * eligibility * influence(store, j, int(k))
            yield view, np.arange(len(connections)), traces
            continue
        pulls = columns["pull"][columns["first_pull"][j] : columns["last_pull"][j]]
        for p in pulls[columns["influence_gated"][pulls] == k]:
            yield view, learning, columns["extended"][int(columns["influence_trace"][p]) + offsets[learning]]


def influence(store: Store, gater: int, gated: int) -> float:
    """I_jk of a neuron without a self-connection: what the gater's gain multiplies in its state."""
    rows = np.flatnonzero((store["gater"] == gater) & (store["target"] == gated))
    sources = store["source"][rows]
    moved = store["stamp"][sources] > store["stamp"][gated]
    seen = np.where(moved, store["old_activation"][sources], store["activation"][sources])
    return float(store["weight"][rows] @ seen)

"""Connection: a live edge between two neurons."""

from __future__ import annotations

from collections.abc import (
    Mapping,
    Sequence,
)
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._checks import (
    AbstractOwnNames,
    expected,
    made_elsewhere,
    suggests_attributes,
)
from .._typing import Floats, Ints
from ..engine.follower import RowHandle
from ..engine.locking import atomic, consistent_read
from ..engine.lowering.flags import MEMORY
from ..engine.read_order import (
    Attributes,
    eligibilities,
    eligibility_of,
    sources_read,
)
from ..engine.schema import NONE
from ..engine.store import Store
from ..errors import ArgumentTypeError, TopologyError
from . import edits, parameters
from .data_view import DataView
from .graph_attributes import (
    CARRIES,
    CONNECTION_PART,
    EDGE_NAMES,
    FIELDS_OF_CONNECTIONS as FIELDS,
    MARK,
    NONDEFAULT_OF_CONNECTIONS,
    STATE,
    nondefault_values,
)
from .metadata import Metadata
from .values import Value, show_columns

if TYPE_CHECKING:
    from .neuron import Neuron


@made_elsewhere
@suggests_attributes("Connection")
class Connection(DataView, RowHandle, metaclass=AbstractOwnNames):
    """A connection from one neuron to another, made by ``neuron.project`` and
    ``layer.project``.

    A connection is a live view of the arrays that training uses, from which its values
    are read and to which they are written. It is also the edge data of
    ``network.graph``, a mapping from which networkx algorithms read the present values.
    Its keys are ``weight``, ``gain``, ``trainable``, ``eligibility``, ``number`` (the
    position in the order of creation) and, where they apply, ``gater`` (the name of the
    gater), ``sign``, ``tie``, ``frozen``, ``delay`` and ``carries="state"`` (for a
    self-connection without a delay). You can set ``weight`` and ``trainable``. All
    other keys are :attr:`metadata`, which you can set, too. The mark
    ``synapse_part="connection"`` tells :func:`synapse.from_networkx` that these keys
    are Synapse's, and metadata of the same names get the prefix ``metadata_`` here.

    See Also
    --------
    Neuron.project : Make a connection.
    Neuron.disconnect : Remove a connection.
    Neuron.gate : Gate connections.
    tie : Let connections share one weight.

    Examples
    --------
    >>> from synapse import Neuron
    >>> a, b = Neuron(), Neuron()
    >>> link = a.project(b, weight=0.5)
    >>> link.weight, link.gain, link["weight"]
    (0.5, 1.0, 0.5)
    """

    __slots__ = ("__weakref__", "_drafted", "_identity", "_store")
    __hash__ = object.__hash__

    _what = "connection"
    _known = _taken = EDGE_NAMES
    _settable = ("weight", "trainable")

    def __init__(
        self, store: Store | None = None, identity: int = 0, drafted: Any = None
    ) -> None:
        if not isinstance(store, Store):
            raise ArgumentTypeError("A Connection is made by neuron.project(other).")
        self._store = store
        self._identity = identity
        self._drafted = drafted  # its numbers until there are columns, see `Draft`

    def _moved(self, store: Store, index: int) -> None:
        self._store = store
        self._identity = index

    def __eq__(self, other: object) -> bool:
        # As an object it equals itself only; as the data of an edge, a mapping with its
        # values.
        if isinstance(other, Connection) or not isinstance(other, Mapping):
            return self is other
        return self.copy() == dict(other)

    def _require(self) -> None:
        """Raise TopologyError if the connection has been removed."""
        if self._identity < 0:
            raise TopologyError(
                "This connection has been removed. Project again to make a new one."
            )

    @property
    def _at(self) -> int:
        """Present row in the store. Raises TopologyError if the connection has been
        removed.
        """
        self._require()
        return self._store.row_of.item(self._identity)

    source = Value["Neuron"](
        "source",
        "Neuron where the connection starts.",
    )
    target = Value["Neuron"](
        "target",
        "Neuron where the connection ends.",
    )
    weight = Value[float](
        "weight",
        "Weight w_ij. Setting it also sets the weights tied to it.",
        parameters.assign,
        title="A weight",
    )
    trainable = Value[bool](
        "trainable",
        """Whether learning updates the weight. Setting it also sets it for the weights
        tied to this one.

        Once you have set it, :meth:`Layer.unfreeze` does not change it.
        """,
        parameters.set_trainable,
    )
    sign = Value[int | None](
        "sign",
        """Sign that the weight keeps, +1, -1 or None. Setting it also sets the sign of
        tied connections.

        If an update of a rule or an optimizer would move the weight across 0, it stops
        at 0. Setting a weight of the opposite sign raises an error, and so does setting
        a sign that the weight does not have. To set the sign of all outgoing
        connections of a neuron, use :attr:`Neuron.sign`.

        >>> from synapse import Neuron
        >>> a, b = Neuron(), Neuron(squash="identity")
        >>> link = a.project(b, weight=0.5, sign=1)
        >>> a.activate(1.0), b.activate()
        (1.0, 0.5)
        >>> b.propagate(rate=1.0, target=-3.0)
        >>> link.weight
        0.0
        """,
        parameters.set_sign,
    )
    delay = Value[int](
        "delay",
        """Number of steps by which the connection delays the activation that it
        carries. Settable.

        With a delay of k >= 1, the connection carries the activation that its source
        had k steps before, y_i(t - k), in every network, synchronous or not. Without a
        delay, it carries the activation of the present step or, if it leads backward,
        of the previous step. A pair of neurons can have several connections with
        different delays. A neuron's delayed connection to itself carries its
        activation, and only a connection without a delay carries its state. A delay
        never affects gains.

        Exact gradients pass through a delay, whereas the online rule sends no error
        back in time. Activations before the first step are 0. When you change the
        delay, the learned weight stays. A longer delay reads past activations of the
        source as far back as the longest previous delay, and 0 before that.

        A connection without a delay also arrives one step late if it leads backward or
        is in a synchronous network. It then arrives at the same time as a connection
        with a delay of 1. If a pair has both, their inputs are added, and the next step
        warns (:class:`synapse.errors.TopologyWarning`).

        >>> from synapse import Layer, Network
        >>> a, b = Layer(1), Layer(1, "identity")
        >>> link = a[0].project(b[0], weight=1.0, delay=2)
        >>> net = Network(a, b)
        >>> net.run([[1.0], [2.0], [3.0], [4.0]]).ravel()
        array([0., 0., 1., 2.])
        >>> link.delay = 3
        >>> net.run([[5.0], [6.0]]).ravel()
        array([2., 3.])
        """,
        edits.set_delay,
    )

    @property
    @consistent_read
    def tied(self) -> tuple[Connection, ...]:
        """Other connections that share the weight, in the order of creation, see
        :func:`synapse.tie`.
        """
        rows = parameters.tied_rows(self._store, "weight", self._at)
        return tuple(connections_at(self._store, rows))

    gater = Value["Neuron | None"](
        "gate",
        "Neuron that gates the connection, or None if there is none.",
    )

    @property
    @consistent_read
    def gain(self) -> float:
        """Gain g_ij, which is the activation of the gater, or 1 without a gater."""
        gater = self.gater
        return 1.0 if gater is None else gater.activation

    @property
    @consistent_read
    def eligibility(self) -> float:
        """Eligibility trace, which describes how the weight affects the state of the
        target over time.

        The trace is stored if the target has a self-connection. Otherwise it is the
        product of the gain and the activation of the source, as they were when the
        target last activated.
        """
        self._store.ensure_lowered()
        m = Attributes(self._store)
        return float(eligibility_of(m, m.flags, self._at))

    @property
    @atomic
    def traces(self) -> dict[str, float]:
        """Traces of the network's rule of synapses, by name, or an empty dict without
        such a rule. See :attr:`Projection.traces`.
        """
        self._store.ensure_lowered()
        traces = traces_of(self._store, np.array([self._at], np.int64))
        return {name: float(values[0]) for name, values in traces.items()}

    @property
    @consistent_read
    def extended(self) -> Mapping[Neuron, float]:
        """Extended traces, which describe how the weight affects the states of neurons
        whose inputs the target gates. The keys are these neurons.
        """
        pairs = ExtendedPairs(self, [self])
        neurons = [neuron for _, neuron in pairs.pairs]
        return dict(zip(neurons, pairs.read().tolist(), strict=True))

    @property
    @atomic
    def sensitivity(self) -> Mapping[Neuron, float]:
        """Sensitivities d s_k / d w by neuron k, which describe how the weight affects
        its state over all steps.

        They are computed in networks that learn by rtrl, see :attr:`Network.rule`. The
        mapping is empty in other networks, after a step by another rule, and for
        weights that are not trainable or reach no recurrent neuron.

        Examples
        --------
        To analyse a frozen weight, run a copy in which it is trainable. The network
        does not change:

        >>> import architect
        >>> net = architect.Elman(1, 2, 1, seed=0)
        >>> net.connections[0].trainable = False
        >>> twin = net.clone()
        >>> twin.connections[0].trainable = True
        >>> twin.rule = "rtrl"
        >>> outputs = twin.run([[1.0], [0.5]])
        >>> slopes = twin.connections[0].sensitivity
        >>> {neuron.name: round(slope, 4) for neuron, slope in slopes.items()}
        {'hidden 0': 0.5874, 'hidden 1': 0.1151}
        """
        return sensitivity_of(
            self._store.handles[self._store["target"][self._at]], self
        )

    @property
    def metadata(self) -> Metadata:
        """Your own values by name, see :attr:`Neuron.metadata`. No computation uses
        them.
        """
        return Metadata(self)

    # --- the mapping that networkx sees -----------------------------------------------

    def __getitem__(self, key: str) -> Any:
        if key == "weight":  # algorithms ask for nothing else
            return self.weight
        if key in FIELDS:
            return getattr(self, key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        # A removed connection has the identity -1, and raises an error there.
        return (key in FIELDS and self._identity >= 0) or super().__contains__(key)

    @consistent_read
    def _present(self) -> tuple[str, ...]:
        gated = ("gater",) if self._store["gate"][self._at] else ()
        return *FIELDS, *gated, *self._rare()

    @consistent_read
    def _field(self, key: str) -> Any:
        if key == "gater" and self.gater is not None:
            # not the neuron: files and tables take numbers and strings only
            return self.gater.name
        return self._rare()[key]

    def _rare(self) -> dict[str, Any]:
        """Return the values that :func:`synapse.from_networkx` needs, beside the
        fields, to make the same connection.
        """
        store = self._store
        row = self._at
        values = {
            "number": self._identity,
            MARK: CONNECTION_PART,
            **nondefault_values(store, row, NONDEFAULT_OF_CONNECTIONS),
        }
        is_loop = store["source"].item(row) == store["target"].item(row)
        if is_loop and not store["delay"].item(row):
            values[CARRIES] = STATE
        return values

    def __repr__(self) -> str:
        try:
            delayed = f", delay {self.delay}" if self.delay else ""
            gated = f", gated by {self.gater.name}" if self.gater else ""
            return (
                f"<Connection {self.source.name} -> {self.target.name}, weight"
                f" {self.weight:.4g}{delayed}{gated}>"
            )
        except TopologyError:
            return "<Connection, removed>"


show_columns(Connection, "connection")
Store.make_edges_of(Connection)


def connections_at(store: Store, rows: NDArray[Any]) -> list[Connection]:
    """Return the connections in these rows, in the order of creation."""
    return [
        store.edge(identity) for identity in np.sort(store["identity"][rows]).tolist()
    ]


def traces_of(store: Store, rows: Ints) -> dict[str, NDArray[Any]]:
    """Return the traces that a rule of synapses keeps for connections of one
    network.
    """
    network = store.network_at(store["target"][rows[0]]) if len(rows) else None
    live = None if network is None else network._plastic
    return {} if live is None else live.traces_of(network, rows)


def require_connection(title: str, connection: Any) -> Connection:
    """Return `connection` if it is a Connection and has not been removed, or raise an
    error.
    """
    if not isinstance(connection, Connection):
        raise ArgumentTypeError(expected(title, "a Connection", connection))
    connection._require()
    return connection


class ExtendedPairs:
    """Extended traces x_ij^k of some of a network's connections, for its topology.

    `pairs` contains the index of each connection i -> j, with a neuron k whose inputs
    are gated by j.
    """

    def __init__(self, network: Any, connections: Sequence[Connection]) -> None:
        store = self._store = network._store
        store.ensure_lowered()
        c = Attributes(store)
        rows = np.array([connection._at for connection in connections], np.int64)
        targets = c.target[rows].astype(np.int64)
        # gated connections by their gaters j and targets k
        gated = np.flatnonzero(np.isin(store.gaters(), targets))
        key = store.gaters(gated).astype(np.int64) << 32 | c.target[gated]
        order = np.argsort(key, kind="stable")
        self._gated = gated[order]
        keys, self._starts = np.unique(key[order], return_index=True)
        links, places, numbers = [], [], []
        for j in dict.fromkeys(targets.tolist()):
            for number in range(*np.searchsorted(keys, [j << 32, j + 1 << 32])):
                into = np.flatnonzero(targets == j)
                place = np.full(len(into), -1)
                if c.flags[keys[number] & NONE] & MEMORY:
                    pull = c.pull[c.pull_start[j] : c.pull_stop[j]]
                    pull = pull[c.influence_gated[pull] == keys[number] & NONE]
                    offset = rows[into] - int(c.first_incoming[j])
                    stored = (offset < c.learning[j]) & (len(pull) > 0)
                    into = into[stored]
                    place = c.influence_trace[pull].sum() + offset[stored]
                links += into.tolist()
                places += place.tolist()
                numbers += [number] * len(into)
        self.pairs = [
            (i, store.handles[keys[number] & NONE])
            for i, number in zip(links, numbers, strict=True)
        ]
        self._places = np.array(places, np.int64)
        self._computed = np.flatnonzero(self._places < 0)
        self._rows = rows[np.array(links, np.int64)[self._computed]]
        self._numbers = np.array(numbers, np.int64)[self._computed]

    def read(self) -> Floats:
        """Return the traces of the pairs, provided that the topology is unchanged."""
        c = Attributes(self._store)
        traces = np.empty(len(self._places))
        stored = self._places >= 0
        traces[stored] = c.extended[self._places[stored]]
        if self._computed.size:
            weights = c.weight[self._gated].astype(np.float64)
            products = weights * sources_read(c, self._gated)
            influences = np.add.reduceat(products, self._starts)
            derivatives = c.derivative[c.target[self._rows]]
            traces[self._computed] = (
                derivatives * eligibilities(c, self._rows) * influences[self._numbers]
            )
        return traces


def sensitivity_of(target: Neuron, link: Connection | None) -> dict[Neuron, float]:
    """Return sensitivities by neuron, with respect to the weight of a connection, or to
    the bias of `target` if `link` is None.

    The caller has the neuron in use, because another thread may be in the middle of a
    step that updates them.
    """
    store = target._store
    network = store.network_at(target._row)
    live = None if network is None else network._sensitivities
    if network is None or live is None or live.current(network) is None:
        return {}
    # lowering may have moved it
    c = store.columns
    j = target._row
    # the bias follows the weights that are trainable
    offset = learning = int(c["learning"][j])
    if link is not None:
        offset = link._at - int(c["first_incoming"][j])
        if offset >= learning:
            return {}
    return live.of_parameter(target, offset)

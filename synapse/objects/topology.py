"""Topology: an immutable table of a network, from which analyses, drawings and file
formats are made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _squash, squashes
from .._checks import (
    about_network,
    expected,
    listed,
    made_elsewhere,
    pluralize,
    read_only,
    require_type,
)
from .._typing import Bools, Floats, Ints
from .._ways import CLAMPED_NEURON, LONG_DELAY
from ..engine.locking import ExclusiveAccess, consistent_read
from ..engine.read_order import is_delayed_in_order
from ..engine.schema import CONNECTION, GROUP, NEURON, NO_GATER
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError
from .connection import Connection
from .edits import crossings_of, not_closed, rows_of, rows_within
from .graph_attributes import (
    NONDEFAULT_OF_CONNECTIONS,
    NONDEFAULT_OF_NEURONS,
)
from .groups import bounds_of
from .metadata import Columns, Notes, by_number
from .network import Network
from .neuron import Neuron
from .past import past_of

# for the rooms, which do not import the engine
is_delayed = is_delayed_in_order
__all__ = ["NO_GATER", "Topology"]

OUTSIDE = -2
"""Entry in `Topology.gater` for a gater outside the table. NO_GATER means no gater."""


@made_elsewhere
@dataclass(frozen=True, eq=False, repr=False)
class Topology:
    """A snapshot of the structure and values of a network, as columns of neurons and
    connections.

    Neurons are numbered in their order of activation, and connections in their order of
    creation, like ``network.neurons`` and ``network.connections``. The arrays are
    read-only, and later changes of the network do not affect them. To make the table,
    call :meth:`Topology.of`.

    Parameters
    ----------
    name : str
        Name of the network, or "" for neurons without a network.
    description : str
        The ``repr`` of the network.
    dtype : numpy dtype
        Precision of the network. The arrays below are float64 in any case.
    inputs, outputs : int
        Number of input neurons (the first ones) and of output neurons (the last ones).
    layers : tuple of str
        Labels of the layers, in order.
    layer : ndarray of int, shape (neurons,)
        Index of each neuron's layer.
    label, squash : tuple of str
        Label and activation function of each neuron. The label is the neuron's name, or
        "neuron" with its number.
    bias, state, activation : ndarray, shape (neurons,)
        Values of the neurons.
    trainable_bias : ndarray of bool, shape (neurons,)
        Whether learning updates the bias. Biases of inputs without incoming connections
        never change.
    bias_tie : ndarray of int, shape (neurons,)
        Number of the group of neurons that share a bias, or 0 if the neuron does not
        share its bias.
    source, target : ndarray of int, shape (connections,)
        Neurons where each connection starts and ends.
    gater : ndarray of int, shape (connections,)
        Neuron that gates the connection. It is -1 without a gater, and -2 if the gater
        is not in the table.
    gain : ndarray, shape (connections,)
        Activation of the gater, or 1 without a gater.
    weight : ndarray, shape (connections,)
        Weights of the connections.
    trainable : ndarray of bool, shape (connections,)
        Whether learning updates the weight.
    tie : ndarray of int, shape (connections,)
        Number of the group of connections that share a weight, or 0 if the connection
        does not share its weight.
    neuron_metadata, connection_metadata : dict
        For each name of metadata, a dict from the number of a neuron or connection to
        its value, see :attr:`Neuron.metadata`.

    See Also
    --------
    Network.graph : Live networkx graph of a network.
    from_networkx : Make a network from a graph.

    Examples
    --------
    >>> import architect
    >>> from synapse import Topology
    >>> table = Topology.of(architect.Perceptron(2, 3, 1, seed=0))
    >>> table
    <Topology of Perceptron, 6 neurons, 9 connections>
    >>> table.source.tolist(), table.target.tolist()
    ([0, 1, 0, 1, 0, 1, 2, 3, 4], [2, 2, 3, 3, 4, 4, 5, 5, 5])
    """

    name: str
    description: str
    dtype: np.dtype[Any]
    inputs: int
    outputs: int
    layers: tuple[str, ...]
    layer: Ints
    label: tuple[str, ...]
    squash: tuple[str, ...]
    bias: Floats
    state: Floats
    activation: Floats
    trainable_bias: Bools
    bias_tie: Ints
    source: Ints
    target: Ints
    gater: Ints
    gain: Floats
    weight: Floats
    trainable: Bools
    tie: Ints
    neuron_metadata: Columns
    connection_metadata: Columns
    # the columns of NONDEFAULT_OF_NEURONS and NONDEFAULT_OF_CONNECTIONS without ties
    _unusual: dict[str, NDArray[Any]]
    _past: dict[int, Floats] = field(default_factory=dict)
    """Activations of earlier steps by their age in steps, each of shape (neurons,).
    They are 0 where no delayed connection reads them."""
    # connections and gates over the border of its neurons, those that lead into them,
    # and an example of each
    _n_boundary: int = 0
    _n_entering: int = 0
    _crossing: Connection | None = field(default=None)
    _entering: Connection | None = field(default=None)

    def __post_init__(self) -> None:
        freeze(self)

    @classmethod
    def of(cls, network: Network | Sequence[Neuron]) -> Topology:
        """Make the table of a network, or of some neurons with the connections between
        them.

        Parameters
        ----------
        network : Network or sequence of Neuron
            Network, or neurons of one or more networks. A sequence of neurons is
            treated as one layer without inputs and outputs, numbered in the given
            order.

        Returns
        -------
        Topology
            The table.

        Raises
        ------
        ArgumentTypeError
            If `network` is neither a network nor a sequence of neurons.
        ArgumentError
            If a neuron is given twice.
        TopologyError
            If a neuron has been removed from its network.

        See Also
        --------
        synapse.to_networkx : Make a graph of a network.

        Examples
        --------
        >>> import architect
        >>> net = architect.Perceptron(2, 3, 1, seed=0)
        >>> Topology.of(net["hidden"])
        <Topology, 3 neurons, 0 connections>
        """
        if isinstance(network, Network):
            return cls(**_network_facts(network))
        condition = "a Network, or a sequence of neurons"
        if advice := about_network(network):
            raise ArgumentTypeError(expected("network", condition, network, advice))
        neurons = listed("network", network, condition)
        for neuron in neurons:
            require_type(isinstance(neuron, Neuron), "network", condition, neuron)
        if len(set(neurons)) < len(neurons):
            raise ArgumentError(
                "The neurons of a topology must be distinct, got one of them twice."
            )
        with ExclusiveAccess(*neurons):
            for neuron in neurons:
                neuron._require().ensure_lowered()
            return cls(
                **_columns(neurons),
                name="",
                description=f"A group of {len(neurons)} neurons",
                inputs=0,
                outputs=0,
                layers=("",) if neurons else (),
                layer=np.zeros(len(neurons), np.int64),
            )

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return len(self.label)

    @property
    def connections(self) -> int:
        """Number of connections."""
        return len(self.source)

    @property
    def sizes(self) -> Ints:
        """Number of neurons in each layer, shape (layers,)."""
        return np.bincount(self.layer, minlength=len(self.layers))

    @property
    def _self_connected(self) -> Bools:
        """Mask of the self-connections, which carry states, shape (connections,)."""
        return np.asarray((self.source == self.target) & (self.delay == 0))

    @property
    def gated(self) -> Bools:
        """Mask of the connections that are gated by a neuron of the table, shape
        (connections,).
        """
        return np.asarray(self.gater >= 0)

    @property
    def late(self) -> Bools:
        """Mask of the connections that have a delay, or whose source activates later,
        so that they read an earlier activation.

        In a synchronous network, the mask also includes all connections whose source is
        not an input.

        The table must be that of a network, whose neurons are in the order of
        activation. Self-connections are not in the mask, because they carry over
        states.
        """
        late = self._is_late(self.source, self.target) | (self.delay > 0)
        return np.asarray(late & ~self._self_connected)

    @property
    def _late_gates(self) -> Bools:
        """Mask of the connections whose gater is the target or activates later, which
        is the same property for gains.
        """
        return np.asarray(self.gated & self._is_late(self.gater, self.target))

    def _is_late(self, read: Ints, reader: Ints) -> Bools:
        """Return whether neurons read the activations that others had in the previous
        step.

        Parameters
        ----------
        read : ndarray of int
            Numbers of the neurons that are read, as sources or gaters.
        reader : ndarray of int
            Number of the neuron that reads each of them, in the same shape.

        Returns
        -------
        ndarray of bool
        """
        first_of_group, _ = self._group_bounds
        together = self._together[read] | (
            first_of_group[read] == first_of_group[reader]
        )
        return np.asarray(is_delayed(read, reader, together))

    @property
    def _group_bounds(self) -> tuple[Ints, Ints]:
        """First neuron of each neuron's group of competitors, and the neuron after its
        last, shape (neurons,) each.

        Neighbours with the same group and activation function compete, and all softmax
        outputs do. Their activations are determined by all of their states. Every other
        neuron is alone in its group.
        """
        outputs = np.arange(self.neurons) >= self.neurons - self.outputs
        group = np.where(outputs & self._softmax, -1, self._group)
        _, kind = np.unique(np.array(self.squash, str), return_inverse=True)
        return bounds_of(np.where(group == 0, 0, (group + 2) * (len(kind) + 1) + kind))

    @property
    def synchronous(self) -> bool:
        """Whether the network is synchronous, see :class:`Network`."""
        return bool(self._together.any())

    @property
    def _together(self) -> Bools:
        """Mask of the neurons that activate together, which are all but the inputs in a
        synchronous network.
        """
        return np.asarray(self._unusual["synchronous"] != 0)

    @property
    def _softmax(self) -> Bools:
        """Mask of the softmax outputs, shape (neurons,). Neighbours are normalized
        together.
        """
        return np.array([name == squashes.softmax.name for name in self.squash], bool)

    @property
    def parameters(self) -> int:
        """Number of trainable weights and biases, counting each tied group once."""
        updated = np.arange(self.neurons) >= self.inputs
        updated[self.target] = (
            True  # biases of inputs without incoming connections never change
        )
        ties = (self.tie[self.trainable], self.bias_tie[self.trainable_bias & updated])
        return sum(
            int((tie == 0).sum()) + len(np.unique(tie[tie != 0])) for tie in ties
        )

    @property
    def sign(self) -> Ints:
        """Sign that each connection's weight keeps, +1 or -1, or 0 without a sign, see
        :attr:`Connection.sign`.
        """
        return self._unusual["sign"]

    @property
    def delay(self) -> Ints:
        """Number of steps by which each connection delays, or 0 without a delay, see
        :attr:`Connection.delay`.
        """
        return self._unusual["delay"]

    @property
    def _group(self) -> Ints:
        """Number of each neuron's group of competing neurons, or 0 without a group."""
        return self._unusual["group"]

    def _require_closed(self, doing: str, outward: bool = True) -> Topology:
        """Return the table if no connection or gate links its neurons to others,
        otherwise raise an error.

        Parameters
        ----------
        doing : str
            Participle for the message, such as "saved" or "converted to PyTorch".
        outward : bool
            Whether connections that only lead out of the table also count. Default:
            True.

        Returns
        -------
        Topology
            The table itself.

        Raises
        ------
        TopologyError
            If there are such connections. The message names one of them.
        """
        count, example = (
            (self._n_boundary, self._crossing)
            if outward
            else (self._n_entering, self._entering)
        )
        if count:
            raise not_closed(self.description, doing, count, example)
        return self

    def _past_of(self, neuron: int, steps: int) -> float:
        """Return the activation of a neuron some steps before the latest one."""
        past = self._past.get(steps) if steps else self.activation
        return 0.0 if past is None else float(past[neuron])

    @property
    def _shortest(self) -> Bools:
        """Mask of the connections that have the shortest delay between their two
        neurons, shape (connections,). Unless a pair has several connections, the mask
        contains all.
        """
        if not self.delay.any():  # a pair has one connection of a delay
            return np.ones(self.connections, bool)
        pair = self.source * self.neurons + self.target
        order = np.lexsort((self.delay, pair))
        first = np.ones(self.connections, bool)
        first[order[1:]] = pair[order[1:]] != pair[order[:-1]]
        return first

    def __repr__(self) -> str:
        whose = f" of {self.name}" if self.name else ""
        links = pluralize(self.connections, "connection")
        return f"<Topology{whose}, {pluralize(self.neurons, 'neuron')}, {links}>"


def require_released(network: Network, doing: str) -> None:
    """Raise TopologyError if a neuron is clamped, because other programs have no
    clamps. `doing` is a participle for the message.
    """
    clamped = np.flatnonzero(network._column("clamped")[network._rows()])
    if len(clamped):
        neuron = network[int(clamped[0])]
        raise CLAMPED_NEURON.error(network=network, doing=doing, neuron=neuron)


def require_delays(table: Topology, most: int, reader: str) -> None:
    """Raise TopologyError if a connection has a delay of more than `most` steps, which
    is the longest that a reader supports. `reader` begins the message.
    """
    late = np.flatnonzero(table.delay > most)
    if len(late):
        source, target = (
            table.label[int(ends[late[0]])] for ends in (table.source, table.target)
        )
        known = (
            "no delays" if most == 0 else f"delays of at most {pluralize(most, 'step')}"
        )
        raise LONG_DELAY.error(
            reader=reader,
            known=known,
            network=table.description,
            source=source,
            target=target,
            delay=pluralize(int(table.delay[late[0]]), "step"),
        )


def freeze(table: Any) -> None:
    """Make the arrays of a dataclass read-only."""
    for column in fields(table):
        value = getattr(table, column.name)
        for array in value.values() if isinstance(value, dict) else [value]:
            if isinstance(array, np.ndarray):
                read_only(array)


@consistent_read  # waits for edits in other threads, but not for their steps
def _network_facts(network: Network) -> dict[str, Any]:
    network._store.ensure_lowered()
    layers = network.layers
    return {
        **_columns(network.neurons),
        "name": network.name,
        "description": repr(network),
        "inputs": len(network.input),
        "outputs": len(network.output),
        "layers": tuple(layer._label for layer in layers),
        "layer": np.repeat(np.arange(len(layers)), [len(layer) for layer in layers]),
    }


def _columns(neurons: Sequence[Neuron]) -> dict[str, Any]:
    """Return the columns of neurons, and of the connections between them, from all of
    their stores.
    """
    stores = dict.fromkeys(neuron._store for neuron in neurons) or [Store()]
    parts = list[dict[str, Any]]()
    for store in stores:
        store.make_columns()
        parts.append(
            _part(
                store,
                neurons,
                sum(len(piece_columns["source"]) for piece_columns in parts),
            )
        )
    for column in (
        *NEURON,
        *CONNECTION,
    ):  # groups of different stores have different numbers
        used = 0
        for piece_columns in parts if column.kind is GROUP else ():
            piece_columns[column.name] = np.where(
                piece_columns[column.name],
                piece_columns[column.name].astype(np.int64) + used,
                0,
            )
            used = piece_columns[column.name].max(initial=used)
    order = np.argsort(
        np.concatenate([piece_columns.pop("numbers") for piece_columns in parts]),
        kind="stable",
    )  # as given
    facts: dict[str, Any] = {}
    for name in (*_OF_NEURONS, *_OF_CONNECTIONS, "source", "target", "gater", "gain"):
        values = (
            parts[0][name]
            if len(parts) == 1
            else np.concatenate([piece_columns[name] for piece_columns in parts])
        )
        facts[name] = values[order] if name in _OF_NEURONS else values
    labels = [label for columns in parts for label in columns["label"]]
    codes = [
        code for piece_columns in parts for code in piece_columns["squash"].tolist()
    ]
    facts["label"] = tuple(labels[i] for i in order.tolist())
    facts["squash"] = tuple(_squash.by_code(codes[i]).name for i in order.tolist())
    facts["dtype"] = parts[0]["dtype"]
    past = [piece_columns["past"] for piece_columns in parts]
    facts["_past"] = {
        steps: np.concatenate(
            [
                piece.get(steps, np.zeros(len(piece_columns["label"])))
                for piece, piece_columns in zip(past, parts, strict=True)
            ]
        )[order]
        for steps in sorted({steps for piece in past for steps in piece})
    }
    for name in ("neuron_metadata", "connection_metadata"):
        facts[name] = joined = dict[Any, dict[int, Any]]()
        for piece_columns in parts:
            for key, column in piece_columns[name].items():
                joined.setdefault(key, {}).update(column)
    facts["_unusual"] = {name: facts.pop(name) for name in _UNUSUAL}
    return {
        **facts,
        **crossings_of([piece_columns["members"] for piece_columns in parts]),
    }


_RARE = [
    [column.name for column in rare.values()]
    for rare in (NONDEFAULT_OF_NEURONS, NONDEFAULT_OF_CONNECTIONS)
]
_OF_NEURONS = ("bias", "state", "activation", "trainable_bias", *_RARE[0])
_OF_CONNECTIONS = ("weight", "trainable", *_RARE[1])
_UNUSUAL = {*_RARE[0], *_RARE[1]} - {"tie", "bias_tie"}


def _part(store: Store, neurons: Sequence[Neuron], first_number: int) -> dict[str, Any]:
    """Return the columns of the neurons in one store, and of the connections between
    them, numbered from `first_number`.
    """
    mine = np.array(
        [i for i, neuron in enumerate(neurons) if neuron._store is store], np.int64
    )
    rows = rows_of(neurons[i] for i in mine.tolist())
    number = np.full(store.n_neurons + 1, OUTSIDE, np.int64)
    number[rows] = mine
    number[-1] = NO_GATER
    edges = rows_within(store, number >= 0)
    gater = np.minimum(store.gaters(edges), store.n_neurons)
    notes = Notes() if store.notes is None else store.notes
    return {
        "neuron_metadata": by_number(notes.neurons, neurons),
        "connection_metadata": (
            by_number(
                notes.connections, store["identity"][edges].tolist(), first_number
            )
            if notes.connections
            else {}
        ),
        "dtype": store.dtype,
        "members": (store, number >= 0),
        "numbers": mine,
        "label": [store.names[row] or f"neuron {row}" for row in rows.tolist()],
        "squash": store["squash"][rows],
        "past": past_of(store, rows),
        **{name: _typed(store[name][rows], name) for name in _OF_NEURONS},
        "source": number[store["source"][edges]],
        "target": number[store["target"][edges]],
        "gater": number[gater],
        "gain": np.append(store["activation"], 1.0)[gater].astype(np.float64),
        **{name: _typed(store[name][edges], name) for name in _OF_CONNECTIONS},
    }


def _typed(values: NDArray[Any], name: str) -> NDArray[Any]:
    """Convert the values of a column to float64, or to booleans or integers."""
    number_type = bool if name in ("trainable_bias", "trainable") else np.int64
    return values.astype(np.float64 if values.dtype.kind == "f" else number_type)

"""Read and write files of Synaptic 1.1.4, a JavaScript library.

Identity neurons called relays represent features that Synapse does not have: in
Synapse, a pair of neurons has at most one connection, and a gate is closed until its
gater first activates, whereas Synaptic differs in both. Weights and biases of relays
are not trainable, and therefore all other weights learn as they would without relays.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from .._checks import boolean, pluralize, suggests_arguments, warn
from .._squash import ACTIVATIONS
from .._typing import Ints
from ..errors import ArgumentError, FormatError, SynapseWarning, TopologyError
from ..objects.network import Network
from ..objects.saved import SavedNetwork
from ..objects.topology import (
    NO_GATER,
    Topology,
    is_delayed,
    require_delays,
    require_released,
)
from . import _files
from ._file_checks import (
    Records,
    is_whole,
    members,
    warn_of_connections_into_inputs,
)
from ._formats import Format

SQUASHES = {
    entry.synaptic: entry.name for entry in ACTIVATIONS.values() if entry.synaptic
}
"""Activation functions of Synaptic, with their names in Synapse."""

NUMBERS = {
    "state": "state",
    "old": "old_state",
    "activation": "activation",
    "bias": "bias",
}
"""Names of a neuron's numbers in Synaptic, with their columns."""

NEURON = (*NUMBERS, "layer", "squash")
CONNECTION = ("from", "to", "weight", "gater")


class SynapticWarning(SynapseWarning):
    """A network behaves slightly differently in the other library."""


@suggests_arguments()
def synaptic_data(network: Network) -> dict[str, Any]:
    """Convert a network to the form of Synaptic's ``toJSON``.

    Synaptic's files cannot store names, traces, errors, ties, trainable flags
    (everything except self-connections is trainable there) and float32. All other
    properties are preserved.

    Parameters
    ----------
    network : Network
        The network. Its squashes must be among those of Synaptic: logistic, tanh,
        identity, step or relu.

    Returns
    -------
    dict
        ``{"neurons": [...], "connections": [...]}``, of plain numbers.

    Raises
    ------
    ArgumentError
        If Synaptic does not have the squash of a neuron.
    TopologyError, DivergenceError
        As for :func:`synapse.save`, and if a connection has a delay.

    Warns
    -----
    SynapticWarning
        If a self-connection has a weight other than 1, which Synaptic reads as 1.

    Notes
    -----
    Because files contain no gains, gates that activate after the target of their
    connection are open for one step when Synaptic has read the file. To read it without
    this effect, call ``from_synaptic_data(data, resume=True)``.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> synaptic_data(Network(a, [], b))["connections"]
    [{'from': 0, 'to': 1, 'weight': 0.5, 'gater': None}]
    """
    saved = SavedNetwork.of(network)
    if network.synchronous:
        raise TopologyError(
            f"Synaptic updates neurons one by one, but {network!r} is synchronous."
            " Write a clone with clone.synchronous = False."
        )
    require_released(network, "written for Synaptic")
    theirs = {ours: name for name, ours in SQUASHES.items()}
    for neuron in network:
        if neuron.squash.name not in theirs:
            raise ArgumentError(
                f"{neuron!r} cannot be written for Synaptic, which supports"
                f" {', '.join(theirs)}. Set another squash, or keep the network with"
                " synapse.save."
            )
    table = Topology.of(network)
    require_delays(table, 0, "Synaptic")
    columns = (saved.neurons[name].tolist() for name in NUMBERS.values())
    names = ["input", *range(len(table.layers) - 2), "output"]
    layers = [names[number] for number in table.layer.tolist()]
    rows = zip(*columns, layers, map(theirs.get, table.squash), strict=True)
    other = np.flatnonzero(table._self_connected & (table.weight != 1.0))
    if len(other):
        message = (
            "Synaptic will read 1 as the weight of"
            f" {pluralize(len(other), 'self-connection')}, such as that of neuron"
            f" {table.source[other[0]]}, which is {table.weight[other[0]]:.4g}."
        )
        warn(message, SynapticWarning)
    ends = (column.tolist() for column in (table.source, table.target, table.weight))
    links = zip(*ends, Records.or_null(table.gater), strict=True)
    return {
        "neurons": [
            {
                "trace": {"elegibility": {}, "extended": {}},
                **dict(zip(NEURON, row, strict=True)),
            }
            for row in rows
        ],
        "connections": [dict(zip(CONNECTION, row, strict=True)) for row in links],
    }


@suggests_arguments("from_synaptic_data")
def from_synaptic_data(
    data: dict[str, Any], *, resume: Annotated[bool, boolean] = False
) -> Network:
    """Make a network from the result of Synaptic's ``toJSON``.

    Unless connections repeat, its outputs equal Synaptic's outputs after
    ``Network.fromJSON(data)``. As in Synaptic, inputs without incoming connections lose
    their bias (the first activation sets it to 0), an input that gates a connection
    leaves it open, and all connections except self-connections are trainable. Traces,
    which Synaptic ignores, are not read.

    Parameters
    ----------
    data : dict
        ``{"neurons": [...], "connections": [...]}``.
    resume : bool
        Whether to continue as the network that wrote the file, in which late gates that
        have activated still have their activation from the file. This is exact unless
        two neurons gated one connection, see the notes. Default: False, to behave as
        Synaptic after reading, where late gates are open for one step.

    Returns
    -------
    Network
        A network in float64. Late gates and repeated connections are represented by
        identity neurons, most of which are in a layer named "relays" directly after the
        inputs, see the notes.

    Raises
    ------
    FormatError
        If `data` does not describe a network, has a squash that Synaptic does not have,
        or has two connections from one output to another with different gaters.

    Warns
    -----
    SynapticWarning
        If two connections have the same source and target, which Synaptic's ``project``
        allows by mistake.
    TopologyWarning
        If connections lead into inputs, which never act.

    Notes
    -----
    A gate is late if it activates after the target of its connection. After Synaptic
    has read a file, late gates are open for one step. Synapse represents each by a
    relay that is 1 in the first step and afterwards has the gate's previous activation.
    ``clear()`` closes these gates, like all gates.

    Connections with the same source and target all count, as in the network that wrote
    the file, although Synaptic usually gives the first the weight of the last when it
    reads them. Synapse makes one connection for each gater, with the sum of the
    weights, and all but the first lead through a relay. If a connection has two gaters,
    the file contains only one of them, and therefore no reader can continue as that
    network.

    Examples
    --------
    >>> neuron = {"state": 0, "old": 0, "activation": 0, "bias": 0, "squash": "TANH"}
    >>> neurons = [{**neuron, "layer": "input"}, {**neuron, "layer": "output"}]
    >>> link = {"from": 0, "to": 1, "weight": 0.5, "gater": None}
    >>> net = from_synaptic_data({"neurons": neurons, "connections": [link]})
    >>> net
    <Network 1-1, 2 neurons, 1 connection>
    """
    members("A network of Synaptic", data, ("neurons", "connections"))
    neurons = Records.of_records("neuron", data, "neurons", NEURON, optional=("trace",))
    connections = Records.of_records("connection", data, "connections", CONNECTION)
    neurons.reread(["layer"], whole_or_given)
    connections.reread(["from", "to", "gater"], whole_or_given)
    number, layers = _order(neurons)
    edges = {
        "source": connections.indices("from", neurons),
        "target": connections.indices("to", neurons),
        "gater": connections.indices("gater", neurons, null="not gated"),
    }
    edges = _renumbered(edges, number) | {"weight": connections.numbers("weight")}
    order = np.argsort(number)
    columns = {ours: neurons.numbers(theirs)[order] for theirs, ours in NUMBERS.items()}
    condition = (
        f"one of {', '.join(SQUASHES)} (Synaptic does not save custom functions)"
    )
    names = neurons.values(
        "squash", condition, lambda name: type(name) is str and name in SQUASHES
    )
    columns["squash"] = np.array([SQUASHES[name] for name in names], object)[order]
    columns["trainable_bias"] = np.ones(neurons.length, bool)
    clamped = np.arange(neurons.length) < layers[0]
    clamped[edges["target"]] = False
    columns["bias"][clamped] = 0.0
    edges["gater"][edges["gater"] < layers[0]] = NO_GATER  # an input never sets a gain
    edges = _without_repeats(edges)
    edges["trainable"] = edges["source"] != edges["target"]
    parts = Parts(layers, columns, edges)
    parts.connect_once()
    gater = parts.edges["gater"]
    fired = np.any(
        [parts.neurons[name] != 0.0 for name in ("state", "old_state", "activation")],
        axis=0,
    )
    parts.open_gates(~(resume & fired[gater] & (gater != NO_GATER)))
    return parts.network()


def _order(neurons: Records) -> tuple[Ints, list[int]]:
    """Return the new number of each neuron in the file, and the sizes of the layers."""

    def place(layer: Any) -> int | None:
        """Return the position in the order of layers, with inputs before and outputs
        after every number.
        """
        if isinstance(layer, str):
            return {"input": -1, "output": neurons.length}.get(layer)
        return layer if is_whole(layer, 0, neurons.length - 1) else None

    condition = "'input', 'output' or the number of a hidden layer"
    layers = neurons.values("layer", condition, lambda layer: place(layer) is not None)
    places = np.array([place(layer) for layer in layers], np.int64)
    distinct, sizes = np.unique(places, return_counts=True)
    if distinct.tolist() != [-1, *range(len(distinct) - 2), neurons.length]:
        raise FormatError(
            "The layers must be 'input', 0, 1, ... and 'output', and none of them"
            " empty."
        )
    number = np.empty(neurons.length, np.int64)
    number[np.argsort(places, kind="stable")] = np.arange(neurons.length)
    return number, sizes.tolist()


def whole_or_given(value: Any) -> Any:
    """Convert a string of digits, which older versions of Synaptic and Neataptic write
    for indices, to a number.
    """
    digits = (
        type(value) is str and value.isascii() and value.isdecimal() and len(value) < 19
    )
    return int(value) if digits else value


def _without_repeats(edges: dict[str, Any]) -> dict[str, Any]:
    """Merge connections that have the same source, target and gater."""
    originals, again = repeated(edges)
    if not len(again):
        return edges
    loops = again[edges["source"][again] == edges["target"][again]]
    if len(loops):
        raise FormatError(
            f"The connections {originals[loops[0]]} and {loops[0]} both lead from one"
            " neuron to itself, which Synaptic never writes. Remove one."
        )
    ends = np.stack([edges["source"], edges["target"], edges["gater"]])
    _, kept, inverse = np.unique(ends, axis=1, return_index=True, return_inverse=True)
    weight = np.zeros(len(kept))
    with np.errstate(over="ignore", under="ignore"):
        np.add.at(weight, inverse.reshape(-1), edges["weight"])
    if not np.isfinite(weight).all():
        raise FormatError("The weights of repeated connections have no finite sum.")
    warn(
        f"The data repeat {pluralize(len(again), 'connection')}, such as connection"
        f" {originals[again[0]]} as connection {again[0]}. All of them count, as in the"
        " network that was written.",
        SynapticWarning,
    )
    order = np.argsort(kept)
    return {name: column[kept[order]] for name, column in edges.items()} | {
        "weight": weight[order]
    }


# --- relays ---------------------------------------------------------------------------


def repeated(edges: dict[str, Any]) -> tuple[Ints, Ints]:
    """Return the first connection with the same source and target for each connection,
    and the connections that are not the first.
    """
    pairs = edges["source"] << 32 | edges["target"]
    _, rows, inverse = np.unique(pairs, return_index=True, return_inverse=True)
    return rows[inverse], np.flatnonzero(rows[inverse] != np.arange(len(pairs)))


def _renumbered(edges: dict[str, Any], number: Ints) -> dict[str, Any]:
    """Return the connections with the new numbers of neurons."""
    numbers = np.append(number, NO_GATER)  # whose last one is that of NO_GATER
    return edges | {end: numbers[edges[end]] for end in ("source", "target", "gater")}


def _longer(columns: dict[str, Any], count: int, new: dict[str, Any]) -> dict[str, Any]:
    """Extend columns by rows, which contain 0 unless values are given."""
    added = {name: np.broadcast_to(new.get(name, 0), count) for name in columns}
    return {
        name: np.append(column, added[name].astype(column.dtype))
        for name, column in columns.items()
    }


class Parts:
    """The columns of a network that is read, to which relays can be added.

    Relays are the last neurons here. Their `places` determine the neurons between which
    they activate.
    """

    def __init__(
        self, layers: list[int], neurons: dict[str, Any], edges: dict[str, Any]
    ) -> None:
        self.layers = layers
        self.neurons = neurons
        self.edges = edges
        self.places = np.arange(float(sum(layers)))

    def relay(self, before: Ints, activation: NDArray[Any]) -> Ints:
        """Add an identity neuron before each of these neurons, and return their
        numbers.
        """
        numbers = len(self.places) + np.arange(len(before))
        self.places = np.append(self.places, before - 0.5)
        self.neurons = _longer(
            self.neurons, len(before), {"squash": "identity", "activation": activation}
        )
        return numbers

    def connect(self, source: Ints, target: Ints, weight: NDArray[Any]) -> None:
        """Add connections that are not trainable."""
        new = {"source": source, "target": target, "weight": weight, "gater": NO_GATER}
        self.edges = _longer(self.edges, len(source), new)

    def connect_once(self) -> None:
        """Start each repeated connection from a relay instead.

        The relay has the activation that the target would read: if the source activates
        before the target, it activates directly after the source; otherwise directly
        after the inputs.
        """
        originals, again = repeated(self.edges)
        sources, targets = (self.edges[end][again] for end in ("source", "target"))
        before = np.where(
            (sources < targets) & (sources >= self.layers[0]),
            sources + 1,
            self.layers[0],
        )
        between = again[before > sum(self.layers[:-1])]
        if len(between):
            raise FormatError(
                f"The connections {originals[between[0]]} and {between[0]} lead from"
                " one output to another with different gaters, and cannot be merged."
                " Remove one."
            )
        relays = self.edges["source"][again] = self.relay(before, np.zeros(len(again)))
        self.connect(sources, relays, np.ones(len(again)))

    def open_gates(self, gated: NDArray[np.bool_]) -> None:
        """Open the delayed gates of these connections in the first step.

        A gate is delayed if it activates after the target, so that the gain is its
        activation of the previous step. Its relay, directly after the inputs, reads
        that activation, and a neuron that is 1 before the first step and 0 afterwards,
        so that the sum is 1 in the first step.
        """
        gater, target = self.edges["gater"], self.edges["target"]
        delayed = (
            gated
            & (gater != NO_GATER)
            & is_delayed(self.places[gater], self.places[target], False)
        )
        gates, gate_of = np.unique(gater[delayed], return_inverse=True)
        if len(gates):
            lacking = 1.0 - self.neurons["activation"][gates]
            before = np.full(len(gates) + 1, self.layers[0])
            *relays, start = self.relay(before, np.append(np.zeros(len(gates)), 1.0))
            self.edges["gater"][delayed] = np.array(relays)[gate_of]
            self.connect(gates, np.array(relays), np.ones(len(gates)))
            self.connect(np.full(len(gates), start), np.array(relays), lacking)

    def network(self) -> Network:
        """Return the network; relays directly after the inputs have their own layer."""
        order = np.argsort(self.places, kind="stable")
        hidden = len(self.layers) - 2
        layer = np.searchsorted(np.cumsum(self.layers), self.places, "right").astype(
            float
        )
        layer[self.places == self.layers[0] - 0.5] = 0.5
        present, sizes = np.unique(layer, return_counts=True)
        usual = [
            "input",
            *(f"hidden {i + 1}" if hidden > 1 else "hidden" for i in range(hidden)),
            "output",
        ]
        names: dict[float, str] = {0.5: "relays", **dict(enumerate(usual))}
        layers = list(
            zip(map(names.get, present.tolist()), sizes.tolist(), strict=True)
        )
        neurons = {name: column[order] for name, column in self.neurons.items()}
        neurons["initial_bias"] = neurons["bias"]
        edges = _renumbered(self.edges, np.argsort(order))
        warn_of_connections_into_inputs(edges["target"], self.layers[0])
        return SavedNetwork(None, np.float64, layers, None, neurons, edges).network()


FORMAT = Format(
    name="synaptic",
    purpose="Synaptic 1.1.4",
    kept=(
        "layers, weights, gates (late ones by relays), biases, five squashes, states,"
        " activations"
    ),
    lost=(
        "names, traces, ties, what is trainable, float32, weights of self-connections"
        " other than 1"
    ),
    link="https://github.com/cazala/synaptic/wiki/Networks",
    data=synaptic_data,
    from_data=from_synaptic_data,
    write=_files.write_document,
    read=_files.read_document,
)

"""The files of Synaptic 1.1.4, the JavaScript library, read and written."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import boolean
from .._saved import Parts, put_together, take_apart
from .._typing import Ints
from ..errors import ArgumentError, FormatError
from ..network import Network
from ..topology import NO_GATER
from . import files
from ._checks import Table, is_whole, members
from ._formats import Format
from ._relays import first_of_pair, with_open_gates, with_pairs_once

__all__ = ["SynapticWarning", "from_synaptic_data", "read_synaptic", "synaptic_data", "write_synaptic"]

SQUASHES = {"LOGISTIC": "logistic", "TANH": "tanh", "IDENTITY": "identity", "HLIM": "step", "RELU": "relu"}
"""The activation functions of Synaptic, and what they are called here."""

NUMBERS = {"state": "state", "old": "old_state", "activation": "activation", "bias": "bias"}
"""A neuron's numbers in Synaptic, and their columns."""

NEURON = (*NUMBERS, "layer", "squash")
CONNECTION = ("from", "to", "weight", "gater")


class SynapticWarning(UserWarning):
    """A network means something slightly different on the other side."""


def read_synaptic(path: files.File, *, resume: bool = False) -> Network:
    """Read a network that Synaptic has written (``JSON.stringify(network.toJSON())``).

    See :func:`from_synaptic_data` for what is kept, and for `resume`. Raises as :func:`synapse.load` does.
    """
    with files.reading(path):
        return from_synaptic_data(files.read_document(path), resume=resume)


def write_synaptic(network: Network, path: files.File) -> None:
    """Write a network for Synaptic to read (``Network.fromJSON(JSON.parse(text))``).

    See :func:`synaptic_data` for what is kept. A file that is there is replaced in one step.
    """
    files.write_document(path, synaptic_data(network))


def synaptic_data(network: Network) -> dict[str, Any]:
    """A network as Synaptic's ``toJSON`` gives it.

    Kept are layers, connections, weights, gaters, biases, squashes, states and activations.
    Lost are names, traces and errors (Synaptic 1.1.4 writes none), what is tied, what is trainable
    (there, all but self-connections), and float32.

    Parameters
    ----------
    network : Network
        Every squash must be known to Synaptic: logistic, tanh, identity, step or relu.

    Returns
    -------
    dict
        ``{"neurons": [...], "connections": [...]}``, of plain numbers.

    Raises
    ------
    ArgumentError
        If Synaptic does not know the squash of a neuron.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Warns
    -----
    SynapticWarning
        If a self-connection has another weight than 1, which Synaptic reads as 1.

    Notes
    -----
    A file says nothing of gains: gates that come later in the order than what they gate are open for
    one step after Synaptic has read it. ``from_synaptic_data(data, resume=True)`` reads it without that.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> synaptic_data(Network(a, [], b))["connections"]
    [{'from': 0, 'to': 1, 'weight': 0.5, 'gater': None}]
    """
    parts = take_apart(network)
    _require_known_squashes(network)
    columns = (parts.neurons[name].tolist() for name in NUMBERS.values())
    theirs = {ours: name for name, ours in SQUASHES.items()}
    rows = zip(*columns, _layer_names(parts), map(theirs.get, parts.neurons["squash"]), strict=True)
    edges = parts.connections
    ends = (edges[key].tolist() for key in ("source", "target", "weight"))
    _warn_of_self_weights(edges)
    links = zip(*ends, Table.or_null(edges["gater"]), strict=True)
    return {
        "neurons": [
            {"trace": {"elegibility": {}, "extended": {}}, **dict(zip(NEURON, row, strict=True))}
            for row in rows
        ],
        "connections": [dict(zip(CONNECTION, row, strict=True)) for row in links],
    }


def _require_known_squashes(network: Network) -> None:
    for neuron in network:
        if neuron.squash.name not in SQUASHES.values():
            raise ArgumentError(
                f"{neuron!r} cannot be written for Synaptic, which knows {', '.join(SQUASHES.values())}. "
                "Set another squash, or keep the network with synapse.save."
            )


def _layer_names(parts: Parts) -> list[str | int]:
    """Of every neuron, what Synaptic calls its layer."""
    names = ["input", *range(len(parts.layers) - 2), "output"]
    return [name for name, (_, size) in zip(names, parts.layers, strict=True) for _ in range(size)]


def _warn_of_self_weights(edges: dict[str, Any]) -> None:
    other = np.flatnonzero((edges["source"] == edges["target"]) & (edges["weight"] != 1.0))
    if len(other):
        i = other[0]
        message = (
            f"{len(other)} self-connection(s) have another weight than 1, which Synaptic will read as 1, "
            f"such as that of neuron {edges['source'][i]}: {edges['weight'][i]:.4g}."
        )
        warnings.warn(message, SynapticWarning, stacklevel=3)


def from_synaptic_data(data: dict[str, Any], *, resume: bool = False) -> Network:
    """The network that Synaptic's ``toJSON`` has described.

    It gives the outputs that Synaptic gives after ``Network.fromJSON(data)``: layers, connections,
    weights, gaters, biases, squashes, states and activations are kept, and neurons activate in the
    order of the list. As in Synaptic, inputs without incoming connections lose their bias, which the
    first activation there sets to 0, an input that gates a connection leaves it open, and all
    connections but self-connections are trained. Traces are not read: Synaptic 1.1.4 writes none and
    ignores those of older files.

    Parameters
    ----------
    data : dict
        ``{"neurons": [...], "connections": [...]}``.
    resume : bool
        Synaptic itself does not go on after reading a file as the network did that wrote it. True
        goes on as that network: late gates that have fired are not open but have the activation that
        was written, and repeated connections all count. Default False: as Synaptic after reading.

    Returns
    -------
    Network
        In float64. Where Synaptic allows what networks here do not, a layer named "relays", right
        after the inputs, has identity neurons that stand for it, see the notes.

    Raises
    ------
    FormatError
        If `data` does not describe a network, or has a squash that Synaptic does not name; or if two
        connections lead from one output to another one with different gaters.

    Warns
    -----
    SynapticWarning
        If two connections link the same neurons, as Synaptic's ``project`` allows by mistake.

    Notes
    -----
    A gate is late where it comes after what it gates in the order. After Synaptic has read a file, late
    gates are open for one step. Here each has a relay that is 1 in the first step and then passes on
    the gate's activation of the step before. ``clear()`` closes them, like all gates.

    Of connections that link the same neurons, Synaptic keeps the first one it has read and gives it
    the weight of the last, unless a connection leads back already: then all of them count. Those that
    count have one connection with the sum of their weights for each gater, the second one by way of
    a relay.

    Synaptic writes one gater for a connection that two neurons gate, so that no reader can go on as
    that network: `resume` takes the gater that is in the file.

    Examples
    --------
    >>> neuron = {"state": 0, "old": 0, "activation": 0, "bias": 0, "squash": "LOGISTIC"}
    >>> neurons = [{**neuron, "layer": "input"}, {**neuron, "layer": "output", "squash": "TANH"}]
    >>> link = {"from": 0, "to": 1, "weight": 0.5, "gater": None}
    >>> net = from_synaptic_data({"neurons": neurons, "connections": [link]})
    >>> net
    <Network 1-1, 2 neurons, 1 connections>
    """
    boolean("The resume", resume)
    members("A network of Synaptic", data, ("neurons", "connections"))
    neurons = Table.of_records("neuron", data, "neurons", NEURON, optional=("trace",))
    connections = Table.of_records("connection", data, "connections", CONNECTION)
    neurons.reread(["layer"], _whole)
    connections.reread(["from", "to", "gater"], _whole)
    number, layers = _order(neurons)
    edges = _edges(connections, neurons, number)
    order = np.argsort(number)
    columns = {ours: neurons.numbers(theirs)[order] for theirs, ours in NUMBERS.items()}
    condition = f"one of {', '.join(SQUASHES)} (functions of one's own are lost when Synaptic writes)"
    names = neurons.values("squash", condition, lambda name: type(name) is str and name in SQUASHES)
    columns["squash"] = np.array([SQUASHES[name] for name in names], object)[order]
    clamped = np.arange(len(neurons)) < layers[0][1]
    clamped[edges["target"]] = False
    columns["bias"][clamped] = 0.0
    edges["gater"][edges["gater"] < layers[0][1]] = NO_GATER  # what is clamped never sets a gain
    edges = _without_repeats(edges, len(neurons), resume)
    edges["trainable"] = edges["source"] != edges["target"]
    parts = with_pairs_once(Parts(None, np.float64, layers, None, columns, edges))
    return put_together(with_open_gates(parts, _open(parts, resume)))


def _open(parts: Parts, resume: bool) -> NDArray[np.bool_]:
    """Whether the gate of each connection, if it is late, is open in the first step."""
    gater = parts.connections["gater"]
    fired = np.any([parts.neurons[name] != 0.0 for name in ("state", "old_state", "activation")], axis=0)
    open_: NDArray[np.bool_] = ~fired[np.where(gater == NO_GATER, 0, gater)] | (not resume)
    return open_


def _order(neurons: Table) -> tuple[Ints, list[tuple[None, int]]]:
    """The number that each neuron of the file gets here, and the sizes of the layers."""

    def place(layer: Any) -> int | None:
        """Where in the order of layers: inputs before, outputs after every number."""
        if isinstance(layer, str):
            return {"input": -1, "output": len(neurons)}.get(layer)
        return layer if is_whole(layer, 0, len(neurons) - 1) else None

    condition = "'input', 'output' or the number of a hidden layer"
    layers = neurons.values("layer", condition, lambda layer: place(layer) is not None)
    places = np.array([place(layer) for layer in layers], np.int64)
    found, sizes = np.unique(places, return_counts=True)
    wanted = [-1, *range(len(found) - 2), len(neurons)]
    if found.tolist() != wanted:
        raise FormatError("The layers must be 'input', 0, 1, ... and 'output', and none of them empty.")
    number = np.empty(len(neurons), np.int64)
    number[np.argsort(places, kind="stable")] = np.arange(len(neurons))
    return number, [(None, size) for size in sizes.tolist()]


def _whole(value: Any) -> Any:
    """The number in a string of digits, as which older versions of Synaptic write indices."""
    digits = type(value) is str and value.isascii() and value.isdecimal() and len(value) < 19
    return int(value) if digits else value


def _edges(connections: Table, neurons: Table, number: Ints) -> dict[str, Any]:
    """The connections' columns, in numbers of neurons here."""
    source, target = (number[connections.indices(end, neurons)] for end in ("from", "to"))
    gater = connections.indices("gater", neurons, null="not gated")
    gater[gater != NO_GATER] = number[gater[gater != NO_GATER]]
    _refuse_loops_twice(source, target)
    return {"source": source, "target": target, "gater": gater, "weight": connections.numbers("weight")}


def _refuse_loops_twice(source: Ints, target: Ints) -> None:
    loops = np.flatnonzero(source == target)
    first = first_of_pair(source[loops], target[loops])
    again = np.flatnonzero(first != np.arange(len(loops)))
    if len(again):
        raise FormatError(
            f"The connections {loops[first[again[0]]]} and {loops[again[0]]} both lead from one neuron to "
            "itself, which Synaptic never writes. Remove one."
        )


def _without_repeats(edges: dict[str, Any], neurons: int, resume: bool) -> dict[str, Any]:
    """The connections without those that another one can stand for."""
    first = first_of_pair(edges["source"], edges["target"])
    again = np.flatnonzero(first != np.arange(len(first)))
    if not len(again):
        return edges
    if not resume:
        edges = _overwritten(edges, neurons)
    edges = _summed(edges)
    warnings.warn(
        f"{len(again)} connection(s) repeat another one, such as connection {again[0]} the connection "
        f"{first[again[0]]}. They are read as from_synaptic_data describes.",
        SynapticWarning,
        stacklevel=3,
    )
    return edges


def _overwritten(edges: dict[str, Any], neurons: int) -> dict[str, Any]:
    """What Synaptic makes of repeated connections as it reads them one by one.

    It finds the earlier one and gives it the weight of the later, unless a connection leads back
    already: then it takes that for the earlier one, and makes a second.
    """
    weight, gaters = edges["weight"].copy(), [[gater] for gater in edges["gater"].tolist()]
    made: dict[tuple[int, int], int] = {}
    kept = []
    for i, pair in enumerate(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True)):
        if pair in made and pair[::-1] not in made:
            weight[made[pair]] = weight[i]
            gaters[made[pair]] += gaters[i]
        else:
            made.setdefault(pair, i)
            kept.append(i)
    gater = [_latest(both, target, neurons) for both, target in zip(gaters, edges["target"], strict=True)]
    edges = {**edges, "weight": weight, "gater": np.array(gater, np.int64)}
    return {name: column[kept] for name, column in edges.items()}


def _latest(gaters: list[int], target: int, neurons: int) -> int:
    """The gater that has fired last when the target fires; it sets the gain."""
    return max((g for g in gaters if g != NO_GATER), key=lambda g: (g - target) % neurons, default=NO_GATER)


def _summed(edges: dict[str, Any]) -> dict[str, Any]:
    """The connections, those alike (of one source, target and gater) as one with the sum of their weights."""
    ends = np.stack([edges["source"], edges["target"], edges["gater"]])
    _, first, inverse = np.unique(ends, axis=1, return_index=True, return_inverse=True)
    first = first[inverse.reshape(-1)]
    weight = np.zeros(len(first))
    with np.errstate(over="ignore"):
        np.add.at(weight, first, edges["weight"])
    if not np.isfinite(weight).all():
        raise FormatError("The weights of repeated connections have no finite sum.")
    kept = first == np.arange(len(first))
    return {name: column[kept] for name, column in {**edges, "weight": weight}.items()}


FORMAT = Format(
    name="synaptic",
    what="Synaptic 1.1.4",
    kept="layers, weights, gates (late ones by way of relays), biases, five squashes, states, activations",
    lost="names, traces, ties, what is trainable, float32, weights of self-connections other than 1",
    link="https://github.com/cazala/synaptic/wiki/Networks",
    write=write_synaptic,
    read=read_synaptic,
    data=synaptic_data,
    from_data=from_synaptic_data,
    marks=frozenset({"neurons", "connections"}),
)

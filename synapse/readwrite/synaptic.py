"""Read and write files of Synaptic 1.1.4, the JavaScript library."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import boolean, level_of_caller
from .._typing import Ints
from ..errors import ArgumentError, FormatError
from ..objects.network import Network
from ..objects.state import SavedNetwork, from_saved, to_saved
from ..objects.topology import NO_GATER
from ..squash import ACTIVATIONS
from . import files
from ._checks import Records, is_whole, members
from ._formats import Format
from ._relays import first_of_pair, with_open_gates, with_pairs_once

__all__ = ["SynapticWarning", "from_synaptic_data", "synaptic_data"]

SQUASHES = {one.synaptic: one.name for one in ACTIVATIONS.values() if one.synaptic}
"""Activation functions of Synaptic, and their names in Synapse."""

NUMBERS = {"state": "state", "old": "old_state", "activation": "activation", "bias": "bias"}
"""Names of a neuron's numbers in Synaptic, and their columns."""

NEURON = (*NUMBERS, "layer", "squash")
CONNECTION = ("from", "to", "weight", "gater")


class SynapticWarning(UserWarning):
    """A network behaves slightly differently in the other library."""


def synaptic_data(network: Network) -> dict[str, Any]:
    """Convert a network to the form of Synaptic's ``toJSON``.

    It preserves layers, connections, weights, gaters, biases, squashes, states and activations.
    It does not preserve names, traces and errors (Synaptic 1.1.4 writes none), ties, trainable flags
    (in Synaptic everything but self-connections is trainable), and float32.

    Parameters
    ----------
    network : Network
        The network. Synaptic must have each of its squashes: logistic, tanh, identity, step or relu.

    Returns
    -------
    dict
        ``{"neurons": [...], "connections": [...]}``, of plain numbers.

    Raises
    ------
    ArgumentError
        If Synaptic does not have the squash of a neuron.
    TopologyError, DivergenceError
        As for :func:`synapse.save`.

    Warns
    -----
    SynapticWarning
        If a self-connection has a weight other than 1, which Synaptic reads as 1.

    Notes
    -----
    A file has no gains: after Synaptic has read it, gates that activate after the targets they gate are open
    for one step. ``from_synaptic_data(data, resume=True)`` reads the file without this effect.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> synaptic_data(Network(a, [], b))["connections"]
    [{'from': 0, 'to': 1, 'weight': 0.5, 'gater': None}]
    """
    saved = to_saved(network)
    _require_known_squashes(network)
    columns = (saved.neurons[name].tolist() for name in NUMBERS.values())
    theirs = {ours: name for name, ours in SQUASHES.items()}
    rows = zip(*columns, _layer_names(saved), map(theirs.get, saved.neurons["squash"]), strict=True)
    edges = saved.connections
    ends = (edges[key].tolist() for key in ("source", "target", "weight"))
    _warn_of_self_weights(edges)
    links = zip(*ends, Records.or_null(edges["gater"]), strict=True)
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


def _layer_names(saved: SavedNetwork) -> list[str | int]:
    """Synaptic's name of the layer of every neuron."""
    names = ["input", *range(len(saved.layers) - 2), "output"]
    return [name for name, (_, size) in zip(names, saved.layers, strict=True) for _ in range(size)]


def _warn_of_self_weights(edges: dict[str, Any]) -> None:
    other = np.flatnonzero((edges["source"] == edges["target"]) & (edges["weight"] != 1.0))
    if len(other):
        i = other[0]
        message = (
            f"{len(other)} self-connection(s) have a weight other than 1, which Synaptic will read as 1, "
            f"such as that of neuron {edges['source'][i]}: {edges['weight'][i]:.4g}."
        )
        warnings.warn(message, SynapticWarning, stacklevel=level_of_caller())


def from_synaptic_data(data: dict[str, Any], *, resume: bool = False) -> Network:
    """Make a network from the result of Synaptic's ``toJSON``.

    Its outputs are those of Synaptic after ``Network.fromJSON(data)``: layers, connections,
    weights, gaters, biases, squashes, states and activations are preserved, and neurons activate in the
    order of the list. As in Synaptic, inputs without incoming connections lose their bias (the
    first activation in Synaptic sets it to 0), an input that gates a connection leaves it open, and all
    connections but self-connections are trainable. Traces are not read: Synaptic 1.1.4 writes none and
    ignores those of older files.

    Parameters
    ----------
    data : dict
        ``{"neurons": [...], "connections": [...]}``.
    resume : bool
        Whether to continue as the network that wrote the file. Synaptic itself does not: after it has read a
        file, late gates are open for one step. With True, late gates that have activated have the activation
        in the file, and repeated connections all count. Default False: as Synaptic after reading.

    Returns
    -------
    Network
        A network in float64. Late gates and repeated connections are represented by identity neurons in a
        layer named "relays", directly after the inputs, see the notes.

    Raises
    ------
    FormatError
        If `data` does not describe a network, has a squash that Synaptic does not have, or has two
        connections from one output to another with different gaters.

    Warns
    -----
    SynapticWarning
        If two connections have the same source and target, which Synaptic's ``project`` allows by mistake.

    Notes
    -----
    A gate is late if it activates after the target of a connection it gates. After Synaptic has read a file,
    late gates are open for one step. Synapse represents each by a relay that is 1 in the first step and then
    has the gate's previous activation. ``clear()`` closes these gates, like all gates.

    Of several connections with the same source and target, Synaptic uses the first and gives it the weight of
    the last. If a connection in the opposite direction was read before, all of them count. Synapse makes one
    connection for each gater, with the sum of the weights that count; all but the first lead through a relay.

    Synaptic writes one gater for a connection that two neurons gate, so no reader can continue as
    that network; `resume` uses the gater in the file.

    Examples
    --------
    >>> neuron = {"state": 0, "old": 0, "activation": 0, "bias": 0, "squash": "LOGISTIC"}
    >>> neurons = [{**neuron, "layer": "input"}, {**neuron, "layer": "output", "squash": "TANH"}]
    >>> link = {"from": 0, "to": 1, "weight": 0.5, "gater": None}
    >>> net = from_synaptic_data({"neurons": neurons, "connections": [link]})
    >>> net
    <Network 1-1, 2 neurons, 1 connection>
    """
    boolean("The resume", resume)
    members("A network of Synaptic", data, ("neurons", "connections"))
    neurons = Records.of_records("neuron", data, "neurons", NEURON, optional=("trace",))
    connections = Records.of_records("connection", data, "connections", CONNECTION)
    neurons.reread(["layer"], _whole)
    connections.reread(["from", "to", "gater"], _whole)
    number, layers = _order(neurons)
    edges = _edges(connections, neurons, number)
    order = np.argsort(number)
    columns = {ours: neurons.numbers(theirs)[order] for theirs, ours in NUMBERS.items()}
    condition = f"one of {', '.join(SQUASHES)} (Synaptic does not save custom functions)"
    names = neurons.values("squash", condition, lambda name: type(name) is str and name in SQUASHES)
    columns["squash"] = np.array([SQUASHES[name] for name in names], object)[order]
    clamped = np.arange(len(neurons)) < layers[0][1]
    clamped[edges["target"]] = False
    columns["bias"][clamped] = 0.0
    edges["gater"][edges["gater"] < layers[0][1]] = NO_GATER  # an input never sets a gain
    edges = _without_repeats(edges, len(neurons), resume)
    edges["trainable"] = edges["source"] != edges["target"]
    saved = with_pairs_once(SavedNetwork(None, np.float64, layers, None, columns, edges))
    return from_saved(with_open_gates(saved, _open(saved, resume)))


def _open(saved: SavedNetwork, resume: bool) -> NDArray[np.bool_]:
    """Whether the gate of each connection, if it is late, is open in the first step."""
    gater = saved.connections["gater"]
    fired = np.any([saved.neurons[name] != 0.0 for name in ("state", "old_state", "activation")], axis=0)
    open_: NDArray[np.bool_] = ~fired[np.where(gater == NO_GATER, 0, gater)] | (not resume)
    return open_


def _order(neurons: Records) -> tuple[Ints, list[tuple[None, int]]]:
    """The new number of each neuron of the file, and the sizes of the layers."""

    def place(layer: Any) -> int | None:
        """Place in the order of layers: inputs before, outputs after every number."""
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
    """Convert a string of digits, which older versions of Synaptic write for indices, to a number."""
    digits = type(value) is str and value.isascii() and value.isdecimal() and len(value) < 19
    return int(value) if digits else value


def _edges(connections: Records, neurons: Records, number: Ints) -> dict[str, Any]:
    """The columns of the connections, with the new numbers of neurons."""
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
    """The connections without repetitions."""
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
        stacklevel=level_of_caller(),
    )
    return edges


def _overwritten(edges: dict[str, Any], neurons: int) -> dict[str, Any]:
    """The connections that Synaptic makes when it reads repeated connections one by one.

    It finds the earlier one and gives it the weight of the later. If a connection in the opposite direction
    exists already, it mistakes that for the earlier one and makes a second connection.
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
    """The gater that activated last before the target; it sets the gain."""
    return max((g for g in gaters if g != NO_GATER), key=lambda g: (g - target) % neurons, default=NO_GATER)


def _summed(edges: dict[str, Any]) -> dict[str, Any]:
    """Merge connections with the same source, target and gater into one with the sum of their weights."""
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
    data=synaptic_data,
    from_data=from_synaptic_data,
    write=files.write_document,
    read=files.read_document,
    marks=frozenset({"neurons", "connections"}),
)

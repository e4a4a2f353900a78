"""Read files of Neataptic 1.4, the JavaScript library."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import FormatError
from ..objects.network import Network
from ..objects.state import SavedNetwork, from_saved
from ..objects.topology import NO_GATER, is_delayed
from ..squash import ACTIVATIONS
from . import files
from ._checks import Records, members, require, require_pairs_once
from ._formats import Format
from ._relays import with_open_gates

__all__ = ["from_neataptic_data"]

SQUASHES = {one.neataptic: one.name for one in ACTIVATIONS.values() if one.neataptic}
"""Activation functions of Neataptic, and their names in Synapse."""

ORDER = {"input": 0, "hidden": 1, "constant": 1, "output": 2}
NETWORK = ("nodes", "connections", "input", "output")
NODE = ("bias", "type", "squash", "mask")
CONNECTION = ("from", "to", "weight", "gater")


def from_neataptic_data(data: dict[str, Any]) -> Network:
    """Make a network from the result of Neataptic's ``toJSON``.

    Its outputs are those of Neataptic after ``Network.fromJSON(data)``: connections, weights,
    gaters, biases, squashes and the order of the nodes are preserved. As in Neataptic, inputs have no
    bias, and an input that gates a connection leaves it open. Self-connections, nodes of type "constant" and
    connections to them are not trainable. All neurons between inputs and outputs become
    one layer. Masks left by training with dropout are multiplied into the weights; the dropout
    setting itself is not read.

    Parameters
    ----------
    data : dict
        ``{"nodes": [...], "connections": [...], "input": 2, "output": 1, "dropout": 0}``.

    Returns
    -------
    Network
        A network in float64. If a gate activates after the target of a connection it gates, the network has a
        layer named "relays", see the notes.

    Raises
    ------
    FormatError
        If `data` does not describe a network; a neuron has a squash that is not registered here
        under the name in `SQUASHES`; an input or output has a mask other than 1; or a connection
        leads to an input, which Neataptic ignores.

    Notes
    -----
    After Neataptic has read a file, gates that activate after the targets they gate are open
    for one step, and after its ``clear()`` closed for one. Synapse represents each by a relay, an identity
    neuron directly after the inputs that is 1 in the first step and then has the gate's previous activation.
    ``clear()`` closes these gates too.

    Examples
    --------
    >>> node = {"bias": 0, "squash": "TANH", "mask": 1}
    >>> nodes = [{**node, "type": "input"}, {**node, "type": "output"}]
    >>> link = {"from": 0, "to": 1, "weight": 0.5, "gater": None}
    >>> from_neataptic_data({"nodes": nodes, "connections": [link], "input": 1, "output": 1})
    <Network 1-1, 2 neurons, 1 connection>
    """
    members("A network of Neataptic", data, NETWORK, optional=("dropout",))
    nodes = Records.of_records("neuron", data, "nodes", NODE, optional=("index",))
    connections = Records.of_records("connection", data, "connections", CONNECTION)
    sizes = _sizes(data, nodes)
    edges = _edges(connections, nodes, sizes[0])
    edges["gater"][edges["gater"] < sizes[0]] = NO_GATER  # an input never sets a gain
    masks = _masks(nodes, sizes)
    edges["weight"] *= _factors(edges, masks)
    learning = np.array([kind != "constant" for kind in nodes.texts("type")])
    edges["trainable"] = learning[edges["target"]] & (edges["source"] != edges["target"])
    bias = nodes.numbers("bias")
    bias[: sizes[0]] = 0.0
    nodes.reread(["squash"], lambda name: SQUASHES.get(name, name) if type(name) is str else name)
    columns = {"squash": nodes.squashes("squash"), "bias": bias, "trainable_bias": learning}
    layers = [(None, size) for size in sizes if size]
    columns["activation"] = np.zeros(len(nodes))
    saved = SavedNetwork(None, np.float64, layers, None, columns, edges)
    return from_saved(with_open_gates(saved, np.full(len(connections), True), masks))


def _masks(nodes: Records, sizes: tuple[int, int, int]) -> NDArray[Any]:
    """Factor of each neuron's activation."""
    condition = "a number from 0 to 1"
    masks = nodes.values("mask", condition, lambda mask: type(mask) in (int, float) and 0 <= mask <= 1)
    for i in (*range(sizes[0]), *range(sizes[0] + sizes[1], len(masks))):
        require(masks[i] == 1, f"The mask of neuron {i}, an input or output,", "1", masks[i])
    return np.array(masks, np.float64)


def _factors(edges: dict[str, Any], masks: NDArray[Any]) -> NDArray[Any]:
    """Factor of each connection: the masks of its source (unless it carries a state) and of its gate.

    Masks of delayed gates are applied by their relays, because such gates are open in the first step.
    """
    own, gater = edges["source"] == edges["target"], edges["gater"]
    ungated = (gater == NO_GATER) | is_delayed(gater, edges["target"])
    gain = np.where(ungated, 1.0, masks[np.where(gater == NO_GATER, 0, gater)])
    factors: NDArray[Any] = np.where(own, 1.0, masks[edges["source"]]) * gain
    return factors


def _sizes(data: dict[str, Any], nodes: Records) -> tuple[int, int, int]:
    """Numbers of inputs, neurons in between, and outputs."""
    kinds = nodes.values(
        "type", "input, hidden, constant or output", lambda kind: type(kind) is str and kind in ORDER
    )
    places = [ORDER[kind] for kind in kinds]
    if places != sorted(places):
        raise FormatError("The nodes must be inputs, then hidden and constant ones, then outputs.")
    inputs, outputs = kinds.count("input"), kinds.count("output")
    for key, count in (("input", inputs), ("output", outputs)):
        require(count > 0, f"The number of {key} nodes", "above 0", count)
        require(data[key] == count, f"The member {key!r}", f"{count}, as there are {key} nodes", data[key])
    return inputs, len(nodes) - inputs - outputs, outputs


def _edges(connections: Records, nodes: Records, inputs: int) -> dict[str, Any]:
    edges: dict[str, Any] = {
        "source": connections.indices("from", nodes),
        "target": connections.indices("to", nodes),
        "gater": connections.indices("gater", nodes, null="not gated"),
        "weight": connections.numbers("weight"),
    }
    require_pairs_once(connections, (edges["source"], edges["target"]))
    into = np.flatnonzero(edges["target"] < inputs)
    if len(into):
        raise FormatError(f"No connection may lead to an input. Connection {into[0]} does.")
    return edges


FORMAT = Format(
    name="neataptic",
    what="Neataptic 1.4",
    kept="order, weights (times dropout's masks), gates (delayed ones by way of relays), biases, squashes",
    lost="hidden layers (they become one), dropout",
    link="https://wagenaartje.github.io/neataptic/docs/architecture/network/",
    from_data=from_neataptic_data,
    read=files.read_document,
    marks=frozenset({"nodes", "connections"}),
)

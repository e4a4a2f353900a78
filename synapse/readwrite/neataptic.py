"""The files of Neataptic 1.4, the JavaScript library, read."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import FormatError
from ..network import Network
from . import files
from .checks import Table, members, require, require_pairs_once
from .parts import Parts, put_together

SQUASHES = {
    "LOGISTIC": "logistic",
    "TANH": "tanh",
    "IDENTITY": "identity",
    "STEP": "step",
    "RELU": "relu",
    "SOFTSIGN": "softsign",
    "SINUSOID": "sinus",
    "GAUSSIAN": "gaussian",
    "BENT_IDENTITY": "bent_identity",
    "BIPOLAR": "bipolar",
    "BIPOLAR_SIGMOID": "bipolar_sigmoid",
    "HARD_TANH": "hard_tanh",
    "ABSOLUTE": "absolute",
    "INVERSE": "inverse",
    "SELU": "selu",
}
"""The activation functions of Neataptic, and the names that they have, or would have, here."""

ORDER = {"input": 0, "hidden": 1, "constant": 1, "output": 2}
NETWORK = ("nodes", "connections", "input", "output")
NODE = ("bias", "type", "squash", "mask")
CONNECTION = ("from", "to", "weight", "gater")


def read_neataptic(path: files.File) -> Network:
    """Read a network that Neataptic has written (``JSON.stringify(network.toJSON())``).

    See :func:`from_neataptic_data` for what is kept. Raises FormatError where the file holds no
    such network, and OSError where it cannot be read.
    """
    with files.reading(path):
        return from_neataptic_data(files.read_document(path))


def from_neataptic_data(data: dict[str, Any]) -> Network:
    """The network that Neataptic's ``toJSON`` has described.

    It answers as the network did that was written, after its ``clear()``: connections, weights,
    gaters, biases, squashes and the order of the nodes are kept. As in Neataptic, inputs have no
    bias, self-connections are not trained, nor are nodes of type "constant" and what leads to
    them. All that lies between inputs and outputs becomes one layer. Lost is dropout, which is
    for training.

    Parameters
    ----------
    data : dict
        ``{"nodes": [...], "connections": [...], "input": 2, "output": 1, "dropout": 0}``.

    Returns
    -------
    Network
        In float64.

    Raises
    ------
    FormatError
        If `data` does not describe a network; a neuron has a squash that is not registered here
        under the name in `SQUASHES`, or a mask other than 1 (left there by a training with
        dropout); or a connection leads to an input, which Neataptic ignores.

    Notes
    -----
    The two libraries differ where a gate comes later in the order than what it gates: before its
    first step, it is open to Neataptic, and closed here.

    >>> node = {"bias": 0, "squash": "TANH", "mask": 1}
    >>> nodes = [{**node, "type": "input"}, {**node, "type": "output"}]
    >>> link = {"from": 0, "to": 1, "weight": 0.5, "gater": None}
    >>> from_neataptic_data({"nodes": nodes, "connections": [link], "input": 1, "output": 1})
    <Network 1-1, 2 neurons, 1 connections>
    """
    members("A network of Neataptic", data, NETWORK, optional=("dropout",))
    nodes = Table.of_records("neuron", data, "nodes", NODE, optional=("index",))
    connections = Table.of_records("connection", data, "connections", CONNECTION)
    sizes = _sizes(data, nodes)
    nodes.values(
        "mask", "1: fold it into the weights first", lambda mask: type(mask) in (int, float) and mask == 1
    )
    edges = _edges(connections, nodes, sizes[0])
    learning = np.array([kind != "constant" for kind in nodes.texts("type")])
    edges["trainable"] = learning[edges["target"]] & (edges["source"] != edges["target"])
    bias = nodes.numbers("bias")
    bias[: sizes[0]] = 0.0
    nodes.reread(["squash"], _name_here)
    columns = {"squash": nodes.squash_codes("squash"), "bias": bias, "trainable_bias": learning}
    layers = [(None, size) for size in sizes if size]
    return put_together(Parts(None, np.float64, layers, None, columns, edges))


def _sizes(data: dict[str, Any], nodes: Table) -> tuple[int, int, int]:
    """How many inputs, neurons between, and outputs there are, in this order."""
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


def _edges(connections: Table, nodes: Table, inputs: int) -> dict[str, Any]:
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


def _name_here(squash: Any) -> Any:
    return SQUASHES.get(squash, squash) if type(squash) is str else squash

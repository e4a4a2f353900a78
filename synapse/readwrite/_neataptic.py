"""Read files of Neataptic 1.4.7, a JavaScript library for neuroevolution.

Because Neataptic's neurons work like Synaptic's, its files are read in the same way,
with relays for late gates, see ``_synaptic.py``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .._checks import is_among, suggests_arguments
from .._typing import Floats, Ints
from ..errors import FormatError
from ..objects.network import Network
from ..objects.topology import NO_GATER, is_delayed
from . import _files
from ._file_checks import Records, members
from ._formats import Format
from ._graphs import MAX_LAYERS
from ._synaptic import Parts, repeated, whole_or_given

SQUASHES = {
    "LOGISTIC": "logistic",
    "TANH": "tanh",
    "IDENTITY": "identity",
    "STEP": "step",
    "RELU": "relu",
    "SOFTSIGN": "softsign",
    "SINUSOID": "sine",
    "GAUSSIAN": "gaussian",
    "BENT_IDENTITY": "bent_identity",
    "BIPOLAR": "bipolar",
    "BIPOLAR_SIGMOID": "bipolar_sigmoid",
    "HARD_TANH": "hard_tanh",
    "ABSOLUTE": "absolute",
    "INVERSE": "inverse",
    "SELU": "selu",
}
"""Activation functions of Neataptic, with their names in Synapse."""

INPUT = "input"
OUTPUT = "output"
CONSTANT = "constant"  # it passes values on, as in memories, and does not learn
TYPES = (INPUT, "hidden", CONSTANT, OUTPUT)
NODE = ("bias", "type", "squash", "mask", "index")
CONNECTION = ("from", "to", "weight", "gater")
NETWORK = ("input", "output", "dropout", "score")


@suggests_arguments()
def from_neataptic_data(data: dict[str, Any]) -> Network:
    """Make a network from the result of Neataptic's ``network.toJSON()``.

    Its outputs equal Neataptic's outputs after ``Network.fromJSON(data)``: nodes
    activate in the order of the file, an input that gates a connection leaves it open,
    and the masks left by a training with dropout become factors of the weights. All
    connections are trainable except those from a node to itself and into constant
    nodes, as in Neataptic.

    Parameters
    ----------
    data : dict
        ``{"nodes": [...], "connections": [...], "input": 2, "output": 1, ...}``.

    Returns
    -------
    Network
        A network in float64. Hidden nodes that follow each other in the file without
        forward connections between them form a layer. Gates that activate after the
        target of the gated connection are represented by identity neurons in a layer
        named "relays", see the notes of :func:`from_synaptic_data`.

    Raises
    ------
    FormatError
        If `data` does not describe a network, has a squash that Synapse does not have,
        two connections between the same nodes, nodes in another order than inputs,
        hidden nodes and outputs, or a mask that cannot be a factor of weights, because
        it belongs to an output or to a late gate.

    Warns
    -----
    TopologyWarning
        If connections lead into inputs, which never act.

    Examples
    --------
    >>> node = {"bias": 0, "type": "input", "squash": "TANH", "mask": 1, "index": 0}
    >>> nodes = [node, {**node, "type": "output", "index": 1}]
    >>> link = {"from": 0, "to": 1, "weight": 0.5, "gater": None}
    >>> net = from_neataptic_data({"nodes": nodes, "connections": [link]})
    >>> net
    <Network 1-1, 2 neurons, 1 connection>
    """
    members("A network of Neataptic", data, ("nodes", "connections"), NETWORK)
    nodes = Records.of_records("node", data, "nodes", NODE)
    connections = Records.of_records("connection", data, "connections", CONNECTION)
    connections.reread(["from", "to", "gater"], whole_or_given)
    source = connections.indices("from", nodes)
    target = connections.indices("to", nodes)
    gater = connections.indices("gater", nodes, null="not gated")
    originals, again = repeated({"source": source, "target": target})
    if len(again):
        raise FormatError(
            f"The connections {originals[again[0]]} and {again[0]} have the same ends,"
            " which Neataptic refuses. Remove one."
        )
    condition = f"one of {', '.join(TYPES)}"
    types = nodes.values("type", condition, lambda name: is_among(name, TYPES))
    inputs, outputs = _require_order(types)
    gater[gater < inputs] = NO_GATER  # an input never sets a gain
    layers = _layers(len(types), inputs, outputs, source, target)

    mask = nodes.numbers("mask")
    late = (gater != NO_GATER) & is_delayed(gater, target, False)
    _require_masks(mask, gater[late], len(types) - outputs)
    of_gater = np.append(mask, 1.0)[gater]
    of_source = np.where(source == target, 1.0, mask[source])  # they carry the state
    with np.errstate(over="ignore", under="ignore"):
        weight = connections.numbers("weight") * of_source * of_gater
    if not np.isfinite(weight).all():
        raise FormatError(
            "The product of a weight and the masks of its nodes is not finite."
        )
    condition = f"one of {', '.join(SQUASHES)}"
    names = nodes.values("squash", condition, lambda name: is_among(name, SQUASHES))
    constant = np.array([name == CONSTANT for name in types])
    neurons = {
        "squash": np.array([SQUASHES[name] for name in names], object),
        "bias": nodes.numbers("bias"),
        "activation": np.zeros(len(types)),
        "trainable_bias": ~constant,
    }
    edges = {
        "source": source,
        "target": target,
        "gater": gater,
        "weight": weight,
        "trainable": (source != target) & ~constant[target],
    }
    parts = Parts(layers, neurons, edges)
    parts.open_gates(np.ones(len(source), bool))
    return parts.network()


def _require_order(types: list[str]) -> tuple[int, int]:
    """Return the numbers of inputs and outputs, which are the first and the last
    nodes.
    """
    inputs, outputs = types.count(INPUT), types.count(OUTPUT)
    hidden = types[inputs : len(types) - outputs]
    if not inputs or not outputs or INPUT in hidden or OUTPUT in hidden:
        raise FormatError(
            "The nodes must be inputs, then hidden nodes, then outputs, got"
            f" {', '.join(types[:20])}{', ...' if len(types) > 20 else ''}."
        )
    return inputs, outputs


def _require_masks(mask: Floats, late_gaters: Ints, first_output: int) -> None:
    """Raise FormatError if a mask cannot be a factor of weights."""
    for node in np.flatnonzero(mask != 1.0).tolist():
        if node >= first_output or node in late_gaters:
            raise FormatError(
                f"The mask of node {node} must be 1, as of every output and"
                f" every gate that is late, got {mask[node]:g}. Set it to 1 before you"
                " write the file, or train without dropout."
            )


def _layers(
    count: int, inputs: int, outputs: int, source: Ints, target: Ints
) -> list[int]:
    """Return the sizes of layers: hidden nodes up to the first one that another leads
    to.

    All hidden nodes are one layer if there would be too many.
    """
    latest = np.full(count, -1)
    forward = source < target
    np.maximum.at(latest, target[forward], source[forward])
    starts = [0]
    for node in range(inputs, count - outputs):
        if node == inputs or latest[node] >= starts[-1] >= inputs:
            starts.append(node)
    if len(starts) > 1 + MAX_LAYERS:
        starts = [0, inputs]
    starts.append(count - outputs)
    return np.diff([*starts, count]).tolist()


FORMAT = Format(
    name="neataptic",
    purpose="Neataptic 1.4.7, read only",
    kept=(
        "the order of nodes, weights, gates (late ones by relays), biases, fifteen"
        " squashes, masks (as factors of weights), what is trainable"
    ),
    lost="the options of a training",
    link="https://wagenaartje.github.io/neataptic/docs/architecture/network/",
    from_data=from_neataptic_data,
    read=_files.read_document,
)

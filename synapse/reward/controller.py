"""A network that scales its own observations, so that nothing else is needed to act."""

from __future__ import annotations

import numpy as np

from .._running_scale import RunningScale
from .._typing import Ints
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.saved import SavedNetwork
from ..objects.topology import NO_GATER

COPY = 1
"""What the column of relays has for one that delays by no step."""
STANDARDISED = "standardised"
"""The name of the layer that stands where the inputs were."""


def controller_of(network: Network, scale: RunningScale | None) -> Network:
    """A copy of a network in a clear context, whose inputs become a layer that applies
    a scale.

    Every connection, gate and delay that began at an input then begins at its
    standardised value, which activates before all others. So it acts as before, but for
    networks that activate together, where only inputs are read in the same step:
    ArgumentError for these.
    """
    if scale is None:
        controller = network.clone()
        controller.clear()
        return controller
    saved = SavedNetwork.of(network)
    if saved.neurons["synchronous"].any():
        raise ArgumentError(
            "Expected a network without synchronous neurons for a controller, got"
            f" {network!r}: they would read the scaled observations one step late. Save"
            " the agent, or learn with normalise=False."
        )
    controller = _with_scale(saved, len(network.input), scale).network()
    controller.clear()
    return controller


def _with_scale(saved: SavedNetwork, inputs: int, scale: RunningScale) -> SavedNetwork:
    """The columns of a network with as many new inputs before the old ones, which
    standardise them.
    """
    place = _places(saved, inputs)
    stays = np.append(np.ones(inputs, bool), place[inputs:] >= 2 * inputs)
    neurons = {}
    for name, column in saved.neurons.items():
        neurons[name] = np.concatenate([column[:inputs], column[stays]])
    new = slice(inputs)
    standardising = slice(inputs, 2 * inputs)
    for name in ("group", "bias_tie", "outgoing_sign", "clamped"):
        neurons[name][new] = 0
    neurons["trainable_bias"][standardising] = 0
    neurons["squash"][standardising] = "identity"
    neurons["bias"][standardising] = -scale.mean / scale.deviation
    # What leads into an input changes nothing, because the input is set; its
    # standardised value is computed.
    kept = place[saved.connections["target"]] >= 2 * inputs
    connections = {}
    for name, column in saved.connections.items():
        connections[name] = np.concatenate(
            [np.zeros(inputs, column.dtype), column[kept]]
        )
    for end in ("source", "target"):
        connections[end][inputs:] = place[connections[end][inputs:]]
    connections["source"][new] = np.arange(inputs)
    connections["target"][new] = np.arange(inputs, 2 * inputs)
    connections["weight"][new] = 1.0 / scale.deviation
    gater = connections["gater"]
    gater[new] = NO_GATER
    gated = gater != NO_GATER
    gater[gated] = place[gater[gated]]
    (layer, _), *others = saved.layers
    layers: list[tuple[str | None, int]] = [(layer, inputs), (STANDARDISED, inputs)]
    begin = inputs
    for layer, size in others:
        remaining = int(stays[begin : begin + size].sum())
        begin += size
        if remaining:
            layers.append((layer, remaining))
    names = None
    if saved.names is not None:
        between = [f"{STANDARDISED} {i}" for i in range(inputs)]
        others_now = [
            name for name, there in zip(saved.names, stays, strict=True) if there
        ][inputs:]
        names = [*saved.names[:inputs], *between, *others_now]
    return SavedNetwork(
        name=saved.name,
        dtype=saved.dtype,
        layers=layers,
        names=names,
        neurons=neurons,
        connections=connections,
        metadata=saved.metadata,
    )


def _places(saved: SavedNetwork, inputs: int) -> Ints:
    """The new number of each neuron; a relay that copies an input has that of the
    standardised value.

    An input is set after the relays have read it, so they delay a copy of it. Relays
    read a standardised value itself one step late.
    """
    count = len(saved.neurons["bias"])
    source = saved.connections["source"].astype(np.int64)
    target = saved.connections["target"]
    copies = (source < inputs) & (saved.neurons["relay"][target] == COPY)
    stays = np.ones(count, bool)
    stays[target[copies]] = False
    place = inputs + np.cumsum(stays) - 1
    place[target[copies]] = inputs + source[copies]
    return place

"""Relays: identity neurons that represent features of other libraries' networks that Synapse does not have.

In Synapse a pair of neurons has at most one connection, and a gate is closed until its gater first activates.
Synaptic and Neataptic differ in both. Weights and biases of relays are not trainable, so that all other
weights learn as they would without relays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Ints
from ..errors import FormatError
from ..objects.state import SavedNetwork
from ..objects.topology import NO_GATER, is_delayed

LAYER = "relays"
"""Name of the layer of relays, directly after the inputs."""


def first_of_pair(source: Ints, target: Ints) -> Ints:
    """For each connection the first one with the same source and target, which is usually itself."""
    _, first, inverse = np.unique(source << 32 | target, return_index=True, return_inverse=True)
    firsts: Ints = first[inverse]
    return firsts


def with_pairs_once(saved: SavedNetwork) -> SavedNetwork:
    """Change a network so that each connection that repeats another one starts from a relay.

    If the source activates before the target, its relay activates directly after the source; otherwise
    directly after the inputs. In both cases the relay has the activation that the target would read. Raises
    FormatError if both neurons are outputs, because no relay can activate between them.
    """
    source, target = saved.connections["source"], saved.connections["target"]
    first = first_of_pair(source, target)
    again = np.flatnonzero(first != np.arange(len(first)))
    if not len(again):
        return saved
    inputs = saved.layers[0][1]
    sources, targets = source[again], target[again]
    places = np.where((sources < targets) & (sources >= inputs), sources + 1, inputs)
    between = again[places > len(saved.neurons["squash"]) - saved.layers[-1][1]]
    if len(between):
        raise FormatError(
            f"The connections {first[between[0]]} and {between[0]} lead from one output to another with "
            "different gaters: they cannot be made one. Remove one."
        )
    saved, number, relays = _insert(saved, places, np.zeros(len(places)))
    saved.connections["source"][again] = relays
    return _connect(saved, number[sources], relays, np.ones(len(relays)))


def with_open_gates(
    saved: SavedNetwork, gated: NDArray[np.bool_], masks: NDArray[Any] | None = None
) -> SavedNetwork:
    """Change a network so that these delayed gates are open in its first step.

    A gate is delayed if it activates after the target of the connection it gates, so that the gain is its
    activation of the previous step. Its relay, directly after the inputs, reads that activation, and also a
    neuron that is 1 before the first step and 0 afterwards, so that the sum is 1 in the first step. `gated`
    has for each connection whether its gate, if any, is open. The gain is the previous activation times the
    gate's mask, which is 1 by default.
    """
    gater, target = saved.connections["gater"], saved.connections["target"]
    delayed = gated & is_delayed(gater, target)
    gates = np.unique(gater[delayed])
    if not len(gates):
        return saved
    factors = np.ones(len(gates)) if masks is None else masks[gates]
    lacking = 1.0 - factors * saved.neurons["activation"][gates]
    places = np.full(len(gates) + 1, saved.layers[0][1])
    saved, number, added = _insert(saved, places, np.append(np.zeros(len(gates)), 1.0))
    relays, start = added[:-1], added[-1]
    saved.connections["gater"][delayed] = relays[np.searchsorted(gates, gater[delayed])]
    saved = _connect(saved, number[gates], relays, factors)
    return _connect(saved, np.full(len(gates), start), relays, lacking)


def _insert(saved: SavedNetwork, places: Ints, activation: NDArray[Any]) -> tuple[SavedNetwork, Ints, Ints]:
    """Insert identity neurons at these places; returns the numbers of the old and of the new neurons."""
    order = np.argsort(places, kind="stable")
    old = len(saved.neurons["squash"])
    number = np.arange(old) + np.searchsorted(places[order], np.arange(old), side="right")
    relays = np.empty(len(places), np.int64)
    relays[order] = places[order] + np.arange(len(places))
    usual = {"trainable_bias": np.ones(old, bool), "activation": np.zeros(old), **saved.neurons}
    values: dict[str, Any] = {"squash": "identity", "activation": activation}
    neurons = {name: np.insert(column, places, values.get(name, 0)) for name, column in usual.items()}
    edges = saved.connections | {end: number[saved.connections[end]] for end in ("source", "target")}
    gater = edges["gater"]
    edges["gater"] = np.where(gater == NO_GATER, NO_GATER, number[np.where(gater == NO_GATER, 0, gater)])
    return replace(saved, neurons=neurons, connections=edges, layers=_layers(saved, places)), number, relays


def _layers(saved: SavedNetwork, places: Ints) -> list[tuple[str | None, int]]:
    """The layers with relays; those directly after the inputs have their own layer."""
    (input_name, inputs), *others = _named(saved.layers)
    front = int((places == inputs).sum())
    if front and others[0][0] != LAYER:
        others.insert(0, (LAYER, 0))
    layers: list[tuple[str | None, int]] = [(input_name, inputs)]
    first = inputs
    for name, size in others:
        inside = int(((places > first) & (places <= first + size)).sum())
        layers.append((name, size + inside + (front if name == LAYER else 0)))
        first += size
    return layers


def _named(layers: Any) -> list[tuple[str, int]]:
    """Layers with the names that they would have without relays."""
    hidden = len(layers) - 2
    names = ["input", *(f"hidden {i + 1}" if hidden > 1 else "hidden" for i in range(hidden)), "output"]
    return [(name or usual, size) for (name, size), usual in zip(layers, names, strict=True)]


def _connect(saved: SavedNetwork, source: Ints, target: Ints, weight: NDArray[Any]) -> SavedNetwork:
    """The network with additional connections that are not trainable."""
    gater, trainable = np.full(len(source), NO_GATER), np.full(len(source), False)
    new = {"source": source, "target": target, "weight": weight, "gater": gater, "trainable": trainable}
    edges = {name: np.append(column, new[name]) for name, column in saved.connections.items()}
    return replace(saved, connections=edges)

"""Networks in which plain neurons delay, in place of the delays of connections: the
oracle of delays."""

from __future__ import annotations

import warnings
from typing import NamedTuple

from synapse import Connection, Layer, Network, Neuron, tie
from synapse.errors import TopologyWarning


class Relayed(NamedTuple):
    """A network with relays, and what of it stands for each part of the other one."""

    net: Network
    neurons: list[Neuron]
    links: list[Connection]

    def places(self) -> tuple[list[int], list[int]]:
        """Where these links and neurons are among all of the network with relays."""
        links, neurons = list(self.net.connections), list(self.net)
        return [*map(links.index, self.links)], [*map(neurons.index, self.neurons)]


def with_plain_relays(net: Network) -> Relayed:
    """A copy of a network in which a delay of k steps is a chain of linear neurons.

    Each copies the activation that the one before it had one step earlier, by a frozen
    weight of 1. They are made by public calls, in a layer of their own behind the
    inputs, those that are furthest behind first: so they read neurons that activate
    later. An input is copied first. In a synchronous network everything but inputs is
    read one step late anyway, so its chains are one neuron shorter. There, a pair
    with the delays 0 and 1, or a delay of 1 of a neuron to itself, has no such network.
    The context of the copy is cleared.
    """
    copy = net.clone()
    copy.clear()
    neurons, links = list(copy), list(copy.connections)
    with warnings.catch_warnings(action="ignore", category=TopologyWarning):
        for place, begin in _chains(copy, links).items():
            links[place] = _moved(links[place], begin)
    return Relayed(copy, neurons, links)


def _chains(copy: Network, links: list[Connection]) -> dict[int, Neuron]:
    """Add the relays; returns where each connection begins that had a delay, by its
    place."""
    shorter = int(copy.synchronous)
    ends = {
        place: (link.source, link.delay - shorter)
        for place, link in enumerate(links)
        if link.delay
    }
    depths = {}
    for neuron, depth in ends.values():
        depths[neuron] = max(depths.get(neuron, 0), depth)
    nearest = {neuron: 0 if neuron in [*copy.input] else 1 for neuron in depths}
    relays = {
        (neuron, depth): Neuron("identity", name=f"{neuron.name} behind {depth}")
        for depth in range(max(depths.values(), default=0), -1, -1)
        for neuron in depths
        if nearest[neuron] <= depth <= depths[neuron]
    }
    if relays:
        layer = Layer([*relays.values()], name="relays", dtype=copy.dtype)
        copy.add(layer, before=copy.layers[1])
    for (neuron, depth), relay in relays.items():
        relay.trainable_bias = False
        before = relays.get((neuron, depth - 1), neuron)
        _without_sign(before)
        before.project(relay, weight=1.0, trainable=False)
    return {place: relays.get(end, end[0]) for place, end in ends.items()}


def _without_sign(neuron: Neuron) -> None:
    """Let the connections of a neuron keep their signs without it."""
    if neuron.sign:
        signs = {link: link.sign for link in neuron.outgoing}
        neuron.sign = None
        for link, sign in signs.items():
            link.sign = sign


def _moved(link: Connection, begin: Neuron) -> Connection:
    """Let a connection begin at another neuron, without a delay."""
    target, gater, tied = link.target, link.gater, link.tied
    values = {"weight": link.weight, "trainable": link.trainable, "sign": link.sign}
    link.source.disconnect(target, delay=link.delay)
    assert begin is not target  # else it would carry the state
    new = begin.project(target, **values)
    if gater is not None:
        gater.gate(new)
    if tied:
        tie([new, *tied])
    return new

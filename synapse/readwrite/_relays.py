"""Networks of files in which delays are chains of neurons, as they were written before
a connection had a delay.

Their column ``relay`` is not 0 for the linear neurons of such chains, each of which
copies the neuron before it. A relay becomes a delay of the connections from it. Those
of which more is known stay as plain neurons: they gate a connection, learn, are
clamped, have metadata, a bias, or another weight than 1.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from .. import squashes
from .._typing import Bools, Ints
from ..engine.schema import COUNT, Column
from ..errors import FormatError
from ..objects.metadata import Columns
from ..objects.saved import (
    PortableSensitivities,
    SavedNetwork,
    Traces,
    traces_of_past,
)
from ..objects.topology import NO_GATER, is_delayed

RELAY = Column("relay", "neuron", "uint32", 0, COUNT, saved=True, public=True)
"""The column of such files."""


class Chains(NamedTuple):
    """The chains of relays in a network, by its neurons and connections."""

    origin: Ints  # the neuron that begins the chain of each one
    steps: Ints  # by how many steps each is behind that neuron
    removed: Bools  # which are parts of a chain, and nothing else
    late: Bools  # which connections read the previous activation of their source

    @classmethod
    def of(cls, saved: SavedNetwork) -> Chains | None:
        """Find those of a file; None if it has no relays."""
        relay = saved.neurons.get(RELAY.name, np.zeros(1)) > 0
        if not relay.any():
            return None
        plain = relay & _are_plain(saved)
        more = np.flatnonzero(relay & ~plain)
        if len(more) and saved.neurons.get("synchronous", relay[:0]).any():
            raise FormatError(
                "Expected the neurons that delay others in a synchronous network to do"
                f" nothing else, got neuron {more[0]}. Open the file with the version"
                " that wrote it, and let this neuron only delay."
            )
        ends = (saved.connections[end].astype(np.int64) for end in ("source", "target"))
        source, target = ends
        late = _are_late(saved, source, target)
        return cls(*_chains(plain, source, target, late), late)


def rows_that_stay(saved: SavedNetwork) -> tuple[Ints, Ints] | None:
    """Return which connections and neurons of a file are not parts of chains of relays;
    None if it has no relays.
    """
    chains = Chains.of(saved)
    if chains is None:
        return None
    stays = ~chains.removed
    links = np.flatnonzero(stays[saved.connections["target"]])
    return links, np.flatnonzero(stays)


def relays_to_delays(saved: SavedNetwork) -> SavedNetwork:
    """Return the same network with delays in place of its relays; the column goes."""
    chains = Chains.of(saved)
    if chains is None:
        neurons = {k: v for k, v in saved.neurons.items() if k != RELAY.name}
        return replace(saved, neurons=neurons)
    origin, steps, removed, late = chains
    source, target = (
        saved.connections[end].astype(np.int64) for end in ("source", "target")
    )
    delay = np.zeros(len(source), np.int64)
    delay += saved.connections.get("delay", 0)
    delayed = removed[source]
    delay[delayed] += (steps[source] + late)[delayed]
    stays = ~removed
    links = np.flatnonzero(stays[target])
    number = np.append(np.cumsum(stays) - 1, NO_GATER)
    connections = {name: column[links] for name, column in saved.connections.items()}
    connections["source"] = number[origin[source[links]]]
    connections["target"] = number[target[links]]
    connections["delay"] = delay[links]
    if "gater" in connections:
        connections["gater"] = number[connections["gater"]]
    link_number = np.full(len(source) + 1, -1)
    link_number[links] = np.arange(len(links))
    ends = np.cumsum([size for _, size in saved.layers])
    sizes = [int(part.sum()) for part in np.split(stays, ends[:-1])]
    names = [name for name, _ in saved.layers]
    longest = np.zeros(len(stays), np.int64)
    np.maximum.at(longest, origin[source[links]], delay[links])
    held = np.flatnonzero(removed & (steps > 0) & (steps <= longest[origin]))
    activation = saved.neurons.get("activation", np.zeros(len(stays), saved.dtype))
    past = number[origin[held]], steps[held], activation[held]
    return replace(
        saved,
        layers=[pair for pair in zip(names, sizes, strict=True) if pair[1]],
        names=saved.names and [saved.names[i] for i in np.flatnonzero(stays).tolist()],
        neurons={
            name: column[stays]
            for name, column in saved.neurons.items()
            if name != RELAY.name
        },
        connections=connections,
        neuron_metadata=_renumbered(saved.neuron_metadata, number),
        connection_metadata=_renumbered(saved.connection_metadata, link_number),
        traces=_traces(saved, number, link_number, past),
        sensitivities=_sensitivities(
            saved.sensitivities, number, link_number, origin, steps
        ),
    )


def _sensitivities(
    kept: PortableSensitivities | None,
    number: Ints,
    link_number: Ints,
    origin: Ints,
    steps: Ints,
) -> PortableSensitivities | None:
    """Return the sensitivities of what stays, by its new numbers; those of a relay are
    those of a past activation.
    """
    if kept is None:
        return None
    link = kept.parameter_connection
    return replace(
        kept,
        recurrent_neuron=number[origin[kept.recurrent_neuron]],
        recurrent_steps=steps[kept.recurrent_neuron],
        parameter_neuron=number[kept.parameter_neuron],
        parameter_connection=np.where(link < 0, link, link_number[link]),
    )


def _are_late(saved: SavedNetwork, source: Ints, target: Ints) -> Bools:
    """Return whether each connection reads the previous activation of its source."""
    together = saved.neurons.get("synchronous")
    by_clock: Any = False
    if together is not None:
        by_clock = (together[source] & together[target]) != 0
    return np.asarray(is_delayed(source, target, by_clock) & (source != target))


def _are_plain(saved: SavedNetwork) -> Bools:
    """Return which neurons copy their only source, and are nothing else."""
    neurons, links = saved.neurons, saved.connections
    count, source, target = len(neurons["squash"]), links["source"], links["target"]
    plain: Bools = neurons["squash"] == squashes.identity.name
    plain &= np.arange(count) >= saved.layers[0][1]
    plain &= np.arange(count) < count - saved.layers[-1][1]
    plain &= np.bincount(target, minlength=count) == 1
    changed = links["weight"] != 1.0
    for name, value in (("trainable", 0), ("frozen", 0), ("tie", 0), ("delay", 0)):
        if name == "trainable" or name in links:
            changed = changed | (links.get(name, np.ones(len(source))) != value)
    gater = links.get("gater", np.full(len(source), NO_GATER))
    changed[gater != NO_GATER] = True
    for column in saved.connection_metadata.values():
        changed[list(column)] = True
    plain[target[changed]] = False
    plain[gater[gater != NO_GATER]] = False
    for column in saved.neuron_metadata.values():
        plain[list(column)] = False
    plain &= neurons.get("trainable_bias", np.ones(count)) == 0
    for name in ("bias", "clamped", "group", "bias_tie", "frozen_bias"):
        plain &= neurons.get(name, np.zeros(count)) == 0
    return np.asarray(plain)


def _chains(
    plain: Bools, source: Ints, target: Ints, late: Bools
) -> tuple[Ints, Ints, Bools]:
    """Return the first neuron of each one's chain, the number of steps behind that
    neuron, and the parts of chains to remove.
    """
    origin = np.arange(len(plain))
    steps = np.zeros(len(plain), np.int64)
    into = plain[target]
    origin[target[into]] = source[into]
    steps[target[into]] = late[into]
    for _ in range(len(plain).bit_length()):  # along the chains, by doubled steps
        steps += steps[origin]
        origin = origin[origin]
    # A copy that others read in the same step would be a second such connection.
    read_now = plain[source] & (steps[source] == 0) & ~late & ~plain[target]
    removed = plain & ~plain[origin]
    if not removed[source[read_now]].any():
        return origin, steps, removed
    plain = plain.copy()
    plain[source[read_now]] = False
    return _chains(plain, source, target, late)


def _renumbered(columns: Columns, number: Ints) -> Columns:
    """Return the metadata of what stays, by its new numbers."""
    new = {
        name: {int(number[i]): value for i, value in column.items() if number[i] >= 0}
        for name, column in columns.items()
    }
    return {name: column for name, column in new.items() if column}


def _traces(
    saved: SavedNetwork, number: Ints, link_number: Ints, past: tuple[Any, Any, Any]
) -> Traces:
    """Return the traces of what stays, by its new numbers, with the past of relays:
    neurons, steps and values.
    """
    nothing = np.empty(0, np.int64)
    traces = saved.traces or traces_of_past(saved.connections, *[nothing] * 3)
    neuron, steps, value = past
    connection = link_number[traces.eligibility_connection]
    kept = connection >= 0
    return replace(
        traces,
        memory=number[traces.memory],
        memory_self=link_number[traces.memory_self],
        eligibility_connection=connection[kept],
        eligibility_value=traces.eligibility_value[kept],
        influence_gater=number[traces.influence_gater],
        influence_gated=number[traces.influence_gated],
        extended_connection=np.where(
            traces.extended_connection < 0, -1, link_number[traces.extended_connection]
        ),
        past_neuron=np.append(number[traces.past_neuron], neuron),
        past_steps=np.append(traces.past_steps, steps),
        past_value=np.append(traces.past_value, value),
    )

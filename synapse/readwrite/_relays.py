"""Delays as chains of neurons, for formats without delays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from .. import squashes
from .._typing import Bools, Ints
from ..objects.graph_attributes import (
    NONDEFAULT_OF_CONNECTIONS,
    NONDEFAULT_OF_NEURONS,
)
from ..objects.topology import NO_GATER, Topology


def with_relays(table: Topology, chosen: Bools | None = None) -> tuple[Topology, Ints]:
    """Return a table with chains of neurons in place of the delays of all connections,
    or the chosen ones, and the former number of each of its neurons, -1 of relays.

    A relay is a linear neuron that copies the activation that the neuron before it had
    one step earlier, by a frozen weight of 1. A connection with a delay of k steps
    starts at the k-th relay of its source; an input is copied first. Relays are the
    second layer, those that are furthest behind first, so that each activates before
    the neuron that it reads, and hold the past of the neuron that they delay. The
    connections of the table keep their numbers, those into relays follow.
    """
    delay = table.delay if chosen is None else np.where(chosen, table.delay, 0)
    inputs, neurons = table.inputs, np.arange(table.neurons)
    if not delay.any():
        return table, neurons
    longest = np.zeros(table.neurons, np.int64)
    np.maximum.at(longest, table.source, delay)
    steps = np.arange(int(longest.max()), -1, -1)
    is_needed = longest >= np.maximum(steps, 1)[:, None]
    is_needed[-1, inputs:] = False  # only inputs are copied
    line, origin = np.nonzero(is_needed)
    behind = steps[line]
    count = len(origin)
    relays = inputs + np.arange(count)
    position = neurons + np.where(neurons < inputs, 0, count)
    # by steps and neuron: which neuron has that activation
    holder = np.tile(position, (len(steps), 1))
    holder[behind, origin] = relays
    read = holder[np.maximum(behind - 1, 0), origin]
    read[behind == 0] = origin[behind == 0]
    named = list(zip(origin.tolist(), behind.tolist(), strict=True))
    past = np.array([table._past_of(*each) for each in named])
    rare = (NONDEFAULT_OF_NEURONS, NONDEFAULT_OF_CONNECTIONS)
    relay, link = (
        dict[str, Any]((column.name, column.default) for column in columns.values())
        for columns in rare
    )
    relay |= dict.fromkeys(("bias", "trainable_bias", "layer"), 0)
    link |= {"weight": 1, "gain": 1, "trainable": False}
    old = {**vars(table), **table._unusual}
    texts = {
        "names": [f"{table.names[i]} delayed {k}" for i, k in named],
        "squash": [squashes.identity.name] * count,
    }
    new: dict[str, Any] = {
        **{
            name: np.insert(old[name], [inputs] * count, value)
            for name, value in {**relay, "activation": past, "state": past}.items()
        },
        **{
            name: np.append(old[name], np.full(count, value, old[name].dtype))
            for name, value in link.items()
        },
        **{
            name: (*old[name][:inputs], *added, *old[name][inputs:])
            for name, added in texts.items()
        },
        "source": np.append(holder[delay, table.source], read),
        "target": np.append(position[table.target], relays),
        "gater": np.append(
            np.where(table.gated, position[table.gater], table.gater),
            np.full(count, NO_GATER),
        ),
        "delay": np.append(table.delay - delay, np.zeros(count, np.int64)),
        "layers": (table.layers[0], "relays", *table.layers[1:]),
        "neuron_metadata": {
            name: {int(position[i]): value for i, value in column.items()}
            for name, column in table.neuron_metadata.items()
        },
    }
    new["layer"] += np.arange(table.neurons + count) >= inputs
    unusual = {name: new.pop(name) for name in table._unusual}
    number = np.insert(neurons, [inputs] * count, -1)
    return replace(table, **new, _unusual=unusual, _past={}), number

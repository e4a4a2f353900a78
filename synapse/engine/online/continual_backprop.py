"""Apply continual backpropagation, which reinitialises neurons with a low utility
(Dohare and others 2024).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..functions.compiled import draw
from ..language import ARRAY, INDICES, added, inline, kernel, lazy_part
from .fire import clear_neuron

RATE, MATURITY, DECAY, RENEWED = range(4)
"""Indices in `RenewalArguments.settings`. The last value is the number of neurons that
have been renewed.
"""


class RenewalArguments(NamedTuple):
    """The neurons that can be renewed, layer by layer, and the rows of their trainable
    connections.
    """

    settings: Any  # see `RATE`; empty if renewal is off
    activity: (
        Any  # mean |activation| of each of the neurons; empty: that of the latest step
    )
    neurons: Any
    stops: Any  # of the layers
    into_first: Any  # by neuron, and the end: where its incoming connections begin
    into: Any
    out_first: Any
    out: Any
    # by neuron, and the end: itself, and neurons that only pass its activation on
    relay_first: Any
    relays: Any


NOTHING_RENEWED = RenewalArguments(*[np.empty(0)] * 2, *[np.empty(0, np.int64)] * 8)
"""The arguments without a renewal."""


@inline
def reinitialize_neuron(
    store, i, neurons, into_first, into, out_first, out, relay_first, relays
):
    """Draw the incoming weights and the bias of neuron i by "fan_in", and set its
    outgoing weights to 0.
    """
    j = neurons[i]
    scale = 1.0 / math.sqrt(np.float64(into_first[i + 1] - into_first[i]))
    for q in range(into_first[i], into_first[i + 1]):
        row = into[q]
        weight = scale * (2.0 * draw(store, j) - 1.0)
        sign = np.float64(store.sign[row])
        store.weight[row] = sign * abs(weight) if sign != 0.0 else weight
    if store.trainable_bias[j]:
        store.bias[j] = scale * (2.0 * draw(store, j) - 1.0)
    for q in range(out_first[i], out_first[i + 1]):
        store.weight[out[q]] = 0.0
    store.utility[j] = 0.0
    store.age[j] = 0
    for q in range(relay_first[i], relay_first[i + 1]):
        clear_neuron(store, relays[q])


@lazy_part(ARRAY, ARRAY, *[INDICES] * 8)
def reinitialize_least_useful(
    store,
    settings,
    activity,
    neurons,
    stops,
    into_first,
    into,
    out_first,
    out,
    relay_first,
    relays,
):
    """Update utilities and ages, and renew at most one neuron of each layer, which is
    the mature neuron with the lowest utility.
    """
    start = 0
    for layer in range(stops.size):
        mature = 0.0
        lowest = start
        for i in range(start, stops[layer]):
            j = neurons[i]
            total = added(
                (
                    abs(store.weight[out[q]])
                    for q in range(out_first[i], out_first[i + 1])
                ),
                0.0,
            )
            size = (
                activity[i] if activity.size else abs(np.float64(store.activation[j]))
            )
            store.utility[j] = (
                settings[DECAY] * store.utility[j]
                + (1.0 - settings[DECAY]) * size * total
            )
            store.age[j] += 1
            if np.float64(store.age[j]) > settings[MATURITY]:
                mature += 1.0
                if mature == 1.0 or store.utility[j] < store.utility[neurons[lowest]]:
                    lowest = i
        if mature > 0.0 and draw(store, neurons[start]) < settings[RATE] * mature:
            reinitialize_neuron(
                store,
                lowest,
                neurons,
                into_first,
                into,
                out_first,
                out,
                relay_first,
                relays,
            )
            settings[RENEWED] += 1.0
        start = stops[layer]


@kernel
def renew_network(store, scalar, renewal):
    """Renew neurons after an update by another kernel. `renewal` contains
    `RenewalArguments`.
    """
    reinitialize_least_useful(store, *renewal)

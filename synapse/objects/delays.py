"""Which relays a graph leaves out, because the delay of a connection tells all of them.

A connection that delays by k steps starts at the last of k relays (see `relays.py`). In
a graph it is one edge from the neuron that is delayed, with the attribute ``delay``. A
graph has one edge for each pair of neurons, though. So the relays of a neuron that
reaches another one by several delays stay, as do those that gate a connection, or of
which more is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Bools, Ints
from ..engine.store import Store
from .nondefault import PAST


class Delays(NamedTuple):
    """Neurons and relays, each by the numbers of neurons."""

    origin: Ints
    """The neuron that a relay delays; other neurons themselves."""
    left_out: Bools
    """Which neurons are relays that graphs leave out."""

    def starts(self, sources: Ints) -> Ints:
        """Where graphs show that connections from these neurons start."""
        return np.where(self.left_out[sources], self.origin[sources], sources)

    def steps(self, sources: Ints, relay: NDArray[np.integer]) -> Ints:
        """By how many steps these connections delay, if graphs show that; otherwise
        0.
        """
        behind = relay[sources].astype(np.int64) - 1
        return np.where(self.left_out[sources], np.maximum(behind, 0), 0)


def origins(is_relay: Bools, source: Ints, target: Ints) -> Ints:
    """The number of the neuron that each relay delays; other neurons have their own.

    `is_relay` has one entry for each neuron, `source` and `target` for each connection.
    """
    origin = np.arange(len(is_relay))
    into = is_relay[target]
    origin[target[into]] = source[into]
    for _ in range(len(origin).bit_length()):  # along the chains, by doubled steps
        further = origin[origin]
        if np.array_equal(further, origin):
            break
        origin = further
    return origin


def delays_of(
    relay: NDArray[np.integer], source: Ints, target: Ints, gater: Ints, known: Bools
) -> Delays:
    """What a graph leaves out.

    `relay` has one entry for each neuron: the column of that name. Connections are
    given by the numbers of their neurons; the gater is below 0 if there is none. Of
    neurons in `known` a graph says more than that they are relays, such as a bias.
    """
    count = len(relay)
    is_relay = relay > 0
    if not is_relay.any():
        return Delays(np.arange(count), is_relay)
    origin = origins(is_relay, source, target)
    into = is_relay[target]
    delayed = np.zeros(count, bool)
    delayed[origin[is_relay]] = True
    # Connections from these neurons or their relays to others, of which no two may
    # have the same ends.
    links = ~into & delayed[origin[source]]
    pairs = origin[source[links]] * count + target[links]
    pairs, times = np.unique(pairs, return_counts=True)
    gating = gater[gater >= 0]
    stays = np.zeros(count, bool)
    stays[pairs[times > 1] // count] = True
    stays[origin[gating[is_relay[gating]]]] = True
    stays[origin[is_relay & known]] = True
    return Delays(origin, is_relay & ~stays[origin])


def delays_in(store: Store) -> Delays:
    """What live graphs leave out of the neurons of a store, by their rows."""
    relay = store["relay"]
    alive = np.flatnonzero(store["target"] < len(relay))
    source, target, gater = (
        store[end][alive].astype(np.int64) for end in ("source", "target", "gater")
    )
    gater[gater >= len(relay)] = -1
    changed = (store["bias"] != 0.0) | (store["trainable_bias"] != 0)
    links = (store["weight"][alive] != 1.0) | (store["trainable"][alive] != 0)
    changed[target[links | (gater >= 0)]] = True
    return delays_of(relay, source, target, gater, changed)


def delay_shown(store: Store, row: int) -> int:
    """By how many steps the connection in this row delays, if graphs show that; 0
    otherwise.
    """
    source = store["source"].item(row)
    steps = store["relay"].item(source) - 1
    if steps < 1 or store["relay"].item(store["target"].item(row)):
        return 0
    return steps if _delays_now(store).left_out[source] else 0


def past_shown(store: Store, row: int) -> dict[str, float]:
    """The activations that the relays of the neuron in this row hold from earlier
    steps, without those that are 0, if graphs leave out these relays.
    """
    relay = store["relay"]
    if not relay.any():
        return {}
    delays = _delays_now(store)
    rows = np.flatnonzero(delays.left_out & (delays.origin == row) & (relay > 1))
    held = {relay.item(i) - 1: store["activation"].item(i) for i in rows.tolist()}
    return {name: held[k] for name, k in PAST.items() if held.get(k)} if held else {}


def _delays_now(store: Store) -> Delays:
    """As `delays_in`, kept until the next edit.

    Lowering waits for an edit of another thread, and may move the rows that the caller
    has read, see `consistent_read`.
    """
    version, delays = store.delays
    if version != store.topology_version:
        store.ready()
        delays = delays_in(store)
        store.delays = store.topology_version, delays
    return delays  # type: ignore[no-any-return]

"""Decide which activation of a neuron another one has read, and the traces that follow
from this.

A target reads the activation of a source, or of a gater, in the same step. If that
neuron is later in the order of their network, or is the target itself, its activation
when the step began is read, and it is *delayed*, in whatever order they are called. In
a synchronous network, everything except the inputs is delayed. Neurons that compete
activate together, and therefore read each other delayed.

A connection with a delay of k steps reads the activation that its source had k steps
ago, in a ring of past activations. If the source is outside of the target's network,
the target activates in the present step of the source, or in the next one if it has
already activated in the present one.

A neuron that activates alone, or has sources or gaters outside of its network, has read
activations that do not follow from the order. The connections into it keep what they
read, `kept_source` and `kept_gain`, until it activates again. If a neuron of a network
activates alone after a step of the whole network, all of them keep first what they read
in that step.

Everything here is plain Python. Python calls these functions with the columns of a
store as attributes (`Attributes`), and ``online/read_order.py`` compiles them for
kernels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .lowering.flags import TRACED
from .schema import NONE
from .store_rows import StoreRows


class Attributes:
    """The columns of a store as attributes, which kernels have as ``store``."""

    __slots__ = ("_columns",)

    def __init__(self, store: StoreRows) -> None:
        self._columns = store.columns

    def __getattr__(self, name: str) -> NDArray[Any]:
        return self._columns[name]


def is_delayed(source: Any, target: Any, source_time: Any, target_time: Any) -> Any:
    """Return whether a target reads the previous activation of a source, or of a gater.

    The times order the activations: rows in a network, see `is_delayed_in_order`, or
    the stamps of neurons that have no common network. Neurons and times are numbers, or
    arrays of the same shape.
    """
    # [equation delayed]
    return (source == target) | (source_time > target_time)
    # [end]


def is_delayed_in_order(source: Any, target: Any, together: Any) -> Any:
    """Return whether it is delayed in one network, in order of activation or because
    both activate `together`.
    """
    return is_delayed(source, target, source, target) | together


def are_together(store: Any, source: Any, target: Any) -> Any:
    """Return whether two neurons of a network activate together: by one clock, or as
    they compete.
    """
    by_clock = (store.synchronous[source] & store.synchronous[target]) != 0
    return by_clock | (store.group_first[source] == store.group_first[target])


def is_late(store: Any, source: Any, target: Any) -> Any:
    """Return whether a neuron that is called alone reads another one late, as it
    comes later in the order of their network or activates together with it.
    """
    alone = (source >= store.group_first[target]) & (store.step_stamp[target] != 0)
    together = are_together(store, source, target)
    return (alone | together) & (store.network[source] == store.network[target])


def is_delayed_by_stamp(store: Any, source: Any, target: Any) -> Any:
    """Return whether it is delayed by the stamps of the latest activations, of any
    neurons: one that is late has activated in the step of the target, or any one has
    since the target did.
    """
    fired = store.stamp[source] >= store.step_stamp[target]
    return is_delayed(source, target, store.stamp[source], store.stamp[target]) | (
        is_late(store, source, target) & fired
    )


def depth_of(store: Any, row: Any) -> Any:
    """Return how many steps back neurons of the network of this row are read at most;
    at least 1.
    """
    ring = store.ring[row]
    return store.ring_frames[ring] - 1 if ring != NONE else 1


def activation_read(store: Any, source: Any, target: Any) -> Any:
    """Return the activation of `source` that `target` read when it last activated."""
    delayed = is_delayed_by_stamp(store, source, target)
    return np.float64((store.old_activation if delayed else store.activation)[source])


def activations_read(store: Any, sources: Any, targets: Any) -> Any:
    """Return the activations read, for arrays of sources and targets, which kernels do
    not have.
    """
    delayed = is_delayed_by_stamp(store, sources, targets)
    return np.where(delayed, store.old_activation[sources], store.activation[sources])


def has_kept(store: Any, target: Any) -> Any:
    """Return whether the connections into a neuron have kept what they read when it
    last activated. Otherwise, it has activated in a step of its network, none of whose
    neurons has activated since then.
    """
    return store.kept_stamp[target] == store.stamp[target]


def past_index(store: Any, c: Any, lag: Any) -> Any:
    """Return the index in ``past`` of the activation of the source of a connection so
    many frames back.
    """
    i = store.source[c]
    ring = store.ring[i]
    start = store.ring_start[ring]
    frames = store.ring_frames[ring]
    frame = (store.ring_head[ring] + frames + 1 - lag) % frames
    width = store.ring_stop[ring] - start
    return store.ring_first[ring] + (frame * width + (i - start))


def source_read(store: Any, c: Any) -> Any:
    """Return the activation of the source of a connection that its target read when it
    last activated.
    """
    j = store.target[c]
    if has_kept(store, j):
        return np.float64(store.kept_source[c]) if store.stamp[j] != 0 else 0.0
    if store.delay[c] != 0:
        return np.float64(store.past[past_index(store, c, store.delay[c])])
    return activation_read(store, store.source[c], j)


def sources_read(store: Any, rows: Any) -> Any:
    """Return the activations read from their sources by an array of connections, which
    kernels do not have.
    """
    target = store.target[rows]
    read = activations_read(store, store.source[rows], target)
    delayed = store.delay[rows] != 0
    late = rows[delayed]
    read[delayed] = store.past[past_index(store, late, store.delay[late])]
    kept = store.kept_source[rows] * (store.stamp[target] != 0)
    return np.where(has_kept(store, target), kept, read)


def gains_read(store: Any, rows: Any) -> Any:
    """Return the gains of an array of connections when their targets last activated,
    which kernels do not have.
    """
    target = store.target[rows]
    gate = store.gate[rows].astype(np.int64)
    gain = np.where(gate != 0, activations_read(store, gate - 1, target), 1.0)
    return np.where(has_kept(store, target), store.kept_gain[rows], gain)


def gains(store: Any, rows: Any) -> Any:
    """Return the present gains of an array of connections."""
    gate = store.gate[rows].astype(np.int64)
    return np.where(gate != 0, store.activation[gate - 1], 1.0)


def eligibilities(store: Any, rows: Any) -> Any:
    """Return the eligibilities of an array of connections, see `eligibility_of`."""
    target = store.target[rows].astype(np.int64)
    offset = rows - store.first_incoming[target]
    values = gains_read(store, rows).astype(np.float64) * sources_read(store, rows)
    stored = (store.flags[target] & TRACED != 0) & (offset < store.learning[target])
    traces = store.first_trace[target] + offset
    values[stored] = store.eligibility[traces[stored]]
    return values


def gain_read(store: Any, c: Any) -> Any:
    """Return the gain of a connection when its target last activated."""
    j = store.target[c]
    if has_kept(store, j):
        return np.float64(store.kept_gain[c])
    return activation_read(store, store.gate[c] - 1, j) if store.gate[c] != 0 else 1.0


def eligibility_of(store: Any, flags: Any, c: Any) -> Any:
    """Return the eligibility of a connection: stored, as these `flags` of all neurons
    say, or computed.
    """
    j = store.target[c]
    offset = c - store.first_incoming[j]
    if flags[j] & TRACED and offset < store.learning[j]:
        return np.float64(store.eligibility[store.first_trace[j] + offset])
    return gain_read(store, c) * source_read(store, c)


def influence_of(store: Any, rows: Any, start: Any, stop: Any) -> Any:
    """Return I_jk of a target k without memory: the sum over connections
    ``rows[start:stop]``, without the gain.
    """
    influence = 0.0
    for p in range(start, stop):
        influence += store.weight[rows[p]] * source_read(store, rows[p])
    return influence

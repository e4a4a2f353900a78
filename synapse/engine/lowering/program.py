"""The lowered program of a topology, and traces that are independent of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Indices
from ..delayed import Attributes, activations_read
from ..schema import NONE
from .flags import MEMORY, TRACED
from .stretches import spans

if TYPE_CHECKING:
    from ..store import Store


_NEURONS, _IDENTITIES = ("memory", "gater", "gated"), ("memory_self", "eligible", "extending")
_PLACES = (*_NEURONS, *_IDENTITIES, "pair")

SMALL = 1 << 14
"""Traces below which their rows and identities stay in memory between lowerings."""


@dataclass
class Traces:
    """Traces addressed by neurons and identities instead of rows, so that they survive lowering.

    Identity NONE represents a bias.
    """

    memory: Indices  # rows of self-connected neurons
    memory_self: Indices  # and the identities of their self-connections
    eligible: Indices  # identities of connections with a stored eligibility trace
    eligibility: NDArray[Any]
    gater: Indices  # pairs of gater and gated neuron with extended traces
    gated: Indices
    influence: NDArray[Any]
    pair: Indices  # of each extended trace: its pair, its connection
    extending: Indices
    extended: NDArray[Any]

    def shifted(self, neurons: int, identities: int) -> Traces:
        """These traces with rows and identities shifted, for a store that was absorbed by another."""

        def moved(values: Indices, offset: int) -> Indices:
            return np.where(values == NONE, NONE, values.astype(np.int64) + offset)

        offsets = dict.fromkeys(_NEURONS, neurons) | dict.fromkeys(_IDENTITIES, identities)
        return replace(self, **{name: moved(getattr(self, name), by) for name, by in offsets.items()})

    def renamed(self, new_row: Indices) -> None:
        """Follow the neurons to their new rows (NONE: gone)."""
        for name in _NEURONS:
            setattr(self, name, new_row[getattr(self, name)])


@dataclass
class Program:
    """The version of the topology from which a store's program columns were made."""

    version: int  # 0: the columns are of no version, or of one before another store was absorbed
    pending: list[Traces] = field(default_factory=list)  # traces that are not in the columns
    made: bool = False  # whether the columns hold traces
    read: Traces | None = None  # those read after lowering, whose rows and identities are still right

    def traces(self, store: Store) -> list[Traces]:
        """Every trace that is stored now."""
        if not self.made or not (store.columns["flags"] & MEMORY).any():  # nothing else has traces
            return self.pending
        return [kept_traces(store), *self.pending]


def kept_traces(store: Store) -> Traces:
    """Read the traces out of the program columns of a store that has been lowered before.

    The bias of each pair is last in the pair.
    """
    c, identity = store.columns, store["identity"]
    held = c["influence_trace"] != NONE
    numbers = {"eligibility": c["eligibility"].copy(), "extended": c["extended"].copy()}
    numbers["influence"] = c["influence"][held]
    if store.program.read is not None:
        return Traces(**vars(store.program.read) | numbers)
    memory, traced = ((c["flags"] & flag).nonzero()[0] for flag in (MEMORY, TRACED))
    pairs = held.nonzero()[0]
    gater = c["influence_gater"][pairs]
    sizes = c["learning"][gater] + 1
    rows = spans(c["first_incoming"][gater], sizes)
    extending = identity.take(rows, mode="clip")
    extending[sizes.cumsum() - 1] = NONE
    return Traces(
        memory=memory,
        memory_self=identity[c["self_row"][memory]],
        eligible=identity[spans(c["first_incoming"][traced], c["learning"][traced])],
        gater=gater,
        gated=c["influence_gated"][pairs],
        pair=np.arange(len(pairs)).repeat(sizes),
        extending=extending,
        **numbers,
    )


def restore(store: Store, kept: list[Traces]) -> Traces | None:
    """Write preserved traces into the columns of a new program; traces affected by a change stay 0.

    Returns all traces of the program, whose numbers are old; None if there are none, or many.
    """
    c = store.columns
    if not (c["flags"] & MEMORY).any():
        return None
    now = kept_traces(store)
    small = now if len(now.eligible) + len(now.extending) < SMALL else None
    if len(kept) == 1 and all(vars(now)[name].tobytes() == vars(kept[0])[name].tobytes() for name in _PLACES):
        c["eligibility"][:], c["extended"][:] = kept[0].eligibility, kept[0].extended
        c["influence"][c["influence_trace"] != NONE] = kept[0].influence
        return small
    carried = np.zeros(store.n_neurons, bool)
    _read_off(store, kept)
    for traces in kept:
        carried[_still_self_connected(store, traces)] = True
    for traces in kept:
        _restore_eligibility(store, traces, carried)
        _restore_extended(store, traces, carried)
    fresh = ((store.columns["flags"] & MEMORY) != 0) & ~carried
    store["bias_eligibility"][fresh] = 0.0
    return small


def _rows_of(store: Store, identities: Indices) -> NDArray[np.int64]:
    """Present rows of connections; NONE for removed ones, and for the identity NONE."""
    rows = store.row_of.take(identities, mode="clip").astype(np.int64)
    rows[identities == NONE] = NONE
    return rows


def _read_off(store: Store, kept: list[Traces]) -> None:
    """Restore traces of neurons that store none: the inputs of their last activation."""
    c = store.columns
    new = ((c["flags"] & (TRACED | MEMORY)) == TRACED) & (c["learning"] != 0)
    for traces in kept if new.any() else ():
        rows = _rows_of(store, traces.eligible)
        new[store["target"][rows[rows != NONE]]] = False
    neurons = new.nonzero()[0]
    if not len(neurons):
        return
    rows = spans(c["first_incoming"][neurons], c["learning"][neurons])
    source, target, gater = (store[name][rows] for name in ("source", "target", "gater"))
    m = Attributes(store)
    read = activations_read(m, np.minimum(gater, store.n_neurons - 1), target)
    gain = np.where(gater == NONE, store.unit, read)
    places = spans(c["first_trace"][neurons], c["learning"][neurons])
    c["eligibility"][places] = gain * activations_read(m, source, target)
    store["bias_eligibility"][neurons] = store["stamp"][neurons] != 0


def _still_self_connected(store: Store, kept: Traces) -> Indices:
    """Rows of the neurons that still have the self-connection of the preserved traces."""
    alive = kept.memory != NONE
    memory = kept.memory[alive].astype(np.int64)
    own = _rows_of(store, kept.memory_self[alive])
    still: Indices = memory[(own != NONE) & (store.columns["self_row"][memory] == own)]
    return still


def _restore_eligibility(store: Store, kept: Traces, carried: NDArray[np.bool_]) -> None:
    c = store.columns
    rows = _rows_of(store, kept.eligible)
    there = rows != NONE
    rows, values = rows[there], kept.eligibility[there]
    neuron = c["target"][rows]
    offset = rows - c["first_incoming"][neuron]
    momentary = (c["flags"] & (TRACED | MEMORY)) == TRACED  # renewed at the next activation
    kept_on = (carried | momentary)[neuron] & (offset < c["learning"][neuron])
    c["eligibility"][(c["first_trace"][neuron] + offset)[kept_on]] = values[kept_on]


def _restore_extended(store: Store, kept: Traces, carried: NDArray[np.bool_]) -> None:
    c = store.columns
    if not len(kept.gater) or not len(c["influence"]):
        return
    key = c["influence_gated"].astype(np.int64) << 32 | c["influence_gater"]  # in ascending order
    old_key = kept.gated.astype(np.int64) << 32 | kept.gater
    pair = key.searchsorted(old_key).clip(max=len(key) - 1)
    alive = (key[pair] == old_key) & (c["influence_trace"][pair] != NONE)
    alive &= carried.take(kept.gated, mode="clip")
    c["influence"][pair[alive]] = kept.influence[alive]

    pair_of, alive_of = pair[kept.pair], alive[kept.pair]
    gater = c["influence_gater"][pair_of]
    learning, bias = c["learning"][gater], kept.extending == NONE
    offset = _rows_of(store, kept.extending) - c["first_incoming"][gater]
    offset[bias] = learning[bias]
    keep = alive_of & (bias | ((offset >= 0) & (offset < learning)))
    c["extended"][(c["influence_trace"][pair_of] + offset)[keep]] = kept.extended[keep]

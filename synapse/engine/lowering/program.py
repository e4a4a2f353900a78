"""The lowered program of a topology, and traces that are independent of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Indices
from ..delayed import Attributes, activations_read
from ..schema import NONE
from .flags import MEMORY
from .kernels import place_kept, read_traces
from .runner import loops
from .stretches import spans

if TYPE_CHECKING:
    from ..store import Store


_NEURONS = ("memory", "gater", "gated")
_IDENTITIES = ("memory_self", "eligible", "extending")
_NUMBERS = ("eligibility", "influence", "extended")


@dataclass(eq=False)  # never changed, so that programs can share one
class Traces:
    """Traces by neurons and identities (NONE: a bias) instead of rows, so that they
    survive lowering.
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
        """These traces with rows and identities shifted, for a store that was absorbed
        by another.
        """
        offsets = dict.fromkeys(_NEURONS, neurons) | dict.fromkeys(
            _IDENTITIES, identities
        )
        parts = [
            (name, vars(self)[name].astype(np.int64), by)
            for name, by in offsets.items()
        ]
        return replace(
            self,
            **{
                name: np.where(ends == NONE, NONE, ends + by)
                for name, ends, by in parts
            },
        )

    def renamed(self, new_row: Indices) -> Traces:
        """These traces with the new rows of the neurons (NONE, as the last one is:
        gone).
        """
        return replace(
            self,
            **{
                name: new_row.take(getattr(self, name), mode="clip")
                for name in _NEURONS
            },
        )

    def joined(self, others: Traces) -> Traces:
        """These traces and others. Without self-connections, there are none."""
        if not len(others.memory):
            return self
        both = {
            name: np.concatenate([mine, vars(others)[name]])
            for name, mine in vars(self).items()
        }
        both["pair"][len(self.pair) :] += len(self.gater)
        return Traces(**both)


_NOTHING = Traces(*np.empty((10, 0), np.int64))


@dataclass
class Program:
    """The version of the topology from which a store's program columns were made."""

    # 0: the columns are of no version, or of one before another store was absorbed
    version: int
    pending: Traces = _NOTHING  # traces that are not in the columns
    made: bool = False  # whether the columns hold traces

    def traces(self, store: Store) -> Traces:
        """Every trace that is stored now."""
        # nothing else has any
        if not self.made or not np.count_nonzero(store.columns["flags"] & MEMORY):
            return self.pending
        return kept_traces(store).joined(self.pending)


def kept_traces(store: Store) -> Traces:
    """Copy the traces out of the program columns of a store that has been lowered
    before.
    """
    c = store.columns
    n = len(c["flags"])
    influences = len(c["influence"])
    pairs_at = 2 * n + len(c["eligibility"])
    extended_at = pairs_at + 2 * influences
    work = np.empty(extended_at + 2 * len(c["extended"]), np.int64)
    memory, pairs = loops.run(read_traces, store, n, work)
    return Traces(
        memory=work[:memory],
        memory_self=work[n : n + memory],
        eligible=work[2 * n : pairs_at],
        eligibility=c["eligibility"].copy(),
        gater=work[pairs_at : pairs_at + pairs],
        gated=work[pairs_at + influences : pairs_at + influences + pairs],
        influence=c["influence"][c["influence_trace"] != NONE],
        pair=work[extended_at::2],
        extending=work[extended_at + 1 :: 2],
        extended=c["extended"].copy(),
    )


def restore(store: Store, kept: Traces) -> None:
    """Write preserved traces into the columns of a new program; traces affected by a
    change stay 0.
    """
    c = store.columns
    if not np.count_nonzero(c["flags"] & MEMORY):
        return
    head = np.zeros(9 + store.n_neurons, np.int64)
    head[:4] = (
        len(kept.memory),
        len(kept.eligible),
        len(kept.gater),
        len(kept.extending),
    )
    identities = np.concatenate((kept.memory_self, kept.eligible, kept.extending))
    rows = store.row_of.take(identities, mode="clip")
    work = np.concatenate(
        (head, kept.memory, kept.gater, kept.gated, kept.pair, identities, rows)
    )
    new, _ = loops.run(place_kept, store, 0, work)
    if new:
        _begin(store, work[9 : 9 + new])
    places = work[:9].tolist()
    for name, to, of, count in zip(
        _NUMBERS, places[:3], places[3:6], places[6:], strict=True
    ):
        c[name][work[to : to + count]] = getattr(kept, name)[work[of : of + count]]


def _begin(store: Store, neurons: NDArray[np.int64]) -> None:
    """Begin the traces of neurons that had none with their last inputs; with 0 at a new
    self-connection.
    """
    c = store.columns
    fresh = c["flags"][neurons] & MEMORY != 0
    store["bias_eligibility"][neurons[fresh]] = 0.0
    neurons = neurons[~fresh]
    rows = spans(c["first_incoming"][neurons], c["learning"][neurons])
    source, target, gater = (
        store[name][rows] for name in ("source", "target", "gater")
    )
    m = Attributes(store)
    read = activations_read(m, np.minimum(gater, store.n_neurons - 1), target)
    gain = np.where(gater == NONE, store.unit, read)
    places = spans(c["first_trace"][neurons], c["learning"][neurons])
    c["eligibility"][places] = gain * activations_read(m, source, target)
    store["bias_eligibility"][neurons] = store["stamp"][neurons] != 0

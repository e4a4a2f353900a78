"""Represent the lowered program of a topology, and traces that do not depend on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ..._typing import Indices
from ..read_order import Attributes, gains_read, sources_read
from ..schema import NONE
from ..store_rows import StoreRows
from . import rings
from .flags import MEMORY
from .loops import locate_kept, read_traces
from .loops.traces import MARKS
from .ranges import concat_ranges
from .runner import run

_NEURONS = (
    "memory",
    "influence_gater",
    "influence_gated",
    "past_neuron",
    "met_source",
    "met_target",
)
_IDENTITIES = ("memory_self", "eligibility_connection", "extended_connection")
_NUMBERS = ("eligibility", "influence", "extended")
Placed = dict[str, tuple[Indices, Indices]]
"""The rows that have a place, and the places, by table of traces or sensitivities."""
_no_indices = cast("Callable[[], Indices]", partial(np.empty, 0, np.int64))


@dataclass(eq=False, repr=False)  # never changed, because programs share it
class Traces:
    """Traces by neurons and identities (NONE for a bias) instead of rows, which survive
    lowering. Files contain all traces except the memory, see ``schema.TRACE_TABLES``.
    """

    memory: Indices  # rows of self-connected neurons
    memory_self: Indices  # and the identities of their self-connections
    eligibility_connection: Indices  # of connections with a stored eligibility trace
    eligibility_value: NDArray[Any]
    influence_gater: Indices  # pairs of gater and gated neuron with extended traces
    influence_gated: Indices
    influence_value: NDArray[Any]
    extended_influence: Indices  # of each extended trace: its pair, its connection
    extended_connection: Indices
    extended_value: NDArray[Any]
    past_neuron: Indices  # of each past activation: its neuron,
    past_steps: Indices  # and its age in steps before the latest step of its ring
    past_value: NDArray[Any]
    # of delayed connections from outside of a network: ends, and the number of the
    # source's steps that have begun after the step in which the target last activated
    met_source: Indices = field(default_factory=_no_indices)
    met_target: Indices = field(default_factory=_no_indices)
    met_lead: Indices = field(default_factory=_no_indices)

    @property
    def are_none(self) -> bool:
        """Whether there are no traces. Without self-connections, rings contain all of
        them.
        """
        return not (len(self.memory) or len(self.past_neuron))

    def shifted(self, neurons: int, identities: int, clock: int) -> Traces:
        """Return these traces with rows, identities and times shifted, for a store that
        was absorbed by another.
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
        """Return these traces with the new rows of the neurons, where NONE, like the
        last one, stands for removed neurons.
        """
        return replace(
            self,
            **{
                name: new_row.take(getattr(self, name), mode="clip")
                for name in _NEURONS
            },
        )

    def joined(self, others: Traces) -> Traces:
        """Return these traces joined with others."""
        if others.are_none:
            return self
        both = {
            name: np.concatenate([mine, vars(others)[name]])
            for name, mine in vars(self).items()
        }
        both["extended_influence"][len(self.extended_influence) :] += len(
            self.influence_gater
        )
        return Traces(**both)


_NOTHING = Traces(*np.empty((len(fields(Traces)), 0), np.int64))


@dataclass(eq=False, repr=False)
class Program:
    """The version of the topology from which a store's program columns were made."""

    # 0 if the columns have no version, or an earlier one than the absorption of a store
    version: int
    pending: Traces = _NOTHING  # traces that are not in the columns
    made: bool = False  # whether the columns hold traces
    placed: Placed | None = None  # filled by lowering, for a file of the pending traces
    # kernels of neurons; None if each neuron looks for its network's rule first
    single_calls: Any = None
    structure: int = 0  # the version of the structure then
    freezes: bool = False  # whether a parameter has been frozen since then

    def traces(self, store: StoreRows) -> Traces:
        """Return every trace that is stored now."""
        # only these have traces
        c = store.columns
        if not self.made or not (
            np.count_nonzero(c["flags"] & MEMORY) or len(c["past"])
        ):
            return self.pending
        return kept_traces(store).joined(self.pending)


def kept_traces(store: StoreRows) -> Traces:
    """Copy the traces out of the program columns of a store that has been lowered
    before.
    """
    c = store.columns
    n = len(c["flags"])
    influences = len(c["influence"])
    pairs_at = 2 * n + len(c["eligibility"])
    extended_at = pairs_at + 2 * influences
    work = np.empty(extended_at + 2 * len(c["extended"]), np.int64)
    memory, pairs = run(read_traces, store, work, n)
    return Traces(
        memory=work[:memory],
        memory_self=work[n : n + memory],
        eligibility_connection=work[2 * n : pairs_at],
        eligibility_value=c["eligibility"].copy(),
        influence_gater=work[pairs_at : pairs_at + pairs],
        influence_gated=work[pairs_at + influences : pairs_at + influences + pairs],
        influence_value=c["influence"][c["influence_trace"] != NONE],
        extended_influence=work[extended_at::2],
        extended_connection=work[extended_at + 1 :: 2],
        extended_value=c["extended"].copy(),
        **rings.read(store),
    )


def restore(store: StoreRows, kept: Traces) -> None:
    """Write preserved traces into the columns of a new program. Traces affected by a
    change stay 0.
    """
    c = store.columns
    head = np.zeros(MARKS + store.n_neurons, np.int64)
    head[:4] = (
        len(kept.memory),
        len(kept.eligibility_connection),
        len(kept.influence_gater),
        len(kept.extended_connection),
    )
    identities = np.concatenate(
        (kept.memory_self, kept.eligibility_connection, kept.extended_connection)
    )
    rows = store.row_of.take(identities, mode="clip")
    work = np.concatenate(
        (
            head,
            kept.memory,
            kept.influence_gater,
            kept.influence_gated,
            kept.extended_influence,
            identities,
            rows,
        )
    )
    new, _ = run(locate_kept, store, work)
    if new:
        _begin(store, work[MARKS : MARKS + new])
    offsets = work[:MARKS].tolist()
    for name, to, of, count in zip(
        _NUMBERS, offsets[:3], offsets[3:6], offsets[6:], strict=True
    ):
        places, rows = work[to : to + count], work[of : of + count]
        c[name][places] = getattr(kept, f"{name}_value")[rows]
        if store.program.placed is not None:
            store.program.placed[name] = rows, places


def clear_traces_of_biases(store: StoreRows, neurons: NDArray[np.int64]) -> None:
    """Set the traces of some neurons' biases to 0 in a lowered store."""
    c = store.columns
    store["bias_eligibility"][neurons] = 0.0
    if len(c["extended"]):
        gater, trace = c["influence_gater"], c["influence_trace"]
        pairs = np.flatnonzero(np.isin(gater, neurons) & (trace != NONE))
        c["extended"][trace[pairs] + c["learning"][gater[pairs]]] = 0.0


def _begin(store: StoreRows, neurons: NDArray[np.int64]) -> None:
    """Begin new traces of neurons with their last inputs, or with 0 at a new
    self-connection.
    """
    c = store.columns
    fresh = c["flags"][neurons] & MEMORY != 0
    store["bias_eligibility"][neurons[fresh]] = 0.0
    neurons = neurons[~fresh]
    rows = concat_ranges(c["first_incoming"][neurons], c["learning"][neurons])
    m = Attributes(store)
    traces = concat_ranges(c["first_trace"][neurons], c["learning"][neurons])
    c["eligibility"][traces] = gains_read(m, rows) * sources_read(m, rows)
    store["bias_eligibility"][neurons] = store["stamp"][neurons] != 0

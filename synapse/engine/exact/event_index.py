"""Choose the connections of a network that follow activity, and the terms of its
states.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..by_source.index import PART, BySource, build, concat_rows
from ..functions import activations
from ..lowering.flags import DENSE, LISTED, MEMORY, STEPPED, UNORDERED
from ..read_order import Attributes, are_together, is_delayed_in_order
from ..records import Span
from ..schema import INPUT, NONE
from ..store import Store
from .fire import can_skip_derivatives

MIN_CONNECTIONS = 4096
"""Number of listed connections below which compiling the kernel takes more time than it
saves. By events, 1,000 to 80,000 connections take 0.04 to 0.7 times as long at up to 5
% active, and 0.63 to 1.34 times at 20 % or more, whatever the length of runs. ``python
-m benchmarks.variants exact.event_index.MIN_CONNECTIONS``: rows take 0.99 to 1.02
times as long with a tenth, 1.02 to 3.33 times with ten times.
"""
MAX_SCATTERED_SOURCES = 4
"""Maximum number of sources in a dense run that may follow activity. With 1 and with
40, rows take the same time. Without a limit, 300,000 sparse connections beside an
active dense layer of 300 take 3.7 times as long, and if no dense run follows activity,
60,000 beside 3,000 one to one take 6 times. Lists of packs (``online/lists.py``) only
exist for dense runs of 64 sources and more, and save nothing here."""
MAX_ALIGNED = 4
"""Maximum number of a neuron's one-to-one runs whose weights are laid side by side with
those of its neighbours."""
SELF = 1
FIRST_RUN = 2
EQUAL = 16
"""Number of values that have a place for parts in which all numbers are equal. Fewer
bytes are then read, and these stay in the cache."""
RECEIVING = 1
CARRYING = 2
MIXED = 4
OPEN = 8
"""Flags in `EventRows.form`. They mark that neurons have connections by source, that a
self-connection carries their state, that they have runs that are gathered, and that
they only read events and their own state, and need no derivatives."""


class EventRows(NamedTuple):
    """Numbers of a network that is stepped by events."""

    weight: NDArray[Any]  # by connection of the index, if it has been `copied`
    # by neuron, followed by the neurons of the ring that are read with lags: whether a
    # call has copied the weights of their outgoing connections
    copied: NDArray[np.uint8]
    skipped: NDArray[np.uint8]  # by run: whether its connections are in the index
    form: NDArray[np.uint8]  # by neuron: a sum of `RECEIVING`, `CARRYING`, ...
    # where the neurons of the same form and squash end, whose self-connections have
    # consecutive gaters or no gater
    form_stop: NDArray[np.int64]
    # for each frame of the ring of neurons that are read with lags, and for this step:
    # the number of neurons that are not 0, then these neurons
    earlier: NDArray[np.uint32]
    # sums of events, by neuron: of steps with an even number, and behind an empty part
    # of steps with an odd number
    sums: NDArray[Any]
    # by part of the sums: whether it may have received events; for the empty part
    # behind the sums of a step, whether there are so many that parts are not marked
    touched: NDArray[np.uint8]
    # numbers that steps read of neurons one after the other: in slots, by neuron, the
    # bias, the weight of the self-connection (`SELF`), and those of the gathered
    # one-to-one runs (from `FIRST_RUN` on); behind them numbers that are equal for all
    # neurons of a part, `PART` times each
    aligned: NDArray[Any]
    # by slot and part: the place that neuron 0 would have if the part began there
    block: NDArray[np.int64]


class EventIndex(NamedTuple):
    """Connections that follow activity, in the form that kernels receive."""

    connections: BySource
    rows: EventRows


def build_index(store: Store, span: NDArray[np.int64]) -> EventIndex | None:
    """Return the connections of a lowered store's network by source, or None if
    gathering all of them is faster.
    """
    c = store.columns
    start, stop = int(span[Span.START]), int(span[Span.STOP])
    n = stop - start
    run_start, run_stop = (
        c[end][start:stop].astype(np.int64) for end in ("run_start", "run_stop")
    )
    runs = np.arange(run_start[0], run_stop[-1])
    is_ordered = c["run_flags"][runs] & UNORDERED == 0
    listed = (c["run_kind"][runs] == LISTED) & is_ordered
    total = int(c["run_length"][runs[listed]].sum())
    if total < MIN_CONNECTIONS:
        return None
    # Neurons that only have such runs and short ones from silent sources or, if few
    # neurons have such runs, any runs from spikes and short ones from inputs.
    neuron_of = np.repeat(np.arange(n), run_stop - run_start)
    squash = c["squash"][start:stop]
    silent = activations.may_be_silent(squash)
    are_inputs = c["role"][start:stop] == INPUT
    is_dense = (c["run_kind"][runs] == DENSE) & is_ordered
    is_short = c["run_length"][runs] <= MAX_SCATTERED_SOURCES
    few = c["alike_stop"][start:stop] - np.arange(start, stop) <= MAX_SCATTERED_SOURCES
    short = np.zeros(len(runs), bool)
    for chosen, sources in (
        (is_short, silent),
        (is_short & few[neuron_of], silent | are_inputs),
        (few[neuron_of], np.isin(squash, activations.SPIKES)),
    ):
        of = np.flatnonzero(is_dense & chosen)
        # whether all sources of these runs are among them
        before = np.concatenate([[0], np.cumsum(sources)])
        begin = c["run_source"][runs[of]].astype(np.int64) - start
        end = begin + c["run_length"][runs[of]]
        short[of] |= before[end] - before[begin] == end - begin
    gathers = np.bincount(neuron_of[~(listed | short)], minlength=n) > 0
    listed |= short & ~gathers[neuron_of]

    chosen = runs[listed]
    rows = concat_rows(c, chosen)
    counted = silent[c["source"][rows] - np.uint32(start)]
    is_listed = c["run_kind"][chosen] == LISTED
    counted &= np.repeat(is_listed, c["run_length"][chosen])
    if 2 * np.count_nonzero(counted) < total:
        return None
    connections = build(c, start, stop, chosen, rows, 2)
    skipped = np.zeros(len(c["run_kind"]), np.uint8)
    skipped[chosen] = 1
    gathered = runs[~listed]
    single = c["run_length"][gathered] == 1
    single &= c["run_flags"][gathered] & STEPPED != 0
    one_to_one = np.bincount(neuron_of[~listed][single])
    slots = FIRST_RUN + min(int(one_to_one.max(initial=0)), MAX_ALIGNED)
    receives = np.bincount(neuron_of[listed], minlength=n) > 0
    form, form_stop = _forms(store, start, stop, receives, gathers)
    lags = len(connections.lags)
    both = 2 * (len(connections.parts) + 1)
    connections.target[:] -= np.uint32(start)
    width = (len(connections.active) - 1 - n) // lags if lags else 0
    lists = int(c["ring_frames"][c["ring"][start]]) + 1 if lags else 0
    return EventIndex(
        connections,
        EventRows(
            weight=np.empty(len(rows), store.dtype),
            copied=np.zeros(n + width, np.uint8),
            skipped=skipped,
            form=form.astype(np.uint8),
            form_stop=form_stop,
            earlier=np.zeros(lists * (1 + width), np.uint32),
            sums=np.zeros(both * PART, store.dtype),
            touched=np.zeros(both, np.uint8),
            aligned=np.zeros(slots * n + EQUAL * PART, store.dtype),
            block=np.zeros(slots * len(connections.parts), np.int64),
        ),
    )


def _forms(
    store: Store,
    start: int,
    stop: int,
    receives: NDArray[np.bool_],
    gathers: NDArray[np.bool_],
) -> tuple[NDArray[np.integer[Any]], NDArray[np.int64]]:
    """Return the form of each neuron, and the end of the neurons with the same form.
    The gaters of their self-connections must be consecutive and read in the same step,
    or be missing altogether.
    """
    c = store.columns
    squash = c["squash"][start:stop].astype(np.int64)
    gater = c["self_gater"][start:stop].astype(np.int64)
    neuron = np.arange(start, stop)
    has_gater = gater != NONE
    gater[~has_gater] = neuron[~has_gater]
    together = are_together(Attributes(store), gater, neuron)
    plain = [code for code in np.unique(squash) if can_skip_derivatives(code)]
    is_open = ~gathers & ~has_gater & np.isin(squash, plain)
    form = CARRYING * (c["flags"][start:stop] & MEMORY != 0)
    form += MIXED * gathers + OPEN * is_open
    kinds = form, squash, is_delayed_in_order(gater, neuron, together), has_gater
    changed = has_gater[1:] & (gater[1:] != gater[:-1] + 1)
    for kind in kinds:
        changed |= kind[1:] != kind[:-1]
    begins = np.append(0, np.flatnonzero(changed) + 1)
    lengths = np.diff(begins, append=stop - start)
    any_receives = np.logical_or.reduceat(receives, begins)
    form += RECEIVING * np.repeat(any_receives, lengths)
    return form, start + np.repeat(begins + lengths, lengths)

"""Select the activations of sources and gaters that kernels read.

This module compiles the functions of ``engine/read_order.py``.

Before a loop begins, the flags of a run select the column, or the step of a tape, that
it reads.
"""

from .. import read_order as plain
from ..language import INDEX, inline, lazy_part, one_like, parts_of
from ..lowering.flags import DELAYED, DELAYED_GATE, DENSE, KEEPS, SILENT, UNORDERED
from ..schema import NONE

LATEST = -1
"""In place of the time at which a step began: what was read at the latest activation.
"""

(
    is_delayed,
    is_delayed_in_order,
    are_together,
    is_late,
    is_delayed_by_stamp,
    depth_of,
    activation_read,
    has_kept,
    past_index,
    source_read,
    gain_read,
    eligibility_of,
    influence_of,
) = parts_of(
    dict(vars(plain)),
    (
        plain.is_delayed,
        plain.is_delayed_in_order,
        plain.are_together,
        plain.is_late,
        plain.is_delayed_by_stamp,
        plain.depth_of,
        plain.activation_read,
        plain.has_kept,
        plain.past_index,
        plain.source_read,
        plain.gain_read,
        plain.eligibility_of,
        plain.influence_of,
    ),
)


@inline
def sources_read(store, r):
    """Return the column with the activations that the target of a run reads from its
    sources.
    """
    return store.old_activation if store.run_flags[r] & DELAYED else store.activation


@inline
def has_lag(store, r, lagged):
    """Return whether a run has a lag. Without `lagged`, no run of its neuron has a
    lag.
    """
    return lagged and store.run_lag[r] != 0


@inline
def places_of(store, r, lagged):
    """Return the column with the indices of a listed run's sources among the
    activations that it reads. Without `lagged`, no run of its neuron has a lag.
    """
    return store.past_offset if has_lag(store, r, lagged) else store.source


@inline
def past_at(store, r, j):
    """Return the column with the activations that a run with a lag into j reads, and
    their offset there.
    """
    ring = store.ring[store.run_source[r]]
    lag = store.run_lag[r] + steps_since_met(store, ring, r, j)
    if lag == 0:
        return store.activation, 0
    return store.past, frame_offset(store, store.ring_head, ring, lag)


@inline
def steps_since_met(store, ring, r, j):
    """Return how many steps of a ring have begun since the one in which j met it along
    a run; -1 if this is the next one, and 0 in its own network.
    """
    outside = store.flags[j] & KEEPS and ring != store.ring[j]
    return store.ring_steps[ring] - store.run_met[r] if outside else 0


@inline
def read_by(store, i, j, begin):
    """Return the activation of i that j reads now, in a step that began at this time
    (0: nothing late has activated in it), or read when it last activated (`LATEST`).
    """
    late = (
        is_delayed_by_stamp(store, i, j)
        if begin == LATEST
        else begin != 0 and store.stamp[i] >= begin and is_late(store, i, j)
    )
    return store.old_activation[i] if late else store.activation[i]


@lazy_part(INDEX, INDEX)
def keep_read(store, j, begin):
    """Keep what the connections into j read, see `read_by`."""
    for r in range(store.run_start[j], store.run_stop[j]):
        row = store.run_first[r]
        stop = row + store.run_length[r]
        at_run_time = DELAYED if begin == 0 else DELAYED | UNORDERED
        is_plain = store.run_kind[r] == DENSE and not store.run_flags[r] & at_run_time
        if is_plain and begin != LATEST:
            source = store.run_source[r]
            store.kept_source[row:stop] = store.activation[source : source + stop - row]
            store.kept_gain[row:stop] = 1.0
        else:
            for c in range(row, stop):
                keep_connection(store, c, j, begin)
    if store.self_row[j] != NONE:
        keep_connection(store, store.self_row[j], j, begin)


@inline
def keep_connection(store, c, j, begin):
    """Keep what a connection into j reads, see `read_by`."""
    i = store.source[c]
    g = store.gate[c] - 1
    lag = store.delay[c]
    if lag != 0:
        ring = store.ring[i]
        lag += steps_since_met(store, ring, store.tape_offset[c], j)
        lag = min(lag, store.ring_frames[ring])
        read = (
            store.past[past_index(store, c, lag)] if lag != 0 else store.activation[i]
        )
    else:
        read = read_by(store, i, j, begin)
    one = one_like(read)
    store.kept_source[c] = read
    store.kept_gain[c] = read_by(store, g, j, begin) if g >= 0 else one


@inline
def incoming_stop(store, j):
    """Return the end of the connections into j."""
    is_last = j + 1 == store.ties.neurons
    return store.ties.connections if is_last else store.first_incoming[j + 1]


@lazy_part(INDEX)
def meet_sources(store, j):
    """Set the step in which j activates for each ring of another network. If j has
    activated in the present step, this is the next one.
    """
    for r in range(store.run_start[j], store.run_stop[j]):
        ring = store.ring[store.run_source[r]]
        if store.run_lag[r] != 0 and ring != store.ring[j]:
            steps = store.ring_steps[ring]
            store.run_met[r] = steps if steps > store.run_met[r] else steps + 1


@inline
def frame_offset(store, heads, ring, lag):
    """Return the offset of the activations `lag` steps ago in a ring, whose previous
    step is in the frame ``heads[ring]``.
    """
    # [equation delay]
    start = store.ring_start[ring]
    frame = heads[ring] - (lag - 1)
    if frame < 0:
        frame += store.ring_frames[ring]
    return store.ring_first[ring] + frame * (store.ring_stop[ring] - start) - start
    # [end]


@inline
def sources_at(store, j, r, lagged):
    """Return the column with the activations that j has read from the sources of a run,
    and the offset at which the activation of source row 0 would be. Without `lagged`, j
    has no run with a lag.
    """
    if has_lag(store, r, lagged):
        return past_at(store, r, j)
    return sources_read(store, r), 0


@inline
def gaters_read(store, r):
    """Return the column with the activations that the target of a run reads from its
    gaters.
    """
    return (
        store.old_activation if store.run_flags[r] & DELAYED_GATE else store.activation
    )


@inline
def self_gater_read(store, j):
    """Return the column with the activation that `j` reads from the gater of its
    self-connection in the same network.
    """
    return at_self_gater_step(store, j, store.activation, store.old_activation)


@inline
def at_gaters_step(flags, now, before):
    """Return `now` if a run with these flags reads its gaters in this step, `before` if
    it reads them one step late.
    """
    return before if flags & DELAYED_GATE else now


@inline
def at_self_gater_step(store, j, now, before):
    """Return `before` if `j` reads the gater of its self-connection one step late,
    otherwise `now`.
    """
    g = store.self_gater[j]
    late = g != NONE and is_delayed_in_order(g, j, are_together(store, g, j))
    return before if late else now


@inline
def sends_error(flags):
    """Return whether the sources of a run receive an error of this step or, by exact
    gradients, of the previous step.
    """
    return not flags & SILENT or flags & DELAYED

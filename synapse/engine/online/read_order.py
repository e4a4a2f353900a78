"""Select the activations of sources and gaters that kernels read.

This module compiles the functions of ``engine/read_order.py``.

Before a loop begins, the flags of a run select the column, or the step of a tape, that
it reads.
"""

from .. import read_order as plain
from ..language import INDEX, inline, lazy_part, parts_of
from ..lowering.flags import DELAYED, DELAYED_GATE, SILENT
from ..schema import NONE

(
    is_delayed,
    is_delayed_in_order,
    are_together,
    is_late,
    is_delayed_by_stamp,
    depth_of,
    activation_read,
    has_advanced,
    lag_read,
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
        plain.has_advanced,
        plain.lag_read,
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
def past_read(store, r):
    """Return the result of `past_at` for the activations that the target of a run with
    a lag has read.
    """
    c = store.run_first[r]
    lag = lag_read(store, c) + store.run_lag[r] - store.delay[c]
    return past_at(store, store.ring[store.run_source[r]], lag)


@inline
def past_at(store, ring, lag):
    """Return the column with a ring's activations `lag` frames back, see `lag_read`,
    and the offset of the ring's neurons in it.
    """
    if lag == 0:
        return store.activation, 0
    return store.past, frame_offset(store, store.ring_head, ring, lag)


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
def sources_at(store, r):
    """Return the column with the activations that the target of a run reads from its
    sources in the same network, and the offset at which the activation of source row 0
    would be.
    """
    if store.run_lag[r] != 0:
        ring = store.ring[store.run_source[r]]
        return store.past, frame_offset(store, store.ring_head, ring, store.run_lag[r])
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

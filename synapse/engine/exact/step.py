"""Locate the numbers of one step on the tapes, see ``loops.py``.

A run of connections reads its sources some steps before its target. This lag is 0, or 1
if they come later in the order, or the delay of the connections. Tapes of an unfolding
contain all steps, one after the other. Tapes of a run contain two, followed by a copy
of the store's past (``online/read_order.py``).
"""

from __future__ import annotations

from typing import NamedTuple

from ..language import inline, named_indices
from ..lowering.flags import DELAYED, UNORDERED
from ..online.read_order import frame_offset, has_lag


class Step(NamedTuple):
    """A step forward: the neuron in row j has ``tapes.activation[step.now + j]``."""

    now: int  # where the numbers of this step begin, minus the first row of the network
    before: int  # where those of the previous step begin
    # where numbers begin that every step overwrites, such as ``tapes.new_state``
    offset: int
    rows: int  # how far a step is from the next one, on tapes of all steps
    past: int  # where the copy of the past begins, or 0 if the tapes have all steps
    # whether all numbers of this step are written, instead of only those that steps
    # read, and whether all numbers of the previous step are
    whole: int
    whole_before: int
    number: int  # how many steps the network has made before it on these tapes


class StepBack(NamedTuple):
    """A step backward: neuron j has the error ``tapes.error[back.slot + j]``."""

    now: int
    before: int
    to_now: int  # where errors are added that belong to this step, in ``tapes.pushed``,
    to_before: int  # and to the previous one
    slot: int  # where the errors of this step begin, in a chunk of steps
    offset: int
    rows: int  # how far a step is from the next one
    ring: int  # length of ``tapes.pushed``, in which the first step follows the last


class Chunk(NamedTuple):
    """Steps whose errors are summed into the gradient together."""

    steps: int  # number of steps
    now: int  # where the numbers of the first begin, minus the first row of the network
    origin: int  # the first row of the network
    rows: int  # number of neurons
    lanes: int  # number of samples


@inline
def sources_at(store, tapes, r, step):
    """Return the offset of the activations that a run reads from its sources."""
    if not store.run_flags[r] & DELAYED:
        return step.now
    if store.run_lag[r] == 0:
        return step.before
    if step.past == 0:
        return sources_before(store, r, step.now, step.rows)
    ring = store.ring[store.run_source[r]]
    lag = store.run_lag[r]
    if store.run_flags[r] & UNORDERED:
        if ring != store.ring[store.target[store.run_first[r]]]:
            # `meet_sources`, of a ring that does not advance on these tapes
            lag -= int(step.number > 0 or store.ring_steps[ring] <= store.run_met[r])
        if lag == 0:
            return step.now
    return step.past + frame_offset(store, tapes.head, ring, lag)


@inline
def places_of(store, r, past, lagged):
    """Return the column with the places of a listed run's sources, counted from the
    result of `sources_at`. `past` belongs to a `Step`. Without `lagged`, runs of its
    neuron have no lag.
    """
    if not has_lag(store, r, lagged):
        return store.source
    return store.tape_offset if past == 0 else store.past_offset


@inline
def sources_before(store, r, now, rows):
    """Do the same as `sources_at` on tapes of all steps, which are `rows` apart, for
    the step at `now`. The lag is a number of earlier steps.
    """
    lag = store.run_lag[r]
    return now - (lag if lag != 0 else store.run_flags[r] & DELAYED) * rows


@inline
def errors_at(store, r, back):
    """Return the offset of the errors that a run sends to its sources."""
    to = sources_before(store, r, back.to_now, back.rows)
    return to if to >= back.offset else to + back.ring


STEP = named_indices(Step)
"""Kind of an argument that is a `Step`, for lazy parts."""
STEP_BACK = named_indices(StepBack)
"""Kind of an argument that is a `StepBack`, for lazy parts."""
CHUNK_KIND = named_indices(Chunk)
"""Kind of an argument that is a `Chunk`, for lazy parts."""

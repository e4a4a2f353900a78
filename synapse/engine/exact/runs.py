"""Run steps without traces on tapes of two steps, which swap roles.

The context of a network is copied to the tapes when a call begins. The values that
users can read afterwards are only written when it ends (`write_back`), because they
cannot be read in between. Therefore, a call that fails has changed nothing.

The tapes have the rows of the whole store, and all of its past, since neurons may read
others outside of their network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..language import INDEX, TAPES, inline, kernel, lazy_part
from ..lowering.flags import KEEPS
from ..online.calls import ROW, SPAN, calls_by_float
from ..online.fire import clear_all_traces, clear_error, tick
from ..online.loops import check_rows
from ..online.read_order import meet_sources
from ..online.steps import count_steps
from ..schema import FAILURE, NONE
from ..status import DONE, FAILED, ROW as FAILED_ROW
from .activate import GATHERING, Way, activate_by
from .step import STEP, Step


@inline
def load_context(store, tapes, span, rows):
    """Copy the context to the tapes, and return the `Step` before the first one."""
    step = Step(0, rows, 0, rows, 2 * rows, 1, 1, -1)
    tapes.activation[span.start : span.stop] = store.activation[span.start : span.stop]
    tapes.state[span.start : span.stop] = store.state[span.start : span.stop]
    load_outside(store, tapes, 0, span.start, rows)
    load_outside(store, tapes, span.stop, rows, rows)
    if store.ties.rings != 0:
        load_past(store, tapes, step)
    return step


@inline
def load_outside(store, tapes, start, stop, rows):
    """Copy activations that do not change in these steps."""
    for j in range(start, stop):
        tapes.activation[j] = store.activation[j]
        tapes.activation[rows + j] = store.activation[j]


@inline
def next_step(step, whole):
    """Return the step that follows on tapes of two steps. If it is `whole`, all of its
    numbers are written.
    """
    return Step(
        step.before,
        step.now,
        step.offset,
        step.rows,
        step.past,
        whole,
        step.whole,
        step.number + 1,
    )


@inline
def advance(store, tapes, extra, span, step):
    """Advance the past of a network by a step."""
    ring = store.ring[span.start]
    if ring != NONE:
        advance_past(store, tapes, ring, step)


@inline
def size_of(store, ring):
    """Return the number of past activations in a ring, which are its frames and their
    copies.
    """
    width = store.ring_stop[ring] - store.ring_start[ring]
    return 2 * store.ring_frames[ring] * width


@lazy_part(TAPES, STEP)
def load_past(store, tapes, step):
    """Copy all past activations."""
    for ring in range(store.ties.rings):
        start = store.ring_first[ring]
        tapes.activation[
            step.past + start : step.past + start + size_of(store, ring)
        ] = store.past[start : start + size_of(store, ring)]
        tapes.head[ring] = store.ring_head[ring]


@inline
def next_frame(store, tapes, ring):
    """Return the frame that a network overwrites, which then becomes the latest one."""
    head = (tapes.head[ring] + 1) % store.ring_frames[ring]
    tapes.head[ring] = head
    return head


@lazy_part(INDEX, STEP, taped=True)
def advance_past(store, tapes, ring, step):
    """Advance the past of a network by the activations of its neurons in the step
    before this one.
    """
    start = store.ring_start[ring]
    width = store.ring_stop[ring] - start
    to = step.past + store.ring_first[ring] + next_frame(store, tapes, ring) * width
    copy = to + store.ring_frames[ring] * width
    for i in range(width):
        activation = tapes.activation[step.before + start + i]
        tapes.activation[to + i] = activation
        tapes.activation[copy + i] = activation


@lazy_part(TAPES, INDEX, INDEX, STEP)
def write_past(store, tapes, ring, steps, step):
    """Write the past of a network after `steps` steps."""
    start = store.ring_first[ring]
    store.past[start : start + size_of(store, ring)] = tapes.activation[
        step.past + start : step.past + start + size_of(store, ring)
    ]
    store.ring_head[ring] = tapes.head[ring]
    store.ring_steps[ring] += steps


@inline
def write_back(store, tapes, span, start, step, steps):
    """Write the results of `steps` steps without traces, of which the last is `step`.
    The inputs up to `start` were set, and traces are missing.
    """
    count = span.stop - span.start
    stamp = tick(store, steps * count) + (steps - 1) * count
    for j in range(span.start, span.stop):
        store.old_activation[j] = tapes.activation[step.before + j]
        store.activation[j] = tapes.activation[step.now + j]
        store.stamp[j] = stamp + (j - span.start)
        clear_error(store, j)
        if store.flags[j] & KEEPS:
            for _ in range(min(steps, 2)):  # more change nothing
                meet_sources(store, j)
    store.derivative[span.start : start] = 0.0
    for j in range(start, span.stop):
        store.old_state[j] = tapes.state[step.before + j]
        store.state[j] = tapes.state[step.now + j]
        store.derivative[j] = tapes.slope[step.now + j]
    ring = store.ring[span.start]
    if ring != NONE:
        write_past(store, tapes, ring, steps, step)
    clear_all_traces(store, span)
    count_steps(store, span.start, span.stop, steps)


@inline
def copy_streams(to, streams, span):
    """Copy the positions of the random neurons' streams to draw the same numbers
    again.
    """
    to[span.start : span.stop] = streams[span.start : span.stop]


@inline
def has_failed(store, tapes):
    """Return whether a registered function has raised. In this case, ``store.failed``
    identifies it.
    """
    if tapes.failed[0] != 0.0:
        store.failed[:FAILURE] = tapes.failed[:FAILURE]
        tapes.failed[0] = 0.0
    return store.failed[0] != 0.0


class RunParts(NamedTuple):
    """The parts of a run that depend on how states are summed."""

    way: Way
    # (store, tapes, extra, span, step): before the first step
    begin_run: Callable[..., Any]
    # (store, tapes, extra, span, step): the network remembers the step before
    advance: Callable[..., Any]


@inline
def run_rows(
    parts, store, tapes, extra, span, rows, latest, looks, inputs, outputs, scalar
):
    """Activate once for every row, as `run_untraced` does."""
    store.failed[0] = 0.0
    status = check_rows(store, span, inputs, outputs, scalar)
    if status != DONE:
        return status
    n = span.outputs
    steps = outputs.size // n
    if steps == 0:
        return DONE
    start = span.start + span.inputs if inputs.size > 0 else span.start
    first_whole = steps if looks else max(steps - 2, 0)
    step = load_context(store, tapes, span, rows)
    copy_streams(tapes.random, store.random, span)
    parts.begin_run(store, tapes, extra, span, step)
    for row in range(steps):
        step = next_step(step, int(row >= first_whole))
        parts.advance(store, tapes, extra, span, step)
        tapes.row[0] = row
        activate_by(
            parts.way, store, tapes, extra, span, inputs, 0, step, 1, False, False
        )
        if has_failed(store, tapes):
            copy_streams(store.random, tapes.random, span)
            store.failed[FAILED_ROW] = row
            return FAILED
        outputs[row * n : row * n + n] = tapes.activation[
            step.now + span.stop - n : step.now + span.stop
        ]
    if looks:
        copy_streams(store.random, tapes.random, span)
    else:
        write_back(store, tapes, span, start, step, steps)
        latest[0] = store.stamp[span.stop - 1]
    return DONE


@inline
def _nothing(*arguments):
    """Do nothing, because a step that gathers begins without lists."""


GATHERED = RunParts(GATHERING, _nothing, advance)


@kernel
def run_untraced(store, scalar, tapes, rows, span, latest, looks, inputs, outputs):
    """Activate once for every row of `outputs` without traces, and write the outputs to
    it.

    `rows` is the number of the store's rows, which the tapes have, too. The time of the
    last output's activation is written to `latest`. With `looks`, only the outputs are
    written. Returns a status. Unless it is DONE, the network is unchanged, and
    ``failed[ROW]`` is the row of a refused input, or at which a registered function has
    raised an error.
    """
    return run_rows(
        GATHERED, store, tapes, None, span, rows, latest, looks, inputs, outputs, scalar
    )


calls_for = calls_by_float(
    lambda scalar: {run_untraced: (0, scalar, 0, 0, SPAN, SPAN, True, ROW, ROW)}
)

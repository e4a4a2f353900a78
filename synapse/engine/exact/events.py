"""Steps without traces whose cost follows activity: connections of silent neurons are
not read.

A run of `weigh.py` gathers: each target reads all of its sources. Where most sources
are exactly 0, as spikes, ReLU and winners are, it is faster to scatter: each active
source adds its activation times its weight to the sums of its targets. Both are

    state s_j = w_jj s_j(old) + b_j + sum_i w_ij y_i

with the terms of a sum in another order. `Fans` lists the connections by source. Those
that are read one step late come first: they are added before the step begins, the
others as soon as their source has fired.

Every block of neurons can still gather, since all activations are in their place. A
step whose events would cost more than that gathers, from the block on at which it turns
out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiler.jit import bare, columns, inline, kernel, span_of
from ..compiler.lanes import splat, tapes
from ..functions import activations
from ..lowering.flags import DELAYED, LISTED, MEMORY, UNORDERED
from ..online.calls import ROW, SPAN, calls_by_float
from ..online.fire import clamp_neuron, tick
from ..online.loops import rows_by
from ..online.record import note, watches
from ..records import Span
from ..schema import NONE
from ..store import Store
from .loops import fire_block, weigh_block
from .step import Step
from .weigh import carry_states, dense_alike, weigh_apart, weigh_dense

FEWEST = 16_384
"""Connections below which gathering is fast enough."""
SHORTEST = 8
"""Mean number of sources of a run below which gathering is faster."""
PER_EVENT = 3
"""How many connections are gathered in the time of one event: 2.2 by measurement."""
WORTH_LISTING = 32
"""Steps that gather which take as long as listing all connections by source."""
GLANCE = 32
"""Neurons that are looked at together for one that is active."""
MARGIN = 2
"""An estimate of the events may be as many times too large."""
TOO_MANY = -1
"""In place of the number of active sources: there are so many that steps gather."""


class Fans(NamedTuple):
    """Connections of a network by source, as kernels take them.

    Source i, counted from the network's first row, has the late connections from
    ``late[i]`` to ``prompt[i]`` and the others from there to ``late[i + 1]``.
    """

    late: NDArray[np.int64]
    prompt: NDArray[np.int64]
    target: NDArray[np.uint32]
    place: NDArray[np.uint32]  # row of the connection, which has the weight
    skipped: NDArray[np.uint8]  # by run: whether its connections are here
    plain_stop: NDArray[np.int64]  # by neuron: until where there is nothing but them
    active: NDArray[np.int64]  # sources that are not 0, after their number
    sums: NDArray[Any]  # what events have added, by neuron


SILENT = np.array(
    [
        entry.code
        for entry in activations.ACTIVATIONS.values()
        if entry.family == activations.LARGEST
        or any(entry.formula(state)[0] == 0.0 for state in (-3.0, -0.3, 0.3))
    ]
)
"""Codes of squashes that are exactly 0 in a range of states, or for all but one."""


def may_be_silent(codes: NDArray[Any]) -> NDArray[np.bool_]:
    """Which squashes may be exactly 0; of a user's own, nobody knows."""
    return np.isin(codes, SILENT) | (codes >= activations.FIRST_CUSTOM)


def fans_of(store: Store, span: NDArray[np.int64]) -> Fans | None:
    """The connections of a lowered store's network by source; None if all are gathered
    faster.
    """
    start = int(span[Span.START])
    stop = int(span[Span.STOP])
    c = store.columns
    runs = np.arange(int(c["first_run"][start]), int(c["last_run"][stop - 1]))
    scattered = (c["run_kind"][runs] == LISTED) & ~(
        c["run_flags"][runs] & UNORDERED
    ).astype(bool)
    if c["synchronous"][start:stop].any():
        return None
    chosen = runs[scattered]
    lengths = c["run_length"][chosen].astype(np.int64)
    total = int(lengths.sum())
    if total < max(FEWEST, SHORTEST * len(chosen)):
        return None
    first = np.repeat(c["run_first"][chosen].astype(np.int64), lengths)
    within = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    place = first + within
    source = c["source"][place].astype(np.int64) - start
    if 2 * np.count_nonzero(may_be_silent(c["squash"][start + source])) < total:
        return None
    is_late = np.repeat((c["run_flags"][chosen] & DELAYED).astype(bool), lengths)
    # Late ones first, and then by target, as far as sorting keeps the order.
    key = 2 * source + ~is_late
    order = _stable_order(key)
    counts = np.bincount(key, minlength=2 * (stop - start))
    ends = np.concatenate([[0], np.cumsum(counts)])
    skipped = np.zeros(len(c["run_kind"]), np.uint8)
    skipped[chosen] = 1
    return Fans(
        late=np.ascontiguousarray(ends[::2]),
        prompt=np.ascontiguousarray(ends[1::2]),
        target=c["target"][place[order]].astype(np.uint32),
        place=place[order].astype(np.uint32),
        skipped=skipped,
        plain_stop=_plain_stops(store, start, stop, skipped),
        active=np.zeros(stop - start + 1, np.int64),
        sums=np.zeros(stop - start, store.dtype),
    )


def _stable_order(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """`argsort` of numbers below 2**32, which keeps the order of equal ones.

    NumPy sorts 16 bits by radix: an edit of a large network has to sort anew.
    """
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    upper = (keys >> 16).astype(np.uint16)
    if upper.any():
        order = order[np.argsort(upper[order], kind="stable")]
    return order


def _plain_stops(
    store: Store, start: int, stop: int, skipped: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """For each neuron, where the neurons end that have listed connections only; itself
    if it has others.
    """
    c = store.columns
    rows = np.arange(start, stop)
    gathered = np.concatenate([[0], np.cumsum(skipped == 0)])
    others = gathered[c["last_run"][rows]] - gathered[c["first_run"][rows]]
    is_plain = (others == 0) & ((c["flags"][rows] & MEMORY) == 0)
    # The next neuron that is not plain, from the last one backward.
    breaks = np.where(is_plain, stop, rows)
    return np.minimum.accumulate(breaks[::-1])[::-1].astype(np.int64)


class Events(NamedTuple):
    """`Fans` and tapes in a kernel."""

    tapes: Any
    late: Any
    prompt: Any
    target: Any
    place: Any
    skipped: Any
    plain_stop: Any
    active: Any
    sums: Any
    budget: Any  # events that cost as much as gathering


@inline
def list_active(m, f, start, stop, origin, due):
    """List the sources among these neurons that are not silent; returns how many events
    they and those before have, `due`.

    The list ends, and is forgotten, as soon as gathering is faster.
    """
    n = f.active[0]
    for begin in range(start, stop, GLANCE):
        end = min(begin + GLANCE, stop)
        some = 0
        for j in range(begin, end):
            some |= m.activation[j] != 0.0
        if some == 0:
            continue
        for j in range(begin, end):
            if m.activation[j] != 0.0:
                i = j - origin
                f.active[n + 1] = i
                n += 1
                due += f.late[i + 1] - f.late[i]
        if due > f.budget:
            f.active[0] = TOO_MANY
            return due
    f.active[0] = n
    return due


@inline
def scatter(m, f, begin, end, activation, origin):
    """Add the events of one source to the sums of its targets."""
    for q in range(begin, end):
        f.sums[f.target[q] - origin] += activation * m.weight[f.place[q]]


@inline
def scatter_late(m, f, origin):
    """Add what sources have sent in the previous step."""
    for k in range(1, f.active[0] + 1):
        i = f.active[k]
        scatter(m, f, f.late[i], f.prompt[i], m.activation[origin + i], origin)


@inline
def scatter_prompt(m, f, listed, origin):
    """Add what the sources send that were listed after the first `listed` ones."""
    for k in range(listed + 1, f.active[0] + 1):
        i = f.active[k]
        scatter(m, f, f.prompt[i], f.late[i + 1], m.activation[origin + i], origin)


@inline
def forget_sums(f, start, stop, origin):
    """Sums that are not complete, of neurons that gather instead."""
    for j in range(start - origin, stop - origin):
        f.sums[j] = 0.0


@inline
def weigh_remaining(m, u, f, start, stop, origin):
    """The states of a block: what events have added, and runs that are gathered."""
    step = Step(0, 0, 0)
    j = start
    while j < stop:
        plain_stop = min(f.plain_stop[j - origin], stop)
        if plain_stop > j:
            for i in range(j, plain_stop):
                u.weighed[i] = splat(m.bias[i] + f.sums[i - origin], u.state)
                f.sums[i - origin] = 0.0
            j = plain_stop
            continue
        alike_stop = m.alike_stop[j]
        runs = m.last_run[j] - m.first_run[j]
        for i in range(j, alike_stop):
            u.weighed[i] = splat(m.bias[i] + f.sums[i - origin], u.state)
            f.sums[i - origin] = 0.0
        for r in range(m.first_run[j], m.last_run[j]):
            if f.skipped[r]:
                continue
            if dense_alike(m, r):
                weigh_dense(m, u, r, runs, j, alike_stop, step)
            else:
                weigh_apart(m, u, r, runs, j, alike_stop, step)
        if m.flags[j] & MEMORY:
            carry_states(m, u, j, alike_stop, step)
        j = alike_stop
    for i in range(start, stop):
        m.old_state[i], m.state[i] = m.state[i], u.weighed[i]


@inline
def look_for_few(m, f, span):
    """After a step that has gathered: list the active sources, if the next step may
    scatter.
    """
    n = 0
    for j in range(span.start, span.stop):
        n += m.activation[j] != 0.0
    # An estimate first, which is fast: the list takes as long as some events.
    if n * f.target.size <= MARGIN * f.budget * (span.stop - span.start):
        f.active[0] = 0
        list_active(m, f, span.start, span.stop, span.start, 0)


@inline
def step_events(m, f, span, inputs, row):
    """A step of `rows_by`, by events as long as they are few."""
    u = f.tapes
    origin = span.start
    start = span.start
    gathers = f.active[0] == TOO_MANY
    scatters = not gathers
    due = 0
    if scatters:
        scatter_late(m, f, origin)
        f.active[0] = 0
    if inputs.size > 0:
        now = tick(m, span.inputs)
        for t in range(span.inputs):
            clamp_neuron(m, start + t, inputs[row * span.inputs + t], now + t)
        start += span.inputs
        if scatters:
            due = list_active(m, f, origin, start, origin, due)
            scatters = due <= f.budget
        if scatters:
            scatter_prompt(m, f, 0, origin)
        elif not gathers:
            forget_sums(f, start, span.stop, origin)
    while start < span.stop:
        stop = m.block_stop[start]
        if scatters:
            weigh_remaining(m, u, f, start, stop, origin)
        else:
            weigh_block(m, u, start, stop)
        fire_block(m, u, start, stop)
        if scatters:
            listed = f.active[0]
            due = list_active(m, f, start, stop, origin, due)
            scatters = due <= f.budget
            if scatters:
                scatter_prompt(m, f, listed, origin)
            else:
                forget_sums(f, stop, span.stop, origin)
        start = stop
    if gathers:
        look_for_few(m, f, span)
    if watches(m, span):
        note(m, True, True, NONE)


_run_rows = rows_by(step_events)


@kernel
def run_events(table, unit, tape_table, span, fans, inputs, outputs):
    """`run_untraced` by events."""
    m = columns(table, unit)
    late, prompt, target, place, skipped, plain_stop, active, sums = fans
    f = Events(
        tapes(tape_table, unit, (0,)),
        bare(late),
        bare(prompt),
        bare(target),
        bare(place),
        bare(skipped),
        bare(plain_stop),
        bare(active),
        bare(sums),
        target.size // PER_EVENT,
    )
    network = span_of(span)
    f.active[0] = 0
    list_active(m, f, network.start, network.stop, network.start, 0)
    return _run_rows(m, f, network, bare(inputs), bare(outputs), unit)


def _examples(unit: Any) -> dict[str, tuple[Any, ...]]:
    listed = np.empty(0, np.uint32)
    fans = (
        SPAN,
        SPAN,
        listed,
        listed,
        np.empty(0, np.uint8),
        SPAN,
        SPAN,
        np.empty(0, type(unit)),
    )
    return {"run_events": (0, unit, 0, SPAN, fans, ROW, ROW)}


calls_for = calls_by_float(globals(), _examples)

"""Steps without traces whose cost follows activity: connections of silent neurons are
not read.

A run of `weigh.py` gathers: each target reads all of its sources. Where most sources
are exactly 0, as spikes, ReLU and winners are, it is faster to scatter: each active
source adds its activation times its weight to the sums of its targets. Both are

    state s_j = w_jj s_j(old) + b_j + sum_i w_ij y_i

with the terms of a sum in another order. `Fans` lists the connections by source. Those
that are read one step late come first: they are added before the step begins, the
others as soon as their source has fired.

Groups of neurons rest that have nothing but such connections and have got no event: all
of their numbers would be those of the step before.

Every block of neurons can still gather, since all activations are in their place. A
step whose events would cost more than that gathers, from the block on at which it turns
out.

``m`` is a store's columns, ``f`` the `Events`, ``u`` tapes of one row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..compiler.jit import bare, columns, inline, kernel, span_of
from ..compiler.lanes import splat, tapes
from ..functions import activations
from ..lowering.flags import (
    DELAYED,
    DENSE,
    LISTED,
    MEMORY,
    UNORDERED,
)
from ..online.calls import ROW, SPAN, calls_by_float
from ..online.fire import clamp_neuron, tick
from ..online.loops import rows_by
from ..online.record import watches
from ..online.steps import end_step
from ..records import Span
from ..schema import INPUT, NONE
from ..store import Store
from .fire import hold_clamped
from .loops import (
    FIRST_SPIKE,
    LAST_SPIKE,
    fire_block,
    fire_lean,
    fire_rows,
    keep_states,
    lean_rows_of,
    weigh_block,
)
from .step import Step
from .weigh import dense_alike, weigh_apart, weigh_dense

FEWEST = 16_384
"""Connections below which gathering is fast enough."""
SHORTEST = 8
"""Mean number of sources of a listed run below which gathering is faster."""
FEW = 4
"""Sources of a dense run that may follow activity."""
PER_EVENT = 3
"""How many connections are gathered in the time of one event: 2.2 by measurement."""
WORTH_LISTING = 32
"""Steps that gather which take as long as listing all connections by source."""
BITS = 4
GROUP = 1 << BITS
"""Neurons that are looked at together for one that is active, and that rest
together."""
GLANCE = 64
"""Groups that are looked at together for one that is not at rest."""
PIECE = 32 * GROUP
"""Neurons that are computed one part of a step after the other, in the cache."""
MARGIN = 2
"""An estimate of the events may be as many times too large."""
TOO_MANY = -1
"""In place of the number of active sources: there are so many that steps gather."""

PLAIN = 1
CARRYING = 2
MIXED = 0
"""Values of `Fans.form`: nothing but connections by source; a state that a
self-connection carries, too; anything else."""

NEVER_RESTS = 0
RESTS = 1
IDENTITY_RESTS = 2
SPIKE_RESTS = 3
"""Values of `Fans.may_rest`: it is in two blocks, or has neurons that are not plain; it
has any squash; or one of these."""

TOUCHED = 2
UNTOUCHED = 1
RESTING = 0
"""Values of `Fans.wakes`: a group has got events, it has none in its sums but has not
been computed without them, it would get the numbers that it has."""


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
    form: NDArray[np.uint8]  # by neuron: whether it has anything but them
    form_stop: NDArray[np.int64]  # where the neurons of the same form end
    undivided: NDArray[np.uint8]  # by neuron: whether its block is computed as a whole
    may_rest: NDArray[np.uint8]  # by group: whether all of it is plain, and its squash
    sends: NDArray[np.uint8]  # by group: whether these connections begin there
    wakes: NDArray[np.uint8]  # by group: what the next step has to compute
    active: NDArray[np.int64]  # sources that are not 0, after their number
    sums: NDArray[Any]  # what events have added, by neuron
    carry: NDArray[Any]  # by neuron: the weight of its self-connection, during a call
    is_lean: bool  # whether steps but the last may leave out what only looking needs


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


def may_be_lean(store: Store, span: NDArray[np.int64]) -> bool:
    """Whether steps that nobody looks at may leave out what only looking needs: not if
    a user's function can raise an error in between.
    """
    codes = store["squash"][int(span[Span.START]) : int(span[Span.STOP])]
    return bool((codes < activations.FIRST_CUSTOM).all())


def fans_of(store: Store, span: NDArray[np.int64]) -> Fans | None:
    """The connections of a lowered store's network by source; None if all are gathered
    faster.
    """
    start = int(span[Span.START])
    stop = int(span[Span.STOP])
    c = store.columns
    first = int(c["first_run"][start])
    runs = np.arange(first, int(c["last_run"][stop - 1]))
    silent = _silent_sources(c, start, stop)
    is_ordered = c["run_flags"][runs] & UNORDERED == 0
    listed = (c["run_kind"][runs] == LISTED) & is_ordered
    chosen = runs[listed]
    lengths = c["run_length"][chosen].astype(np.int64)
    total = int(lengths.sum())
    if total < max(FEWEST, SHORTEST * len(chosen)):
        return None
    place = _rows_of_runs(c, chosen, lengths)
    if 2 * np.count_nonzero(silent[c["source"][place] - start]) < total:
        return None
    # Neurons that have nothing but such runs and short ones from silent sources.
    short = (c["run_kind"][runs] == DENSE) & is_ordered & (c["run_length"][runs] <= FEW)
    short[short] = _are_silent(c, runs[short], silent, start)
    scattered = np.concatenate([[0], np.cumsum(listed | short)])
    first_run, last_run = (
        c[end][start:stop].astype(np.int64) - first for end in ("first_run", "last_run")
    )
    plain = scattered[last_run] - scattered[first_run] == last_run - first_run
    loops = c["flags"][start:stop] & MEMORY != 0
    carrying = plain & loops
    plain &= ~loops
    form = plain + np.uint8(CARRYING) * carrying
    neuron_of = np.repeat(np.arange(stop - start), last_run - first_run)
    listed |= short & (form != MIXED)[neuron_of]

    chosen = runs[listed]
    lengths = c["run_length"][chosen].astype(np.int64)
    place = _rows_of_runs(c, chosen, lengths)
    source = c["source"][place].astype(np.int64) - start
    is_late = np.repeat((c["run_flags"][chosen] & DELAYED).astype(bool), lengths)
    # Late ones first, and then by target, as far as sorting keeps the order.
    key = 2 * source + ~is_late
    order = _stable_order(key)
    counts = np.bincount(key, minlength=2 * (stop - start))
    ends_of_keys = np.concatenate([[0], np.cumsum(counts)])
    skipped = np.zeros(len(c["run_kind"]), np.uint8)
    skipped[chosen] = 1
    undivided = _undivided(c, start, stop)
    may_rest = _may_rest(c, start, stop, plain & ~undivided)
    return Fans(
        late=np.ascontiguousarray(ends_of_keys[::2]),
        prompt=np.ascontiguousarray(ends_of_keys[1::2]),
        target=c["target"][place[order]].astype(np.uint32),
        place=place[order].astype(np.uint32),
        skipped=skipped,
        form=form,
        form_stop=_stops_of_stretches(form) + start,
        undivided=undivided.astype(np.uint8),
        may_rest=may_rest,
        sends=_in_groups(counts > 0),
        wakes=np.zeros_like(may_rest),
        active=np.zeros(stop - start + 1, np.int64),
        sums=np.zeros(stop - start, store.dtype),
        carry=np.zeros(stop - start, store.dtype),
        is_lean=may_be_lean(store, span),
    )


def _rows_of_runs(c: Any, runs: Any, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of the connections of some runs, run by run."""
    first = c["run_first"][runs].astype(np.int64) - (np.cumsum(lengths) - lengths)
    return np.repeat(first, lengths) + np.arange(int(lengths.sum()))


def _silent_sources(c: Any, start: int, stop: int) -> NDArray[np.bool_]:
    """Which neurons of a network may be silent. A relay is where its source is."""
    silent = may_be_silent(c["squash"][start:stop])
    relay = c["relay"][start:stop]
    source = c["source"][
        np.minimum(c["first_incoming"][start:stop], len(c["source"]) - 1)
    ]
    for number in np.unique(relay[relay > 0]).tolist():
        relays = np.flatnonzero(relay == number)
        silent[relays] = silent[source[relays].astype(np.int64) - start]
    return np.asarray(silent)


def _are_silent(
    c: Any, runs: NDArray[np.int64], silent: NDArray[np.bool_], start: int
) -> NDArray[np.bool_]:
    """Whether all sources of these dense runs may be silent."""
    before = np.concatenate([[0], np.cumsum(silent)])
    begin = c["run_source"][runs].astype(np.int64) - start
    length = c["run_length"][runs]
    return np.asarray(before[begin + length] - before[begin] == length)


def _undivided(c: Any, start: int, stop: int) -> NDArray[np.bool_]:
    """Which neurons are in blocks that are computed as a whole, because groups compete
    there.

    Others can be computed piece by piece: what a neuron reads late in its own block
    stands behind it, and has not fired yet.
    """
    squash = c["squash"][start:stop]
    competes = (squash >= activations.FIRST_GROUPED) & (
        squash <= activations.LAST_GROUPED
    )
    block = c["block_first"][start:stop].astype(np.int64)
    whole = np.zeros(stop, bool)
    whole[block[competes]] = True
    return np.asarray(whole[block])


def _may_rest(
    c: Any, start: int, stop: int, divided: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Which groups of neurons are plain, in one block, and without chance; and which of
    these have simple squashes.
    """
    squash = c["squash"][start:stop]
    sure = divided & ~np.isin(squash, _RANDOM)
    sure[: int(np.count_nonzero(c["role"][start:stop] == INPUT))] = False
    block = c["block_first"][start:stop].astype(np.int64)
    count = len(sure) // GROUP
    rests = np.zeros(-(-len(sure) // GROUP), np.uint8)
    by_group = sure[: count * GROUP].reshape(count, GROUP).all(axis=1)
    ends = block[: count * GROUP].reshape(count, GROUP)
    code = squash[: count * GROUP : GROUP]
    spikes = (code >= FIRST_SPIKE) & (code <= LAST_SPIKE)
    kinds = np.where(code == activations.IDENTITY, IDENTITY_RESTS, RESTS)
    kinds[spikes] = SPIKE_RESTS
    by_group &= ends[:, 0] == ends[:, -1]
    rests[:count] = np.where(by_group, kinds, NEVER_RESTS)
    return rests


def _in_groups(any_of: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """By group, whether one of its neurons has any; two entries for each neuron."""
    begins = np.arange(0, len(any_of), 2 * GROUP)
    return np.logical_or.reduceat(any_of, begins).astype(np.uint8)


_RANDOM = np.arange(activations.FIRST_RANDOM, activations.LAST_RANDOM + 1)


def _stops_of_stretches(values: NDArray[Any]) -> NDArray[np.int64]:
    """For each item, where those end that have its value, one after the other."""
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    begins = np.concatenate([[0], changes])
    stops = np.concatenate([changes, [len(values)]])
    return np.repeat(stops, stops - begins).astype(np.int64)


def _stable_order(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """`argsort` of numbers below 2**32, which keeps the order of equal ones.

    NumPy sorts 16 bits by radix: an edit of a large network has to sort anew.
    """
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    upper = (keys >> 16).astype(np.uint16)
    if upper.any():
        order = order[np.argsort(upper[order], kind="stable")]
    return order


class Events(NamedTuple):
    """The ``p`` of steps by events (``online/roles.py``): `Fans` and tapes in a
    kernel, which calls it ``f``.
    """

    tapes: Any
    late: Any
    prompt: Any
    target: Any
    place: Any
    skipped: Any
    form: Any
    form_stop: Any
    undivided: Any
    may_rest: Any
    sends: Any
    wakes: Any
    active: Any
    sums: Any
    carry: Any
    budget: Any  # events that cost as much as gathering
    lean_rows: Any  # until which row nobody looks at what a step leaves


# --- who is active --------------------------------------------------------------------


@inline
def list_active(m, f, start, stop, origin, due):
    """List the sources among these neurons that are not silent; returns how many events
    they and those before have, `due`. Groups that have got no events come to rest.

    The list ends, and is forgotten, as soon as gathering is faster.
    """
    n = f.active[0]
    if n == TOO_MANY:
        return due
    begin = start
    while begin < stop:
        group = (begin - origin) >> BITS
        end = min(origin + ((group + 1) << BITS), stop)
        some = 0
        if f.sends[group] != 0:
            for j in range(begin, end):
                some |= m.activation[j] != 0.0
        if f.may_rest[group] != 0:
            if f.wakes[group] == TOUCHED:
                f.wakes[group] = UNTOUCHED
            elif some == 0:
                f.wakes[group] = RESTING
        if some != 0:
            for j in range(begin, end):
                i = j - origin
                events = f.late[i + 1] - f.late[i]
                if m.activation[j] != 0.0 and events > 0:
                    f.active[n + 1] = i
                    n += 1
                    due += events
            if due > f.budget:
                f.active[0] = TOO_MANY
                return due
        begin = end
    f.active[0] = n
    return due


@inline
def wake_all(f, rows):
    """Let the next step by events compute all groups."""
    for group in range((rows + GROUP - 1) >> BITS):
        f.wakes[group] = TOUCHED


@inline
def awake_from(f, at, stop, origin):
    """The first neuron from `at` on that is not at rest; `stop` if there is none."""
    group = (at - origin) >> BITS
    last = (stop - 1 - origin) >> BITS
    while group <= last:
        if group % GLANCE == 0 and group + GLANCE <= last:
            some = 0
            for k in range(GLANCE):
                some |= f.wakes[group + k]
            if some == 0:
                group += GLANCE
                continue
        if f.wakes[group] != RESTING:
            break
        group += 1
    return min(max(at, origin + (group << BITS)), stop)


@inline
def awake_until(f, at, stop, origin):
    """Where the piece ends that begins with a neuron that is not at rest."""
    group = (at - origin) >> BITS
    kind = f.may_rest[group]
    group += 1
    last = (min(at + PIECE, stop) - 1 - origin) >> BITS
    while group <= last and f.wakes[group] != RESTING and f.may_rest[group] == kind:
        group += 1
    return min(origin + (group << BITS), stop)


# --- events ---------------------------------------------------------------------------


@inline
def scatter(m, f, begin, end, activation, origin):
    """Add the events of one source to the sums of its targets."""
    for q in range(begin, end):
        i = f.target[q] - origin
        f.sums[i] += activation * m.weight[f.place[q]]
        f.wakes[i >> BITS] = TOUCHED


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


# --- one step -------------------------------------------------------------------------


@inline
def carry_states(m, u, f, start, stop, origin):
    """Add the states that self-connections carry over: g_jj w_jj s_j(old)."""
    for i in range(start, stop):
        carried = f.carry[i - origin] * m.state[i]
        gater = m.self_gater[i]
        if gater != NONE:
            carried *= m.activation[gater]
        u.weighed[i] += splat(carried, u.state)


@inline
def weigh_remaining(m, u, f, start, stop, origin, is_lean):
    """The states of a piece of a block: what events have added, and runs that are
    gathered.
    """
    step = Step(0, 0, 0)
    for i in range(start, stop):
        u.weighed[i] = splat(m.bias[i] + f.sums[i - origin], u.state)
        f.sums[i - origin] = 0.0
    j = start
    while j < stop:
        form_stop = min(f.form_stop[j - origin], stop)
        if f.form[j - origin] != MIXED:
            if f.form[j - origin] == CARRYING:
                carry_states(m, u, f, j, form_stop, origin)
            j = form_stop
            continue
        alike_stop = min(form_stop, m.alike_stop[j])
        runs = m.last_run[j] - m.first_run[j]
        for r in range(m.first_run[j], m.last_run[j]):
            if f.skipped[r]:
                continue
            if dense_alike(m, r):
                weigh_dense(m, u, r, runs, j, alike_stop, step)
            else:
                weigh_apart(m, u, r, runs, j, alike_stop, step)
        if m.flags[j] & MEMORY:
            carry_states(m, u, f, j, alike_stop, origin)
        j = alike_stop
    keep_states(m, u, start, stop, is_lean)


@inline
def step_simple(m, u, f, start, stop, origin, kind):
    """States and activations of groups of plain neurons, whose activations are their
    states or spikes: it reads little, as much of it is far away in memory.
    """
    for i in range(start, stop):
        state = m.bias[i] + f.sums[i - origin]
        f.sums[i - origin] = 0.0
        m.state[i] = state
        m.activation[i] = state
    if kind == SPIKE_RESTS:
        for i in range(start, stop):
            m.activation[i] = 1.0 if m.state[i] > 0.0 else 0.0
    if m.ties.clamped != 0:
        hold_clamped(m, u, start, stop, 0, 1)


@inline
def step_block(m, u, f, start, stop, origin, due, is_lean, weighs, fires):
    """A block by events, piece by piece: its states if it `weighs`, and its activations
    if it `fires`; returns the number of events, `due`.
    """
    at = start
    while at < stop:
        end = stop
        if not f.undivided[start - origin]:
            if is_lean:
                at = awake_from(f, at, stop, origin)
                if at == stop:
                    break
                end = awake_until(f, at, stop, origin)
            else:
                end = min(at + PIECE, stop)
        kind = f.may_rest[(at - origin) >> BITS]
        simple = is_lean and kind >= IDENTITY_RESTS
        if weighs and not simple:
            weigh_remaining(m, u, f, at, end, origin, is_lean)
        if fires:
            if simple:
                step_simple(m, u, f, at, end, origin, kind)
            elif is_lean:
                fire_lean(m, u, at, end)
            else:
                fire_block(m, u, at, end)
            due = list_active(m, f, at, end, origin, due)
        at = end
    if is_lean and fires:
        m.clock[0] += stop - start
    return due


@inline
def step_together(m, u, f, start, stop, origin, due, is_lean):
    """A block by events or, of neurons with one clock, all blocks: all are weighed
    before the first fires. Returns the number of events, `due`.
    """
    rounds = 2 if m.synchronous[start] else 1
    for k in range(rounds):
        at = start
        while at < stop:
            end = m.block_stop[at]
            due = step_block(
                m, u, f, at, end, origin, due, is_lean, k == 0, k == rounds - 1
            )
            at = end
    return due


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
        wake_all(f, span.stop - span.start)
        list_active(m, f, span.start, span.stop, span.start, 0)
        wake_all(f, span.stop - span.start)


@inline
def step_events(m, f, span, inputs, row):
    """A step of `rows_by`, by events as long as they are few."""
    u = f.tapes
    origin = span.start
    start = span.start
    gathers = f.active[0] == TOO_MANY
    scatters = not gathers
    is_lean = row < f.lean_rows and not watches(m, span)
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
        # relays of delays stand before neurons with one clock, and have none
        stop = span.stop if m.synchronous[start] else m.block_stop[start]
        if scatters:
            listed = f.active[0]
            due = step_together(m, u, f, start, stop, origin, due, is_lean)
            scatters = due <= f.budget
            if scatters:
                scatter_prompt(m, f, listed, origin)
            else:
                forget_sums(f, stop, span.stop, origin)
            start = stop
        else:
            weigh_block(m, u, start, stop, is_lean)
            while start < stop:
                end = m.block_stop[start]
                fire_rows(m, u, start, end, is_lean)
                start = end
    if gathers:
        look_for_few(m, f, span)
    end_step(m, span)


_run_rows = rows_by(step_events)


@kernel
def run_events(table, unit, tape_table, span, fans, inputs, outputs):
    """`run_untraced` by events."""
    m = columns(table, unit)
    fans = Fans(*fans)
    network = span_of(span)
    f = Events(
        tapes(tape_table, unit, (0,)),
        bare(fans.late),
        bare(fans.prompt),
        bare(fans.target),
        bare(fans.place),
        bare(fans.skipped),
        bare(fans.form),
        bare(fans.form_stop),
        bare(fans.undivided),
        bare(fans.may_rest),
        bare(fans.sends),
        bare(fans.wakes),
        bare(fans.active),
        bare(fans.sums),
        bare(fans.carry),
        fans.target.size // PER_EVENT,
        lean_rows_of(network, outputs, fans.is_lean),
    )
    for j in range(network.start, network.stop):
        if m.flags[j] & MEMORY:
            f.carry[j - network.start] = m.weight[m.self_row[j]]
    f.active[0] = 0
    wake_all(f, network.stop - network.start)
    list_active(m, f, network.start, network.stop, network.start, 0)
    wake_all(f, network.stop - network.start)
    return _run_rows(m, f, network, bare(inputs), bare(outputs), unit)


def _examples(unit: Any) -> dict[str, tuple[Any, ...]]:
    listed = np.empty(0, np.uint32)
    few = np.empty(0, np.uint8)
    by_source = (SPAN, SPAN, listed, listed)
    lists = (*by_source, few, few, SPAN, few, few, few, few, SPAN)
    fans = (*lists, np.empty(0, type(unit)), np.empty(0, type(unit)), True)
    return {"run_events": (0, unit, 0, SPAN, fans, ROW, ROW)}


calls_for = calls_by_float(globals(), _examples)

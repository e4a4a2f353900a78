"""Exact gradients, backward pass: send the errors of one step to everything a neuron
depends on.

The equations are in ``loops.py``. Errors within the step are added at `to_now`, those
for the previous step at `to_before`.
"""

from __future__ import annotations

from ..compiler.jit import inline
from ..compiler.lanes import flat, splat, total
from ..compiler.rare import INDEX, rare
from ..compiler.tiles import push_products, taken, width
from ..lowering.flags import LISTED, MEMORY, QUIET_GATER, SHARED, STEPPED, ZIPPED
from ..online.reads import has_error, of_gater, of_gaters, of_sources
from ..schema import NONE
from .step import step_back_kind
from .weigh import NEURONS, dense_alike, gain, put_sums, rows_of


@rare(*[INDEX] * 5, taped=True)
def compute_softmax_deltas(m, u, first, last, now, to_now, lanes):
    """f'_j A_j of a softmax group, whose activations all depend on all states: y_j (A_j
    - sum_i y_i A_i).
    """
    activation = flat(u.activation)
    pushed = flat(u.pushed)
    slope = flat(u.slope)
    j = first
    while j < last:
        after = m.group_stop[j]
        for lane in range(lanes):
            mean = 0.0
            for i in range(j, after):
                mean += (
                    activation[(now + i) * lanes + lane]
                    * pushed[(to_now + i) * lanes + lane]
                )
            for i in range(j, after):
                p = (to_now + i) * lanes + lane
                y = activation[(now + i) * lanes + lane]
                sent = pushed[p]
                pushed[p] = sent - mean
                slope[(now + i) * lanes + lane] = y
        j = after


@inline
def compute_deltas(m, u, span, first, last, back):
    """delta of neurons computed together; pushed errors are reset. Returns 0 if all are
    finite.
    """
    none = splat(0.0, u.state)
    carries = m.flags[first] & MEMORY or last > span.stop - span.outputs
    check = none
    if carries:  # outside of the loops, which vectorise then
        for j in range(first, last):
            u.error[back.slot + j] = (
                u.slope[back.now + j] * u.pushed[back.to_now + j]
                + u.carried[back.offset + j]
            )
            u.carried[back.offset + j] = none
            u.pushed[back.to_now + j] = none
    else:
        for j in range(first, last):
            u.error[back.slot + j] = u.slope[back.now + j] * u.pushed[back.to_now + j]
            u.pushed[back.to_now + j] = none
    for j in range(first, last):
        check = check + u.error[back.slot + j] * none
    return total(check)


@inline
def push_memory(m, u, j, back):
    """Send errors along a self-connection: to the previous state, and to the gater."""
    delta = u.error[back.slot + j]
    weight = m.weight[m.self_row[j]]
    gater = m.self_gater[j]
    if gater == NONE:
        u.carried[back.offset + j] = delta * weight
        return
    u.carried[back.offset + j] = (
        delta
        * u.activation[of_gater(m, gater, j, back.now, back.before) + gater]
        * weight
    )
    u.pushed[of_gater(m, gater, j, back.to_now, back.to_before) + gater] += (
        delta * u.state[back.before + j] * weight
    )


@inline
def push_gaters(m, u, r, runs, at, count, by):
    """Send errors to the gaters of a tile of runs: delta_j sum_i w_ij y_i, with the
    sums in ``u.tile``.
    """
    for k in range(count):
        u.pushed[by + m.run_gater[r + k * runs]] += u.error[at + k] * u.tile[k]


@inline
def take_errors(m, u, r, runs, at, count, gains):
    """The errors of a tile of neurons, scaled by their gaters; 0 beyond the first
    `count`.
    """
    for k in range(count):
        u.tile[k] = u.error[at + k]
    if m.run_kind[r] == SHARED:
        for k in range(count):
            u.tile[k] = u.tile[k] * gain(m, u, r + k * runs, gains)
    for k in range(count, NEURONS):
        u.tile[k] = splat(0.0, u.state)
    return taken(u.tile)


@inline
def push_tile(m, u, j, count, back):
    """Send the errors of a tile of neurons with the same sources along their dense
    runs.
    """
    runs = m.last_run[j] - m.first_run[j]
    step = width(u.activation)
    for r in range(m.first_run[j], m.last_run[j]):
        if not dense_alike(m, r):
            continue
        flags = m.run_flags[r]
        n = m.run_length[r]
        source = m.run_source[r]
        rows = rows_of(m, r, runs, count)
        sources = of_sources(flags, back.now, back.before)
        to = of_sources(flags, back.to_now, back.to_before)
        gains = of_gaters(flags, back.now, back.before)
        by = of_gaters(flags, back.to_now, back.to_before)
        if m.run_kind[r] == SHARED and not flags & QUIET_GATER:
            put_sums(m, u, sources + source, n, rows)
            push_gaters(m, u, r, runs, back.slot + j, count, by)
        if has_error(flags):
            errors = take_errors(m, u, r, runs, back.slot + j, count, gains)
            to, whole = to + source, n - n % step
            for q in range(0, whole, step):
                push_products(u.pushed, to + q, errors, m.weight, rows, q, step)
            if whole < n:
                push_products(
                    u.pushed, to + whole, errors, m.weight, rows, whole, n - whole
                )


@inline
def push_stepped(m, u, r, gap, first, last, back):
    """Send the errors of neurons whose sources are shifted by one from neuron to
    neuron.
    """
    flags = m.run_flags[r]
    row = m.run_first[r]
    shared = m.run_kind[r] == SHARED
    sources = of_sources(flags, back.now, back.before)
    to = of_sources(flags, back.to_now, back.to_before)
    gains = of_gaters(flags, back.now, back.before)
    by = of_gaters(flags, back.to_now, back.to_before)
    source = m.run_source[r]
    gater = m.run_gater[r]
    error = back.slot + first
    for q in range(m.run_length[r]):
        if shared and not flags & QUIET_GATER:
            for t in range(last - first):
                through = (
                    u.activation[sources + source + q + t] * m.weight[row + q + t * gap]
                )
                u.pushed[by + gater + t] += u.error[error + t] * through
        if has_error(flags) and shared:
            for t in range(last - first):
                gained = u.activation[gains + gater + t] * m.weight[row + q + t * gap]
                u.pushed[to + source + q + t] += u.error[error + t] * gained
        elif has_error(flags):
            for t in range(last - first):
                u.pushed[to + source + q + t] += (
                    u.error[error + t] * m.weight[row + q + t * gap]
                )


@inline
def push_scattered(m, u, r, delta, back):
    """Send an error along a run with listed sources, or with a gater for each
    connection.
    """
    kind = m.run_kind[r]
    flags = m.run_flags[r]
    first = m.run_first[r]
    n = m.run_length[r]
    sources = of_sources(flags, back.now, back.before)
    to = of_sources(flags, back.to_now, back.to_before)
    gains = of_gaters(flags, back.now, back.before)
    by = of_gaters(flags, back.to_now, back.to_before)
    if kind == LISTED:
        if has_error(flags):
            for q in range(first, first + n):
                u.pushed[to + m.source[q]] += delta * m.weight[q]
        return
    source = m.run_source[r]
    gater = m.run_gater[r]
    for q in range(n):
        i = source + q if kind == ZIPPED else m.source[first + q]
        g = gater + q if kind == ZIPPED else m.gater[first + q]
        weighed = delta * m.weight[first + q]
        if has_error(flags):
            u.pushed[to + i] += weighed * u.activation[gains + g]
        if not flags & QUIET_GATER:
            u.pushed[by + g] += weighed * u.activation[sources + i]


@rare(*[INDEX] * 4, step_back_kind, taped=True)
def push_apart(m, u, r, runs, first, last, back):
    """Send the errors of consecutive neurons along a run whose sources differ between
    them.
    """
    if m.run_flags[r] & STEPPED:
        gap = m.run_first[r + runs] - m.run_first[r]
        push_stepped(m, u, r, gap, first, last, back)
    else:
        for j in range(first, last):
            one = r + (j - first) * runs
            push_scattered(m, u, one, u.error[back.slot + j], back)


@rare(INDEX, INDEX, step_back_kind, taped=True)
def push_memories(m, u, first, last, back):
    """Send the errors of consecutive neurons along their self-connections."""
    for j in range(first, last):
        push_memory(m, u, j, back)


@inline
def propagate_alike(m, u, first, last, back):
    """Send the errors of neurons to everything they depend on, in this and the previous
    step.
    """
    runs = m.last_run[first] - m.first_run[first]
    if m.flags[first] & MEMORY:
        push_memories(m, u, first, last, back)
    for j in range(first, last, NEURONS):
        push_tile(m, u, j, min(last - j, NEURONS), back)
    for r in range(m.first_run[first], m.last_run[first]):
        if not dense_alike(m, r):
            push_apart(m, u, r, runs, first, last, back)

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
from ..lowering.flags import DENSE, LISTED, MEMORY, QUIET_GATER, SHARED, STEPPED, ZIPPED
from ..online.reads import has_error, of_gater, of_gaters, of_sources
from ..schema import NONE
from .step import step_back_kind
from .weigh import (
    NEURONS,
    dense_alike,
    dense_sum,
    gain,
    is_lone,
    lone_stop,
    put_sums,
    rows_of,
)


@rare(*[INDEX] * 5, taped=True)
def compute_softmax_deltas(m, u, start, stop, now, to_now, lanes):
    """f'_j A_j of a softmax group, whose activations all depend on all states: y_j (A_j
    - sum_i y_i A_i).
    """
    activation = flat(u.activation)
    pushed = flat(u.pushed)
    slope = flat(u.slope)
    j = start
    while j < stop:
        group_stop = m.group_stop[j]
        for lane in range(lanes):
            mean = 0.0
            for i in range(j, group_stop):
                y = activation[(now + i) * lanes + lane]
                mean += y * pushed[(to_now + i) * lanes + lane]
            # the slope becomes y_j, so that `compute_deltas` completes the product
            for i in range(j, group_stop):
                at = (to_now + i) * lanes + lane
                y = activation[(now + i) * lanes + lane]
                pushed[at] = pushed[at] - mean
                slope[(now + i) * lanes + lane] = y
        j = group_stop


@inline
def compute_deltas(m, u, span, start, stop, back):
    """delta of a stretch of neurons; pushed errors are reset. Returns 0 if all are
    finite.
    """
    none = splat(0.0, u.state)
    carries = (
        m.flags[start] & MEMORY or is_lone(m, start) or stop > span.stop - span.outputs
    )
    check = none
    # delta_j = f'_j A_j + what its next state and the cost have left in ``u.carried``
    if carries:  # outside of the loops, which vectorise then
        for j in range(start, stop):
            through = u.slope[back.now + j] * u.pushed[back.to_now + j]
            u.error[back.slot + j] = through + u.carried[back.offset + j]
            u.carried[back.offset + j] = none
            u.pushed[back.to_now + j] = none
    else:
        for j in range(start, stop):
            u.error[back.slot + j] = u.slope[back.now + j] * u.pushed[back.to_now + j]
            u.pushed[back.to_now + j] = none
    # infinity and NaN times 0 are NaN
    for j in range(start, stop):
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
    gain_at = of_gater(m, gater, j, back.now, back.before) + gater
    to = of_gater(m, gater, j, back.to_now, back.to_before) + gater
    u.carried[back.offset + j] = delta * u.activation[gain_at] * weight
    u.pushed[to] += delta * u.state[back.before + j] * weight


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
        # delta_k sum_a w_ak y_a to the gater, first: `take_errors` reuses ``u.tile``
        if m.run_kind[r] == SHARED and not flags & QUIET_GATER:
            put_sums(m, u, r, runs, count, sources + source)
            push_gaters(m, u, r, runs, back.slot + j, count, by)
        # delta_k g_ik w_ik to the sources
        if has_error(flags):
            errors = take_errors(m, u, r, runs, back.slot + j, count, gains)
            to += source
            whole = n - n % step
            left = n - whole
            for q in range(0, whole, step):
                push_products(u.pushed, to + q, errors, m.weight, rows, q, step)
            if left > 0:
                at = to + whole
                push_products(u.pushed, at, errors, m.weight, rows, whole, left)


@inline
def push_stepped(m, u, r, gap, start, stop, back):
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
    error = back.slot + start
    for q in range(m.run_length[r]):
        if shared and not flags & QUIET_GATER:
            for t in range(stop - start):
                weight = m.weight[row + q + t * gap]
                through = u.activation[sources + source + q + t] * weight
                u.pushed[by + gater + t] += u.error[error + t] * through
        if has_error(flags) and shared:
            for t in range(stop - start):
                gained = u.activation[gains + gater + t] * m.weight[row + q + t * gap]
                u.pushed[to + source + q + t] += u.error[error + t] * gained
        elif has_error(flags):
            for t in range(stop - start):
                sent = u.error[error + t] * m.weight[row + q + t * gap]
                u.pushed[to + source + q + t] += sent


@inline
def push_dense(m, u, row, n, delta, to):
    """Send an error to consecutive sources."""
    for q in range(n):
        u.pushed[to + q] += delta * m.weight[row + q]


@inline
def push_ungated(m, u, r, delta, back):
    """Send an error along a run without gates."""
    flags = m.run_flags[r]
    row = m.run_first[r]
    n = m.run_length[r]
    to = of_sources(flags, back.to_now, back.to_before)
    if not has_error(flags):
        return
    if m.run_kind[r] == DENSE:
        push_dense(m, u, row, n, delta, to + m.run_source[r])
    else:
        for q in range(row, row + n):
            u.pushed[to + m.source[q]] += delta * m.weight[q]


@inline
def push_shared(m, u, r, delta, back):
    """Send an error along a run with one gater, and to the gater."""
    flags = m.run_flags[r]
    row = m.run_first[r]
    n = m.run_length[r]
    source = m.run_source[r]
    if not flags & QUIET_GATER:
        sources = of_sources(flags, back.now, back.before) + source
        by = of_gaters(flags, back.to_now, back.to_before) + m.run_gater[r]
        u.pushed[by] += delta * dense_sum(m, u, row, n, sources)
    if has_error(flags):
        to = of_sources(flags, back.to_now, back.to_before) + source
        gained = delta * gain(m, u, r, of_gaters(flags, back.now, back.before))
        push_dense(m, u, row, n, gained, to)


@inline
def push_run(m, u, r, delta, back):
    """Send an error along a run of one neuron."""
    run_kind = m.run_kind[r]
    if run_kind <= LISTED:
        push_ungated(m, u, r, delta, back)
        return
    if run_kind == SHARED:
        push_shared(m, u, r, delta, back)
        return
    flags = m.run_flags[r]
    row = m.run_first[r]
    sources = of_sources(flags, back.now, back.before)
    to = of_sources(flags, back.to_now, back.to_before)
    gains = of_gaters(flags, back.now, back.before)
    by = of_gaters(flags, back.to_now, back.to_before)
    source = m.run_source[r]
    gater = m.run_gater[r]
    for q in range(m.run_length[r]):
        i = source + q if run_kind == ZIPPED else m.source[row + q]
        g = gater + q if run_kind == ZIPPED else m.gater[row + q]
        weighed = delta * m.weight[row + q]
        if has_error(flags):
            u.pushed[to + i] += weighed * u.activation[gains + g]
        if not flags & QUIET_GATER:
            u.pushed[by + g] += weighed * u.activation[sources + i]


@rare(*[INDEX] * 4, step_back_kind, taped=True)
def push_apart(m, u, r, runs, start, stop, back):
    """Send the errors of consecutive neurons along a run whose sources differ between
    them.
    """
    if m.run_flags[r] & STEPPED:
        gap = m.run_first[r + runs] - m.run_first[r]
        push_stepped(m, u, r, gap, start, stop, back)
    else:
        for j in range(start, stop):
            push_run(m, u, r + (j - start) * runs, u.error[back.slot + j], back)


@rare(INDEX, INDEX, step_back_kind, taped=True)
def push_memories(m, u, start, stop, back):
    """Send the errors of consecutive neurons along their self-connections."""
    for j in range(start, stop):
        push_memory(m, u, j, back)


@inline
def propagate_alike(m, u, start, stop, back):
    """Send the errors of neurons computed together to everything they depend on, in
    this and the previous step.
    """
    runs = m.last_run[start] - m.first_run[start]
    # all delta_j of these neurons are known, so the order matters for rounding only
    if m.flags[start] & MEMORY:
        push_memories(m, u, start, stop, back)
    for j in range(start, stop, NEURONS):
        push_tile(m, u, j, min(stop - j, NEURONS), back)
    for r in range(m.first_run[start], m.last_run[start]):
        if not dense_alike(m, r):
            push_apart(m, u, r, runs, start, stop, back)


@rare(INDEX, INDEX, step_back_kind, taped=True)
def propagate_lone(m, u, start, stop, back):
    """Send the errors of consecutive neurons, each by itself."""
    for j in range(start, stop):
        if m.flags[j] & MEMORY:
            push_memory(m, u, j, back)
        for r in range(m.first_run[j], m.last_run[j]):
            push_run(m, u, r, u.error[back.slot + j], back)


@inline
def propagate_all(m, u, span, start, stop, back):
    """Errors of a block of neurons, and what they send; returns 0 if all are finite."""
    check = 0.0
    j = start
    while j < stop:
        lone = is_lone(m, j)
        end = lone_stop(m, j, stop) if lone else m.alike_stop[j]
        check += compute_deltas(m, u, span, j, end, back)
        if lone:
            propagate_lone(m, u, j, end, back)
        else:
            propagate_alike(m, u, j, end, back)
        j = end
    return check

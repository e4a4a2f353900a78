"""Find active sources, whose activation is not 0, and which send it to at least one
neuron.
"""

from __future__ import annotations

from ..language import added, inline, splat

PART_BITS = 10
"""The logarithm of `PART`."""
PART = 1 << PART_BITS
"""Neurons that are looked at together for one that is active."""
BITS = 6
"""The logarithm of `GROUP`. With 4, a step of 20,000 neurons with one clock takes 1.2
times as long at 0.05 % active."""
GROUP = 1 << BITS
"""Neurons of a part with active ones that are looked at together."""
NOT_COUNTED = -1
"""Replaces the number of active sources if there are so many that steps read all."""
NOW = 1
PAST = 2
"""Flags in `BySource.parts` and `BySource.groups`."""


@inline
def is_silent(tapes, start, stop, now):
    """Return whether the activations of these neurons are 0."""
    return (
        added(
            (abs(tapes.activation[now + j]) for j in range(start, stop)),
            splat(0.0, tapes.activation),
        )
        == 0.0
    )


@inline
def part_of(index, j):
    """Return the number of the part of a neuron."""
    return (j - index.origin) >> PART_BITS


@inline
def part_stop(index, j):
    """Return the end of the part of a neuron."""
    return index.origin + ((part_of(index, j) + 1) << PART_BITS)


@inline
def has_active(tapes, index, start, stop, now, mark):
    """Return whether some of these neurons, of one part, may send anything now;
    `mark`, `NOW` or `PAST`, says over which connections.
    """
    sends = index.parts[part_of(index, start)] & mark
    return sends and not is_silent(tapes, start, stop, now)


@inline
def list_part(tapes, index, start, stop, now, due, offset, apart, mark):
    """Do what `list_active` does for neurons of one part."""
    listed = n = index.active[0]
    while start < stop:
        group = (start - index.origin) >> BITS
        end = min(index.origin + ((group + 1) << BITS), stop)
        if index.groups[group] & mark and not is_silent(tapes, start, end, now):
            # without a branch, which processors could not foresee
            for j in range(start, end):
                index.active[n + 1] = offset + apart * (j - index.origin)
                n += tapes.activation[now + j] != 0.0
        start = end
    for k in range(listed + 1, n + 1):
        i = index.active[k]
        due += index.begins[2 * i + 2] - index.begins[2 * i]
    index.active[0] = NOT_COUNTED if due > index.budget else n
    return due


@inline
def list_active(tapes, index, start, stop, now, due, offset, apart, mark):
    """List the sources among these neurons that are not silent; returns how many
    connections begin at them and those before, `due`. Their activations begin at `now`.

    Neuron j is source ``offset + apart * (j - index.origin)`` of a `BySource`, which
    has this `mark`. The list ends, and is forgotten, as soon as there are more
    connections than ``index.budget``.
    """
    begin = start
    while begin < stop and index.active[0] != NOT_COUNTED:
        end = min(part_stop(index, begin), stop)
        if has_active(tapes, index, begin, end, now, mark):
            due = list_part(tapes, index, begin, end, now, due, offset, apart, mark)
        begin = end
    return due

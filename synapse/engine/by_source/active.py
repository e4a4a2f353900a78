"""Who is active: sources whose activation is not 0, and that send it to anybody."""

from __future__ import annotations

from ..language import added, inline, splat

BITS = 4
"""The logarithm of `GROUP`. ``python -m benchmarks.constants by_source.active.BITS``:
rows take 0.67 to 1.39 times as long with 1, 0.82 to 1.25 times with 7."""
GROUP = 1 << BITS
"""Neurons that are looked at together for one that is active."""
NOT_COUNTED = -1
"""In place of the number of active sources: there are so many that steps read all."""


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
def list_active(tapes, index, start, stop, now, due, first, apart, mark):
    """List the sources among these neurons that are not silent; returns how many
    connections begin at them and those before, `due`. Their activations begin at `now`.

    Neuron j is source ``first + apart * (j - index.origin)`` of a `BySource`, and a
    group without `mark` has none of these. The list ends, and is forgotten, as soon as
    there are more connections than ``index.budget``.
    """
    n = index.active[0]
    if n == NOT_COUNTED:
        return due
    begin = start
    while begin < stop:
        group = (begin - index.origin) >> BITS
        end = min(index.origin + ((group + 1) << BITS), stop)
        if index.sends[group] & mark and not is_silent(tapes, begin, end, now):
            for j in range(begin, end):
                i = first + apart * (j - index.origin)
                sent = index.late[i + 1] - index.late[i]
                if tapes.activation[now + j] != 0.0 and sent > 0:
                    index.active[n + 1] = i
                    n += 1
                    due += sent
            if due > index.budget:
                index.active[0] = NOT_COUNTED
                return due
        begin = end
    index.active[0] = n
    return due

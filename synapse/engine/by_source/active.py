"""Find active sources, whose activation is not 0, and which send it to at least one
neuron.
"""

from __future__ import annotations

from ..language import added, inline, lowest_bit, marks_of, splat
from .index import BITS, GROUP, PART_BITS, prompt_begin, source_stop

NOT_COUNTED = -1
"""Replaces the number of active sources if there are so many that steps read all."""


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
    """Return whether any of these neurons in one part may send events now, over the
    connections that `mark` selects (`index.NOW` or `index.PAST`).
    """
    sends = index.parts[part_of(index, start)] & mark
    return sends and not is_silent(tapes, start, stop, now)


@inline
def add_active(tapes, index, start, stop, now, n, offset, apart, mark):
    """List the active sources among neurons of one part behind the first n ones, and
    return how many are listed then.
    """
    while start < stop:
        group = (start - index.origin) >> BITS
        end = min(index.origin + ((group + 1) << BITS), stop)
        if index.groups[group] & mark:
            if end - start == GROUP:
                marks = marks_of(tapes.activation, now + start)
                first = offset + apart * (start - index.origin)
                while marks != 0:
                    n += 1
                    index.active[n] = first + apart * lowest_bit(marks)
                    marks &= marks - 1
            else:
                for j in range(start, end):
                    index.active[n + 1] = offset + apart * (j - index.origin)
                    n += tapes.activation[now + j] != 0.0
        start = end
    return n


@inline
def list_part(tapes, index, start, stop, now, due, offset, apart, mark):
    """Do the same as `list_active` for neurons of one part."""
    listed = index.active[0]
    n = add_active(tapes, index, start, stop, now, listed, offset, apart, mark)
    for k in range(listed + 1, n + 1):
        i = index.active[k]
        due += source_stop(index, i) - prompt_begin(index, i)
    index.active[0] = NOT_COUNTED if due > index.budget else n
    return due


@inline
def list_active(tapes, index, start, stop, now, due, offset, apart, mark):
    """List the active sources among these neurons. Returns `due`, the number of
    connections from listed sources so far, plus their connections. Activations begin at
    `now`.

    Neuron j is source ``offset + apart * (j - index.origin)`` of a `BySource`, which
    has this `mark`. As soon as there are more connections than ``index.budget``, the
    list is abandoned.
    """
    begin = start
    while begin < stop and index.active[0] != NOT_COUNTED:
        end = min(part_stop(index, begin), stop)
        if has_active(tapes, index, begin, end, now, mark):
            due = list_part(tapes, index, begin, end, now, due, offset, apart, mark)
        begin = end
    return due

"""The kernels of what is shared: weights of tied connections, biases of tied neurons.

In a step each member moves its own number, like any other. Only before and after is there more to do, so
that no inner loop knows of ties, and no neuron sees a number that has moved already.
"""

from __future__ import annotations

import numpy as np

from ._jit import columns, inline, kernel, piece, zero

u8 = np.uint64
ONE = u8(1)


@piece
def note_shared(values, rows, first, base, groups):
    """What each group shares goes to `base`."""
    for g in range(groups):
        base[g] = values[rows[first[g]]]


@piece
def add_moves(values, rows, first, base, groups):
    """The moves of all members are added to `base`, and all take the sum."""
    for g in range(groups):
        old, stop = base[g], u8(first[g + ONE])
        total = zero(old)
        for t in range(u8(first[g]), stop):
            total += values[rows[t]] - old
        for t in range(u8(first[g]), stop):
            values[rows[t]] = old + total


@inline
def before_moves(m):
    """Note what is shared. reads: weight, bias; writes: tied_base, bias_tied_base"""
    if m.ties[0] != 0:
        note_shared(m.weight, m.tied, m.tied_first, m.tied_base, m.ties[0])
    if m.ties[1] != 0:
        note_shared(m.bias, m.bias_tied, m.bias_tied_first, m.bias_tied_base, m.ties[1])


@inline
def after_moves(m):
    """Let what is shared move by the sum of its members' moves. writes: weight, bias"""
    if m.ties[0] != 0:
        add_moves(m.weight, m.tied, m.tied_first, m.tied_base, m.ties[0])
    if m.ties[1] != 0:
        add_moves(m.bias, m.bias_tied, m.bias_tied_first, m.bias_tied_base, m.ties[1])


@kernel
def hold_shared(table, unit):
    """From now on neurons that propagate one by one move their own numbers alone."""
    m = columns(table, unit)
    before_moves(m)
    m.ties[2] = ONE


@kernel
def release_shared(table, unit):
    """No longer: what is shared moves now, by all that they have done since."""
    m = columns(table, unit)
    m.ties[2] = u8(0)
    after_moves(m)

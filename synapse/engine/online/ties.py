"""The kernels of what is shared: weights of tied connections, biases of tied neurons.

In a step each member moves its own number, like any other. Only before and after is there more to do, so
that no inner loop knows of ties, and no neuron sees a number that has moved already.
"""

from __future__ import annotations

import numpy as np

from ..compiler.jit import columns, inline, kernel, piece, zero
from ..schema import BIAS_GROUPS, BIAS_STRETCHES, GROUPS, HELD, STRETCHES

u8 = np.uint64
ONE = u8(1)


@piece
def note_shared(values, first, base, move, groups):
    """What each group shares goes to `base`."""
    for g in range(groups):
        base[g] = values[first[g]]
        move[g] = zero(base[g])


@piece
def add_moves(values, rows, lengths, groups, base, move, stretches):
    """The moves of all members are added to `base`, and all take the sum."""
    for s in range(stretches):
        row, g = u8(rows[s]), u8(groups[s])
        for t in range(u8(lengths[s])):
            move[g + t] += values[row + t] - base[g + t]
    for s in range(stretches):
        row, g = u8(rows[s]), u8(groups[s])
        for t in range(u8(lengths[s])):
            values[row + t] = base[g + t] + move[g + t]


@inline
def before_moves(m):
    """Note what is shared.

    reads: weight, bias; writes: tied_base, tied_move, bias_tied_base, bias_tied_move
    """
    if m.ties[STRETCHES] != 0:
        note_shared(m.weight, m.tied_first, m.tied_base, m.tied_move, m.ties[GROUPS])
    if m.ties[BIAS_STRETCHES] != 0:
        note_shared(m.bias, m.bias_tied_first, m.bias_tied_base, m.bias_tied_move, m.ties[BIAS_GROUPS])


@inline
def after_moves(m):
    """What is shared moves by the sum of its members' moves.

    writes: weight, tied_move, bias, bias_tied_move
    """
    if m.ties[STRETCHES] != 0:
        stretches = m.tied, m.tied_length, m.tied_group
        add_moves(m.weight, *stretches, m.tied_base, m.tied_move, m.ties[STRETCHES])
    if m.ties[BIAS_STRETCHES] != 0:
        stretches = m.bias_tied, m.bias_tied_length, m.bias_tied_group
        add_moves(m.bias, *stretches, m.bias_tied_base, m.bias_tied_move, m.ties[BIAS_STRETCHES])


@kernel
def hold_shared(table, unit):
    """From now on neurons that propagate one by one move their own numbers alone."""
    m = columns(table, unit)
    before_moves(m)
    m.ties[HELD] = ONE


@kernel
def release_shared(table, unit):
    """No longer: what is shared moves now, by all that they have done since."""
    m = columns(table, unit)
    m.ties[HELD] = u8(0)
    after_moves(m)

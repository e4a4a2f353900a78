"""Kernels of ties and signs: weights of tied connections, biases of tied neurons,
weights that keep a sign.

In a step each member updates its own number, like any other. Additional work is done
only before and after the step, so that no inner loop depends on ties, and no neuron
reads a number that has been updated already.
"""

from __future__ import annotations

from ..compiler.jit import columns, inline, kernel, zero_like
from ..compiler.rare import rare


@inline
def note_shared(values, leaders, base, move, groups):
    """Copy the shared number of each group to `base`."""
    for g in range(groups):
        base[g] = values[leaders[g]]
        move[g] = zero_like(base[g])


@inline
def add_moves(values, rows, lengths, groups, base, move, stretches):
    """Add the updates of all members to `base`, and give all members the sum."""
    for s in range(stretches):
        row = rows[s]
        g = groups[s]
        for t in range(lengths[s]):
            move[g + t] += values[row + t] - base[g + t]
    for s in range(stretches):
        row = rows[s]
        g = groups[s]
        for t in range(lengths[s]):
            values[row + t] = base[g + t] + move[g + t]


@inline
def stopped(m, row, weight):
    """A weight of this connection after an update, or 0 if that has taken it across."""
    return zero_like(weight) if m.sign[row] * weight < 0.0 else weight


@inline
def stop_at_zero(m, start, stop):
    """Stop the weights of consecutive connections at 0."""
    for row in range(start, stop):
        m.weight[row] = stopped(m, row, m.weight[row])


@rare()
def note_tied(m):
    """Store the shared numbers before a step."""
    if m.ties.stretches != 0:
        note_shared(m.weight, m.tied_first, m.tied_base, m.tied_move, m.ties.groups)
    if m.ties.bias_stretches != 0:
        note_shared(
            m.bias,
            m.bias_tied_first,
            m.bias_tied_base,
            m.bias_tied_move,
            m.ties.bias_groups,
        )


@rare()
def move_tied(m):
    """Update shared numbers by the sum of their members' updates."""
    if m.ties.stretches != 0:
        stretches = m.tied, m.tied_length, m.tied_group
        add_moves(m.weight, *stretches, m.tied_base, m.tied_move, m.ties.stretches)
        for s in range(m.ties.stretches if m.ties.signed != 0 else 0):
            stop_at_zero(m, m.tied[s], m.tied[s] + m.tied_length[s])
    if m.ties.bias_stretches != 0:
        stretches = m.bias_tied, m.bias_tied_length, m.bias_tied_group
        add_moves(
            m.bias,
            *stretches,
            m.bias_tied_base,
            m.bias_tied_move,
            m.ties.bias_stretches,
        )


@inline
def before_moves(m):
    """Note the values of tied parameters before they move, if anything is tied."""
    if m.ties.stretches + m.ties.bias_stretches != 0:
        note_tied(m)


@inline
def after_moves(m):
    """Give all tied parameters the sum of their moves, if anything is tied."""
    if m.ties.stretches + m.ties.bias_stretches != 0:
        move_tied(m)


@kernel
def hold_shared(table, unit):
    """Start a phase in which neurons that propagate one by one update only their own
    numbers.
    """
    m = columns(table, unit)
    before_moves(m)
    m.ties.held = 1


@kernel
def release_shared(table, unit):
    """End that phase: update the shared numbers by the sum of all updates since its
    start.
    """
    m = columns(table, unit)
    m.ties.held = 0
    after_moves(m)

"""Compute the offsets of repeated numbers in the columns of a plan, which are copies of
the sensitivities, pending steps, and vectors on their way back.

Their purpose is described in `pending.py`.
"""

from ..language import inline


@inline
def base_at(plan):
    """Return the offset of the copy of the sensitivities before the pending steps."""
    return plan.latest.base * plan.counts.copy


@inline
def next_at(plan):
    """Return the offset of the copy that is being renewed from the base, and then
    replaces it.
    """
    return (1 - plan.latest.base) * plan.counts.copy


@inline
def materialized_at(plan):
    """Return the offset of the copy for readers, which includes all pending steps once
    it is renewed.
    """
    return 2 * plan.counts.copy


@inline
def slot_of(plan, step):
    """Return the place of a pending step's numbers among the numbers of two blocks,
    which swap roles like the copies.
    """
    depth = plan.counts.depth
    at = step + depth * plan.latest.base
    if depth == 1:
        return step
    return at - 2 * depth if at >= 2 * depth else at


@inline
def given_at(plan, step):
    """Return the offset in ``given`` of the numbers that the vectors of a renewal have
    given to neurons at a pending step.
    """
    return step * plan.counts.given


@inline
def errors_given_at(plan, c, step):
    """Return the offset in ``given`` of the numbers that the errors of a class have
    given to its neurons at a pending step.
    """
    return given_at(plan, plan.counts.depth) + step * plan.class_neurons[c]


@inline
def vectors_at(plan, steps):
    """Return the offset in ``vectors`` of the vectors of a renewal after `steps` steps
    back.
    """
    return steps % 2 * plan.counts.square


@inline
def errors_at(plan):
    """Return the offset in ``vectors`` of the errors of an update. They are followed by
    room for the errors of the previous step.
    """
    return 2 * plan.counts.square

"""Define the functions that programs offer, in the language of kernels. Each becomes
one of the program's functions, specialised for its network.

Functions that can refuse a call return `DONE` or an error. After an error, all numbers
are unchanged.
"""

import math

from ...engine.language.decorators import noinline
from ...engine.language.memory import plan_at, store_at
from ...engine.language.words import one_like, zero_like
from ...engine.online.fire import clear_neuron
from ...engine.online.loops import (
    compute_output_errors,
    propagate_network,
    step_online,
)
from ...engine.rtrl import loops as exact
from ...engine.rtrl.advance import advance, save_slopes
from .alike import add_ahead, add_recurrent, begin_states
from .optimizing import clear_updates, optimize, optimizer_at, updates_at

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

(
    DONE,
    BAD_INPUT,
    BAD_TARGET,
    NO_TARGET,
    BAD_RATE,
    DIVERGED,
    BAD_NUMBER,
    FROZEN,
) = range(8)
"""Results of a program's functions."""


@noinline
def are_finite(numbers):
    """Return whether numbers are finite."""
    for i in range(numbers.size):  # noqa: SIM110 - the language has no generator
        if not math.isfinite(numbers[i]):
            return False
    return True


@noinline
def compute(table, plan_table, scalar, span, inputs, outputs, ahead, totals, rows):
    """Make a step for each row: activate the inputs, then all other neurons."""
    store = store_at(table, scalar)
    if ahead is not None:
        add_ahead(store, ahead, inputs, totals, rows)
    for row in range(rows):
        if ahead is not None:
            add_recurrent(store, ahead, totals, row)
            begin_states(store, ahead, totals, row)
        if plan_table is None:
            step_online(store, None, span, inputs, row)
        else:
            plan = plan_at(plan_table, scalar)
            save_slopes(store, plan)
            step_online(store, None, span, inputs, row)
            advance(store, plan, span)
            plan.latest.open = 1
        for o in range(span.outputs):
            output = store.activation[span.stop - span.outputs + o]
            outputs[row * span.outputs + o] = output


@noinline
def step(table, plan_table, scalar, span, inputs, outputs):
    """Make a step, unless an input is not finite."""
    if not are_finite(inputs):
        return BAD_INPUT
    compute(table, plan_table, scalar, span, inputs, outputs, None, None, 1)
    return DONE


@noinline
def judge_targets(store, span, targets, low, high, tolerance):
    """Return DONE if the cost can have these targets, and otherwise the reason. Within
    a tolerance, shares add up to 1.
    """
    aimed = 0
    total = zero_like(store.activation[0])
    for o in range(span.outputs):
        target = targets[o]
        if not math.isfinite(store.activation[span.stop - span.outputs + o]):
            return DIVERGED
        if target == target:  # NaN: no target
            if not math.isfinite(target):
                return BAD_TARGET
            if low is not None and (target < low or target > high):
                return BAD_TARGET
            aimed += 1
            total += target
    if aimed == 0:
        return NO_TARGET
    if tolerance is not None and (aimed < span.outputs or abs(total - 1.0) > tolerance):
        return BAD_TARGET
    return DONE


@noinline
def keep_within(values, trainable, count, limit):
    """Keep numbers that learn from -limit to limit."""
    for i in range(count):
        if trainable[i]:
            if values[i] != values[i]:
                values[i] = zero_like(values[i])
            values[i] = max(-limit, min(limit, values[i]))


@noinline
def have_numbers(store, span):
    """Return whether functions of users have given numbers to all neurons."""
    for j in range(span.start, span.stop):
        slopes = store.derivative[j] + store.projected[j]
        if not math.isfinite(store.activation[j] + slopes):
            return False
    return True


@noinline
def learn(
    table,
    plan_table,
    scalar,
    span,
    sizes,
    cost,
    low,
    high,
    tolerance,
    bound,
    way,
    of_users,
    targets,
    rate,
):
    """Learn from the targets of the latest step; NaN: no target for this output."""
    store = store_at(table, scalar) if way is None else updates_at(scalar)
    if not math.isfinite(rate) or rate < 0.0:
        return BAD_RATE
    verdict = judge_targets(store, span, targets, low, high, tolerance)
    if verdict != DONE:
        return verdict
    compute_output_errors(store, span, targets, 0, cost)
    if of_users and not have_numbers(store, span):
        return DIVERGED
    step = rate if way is None else one_like(rate)
    if way is not None:
        clear_updates(store, sizes[0], sizes[1])
    if plan_table is None:
        propagate_network(store, span, step, False)
    elif not exact.learn_step(store, plan_at(plan_table, scalar), span, step):
        return DIVERGED
    if way is not None and not optimize(way, store, optimizer_at(scalar), rate):
        return DIVERGED
    if bound is not None:
        connections, neurons = sizes
        limit = bound * one_like(rate)
        keep_within(store.weight, store.trainable, connections, limit)
        keep_within(store.bias, store.trainable_bias, neurons, limit)
    return DONE


@noinline
def clear(table, plan_table, scalar, span):
    """Forget what it was shown, not what it learned."""
    store = store_at(table, scalar)
    for j in range(span.start, span.stop):
        clear_neuron(store, j)
    if plan_table is not None:
        exact.clear_plan(plan_at(plan_table, scalar))


@noinline
def weights(table, scalar, sizes, place, numbers):
    """Write all biases, then all weights, as net.biases and net.weights of the library
    have them.
    """
    store = store_at(table, scalar)
    connections, neurons = sizes
    for j in range(neurons):
        numbers[j] = store.bias[j]
    for c in range(connections):
        numbers[neurons + c] = store.weight[place(c)]


@noinline
def load(table, scalar, sizes, place, learns, numbers):
    """Read numbers as `weights` writes them. Parameters that do not learn must be the
    same.
    """
    store = store_at(table, scalar)
    connections, neurons = sizes
    if not are_finite(numbers):
        return BAD_NUMBER
    if learns:
        for c in range(connections):
            row = place(c)
            if not store.trainable[row] and numbers[neurons + c] != store.weight[row]:
                return FROZEN
    for j in range(neurons):
        store.bias[j] = numbers[j]
    for c in range(connections):
        store.weight[place(c)] = numbers[neurons + c]
    return DONE

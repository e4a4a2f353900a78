"""Several epochs of training by exact gradients in one call: the loops over epochs, batches and groups.

A batch is divided into groups, whose samples `gradient_network` computes side by side. The gradients of the
groups are summed, and the optimizer takes one step: see ``update.py``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..compiler.calls import address_of, call_at, strict
from ..compiler.jit import columns, kernel
from .loops import Samples, gradient_network
from .update import (
    DIVERGED,
    DONE,
    NOT_FINITE,
    STOPPED,
    TOO_STEEP,
    Penalty,
    Places,
    Step,
    clear,
    find_gradient,
    move,
    read_values,
    write_values,
)

u8 = np.uint64
SAMPLES = 7
"""Place of the samples among the arguments of `gradient_network`."""
STEPS = 4
"""Place of the number of steps among the samples."""


class Unfolding(NamedTuple):
    """How the gradient of one group is computed, with a number of lanes."""

    address: Any  # of `gradient_network`
    arguments: Any  # its arguments, with some samples
    weight_move: Any  # columns of the tapes: minus the gradient
    bias_move: Any


class Batches(NamedTuple):
    """The data, and how sequences form batches and groups."""

    bounds: Any  # of the sequences
    size: Any  # number of sequences in a batch
    lanes: Any  # number of samples that are computed side by side, if there is more than one
    deep: Any  # number of steps of such samples in a group, if steps do not depend on each other
    begins: Any  # working memory for the samples of a batch: first row,
    lengths: Any  # number of steps
    shares: Any  # and weight of each


class Runs(NamedTuple):
    """The epochs, and what is written about them."""

    orders: Any  # (epochs, sequences): longest first within a batch, if their lengths differ
    counts: Any  # (epochs, sequences): number of steps with a target, in the order of the updates
    rates: Any
    errors: Any  # written
    goal: float
    control: Any


def descent_address(arguments: tuple[Any, ...]) -> int:
    """The address of `gradient_network` for arguments of these types, compiled if necessary."""
    return address_of(gradient_network, arguments)


@strict
def lay_batch(batches, apart, order, first, last):
    """Lay out the samples of a batch: its sequences or, if steps do not depend on each other, its steps."""
    count, share = u8(0), 1.0 / (last - first)
    for place in range(first, last):
        begin, end = batches.bounds[order[place]], batches.bounds[order[place] + u8(1)]
        pieces, length = (end - begin, u8(1)) if apart else (u8(1), end - begin)
        for t in range(pieces):
            batches.begins[count], batches.lengths[count] = begin + t, length
            batches.shares[count] = share
            count += u8(1)
    return count


@strict
def samples_of(like, batches, first, last, width):
    """The samples of one group; `like` are others with the same options."""
    lengths, count = batches.lengths[first:last], last - first
    if like.apart:
        steps, full = (count + width - u8(1)) // width, count % width == u8(0)
    else:
        steps, full = lengths[0], count == width and lengths[count - u8(1)] == lengths[0]
    options = like.apart, not full, like.masked, like.recorded
    begins, shares = batches.begins[first:last], batches.shares[first:last]
    return begins, lengths, shares, like.weights, steps, like.window, *options


@strict
def descend(unfolding, batches, first, last, width, sums):
    """Compute the loss of one group and add its descent to `sums`; returns the loss, bad step and steps."""
    a = unfolding.arguments
    samples = samples_of(Samples(*a[SAMPLES]), batches, first, last, width)
    arguments = (a[0], a[1], a[2], a[3], a[4], a[5], a[6], samples, a[8], a[9])
    loss, bad = call_at(unfolding.address, arguments, a)
    weights, biases = sums
    for i in range(len(weights)):
        weights[i] += unfolding.weight_move[i]
    for i in range(len(biases)):
        biases[i] += unfolding.bias_move[i]
    return loss, bad, samples[STEPS]


@strict
def is_finite(numbers):
    """Whether all numbers are finite."""
    found = True
    for i in range(len(numbers)):
        found &= math.isfinite(numbers[i])
    return found


@strict
def descend_batch(wide, single, batches, count, sums, control):
    """Sum the loss and the descent of all groups of a batch.

    Returns a code, the loss and, if the gradient diverged, the bad step and the number of steps.
    """
    width = batches.lanes if count > u8(1) else u8(1)
    size = width * batches.deep
    loss = 0.0
    clear(sums[0])
    clear(sums[1])
    for first in range(u8(0), count, size):
        if control[0] != u8(0):
            return STOPPED, loss, u8(0), u8(0)
        last = min(first + size, count)
        if width > u8(1):
            one, bad, steps = descend(wide, batches, first, last, width, sums)
        else:
            one, bad, steps = descend(single, batches, first, last, width, sums)
        if bad != steps or not math.isfinite(one):
            return DIVERGED, one, bad, steps
        loss += one
    finite = is_finite(sums[0]) and is_finite(sums[1])
    return DONE if finite else NOT_FINITE, loss, u8(0), u8(0)


@strict
def lay_slopes(places, slopes, sums):
    """The gradient by connections and neurons of the network, from the descent by rows of the store."""
    for i in range(len(slopes[0])):
        slopes[0][i] = -sums[0][places.rows[i]]
    for i in range(len(slopes[1])):
        slopes[1][i] = -sums[1][i]


@strict
def run_batches(m, wide, single, batches, runs, epoch, weights, biases, sums, slopes, penalty, step, count):
    """Run one epoch; returns how it ended, its cost and steps, the updates, and where it diverged."""
    order, counts, control = runs.orders[epoch], runs.counts[epoch], runs.control
    total, aimed, apart = 0.0, 0.0, Samples(*wide.arguments[SAMPLES]).apart
    for first in range(u8(0), u8(len(order)), batches.size):
        last = min(first + batches.size, u8(len(order)))
        samples = lay_batch(batches, apart, order, first, last)
        code, loss, bad, steps = descend_batch(wide, single, batches, samples, sums, control)
        if code != DONE:
            return code, total, aimed, count, (loss, bad, steps, samples)
        lay_slopes(weights, slopes, sums)
        read_values(m, weights, biases, step.values)
        code, _ = find_gradient(weights, biases, slopes, penalty, step.values, step.gradient)
        if code == DONE:
            code = move(step, runs.rates[epoch], count + 1)
            count += code != TOO_STEEP
        if code != DONE:
            return code, total, aimed, count, (loss, bad, steps, samples)
        write_values(m, weights, biases, step.values)
        total += loss * (last - first)
        here = 0.0
        for place in range(first, last):
            here += counts[place]
            begin, end = batches.bounds[order[place]], batches.bounds[order[place] + u8(1)]
            control[1] += end - begin
        aimed += here
    return DONE, total, aimed, count, (0.0, u8(0), u8(0), u8(0))


@strict
def run_epochs(m, wide, single, batches, runs, weights, biases, sums, slopes, penalty, step, count):
    """Run the epochs, until one has an error of at most the goal.

    Returns the number of complete epochs and, of the last one, what `run_batches` returns without the cost.
    """
    for epoch in range(len(runs.rates)):
        code, total, aimed, count, where = run_batches(
            m, wide, single, batches, runs, epoch, weights, biases, sums, slopes, penalty, step, count
        )
        runs.errors[epoch] = total / aimed if aimed > 0.0 else math.nan
        if code != DONE:
            return epoch, code, count, where
        if runs.errors[epoch] <= runs.goal:
            return epoch + 1, code, count, where
    return len(runs.rates), DONE, count, (0.0, u8(0), u8(0), u8(0))


@kernel
def train_epochs(
    table, unit, wide, single, batches, runs, weights, biases, sums, slopes, penalty, step, count
):
    """`run_epochs`, called from Python; `count` is the number of steps that the optimizer has done.

    The other arguments are the fields of named tuples: Numba unpacks plain ones fast.
    """
    m, unfoldings = columns(table, unit), (Unfolding(*wide), Unfolding(*single))
    update = Places(*weights), Places(*biases), sums, slopes, Penalty(*penalty), Step(*step)
    return run_epochs(m, *unfoldings, Batches(*batches), Runs(*runs), *update, count)

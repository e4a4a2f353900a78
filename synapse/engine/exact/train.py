"""Train several epochs by exact gradients in one call, by loops over epochs, batches
and groups.

A batch is divided into groups, whose samples `gradient_network` computes side by side.
The gradients of the groups are summed, and the optimizer takes one step, see
``update.py``. Several threads may compute the gradient of a batch, see ``team.py``.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..functions.optimizers import are_finite
from ..language import (
    DESCENT,
    added,
    call_descent,
    kernel,
    span_of,
    store_at,
    strict_fp,
    strict_fp_call,
)
from ..online.lists import list_touched, over_touched
from ..status import BEYOND, DONE, NOT_FINITE, STOPPED, TOO_FAR, TOO_STEEP
from .loops import DescentArguments, SampleGroup, gradient_network
from .tapes import SharedTapes, Tapes
from .update import (
    PART,
    apply_update,
    find_gradient,
    read_column,
    sum_members,
    sum_of_squares,
    undo_update,
    update_part,
    worse_of,
    write_column,
)


class Unfolding(NamedTuple):
    """Kernel and memory that compute the gradient of one group, with a number of
    lanes.
    """

    address: Any  # of `gradient_network`
    lists: Any  # address of the store's table with lists of its own
    table: Any  # of the tapes
    tag: Any
    weight_update: Any  # columns of the tapes: minus the gradient
    bias_update: Any


class GradientVariants(NamedTuple):
    """The ways to compute the gradients of groups, for several samples, or for one."""

    wide: Any
    single: Any
    # `DescentArguments` for several samples; tapes and samples are replaced
    arguments: Any


class Batches(NamedTuple):
    """The data, and how sequences form batches and groups."""

    bounds: Any  # of the sequences
    size: Any  # number of sequences in a batch
    # number of samples that are computed side by side, if a batch has several, and more
    # are left
    lanes: Any
    few: Any  # than so many, which are computed one after another
    # number of steps of such samples in a group, if steps do not depend on each other
    deep: Any
    begins: Any  # working memory for the samples of a batch: first row,
    lengths: Any  # number of steps
    shares: Any  # and weight of each


class BatchTraining(NamedTuple):
    """The arguments that all parts of a training receive."""

    store: Any
    variants: Any  # `GradientVariants` of the thread
    batches: Any
    change: Any
    control: Any
    team: Any


NO_MOVES = np.zeros(0)
_entries: dict[Any, Any] = {}


def unfolding(
    tapes: Tapes | SharedTapes | None, arguments: DescentArguments
) -> Unfolding:
    """Return the `Unfolding` on these tapes. Without tapes it is not
    used, and not compiled.
    """
    table = arguments.tape_table
    tag = arguments.tag
    lists = arguments.table
    if tapes is None:
        return Unfolding(0, lists, table, tag, NO_MOVES, NO_MOVES)
    address = gradient_network.address(arguments, DESCENT)
    return Unfolding(
        address, lists, table, tag, tapes["weight_update"], tapes["bias_update"]
    )


def entry_for(kernel: Any, kinds: Any, arguments: tuple[Any, ...]) -> Any:
    """Return `train_epochs` or `train_by_team` as machine code. The types of the
    arguments are identified by `kinds`, the dtype, the type of inputs, and the contents
    of the change.
    """
    key = id(kernel), kinds
    if key not in _entries:
        _entries[key] = kernel.entry(arguments)
    return _entries[key]


@strict_fp
def fill_batch(batches, independent_steps, order, start, stop):
    """Lay out the samples of a batch: its sequences or, if steps do not depend on each
    other, its steps.
    """
    count = 0
    share = 1.0 / (stop - start)
    for index in range(start, stop):
        begin = batches.bounds[order[index]]
        end = batches.bounds[order[index] + 1]
        for t in range(end - begin if independent_steps else 1):
            batches.begins[count] = begin + t
            batches.lengths[count] = 1 if independent_steps else end - begin
            batches.shares[count] = share
            count += 1
    return count


@strict_fp
def steps_of(like, batches, start, stop, width):
    """Return the number of steps of a group."""
    if like.independent_steps:
        return (stop - start + width - 1) // width
    return batches.lengths[start]


@strict_fp
def samples_of(like, batches, start, stop, width, work):
    """Return the samples of one group. `like` are other samples with the same options,
    and `work` contains the last fields of `SampleGroup`, which state what is computed.
    """
    lengths = batches.lengths[start:stop]
    count = stop - start
    steps = steps_of(like, batches, start, stop, width)
    if like.independent_steps:
        full = count % width == 0
    else:
        full = count == width and lengths[count - 1] == lengths[0]
    shares = batches.shares[start:stop]
    return SampleGroup(
        batches.begins[start:stop],
        lengths,
        shares,
        like.weights,
        steps,
        like.window,
        like.independent_steps,
        not full,
        like.masked,
        like.recorded,
        *work,
    )


@strict_fp
def with_tapes(a, unfolding, samples):
    """Return `DescentArguments` with these tapes and samples."""
    return DescentArguments(
        unfolding.lists,
        a.scalar,
        unfolding.table,
        unfolding.tag,
        a.span,
        a.inputs,
        a.targets,
        samples,
        a.cost,
        a.n_updates,
    )


@strict_fp
def call_group(variants, samples, width):
    """Call `gradient_network` for a group, and return status, loss and bad step."""
    a = variants.arguments
    if width > 1:  # two calls, because the types of the tapes differ
        wide = variants.wide
        like = with_tapes(a, wide, a.samples)
        return call_descent(wide.address, with_tapes(a, wide, samples), like)
    single = variants.single
    like = with_tapes(a, single, a.samples)
    return call_descent(single.address, with_tapes(a, single, samples), like)


@strict_fp
def updates_of(variants, width):
    """Return minus the gradient of a group of `width` lanes, by connection and by
    neuron, which is on its tapes.
    """
    if width > 1:
        return variants.wide.weight_update, variants.wide.bias_update
    return variants.single.weight_update, variants.single.bias_update


@strict_fp
def add_group(variants, change, begin, width):
    """Add the gradient of a group to the batch's: subtract minus the gradient, which is
    on its tapes.
    """
    by_weight, by_bias = updates_of(variants, width)
    weights, biases = change.slopes
    at = 0
    for k in range(change.weights.begins.size):
        n = change.weights.lengths[k]
        add_updates(weights, at, by_weight, change.weights.begins[k], n, begin)
        at += n
    add_updates(biases, 0, by_bias, 0, biases.size, begin)


@strict_fp
def add_updates(slopes, at, updates, row, n, begin):
    """Subtract a part of a group's descent from the gradient, starting from 0 with
    `begin`.
    """
    if begin:
        slopes[at : at + n] = 0.0 - updates[row : row + n]
    else:
        slopes[at : at + n] -= updates[row : row + n]


@strict_fp
def width_of(batches, count, left):
    """Return the number of lanes in the next group of a batch, given the number of
    remaining samples.
    """
    return batches.lanes if count > 1 and left > batches.few else 1


@strict_fp
def is_in_place(like, batches, count, change):
    """Return whether the gradient of a batch of `count` samples is used in its place on
    the tapes, because the batch is one group, or its groups are summed there.
    """
    is_one_group = count <= width_of(batches, count, count) * batches.deep
    return change.penalty is None and (is_one_group or like.independent_steps)


@strict_fp
def group_at(batches, count, start):
    """Return the end of the group that begins with this sample of a batch, and its
    number of lanes.
    """
    width = width_of(batches, count, count - start)
    return min(start + width * batches.deep, count), width


@strict_fp
def descend_batch(training, count):
    """Sum loss and gradient of a batch, and return status, loss and where it diverged,
    as step, steps and lanes.
    """
    _, variants, batches, change, control, _ = training
    like = variants.arguments.samples
    loss = 0.0
    start = 0
    in_place = is_in_place(like, batches, count, change)
    # groups of one chunk of steps: their sums on the tapes have the bits of any sum
    joined = like.independent_steps
    while start < count:
        if control[0] != 0:
            return STOPPED, loss, 0, 0, 0
        stop, width = group_at(batches, count, start)
        steps = steps_of(like, batches, start, stop, width)
        work = 0, steps, 0, 1, start == 0 or not joined
        samples = samples_of(like, batches, start, stop, width, work)
        status, group_loss, bad = call_group(variants, samples, width)
        if status != DONE:
            return status, group_loss, bad, steps, width
        if not in_place and (stop == count or not joined):
            add_group(variants, change, start == 0 or joined, width)
        loss += group_loss
        start = stop
    return DONE, loss, 0, 0, 0


@strict_fp
def has_finite_slopes(slopes):
    """Return whether all numbers of the gradient by connections and by neurons are
    finite.
    """
    weights, biases = slopes
    return are_finite(weights, weights.size) and are_finite(biases, biases.size)


@strict_fp
def update(store, change, rate, count):
    """Update the parameters by the gradient of a batch, and return a status."""
    weights = change.weights
    biases = change.biases
    values = change.values
    gradient = change.gradient
    read_column(store.weight, weights, values)
    read_column(store.bias, biases, values)
    if weights.tied:
        sum_members(weights, change.slopes[0], gradient)
    if biases.tied:
        sum_members(biases, change.slopes[1], gradient)
    penalised = change.penalty.l1 != 0.0 or change.penalty.l2 != 0.0
    # before penalties change them: slopes without ties are parts of the gradient
    if penalised and not has_finite_slopes(change.slopes):
        return NOT_FINITE
    status, _ = find_gradient(change.penalty, values, gradient)
    if status != DONE:
        return status if has_finite_slopes(change.slopes) else NOT_FINITE
    if not sum_of_squares(gradient, 0, gradient.size) <= change.step.limit:
        return TOO_STEEP
    whole = change.whole
    status = apply_update(
        values, whole, gradient, False, 1.0, change.step, rate, count, 0, gradient.size
    )
    if status == DONE:
        for i in range(change.step.low.size):
            values[i] = min(max(values[i], change.step.low[i]), change.step.high[i])
        write_column(store.weight, weights, values)
        write_column(store.bias, biases, values)
    return status


@strict_fp
def update_weights(training, slopes, by_rows, rate, count, start, stop):
    """Update some of the weights, see `apply_update`. With `by_rows`, use minus the
    tapes' gradient.
    """
    change = training.change
    return apply_update(
        training.store.weight,
        change.weights,
        slopes,
        by_rows,
        -1.0 if by_rows else 1.0,
        change.step,
        rate,
        count,
        start,
        stop,
    )


@strict_fp
def squares_of(training, weights, by_rows, is_wide):
    """Return the squared norm of the gradient by weights."""
    return sum_of_squares(weights, 0, weights.size)


@strict_fp
def update_all_weights(training, weights, by_rows, is_wide, rate, count):
    """Update all weights, and return a status."""
    size = training.change.slopes[0].size
    return update_weights(training, weights, by_rows, rate, count, 0, size)


LONE_PARTS = descend_batch, squares_of, update_all_weights
"""The work of one thread in an update. Several threads do it in another way
(``by_team.py``)."""


@strict_fp
def add_squares(total, row, n, slopes):
    """Add the squares of some slopes to a total."""
    return total + sum_of_squares(slopes, row, row + n)


@strict_fp_call
def move_rows(status, row, n, column, slopes, optimizer, first, rate, count):
    """Update some weights by minus the tapes' gradient, and return the worst status."""
    of = column, slopes
    for q in range(row, row + n, PART):
        by = -1.0, optimizer, rate, count, q, q - first, min(row + n - q, PART)
        status = worse_of(status, update_part(*of, q, *by))
    return status


@strict_fp
def restore_rows(total, row, n, column, slopes):
    """Restore the values of some weights before `move_rows`."""
    column[row : row + n] = slopes[row : row + n]
    return total


@strict_fp
def table_of(variants, is_wide):
    """Return the store with the lists of the tapes for several lanes, or for one."""
    lists = variants.wide.lists if is_wide else variants.single.lists
    return store_at(lists, variants.arguments.scalar)


@strict_fp
def list_weights(training, is_wide):
    """List the sources of weights whose gradient on the tapes may not be 0, if the
    optimizer does not change other weights. Return whether they are few.
    """
    change = training.change
    if change.weights.begins.size != 1 or not change.step.skips_zeros:
        return False
    store = table_of(training.variants, is_wide)
    list_touched(store, span_of(training.variants.arguments.span))
    return store.input_rows.listed != 0


@strict_fp
def update_touched(training, slopes, is_wide, rate, count):
    """Update like `update_plainly`, by the gradient on the tapes, but leave out weights
    from sources that are not listed, which would not change.
    """
    change = training.change
    store = table_of(training.variants, is_wide)
    span = span_of(training.variants.arguments.span)
    weights, biases = slopes
    squares = over_touched(store, span, add_squares, 0.0, weights)
    squares += sum_of_squares(biases, 0, biases.size)
    if not squares <= change.step.limit:
        return TOO_STEEP if has_finite_slopes(slopes) else NOT_FINITE
    of = store.weight, weights, change.step, change.weights.begins[0], rate, count
    status = over_touched(store, span, move_rows, DONE, *of)
    of = False, -1.0, change.step, rate, count, 0, biases.size
    status = worse_of(status, apply_update(store.bias, change.biases, biases, *of))
    if status != DONE:
        of = store.weight, weights
        over_touched(store, span, restore_rows, 0, *of)
        undo_update(store.bias, change.biases, biases, False)
    return status


@strict_fp
def update_plainly(parts, training, slopes, by_rows, is_wide, rate, count):
    """Update like `update` without ties, penalties and limits, part by part. With
    `by_rows`, use minus the tapes' gradient, which has several lanes if `is_wide`.
    """
    _, squares_of, move = parts
    change = training.change
    bias = training.store.bias
    weights, biases = slopes
    listed = change.lists is not None and by_rows
    if listed and list_weights(training, is_wide):
        return update_touched(training, slopes, is_wide, rate, count)
    squares = squares_of(training, weights, by_rows, is_wide)
    squares += sum_of_squares(biases, 0, biases.size)
    if not squares <= change.step.limit:
        return TOO_STEEP if has_finite_slopes(slopes) else NOT_FINITE
    status = move(training, weights, by_rows, is_wide, rate, count)
    sign = -1.0 if by_rows else 1.0
    options = False, sign, change.step, rate, count, 0, biases.size
    status = worse_of(status, apply_update(bias, change.biases, biases, *options))
    if status != DONE:
        undo_update(training.store.weight, change.weights, weights, by_rows)
        undo_update(bias, change.biases, biases, False)
    if listed:  # all sources: the gradient on the tapes has been overwritten
        span = span_of(training.variants.arguments.span)
        table_of(training.variants, is_wide).touched[span.start : span.stop] = 1.0
    return status


@strict_fp
def run_batches(parts, training, order, counts, rate, count):
    """Run one epoch. Returns how it ended, its cost and steps, the updates, and where
    it diverged.
    """
    store, variants, batches, change, control, _ = training
    total = 0.0
    n_targets = 0.0
    independent_steps = variants.arguments.samples.independent_steps
    for start in range(0, len(order), batches.size):
        stop = min(start + batches.size, len(order))
        samples = fill_batch(batches, independent_steps, order, start, stop)
        status, loss, bad, steps, width = parts[0](training, samples)
        batch_targets = added((counts[index] for index in range(start, stop)), 0.0)
        # a batch without a target does not count as an update
        learns = status == DONE and batch_targets > 0.0
        if learns:
            if change.penalty is None:
                like = variants.arguments.samples
                in_place = is_in_place(like, batches, samples, change)
                lanes = width_of(batches, samples, samples)
                status = update_plainly(
                    parts,
                    training,
                    updates_of(variants, lanes) if in_place else change.slopes,
                    in_place,
                    lanes > 1,
                    rate,
                    count + 1,
                )
            else:
                status = update(store, change, rate, count + 1)
        # the optimizer's memory has moved even if the parameters could not
        count += learns and (status == DONE or status == TOO_FAR or status == BEYOND)
        if status != DONE:
            return status, total, n_targets, count, (loss, bad, steps, width)
        total += loss * (stop - start)
        for index in range(start, stop):
            sequence = order[index]
            control[1] += batches.bounds[sequence + 1] - batches.bounds[sequence]
        n_targets += batch_targets
    return DONE, total, n_targets, count, (0.0, 0, 0, 0)


@strict_fp
def run_epochs(parts, training, epochs, counts, count):
    """Run epochs to the goal. Return their number, and how the last ended, as updates,
    cost, steps, and where.
    """
    total = 0.0
    n_targets = 0.0
    where = (0.0, 0, 0, 0)
    for epoch in range(epochs.rates.size):
        status, total, n_targets, count, where = run_batches(
            parts,
            training,
            epochs.orders[epoch],
            counts[epoch],
            epochs.rates[epoch],
            count,
        )
        epochs.losses[epoch] = total / n_targets if n_targets > 0.0 else math.nan
        if status != DONE:
            return epoch, status, count, total, n_targets, where
        if epochs.losses[epoch] <= epochs.goal:
            return epoch + 1, status, count, total, n_targets, where
    return epochs.rates.size, DONE, count, total, n_targets, where


@kernel
def train_epochs(store, scalar, variants, batches, epochs, counts, change, count):
    """Run epochs, called from Python. `counts` are the numbers of steps with a target,
    (epochs, sequences), and `count` is the number of steps that the optimizer has made.
    """
    training = BatchTraining(store, variants, batches, change, epochs.control, 0)
    return run_epochs(LONE_PARTS, training, epochs, counts, count)

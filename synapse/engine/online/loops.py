"""Activate and propagate, and loop over many neurons and many steps, in kernels that
Python calls.

The parts of a step are in ``states.py``, ``fire.py`` and ``propagate.py``.
"""

import math

import numpy as np

from .. import schema
from ..functions import activations
from ..functions.compiled import (
    cost_and_error,
    cross_entropy,
    lead_of,
    logit_of,
    logit_within,
    softmax_errors,
)
from ..functions.costs import (
    CATEGORICAL,
    CROSS_ENTROPY,
    FIRST_CUSTOM_COST,
    PROBABILITIES,
    SHARES,
    SUM_TOLERANCE,
)
from ..language import (
    ARRAY,
    INDEX,
    NUMBER,
    SCALAR,
    SPAN,
    added,
    inline,
    kernel,
    lazy_part,
    max_float_of,
    noinline,
    one_like,
    safe_limit_of,
)
from ..lowering.flags import DELAYED, DENSE
from ..status import (
    DIVERGED,
    DONE,
    FAILED,
    LARGE,
    REFUSED,
    RESIZED,
    RESULT,
    ROW,
    SMALL_STEP,
)
from .continual_backprop import RENEWED, reinitialize_least_useful
from .descent import COUNT, NO_BATCHES, SIZE, end_batch
from .fire import (
    advance_ring,
    begin_lone_step,
    clamp_neuron,
    clear_all_traces,
    clear_neuron,
    fire,
    fire_member,
    note_step,
    tick,
    zero_clamped_errors,
)
from .inputs import (
    begin_inputs,
    end_inputs,
    is_sparse,
    set_many_inputs,
    set_sparse_inputs,
)
from .lists import mark_touched, relist
from .propagate import compute_deltas, propagate_alone, propagate_block
from .read_order import eligibility_of, has_kept
from .roles import RuleParts
from .states import apply_pending_updates, compute_lone_state, compute_states
from .steps import count_steps, end_step
from .ties import after_updates, before_updates

FIELDS_PER_OUTPUT = 4
"""Number of values of each output (activation, target, weight and logit) that a buffer
stores until costs are summed.
"""


# --- networks -------------------------------------------------------------------------
# A network consists of the rows start .. stop of its store, in activation order:
# inputs, hidden neurons, outputs. `span` describes the network for kernels, see
# ``records.Span``.


@inline
def set_inputs(store, span, inputs, row):
    """Begin a step by setting the inputs, unless they are empty."""
    start = span.start
    if store.ring[start] != schema.NONE:
        advance_ring(store, store.ring[start])
    if is_sparse(inputs):
        set_sparse_inputs(store, span, *inputs, row)
    elif inputs.size > 0:
        n = span.inputs
        if store.ties.lists != 0 and span.learning >= start + n:
            set_many_inputs(store, span, inputs, row)
        else:
            now = tick(store, span.inputs)
            for t in range(n):
                clamp_neuron(store, start + t, inputs[row * n + t], now + t)


@noinline
def step_online(store, rule, span, inputs, row):
    """Set the inputs, unless they are empty, and activate the other neurons, block by
    block or, if they are synchronous, all at once.

    It is the ``step_network`` of rules that do not use ``rule``.
    """
    set_inputs(store, span, inputs, row)
    start = span.start
    if is_sparse(inputs) or inputs.size > 0:
        start += span.inputs
    while start < span.stop:
        stop = span.stop if store.synchronous[start] else store.block_stop[start]
        compute_states(store, start, stop, start)
        while start < stop:
            block_stop = store.block_stop[start]
            fire(store, start, block_stop)
            start = block_stop
    end_step(store, span)


@inline
def signal_of(store, j, cost, signal):
    """Return the error signal of an output, or 0 if its activation was set.

    If an activation was set, its derivative is 0, which is a factor of most signals.
    Because the signal of cross-entropy lacks this factor, it is set to 0 here.
    """
    return signal if cost != CROSS_ENTROPY or store.derivative[j] != 0.0 else 0.0


@inline
def compute_output_errors(store, span, targets, row, cost):
    """Write the error signals of the outputs, or 0 where the target is NaN.

    Returns a sum that is finite if the cost is finite, because computing the cost would
    take longer.
    """
    n = span.outputs
    start = span.stop - n
    if cost != CROSS_ENTROPY:
        compute_output_errors_generic(store, cost, targets, row * n, start, n)
        return store.failed[RESULT]
    return write_signals(
        store, cross_entropy, (), CROSS_ENTROPY, targets, row * n, start, n
    )


@inline
def write_signals(store, judge, first, cost, targets, offset, start, n):
    """Write the error signals of n outputs under a cost by calling `judge`, whose first
    arguments are `first`. Returns a sum that is finite if the cost is finite.
    """
    total = 0.0
    for o in range(n):
        j = start + o
        target = targets[offset + o]
        value, signal = judge(
            *first, target, store.activation[j], store.derivative[j], np.float64(n), 0.0
        )
        store.projected[j] = store.cost_weight[j] * signal_of(store, j, cost, signal)
        gap = target - store.activation[j]
        if cost >= FIRST_CUSTOM_COST:
            total += store.cost_weight[j] * value
        elif target == target:
            total += gap * gap
    return total


@lazy_part(INDEX, ARRAY, INDEX, INDEX, INDEX)
def compute_output_errors_generic(store, cost, targets, offset, start, n):
    """Do the same as `compute_output_errors` for all other costs. The result is in
    ``failed[RESULT]``.
    """
    first = store.failed, cost
    total = write_signals(store, cost_and_error, first, cost, targets, offset, start, n)
    if cost == CATEGORICAL:  # every signal depends on the targets of all outputs
        softmax_errors(
            store.cost_weight,
            start,
            targets,
            offset,
            store.activation,
            start,
            store.projected,
            start,
            n,
            1,
        )
    store.failed[RESULT] = total


@inline
def lead_of_outputs(store, span, cost):
    """Return `lead_of` the outputs if the cost is for softmax outputs, and otherwise
    (NONE, 0).
    """
    if cost != CATEGORICAL:
        return schema.NONE, 0.0
    return lead_of(store.activation, span.stop - span.outputs, span.stop, 1)


@inline
def logit_of_output(store, j, target, lead, others):
    """Return ln(y / (1 - y)) of an output for costs that need it, from the results of
    `lead_of_outputs`.

    This logit is the state, unless the activation was set, in which case the derivative
    is 0 and the logit is computed from the activation. A softmax output with a target
    of 0 has no cost.
    """
    if lead != schema.NONE:
        if not target > 0.0:
            return 0.0
        below = np.float64(store.state[j]) - store.state[lead]
        return logit_within(below, store.activation[j], store.activation[lead], others)
    if store.derivative[j] != 0.0:
        return np.float64(store.state[j])
    return logit_of(store.activation[j])


@inline
def accepts_targets(targets, cost, scalar):
    """Return whether a cost can have these targets of one step
    (``Cost._check_targets``).
    """
    maximum = np.float64(max_float_of(scalar))
    low, high = (0.0, 1.0) if cost in PROBABILITIES else (-maximum, maximum)
    total = 0.0
    for o in range(targets.size):
        if not low <= targets[o] <= high:
            return False
        total += targets[o]
    return cost not in SHARES or abs(total - 1.0) <= SUM_TOLERANCE


@inline
def check_rows(store, span, inputs, outputs, scalar):
    """Return the status of rows before they run, which is REFUSED for inputs that are
    not finite and RESIZED for other sizes.
    """
    maximum = max_float_of(scalar)
    n = span.outputs
    rows = outputs.size // n
    if is_sparse(inputs):
        values, columns, starts = inputs
        for row in range(starts.size - 1):
            for k in range(starts[row], starts[row + 1]):
                if columns[k] >= span.inputs:
                    return RESIZED
                if not abs(values[k]) <= maximum:
                    store.failed[ROW] = row
                    return REFUSED
        return DONE if outputs.size == (starts.size - 1) * n else RESIZED
    if outputs.size != rows * n or (
        inputs.size > 0 and inputs.size != rows * span.inputs
    ):
        return RESIZED
    # a loop that counts is vectorised
    if added(not abs(inputs[i]) <= maximum for i in range(inputs.size)) == 0:
        return DONE
    i = 0
    while abs(inputs[i]) <= maximum:
        i += 1
    store.failed[ROW] = i // span.inputs
    return REFUSED


@inline
def status_of(store, total):
    """Return the status of a call whose costs add up to `total`."""
    if store.failed[0] != 0.0:
        return FAILED
    return DONE if math.isfinite(total) else DIVERGED


@inline
def is_large(store, span, rate, scalar):
    """Return whether an update of this step may be infinite or NaN.

    An update is a product of an error, the rate, a trace or an activation, and the
    weights along which the error was sent. If no factor is above `safe_limit_of`, the
    product is finite. The trace of a bias stands for those of the weights. A large
    state has a derivative of 0 or leads to a large activation. The same is true for a
    large weight, unless the activation that it leads to is smaller, which this test
    does not cover.
    """
    maximum = safe_limit_of(scalar)
    # NaN is not small
    small = added(
        abs(store.activation[j]) <= maximum for j in range(span.start, span.stop)
    )
    for j in range(span.learning, span.stop):
        small += abs(store.bias_eligibility[j]) <= maximum
    for j in range(span.stop - span.outputs, span.stop):
        small += abs(store.projected[j]) <= maximum
    counted = 2 * span.stop - span.start - span.learning + span.outputs
    if small < counted or not rate <= maximum:
        return True
    if store.ring[span.start] == schema.NONE:
        return False
    return is_past_large(store, store.ring[span.start], maximum)


@inline
def is_past_large(store, ring, maximum):
    """Return whether any past activation of a network is large if no present one is.
    Because a ring is many times as long as a step, all of it is only read if the
    previous step has not found it small.
    """
    step = store.ring_steps[ring]
    if store.failed[SMALL_STEP] < step:
        count_large(store, ring, maximum)
        if store.failed[RESULT] != 0.0:
            return True
    store.failed[SMALL_STEP] = step + 1
    return False


@lazy_part(INDEX, NUMBER)
def count_large(store, ring, maximum):
    """Count the large past activations in a ring, and write the count to
    ``failed[RESULT]``.
    """
    start = store.ring_first[ring]
    width = store.ring_stop[ring] - store.ring_start[ring]
    stop = start + store.ring_frames[ring] * width
    small = added(abs(store.past[i]) <= maximum for i in range(start, stop))
    store.failed[RESULT] = stop - start - small


@inline
def is_one_large(store, j, rate, scalar):
    """Do the same as `is_large` for a neuron that propagates alone and whose error has
    been computed.
    """
    maximum = safe_limit_of(scalar)
    pushed = store.pushed[j] + store.pushed_gated[j] + store.pushed_traced[j]
    error = store.derivative[j] * pushed + store.projected[j]
    return not (
        abs(error) <= maximum
        and rate <= maximum
        and abs(store.activation[j]) <= maximum
        and abs(store.bias_eligibility[j]) <= maximum
        and are_reads_small(store, j, maximum)
    )


@inline
def are_reads_small(store, j, maximum):
    """Return whether what a neuron has read from its sources is small. Along a weight
    of 0, a large number does not show in the neuron's own numbers.
    """
    kept = has_kept(store, j)
    for r in range(store.run_start[j], store.run_stop[j]):
        i = store.run_source[r]
        row = store.run_first[r]
        count = store.run_length[r]
        if kept:
            small = added(
                abs(store.kept_gain[c] * store.kept_source[c]) <= maximum
                for c in range(row, row + count)
            )
        elif store.run_kind[r] == DENSE and not store.run_flags[r] & DELAYED:
            small = added(abs(store.activation[i + k]) <= maximum for k in range(count))
        else:
            small = added(
                abs(eligibility_of(store, store.flags, c)) <= maximum
                for c in range(row, row + count)
            )
        if small < count:
            return False
    return True


@inline
def cost_of_step(store, span, targets, row, cost):
    """Return the cost of the outputs for the targets in this row."""
    n = span.outputs
    total = 0.0
    lead, others = lead_of_outputs(store, span, cost)
    for o in range(n):
        j = span.stop - n + o
        target = targets[row * n + o]
        logit = logit_of_output(store, j, target, lead, others)
        value, _ = cost_and_error(
            store.failed, cost, target, store.activation[j], 1.0, np.float64(n), logit
        )
        total += store.cost_weight[j] * value
    return total


@inline
def set_output_errors(store, span, targets, cost, check, scalar):
    """Write the error signals of one step, which are 0 if the targets are empty.

    Returns a status and the cost. Depending on `check`, targets that the cost does not
    accept are refused. If `cost` is GIVEN_ERRORS, the targets are the error signals
    themselves, and the cost is 0.
    """
    store.failed[0] = 0.0
    store.failed[SMALL_STEP] = 0.0
    start = span.stop - span.outputs
    total = 0.0
    if targets.size > 0 and targets.size != span.outputs:
        return RESIZED, total
    if cost == schema.GIVEN_ERRORS:
        for o in range(span.outputs):
            if abs(targets[o]) > max_float_of(scalar):
                return REFUSED, total
        for o in range(span.outputs):
            store.projected[start + o] = targets[o] if targets[o] == targets[o] else 0.0
        return DONE, total
    if (
        targets.size > 0
        and check & schema.CHECK_TARGETS
        and not accepts_targets(targets, cost, scalar)
    ):
        return REFUSED, total
    if targets.size > 0:
        total = cost_of_step(store, span, targets, 0, cost)
        compute_output_errors(store, span, targets, 0, cost)
    else:
        store.projected[start : span.stop] = 0.0
    return status_of(store, total), total


@noinline
def summed_cost(store, cost, buffer, filled, outputs):
    """Return the summed cost of the outputs in ``buffer``, which contains
    `FIELDS_PER_OUTPUT` numbers for each output.
    """
    if cost != CROSS_ENTROPY:
        sum_by_cost(store, cost, buffer, filled, outputs)
        return store.failed[RESULT]
    return add_costs(cross_entropy, (), buffer, filled, outputs)


@inline
def add_costs(judge, first, buffer, filled, outputs):
    """Compute `summed_cost` by calling `judge`, whose first arguments are `first`."""
    capacity = buffer.size // FIELDS_PER_OUTPUT
    size = np.float64(outputs)
    total = 0.0
    for i in range(filled):
        target, weight, logit = (
            buffer[capacity + i],
            buffer[2 * capacity + i],
            buffer[3 * capacity + i],
        )
        total += weight * judge(*first, target, buffer[i], 1.0, size, logit)[0]
    return total


@lazy_part(INDEX, ARRAY, INDEX, INDEX)
def sum_by_cost(store, cost, buffer, filled, outputs):
    """Do the same as `summed_cost` for all other costs. The result is in
    ``failed[RESULT]``.
    """
    first = store.failed, cost
    store.failed[RESULT] = add_costs(cost_and_error, first, buffer, filled, outputs)


@inline
def append_outputs(store, span, targets, row, cost, buffer, filled):
    """Append the outputs of a step to ``buffer``, and return the number of outputs in
    it.
    """
    n = span.outputs
    capacity = buffer.size // FIELDS_PER_OUTPUT
    lead, others = lead_of_outputs(store, span, cost)
    for o in range(n):
        j = span.stop - n + o
        target = targets[row * n + o]
        buffer[filled + o] = store.activation[j]
        buffer[capacity + filled + o] = target
        buffer[2 * capacity + filled + o] = store.cost_weight[j]
        buffer[3 * capacity + filled + o] = logit_of_output(
            store, j, target, lead, others
        )
    return filled + n


@inline
def propagate_network(store, span, rate, keep_pending):
    """Propagate block by block, beginning with the last one. The output errors must
    have been written.
    """
    propagate_by(_propagate_block, store, None, span, rate, keep_pending)


@inline
def _propagate_block(store, rule, start, stop, rate, keep_pending):
    """Compute the errors of a block, and propagate them, for any `rule`."""
    compute_deltas(store, start, stop, rate, keep_pending)
    propagate_block(store, start, stop, rate, keep_pending, True)


@lazy_part(SPAN, NUMBER)
def propagate_in_any_order(store, span, rate):
    """Do the same as `propagate_network` after neurons have activated one by one."""
    propagate_by(_propagate_block_alone, store, None, span, rate, False)


@inline
def _propagate_block_alone(store, rule, start, stop, rate, keep_pending):
    """Do the same as `_propagate_block`, neuron by neuron."""
    compute_deltas(store, start, stop, rate, keep_pending)
    for back in range(stop - start):
        propagate_alone(store, stop - 1 - back, rate)


@inline
def propagate_by(propagate, store, rule, span, rate, keep_pending):
    """Do the same as `propagate_network`, but call a rule's function for each block."""
    before_updates(store)
    store.projected[span.learning : span.stop - span.outputs] = 0.0
    if store.ties.clamped != 0:
        zero_clamped_errors(store, span.stop - span.outputs, span.stop)
    stop = span.stop
    while stop > span.learning:
        start = store.block_first[stop - 1]
        propagate(store, rule, start, stop, rate, keep_pending)
        stop = start
    after_updates(store)
    if store.ties.lists != 0 and store.ties.marked != 0:
        mark_touched(store, span)


@inline
def run_rows(parts, store, rule, span, inputs, outputs, scalar):
    """Activate once for every row of `outputs`, by the `parts` of a rule."""
    store.failed[0] = 0.0
    n = span.outputs
    status = check_rows(store, span, inputs, outputs, scalar)
    if status != DONE:
        return status
    begin_inputs(store, span, inputs)
    for row in range(outputs.size // n):
        parts.step_network(store, rule, span, inputs, row)
        if store.failed[0] != 0.0:
            store.failed[ROW] = row
            status = FAILED
            break
        outputs[row * n : row * n + n] = store.activation[span.stop - n : span.stop]
    end_inputs(store, span)
    return status


# --- entries: what Python calls -------------------------------------------------------


@kernel
def activate_one(store, scalar, row):
    """Activate one neuron, and return its activation, or None instead of FAILED.
    Returning a tuple would take a tenth longer.
    """
    store.failed[0] = 0.0
    j = row
    begin_lone_step(store, j)
    compute_lone_state(store, j)
    if store.squash[j] in activations.GROUPED:
        fire_member(store, j)
    else:
        fire(store, j, j + 1)
    store.kept_stamp[j] = store.stamp[j]
    if store.failed[0] != 0.0:
        return None
    count_steps(store, j, j + 1, 1)
    return store.activation[j]


@kernel
def clamp_one(store, scalar, row, value):
    """Set the activation of one neuron to `value`, and return it."""
    begin_lone_step(store, row)
    clamp_neuron(store, row, value, tick(store, 1))
    store.kept_stamp[row] = store.stamp[row]
    count_steps(store, row, row + 1, 1)
    return value


@kernel
def propagate_one(store, scalar, row, options):
    """Propagate one neuron, with or without a target, and return a status. If the cost
    raises an error, all numbers are unchanged.

    `options` contains whether the neuron has a target, the target, the cost, the number
    of outputs, the rate and the check. If `cost` is GIVEN_ERRORS, the target is the
    error signal itself. With CHECK_SIZES as the check, the status is LARGE if the
    numbers are large, see `is_large`, in which case no weight changes.
    """
    has_target, target, cost, outputs, rate, check = options
    store.failed[0] = 0.0
    j = row
    signal = 0.0
    if has_target and cost == schema.GIVEN_ERRORS:
        signal = target
    elif has_target:
        _, signal = cost_and_error(
            store.failed,
            cost,
            target,
            store.activation[j],
            store.derivative[j],
            outputs,
            0.0,
        )
        signal = store.cost_weight[j] * signal_of(store, j, cost, signal)
    if store.failed[0] != 0.0:
        return FAILED
    store.projected[j] = signal if store.clamped[j] == 0 else 0.0
    if check & schema.CHECK_SIZES and is_one_large(store, j, rate, scalar):
        return LARGE
    alone = store.ties.held == 0  # otherwise `begin_deferred_ties` has been called
    if alone:
        before_updates(store)
    compute_deltas(store, j, j + 1, rate, False)
    propagate_alone(store, j, rate)
    if alone:
        after_updates(store)
    return DONE


@kernel
def clear_rows(store, scalar, rows):
    """Clear the context of a network or a neuron, in these rows. If one is cleared
    alone, the others keep what they have read.
    """
    if rows.shape[0] == 1 and store.network[rows[0]] != 0:
        note_step(store, rows[0], store.step_stamp[rows[0]])
    for i in range(rows.shape[0]):
        clear_neuron(store, rows[i])


@kernel
def clear_traces(store, scalar, span):
    """Clear the traces of a network."""
    clear_all_traces(store, span)


@kernel
def run_network(store, scalar, span, inputs, outputs):
    """Activate once for every row of `outputs`, and write the outputs to it. Rows are
    consecutive.

    Returns a status. If an input is refused, or the arrays have other sizes, all
    numbers are unchanged. If a registered function raises an error, the run ends.
    ``failed[ROW]`` is the row of this input or step.
    """
    return run_rows(ONLINE, store, None, span, inputs, outputs, scalar)


@kernel
def feed_network(store, scalar, span, feedback, inputs, outputs):
    """Activate once for every row of `outputs`, and add each output o to the input
    ``feedback[o]`` of the next row.

    An output with a negative number in `feedback` is not fed back. Like `run_network`,
    it returns a status, which is DIVERGED if an output, or an input after the addition,
    is not finite. In this case ``failed[ROW]`` is the last row that has run.
    """
    store.failed[0] = 0.0
    n = span.outputs
    status = check_rows(store, span, inputs, outputs, scalar)
    if status != DONE:
        return status
    rows = outputs.size // n
    for row in range(rows):
        step_online(store, None, span, inputs, row)
        if store.failed[0] != 0.0:
            store.failed[ROW] = row
            return FAILED
        for o in range(n):
            value = store.activation[span.stop - n + o]
            outputs[row * n + o] = value
            if feedback[o] >= 0 and row + 1 < rows:
                inputs[(row + 1) * span.inputs + feedback[o]] += value
    if check_rows(store, span, inputs, outputs, scalar) != DONE:
        return DIVERGED
    for i in range(outputs.size):
        if not math.isfinite(outputs[i]):
            store.failed[ROW] = rows - 1
            return DIVERGED
    return DONE


@kernel
def propagate_targets(store, scalar, span, targets, cost, rate, check):
    """Propagate after an activation by `set_output_errors`. Returns a cost and a
    status, which is DONE if the network has learned.

    `check` is a sum of CHECK_TARGETS and CHECK_SIZES. With CHECK_SIZES, the status is
    LARGE if `is_large`, in which case no weight changes.
    """
    status, total = set_output_errors(store, span, targets, cost, check, scalar)
    relist(store, span)
    if (
        status == DONE
        and check & schema.CHECK_SIZES
        and is_large(store, span, rate, scalar)
    ):
        status = LARGE
    if status == DONE and has_kept(store, span.stop - 1):
        propagate_in_any_order(store, span, rate)
    elif status == DONE:
        propagate_network(store, span, rate, False)
    return status, total


# --- epochs: one loop for the online rule and for exact gradients ---------------------


@inline
def run_epochs(parts, store, rule, span, training):
    """Train for some epochs by the `parts` of a rule, with `TrainingArguments`. Returns
    the results of `train_network`.
    """
    inputs, targets, epochs = training.inputs, training.targets, training.epochs
    cost, buffer, renewal = training.cost, training.buffer, training.renewal
    store.failed[0] = 0.0
    store.failed[SMALL_STEP] = 0.0
    epochs_done = 0
    total = 0.0
    n_targets = 0
    is_running = True
    begin_inputs(store, span, inputs)
    while is_running and epochs_done < epochs.rates.shape[0]:
        rate = epochs.rates[epochs_done]
        total = 0.0
        cost_of_batch = 0.0
        n_targets = 0
        filled = 0
        for s in range(epochs.orders.shape[1]):
            if s >= training.continued and is_running:
                # clearing discards the inputs that they need
                parts.settle(store, rule, span)
                for j in range(span.start, span.stop):
                    clear_neuron(store, j)
            sequence = epochs.orders[epochs_done, s]
            for row in range(training.bounds[sequence], training.bounds[sequence + 1]):
                if not is_running:
                    break
                parts.step_network(store, rule, span, inputs, row)
                is_running = store.failed[0] == 0.0
                if training.has_target[row] and is_running:
                    n_targets += 1
                    begins = parts.begins_batch(rule)
                    limit = buffer.size // FIELDS_PER_OUTPUT
                    if begins or filled + span.outputs > limit:
                        of = cost, buffer, filled, span.outputs
                        cost_of_batch += summed_cost(store, *of)
                        filled = 0
                    if begins:
                        total += cost_of_batch
                        cost_of_batch = 0.0
                    filled = append_outputs(
                        store, span, targets, row, cost, buffer, filled
                    )
                    error_sum = compute_output_errors(store, span, targets, row, cost)
                    is_running = math.isfinite(error_sum) and store.failed[0] == 0.0
                    if not is_running:
                        total += error_sum
                    elif training.learn:
                        if not parts.learn_step(store, rule, span, rate):
                            total = math.nan
                            is_running = False
                        elif renewal.settings.size > 0:
                            parts.settle(store, rule, span)
                            renewed = renewal.settings[RENEWED]
                            reinitialize_least_useful(store, *renewal)
                            if renewal.settings[RENEWED] != renewed:
                                parts.clear_renewed(rule)
                epochs.control[1] += 1
                is_running = is_running and not epochs.control[0]
            options = rate, s + 1 == epochs.orders.shape[1]
            if is_running and not parts.end_sequence(store, rule, span, *options):
                total = math.nan
                is_running = False
        parts.settle(store, rule, span)
        cost_of_batch += summed_cost(store, cost, buffer, filled, span.outputs)
        total += cost_of_batch
        epochs.losses[epochs_done] = total / np.float64(n_targets)
        is_running = is_running and status_of(store, total) == DONE
        if is_running:
            is_running = epochs.losses[epochs_done] > epochs.goal
            epochs_done += 1
    end_inputs(store, span)
    return status_of(store, total), epochs_done, total, n_targets


@lazy_part(SPAN, SCALAR, ARRAY, ARRAY)
def learn_or_undo(store, span, rate, weights, biases):
    """Propagate where numbers are large, and undo it if an update is not finite. In
    this case ``failed[RESULT]`` is 1, and otherwise 0.

    The arrays are buffers for all weights and biases.
    """
    both = (store.weight_destination, weights), (store.bias_destination, biases)
    for column, before in both:
        before[: before.size] = column[: before.size]
    propagate_network(store, span, rate, False)
    is_finite = True
    for column, before in both:
        for i in range(before.size):
            is_finite = is_finite and math.isfinite(column[i])
    store.failed[RESULT] = 0.0 if is_finite else 1.0
    if not is_finite:
        for column, before in both:
            column[: before.size] = before[: before.size]


@noinline
def learn_online(store, rule, span, rate):
    """Propagate, and allow updates to stay pending. `rule` contains the buffers of
    `learn_or_undo` and the places of a batch. A batch adds its updates to sums, with a
    rate of 1, and its last step changes the parameters.
    """
    before, biases_before, batch = rule
    pace = one_like(rate) if batch[SIZE] != NO_BATCHES else rate
    batch[COUNT] += 1
    if is_large(store, span, pace, one_like(rate)):
        learn_or_undo(store, span, pace, before, biases_before)
        if store.failed[0] != 0.0 or store.failed[RESULT] != 0.0:
            return False
    else:
        propagate_network(store, span, pace, True)
    return batch[COUNT] != batch[SIZE] or end_batch(store, span, batch, rate)


@inline
def _begins_batch(rule):
    """Return whether the next step is the first of a batch."""
    return rule[2][COUNT] == 0


@inline
def _end_sequence(store, rule, span, rate, is_last):
    """End the batch of a sequence, or the last one of an epoch."""
    batch = rule[2]
    due = batch[SIZE] == 0 or (is_last and batch[SIZE] != NO_BATCHES)
    return not due or batch[COUNT] == 0 or end_batch(store, span, batch, rate)


@noinline
def complete_updates(store, rule, span):
    """Make the pending updates of the network."""
    apply_pending_updates(store, span.start, span.stop, store.activation)


@inline
def clear_nothing(rule):
    """Do nothing, because the traces of renewed neurons have been cleared already."""


ONLINE = RuleParts(
    step_online,
    learn_online,
    clear_nothing,
    complete_updates,
    _begins_batch,
    _end_sequence,
)


@kernel
def train_network(store, scalar, span, training, buffers):
    """Train for some epochs in one call.

    At rows with a target, the cost is computed and, if the network learns, the error is
    propagated. `training` are `TrainingArguments`, and `buffers` the buffers for all
    weights and biases and the places of a batch (``descent.py``). Returns a status, the
    number of complete epochs, and the summed cost and number of rows with a target of
    the latest epoch. If a cost or an update is not finite, or a registered function
    raises an error, the call ends before weights change.
    """
    return run_epochs(ONLINE, store, buffers, span, training)


run_sparse, train_sparse = kernel(run_network.part), kernel(train_network.part)
"""The same kernels for sparse rows of inputs."""

"""Learn by TD(lambda) and online AdaGrad, using eligibility traces of the gradient,
which are decaying sums of the gradients of the steps.

An `Accumulator` holds the sums. Because they are the destinations of updates in its
table, a propagation with a rate of 1 adds the gradient of a step.
"""

import math

import numpy as np

from ..language import added, inline, kernel
from ..status import DIVERGED, DONE, RESIZED
from .lists import relist
from .loops import ONLINE, propagate_network, run_rows
from .step_formulas import (
    COUNT,
    IMPLICIT,
    share_of_step,
    step_of_chain,
    weight_in_mean,
)
from .ties import clip_to_signs

SMALLEST_ROOT = 1e-8
"""Number that is added to the roots of sums of squares to prevent divisions by 0,
because a gradient of 0 must not cause a change.
"""

_step_of_chain = inline(step_of_chain)
_weight_in_mean = inline(weight_in_mean)
_share_of_step = inline(share_of_step)


@inline
def summed_slopes(store, sizes):
    """Return the columns with the sums of connections and neurons, and their
    lengths.
    """
    return (store.weight_destination, sizes[0]), (store.bias_destination, sizes[1])


@inline
def begin_gradient(store, span, errors, decay, sizes):
    """Decay the sums, and write the output errors or, if there are none, the outputs'
    derivatives.
    """
    for slopes, n in summed_slopes(store, sizes):
        if decay == 0.0:  # a product with 0 would keep numbers that are not finite
            slopes[:n] = 0.0
        else:
            slopes[:n] *= decay
    n = span.outputs
    for o in range(n):
        j = span.stop - n + o
        store.projected[j] = errors[o] if errors.size > 0 else store.derivative[j]


@inline
def apply_traces(store, step, sizes):
    """Add `step` times the sums to the parameters. Weights with a sign stop at 0."""
    store.weight[: sizes[0]] += step * store.weight_destination[: sizes[0]]
    if store.ties.signed != 0:
        clip_to_signs(store, 0, sizes[0])
    store.bias[: sizes[1]] += step * store.bias_destination[: sizes[1]]


@inline
def total_of_squares(store, sizes):
    """Return the sum of the squares of the sums."""
    total = 0.0
    for slopes, n in summed_slopes(store, sizes):
        for i in range(n):
            total += np.float64(slopes[i]) ** 2
    return total


@inline
def scale_traces(slopes, memory, n, chain, weight, sums):
    """Decay n traces, add the slopes g, and scale: ``e <- γλ e + g``, ``v <- v + weight
    (g² - v)``, ``d = √v + ε``. The slopes are overwritten by e/d.

    Returns `sums` plus the sums of g²/d, e²/d and |e/d|.
    """
    traces, squares = memory
    slope, square, size = sums
    for i in range(n):
        g = np.float64(slopes[i])
        e = chain.decay * traces[i] + g
        mean = squares[i] + weight * (g * g - squares[i])
        inverse = 1.0 / (math.sqrt(mean) + chain.epsilon)
        traces[i] = e
        squares[i] = mean
        slopes[i] = e * inverse
        slope += g * g * inverse
        square += e * e * inverse
        size += abs(e * inverse)
    return slope, square, size


@inline
def update_by_traces(store, delta, chain, memory, sizes):
    """Add the traces, times δ and the step of the `chain` (`step_formulas.Chain`), to
    the parameters. Returns a status and the step.

    The sums are the traces or, if the chain has `separate` slopes, the slopes of the
    last step. In the second case, `memory` contains the traces, mean squares and
    numbers. If a change is not finite, neither parameters nor mean squares change.
    """
    of_weights, of_biases, numbers = memory
    numbers[COUNT] += 1.0
    sums = 0.0, 0.0, 0.0
    if chain.separate:
        if not math.isfinite(total_of_squares(store, sizes) + delta * delta):
            return DIVERGED, 0.0
        unbiased = _weight_in_mean(chain.keep, numbers[COUNT])
        weight = unbiased if chain.unbiased else 1.0 - chain.keep
        for (slopes, n), kept in zip(
            summed_slopes(store, sizes), (of_weights, of_biases), strict=True
        ):
            sums = scale_traces(slopes, kept, n, chain, weight, sums)
    elif chain.method == IMPLICIT:
        square = total_of_squares(store, sizes)
        sums = 0.0, square, square
    else:
        size = 0.0
        for slopes, n in summed_slopes(store, sizes):
            for i in range(n):
                size += abs(np.float64(slopes[i]))
        sums = 0.0, 0.0, size
    error, step = _step_of_chain(chain, numbers, delta, sums)
    if not math.isfinite(sums[2] * error):
        return DIVERGED, step
    apply_traces(store, step * error, sizes)
    return DONE, step


@inline
def errors_of_sample(parts, store, rule, scalar, span, sample, targets, errors):
    """Activate with a sample, write the output errors, and return a status.

    A sample is a sparse row of inputs. Without a row, the network has been activated,
    and its outputs are in `errors`.
    """
    if targets.size != span.outputs:
        return RESIZED
    if sample[2].size > 1:
        status = run_rows(parts, store, rule, span, sample, errors, scalar)
        if status != DONE:
            return status
    errors[: span.outputs] = targets[: span.outputs] - errors[: span.outputs]
    return DONE


@inline
def scale_slopes(slopes, at, squares, begin, n, decay):
    """Add the squares of n slopes, from `at` on, to decayed sums, from `begin` on, and
    divide the slopes by the roots of the sums. Because a slope of 0 leaves its sum
    unchanged, the sums of a rare input only depend on the samples with this input.

    Returns the sum of each slope times its quotient.
    """
    decrease = 0.0
    for i in range(n):
        slope = slopes[at + i]
        before = squares[begin + i]
        # written in all cases to let the loop be vectorised
        square = (before * decay if slope != 0.0 else before) + slope * slope
        squares[begin + i] = square
        slopes[at + i] = slope / (math.sqrt(square) + SMALLEST_ROOT)
        decrease += np.float64(slope) * slopes[at + i]
    return decrease


@inline
def step_of_adagrad(errors, outputs, settings, squared, decrease):
    """Return the step size along the scaled slopes.

    `settings` contains the sample's weight, the rate, the decay factor of the sums, and
    the bound. The first-order decrease of the cost, which is `decrease` for a step of
    1, is limited to the sum of the absolute errors, or of the errors if `squared`,
    divided by the bound.
    """
    weight, rate, _, bound = settings
    limit = added(
        (errors[o] * errors[o] if squared else abs(errors[o]) for o in range(outputs)),
        0.0,
    )
    return rate * weight * _share_of_step(rate, bound, decrease, limit)


@inline
def update_by_adagrad(store, span, errors, squares, settings, squared, sizes):
    """Change parameters along their slopes, each divided by the root of its sum of
    squares, by :func:`step_of_adagrad`. Returns a status.

    `squares` contains the sums for connections and neurons. The slopes are overwritten
    by the scaled slopes. If a slope is not finite, nothing changes.
    """
    if not math.isfinite(total_of_squares(store, sizes)):
        return DIVERGED
    decrease = 0.0
    for (slopes, n), sums in zip(summed_slopes(store, sizes), squares, strict=True):
        decrease += scale_slopes(slopes, 0, sums, 0, n, settings[2])
    step = step_of_adagrad(errors, span.outputs, settings, squared, decrease)
    apply_traces(store, step, sizes)
    return DONE


@kernel
def learn_by_adagrad(
    store, scalar, span, sample, targets, errors, squares, settings, squared, sizes
):
    """Activate with a sample, compute the slopes from its errors, and call
    :func:`update_by_adagrad`. Returns a status. See :func:`errors_of_sample`.
    """
    status = errors_of_sample(
        ONLINE, store, None, scalar, span, sample, targets, errors
    )
    if status != DONE:
        return status
    begin_gradient(store, span, errors, 0.0, sizes)
    relist(store, span)
    propagate_network(store, span, scalar, False)
    return update_by_adagrad(store, span, errors, squares, settings, squared, sizes)


@kernel
def learn_by_traces(store, scalar, span, errors, decay, delta, chain, memory, sizes):
    """Decay the sums, add the slopes of the last step, and change the parameters.
    Returns a status and the step.
    """
    begin_gradient(store, span, errors, decay, sizes)
    relist(store, span)
    propagate_network(store, span, scalar, False)
    return update_by_traces(store, delta, chain, memory, sizes)

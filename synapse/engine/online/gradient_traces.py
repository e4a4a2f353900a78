"""Kernels of TD(lambda) and online AdaGrad, which learn along eligibility traces of
the gradient: decaying sums of the gradients of the steps.

An `Accumulator` holds the sums: its table has them as the destinations of updates, so a
propagation with a rate of 1 adds the gradient of a step.
"""

import math

import numpy as np

from ..language import added, inline, kernel
from ..status import DIVERGED, DONE, RESIZED
from .lists import relist
from .loops import ONLINE, propagate_network, run_rows
from .step_formulas import bounded_step, share_of_step
from .ties import clip_to_signs

SMALLEST_ROOT = 1e-8
"""Added to roots of sums of squares, so that a slope of 0 moves nothing."""

_bounded_step = inline(bounded_step)
_share_of_step = inline(share_of_step)


@inline
def summed_slopes(store, sizes):
    """Return the columns of sums, by connection and by neuron, and their lengths."""
    return (store.weight_destination, sizes[0]), (store.bias_destination, sizes[1])


@inline
def begin_gradient(store, span, errors, decay, sizes):
    """Decay the sums, and write the errors of the outputs; without errors, their
    slopes.
    """
    for slopes, n in summed_slopes(store, sizes):
        if decay == 0.0:  # a product with 0 would keep what is not finite
            slopes[:n] = 0.0
        else:
            slopes[:n] *= decay
    n = span.outputs
    for o in range(n):
        j = span.stop - n + o
        store.projected[j] = errors[o] if errors.size > 0 else store.derivative[j]


@inline
def apply_traces(store, step, sizes):
    """Add the sums, times `step`, to the parameters; weights with a sign stop at 0."""
    store.weight[: sizes[0]] += step * store.weight_destination[: sizes[0]]
    if store.ties.signed != 0:
        clip_to_signs(store, 0, sizes[0])
    store.bias[: sizes[1]] += step * store.bias_destination[: sizes[1]]


@inline
def update_by_traces(store, delta, rate, bound, sizes):
    """Add the sums, times `delta` and a step, to the parameters; returns a status and
    the step.

    The step is that of `bounded_step`. If it is not finite, nothing has changed.
    """
    size = 0.0
    for slopes, n in summed_slopes(store, sizes):
        for i in range(n):
            size += abs(np.float64(slopes[i]))
    step = _bounded_step(rate, bound, delta, size)
    if not math.isfinite(size * delta):
        return DIVERGED, step
    apply_traces(store, step * delta, sizes)
    return DONE, step


@inline
def errors_of_sample(parts, store, rule, scalar, span, sample, targets, errors):
    """Activate with a sample, and write the errors of the outputs; returns a status.

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
    divide the slopes by their roots. A slope of 0 changes no sum: a rare input has
    those of its own samples.

    Returns the sum of the products of each slope and its quotient.
    """
    decrease = 0.0
    for i in range(n):
        slope = slopes[at + i]
        before = squares[begin + i]
        # written in all cases, so that this is a loop of vectors
        square = (before * decay if slope != 0.0 else before) + slope * slope
        squares[begin + i] = square
        slopes[at + i] = slope / (math.sqrt(square) + SMALLEST_ROOT)
        decrease += np.float64(slope) * slopes[at + i]
    return decrease


@inline
def step_of_adagrad(errors, outputs, settings, squared, decrease):
    """Return the step by which parameters move along their scaled slopes.

    `settings` are the weight of the sample, the rate, the factor by which sums decay,
    and the bound. The first-order `decrease` of the cost at a step of 1 becomes at most
    the sum of the absolute errors, or of the errors if `squared`, divided by the bound.
    """
    weight, rate, _, bound = settings
    limit = added(
        (errors[o] * errors[o] if squared else abs(errors[o]) for o in range(outputs)),
        0.0,
    )
    return rate * weight * _share_of_step(rate, bound, decrease, limit)


@inline
def update_by_adagrad(store, span, errors, squares, settings, squared, sizes):
    """Move parameters along their slopes, each divided by the root of its sum of
    squares, see :func:`step_of_adagrad`; returns a status.

    `squares` are the sums by connection and by neuron. The slopes are overwritten by
    the changes. If a slope is not finite, nothing else has changed.
    """
    total = 0.0
    for slopes, n in summed_slopes(store, sizes):
        for i in range(n):
            total += np.float64(slopes[i]) ** 2
    if not math.isfinite(total):
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
    """Activate with a sample, compute the slopes of its errors, and move by
    :func:`update_by_adagrad`; returns a status. See :func:`errors_of_sample`.
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
def learn_by_traces(store, scalar, span, errors, decay, delta, rate, bound, sizes):
    """Decay the sums, add the slopes of the last step, and move parameters; returns a
    status and the step.
    """
    begin_gradient(store, span, errors, decay, sizes)
    relist(store, span)
    propagate_network(store, span, scalar, False)
    return update_by_traces(store, delta, rate, bound, sizes)

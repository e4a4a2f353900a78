"""Define the equations of the optimizers, by which a gradient changes a vector of
parameters.

Each kernel processes the parameters from `start` to `stop`. It writes the numbers to
subtract from their `values` into `change`, and updates these columns of the optimizer's
`memory`, which has one row for each vector between steps. `settings` contains the
optimizer's numbers in the order in which the function unpacks them, and `count` is the
number of this step, from 1. The kernel returns whether every change is finite. Python
calls it for all parameters, whereas the loop over batches (``engine/exact/train.py``)
calls it for some at a time. All vectors have the float type of the network, `number`,
in which the arithmetic is done. The arithmetic of one parameter is a separate function
(`step_by_adam`), which programs that learn also contain.

The recursive optimizers at the end store the covariance of the parameters' errors.
Covariances P are symmetric matrices, one after the other in one array. The first kernel
of a step computes the changes of the parameters and returns whether all variances stay
above 0. Then `update_covariance` changes the covariances.
"""

import math
from functools import partial

from ..language import added, inline, kernel, strict_fp, zero_like

equation = partial(kernel, fastmath=False)  # every caller gets the same bits


@strict_fp
def are_finite(numbers, n):
    """Return whether the first n numbers are finite."""
    finite = True
    for i in range(n):
        finite &= math.isfinite(numbers[i])
    return finite


@strict_fp
def step_by_momentum(gradient, value, velocity, momentum, nesterov, decay, pace):
    """Return the change of a parameter by momentum, and its new velocity."""
    slope = value * decay + gradient
    velocity = velocity * momentum + slope
    return (slope + velocity * momentum if nesterov else velocity) * pace, velocity


@equation
def sgd(change, values, gradient, memory, settings, rate, count, start, stop):
    """Compute the step of gradient descent with momentum (Polyak, or Nesterov) and
    weight decay.
    """
    number = change.dtype.type
    nesterov = settings[1]
    momentum = number(settings[0])
    decay = number(settings[2])
    pace = number(rate)
    if momentum == 0.0:
        change[: stop - start] = (
            values[: stop - start] * decay + gradient[: stop - start]
        ) * pace
        return are_finite(change, stop - start)
    velocity = memory[0][start:stop]
    for i in range(stop - start):
        change[i], velocity[i] = step_by_momentum(
            gradient[i], values[i], velocity[i], momentum, nesterov, decay, pace
        )
    return are_finite(change, stop - start)


@strict_fp
def step_by_rmsprop(
    gradient, square, mean, velocity, decay, rest, epsilon, momentum, centered, pace
):
    """Return the change of a parameter by RMSprop, and its new mean square, mean (if
    centred) and velocity.
    """
    square = square * decay + gradient * gradient * rest
    variance = square
    if centered:
        mean = mean * decay + gradient * rest
        variance -= mean * mean
        # rounding may leave it below 0
        variance = zero_like(variance) if variance < 0.0 else variance
    quotient = gradient / (math.sqrt(variance) + epsilon)
    if momentum != 0.0:
        quotient += velocity * momentum
    return quotient * pace, square, mean, quotient


@equation
def rmsprop(change, values, gradient, memory, settings, rate, count, start, stop):
    """Divide gradients by the root of their mean square, optionally centred and with
    momentum.
    """
    number = change.dtype.type
    centered = settings[3]
    decay = number(settings[0])
    rest = number(1.0 - settings[0])
    pace = number(rate)
    epsilon = number(settings[1])
    momentum = number(settings[2])
    square = memory[0][start:stop]
    mean = memory[1 if centered else 0][start:stop]
    velocity = memory[len(memory) - 1][start:stop]
    for i in range(stop - start):
        change[i], square[i], average, quotient = step_by_rmsprop(
            gradient[i],
            square[i],
            mean[i],
            velocity[i],
            decay,
            rest,
            epsilon,
            momentum,
            centered,
            pace,
        )
        if centered:
            mean[i] = average
        if momentum != 0.0:
            velocity[i] = quotient
    return are_finite(change, stop - start)


@strict_fp
def step_by_adagrad(gradient, total, epsilon, pace):
    """Return the change of a parameter by AdaGrad, and its new sum of squares."""
    total += gradient * gradient
    return gradient / (math.sqrt(total) + epsilon) * pace, total


@equation
def adagrad(change, values, gradient, memory, settings, rate, count, start, stop):
    """Divide gradients by the root of the sum of their squares."""
    number = change.dtype.type
    total = memory[0][start:stop]
    epsilon = number(settings[0])
    pace = number(rate)
    for i in range(stop - start):
        change[i], total[i] = step_by_adagrad(gradient[i], total[i], epsilon, pace)
    return are_finite(change, stop - start)


@strict_fp
def step_by_adam(
    gradient,
    value,
    mean,
    second,
    largest,
    keep,
    rest,
    keep2,
    rest2,
    epsilon,
    amsgrad,
    pace,
    root,
    decay,
):
    """Return the change of a parameter by Adam, and its new moments."""
    mean = mean * keep + gradient * rest
    second = second * keep2 + gradient * gradient * rest2
    largest = max(largest, second) if amsgrad else second
    quotient = mean / (math.sqrt(largest) * root + epsilon)
    return quotient * pace + value * decay, mean, second, largest


@equation
def adam(change, values, gradient, memory, settings, rate, count, start, stop):
    """Compute the step of Adam, AMSGrad, and decoupled weight decay."""
    number = change.dtype.type
    steps = float(count)
    beta = settings[0]
    beta2 = settings[1]
    amsgrad = settings[3]
    mean = memory[0][start:stop]
    second = memory[1][start:stop]
    largest = memory[len(memory) - 1][start:stop]
    keep = number(beta)
    rest = number(1.0 - beta)
    keep2 = number(beta2)
    rest2 = number(1.0 - beta2)
    pace = number(rate / (1.0 - beta**steps))
    root = number(1.0 / math.sqrt(1.0 - beta2**steps))
    epsilon = number(settings[2])
    decay = number(rate * settings[4])
    for i in range(stop - start):
        change[i], mean[i], second[i], square = step_by_adam(
            gradient[i],
            values[i],
            mean[i],
            second[i],
            largest[i],
            keep,
            rest,
            keep2,
            rest2,
            epsilon,
            amsgrad,
            pace,
            root,
            decay,
        )
        if amsgrad:
            largest[i] = square
    return are_finite(change, stop - start)


@equation
def rprop(change, values, gradient, memory, settings, rate, count, start, stop):
    """Compute steps that grow while the gradient keeps its sign, and shrink
    otherwise.
    """
    shrink = settings[0]
    grow = settings[1]
    minimum = settings[2]
    maximum = settings[3]
    default_rate = settings[4]
    sizes = memory[0][start:stop]
    signs = memory[1][start:stop]
    scale = rate / default_rate
    for i in range(stop - start):
        sign = -1.0 if gradient[i] < 0.0 else 0.0
        sign = 1.0 if gradient[i] > 0.0 else sign
        turn = signs[i] * sign
        factor = grow if turn > 0.0 else 1.0
        factor = shrink if turn < 0.0 else factor
        sizes[i] = min(max(sizes[i] * factor, minimum), maximum)
        signs[i] = 0.0 if turn < 0.0 else sign
        change[i] = signs[i] * sizes[i] * scale
    return are_finite(change, stop - start)


@equation
def sparse_adam(change, values, gradient, memory, settings, rate, count, start, stop):
    """Compute the step of Adam for parameters whose gradient is not 0. Other
    parameters, and their memory, do not change. Epsilon is added to the root before its
    bias is corrected.
    """
    number = change.dtype.type
    steps = float(count)
    beta = settings[0]
    beta2 = settings[1]
    mean = memory[0][start:stop]
    second = memory[1][start:stop]
    pace = number(rate * math.sqrt(1.0 - beta2**steps) / (1.0 - beta**steps))
    factors = number(beta), number(1.0 - beta), number(beta2), number(1.0 - beta2)
    last = number(settings[2]), False, pace, number(1.0), number(0.0)
    for i in range(stop - start):
        change[i] = 0.0
        if gradient[i] != 0.0:
            change[i], mean[i], second[i], _ = step_by_adam(
                gradient[i], values[i], mean[i], second[i], second[i], *factors, *last
            )
    return are_finite(change, stop - start)


# [recipe fast optimizer]


@inline
def times_row(covariance, line, rows, o, start, n):
    """Return the product of a row of P and a part of a row of a matrix."""
    return added((covariance[line + t] * rows[o, start + t] for t in range(n)), 0.0)


@inline
def row_times_row(a, o, b, q, start, n):
    """Return the product of the same parts of two rows."""
    return added((a[o, start + t] * b[q, start + t] for t in range(n)), 0.0)


@strict_fp
def downdate(covariance, at, n, w, start, scale, added):
    """Compute P = (P - w' w) scale + added I, for the columns from `start` of the rows
    of `w`.

    Operations are not fused, which keeps P symmetric bit for bit.
    """
    for i in range(n):
        line = at + i * n
        for o in range(len(w)):
            step = w[o, start + i]
            for j in range(n):
                covariance[line + j] -= step * w[o, start + j]
        if scale != 1.0:
            covariance[line : line + n] *= scale
        covariance[line + i] += added


@inline
def stay_positive(covariance, bounds, starts, w):
    """Return whether all variances stay finite and above 0 when `update_covariance`
    subtracts w' w.
    """
    sound = True
    for g in range(len(starts)):
        n = bounds[g + 1] - bounds[g]
        for i in range(n):
            left = covariance[starts[g] + i * n + i]
            for o in range(len(w)):
                left -= w[o, bounds[g] + i] ** 2
            sound &= left > 0.0 and left < math.inf
    return sound


@inline
def factorise(s):
    """Compute the Cholesky factor of a symmetric matrix in its lower half, and return
    whether it exists.
    """
    for a in range(len(s)):
        for b in range(a + 1):
            left = s[a, b]
            for c in range(b):
                left -= s[a, c] * s[b, c]
            if a == b:
                if not (left > 0.0 and left < math.inf):
                    return False
                s[a, a] = math.sqrt(left)
            else:
                s[a, b] = left / s[b, b]
    return True


@kernel
def find_kalman(covariance, bounds, starts, slopes, errors, measurement, w, s, change):
    """Compute the changes by one step of the decoupled extended Kalman filter, and w
    for `update_covariance`.

    Group g has the parameters ``bounds[g] .. bounds[g + 1]``, the columns of `slopes`
    (H), and its P begins at ``starts[g]``. With S = sum_g H_g P_g H_g' + measurement I
    and S = L L': w = L^-1 H P, change = w' L^-1 e. `errors` become L^-1 e.
    """
    m = slopes.shape[0]
    groups = len(starts)
    size = len(change)
    for o in range(m):
        for q in range(m):
            s[o, q] = measurement if o == q else 0.0
    for g in range(groups):
        start = bounds[g]
        n = bounds[g + 1] - bounds[g]
        for o in range(m):
            for i in range(n):
                w[o, start + i] = times_row(
                    covariance, starts[g] + i * n, slopes, o, start, n
                )
        for o in range(m):
            for q in range(o + 1):
                s[o, q] += row_times_row(slopes, o, w, q, start, n)
    if not factorise(s):
        return False
    change[:size] = 0.0
    for o in range(m):
        for q in range(o):
            errors[o] -= s[o, q] * errors[q]
            for i in range(size):
                w[o, i] -= s[o, q] * w[q, i]
        errors[o] /= s[o, o]
        for i in range(size):
            w[o, i] /= s[o, o]
            change[i] += w[o, i] * errors[o]
    return stay_positive(covariance, bounds, starts, w)


@kernel
def find_least_squares(covariance, bounds, starts, slopes, forgetting, w, gain):
    """Compute the gain k of one step of recursive least squares, and w for
    `update_covariance`, for one group with one output.

    With s = forgetting + x' P x: gain = P x / s, w = P x / sqrt(s).
    """
    zero = 0
    n = bounds[1]
    for i in range(n):
        w[0, i] = times_row(covariance, i * n, slopes, zero, zero, n)
    s = forgetting + row_times_row(slopes, zero, w, zero, zero, n)
    if not (s > 0.0 and s < math.inf):
        return False
    for i in range(n):
        gain[i] = w[0, i] / s
        w[0, i] /= math.sqrt(s)
    return stay_positive(covariance, bounds, starts, w)


@kernel
def update_covariance(covariance, bounds, starts, w, scale, added):
    """Compute P_g = (P_g - w_g' w_g) scale + added I for all groups."""
    for g in range(len(starts)):
        downdate(
            covariance, starts[g], bounds[g + 1] - bounds[g], w, bounds[g], scale, added
        )

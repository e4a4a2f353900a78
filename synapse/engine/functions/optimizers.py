"""The equations of the optimizers: how a gradient changes a vector of parameters.

Each kernel writes to `change` what is subtracted from the parameters `values`, and updates the optimizer's
`memory`, one row for each vector that it holds between steps. `settings` are the numbers of the optimizer
in the order in which the function unpacks them, and `count` is the number of this step, from 1. It returns
whether every change is finite. Python and the loop over batches (``engine/exact/train.py``) call the
same kernels.
"""

from __future__ import annotations

import math

from ..compiler.calls import strict
from ..compiler.jit import kernel


@strict
def are_finite(numbers):
    """Whether all numbers are finite."""
    found = True
    for i in range(len(numbers)):
        found &= math.isfinite(numbers[i])
    return found


@strict
def change_by_sgd(change, values, gradient, memory, settings, rate):
    """Gradient descent with momentum (Polyak, or Nesterov) and weight decay."""
    momentum, nesterov, decay = settings[0], settings[1], settings[2]
    if momentum == 0.0:
        for i in range(len(change)):
            change[i] = (values[i] * decay + gradient[i]) * rate
        return
    velocity = memory[0]
    for i in range(len(change)):
        slope = values[i] * decay + gradient[i]
        velocity[i] = velocity[i] * momentum + slope
        change[i] = (slope + velocity[i] * momentum if nesterov else velocity[i]) * rate


@strict
def change_by_rmsprop(change, values, gradient, memory, settings, rate):
    """Gradients divided by the root of their mean square, centred or not, with momentum or without."""
    decay, epsilon, momentum, centered = settings[0], settings[1], settings[2], settings[3]
    square, mean, velocity = memory[0], memory[1 if centered else 0], memory[len(memory) - 1]
    for i in range(len(change)):
        square[i] = square[i] * decay + gradient[i] * gradient[i] * (1.0 - decay)
        variance = square[i]
        if centered:
            mean[i] = mean[i] * decay + gradient[i] * (1.0 - decay)
            variance -= mean[i] * mean[i]
            variance = 0.0 if variance < 0.0 else variance  # rounding may leave it below 0
        quotient = gradient[i] / (math.sqrt(variance) + epsilon)
        if momentum != 0.0:
            quotient += velocity[i] * momentum
            velocity[i] = quotient
        change[i] = quotient * rate


@strict
def change_by_adagrad(change, values, gradient, memory, settings, rate):
    """Gradients divided by the root of the sum of their squares."""
    epsilon, total = settings[0], memory[0]
    for i in range(len(change)):
        total[i] += gradient[i] * gradient[i]
        change[i] = gradient[i] / (math.sqrt(total[i]) + epsilon) * rate


@strict
def change_by_adam(change, values, gradient, memory, settings, rate, count):
    """Adam, AMSGrad, and decoupled weight decay."""
    beta, beta2, epsilon, amsgrad, decay = settings[0], settings[1], settings[2], settings[3], settings[4]
    first, second, largest = memory[0], memory[1], memory[len(memory) - 1]
    steps = float(count)
    corrected, root = rate / (1.0 - beta**steps), 1.0 / math.sqrt(1.0 - beta2**steps)
    for i in range(len(change)):
        first[i] = first[i] * beta + gradient[i] * (1.0 - beta)
        square = second[i] * beta2 + gradient[i] * gradient[i] * (1.0 - beta2)
        second[i] = square
        if amsgrad:
            square = max(largest[i], square)
            largest[i] = square
        quotient = first[i] / (math.sqrt(square) * root + epsilon)
        change[i] = quotient * corrected + values[i] * (rate * decay)


@strict
def change_by_rprop(change, values, gradient, memory, settings, rate):
    """Steps that grow while the gradient keeps its sign, and shrink otherwise."""
    shrink, grow, least, most, own = settings[0], settings[1], settings[2], settings[3], settings[4]
    sizes, signs, scale = memory[0], memory[1], rate / own
    for i in range(len(change)):
        sign = 1.0 if gradient[i] > 0.0 else -1.0 if gradient[i] < 0.0 else 0.0
        turn = signs[i] * sign
        factor = shrink if turn < 0.0 else grow if turn > 0.0 else 1.0
        sizes[i] = min(max(sizes[i] * factor, least), most)
        signs[i] = 0.0 if turn < 0.0 else sign
        change[i] = signs[i] * sizes[i] * scale


@kernel
def sgd(change, values, gradient, memory, settings, rate, count):
    """The equation of gradient descent."""
    change_by_sgd(change, values, gradient, memory, settings, rate)
    return are_finite(change)


@kernel
def rmsprop(change, values, gradient, memory, settings, rate, count):
    """The equation of RMSprop."""
    change_by_rmsprop(change, values, gradient, memory, settings, rate)
    return are_finite(change)


@kernel
def adagrad(change, values, gradient, memory, settings, rate, count):
    """The equation of AdaGrad."""
    change_by_adagrad(change, values, gradient, memory, settings, rate)
    return are_finite(change)


@kernel
def adam(change, values, gradient, memory, settings, rate, count):
    """The equation of Adam and AdamW."""
    change_by_adam(change, values, gradient, memory, settings, rate, count)
    return are_finite(change)


@kernel
def rprop(change, values, gradient, memory, settings, rate, count):
    """The equation of Rprop."""
    change_by_rprop(change, values, gradient, memory, settings, rate)
    return are_finite(change)

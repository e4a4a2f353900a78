"""The built-in costs: of one output, its value and its error signal -dE/ds.

``derivative`` is the output's f'(s), ``outputs`` how many outputs the network has. They stand
here once. The kernels call them by code, ``synapse.cost`` by name.
"""

from __future__ import annotations

import numpy as np

from ..compiler.jit import formula, inline
from ..compiler.registered import called
from ..schema import BINARY_MISSES, COSTS, CROSS_ENTROPY, MEAN_SQUARED_ERROR, SQUARED_ERROR
from .elementary import log

TINY = 1e-300


@formula
def cross_entropy(target, output, derivative, outputs):
    """-(t ln y + (1 - t) ln(1 - y)), for logistic outputs: signal t - y."""
    value = target * log(max(output, TINY)) + (1.0 - target) * log(max(1.0 - output, TINY))
    # Only an output that was given its activation has a slope of 0: it does not learn.
    return -value, target - output if derivative != 0.0 else 0.0


@formula
def squared_error(target, output, derivative, outputs):
    """(t - y)^2 / 2: signal (t - y) f'."""
    error = target - output
    return 0.5 * error * error, error * derivative


@formula
def mean_squared_error(target, output, derivative, outputs):
    """(t - y)^2 / n over n outputs: signal 2 (t - y) f' / n."""
    error = target - output
    return error * error / outputs, 2.0 * error * derivative / outputs


@formula
def binary_misses(target, output, derivative, outputs):
    """1 where output and target lie on different sides of 1/2: no slope of its own, signal t - y."""
    return (1.0 if (target > 0.5) != (output > 0.5) else 0.0), target - output


@formula
def categorical_cross_entropy(target, output, derivative, outputs):
    """-t ln y, for softmax outputs and targets that add up to 1: signal t - y."""
    value = 0.0
    if target > 0.0:
        value = -target * log(max(output, TINY))
    return value, target - output


@formula
def built_in(code, target, output, derivative, outputs):
    """Value and error signal of one output under the built-in cost with this code."""
    if code == CROSS_ENTROPY:
        return cross_entropy(target, output, derivative, outputs)
    if code == SQUARED_ERROR:
        return squared_error(target, output, derivative, outputs)
    if code == MEAN_SQUARED_ERROR:
        return mean_squared_error(target, output, derivative, outputs)
    if code == BINARY_MISSES:
        return binary_misses(target, output, derivative, outputs)
    return categorical_cross_entropy(target, output, derivative, outputs)


@inline
def judge(failed, code, target, output, derivative, outputs):
    """The same under any cost; a user's comes by its address, and is NaN where it raises. writes: failed"""
    if code < COSTS:
        return built_in(code, target, output, derivative, outputs)
    return called(
        failed, np.uint64(code), (np.float64(target), np.float64(output), np.float64(derivative), outputs)
    )

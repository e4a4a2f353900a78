"""Learning along decaying sums of slopes, as temporal differences do.

An accumulator holds the sums: its table has them as the destinations of updates. So a propagation at rate 1
adds the slopes of a step to them.
"""

from __future__ import annotations

import math

import numpy as np

from ..compiler.jit import bare, columns, inline, kernel
from ..schema import OUTPUTS, SIGNED, STOP
from ..status import DIVERGED, DONE
from .loops import propagate_network
from .ties import stop_at_zero

u8 = np.uint64


@inline
def begin_slopes(m, span, errors, decay, sizes):
    """Decay the sums, and write the errors of the outputs; without errors, their slopes.

    reads: derivative; writes: weight_destination, bias_destination, projected
    """
    for c in range(sizes[0]):
        m.weight_destination[c] *= decay
    for j in range(sizes[1]):
        m.bias_destination[j] *= decay
    n = span[OUTPUTS]
    for o in range(n):
        j = span[STOP] - n + o
        m.projected[j] = errors[o] if errors.size > 0 else m.derivative[j]


@inline
def move_along(m, delta, rate, bound, sizes):
    """Add the sums, times `delta` and a step, to the parameters; returns a status and the step.

    The step is ``rate / max(1, rate bound max(|delta|, 1) |sums|)``, with the sum of absolute values, and
    the rate itself if the bound is 0. If it is not finite, nothing has changed. reads: weight_destination,
    bias_destination; writes: weight, bias
    """
    size = 0.0
    for c in range(sizes[0]):
        size += abs(np.float64(m.weight_destination[c]))
    for j in range(sizes[1]):
        size += abs(np.float64(m.bias_destination[j]))
    step = rate / max(1.0, rate * bound * max(abs(delta), 1.0) * size)
    if not math.isfinite(size * delta):
        return DIVERGED, step
    move = step * delta
    for c in range(sizes[0]):
        m.weight[c] += move * m.weight_destination[c]
    for c in range(sizes[0] if m.ties[SIGNED] != 0 else u8(0)):
        stop_at_zero(m, c)
    for j in range(sizes[1]):
        m.bias[j] += move * m.bias_destination[j]
    return DONE, step


@kernel
def learn_by_slopes(table, unit, span, errors, decay, delta, rate, bound, sizes):
    """Decay the sums in an accumulator, add the slopes of the last step, and change the parameters.

    `sizes` are the numbers of connections and neurons of the store. Returns a status and the step.
    """
    m, span, errors, sizes = columns(table, unit), bare(span), bare(errors), bare(sizes)
    begin_slopes(m, span, errors, decay, sizes)
    propagate_network(m, span, unit, False)
    return move_along(m, delta, rate, bound, sizes)

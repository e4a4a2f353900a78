"""Costs of many phenotypes on rows or sequences."""

from __future__ import annotations

import numpy as np

from ..compiler.jit import kernel
from ..functions.compiled import cost_of
from .genes import NOBODY
from .phenotype import advance, forget


@kernel
def judge_rows(
    neurons, links, found, inputs, rows, targets, starts, cost, any_squash, value, state, totals, wrong
):
    """The sum of costs of every phenotype, and how many outputs are on the wrong side of 1/2.

    An output whose target is NaN has no cost. starts : whether the context is cleared before each row; cost :
    the code of a built-in cost, or NOBODY: the absolute error; value, state : memory for the largest
    phenotype; totals, wrong : written.
    """
    outputs = targets.shape[1]
    for g in range(found.shape[0] - 1):
        base, stop, links_base = found[g, 0], found[g + 1, 0], found[g, 1]
        total, misses = 0.0, 0
        for t in range(rows.shape[0]):
            if starts[t]:
                forget(value, state, stop - base)
            for i in range(inputs):
                value[i] = rows[t, i]
            advance(neurons, links, base, stop, links_base, inputs, value, state, any_squash)
            for o in range(outputs):
                target, output = targets[t, o], value[stop - base - outputs + o]
                if cost == NOBODY:
                    total += abs(output - target)
                else:
                    total += cost_of(cost, target, output, 1.0, np.float64(outputs))[0]
                misses += target == target and (output > 0.5) != (target > 0.5)
        totals[g], wrong[g] = total, misses

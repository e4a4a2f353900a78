"""Outputs of many phenotypes on rows or sequences."""

from __future__ import annotations

import numpy as np

from ..compiler.jit import kernel
from ..functions.compiled import cost_of
from .phenotype import advance, forget


@kernel
def run_rows(neurons, links, found, inputs, outputs, rows, starts, any_squash, value, state, results):
    """The outputs of every phenotype, by genome, row and output.

    starts : whether the context is cleared before each row; value, state : memory for the largest phenotype.
    """
    for g in range(found.shape[0] - 1):
        base, stop, links_base = found[g, 0], found[g + 1, 0], found[g, 1]
        for t in range(rows.shape[0]):
            if starts[t]:
                forget(value, state, stop - base)
            for i in range(inputs):
                value[i] = rows[t, i]
            advance(neurons, links, base, stop, links_base, inputs, value, state, any_squash)
            for o in range(outputs):
                results[g, t, o] = value[stop - base - outputs + o]


@kernel
def sum_costs(results, targets, cost, totals):
    """The sum of built-in costs of every genome; an output whose target is NaN has none."""
    outputs = targets.shape[1]
    for g in range(results.shape[0]):
        total = 0.0
        for t in range(targets.shape[0]):
            for o in range(outputs):
                total += cost_of(cost, targets[t, o], results[g, t, o], 1.0, np.float64(outputs))[0]
        totals[g] = total

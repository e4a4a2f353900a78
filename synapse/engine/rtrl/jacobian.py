"""Run steps up to the next target, and compute the Jacobian H = d y / d p of the
outputs with respect to all parameters.

A row of H contains the numbers that one sweep back from one output adds to the
destinations of updates, which are buffers here (see ``online/accumulator.py``). Filters
convert H and the errors of the outputs to changes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..functions.activations import SOFTMAX
from ..language import inline, kernel, one_like
from ..online import Accumulator
from ..online.calls import Kernels, calls_by_float, kernels_for as online_kernels
from ..online.fire import clear_error, clear_neuron
from ..online.loops import (
    compute_output_errors,
    cost_of_step,
    status_of,
    step_online,
)
from ..status import DONE, FAILED
from ..store import Store
from . import loops
from .advance import move_through
from .loops import step_network
from .plan import Plan
from .sweep import add_direct_of, sweep_cost


class DataRows(NamedTuple):
    """Rows of the data that are run."""

    inputs: Any
    targets: Any
    has_target: Any  # booleans that mark rows with a target
    begin: Any  # the first row
    stop: Any
    clear: Any  # whether the context is cleared first


class Linearisation(NamedTuple):
    """The results that are computed at a row with a target."""

    cost: Any  # code of the cost
    # whether H only contains the outputs' own parameters within the step
    direct: Any
    # rows of trainable weights and their columns of H, and the same for biases
    places: Any
    jacobian: Any  # written: H,
    errors: Any  # and t - y of the outputs


@inline
def clear_errors(store, span):
    """Reset the error signals of all neurons."""
    store.projected[span.learning : span.stop] = 0.0


@inline
def aim_at(store, span, o):
    """Compute the slopes d y_o / d s of the outputs within the step."""
    clear_errors(store, span)
    j = span.stop - span.outputs + o
    if store.squash[j] != SOFTMAX:
        store.projected[j] = store.derivative[j]
        return
    store.projected[store.group_first[j] : store.group_stop[j]] = (
        -store.activation[j]
        * store.activation[store.group_first[j] : store.group_stop[j]]
    )
    store.projected[j] += store.activation[j]


@inline
def collect(store, wanted, o):
    """Move the contents of the buffers to a row of H, and sum shared parameters."""
    weights, biases = wanted.places[:2], wanted.places[2:]
    jacobian = wanted.jacobian
    # all entries first, because entries of shared parameters occur several times
    for _, entries in (weights, biases):
        for i in range(len(entries)):
            jacobian[o, entries[i]] = 0.0
    for column, (rows, entries) in (
        (store.weight_destination, weights),
        (store.bias_destination, biases),
    ):
        for i in range(len(rows)):
            jacobian[o, entries[i]] += column[rows[i]]
            column[rows[i]] = 0.0


@inline
def leave_out(span, targets, row, jacobian):
    """Set H = 0 for the outputs without a target, which then change nothing."""
    for o in range(span.outputs):
        if targets[row * span.outputs + o] != targets[row * span.outputs + o]:
            for place in range(jacobian.shape[1]):
                jacobian[o, place] = 0.0


# --- up to the next target ------------------------------------------------------------
# The same loop serves sensitivities and the traces of the online rule.


@inline
def fill_direct(store, plan, span, targets, row, wanted):
    """Compute H of the outputs' own parameters within the step, and the output errors.
    Other neurons have no errors.
    """
    for o in range(span.outputs):
        j = span.stop - span.outputs + o
        slope = store.derivative[j]
        add_direct_of(
            store, j, slope, store.weight_destination, 0, store.bias_destination, j
        )
        collect(store, wanted, o)
    for j in range(span.learning, span.stop):
        clear_error(store, j)
        store.projected[j] = 0.0
    compute_output_errors(store, span, targets, row, wanted.cost)
    store.responsibility[span.stop - span.outputs : span.stop] = store.projected[
        span.stop - span.outputs : span.stop
    ]


@inline
def fill_any(store, plan, span, targets, row, wanted):
    """Compute H with all history or, with `direct`, within the step, and the errors of
    the neurons.
    """
    if wanted.direct:
        fill_direct(store, plan, span, targets, row, wanted)
        return
    one = one_like(plan.adjoint[0])
    for o in range(span.outputs):
        aim_at(store, span, o)
        sweep_cost(store, plan, span, span.learning, one)
        move_through(store, plan, one)
        collect(store, wanted, o)
    clear_errors(store, span)
    compute_output_errors(store, span, targets, row, wanted.cost)
    # with a rate of 0, the sweep computes the errors of the neurons without updates
    sweep_cost(store, plan, span, span.learning, one * 0.0)


@inline
def linearise(step_network, fill_regression, store, plan, span, data, wanted):
    """Run up to a target, with two parts of kernels, which activate and write H."""
    inputs = data.inputs
    targets = data.targets
    n = span.outputs
    store.failed[0] = 0.0
    if data.clear:
        for j in range(span.start, span.stop):
            clear_neuron(store, j)
    for row in range(data.begin, data.stop):
        step_network(store, plan, span, inputs, row)
        if store.failed[0] != 0.0:
            return FAILED, row + 1, 0.0
        if data.has_target[row]:
            # t - y, NaN where there is no target
            wanted.errors[:n] = (
                targets[row * n : row * n + n]
                - store.activation[span.stop - n : span.stop]
            )
            total = cost_of_step(store, span, targets, row, wanted.cost)
            status = status_of(store, total)
            if status == DONE:
                fill_regression(store, plan, span, targets, row, wanted)
                leave_out(span, targets, row, wanted.jacobian)
            return status, row + 1, total
    return DONE, data.stop, 0.0


@kernel
def linearise_network(store, scalar, plan, span, data, wanted):
    """Run up to the first row with a target, and compute H and t - y there.

    `data` are `DataRows`, `wanted` is a `Linearisation`. The destinations of `table`
    are buffers of zeros. Returns a status, the next row and the cost.
    """
    return linearise(step_network, fill_any, store, plan, span, data, wanted)


@kernel
def regress_network(store, scalar, span, data, wanted):
    """Make steps by the online rule, like `linearise_network` if the field ``direct``
    of `wanted` is true. Traces are updated, too.
    """
    return linearise(step_online, fill_direct, store, None, span, data, wanted)


calls_for = calls_by_float(lambda scalar: {})


def kernels_for(
    store: Store, span: NDArray[np.int64], updates: Accumulator, plan: Plan | None
) -> Kernels:
    """Return kernels that compute Jacobians for the network in a span, by the
    sensitivities of a plan or within the step.
    """
    of = online_kernels(store, span, updates)
    if plan is not None:
        of = loops.kernels_for(plan, updates)
    begin = of.begin
    return Kernels(
        calls_for(store), *begin, before=of.before, updates=updates, plan=plan
    )

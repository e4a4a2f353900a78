"""Run steps and epochs with exact online gradients, in kernels that Python calls.

In real-time recurrent learning (Williams and Zipser 1989), every step renews the
derivatives of each recurrent number with respect to the parameters.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..exact import streams
from ..exact.streams import run_stream, stream_of
from ..language import inline, kernel, max_float_of
from ..online import gradient_traces, loops as online_loops
from ..online.calls import (
    ROW,
    SPAN,
    SPARSE,
    Kernels,
    adagrad_examples,
    calls_by_float,
    traces_examples,
)
from ..online.fire import zero_clamped_errors
from ..online.gradient_traces import (
    begin_gradient,
    errors_of_sample,
    update_by_adagrad,
    update_by_traces,
)
from ..online.loops import (
    complete_updates,
    run_epochs,
    run_rows,
    set_output_errors,
    step_online,
)
from ..online.propagate import enforce_signs
from ..online.roles import RuleParts
from ..online.steps import step_of
from ..online.ties import after_updates, before_updates
from ..records import Latest
from ..status import DIVERGED, DONE, UNSTEPPED
from .advance import advance, fill_direct, move_through, save_slopes
from .pending import materialize
from .sweep import sweep_cost

if TYPE_CHECKING:
    from ..online import Accumulator
    from .plan import Plan


LATEST_PLACES = len(Latest)


@inline
def clear_plan(plan):
    """Reset all sensitivities."""
    plan.sensitivity[: plan.counts.copy] = 0.0
    plan.old_derivative[: plan.counts.roots] = 0.0
    plan.latest[:LATEST_PLACES] = 0


@inline
def step_network(store, plan, span, inputs, row):
    """Make one step, first of the activations and then of the sensitivities."""
    # if cleared since, stepped by another rule, or failed, they belong to another
    # context
    if plan.latest.step != step_of(store, span):
        clear_plan(plan)
    save_slopes(store, plan)  # before the step renews the slopes
    step_online(store, None, span, inputs, row)
    if store.failed[0] == 0.0:
        advance(store, plan, span)
        plan.latest.open = 1
        plan.latest.step = step_of(store, span)


@inline
def has_step(store, plan, span):
    """Return whether the network's latest step was made with these sensitivities, which
    is required to learn from it.
    """
    return plan.latest.open != 0 and plan.latest.step == step_of(store, span)


@inline
def destinations(store, plan):
    """Return the columns to which the updates of a step are added, their copies, and
    their lengths.
    """
    weights = store.weight_destination, plan.weight_before, plan.counts.connections
    return weights, (store.bias_destination, plan.bias_before, plan.counts.neurons)


@inline
def undo_unless_finite(store, plan):
    """Undo the updates of a step if one is not finite; return whether all are."""
    maximum = max_float_of(plan.adjoint[0])
    beyond = 0
    for column, _, n in destinations(store, plan):
        for i in range(n):
            beyond += not abs(column[i]) <= maximum
    if beyond == 0:
        return True
    for column, before, n in destinations(store, plan):
        column[:n] = before[:n]
    return False


@inline
def learn_step(store, plan, span, rate):
    """Learn from the errors of the outputs, which have been written before.

    Returns whether all updates are finite. Otherwise, no parameter has changed. A
    sensitivity can be infinite while all states and the cost are finite.
    """
    for column, before, n in destinations(store, plan):
        before[:n] = column[:n]
    before_updates(store)
    store.projected[span.learning : span.stop - span.outputs] = 0.0
    if store.ties.clamped != 0:
        zero_clamped_errors(store, span.stop - span.outputs, span.stop)
    sweep_cost(store, plan, span, span.learning, rate)
    move_through(store, plan, rate)  # along the sweep's ``old_error``
    if store.ties.signed != 0:
        enforce_signs(store, span.learning, span.stop, 0)
    after_updates(store)
    return undo_unless_finite(store, plan)


@inline
def _forget(plan):
    """Zero the sensitivities."""
    plan.latest.step = 0


RTRL = RuleParts(step_network, learn_step, _forget, complete_updates)


@kernel
def run_network(store, scalar, plan, span, inputs, outputs):
    """Activate once for every row of `outputs`, like ``online.run_network``, with
    sensitivities.
    """
    return run_rows(RTRL, store, plan, span, inputs, outputs, scalar)


run_sparse = kernel(run_network.part)
"""The same kernel for sparse rows of inputs."""


@kernel
def propagate_targets(store, scalar, plan, span, targets, cost, rate, check):
    """Learn from the targets of the last activation, like
    ``online.propagate_targets``.
    """
    if not has_step(store, plan, span):
        return UNSTEPPED, 0.0
    status, total = set_output_errors(store, span, targets, cost, check, scalar)
    if status == DONE and not learn_step(store, plan, span, rate):
        status = DIVERGED
    return status, total


@kernel
def learn_by_traces(
    store, scalar, plan, span, errors, decay, delta, chain, memory, sizes
):
    """Learn along decaying sums of slopes, like
    ``online.gradient_traces.learn_by_traces``.
    """
    if not has_step(store, plan, span):
        return UNSTEPPED, 0.0
    begin_gradient(store, span, errors, decay, sizes)
    if not learn_step(store, plan, span, scalar):
        return DIVERGED, 0.0
    return update_by_traces(store, delta, chain, memory, sizes)


@kernel
def learn_by_adagrad(
    store,
    scalar,
    plan,
    span,
    sample,
    targets,
    errors,
    squares,
    settings,
    squared,
    sizes,
):
    """Learn from a sample, like ``online.gradient_traces.learn_by_adagrad``."""
    status = errors_of_sample(RTRL, store, plan, scalar, span, sample, targets, errors)
    if status != DONE:
        return status
    begin_gradient(store, span, errors, 0.0, sizes)
    if not learn_step(store, plan, span, scalar):
        return DIVERGED
    return update_by_adagrad(store, span, errors, squares, settings, squared, sizes)


@kernel
def learn_stream(
    store, scalar, plan, span, tapes, stream, factors, chain, memory, sizes
):
    """Learn from a stream, like ``exact.streams.learn_stream``."""
    if not has_step(store, plan, span):
        return UNSTEPPED, 0
    of_chain = chain, memory, sizes
    return run_stream(RTRL, store, plan, tapes, scalar, span, stream, factors, of_chain)


@kernel
def renew_direct(store, scalar, plan, span):
    """Compute the contents of ``direct`` after the latest step anew, for a plan that
    was laid out after this step.
    """
    fill_direct(store, plan, span, 0)


@kernel
def renew_sensitivities(store, scalar, plan, steps):
    """Write the sensitivities after the first pending steps to the copy for readers.
    This only reads the plan.
    """
    materialize(store, plan, steps)


@kernel
def train_network(store, scalar, plan, span, training):
    """Train for some epochs like ``online.train_network``, by exact gradients. `store`
    is ``Plan.store_table``.
    """
    return run_epochs(RTRL, store, plan, span, training)


calls_for = calls_by_float(
    lambda scalar: {
        run_network: (0, scalar, 0, SPAN, ROW, ROW),
        run_sparse: (0, scalar, 0, SPAN, SPARSE, ROW),
        propagate_targets: (0, scalar, 0, SPAN, ROW, 0, scalar, 0),
        learn_by_traces: (0, scalar, 0, SPAN, ROW, *traces_examples(scalar)),
        learn_by_adagrad: (0, scalar, 0, SPAN, *adagrad_examples(scalar)),
        learn_stream: (0, scalar, 0, SPAN, *stream_of(scalar)),
    },
    {
        online_loops.run_network: run_network,
        online_loops.run_sparse: run_sparse,
        online_loops.propagate_targets: propagate_targets,
        online_loops.train_network: train_network,
        online_loops.train_sparse: train_network,
        gradient_traces.learn_by_traces: learn_by_traces,
        gradient_traces.learn_by_adagrad: learn_by_adagrad,
        streams.learn_stream: learn_stream,
    },
)


def kernels_for(plan: Plan, updates: Accumulator | None = None) -> Kernels:
    """Return the kernels of a network that learns by the sensitivities of a plan."""
    store = plan.store
    renew = partial(plan.store_table, updates)
    begin = renew(), store.scalar, plan.address, plan.span
    return Kernels(calls_for(store), *begin, before=renew, updates=updates, plan=plan)

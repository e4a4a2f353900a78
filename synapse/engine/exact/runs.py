"""Runs without traces: steps on tapes of two steps, which swap roles.

The context of a network is copied to the tapes when a call begins. What people see
afterwards is written when it ends (`write_back`): nobody looks in between, unless the
network is recorded. So a call that fails has changed nothing.

The tapes have the rows of the whole store, since neurons may read others outside of
their network.
"""

from __future__ import annotations

from typing import Any

from ..compiler.jit import bare, columns, inline, kernel, span_of
from ..compiler.lanes import tapes
from ..online.calls import ROW, SPAN, calls_by_float
from ..online.fire import clear_all_traces, forget_error, tick
from ..online.loops import check_rows
from ..online.record import note, watches
from ..online.steps import count_steps
from ..schema import FAILURE, NONE
from ..status import DONE, FAILED, ROW as FAILED_ROW
from .activate import activate_network
from .step import Step


@inline
def load_context(m, u, span, rows):
    """Copy the context to the tapes; returns the `Step` before the first one."""
    step = Step(0, rows, 0)
    for j in range(span.start, span.stop):
        u.activation[step.now + j] = m.activation[j]
        u.state[step.now + j] = m.state[j]
    load_outside(m, u, 0, span.start, rows)
    load_outside(m, u, span.stop, rows, rows)
    return step


@inline
def load_outside(m, u, start, stop, rows):
    """Copy activations that do not change in these steps."""
    for j in range(start, stop):
        u.activation[j] = m.activation[j]
        u.activation[rows + j] = m.activation[j]


@inline
def next_step(step):
    """The step that follows on tapes of two steps."""
    return Step(step.before, step.now, step.offset)


@inline
def write_back(m, u, span, start, step, steps):
    """What so many steps without traces leave, of which the last is `step`: the inputs
    up to `start` were set, and there are no traces.
    """
    count = span.stop - span.start
    stamp = tick(m, steps * count) + (steps - 1) * count
    for j in range(span.start, span.stop):
        m.old_activation[j] = u.activation[step.before + j]
        m.activation[j] = u.activation[step.now + j]
        m.stamp[j] = stamp + (j - span.start)
        forget_error(m, j)
    for j in range(span.start, start):
        m.derivative[j] = 0.0
    for j in range(start, span.stop):
        m.old_state[j] = u.state[step.before + j]
        m.state[j] = u.state[step.now + j]
        m.derivative[j] = u.slope[step.now + j]
    clear_all_traces(m, span)
    count_steps(m, span.start, span.stop, steps)


@inline
def hold_streams(m, u, span):
    """Keep where the streams of random neurons are."""
    for j in range(span.start, span.stop):
        u.random[j] = m.random[j]


@inline
def restore_streams(m, u, span):
    """Let random neurons draw the same numbers again."""
    for j in range(span.start, span.stop):
        m.random[j] = u.random[j]


@inline
def has_failed(m, u):
    """Whether a registered function has raised; then ``m.failed`` says which."""
    if u.failed[0] != 0.0:
        for i in range(FAILURE):
            m.failed[i] = u.failed[i]
        u.failed[0] = 0.0
    return m.failed[0] != 0.0


def runs_by(activate: Any, begin_run: Any) -> Any:
    """Return the loop over rows by a step of ``activate.py``; `begin_run` is called
    before the first one.
    """

    @inline
    def run_rows(m, u, f, span, rows, latest, looks, inputs, outputs, unit):
        m.failed[0] = 0.0
        status = check_rows(m, span, inputs, outputs, unit)
        if status != DONE:
            return status
        n = span.outputs
        steps = outputs.size // n
        if steps == 0:
            return DONE
        start = span.start + span.inputs if inputs.size > 0 else span.start
        by_row = watches(m, span) and not looks
        step = load_context(m, u, span, rows)
        hold_streams(m, u, span)
        begin_run(m, u, f, span, step)
        for row in range(steps):
            step = next_step(step)
            u.row[0] = row
            activate(m, u, f, span, inputs, 0, step, 1, False, False)
            if has_failed(m, u):
                restore_streams(m, u, span)
                m.failed[FAILED_ROW] = row
                return FAILED
            for o in range(n):
                outputs[row * n + o] = u.activation[step.now + span.stop - n + o]
            if by_row or (row == steps - 1 and not looks):
                write_back(m, u, span, start, step, 1 if by_row else steps)
                latest[0] = m.stamp[span.stop - 1]
            if by_row:
                note(m, True, True, NONE)
                hold_streams(m, u, span)
        if looks:
            restore_streams(m, u, span)
        return DONE

    return run_rows


@inline
def _begin_run(m, u, f, span, step):
    pass


_run_rows = runs_by(activate_network, _begin_run)


@kernel
def run_untraced(table, unit, tape_table, rows, span, latest, looks, inputs, outputs):
    """Activate once for every row of `outputs`, which are written, without traces.

    `rows` are those of the store, which the tapes have. When the last output has
    activated is written to `latest`. With `looks`, nothing but the outputs is written.
    Returns a status: unless it is DONE, nothing has changed but, while the network is
    recorded, by the rows that the log has. ``failed[ROW]`` is the row of an input that
    is refused, or at which a registered function has raised.
    """
    m = columns(table, unit)
    u = tapes(tape_table, unit, (0,))
    data = bare(inputs), bare(outputs)
    return _run_rows(m, u, None, span_of(span), rows, bare(latest), looks, *data, unit)


calls_for = calls_by_float(
    globals(),
    lambda unit: {"run_untraced": (0, unit, 0, 0, SPAN, SPAN, True, ROW, ROW)},
)

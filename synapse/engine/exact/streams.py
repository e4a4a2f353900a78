"""Learn from a stream by temporal differences at every row, in one call.

The value of the following state is needed before the network learns and moves on. It is
computed by a step on tapes, from a copy of the context (``runs.py``), which leaves the
network unchanged.

The destinations of updates in ``store`` are the sums of ``online/gradient_traces.py``.
"""

from __future__ import annotations

from typing import Any

from ..language import inline, kernel
from ..online.calls import ROW, SPAN, calls_by_float, traces_examples
from ..online.gradient_traces import begin_gradient, update_by_traces
from ..online.lists import relist
from ..online.loops import ONLINE, propagate_network
from ..online.step_formulas import temporal_difference
from ..status import DIVERGED, DONE, FAILED
from .activate import GATHERING, activate_by
from .runs import (
    advance,
    copy_streams,
    has_failed,
    load_context,
    next_step,
)

_temporal_difference = inline(temporal_difference)


@inline
def run_stream(parts, store, rule, tapes, scalar, span, stream, factors, of_chain):
    """Do the same as `learn_stream`, by the parts of a rule, see
    ``online/roles.py``.
    """
    rows, gains, values, store_rows = stream
    discount, decay = factors
    chain, memory, sizes = of_chain
    no_errors = values[:0]
    last = span.stop - 1
    store.failed[0] = 0.0
    for t in range(gains.size):
        step = load_context(store, tapes, span, store_rows)
        step = next_step(step, 1)
        advance(store, tapes, None, span, step)
        copy_streams(tapes.random, store.random, span)
        tapes.row[0] = t
        activate_by(GATHERING, store, tapes, None, span, rows, 0, step, 1, False, False)
        copy_streams(store.random, tapes.random, span)
        if has_failed(store, tapes):
            return FAILED, t
        following = tapes.activation[step.now + last]
        value = store.activation[last]
        delta = _temporal_difference(gains[t], discount, following, value)
        begin_gradient(store, span, no_errors, decay, sizes)
        if not parts.learn_step(store, rule, span, scalar):
            return DIVERGED, t
        status, _ = update_by_traces(store, delta, chain, memory, sizes)
        if status != DONE:
            return status, t
        parts.step_network(store, rule, span, rows, t)
        if store.failed[0] != 0.0:
            return FAILED, t
        values[t] = store.activation[last]
    return DONE, gains.size


@inline
def _learn(store, rule, span, rate):
    """Propagate without leaving updates pending. `update_by_traces` detects numbers
    that are not finite.
    """
    relist(store, span)
    propagate_network(store, span, rate, False)
    return True


_ONLINE = ONLINE._replace(learn_step=_learn)


@kernel
def learn_stream(store, scalar, span, tapes, stream, factors, chain, memory, sizes):
    """Learn by `learn_by_traces` at every row of a stream, with the temporal difference
    of the only output.

    `stream` contains the rows, their rewards, the values, which are written, and the
    number of the store's rows, which the tapes have, too. `factors` contains the
    discount and the decay of the sums. Returns a status and the number of complete
    rows.
    """
    of_chain = chain, memory, sizes
    return run_stream(
        _ONLINE, store, store, tapes, scalar, span, stream, factors, of_chain
    )


def stream_of(scalar: Any) -> tuple[Any, ...]:
    """Return example arguments for `learn_stream`, without the first ones."""
    decay, _, *others = traces_examples(scalar)
    return 0, (ROW, ROW, ROW, 0), (0.0, decay), *others


calls_for = calls_by_float(
    lambda scalar: {learn_stream: (0, scalar, SPAN, *stream_of(scalar))}
)

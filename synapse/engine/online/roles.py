"""Define the parts of kernels that a rule gives to the loops over rows, epochs and
streams.

`run_rows`, `run_epochs` (``loops.py``) and `run_stream` (``exact/streams.py``) receive
them as their first argument. Because it is known, each loop is compiled for one rule. A
part receives the columns of the store as ``store`` and the `Span` of the network.
Everything else that its rule needs is ``rule``, which the loops pass on without using
it:

- the online rule: None, or in epochs the buffers of ``loops.learn_or_undo`` and the
  places of a batch (``descent.py``);
- rtrl: the columns of a plan (`schema.PLAN`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..language import inline


@inline
def _begins_none(rule):
    """Return False, because there are no batches."""
    return False


@inline
def _goes_on(store, rule, span, rate, is_last):
    """Return True, because no batch ends."""
    return True


class RuleParts(NamedTuple):
    """Kernels by which a rule activates a network and learns."""

    # (store, rule, span, inputs, row): set the inputs to this row of ``inputs``, unless
    # that is empty, and activate all others. If a registered function raises,
    # ``store.failed[0]`` is not 0
    step_network: Callable[..., Any]
    # (store, rule, span, rate) -> whether it has learned, from the errors of the
    # outputs, which are in ``store.projected``; False: an update is not finite
    learn_step: Callable[..., Any]
    # (rule): clear what renewed neurons have left in ``rule``
    clear_renewed: Callable[..., Any]
    # (store, rule, span): make all updates, so that ``store`` has every number
    settle: Callable[..., Any]
    # (rule) -> whether the next step with a target is the first of a batch
    begins_batch: Callable[..., Any] = _begins_none
    # (store, rule, span, rate, is_last) -> whether all is finite: a sequence has ended,
    # the last of an epoch or not
    end_sequence: Callable[..., Any] = _goes_on

"""The parts of kernels that a rule gives to the loops over rows, epochs and streams.

`rows_by` and `epochs_by` (``loops.py``) and `streams_by` (``exact/streams.py``) return
a loop that is compiled with the parts of one rule. A part gets the columns of the store
as ``store`` and the `Span` of the network. What else its rule needs is ``rule``, which
the loops pass on and never look into:

- the online rule: None, or in epochs the buffers of ``loops.learn_or_undo``;
- rtrl: the columns of a plan (`schema.PLAN`).
"""

from __future__ import annotations

from typing import Any, Protocol


class StepNetwork(Protocol):
    """Activate a network once."""

    def __call__(self, store: Any, rule: Any, span: Any, inputs: Any, row: Any) -> None:
        """Set the inputs to this row of ``inputs``, unless that is empty, and activate
        all others. If a registered function raises, ``store.failed[0]`` is not 0.
        """


class LearnStep(Protocol):
    """Learn from the errors of the outputs, which are in ``store.projected``."""

    def __call__(self, store: Any, rule: Any, span: Any, rate: Any) -> bool:
        """Return False if nothing has learned, because an update is not finite."""


class ClearRenewed(Protocol):
    """Clear what renewed neurons have left in ``rule``."""

    def __call__(self, rule: Any) -> None:
        """Handle a step in which neurons have been renewed."""

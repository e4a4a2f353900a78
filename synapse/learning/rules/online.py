"""The online rule: weights change at every step with a target, by quantities of that step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ...errors import ArgumentError
from ...optimizers import LBFGS
from .._data import Control, Data, Order, one_pass
from .._exact import WHOLE
from .base import Options
from .stepwise import StepwiseRule

if TYPE_CHECKING:
    from ...engine.online import Accumulator  # compiled: imported when it is used


class Online(StepwiseRule, method="online"):
    """The rule of :meth:`Network.propagate`: Monner and Reggia 2012."""

    through_time: ClassVar[bool] = False

    @classmethod
    def check(cls, options: Options) -> None:
        """Refuse L-BFGS, dropout, weights of samples, a window and threads."""
        super().check(options)
        if options.window != WHOLE or options.threads != 1:
            raise ArgumentError(
                'window and threads are for method="bptt". The online rule passes no error to earlier steps.'
            )
        if isinstance(options.optimizer, LBFGS):
            raise ArgumentError('L-BFGS needs exact gradients. Use method="bptt".')
        if options.dropout.any:
            raise ArgumentError(
                'Dropout needs method="bptt". With the online rule, gate connections by bernoulli neurons.'
            )
        if options.weighted:
            raise ArgumentError('The sample_weight and class_weight need method="bptt".')

    def run(
        self, data: Data, order: Order, rate: float, control: Control, moves: Accumulator | None = None
    ) -> tuple[float, int]:
        """Run one compiled pass."""
        return one_pass(self.task.network, data, order, self.task.cost, rate, control, moves)

"""The online rule: weights change at every step with a target, by what can be computed at that step."""

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
        """No L-BFGS, no dropout, no weights of samples, no window, no threads."""
        super().check(options)
        if options.window != WHOLE or options.threads != 1:
            raise ArgumentError(
                'The window and threads are for method="bptt": online, no error goes to earlier steps.'
            )
        if isinstance(options.optimizer, LBFGS):
            raise ArgumentError('L-BFGS needs exact gradients: give method="bptt".')
        if options.dropout.any:
            raise ArgumentError(
                'Dropout needs method="bptt". For the online rule gate connections by bernoulli neurons.'
            )
        if options.weighted:
            raise ArgumentError('Samples and classes are weighed with method="bptt" only.')

    def run(
        self, data: Data, order: Order, rate: float, control: Control, moves: Accumulator | None = None
    ) -> tuple[float, int]:
        """One compiled pass."""
        return one_pass(self.task.network, data, order, self.task.cost, rate, control, moves)

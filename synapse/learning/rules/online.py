"""The online rule: weights change at every step with a target, by quantities of that step."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ... import engine
from ..._registration import require_sound
from ...errors import ArgumentError
from ...optimizers import LBFGS
from .._data import Control, Data, Epochs, Order, one_pass, run_epochs
from .._exact import WHOLE
from .._jacobians import JacobianBuffers, make_room
from .base import SLOPES_OF_OUTPUTS, Options
from .stepwise import StepwiseRule

if TYPE_CHECKING:
    from ...engine.online import Accumulator  # compiled: imported when it is used
    from .._parameters import Updater


class Online(StepwiseRule, method="online"):
    """The rule of :meth:`Network.propagate`: Monner and Reggia 2012."""

    through_time: ClassVar[bool] = False
    slopes: ClassVar[str] = SLOPES_OF_OUTPUTS

    @classmethod
    def check(cls, options: Options) -> None:
        """Refuse L-BFGS, dropout, weights of samples, a window and threads."""
        super().check(options)
        refuse_whole_sequences(options, "the online rule")

    def run(
        self, data: Data, order: Order, rate: float, control: Control, moves: Accumulator | None = None
    ) -> tuple[float, int]:
        """Run one compiled pass."""
        return one_pass(self.task.network, data, order, self.task.cost, rate, control, moves)

    def linearise(
        self, rows: tuple[int, int], clear: bool, moves: Accumulator, buffers: JacobianBuffers
    ) -> tuple[int, float]:
        """Run one compiled pass up to a target; the Jacobian is that of the outputs' own parameters."""
        network, data = self.task.network, self.task.data
        data.require_fit(network)
        _, store, span = network._ready()
        make_room(network, rows[1] - rows[0])
        status, row, cost = engine.rtrl.regress_network(
            moves.address,
            store.unit,
            span,
            data.inputs.reshape(-1),
            data.targets.reshape(-1),
            data.aimed,
            rows,
            clear,
            self.task.cost.code,
            buffers.places,
            buffers.jacobian,
            buffers.errors,
        )
        require_sound(status, store["failed"])
        return int(row), cost

    def together(self) -> bool:
        """Without an optimizer or a recording, whose rows take memory."""
        network, recorder = self.task.network, self.task.network._store.recorder
        recorded = recorder is not None and recorder.records(network)
        return self.task.options.optimizer is None and not recorded

    def learn_epochs(self, epochs: Epochs, updater: Updater | None) -> int:
        """Run several compiled passes in one call."""
        return run_epochs(self.task.network, self.task.data, epochs, self.task.cost)[0]


def refuse_whole_sequences(options: Options, rule: str) -> None:
    """Raise ArgumentError for options of rules that see whole sequences."""
    if options.window != WHOLE or options.threads != 1:
        raise ArgumentError(
            f'The window and threads are for method="bptt": {rule} works forward, step by step. Omit them.'
        )
    if isinstance(options.optimizer, LBFGS):
        raise ArgumentError('L-BFGS needs the gradient of all data at once. Use method="bptt".')
    if options.dropout.any:
        raise ArgumentError(
            f'Dropout needs method="bptt". With {rule}, gate connections by bernoulli neurons.'
        )
    if options.weighted:
        raise ArgumentError('The sample_weight and class_weight need method="bptt".')

"""Exact gradients of every step, forward in time: real-time recurrent learning."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ... import engine
from ..._registration import require_sound
from ...engine.reach import Plan
from ...objects._sensitivities import Sensitivities
from .._data import ROOM, Control, Data, Order
from .._jacobians import JacobianBuffers, make_room
from .base import ALL_SLOPES, Options
from .online import refuse_whole_sequences
from .stepwise import StepwiseRule

if TYPE_CHECKING:
    from ...engine.online import Accumulator  # compiled: imported when it is used


class RealTimeRecurrentLearning(StepwiseRule, method="rtrl"):
    """The gradient of each step's cost, along how every parameter has moved the recurrent states so far.

    Williams and Zipser 1989; with an order, SnAp-n of Menick and others 2021. Exact while weights stand
    still.
    """

    slopes: ClassVar[str] = ALL_SLOPES
    _kept: Sensitivities | None = None

    @classmethod
    def check(cls, options: Options) -> None:
        """Refuse L-BFGS, dropout, weights of samples, a window and threads."""
        super().check(options)
        refuse_whole_sequences(options, "real-time recurrent learning")

    def lay_out(self) -> None:
        """Lay out the sensitivities, and memory for the summed updates of a batch."""
        super().lay_out()
        self._plan()

    def _plan(self) -> Plan:
        """The plan for the present topology. Sensitivities of another context are forgotten."""
        network, order = self.task.network, self.task.options.order
        kept = self._kept or network._sensitivities
        if kept is None or kept.order != order:
            kept = Sensitivities(order)
            if network._rtrl is None:
                network._sensitivities = kept
        self._kept = kept
        return kept.ready(network)

    def run(
        self, data: Data, order: Order, rate: float, control: Control, moves: Accumulator | None = None
    ) -> tuple[float, int]:
        """Run one compiled pass."""
        network = self.task.network
        data.require_fit(network)
        plan, store = self._plan(), network._store
        plan.forget_traces()
        make_room(network, int(np.diff(data.bounds)[order].sum()))
        status, total, steps = engine.rtrl.train_network(
            plan.store_table(moves),
            store.unit,
            plan.address,
            plan.span,
            data.inputs.reshape(-1),
            data.targets.reshape(-1),
            data.aimed,
            data.bounds,
            order,
            data.clear,
            self.task.cost.code,
            store.dtype.type(rate),
            np.empty(engine.online.KEPT * max(ROOM, network._n_outputs)),
            control,
        )
        require_sound(status, store["failed"])
        return total, steps

    def linearise(
        self, rows: tuple[int, int], clear: bool, moves: Accumulator, buffers: JacobianBuffers
    ) -> tuple[int, float]:
        """Run one compiled pass up to a target. Sensitivities are kept for every kind of Jacobian."""
        network, data = self.task.network, self.task.data
        data.require_fit(network)
        plan, store = self._plan(), network._store
        make_room(network, rows[1] - rows[0])
        status, row, cost = engine.rtrl.linearise_network(
            plan.store_table(moves),
            store.unit,
            plan.address,
            plan.span,
            data.inputs.reshape(-1),
            data.targets.reshape(-1),
            data.aimed,
            rows,
            clear,
            buffers.direct,
            self.task.cost.code,
            buffers.places,
            buffers.jacobian,
            buffers.errors,
        )
        require_sound(status, store["failed"])
        return int(row), cost

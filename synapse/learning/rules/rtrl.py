"""Exact gradients of every step, forward in time: real-time recurrent learning."""

from __future__ import annotations

from typing import ClassVar

from ...engine.rtrl import Plan
from ...objects._sensitivities import Sensitivities
from .base import ALL_SLOPES
from .stepwise import StepwiseRule


class RealTimeRecurrentLearning(StepwiseRule, method="rtrl"):
    """The gradient of each step's cost, along how every parameter has moved the recurrent states so far.

    Williams and Zipser 1989; with an order, SnAp-n of Menick and others 2021. Exact while weights stand
    still.
    """

    name: ClassVar[str] = "real-time recurrent learning"
    slopes: ClassVar[str] = ALL_SLOPES
    _live: Sensitivities | None = None

    def plan(self) -> Plan:
        """The plan for the present topology. Sensitivities of another order are forgotten."""
        network, order = self.task.network, self.task.options.order
        live = self._live or network._sensitivities
        if live is None or live.order != order:
            live = Sensitivities(order)
            if network._rtrl is None:
                network._sensitivities = live
        self._live = live
        return live.ready(network)

"""The online rule: weights change at every step with a target, by quantities of that step."""

from __future__ import annotations

from typing import ClassVar

from .base import SLOPES_OF_OUTPUTS
from .stepwise import StepwiseRule


class Online(StepwiseRule, method="online"):
    """The rule of :meth:`Network.propagate`: Monner and Reggia 2012."""

    name: ClassVar[str] = "the online rule"
    through_time: ClassVar[bool] = False
    slopes: ClassVar[str] = SLOPES_OF_OUTPUTS

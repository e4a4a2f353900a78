"""Training by a rule of synapses."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ... import _checks as checks
from ..._typing import Floats
from ...engine.online import Epochs
from ...errors import ArgumentError
from ...objects.plastic import NOTHING, Plasticity
from ...plasticity._rule import Rule
from .._data import Order
from .._parameters import BatchGradient, Updater
from ._base import RULES, TrainingRule

VOIDS = (
    *("batch_size", "l1", "l2", "clip", "clip_value", "window"),
    *("dropout", "recurrent_dropout", "renewal"),
)
"""Options of a trainer that need a gradient."""


class BySynapses(TrainingRule):
    """A rule by which each synapse changes its weight from its own values."""

    direct: ClassVar[bool] = True
    _through_time: ClassVar[bool] = False
    weighs: ClassVar[bool] = False
    _own: Plasticity | None = None

    @classmethod
    def check(cls, options: Any) -> None:
        """Refuse options that need a gradient."""
        unfit = [name for name in VOIDS if getattr(options, name) not in (None, 0.0)]
        if not unfit and options.optimizer is not None:  # else these may need one
            unfit = ["optimizer"]
        if unfit:
            raise ArgumentError(
                f"{options.rule!r} changes weights itself, without a gradient. Remove"
                f" {' and '.join(unfit)}."
            )
        if options.reach is not None:
            raise ArgumentError('`reach` is for rule="rtrl". Remove it.')

    def _live(self) -> Plasticity:
        """Return the rule with its traces, which are those of the network if it learns
        by this rule.
        """
        of_network = self.task.network._plastic
        if of_network is not None and of_network.rule == self.task.options.rule:
            return of_network
        if self._own is None:
            self._own = Plasticity(self.task.options.rule)
        return self._own

    def continued(self, task: Any) -> TrainingRule:
        """Return the rule for the next batch of a stream, with this one's traces."""
        rule: Any = super().continued(task)
        rule._own = self._own
        return rule

    def lay_out(self) -> None:
        """Arrange the traces."""
        self._live().ready(self.task.network)

    def gradient(self, chosen: Order) -> BatchGradient:
        """Refuse, because there is no gradient."""
        raise ArgumentError(f"{self.task.options.rule!r} has no gradient.")

    def joins_epochs(self) -> bool:
        """Return True, because epochs follow each other without a call in between."""
        return True

    def learn_epochs(
        self, epochs: Epochs, updater: Updater | None
    ) -> tuple[int, float, float]:
        """Run epochs, with one call for each sequence, or for all rows of a stream."""
        data = self.task.data
        data.require_fit(self.task.network)
        inputs = checks.dense_rows(data.inputs)
        cost = 0.0
        for epoch, order in enumerate(epochs.orders):
            cost = 0.0
            begins = data.bounds[:-1][order]
            ends = data.bounds[1:][order]
            ranges: list[Any] = [
                slice(*pair) for pair in zip(begins, ends, strict=True)
            ]
            if not data.clear:
                # samples of one stream are one call
                ranges = [
                    np.concatenate([np.r_[rows_of_call] for rows_of_call in ranges])
                ]
            for rows_of_call in ranges:
                if epochs.control[0]:
                    return epoch, cost, 1.0
                rows = inputs[rows_of_call]
                cost += self._learn(
                    rows, data.targets[rows_of_call], epochs.rates[epoch]
                )
                epochs.control[1] += len(rows)
            epochs.losses[epoch] = cost / max(1, self._judged)
        return len(epochs.orders), cost, float(max(1, self._judged))

    def _learn(self, rows: Floats, targets: Floats, rate: float) -> float:
        network = self.task.network
        live = self._live()
        if self.task.data.clear:
            network._clear_in_use()
            live.clear()
        has_errors = live.rule._asks_for("post_error")
        aims = targets if has_errors else NOTHING
        code = self.task.cost.code
        inputs = np.ascontiguousarray(rows)
        of = inputs, len(rows), aims, code, None, float(rate)
        return live.learn(network, *of)[1]

    @property
    def _judged(self) -> int:
        """Number of steps with a target."""
        return int(np.count_nonzero(self.task.data.has_target))


def rule_class(rule: str | Rule) -> type[TrainingRule]:
    """Return the class of a trainer's rule."""
    return RULES[rule] if isinstance(rule, str) else BySynapses

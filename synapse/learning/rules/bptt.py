"""Exact gradients of whole sequences, by backpropagation through time."""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentError
from ...optimizers import LBFGS
from .._data import Data, Order
from .._exact import ExactGradient
from .._regularisation import Masks
from .base import BatchGradient, Options, Rule, Task


class BackpropagationThroughTime(Rule, method="bptt"):
    """The exact gradient: the mean over a batch's sequences of the cost summed over their steps.

    Werbos 1990. See :func:`synapse.gradient`.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        data, options = task.data, task.options
        counted = data.aimed * (1.0 if task.weights is None else task.weights)
        self._steps, filled = np.zeros(data.sequences), data.filled
        self._steps[filled] = np.add.reduceat(counted, data.bounds[filled].astype(np.int64))
        self._lengths = np.diff(data.bounds.astype(np.int64))
        self._masks: Masks | None = None
        self._exact = ExactGradient(task.network, data, options.threads, task.weights)

    @classmethod
    def check(cls, options: Options) -> None:
        """Refuse dropout with L-BFGS."""
        super().check(options)
        if options.dropout.any and isinstance(options.optimizer, LBFGS):
            raise ArgumentError("Dropout cannot be used with L-BFGS, which needs a fixed cost.")

    @classmethod
    def arrange(cls, data: Data) -> Data:
        """Arrange the data; a stream is one sequence."""
        return data.as_sequences()

    def continued(self, task: Task) -> BackpropagationThroughTime:
        """Return a new rule that uses the same tapes."""
        following = type(self)(task)
        following._exact.take_tapes(self._exact)
        return following

    def lay_out(self) -> None:
        """Look up the rows of the connections, and prepare the masks of dropout."""
        network, dropout = self.task.network, self.task.options.dropout
        self._rows = network._connection_rows()
        self._masks = dropout.masks(self.task.rng) if dropout.any else None

    def gradient(self, chosen: Order) -> BatchGradient:
        """Run forward and backward over some sequences, several side by side."""
        task, share = self.task, np.full(len(chosen), 1.0 / len(chosen))
        loss, weights, biases = self._exact.descent(
            chosen, share, task.cost, task.options.window, masks=self._masks
        )
        return BatchGradient(
            cost=loss * len(chosen),
            steps=float(self._steps[chosen].sum()),
            weights=-weights[self._rows],
            biases=-biases,
            rows=int(self._lengths[chosen].sum()),
        )

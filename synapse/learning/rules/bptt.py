"""Exact gradients of whole sequences, by backpropagation through time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import ArgumentError
from ...optimizers import LBFGS
from ...optimizers.base import BuiltIn
from .._batches import BatchLoop
from .._data import Data, Epochs, Order
from .._exact import ExactGradient
from .._regularisation import Masks
from .base import BatchGradient, Options, Rule, Task

if TYPE_CHECKING:
    from .._parameters import Updater


class BackpropagationThroughTime(Rule, method="bptt"):
    """The exact gradient: the mean over a batch's sequences of the cost summed over their steps.

    Werbos 1990. See :func:`synapse.gradient`.
    """

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        data, options = task.data, task.options
        self._steps, filled = np.zeros(data.sequences), data.filled
        self._steps[filled] = np.add.reduceat(
            data.counted(task.weights), data.bounds[filled].astype(np.int64)
        )
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
        self._loop: BatchLoop | None = None

    def together(self) -> bool:
        """Whether nothing has to be done in Python between batches.

        Python draws the masks of dropout, copies what is recorded, distributes groups among threads, and
        calls an optimizer of your own.
        """
        task, network = self.task, self.task.network
        recorder = network._store.recorder
        recorded = recorder is not None and recorder.records(network)
        threaded = task.options.threads > 1 and not network.is_random
        return (
            isinstance(task.options.optimizer, BuiltIn)
            and not task.options.dropout.any
            and not recorded
            and (self._batches().groups == 1 or not threaded)
        )

    def _batches(self) -> BatchLoop:
        """The compiled loop over batches, for the present topology."""
        if self._loop is None:
            window, size = self.task.options.window, self.sequences_in_batch
            self._loop = BatchLoop(self._exact, self.task.cost, window, size, self._steps)
        return self._loop

    def learn_epochs(self, epochs: Epochs, updater: Updater | None) -> int:
        """Run all batches of several epochs in one compiled call."""
        assert updater is not None
        return self._batches().run(epochs, updater)

    def gradient(self, chosen: Order) -> BatchGradient:
        """Run forward and backward over some sequences, several side by side."""
        task, share = self.task, np.full(len(chosen), 1.0 / len(chosen))
        loss, weights, biases = self._exact.descent(
            chosen, share, task.cost, task.options.window, masks=self._masks
        )
        return BatchGradient(
            cost=loss * len(chosen),
            steps=float(self._steps[chosen].cumsum()[-1]),  # in this order, as the compiled loop does
            weights=-weights[self._rows],
            biases=-biases,
            rows=int(self._lengths[chosen].sum()),
        )

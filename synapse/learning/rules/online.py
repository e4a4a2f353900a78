"""The online rule: weights change at every step with a target, by what can be computed at that step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ... import engine
from ..._typing import Ints
from ...engine.lowering.program import spans
from ...errors import ArgumentError
from ...optimizers import LBFGS
from .._data import Data
from .._passes import Control, new_control, one_pass
from .base import BatchGradient, Options, Rule


class Online(Rule, method="online"):
    """The rule of :meth:`Network.propagate`: Monner and Reggia 2012.

    Without an optimizer weights change at every step; with one it takes the sum over `batch_size` steps,
    during which they stay as they are.
    """

    direct: ClassVar[bool] = True
    through_time: ClassVar[bool] = False
    batch_size: ClassVar[int] = 1

    @classmethod
    def check(cls, options: Options) -> None:
        """No dropout, no L-BFGS, no weights of samples."""
        super().check(options)
        if isinstance(options.optimizer, LBFGS):
            raise ArgumentError('L-BFGS needs exact gradients: give method="bptt".')
        if options.dropout.any:
            raise ArgumentError(
                'Dropout needs method="bptt". For the online rule gate connections by bernoulli neurons.'
            )
        if options.weighted:
            raise ArgumentError('Samples and classes are weighed with method="bptt" only.')

    def learn(
        self, data: Data, order: NDArray[np.uint64], rate: float, control: Control
    ) -> tuple[float, int]:
        """One compiled pass in which weights change at every step with a target."""
        return one_pass(self.task.network, data, order, self.task.cost, rate, control)

    def lay_out(self) -> None:
        """Room for the moves of a batch."""
        network = self.task.network
        if self.task.options.optimizer is not None:
            self._moves = engine.online.Accumulator(network._store)
            self._rows, self._neurons = network._connection_rows(), network._rows()

    def gradient(self, chosen: NDArray[np.uint64]) -> BatchGradient:
        """The summed moves over some whole sequences."""
        bounds = self.task.data.bounds.astype(np.int64)
        return self._over(bounds[:-1][chosen], bounds[1:][chosen])

    def gradients(self, order: NDArray[np.uint64]) -> Iterator[BatchGradient]:
        """A batch ends with a step that has a target, which may be in the middle of a sequence."""
        data, size = self.task.data, self.task.options.batch_size or self.batch_size
        begins, ends = data.bounds[:-1][order].astype(np.int64), data.bounds[1:][order].astype(np.int64)
        stops = np.cumsum(ends - begins)  # counted in rows run, as `cuts` are
        aimed = data.aimed[spans(begins, ends - begins)]
        cuts = 1 + np.flatnonzero(aimed)[size - 1 :: size]
        for start, stop in pairwise([0, *cuts.tolist(), len(aimed)]):
            if start == stop:
                continue
            first, last = np.searchsorted(stops, start, "right"), np.searchsorted(stops, stop)
            left, right = begins[first : last + 1].copy(), ends[first : last + 1].copy()
            left[0] = ends[first] - (stops[first] - start)
            right[-1] -= stops[last] - stop
            batch = self._over(left, right, continued=bool(left[0] > begins[first]))
            if batch.steps:
                yield batch

    def _over(self, begins: Ints, ends: Ints, continued: bool = False) -> BatchGradient:
        """The summed moves over stretches of rows; `continued`: the first begins within a sequence."""
        clear, control = self.task.data.clear, new_control()
        self._moves.clear()
        parts = [(begins, ends, clear)]
        if continued:  # its context stays
            parts = [(begins[:1], ends[:1], False), (begins[1:], ends[1:], clear)]
        cost, steps = 0.0, 0
        for left, right, cleared in parts:
            if len(left) and np.isfinite(cost):
                summed, aimed = self._run(left, right, cleared, control)
                cost, steps = cost + summed, steps + aimed
        weights, biases = self._moves.weights[self._rows], self._moves.biases[self._neurons]
        return BatchGradient(cost, steps, -weights, -biases, int(control[1]))

    def _run(self, begins: Ints, ends: Ints, clear: bool, control: Control) -> tuple[float, int]:
        """One compiled pass over stretches of rows, the context cleared before each or not at all."""
        bounds = np.stack([begins, ends], axis=1).reshape(-1).astype(np.uint64)
        part = replace(self.task.data, bounds=bounds, clear=clear)
        every_other = np.arange(0, len(bounds), 2, dtype=np.uint64)  # those between lie in the gaps
        return one_pass(self.task.network, part, every_other, self.task.cost, 1.0, control, self._moves)

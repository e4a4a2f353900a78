"""The base of rules that work forward in time: a batch is a number of steps, on streams too."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ... import engine
from ..._typing import Ints
from ...engine.lowering.changes import spans
from ...optimizers.recursive import RecursiveOptimizer
from .._data import Control, Data, Order, new_control
from .._jacobians import JacobianBuffers, StepJacobian
from .base import BatchGradient, Rule

if TYPE_CHECKING:
    from ...engine.online import Accumulator  # compiled: imported when it is used


class StepwiseRule(Rule):
    """A rule that computes its updates at every step, from what it has kept of earlier ones.

    A subclass defines :meth:`run`. Without an optimizer, weights change at every step with a target; an
    optimizer is called with the sum over `batch_size` such steps, during which weights are constant. For a
    recursive optimizer, which is called with the Jacobian of every such step, it defines :meth:`linearise`.
    """

    direct: ClassVar[bool] = True
    by_steps: ClassVar[bool] = True
    batch_size: ClassVar[int] = 1

    @abstractmethod
    def run(
        self, data: Data, order: Order, rate: float, control: Control, moves: Accumulator | None = None
    ) -> tuple[float, int]:
        """Run over the data once; returns the summed cost and the number of steps with a target.

        If `moves` are given, updates are added to them instead of to the weights and biases.
        `control` is as in :meth:`learn`.
        """

    def linearise(
        self, rows: tuple[int, int], clear: bool, moves: Accumulator, buffers: JacobianBuffers
    ) -> tuple[int, float]:
        """Run from a row to the first one with a target, or to the end, and write the Jacobian there.

        With `clear`, the context is cleared before. Returns the next row and the cost. Raises FunctionError
        if a registered function has raised. For rules with `slopes`.
        """
        raise NotImplementedError(f"{type(self).__name__} computes no Jacobians.")

    def learn(self, data: Data, order: Order, rate: float, control: Control) -> tuple[float, int]:
        """Run one pass in which weights change at every step with a target."""
        return self.run(data, order, rate, control)

    def lay_out(self) -> None:
        """Allocate memory for the summed updates of a batch."""
        network, optimizer = self.task.network, self.task.options.optimizer
        if isinstance(optimizer, RecursiveOptimizer):
            self._buffers = JacobianBuffers(network, optimizer.direct)
        if optimizer is not None:
            self._moves = engine.online.Accumulator(network._store)
            self._rows, self._neurons = network._connection_rows(), network._rows()

    def gradient(self, chosen: Order) -> BatchGradient:
        """The summed updates over some whole sequences."""
        bounds = self.task.data.bounds.astype(np.int64)
        return self._over(bounds[:-1][chosen], bounds[1:][chosen])

    def gradients(self, order: Order) -> Iterator[BatchGradient | StepJacobian]:
        """Yield the gradient of each batch, which ends at a step with a target, even within a sequence."""
        if isinstance(self.task.options.optimizer, RecursiveOptimizer):
            yield from self._jacobians(order)
            return
        data, size = self.task.data, self.task.options.batch_size or self.batch_size
        if isinstance(size, str):  # each sequence is a batch
            yield from (self.gradient(order[i : i + 1]) for i in range(len(order)))
            return
        begins, ends = data.bounds[:-1][order].astype(np.int64), data.bounds[1:][order].astype(np.int64)
        stops = np.cumsum(ends - begins)  # counted in rows run, like `cuts`
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

    def _jacobians(self, order: Order) -> Iterator[StepJacobian]:
        """Yield the Jacobian of each step with a target."""
        data = self.task.data
        for sequence in order.tolist():
            row, end = data.bounds[sequence : sequence + 2].tolist()
            clear = data.clear
            while row < end:
                begin = row
                row, cost = self.linearise((row, end), clear, self._moves, self._buffers)
                clear, steps = False, int(data.aimed[row - 1])
                if steps:
                    yield StepJacobian(cost, steps, row - begin, self._buffers.jacobian, self._buffers.errors)

    def _over(self, begins: Ints, ends: Ints, continued: bool = False) -> BatchGradient:
        """The summed updates over ranges of rows; `continued`: the first begins within a sequence."""
        control, first = new_control(), int(continued)  # its context is not cleared
        self._moves.clear()
        cost, steps = 0.0, 0
        for here, clear in ((slice(first), False), (slice(first, None), self.task.data.clear)):
            if len(begins[here]) and np.isfinite(cost):
                summed, aimed = self._through(begins[here], ends[here], clear, control)
                cost, steps = cost + summed, steps + aimed
        weights, biases = self._moves.weights[self._rows], self._moves.biases[self._neurons]
        return BatchGradient(cost, steps, -weights, -biases, int(control[1]))

    def _through(self, begins: Ints, ends: Ints, clear: bool, control: Control) -> tuple[float, int]:
        """Run over ranges of rows; the context is cleared before each, or not at all."""
        bounds = np.stack([begins, ends], axis=1).reshape(-1).astype(np.uint64)
        part = replace(self.task.data, bounds=bounds, clear=clear)
        every_other = np.arange(0, len(bounds), 2, dtype=np.uint64)  # skip the gaps between ranges
        return self.run(part, every_other, 1.0, control, self._moves)

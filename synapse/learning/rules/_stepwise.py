"""Rules that work forward in time, which are the online rule and rtrl. Their batches
are numbers of steps, also on streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import ClassVar

import numpy as np

from ... import engine
from ..._checks import dense_rows
from ..._typing import Floats, Ints
from ...engine.lowering.ranges import concat_ranges
from ...engine.online import Accumulator, Epochs
from ...engine.records import Span, Ties
from ...engine.rtrl import Plan
from ...errors import ArgumentError, DivergenceError
from ...objects.network import Network
from ...objects.sensitivities import Sensitivities
from ...optimizers import LBFGS, SGD, RecursiveOptimizer
from ...optimizers._base import too_steep
from .._data import (
    Data,
    Order,
    new_control,
    run_epochs,
    single_epoch,
)
from .._options import FixedOptions
from .._parameters import BatchGradient, ParameterVector, StepJacobian, Updater
from .._regularisation import Penalties
from ._base import ALL_SLOPES, SLOPES_OF_OUTPUTS, RuleTask, TrainingRule

DIVERGENCE_FACTOR = 1e6
"""Largest error from which a recursive optimizer learns, as a multiple of the largest
target, or of 1."""


class StepwiseRule(TrainingRule):
    """A rule that computes its updates at every step, from traces or sensitivities of
    earlier steps.

    Without an optimizer, weights change at every step with a target. An optimizer is
    called with the sum over `batch_size` such steps, during which weights are constant,
    and a recursive optimizer with the Jacobian of every such step. A subclass defines
    :meth:`plan` if it has sensitivities, or :meth:`run` if its steps differ.
    """

    _title: ClassVar[str] = "this rule"
    direct: ClassVar[bool] = True
    _threaded: ClassVar[bool] = True
    _by_steps: ClassVar[bool] = True
    weighs: ClassVar[bool] = False
    batch_size: ClassVar[int] = 1

    @classmethod
    def check(cls, options: FixedOptions) -> None:
        """Refuse L-BFGS, dropout and a window."""
        super().check(options)
        # [recipe option: refuse]
        if options.window is not None:
            raise ArgumentError(
                f'The window is for rule="bptt": {cls._title} works forward, step by'
                " step. Remove it."
            )
        if isinstance(options.optimizer, LBFGS):
            raise ArgumentError(
                'L-BFGS needs the gradient of all data at once. Use rule="bptt".'
            )
        if options.masks is not None:
            raise ArgumentError(
                f'Dropout needs rule="bptt". With {cls._title}, gate connections by'
                " bernoulli neurons."
            )

    def plan(self) -> Plan | None:
        """Return the sensitivities for the present topology, or None to make steps of
        the online rule.
        """
        return None

    def run(
        self, data: Data, epochs: Epochs, updates: Accumulator | None = None
    ) -> tuple[int, float, int]:
        """Run epochs in one call, or add updates to `updates`, and return how many, and
        cost and steps of the latest.
        """
        plan = self.plan()
        if plan is not None:
            engine.online.clear_traces(plan.store, plan.span)
        renewer = None if updates is not None else self._renewer
        renewal = None if renewer is None else renewer.arguments(self.task.rng)
        return run_epochs(
            self.task.network,
            data,
            epochs,
            self.task.cost,
            updates=updates,
            plan=plan,
            renewal=renewal,
        )

    def _linearise(
        self,
        rows: tuple[int, int],
        clear: bool,
        updates: Accumulator,
        buffers: JacobianBuffers,
    ) -> tuple[int, float]:
        """Run from a row to the first one with a target, or to the end, and write the
        Jacobian there.

        With `clear`, the context is cleared before. Returns the next row and the cost.
        Raises FunctionError if a registered function has raised an error. For the
        online rule, the Jacobian only covers the outputs' own parameters.
        """
        network = self.task.network
        data = self.task.data
        plan = self.plan()
        data.require_fit(network)
        _, store, span = network._lowered()
        jacobian = engine.rtrl.jacobian
        run = jacobian.DataRows(
            dense_rows(data.inputs).reshape(-1),
            data.targets.reshape(-1),
            data.has_target,
            *rows,
            clear,
        )
        wanted = jacobian.Linearisation(
            self.task.cost.code,
            buffers.direct,
            buffers.places,
            buffers.jacobian,
            buffers.errors,
        )
        kernels = jacobian.kernels_for(store, span, updates, plan)
        kernel = jacobian.regress_network
        if plan is not None:
            kernel = jacobian.linearise_network
        _, row, cost = network._call_in_use(kernels, kernel, run, wanted)
        return int(row), cost

    def joins_epochs(self) -> bool:
        """Return whether there is neither a recording, whose rows take memory, nor an
        optimizer other than plain gradient descent.
        """
        if self.task.network._recorder is not None:
            return False
        optimizer = self.task.options.optimizer
        return optimizer is None or self._descends_by(optimizer)

    def _descends_by(self, optimizer: object) -> bool:
        """Return whether kernels can move the parameters as an optimizer does."""
        options = self.task.options
        _, store, span = self.task.network._lowered()
        return (
            isinstance(optimizer, SGD)
            and optimizer._skips_zeros()
            and options.penalties == Penalties()
            and self._renewer is None
            and type(self).run is StepwiseRule.run
            and self.plan() is None
            and not store["ties"][: Ties.CLAMPED].any()
            and span[Span.LEARNING] == span[Span.START] + span[Span.INPUTS]
        )

    def learn_epochs(
        self, epochs: Epochs, updater: Updater | None
    ) -> tuple[int, float, float]:
        """Run several epochs in one compiled call, which moves the parameters at the
        end of each batch if there is an optimizer.
        """
        if updater is None:
            return self.run(self.task.data, epochs)
        return self._learn_batches(epochs, updater)

    def _learn_batches(
        self, epochs: Epochs, updater: Updater
    ) -> tuple[int, float, float]:
        size = self._size_of_batch
        batch = engine.online.new_batch(0 if isinstance(size, str) else size)
        self._moves.clear()
        data = self.task.data
        ended = run_epochs(
            self.task.network,
            data,
            epochs,
            self.task.cost,
            updates=self._moves,
            batch=batch,
        )
        _, count, updates = batch.tolist()
        updater.state.steps += updates
        self._moves.are_clear = count == 0
        if count == engine.online.UNMOVED:  # an update of the whole vector says why
            updater.update(self._summed(0.0, 0, 0), float(epochs.rates[0]))
            raise too_steep()
        return ended

    def lay_out(self) -> None:
        """Arrange the sensitivities, and allocate memory for a batch's updates."""
        network = self.task.network
        optimizer = self.task.options.optimizer
        if isinstance(optimizer, RecursiveOptimizer):
            self._buffers = JacobianBuffers(network, optimizer.direct)
        if optimizer is not None:
            self._moves = engine.online.Accumulator(network._store)
            self._rows = network._connection_rows()
            self._neurons = network._rows()
        self.plan()

    def continued(self, task: RuleTask) -> TrainingRule:
        """Return this rule, which uses the same buffers, with other data."""
        if type(self).__init__ is not TrainingRule.__init__:  # it may depend on them
            return super().continued(task)
        self.task = task
        return self

    def gradient(self, chosen: Order) -> BatchGradient:
        """Return the summed updates over some whole sequences."""
        bounds = self.task.data.bounds
        return self._over(bounds[:-1][chosen], bounds[1:][chosen])

    def gradients(self, order: Order) -> Iterator[BatchGradient | StepJacobian]:
        """Yield the gradient of each batch, which may end within a sequence. The last
        may have no target.
        """
        if isinstance(self.task.options.optimizer, RecursiveOptimizer):
            yield from self._jacobians(order)
            return
        data = self.task.data
        size = self._size_of_batch
        if isinstance(size, str):  # each sequence is a batch
            yield from (self.gradient(order[i : i + 1]) for i in range(len(order)))
            return
        begins = data.bounds[:-1][order]
        ends = data.bounds[1:][order]
        stops = np.cumsum(ends - begins)  # counted in rows run, like `cuts`
        has_target = data.has_target[concat_ranges(begins, ends - begins)]
        cuts = 1 + np.flatnonzero(has_target)[size - 1 :: size]
        for start, stop in pairwise([0, *cuts.tolist(), len(has_target)]):
            if start == stop:
                continue
            leading = np.searchsorted(stops, start, "right")
            trailing = np.searchsorted(stops, stop)
            left = begins[leading : trailing + 1].copy()
            right = ends[leading : trailing + 1].copy()
            left[0] = ends[leading] - (stops[leading] - start)
            right[-1] -= stops[trailing] - stop
            yield self._over(left, right, continued=bool(left[0] > begins[leading]))

    def _jacobians(self, order: Order) -> Iterator[StepJacobian]:
        """Yield the Jacobian of each step with a target, and the end of a sequence
        without one.
        """
        data = self.task.data
        limit = DIVERGENCE_FACTOR * float(np.nanmax(np.abs(data.targets), initial=1.0))
        for sequence in order.tolist():
            row, end = data.bounds[sequence : sequence + 2].tolist()
            clear = data.clear
            while row < end:
                begin = row
                recorder = self.task.network._recorder
                stop = end if recorder is None else row + 1
                row, cost = self._linearise(
                    (row, stop), clear, self._moves, self._buffers
                )
                clear = False
                steps = int(data.has_target[row - 1])
                if recorder is not None:
                    recorder.stepped(self.plan(), steps > 0)
                # they may grow for ever and stay finite
                if (np.abs(self._buffers.errors) > limit).any():
                    raise DivergenceError(
                        f"The error of an output exceeds {DIVERGENCE_FACTOR:g} times"
                        " the largest target. The weights from before that step are"
                        " kept. Continue with less initial variance, more measurement"
                        " noise, a lower rate or a bounded squash."
                    )
                yield StepJacobian(
                    cost,
                    steps,
                    row - begin,
                    self._buffers.jacobian,
                    self._buffers.errors,
                )

    def _over(self, begins: Ints, ends: Ints, continued: bool = False) -> BatchGradient:
        """Return the summed updates over ranges of rows. If `continued`, the first
        range begins within a sequence.
        """
        control = new_control()
        self._moves.clear()
        bounds = np.stack([begins, ends], axis=1).reshape(-1)
        batch = replace(self.task.data, bounds=bounds, continued=continued)
        # skip the gaps between ranges
        every_other = np.arange(0, len(bounds), 2, dtype=np.int64)
        epoch = single_epoch(every_other, 1.0, control)
        _, cost, steps = self.run(batch, epoch, self._moves)
        return self._summed(cost, steps, int(control[1]))

    def _summed(self, cost: float, steps: int, rows: int) -> BatchGradient:
        """Return the gradient in the buffers."""
        weights = self._moves.weights[self._rows]
        biases = self._moves.biases[self._neurons]
        return BatchGradient(cost, steps, -weights, -biases, rows)


class Online(StepwiseRule, rule="online"):
    """The rule of :meth:`Network.propagate`, by Monner and Reggia 2012."""

    _title: ClassVar[str] = "the online rule"
    _through_time: ClassVar[bool] = False
    slopes: ClassVar[str] = SLOPES_OF_OUTPUTS


class RealTimeRecurrentLearning(StepwiseRule, rule="rtrl"):
    """The gradient of each step's cost, by the sensitivities of the recurrent states to
    every parameter.

    Williams and Zipser 1989, or with a reach SnAp-n of Menick and others 2021. It is
    exact while weights are fixed.
    """

    _title: ClassVar[str] = "real-time recurrent learning"
    slopes: ClassVar[str] = ALL_SLOPES
    _has_reach: ClassVar[bool] = True
    _live: Sensitivities | None = None

    def plan(self) -> Plan:
        """Return the plan for the present topology. Sensitivities of another reach are
        discarded.
        """
        network = self.task.network
        reach = self.task.options.reach
        live = self._live or network._sensitivities
        if live is None or live.reach != reach:
            live = Sensitivities(reach)
            if network._rtrl is None:
                network._sensitivities = live
        self._live = live
        return live.plan_for(network)

    def _clear_sensitivities(self) -> None:
        """Clear the sensitivities, which belong to the weights before the renewal."""
        self.plan().clear()


class JacobianBuffers:
    """The memory of Jacobians for the present topology of a network.

    Attributes
    ----------
    direct : bool
        Whether they only contain the outputs' own parameters, within the step.
    jacobian : ndarray, shape (outputs, parameters)
        Derivatives of the outputs. See :class:`ParameterVector` for the columns.
    errors : ndarray, shape (outputs,)
        Target minus output.
    places : tuple of ndarray
        The rows of trainable weights and their columns, and the rows of biases and
        their columns.
    """

    def __init__(self, network: Network, direct: bool) -> None:
        parameters = ParameterVector(network)
        (rows, entries), biases = parameters.entries()
        learns = network._column("trainable")[rows] != 0
        self.direct = direct
        self.places = rows[learns], entries[learns], *biases
        self.jacobian: Floats = np.zeros((len(network.output), len(parameters.frozen)))
        self.errors: Floats = np.zeros(len(network.output))

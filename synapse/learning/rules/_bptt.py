"""Exact gradients of whole sequences, by backpropagation through time."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ... import engine
from ..._cost import Cost, SequenceCost
from ..._typing import Floats
from ...errors import ArgumentError, DivergenceError
from ...objects.threads import beside, computing, threads_that_pay, work_of
from ...optimizers import LBFGS
from ...optimizers._base import not_clipped, too_far, too_steep
from ...optimizers._descent import BuiltIn
from .._data import Data, Order
from .._gradient import SAMPLE_TAPE_STEPS, ExactGradient, checked_window, not_finite
from .._options import FixedOptions
from .._parameters import BatchGradient, Updater
from .._regularisation import Masks
from ._base import RuleTask, TrainingRule


class BackpropagationThroughTime(TrainingRule, rule="bptt"):
    """The exact gradient of the cost, summed over the steps of each sequence and
    averaged over the sequences of a batch.

    Werbos 1990. See :func:`synapse.gradient`.
    """

    _threaded: ClassVar[bool] = True
    _by_sequences: ClassVar[bool] = True
    _in_float: ClassVar[bool] = True

    def __init__(self, task: RuleTask) -> None:
        super().__init__(task)
        self._masks: Masks | None = None
        self._window = checked_window(task.options.window)
        self._exact = ExactGradient(
            task.network,
            task.data,
            task.options.threads,
            task.weights,
            whole=bool(task.options.recurrent_dropout),
        )
        self._begin()

    def _begin(self) -> None:
        """Find everything that depends on the form of the data, which are the steps of
        sequences, and the steps with a target.
        """
        data = self.task.data
        counted = data.counted(self.task.weights)
        filled = data.filled
        self._steps = np.zeros(data.sequences)
        self._steps[filled] = (
            np.add.reduceat(counted, data.bounds[filled]) if data.items is None else 1.0
        )
        self._form = data.bounds.tobytes(), data.has_target.tobytes()
        self._loop: BatchLoop | None = None

    @classmethod
    def check(cls, options: FixedOptions) -> None:
        """Refuse dropout with L-BFGS."""
        super().check(options)
        # [recipe option: changes the cost]
        if options.masks is not None and isinstance(options.optimizer, LBFGS):
            raise ArgumentError(
                "Dropout cannot be used with L-BFGS, which needs a fixed cost."
            )

    @property
    def _nbytes(self) -> int:
        """Size of the data and tapes in bytes."""
        return self._exact.nbytes

    @classmethod
    def arrange(cls, data: Data) -> Data:
        """Arrange the data, where a stream is one sequence."""
        return data.as_sequences()

    def continued(self, task: RuleTask) -> BackpropagationThroughTime:
        """Return this rule, which uses the same tapes, with other data."""
        # it may depend on the data
        if type(self).__init__ is not BackpropagationThroughTime.__init__:
            return type(self)(task)
        data, before, self.task = task.data, self.task, task
        self._exact.take(data, task.weights)
        alike = (
            data.bounds is before.data.bounds
            and data.has_target is before.data.has_target
        )
        alike = (
            alike or (data.bounds.tobytes(), data.has_target.tobytes()) == self._form
        ) and type(data.inputs) is type(before.data.inputs)
        if not alike or task.weights is not None or before.weights is not None:
            self._begin()
        return self

    def lay_out(self) -> None:
        """Prepare the masks of dropout."""
        dropout = self.task.options.masks
        self._masks = None if dropout is None else dropout.masks(self.task.rng)
        self._loop = None

    def joins_epochs(self) -> bool:
        """Return whether no masks, renewal, recording, own optimizer or own cost of
        sequences need Python.
        """
        task = self.task
        joins = (
            isinstance(task.options.optimizer, BuiltIn)
            # [recipe option: needs Python]
            and self._masks is None
            and self._renewer is None
            and not isinstance(task.cost, SequenceCost)
            and task.network._recorder is None
        )
        if joins:
            self._batches()  # now: the thread of a long call cannot use the network
        return joins

    def _batches(self) -> BatchLoop:
        """Return the compiled loop over batches, for the present topology."""
        if self._loop is None:
            size = self._size_of_batch
            self._loop = BatchLoop(
                self._exact, self.task.cost, self._window, size, self._steps
            )
        return self._loop

    def learn_epochs(
        self, epochs: engine.online.Epochs, updater: Any
    ) -> tuple[int, float, float]:
        """Run all batches of several epochs in one compiled call."""
        return self._batches().run(epochs, updater)

    def _activity(self) -> Floats:
        """Return the mean activity over the samples of the last computed group."""
        return self._exact.activity()

    def gradient(self, chosen: Order) -> BatchGradient:
        """Run forward and backward over some sequences, with several side by side."""
        task = self.task
        share = np.full(len(chosen), 1.0 / len(chosen))
        loss, weights, biases = self._exact.descent(
            chosen,
            share,
            task.cost,
            self._window,
            masks=self._masks,
        )
        # [recipe option: apply]
        rows = int(task.data.lengths[chosen].sum())
        task.network._count_steps(rows)
        return BatchGradient(
            cost=loss * len(chosen),
            # in this order, as the compiled loop does
            steps=float(self._steps[chosen].cumsum()[-1]),
            weights=-weights[self._exact.rows],
            biases=-biases,
            rows=rows,
        )


class BatchLoop:
    """Epochs of updates after every `size` sequences in one compiled call, see
    ``engine/exact/train.py``.

    The loop is valid for one topology and the present data of `exact`. `counts` are the
    numbers of steps with a target in each sequence. The caller has the network in use.
    """

    def __init__(
        self, exact: ExactGradient, cost: Cost, window: int, size: int, counts: Floats
    ) -> None:
        exact.begin()
        self.exact = exact
        self.cost = cost
        self.window = window
        self.counts = counts
        lengths = exact.data.lengths[exact.data.filled]
        fewest, longest = int(lengths.min()), int(lengths.max())
        self.size = min(size, len(lengths))
        lanes = exact.lanes
        if exact.independent_steps:  # each step is a sample
            most = int(np.sort(lengths)[-self.size :].sum())
            deep = SAMPLE_TAPE_STEPS
            steps = [fewest, longest]
        else:
            most = self.size
            deep = 1
            steps = [1]
        groups = [stop.stop - stop.start for stop, _ in exact.split(most)]

        # bounds of what a call can need: tapes exist before it, and widths that no
        # batch has are not compiled
        samples = [
            size * length
            for size in (self.size, len(lengths) % self.size)
            for length in steps
        ]
        widths = {width for count in samples for _, width in exact.split(count)}
        self._used = {width: width in widths for width in (lanes, 1)}
        self._rows = float(lengths.mean()) * self.size
        self._longest_first = not exact.independent_steps and fewest < longest
        self._depth, self._parts = longest, len(groups)
        if exact.independent_steps:
            self._depth = min(deep, -(-most // lanes))
            # what several threads can compute at the same time
            self._parts = 1 if exact.has_shared_gaters() else -(-groups[0] // lanes)

        # arguments that stay the same for the next batch of a stream, and the tapes
        # that they are for
        self._fixed: list[tuple[Any, ...]] = []
        self._laid: list[Any] = []
        self._batches = engine.exact.Batches(
            bounds=exact.data.bounds,
            size=np.int64(self.size),
            lanes=np.int64(lanes),
            few=np.int64(exact.few),
            deep=np.int64(deep),
            begins=np.zeros(most, np.int64),
            lengths=np.zeros(most, np.int64),
            shares=np.zeros(most),
        )

    def run(
        self, epochs: engine.online.Epochs, updater: Updater
    ) -> tuple[int, float, float]:
        """Run the epochs, and return how many are complete, and the summed cost and
        steps of the latest.
        """
        self.exact.begin()
        optimizer = updater.optimizer
        state = updater.state
        address, store, _ = self.exact._lowered
        # before the sequences of a batch are sorted: sums keep their bits
        counts = self.counts[epochs.orders]
        epochs = epochs._replace(orders=self._sorted(epochs.orders))
        before = int(epochs.control[1])
        wanted = self._threads(len(epochs.rates) * epochs.orders.shape[1])
        with computing(wanted, self.exact.threads is None) as threads:
            exact = engine.exact
            ways = self._ways(threads)
            team = engine.exact.new_team()
            arguments = [
                (
                    address,
                    store.scalar,
                    ways_here,
                    self._batches,
                    epochs,
                    counts,
                    updater.change_of_kernels(number),
                    state.steps,
                    *((exact.Team(number, len(ways), *team),) if len(ways) > 1 else ()),
                )
                for number, ways_here in enumerate(ways)
            ]
            kernel = exact.train_by_team if len(ways) > 1 else exact.train_epochs
            inputs, change = self.exact._inputs, arguments[0][6]
            parts = change.penalty is None, change.lists is None
            kinds = store.dtype, *self._used.values(), type(inputs), *parts
            train = exact.entry_for(kernel, kinds, arguments[0])
            helpers = [partial(train, *given) for given in arguments[1:]]
            stop = partial(team[0].fill, engine.exact.OVER)
            with beside(helpers, stop) if helpers else nullcontext():
                done, code, state.steps, total, n_targets, where = train(*arguments[0])
        self.exact.network._count_steps(int(epochs.control[1]) - before)
        if code not in (engine.status.DONE, engine.status.STOPPED):
            raise self._failure(code, where, optimizer, updater)
        return done, total, n_targets

    def _threads(self, sequences: int) -> int:
        """Return the number of threads for a call with this number of sequences."""
        exact = self.exact
        threads = exact.threads
        if threads is None:
            _, store, _ = exact._lowered
            batch = work_of(store.n_connections, store.dtype.itemsize, self._rows)
            threads = threads_that_pay(batch, batch / self.size * sequences)
        if threads == 1 or exact.network._is_random:  # random neurons draw in order
            return 1
        return min(threads, self._parts)

    def _sorted(self, orders: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the orders with the longest sequences of each batch first, in which
        `ExactGradient` computes them.
        """
        if not self._longest_first:
            return np.ascontiguousarray(orders)
        batch = np.broadcast_to(np.arange(orders.shape[1]) // self.size, orders.shape)
        lengths = self.exact.data.lengths
        return np.take_along_axis(orders, np.lexsort((-lengths[orders], batch)), axis=1)

    def _tapes(self, lanes: int, number: int = 0) -> engine.exact.Tapes:
        """Return the tapes of a thread for groups of `lanes` samples."""
        tapes = self.exact.tapes_of(
            number,
            lanes,
            self._depth if lanes > 1 or not self.exact.independent_steps else 1,
        )
        tapes.begin(None, None)
        return tapes

    def _ways(self, threads: int) -> list[tuple[Any, ...]]:
        """Return how each thread computes the gradients of groups with several samples,
        and with one. If memory for their tapes is short, there are fewer threads.
        """
        if self._laid != [self.exact._lowered[0], *self.exact._tapes.values()]:
            self._fixed = []
        while len(self._fixed) < threads:
            try:
                self._fixed.append(self._fixed_arguments(len(self._fixed)))
            except MemoryError:
                if not self._fixed:
                    raise
                break
        self._laid = [self.exact._lowered[0], *self.exact._tapes.values()]
        data = {"inputs": self.exact._inputs, "targets": self.exact._targets}
        return [
            engine.exact.GradientVariants(wide, single, like._replace(**data))
            for wide, single, like, _ in self._fixed[:threads]
        ]

    def _fixed_arguments(self, number: int) -> tuple[Any, ...]:
        """Return a thread's arguments that do not depend on the data."""
        tapes: list[engine.exact.Tapes | engine.exact.SharedTapes | None] = []
        for lanes, used in self._used.items():
            if not used:
                tapes.append(None)
            elif self.exact.independent_steps and number > 0:
                # threads compute steps of the same group
                tapes.append(engine.exact.SharedTapes(self._tapes(lanes)))
            else:
                tapes.append(self._tapes(lanes, number))
        samples = engine.exact.SampleGroup(
            begins=self._batches.begins,
            lengths=self._batches.lengths,
            shares=self._batches.shares,
            weights=self.exact.weights,
            steps=np.int64(0),
            window=np.int64(self.window),
            independent_steps=self.exact.independent_steps,
        )
        arguments = [
            self.exact.arguments(lanes, memory, samples, self.cost)
            for lanes, memory in zip(self._used, tapes, strict=True)
        ]
        ways = map(engine.exact.unfolding, tapes, arguments)
        return *ways, arguments[0], tapes

    def _failure(
        self, code: int, where: Any, optimizer: BuiltIn, updater: Updater
    ) -> DivergenceError:
        """Return the error for a batch that could not be completed. The weights keep
        their values from before it.
        """
        if code in (engine.status.FAILED, engine.status.DIVERGED):
            loss, bad, steps, width = where
            tapes = self._tapes(int(width))
            return self.exact.divergence(code, tapes, loss, int(bad), int(steps))
        if code == engine.status.NOT_FINITE:
            return not_finite()
        if code == engine.status.NOT_CLIPPED:
            return not_clipped()
        if code == engine.status.TOO_STEEP:
            return too_steep()
        return too_far(optimizer) if code == engine.status.TOO_FAR else updater.beyond()

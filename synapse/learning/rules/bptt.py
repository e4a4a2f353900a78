"""Exact gradients of whole sequences, by backpropagation through time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import engine
from ..._typing import Floats
from ...cost import Cost
from ...errors import ArgumentError, DivergenceError
from ...optimizers import LBFGS
from ...optimizers.base import BuiltIn, too_far, too_steep
from ...optimizers.clipping import not_clipped
from .._data import Data, Epochs, Order
from .._exact import DEEP, ExactGradient, not_finite
from .._parameters import BatchGradient, Updater
from .._regularisation import Masks
from .base import Rule, RuleOptions, RuleTask


class BackpropagationThroughTime(Rule, method="bptt"):
    """The exact gradient: the mean over a batch's sequences of the cost summed over their steps.

    Werbos 1990. See :func:`synapse.gradient`.
    """

    def __init__(self, task: RuleTask) -> None:
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
    def check(cls, options: RuleOptions) -> None:
        """Refuse dropout with L-BFGS."""
        super().check(options)
        if options.dropout.any and isinstance(options.optimizer, LBFGS):
            raise ArgumentError("Dropout cannot be used with L-BFGS, which needs a fixed cost.")

    @classmethod
    def arrange(cls, data: Data) -> Data:
        """Arrange the data; a stream is one sequence."""
        return data.as_sequences()

    def continued(self, task: RuleTask) -> BackpropagationThroughTime:
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

    def joins_epochs(self) -> bool:
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


class BatchLoop:
    """Epochs of updates after every `size` sequences in one compiled call, see ``engine/exact/train.py``.

    It is for one topology.
    `counts` are the numbers of steps with a target of each sequence. The caller has the network in use.
    """

    def __init__(self, exact: ExactGradient, cost: Cost, window: int, size: int, counts: Floats) -> None:
        exact.begin()
        self.exact, self.cost, self.window, self.counts = exact, cost, window, counts
        lengths = np.diff(exact.data.bounds.astype(np.int64))
        filled = lengths[lengths > 0]
        self._lengths = lengths
        self._longest_first = not exact.apart and bool((filled != filled[0]).any())
        self.size = min(size, len(filled))
        most = int(np.sort(filled)[-self.size :].sum()) if exact.apart else self.size
        remainder = len(filled) % self.size
        fewest = int(filled.min()) if exact.apart else 1
        self._singles = fewest == 1 and 1 in (self.size, remainder)  # batches of a single sample
        self._depth = int(filled.max())
        deep = DEEP if exact.apart else 1
        self.groups = -(-most // (exact.lanes * deep))
        self._batches = engine.exact.Batches(
            bounds=exact.data.bounds,
            size=np.uint64(self.size),
            lanes=np.uint64(exact.lanes),
            deep=np.uint64(deep),
            begins=np.zeros(most, np.uint64),
            lengths=np.zeros(most, np.uint64),
            shares=np.zeros(most),
        )
        network = exact.network
        self._slopes = np.zeros(len(network._connection_rows())), np.zeros(len(network))
        self._neurons = np.arange(len(network), dtype=np.uint64)
        self._unfoldings: dict[int, tuple[Any, Any]] = {}

    def run(self, epochs: Epochs, updater: Updater) -> int:
        """Run the epochs and write their errors; returns the number of complete ones."""
        self.exact.begin()
        optimizer, state = updater.optimizer, updater.state
        assert isinstance(optimizer, BuiltIn)
        assert state is not None
        wide, single = self._unfolding(self.exact.lanes, True), self._unfolding(1, self._singles)
        runs = engine.exact.Runs(
            orders=self._sorted(epochs.orders),
            counts=self.counts[epochs.orders],
            rates=np.where(np.isnan(epochs.rates), optimizer.rate, epochs.rates),
            errors=epochs.errors,
            goal=float(epochs.goal),
            control=epochs.control,
        )
        address, store, _ = self.exact._ready
        ways = wide, single, self._arguments(self.exact.lanes)
        step = tuple(updater.step_of_kernels())
        change = *updater.places, self._neurons, self._slopes, updater.penalty, step
        done, code, state.steps, where = engine.exact.train_epochs(
            address, store.unit, ways, tuple(self._batches), tuple(runs), change, state.steps
        )
        if code not in (engine.status.DONE, engine.status.STOPPED):
            raise self._failure(code, where, optimizer, updater)
        return int(done)

    def _sorted(self, orders: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """The orders with the longest sequences of each batch first, as `ExactGradient` computes them."""
        if not self._longest_first:
            return np.ascontiguousarray(orders)
        batch = np.broadcast_to(np.arange(orders.shape[1]) // self.size, orders.shape)
        return np.take_along_axis(orders, np.lexsort((-self._lengths[orders], batch)), axis=1)

    def _tapes(self, lanes: int) -> engine.exact.Tapes:
        """The tapes for groups of so many lanes."""
        steps = DEEP if self.exact.apart else self._depth
        return self.exact.tapes_of(0, lanes, steps)

    def _arguments(self, lanes: int) -> tuple[Any, ...]:
        """Arguments of the gradient of a group with so many lanes."""
        tapes = self._tapes(lanes)
        tapes.begin(None, None)
        return self.exact.arguments(tapes, self._some_samples(), self.cost)

    def _unfolding(self, lanes: int, used: bool) -> Any:
        """The gradient of a group with so many lanes; compiled only if it is used."""
        tapes = self._tapes(lanes)
        known = self._unfoldings.get(lanes)
        if known is None or known[0] is not tapes:
            address = engine.exact.descent_address(self._arguments(lanes)) if used else 0
            moves = tapes["weight_move"], tapes["bias_move"]
            known = self._unfoldings[lanes] = tapes, (address, tapes.address, tapes.tag, *moves)
        return known[1]

    def _some_samples(self) -> Any:
        """Samples with the options of all groups; the kernel replaces the others."""
        return engine.exact.SampleGroup(
            begins=self._batches.begins,
            lengths=self._batches.lengths,
            shares=self._batches.shares,
            weights=self.exact.weights,
            steps=np.uint64(0),
            window=np.uint64(self.window),
            apart=self.exact.apart,
            ragged=False,
            masked=False,
            recorded=False,
        )

    def _failure(self, code: int, where: Any, optimizer: BuiltIn, updater: Updater) -> DivergenceError:
        """The error for a batch that could not be completed; the weights are those before it."""
        if code in (engine.status.FAILED, engine.status.DIVERGED):
            loss, bad, steps, samples = where
            tapes = self._tapes(self.exact.lanes if samples > 1 else 1)
            return self.exact.divergence(code, tapes, loss, int(bad), int(steps))
        if code == engine.status.NOT_FINITE:
            return not_finite()
        if code == engine.status.NOT_CLIPPED:
            return not_clipped()
        if code == engine.status.TOO_STEEP:
            return too_steep()
        return too_far(optimizer) if code == engine.status.TOO_FAR else updater.beyond()

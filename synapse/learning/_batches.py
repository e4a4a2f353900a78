"""Several epochs of exact gradients and updates in one compiled call, see ``engine/exact/train.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._typing import Floats
from ..cost import Cost
from ..errors import DivergenceError
from ..optimizers.base import BuiltIn, too_far, too_steep
from ..optimizers.clipping import not_clipped
from ._data import Epochs
from ._exact import DEEP, ExactGradient, not_finite

if TYPE_CHECKING:
    from ._parameters import Updater


class BatchLoop:
    """The loop over batches of `size` sequences, for one topology.

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
        return engine.exact.Samples(
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

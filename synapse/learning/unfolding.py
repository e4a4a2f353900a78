"""Exact gradients through time: a network unfolded over its sequences, several of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _ties, engine
from .._checks import MOST_THREADS, boolean, expected, positive_integer
from .._registration import require_sound
from .._typing import Floats
from ..cost import Cost
from ..engine.guard import InUse, check
from ..engine.lowering.program import spans
from ..engine.schema import CHUNK, NONE
from ..errors import DivergenceError, KindError, TopologyError
from ..network import Network
from .data import Data, prepare
from .passes import in_order

SIDE_BY_SIDE = {np.dtype(np.float64): 8, np.dtype(np.float32): 16}
"""Samples that fill a vector register of 512 bits, which processors without take in halves."""
Masks = Callable[[int, int], Floats]
Moves = tuple[float, Floats, Floats]
"""A loss, and minus its gradient by weights and biases."""
WHOLE = 2**62  # a window that no sequence fills
DEEP = 16  # steps of samples that do not depend on each other


ADVICE = "The weights are as they were: use a lower rate, smaller weights, a window or a bounded squash."


@dataclass(frozen=True)
class Gradient:
    """The exact gradient of a loss.

    Attributes
    ----------
    loss : float
        The mean over the sequences that have a step of the cost summed over their steps and outputs.
    weights : ndarray, one a connection
        d loss / d weight, aligned with ``net.connections``; 0 where a connection is not trainable. Where
        some are tied, each has the derivative by the weight that they share.
    biases : ndarray, one a neuron
        d loss / d bias, aligned with the neurons of the network; 0 of inputs, and where it is not trainable.
        Tied ones are treated as tied weights are.
    """

    loss: float
    weights: Floats
    biases: Floats

    def __repr__(self) -> str:
        size = float(np.sqrt((self.weights**2).sum() + (self.biases**2).sum()))
        return f"<Gradient: loss {self.loss:.6g}, norm {size:.6g}, {len(self.weights)} weights>"


def gradient(
    network: Network,
    inputs: Any,
    targets: Any,
    cost: str | Cost | None = None,
    *,
    window: int | None = None,
    context: bool = False,
    threads: int = 1,
) -> Gradient:
    """The exact gradient of a network's loss by backpropagation through time, whatever its topology.

    Errors follow every connection and every gate, self-connections, backward connections and those
    to earlier steps too (Werbos 1990): nothing is left out, as the online rule does. The network stays as
    it is, its context too; only random neurons that are not deterministic draw from their streams.

    Parameters
    ----------
    network : Network
        Its neurons are connected with none outside of it.
    inputs, targets : array_like
        One sequence, (T, n) and (T, m), or several: (S, T, n), or a list of (T_i, n), which may differ
        in length. A row of NaN among the targets: no target at that step. (Rows of samples for a network
        without memory are one sequence, too: their costs are summed.)
    cost : str or Cost, optional
        Default: the one that goes with the outputs, as in :meth:`Network.propagate`.
    window : int, optional
        Truncated: the steps are cut into windows of so many, and no error passes from one to that
        before. Default: exact.
    context : bool
        Begin every sequence with the network's present states and activations. Default: cleared.
    threads : int
        Groups of sequences may be computed at the same time; the bits are the same.

    Returns
    -------
    Gradient

    Raises
    ------
    ArgumentError, KindError
        If the data do not fit the network or the cost, or an argument cannot be used.
    TopologyError
        If the network is connected with neurons outside of it.
    DivergenceError
        If a number leaves the finite range; the sentence says at which step, and of which neuron.
    FunctionError
        If a registered squash or cost raises.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> result = gradient(net, [[0.0, 1.0], [1.0, 1.0]], [[np.nan], [1.0]])
    >>> result
    <Gradient: loss 0.678799, norm 0.506096, 75 weights>
    >>> len(result.weights) == len(net.connections)
    True
    """
    if not isinstance(network, Network):
        raise KindError(expected("What has a gradient", "a Network", network))
    data = sequences(network, inputs, targets)
    measure = network._cost(cost)
    measure.check_targets(data.targets[data.aimed.astype(bool)])
    boolean("The context", context)
    chosen = in_order(data)
    share = np.full(len(chosen), 1.0 / len(chosen))
    with InUse(network):
        unfolding = Unfolding(network, data, threads)
        loss, weights, biases = unfolding.moves(chosen, share, measure, checked_window(window), context)
        rows, store = network._connection_rows(), network._store
        weights = _ties.sum_of_each(store["tie"][rows], weights[rows])
        return Gradient(loss, -weights, -_ties.sum_of_each(store["bias_tie"][network._rows()], biases))


def checked_window(window: int | None) -> int:
    """The window as the kernels take it."""
    return WHOLE if window is None else min(WHOLE, positive_integer("The window of steps", window, inf))


def sequences(network: Network, inputs: Any, targets: Any) -> Data:
    """Data as sequences; rows (T, n) are one sequence."""
    data = prepare(network, inputs, targets)
    bounds = data.bounds if data.clear else np.array([0, len(data.inputs)], np.uint64)
    return as_sequences(replace(data, bounds=bounds))


def as_sequences(data: Data) -> Data:
    """The same, the context cleared before each sequence; a stream is one."""
    return replace(data, clear=True, stream=False)


class Unfolding:
    """The tapes on which a network is unfolded, kept from call to call.

    Parameters
    ----------
    network : Network
        What is unfolded.
    data : Data
        The sequences it is unfolded over, of which each call takes some.
    threads : int
        How many groups of sequences are computed at a time.
    weights : ndarray, optional
        How much every row of the data counts. Default: all alike.
    """

    def __init__(self, network: Network, data: Data, threads: int = 1, weights: Floats | None = None) -> None:
        self.network, self.data = network, data
        self.weights = np.zeros(0) if weights is None else weights
        self._inputs, self._targets = data.inputs.reshape(-1), data.targets.reshape(-1)
        self.threads = positive_integer("The threads", threads, MOST_THREADS)
        self._renew()

    def _renew(self) -> None:
        """Lay out what depends on the topology."""
        network, store = self.network, self.network._store
        require_alone(network)
        self.data.require_fit(network)
        self._topology = store.topology_version
        self._apart = not network.has_memory  # steps do not depend on each other
        self._sums = np.zeros(store.n_connections), np.zeros(len(network))
        self._tapes: dict[tuple[int, int], engine.exact.Tapes] = {}

    def moves(
        self,
        chosen: NDArray[Any],
        share: Floats,
        cost: Cost,
        window: int,
        context: bool = False,
        masks: Masks | None = None,
    ) -> Moves:
        """The loss of some sequences, and minus its gradient. The caller has the network in use.

        Parameters
        ----------
        chosen : ndarray of int
            Numbers of sequences.
        share : ndarray, shape (chosen,)
            By how much each counts.
        masks : callable, optional
            Given steps and samples, what the activations are multiplied by, shape (steps, neurons,
            samples): dropout.

        Returns
        -------
        loss : float
        weights : ndarray, by rows of the store
        biases : ndarray, by neurons of the network
            Both are overwritten by the next call.
        """
        if self._topology != self.network._store.topology_version:
            self._renew()
        self._ready = self.network._ready()  # here: the threads that compute cannot lower
        plans = list(self._plans(chosen, share))
        if masks is not None:
            plans = [replace(plan, mask=masks(plan.steps, plan.width)) for plan in plans]
        loss, weights, biases = 0.0, *self._sums
        weights[:] = 0.0
        biases[:] = 0.0
        for one, weight_moves, bias_moves in self._parts(plans, cost, window, context):
            loss += one
            weights += weight_moves
            biases += bias_moves
            check()
        if not np.isfinite(weights.sum() + biases.sum()):
            raise DivergenceError(
                f"The gradient of a weight, an error times an activation, left the finite range. {ADVICE}"
            )
        return loss, weights, biases

    def _parts(self, plans: list[_Plan], cost: Cost, window: int, context: bool) -> Iterator[Moves]:
        """Loss and moves of each plan, in order; what is given is overwritten by the next."""
        if self.threads == 1 or len(plans) == 1 or self.network.is_random:  # streams are drawn from in order
            yield from (self._one(0, plan, cost, window, context) for plan in plans)
            return
        free = list(range(self.threads))  # each thread has tapes of its own

        def job(plan: _Plan) -> Moves:
            number = free.pop()
            try:
                loss, weights, biases = self._one(number, plan, cost, window, context)
                return loss, weights.copy(), biases.copy()
            finally:
                free.append(number)

        with ThreadPoolExecutor(self.threads) as pool:
            yield from pool.map(job, plans)

    def _plans(self, chosen: NDArray[Any], share: Floats) -> Iterator[_Plan]:
        """What is computed side by side: sequences of about one length, or, where steps do not depend on
        each other, all steps of all sequences as they come.
        """
        begins, ends = self.data.bounds[:-1][chosen], self.data.bounds[1:][chosen]
        lengths = ends - begins
        width = SIDE_BY_SIDE[self.network._store.dtype]
        if self._apart:
            rows = spans(begins.astype(np.int64), lengths.astype(np.int64)).astype(np.uint64)
            begins, lengths, share = rows, np.ones_like(rows), np.repeat(share, lengths.astype(np.int64))
        elif (lengths != lengths[0]).any():
            order = np.argsort(-lengths.astype(np.int64), kind="stable")
            begins, lengths, share = begins[order], lengths[order], share[order]
        width = width if len(begins) > 1 else 1
        size = width * DEEP if self._apart else width
        for first in range(0, len(begins), size):
            here = slice(first, first + size)
            yield _Plan(begins[here], lengths[here], share[here], width, self._apart)

    def _one(self, number: int, plan: _Plan, cost: Cost, window: int, context: bool) -> Moves:
        """What is computed side by side, on tapes of this number."""
        steps, (address, store, span) = plan.steps, self._ready
        tapes = self._tapes_of(number, plan.width, steps)
        tapes.begin(self._context() if context else None, plan.mask)
        samples = engine.exact.Samples(
            plan.begins,
            plan.lengths,
            plan.share,
            self.weights,
            np.uint64(steps),
            np.uint64(window),
            plan.apart,
            plan.ragged,
            plan.mask is not None,
        )
        loss, bad = engine.exact.gradient_network(
            address,
            store.unit,
            tapes.address,
            tapes.tag,
            span,
            self._inputs,
            self._targets,
            samples,
            cost.code,
            store.n_connections,
        )
        if bad != steps or not isfinite(loss):
            require_sound(tapes["failed"], "The weights are as before.")
            raise self._divergence(tapes, loss, bad, steps)
        return loss, tapes["weight_move"], tapes["bias_move"]

    def _tapes_of(self, number: int, width: int, steps: int) -> engine.exact.Tapes:
        """The tapes of this number; longer ones take the place of those that are too short."""
        key = number, width
        if key in self._tapes and self._tapes[key].steps < steps:
            del self._tapes[key]  # before there are others: both together may not fit into memory
        if key not in self._tapes:
            network, store, padded = self.network, self.network._store, -(-steps // CHUNK) * CHUNK
            self._tapes[key] = engine.exact.Tapes(
                store.dtype, width, padded, len(network), len(network.output), store.n_connections
            )
        return self._tapes[key]

    def _context(self) -> dict[str, Floats]:
        """What sequences begin with, if not with nothing."""
        store, rows = self.network._store, self.network._rows()
        return {name: store[name][rows] for name in ("activation", "state")}

    def _divergence(self, tapes: engine.exact.Tapes, loss: float, bad: int, steps: int) -> DivergenceError:
        """What has left the finite range: of which neuron, in which step of which sequence."""
        what, step, place = tapes.beyond(loss, bad, steps)
        if place is None:
            return DivergenceError(f"{what} left the finite range. {ADVICE}")
        neuron, lane = place
        row = tapes["row"][step * tapes.width + lane]
        sequence = int(np.searchsorted(self.data.bounds, row, "right")) - 1
        of = f" of sequence {sequence}" if self.data.sequences > 1 else ""
        step = int(row - self.data.bounds[sequence])
        return DivergenceError(
            f"{what} of {self.network[neuron]!r} left the finite range in step {step}{of}. {ADVICE}"
        )


@dataclass(frozen=True)
class _Plan:
    """Sequences that are computed side by side: their first rows, lengths, and how much each counts.

    If steps do not depend on each other (`apart`) they are single steps, and fill the lanes again and again.
    """

    begins: NDArray[np.uint64]
    lengths: NDArray[np.uint64]
    share: Floats
    width: int
    apart: bool
    mask: Floats | None = None

    @property
    def steps(self) -> int:
        """How many steps the longest has; they come longest first."""
        return -(-len(self.begins) // self.width) if self.apart else int(self.lengths[0])

    @property
    def ragged(self) -> bool:
        """Whether some lanes end before the last step."""
        if self.apart:
            return len(self.begins) % self.width != 0
        return len(self.begins) < self.width or bool(self.lengths[-1] < self.lengths[0])


def require_alone(network: Network) -> None:
    """Raise where connections or gates cross the border of the network: its steps are not its own."""
    _, store, _ = network._ready()
    mine = np.append(store["network"] == network._number_now, False)
    ends = [mine[np.minimum(store[end], store.n_neurons)] for end in ("source", "target")]
    gated = (store["gater"] != NONE) & ends[1]
    outside = ~mine[np.minimum(store["gater"], store.n_neurons)]
    if (ends[0] != ends[1]).any() or (gated & outside).any():
        raise TopologyError(
            f"{network!r} is connected with neurons outside of it: its gradient would not be its own. "
            "Build one network of all the layers."
        )


__all__ = ["Gradient", "Unfolding", "gradient"]

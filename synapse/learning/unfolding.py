"""Exact gradients through time: a network unfolded over its sequences, several of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import engine, shared
from ..cost import Cost
from ..engine.program import spans
from ..engine.schema import ENDED, NONE, TAPES, numpy_dtype
from ..errors import DivergenceError, KindError, TopologyError, expected, positive_integer
from ..network import Network
from .data import Data, prepare

Floats = NDArray[np.float64]

SIDE_BY_SIDE = {np.dtype(np.float64): 8, np.dtype(np.float32): 16}
"""Samples that fill a vector register of 512 bits, which processors without take in halves."""
CHUNK = 4  # steps are laid out in fours, see the kernels
PLACES = {column.name: i for i, column in enumerate(TAPES)}
Masks = Callable[[int, int], Floats]
WHOLE = 2**62  # a window that no sequence fills
DEEP = 16  # steps of samples that do not depend on each other


ADVICE = "The weights are as they were: use a lower rate, smaller weights, a window or a bounded squash."


@dataclass(frozen=True)
class Gradient:
    """The exact gradient of a loss.

    Attributes
    ----------
    loss : float
        The mean over the sequences of the cost summed over their steps and outputs.
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
    it is, its context too; only random neurons that are not calm draw from their streams.

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

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> result = gradient(net, [[0.0, 1.0], [1.0, 1.0]], [[np.nan], [1.0]])
    >>> result
    <Gradient: loss 0.732642, norm 0.958468, 59 weights>
    >>> len(result.weights) == len(net.connections)
    True
    """
    if not isinstance(network, Network):
        raise KindError(expected("What has a gradient", "a Network", network))
    data = sequences(network, inputs, targets)
    measure = network._cost(cost)
    measure.check_targets(data.targets[data.aimed.astype(bool)])
    unfolding = Unfolding(network, data, threads)
    chosen = np.arange(data.sequences)
    share = np.full(data.sequences, 1.0 / data.sequences)
    loss, weights, biases = unfolding.moves(chosen, share, measure, checked_window(window), context)
    rows, store = network._connection_rows(), network._store
    weights = shared.sum_of_each(store["tie"][rows], weights[rows])
    return Gradient(loss, -weights, -shared.sum_of_each(store["bias_tie"][network._rows()], biases))


def checked_window(window: int | None) -> int:
    """The window as the kernels take it."""
    return WHOLE if window is None else min(WHOLE, positive_integer("The window of steps", window))


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
        self.network, self.data, self.weights = network, data, weights
        self.threads = positive_integer("The threads", threads)
        _require_alone(network)
        self._tapes: dict[tuple[int, int, int], _Tapes] = {}

    def moves(
        self,
        chosen: NDArray[Any],
        share: Floats,
        cost: Cost,
        window: int,
        context: bool = False,
        masks: Masks | None = None,
    ) -> tuple[float, Floats, Floats]:
        """The loss of some sequences, and minus its gradient.

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
        """
        plans = list(self._plans(chosen, share))
        if masks is not None:
            plans = [replace(plan, mask=masks(*plan.rows.shape)) for plan in plans]
        if self.threads == 1 or len(plans) == 1 or self.network.is_random:  # streams are drawn from in order
            parts = [self._one(0, plan, cost, window, context) for plan in plans]
        else:
            # Each thread has tapes of its own, and the parts are added in order: the same bits.
            free = list(range(self.threads))

            def job(plan: _Plan) -> tuple[float, Floats, Floats]:
                number = free.pop()
                try:
                    return self._one(number, plan, cost, window, context)
                finally:
                    free.append(number)

            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(job, plans))
        loss, weights, biases = parts[0]
        for one, weight_moves, bias_moves in parts[1:]:
            loss += one
            weights += weight_moves
            biases += bias_moves
        return loss, weights, biases

    def _plans(self, chosen: NDArray[Any], share: Floats) -> Iterator[_Plan]:
        """What is computed side by side: sequences of about one length, or, where steps do not depend on
        each other, all steps of all sequences as they come.
        """
        begins, ends = self.data.bounds[:-1][chosen], self.data.bounds[1:][chosen]
        lengths = (ends - begins).astype(np.int64)
        full = SIDE_BY_SIDE[self.network._store.dtype]
        if not self.network.has_memory:
            rows = spans(begins.astype(np.int64), lengths)
            shares, width = np.repeat(share, lengths), full if len(rows) > 1 else 1
            for first in range(0, len(rows), width * DEEP):
                here = slice(first, first + width * DEEP)
                yield _Plan.of_samples(rows[here], shares[here], width)
            return
        order = np.argsort(-lengths, kind="stable")
        width = full if len(chosen) > 1 else 1
        for first in range(0, len(order), width):
            part = order[first : first + width]
            yield _Plan.of_sequences(begins[part], lengths[part], share[part], width)

    def _one(
        self, number: int, plan: _Plan, cost: Cost, window: int, context: bool
    ) -> tuple[float, Floats, Floats]:
        """What is computed side by side, on tapes of this number."""
        steps = len(plan.rows)
        key = (number, plan.rows.shape[1], -(-steps // CHUNK))
        address, store, span = self.network._ready()
        if key not in self._tapes:
            self._tapes[key] = _Tapes(self.network, plan.rows.shape[1], steps)
        tapes = self._tapes[key]
        if self.weights is not None:
            plan = plan.weighed(self.weights)
        tapes.lay(plan, context)
        loss, bad = engine.unfold.unfold_network(
            address,
            store.unit,
            tapes.address,
            tapes.tag,
            span,
            self.data.inputs.reshape(-1),
            self.data.targets.reshape(-1),
            np.uint64(steps),
            cost.code,
            np.uint64(window),
            bool(plan.rows[-1].max() == ENDED),
            plan.mask is not None,
            np.int64(store.n_connections),
        )
        moves = tapes["weight_move"], tapes["bias_move"]
        if bad != steps or not np.isfinite(loss + moves[0].sum() + moves[1].sum()):
            raise self._divergence(tapes, plan, loss, int(bad))
        return loss, moves[0].copy(), moves[1].copy()

    def _divergence(self, tapes: _Tapes, plan: _Plan, loss: float, bad: int) -> DivergenceError:
        """What has left the finite range: of which neuron, in which step of which sequence."""
        what, step, place = tapes.beyond(loss, bad, len(plan.rows))
        if place is None:
            return DivergenceError(f"{what} left the finite range. {ADVICE}")
        neuron, lane = place
        row = plan.rows[step, lane]
        sequence = int(np.searchsorted(self.data.bounds, row, "right")) - 1
        of = f" of sequence {sequence}" if self.data.sequences > 1 else ""
        step = int(row - self.data.bounds[sequence])
        return DivergenceError(
            f"{what} of {self.network[neuron]!r} left the finite range in step {step}{of}. {ADVICE}"
        )


@dataclass(frozen=True)
class _Plan:
    """Rows of the data by step and lane, ENDED where there is none, and how much each counts."""

    rows: NDArray[np.uint64]
    share: Floats
    mask: Floats | None = None

    @classmethod
    def of_sequences(cls, begins: NDArray[Any], lengths: NDArray[Any], share: Floats, width: int) -> _Plan:
        """A sequence a lane."""
        if width == 1:
            rows = np.arange(begins[0], begins[0] + np.uint64(lengths[0]), dtype=np.uint64)[:, None]
            return cls(rows, np.full(rows.shape, share[0]))
        steps = np.arange(int(lengths.max()), dtype=np.uint64)[:, None]
        rows = np.full((len(steps), width), ENDED, np.uint64)
        rows[:, : len(begins)] = np.where(steps < lengths.astype(np.uint64), begins + steps, ENDED)
        shares = np.zeros(width)
        shares[: len(share)] = share
        return cls(rows, np.broadcast_to(shares, rows.shape))

    @classmethod
    def of_samples(cls, rows: NDArray[Any], share: Floats, width: int) -> _Plan:
        """Samples row by row."""
        steps = -(-len(rows) // width)
        laid, shares = np.full(steps * width, ENDED, np.uint64), np.zeros(steps * width)
        laid[: len(rows)], shares[: len(rows)] = rows, share
        return cls(laid.reshape(steps, width), shares.reshape(steps, width))

    def weighed(self, weights: Floats) -> _Plan:
        """The same, every row counting by its weight."""
        there = self.rows != ENDED
        counted = np.where(there, weights[np.where(there, self.rows, 0)], 0.0)
        return replace(self, share=self.share * counted)


class _Tapes:
    """The memory of one unfolding, see ``schema.TAPES``."""

    def __init__(self, network: Network, width: int, steps: int) -> None:
        self.network, self.width = network, width
        self.context, self.used = False, 0  # whether the last call began with one; how many steps it had
        self.tag = engine._lanes.Lanes(width)
        store, rows = network._store, len(network)
        padded = -(-steps // CHUNK) * CHUNK
        sizes = {
            "activation": (padded + 1) * rows,
            "state": (padded + 1) * rows,
            "slope": (padded + 1) * rows,
            "mask": 0,
            "error": CHUNK * rows,
            "pushed": 2 * rows,
            "carried": rows,
            "signal": padded * len(network.output),
            "value": len(network.output),
            "row": padded * width,
            "share": padded * width,
            "weight_move": store.n_connections,
            "bias_move": rows,
        }
        self.table = np.zeros(2 * len(TAPES), np.uint64)
        self.columns: dict[str, NDArray[Any]] = {}
        for column in TAPES:
            wide = column.dtype == "lanes"
            dtype = store.dtype if wide else numpy_dtype(column, store.dtype)
            self.columns[column.name] = _aligned(sizes[column.name] * (width if wide else 1), dtype)
            self._tell(column.name)
        self.address = int(self.table.ctypes.data)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def _tell(self, name: str) -> None:
        """Note where a column lies."""
        array = self.columns[name]
        self.table[PLACES[name]], self.table[len(TAPES) + PLACES[name]] = array.ctypes.data, len(array)

    def lay(self, plan: _Plan, context: bool) -> None:
        """Note which rows are unfolded, and lay out what they begin with."""
        width, rows, used = self.width, len(self.network), len(plan.rows)
        self["row"][: used * width] = plan.rows.reshape(-1)
        self["share"][: used * width].reshape(used, width)[...] = plan.share
        if plan.mask is not None:
            self.columns["mask"] = mask = _aligned(plan.mask.size, self["state"].dtype)
            mask[:] = plan.mask.reshape(-1)
            self._tell("mask")
        if context or self.context:
            for name in ("activation", "state"):
                here = self.network._store[name][self.network._rows()] if context else 0.0
                self[name][: rows * width].reshape(rows, width).T[...] = here
        self.context = context
        if used < self.used:  # of the steps that fill a chunk, nothing may be left from a longer call
            whole = -(-used // CHUNK) * CHUNK
            for name in ("activation", "state"):
                self[name][(used + 1) * rows * width : (whole + 1) * rows * width] = 0.0
        self.used = used

    def beyond(self, loss: float, bad: int, steps: int) -> tuple[str, int, tuple[int, int] | None]:
        """What has left the finite range: its name, the step, and neuron and lane, where they are known."""
        rows = len(self.network)
        if not np.isfinite(loss):
            values = self["activation"].reshape(-1, rows, self.width)[1 : steps + 1]
            places = np.argwhere(~np.isfinite(values))
            if not len(places):
                return "The cost", 0, None
            step, neuron, lane = places[0].tolist()
            return "The activation", step, (neuron, lane)
        if bad == steps:
            return "The gradient of a weight, an error times an activation,", 0, None
        errors = self["error"].reshape(CHUNK, rows, self.width)[bad % CHUNK]
        neuron, lane = np.argwhere(~np.isfinite(errors))[-1].tolist()
        return "The gradient exploded: going back from the end, the error", bad, (neuron, lane)


def _aligned(size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Zeros that begin at a multiple of 64 bytes, as vector registers like it."""
    memory = np.zeros(size * dtype.itemsize + 64, np.uint8)
    offset = -memory.ctypes.data % 64
    return memory[offset : offset + size * dtype.itemsize].view(dtype)


def _require_alone(network: Network) -> None:
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

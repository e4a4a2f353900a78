"""Exact gradients through time: a network unfolded over its sequences, several of them side by side."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import engine
from ..cost import Cost
from ..engine.schema import NONE, TAPES, numpy_dtype
from ..errors import DivergenceError, TopologyError, positive_integer
from ..network import Network
from .data import Data, prepare

Floats = NDArray[np.float64]

SIDE_BY_SIDE = {np.dtype(np.float64): 8, np.dtype(np.float32): 16}
"""Samples that fill a vector register of 512 bits, which processors without take in halves."""
QUAD = 4  # steps are laid out in fours


@dataclass(frozen=True)
class Gradient:
    """The exact gradient of a loss.

    Attributes
    ----------
    loss : float
        The mean over the sequences of the cost summed over their steps and outputs.
    weights : ndarray, one a connection
        d loss / d weight, aligned with ``net.connections``; 0 where a connection is not trainable.
    biases : ndarray, one a neuron
        d loss / d bias, aligned with the neurons of the network; 0 of inputs, and where it is not trainable.
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
    it is, its context too.

    Parameters
    ----------
    network : Network
        Its neurons are connected with none outside of it.
    inputs, targets : array_like
        One sequence, (T, n) and (T, m), or several: (S, T, n), or a list of (T_i, n), which may differ
        in length. A row of NaN among the targets: no target at that step.
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
    <Gradient: loss 0.71..., norm 0.5..., 59 weights>
    >>> len(result.weights) == len(net.connections)
    True
    """
    data = sequences(network, inputs, targets)
    measure = network._cost(cost)
    measure.check_targets(data.targets[data.aimed.astype(bool)])
    unfolding = Unfolding(network, data, threads)
    chosen = np.arange(data.sequences)
    share = np.full(data.sequences, 1.0 / data.sequences)
    loss, weights, biases = unfolding.moves(chosen, share, measure, checked_window(window), context)
    return Gradient(loss, -weights[network._connection_rows()], -biases)


def checked_window(window: int | None) -> int:
    """The window as the kernels take it."""
    return 2**62 if window is None else positive_integer("The window of steps", window)


def sequences(network: Network, inputs: Any, targets: Any) -> Data:
    """Data as sequences; rows (T, n) are one sequence."""
    data = prepare(network, inputs, targets)
    if data.clear:
        return data
    bounds = np.array([0, len(data.inputs)], np.uint64)
    return Data(data.inputs, data.targets, data.aimed, bounds, True, False)


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
    """

    def __init__(self, network: Network, data: Data, threads: int = 1) -> None:
        self.network, self.data = network, data
        self.threads = positive_integer("The threads", threads)
        _require_alone(network)
        self._tapes: dict[tuple[int, int, int], _Tapes] = {}

    def moves(
        self, chosen: NDArray[Any], share: Floats, cost: Cost, window: int, context: bool = False
    ) -> tuple[float, Floats, Floats]:
        """The loss of some sequences, and minus its gradient.

        Parameters
        ----------
        chosen : ndarray of int
            Numbers of sequences.
        share : ndarray, shape (chosen,)
            By how much each counts.

        Returns
        -------
        loss : float
        weights : ndarray, by rows of the store
        biases : ndarray, by neurons of the network
        """
        groups = list(self._groups(chosen, share))
        if self.threads == 1 or len(groups) == 1:
            parts = [self._one(i, group, cost, window, context) for i, group in enumerate(groups)]
        else:
            # Each thread has tapes of its own, and the parts are added in order: the same bits.
            with ThreadPoolExecutor(self.threads) as pool:
                jobs = [
                    pool.submit(self._one, i, group, cost, window, context) for i, group in enumerate(groups)
                ]
                parts = [job.result() for job in jobs]
        loss, weights, biases = parts[0]
        for one, weight_moves, bias_moves in parts[1:]:
            loss, weights, biases = loss + one, weights + weight_moves, biases + bias_moves
        return loss, weights, biases

    def _groups(self, chosen: NDArray[Any], share: Floats) -> Any:
        """Sequences of about one length together, as many as fit side by side."""
        lengths = np.diff(self.data.bounds.astype(np.int64))[chosen]
        order = np.argsort(-lengths, kind="stable")
        width = SIDE_BY_SIDE[self.network._store.dtype] if len(chosen) > 1 else 1
        for first in range(0, len(order), width):
            part = order[first : first + width]
            yield chosen[part], share[part], width

    def _one(
        self, number: int, group: tuple[NDArray[Any], Floats, int], cost: Cost, window: int, context: bool
    ) -> tuple[float, Floats, Floats]:
        """One group of sequences, side by side."""
        chosen, share, width = group
        bounds = self.data.bounds.astype(np.int64)
        lengths = bounds[chosen + 1] - bounds[chosen]
        steps = int(lengths.max())
        key = (number % self.threads if self.threads > 1 else 0, width, -(-steps // QUAD))
        address, store, span = self.network._ready()
        if key not in self._tapes:
            self._tapes[key] = _Tapes(self.network, width, steps)
        tapes = self._tapes[key]
        tapes.lay(bounds[chosen], lengths, share, context)
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
            bool((lengths < steps).any()),
            True,
        )
        if bad != steps or not np.isfinite(loss):
            raise tapes.divergence(loss, int(bad), steps)
        return loss, tapes["weight_move"].copy(), tapes["bias_move"].copy()


class _Tapes:
    """The memory of one unfolding, see ``schema.TAPES``."""

    def __init__(self, network: Network, width: int, steps: int) -> None:
        self.network, self.width = network, width
        self.tag = engine._lanes.Lanes(width)
        store, rows = network._store, len(network)
        padded = -(-steps // QUAD) * QUAD
        sizes = {
            "activation": (padded + 1) * rows,
            "state": (padded + 1) * rows,
            "slope": (padded + 1) * rows,
            "error": QUAD * rows,
            "pushed": 2 * rows,
            "carried": rows,
            "signal": padded * len(network.output),
            "begin": width,
            "length": width,
            "share": width,
            "weight_move": store.n_connections,
            "bias_move": rows,
        }
        self.table = np.zeros(2 * len(TAPES), np.uint64)
        self.columns = {}
        for i, column in enumerate(TAPES):
            wide = column.dtype == "lanes"
            dtype = store.dtype if wide else numpy_dtype(column, store.dtype)
            array = _aligned(sizes[column.name] * (width if wide else 1), dtype)
            self.columns[column.name] = array
            self.table[i], self.table[len(TAPES) + i] = array.ctypes.data, len(array)
        self.address = int(self.table.ctypes.data)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.columns[name]

    def lay(self, begins: NDArray[Any], lengths: NDArray[Any], share: Floats, context: bool) -> None:
        """Note which sequences are unfolded, and lay out what they begin with."""
        width, count, rows = self.width, len(begins), len(self.network)
        for name in ("pushed", "carried", "weight_move", "bias_move", "length"):
            self[name][:] = 0
        for name, values in (("begin", begins), ("length", lengths), ("share", share)):
            self[name][:count] = values
        for name in ("activation", "state"):
            here = self.network._store[name][self.network._rows()] if context else 0.0
            self[name][: rows * width].reshape(rows, width).T[...] = here
        used, whole = int(lengths.max()), -(-int(lengths.max()) // QUAD) * QUAD
        for name in ("activation", "state", "slope"):  # what a longer call has left
            self[name][(used + 1) * rows * width : (whole + 1) * rows * width] = 0.0

    def divergence(self, loss: float, bad: int, steps: int) -> DivergenceError:
        """What has left the finite range: the step, and the first neuron of it."""
        rows, neurons = len(self.network), self.network.neurons
        if not np.isfinite(loss):
            values = self["activation"].reshape(-1, rows, self.width)[1 : steps + 1]
            place = np.argwhere(~np.isfinite(values).all(axis=2))
            if not len(place):
                return DivergenceError(f"The cost became {loss}, though every activation is finite.")
            step, neuron = place[0]
            return DivergenceError(
                f"The activation of {neurons[neuron]!r} left the finite range in step {step}. "
                "The weights are as they were: use a lower rate, smaller weights or a bounded squash."
            )
        errors = self["error"].reshape(QUAD, rows, self.width)[bad % QUAD]
        neuron = int(np.flatnonzero(~np.isfinite(errors).all(axis=1))[-1:].sum())
        return DivergenceError(
            f"The gradient exploded: going back from the end, the error of {neurons[neuron]!r} left the "
            f"finite range in step {bad}. The weights are as they were: "
            "use a window, a lower rate or smaller weights."
        )


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

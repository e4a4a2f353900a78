"""The exact gradient of any network, by backpropagation through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import _ties
from .._checks import boolean
from .._typing import Floats
from ..cost import Cost
from ..engine.guard import InUse
from ..network import Network, require_network
from ._data import prepare_sequences
from ._exact import ExactGradient, checked_window


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
    """The exact gradient of a network's loss by backpropagation through time, for any topology.

    Errors follow every connection and every gate, including self-connections and backward connections,
    to all earlier steps (Werbos 1990); the online rule leaves some of these paths out. The network and its
    context stay as they are; only random neurons that are not deterministic draw from their streams.

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
    require_network("What has a gradient", network)
    data = prepare_sequences(network, inputs, targets)
    measure = network._cost(cost)
    measure.check_targets(data.targets[data.aimed.astype(bool)])
    boolean("The context", context)
    chosen = data.filled
    share = np.full(len(chosen), 1.0 / len(chosen))
    with InUse(network):
        exact = ExactGradient(network, data, threads)
        loss, weights, biases = exact.descent(chosen, share, measure, checked_window(window), context)
        rows, store = network._connection_rows(), network._store
        weights = _ties.sum_of_group(store["tie"][rows], weights[rows])
        return Gradient(loss, -weights, -_ties.sum_of_group(store["bias_tie"][network._rows()], biases))

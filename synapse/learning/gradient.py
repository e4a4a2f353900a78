"""The exact gradient of any network, by backpropagation through time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import boolean, counted
from .._typing import Floats
from ..cost import Cost
from ..engine.guard import InUse
from ..objects import parameters
from ..objects.network import Network, require_network
from ._data import prepare_sequences
from ._exact import ExactGradient, checked_window


@dataclass(frozen=True)
class Gradient:
    """The exact gradient of a loss.

    Attributes
    ----------
    loss : float
        The cost summed over steps and outputs, as the mean over all sequences with at least one step.
    weights : ndarray, shape (connections,)
        d loss / d weight, in the order of ``net.connections``; 0 for connections that are not trainable. Each
        of several tied connections has the derivative with respect to their shared weight.
    biases : ndarray, shape (neurons,)
        d loss / d bias, in the order of the neurons in the network; 0 for inputs and for biases that are not
        trainable. Each of several tied biases has the derivative with respect to their shared value.
    """

    loss: float
    weights: Floats
    biases: Floats

    def __repr__(self) -> str:
        size = float(np.sqrt((self.weights**2).sum() + (self.biases**2).sum()))
        return f"<Gradient: loss {self.loss:.6g}, norm {size:.6g}, {counted(len(self.weights), 'weight')}>"


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
    """Compute the exact gradient of a network's loss by backpropagation through time, for any topology.

    Errors follow every connection and every gate, including self-connections and backward connections,
    to all earlier steps (Werbos 1990); the online rule omits some of these paths. The network and its
    context do not change, except that random neurons draw from their streams unless they are deterministic.

    Parameters
    ----------
    network : Network
        The network. Its neurons must not be connected to neurons outside of it.
    inputs, targets : array_like
        One sequence, shapes (T, n) and (T, m), or several: shape (S, T, n), or a list of arrays (T_i, n) of
        any lengths. NaN in the targets means that this output has no target at this step. Rows of samples for
        a network without memory are one sequence, too: their costs are summed.
    cost : str or Cost, optional
        The cost. Default: the one that fits the outputs, as in :meth:`Network.propagate`.
    window : int, optional
        Number of steps after which the gradient is truncated: each sequence is cut into windows of this
        length, and no error passes from a window to the previous one. Default: no truncation.
    context : bool
        Whether every sequence begins with the network's present states and activations instead of a cleared
        context. Default False.
    threads : int
        Number of groups of sequences computed at the same time. The result is identical for any number.
        Default 1.

    Returns
    -------
    Gradient

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the data do not fit the network or the cost, or an argument cannot be used.
    TopologyError
        If the network is connected with neurons outside of it.
    DivergenceError
        If a number leaves the finite range; the message names the step and the neuron.
    FunctionError
        If a registered squash or cost raises an exception.

    See Also
    --------
    compare_gradients : Compares the online rule with this gradient.
    Trainer : Trains by this gradient with ``method="bptt"``.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> result = gradient(net, [[0.0, 1.0], [1.0, 1.0]], [[np.nan], [1.0]])
    >>> result
    <Gradient: loss 0.711687, norm 0.596024, 75 weights>
    >>> len(result.weights) == len(net.connections)
    True
    """
    require_network("What has a gradient", network)
    measure = network._cost(cost)
    data = prepare_sequences(network, inputs, targets, measure)
    boolean("The context", context)
    chosen = data.filled
    share = np.full(len(chosen), 1.0 / len(chosen))
    with InUse(network):
        exact = ExactGradient(network, data, threads)
        loss, weights, biases = exact.descent(chosen, share, measure, checked_window(window), context)
        rows, store = network._connection_rows(), network._store
        weights = parameters.sum_of_group(store["tie"][rows], weights[rows])
        return Gradient(loss, -weights, -parameters.sum_of_group(store["bias_tie"][network._rows()], biases))

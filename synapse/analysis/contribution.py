"""Effective weights, contributions of inputs to outputs, and saliency over a sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._checks import whole_number
from .._typing import Floats, Ints
from ..objects.network import Network
from ..objects.topology import Topology
from ._slopes import Slopes
from ._steps import last_step, run_steps, topology_of
from .table import Table

MOST_STEPS = 1_000_000
"""Maximum number of steps back; each takes a matrix of outputs by inputs."""


@dataclass(frozen=True, eq=False, repr=False)
class EffectiveWeights(Table):
    """Effective weights, one row per connection, in the order of ``network.connections``.

    Attributes
    ----------
    source, target : ndarray of int
        Numbers of the neurons: ``network[number]``.
    weight, gain, effective : ndarray
        ``effective = weight * gain``; the gain is the gater's present activation, 1 without a gater.
    """

    source: Ints
    target: Ints
    weight: Floats
    gain: Floats
    effective: Floats


def effective_weights(network: Network) -> EffectiveWeights:
    """Compute the effective weight, weight times present gain, of every connection.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> effective_weights(net)
    <EffectiveWeights, 75 rows: source, target, weight, gain, effective>
    >>> (effective_weights(net).gain == 0).sum().item()  # no gate has fired: they are closed
    9
    """
    table = topology_of(network)
    effective = table.weight * table.gain
    return EffectiveWeights(table.source, table.target, table.weight, table.gain, effective)


def contribution(network: Network, steps: int = 0) -> Floats:
    """Compute how much each input affects each output at the present activations: d output / d input.

    This is the sum over all paths of the product of effective weights and slopes f' along the path.
    Paths through gates count too: a gated state changes by w_ij y_i with the gater's activation.

    Parameters
    ----------
    network : Network
        The network. Slopes and gains are those of its last step.
    steps : int
        Number of steps to go back. All steps are assumed to have the slopes, gains and activations of the
        last one, as in a network whose activations do not change.
        :func:`saliency` is exact over a sequence.

    Returns
    -------
    ndarray, shape (steps + 1, m, n)
        ``[k]`` has the derivatives of the present outputs with respect to the inputs of k steps ago.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `steps` is not a whole number, or below 0.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1, squash="tanh")
    >>> _ = a.project(b, weights=[[0.5], [-1.0]])
    >>> net = Network(a, [], b)
    >>> net.activate([0.0, 0.0])
    array([0.])
    >>> contribution(net)
    array([[[ 0.5, -1. ]]])
    """
    slopes = Slopes(topology_of(network))
    count = whole_number("The number of steps back", steps, "a whole number, 0 or above", 0, MOST_STEPS)
    table, now = slopes.table, last_step(network)
    y, s = _outputs(table), np.zeros((table.outputs, table.neurons))
    found = np.empty((count + 1, table.outputs, table.inputs))
    for k in range(count + 1):
        before = slopes.back(now, y, s)
        found[k] = y[:, : table.inputs]
        y, s = before
    return found


def _outputs(table: Topology) -> Floats:
    """Derivatives of the outputs with respect to all activations, before any path is followed."""
    return np.eye(table.outputs, table.neurons, table.neurons - table.outputs)


def saliency(network: Network, inputs: ArrayLike) -> Floats:
    """Compute how much each input of each step affects each output of each step: d output_t / d input_s.

    The derivatives are exact: the chain rule through all steps, states, gates and backward connections. (The
    online rule is local in time and omits some of these paths.)

    Parameters
    ----------
    network : Network
        The network. It is not changed, and its context is restored.
    inputs : array_like, shape (T, n)
        A sequence; the context is cleared first. Time and memory grow with the square of T.

    Returns
    -------
    ndarray, shape (T, m, T, n)
        ``[t, i, s, j]`` is the derivative of output i of step t with respect to input j of step s; 0 where s
        is later than t.

    Raises
    ------
    ArgumentError
        If the inputs do not fit the network, are not finite, or are empty.

    Examples
    --------
    >>> import architect
    >>> net = architect.Elman(2, 3, 1, seed=0)
    >>> saliency(net, [[0, 1], [1, 1], [0, 0]]).shape
    (3, 1, 3, 2)
    """
    steps = run_steps(network, inputs)
    slopes = Slopes(topology_of(network))
    table, count = slopes.table, len(steps.state)
    found = np.zeros((count, table.outputs, count, table.inputs))
    y = s = np.empty((0, table.neurons))
    for t in reversed(range(count)):
        y = np.concatenate([_outputs(table), y])
        s = np.concatenate([np.zeros((table.outputs, table.neurons)), s])
        before = slopes.back(steps.at(t), y, s)
        found[t:, :, t] = y[:, : table.inputs].reshape(-1, table.outputs, table.inputs)
        y, s = before
    return found

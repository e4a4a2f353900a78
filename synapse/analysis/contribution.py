"""Influence: effective weights, contributions of inputs to outputs, saliency over a sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._checks import whole_number
from .._typing import Floats, Ints
from ..network import Network
from ..topology import Topology
from ._slopes import Slopes
from ._steps import last_step, run_steps, topology_of
from .table import Table

MOST_STEPS = 1_000_000
"""Steps back that a contribution can be asked for: each is a matrix of outputs by inputs."""


@dataclass(frozen=True, eq=False, repr=False)
class EffectiveWeights(Table):
    """Weight times gain, one row per connection, in the order of ``network.connections``.

    Attributes
    ----------
    source, target : ndarray of int
        Numbers of neurons: ``network[number]``.
    weight, gain, effective : ndarray
        ``effective = weight * gain``; the gain is the gater's activation now, 1 without a gater.
    """

    source: Ints
    target: Ints
    weight: Floats
    gain: Floats
    effective: Floats


def effective_weights(network: Network) -> EffectiveWeights:
    """Weight times gain of every connection, at this moment.

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
    """How much each input affects each output, at the current activations: d output / d input.

    The sum, over all paths, of the products of effective weights and slopes f' along the path.
    Paths lead through gates too: the gated state changes with the gater's activation by w_ij y_i.

    Parameters
    ----------
    network : Network
        Slopes and gains are those of its last step.
    steps : int
        How many steps back to go. All steps are assumed to have the slopes, gains and activations of the
        last one: the result is how a network that stays where it is passes a change on.
        :func:`saliency` is exact over a sequence.

    Returns
    -------
    ndarray, shape (steps + 1, m, n)
        At ``[k]`` the outputs now by the inputs of k steps ago.

    Raises
    ------
    KindError, ArgumentError
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
    """The derivatives of the outputs by all activations, before any path is followed."""
    return np.eye(table.outputs, table.neurons, table.neurons - table.outputs)


def saliency(network: Network, inputs: ArrayLike) -> Floats:
    """How much each input of each step affects each output of each step: d output_t / d input_s.

    Exact: the chain rule through all steps, states, gates and backward connections. (The online rule
    is local in time and leaves some of these paths out.)

    Parameters
    ----------
    network : Network
        It is not changed: its context is restored.
    inputs : array_like, shape (T, n)
        A sequence; the context is cleared first. Time and memory grow with T squared.

    Returns
    -------
    ndarray, shape (T, m, T, n)
        ``[t, i, s, j]``: output i of step t by input j of step s; 0 where s is later than t.

    Raises
    ------
    ArgumentError
        If inputs do not fit the network, are not finite, or there are none.

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

"""Memory of a network: half-lives of self-connected neurons, and the spectral radius of
its recurrence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import choice, suggests_arguments
from .._typing import Floats, Ints
from ..objects.network import Network
from ..objects.topology import Topology
from ._contribution import Patch, ReverseSteps
from ._steps import last_step, run_steps, topology_of
from ._structure import loops
from ._table import Table


@dataclass(frozen=True, eq=False, repr=False)
class HalfLives(Table):
    """Half-lives of the states of self-connected neurons, one row per neuron.

    Attributes
    ----------
    neuron : ndarray of int
        Number of the neuron: ``network[number]``.
    name : ndarray of str
        Name of the neuron.
    weight, gain : ndarray
        Weight and gain of the self-connection.
    half_life : ndarray
        Number of steps after which half of a state is left: ln 2 / -ln abs(weight *
        gain). It is infinite if the product is 1 or more, and 0 if the product is 0.
    """

    neuron: Ints
    name: Any
    weight: Floats
    gain: Floats
    half_life: Floats


def half_lives(network: Network, inputs: ArrayLike | None = None) -> HalfLives:
    """Compute the half-life of the state of each self-connected neuron.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    inputs : array_like, shape (T, n), optional
        Take the mean gain over this sequence, with the context cleared first. Default:
        the present gain.

    Raises
    ------
    ArgumentError
        If the inputs cannot be used.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1)
    >>> _ = a.project(b, seed=0), b[0].project(b[0], weight=0.5)
    >>> half_lives(Network(a, [], b)).half_life
    array([1.])
    """
    table = topology_of(network)
    gain = table.gain
    if inputs is not None:
        gain = run_steps(network, inputs).gains(table).mean(axis=0)
    rows = np.flatnonzero(table.self_connected)
    rows = rows[np.argsort(table.target[rows])]
    names = np.array([table.names[j] for j in table.target[rows].tolist()], dtype=str)
    factor = np.abs(table.weight[rows] * gain[rows])
    with np.errstate(divide="ignore"):
        lives = np.log(2.0) / np.abs(np.log(np.minimum(factor, 1.0)))
    return HalfLives(table.target[rows], names, table.weight[rows], gain[rows], lives)


@suggests_arguments("spectral_radius")
def spectral_radius(
    network: Network,
    what: Annotated[
        Literal["weights", "step"], partial(choice, options=("weights", "step"))
    ] = "weights",
) -> float:
    """Compute the largest absolute eigenvalue of the recurrence; 0 without recurrence.

    Parameters
    ----------
    network : Network
        The network.
    what : {"weights", "step"}
        The matrix. With ``"weights"`` it is W, where W_ji = weight * gain of the
        connection from i to j, with self-connections on the diagonal and the present
        gains. Only connections on a loop contribute. A delayed connection counts by the
        neuron that it delays, like any other; several of a pair add up. It is
        the radius of a step at slopes of 1 if every connection of the loops arrives one
        step late, as in a `Liquid` that is scaled to this value; if some act in the
        same step, it is not. With ``"step"`` it is the Jacobian of one step: the
        derivative of the numbers that the last step hands to the next with respect to
        those it received. These are the states of self-connected neurons and the
        activations that backward and delayed connections and gaters read. Slopes are
        those of the last step. With a radius below 1 a small change fades, as long as
        activations stay near their present values.

    Raises
    ------
    ArgumentError
        If `what` has another value.

    Examples
    --------
    >>> import architect
    >>> spectral_radius(architect.Perceptron(2, 3, 1, seed=0))
    0.0
    >>> net = architect.LSTM(2, 3, 1, peepholes=None, forget_gates=False, seed=0)
    >>> spectral_radius(net)
    1.0
    """
    table = topology_of(network)
    if what == "step":
        return _radius(_jacobian(network, table))

    source, target = table.source, table.target
    effective = table.weight * table.gain

    # Loops alone: all other eigenvalues of W are 0.
    loop = np.full(table.neurons, -1)
    for i, members in enumerate(loops(table.neurons, source, target)):
        loop[members] = i
    same_loop = loop[source] == loop[target]
    within = np.flatnonzero(same_loop & (loop[source] >= 0))

    # The connections of each loop. Its matrix is square: every neuron of a loop is both
    # source and target in it.
    within = within[np.argsort(loop[target[within]], stable=True)]
    ends = np.flatnonzero(np.diff(loop[target[within]])) + 1
    return max(
        _radius(Patch.of(connections, source, target).matrix(effective))
        for connections in np.split(within, ends)
    )


def _jacobian(network: Network, table: Topology) -> Floats:
    """Return the Jacobian of the state after a step with respect to the state before
    it.
    """
    slopes = ReverseSteps(table, 0)
    longest = np.zeros(table.neurons, np.int64)
    np.maximum.at(longest, slopes.source, slopes.lag)
    # The activations that are read late, each followed by those before it as far as
    # they are read, then the states of the cells.
    read = np.repeat(np.arange(table.neurons), longest)
    age = np.arange(len(read)) - np.repeat(np.cumsum(longest) - longest, longest)
    cells = np.unique(table.target[table.self_connected])
    now, older = np.flatnonzero(age == 0), np.flatnonzero(age)
    states = len(read) + np.arange(len(cells))

    jacobian = np.zeros((len(read) + len(cells),) * 2)
    slopes.y, slopes.s = np.zeros((2, len(jacobian), table.neurons))
    slopes.y[now, read[now]] = 1.0
    slopes.s[states, cells] = 1.0
    slopes.back(last_step(network, table))
    jacobian[:, now] = slopes.y[:, read[now]]
    jacobian[:, states] = slopes.s[:, cells]
    for steps in np.unique(age[older]).tolist():
        columns = np.flatnonzero(age == steps)
        jacobian[:, columns] = slopes.due(steps - 1, slopes.y.shape)[:, read[columns]]
    jacobian[older, older - 1] = 1.0
    return jacobian


def _radius(matrix: Floats) -> float:
    """Return the largest absolute eigenvalue of a matrix, 0 if it is empty."""
    return float(np.abs(np.linalg.eigvals(matrix)).max(initial=0.0))

"""Analyse the structure of a network, with its loops, late connections and patterns of
gating, and its memory, with the half-lives of self-connected neurons and the spectral
radius of its recurrence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import compress
from typing import Annotated, Any, Literal, NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike

from .._checks import boolean, choice, suggests_arguments
from .._typing import Bools, Floats, Ints
from ..objects.connection import Connection
from ..objects.network import Network, require_network
from ..objects.neuron import Neuron
from ..objects.topology import Topology
from ._contribution import Patch, ReverseSteps
from ._steps import last_step, run_steps, topology_of
from ._table import Table


class LateConnections(NamedTuple):
    """The connections of a network that act one step late.

    `connections` are those whose source activates after their target. `gated` are those
    whose gater activates after their target, or is the target.
    """

    connections: tuple[Connection, ...]
    gated: tuple[Connection, ...]


@suggests_arguments()
def late_connections(network: Network) -> LateConnections:
    """List the connections that act one step late, or later.

    These are all connections with a :attr:`~synapse.Connection.delay`. In a synchronous
    network, they also include all connections whose source is not an input. In other
    networks, they include connections that lead backward in the order of activation,
    and connections between neurons that compete. To find an order in which only
    connections on cycles are late, call :meth:`synapse.Network.sort_layers`. In an
    Elman network, the copies into its context are late:

    >>> import architect
    >>> len(late_connections(architect.Elman(2, 6, 1, seed=0)).connections)
    6
    """
    table = Topology.of(require_network("network of late_connections", network))
    links = network.connections
    return LateConnections(
        tuple(compress(links, table.late)),
        tuple(compress(links, table._late_gates)),
    )


@suggests_arguments()
def components(network: Network, *, gates: bool = True) -> list[list[Neuron]]:
    """Find the strongly connected components, which are groups of neurons that can all
    reach each other.

    Neurons on no loop are left out. A self-connection is a loop.

    Parameters
    ----------
    network : Network
        The network.
    gates : bool
        Whether a gate counts as an edge from the gater to the target of the gated
        connection.

    Returns
    -------
    list of list of Neuron
        The groups, with the largest first. Within a group, neurons are in activation
        order.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, style="synaptic", seed=0)
    >>> [len(group) for group in components(net)]
    [9]
    >>> components(architect.Perceptron(2, 3, 1, seed=0))
    []
    """
    table = topology_of(network)
    source = table.source
    target = table.target
    if boolean("gates", gates):
        source = np.concatenate([source, table.gater[table.gated]])
        target = np.concatenate([target, target[table.gated]])
    neurons = network.neurons
    return [
        [neurons[j] for j in group.tolist()]
        for group in loops(table.neurons, source, target)
    ]


def loops(neurons: int, source: Ints, target: Ints) -> list[Ints]:
    """Return strongly connected components that contain an edge, the largest first."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(neurons))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    self_connected = set(source[source == target].tolist())
    groups = [
        np.array(sorted(group))
        for group in nx.strongly_connected_components(graph)
        if len(group) > 1 or group <= self_connected
    ]
    return sorted(groups, key=lambda group: (-len(group), int(group[0])))


@suggests_arguments()
def gate_motifs(network: Network) -> dict[str, int]:
    """Count patterns of gating. (To count patterns of connections, use
    ``networkx.triadic_census``.)

    Returns
    -------
    dict of str to int
        Counts of gated connections. ``all`` counts all of them, ``forget``
        self-connections, ``into memory`` connections from another neuron to a
        self-connected one, and ``out of memory`` connections from a self-connected
        neuron to another. ``peephole`` counts connections of these three kinds whose
        gater has a connection from that self-connected neuron, ``same source``
        connections whose source also projects to the gater, and ``own`` connections to
        or from their gater.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, style="synaptic", peepholes=None, seed=0)
    >>> counts = gate_motifs(net)
    >>> counts["forget"], counts["into memory"], counts["out of memory"]
    (3, 6, 3)
    """
    table = topology_of(network)
    source = table.source[table.gated]
    target = table.target[table.gated]
    gater = table.gater[table.gated]
    memory = np.zeros(table.neurons, bool)
    memory[table.target[table._self_connected]] = True

    # A pair of neurons as one number, to look many of them up at once
    links = table.source * table.neurons + table.target

    def linked(sources: Ints, targets: Ints) -> Bools:
        return np.asarray(np.isin(sources * table.neurons + targets, links))

    forget = table._self_connected[table.gated]
    into = ~forget & memory[target]
    leaving = ~forget & memory[source]
    peephole = (forget | into) & linked(target, gater) | leaving & linked(source, gater)
    patterns = {
        "all": np.ones(len(gater), bool),
        "forget": forget,
        "into memory": into,
        "out of memory": leaving,
        "peephole": peephole,
        "same source": ~forget & linked(source, gater),
        "own": (gater == source) | (gater == target),
    }
    return {name: int(matches.sum()) for name, matches in patterns.items()}


@dataclass(frozen=True, eq=False, repr=False)
class HalfLives(Table):
    """Half-lives of the states of self-connected neurons, with one row per neuron.

    Attributes
    ----------
    neuron : ndarray of int
        Number of the neuron, as in ``network[number]``.
    name : ndarray of str
        Name of the neuron.
    weight, gain : ndarray
        Weight and gain of the self-connection.
    half_life : ndarray
        Number of steps after which half of a state is left, ln 2 / -ln abs(weight *
        gain). It is infinite if the product is 1 or more, and 0 if the product is 0.
    """

    neuron: Ints
    name: Any
    weight: Floats
    gain: Floats
    half_life: Floats


@suggests_arguments()
def half_lives(network: Network, inputs: ArrayLike | None = None) -> HalfLives:
    """Compute the half-life of each self-connected neuron's state.

    Parameters
    ----------
    network : Network
        The network, which is not changed.
    inputs : array_like, shape (T, n), optional
        A sequence over which to take the mean gain, after clearing the context.
        Default: the present gain.

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
    rows = np.flatnonzero(table._self_connected)
    rows = rows[np.argsort(table.target[rows])]
    names = np.array([table.label[j] for j in table.target[rows].tolist()], dtype=str)
    factor = np.abs(table.weight[rows] * gain[rows])
    with np.errstate(all="ignore"):
        lives = np.log(2.0) / np.abs(np.log(np.minimum(factor, 1.0)))
    return HalfLives(table.target[rows], names, table.weight[rows], gain[rows], lives)


@suggests_arguments("spectral_radius")
def spectral_radius(
    network: Network,
    what: Annotated[
        Literal["weights", "step"], partial(choice, options=("weights", "step"))
    ] = "weights",
) -> float:
    """Compute the largest absolute eigenvalue of the recurrence, which is 0 without
    recurrence.

    Parameters
    ----------
    network : Network
        The network.
    what : {"weights", "step"}
        The matrix whose eigenvalues are computed. With ``"weights"``, it is W, where
        W_ji = weight * gain of the connection from i to j, with self-connections on the
        diagonal and the present gains. Only connections on a loop contribute. A delayed
        connection counts by the neuron that it delays, like any other, and several
        connections of a pair add up. The result is the radius of a step at derivatives
        of 1 if every connection of the loops arrives one step late, as in a `Liquid`
        that is scaled to this value, but not if some of them act in the same step. With
        ``"step"``, the matrix is the Jacobian of one step: the derivative of the
        numbers that the last step passes to the next with respect to the numbers that
        it received. These are the states of self-connected neurons and the activations
        that backward and delayed connections and gaters read. Derivatives are taken at
        the last step. If the radius is below 1, a small change fades, as long as
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
    within = np.flatnonzero((loop[source] == loop[target]) & (loop[source] >= 0))

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
    cells = np.unique(table.target[table._self_connected])
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

"""Structure of a network: loops, late connections and patterns of gating."""

from __future__ import annotations

from itertools import compress
from typing import NamedTuple

import networkx as nx
import numpy as np

from .._checks import boolean
from .._typing import Bools, Ints
from ..objects.connection import Connection
from ..objects.network import Network, require_network
from ..objects.neuron import Neuron
from ..objects.topology import Topology
from ._steps import topology_of


class LateConnections(NamedTuple):
    """The connections of a network that act one step late.

    `connections` are those whose source activates after their target. `gated` are those
    whose gater activates after their target, or is the target.
    """

    connections: tuple[Connection, ...]
    gated: tuple[Connection, ...]


def late_connections(network: Network) -> LateConnections:
    """List the connections that act one step late, or later.

    These are all that have a :attr:`~synapse.Connection.delay`. In a synchronous
    network, they are all whose source is not an input, too; in others, those that lead
    backward in the order of activation, and those between neurons that compete.
    :meth:`synapse.Network.sort_layers` finds an order in which only connections on
    cycles are late. Those of an Elman network are the copies into its context:

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


def components(network: Network, *, gates: bool = True) -> list[list[Neuron]]:
    """Find groups of neurons that can all reach each other: the strongly connected
    components.

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
        The largest group first; the neurons of a group in activation order.

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


def gate_motifs(network: Network) -> dict[str, int]:
    """Count patterns of gating. (``networkx.triadic_census`` counts those of
    connections.)

    Returns
    -------
    dict of str to int
        Counts of gated connections. ``all``: all of them; ``forget``: self-connections;
        ``into memory``: connections from another neuron to a self-connected one; ``out
        of memory``: connections from a self-connected neuron to another; ``peephole``:
        connections of these three kinds whose gater has a connection from that
        self-connected neuron; ``same source``: connections whose source also projects
        to the gater; ``own``: connections to or from their gater.

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
    memory[table.target[table.self_connected]] = True

    # A pair of neurons as one number, to look many of them up at once
    links = table.source * table.neurons + table.target

    def linked(sources: Ints, targets: Ints) -> Bools:
        return np.asarray(np.isin(sources * table.neurons + targets, links))

    forget = table.self_connected[table.gated]
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

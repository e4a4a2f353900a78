"""Structure of a network: loops, triads, patterns of gating."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .._checks import boolean
from .._typing import Bools, Ints
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.topology import Topology
from ._steps import topology_of

Counts = NDArray[np.floating[Any]]


def components(network: Network, *, gates: bool = True) -> list[list[Neuron]]:
    """Find groups of neurons that can all reach each other: the strongly connected components.

    Neurons on no loop are left out. A self-connection is a loop.

    Parameters
    ----------
    network : Network
        The network.
    gates : bool
        Whether a gate counts as an edge from the gater to the target of the gated connection.

    Returns
    -------
    list of list of Neuron
        The largest group first; the neurons of a group in activation order.

    Examples
    --------
    >>> import architect
    >>> [len(group) for group in components(architect.LSTM(2, 3, 1, style="synaptic", seed=0))]
    [9]
    >>> components(architect.Perceptron(2, 3, 1, seed=0))
    []
    """
    table = topology_of(network)
    source, target = table.source, table.target
    if boolean("The gates", gates):
        source = np.concatenate([source, table.gater[table.gated]])
        target = np.concatenate([target, target[table.gated]])
    neurons = network.neurons
    return [[neurons[j] for j in group.tolist()] for group in loops(table.neurons, source, target)]


def loops(neurons: int, source: Ints, target: Ints) -> list[Ints]:
    """Strongly connected components that contain an edge, the largest first."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(neurons))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    own = set(source[source == target].tolist())
    found = [
        np.array(sorted(group))
        for group in nx.strongly_connected_components(graph)
        if len(group) > 1 or group <= own
    ]
    return sorted(found, key=lambda group: (-len(group), int(group[0])))


@dataclass(frozen=True)
class Motifs:
    """Counts of small patterns in a network.

    Attributes
    ----------
    triads : dict of str to int
        Counts of the 13 ways in which three neurons can be connected with each other, under the names of
        Davis and Leinhardt that ``networkx.triadic_census`` uses: ``021D`` one neuron to two,
        ``021U`` two to one, ``021C`` a chain, ``030T`` a chain with a short cut, ``030C`` a
        cycle, and so on. Self-connections and gates are left out.
    gates : dict of str to int
        Counts of gated connections. ``all``: all of them; ``forget``: self-connections;
        ``into memory``: connections from another neuron to a self-connected one;
        ``out of memory``: connections from a self-connected neuron to another; ``peephole``: connections of
        these three kinds whose gater has a connection from that self-connected neuron; ``same source``:
        connections whose source also projects to the gater; ``own``: connections to or from their gater.
    """

    triads: dict[str, int]
    gates: dict[str, int]


def motifs(network: Network) -> Motifs:
    """Count small patterns in a network.

    Notes
    -----
    Triads are counted by products of adjacency matrices (Moody, *Matrix methods for calculating
    the triad census*, Social Networks 20, 1998). Memory grows with the square of the number of neurons.

    Examples
    --------
    >>> import architect
    >>> found = motifs(architect.LSTM(2, 3, 1, style="synaptic", peepholes=None, seed=0))
    >>> found.gates["forget"], found.gates["into memory"], found.gates["out of memory"]
    (3, 6, 3)
    >>> motifs(architect.Perceptron(2, 3, 1, seed=0)).triads["021C"]
    6
    """
    table = topology_of(network)
    return Motifs(_triads(table), _gates(table))


def _triads(table: Topology) -> dict[str, int]:
    """Count connected triads from the matrices of one-way and of two-way edges."""
    linked = np.zeros((table.neurons, table.neurons), np.float32)  # counts stay below 2^24: exact
    linked[table.source[~table.self_connected], table.target[~table.self_connected]] = 1.0
    both = linked * linked.T
    way = linked - both
    unlinked = 1.0 - both - way - way.T - np.eye(table.neurons, dtype=np.float32)
    out, into, chain = way.T @ way, way @ way.T, way @ way
    left, right, mutual = both @ way, both @ way.T, both @ both

    def count(product: Counts, third: Counts, times: int = 1) -> int:
        return round(float(np.einsum("ij,ij->", product, third, dtype=np.float64)) / times)

    return {
        "021D": count(out, unlinked, 2),
        "021U": count(into, unlinked, 2),
        "021C": count(chain, unlinked),
        "111D": count(right, unlinked),
        "111U": count(left, unlinked),
        "030T": count(chain, way),
        "030C": count(chain, way.T, 3),
        "201": count(mutual, unlinked, 2),
        "120D": count(out, both, 2),
        "120U": count(into, both, 2),
        "120C": count(chain, both),
        "210": count(mutual, way),
        "300": count(mutual, both, 6),
    }


def _gates(table: Topology) -> dict[str, int]:
    source, target, gater = table.source[table.gated], table.target[table.gated], table.gater[table.gated]
    memory = np.zeros(table.neurons, bool)
    memory[table.target[table.self_connected]] = True
    links = table.source * table.neurons + table.target

    def linked(first: Ints, second: Ints) -> Bools:
        return np.asarray(np.isin(first * table.neurons + second, links))

    forget = source == target
    into, out = ~forget & memory[target], ~forget & memory[source]
    peephole = (forget | into) & linked(target, gater) | out & linked(source, gater)
    patterns = {
        "all": np.ones(len(gater), bool),
        "forget": forget,
        "into memory": into,
        "out of memory": out,
        "peephole": peephole,
        "same source": ~forget & linked(source, gater),
        "own": (gater == source) | (gater == target),
    }
    return {name: int(found.sum()) for name, found in patterns.items()}

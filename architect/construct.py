"""A network from neurons that are wired already; finds the order of activation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import networkx as nx

from synapse import Connection, Layer, Network, Neuron
from synapse._checks import expected, listed
from synapse.errors import KindError, TopologyError
from synapse.network import require_network


class Delayed(NamedTuple):
    """What acts a step late in a network: `connections`, whose source fires after their target, and
    those `gated` by a neuron that fires after their target or is it.
    """

    connections: tuple[Connection, ...]
    gated: tuple[Connection, ...]


def construct(
    neurons: Iterable[Neuron],
    inputs: Iterable[Neuron] | None = None,
    outputs: Iterable[Neuron] | None = None,
    *,
    name: str | None = None,
) -> Network:
    """A network of neurons that are wired already, in an order of activation that is found.

    Inputs fire first, outputs last, and in between every neuron after those that lead to it and those
    that gate what leads to it; where that leaves a choice, in the order given. Where neurons lie on
    cycles, that is impossible: connections that lead backward are cut, and carry the activation that their
    source had a step ago. Backward is seen from the inputs, by the number of connections from the nearest
    one, or, where that cuts fewer, in the order of `neurons`. Gaters come before what they gate even then,
    as only then they learn from it. :func:`delayed` lists what was cut.

    A chain of neurons that is to keep the past, each a copy of the one before it a step ago, fires in
    the opposite order: pass the layers in that order to :class:`synapse.Network`.

    Parameters
    ----------
    neurons : iterable of Neuron
        All of the neurons, in any order.
    inputs : iterable of Neuron, optional
        Those among them that take the inputs, in order. Default: those without incoming connections.
    outputs : iterable of Neuron, optional
        Those that give the outputs, in order. Default: those that neither lead to another nor gate.
    name : str, optional
        What the network is called.

    Returns
    -------
    Network
        Of one hidden layer, which holds its neurons in their order of activation.

    Raises
    ------
    KindError
        If anything other than a neuron is given.
    TopologyError
        If no inputs or outputs are found; or a neuron is given twice, is input and output, is wired to
        one that is not given, or cannot be reached from the inputs. Nothing has changed then.

    Examples
    --------
    >>> from synapse import Neuron
    >>> y, b, a, x = (Neuron(name=name) for name in "ybax")
    >>> for source, target in [(x, a), (a, b), (b, a), (b, y)]:
    ...     _ = source.project(target, weight=0.5)
    >>> net = construct([y, b, a, x])
    >>> net, [neuron.name for neuron in net]
    (<Network 1-2-1, 4 neurons, 4 connections>, ['x', 'a', 'b', 'y'])
    >>> delayed(net).connections
    (<Connection b -> a, weight 0.5>,)
    """
    every = _once("neurons", neurons)
    _refuse_strangers(every)
    first = _inputs(every) if inputs is None else _among("inputs", inputs, every)
    last = _outputs(every, first) if outputs is None else _among("outputs", outputs, every)
    both = [neuron for neuron in first if neuron in set(last)]
    if both:
        raise TopologyError(f"{both[0]!r} is both an input and an output. Put a neuron in between.")
    _refuse_unreached(every, first)
    hidden = _hidden_order(every, set(first), set(last))
    return Network(Layer(first), [Layer(hidden)] if hidden else [], Layer(last), name=name)


def delayed(network: Network) -> Delayed:
    """The connections of a network along which, or on which, something acts a step late.

    >>> import architect
    >>> len(delayed(architect.Elman(2, 6, 1, seed=0)).connections)  # copies into the context
    6
    """
    place = {neuron: i for i, neuron in enumerate(require_network("What delayed looks at", network))}
    late, gated = [], []
    for link in network.connections:
        if place[link.source] > place[link.target]:
            late.append(link)
        if link.gater in place and place[link.gater] >= place[link.target]:
            gated.append(link)
    return Delayed(tuple(late), tuple(gated))


# --- who is who -----------------------------------------------------------------------------------


def _once(what: str, neurons: Iterable[Any]) -> list[Neuron]:
    """The neurons as a list, none of them twice."""
    given = listed(f"The {what} of construct", neurons, "neurons")
    for neuron in given:
        if not isinstance(neuron, Neuron):
            raise KindError(expected(f"Each of the {what} of construct", "a Neuron", neuron))
    if not given:
        raise TopologyError(f"Expected at least one neuron as the {what} of construct, got none.")
    seen: set[Neuron] = set()
    for neuron in given:
        if neuron in seen:
            raise TopologyError(f"{neuron!r} is given twice among the {what} of construct. Give it once.")
        seen.add(neuron)
    return given


def _among(what: str, neurons: Iterable[Any], every: Sequence[Neuron]) -> list[Neuron]:
    """The neurons that are to be inputs or outputs, checked."""
    chosen, known = _once(what, neurons), set(every)
    for neuron in chosen:
        if neuron not in known:
            raise TopologyError(f"{neuron!r} is one of the {what} but not of the neurons. Give it there too.")
    return chosen


def _inputs(every: Sequence[Neuron]) -> list[Neuron]:
    found = [neuron for neuron in every if not neuron.incoming]
    for neuron in found:
        if not (neuron.outgoing or neuron.gated):
            raise TopologyError(f"{neuron!r} is connected to no other neuron. Connect it or leave it out.")
    if not found:
        raise TopologyError(
            "Every neuron has incoming connections: none is an input by itself. "
            "Name the inputs: construct(neurons, inputs=[...])."
        )
    return found


def _outputs(every: Sequence[Neuron], inputs: Sequence[Neuron]) -> list[Neuron]:
    taken = set(inputs)
    found = [n for n in every if not (n.outgoing or n.gated or n in taken)]
    if not found:
        raise TopologyError(
            "Every neuron leads to another, gates or is an input: none is an output by itself. "
            "Name the outputs: construct(neurons, outputs=[...])."
        )
    return found


def _refuse_strangers(every: Sequence[Neuron]) -> None:
    """Raise where a neuron is wired to one that is not given."""
    known = set(every)
    for neuron in every:
        for link in (*_into(neuron), *neuron.outgoing, *neuron.gated):
            for other in (link.source, link.target, link.gater):
                if other is not None and other not in known:
                    raise TopologyError(
                        f"{neuron!r} is wired to {other!r}, which is not among the neurons. "
                        "Give construct all of them, or disconnect those that stay outside."
                    )


def _refuse_unreached(every: Sequence[Neuron], inputs: Sequence[Neuron]) -> None:
    """Raise where no way leads from an input to a neuron."""
    reached, waiting = set(inputs), list(inputs)
    while waiting:
        new = [link.target for link in waiting.pop().outgoing if link.target not in reached]
        reached.update(new)
        waiting += new
    for neuron in every:
        if neuron not in reached:
            raise TopologyError(
                f"No way leads from the inputs to {neuron!r}. "
                "Connect it, name it among the inputs or leave it out."
            )


def _into(neuron: Neuron) -> tuple[Connection, ...]:
    """The connections that lead to a neuron, its self-connection too."""
    own = neuron.self_connection
    return neuron.incoming if own is None else (*neuron.incoming, own)


# --- the order ------------------------------------------------------------------------------------


def _hidden_order(every: Sequence[Neuron], inputs: set[Neuron], outputs: set[Neuron]) -> list[Neuron]:
    """Neither inputs nor outputs, in an order in which they can activate."""
    place = {neuron: i for i, neuron in enumerate(every)}
    gates, links = _empty(len(every)), _empty(len(every))
    for target in (neuron for neuron in every if neuron not in inputs):
        for link in _into(target):
            for graph, before in ((links, link.source), (gates, link.gater)):
                if before not in (None, target) and before not in outputs:  # those are last in any case
                    graph.add_edge(place[before], place[target])
    _open_cycles(gates, [range(len(every))])
    near = nx.multi_source_dijkstra_path_length(links, {place[neuron] for neuron in inputs})
    ranks = [_ranks(gates, lambda i: (near.get(i, len(every)), i)), _ranks(gates, lambda i: (0, i))]
    links.add_edges_from(gates.edges)
    _open_cycles(links, ranks)
    ordered = [every[i] for i in nx.lexicographical_topological_sort(links)]
    return [neuron for neuron in ordered if neuron not in inputs and neuron not in outputs]


def _empty(size: int) -> nx.DiGraph[int]:
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(size))
    return graph


def _ranks(gates: nx.DiGraph[int], key: Callable[[int], tuple[float, int]]) -> dict[int, int]:
    """The rank of every neuron in an order by a key that lets gaters come before what they gate."""
    return {i: rank for rank, i in enumerate(nx.lexicographical_topological_sort(gates, key))}


def _open_cycles(graph: nx.DiGraph[int], orders: Sequence[Mapping[int, int] | Sequence[int]]) -> None:
    """Remove the edges that lie on cycles and lead backward in an order: that which removes the fewest."""
    for members in list(nx.strongly_connected_components(graph)):
        edges = [(i, j) for i in members for j in graph.succ[i] if j in members]
        backward = [[(i, j) for i, j in edges if rank[i] > rank[j]] for rank in orders]
        fewest = min(backward, key=len)
        graph.remove_edges_from(fewest)

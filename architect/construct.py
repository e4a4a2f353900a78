"""A network from neurons that somebody has wired, the order of activation found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import networkx as nx

from synapse import Connection, Layer, Network, Neuron
from synapse.errors import KindError, TopologyError, expected


class Delayed(NamedTuple):
    """What acts a step late in a network: the connections whose source, and those whose gater, fires
    after their target or is it. A self-connection counts only where its gater does.
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
    that gate what leads to it; where that leaves a choice, in the order given. On a cycle that is
    impossible: it is cut before one of its neurons, which then sees what the others said a step ago.
    That is a neuron none of whose gaters are on the cycle, as a gate only learns from what fires
    after it; among those, one that is also fed from outside the cycle; and then the first given.
    :func:`delayed` tells which connections were cut.

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
        If something else than a neuron is given.
    TopologyError
        If no neuron can be an input, or an output; one is given twice, is input and output, is wired
        to a neuron that is not given, or cannot be reached from the inputs. Nothing has changed then.

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
    if not isinstance(network, Network):
        raise KindError(expected("What delayed looks at", "a Network", network))
    place = {neuron: i for i, neuron in enumerate(network)}
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
    if not isinstance(neurons, Iterable):
        raise KindError(expected(f"The {what} of construct", "neurons", neurons))
    given = list(neurons)
    for neuron in given:
        if not isinstance(neuron, Neuron):
            raise KindError(expected(f"Each of the {what} of construct", "a Neuron", neuron))
    if not given:
        raise TopologyError(f"The {what} of construct must be at least one neuron. Got none.")
    seen: set[Neuron] = set()
    for neuron in given:
        if neuron in seen:
            raise TopologyError(f"{neuron!r} is given twice among the {what} of construct. Give it once.")
        seen.add(neuron)
    return given


def _among(what: str, neurons: Iterable[Any], every: Sequence[Neuron]) -> list[Neuron]:
    """Neurons that were told to be inputs or outputs."""
    told, known = _once(what, neurons), set(every)
    for neuron in told:
        if neuron not in known:
            raise TopologyError(f"{neuron!r} is one of the {what} but not of the neurons. Give it there too.")
    return told


def _inputs(every: Sequence[Neuron]) -> list[Neuron]:
    found = [neuron for neuron in every if not neuron.incoming]
    for neuron in found:
        if not (neuron.outgoing or neuron.gated):
            raise TopologyError(f"{neuron!r} is connected to no other neuron. Connect it or leave it out.")
    if not found:
        raise TopologyError(
            "Every neuron has incoming connections, so none can be told to be an input. "
            "Name them: construct(neurons, inputs=[...])."
        )
    return found


def _outputs(every: Sequence[Neuron], inputs: Sequence[Neuron]) -> list[Neuron]:
    taken = set(inputs)
    found = [n for n in every if not (n.outgoing or n.gated or n in taken)]
    if not found:
        raise TopologyError(
            "Every neuron that is no input leads to another or gates, so none can be told to be an output. "
            "Name them: construct(neurons, outputs=[...])."
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
    graph = _constraints(every, inputs, outputs)
    graph.remove_edges_from(_cuts(graph))
    ordered = (every[i] for i in nx.lexicographical_topological_sort(graph))
    return [neuron for neuron in ordered if neuron not in inputs and neuron not in outputs]


def _constraints(every: Sequence[Neuron], inputs: set[Neuron], outputs: set[Neuron]) -> nx.DiGraph[int]:
    """Who should fire before whom, by place among the neurons; ``gates`` says whether as a gater.

    What leads to an input, or from an output, cannot constrain: inputs come first, outputs last.
    """
    place = {neuron: i for i, neuron in enumerate(every)}
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(every)))
    for gates in (False, True):  # who does both counts as a gater
        for target in every:
            for link in _into(target):
                before = link.gater if gates else link.source
                if before not in (None, target) and target not in inputs and before not in outputs:
                    graph.add_edge(place[before], place[target], gates=gates)
    return graph


def _cuts(graph: nx.DiGraph[int]) -> list[tuple[int, int]]:
    """Edges without which no cycle is left, every one of them on a cycle."""
    cut, parts = [], [set(graph)]
    while parts:
        inner = graph.subgraph(parts.pop()).copy()
        for cycle in nx.strongly_connected_components(inner):
            if len(cycle) > 1:
                first = min(_reluctance(graph, i, cycle) for i in cycle)[-1]
                cut += [(i, first) for i in graph.pred[first] if i in cycle]
                parts.append(cycle - {first})
    return cut


def _reluctance(graph: nx.DiGraph[int], number: int, cycle: set[int]) -> tuple[bool, bool, int]:
    """The lower, the rather this neuron of a cycle is to fire before the others."""
    before = graph.pred[number]
    gated = any(before[i]["gates"] for i in before if i in cycle)
    return gated, all(i in cycle for i in before), number

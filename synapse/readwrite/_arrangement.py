"""Selects the nodes of a graph that become inputs, outputs and hidden layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from .._checks import expected, listed, shown
from .._typing import Ints
from ..errors import TopologyError
from ..objects.order import find_order

MOST_LAYERS = 24
"""Maximum number of hidden layers; in deeper graphs, several neighbouring depths form one layer."""

Layers = list[list[int]]


def arrange(
    place: Mapping[Any, int],
    edges: Mapping[str, Ints],
    inputs: Iterable[Any] | None,
    outputs: Iterable[Any] | None,
    subset: Sequence[int | None],
) -> Layers:
    """Arrange nodes in layers, inputs first and outputs last, as indices in the order of activation.

    Parameters
    ----------
    place : mapping
        The number of every node.
    edges : mapping of arrays
        Numbers of the nodes at the ends of each edge, ``source`` and ``target``, and ``gater`` (-1: none).
    inputs, outputs : iterable of nodes, optional
        Inputs and outputs that the user gives.
    subset : sequence of int or None
        The layer that each node belongs to, None where the graph does not say.
    """
    if not place:
        raise TopologyError("The graph must have at least two nodes, an input and an output. Got none.")
    known = _known(place, subset)
    first = _named("inputs", inputs, place) if inputs is not None else _first(place, edges, known)
    last = (
        _named("outputs", outputs, place) if outputs is not None else _last(place, edges, known, set(first))
    )
    both = [i for i in last if i in set(first)]
    if both:
        node = shown(list(place)[both[0]])
        raise TopologyError(f"The node {node} is both an input and an output. Add a node in between.")
    taken = {*first, *last}
    if known is None:
        hidden = _by_depth(len(place), edges, first, last)
    else:
        left = sorted((i for i in range(len(place)) if i not in taken), key=known.__getitem__)
        hidden = [list(layer) for _, layer in groupby(left, known.__getitem__)]
    return [first, *hidden, last]


def _known(place: Mapping[Any, int], subset: Sequence[int | None]) -> list[int] | None:
    """The layer of every node, if the graph names several."""
    known = [number for number in subset if number is not None]
    if known and len(known) < len(subset):
        node = shown(list(place)[list(subset).index(None)])
        raise TopologyError(
            f"Either all nodes must have a subset, the number of their layer, or none. Node {node} has none. "
            "Pass attributes={'subset': None} to ignore this attribute."
        )
    return known if len(set(known)) > 1 else None


def _named(what: str, nodes: Iterable[Any], place: Mapping[Any, int]) -> list[int]:
    """The indices of the nodes that the user gives."""
    chosen = listed(f"The {what} of from_networkx", nodes, "a list of nodes")
    if not chosen:
        raise TopologyError(f"The {what} of from_networkx must be at least one node. Got none.")
    numbers = []
    for node in chosen:
        try:
            numbers.append(place[node])
        except (KeyError, TypeError):  # a value without a hash is no node
            condition = "nodes of the graph"
            raise TopologyError(expected(f"The {what} of from_networkx", condition, node)) from None
    if len(set(numbers)) < len(numbers):
        twice = next(node for i, node in enumerate(chosen) if numbers[i] in numbers[:i])
        raise TopologyError(f"The node {shown(twice)} is given twice among the {what}. Give it once.")
    return numbers


def _first(place: Mapping[Any, int], edges: Mapping[str, Ints], known: list[int] | None) -> list[int]:
    """The inputs found from the edges of the graph."""
    if known is not None:
        return [i for i, number in enumerate(known) if number == min(known)]
    reached, leading = _linked(edges, len(place))
    found = np.flatnonzero(~reached)
    alone = np.flatnonzero(~reached & ~leading)
    if len(alone):
        raise _unconnected(place, int(alone[0]))
    if not len(found):
        raise TopologyError(
            "Expected a node without incoming edges as an input, found none. "
            "Name the inputs: from_networkx(graph, inputs=[...])."
        )
    return found.tolist()


def _last(
    place: Mapping[Any, int], edges: Mapping[str, Ints], known: list[int] | None, first: set[int]
) -> list[int]:
    """The outputs found from the edges of the graph."""
    left = [i for i in range(len(place)) if i not in first]
    if known is not None:
        highest = max((known[i] for i in left), default=0)
        return [i for i in left if known[i] == highest] or _none()
    reached, leading = _linked(edges, len(place))
    found = [i for i in left if not leading[i]]
    alone = [i for i in found if not reached[i]]
    if alone:
        raise _unconnected(place, alone[0])
    return found or _none()


def _none() -> list[int]:
    raise TopologyError(
        "Expected a node without outgoing edges as an output, found none. "
        "Name the outputs: from_networkx(graph, outputs=[...])."
    )


def _unconnected(place: Mapping[Any, int], i: int) -> TopologyError:
    return TopologyError(
        f"The node {shown(list(place)[i])} is connected to no other node. "
        "Remove it from the graph, or name both the inputs and the outputs."
    )


def _linked(edges: Mapping[str, Ints], count: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Booleans by node: whether it has incoming edges, and whether it has outgoing edges or gates."""
    others = edges["source"] != edges["target"]
    reached, leading = np.zeros(count, bool), np.zeros(count, bool)
    reached[edges["target"][others]] = True
    leading[edges["source"][others]] = True
    leading[edges["gater"][edges["gater"] >= 0]] = True
    return reached, leading


def _by_depth(count: int, edges: Mapping[str, Ints], first: list[int], last: list[int]) -> Layers:
    """The hidden layers in an order found from the edges."""
    source, target, gater = (edges[end].tolist() for end in ("source", "target", "gater"))
    gates = [pair for pair in zip(gater, target, strict=True) if pair[0] >= 0]
    order = find_order(count, zip(source, target, strict=True), gates, first, last)
    deepest = max(order.depths, default=0) - min(order.depths, default=0) + 1
    fold = -(-deepest // MOST_LAYERS)
    depth = {i: far // fold for i, far in zip(order.neurons, order.depths, strict=True)}
    ordered = sorted(order.neurons, key=depth.__getitem__)
    return [list(layer) for _, layer in groupby(ordered, depth.__getitem__)]

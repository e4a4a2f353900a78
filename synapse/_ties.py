"""Numbers that tied connections or neurons share: whatever sets a weight or bias sets it here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import engine
from ._checks import require_range
from ._typing import Ints
from .engine.schema import INPUT
from .engine.store import Store
from .errors import ArgumentError
from .initializers import Initializer, draw

TIES = {"weight": "tie", "trainable": "tie", "bias": "bias_tie", "trainable_bias": "bias_tie"}
"""Columns that may be shared, and which column tells with whom."""


def put(store: Store, name: str, rows: Any, values: ArrayLike) -> None:
    """Set a column in some rows, and in all that share it with one of them.

    Raises
    ------
    ArgumentError
        If rows that share it are given different values; nothing has changed then.
    """
    column, tie = store[name], store[TIES[name]]
    if not tie[rows].any():
        column[rows] = values
        return
    rows, numbers = _agreed(store, name, rows, values)
    column[rows] = numbers
    others, like = elsewhere(tie, rows)
    column[others] = numbers[like]


def put_first(store: Store, name: str, rows: Ints, values: NDArray[Any]) -> None:
    """The same; where those that share would get different values, all take that of the first."""
    tie = store[TIES[name]][rows]
    put(store, name, rows, first_of_each(tie, values) if tie.any() else values)


def renew(
    store: Store, connections: Ints, neurons: Ints, rng: np.random.Generator, initializer: str | Initializer
) -> None:
    """Draw the weights of some connections, and the biases of some neurons, anew: those that learning moves.

    What is not trainable keeps its value, and so do self-connections and the biases of a network's inputs.
    """
    connections = connections[np.argsort(store["identity"][connections])]  # the order of making
    learns = (store["trainable"] == 1) & (store["source"] != store["target"])
    connections = connections[learns[connections]]
    neurons = neurons[(store["trainable_bias"][neurons] == 1) & (store["role"][neurons] != INPUT)]
    fans = max(1, len(connections) // max(1, len(neurons)))
    weights = draw(initializer, rng, (len(connections),), fans, fans)
    biases = draw(initializer, rng, (len(neurons),), fans, fans)
    for drawn in (weights, biases):
        require_range("What an initializer returns", drawn, store.dtype)
    put_first(store, "weight", connections, weights)
    put_first(store, "bias", neurons, biases)


def require_agreement(store: Store, name: str, rows: Any, values: ArrayLike) -> None:
    """Raise where :func:`put` would."""
    if store[TIES[name]][rows].any():
        _agreed(store, name, rows, values)


def _agreed(store: Store, name: str, rows: Any, values: ArrayLike) -> tuple[Ints, NDArray[Any]]:
    """Rows and values one by one, those that share it with the same value."""
    rows = np.asarray(rows)
    numbers = np.broadcast_to(np.asarray(values).astype(store[name].dtype), rows.shape).reshape(-1)
    rows = rows.reshape(-1)
    common = first_of_each(store[TIES[name]][rows], numbers)
    unlike = np.flatnonzero(numbers != common)
    if len(unlike):
        what = "weight, and connections" if name == "weight" else "bias, and neurons"
        one, other = common[unlike[0]].item(), numbers[unlike[0]].item()
        raise ArgumentError(
            f"Those that are tied share one {what} of a group must be given the same. Got {one} and {other}."
        )
    return rows, numbers


def first_of_each(tie: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """The same values, but of rows that share one all have that of the first.

    >>> first_of_each(np.array([0, 7, 7, 0]), np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [1.0, 2.0, 2.0, 4.0]
    """
    _, first, place = np.unique(tie, return_index=True, return_inverse=True)
    common: NDArray[Any] = np.where(tie != 0, values[first[place]], values)
    return common


def sum_of_each(tie: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """The same values, but of rows that share one all have the sum.

    >>> sum_of_each(np.array([0, 7, 7, 0]), np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [1.0, 5.0, 5.0, 4.0]
    """
    if not tie.any():
        return values
    place = counted_once(tie)[1]
    sums: NDArray[Any] = np.bincount(place, values)[place]
    return sums


def counted_once(tie: NDArray[Any]) -> tuple[Ints, Ints]:
    """The first row of each number that is shared or not, and which of these numbers every row has.

    >>> first, place = counted_once(np.array([0, 7, 0, 7]))
    >>> first.tolist(), place.tolist()
    ([0, 1, 2], [0, 1, 2, 1])
    """
    tie = tie.astype(np.int64)
    own = tie.max(initial=0) + 1 + np.arange(len(tie))
    _, first, place = np.unique(np.where(tie == 0, own, tie), return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[place]


def elsewhere(tie: NDArray[Any], rows: Ints) -> tuple[Ints, Ints]:
    """Other rows that share something with some, and for each the place of one of these.

    >>> elsewhere(np.array([0, 7, 0, 7, 7, 5]), np.array([2, 3]))
    (array([1, 4]), array([1, 1]))
    """
    groups, first = np.unique(tie[rows], return_index=True)
    there = np.isin(tie, groups[groups != 0])
    there[rows] = False
    others = np.flatnonzero(there)
    return others, first[np.searchsorted(groups, tie[others])]


def others(store: Store, name: str, row: int) -> Ints:
    """The other rows that share a column with this one."""
    tie = store[TIES[name]]
    if not tie[row]:
        return np.empty(0, np.int64)
    alike = tie == tie[row]
    alike[row] = False
    return np.flatnonzero(alike)


def join(store: Store, name: str, rows: Ints, labels: Ints) -> None:
    """Rows of one label share a column from now on, with all that share it with one of them already.

    All take the value of the first of these rows.
    """
    store.touch()
    tie, column = store[TIES[name]], store[name]
    before, part = int(tie.max(initial=0)), _joined(labels, tie[rows].astype(np.int64))
    renamed = np.arange(before + 1)
    renamed[tie[rows]] = before + 1 + part
    renamed[0] = 0
    tie[:] = renamed[tie]
    tie[rows] = before + 1 + part
    _, first = np.unique(part, return_index=True)
    members = np.flatnonzero(tie > before)
    column[members] = column[rows[first]][tie[members].astype(np.int64) - before - 1]


def _joined(labels: Ints, tie: Ints) -> Ints:
    """Numbers 0, 1, ... of the labels, one for labels with rows that share something already."""
    known, place = np.unique(labels, return_inverse=True)
    if not tie.any():
        return np.asarray(place)
    union = nx.utils.UnionFind(range(len(known)))
    for label, group in sorted(set(zip(place.tolist(), tie.tolist(), strict=True))):
        if group:
            union.union(label, -group)
    roots = [union[label] for label in range(len(known))]
    joined: Ints = np.unique(np.array(roots), return_inverse=True)[1][place]
    return joined


def leave(store: Store, name: str, rows: Ints) -> None:
    """These rows share a column with none from now on."""
    store.touch()
    store[TIES[name]][rows] = 0


@contextmanager
def one_step(stores: Iterable[Store]) -> Iterator[None]:
    """Neurons that propagate one by one move what they share once, at the end."""
    held = []
    for store in {id(store): store for store in stores}.values():
        address = store.ready()
        if store.columns["ties"].any():
            engine.online.hold_shared(address, store.unit)
            held.append(store)
    try:
        yield
    finally:
        for store in held:
            engine.online.release_shared(store.ready(), store.unit)

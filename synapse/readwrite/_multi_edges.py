"""Parallel edges of a graph or a table, merged into one edge for every pair of neurons
and delay.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from .._checks import pluralize, short_repr
from .._typing import Ints
from ..errors import ArgumentError, TopologyError
from ..objects.graph_attributes import NONDEFAULT_OF_CONNECTIONS
from ..objects.graph_names import MARK

if TYPE_CHECKING:
    from ._graphs import Items

Merge = Literal["sum", "mean", "first", "last"]
WAYS = get_args(Merge)
"""The ways to merge, as :func:`synapse.from_networkx` describes them."""
AGREED = ("gater", "trainable", "frozen", "tie", "carries")
"""Attributes in which parallel edges must agree, by their keys."""
OF_ONE = ("delay", "number", "gain", "eligibility", "gates", MARK)
"""Attributes that stay as the first edge has them, as they are equal or not read as
values of a connection.
"""


def merged(edges: Items, pairs: Ints, way: str) -> tuple[Ints, Items]:
    """Return the first row of every group of parallel edges, and the merged edges in
    this order.

    Edges with the same number in `pairs` are parallel. With the ways "first" and
    "last", the rows are those of the edges that stay.
    """
    _, firsts, groups = np.unique(pairs, return_index=True, return_inverse=True)
    if way == "last":
        firsts = len(pairs) - 1 - np.unique(pairs[::-1], return_index=True)[1]
    order = np.argsort(firsts)
    rows = firsts[order]
    chosen = edges.chosen(rows)
    if way in ("first", "last"):
        return rows, chosen
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    group = place[groups]  # the row of every edge among the merged ones
    for key, column in edges.columns.items():
        chosen.columns[key] = _merged_column(
            edges, chosen, edges.name(key), key, column, group, way
        )
    return rows, chosen


def _merged_column(
    edges: Items, chosen: Items, name: str, key: Any, column: Any, group: Ints, way: str
) -> Any:
    """Return the values of one attribute by merged edge; `name` is its known name, if
    any.
    """
    if name in OF_ONE:
        return chosen.columns[key]
    if name in AGREED:
        lists = _lists(column, group)
        _require_agreement(chosen, name, lists)
        return {i: values[0] for i, values in lists.items()}
    if name == "sign":
        signs = edges.rare(name, NONDEFAULT_OF_CONNECTIONS[name], np.dtype(float))
        lists = _lists(signs, group)
        return {i: values[0] for i, values in lists.items() if len(set(values)) == 1}
    if name == "weight":
        column = edges.numbers(name, np.dtype(float), np.nan)
        _require_every_weight(chosen, column, group)
    if isinstance(column, np.ndarray):
        return _combined(column, group, chosen.count, way)
    return {
        i: _combined_values(values, way) for i, values in _lists(column, group).items()
    }


def _combined(column: NDArray[Any], group: Ints, count: int, way: str) -> NDArray[Any]:
    """Return sums or means of an array by group, without the numbers that are missing;
    NaN if all are.
    """
    there = ~np.isnan(column)
    members = np.bincount(group[there], minlength=count)
    sums = np.bincount(group[there], column[there], minlength=count)
    divisors = np.where(members == 0, np.nan, members if way == "mean" else 1)
    combined: NDArray[Any] = sums / divisors
    whole = column.dtype.kind in "iu" and way == "sum"
    return combined.astype(column.dtype) if whole else combined


def _combined_values(values: list[Any], way: str) -> Any:
    """Return one value for those of parallel edges: the sum or mean of numbers, texts
    joined by commas.
    """
    if all(
        isinstance(value, int | float) and not isinstance(value, bool)
        for value in values
    ):
        total = sum(values)
        return total if way == "sum" else total / len(values)
    distinct: list[Any] = []
    for value in values:  # they may have no hash
        if value not in distinct:
            distinct.append(value)
    if len(distinct) == 1:
        return distinct[0]
    return (
        ", ".join(distinct)
        if all(isinstance(value, str) for value in distinct)
        else distinct
    )


def _require_agreement(chosen: Items, name: str, lists: dict[int, list[Any]]) -> None:
    """Raise TopologyError if parallel edges differ in a value that a connection has
    only once.
    """
    for i, values in lists.items():
        for value in values[1:]:
            if value != values[0]:
                raise TopologyError(
                    f"The parallel edges of {chosen.label(i)} must have the same"
                    f" {name} to be merged, got {short_repr(values[0])} and"
                    f" {short_repr(value)}. Use"
                    ' merge="first" or merge="last".'
                )


def _require_every_weight(
    chosen: Items, column: NDArray[np.float64], group: Ints
) -> None:
    """Raise ArgumentError if some of parallel edges have a weight, and others have
    none.
    """
    rows = np.flatnonzero(~np.isnan(column))
    edges = np.bincount(group)
    weights = np.bincount(group[rows], minlength=len(edges))
    for i in np.flatnonzero((weights > 0) & (weights < edges)).tolist():
        raise ArgumentError(
            f"All parallel edges of {chosen.label(i)} must have a weight to be"
            f" merged, got {pluralize(int(weights[i]), 'weight')} for {edges[i]} edges."
            ' Fill in the others, or use merge="first" or merge="last".'
        )


def _lists(column: Any, group: Ints) -> dict[int, list[Any]]:
    """Return the values of an attribute that are there, in a list by merged edge."""
    lists: dict[int, list[Any]] = defaultdict(list)
    items = column.items() if isinstance(column, dict) else enumerate(column.tolist())
    for i, value in items:
        if value == value:  # not NaN
            lists[int(group[i])].append(value)
    return lists

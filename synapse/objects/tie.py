"""Tying: making connections share one weight, or neurons share one bias."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    any_array,
    listed,
    require,
    require_type,
    short_repr,
    suggests_arguments,
)
from .._typing import Ints
from ..engine.locking import ExclusiveAccess
from ..engine.schema import SHARED_BY
from ..engine.store import Store
from ..errors import ArgumentError, ArgumentTypeError
from . import edits, parameters
from .connection import Connection, require_connection
from .neuron import Neuron, require_neuron
from .projection import Projection

Items = Projection | Iterable[Connection] | Iterable[Neuron]
Chosen = Projection | list[Connection] | list[Neuron]


@suggests_arguments()
def tie(items: Items, groups: ArrayLike | None = None) -> None:
    """Tie connections to one weight, or neurons to one bias.

    All members take the value of the first. Learning updates the shared value by the
    sum of the members' updates, at the end of the step of a network or a layer, or at
    once if a single neuron propagates. Setting the weight, the bias or ``trainable`` of
    one member sets it for all. Ties are transitive, because members that are already
    tied bring their whole group.

    Parameters
    ----------
    items : Projection, Layer, or iterable of Connection or of Neuron
        Members of the group or groups. Connections share a weight, and neurons share a
        bias. They may belong to different networks.
    groups : array_like of int or str, shape (items,), optional
        Group label of each item, a whole number or a text, in the order of iteration.
        You can pass an array, a list, or a column of a data frame, even a categorical
        one. Items with the same label share one value. Default: all items form one
        group.

    Raises
    ------
    ArgumentTypeError
        If the items are neither connections nor neurons, or are both.
    ArgumentError
        If there are no items, if `groups` has another shape, or if some members of a
        group are trainable and others are not. Nothing has changed then.
    TopologyError
        If an item has been removed, or if the items have different dtypes. Nothing has
        changed then.

    See Also
    --------
    untie : Give each connection its own weight, or each neuron its own bias.

    Examples
    --------
    A weight that is used twice is updated by the sum of both updates:

    >>> import synapse
    >>> inputs, outputs = synapse.Layer(2), synapse.Layer(2, "identity")
    >>> projection = inputs.project(outputs, "one_to_one", weights=0.5)
    >>> synapse.tie(projection)
    >>> net = synapse.Network(inputs, [], outputs)
    >>> net.activate([1.0, 2.0])
    array([0.5, 1. ])
    >>> _ = net.propagate(rate=0.5, targets=[1.0, 1.5])
    >>> projection.weights  # 0.5 + 0.5 (0.5 * 1 + 0.5 * 2)
    Weights(array([1.25, 1.25]))
    """
    chosen = _chosen("items", items)
    with ExclusiveAccess(*_handles(chosen)):
        labels = _labels(groups, len(chosen))
        _require_one_kind(chosen, labels)
        if not isinstance(chosen, Projection):
            edits.join(
                [
                    item.source if isinstance(item, Connection) else item
                    for item in chosen
                ]
            )
        for store, column, rows in _places(chosen):  # a single store after the join
            parameters.tie_rows(store, column, rows, labels)


@suggests_arguments()
def untie(items: Items) -> None:
    """Give each connection its own weight again, or each neuron its own bias, without
    changing the values.

    The remaining members of a group stay tied to each other.

    Parameters
    ----------
    items : Projection, Layer, or iterable of Connection or of Neuron
        Connections or neurons to untie.

    Raises
    ------
    ArgumentTypeError
        If the items are neither connections nor neurons, or are both.
    ArgumentError
        If there are no items.
    TopologyError
        If an item has been removed.

    See Also
    --------
    tie : Make connections share one weight, or neurons one bias.

    Examples
    --------
    >>> from synapse import Layer, tie, untie
    >>> layer = Layer(3, bias=1.0)
    >>> tie(layer)
    >>> untie(layer[:1])
    >>> layer[1].bias = 2.0
    >>> layer.biases
    array([1., 2., 2.])
    """
    chosen = _chosen("items", items, any_order=True)
    with ExclusiveAccess(*_handles(chosen)):
        for store, column, rows in _places(chosen):
            store.touch()
            store[SHARED_BY[column]][rows] = 0


def _chosen(title: str, items: Any, any_order: bool = False) -> Chosen:
    """Check and return the items."""
    condition = "a Projection, a Layer, or a list of connections or of neurons"
    if not isinstance(items, Projection):
        require_type(
            not isinstance(items, Connection | Neuron), title, condition, items
        )
        items = listed(title, items, condition, any_order)
        if items and not isinstance(items[0], Connection | Neuron):
            raise ArgumentTypeError(
                f"Expected {condition}, got a list with {short_repr(items[0])}."
            )
        for item in items:
            like = (
                require_connection
                if isinstance(items[0], Connection)
                else require_neuron
            )
            like(f"Every item after {items[0]!r}", item)
    if len(items) == 0:
        raise ArgumentError(f"Expected {condition}, got an empty one.")
    return items


def _handles(chosen: Chosen) -> Sequence[Any]:
    """Return the handles whose stores are locked together."""
    return [chosen] if isinstance(chosen, Projection) else chosen


def _labels(groups: ArrayLike | None, count: int) -> Ints:
    """Check the labels and return the number of each item's group."""
    if groups is None:
        return np.zeros(count, np.int64)
    title = "groups"
    condition = f"{count} whole numbers or texts"
    if hasattr(groups, "tolist"):  # a column of a data frame has any type
        groups = groups.tolist()
    labels = any_array(title, groups, condition)
    require_type(labels.dtype.kind in "iuU", title, condition, groups)
    # NumPy makes texts of numbers, and of missing values, that are beside texts.
    if labels.ndim == 1 and labels.dtype.kind == "U":
        for label in groups:  # type: ignore[union-attr]
            require_type(isinstance(label, str), title, condition, groups)
    require(labels.shape == (count,), title, f"of shape ({count},)", labels.shape)
    return np.unique(labels, return_inverse=True)[1].astype(np.int64, copy=False)


def _require_one_kind(chosen: Chosen, labels: Ints) -> None:
    """Raise ArgumentError if a group mixes trainable and untrainable members, or
    members with different signs.
    """
    signs = np.zeros(len(labels), np.int8)  # of connections
    trainable = "trainable"
    if isinstance(chosen, Projection):
        learns = chosen._store["trainable"][_rows(chosen)] != 0
        signs = chosen._store["sign"][_rows(chosen)]
    elif isinstance(chosen[0], Connection):
        learns = np.array([member.trainable for member in chosen])
        signs = np.array([member.sign or 0 for member in chosen])
    else:  # neurons share biases
        trainable = "trainable_bias"
        learns = np.array([member.trainable_bias for member in chosen])
    _, first_members, inverse = np.unique(
        labels, return_index=True, return_inverse=True
    )
    for name, values in (("sign", signs), (trainable, learns)):
        unlike = np.flatnonzero(values != values[first_members[inverse]])
        if len(unlike):
            has = " and ".join(
                f"{chosen[i]!r} has {getattr(chosen[i], name)}"
                for i in (int(first_members[inverse[unlike[0]]]), int(unlike[0]))
            )
            raise ArgumentError(
                f"The members of a tied group must agree in {name}, but {has}. "
                f"Set {name} of both to the same value first."
            )


def _rows(projection: Projection) -> Ints:
    """Return the rows of the connections that still exist, in the order of creation."""
    return np.asarray(projection._store.row_of[projection._identities()], np.int64)


def _places(chosen: Chosen) -> Iterator[tuple[Store, str, Ints]]:
    """Iterate over the stores of the items, yielding the store, the shared column, and
    the rows in it.
    """
    if isinstance(chosen, Projection):
        yield chosen._store, "weight", _rows(chosen)
        return
    for store in dict.fromkeys(item._store for item in chosen):
        mine: Any = [item for item in chosen if item._store is store]
        if isinstance(mine[0], Connection):
            yield store, "weight", np.array([link._at for link in mine], np.int64)
        else:
            yield store, "bias", edits.rows_of(mine)

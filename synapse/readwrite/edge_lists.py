"""Networks from arrays and data frames of connections, of any size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import initializers, squash as squashes
from .._checks import boolean, expected, float_type, shown, text
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from ..initializers import Initializer, Seed, given_back, random_generator
from ..objects.connection import FIELDS
from ..objects.network import Network
from ..squash import Squash
from .graphs import Columns, Items, keys_of, network_of_columns

__all__ = ["from_edges"]


def from_edges(
    edges: Any,
    inputs: Iterable[Any] | None = None,
    outputs: Iterable[Any] | None = None,
    *,
    neurons: Any = None,
    squash: str | Squash = "logistic",
    output_squash: str | Squash | None = None,
    initializer: str | Initializer = "fan_in",
    seed: Seed = None,
    dtype: Any = np.float64,
    name: str | None = None,
    synchronous: bool = False,
) -> Network:
    """Build a network from a table of connections: millions of them in seconds.

    The order of activation is found as in :func:`from_networkx`, and layers likewise.

    Parameters
    ----------
    edges : pandas.DataFrame or mapping of str to array_like
        Columns of one length: "source" and "target", the names of neurons, which are numbers or strings;
        "weight", if they are given (a missing one is NaN); and "sign", +1, -1 or 0 (or NaN) for none. All
        other columns become :attr:`Connection.metadata`, except None and NaN, which takes some 100 bytes a
        value: leave out what you do not need in large networks.
    inputs, outputs : iterable of names, optional
        The neurons that become inputs and outputs, in this order. Default: those without incoming
        connections, and the others without outgoing ones.
    neurons : pandas.DataFrame or mapping of str to array_like, optional
        Columns of one length: "name", and whatever :func:`from_networkx` reads of nodes, such as "bias" and
        "squash". All others become :attr:`Neuron.metadata`. Every name of `edges` must be among these.
        Default: the names in `edges`, integers in ascending order, others in the order in which they appear.
    squash, output_squash, initializer, seed, dtype, name, synchronous
        As for :func:`from_networkx`.

    Returns
    -------
    Network
        Neurons are named ``str(name)``. All weights are trainable except those of self-connections.

    Raises
    ------
    ArgumentTypeError, ArgumentError, UnknownNameError
        If a column is missing, has another length, or has a value that cannot be used.
    TopologyError
        If a pair of neurons is connected twice, a name is not among the neurons, or no inputs or outputs are
        found.

    See Also
    --------
    from_networkx : Build a network from a graph.

    Examples
    --------
    >>> edges = {"source": ["x", "a", "b", "b"], "target": ["a", "b", "a", "y"], "weight": [1, 0.5, -2, 1]}
    >>> net = from_edges(edges)
    >>> net
    <Network 1-1-1-1, 4 neurons, 4 connections>
    >>> net.weights
    array([ 1. ,  0.5, -2. ,  1. ])
    """
    functions = squashes.get(squash), squashes.get(squash if output_squash is None else output_squash)
    initializers.get(initializer)
    rng, kind = random_generator(seed), float_type("The dtype", dtype)
    title = None if name is None else text("The name of a network", name)
    links = _columns("edges", edges, ("source", "target"))
    names, numbers = _numbered(*(links.pop(end) for end in ("source", "target")))
    rows = {} if neurons is None else _columns("neurons", neurons, ("name",))
    if neurons is not None:
        named, names = names, _listed(rows.pop("name"))
    place = {one: i for i, one in enumerate(names)}
    if len(place) < len(names):
        raise ArgumentError("Expected the names of the neurons to be distinct, got one of them twice.")
    if neurons is not None:
        for one in named:
            if one not in place:
                raise TopologyError(f"Expected edges between the given neurons, got one of {shown(one)}.")
        numbers = np.array([place[one] for one in named], np.int64)[numbers]
    table = zip(*map(_listed, rows.values()), strict=True) if rows else ((),) * len(names)
    nodes = Items(
        "neuron",
        (dict(zip(rows, values, strict=True)) for values in table),
        len(names),
        keys_of("weight", "gater", None),
        lambda i: f"the neuron {shown(names[i])}",
    )
    labels = [str(one) for one in names]
    connections, notes = _connections(numbers, names, links, kind)
    with given_back(rng):
        return network_of_columns(
            title,
            kind,
            nodes,
            labels,
            place,
            (connections, notes),
            (inputs, outputs),
            functions,
            initializer,
            rng,
            boolean("The synchronous of a network", synchronous),
        )


def _columns(what: str, table: Any, needed: Iterable[str]) -> dict[Any, Any]:
    """Return the columns of a data frame or a mapping, after checks of their names and lengths."""
    if not hasattr(table, "keys"):
        kind = "a data frame or a mapping from names to columns"
        raise ArgumentTypeError(expected(f"The {what} of from_edges", kind, table))
    columns = {column: table[column] for column in table.keys()}  # noqa: SIM118 - of a data frame, too
    for column in needed:
        if column not in columns:
            known = ", ".join(map(str, columns)) or "none"
            raise ArgumentError(f"Expected the {what} to have a column {column!r}, got {known}.")
    lengths = {
        column: len(values) if hasattr(values, "__len__") else None for column, values in columns.items()
    }
    if len({*lengths.values()}) > 1:
        raise ArgumentError(expected(f"The columns of the {what}", "of one length", lengths))
    return columns


def _numbered(sources: Any, targets: Any) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the names of neurons, and the numbers of each connection's two, shape (2, connections)."""
    ends = [np.asarray(column) for column in (sources, targets)]
    if all(end.dtype.kind in "iu" and end.ndim == 1 for end in ends):
        low = min((int(end.min()) for end in ends if len(end)), default=0)
        high = max((int(end.max()) for end in ends if len(end)), default=0)
        if high - low > 8 * len(ends[0]) + 1024:
            names, numbers = np.unique(np.concatenate(ends), return_inverse=True)
            return names.tolist(), numbers.reshape(2, -1)
        used = np.zeros(high - low + 1, bool)  # much faster than sorting
        for end in ends:
            used[end - low] = True
        number = np.cumsum(used) - 1
        return (np.flatnonzero(used) + low).tolist(), np.stack([number[end - low] for end in ends])
    try:
        listed = [_listed(column) for column in (sources, targets)]
        place = {one: i for i, one in enumerate(dict.fromkeys(chain(*listed)))}
        return list(place), np.array([[place[one] for one in end] for end in listed], np.int64)
    except TypeError:
        raise ArgumentTypeError("Expected the names of neurons to be numbers or strings.") from None


def _listed(column: Any) -> list[Any]:
    """The values of a column as plain numbers and strings."""
    return column.tolist() if hasattr(column, "tolist") else list(column)


def _connections(
    numbers: NDArray[np.int64], names: Sequence[Any], columns: dict[Any, Any], dtype: np.dtype[Any]
) -> tuple[Columns, Columns]:
    """Return the columns of connections, whose missing weights are NaN, and their metadata."""
    source, target = numbers
    pairs = np.sort(source * len(names) + target)
    twice = pairs[1:][pairs[1:] == pairs[:-1]]
    if len(twice):
        one, other = (shown(names[end]) for end in divmod(int(twice[0]), len(names)))
        raise TopologyError(
            f"A pair of neurons has one connection, but there are several from {one} to {other}. "
            "Merge them first, for example by edges.groupby(['source', 'target']).sum()."
        )
    weight = _numbers("weight", columns.pop("weight", np.full(len(source), np.nan)), dtype)
    found = {
        "source": source,
        "target": target,
        "gater": np.full(len(source), -1, np.int64),
        "weight": weight,
        "trainable": source != target,
    }
    sign = np.nan_to_num(_numbers("sign", columns.pop("sign", np.zeros(len(source))), np.dtype(np.float64)))
    if wrong := set(np.unique(sign)) - {-1.0, 0.0, 1.0}:
        raise ArgumentError(expected("The signs of the edges", "+1, -1 or 0", float(min(wrong))))
    found["sign"] = sign.astype(np.int8)
    known = {*FIELDS, "gater"}
    return found, {
        name: {i: value for i, value in enumerate(_listed(column)) if value is not None and value == value}
        for name, column in columns.items()
        if name not in known
    }


def _numbers(name: str, column: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    """A column of finite numbers, or NaN where there is none."""
    try:
        numbers = np.array(column, dtype)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"Expected the column {name!r} of the edges to be numbers.") from None
    if np.isinf(numbers).any():
        raise ArgumentError(f"Expected the column {name!r} of the edges to be finite numbers, got inf.")
    return numbers

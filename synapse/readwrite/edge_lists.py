"""Networks from arrays and data frames of connections, of any size."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import expected, float_type, shown
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from ..initializers import Initializer, Seed
from ..objects.network import Network
from ..squash import Squash
from .graphs import (
    Items,
    Options,
    is_missing,
    is_value,
    keys_of,
    network_of_columns,
    require_names,
)

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
    synchronous: bool | None = None,
    merge: str | None = None,
    self_connections: str | None = "activation",
) -> Network:
    """Build a network from a table of connections: millions of them in seconds.

    The order of activation is found as in :func:`from_networkx`, and layers likewise.

    Parameters
    ----------
    edges : pandas.DataFrame or mapping of str to array_like
        Columns of one length: "source" and "target", the names of neurons, which are
        numbers or strings; "weight", if they are given (a missing one is NaN); "sign",
        +1, -1 or 0 (or NaN) for none; "delay", a number of steps (0 or NaN: none), see
        :attr:`Connection.delay`; and what :func:`from_networkx` reads of edges besides,
        such as "gater" (a name) and "trainable". All others become
        :attr:`Connection.metadata`, except None and NaN, which takes some 100 bytes a
        value: leave out what you do not need in large networks.
    inputs, outputs : iterable of names, optional
        The neurons that become inputs and outputs, in this order. Default: those
        without incoming connections, and the others without outgoing ones.
    neurons : pandas.DataFrame or mapping of str to array_like, optional
        Columns of one length: "name", and whatever :func:`from_networkx` reads of
        nodes, such as "bias" and "squash". All others become :attr:`Neuron.metadata`.
        Every name of `edges` must be among these. Default: the names in `edges`,
        integers in ascending order, others in the order in which they appear.
    squash, output_squash, initializer, seed, dtype, name, synchronous
        As for :func:`from_networkx`.
    merge : {"sum", "mean", "first", "last"}, optional
        How rows with the same source, target and delay become one connection, such as
        the two rows of a pair with two transmitters; see :func:`from_networkx`.
        Default: such rows raise TopologyError.
    self_connections : {"activation", "state"}, optional
        What a connection from a neuron to itself carries, see :func:`from_networkx`.
        Default: "activation", an autapse, which is a connection with delay 1. None
        leaves these rows out.

    Returns
    -------
    Network
        Neurons are named ``str(name)``: ``net[name]`` is one. All weights are trainable
        unless the table says otherwise, except those of self-connections that carry the
        state.

    Raises
    ------
    ArgumentTypeError, ArgumentError, UnknownNameError
        If a column is missing, has another length, or has a value that cannot be used,
        such as a missing name.
    TopologyError
        If a pair of neurons is connected twice without `merge`, a name is not among the
        neurons, or no inputs or outputs are found.

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
    >>> net["a"]
    <Neuron a, logistic>
    """
    options = Options.checked(
        (inputs, outputs),
        squash,
        output_squash,
        initializer,
        seed,
        name,
        synchronous,
        merge,
        self_connections,
    )
    kind = float_type("The dtype", dtype)
    keys = keys_of("weight", "gater", None)
    links = _columns("edges", edges, ("source", "target"))
    names, ends = _numbered(*(links.pop(end) for end in ("source", "target")))
    _require_named_ends(names, ends)
    rows = {} if neurons is None else _columns("neurons", neurons, ("name",))
    if neurons is not None:
        named, names = names, _listed(rows.pop("name"))
        require_names("neuron", names)
    place = {one: i for i, one in enumerate(names)}
    if len(place) < len(names):
        raise ArgumentError(
            "Expected the names of the neurons to be distinct, got one of them twice."
        )
    if neurons is not None:
        for one in named:
            if one not in place:
                raise TopologyError(
                    "Expected edges between the given neurons, got one of"
                    f" {shown(one)}."
                )
        ends = np.array([place[one] for one in named], np.int64)[ends]
    nodes = TableItems("neuron", _numbers_or_values(rows), keys, names)
    connections = TableItems("edge", _numbers_or_values(links), keys, names, ends)
    return network_of_columns(place, nodes, connections, ends, kind, options)


class TableItems(Items):
    """Neurons or connections of a table."""

    advice = "Change it, or leave the column out."


def _columns(what: str, table: Any, needed: Iterable[str]) -> dict[Any, Any]:
    """Return the columns of a data frame or a mapping, after checks of their names and
    lengths.
    """
    if not hasattr(table, "keys"):
        kind = "a data frame or a mapping from names to columns"
        raise ArgumentTypeError(expected(f"The {what} of from_edges", kind, table))
    columns = {column: table[column] for column in table.keys()}  # noqa: SIM118 - of a data frame, too
    for column in needed:
        if column not in columns:
            known = ", ".join(map(str, columns)) or "none"
            raise ArgumentError(
                f"Expected the {what} to have a column {column!r}, got {known}."
            )
    lengths = {
        column: len(values) if hasattr(values, "__len__") else None
        for column, values in columns.items()
    }
    if len({*lengths.values()}) > 1:
        raise ArgumentError(
            expected(f"The columns of the {what}", "of one length", lengths)
        )
    return columns


def _numbered(sources: Any, targets: Any) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the names of neurons, and the numbers of each connection's two, shape (2,
    connections).
    """
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
        return (np.flatnonzero(used) + low).tolist(), np.stack(
            [number[end - low] for end in ends]
        )
    try:
        listed = [_listed(column) for column in (sources, targets)]
        place = {one: i for i, one in enumerate(dict.fromkeys(chain(*listed)))}
        return list(place), np.array(
            [[place[one] for one in end] for end in listed], np.int64
        )
    except TypeError:
        raise ArgumentTypeError(
            "Expected the names of neurons to be numbers or strings."
        ) from None


def _require_named_ends(names: list[Any], ends: NDArray[np.int64]) -> None:
    """Raise ArgumentError if an edge leads from or to a neuron without a name."""
    for number in (number for number, name in enumerate(names) if is_missing(name)):
        end, row = (int(places[0]) for places in np.nonzero(ends == number))
        other = shown(names[int(ends[1 - end, row])])
        where = (
            f"the target of edge {row}, from {other}"
            if end
            else f"the source of edge {row}, to {other}"
        )
        raise ArgumentError(
            f"Expected {where}, to have a name, got {shown(names[number])}. Leave out"
            " rows without names. If a neuron is called NA, read the table with"
            " pandas.read_csv(path, keep_default_na=False)."
        )


def _listed(column: Any) -> list[Any]:
    """The values of a column as plain numbers and strings."""
    return column.tolist() if hasattr(column, "tolist") else list(column)


def _numbers_or_values(columns: dict[Any, Any]) -> dict[Any, Any]:
    """Columns of numbers as arrays, others as the values that are not missing, by their
    places.
    """
    found: dict[Any, Any] = {}
    for name, column in columns.items():
        numbers = np.asarray(column)
        if numbers.dtype.kind not in "iuf":
            found[name] = {
                i: value for i, value in enumerate(_listed(column)) if is_value(value)
            }
        else:
            found[name] = numbers
    return found

"""Build networks of any size from lists and tables of connections, and convert networks
to tables.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Set
from contextlib import suppress
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Annotated, Any, Literal, NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .. import _initializer
from .._checks import (
    boolean,
    choice,
    expected,
    float_type,
    is_number,
    numbers as numbers_in,
    ordered,
    pandas,
    pluralize,
    positive_number,
    require,
    require_type,
    short_repr,
    suggests_arguments,
    text,
    warn,
)
from .._initializer import Initializer, Seed
from .._squash import Squash
from .._steps import nearest_steps
from ..errors import ArgumentError, ArgumentTypeError, TopologyError, TopologyWarning
from ..objects.graph_attributes import MARK
from ..objects.network import Network, require_network
from ..objects.ordinary_graph import to_networkx
from ._graphs import (
    CARRIED,
    WAYS,
    Carried,
    Items,
    Merge,
    Options,
    _whole_or_given,
    functions_of,
    is_missing,
    is_value,
    keys_of,
    name_of_other_type,
    network_of_columns,
    require_names,
)

ENDS = ("source", "target")
Columns = dict[str, Any]


class EdgeTables(NamedTuple):
    """The tables of a network's connections and neurons."""

    edges: Any
    neurons: Any


@suggests_arguments()
def to_edges(network: Network) -> EdgeTables:
    """Convert a network to a table of its connections, and one of its neurons.

    Parameters
    ----------
    network : Network
        The network. Its neurons must have different names.

    Returns
    -------
    tuple of two pandas.DataFrame, ``edges`` and ``neurons``
        `edges` has a row for each connection, in the order of ``network.connections``.
        It contains the names of ``source`` and ``target``, the ``weight``, the
        ``gain``, which is not included in the weight, and where a network has them,
        ``sign``, ``delay``, the name of the ``gater``, and metadata. `neurons` has a
        row for each neuron, in the order of the network, with its ``name``, ``layer``,
        ``squash``, ``bias``, and so on. The other columns are the attributes that
        :func:`synapse.to_networkx` describes.

    Raises
    ------
    ArgumentTypeError
        If `network` is not a network.
    ArgumentError
        If two neurons have the same name.
    MissingExtraError
        If pandas is not installed.

    See Also
    --------
    from_edges : Make a network of these tables: ``from_edges(edges, neurons=neurons)``.

    Notes
    -----
    Converting the tables back gives a network with the same outputs and states, but
    without the properties that :func:`from_networkx` lists. Its dtype and name are
    lost, too, unless you pass them. To store the tables as files that other programs
    can also read, use::

        edges.to_csv("edges.csv", index=False)
        neurons.to_csv("neurons.csv", index=False)

    A neuron may be called "NA" or "007". This reads such names as text::

        text = {"keep_default_na": False, "na_values": [""]}
        text["dtype"] = dict.fromkeys(["source", "target", "gater", "name"], str)
        edges = pandas.read_csv("edges.csv", **text)
        neurons = pandas.read_csv("neurons.csv", **text)

    Before version 3.1, pandas also needs ``float_precision="round_trip"``.

    Examples
    --------
    >>> net = from_edges([("x", "a", 0.5), ("a", "y", {"weight": -1.0, "delay": 2})])
    >>> edges, neurons = to_edges(net)
    >>> print(edges[["source", "target", "weight", "delay"]])
      source target  weight  delay
    0      x      a     0.5    NaN
    1      a      y    -1.0    2.0
    >>> from_edges(edges, neurons=neurons).weights
    array([ 0.5, -1. ])
    """
    edges, neurons = tables_of(require_network("network", network), names=True)
    return EdgeTables(pandas.DataFrame(edges), pandas.DataFrame(neurons))


def tables_of(network: Network, *, names: bool) -> EdgeTables:
    """Return the tables of a network as columns, in which None marks missing values.
    Without `names`, neurons have numbers.
    """
    graph = to_networkx(network, names=names, multigraph=True)
    edges = [
        dict(zip(ENDS, ends, strict=True)) | data
        for *ends, data in graph.edges(data=True)
    ]
    edges.sort(key=lambda row: row["number"])
    neurons = [{"name": name, **data} for name, data in graph.nodes(data=True)]
    if names:
        for row in neurons:
            del row["label"]  # is the name
    return EdgeTables(_columns_of_rows(edges), _columns_of_rows(neurons))


def _columns_of_rows(rows: list[dict[str, Any]]) -> Columns:
    """Convert rows to columns, although some rows have more names than others."""
    names = dict.fromkeys(chain(*rows))
    return {name: [row.get(name) for row in rows] for name in names}


@suggests_arguments("from_edges")
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
    name: Annotated[str | None, text] = None,
    synchronous: Annotated[bool | None, boolean] = None,
    merge: Annotated[Merge | None, partial(choice, options=WAYS)] = None,
    self_connections: Annotated[
        Carried | None, partial(choice, options=(*CARRIED, None))
    ] = "activation",
    missing_weights: Annotated[
        Literal["draw"] | None, partial(choice, options=("draw",))
    ] = None,
    signs: Mapping[str, Mapping[Any, int]] | None = None,
    dt: Annotated[float | None, positive_number] = None,
) -> Network:
    """Build a network from a list or a table of connections, even millions of them, in
    seconds.

    The order of activation is found as in :func:`from_networkx`, and layers likewise.

    Parameters
    ----------
    edges : iterable of tuples, pandas.DataFrame, or mapping of str to array_like
        Tuples, as ``networkx.DiGraph`` takes them: ``(source, target)``,
        ``(source, target, weight)`` or ``(source, target, attributes)``, where
        ``attributes`` is a mapping from column names to values. Weights that are left
        out are drawn. An array of two columns is a list of such pairs.

        Instead of tuples, you can pass columns of one length. "source" and "target"
        contain the names of neurons, which are numbers or strings. Blanks around them
        are removed, with a warning. "weight" is optional, and a missing weight is NaN,
        see `missing_weights`. "sign" is +1, -1, or 0 (or NaN) for connections without a
        sign, and "delay" is a number of steps (0 or NaN for no delay), see
        :attr:`Connection.delay`. You can add the other edge attributes that
        :func:`from_networkx` reads, such as "gater" (a name) and "trainable" (True or
        False, or 1 or 0), and further ones in rows that have its mark "synapse_part".
        All other columns become :attr:`Connection.metadata`, except None and NaN.
        Because each value takes some 100 bytes, leave out unneeded columns in large
        networks.
    inputs, outputs : iterable of names, optional
        The neurons that become inputs and outputs, in this order. By default, neurons
        without incoming connections are inputs, and the other neurons without outgoing
        connections are outputs.
    neurons : pandas.DataFrame or mapping of str to array_like, optional
        Columns of one length: "name", and all node attributes that
        :func:`from_networkx` reads except the label, such as "bias" and "squash". All
        other columns become :attr:`Neuron.metadata`. Every name in `edges` must also be
        in this table. Default: the names in `edges`, with integers in ascending order
        and other names in their order of appearance.
    squash, output_squash, initializer, seed, dtype, name, synchronous
        As for :func:`from_networkx`.
    merge : {"sum", "mean", "first", "last"}, optional
        How rows with the same source, target and delay become one connection, such as
        the two rows of a pair with two transmitters; see :func:`from_networkx`.
        Default: such rows raise TopologyError.
    self_connections : {"activation", "state"}, optional
        The value that a connection from a neuron to itself carries, see
        :func:`from_networkx`. Default: "activation", an autapse, which is a connection
        with delay 1. With None, these rows are left out.
    missing_weights : {"draw"}, optional
        How to handle tables in which only some rows have a weight. With "draw", missing
        weights are drawn, as they are without the column. By default, they raise
        ArgumentError. Self-connections that carry the state have the weight 1 if it is
        missing.
    signs : mapping of a column to a mapping of its values to +1, -1 or 0, optional
        The signs of connections by their transmitters, such as
        ``{"transmitter": {"ACh": 1, "GABA": -1}}``. The column is looked up in `edges`
        first. If it is in `neurons` instead, it describes all connections from a
        neuron. Connections without a value have no sign. If none of the weights is
        negative, as for numbers of synapses, they get these signs. Default: the column
        "sign".
    dt : float, optional
        Length of a step, in the unit of the column "delay", such as milliseconds. Each
        delay is rounded to the nearest whole number of steps, with halves rounded up,
        as in :func:`synapse.spikes.to_steps`. By default, the column counts steps.

    Returns
    -------
    Network
        Neurons are named ``str(name)``, and can be found by ``net[name]``. All weights
        are trainable unless the table says otherwise, except the weights of
        self-connections that carry the state.

    Raises
    ------
    ArgumentTypeError, ArgumentError, UnknownNameError
        If a column is missing, has another length, or contains an unusable value such
        as a missing name, if only some of the weights in a table are missing, or if an
        edge in a list is not such a tuple.
    TopologyError
        If a pair of neurons is connected twice without `merge`, a name is not among the
        neurons, or no inputs or outputs are found.

    Warns
    -----
    TopologyWarning
        If names have blanks around them, or connections lead into inputs, which never
        act; with their number.

    See Also
    --------
    from_networkx : Build a network from a graph.

    Examples
    --------
    >>> from_edges([("x", "a"), ("a", "y", 0.5)], seed=0)
    <Network 1-1-1, 3 neurons, 2 connections>
    >>> ends = {"source": ["x", "a", "b", "b"], "target": ["a", "b", "a", "y"]}
    >>> net = from_edges({**ends, "weight": [1, 0.5, -2, 1]})
    >>> net
    <Network 1-1-1-1, 4 neurons, 4 connections>
    >>> net.weights
    array([ 1. ,  0.5, -2. ,  1. ])
    >>> net["a"]
    <Neuron a, logistic>
    >>> synapses = {**ends, "weight": [3, 8, 5, 2], "nt": ["ACh", "ACh", "GABA", "ACh"]}
    >>> net = from_edges(synapses, signs={"nt": {"ACh": 1, "GABA": -1}})
    >>> net.weights, net["b"].connection_to(net["a"]).sign
    (array([ 3.,  8., -5.,  2.]), -1)
    """
    options = Options(
        ends=(inputs, outputs),
        functions=functions_of(squash, output_squash),
        initializer=_initializer.get(initializer),
        rng=_initializer.random_generator(seed),
        name=name,
        synchronous=synchronous,
        merge=merge,
        self_connections=self_connections,
    )
    if is_table(edges):
        options = options._replace(draws_missing=missing_weights is not None)
    else:
        edges = _columns_of_tuples(ordered("edges", edges))
    float_dtype = float_type("dtype", dtype)
    keys = keys_of("weight", "gater", None)
    links = columns_of_table("edges", edges, ENDS)
    names, ends = numbered_ends(links.pop("source"), links.pop("target"))
    texts: set[str] = set()
    distinct = _without_blanks(names, texts)
    if distinct != names:
        numbers = {name: number for number, name in enumerate(dict.fromkeys(distinct))}
        ends = np.array([numbers[name] for name in distinct], np.int64)[ends]
        names = list(numbers)
    _require_one_type(names)

    rows: dict[Any, Any] = {}
    names_in_edges = names
    if neurons is not None:
        rows = columns_of_table("neurons", neurons, ("name",))
        names = _listed(rows.pop("name"))
        require_names("neuron", names)
        names = _without_blanks(names, texts)
    _warn_of_blanks(texts)
    numbers = {name: number for number, name in enumerate(names)}
    if len(numbers) < len(names):
        ((twice, _),) = Counter(names).most_common(1)
        raise ArgumentError(
            f"The names of the neurons must be distinct, got {short_repr(twice)} twice."
        )
    if neurons is not None:
        # Until here the ends are numbered as the names appear in the edges.
        ends = _numbers_of(names_in_edges, numbers)[ends]
    if dt is not None:
        links["delay"] = _in_steps(links, dt)
    if signs is not None:
        links.update(_signed(signs, links, rows, ends))

    if MARK not in rows:
        keys["label"] = None  # the name is "name"
    nodes = TableItems("neuron", _numbers_or_values(rows), keys, names)
    connections = TableItems("edge", _numbers_or_values(links), keys, names, ends)
    return network_of_columns(numbers, nodes, connections, ends, float_dtype, options)


def _in_steps(links: Mapping[Any, Any], dt: float) -> Any:
    """Return the delays of edges as numbers of steps, with NaN for edges without a
    delay.
    """
    if "delay" not in links:
        raise ArgumentError("`dt` needs a column 'delay' of edges. Leave it out.")
    delays = [
        np.nan if is_missing(delay) else delay for delay in _listed(links["delay"])
    ]
    return nearest_steps(numbers_in("The delays of edges", delays, "numbers"), dt)


def _signed(
    signs: Any,
    links: Mapping[Any, Any],
    rows: Mapping[Any, Any],
    ends: NDArray[np.int64],
) -> Columns:
    """Return the signs of edges, read from a column of the edges or of their sources,
    and the weights with these signs.
    """
    example = "{'transmitter': {'ACh': 1, 'GABA': -1}}"
    of_values = next(iter(signs.values()), None) if isinstance(signs, Mapping) else None
    if not isinstance(of_values, Mapping) or len(signs) != 1:
        raise ArgumentTypeError(expected("signs", f"like {example}", signs))
    (column,) = signs
    if "sign" in links or column not in {**rows, **links}:
        raise ArgumentError(
            f"`signs` need a column {column!r} of edges or neurons, and no column"
            f" 'sign', got {', '.join(map(str, (*links, *rows)))}."
        )
    values = _listed(links[column] if column in links else rows[column])
    if column not in links:
        values = [values[source] for source in ends[0].tolist()]
    unknown = [v for v in values if not is_missing(v) and v not in of_values]
    if unknown:
        raise ArgumentError(
            f"`signs` must have a sign for {short_repr(unknown[0])} in the column"
            f" {column!r}, +1, -1, or 0 for none, got {short_repr(of_values)}."
        )
    require(
        {*of_values.values()} <= {1, -1, 0},
        "Values of `signs`",
        "+1, -1 or 0",
        of_values,
    )
    sign = np.array([of_values.get(value, 0) for value in values], float)
    weight = _as_array(links.get("weight", []))
    is_unsigned = weight.dtype.kind in "iuf" and not (weight < 0).any()
    if not (len(weight) and is_unsigned):
        return {"sign": sign}
    return {"sign": sign, "weight": np.where(sign < 0, -1.0, 1.0) * weight}


def _without_blanks(names: list[Any], texts: set[str]) -> list[Any]:
    """Return names without the blanks around them, and add changed names to `texts`."""
    texts.update(name for name in names if isinstance(name, str))
    return [name.strip() if isinstance(name, str) else name for name in names]


def _warn_of_blanks(texts: set[str]) -> None:
    """Warn about names in either table that have blanks around them."""
    names = sorted(name for name in texts if name != name.strip())
    merged = len(texts) - len({name.strip() for name in texts})
    equal = f" {pluralize(merged, 'name')} became equal to another." if merged else ""
    if names:
        warn(
            f"Removed the blanks around {pluralize(len(names), 'name')} of neurons,"
            f" such as {short_repr(names[0])}.{equal}",
            TopologyWarning,
        )


def _require_one_type(names: list[Any]) -> None:
    """Raise ArgumentError if a number is one name, and its digits are another."""
    texts = {name for name in names if isinstance(name, str)}
    if not 0 < len(texts) < len(names):
        return
    for name in names:
        if not isinstance(name, str) and str(name) in texts:
            raise ArgumentError(
                "The names of neurons must be whole numbers or text, got both"
                f" {short_repr(name)} and {short_repr(str(name))}. Convert one column"
                " to the type of the others: edges['source'].astype(str)."
            )


class TableItems(Items):
    """The neurons or connections in a table."""

    advice = "Change it, or leave the column out."


def _numbers_of(names: Iterable[Any], numbers: dict[Any, int]) -> NDArray[np.int64]:
    """Return the indices of names, or raise TopologyError if a name is not a neuron."""
    for name in names:
        if name not in numbers:
            raise TopologyError(
                "Expected edges between the given neurons, got one of"
                f" {short_repr(name)}.{name_of_other_type(name, numbers)}"
            )
    return np.array([numbers[name] for name in names], np.int64)


def _columns_of_tuples(edges: Any) -> dict[str, Any]:
    """Convert a list of edges, which are tuples in the form of networkx, to columns."""
    if isinstance(edges, nx.Graph | nx.reportviews.OutMultiEdgeView):
        raise ArgumentTypeError(
            f"from_edges takes edges, not {short_repr(edges)}. Use"
            " synapse.from_networkx(graph)."
        )
    if isinstance(edges, np.ndarray) and edges.ndim == 2 and edges.shape[1] == 2:
        return {"source": edges[:, 0], "target": edges[:, 1]}
    no_rows = isinstance(edges, np.ndarray) and edges.ndim == 0
    require_type(
        not isinstance(edges, str) and isinstance(edges, Iterable) and not no_rows,
        "edges",
        "a list of tuples, a data frame or a mapping from names to columns",
        edges,
    )

    rows = [_attributes_of(place, edge) for place, edge in enumerate(edges)]
    names = dict.fromkeys(chain(ENDS, *(row for row in rows if len(row) > len(ENDS))))
    return {name: [row.get(name) for row in rows] for name in names}


def _attributes_of(place: int, edge: Any) -> dict[Any, Any]:
    """Return the ends of an edge and its other attributes."""
    if isinstance(edge, tuple | list) and len(edge) in (2, 3):
        source, target, *rest = edge
        ends = {"source": source, "target": target}
        if not rest or rest[0] is None:
            return ends
        if isinstance(rest[0], Mapping) and ends.keys().isdisjoint(rest[0]):
            return {**ends, **rest[0]}
        if is_number(rest[0]) and is_value(rest[0]):
            return {**ends, "weight": rest[0]}
    raise ArgumentError(
        f"Edge {place} must be (source, target), (source, target, weight) or"
        f" (source, target, attributes), got {short_repr(edge)}."
    )


def is_table(table: Any) -> bool:
    """Return whether this has columns by name, and is not the edges of a graph."""
    # In this order: lazy tables, which have collect, must not compute their columns.
    named = any(hasattr(table, name) for name in ("keys", "collect", "columns"))
    return named and not isinstance(table, Set)


# What published tables call the columns: those of FlyWire, CAVE, neuPrint and CATMAID,
# of simulators, and of the worm's
ALIASES = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "source": r"(source|src|from|pre|presyn\w*|origin)(_\w+)?|\w+_pre"
        r"|[uia](\.\w+)?",
        "target": r"(target|tgt|dst|to|post|postsyn\w*)(_\w+)?|\w+_post"
        r"|[vjb](\.\w+)?",
        "weight": r"(\w\.|syn_)?weight|w|(n_?|number of )?(syn(apse)?s?|connections?)"
        r"(_?(count|number))?|count|number",
        "name": r"((pt_)?root_?|body_?|neuron_?|cell_?|node_?|sk(eleton_?)?)?(id|name)"
        r"|neuron|cell",
    }.items()
}
OF_NEURONS = re.compile(r"root|body|skid|skeleton", re.IGNORECASE)
"""Words in the names of columns that identify neurons, unlike columns of places or
types."""
# The call that renames columns, by an attribute of the table
RENAMING = {
    "iloc": "{0} = {0}.rename(columns={1})",  # of pandas
    "rename_columns": "{0} = {0}.rename_columns({1})",  # of pyarrow
    "rename": "{0} = {0}.rename({1})",  # of polars
    "keys": "{0} = pandas.DataFrame({0}).rename(columns={1})",
}


def _renamed(title: str, table: Any, columns: Columns, needed: Iterable[str]) -> str:
    """Return the line to rename columns as needed; "" if unknown."""
    new = {
        column: name
        for name in (*needed, *("weight" for name in needed if name == "source"))
        if name not in columns
        for column in sorted(
            (c for c in columns if ALIASES[name].fullmatch(f"{c}")),
            key=lambda column: not OF_NEURONS.search(f"{column}"),
        )[:1]
    }
    renaming = next(call for mark, call in RENAMING.items() if hasattr(table, mark))
    return f" Rename them: {renaming.format(title, new)}." if new else ""


def _without_decimals(column: Any) -> Any:
    """Replace the decimals that databases return in a column by Python numbers."""
    values = _listed(column) if _as_array(column).dtype == object else ()
    if not any(isinstance(value, Decimal) for value in values):
        return column
    numbers = (
        float(value) if isinstance(value, Decimal) else value for value in values
    )
    return [_whole_or_given(number) for number in numbers]


def columns_of_table(
    table_name: str, table: Any, needed: Iterable[str]
) -> dict[Any, Any]:
    """Return the columns of a table, after checks of their names and lengths."""
    require_type(
        is_table(table),
        table_name,
        "a data frame or a mapping from names to columns",
        table,
    )
    # A data frame iterates over its columns, but only `keys` says so of every mapping.
    keys = getattr(table, "keys", lambda: getattr(table, "column_names", table.columns))
    require_type(
        not hasattr(table, "collect"),  # which polars and Spark call of lazy ones
        table_name,
        "in memory, as collect() and toPandas() return it",
        table,
    )
    columns = {
        column: ordered(f"The column {column!r} of {table_name}", table[column])
        for column in keys()
    }
    for column in needed:
        if column not in columns:
            names = ", ".join(map(str, columns)) or "none"
            raise ArgumentError(
                f"`{table_name}` must have a column {column!r}, got {names}."
                f"{_renamed(table_name, table, columns, needed)}"
            )
    lengths = {
        column: len(values)
        if hasattr(values, "__len__") and getattr(values, "shape", True)
        else None
        for column, values in columns.items()
    }
    require(
        len({*lengths.values()}) <= 1,
        f"The columns of the {table_name}",
        "of one length",
        lengths,
    )
    return {name: _without_decimals(column) for name, column in columns.items()}


def numbered_ends(sources: Any, targets: Any) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the names of neurons, and the numbers of both ends, shape (2, edges);
    ArgumentError if an edge leads from or to a neuron without a name.
    """
    names, ends = _numbered(sources, targets)
    _require_named_ends(names, ends)
    return names, ends


def _numbered(sources: Any, targets: Any) -> tuple[list[Any], NDArray[np.int64]]:
    """Return the names of neurons, and the numbers of both ends."""
    ends = [_as_array(column) for column in (sources, targets)]
    if all(end.dtype.kind in "iu" and end.ndim == 1 for end in ends):
        low = min((int(end.min()) for end in ends if len(end)), default=0)
        high = max((int(end.max()) for end in ends if len(end)), default=0)
        if high - low > 8 * len(ends[0]) + 1024:
            # No float has all integers of both int64 and uint64.
            exact = object if np.result_type(*ends).kind == "f" else None
            joined = np.concatenate(ends, dtype=exact)
            names, numbers = np.unique(joined, return_inverse=True)
            return names.tolist(), numbers.reshape(2, -1)

        # Integers in a narrow range: a table of flags is much faster than sorting.
        numbers = np.empty((2, len(ends[0])), np.int64)
        for row, end in zip(numbers, ends, strict=True):
            # Differences of signed integers may need more bits than these.
            wide = end if end.dtype.kind == "u" else end.astype(np.int64, copy=False)
            np.subtract(wide, wide.dtype.type(low), out=row)
        used = np.zeros(high - low + 1, bool)
        used[numbers] = True
        if not used.all():
            numbers = (np.cumsum(used) - 1)[numbers]
        return (np.flatnonzero(used) + low).tolist(), numbers
    try:
        listed = [_listed(column) for column in (sources, targets)]
        place = {name: i for i, name in enumerate(dict.fromkeys(chain(*listed)))}
        numbered = [[place[name] for name in end] for end in listed]
        return list(place), np.array(numbered, np.int64)
    except TypeError:  # a name without a hash
        raise ArgumentTypeError(
            "The names of neurons must be numbers or strings."
        ) from None


def _require_named_ends(names: list[Any], ends: NDArray[np.int64]) -> None:
    """Raise ArgumentError if an edge leads from or to a neuron without a name."""
    for number in (number for number, name in enumerate(names) if is_missing(name)):
        end, row = (int(places[0]) for places in np.nonzero(ends == number))
        other = short_repr(names[int(ends[1 - end, row])])
        where = (
            f"The target of edge {row}, from {other}"
            if end
            else f"The source of edge {row}, to {other}"
        )
        raise ArgumentError(
            f"{where}, must have a name, got {short_repr(names[number])}. Leave out"
            " rows without names. If a neuron is called NA, read the table with"
            " pandas.read_csv(path, keep_default_na=False)."
        )


def _as_array(column: Any) -> NDArray[Any]:
    """Return a column as an array of one dimension, also of lists and arrays."""
    with suppress(ValueError):  # lists among other values are no array
        array = np.asarray(column)
        if array.ndim == 1:
            return array
    return np.fromiter(column, object, len(column))


def _listed(column: Any) -> list[Any]:
    """Return the values of a column as plain numbers and strings."""
    ways = (getattr(column, name, None) for name in ("tolist", "to_pylist"))
    return next(filter(None, ways), lambda: list(column))()


def _numbers_or_values(columns: dict[Any, Any]) -> dict[Any, Any]:
    """Return numeric columns as arrays, and the existing values of other columns by
    their rows.
    """
    read: dict[Any, Any] = {}
    for name, column in columns.items():
        numbers = _as_array(column)
        if numbers.dtype.kind in "iuf":
            read[name] = numbers
        else:
            rows = enumerate(_listed(column))
            read[name] = {row: value for row, value in rows if is_value(value)}
    return read

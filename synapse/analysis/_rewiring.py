"""Build null models, which have the same neurons and degrees, but otherwise random
wiring.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from .._checks import (
    about_network,
    expected,
    listed,
    positive_integer,
    require_type,
    short_repr,
    suggests_arguments,
)
from .._initializer import Seed, given_back, random_generator
from .._typing import Floats, Ints
from ..errors import ArgumentError, ArgumentTypeError, TopologyError
from ..objects.network import Network
from ..readwrite._edge_lists import (
    ENDS,
    columns_of_table,
    from_edges,
    numbered_ends,
    tables_of,
)
from ..readwrite._graphs import is_value
from ._kernels.rewiring import Edges, exchange

Wiring = TypeVar("Wiring")


@overload
def rewire(
    network: Network,
    *,
    within: str | Sequence[str] | None = None,
    swaps: int = 10,
    seed: Seed = None,
) -> Network: ...
@overload
def rewire(
    network: Wiring,
    *,
    within: str | Sequence[str] | None = None,
    swaps: int = 10,
    seed: Seed = None,
) -> Wiring: ...
@suggests_arguments("rewire")
def rewire(
    network: Any,
    *,
    within: str | Sequence[str] | None = None,
    swaps: Annotated[int, positive_integer] = 10,
    seed: Seed = None,
) -> Any:
    """Shuffle the targets of connections while preserving the degrees of every neuron,
    to obtain a null model.

    Two connections a -> b and c -> d become a -> d and c -> b, again and again [1]_,
    but only within a sign: excitatory connections exchange with excitatory ones, and
    inhibitory with inhibitory ones. Every neuron therefore keeps the number of its
    incoming and outgoing connections of each sign. This is the first half of the model
    of Rubinov and Sporns [2]_, and of ``null_model_dir_sign`` in bctpy. The second
    half, which permutes the weights, is left out: a connection keeps its source,
    weight, number of synapses, gater, delay and metadata, and only gets another target.
    This preserves the sum of a neuron's outgoing weights, but not of its incoming
    weights.

    Parameters
    ----------
    network : Network, pandas.DataFrame or mapping of str to array_like
        A network, or a table of connections as :func:`synapse.from_edges` reads it. It
        is not changed. In a table, every pair occurs once, or once for each "delay".
    within : str or sequence of str, optional
        Columns of the table, or metadata of the connections. Only connections with
        equal values exchange their targets. For example,
        ``["sign", "from_type", "to_type"]`` also preserves the connections between any
        two types. Missing values count as equal, and with an empty list, all
        connections can exchange their targets. Default: the sign or, if it is missing,
        the sign of the weight.
    swaps : int
        Number of exchanges that are tried, per connection. Default 10.
    seed : int or numpy.random.Generator, optional
        Seed for the exchanges.

    Returns
    -------
    Network or table
        A new network with the same neurons, layers and states. For a data frame, the
        result is a data frame with a new column "target", and for a mapping, a dict.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If the table has no columns "source" and "target" of one length, there is no
        column `within`, or `swaps` is not a whole number above 0.
    TopologyError
        If a pair of neurons is connected twice without a difference in their delay.

    See Also
    --------
    prune : Remove connections.

    Notes
    -----
    Self-connections are not moved. Exchanges that would make a self-connection, or
    connect a pair twice, are refused. They count as tried, because otherwise some
    wirings would be more probable than others. If a pair of each of two signs blocks
    the other, both pairs exchange their targets. Half of the exchanges involve three
    connections, because exchanges of two never reverse a cycle of three neurons [3]_.
    After enough exchanges, all wirings with these degrees are equally probable if they
    can be reached, which is certain with one sign.

    A statistic of a network is meaningful if few of its shuffles reach it::

        shuffles = [analysis.rewire(edges, seed=seed) for seed in range(1000)]

    In a network that is not synchronous, connections between hidden neurons may then
    lead backward, which makes them late (:func:`late_connections`).

    References
    ----------
    .. [1] S. Maslov, K. Sneppen (2002), "Specificity and stability in topology of
       protein networks", Science 296, 910-913.
    .. [2] M. Rubinov, O. Sporns (2011), "Weight-conserving characterization of complex
       functional brain networks", NeuroImage 56, 2068-2079.
    .. [3] A. R. Rao, R. Jana, S. Bandyopadhyay (1996), "A Markov chain Monte Carlo
       method for generating random (0,1)-matrices with given marginals", Sankhya A 58,
       225-242.

    Examples
    --------
    >>> edges = {"source": list("abcdef"), "target": list("bcdefa")}
    >>> "".join(rewire(edges, seed=0)["target"])
    'daebfc'
    >>> "".join(rewire({**edges, "sign": [1, 1, 1, -1, -1, -1]}, seed=0)["target"])
    'cdbfae'
    """
    rng = random_generator(seed)
    if isinstance(network, Network):
        edges, neurons = tables_of(network, names=False)
        edges["target"] = _rewired(edges, within, swaps, rng)
        options: Any = {"dtype": network.dtype, "name": network.name}
        return from_edges(edges, neurons=neurons, **options)
    require_type(
        hasattr(network, "keys"),
        "network",
        "a Network, a data frame or a mapping from names to columns",
        network,
        about_network(network),
    )
    columns = columns_of_table("edges", network, ENDS)
    targets = _rewired(columns, within, swaps, rng)
    if hasattr(network, "assign"):
        return network.assign(target=targets)
    return {**columns, "target": targets}


def _rewired(
    columns: dict[Any, Any], within: Any, tries: int, rng: np.random.Generator
) -> Any:
    """Return the column "target" after these exchanges for each row."""
    names, (source, target) = numbered_ends(columns["source"], columns["target"])
    group = _groups(columns, within)
    group[source == target] = -1
    line = _numbered([source, _numbers(columns, "delay")], len(source))
    order = np.lexsort((source, line))
    _require_single(line * max(1, len(names)) + target, source, target, names)

    edges = Edges(*(column[order] for column in (target, source, group, line, line)))
    edges = edges._replace(first=_bounds(edges.line))
    members = np.flatnonzero(edges.group >= 0)
    members = members[np.argsort(edges.group[members], kind="stable")]
    with given_back(rng):
        word = np.array([rng.integers(1 << 53)], np.uint64)
    if len(members):
        exchange(
            edges, members, _bounds(edges.group[members]), tries * len(members), word
        )

    # The values of the column, at rows that have these targets, keep their type.
    row_of = np.zeros(len(names), np.int64)
    row_of[target] = np.arange(len(target))
    rows = np.empty(len(order), np.int64)
    rows[order] = row_of[edges.target]
    values = columns["target"]
    if hasattr(values, "take"):
        taken = values.take(rows)
        return taken.set_axis(values.index) if hasattr(values, "set_axis") else taken
    return [values[row] for row in rows.tolist()]


def _groups(columns: dict[Any, Any], within: Any) -> Ints:
    """Return a number for each row, equal where they may exchange their targets."""
    if within is None:
        sign = _codes([value or None for value in _listed(columns, "sign")])
        weight = np.sign(_numbers(columns, "weight"))
        return _numbered([sign, np.where(sign == 0, weight + 1, 0)], len(sign))
    condition = "a name, or a list of names, of columns"
    names = [within] if isinstance(within, str) else listed("within", within, condition)
    for name in names:
        if not isinstance(name, str) or name not in columns:
            known = ", ".join(map(str, columns))
            raise ArgumentError(
                f"`within` must be among the columns, {known}, got {short_repr(name)}."
            )
    codes = [_codes(_listed(columns, name)) for name in names]
    return _numbered(codes, len(columns["source"]))


def _listed(columns: dict[Any, Any], name: str) -> list[Any]:
    """Return the values of a column, or None for each row without such a column."""
    column = columns.get(name, [None] * len(columns["source"]))
    return column.tolist() if hasattr(column, "tolist") else list(column)


def _numbers(columns: dict[Any, Any], name: str) -> Floats:
    """Return the numbers of a column, or 0 for each row without such a column."""
    values = [value if is_value(value) else 0.0 for value in _listed(columns, name)]
    return np.array(values, np.float64)


def _codes(values: list[Any]) -> Ints:
    """Number different values from 1; a missing one is 0."""
    code: dict[Any, int] = {}
    try:
        codes = [
            code.setdefault(v, len(code) + 1) if is_value(v) else 0 for v in values
        ]
    except TypeError:  # a value without a hash
        raise ArgumentTypeError(
            expected("The values of a column of `within`", "numbers or texts", values)
        ) from None
    return np.array(codes, np.int64)


def _numbered(columns: Sequence[NDArray[Any]], count: int) -> Ints:
    """Number the rows from 0, giving the same number to rows that are equal in all
    columns.
    """
    number = np.zeros(count, np.int64)
    for column in columns:
        code = np.unique(column, return_inverse=True)[1]
        together = number * (code.max(initial=0) + 1) + code
        number = np.unique(together, return_inverse=True)[1]
    return number


def _bounds(numbers: Ints) -> Ints:
    """Return the first row of each number in ascending order, and the count of rows."""
    return np.searchsorted(numbers, np.arange(numbers[-1] + 2 if len(numbers) else 1))


def _require_single(edges: Ints, source: Ints, target: Ints, names: list[Any]) -> None:
    """Raise TopologyError if a pair of neurons is connected twice."""
    order = np.argsort(edges, kind="stable")
    again = order[1:][edges[order][1:] == edges[order][:-1]]
    if len(again):
        ends = " to ".join(short_repr(names[end[again[0]]]) for end in (source, target))
        raise TopologyError(
            "A pair of neurons has one connection of a delay, but the one from"
            f" {ends} is given several times. Add them up first:"
            " edges.groupby(['source', 'target'], as_index=False).sum()."
        )

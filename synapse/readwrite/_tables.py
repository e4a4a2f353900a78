"""A network as two plain tables, of neurons and of connections, for graph formats.

Every format but Synapse's own and those of other libraries is written from these tables and
read back into them. The tables preserve everything that determines outputs: layers, order, names,
squashes, groups, biases, weights, ties, gates, states, activations, random streams, and trainable
flags. They do not preserve errors and traces; a network that was read has these as after `clear`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._checks import is_among, lowered, shown
from .._saved import Parts, put_together, take_apart
from ..errors import FormatError
from ..network import Network
from ._checks import (
    FLOATS,
    LARGEST_RANDOM,
    Table,
    checked_architecture,
    members,
    require,
    require_pairs_once,
    require_shared,
)

NEURON: dict[str, type] = {
    "id": int,
    "label": str,
    "layer": str,
    "layer_number": int,
    "squash": str,
    "bias": float,
    "state": float,
    "activation": float,
    "trainable": bool,
    "group": int,
    "random": int,
    "deterministic": bool,
    "bias_tie": int,
}
"""Columns of a neuron. The id is its number in activation order; neurons with the same group compete; random
is the position of its stream of random numbers, see `Neuron.deterministic`; neurons with the same bias_tie
share their bias."""
CONNECTION: dict[str, type] = {
    "source": int,
    "target": int,
    "gater": int,
    "weight": float,
    "trainable": bool,
    "tie": int,
}
"""Columns of a connection. Source, target and gater are ids of neurons; connections with the same tie share
their weight."""
USUAL = {"gater": None, "group": 0, "random": 0, "deterministic": False, "bias_tie": 0, "tie": 0}
"""Usual values, which a row leaves out: not gated, in no group, not random, not tied."""
TIES = ("bias_tie", "tie")
"""Columns that a table leaves out if nothing is tied."""

Columns = dict[str, list[Any]]


@dataclass(frozen=True)
class Tables:
    """A network in columns of plain Python values. Columns read from a file are not checked yet.

    The columns are those of `NEURON` and `CONNECTION`; the gater is None without a gate. `dtype` is
    the name of a float type; for the architecture see :func:`synapse.architectures.describe`.
    """

    name: Any
    dtype: Any
    neurons: Columns
    connections: Columns
    architecture: Any = None


def to_tables(network: Network, format: str = "", unfit: re.Pattern[str] | None = None) -> Tables:
    """Make the plain tables of a network.

    Raises as :func:`synapse.save` does, and FormatError if a name has a character that the format cannot
    hold.
    """
    parts = take_apart(network)
    numbers, edges = parts.neurons, parts.connections
    layers = [(k, name) for k, (name, size) in enumerate(parts.layers) for _ in range(size)]
    neurons: Columns = {
        "id": list(range(len(layers))),
        "label": [name or f"neuron {i}" for i, name in enumerate(parts.names or ())],
        "layer": [name for _, name in layers],
        "layer_number": [k for k, _ in layers],
        **_plain({**numbers, "trainable": numbers["trainable_bias"]}, NEURON),
    }
    connections = _plain(edges, CONNECTION)
    connections["gater"] = Table.or_null(edges["gater"])
    tables = Tables(parts.name, parts.dtype.name, neurons, connections, parts.architecture)
    if unfit is not None:
        _require_names(tables, format, unfit)
    return tables


def _plain(columns: Mapping[str, Any], kinds: Mapping[str, type]) -> Columns:
    """The columns as lists; those of ties only if something is tied."""
    return {
        key: (columns[key] != 0 if kind is bool else columns[key]).tolist()
        for key, kind in kinds.items()
        if key in columns and (key not in TIES or columns[key].any())
    }


def kinds_in(columns: Columns, kinds: Mapping[str, type]) -> dict[str, type]:
    """The kinds of the columns that a table has."""
    return {key: kind for key, kind in kinds.items() if key in columns}


def from_tables(tables: Tables) -> Network:
    """Make the network of plain tables; FormatError if they contradict themselves or each other."""
    require(type(tables.name) is str, "The name of the network", "a string", tables.name)
    require(is_among(tables.dtype, FLOATS), "The dtype", " or ".join(FLOATS), tables.dtype)
    dtype = np.dtype(tables.dtype)
    neurons = _in_order(tables.neurons)
    numbers = {
        **{key: neurons.numbers(key, dtype) for key in ("bias", "state", "activation")},
        "trainable_bias": neurons.flags("trainable"),
        "group": neurons.whole("group", 0, len(neurons)),
        "random": neurons.whole("random", 0, LARGEST_RANDOM),
        "deterministic": neurons.flags("deterministic"),
        "bias_tie": neurons.whole("bias_tie", 0, len(neurons)),
    }
    require_shared("neuron", numbers["bias_tie"], numbers, ("bias", "trainable_bias"))
    parts = Parts(
        name=tables.name,
        dtype=dtype,
        layers=_layers(neurons),
        names=neurons.texts("label"),
        neurons={"squash": neurons.squashes("squash"), **numbers},
        connections=_edges(tables.connections, neurons, dtype),
        architecture=checked_architecture(tables.architecture),
    )
    return put_together(parts)


def _in_order(columns: Columns) -> Table:
    """The table of the neurons, sorted by their ids, which must be 0, 1, ..."""
    columns = _with_ties(columns, "bias_tie", "id")
    table = Table.of_columns("neuron", {"neurons": columns}, "neurons", tuple(NEURON))
    ids = table.whole("id", 0, len(table) - 1)
    order = np.argsort(ids, kind="stable")
    again = np.flatnonzero(np.diff(ids[order]) == 0)
    if len(again):
        raise FormatError(f"The id of every neuron must be its own. Two have {ids[order][again[0]]}.")
    return Table("neuron", {key: [columns[key][i] for i in order.tolist()] for key in NEURON})


def _layers(neurons: Table) -> list[tuple[str, int]]:
    """Names and sizes of the layers; the neurons of a layer are consecutive."""
    numbers, names = neurons.whole("layer_number", 0, len(neurons) - 1), neurons.texts("layer")
    found, first, sizes = np.unique(numbers, return_index=True, return_counts=True)
    if len(found) < 2 or (numbers != np.repeat(np.arange(len(found)), sizes)).any():
        raise FormatError(
            "The layer numbers must be 0, 1, ... in the order of the neurons, 2 layers or more."
        )
    for i, number in enumerate(numbers.tolist()):
        require(names[i] == names[first[number]], f"The layer of neuron {i}", "named as its others", names[i])
    return [(names[i], size) for i, size in zip(first.tolist(), sizes.tolist(), strict=True)]


def _edges(columns: Columns, neurons: Table, dtype: Any) -> dict[str, Any]:
    columns = _with_ties(columns, "tie", "source")
    table = Table.of_columns("connection", {"connections": columns}, "connections", tuple(CONNECTION))
    edges = {
        **table.ends(neurons),
        "weight": table.numbers("weight", dtype),
        "trainable": table.flags("trainable"),
        "tie": table.whole("tie", 0, len(table)),
    }
    require_pairs_once(table, (edges["source"], edges["target"]))
    require_shared("connection", edges["tie"], edges, ("weight", "trainable"))
    return edges


def _with_ties(columns: Any, name: str, like: str) -> Any:
    """The same columns, with the column of ties added (nothing tied) if it is left out."""
    if not isinstance(columns, dict) or name in columns or not isinstance(columns.get(like), list):
        return columns  # not a table: the checks refuse it
    return {**columns, name: [0] * len(columns[like])}


def records(columns: Columns) -> list[dict[str, Any]]:
    """The rows of a table, each without the usual values."""
    rows = (zip(columns, row, strict=True) for row in zip(*columns.values(), strict=True))
    return [{key: value for key, value in row if key not in USUAL or value != USUAL[key]} for row in rows]


def columns_of(item: str, rows: Any, kinds: Mapping[str, type]) -> Columns:
    """The columns of rows from a file; text is converted to numbers and flags.

    Additional columns, written by other programs, are left out.
    """
    require(isinstance(rows, list), f"The {item}s", "a list", rows)
    wanted = [key for key in kinds if key not in USUAL]
    for i, row in enumerate(rows):
        if not (isinstance(row, dict) and all(key in row for key in wanted)):
            members(f"{item.capitalize()} {i}", row, wanted)
    return {key: [_typed(kind, row.get(key, USUAL.get(key))) for row in rows] for key, kind in kinds.items()}


def once(what: str, pairs: Iterable[tuple[str | None, Any]]) -> dict[str | None, Any]:
    """Names and values as a dict; raises FormatError if a column of a network occurs twice."""
    values: dict[str | None, Any] = {}
    for name, value in pairs:
        if name in values and (name in NEURON or name in CONNECTION):
            raise FormatError(
                f"Expected {lowered(what)} to have its {name} once, "
                f"got {shown(values[name])} and {shown(value)}."
            )
        values[name] = value
    return values


def _typed(kind: type, value: Any) -> Any:
    """Convert text to a number or flag; text that is neither is returned, and the checks refuse it."""
    if type(value) is not str or kind is str:
        return value
    if kind is bool:
        return {"true": True, "false": False}.get(value.lower(), value)
    try:
        return kind(value)
    except ValueError:
        return value


def as_text(value: Any) -> str:
    """A value as text; numbers with all digits that they need to be read back exactly."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _require_names(tables: Tables, format: str, unfit: re.Pattern[str]) -> None:
    """Raise if a name has a character that a format cannot hold."""
    named = {"name of the network": tables.name}
    for key in ("label", "layer"):
        named |= {f"{key} of neuron {i}": name for i, name in enumerate(tables.neurons[key])}
    for what, name in named.items():
        if found := unfit.search(name):
            raise FormatError(
                f"Expected the {what} to have no {found[0]!r}, which {format} cannot hold, got {shown(name)}."
            )

"""The document of a network: a head and tables of columns, the content of Synapse's own two formats.

In JSON, every column is a list. In ``.npz`` files, columns of numbers are arrays. Both are checked here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..engine.schema import FLAG, Column
from ..errors import FormatError
from ..objects.state import OF_CONNECTIONS, OF_NEURONS, OPTIONAL, SavedNetwork, Traces
from . import _entries
from ._checks import (
    FLOATS,
    LARGEST_WHOLE,
    Records,
    checked_architecture,
    checked_column,
    checked_metadata,
    given,
    is_whole,
    members,
    require,
    require_pairs_once,
    require_runs_apart,
    require_shared,
    require_version,
)
from ._sensitivities import RULE, checked_rule, rule_of, tables_of

MARK = "synapse"
VERSION = 1

# The tables of a document, by the columns of each.
LAYERS = ("name", "size")
TEXTS = ("name", "squash")
NEURONS = (*TEXTS, *(column.name for column in OF_NEURONS if column not in OPTIONAL))
ENDS = ("source", "target", "gater")
CONNECTIONS = (*ENDS, *(column.name for column in OF_CONNECTIONS if column not in OPTIONAL))
RUNS = ("source", "target", "length")
"""Of sparse documents: connections one after the other, from neighbours to one target."""
HEAD = ("format", "version", "name", "dtype", "clock")
ARCHITECTURE = "architecture"
"""Only of networks that are one."""
METADATA = "metadata"
"""Only of networks that have any."""
TABLES = ("layers", "neurons", "connections", *_entries.TRACES)
NULLS = (("connections", "gater"), *_entries.NULLS)
"""Columns in which -1 stands for null."""


def document(saved: SavedNetwork) -> dict[str, Any]:
    """The document of a network, with numbers and flags as arrays."""
    head = (MARK, VERSION, saved.name, saved.dtype.name, saved.clock)
    kind = {} if saved.architecture is None else {ARCHITECTURE: saved.architecture}
    notes = {METADATA: saved.metadata} if saved.metadata else {}
    return {**dict(zip(HEAD, head, strict=True)), **kind, **notes, **rule_of(saved), **_tables(saved)}


def _tables(saved: SavedNetwork) -> dict[str, dict[str, Any]]:
    neurons, edges = saved.neurons, saved.connections
    return {
        "layers": {"name": [name for name, _ in saved.layers], "size": [size for _, size in saved.layers]},
        "neurons": {
            "name": list(saved.names or ()),
            "squash": neurons["squash"].tolist(),
            **_saved(OF_NEURONS, neurons),
        },
        "connections": {**{end: edges[end] for end in ENDS}, **_saved(OF_CONNECTIONS, edges)},
        **_entries.written(_entries.TRACES, saved.traces),
    }


def _saved(columns: tuple[Column, ...], values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The columns of the schema, without optional ones that have their default in all rows."""
    return {
        column.name: values[column.name].astype(bool) if column.kind is FLAG else values[column.name]
        for column in columns
        if column not in OPTIONAL or not all_default(values[column.name], column.default)
    }


def all_default(values: NDArray[Any], default: float) -> bool:
    """Whether all values are this one, to the last bit: -0.0 is not 0."""
    if (values != default).any():
        return False
    return values.dtype.kind != "f" or not (np.signbit(values) != np.signbit(default)).any()


def _optional(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column in OPTIONAL)


def require_format(data: Any) -> None:
    """Raise unless this is a document of Synapse in its present version."""
    require(isinstance(data, dict), "A saved network", "an object", data)
    if data.get("format") != MARK:
        foreign = "neurons" in data and "connections" in data and "format" not in data
        advice = " Files of Synaptic are read with synapse.load(path, 'synaptic')." if foreign else ""
        raise FormatError(
            f'This is not a network that Synapse has saved: expected "format" to be {MARK!r}, '
            f"got {given(data.get('format'))}.{advice}"
        )
    require_version("network", data, MARK, VERSION)


def saved_of(data: dict[str, Any], sparse: bool = False) -> SavedNetwork:
    """The network in a document whose format has been checked; FormatError if it is not valid.

    In a `sparse` document, names and columns of numbers may be missing, which have their default values then,
    and runs may stand for sources and targets.
    """
    optional = (ARCHITECTURE, METADATA, RULE, *(("runs",) if sparse else ()))
    members("A network", data, (*HEAD, *TABLES, *tables_of(data)), optional)
    require(type(data["name"]) is str, "The name of the network", "a string", data["name"])
    require(data["dtype"] in FLOATS, "The dtype", " or ".join(FLOATS), data["dtype"])
    require(is_whole(data["clock"], 0, LARGEST_WHOLE), "The clock", "a whole number", data["clock"])
    neurons = _table("neuron", data, "neurons", NEURONS, OF_NEURONS, ("squash",) if sparse else NEURONS)
    few = ("weight",) if sparse else CONNECTIONS
    connections = _table("connection", data, "connections", CONNECTIONS, OF_CONNECTIONS, few)
    dtype, clock = np.dtype(data["dtype"]), data["clock"]
    ends = _expanded(data, connections, neurons) if "runs" in data else _ends(connections, neurons)
    edges = {**ends, **_numbers(connections, OF_CONNECTIONS, dtype, clock)}
    require_shared("connection", edges)
    numbers = _numbers(neurons, OF_NEURONS, dtype, clock)
    require_shared("neuron", numbers)
    return SavedNetwork(
        name=data["name"],
        dtype=dtype,
        layers=_layers(data, len(neurons)),
        names=_names(neurons),
        neurons={"squash": neurons.squashes("squash"), **numbers},
        connections=edges,
        clock=clock,
        traces=_traces(data, neurons, connections, edges, dtype),
        architecture=checked_architecture(data.get(ARCHITECTURE)),
        metadata=checked_metadata(data.get(METADATA, {})),
        **checked_rule(data, neurons, connections, edges, dtype),
    )


def _table(
    item: str,
    data: dict[str, Any],
    name: str,
    usual: Iterable[str],
    columns: tuple[Column, ...],
    needed: Iterable[str],
) -> Records:
    spare = [key for key in (*usual, *_optional(columns)) if key not in needed]
    return Records.of_columns(item, data, name, tuple(needed), spare)


def _layers(data: dict[str, Any], neurons: int) -> list[tuple[str, int]]:
    """Names and sizes of the layers, which must add up to all neurons."""
    table = Records.of_columns("layer", data, "layers", LAYERS)
    names, sizes = table.texts("name"), table.whole("size", 1, neurons).tolist()
    require(len(table) >= 2, "The number of layers", "2 or more", len(table))
    if sum(sizes) != neurons:
        raise FormatError(
            f"Expected the sizes of the layers to add up to {neurons} neurons, got {sum(sizes)}."
        )
    return list(zip(names, sizes, strict=True))


def _names(neurons: Records) -> list[str | None]:
    if "name" not in neurons:
        return [None] * len(neurons)
    return neurons.values("name", "a string or null", lambda name: name is None or type(name) is str)


def _ends(connections: Records, neurons: Records) -> dict[str, NDArray[Any]]:
    """The columns of sources, targets and gaters; each pair of neurons is connected once at most."""
    missing = [end for end in ENDS[:2] if end not in connections]
    if missing:
        raise FormatError(f"Expected the table 'connections' to have {missing[0]!r}, which is missing.")
    found = _with_gaters(connections, neurons)
    found |= {end: connections.indices(end, neurons) for end in ENDS[:2]}
    require_pairs_once(connections, (found["source"], found["target"]))
    return found


def _expanded(data: dict[str, Any], connections: Records, neurons: Records) -> dict[str, NDArray[Any]]:
    """The columns of sources, targets and gaters, from the runs of a document."""
    runs, count = Records.of_columns("run", data, "runs", RUNS), len(connections)
    source, target = (runs.indices(end, neurons).astype(np.uint32, copy=False) for end in ENDS[:2])
    length = runs.whole("length", 1, len(neurons)).astype(np.int64)
    if (total := int(length.sum())) != count:
        raise FormatError(f"Expected the lengths of the runs to add up to {count} connections, got {total}.")
    far = np.flatnonzero(source + length > len(neurons))
    if len(far):
        i, last = int(far[0]), len(neurons) - 1
        got = f"{length[i]} from neuron {source[i]} on"
        raise FormatError(f"Expected run {i} to be of neurons up to {last}, got {got}.")
    require_runs_apart("connection", source, target, length)
    begin = np.cumsum(length) - length
    found = _with_gaters(connections, neurons)
    offset = np.repeat((source - begin).astype(np.uint32), length)
    found["source"] = np.add(offset, np.arange(count, dtype=np.uint32), out=offset)  # modulo 2^32
    found["target"] = np.repeat(target, length)
    return found


def _with_gaters(connections: Records, neurons: Records) -> dict[str, NDArray[Any]]:
    return {"gater": connections.indices("gater", neurons, "not gated")} if "gater" in connections else {}


def _numbers(table: Records, columns: tuple[Column, ...], dtype: Any, clock: int) -> dict[str, NDArray[Any]]:
    known = [column for column in columns if column.name in table]
    return {column.name: checked_column(table, column, dtype, clock) for column in known}


def _traces(
    data: dict[str, Any], neurons: Records, connections: Records, edges: dict[str, Any], dtype: Any
) -> Traces:
    """The traces. Lowering leaves out those that this version of Synapse does not use."""
    loops = np.flatnonzero(edges["source"] == edges["target"])
    known = {"neurons": neurons, "connections": connections}
    return Traces(
        memory=edges["target"][loops].astype(np.int64),
        memory_self=loops,
        **_entries.read(_entries.TRACES, data, known, dtype),
    )

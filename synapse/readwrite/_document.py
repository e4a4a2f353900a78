"""The document of a network: a head and tables of columns, the content of Synapse's own two formats.

In JSON, every column is a list. In ``.npz`` files, columns of numbers are arrays. Both are checked here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._saved import OF_CONNECTIONS, OF_NEURONS, OPTIONAL, Column, Parts, Traces
from ..errors import FormatError
from ._checks import (
    FLOATS,
    LARGEST_RANDOM,
    LARGEST_WHOLE,
    Table,
    checked_architecture,
    checked_metadata,
    given,
    is_whole,
    members,
    require,
    require_pairs_once,
    require_runs_apart,
    require_shared,
)
from ._sensitivities import RULE, checked_rule, rule_of, tables_of

MARK = "synapse"

# The tables of a document, by the columns of each.
LAYERS = ("name", "size")
TEXTS = ("name", "squash")
NEURONS = (*TEXTS, *(column.name for column in OF_NEURONS if column not in OPTIONAL))
ENDS = ("source", "target", "gater")
CONNECTIONS = (*ENDS, *(column.name for column in OF_CONNECTIONS if column not in OPTIONAL))
ELIGIBILITY = ("connection", "value")
RUNS = ("source", "target", "length")
"""Of sparse documents: connections one after the other, from neighbours to one target."""
INFLUENCE = ("gater", "gated", "value")
EXTENDED = ("influence", "connection", "value")
HEAD = ("format", "version", "name", "dtype", "clock")
ARCHITECTURE = "architecture"
"""Only of networks that are one."""
METADATA = "metadata"
"""Only of networks that have any."""
TABLES = ("layers", "neurons", "connections", "eligibility", "influence", "extended")
NULLS = (("connections", "gater"), ("extended", "connection"), ("parameters", "connection"))
"""Columns in which -1 stands for null."""


def document(parts: Parts, version: int) -> dict[str, Any]:
    """The document of a network's parts, with numbers and flags as arrays.

    It has the lowest version that can represent the network, so that earlier Synapses read it: `version` with
    metadata, without them the version before, and without a learning rule of its own the one before that.
    """
    rule = rule_of(parts)
    number = version if parts.metadata else version - 1 if rule else version - 2
    head = (MARK, number, parts.name, parts.dtype.name, parts.clock)
    kind = {} if parts.architecture is None else {ARCHITECTURE: parts.architecture}
    notes = {METADATA: parts.metadata} if parts.metadata else {}
    return {**dict(zip(HEAD, head, strict=True)), **kind, **notes, **rule, **_tables(parts)}


def _tables(parts: Parts) -> dict[str, dict[str, Any]]:
    neurons, edges, traces = parts.neurons, parts.connections, parts.traces
    assert traces is not None
    return {
        "layers": {"name": [name for name, _ in parts.layers], "size": [size for _, size in parts.layers]},
        "neurons": {
            "name": list(parts.names or ()),
            "squash": neurons["squash"].tolist(),
            **_saved(OF_NEURONS, neurons),
        },
        "connections": {**{end: edges[end] for end in ENDS}, **_saved(OF_CONNECTIONS, edges)},
        "eligibility": {"connection": traces.eligible, "value": traces.eligibility},
        "influence": {"gater": traces.gater, "gated": traces.gated, "value": traces.influence},
        "extended": {
            "influence": traces.pair,
            "connection": traces.extending,
            "value": traces.extended,
        },
    }


def _saved(columns: tuple[Column, ...], values: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The columns of the schema, without optional ones that are all 0."""
    return {
        column.name: values[column.name].astype(bool) if column.dtype == "uint8" else values[column.name]
        for column in columns
        if column not in OPTIONAL or not all_zero(values[column.name])
    }


def all_zero(column: NDArray[Any]) -> bool:
    """Whether all bits are 0, which -0.0 has not."""
    return not np.ascontiguousarray(column).view(np.uint8).any()


def _optional(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column in OPTIONAL)


def require_format(data: Any, latest: int) -> None:
    """Raise unless this is a document of Synapse in a version up to the latest."""
    require(isinstance(data, dict), "A saved network", "an object", data)
    if data.get("format") != MARK:
        foreign = "neurons" in data and "connections" in data and "format" not in data
        advice = " Files of Synaptic are read with synapse.readwrite.read_synaptic." if foreign else ""
        raise FormatError(
            f'This is not a network that Synapse has saved: expected "format" to be {MARK!r}, '
            f"got {given(data.get('format'))}.{advice}"
        )
    version = data.get("version")
    require(is_whole(version, 1, LARGEST_WHOLE), "The version", "a whole number above 0", version)
    if version > latest:
        raise FormatError(
            f"The network was written by a newer version of Synapse, in version {version} of the format; "
            f"this one reads up to {latest}. Install a newer Synapse."
        )


def parts_of(data: dict[str, Any], sparse: bool = False) -> Parts:
    """The parts of a document whose format has been checked; FormatError if it is not valid.

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
    _require_shared("connection", "tie", edges, ("weight", "trainable", "frozen"))
    numbers = _numbers(neurons, OF_NEURONS, dtype, clock)
    _require_shared("neuron", "bias_tie", numbers, ("bias", "trainable_bias", "frozen_bias"))
    return Parts(
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
) -> Table:
    spare = [key for key in (*usual, *_optional(columns)) if key not in needed]
    return Table.of_columns(item, data, name, tuple(needed), spare)


def _layers(data: dict[str, Any], neurons: int) -> list[tuple[str, int]]:
    """Names and sizes of the layers, which must add up to all neurons."""
    table = Table.of_columns("layer", data, "layers", LAYERS)
    names, sizes = table.texts("name"), table.whole("size", 1, neurons).tolist()
    require(len(table) >= 2, "The number of layers", "2 or more", len(table))
    if sum(sizes) != neurons:
        raise FormatError(
            f"Expected the sizes of the layers to add up to {neurons} neurons, got {sum(sizes)}."
        )
    return list(zip(names, sizes, strict=True))


def _names(neurons: Table) -> list[str | None]:
    if "name" not in neurons:
        return [None] * len(neurons)
    return neurons.values("name", "a string or null", lambda name: name is None or type(name) is str)


def _ends(connections: Table, neurons: Table) -> dict[str, NDArray[Any]]:
    """The columns of sources, targets and gaters; each pair of neurons is connected once at most."""
    missing = [end for end in ENDS[:2] if end not in connections]
    if missing:
        raise FormatError(f"Expected the table 'connections' to have {missing[0]!r}, which is missing.")
    found = _with_gaters(connections, neurons)
    found |= {end: connections.indices(end, neurons) for end in ENDS[:2]}
    require_pairs_once(connections, (found["source"], found["target"]))
    return found


def _expanded(data: dict[str, Any], connections: Table, neurons: Table) -> dict[str, NDArray[Any]]:
    """The same columns, from the runs of a document."""
    runs, count = Table.of_columns("run", data, "runs", RUNS), len(connections)
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


def _with_gaters(connections: Table, neurons: Table) -> dict[str, NDArray[Any]]:
    return {"gater": connections.indices("gater", neurons, "not gated")} if "gater" in connections else {}


def _numbers(table: Table, columns: tuple[Column, ...], dtype: Any, clock: int) -> dict[str, NDArray[Any]]:
    return {column.name: _checked(table, column, dtype, clock) for column in columns if column.name in table}


def _checked(table: Table, column: Column, dtype: Any, clock: int) -> NDArray[Any]:
    """A saved column of the schema."""
    if column.dtype == "float":
        return table.numbers(column.name, dtype)
    if column.dtype == "uint8":
        return table.flags(column.name)
    # No neuron has activated after the present clock, and there are no more groups than members.
    last = {"stamp": clock, "random": LARGEST_RANDOM}.get(column.name, len(table))
    return table.whole(column.name, 0, last)


def _require_shared(item: str, tie: str, columns: dict[str, NDArray[Any]], names: Iterable[str]) -> None:
    """Raise if tied rows have different values in one of these columns, as far as there are any."""
    if tie in columns:
        require_shared(item, columns[tie], columns, [name for name in names if name in columns])


def _traces(
    data: dict[str, Any], neurons: Table, connections: Table, edges: dict[str, Any], dtype: Any
) -> Traces:
    """The traces. Lowering leaves out those that this version of Synapse does not use."""
    eligibility = Table.of_columns("eligibility", data, "eligibility", ELIGIBILITY)
    influence = Table.of_columns("influence", data, "influence", INFLUENCE)
    extended = Table.of_columns("extended trace", data, "extended", EXTENDED)
    loops = np.flatnonzero(edges["source"] == edges["target"])
    return Traces(
        memory=edges["target"][loops].astype(np.int64),
        memory_self=loops,
        eligible=eligibility.indices("connection", connections).astype(np.int64),
        eligibility=eligibility.numbers("value", dtype),
        gater=influence.indices("gater", neurons).astype(np.int64),
        gated=influence.indices("gated", neurons).astype(np.int64),
        influence=influence.numbers("value", dtype),
        pair=extended.indices("influence", influence).astype(np.int64),
        extending=extended.indices("connection", connections, null="the bias").astype(np.int64),
        extended=extended.numbers("value", dtype),
    )

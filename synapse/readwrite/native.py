"""Synapse's own format: the whole network as readable JSON."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._saved import OF_CONNECTIONS, OF_NEURONS, OPTIONAL, Column, Parts, Traces, put_together, take_apart
from ..errors import FormatError
from ..network import Network
from . import files
from ._checks import (
    FLOATS,
    LARGEST_RANDOM,
    LARGEST_WHOLE,
    Table,
    checked_architecture,
    given,
    is_whole,
    members,
    require,
    require_pairs_once,
    require_shared,
)
from ._formats import Format

__all__ = ["from_json_data", "json_data", "read_json", "write_json"]

MARK, VERSION = "synapse", 1

# The tables of a document, by the columns of each.
LAYERS = ("name", "size")
NEURONS = ("name", "squash", *(column.name for column in OF_NEURONS if column not in OPTIONAL))
ENDS = ("source", "target", "gater")
CONNECTIONS = (*ENDS, *(column.name for column in OF_CONNECTIONS if column not in OPTIONAL))
ELIGIBILITY = ("connection", "value")
INFLUENCE = ("gater", "gated", "value")
EXTENDED = ("influence", "connection", "value")
HEAD = ("format", "version", "name", "dtype", "clock")
ARCHITECTURE = "architecture"
"""Only of networks that are one."""
TABLES = ("layers", "neurons", "connections", "eligibility", "influence", "extended")


def write_json(network: Network, path: files.File) -> None:
    """Write a network as JSON, with any file name. See :func:`synapse.save`."""
    files.write_document(path, json_data(network))


def read_json(path: files.File) -> Network:
    """Read a network that :func:`write_json` has written. Raises as :func:`synapse.load` does."""
    with files.reading(path):
        return from_json_data(files.read_document(path))


def json_data(network: Network) -> dict[str, Any]:
    """Convert a network to the content of its JSON file: dicts and lists of plain numbers.

    The keys are ``format``, ``version``, ``name``, ``dtype``, ``clock``, for an architecture ``architecture``
    (its ``name``, and settings that do not follow from its layers), and tables as dicts of columns:
    ``layers``, ``neurons`` (in activation order), ``connections`` (in order of
    creation; source, target and gater are numbers of neurons), and three tables of traces.
    ``eligibility`` has a row for each connection, ``influence`` for each gater and gated neuron, and
    ``extended`` for each influence and incoming connection of its gater (null for the bias).

    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> json_data(Network(a, [], b))["connections"]["weight"]
    [0.5, 0.5]
    """
    parts = take_apart(network)
    head = (MARK, VERSION, parts.name, parts.dtype.name, parts.clock)
    kind = {} if parts.architecture is None else {ARCHITECTURE: parts.architecture}
    return {**dict(zip(HEAD, head, strict=True)), **kind, **_tables(parts)}


def _tables(parts: Parts) -> dict[str, dict[str, list[Any]]]:
    neurons, edges, traces = parts.neurons, parts.connections, parts.traces
    assert traces is not None
    return {
        "layers": {"name": [name for name, _ in parts.layers], "size": [size for _, size in parts.layers]},
        "neurons": {
            "name": list(parts.names or ()),
            "squash": neurons["squash"].tolist(),
            **_saved(OF_NEURONS, neurons),
        },
        "connections": {
            "source": edges["source"].tolist(),
            "target": edges["target"].tolist(),
            "gater": Table.or_null(edges["gater"]),
            **_saved(OF_CONNECTIONS, edges),
        },
        "eligibility": {"connection": traces.eligible.tolist(), "value": traces.eligibility.tolist()},
        "influence": {
            "gater": traces.gater.tolist(),
            "gated": traces.gated.tolist(),
            "value": traces.influence.tolist(),
        },
        "extended": {
            "influence": traces.pair.tolist(),
            "connection": Table.or_null(traces.extending),
            "value": traces.extended.tolist(),
        },
    }


def _saved(columns: tuple[Column, ...], values: dict[str, np.ndarray[Any, Any]]) -> dict[str, list[Any]]:
    """The columns of the schema as plain lists, without optional ones that are all 0."""
    return {
        column.name: (values[column.name] != 0 if column.dtype == "uint8" else values[column.name]).tolist()
        for column in columns
        if column not in OPTIONAL or values[column.name].any()
    }


def _optional(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column in OPTIONAL)


def from_json_data(data: dict[str, Any]) -> Network:
    """Make a network from the result of :func:`json_data`; FormatError if it is not valid."""
    _require_format(data)
    members("A network", data, (*HEAD, *TABLES), (ARCHITECTURE,))
    require(type(data["name"]) is str, "The name of the network", "a string", data["name"])
    require(data["dtype"] in FLOATS, "The dtype", " or ".join(FLOATS), data["dtype"])
    require(is_whole(data["clock"], 0, LARGEST_WHOLE), "The clock", "a whole number", data["clock"])
    neurons = Table.of_columns("neuron", data, "neurons", NEURONS, _optional(OF_NEURONS))
    rare = _optional(OF_CONNECTIONS)
    connections = Table.of_columns("connection", data, "connections", CONNECTIONS, rare)
    dtype, clock = np.dtype(data["dtype"]), data["clock"]
    edges = _edges(connections, neurons, dtype, clock)
    numbers = {column.name: _checked(neurons, column, dtype, clock) for column in OF_NEURONS}
    require_shared("neuron", numbers["bias_tie"], numbers, ("bias", "trainable_bias", "frozen_bias"))
    parts = Parts(
        name=data["name"],
        dtype=dtype,
        layers=_layers(data, len(neurons)),
        names=neurons.values("name", "a string or null", lambda name: name is None or type(name) is str),
        neurons={"squash": neurons.squashes("squash"), **numbers},
        connections=edges,
        clock=clock,
        traces=_traces(data, neurons, connections, edges, dtype),
        architecture=checked_architecture(data.get(ARCHITECTURE)),
    )
    return put_together(parts)


def _require_format(data: Any) -> None:
    """Raise unless this is a document of Synapse in a known version."""
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
    if version > VERSION:
        raise FormatError(
            f"The network was written by a newer version of Synapse, in version {version} of the format; "
            f"this one reads up to {VERSION}. Install a newer Synapse."
        )


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


def _edges(connections: Table, neurons: Table, dtype: Any, clock: int) -> dict[str, Any]:
    """The columns of the connections; each pair of neurons has at most one."""
    edges = {
        **connections.ends(neurons),
        **{column.name: _checked(connections, column, dtype, clock) for column in OF_CONNECTIONS},
    }
    require_pairs_once(connections, (edges["source"], edges["target"]))
    require_shared("connection", edges["tie"], edges, ("weight", "trainable", "frozen"))
    return edges


def _checked(table: Table, column: Column, dtype: Any, clock: int) -> np.ndarray[Any, Any]:
    """A saved column of the schema."""
    if column.name not in table:
        return np.zeros(len(table), column.dtype)
    if column.dtype == "float":
        return table.numbers(column.name, dtype)
    if column.dtype == "uint8":
        return table.flags(column.name)
    # No neuron has activated after the present clock, and there are no more groups than members.
    last = {"stamp": clock, "random": LARGEST_RANDOM}.get(column.name, len(table))
    return table.whole(column.name, 0, last)


def _traces(
    data: dict[str, Any], neurons: Table, connections: Table, edges: dict[str, Any], dtype: Any
) -> Traces:
    """The traces. Lowering leaves out those that this version of Synapse does not use."""
    eligibility = Table.of_columns("eligibility", data, "eligibility", ELIGIBILITY)
    influence = Table.of_columns("influence", data, "influence", INFLUENCE)
    extended = Table.of_columns("extended trace", data, "extended", EXTENDED)
    loops = np.flatnonzero(edges["source"] == edges["target"])
    return Traces(
        memory=edges["target"][loops],
        memory_self=loops,
        eligible=eligibility.indices("connection", connections),
        eligibility=eligibility.numbers("value", dtype),
        gater=influence.indices("gater", neurons),
        gated=influence.indices("gated", neurons),
        influence=influence.numbers("value", dtype),
        pair=extended.indices("influence", influence),
        extending=extended.indices("connection", connections, null="the bias"),
        extended=extended.numbers("value", dtype),
    )


FORMAT = Format(
    name="json",
    what="the whole network, with states and traces",
    kept="the whole network to the last bit, with states, errors and traces; the class of an architecture",
    lost="the state of a trainer; projections; ties to other networks; classes that are not registered",
    link="https://www.rfc-editor.org/rfc/rfc8259",
    suffixes=(".json", ".synapse"),
    write=write_json,
    read=read_json,
    data=json_data,
    from_data=from_json_data,
    marks=frozenset({"format"}),
)

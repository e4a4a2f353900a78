"""Synapse's own files: everything a network is, as JSON that a person can read."""

from __future__ import annotations

import copyreg
from typing import Any

import numpy as np

from .. import squash as squashes
from ..engine.lowering.program import Traces
from ..engine.schema import NONE, RARE, Column
from ..errors import FormatError
from ..network import Network
from . import files
from .checks import (
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
from .parts import OF_CONNECTIONS, OF_NEURONS, Parts, own_memory, put_together, take_apart

FORMAT, VERSION = "synapse", 1

# The tables of a document, by the columns of each.
LAYERS = ("name", "size")
NEURONS = ("name", "squash", *(column.name for column in OF_NEURONS if column.name not in RARE))
CONNECTIONS = (
    "source",
    "target",
    "gater",
    *(column.name for column in OF_CONNECTIONS if column.name not in RARE),
)
ELIGIBILITY = ("connection", "value")
INFLUENCE = ("gater", "gated", "value")
EXTENDED = ("influence", "connection", "value")
HEAD = ("format", "version", "name", "dtype", "clock")
ARCHITECTURE = "architecture"
"""Only of networks that are one."""
TABLES = ("layers", "neurons", "connections", "eligibility", "influence", "extended")


def save(network: Network, path: files.File) -> None:
    """Write a network to a file, from which :func:`load` brings back its twin.

    The file keeps the whole network: layers, names, weights, biases, squashes (those of your own by name),
    gates, ties, what is trainable, and the context: states, errors and traces. Every step after
    :func:`load` gives the same bits as with the network that was saved, and so does a new trainer: by the
    online rule with a plain rate, training goes on as if it had not been interrupted. An
    :class:`architect.LSTM` comes back as one, and so does every class that :mod:`synapse.architectures` has
    registered, unless layers that make it what it is were removed or have other names now. Then, and if
    the class is not registered, a :class:`Network` of its name comes back. The file does not keep the
    projections by which connections were made, ties to other networks, and what belongs to a trainer: the
    momentum or moments of an optimizer and the position in a schedule of rates.

    Parameters
    ----------
    network : Network
        What is saved; it stays as it is.
    path : str, os.PathLike or file
        Where to: a path, or a file that is open. A file that is there is replaced in one step: it is never
        found half written.

    Raises
    ------
    TopologyError
        If the network is connected with neurons outside of it, which would be lost.
    DivergenceError
        If it has a number that is not finite.
    OSError
        If the file cannot be written; the old one is untouched then.

    Examples
    --------
    >>> import os, tempfile
    >>> from synapse import Layer, Network, load, save
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=1.0)
    >>> net = Network(a, [], b, name="sum")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(net, os.path.join(folder, "sum.synapse"))
    ...     twin = load(os.path.join(folder, "sum.synapse"))
    >>> twin
    <sum 2-1, 3 neurons, 2 connections>
    >>> twin.activate([1.0, -1.0]) == net.activate([1.0, -1.0])
    array([ True])
    """
    files.write_document(path, network_data(network))


def load(path: files.File) -> Network:
    """Read a network that :func:`save` has written.

    Nothing in a file is run, and nothing in it is believed before it is checked.

    Raises
    ------
    FormatError
        If the file holds no network, or one that contradicts itself; the sentence says where.
    OSError
        If the file cannot be read.
    """
    with files.reading(path):
        return from_data(files.read_document(path))


def network_data(network: Network) -> dict[str, Any]:
    """What :func:`save` writes, as dicts and lists of plain numbers.

    ``format``, ``version``, ``name``, ``dtype``, ``clock``, of an architecture ``architecture`` (its
    ``name``, and settings that its layers do not tell), and tables as dicts of columns:
    ``layers``, ``neurons`` (in the order in which they activate), ``connections`` (in the order
    of making; source, target and gater are numbers of neurons), and the traces by what they
    belong to: ``eligibility`` to a connection, ``influence`` to a gater and the neuron gated,
    ``extended`` to an influence and an incoming connection of its gater (null: the bias).

    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1)
    >>> _ = a.project(b, weights=0.5)
    >>> network_data(Network(a, [], b))["connections"]["weight"]
    [0.5, 0.5]
    """
    parts = take_apart(network)
    head = (FORMAT, VERSION, parts.name, parts.dtype.name, parts.clock)
    kind = {} if parts.architecture is None else {ARCHITECTURE: parts.architecture}
    return {**dict(zip(HEAD, head, strict=True)), **kind, **_tables(parts)}


def _tables(parts: Parts) -> dict[str, dict[str, list[Any]]]:
    neurons, edges, traces = parts.neurons, parts.connections, parts.traces
    assert traces is not None
    names = {code: squashes.by_code(code).name for code in set(neurons["squash"].tolist())}
    return {
        "layers": {"name": [name for name, _ in parts.layers], "size": [size for _, size in parts.layers]},
        "neurons": {
            "name": list(parts.names or ()),
            "squash": [names[code] for code in neurons["squash"].tolist()],
            **_saved(OF_NEURONS, neurons),
        },
        "connections": {
            "source": edges["source"].tolist(),
            "target": edges["target"].tolist(),
            "gater": _or_null(edges["gater"]),
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
            "connection": _or_null(traces.extending),
            "value": traces.extended.tolist(),
        },
    }


def _saved(columns: tuple[Column, ...], values: dict[str, np.ndarray[Any, Any]]) -> dict[str, list[Any]]:
    """The columns of the schema as plain lists, without those that are rare and all 0."""
    return {
        column.name: _plain(column, values[column.name])
        for column in columns
        if column.name not in RARE or values[column.name].any()
    }


def _optional(columns: tuple[Column, ...]) -> tuple[str, ...]:
    return tuple(column.name for column in columns if column.name in RARE)


def _plain(column: Column, values: np.ndarray[Any, Any]) -> list[Any]:
    plain: list[Any] = (values != 0).tolist() if column.dtype == "uint8" else values.tolist()
    return plain


def _or_null(numbers: np.ndarray[Any, Any]) -> list[int | None]:
    return [None if number == NONE else number for number in numbers.tolist()]


def from_data(data: dict[str, Any]) -> Network:
    """The network that :func:`network_data` has described.

    Raises
    ------
    FormatError
        If `data` does not describe a network, or contradicts itself.
    """
    _require_format(data)
    members("A network", data, (*HEAD, *TABLES), (ARCHITECTURE,))
    require(type(data["name"]) is str, "The name of the network", "a string", data["name"])
    require(data["dtype"] in FLOATS, "The dtype", " or ".join(FLOATS), data["dtype"])
    require(is_whole(data["clock"], 0, LARGEST_WHOLE), "The clock", "a whole number", data["clock"])
    neurons = Table.of_columns("neuron", data, "neurons", NEURONS, _optional(OF_NEURONS))
    optional = _optional(OF_CONNECTIONS)
    connections = Table.of_columns("connection", data, "connections", CONNECTIONS, optional)
    dtype, clock = np.dtype(data["dtype"]), data["clock"]
    edges = _edges(connections, neurons, dtype, clock)
    numbers = {column.name: _checked(neurons, column, dtype, clock) for column in OF_NEURONS}
    require_shared("neuron", numbers["bias_tie"], numbers, ("bias", "trainable_bias"))
    parts = Parts(
        name=data["name"],
        dtype=dtype,
        layers=_layers(data, len(neurons)),
        names=neurons.values("name", "a string or null", lambda name: name is None or type(name) is str),
        neurons={"squash": neurons.squash_codes("squash"), **numbers},
        connections=edges,
        clock=clock,
        traces=_traces(data, neurons, connections, edges, dtype),
        architecture=checked_architecture(data.get(ARCHITECTURE)),
    )
    return put_together(parts)


def _require_format(data: Any) -> None:
    """Raise unless this is a document of ours, of a version that we know."""
    require(isinstance(data, dict), "A saved network", "an object", data)
    if data.get("format") != FORMAT:
        foreign = "neurons" in data and "connections" in data and "format" not in data
        advice = " Files of Synaptic are read with synapse.readwrite.read_synaptic." if foreign else ""
        raise FormatError(
            f'This is not a network that Synapse has saved: "format" must be {FORMAT!r}. '
            f"Got {given(data.get('format'))}.{advice}"
        )
    version = data.get("version")
    require(is_whole(version, 1, LARGEST_WHOLE), "The version", "a whole number above 0", version)
    if version > VERSION:
        raise FormatError(
            f"The network was written by a newer version of Synapse, in version {version} of the format; "
            f"this one reads up to {VERSION}. Install a newer Synapse."
        )


def _layers(data: dict[str, Any], neurons: int) -> list[tuple[str, int]]:
    """Names and sizes of the layers, which together must have all the neurons."""
    table = Table.of_columns("layer", data, "layers", LAYERS)
    names, sizes = table.texts("name"), table.whole("size", 1, neurons).tolist()
    require(len(table) >= 2, "The number of layers", "2 or more", len(table))
    if sum(sizes) != neurons:
        raise FormatError(f"The sizes of the layers must add up to {neurons} neurons. Got {sum(sizes)}.")
    return list(zip(names, sizes, strict=True))


def _edges(connections: Table, neurons: Table, dtype: Any, clock: int) -> dict[str, Any]:
    """The columns of the connections, no two of which link the same neurons."""
    edges = {
        "source": connections.indices("source", neurons),
        "target": connections.indices("target", neurons),
        "gater": connections.indices("gater", neurons, null="not gated"),
        **{column.name: _checked(connections, column, dtype, clock) for column in OF_CONNECTIONS},
    }
    require_pairs_once(connections, (edges["source"], edges["target"]))
    require_shared("connection", edges["tie"], edges, ("weight", "trainable"))
    return edges


def _checked(table: Table, column: Column, dtype: Any, clock: int) -> np.ndarray[Any, Any]:
    """A saved column of the schema."""
    if column.name not in table:
        return np.zeros(len(table), column.dtype)
    if column.dtype == "float":
        return table.numbers(column.name, dtype)
    if column.dtype == "uint8":
        return table.flags(column.name)
    # No neuron has fired later than now, and there are no more groups than members.
    last = {"stamp": clock, "random": LARGEST_RANDOM}.get(column.name, len(table))
    return table.whole(column.name, 0, last)


def _traces(
    data: dict[str, Any], neurons: Table, connections: Table, edges: dict[str, Any], dtype: Any
) -> Traces:
    """The traces; one that this version of Synapse has no need of is left out when it is lowered."""
    eligibility = Table.of_columns("eligibility", data, "eligibility", ELIGIBILITY)
    influence = Table.of_columns("influence", data, "influence", INFLUENCE)
    extended = Table.of_columns("extended trace", data, "extended", EXTENDED)
    memory, memory_self = own_memory(edges["source"], edges["target"])
    return Traces(
        memory=memory,
        memory_self=memory_self,
        eligible=eligibility.indices("connection", connections),
        eligibility=eligibility.numbers("value", dtype),
        gater=influence.indices("gater", neurons),
        gated=influence.indices("gated", neurons),
        influence=influence.numbers("value", dtype),
        pair=extended.indices("influence", influence),
        extending=extended.indices("connection", connections, null="the bias"),
        extended=extended.numbers("value", dtype),
    )


def _reduced(network: Network) -> tuple[Any, ...]:
    return from_data, (network_data(network),)


copyreg.pickle(Network, _reduced)  # pickle and copy go the same way as files

"""The document of a network: a head and tables of columns, the content of Synapse's own
two formats.

In JSON, every column is a list. In ``.npz`` files, columns of numbers are arrays. Both
are checked here. Columns of neurons and connections are declared in the schema, those
of traces and sensitivities here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..engine.schema import FLAG, Column
from ..errors import FormatError
from ..objects.network import Network
from ..objects.state import (
    OF_CONNECTIONS,
    OF_NEURONS,
    PortableSensitivities,
    SavedNetwork,
    Traces,
    from_saved,
)
from ..objects.topology import NO_GATER
from . import _checks as checks
from ._checks import Records, require
from ._trace_places import placed_traces, require_places

MARK = "synapse"
VERSION = 1

# The tables of a document, by the columns of each.
LAYERS = ("name", "size")
NEURONS = ("name", "squash", *(column.name for column in OF_NEURONS))
ENDS = ("source", "target", "gater")
CONNECTIONS = (*ENDS, *(column.name for column in OF_CONNECTIONS))
RUNS = ("source", "target", "length")
"""In place of sources and targets: connections one after the other, from neighbours to
one target."""
ALWAYS = ("source", "target", "weight")
"""Columns of connections that are there whatever their values."""
HEAD = ("format", "version", "name", "dtype", "clock")
ARCHITECTURE = "architecture"
"""Only of networks that are one."""
METADATA = "metadata"
"""Only of networks that have any."""
NOTES = ("neuron_metadata", "connection_metadata")
"""By name, the numbers of the neurons or connections that have a value, and these
values. As METADATA."""
RULE = "learning_rule"
"""Only of networks that learn by rtrl, or have sensitivities that a trainer has
left."""
UNTRACED = "untraced"
"""True, and only there if so: the latest step left no traces, so that there is nothing
to learn from."""
RULE_KEYS = ("method", "order", "stepped")


class Field(NamedTuple):
    """A column: finite numbers, or rows of another table, from which `counted` counts
    (default: indices).

    `attribute` is the name of its array in :class:`Traces` or
    :class:`PortableSensitivities`. An index may be null if `null` says what that means.
    """

    attribute: str
    of: str = ""
    null: str = ""
    counted: int | None = None


class Entries(NamedTuple):
    """A table of numbers that the schema has no columns for: what messages call a row,
    and its fields.
    """

    item: str
    fields: dict[str, Field]

    @property
    def word(self) -> str:
        """The first word of its arrays in ``.npz`` files."""
        return self.item.partition(" ")[0]


TRACES = {
    "eligibility": Entries(
        "eligibility",
        {"connection": Field("eligible", "connections"), "value": Field("eligibility")},
    ),
    "influence": Entries(
        "influence",
        {
            "gater": Field("gater", "neurons"),
            "gated": Field("gated", "neurons"),
            "value": Field("influence"),
        },
    ),
    "extended": Entries(
        "extended trace",
        {
            "influence": Field("pair", "influence"),
            "connection": Field("extending", "connections", null="the bias"),
            "value": Field("extended"),
        },
    ),
}
SENSITIVITIES = {
    "recurrent": Entries(
        "recurrent neuron",
        {"neuron": Field("roots", "neurons"), "slope": Field("slopes")},
    ),
    "parameters": Entries(
        "parameter",
        {
            "neuron": Field("owner", "neurons"),
            "connection": Field("connection", "connections", null="the bias"),
            "column": Field("column", "parameters", counted=0),
        },
    ),
    "lines": Entries(
        "line",
        {
            "recurrent": Field("line_root", "recurrent"),
            "first": Field("line_first", "parameters", counted=0),
            "length": Field("line_length", "parameters", counted=1),
        },
    ),
    "sensitivity": Entries(
        "sensitivity", {"value": Field("now"), "previous": Field("before")}
    ),
}
"""Tables of networks whose sensitivities include the latest step."""
ENTRIES = {**TRACES, **SENSITIVITIES}
TABLES = ("layers", "neurons", "connections")
NULLS = (
    ("connections", "gater"),
    *(
        (name, key)
        for name, table in ENTRIES.items()
        for key, field in table.fields.items()
        if field.null
    ),
)
"""Columns in which -1 stands for null."""


def document(saved: SavedNetwork) -> dict[str, Any]:
    """The document of a network, with numbers and flags as arrays."""
    head = (MARK, VERSION, saved.name, saved.dtype.name, saved.clock)
    content: dict[str, Any] = dict(zip(HEAD, head, strict=True))
    if saved.architecture is not None:
        content[ARCHITECTURE] = saved.architecture
    if saved.metadata:
        content[METADATA] = saved.metadata
    if saved.untraced:
        content[UNTRACED] = True
    for table in NOTES:
        if columns := getattr(saved, table):
            content[table] = {
                name: [[*column], [*column.values()]]
                for name, column in columns.items()
            }
    kept = saved.sensitivities
    method = "rtrl" if saved.rtrl else "online"
    if saved.rtrl or kept is not None:  # not for a network that learns online
        content[RULE] = {
            "method": method,
            "order": saved.order,
            "stepped": kept is not None,
        }
        content |= {} if kept is None else _written(SENSITIVITIES, kept)
    neurons = saved.neurons
    edges = saved.connections
    named = any(name is not None for name in saved.names or ())
    gated = not all_default(edges["gater"], NO_GATER)
    return content | {
        "layers": {
            "name": [name for name, _ in saved.layers],
            "size": [size for _, size in saved.layers],
        },
        "neurons": {
            **({"name": list(saved.names or ())} if named else {}),
            "squash": neurons["squash"].tolist(),
            **_saved(OF_NEURONS, neurons),
        },
        "connections": {
            **{end: edges[end] for end in (ENDS if gated else ENDS[:2])},
            **_saved(OF_CONNECTIONS, edges),
        },
        **_written(TRACES, saved.traces),
    }


def _written(tables: Mapping[str, Entries], source: Any) -> dict[str, dict[str, Any]]:
    """The tables of a document that have rows, from the attributes of an object."""
    columns = {
        name: {
            key: getattr(source, field.attribute) for key, field in table.fields.items()
        }
        for name, table in tables.items()
    }
    return {
        name: table for name, table in columns.items() if any(map(len, table.values()))
    }


def _saved(
    columns: tuple[Column, ...], values: dict[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """The columns of the schema, without those that have their default in all rows."""
    return {
        column.name: (
            values[column.name].astype(bool)
            if column.kind is FLAG
            else values[column.name]
        )
        for column in columns
        if column.name in ALWAYS or not all_default(values[column.name], column.default)
    }


def all_default(values: NDArray[Any], default: float) -> bool:
    """Whether all values are this one, to the last bit: -0.0 is not 0."""
    if (values != default).any():
        return False
    return (
        values.dtype.kind != "f"
        or not (np.signbit(values) != np.signbit(default)).any()
    )


def require_format(data: Any) -> None:
    """Raise unless this is a document of Synapse in its present version."""
    require(isinstance(data, dict), "A saved network", "an object", data)
    if data.get("format") != MARK:
        foreign = "neurons" in data and "connections" in data and "format" not in data
        advice = (
            " Files of Synaptic are read with synapse.load(path, 'synaptic')."
            if foreign
            else ""
        )
        raise FormatError(
            'This is not a network that Synapse has saved: expected "format" to be'
            f" {MARK!r}, "
            f"got {checks.in_words(data.get('format'))}.{advice}"
        )
    checks.require_version("network", data, MARK, VERSION)


def saved_of(data: dict[str, Any]) -> SavedNetwork:
    """The network in a document whose format has been checked; FormatError if it is not
    valid.

    Names and columns of numbers that are missing have their default values; tables of
    traces and of sensitivities have no rows then. Runs may stand for sources and
    targets.
    """
    stepped = RULE in data and _checked_rule(data[RULE])["stepped"]
    optional = (
        ARCHITECTURE,
        METADATA,
        *NOTES,
        RULE,
        UNTRACED,
        "runs",
        *(ENTRIES if stepped else TRACES),
    )
    checks.members("A network", data, (*HEAD, *TABLES), optional)
    architecture = data.get(ARCHITECTURE)
    if architecture is not None:  # its class checks the rest
        name = checks.an_object("The architecture", architecture).get("name")
        require(type(name) is str, "The name of the architecture", "a string", name)
    require(
        type(data["name"]) is str, "The name of the network", "a string", data["name"]
    )
    require(
        data["dtype"] in checks.FLOATS,
        "The dtype",
        " or ".join(checks.FLOATS),
        data["dtype"],
    )
    ticks = checks.is_whole(data["clock"], 0, checks.LARGEST_WHOLE)
    require(ticks, "The clock", "a whole number", data["clock"])
    untraced = data.get(UNTRACED, False)
    require(
        type(untraced) is bool,
        f"The {UNTRACED} of the network",
        "true or false",
        untraced,
    )
    neurons = Records.of_columns("neuron", data, "neurons", ("squash",), NEURONS)
    # With runs, connections have no columns of sources and targets.
    rows = CONNECTIONS if "runs" not in data else CONNECTIONS[2:]
    connections = Records.of_columns(
        "connection", data, "connections", ("weight",), rows
    )
    dtype, clock = np.dtype(data["dtype"]), data["clock"]
    ends = (
        _expanded(data, connections, neurons)
        if "runs" in data
        else _ends(connections, neurons)
    )
    edges = {**ends, **_numbers(connections, OF_CONNECTIONS, dtype, clock)}
    checks.require_shared("connection", edges)
    numbers = _numbers(neurons, OF_NEURONS, dtype, clock)
    checks.require_shared("neuron", numbers)
    checks.require_signs(edges, numbers)
    layers = _layers(data, len(neurons))
    checks.require_relays(numbers, edges, [size for _, size in layers])
    checks.require_clocks(numbers, layers[0][1])
    checks.require_no_errors(numbers, edges, layers[0][1])
    loops = np.flatnonzero(edges["source"] == edges["target"])
    return SavedNetwork(
        name=data["name"],
        dtype=dtype,
        layers=layers,
        names=(
            neurons.texts("name", null=True)
            if "name" in neurons
            else [None] * len(neurons)
        ),
        neurons={"squash": neurons.squashes("squash"), **numbers},
        connections=edges,
        clock=clock,
        traces=Traces(
            memory=edges["target"][loops].astype(np.int64),
            memory_self=loops,
            **_read(
                TRACES, data, {"neurons": neurons, "connections": connections}, dtype
            ),
        ),
        architecture=architecture,
        untraced=untraced,
        metadata=checks.checked_metadata(data.get(METADATA, {})),
        neuron_metadata=_notes(data, NOTES[0], len(neurons)),
        connection_metadata=_notes(data, NOTES[1], len(connections)),
        **_rule(data, neurons, connections, edges, dtype),
    )


def network_of(saved: SavedNetwork, *, complete: bool = True) -> Network:
    """Make a network; FormatError if it has no place for one of its traces or
    sensitivities, or is given it twice.

    Unless it is `complete`, values without a place are left out. Which sensitivities
    have one is known from the plan by which the network learns, which is made anyway.
    """
    saved.traces = placed_traces(saved, complete)
    network = from_saved(saved)
    kept, live = saved.sensitivities, network._sensitivities
    if kept is not None and live is not None:
        roots, values = live.have_place(kept)
        lost = ~values & ((kept.now != 0.0) | (kept.before != 0.0))
        every = np.arange(len(values))
        for table, rows, lacking in (
            ("recurrent", kept.roots, ~roots & (kept.slopes != 0.0)),
            ("sensitivity", every, lost),
        ):
            require_places(table, rows, lacking if complete else None)
    return network


def _notes(data: dict[str, Any], table: str, count: int) -> dict[str, dict[int, Any]]:
    """The metadata of neurons or connections, by name and number."""
    columns = {}
    for name, column in checks.checked_metadata(data.get(table, {})).items():
        subject = f"The {name} of {table!r}"
        lists = isinstance(column, list) and len(column) == 2
        fits = (
            lists
            and all(isinstance(items, list) for items in column)
            and len(column[0]) == len(column[1])
        )
        require(fits, subject, "a list of numbers and a list of as many values", column)
        numbers = column[0]
        whole = all(checks.is_whole(number, 0, count - 1) for number in numbers)
        whole = whole and len({*numbers}) == len(numbers)
        require(whole, subject, f"of different numbers from 0 to {count - 1}", numbers)
        columns[name] = dict(zip(*column, strict=True))
    return columns


def _layers(data: dict[str, Any], neurons: int) -> list[tuple[str, int]]:
    """Names and sizes of the layers, which must add up to all neurons."""
    table = Records.of_columns("layer", data, "layers", LAYERS)
    names = table.texts("name")
    sizes = table.whole("size", 1, neurons).tolist()
    require(len(table) >= 2, "The number of layers", "2 or more", len(table))
    if sum(sizes) != neurons:
        raise FormatError(
            f"Expected the sizes of the layers to add up to {neurons} neurons, got"
            f" {sum(sizes)}."
        )
    return list(zip(names, sizes, strict=True))


def _ends(connections: Records, neurons: Records) -> dict[str, NDArray[Any]]:
    """The columns of sources, targets and gaters; each pair of neurons is connected
    once at most.
    """
    missing = [end for end in ENDS[:2] if end not in connections]
    if missing:
        raise FormatError(
            f"Expected the table 'connections' to have {missing[0]!r}, which is"
            " missing."
        )
    source, target = (connections.indices(end, neurons) for end in ENDS[:2])
    checks.require_pairs_once(source, target)
    return {"source": source, "target": target, **_gaters(connections, neurons)}


def _expanded(
    data: dict[str, Any], connections: Records, neurons: Records
) -> dict[str, NDArray[Any]]:
    """The columns of sources, targets and gaters, from the runs of a document."""
    runs, count = Records.of_columns("run", data, "runs", RUNS), len(connections)
    source, target = (
        runs.indices(end, neurons).astype(np.uint32, copy=False) for end in ENDS[:2]
    )
    length = runs.whole("length", 1, len(neurons)).astype(np.int64)
    if (total := int(length.sum())) != count:
        raise FormatError(
            f"Expected the lengths of the runs to add up to {count} connections, got"
            f" {total}."
        )
    far = np.flatnonzero(source + length > len(neurons))
    if len(far):
        i = int(far[0])
        last = len(neurons) - 1
        got = f"{length[i]} from neuron {source[i]} on"
        raise FormatError(f"Expected run {i} to be of neurons up to {last}, got {got}.")
    checks.require_pairs_once(source, target, length)
    begin = np.cumsum(length) - length
    offset = np.repeat((source - begin).astype(np.uint32), length)
    every = np.add(offset, np.arange(count, dtype=np.uint32), out=offset)  # modulo 2^32
    return {
        "source": every,
        "target": np.repeat(target, length),
        **_gaters(connections, neurons),
    }


def _gaters(connections: Records, neurons: Records) -> dict[str, NDArray[Any]]:
    return (
        {"gater": connections.indices("gater", neurons, "not gated")}
        if "gater" in connections
        else {}
    )


def _numbers(
    table: Records, columns: tuple[Column, ...], dtype: Any, clock: int
) -> dict[str, NDArray[Any]]:
    there = [column for column in columns if column.name in table]
    return {
        column.name: checks.checked_column(table, column, dtype, clock)
        for column in there
    }


def _read(
    tables: Mapping[str, Entries],
    data: dict[str, Any],
    others: Mapping[str, Records],
    dtype: Any,
) -> dict[str, NDArray[Any]]:
    """The attributes of an object, from a document with these tables, which refer to
    rows of `others`.
    """
    records = {
        name: (
            Records.of_columns(table.item, data, name, tuple(table.fields))
            if name in data
            else Records(table.item, {key: [] for key in table.fields})
        )
        for name, table in tables.items()
    }
    return {
        field.attribute: _column(
            records[name], key, field, {**others, **records}, dtype
        )
        for name, table in tables.items()
        for key, field in table.fields.items()
    }


def _column(
    table: Records, key: str, field: Field, others: Mapping[str, Records], dtype: Any
) -> NDArray[Any]:
    if not len(table):
        return np.empty(0, np.int64 if field.of else dtype)
    if not field.of:
        return table.numbers(key, dtype)
    of = others[field.of]
    counted = field.counted
    if counted is None:
        return table.indices(key, of, field.null).astype(np.int64)
    return table.whole(key, counted, len(of) - 1 + counted).astype(np.int64)


# --- the learning rule and the sensitivities: lines are in ascending order of their
# first columns, and their values follow one another
# -------------------------------------------------------------------------


def _checked_rule(rule: Any) -> dict[str, Any]:
    """The learning rule of a document."""
    method, order, stepped = (
        checks.members("The learning_rule", rule, RULE_KEYS)[key] for key in RULE_KEYS
    )
    require(
        method in ("online", "rtrl"),
        "The method of the learning_rule",
        '"online" or "rtrl"',
        method,
    )
    fits = order is None or checks.is_whole(order, 1, checks.LARGEST_WHOLE)
    require(
        fits, "The order of the learning_rule", "null or a whole number above 0", order
    )
    require(
        type(stepped) is bool,
        "The stepped of the learning_rule",
        "true or false",
        stepped,
    )
    return {"method": method, "order": order, "stepped": stepped}


def _rule(
    data: dict[str, Any],
    neurons: Records,
    connections: Records,
    edges: dict[str, Any],
    dtype: Any,
) -> dict[str, Any]:
    """The fields of SavedNetwork about learning; FormatError if they are not valid."""
    if RULE not in data:
        return {}
    rule = _checked_rule(data[RULE])
    kept = (
        _sensitivities(data, neurons, connections, edges, dtype)
        if rule["stepped"]
        else None
    )
    return {
        "rtrl": rule["method"] == "rtrl",
        "order": rule["order"],
        "sensitivities": kept,
    }


def _sensitivities(
    data: dict[str, Any],
    neurons: Records,
    connections: Records,
    edges: dict[str, Any],
    dtype: Any,
) -> PortableSensitivities:
    kept = PortableSensitivities(
        **_read(
            SENSITIVITIES, data, {"neurons": neurons, "connections": connections}, dtype
        )
    )
    begin = kept.line_first
    length = kept.line_length
    last = int(kept.column.max(initial=-1))
    for line in np.flatnonzero(begin + length > last + 1):
        got = f"{length[line]} from column {begin[line]} on"
        raise FormatError(
            f"Expected line {line} to be of columns up to {last}, got {got}."
        )
    if (total := int(length.sum())) != len(kept.now):
        count = len(kept.now)
        raise FormatError(
            f"Expected the lengths of the lines to add up to {count} values, got"
            f" {total}."
        )
    overlap = checks.overlapping_runs(begin, kept.line_root, length)
    if overlap is not None:
        raise FormatError(
            f"The lines {overlap[0]} and {overlap[1]} both have a sensitivity of"
            f" recurrent neuron {kept.line_root[overlap[0]]} to column"
            f" {begin[overlap[1]]}."
        )
    target = np.where(
        kept.connection < 0, kept.owner, np.append(edges["target"], 0)[kept.connection]
    )
    for i in np.flatnonzero(target != kept.owner):
        raise FormatError(
            f"Expected the neuron of parameter {i} to be the target of its connection, "
            f"{target[i]}, got {kept.owner[i]}."
        )
    is_bias = kept.connection < 0
    parameter = np.where(is_bias, len(connections) + kept.owner, kept.connection)
    require_places("parameters", parameter)
    return kept

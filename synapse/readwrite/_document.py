"""Convert networks to documents and back. A document has a head and tables of columns,
and is the content of a network's own file (``_container.py``).

The columns of numbers are declared in the schema (``FILE_TABLES``), and are checked
here by these declarations, whether they are lists or arrays. Between a document and a
network is a :class:`SavedNetwork`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import MAX_DELAYS, is_among, registered_name
from .._typing import Bools, Ints
from ..engine.schema import (
    CONNECTION_TABLE,
    COUNT,
    ENDS,
    FILE_TABLES,
    FLAG,
    NEURON_TABLE,
    RULE_TABLES,
    RUN_TABLE,
    SENSITIVITY_TABLES,
    SOURCE_AND_TARGET,
    TRACE_TABLES,
    Column,
    FileTable,
    numpy_dtype,
)
from ..errors import FormatError
from ..objects.network import Network
from ..objects.saved import Placed, PortableSensitivities, SavedNetwork, Traces
from ..objects.saved_rule import SavedRule
from . import _file_checks as checks
from ._file_checks import FLOATS, LARGEST_WHOLE, Records, require

MARK = "synapse"
VERSION = 2
"""The version of the documents of all own files."""

LAYERS = ("name", "size")
TEXTS_OF_NEURONS = ("name", "squash")
ALWAYS = ("weight", "source", "target")
"""Columns of connections that every document contains, whatever their values."""
HEAD = {
    "format": checks.TEXT,
    "version": checks.WHOLE,
    "name": checks.TEXT,
    "dtype": (" or ".join(FLOATS), lambda value: is_among(value, FLOATS)),
    "clock": checks.WHOLE,
}
"""The members of every document before its tables, with what each must be."""
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
"""True if the latest step left no traces to learn from. Otherwise, this member is
missing."""
RULE_MEMBERS = {
    "method": ('"online" or "rtrl"', lambda value: is_among(value, ("online", "rtrl"))),
    "order": (
        "null or a whole number above 0",
        lambda value: value is None or checks.is_whole(value, 1, LARGEST_WHOLE),
    ),
    "stepped": checks.BOOLEAN,
}
SYNAPTIC = "synaptic_rule"
"""Only of networks that learn by a rule of synapses."""
SYNAPTIC_MEMBERS = {
    "name": checks.TEXT,
    "settings": checks.OBJECT,
    "latest": checks.WHOLE,
}
FITTING = {
    **HEAD,
    ARCHITECTURE: (
        "null or an object whose name is a string",  # its class checks the rest
        lambda value: (
            value is None
            or (isinstance(value, dict) and type(value.get("name")) is str)
        ),
    ),
    UNTRACED: checks.BOOLEAN,
}
"""What further members must be, if they are there."""
TABLES = ("layers", "neurons", "connections")
"""The tables that every document contains. Tables of runs, traces and sensitivities are
added if they have rows."""
NULLS = tuple(
    (table.name, column.name)
    for table in FILE_TABLES
    for column in table.columns
    if column.kind is not None and column.kind.null
)
"""Columns in which -1 stands for null."""
NOWHERE = np.empty(0, np.int64)


def document(saved: SavedNetwork) -> dict[str, Any]:
    """Return the document of a network, with numbers and flags as arrays."""
    head = (MARK, VERSION, saved.name, saved.dtype.name, saved.clock)
    content: dict[str, Any] = dict(zip(HEAD, head, strict=True))
    if saved.architecture is not None:
        name = registered_name(saved.architecture["name"])
        content[ARCHITECTURE] = {**saved.architecture, "name": name}
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
            "order": saved.reach,
            "stepped": kept is not None,
        }
        content |= {} if kept is None else _written(SENSITIVITY_TABLES, kept)
    if (rule := saved.synaptic) is not None:
        head_of_rule = (rule.name, rule.settings, rule.latest)
        content[SYNAPTIC] = dict(zip(SYNAPTIC_MEMBERS, head_of_rule, strict=True))
        content |= _written(RULE_TABLES, rule.traces)
    named = any(name is not None for name in saved.names or ())
    return content | {
        "layers": {
            "name": [name for name, _ in saved.layers],
            "size": [size for _, size in saved.layers],
        },
        "neurons": {
            **({"name": list(saved.names or ())} if named else {}),
            "squash": [*map(registered_name, saved.neurons["squash"].tolist())],
            **_without_defaults(NEURON_TABLE, saved.neurons),
        },
        "connections": _without_defaults(CONNECTION_TABLE, saved.connections),
        **_written(TRACE_TABLES, saved.traces),
    }


def _written(tables: Iterable[FileTable], source: Any) -> dict[str, dict[str, Any]]:
    """Return the tables that have rows, from the attributes of an object, without
    counts that are all 0.
    """
    written: dict[str, dict[str, Any]] = {}
    for table in tables:
        columns = {
            column: getattr(source, table.full_name(column)) for column in table.columns
        }
        if any(map(len, columns.values())):
            written[table.name] = {
                column.name: values
                for column, values in columns.items()
                if column.kind is not COUNT or np.any(values)
            }
    return written


def _without_defaults(
    table: FileTable, values: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[Any]]:
    """Return the columns of a table that differ from their default in some row."""
    return {
        column.name: (
            values[column.name].astype(bool)
            if column.kind is FLAG
            else values[column.name]
        )
        for column in table.columns
        if column.name in ALWAYS or not all_default(values[column.name], column.default)
    }


def all_default(values: NDArray[Any], default: float) -> bool:
    """Return whether all values are this one, to the last bit: -0.0 is not 0."""
    is_default = (values == default).all()
    return bool(is_default and (np.signbit(values) == np.signbit(default)).all())


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
    checks.require_version(data, VERSION)


def saved_of(data: dict[str, Any]) -> SavedNetwork:
    """Return the network in a document whose format has been checked, or raise
    FormatError if it is not valid.

    Missing names and columns of numbers get their default values, and missing tables of
    traces and sensitivities are empty. Sources and targets may be stored as runs.
    """
    rule = {}
    if RULE in data:
        rule = data[RULE]
        checks.members("The learning_rule", rule, RULE_MEMBERS, (), RULE_MEMBERS)
    stepped = rule.get("stepped", False)
    of_object = (
        *TRACE_TABLES,
        *(SENSITIVITY_TABLES if stepped else ()),
        *(RULE_TABLES if SYNAPTIC in data else ()),
    )
    names = (RUN_TABLE.name, *(table.name for table in of_object))
    optional = (ARCHITECTURE, METADATA, *NOTES, RULE, SYNAPTIC, UNTRACED, *names)
    checks.members("The network", data, (*HEAD, *TABLES), optional, FITTING)
    dtype, clock = np.dtype(data["dtype"]), data["clock"]
    # With runs, connections have no columns of sources and targets.
    without = SOURCE_AND_TARGET if RUN_TABLE.name in data else ()
    records = {
        table.name: Records.of_columns(table.item, data, table.name, keys, columns)
        for table, keys, columns in (
            (NEURON_TABLE, ("squash",), (*TEXTS_OF_NEURONS, *_names(NEURON_TABLE))),
            (CONNECTION_TABLE, ("weight",), _names(CONNECTION_TABLE, without)),
        )
    }
    neurons, connections = records["neurons"], records["connections"]

    ends = _expanded(data, records) if RUN_TABLE.name in data else _ends(records)
    edges = {**ends, **_columns(CONNECTION_TABLE, records, dtype, clock)}
    checks.require_shared("connection", edges)
    numbers = _columns(NEURON_TABLE, records, dtype, clock)
    checks.require_shared("neuron", numbers)
    if "sign" in edges or "outgoing_sign" in numbers:
        checks.require_signs(edges, numbers)
    layers = _layers(data, neurons.length)
    if "synchronous" in numbers:
        checks.require_clocks(numbers, layers[0][1])
    checks.require_no_errors(numbers, edges, layers[0][1])
    records |= _records(data, of_object)
    loops = np.flatnonzero(checks.carries_state(edges))
    saved = SavedNetwork(
        name=data["name"],
        dtype=dtype,
        layers=layers,
        names=(
            neurons.texts("name", null=True)
            if "name" in neurons.columns
            else [None] * neurons.length
        ),
        neurons={"squash": neurons.squashes("squash"), **numbers},
        connections=edges,
        clock=clock,
        traces=Traces(
            memory=edges["target"][loops].astype(np.int64),
            memory_self=loops,
            **_full_columns(TRACE_TABLES, records, dtype, clock),
        ),
        architecture=data.get(ARCHITECTURE),
        untraced=data.get(UNTRACED, False),
        rtrl=rule.get("method") == "rtrl",
        reach=rule.get("order"),
    )
    if METADATA in data:
        saved.metadata = checks.checked_metadata(data[METADATA])
    if NOTES[0] in data:
        saved.neuron_metadata = _notes(data, NOTES[0], neurons.length)
    if NOTES[1] in data:
        saved.connection_metadata = _notes(data, NOTES[1], connections.length)
    if SYNAPTIC in data:
        columns = _full_columns(RULE_TABLES, records, dtype, clock)
        saved.synaptic = _synaptic_rule(data[SYNAPTIC], columns, clock)
    if stepped:
        saved.sensitivities = PortableSensitivities(
            **_full_columns(SENSITIVITY_TABLES, records, dtype, clock)
        )
        _check_sensitivities(saved.sensitivities, edges)
    return saved


def _records(data: dict[str, Any], tables: Iterable[FileTable]) -> dict[str, Records]:
    """Return tables with all of their columns, adding empty tables for missing ones."""
    return {
        table.name: (
            Records.of_columns(
                table.item,
                data,
                table.name,
                [column.name for column in table.columns if column.kind is not COUNT],
                [column.name for column in table.columns if column.kind is COUNT],
            )
            if table.name in data
            else Records(table.item, {key: [] for key in _names(table)})
        )
        for table in tables
    }


def _names(table: FileTable, without: Iterable[Column] = ()) -> tuple[str, ...]:
    return tuple(column.name for column in table.columns if column not in without)


def _columns(
    table: FileTable, records: Mapping[str, Records], dtype: Any, clock: int
) -> dict[str, NDArray[Any]]:
    """Return the columns of neurons or connections that a document has, but the
    ends.
    """
    own = records[table.name]
    return {
        column.name: checks.checked_column(own, column, dtype, clock)
        for column in table.columns
        if column.name in own.columns and column not in ENDS
    }


def _full_columns(
    tables: Iterable[FileTable], records: Mapping[str, Records], dtype: Any, clock: int
) -> dict[str, NDArray[Any]]:
    """Return all columns of tables by their full names, adding empty columns for
    missing tables.
    """
    return {
        table.full_name(column): (
            checks.checked_column(
                records[table.name], column, dtype, clock, others=records
            )
            if records[table.name].length and column.name in records[table.name].columns
            else np.zeros(records[table.name].length, numpy_dtype(column, dtype))
        )
        for table in tables
        for column in table.columns
    }


def network_of(content: Any) -> Network:
    """Build a network from its document, or raise FormatError if it is not valid, or if
    one of its traces or sensitivities has no place, or is given twice.

    From lists, values without a place are left out, because the JavaScript page, which
    writes lists, applies one rule to all neurons, and writes traces that the library
    derives from other values. The places are known after the store has been lowered.
    Traces that are all 0 are allocated anyway.
    """
    require_format(content)
    links = content.get("connections")
    lists = isinstance(links, dict) and isinstance(links.get("weight"), list)
    saved = saved_of(content)
    placed: Placed = {}
    network = saved.network(placed)
    known = {
        table.name: np.any([*columns.values()], axis=0)
        for table, columns in saved.numbers_by_table()
    }
    if any(map(np.any, known.values())):
        network._lowered()
    for name, lost in known.items():
        rows, places = placed.get(name, (NOWHERE, NOWHERE))
        lost[rows] = False
        own = -1 - np.arange(len(lost))  # of rows without a place
        own[rows] = places
        require_places(name, own, None if lists else lost)
    return network


def require_places(table: str, places: Ints, lost: Bools | None = None) -> None:
    """Raise if two rows of a table have the same place, or if one row is `lost` because
    the network has no such value.
    """
    wrong = np.ones(len(places), bool)
    wrong[np.unique(places, return_index=True)[1]] = False
    if lost is not None:
        wrong |= lost
    if wrong.any():
        raise FormatError(
            f"Row {np.flatnonzero(wrong)[0]} of the table {table!r} is a duplicate or"
            " refers to something that is not in this network. The file was modified."
        )


def _notes(data: dict[str, Any], table: str, count: int) -> dict[str, dict[int, Any]]:
    """Return the metadata of neurons or connections, by name and number."""
    columns = {}
    for name, column in checks.checked_metadata(data[table]).items():
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
    """Return names and sizes of the layers, which must add up to all neurons."""
    table = Records.of_columns("layer", data, "layers", LAYERS)
    names = table.texts("name")
    sizes = table.whole("size", 1, neurons).tolist()
    require(table.length >= 2, "The number of layers", "2 or more", table.length)
    if sum(sizes) != neurons:
        raise FormatError(
            f"The sizes of the layers must add up to {neurons} neurons, got"
            f" {sum(sizes)}."
        )
    return list(zip(names, sizes, strict=True))


def _ends(records: Mapping[str, Records]) -> dict[str, NDArray[Any]]:
    """Return the columns of sources, targets and gaters, after checking that each pair
    of neurons is connected at most once by each delay.
    """
    connections = records["connections"]
    for column in SOURCE_AND_TARGET:
        if column.name not in connections.columns:
            raise FormatError(
                f"The table 'connections' must have {column.name!r}, which is missing."
            )
    source, target = _indices(connections, SOURCE_AND_TARGET, records)
    checks.require_pairs_once(source, target, delay=_delays(connections))
    return {"source": source, "target": target, **_gaters(records)}


def _expanded(
    data: dict[str, Any], records: Mapping[str, Records]
) -> dict[str, NDArray[Any]]:
    """Return the columns of sources, targets and gaters, from the runs of a
    document.
    """
    neurons, count = records["neurons"].length, records["connections"].length
    runs = Records.of_columns(RUN_TABLE.item, data, RUN_TABLE.name, _names(RUN_TABLE))
    source, target, length = _indices(runs, RUN_TABLE.columns, records)
    if (total := int(length.sum())) != count:
        raise FormatError(
            f"The lengths of the runs must add up to {count} connections, got {total}."
        )
    far = np.flatnonzero(source + length > neurons)
    if len(far):
        i = int(far[0])
        last = neurons - 1
        got = f"{length[i]} from neuron {source[i]} on"
        raise FormatError(f"Run {i} must be of neurons up to {last}, got {got}.")
    delay = _delays(records["connections"])
    if delay is None:
        checks.require_pairs_once(source, target, length)
    begin = np.cumsum(length) - length
    offset = np.repeat((source - begin).astype(np.uint32), length)
    every = np.add(offset, np.arange(count, dtype=np.uint32), out=offset)  # modulo 2^32
    ends = {"source": every, "target": np.repeat(target, length)}
    if delay is not None:
        checks.require_pairs_once(ends["source"], ends["target"], delay=delay)
    return {**ends, **_gaters(records)}


def _delays(connections: Records) -> Ints | None:
    """Return the delays of a document's connections, or None without such a column."""
    if "delay" not in connections.columns:
        return None
    return connections.whole("delay", 0, MAX_DELAYS).astype(np.int64)


def _gaters(records: Mapping[str, Records]) -> dict[str, NDArray[Any]]:
    gater = ENDS[-1]
    own = records["connections"]
    return (
        dict(zip([gater.name], _indices(own, [gater], records), strict=True))
        if gater.name in own.columns
        else {}
    )


def _indices(
    table: Records, columns: Iterable[Column], records: Mapping[str, Records]
) -> list[NDArray[Any]]:
    return [
        checks.checked_column(table, column, None, others=records) for column in columns
    ]


# --- the learning rule and the sensitivities: lines are in ascending order of their
# first columns, and their values follow one another
# -------------------------------------------------------------------------


def _synaptic_rule(
    rule: Any, columns: dict[str, NDArray[Any]], clock: int
) -> SavedRule:
    """Return the rule of synapses of a document. `SavedRule.restore` checks its name,
    its settings and its traces.
    """
    checks.members("The synaptic_rule", rule, SYNAPTIC_MEMBERS, (), SYNAPTIC_MEMBERS)
    name, settings, latest = (rule[key] for key in SYNAPTIC_MEMBERS)
    is_step = latest <= clock
    require(is_step, "The latest of the synaptic_rule", "at most the clock", latest)
    return SavedRule(name, settings, latest, SimpleNamespace(**columns))


def _check_sensitivities(
    kept: PortableSensitivities, edges: dict[str, NDArray[Any]]
) -> None:
    begin = kept.line_first
    length = kept.line_length
    last = int(kept.parameter_column.max(initial=-1))
    for line in np.flatnonzero(begin + length > last + 1):
        got = f"{length[line]} from column {begin[line]} on"
        raise FormatError(f"Line {line} must be of columns up to {last}, got {got}.")
    if (total := int(length.sum())) != len(kept.sensitivity_value):
        count = len(kept.sensitivity_value)
        raise FormatError(
            f"The lengths of the lines must add up to {count} values, got {total}."
        )
    overlap = checks.overlapping_runs(begin, kept.line_recurrent, length)
    if overlap is not None:
        raise FormatError(
            f"The lines {overlap[0]} and {overlap[1]} both have a sensitivity of"
            f" recurrent neuron {kept.line_recurrent[overlap[0]]} to column"
            f" {begin[overlap[1]]}."
        )
    target = np.where(
        kept.parameter_connection < 0,
        kept.parameter_neuron,
        np.append(edges["target"], 0)[kept.parameter_connection],
    )
    for i in np.flatnonzero(target != kept.parameter_neuron):
        raise FormatError(
            f"The neuron of parameter {i} must be the target of its connection, "
            f"{target[i]}, got {kept.parameter_neuron[i]}."
        )
    is_bias = kept.parameter_connection < 0
    parameter = np.where(
        is_bias, len(edges["target"]) + kept.parameter_neuron, kept.parameter_connection
    )
    require_places("parameters", parameter)

"""Define the table of columns, which names every number of a set of connected neurons.

A column has one row per neuron, connection, run, and so on, as its `axis` says. The
table determines growing, merging, clearing, saving, the addresses that kernels receive,
and the fields of the handles.
"""

from __future__ import annotations

from collections import namedtuple
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from .records import Counts, InputRows, Latest, Ties

NONE = 0xFFFFFFFF
"""Marks a missing row in an index column."""
NO_GATER = -1
"""Marks a missing gater in files and in a :class:`Topology`."""

FAILURE = 9  # length of the column "failed", see there and ``status.RESULT``
GIVEN_ERRORS = -1
"""Replaces the code of a cost if kernels get the errors of the outputs instead of
targets."""
GIVEN_SLOPES = -2
"""Replaces the code of a cost if kernels of exact gradients get the derivatives of a
cost with respect to the outputs instead of targets."""
CHECK_TARGETS = 1
CHECK_SIZES = 2
"""Checks of a propagation before it changes anything, which ensure that the cost can
have the targets, and that numbers are too small for an update that is not finite."""

SIDE_BY_SIDE: dict[np.dtype[Any], int] = {
    np.dtype(np.float64): 8,
    np.dtype(np.float32): 16,
}
"""Number of samples whose exact gradients are computed side by side. They fill a vector
register of 512 bits, and processors without such registers use two halves."""

# What a neuron is in its network.
HIDDEN = 0
INPUT = 1
OUTPUT = 2


LARGEST_COUNT = (1 << 53) - 1
"""Largest integer that every program can read from JSON."""
MAX_DELAYS = 10_000
"""Longest delay: a neuron remembers as many steps."""


class Kind(NamedTuple):
    """The meaning of a column's values: the types that hold them, the range of a
    default, and whether files have it.
    """

    name: str
    dtypes: tuple[str, ...]
    minimum: float
    maximum: float
    in_files: bool = True  # otherwise the values refer to one store
    table: str = ""  # of an INDEX or an AMOUNT: the table of files that it refers to
    null: str = ""  # of an INDEX: what null (-1 in arrays) stands for; "": never null


LARGEST = float(np.finfo(np.float32).max)
NUMBER = Kind("NUMBER", ("float",), -LARGEST, LARGEST)  # files have finite ones
FACTOR = Kind("FACTOR", ("float",), 0, LARGEST)
FLAG = Kind("FLAG", ("uint8",), 0, 1)
SIGN = Kind("SIGN", ("int8",), -1, 1)  # 0: none
COUNT = Kind("COUNT", ("uint8", "uint32", "uint64"), 0, LARGEST_COUNT)
DELAY = Kind("DELAY", ("uint32",), 0, MAX_DELAYS)  # in steps
TIME = Kind("TIME", ("uint64",), 0, 0)  # at most the clock
# number of a group of rows; 0: none. Files number groups anew.
GROUP = Kind("GROUP", ("uint32",), 0, 0)
ROW = Kind("ROW", ("uint32",), NONE, NONE, in_files=False)  # of a neuron
# 1 and the row of a neuron; 0: none
GATE = Kind("GATE", ("uint32",), 0, 0, in_files=False)
IDENTITY = Kind("IDENTITY", ("uint32",), NONE, NONE, in_files=False)  # of a connection
NETWORK = Kind("NETWORK", ("uint32",), 0, 0, in_files=False)  # its number in the store
INDEX = Kind("INDEX", ("int32", "uint32", "int64"), 0, LARGEST_COUNT)
AMOUNT = Kind("AMOUNT", ("int64",), 0, LARGEST_COUNT)  # at most the rows of its table
KINDS = (
    *(NUMBER, FACTOR, FLAG, SIGN, COUNT, DELAY, TIME, GROUP),
    *(ROW, GATE, IDENTITY, NETWORK),
)
"""They determine what files may hold, and how values change when rows are removed or
stores are joined."""

OBJECTS = ("neuron", "connection")
"""Axes whose columns are declared in full."""
LOWERED = (
    *("node", "run", "influence", "pull", "tie", "trace", "extended", "ring", "past"),
    *("lagged", "list", "listed"),
)
"""Axes of the program, whose columns are made by lowering."""
AXES = (*OBJECTS, *LOWERED, "store", "function", "failed")
TYPES = ("float", "float64", "int8", "uint8", "uint32", "int64", "uint64")
"""Kernels read all integers as signed 64-bit ones, see ``read_from`` in
``language/tree.py``."""


COUNT_IT = "count"
"""The `at_step` of a column to which every step adds 1."""


class Column(NamedTuple):
    """One column: its `axis`, `dtype` ("float" is the store's float), and `default`.

    Columns of neurons and connections also have a `kind` and are `saved` if files have
    them whenever a row has another value than the default. The stored content, the
    checks of files, copies, growing, merging, removing and clearing follow from this
    declaration. `cleared` columns are part of the context, which ``clear()`` sets to
    their defaults. `shared` names the column of the groups whose members have one
    value. The places of a `record` have names, see ``records.py``. Graphs have `public`
    columns as attributes, where a value is not the default. With `at_step` COUNT_IT,
    every step adds 1, for a network to all of its neurons and the connections into
    them, and for a single neuron to itself and the connections into it. With a sentence
    in `shown`, objects have an attribute of this name, which it documents, and
    ``synapse.record`` records it.
    """

    name: str
    axis: str
    dtype: str
    default: float = 0
    kind: Kind | None = None
    saved: bool | None = None
    cleared: bool = False
    shared: str = ""
    record: type[IntEnum] | None = None
    public: bool = False
    at_step: str = ""
    shown: str = ""


def _context(name: str) -> Column:
    """Return a number of a neuron that is part of the context."""
    return Column(name, "neuron", "float", 0.0, NUMBER, saved=True, cleared=True)


def _setting(
    name: str, axis: str, dtype: str, default: float, kind: Kind, shared: str = ""
) -> Column:
    """Return a number of files; graphs show it where it is not the default."""
    column = Column(name, axis, dtype, default, kind, saved=True, shared=shared)
    return column._replace(public=True)


def require_sound(columns: tuple[Column, ...]) -> None:
    """Raise ValueError, which names the column, if a declaration is incomplete or
    contradicts another.
    """
    by_name = {column.name: column for column in columns}
    for index, column in enumerate(columns):
        mistake = _mistake(column, by_name)
        for other in columns[:index]:
            if other.name == column.name:
                mistake = (
                    f"a column of the axis {other.axis!r} has this name, too; names are"
                    " different in all axes, so rename the one that you add"
                )
        if mistake:
            raise ValueError(
                f"The column {column.name!r} of the axis {column.axis!r}: {mistake}."
            )


def _mistake(column: Column, by_name: dict[str, Column]) -> str:
    """Return the mistake in a declaration; empty if there is none."""
    declared = column.kind
    if column.dtype not in TYPES:
        return f"its dtype must be one of {', '.join(TYPES)}, got {column.dtype!r}"
    if column.axis not in AXES:
        return f"its axis must be one of {', '.join(AXES)}"
    if column.axis not in OBJECTS:
        of_objects = column.cleared, column.shared, column.public, column.shown
        if any((declared, column.saved, *of_objects)):
            return (
                "only columns of neurons and connections have a kind, or are saved,"
                " cleared, shared, public or shown"
            )
        return ""
    if declared is None or column.dtype not in declared.dtypes:
        fitting = ", ".join(fit.name for fit in KINDS if column.dtype in fit.dtypes)
        got = "none" if declared is None else declared.name
        return (
            f"a column of {column.dtype} must have one of the kinds {fitting}, got"
            f" {got}"
        )
    whole = column.dtype != "float"
    maximum = (
        min(declared.maximum, np.iinfo(column.dtype).max) if whole else declared.maximum
    )
    if not declared.minimum <= column.default <= maximum or (
        whole and column.default % 1
    ):
        return (
            f"the default of a {declared.name} is from {declared.minimum} to {maximum},"
            f" got {column.default}"
        )
    return _mistake_of_saving(column, declared, by_name)


def _mistake_of_saving(
    column: Column, declared: Kind, by_name: dict[str, Column]
) -> str:
    if not isinstance(column.saved, bool):
        return f"say whether it is saved, True or False, got {column.saved!r}"
    if column.saved and not declared.in_files:
        return f"a {declared.name} refers to one store, so it cannot be saved"
    if column.cleared and (column.axis != "neuron" or not column.saved):
        return (
            "what is cleared is the context, which neurons have and files hold, so it"
            " must be saved"
        )
    if column.at_step and (
        (column.at_step, column.dtype) != (COUNT_IT, "uint64")
        or column.kind is not COUNT
    ):
        return "what counts steps (COUNT_IT) must be a COUNT of uint64"
    if column.public and (not column.saved or column.cleared):
        return "graphs show settings, so what is public must be saved and not cleared"
    group = by_name.get(column.shared)
    if column.shared and (
        group is None or (group.kind, group.axis) != (GROUP, column.axis)
    ):
        return (
            f"it is shared by groups, so {column.shared!r} must be a GROUP of the same"
            " axis"
        )
    return ""


COLUMNS = (
    # a neuron's numbers
    _context("state"),
    _context("old_state"),
    _context("activation"),
    _context("old_activation"),
    _context("derivative"),
    Column("bias", "neuron", "float", 0.0, NUMBER, saved=True, shared="bias_tie"),
    # when it became part of a network
    Column("initial_bias", "neuron", "float", 0.0, NUMBER, saved=True),
    _context("bias_eligibility"),
    # of its cost as an output
    _setting("cost_weight", "neuron", "float", 1.0, FACTOR),
    _context("responsibility"),
    _context("projected"),
    _context("gated"),
    _context("pushed"),  # sum of delta_k g_jk w_jk, pushed by later neurons
    # sum of delta_k I_jk over gated neurons without a self-connection
    _context("pushed_gated"),
    _context("pushed_traced"),  # the same over self-connected ones
    # rate (P_j + the part of G_j that factors), of the last propagation
    _context("step"),
    # a pending step; 0 between calls
    Column("pending_step", "neuron", "float", 0.0, NUMBER, saved=False),
    # within a call, of the connections into it, whose sources have been silent since
    # both columns were read: their traces are `quiet_decay` times ``eligibility``, and
    # their weights are ahead of ``weight`` by `quiet_step` times ``eligibility``
    Column("quiet_decay", "neuron", "float", 1.0, NUMBER, saved=False),
    Column("quiet_step", "neuron", "float", 0.0, NUMBER, saved=False),
    # when it last activated
    Column("stamp", "neuron", "uint64", 0, TIME, saved=True, cleared=True),
    # the stamp it had when it was cleared: if it had activated in the present step, its
    # next activation alone begins a step
    Column("cleared_stamp", "neuron", "uint64", 0, TIME, saved=True),
    # the same of all neurons of a network: when the latest step began in which they
    # activate one by one; 0: none yet, and of a neuron without a network
    Column("step_stamp", "neuron", "uint64", 0, TIME, saved=True),
    # its activation (a stamp) of which the connections into it keep what was read; what
    # has been read at another one follows from the order of its network
    Column("kept_stamp", "neuron", "uint64", 0, TIME, saved=True, cleared=True),
    Column("squash", "neuron", "uint32", 0, COUNT, saved=False),  # files have its name
    # neurons that compete; 0: none
    _setting("group", "neuron", "uint32", 0, GROUP),
    # position of its stream of random numbers
    _setting("random", "neuron", "uint64", 0, COUNT),
    _setting("deterministic", "neuron", "uint8", 0, FLAG),  # outputs its mean
    # [recipe column]
    Column("trainable_bias", "neuron", "uint8", 1, FLAG, saved=True, shared="bias_tie"),
    # trainable until its layer was frozen
    _setting("frozen_bias", "neuron", "uint8", 0, FLAG, shared="bias_tie"),
    # neurons that share one bias; 0: not tied
    _setting("bias_tie", "neuron", "uint32", 0, GROUP),
    # of its present and future connections
    _setting("outgoing_sign", "neuron", "int8", 0, SIGN),
    # its activation is that of "clamp"
    _setting("clamped", "neuron", "uint8", 0, FLAG),
    _setting("clamp", "neuron", "float", 0.0, NUMBER),
    # see ``online/continual_backprop.py``
    _setting("utility", "neuron", "float", 0.0, NUMBER),
    # number of updates since it was renewed
    _setting("age", "neuron", "uint64", 0, COUNT),
    # reads others but inputs one step late
    _setting("synchronous", "neuron", "uint8", 0, FLAG),
    Column("role", "neuron", "uint8", HIDDEN, COUNT, saved=False),
    Column("network", "neuron", "uint32", 0, NETWORK, saved=False),  # 0: none
    # in the order of its network
    Column("position", "neuron", "uint32", 0, COUNT, saved=False),
    # a connection's numbers, the incoming ones of a neuron side by side once lowered
    Column("weight", "connection", "float", 0.0, NUMBER, saved=True, shared="tie"),
    # files have numbers of neurons
    Column("source", "connection", "uint32", NONE, ROW, saved=False),
    Column("target", "connection", "uint32", NONE, ROW, saved=False),
    # of its gater, see ``StoreRows.gaters``
    Column("gate", "connection", "uint32", 0, GATE, saved=False),
    # no update changes it
    _setting("sign", "connection", "int8", 0, SIGN, shared="tie"),
    Column("trainable", "connection", "uint8", 1, FLAG, saved=True, shared="tie"),
    # trainable until its layer was frozen
    _setting("frozen", "connection", "uint8", 0, FLAG, shared="tie"),
    # share one weight; 0: not tied
    _setting("tie", "connection", "uint32", 0, GROUP),
    # by how many steps its target reads its source late
    _setting("delay", "connection", "uint32", 0, DELAY),
    # what its target read when it activated alone, or with sources outside of its
    # network: the activation of the source, and the gain
    Column("kept_source", "connection", "float", 0.0, NUMBER, saved=True),
    Column("kept_gain", "connection", "float", 0.0, NUMBER, saved=True),
    # constant while rows move; handles hold it
    Column("identity", "connection", "uint32", NONE, IDENTITY, saved=False),
    # the program, a row a neuron
    Column("flags", "node", "uint32"),
    # its block of neurons that activate together
    Column("block_first", "node", "uint32"),
    Column("block_stop", "node", "uint32"),
    Column("earliest", "node", "uint32"),  # the first row at which its block may begin
    Column("alike_stop", "node", "uint32"),  # end of the neurons with runs like its own
    Column("group_first", "node", "uint32"),  # whose states determine its activation
    Column("group_stop", "node", "uint32"),
    Column("run_start", "node", "uint32"),
    Column("run_stop", "node", "uint32"),
    Column("first_incoming", "node", "uint32"),
    # number of its trainable incoming connections (they come first)
    Column("learning", "node", "uint32"),
    Column("self_row", "node", "uint32"),
    Column("self_gater", "node", "uint32"),
    Column("first_trace", "node", "uint32"),
    # groups: neurons that gate a connection into it
    Column("influence_start", "node", "uint32"),
    Column("influence_stop", "node", "uint32"),
    # influences it has on self-connected neurons
    Column("pull_start", "node", "uint32"),
    Column("pull_stop", "node", "uint32"),
    # of the connections from it since it was cleared
    Column("longest_delay", "node", "uint32"),
    Column("ring", "node", "uint32"),  # of its network, or its own; NONE: no past
    # the program, a row a run of connections
    Column("run_kind", "run", "uint8"),
    Column("run_flags", "run", "uint8"),
    Column("run_first", "run", "uint32"),
    Column("run_length", "run", "uint32"),
    Column("run_source", "run", "uint32"),
    Column("run_gater", "run", "uint32"),
    Column("run_influence", "run", "uint32"),
    # its delay: how many steps ago its sources had what it reads in their ring; of a
    # list with lags of its own connections, the longest of the network
    Column("run_lag", "run", "uint32"),
    # of one with a lag and sources outside of the network of its target: the step of
    # their ring in which the target last activated
    Column("run_met", "run", "int64"),
    # the list of its sources; NONE: they are read one and all
    Column("run_list", "run", "uint32"),
    # ranges of sources of which a step lists the packs that are not 0, see
    # ``online/lists.py``: the first run that reads it, and where its list begins
    Column("list_run", "list", "uint32"),
    Column("list_first", "list", "uint32"),
    # how many packs it has; -1: too many
    Column("list_count", "list", "int64"),
    Column("listed", "listed", "uint32"),
    # of a table with sums of its own: not 0 where a pack of sources begins, or a neuron
    # is, from which the sums of a batch may have a term; empty in a store
    Column("touched", "listed", "float"),
    # the program, a row a pair of gater and self-connected gated neuron
    Column("influence", "influence", "float"),
    Column("influence_gater", "influence", "uint32"),
    Column("influence_gated", "influence", "uint32"),
    # NONE: the gater is later and gets no error
    Column("influence_trace", "influence", "uint32"),
    Column("influence_self", "influence", "uint8"),  # it gates the self-connection
    Column("pull", "pull", "uint32"),
    # what is shared: ranges of neighbouring rows whose groups are neighbours; of
    # each group the row of its first member, its weight before the step and the sum of
    # moves; the same of neurons and biases
    Column("tied", "tie", "uint32"),
    Column("tied_length", "tie", "uint32"),
    Column("tied_group", "tie", "uint32"),
    Column("tied_first", "tie", "uint32"),
    Column("tied_base", "tie", "float"),
    Column("tied_update", "tie", "float"),
    Column("bias_tied", "tie", "uint32"),
    Column("bias_tied_length", "tie", "uint32"),
    Column("bias_tied_group", "tie", "uint32"),
    Column("bias_tied_first", "tie", "uint32"),
    Column("bias_tied_base", "tie", "float"),
    Column("bias_tied_update", "tie", "float"),
    Column("ties", "tie", "uint64", record=Ties),
    # traces that cannot be read off
    Column("eligibility", "trace", "float"),
    Column("extended", "extended", "float"),
    # frames of past activations: rings, each of the neurons from its start to its stop;
    # every frame is there twice, so that the latest ones always lie in a row
    Column("ring_start", "ring", "uint32"),
    Column("ring_stop", "ring", "uint32"),
    Column("ring_first", "ring", "int64"),  # where its frames begin in ``past``
    Column("ring_frames", "ring", "uint32"),  # one more than its longest delay
    Column("ring_head", "ring", "uint32"),  # the frame of the step before
    Column("ring_steps", "ring", "int64"),  # how many have begun since lowering
    Column("past", "past", "float"),
    # by connection, if some have a delay: where a list reads it, in the ring and on
    # tapes, from the frame of the lag of the list on. If its source is outside of the
    # network of its target, the second is its run: no tapes of all steps have these.
    Column("past_offset", "lagged", "uint32"),
    Column("tape_offset", "lagged", "uint32"),
    # a store's own
    Column("clock", "store", "uint64"),  # files have it beside the columns
    Column("input_rows", "store", "int64", record=InputRows),
    # addresses of users' activation functions
    Column("functions", "function", "uint64"),
    # of the first registered function that raised in a call: number of arguments (0:
    # none), address, these; then the row at which the call ended, see ``status.py``
    Column("failed", "failed", "float64"),
)

require_sound(COLUMNS)

COLUMN_OF = {column.name: column for column in COLUMNS}

SHOWN = {
    axis: tuple(column for column in COLUMNS if column.axis == axis and column.shown)
    for axis in OBJECTS
}
"""Columns that are attributes of objects by their declaration alone."""
_shown = {axis: [column.name for column in shown] for axis, shown in SHOWN.items()}
ERROR_PARTS = ("projected", "gated")
"""Numbers of a propagation within the step, which are 0 without one."""
NEURON_NUMBERS = (
    *("activation", "state", "derivative", "bias_eligibility", "responsibility"),
    *("bias", *_shown["neuron"], *ERROR_PARTS),
)
CONNECTION_NUMBERS = ("gain", "eligibility", "weight", *_shown["connection"])
PAIR_NUMBERS = ("extended",)
"""Of a connection and a neuron that the target of the connection gates."""
SENSITIVITY = "sensitivity"
"""Of a connection and a recurrent neuron."""
WATCHABLE = (*NEURON_NUMBERS, *CONNECTION_NUMBERS, *PAIR_NUMBERS, SENSITIVITY)
"""Numbers that can be recorded, beside traces of rules of synapses, which come after
them. Those that ``objects/recording.py`` does not compute are columns."""

DESTINATIONS = {"weight_destination": "weight", "bias_destination": "bias"}
"""Where kernels add the updates that they make, and the column that this is, see
``online/accumulator.py``."""

TABLE = (*COLUMNS, *(Column(name, "destination", "float") for name in DESTINATIONS))
"""The columns that kernels see. A store's table contains the address and the length of
each."""

Columns: Any = namedtuple("Columns", [column.name for column in TABLE])  # type: ignore[misc]

NEURON = tuple(column for column in COLUMNS if column.axis == "neuron")
CONNECTION = tuple(column for column in COLUMNS if column.axis == "connection")
PROGRAM = tuple(column for column in COLUMNS if column.axis in LOWERED)
SAVED = tuple(column for column in COLUMNS if column.saved)
COUNTING = tuple(column for column in COLUMNS if column.at_step)
"""Columns that count steps, see ``online/steps.py``."""
CLEARED = tuple(column for column in COLUMNS if column.cleared)
SHARED_BY = {column.name: column.shared for column in COLUMNS if column.shared}
"""Columns whose values the rows of a group share, and the column with the number of the
group."""
TRACES = tuple(
    column
    for column in PROGRAM
    if column.axis in ("influence", "trace", "extended", "past")
    and column.dtype == "float"
)
KEPT = "kept_source", "kept_gain"
"""What connections keep, which means nothing where `kept_stamp` is 0."""
CONTEXT = (
    *(column.name for column in (*CLEARED, *TRACES)),
    *("ring_head", "ring_steps", "run_met", *KEPT),
)
"""Everything that ``clear`` forgets."""
STEPPED = (
    *CONTEXT,
    *(column.name for column in COUNTING),
    *("cleared_stamp", "step_stamp", "random", "clock", "failed"),
    *("list_count", "listed", "input_rows"),
)
"""Everything that steps write without learning."""


# --- the tables of files --------------------------------------------------------------


class FileTable(NamedTuple):
    """A table in files, with its name in documents, its name for a row in messages, and
    its columns of numbers.
    """

    name: str
    item: str
    columns: tuple[Column, ...]

    def full_name(self, column: Column) -> str:
        """Return the name of a column among those of all tables, which names its array
        in a ``.npz`` file, and the attribute that holds it in memory.
        """
        return f"{self.item.partition(' ')[0]}_{column.name}"


def _index(name: str, table: str, null: str = "", dtype: str = "int64") -> Column:
    """Return the numbers of rows in another table, with -1, the default, for null."""
    kind = INDEX._replace(table=table, null=null)
    return Column(name, "file", dtype, -1 if null else 0, kind)


def _amount(name: str, table: str, minimum: int) -> Column:
    """Return whole numbers, `minimum` or more: as many different ones as a table has
    rows.
    """
    return Column(
        name, "file", "int64", kind=AMOUNT._replace(table=table, minimum=minimum)
    )


def _steps(name: str) -> Column:
    """Return numbers of steps; 0 where a table has no such column."""
    return Column(name, "file", "uint32", kind=COUNT)


def _number(name: str) -> Column:
    return Column(name, "file", "float", kind=NUMBER)


SOURCE_AND_TARGET = tuple(
    _index(name, "neurons", dtype="uint32") for name in ("source", "target")
)
ENDS = (*SOURCE_AND_TARGET, _index("gater", "neurons", "not gated", "int32"))
NEURON_TABLE = FileTable(
    "neurons", "neuron", tuple(column for column in NEURON if column.saved)
)
CONNECTION_TABLE = FileTable(
    "connections",
    "connection",
    (*ENDS, *(column for column in CONNECTION if column.saved)),
)
RUN_TABLE = FileTable(
    "runs", "run", (*SOURCE_AND_TARGET, _amount("length", "neurons", 1))
)
"""Replaces sources and targets by connections one after the other, from neighbours to
one target."""
TRACE_TABLES = (
    FileTable(
        "eligibility",
        "eligibility",
        (_index("connection", "connections"), _number("value")),
    ),
    FileTable(
        "influence",
        "influence",
        (_index("gater", "neurons"), _index("gated", "neurons"), _number("value")),
    ),
    FileTable(
        "extended",
        "extended trace",
        (
            _index("influence", "influence"),
            _index("connection", "connections", "the bias"),
            _number("value"),
        ),
    ),
    FileTable(
        "past",
        "past activation",
        (
            _index("neuron", "neurons"),
            Column(
                "steps",
                "file",
                "uint32",
                kind=COUNT._replace(minimum=1, maximum=MAX_DELAYS),
            ),
            _number("value"),
        ),
    ),
)
"""The traces that are stored, see ``lowering/program.py``."""
SENSITIVITY_TABLES = (
    # the states of neurons, and their activations so many steps ago; the slope is that
    # of the previous step
    FileTable(
        "recurrent",
        "recurrent neuron",
        (_index("neuron", "neurons"), _steps("steps"), _number("slope")),
    ),
    # tied ones share a column
    FileTable(
        "parameters",
        "parameter",
        (
            _index("neuron", "neurons"),
            _index("connection", "connections", "the bias"),
            _amount("column", "parameters", 0),
        ),
    ),
    FileTable(
        "lines",
        "line",
        (
            _index("recurrent", "recurrent"),
            _amount("first", "parameters", 0),
            _amount("length", "parameters", 1),
        ),
    ),
    # of the lines, one after the other, in this step and the previous one
    FileTable("sensitivity", "sensitivity", (_number("value"), _number("previous"))),
)
"""The sensitivities of rtrl, see ``rtrl/portable.py``."""
RULE_TABLES = (
    FileTable(
        "unit_traces",
        "unit trace",
        (
            _index("neuron", "neurons"),
            _steps("number"),
            _steps("steps"),
            _number("value"),
        ),
    ),
    FileTable(
        "synapse_traces",
        "synapse trace",
        (
            _index("connection", "connections"),
            _steps("number"),
            _steps("steps"),
            _number("value"),
        ),
    ),
)
"""The traces of a rule of synapses, by their number, see ``objects/plastic.py``."""
FILE_TABLES = (
    NEURON_TABLE,
    CONNECTION_TABLE,
    RUN_TABLE,
    *TRACE_TABLES,
    *SENSITIVITY_TABLES,
    *RULE_TABLES,
)


def of_kind(kind: Kind, table: tuple[Column, ...] = COLUMNS) -> tuple[str, ...]:
    """Return the names of the columns of a kind."""
    return tuple(column.name for column in table if column.kind == kind)


def numpy_dtype(column: Column, float_dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the NumPy type of `column` in a store whose float is `float_dtype`."""
    return float_dtype if column.dtype == "float" else np.dtype(column.dtype)


ENDED = -1
CHUNK = 16
"""Number of steps of an unfolding whose gradients are summed together. ``python -m
benchmarks.variants schema.CHUNK``: rows take 0.99 to 1.25 times as long with a tenth,
0.99 to 1.14 times with ten times."""
MAX_TILE = 8  # neurons of a tile on any machine, see `tile_sizes.TileSizes`
VECTOR_BYTES = 64  # a vector register of 512 bits; narrower processors split it
TAPES = (
    # By step and neuron. The first rows are the steps before the first: the initial
    # context of a sequence.
    Column("activation", "tape", "lanes"),
    # activations sample by sample; empty for one sample
    Column("transposed", "tape", "lanes"),
    Column("state", "tape", "lanes"),
    Column("slope", "tape", "lanes"),
    # factors of activations, for dropout; empty without it
    Column("mask", "tape", "lanes"),
    # delta of a chunk of steps, and of a tile of gated neurons
    Column("error", "tape", "lanes"),
    # activations of two packs of sources in a chunk of steps
    Column("panel", "tape", "lanes"),
    Column("new_state", "tape", "lanes"),  # the states of one step
    Column("tile", "tape", "lanes"),  # sums or errors of a tile of neurons
    # By neuron: errors from later neurons and steps, to be multiplied by its slope or
    # not.
    Column("pushed", "tape", "lanes"),  # of this step and those before it, in a ring
    Column("carried", "tape", "lanes"),
    # By step.
    Column("signal", "tape", "lanes"),  # the cost's -dE/ds of the outputs
    Column("value", "tape", "lanes"),  # the cost of each output in one step
    Column("loss", "tape", "float64"),  # the cost of a step, over all samples
    # By step and sample.
    Column("row", "tape", "int64"),  # its row of the data; ENDED: the sample has ended
    Column("share", "tape", "float64"),  # its weight in the cost
    Column("failed", "tape", "float64"),  # as the store's
    # By neuron: its stream of random numbers before a call without traces.
    Column("random", "tape", "int64"),
    # By ring, in such a call: as ``ring_head``. Its past activations are behind the
    # steps of ``activation``.
    Column("head", "tape", "int64"),
    # By step and neuron, for a recording; empty without one.
    Column("recorded_state", "tape", "lanes"),
    Column("recorded_slope", "tape", "lanes"),
    Column("recorded_error", "tape", "lanes"),
    # The results.
    # by rows of connections: minus the gradient
    Column("weight_update", "tape", "float64"),
    Column("bias_update", "tape", "float64"),
)
"""The columns of an unfolding through time; "lanes" are floats of several samples."""

TapeColumns: Any = namedtuple("TapeColumns", [column.name for column in TAPES])  # type: ignore[misc]

PLAN = (
    # what changes from step to step
    # copies by class, root, parameter: two that swap roles, and with pending steps one
    # for readers, see ``rtrl/pending.py``
    Column("sensitivity", "plan", "float"),
    Column("latest", "plan", "int64", record=Latest),
    # by root: the slope of the previous step
    Column("old_derivative", "plan", "float"),
    # by pending step, in which the sensitivities have not been renewed
    # how the parameters into a neuron move its state within the step
    Column("direct", "plan", "float"),
    # d s_r / d s_j within the step
    Column("visit_delta", "plan", "float"),
    # d s_r / d s_q, one step earlier
    Column("reading_value", "plan", "float"),
    # vectors over the lines of a class on their way back through pending steps: those
    # of a renewal at a step and at the one before; then the errors of an update, too
    Column("vectors", "plan", "float"),
    # by pending step and neuron of a class, what the vectors of a renewal have given to
    # it; then what the errors of an update have
    Column("given", "plan", "float"),
    # scratch
    # d s_r / d s_q of the lines of a class as a matrix, transposed
    Column("jacobian", "plan", "float"),
    # the destinations of updates before a step learns
    Column("weight_before", "plan", "float"),
    Column("bias_before", "plan", "float"),
    Column("old_error", "plan", "float"),  # minus dE / d s_q, of s_q one step earlier
    Column("factors", "plan", "float"),  # the factors of the lines that are summed
    # errors that sweeps push back, see ``rtrl/layout.py``
    Column("adjoint", "plan", "float"),
    Column("counts", "plan", "int64", record=Counts),
    # by root, and the end, if ``first`` or ``start`` is in the name of the column:
    Column("root", "plan", "uint32"),  # the row of its neuron
    # where ``adjoint`` has what is pushed to it one step earlier, and, of a past
    # activation, to what it was then
    Column("root_adjoint", "plan", "uint32"),
    Column("root_before", "plan", "uint32"),
    # its visits: the neurons that its sweep reaches, the last one first
    Column("visit_start", "plan", "uint32"),
    Column("visit", "plan", "uint32"),
    Column("visit_soft", "plan", "uint8"),  # the first visit of a softmax group
    # by visit: the runs that the sweep follows from there
    Column("op_first", "plan", "uint32"),
    Column("op_run", "plan", "uint32"),  # NONE: the self-connection
    Column("op_role", "plan", "uint8"),  # to its sources, its gaters, or both
    # the numbers of the roots that its sweep meets one step earlier
    Column("reading_first", "plan", "uint32"),
    Column("reading", "plan", "uint32"),
    # all places of ``adjoint`` to which its sweep pushes one step earlier, also those
    # of neurons that no parameter moves
    Column("met_first", "plan", "uint32"),
    Column("met", "plan", "uint32"),
    # by neuron of the network; NONE: no sensitivities
    Column("direct_offset", "plan", "uint32"),
    # classes of parameters, and lines of sensitivities, with what is direct: parts of
    # ``direct``, by line
    Column("class_line", "plan", "uint32"),
    Column("class_width", "plan", "uint32"),
    Column("class_neurons", "plan", "uint32"),  # number of its neurons
    Column("line_root", "plan", "uint32"),
    Column("line_offset", "plan", "int64"),
    Column("part_first", "plan", "uint32"),
    Column("part_visit", "plan", "uint32"),  # its factor
    Column("part_column", "plan", "uint32"),
    Column("part_direct", "plan", "uint32"),
    Column("part_length", "plan", "uint32"),
    # over several steps, by line: what a vector gives to neurons, and to other lines
    # one step earlier
    Column("given_first", "plan", "uint32"),
    Column("given_visit", "plan", "uint32"),  # its factor
    Column("given_index", "plan", "uint32"),  # which neuron of the class
    Column("link_first", "plan", "uint32"),  # ranges of links
    Column("link_reading", "plan", "uint32"),  # its factor
    Column("link_line", "plan", "uint32"),  # which line of the class
    Column("link_length", "plan", "uint32"),
    # blocks: lines that are renewed from the same lines, their terms
    Column("class_block", "plan", "uint32"),
    Column("block_line", "plan", "uint32"),
    Column("block_term", "plan", "int64"),
    Column("block_value", "plan", "int64"),
    Column("term_offset", "plan", "int64"),  # where a line of the previous step is
    # by line and term: the reading that is its factor
    Column("term_value", "plan", "uint32"),
    # units of a renewal over several steps: of each class, the steps back, then panels
    # of its columns
    Column("class_unit", "plan", "uint32"),
    Column("unit_column", "plan", "uint32"),  # a panel
    Column("unit_length", "plan", "uint32"),
    Column("unit_first", "plan", "uint32"),  # the updates of a panel
    Column("unit_stop", "plan", "uint32"),
    # by step: up to which unit it continues the renewal
    Column("share", "plan", "uint32"),
    # where updates of the parameters of a class go in the store
    Column("update_first", "plan", "uint32"),
    Column("update_column", "plan", "uint32"),
    # another parameter with the same tie is updated by this column
    Column("update_tied", "plan", "uint8"),
    Column("update_row", "plan", "uint32"),
    Column("update_length", "plan", "uint32"),
    Column("update_bias", "plan", "uint8"),
    Column("update_neuron", "plan", "uint32"),
    Column("update_index", "plan", "uint32"),  # of the neuron among those of its class
    Column("update_direct", "plan", "uint32"),
)
"""The columns of a plan of exact online gradients, see ``rtrl/layout.py`` and the end
of ``docs/equations.md``."""

PLAN_CONTEXT = (
    "sensitivity",
    "latest",
    "old_derivative",
    "direct",
    "visit_delta",
    "reading_value",
    "vectors",
    "given",
)
"""Columns of a plan that are part of the context."""

PlanColumns: Any = namedtuple("PlanColumns", [column.name for column in PLAN])  # type: ignore[misc]

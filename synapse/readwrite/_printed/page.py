"""Print the kernels for any network as a JavaScript module, with which the page
computes steps, learns, and lowers networks.

Missing rows are -1 in JavaScript, and ``NONE`` in the columns of the library. Kernels
of lowering must therefore work with both.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np

from ..._cost import COSTS
from ..._registration import COST, SQUASH
from ..._squash import ACTIVATIONS
from ...engine.functions import compiled
from ...engine.functions.activations import FIRST_CUSTOM
from ...engine.functions.costs import FIRST_CUSTOM_COST
from ...engine.functions.formula import UnreadableError
from ...engine.language.code_files import code_of
from ...engine.language.memory import STORE, call_at
from ...engine.language.tree import (
    FLOAT64,
    INT,
    ArrayKind,
    BundleKind,
    KnownKind,
    Node,
    TupleKind,
    convert,
    items_of,
)
from ...engine.lowering import loops
from ...engine.lowering.flags import FOUR, KEEPS, MEMORY, PENDING, TRACED, UNORDERED
from ...engine.lowering.loops import neighbours, ranges, traces
from ...engine.online import propagate, read_order, states
from ...engine.online.loops import propagate_network, set_output_errors
from ...engine.records import Span, Ties
from ...engine.schema import (
    COLUMNS,
    CONNECTION_TABLE,
    DESTINATIONS,
    FLAG,
    HIDDEN,
    INPUT,
    LOWERED,
    NEURON_TABLE,
    OBJECTS,
    OUTPUT,
    TABLE,
    Column,
)
from ...errors import FormatError
from . import calls
from .javascript_text import JavaScriptWriter
from .learner import answering
from .specialised import Place, Root, Specialised, Stored, words_of
from .text import ATOM, Text

PAIR = TupleKind((FLOAT64, FLOAT64))
NETWORK = BundleKind(STORE, FLOAT64)
SPAN = TupleKind((INT,) * len(Span), tuple(member.name.lower() for member in Span))
INTEGERS, NUMBERS = ArrayKind(INT, 1), ArrayKind(FLOAT64, 1)
LOOP = NETWORK, INT, INT, INTEGERS
NUMBER = KnownKind(np.float64(0.0), np.float64)
OF_CALL = KnownKind(0, int), KnownKind(None, type(None)), NUMBER, SPAN
JUDGING = NETWORK, SPAN, NUMBERS, INT, KnownKind(0, int), NUMBER
LOOPS = (
    loops.survey,
    loops.find_runs,
    loops.count_influences,
    loops.find_influences,
    loops.locate_traces,
    loops.find_rings,
    loops.locate_lagged,
    loops.join_neurons,
    loops.read_traces,
    loops.locate_kept,
)
ROOTS = {
    "step": Root(calls.step, (*OF_CALL, NUMBERS, NUMBERS)),
    "judge": Root(set_output_errors, JUDGING),
    "learn": Root(propagate_network, (NETWORK, SPAN, FLOAT64, KnownKind(False, bool))),
    "clear": Root(calls.clear, OF_CALL),
    "eligibility": Root(read_order.eligibility_of, (NETWORK, INTEGERS, INT)),
    "gain": Root(read_order.gain_read, (NETWORK, INT)),
    "seen": Root(read_order.source_read, (NETWORK, INT)),
    "influence": Root(read_order.influence_of, (NETWORK, INTEGERS, INT, INT)),
    "is_late": Root(neighbours.is_late, (NETWORK, INT, INT)),
    "list_ranges": Root(ranges.list_ranges, (NETWORK, INT, INT, INT, INTEGERS)),
    **{loop.__name__: Root(loop, LOOP) for loop in LOOPS},
}
"""Functions that the page calls."""


class AnyNetwork:
    """The facts that hold for every network of a page, which is alone in its store and
    never has pending updates.
    """

    def exact(self, written: set[Stored]) -> dict[str, Any]:
        """Return an empty result, because a page must support all networks."""
        return {}

    def facts(self, written: set[Stored]) -> dict[Place, set[Any]]:
        """Return the values of columns, by their names in kernels."""
        return {
            ("ties", "LISTS"): {0},
            ("network", None): {1},
            ("flags", None): {f for f in range(KEEPS) if not f & (FOUR | PENDING)},
            ("run_flags", None): {f for f in range(256) if not f & UNORDERED},
            ("pending_step", None): {0.0},
        }


class PageWriter(JavaScriptWriter):
    """Writes functions that find all columns in a store, and call functions of users
    by their codes.
    """

    def column(self, name: str) -> str:
        if name in self.taken:
            return f"net.{name}"
        self.aliases.add(name)
        return name

    def of_column(self, node: Node, bundle: Node, name: str, place: int) -> Text:
        return self.column(name), ATOM

    def of_user(self, node: Node, code: Node, numbers: Any) -> Text:
        passed = ", ".join(map(self.bare, numbers))
        return f"registered[{self.bare(code)}]({passed})", ATOM


def _user(t: Any, code: Node, numbers: Iterable[Node]) -> Node:
    """Return the call of a registered function."""
    passed = tuple(t.temporary(convert(number, FLOAT64)) for number in numbers)
    return t.temporary(Node("user", PAIR, (convert(code, INT), passed)))


def _as_any(kernel: Any) -> Callable[..., Any]:
    """Return a function that writes calls of a kernel whose last arguments state
    whether a neuron has gates and delays. Neurons with gates may also have delays.
    """

    def write(t: Any, *passed: Node) -> Any:
        *others, gated, _ = passed
        return t.call(kernel, [*others, gated, gated])

    return write


WORDS = words_of(fast=False, library=True).with_others(
    {
        states.compute_state: _as_any(states.compute_state),
        propagate.propagate_neuron: _as_any(propagate.propagate_neuron),
        compiled.custom: lambda t, store, failed, code, state: _user(t, code, [state]),
        call_at: lambda t, failed, code, numbers: _user(t, code, items_of(numbers)),
    }
)
ROOM = "node", "run", "influence", "pull", "ring"
"""Axes for whose columns lowering makes room."""
_UNKNOWN = {"pending_step"} | {c.name for c in COLUMNS if "list" in c.name}
READ = {c.name for c in COLUMNS if c.axis in (*OBJECTS, *LOWERED)} - _UNKNOWN
"""Columns that are read outside of the functions."""


@cache
def page_source() -> str:
    """Return the kernels for any network as a JavaScript module, with the codes of
    squashes and costs, and the columns of a store. It is printed once per machine.
    """
    return code_of(_source, "any network", _source, str.encode).decode()


def _source() -> str:
    program = Specialised(AnyNetwork(), ROOTS, WORDS, READ)  # type: ignore[arg-type]
    program.changed = {*program.columns, *READ}
    writer = PageWriter(program)
    functions = "\n\n".join((*writer.helpers.values(), *writer.functions))
    names = ", ".join((*ROOTS, "registered", "columnsOf"))
    # A literal, because engines find its members by place.
    read = {c.name for c in TABLE} & {*program.columns, *READ, *DESTINATIONS}
    members = ", ".join(f"{name}: store.{name}" for name in sorted(read))
    squashes = {
        name: {
            "code": entry.code,
            "kind": entry.family,
            "free": entry.low == -math.inf and entry.high == math.inf,
        }
        for name, entry in ACTIVATIONS.items()
    }
    of_synaptic = {e.synaptic: name for name, e in ACTIVATIONS.items() if e.synaptic}
    room = {
        axis: {column.name: column.dtype for column in COLUMNS if column.axis == axis}
        for axis in ROOM
    }
    codes: dict[str, Any] = {
        "HIDDEN": HIDDEN,
        "INPUT": INPUT,
        "OUTPUT": OUTPUT,
        "MEMORY": MEMORY,
        "TRACED": TRACED,
        "MARKS": traces.MARKS,
        "FIRST_SQUASH": FIRST_CUSTOM,
        "FIRST_COST": FIRST_CUSTOM_COST,
        "TIES": {member.name: member.value for member in Ties},
    }
    return "\n\n".join(
        (
            "// The kernels of Synapse, printed for any network by page_source of"
            " synapse.readwrite._printed.page: no edits here.",
            f"export const kernels = (() => {{\nconst registered = {{}};\n{functions}\n"
            "/** The columns of a store, for all other functions. */\n"
            f"function columnsOf(store) {{\n    return {{ {members} }};\n}}\n"
            f"return {{ {names} }};\n}})();",
            _exported(
                "SQUASHES",
                "Code and kind of each squash, and whether it has no bounds.",
                squashes,
            ),
            _exported("SYNAPTIC", "Squashes by their names in Synaptic.", of_synaptic),
            _exported(
                "COSTS",
                "Code of each cost.",
                {name: entry.code for name, entry in COSTS.items()},
            ),
            _exported(
                "COLUMNS",
                "Kind and default of each saved column; a cleared one is context.",
                {
                    table.name: dict(
                        _saved(column)
                        for column in table.columns
                        if column.axis in OBJECTS
                    )
                    for table in (NEURON_TABLE, CONNECTION_TABLE)
                },
            ),
            _exported("ROOM", "Types of columns of the program, by their axis.", room),
            _exported("CODES", "What numbers in columns mean.", codes),
        )
    )


def _saved(column: Column) -> tuple[str, dict[str, Any]]:
    """Return the properties of a saved column that a page needs."""
    return column.name, {
        "kind": column.kind.name if column.kind else "",
        "type": column.dtype,
        "otherwise": bool(column.default) if column.kind is FLAG else column.default,
        "cleared": column.cleared,
    }


def _exported(name: str, comment: str, entries: dict[str, Any]) -> str:
    rows = [f"  {key}: {json.dumps(value)}," for key, value in entries.items()]
    return "\n".join((f"/** {comment} */", f"export const {name} = {{", *rows, "};\n"))


# --- functions of users ---------------------------------------------------------------


def registered_source(kind: str, name: str, function: Any) -> str:
    """Return a JavaScript call that adds a user's function, a "squash" or a "cost", to
    the functions of the page, or raise FormatError if it cannot be written.
    """
    count = len(SQUASH if kind == "squash" else COST)
    try:
        root = Root(answering(function.require_formula()), (FLOAT64,) * count)
    except UnreadableError as error:
        raise FormatError(
            f"The {kind} {name!r} cannot be written in JavaScript: {error}."
        ) from error
    program = Specialised(AnyNetwork(), {kind: root}, WORDS, set())  # type: ignore[arg-type]
    writer = PageWriter(program)
    functions = "\n\n".join((*writer.helpers.values(), *writer.functions))
    return (
        f"register({json.dumps(kind)}, {json.dumps(name)}, (() => {{\n{functions}\n"
        f"return {kind};\n}})());\n"
    )

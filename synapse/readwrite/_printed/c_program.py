"""Print C programs that learn from the kernels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._cost import Cost
from ..._typing import Ints
from ...engine.schema import NONE
from ...errors import FormatError
from ...objects.network import Network
from ...objects.saved import SavedNetwork
from ...objects.topology import Topology
from ...optimizers._descent import BuiltIn
from .._codegen import Language, filled, free_name, heading_of
from .._plan import plan_of
from .alike import STEPS_TOGETHER, Sums
from .c_text import CWriter
from .columns import CONTEXT_COLUMNS, DTYPES, is_whole
from .fixed_numbers import FixedPoint
from .fixed_text import functions_of, parts_of
from .learner import LEARNING_ROOTS, LOADABLE_ROOTS, PLAIN_ROOTS, Learner
from .specialised import Specialised
from .trees import called_by, runs_of

INDICES = (("int16_t", 2, 0x7FFF), ("int32_t", 4, 0x7FFFFFFF))
"""Types of indices, each with its name, its bytes and its largest number."""
NEURONS_TOGETHER = {"float": 64, "double": 32}
"""Number of neurons with the same sources whose sums are computed at a time. They
occupy eight registers of AVX2, or four of AVX-512, and leave room for the other
numbers."""
FRAMES = 512
"""Maximum number of bytes that compilers add to the stack of the deepest call with -O1,
-O2 and -Os, for saved registers and return addresses.
"""
BYTES = {"int16_t": 2, "int32_t": 4, "float": 4, "double": 8}
"""The bytes of a number by its type."""
WORDS = {
    "random": ("uint64_t", 8),
    "saturations": ("uint16_t", 2),
    "draws": ("uint32_t", 4),
}
"""Columns without a sign, with their types."""
PURPOSES = "whose weights can be loaded", "that learns"
TEACH = (
    "//     {prefix}_learn(&net, targets, rate);         // from the latest step;"
    " {missing}: no target for this output\n"
)
FAST_FUNCTIONS = {
    "erf": "{prefix}_fast_erf({{0}})",
    "exp": "{prefix}_fast_exp({{0}})",
    "expm1": "{prefix}_fast_power({{0}}, 1.0f)",
    "log1p": "{prefix}_fast_log1p({{0}})",
    "tanh": "{prefix}_fast_tanh({{0}})",
}
"""Functions that float32 programs define themselves, because compilers then compute
several values at once, or because libraries of small devices lack them.
"""
BITS = {
    "float": ("uint32_t", "0x7fffffffu", "0x7f800000u"),
    "double": ("uint64_t", "0x7fffffffffffffffu", "0x7ff0000000000000u"),
}
"""For each type of numbers, the type of their bits, a mask without the sign, and
infinity."""


C = Language("c", "C", "// ")
NAN = """
static inline int {prefix}_is_nan({real} number) {{
    return {prefix}_magnitude(number) > {infinity};
}}
"""


def finite_source(prefix: str, real: str, functions: str) -> str:
    """Return the text that detects finite numbers, and NaN if functions need it."""
    unsigned, magnitude, infinity = BITS[real]
    is_used = f"{prefix}_is_nan(" in functions
    nan = NAN.format(prefix=prefix, real=real, infinity=infinity) if is_used else ""
    names = {"prefix": prefix, "real": real, "unsigned": unsigned, "nan": nan}
    return filled(
        "finite.c.in", {**names, "magnitude": magnitude, "infinity": infinity}
    ).rstrip()


class Columns:
    """The columns of a program in C, which are either members of an instance or
    tables.
    """

    def __init__(self, program: Specialised, prefix: str, real: str) -> None:
        self.program = program
        self.prefix = prefix
        self.real = real
        self.bytes = BYTES[real]
        self.fixed = [name for name in program.columns if name not in program.changed]
        largest = max(
            [
                int(np.abs(self.values(name)).max(initial=0))
                for name in self.fixed
                if is_whole(name)
            ]
            + [len(self.values(name)) for name in program.columns]
        )
        for self.index, self.index_bytes, limit in INDICES:
            if largest <= limit:
                break
        else:
            raise FormatError(
                f"The network needs {largest:,} weights, traces or sensitivities; a"
                f" program in C has at most {INDICES[-1][-1]:,}. Use a smaller network,"
                " or set net.rule of a copy to 'online' or a limited reach, as"
                " ('rtrl', 1)."
            )
        self.changed = sorted(program.changed - program.scratch, key=self._order)
        self.scratch = sorted(program.scratch, key=self._order)

    def _order(self, name: str) -> tuple[int, int]:
        return -self._type(name)[1], [*DTYPES].index(name)

    def values(self, name: str) -> NDArray[Any]:
        """Return the numbers of a column, with -1 for missing ones."""
        values = self.program.data.columns[name]
        if not is_whole(name) or name in WORDS:
            return values
        signed = values.astype(np.int64)
        return np.where(signed == NONE, -1, signed)

    def _type(self, name: str) -> tuple[str, int]:
        """Return the number type of a column, and its bytes."""
        if DTYPES[name] in ("float", "float64"):
            return self.real, self.bytes
        if name in WORDS:
            return WORDS[name]
        if DTYPES[name] in ("uint8", "int8"):
            return f"{DTYPES[name]}_t", 1
        if name in self.program.changed and DTYPES[name] != "uint32":
            return "int32_t", 4
        return f"{self.prefix}_index", self.index_bytes

    def first_numbers(self) -> int:
        """Return the count of the numbers with which an instance begins, as weights."""
        begun = (self.values(n) for n in self.changed if n not in CONTEXT_COLUMNS)
        return sum(len(values) for values in begun if values.any())

    def members(self, names: list[str]) -> tuple[str, int]:
        """Return the members of an instance, or of its scratch, and its bytes."""
        rows = []
        size = 0
        for name in names:
            kind, each = self._type(name)
            count = max(1, len(self.values(name)))
            rows.append(f"    {kind} {name.replace('.', '_')}[{count}];")
            size += each * count
        widest = max((self._type(name)[1] for name in names), default=1)
        return "\n".join(rows), -(-size // widest) * widest

    def tables(self, writer: CWriter) -> tuple[str, int]:
        """Return the tables that never change, and their bytes."""
        rows = []
        size = 0
        flash = f"{self.prefix.upper()}_FLASH "
        for name in self.fixed:
            kind, each = self._type(name)
            values = self.values(name)
            place = "" if name in writer.pointers.in_memory else flash
            table = name.replace(".", "_")
            rows.append((place + kind, table, writer.rows(values, "    ")))
            size += each * max(1, len(values))
        for numbers, name in writer.tables.items():
            kind, each = f"{self.prefix}_index", self.index_bytes
            if "INT64_C" in "".join(numbers):
                kind, each = "int64_t", 8
            rows.append((flash + kind, name, writer.lines(numbers, "    ")))
            size += each * len(numbers)
        texts = (
            f"static const {kind} {self.prefix}_{name}[] = {{\n{numbers}\n}};"
            for kind, name, numbers in rows
        )
        return "\n\n".join(texts), size

    def first(self, writer: CWriter) -> str:
        """Return the lines that give an instance its first numbers."""
        lines = ["    memset(net, 0, sizeof *net);"]
        names = [name for name in self.changed if name not in CONTEXT_COLUMNS]
        return "\n".join([*lines, *self._copies(writer, names)])

    def context(self, writer: CWriter) -> str:
        """Return the lines that give it the context of the network."""
        names = [name for name in self.changed if name in CONTEXT_COLUMNS]
        return "\n".join(self._copies(writer, names))

    def _copies(self, writer: CWriter, names: list[str]) -> Iterator[str]:
        for name in names:
            values = self.values(name)
            if values.any():
                kind, _ = self._type(name)
                rows = writer.rows(values, "        ")
                yield self.copied(kind, name.replace(".", "_"), rows, len(values))

    def copied(self, kind: str, member: str, rows: str, count: int) -> str:
        """Return the lines that copy a table to a member of an instance."""
        return (
            f"    static const {self.prefix.upper()}_FLASH {kind} {member}[] ="
            f" {{\n{rows}\n    }};\n"
            f"    for (int i = 0; i < {count}; i++) net->{member}[i] = {member}[i];"
        )


def stack_of(writer: CWriter) -> int:
    """Return an upper bound for the bytes that variables take on the stack in the
    deepest call.
    """
    depths: dict[Any, int] = {}
    for instance in writer.program.instances:  # callees first
        sizes = (
            getattr(kind, "length", None) or 1 for kind in instance.locals.values()
        )
        here = 8 * (len(instance.parameters) + sum(sizes))
        depths[instance] = here + max(
            (depths[callee] for callee in called_by(instance)), default=0
        )
    return max(depths.values())


def survivors(network: Network, learner: Learner) -> dict[str, Ints] | None:
    """Return the rows of activations and states that a step may read before it writes
    them, or None if it has other columns.
    """
    if not {"activation", "state", "saturations"} >= learner.program.changed:
        return None
    plan = plan_of(Topology.of(network))
    values, neurons = plan.memory(), plan.neurons
    return {
        name: np.sort(plan.order[values[values // neurons == k] - k * neurons])
        for k, name in enumerate(("activation", "state"))
    }


NOT_COPIED = {
    "memory": "",
    "values": "",
    "recall": "",
    "remember": "",
    "computed": "net",
    "together": 1,
    "totals": "",
    "ahead": "",
}
"""Texts of a program whose steps change its instances at once, one by one."""


def _memory(
    parts: dict[str, Any],
    columns: Columns,
    places: dict[str, Ints],
    prefix: str,
    real: str,
) -> dict[str, str]:
    """Return the text that copies an instance's memory to the values of a step, and
    back.
    """
    count = sum(map(len, places.values()))
    loops: tuple[list[str], list[str]] = [], []
    begin = 0
    for name, rows in places.items():
        for first, size in runs_of(rows):
            value = f"values.{name}[{_sum(first, 'i')}]"
            memory = f"net->memory[{_sum(begin, 'i')}]"
            head = f"    for (int i = 0; i < {size}; i++)"
            loops[0].append(f"{head} {value} = {memory};\n")
            loops[1].append(f"{head} {memory} = {value};\n")
            begin += size
    unused = "" if count else "    (void)net;\n"
    clears = "    memset(net, 0, sizeof *net);"
    counter = "saturations" in columns.changed
    loops[0].extend(["    values.saturations[0] = net->saturations[0];\n"] * counter)
    loops[1].extend(["    net->saturations[0] = values.saturations[0];\n"] * counter)
    return {
        "values": (
            "// Activations and states during a step.\ntypedef struct {\n"
            f"{parts['members']}\n}} {prefix}_values;\n\n"
        ),
        "memory": f",\n    {prefix.upper()}_MEMORY = {max(1, count)}",
        "members": f"    {real} memory[{prefix.upper()}_MEMORY];"
        + "\n    uint16_t saturations[1];" * counter,
        "first": clears,
        "recall": f"    {prefix}_values values;\n{unused}{''.join(loops[0])}",
        "remember": "".join(loops[1]),
        "computed": "&values",
    }


def _memory_rows(
    writer: CWriter, columns: Columns, places: dict[str, Ints], real: str
) -> str:
    """Return the lines that give the memory of an instance the context."""
    kept = [columns.values(name)[rows] for name, rows in places.items()]
    values = np.concatenate(kept)
    rows = writer.rows(values, "        ")
    return columns.copied(real, "memory", rows, max(1, len(values)))


def _sum(number: int, index: str) -> str:
    return f"{number} + {index}" if number else index


def _words(parts: dict[str, Any]) -> dict[str, str]:
    """Return the declarations of all words in the text of a program."""
    prefix, capitals = parts["prefix"], parts["capitals"]
    text = "".join(parts[name] for name in ("tables", "functions", "members", "start"))
    index = none = macros = ""
    if f"{prefix}_index" in text:
        index = f"\ntypedef {parts['index']} {prefix}_index;\n"
    if f"{capitals}_NONE" in text:
        none = f"#define {capitals}_NONE (-1)\n\n"
    text += parts["helpers"]
    for name in ("apart", "alone", "flash"):
        if f"{capitals}_{name.upper()}" in text:
            macros += filled(f"{name}.c.in", parts) + "\n"
    return {"index": index, "tables": none + macros + parts["tables"]}


def prototypes(writer: CWriter) -> str:
    """Return the declarations of the functions that a program offers."""
    roots = {*writer.program.roots.values()}
    heads = [
        text.split("{\n", 1)[0].rstrip() + ";"
        for instance, text in zip(
            writer.program.instances, writer.functions, strict=True
        )
        if instance in roots
    ]
    return "\n".join(heads)


def program_source(
    network: Network,
    saved: SavedNetwork,
    prefix: str,
    dtype: np.dtype[Any] | FixedPoint,
    *,
    fast: bool,
    context: bool,
    learns: bool,
    loadable: bool,
    cost: Cost,
    bound: float | None,
    optimizer: BuiltIn | None,
) -> str:
    """Return a C program of the network, with numbers of `dtype`. `saved` has its
    columns.
    """
    fixed = dtype if isinstance(dtype, FixedPoint) else None
    real = "float" if dtype == np.float32 else "double"
    if fixed is not None:
        real, fast = f"int{fixed.bits}_t", False
    offered = LOADABLE_ROOTS if loadable else PLAIN_ROOTS
    learner = Learner(
        network,
        saved,
        language=C,
        scalar="float64" if fixed else str(dtype),
        fixed=fixed,
        cost=cost,
        bound=bound,
        optimizer=optimizer,
        offered=LEARNING_ROOTS if learns else offered,
        fast=fast,
        library=real == "float",
        how=None
        if learns or loadable
        else Sums(NEURONS_TOGETHER.get(real, 0), in_array=True, by_dots=fast),
    )
    names = {"prefix": prefix, "capitals": prefix.upper(), "real": real}
    names["type"] = free_name(C, prefix)
    places = None if learner.loadable else survivors(network, learner)
    own = names["type"] if places is None else f"{prefix}_values"
    functions = FAST_FUNCTIONS if fast and real == "float" else {}
    own_functions = {f: text.format(prefix=prefix) for f, text in functions.items()}
    writer = CWriter(learner.program, prefix, own, real, own_functions)
    columns = Columns(learner.program, prefix, real)
    scratch, more_stack = columns.members(columns.scratch)
    members, instance = columns.members(columns.changed)
    tables, constants = columns.tables(writer)
    stack = stack_of(writer) + more_stack
    text = "\n".join((*writer.helpers.values(), *writer.functions))
    parts: dict[str, Any] = {
        **names,
        "heading": heading_of(saved, C),
        "inputs": learner.inputs,
        "outputs": learner.outputs,
        "neurons": learner.neurons,
        "weights": learner.connections,
        "index": columns.index,
        "members": members,
        "scratch": SCRATCH_TYPE.format(prefix=prefix, members=scratch) * bool(scratch),
        "prototypes": prototypes(writer),
        "tables": tables,
        "functions": "\n\n".join(writer.functions),
        "first": columns.first(writer),
        "start": "",
    }
    if fixed is None:
        parts |= _in_floats(real, names, writer, text)
    else:
        parts |= _in_fixed_point(fixed, names, writer, text, learns)
        constants += parts["bytes"]
    if learner.data.ahead:
        most = STEPS_TOGETHER
        sums = most * learner.data.ahead.width
        parts |= {
            "together": most,
            "totals": f"    {real} totals[{sums}];\n",
            "ahead": f", totals, rows - row < {most} ? (int)(rows - row) : {most}",
        }
        stack += sums * columns.bytes
    if context:
        rows = columns.context(writer)
        if places is not None:
            rows = _memory_rows(writer, columns, places, real)
        begin = "init" if learner.loadable else "clear"
        parts["start"] = filled("start.c.in", {**names, "rows": rows, "begin": begin})
    if places is not None:
        parts |= _memory(parts, columns, places, prefix, real)
        stack += instance
        count = sum(map(len, places.values()))
        instance = columns.bytes * max(1, count)
        if "saturations" in columns.changed:
            instance += columns.bytes  # its own two, and those that align it
    weights = columns.first_numbers() * columns.bytes if learner.loadable else 0
    parts["sizes"] = (
        f"{instance} bytes an instance, at most {stack + FRAMES} of stack in a call,"
        f" {constants + weights} of constants"
    )
    if not learner.loadable:
        return filled("program.c.in", {**NOT_COPIED, **parts, **_words(parts)})
    teach = TEACH.format(**parts) if learns else ""
    purpose = PURPOSES[learns]
    parts["flash"] = filled("flash.c.in", names)
    if f"{prefix.upper()}_ALONE" in parts["functions"]:
        parts["flash"] += "\n" + filled("alone.c.in", names)
    return filled("learner.c.in", {**parts, "purpose": purpose, "teach": teach})


SCRATCH_TYPE = """
// Errors and updates while an instance learns.
typedef struct {{
{members}
}} {prefix}_scratch;
"""


def _in_floats(
    real: str, names: dict[str, str], writer: CWriter, text: str
) -> dict[str, Any]:
    """Return the parts of a program with floats."""
    prefix = names["prefix"]
    helpers = [finite_source(prefix, real, text), *writer.helpers.values()]
    if f"{prefix}_dot(" in text:
        is_table = "weight" in writer.pointers.tables
        flash = f"{prefix.upper()}_FLASH " if is_table else ""
        helpers.append(filled("dot.c.in", {**names, "flash": flash}).rstrip())
    special = [name for name in ("erf", "log1p") if f"{prefix}_fast_{name}(" in text]
    if "erf" in special or f"{prefix}_chosen(" in text:
        special.insert(0, "chosen")
    helpers[:0] = [filled(f"{name}.c.in", names).rstrip() for name in special]
    if f"{prefix}_fast_" in text:
        helpers.insert(0, filled("fast.c.in", names).rstrip())
    made = _after_types(writer, helpers)
    return {
        "helpers": made,
        "calls": _calls_of_math("\n".join((made, *writer.functions))),
        "requires_double": NEEDS_DOUBLE if real == "double" else "",
        "link": "; link with -lm",
        "math": "#include <math.h>\n",
        "missing": "NAN",
        "unfit": "is not finite",
        "bad_target": "a target is infinite, or the cost cannot have it",
        "number_macros": "",
        "arithmetic": "",
    }


def _after_types(writer: CWriter, helpers: list[str]) -> str:
    """Return the types and functions before those of the kernels."""
    return "\n\n".join(filter(None, (writer.types(), *helpers)))


UPDATES = {
    "nearest": "Updates are rounded like sums.",
    "stochastic": (
        "Updates are rounded up with\n// the probability of what is cut off, by a"
        " generator of the seed {seed}."
    ),
}


def _in_fixed_point(
    fixed: FixedPoint, names: dict[str, str], writer: CWriter, text: str, learns: bool
) -> dict[str, Any]:
    """Return the parts of a program in fixed point."""
    prefix, missing = names["prefix"], f"{names['capitals']}_MISSING"
    parts = {**names, **parts_of(fixed), "bits": fixed.bits}
    tanh_error, logistic_error = (f"{error:.2f}" for error in fixed.errors())
    updates = UPDATES[fixed.rounding].format(seed=fixed.seed) if learns else ""
    told = {
        **parts,
        "tanh_error": tanh_error,
        "logistic_error": logistic_error,
        "limit": f"{fixed.largest * fixed.unit:.8g}",
        "updates": updates,
    }
    for end, name in ("MAX", "highest"), ("MIN", "lowest"):
        parts[name] = f"INT{2 * fixed.bits}_{end}"
    parts["table"] = writer.rows(fixed.table()[:-1], "    ")
    called = functions_of(text, "fixed.c.in", f"{prefix}_", parts)
    is_finite = filled("fixed_finite.c.in", parts).rstrip()
    return {
        "helpers": _after_types(
            writer, [is_finite, *called.values(), *writer.helpers.values()]
        ),
        "bytes": len(called.get("tanh_table", ""))
        and fixed.intervals * fixed.bits // 8,
        "calls": "It has no number in floating point, and calls nothing of math.h",
        "requires_double": "",
        "link": "",
        "math": "",
        "missing": missing,
        "unfit": f"is {missing}",
        "bad_target": "the cost cannot have a target",
        "number_macros": filled("fixed_numbers.c.in", parts),
        "arithmetic": filled("arithmetic.c.in", told).rstrip().rstrip("/ ") + "\n",
    }


NEEDS_DOUBLE = """
#include <float.h>
#if DBL_MANT_DIG < 53
#error "A double of 64 bits is needed. Save the network with dtype='float32'."
#endif
"""
NOT_OF_MATH = {"for", "if", "memcpy", "memset", "return", "sizeof", "while"}


def _calls_of_math(text: str) -> str:
    """Return a sentence with the functions of math.h that a program calls. Its own
    functions have a prefix.
    """
    code = re.sub("//.*", "", text)
    names = {*re.findall(r"\b([a-z][a-z0-9]*)\(", code)} - NOT_OF_MATH
    listed = ", ".join(sorted(names))
    return f"It calls {listed} of math.h" if listed else "It calls nothing of math.h"

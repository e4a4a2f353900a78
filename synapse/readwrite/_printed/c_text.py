"""Write typed programs in C99, which are also valid C++."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase
from typing import Any

import numpy as np

from ...engine.language.program import Instance
from ...engine.language.tree import (
    BOOL,
    FLOAT32,
    FLOAT64,
    FLOATS,
    INT,
    NOTHING,
    WORD,
    ArrayKind,
    ColumnKind,
    Node,
    TupleKind,
)
from ...engine.schema import NONE
from ...errors import ArgumentError
from .alike import add_few, add_in_array, add_sources
from .braces import BraceWriter
from .fixed_numbers import FixedKind
from .pointers import Pointers
from .specialised import Specialised
from .text import ATOM, PRODUCT, SIGN, STEP, SUM, Text
from .trees import (
    called_by,
    column_name,
    forms_of,
    parts_of,
    within,
)

RESERVED = frozenset(
    [
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "bool",
        "true",
        "false",
        "class",
        "new",
        "delete",
        "this",
        "template",
        "operator",
        "private",
        "public",
        "protected",
        "virtual",
        "friend",
        "try",
        "catch",
        "throw",
        "using",
        "namespace",
        "net",
        "kept",
        "scratch",
        "exp",
        "log",
        "tanh",
        "sin",
        "cos",
        "sqrt",
        "pow",
        "y0",
        "y1",
        "j0",
        "j1",
        "index",
    ]
)
LIMIT = np.iinfo(np.int32).max
BYTES = "uint8", "int8"
ARITHMETIC = "variable", "literal", "cast", "binary", "negative", "choice", "compare"
"""Expressions that compilers compute for several numbers at once."""
SEPARATE_LOOPS = add_in_array, add_sources
"""Functions that compilers should not inline, because these loops take a fifth longer
in one large function."""


class CWriter(BraceWriter):
    """Writes functions in C.

    `real` is "float" or "double", the type of all real numbers, and `prefix` the prefix
    of all names.
    """

    language = "C"
    suffix = ".c"
    reserved = RESERVED
    comment = "// ", "// ", ""

    def __init__(
        self,
        program: Specialised,
        prefix: str,
        type_: str,
        real: str,
        exp: dict[str, str],
    ) -> None:
        self.prefix = prefix
        self.begin = f"{prefix}_"
        self.scratch_parameter = f"{prefix}_scratch *scratch"
        self.type = type_
        self.real = real
        self.apart = f"{prefix.upper()}_APART"
        self.flash = f"{prefix.upper()}_FLASH"
        self.pointers = Pointers(program)
        self.exp = exp
        # large networks have loops that are not inlined
        large = program.instances if program.data.ahead else ()
        alone = [instance for instance in large if instance.function in SEPARATE_LOOPS]
        self.alone = {*alone} - {
            callee for outer in alone for callee in called_by(outer)
        }
        self.structs: dict[tuple[TupleKind, tuple[str, ...]], str] = {}
        self.written: dict[Instance, set[str]] = {}
        for instance in program.instances:  # callees first
            self.written[instance] = {*_written(instance, self.written)}
        # functions that get one column twice
        self.overlapping = {
            node.parts[0]
            for instance in program.instances
            for node in forms_of(instance)["call"]
            if _has_twice(node.parts[1])
        }
        self.long: dict[Instance, set[str]] = {}
        self._find_long(program)
        super().__init__(program)

    # --- choices of numbers

    def _is_chosen(self, choice: Node) -> bool:
        """Return whether both sides of a choice are computed, because one of them is
        arithmetic that GCC would put into a branch.
        """
        if self.real != "float" or choice.kind not in FLOATS:
            return False
        inner = [node for side in choice.parts[1:] for node in within(side)]
        return any(node.form in ("binary", "math") for node in inner) and all(
            node.kind in (*FLOATS, BOOL)
            and (node.form in ARITHMETIC or self.exp.keys() & {node.parts[0]})
            for node in inner
        )

    def of_choice(self, node: Node, test: Node, left: Node, right: Node) -> Text:
        if not (_is_in_loops(self.instance) and self._is_chosen(node)):
            return super().of_choice(node, test, left, right)
        passed = ", ".join(map(self.bare, (test, left, right)))
        return f"{self.prefix}_chosen({passed})", ATOM

    # --- 64-bit integers

    def _find_long(self, program: Specialised) -> None:
        """Find the variables and results that need more than an int."""
        self.long_results: set[Instance] = set()
        self.long = {i: set() for i in program.instances}
        before = -1
        while before != (
            found := len(self.long_results) + sum(map(len, self.long.values()))
        ):
            before = found
            for self.instance in program.instances:
                self._find_long_of(self.instance)

    def _find_long_of(self, instance: Instance) -> None:
        forms = forms_of(instance)
        for node in forms["set"]:
            if self.is_long(node.parts[1]):
                self.long[instance].add(node.parts[0])
        for node in forms["return"]:
            if node.parts[0] is not None and self.is_long(node.parts[0]):
                self.long_results.add(instance)
        for node in forms["call"]:
            callee, arguments = node.parts
            for (name, _), argument in zip(callee.parameters, arguments, strict=True):
                if self.is_long(argument):
                    self.long[callee].add(name)

    def is_long(self, node: Node) -> bool:
        """Return whether an integer may need more than 32 bits."""
        if node.kind != INT or node.form == "item":
            return False
        (first, *_) = node.parts
        answers: dict[str, Callable[[], Any]] = {
            "literal": lambda: abs(first) > LIMIT and first != NONE,
            "variable": lambda: first in self.long[self.instance],
            "load": lambda: column_name(first) == "random",
            "bits": lambda: first.kind == FLOAT64 and self.real == "double",
            "table": lambda: max(map(abs, first)) > LIMIT,
            "cast": lambda: first.kind == WORD,
            "call": lambda: first in self.long_results,
        }
        if node.form in answers:
            return bool(answers[node.form]())
        return any(map(self.is_long, parts_of(node)))

    # --- types

    def type_of(self, kind: Any, long: bool = False) -> str:
        """Return the type of a value."""
        if isinstance(kind, FixedKind):
            return f"int{kind.bits}_t"
        if kind in FLOATS:
            return "float" if kind == FLOAT32 else self.real
        if kind == INT:
            return "int64_t" if long else "int"
        if kind == BOOL:
            return "int"
        if kind == WORD:
            return "uint64_t"
        if kind == NOTHING:
            return "void"
        if isinstance(kind, TupleKind):
            fields = self._fields(kind)  # of structures within first
            name = f"{self.prefix}_results{len(self.structs) or ''}"
            return self.structs.setdefault((kind, fields), name)
        return "int"

    def types(self) -> str:
        """Return the structures of functions that return several values."""
        rows = []
        for (_, fields), name in self.structs.items():
            lines = "".join(f"    {field};\n" for field in fields)
            rows.append(f"typedef struct {{\n{lines}}} {name};")
        return "\n\n".join(rows)

    def _fields(self, kind: TupleKind) -> tuple[str, ...]:
        """Return the declarations of a structure's items."""
        return tuple(
            f"const {self.pointer(item, kind, place)}{field_of(kind, place)}"
            if isinstance(item, ColumnKind)
            else f"{self.type_of(item)} {field_of(kind, place)}"
            for place, item in enumerate(kind.items)
        )

    def memory(self, kind: ColumnKind | ArrayKind) -> str:
        """Return the number type of a column that is passed."""
        if kind.of in FLOATS:
            return self.real
        return f"{kind.of}_t" if kind.of in BYTES else f"{self.prefix}_index"

    def parameter(self, name: str, kind: Any, local: str) -> str:
        if isinstance(kind, ColumnKind | ArrayKind):
            constant = "" if local in self.written[self.instance] else "const "
            apart = "" if self.instance in self.overlapping else f"{self.apart} "
            return f"{constant}{self.pointer(kind, self.instance, local)}{apart}{name}"
        long = local in self.long[self.instance]
        return f"{self.type_of(kind, long)} {name}"

    def pointer(self, kind: ColumnKind | ArrayKind, owner: Any, name: Any) -> str:
        """Return the type of a pointer, without ``const``, which may be to flash."""
        is_to_table = (owner, name) in self.pointers.to_tables
        return f"{self.flash} " * is_to_table + f"{self.memory(kind)} *"

    def instance_parameter(self) -> str:
        constant = "" if "net" in self.written[self.instance] else "const "
        return f"{constant}{self.type} *net"

    def defined(self, instance: Instance, passed: list[str]) -> str:
        is_root = instance in self.program.roots.values()
        is_root = is_root and self.names[instance] != "compute"
        if isinstance(instance.result, ColumnKind):
            kind = f"const {self.pointer(instance.result, instance, None)}"
        else:
            kind = f"{self.type_of(instance.result, instance in self.long_results)} "
        if instance in self.alone or self._is_in_frame(instance):
            kind = f"{self.prefix.upper()}_ALONE {kind}"
        is_squash = self.real == "float" and _is_in_loops(instance)
        if is_squash or instance.function is add_few:
            kind = f"inline {kind}"
        head = f"{kind}{self.callee(instance)}({', '.join(passed) or 'void'})"
        scratch = ""
        if is_root and instance in self.with_scratch:
            scratch = (
                f"{STEP}{self.prefix}_scratch kept, *const scratch = &kept;\n"
                f"{STEP}memset(scratch, 0, sizeof *scratch);\n"
            )
        return (
            self.comment_of(instance)
            + f"{'' if is_root else 'static '}{head} {{\n{scratch}"
            + self.block(instance.body, STEP)
            + "}"
        )

    def _is_in_frame(self, instance: Instance) -> bool:
        """Return whether a function in fixed point is called by one with arrays of its
        own. If it were inlined, AVR would keep its integers behind these arrays, and
        only the first 63 bytes of a frame are addressed in one instruction.
        """
        learn = self.program.roots.get("learn")
        called = called_by(learn) if learn in self.with_scratch else ()
        is_called = instance in called and instance in self.with_scratch
        return self.program.fixed is not None and (
            is_called or self.names[instance] == "compute"
        )

    def callee(self, instance: Instance) -> str:
        return f"{self.prefix}_{self.names[instance]}"

    def declaration(self, name: str, indent: str) -> str:
        kind = self.kinds[name]
        if isinstance(kind, ColumnKind):
            type_ = f"const {self.pointer(kind, self.instance, name)}"
        else:
            type_ = f"{self.type_of(kind, name in self.long[self.instance])} "
        return f"{indent}{type_}{self.local[name]};\n"

    def column(self, name: str) -> str:
        owner = f"{self.prefix}_"
        if name in self.program.changed:
            owner = "scratch->" if name in self.program.scratch else "net->"
        return owner + name.replace(".", "_")

    # --- statements

    def begin_of(self, name: str, kind: Any) -> str:
        if isinstance(kind, ColumnKind):
            return f"const {self.pointer(kind, self.instance, name)}{self.apart} "
        constant = "const " if self.homes.sets[name] == 1 else ""
        return f"{constant}{self.type_of(kind, name in self.long[self.instance])} "

    def counter_begin(self) -> str:
        return "int "

    def do_set(self, indent: str, name: str, value: Node) -> str:
        if value.form == "zeros":
            self.declared.add(name)
            array = f"{self.local[name]}[{value.kind.length}]"
            return f"{indent}{self.memory(value.kind)} {array} = {{0}};\n"
        return super().do_set(indent, name, value)

    def do_do(self, indent: str, value: Node) -> str:
        discarded = "" if value.kind == NOTHING else "(void)"
        return f"{indent}{discarded}{self.bare(value)};\n"

    def stored(self, column: Node, value: Node) -> str:
        text = self.bare(value)
        memory = self._narrow(column)
        if not memory:
            return text
        return f"({memory}){text if text.isidentifier() else f'({text})'}"

    def _narrow(self, column: Node) -> str:
        """Return the type of an integer column that is narrower than its values."""
        of = column.kind.of
        if of == "uint64" and column.kind.record is None:
            return "uint64_t"
        if of == "uint32":
            return f"{self.prefix}_index"
        return f"{of}_t" if of in BYTES else ""

    # --- expressions

    def of_literal(self, node: Node, value: float) -> Text:
        if node.kind in FLOATS:
            return self.number(float(value), node.kind)
        if node.kind == BOOL:
            return str(int(value)), ATOM
        if node.kind == WORD:
            return f"UINT64_C({int(value)})", ATOM
        if value == NONE:
            return f"{self.prefix.upper()}_NONE", ATOM
        value = int(value)
        text = self.whole(value, False)
        text = "INT64_MIN" if value == -(1 << 63) else text  # C has no literal for it
        return text, ATOM if value >= 0 else SIGN

    def of_integer(self, kind: FixedKind, value: int) -> Text:
        text, rank = super().of_integer(kind, value)
        return (f"INT64_C({text})", ATOM) if abs(value) > LIMIT + 1 else (text, rank)

    def number(self, value: float, kind: str = FLOAT64) -> Text:
        if value != value or value in (np.inf, -np.inf):
            name = "NAN" if value != value else "INFINITY"
            return (name, ATOM) if not value < 0 else (f"-{name}", SIGN)
        if self.type_of(kind) == "float":
            if abs(value) > float(np.finfo(np.float32).max):
                raise ArgumentError(
                    f"A number of the program, {value:.3g}, is beyond the range of"
                    ' float32. Use dtype="float64".'
                )
            single = np.float32(value)
            if value and not single:
                single = np.finfo(np.float32).tiny
            text = f"{float(str(single))!r}f"
        else:
            text = repr(value)
        return text, ATOM if text[0] != "-" else SIGN

    def whole(self, value: int, is_word: bool) -> str:
        if is_word:
            return f"UINT64_C({value})"
        return f"INT64_C({value})" if abs(value) > LIMIT else str(value)

    def of_load(self, node: Node, column: Node, index: Node) -> Text:
        text = self.place(column, index)
        if column_name(column) == "random":
            return f"(int64_t){text}", SIGN
        return text, ATOM

    def of_size(self, node: Node, array: Node, dimension: int) -> Text:
        raise self.refused("an array of unknown length")

    def of_item(self, node: Node, values: Node, place: int) -> Text:
        return f"{self.within(values, ATOM)}.{field_of(values.kind, place)}", ATOM

    def of_tuple(self, node: Node, *items: Node) -> Text:
        name = self.type_of(node.kind)
        maker = f"{name}_of"
        fields = [field_of(node.kind, k) for k in range(len(items))]
        passed = ", ".join(self._fields(node.kind))
        self.helpers[maker] = (
            f"static inline {name} {maker}({passed}) {{\n    const {name} made ="
            f" {{{', '.join(fields)}}};\n    return made;\n}}"
        )
        return f"{maker}({', '.join(map(self.bare, items))})", ATOM

    def of_compare(self, node: Node, sign: str, left: Node, right: Node) -> Text:
        if left.kind in FLOATS and left == right and sign in ("==", "!="):
            text = f"{self.prefix}_is_nan({self.bare(left)})"
            return (text, ATOM) if sign == "!=" else (f"!{text}", SIGN)
        is_size = left.form == "math" and left.parts[0] == "abs"
        if (
            sign == "<="
            and is_size
            and not self.is_users
            and right.form == "literal"
            and right.parts[0] > 1e38
        ):
            return f"{self.prefix}_is_finite({self.bare(left.parts[1])})", ATOM
        return super().of_compare(node, sign, left, right)

    def of_binary(self, node: Node, operation: str, left: Node, right: Node) -> Text:
        if operation in ("Mod", "FloorDiv"):
            sign = "%" if operation == "Mod" else "/"
            return self.between(sign, left, right, PRODUCT, SIGN), PRODUCT
        if operation == "LShift" and node.kind == INT:
            bits = 64 if self.is_long(node) else 32
            shifted = f"(uint{bits}_t){self.within(left, ATOM)}"
            return f"(int{bits}_t)({shifted} << {self.within(right, SIGN)})", SIGN
        return super().of_binary(node, operation, left, right)

    def of_cast(self, node: Node, value: Node) -> Text:
        to = self.type_of(node.kind, self.is_long(node))
        of = self.type_of(value.kind, self.is_long(value))
        if to == of:
            return self.value(value)
        return f"({to}){self.within(value, ATOM)}", SIGN

    def of_pick(self, node: Node, sign: str, left: Node, right: Node) -> Text:
        kind = self.type_of(node.kind, self.is_long(node))
        name = f"{self.prefix}_{'smaller' if sign == '<' else 'larger'}_{kind}"
        self.helpers[name] = (
            f"static inline {kind} {name}({kind} a, {kind} b) {{\n"
            f"    return b {sign} a ? b : a;\n}}"
        )
        return f"{name}({self.bare(left)}, {self.bare(right)})", ATOM

    def of_fixed(self, node: Node, name: str, *arguments: Node) -> Text:
        """Return a call of the function that has its bits in its name. Where compilers
        inline little, it would shift by a variable, which takes a loop on the smallest
        processors.
        """
        first, *rest = arguments
        if rest and rest[0].kind == INT and rest[0].form == "literal":
            name += f"_{rest.pop(0).parts[0]}"
        return super().of_fixed(node, name, first, *rest)

    def of_bits(self, node: Node, value: Node) -> Text:
        whole = "int64_t" if self.real == "double" else "int32_t"
        to, of = (whole, self.real) if node.kind == INT else (self.real, whole)
        name = f"{self.prefix}_{'bits_of' if node.kind == INT else 'from_bits'}"
        self.helpers[name] = (
            f"static inline {to} {name}({of} value) {{\n    {to} made;\n"
            "    memcpy(&made, &value, sizeof made);\n    return made;\n}"
        )
        return f"{name}({self.bare(value)})", ATOM

    def of_math(self, node: Node, name: str, *arguments: Node) -> Text:
        passed = ", ".join(map(self.bare, arguments))
        if name == "isfinite":
            return f"{self.prefix}_is_finite({passed})", ATOM
        name = {"abs": "fabs"}.get(name, name)
        if name in self.exp:
            return self.exp[name].format(passed), ATOM
        suffix = "f" if self.type_of(node.kind) == "float" else ""
        return f"{name}{suffix}({passed})", ATOM

    def of_dot(
        self, node: Node, weight: Node, row: Node, values: Node, source: Node, n: Node
    ) -> Text:
        parts = (
            f"{self.within(weight, ATOM)} + {self.within(row, SUM)}",
            f"{self.within(values, ATOM)} + {self.within(source, SUM)}",
            self.bare(n),
        )
        return f"{self.prefix}_dot({', '.join(parts)}, 0)", ATOM

    def table(self, kind: str, values: tuple[Any, ...]) -> str:
        return f"{self.prefix}_{super().table(kind, values)}"


def _is_in_loops(instance: Instance) -> bool:
    """Return whether a function of numbers returns a number, like functions of
    states.
    """
    kinds = {instance.result, *dict(instance.parameters).values()}
    return kinds <= {*FLOATS} and not instance.options.of_user


def _has_twice(arguments: tuple[Node, ...]) -> bool:
    """Return whether two arguments are, or may be, the same column."""
    names = [
        column_name(inner)
        for argument in arguments
        if isinstance(argument.kind, ColumnKind | TupleKind)
        for inner in within(argument)
        if inner.form == "column"
    ]
    return len(names) > len({*names})


def field_of(kind: TupleKind, place: int) -> str:
    """Return the name of a structure's item."""
    return kind.names[place] if kind.names else ascii_lowercase[place]


def _written(instance: Instance, known: dict[Instance, set[str]]) -> Any:
    """Yield the parameters through which a function writes, with "net" for the
    instance.
    """
    forms = forms_of(instance)
    for node in forms["store"]:
        yield _owner(node.parts[0])
    for node in forms["fixed"]:
        yield from (_owner(part) for part in parts_of(node) if part.form == "column")
    for node in forms["call"]:
        callee, arguments = node.parts
        if "net" in known[callee]:
            yield "net"
        for (name, _), argument in zip(callee.parameters, arguments, strict=True):
            if name in known[callee]:
                yield _owner(argument)


def _owner(column: Node) -> str:
    while column.form in ("hidden", "retyped"):
        column = column.parts[0]
    return "net" if column.form == "column" else str(column.parts[0])

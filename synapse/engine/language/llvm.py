"""Write the typed tree as text in the language of LLVM.

Accesses to columns of different families are distinguished (TBAA), each operation has
the fast-math flags of its function, and variables have slots on the stack, until LLVM
puts them into registers.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

from .program import Instance
from .tree import (
    BOOL,
    FLOAT32,
    FLOAT64,
    FLOATS,
    INT,
    NOTHING,
    WORD,
    ArrayKind,
    KnownKind,
    Node,
    PackKind,
    RecordKind,
    TupleKind,
    literal,
)

SCALARS = {
    INT: "i64",
    WORD: "i64",
    BOOL: "i1",
    FLOAT32: "float",
    FLOAT64: "double",
    NOTHING: "void",
}
SIGNS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
REALS = {"Add": "fadd", "Sub": "fsub", "Mult": "fmul", "Div": "fdiv"}
INTEGERS = {
    "Add": "add",
    "Sub": "sub",
    "Mult": "mul",
    "BitAnd": "and",
    "BitOr": "or",
    "BitXor": "xor",
    "LShift": "shl",
    "RShift": "ashr",
}
WORDS = INTEGERS | {"FloorDiv": "udiv", "Mod": "urem", "RShift": "lshr"}
INSTRUCTIONS = {
    "bundle": "inttoptr {0} to ptr",
    "data": "extractvalue {0}, 0",
    "first_lane": "insertelement {kind} zeroinitializer, {0}, i32 0",
    "invert": "xor {0}, -1",
    "item": "extractvalue {0}, {1}",
    "member": "getelementptr i8, {0}, i64 {1}",
    "not": "xor {0}, true",
    "opaque": 'call i64 asm "", "=r,0"({0}) readnone',
}
"""Forms of expressions that are one instruction, of their parts: typed values."""
PYTHON = "synapse_python"
"""The name of the slot with the function that calls users' functions in Python."""
SUFFIXES = {FLOAT32: "f32", FLOAT64: "f64"}


def suffix_of(kind: Any) -> str:
    """Return the suffix that LLVM's function names have for these numbers."""
    if isinstance(kind, PackKind):
        return f"v{kind.length}{SUFFIXES[kind.of]}"
    return SUFFIXES[kind]


ONCE = '!{!"llvm.loop.unroll.runtime.disable"}'
"""Mark of loops whose turns are not repeated in the code. A quarter of the time to
compile was for these copies, and no kernel is faster with them."""
NOT_SIDE_BY_SIDE = '!{!"llvm.loop.interleave.count", i32 1}'
"""Mark of loops that compute one vector of turns at a time instead of several. Loops
whose sums may be reordered lack it, because their last bits would change."""
INTRINSICS = {
    name: f"llvm.{name}"
    for name in ("sqrt", "copysign", "floor", "ceil", "trunc", "rint", "fmuladd")
} | {"abs": "llvm.fabs", "pow": "llvm.pow"}


def type_of(kind: Any) -> str:
    """Return a value's type in LLVM."""
    if isinstance(kind, str):  # most are
        return SCALARS[kind]
    if isinstance(kind, TupleKind):
        return "{" + ", ".join(map(type_of, kind.items)) + "}"
    if isinstance(kind, ArrayKind):
        return "{ptr, " + ", ".join(["i64"] * kind.dimensions) + "}"
    if isinstance(kind, PackKind):
        return f"<{kind.length} x {SCALARS[kind.of]}>"
    is_known = isinstance(kind, KnownKind)
    return "i8" if is_known else "ptr"  # of a function: nobody reads it


def type_in_memory(of: Any) -> str:
    """Return the type of a column's elements in memory."""
    if isinstance(of, RecordKind):
        return f"[{of.size} x i8]"
    if isinstance(of, PackKind) or of in FLOATS:
        return type_of(of)
    return "i64" if of == INT else "i" + of.lstrip("uint")


def is_real(kind: Any) -> bool:
    """Return whether a kind represents one or several real numbers."""
    return kind in FLOATS or isinstance(kind, PackKind)


def number(kind: str, value: float) -> str:
    """Return a literal. A float is written as the bits of a double."""
    if kind == FLOAT32:
        (value,) = struct.unpack("<f", struct.pack("<f", value))
    if kind in FLOATS:
        (bits,) = struct.unpack("<Q", struct.pack("<d", value))
        return f"0x{bits:016X}"
    return str(bool(value)).lower() if kind == BOOL else str(int(value))


def quoted(name: str) -> str:
    """Return a global name."""
    return f'@"{name}"'


class Module:
    """The text of a module, with functions and everything they refer to."""

    def __init__(self, pauses: bool = True) -> None:
        self.pauses = pauses  # whether the processor has an instruction for it
        self.functions: list[str] = []
        self.globals: list[str] = []
        self._declared: dict[str, str] = {}
        self._nodes: dict[str, str] = {}
        self._tables: dict[str, str] = {}
        self._slots: dict[str, tuple[str, str]] = {}
        self.invariant = self.node("!{}")
        self.rare = self.node('!{!"branch_weights", i32 1, i32 99}')

    def node(self, text: str) -> str:
        """Add metadata and return its name."""
        return self._nodes.setdefault(text, f"!{len(self._nodes)}")

    def loop(self, *marks: str) -> str:
        """Return the metadata of a branch that repeats a loop."""
        nodes = ", ".join(map(self.node, marks))
        itself = f"!{len(self._nodes)}"
        return f", !llvm.loop {self.node(f'distinct !{{{itself}, {nodes}}}')}"

    def access(self, family: tuple[str, ...]) -> str:
        """Return the metadata of a memory access that only touches this family."""
        node = self.node('!{!"synapse columns"}')
        for name in family:
            node = self.node(f'!{{!"{name}", {node}, i64 0}}')
        return f", !tbaa {self.node(f'!{{{node}, {node}, i64 0}}')}"

    def declare(self, name: str, result: str, *arguments: str) -> str:
        """Declare an external function and return its global name."""
        self._declared[name] = f"declare {result} @{name}({', '.join(arguments)})"
        return f"@{name}"

    def table(self, kind: str, numbers: str) -> str:
        """Return the name of a constant array with elements of this type."""
        text = f"internal constant {kind} [{numbers}]"
        if text not in self._tables:
            self._tables[text] = f"@table.{len(self._tables)}"
            self.globals.append(f"{self._tables[text]} = {text}")
        return self._tables[text]

    def slots(self, label: str, count: int) -> tuple[str, str]:
        """Return the names of the slots of lazy parts, which are initially 0, and of
        their label.
        """
        if label not in self._slots:
            k = len(self._slots)
            slots, text = f"@slots.{k}", f"@label.{k}"
            self.globals += [
                f"{slots} = internal global [{count} x i64] zeroinitializer",
                f'{text} = internal constant [{len(label) + 1} x i8] c"{label}\\00"',
            ]
            if not self._slots:
                self.functions.append(FILL)
                self.declare(
                    "synapse_resolve", "void", "i64", "ptr", "ptr", "i64", "i64"
                )
            self._slots[label] = slots, text
        return self._slots[label]

    def text(self) -> str:
        """Return the whole module."""
        nodes = [f"{name} = {text}" for text, name in self._nodes.items()]
        parts = [*self.globals, *self._declared.values(), *self.functions, *nodes]
        return "\n".join(parts) + "\n"


FILL = """\
define internal void @synapse_fill(i64 %store, ptr %slot, ptr %label, i64 %index) \
noinline nounwind {
begin:
  br label %again
again:
  %before = phi i64 [0, %begin], [%calls, %again]
  %calls = add i64 %before, 1
  call void @synapse_resolve(i64 %store, ptr %slot, ptr %label, i64 %index, i64 %calls)
  %code = load volatile i64, ptr %slot
  %empty = icmp eq i64 %code, 0
  br i1 %empty, label %again, label %filled
filled:
  ret void
}"""
"""Calls the resolver until the slot is filled, as an exception of a signal can end the
resolver before."""


class Writer:
    """Writes the instructions of one function in a module."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.lines: list[str] = []
        self.count = 0

    def put(self, line: str) -> None:
        """Add an instruction that returns no value."""
        self.lines.append(line)

    def let(self, instruction: str) -> str:
        """Add an instruction and return the name of its value."""
        self.count += 1
        self.lines.append(f"%r{self.count} = {instruction}")
        return f"%r{self.count}"

    def number(self) -> int:
        """Return a new number for a name."""
        self.count += 1
        return self.count

    def packed(self, kind: str, parts: list[str]) -> str:
        """Return a structure of typed values."""
        made = "undef"
        for k, part in enumerate(parts):
            made = self.let(f"insertvalue {kind} {made}, {part}, {k}")
        return made if parts else "zeroinitializer"

    def call(
        self, result: str, name: str, *passed: str, flags: str = "", mark: str = ""
    ) -> str:
        """Call an external function with typed values."""
        kinds = [value.rpartition(" ")[0] for value in passed]
        callee = self.module.declare(name, result, *kinds)
        call = f"call {flags}{result} {callee}({', '.join(passed)}){mark}"
        return self.let_call(result, call)

    def let_call(self, result: str, call: str) -> str:
        """Add a call, which need not return a value."""
        if result != "void":
            return self.let(call)
        self.put(call)
        return ""


class FunctionWriter(Writer):
    """Writes one instance, with a method for each form of the tree. Methods of
    expressions return the name of a value.
    """

    def __init__(self, module: Module, instance: Instance, name: str = "") -> None:
        """Write an instance as a function of a module. If a name is given, the function
        is visible from outside.
        """
        super().__init__(module)
        self.instance = instance
        self.loops: list[int] = []  # the numbers of loops, for `continue` and `break`
        self.flags = "".join(f"{flag} " for flag in instance.options.flags)
        self.kinds = dict(instance.parameters) | instance.locals
        self.slots = {local: f"%v{k}" for k, local in enumerate(self.kinds)}
        self.head = [
            f"{self.slots[local]} = alloca {type_of(kind)}"
            for local, kind in self.kinds.items()
        ]
        arguments = []
        for k, (local, kind) in enumerate(instance.parameters):
            arguments.append(f"{type_of(kind)} %a{k}")
            self.put(f"store {arguments[k]}, ptr {self.slots[local]}")
        self.block(instance.body)
        self.put("ret void" if instance.result == NOTHING else "unreachable")
        mark = "alwaysinline" if instance.options.inlined and not name else "noinline"
        module.functions.append(
            f"define {'dso_local' if name else 'internal'} {type_of(instance.result)}"
            f" {quoted(name or instance.name)}({', '.join(arguments)})"
            f" {mark} nounwind {{\n" + "\n".join([*self.head, *self.lines]) + "\n}"
        )

    def on_stack(self, kind: str) -> str:
        """Reserve memory for a value on the stack and return its name."""
        name = f"%s{len(self.head)}"
        self.head.append(f"{name} = alloca {kind}")
        return name

    def typed(self, node: Node) -> str:
        """Return a value together with its type."""
        return f"{type_of(node.kind)} {self.value(node)}"

    def all_typed(self, nodes: Iterable[Node]) -> str:
        """Return values with their types, as arguments."""
        return ", ".join(map(self.typed, nodes))

    # --- statements

    def block(self, statements: list[Node]) -> None:
        """Write statements."""
        for node in statements:
            getattr(self, f"_do_{node.form}")(*node.parts)
            if node.form in ("return", "break", "continue"):
                self.put(f"unreached.{self.number()}:")
                return

    def _do_set(self, local: str, value: Node) -> None:
        self.put(f"store {self.typed(value)}, ptr {self.slots[local]}")

    def _do_do(self, value: Node) -> None:
        self.value(value)

    def _do_store(self, column: Node, index: Node, value: Node) -> None:
        at = self.address(column, index)
        passed = self.value(value)
        kind = type_in_memory(column.kind.of)
        if isinstance(value.kind, RecordKind):
            self.call(
                "void",
                "llvm.memmove.p0.p0.i64",
                f"ptr {at}",
                f"ptr {passed}",
                f"i64 {value.kind.size}",
                "i1 false",
            )
            return
        if value.kind == INT and kind != "i64":
            passed = self.let(f"trunc i64 {passed} to {kind}")
        self.put(f"store {kind} {passed}, ptr {at}{self.access(column)}")

    def _do_if(self, test: Node, then: list[Node], other: list[Node]) -> None:
        n = self.number()
        holds = self.value(test)
        self.put(f"br i1 {holds}, label %then.{n}, label %else.{n}\nthen.{n}:")
        self.block(then)
        self.put(f"br label %end.{n}\nelse.{n}:")
        self.block(other)
        self.put(f"br label %end.{n}\nend.{n}:")

    def _do_while(self, test: Node, body: list[Node]) -> None:
        n = self.number()
        self.put(f"br label %next.{n}\nnext.{n}:")
        holds = self.value(test)
        self.put(f"br i1 {holds}, label %turn.{n}, label %end.{n}\nturn.{n}:")
        self._repeat(n, body)
        self.put(f"br label %next.{n}{self._loop()}\nend.{n}:")

    def _repeat(self, n: int, body: list[Node]) -> None:
        """Write the body of the loop of a number."""
        self.loops.append(n)
        self.block(body)
        self.loops.pop()

    def _loop(self) -> str:
        """Return the metadata of the branch that repeats a loop."""
        is_in_order = "reassoc" not in self.instance.options.flags
        return self.module.loop(ONCE, *[NOT_SIDE_BY_SIDE] * is_in_order)

    def _do_for(
        self, counter: str, low: Node, high: Node, step: Node, body: list[Node]
    ) -> None:
        n = self.number()
        slot = self.slots[counter]
        self.put(f"store {self.typed(low)}, ptr {slot}")
        stop = self.value(high)
        by = self.value(step)
        sign = "sgt" if step.form == "literal" and step.parts[0] < 0 else "slt"
        self.put(f"""\
br label %test.{n}
test.{n}:
%at.{n} = load i64, ptr {slot}
%goes_on.{n} = icmp {sign} i64 %at.{n}, {stop}
br i1 %goes_on.{n}, label %turn.{n}, label %end.{n}
turn.{n}:""")
        self._repeat(n, body)
        self.put(f"""\
br label %next.{n}
next.{n}:
%done.{n} = load i64, ptr {slot}
%moved.{n} = add nsw i64 %done.{n}, {by}
store i64 %moved.{n}, ptr {slot}
br label %test.{n}{self._loop()}
end.{n}:""")

    def _do_return(self, value: Node | None) -> None:
        self.put("ret void" if value is None else f"ret {self.typed(value)}")

    def _do_break(self) -> None:
        self.put(f"br label %end.{self.loops[-1]}")

    def _do_continue(self) -> None:
        self.put(f"br label %next.{self.loops[-1]}")

    def _do_lazy(self, label: str, count: int, number: Node, passed: Any) -> None:
        """Call a lazy part. If its slot is empty, fill it first."""
        slots, text = self.module.slots(label, count)
        index = self.typed(number)
        values = [self.typed(value) for value in passed]
        n = self.number()
        self.put(f"""\
%slot.{n} = getelementptr i64, ptr {slots}, {index}
%before.{n} = load i64, ptr %slot.{n}
%empty.{n} = icmp eq i64 %before.{n}, 0
br i1 %empty.{n}, label %fill.{n}, label %go.{n}, !prof {self.module.rare}
fill.{n}:
%store.{n} = ptrtoint {values[0]} to i64
call void @synapse_fill(i64 %store.{n}, ptr %slot.{n}, ptr {text}, {index})
br label %go.{n}
go.{n}:
%address.{n} = load i64, ptr %slot.{n}
%code.{n} = inttoptr i64 %address.{n} to ptr
call void %code.{n}({", ".join(values)})""")

    def _do_store_word(self, words: Node, index: Node, value: Node) -> None:
        at = self.address(words, index)
        self.put(f"store atomic {self.typed(value)}, ptr {at} release, align 8")

    def _do_prefetch(self, column: Node, index: Node) -> None:
        at = f"ptr {self.address(column, index)}"
        self.call("void", "llvm.prefetch.p0", at, "i32 0", "i32 3", "i32 1")

    def _do_pause(self) -> None:
        if self.module.pauses:
            self.call("void", "llvm.x86.sse2.pause")

    def _do_yield(self, address: Node) -> None:
        self.let(f"call i32 {self._code(address)}()")

    def _do_store_some(self, value: Node, column: Node, at: Node, left: Node) -> None:
        self._masked("void", "store", value.kind, column, at, left, self.typed(value))

    # --- expressions

    def value(self, node: Node) -> str:
        """Write an expression and return the name of its value."""
        if node.form not in INSTRUCTIONS:
            return getattr(self, f"_of_{node.form}")(node, *node.parts)
        parts = [self.typed(p) if isinstance(p, Node) else p for p in node.parts]
        return self.let(INSTRUCTIONS[node.form].format(*parts, kind=type_of(node.kind)))

    def _of_known(self, node: Node) -> str:
        return "0"

    def _of_zeros(self, node: Node) -> str:
        return "zeroinitializer"

    def _of_literal(self, node: Node, value: float) -> str:
        return number(node.kind, value)

    def _of_variable(self, node: Node, local: str) -> str:
        return self.let(f"load {type_of(self.kinds[local])}, ptr {self.slots[local]}")

    def _of_column(self, node: Node, bundle: Node, name: str, place: int) -> str:
        """Return a column of a table. Loops load it only once, because kernels never
        change it.
        """
        at = self.let(f"getelementptr i64, ptr {self.value(bundle)}, i64 {place}")
        invariant = self.module.invariant
        word = self.let(f"load i64, ptr {at}, !invariant.load {invariant}")
        return self.let(f"inttoptr i64 {word} to ptr")

    def access(self, column: Node) -> str:
        """Return the metadata of a memory access."""
        return self.module.access(column.kind.family)

    def address(self, column: Node, index: Node) -> str:
        """Return the address of an element."""
        base = self.value(column)
        at = self.value(index)
        if isinstance(column.kind, ArrayKind):
            base = self.let(f"extractvalue {type_of(column.kind)} {base}, 0")
        kind = type_in_memory(column.kind.of)
        return self.let(f"getelementptr {kind}, ptr {base}, i64 {at}")

    def _of_load(self, node: Node, column: Node, index: Node) -> str:
        of = column.kind.of
        kind = type_in_memory(of)
        address = self.address(column, index)
        value = self.let(f"load {kind}, ptr {address}{self.access(column)}")
        if node.kind == INT and kind != "i64":
            extended = "zext" if of.startswith("u") else "sext"
            value = self.let(f"{extended} {kind} {value} to i64")
        return value

    def _of_row(self, node: Node, array: Node, index: Node) -> str:
        return self.address(array, index)

    def _of_retyped(self, node: Node, column: Node) -> str:
        return self.value(column)

    def _of_hidden(self, node: Node, column: Node, index: Node) -> str:
        """Return an address whose origin the optimiser does not know."""
        address = self.address(column, index)
        return self.let(f'call ptr asm "", "=r,0"(ptr {address}) readnone')

    def _of_slice(self, node: Node, array: Node, low: Node, high: Node) -> str:
        begin = self.value(low)
        data = self.let(f"extractvalue {self.typed(array)}, 0")
        memory = type_in_memory(node.kind.of)
        at = self.let(f"getelementptr {memory}, ptr {data}, i64 {begin}")
        size = self.let(f"sub i64 {self.value(high)}, {begin}")
        return self.packed(type_of(node.kind), [f"ptr {at}", f"i64 {size}"])

    def _of_size(self, node: Node, array: Node, dimension: int) -> str:
        return self.let(f"extractvalue {self.typed(array)}, {dimension + 1}")

    def _of_tuple(self, node: Node, *items: Node) -> str:
        return self.packed(type_of(node.kind), [self.typed(item) for item in items])

    def _of_binary(self, node: Node, operation: str, left: Node, right: Node) -> str:
        a = self.typed(left)
        b = self.value(right)
        if is_real(node.kind):
            return self.let(f"{REALS[operation]} {self.flags}{a}, {b}")
        names = WORDS if node.kind == WORD else INTEGERS
        if operation in names:
            return self.let(f"{names[operation]} {a}, {b}")
        return self._divided(operation == "Mod", a, b, right)

    def _divided(self, is_rest: bool, a: str, b: str, by: Node) -> str:
        """Return the floored quotient, or the remainder with the divisor's sign."""
        (divisor,) = by.parts if by.form == "literal" else (0,)
        if divisor > 0 and not divisor & divisor - 1:
            shift = f"ashr {a}, {divisor.bit_length() - 1}"
            return self.let(f"and {a}, {divisor - 1}" if is_rest else shift)
        n = self.number()
        plain, mended = ("rest", "add") if is_rest else ("quotient", "sub")
        self.put(f"""\
%quotient.{n} = sdiv {a}, {b}
%rest.{n} = srem {a}, {b}
%signs.{n} = xor i64 %rest.{n}, {b}
%differs.{n} = icmp slt i64 %signs.{n}, 0
%is_some.{n} = icmp ne i64 %rest.{n}, 0
%wrong.{n} = and i1 %differs.{n}, %is_some.{n}
%mended.{n} = {mended} i64 %{plain}.{n}, {b if is_rest else 1}""")
        return self.let(f"select i1 %wrong.{n}, i64 %mended.{n}, i64 %{plain}.{n}")

    def _of_overflows(self, node: Node, operation: str, left: Node, right: Node) -> str:
        """Return whether the result of an operation on two integers needs more than 64
        bits.
        """
        name = f"llvm.s{INTEGERS[operation]}.with.overflow.i64"
        both = self.call("{i64, i1}", name, self.typed(left), self.typed(right))
        return self.let(f"extractvalue {{i64, i1}} {both}, 1")

    def _of_compare(self, node: Node, sign: str, left: Node, right: Node) -> str:
        a = self.value(left)
        return self.let(f"{self._comparison(sign, left.kind)} {a}, {self.value(right)}")

    def _comparison(self, sign: str, kind: Any) -> str:
        name = SIGNS[sign]
        if is_real(kind):
            name = "une" if sign == "!=" else f"o{name}"
            return f"fcmp {self.flags}{name} {type_of(kind)}"
        if sign not in ("==", "!="):
            name = f"{'s' if kind == INT else 'u'}{name}"
        return f"icmp {name} {type_of(kind)}"

    def _of_negative(self, node: Node, value: Node) -> str:
        if is_real(node.kind):
            return self.let(f"fneg {self.flags}{self.typed(value)}")
        return self.let(f"sub i64 0, {self.value(value)}")

    def _of_choice(self, node: Node, test: Node, left: Node, right: Node) -> str:
        """Return one of two values, of which only this one is computed."""
        n = self.number()
        holds = self.value(test)
        kind = type_of(node.kind)
        slot = self.on_stack(kind)
        self.put(f"br i1 {holds}, label %left.{n}, label %right.{n}\nleft.{n}:")
        self.put(f"store {kind} {self.value(left)}, ptr {slot}")
        self.put(f"br label %end.{n}\nright.{n}:")
        self.put(f"store {kind} {self.value(right)}, ptr {slot}")
        self.put(f"br label %end.{n}\nend.{n}:")
        return self.let(f"load {kind}, ptr {slot}")

    def _of_and(self, node: Node, left: Node, right: Node) -> str:
        return self._of_choice(node, left, right, literal(BOOL, False))

    def _of_or(self, node: Node, left: Node, right: Node) -> str:
        return self._of_choice(node, left, literal(BOOL, True), right)

    def _of_pick(self, node: Node, sign: str, left: Node, right: Node) -> str:
        a = self.value(left)
        b = self.value(right)
        kind = type_of(node.kind)
        test = self.let(f"{self._comparison(sign, node.kind)} {b}, {a}")
        return self.let(f"select i1 {test}, {kind} {b}, {kind} {a}")

    def _of_cast(self, node: Node, value: Node) -> str:
        passed = self.value(value)
        to = node.kind
        if not isinstance(to, PackKind):
            return self._as(passed, value.kind, to)
        if isinstance(value.kind, PackKind):
            name = "fpext" if to.of == FLOAT64 else "fptrunc"
            return self.let(f"{name} {type_of(value.kind)} {passed} to {type_of(to)}")
        element = self._as(passed, value.kind, to.of)
        return self._spread(type_of(to), f"{SCALARS[to.of]} {element}", to.length)

    def _as(self, value: str, of: str, to: str) -> str:
        if SCALARS[of] == SCALARS[to]:
            return value
        if of in FLOATS and to in FLOATS:
            name = "fpext" if to == FLOAT64 else "fptrunc"
        elif to in FLOATS:
            name = "uitofp" if of in (WORD, BOOL) else "sitofp"
        else:
            name = "fptosi" if of in FLOATS else "zext"
        return self.let(f"{name} {SCALARS[of]} {value} to {SCALARS[to]}")

    def _spread(self, vector: str, value: str, count: int) -> str:
        """Return a vector whose elements are all the same typed number."""
        left = self.let(f"insertelement {vector} undef, {value}, i32 0")
        places = f"<{count} x i32> zeroinitializer"
        return self.let(f"shufflevector {vector} {left}, {vector} undef, {places}")

    def _of_bits(self, node: Node, value: Node) -> str:
        passed = self.typed(value)
        if node.kind == FLOAT32:
            passed = f"i32 {self.let(f'trunc {passed} to i32')}"
        if value.kind == FLOAT32:
            return self.let(f"sext i32 {self.let(f'bitcast {passed} to i32')} to i64")
        return self.let(f"bitcast {passed} to {type_of(node.kind)}")

    def _of_table(self, node: Node, values: tuple[Any, ...], index: Node) -> str:
        of = type_of(node.kind)
        numbers = ", ".join(f"{of} {number(node.kind, value)}" for value in values)
        name = self.module.table(f"[{len(values)} x {of}]", numbers)
        at = self.let(f"getelementptr {of}, ptr {name}, i64 {self.value(index)}")
        return self.let(f"load {of}, ptr {at}{self.module.access(('table',))}")

    def _of_math(self, node: Node, name: str, *arguments: Node) -> str:
        values = [self.typed(element) for element in arguments]
        of = arguments[0].kind
        kind = type_of(of)
        if name == "isfinite":
            number = values[0].rpartition(" ")[2]
            rest = self.let(f"fsub {self.flags}{values[0]}, {number}")
            return self.let(f"fcmp {self.flags}ord {kind} {rest}, {rest}")
        callee = name + ("f" if of == FLOAT32 else "")
        is_exact = self.instance.options.of_user
        if name in INTRINSICS and not (is_exact and name == "pow"):
            callee = f"{INTRINSICS[name]}.{suffix_of(of)}"
        # it reads and changes no memory, unlike what C says of errno; for users,
        # LLVM puts no other function in its place, such as x * x
        pure = " memory(none) nounwind willreturn" + " nobuiltin" * is_exact
        return self.call(kind, callee, *values, flags=self.flags, mark=pure)

    def _of_call(self, node: Node, instance: Instance, arguments: Any) -> str:
        result = type_of(instance.result)
        passed = self.all_typed(arguments)
        return self.let_call(result, f"call {result} {quoted(instance.name)}({passed})")

    def _code(self, address: Node) -> str:
        return self.let(f"inttoptr i64 {self.value(address)} to ptr")

    def _of_called(self, node: Node, address: Node, arguments: Any) -> str:
        call = f"call {type_of(node.kind)} {self._code(address)}"
        return self.let(f"{call}({self.all_typed(arguments)})")

    def _of_user(self, node: Node, address: Node, numbers: Any) -> str:
        n = self.number()
        slot = self.on_stack("[2 x double]")
        code = self._code(address)
        passed = self.all_typed(numbers)
        self.put(f"""\
%returned.{n} = call i64 {code}(ptr {slot}, {passed})
%place.{n} = getelementptr double, ptr {slot}, i64 1
%left.{n} = load double, ptr {slot}
%right.{n} = load double, ptr %place.{n}""")
        parts = f"i64 %returned.{n}", f"double %left.{n}", f"double %right.{n}"
        return self.packed(type_of(node.kind), list(parts))

    def _of_python(self, node: Node, number: Node, numbers: Any) -> str:
        """Call a user's function in Python. Return whether it has returned, and its
        numbers.
        """
        count = len(node.kind.items) - 1
        slot = self.on_stack(f"[{max(count, len(numbers))} x double]")
        places = [
            f"getelementptr double, ptr {slot}, i64 {k}"
            for k in range(max(count, len(numbers)))
        ]
        for place, value in zip(places, numbers, strict=False):
            self.put(f"store {self.typed(value)}, ptr {self.let(place)}")
        line = f"@{PYTHON} = dso_local global ptr null"
        if line not in self.module.globals:
            self.module.globals.append(line)
        code = self.let(f"load ptr, ptr @{PYTHON}")
        returned = self.let(f"call i1 {code}({self.typed(number)}, ptr {slot})")
        parts = [
            f"double {self.let(f'load double, ptr {self.let(place)}')}"
            for place in places[:count]
        ]
        return self.packed(type_of(node.kind), [f"i1 {returned}", *parts])

    def _of_load_word(self, node: Node, words: Node, index: Node) -> str:
        at = self.address(words, index)
        return self.let(f"load atomic i64, ptr {at} acquire, align 8")

    def _of_marks(self, node: Node, column: Node, at: Node) -> str:
        """Return a word with a bit for each of 64 numbers that is not 0."""
        vector = f"<64 x {SCALARS[column.kind.of]}>"
        address = f"ptr {self.address(column, at)}, align 4{self.access(column)}"
        numbers = self.let(f"load {vector}, {address}")
        marks = self.let(f"fcmp une {vector} {numbers}, zeroinitializer")
        return self.let(f"bitcast <64 x i1> {marks} to i64")

    def _of_lowest(self, node: Node, bits: Node) -> str:
        return self.call("i64", "llvm.cttz.i64", self.typed(bits), "i1 true")

    def _of_swap_word(
        self, node: Node, words: Node, index: Node, before: Node, after: Node
    ) -> str:
        at = self.address(words, index)
        values = self.all_typed((before, after))
        pair = self.let(f"cmpxchg ptr {at}, {values} acq_rel acquire")
        return self.let(f"extractvalue {{ i64, i1 }} {pair}, 1")

    # --- packs

    def _masked(
        self,
        result: str,
        form: str,
        kind: PackKind,
        column: Node,
        at: Node,
        left: Node,
        *passed: str,
    ) -> str:
        """Write an access to the first elements of a pack."""
        address = self.address(column, at)
        count = kind.length
        vector = f"<{count} x i64>"
        there = self._spread(vector, self.typed(left), count)
        places = ", ".join(f"i64 {k}" for k in range(count))
        mask = self.let(f"icmp ult {vector} <{places}>, {there}")
        align = "i32 8" if kind.of == FLOAT64 else "i32 4"
        name = f"llvm.masked.{form}.v{count}{SUFFIXES[kind.of]}.p0"
        masked = f"ptr {address}", align, f"<{count} x i1> {mask}"
        values = [*passed, *masked] if form == "store" else [*masked, *passed]
        return self.call(result, name, *values, mark=self.access(column))

    def _of_load_some(self, node: Node, column: Node, at: Node, left: Node) -> str:
        vector = type_of(node.kind)
        rest = f"{vector} zeroinitializer"
        return self._masked(vector, "load", node.kind, column, at, left, rest)

    def _of_shuffle(self, node: Node, left: Node, right: Node, order: Any) -> str:
        return self._shuffled(self.typed(left), self.typed(right), order)

    def _shuffled(self, left: str, right: str, order: Any) -> str:
        places = ", ".join(f"i32 {k}" for k in order)
        return self.let(
            f"shufflevector {left}, {right}, <{len(order)} x i32> <{places}>"
        )

    def _of_reduced(self, node: Node, value: Node) -> str:
        kind = type_of(node.kind)
        return self.call(
            kind,
            f"llvm.vector.reduce.fadd.v{value.kind.length}{SUFFIXES[node.kind]}",
            f"{kind} {number(node.kind, 0.0)}",
            self.typed(value),
            flags="reassoc nsz ",
        )

    def _of_sums(self, node: Node, *packs: Node) -> str:
        """Return the sum of each pack, as a pack or as a tuple."""
        of = packs[0].kind
        vector = type_of(of)
        values = self._halved([self.value(pack) for pack in packs], of)
        if isinstance(node.kind, PackKind):
            return values[0]
        parts = []
        for k in range(len(packs)):
            value, place = (values[0], k) if of.length > 1 else (values[k], 0)
            element = self.let(f"extractelement {vector} {value}, i32 {place}")
            parts.append(f"{SCALARS[of.of]} {element}")
        return self.packed(type_of(node.kind), parts)

    def _halved(self, values: list[str], kind: PackKind) -> list[str]:
        """Add the halves of each vector, and join the sums of two vectors."""
        vector = type_of(kind)
        half = kind.length
        while half > 1:
            half //= 2
            low = [k for k in range(2 * kind.length) if not k & half]
            typed = [f"{vector} {value}" for value in values]
            typed += typed[: len(typed) % 2]
            pairs = list(zip(typed[::2], typed[1::2], strict=True))
            values = []
            for pair in pairs:
                a, b = (
                    self._shuffled(*pair, [k + by for k in low]) for by in (0, half)
                )
                values.append(self.let(f"fadd {self.flags}{vector} {a}, {b}"))
        return values

"""Translates the loops of lowering from Python to LLVM's language.

All numbers in them are integers, and are 64 bits wide here. So no types have to be
found, for which Numba takes two seconds. A loop is written with functions, `if`,
`while`, `for` over a `range`, and what `_Translator` has a method for. Conditions,
also those of several parts, are 0 or 1.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable
from functools import cache
from itertools import chain
from types import ModuleType
from typing import Any

from ..schema import TABLE

_ADDRESSES = ("store", "work")
"""Parameters that are addresses: of the table of columns, and of memory."""
_PAIR = "{i64, i64}"
_RESULTS = {"Pair": _PAIR, "int": "i64", "bool": "i64"}
_OPERATIONS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.BitAnd: "and",
    ast.BitOr: "or",
    ast.BitXor: "xor",
    ast.LShift: "shl",
    ast.RShift: "ashr",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "slt",
    ast.LtE: "sle",
    ast.Gt: "sgt",
    ast.GtE: "sge",
}
_CHOICES = {"min": "slt", "max": "sgt"}


def translate(loop: Callable[..., Any]) -> str:
    """Return a loop and the functions that it calls in LLVM's language.

    ``run_`` and its name is a function that takes the arguments of the loop, and an
    address for its two results.
    """
    waiting = [loop]
    texts = {}
    for function in waiting:
        if function not in texts:
            translator = _Translator(function)
            texts[function] = translator.text()
            waiting += translator.callees
    return "\n".join([_ENTRY.format(loop.__name__), *texts.values()])


_ENTRY = """\
define void @run_{0}(
    i64* %store, i64 %n, i64 %count, i64* %work, {{i64, i64}}* %results
) {{
  %pair = call {{i64, i64}} @{0}(i64* %store, i64 %n, i64 %count, i64* %work)
  store {{i64, i64}} %pair, {{i64, i64}}* %results
  ret void
}}
"""


@cache
def _functions_of(module: ModuleType) -> dict[str, ast.FunctionDef]:
    """Return the functions of a module by name."""
    nodes = ast.parse(inspect.getsource(module)).body
    return {node.name: node for node in nodes if isinstance(node, ast.FunctionDef)}


def _node_of(function: Callable[..., Any]) -> ast.FunctionDef:
    return _functions_of(sys.modules[function.__module__])[function.__name__]


def _result_of(function: Callable[..., Any]) -> str:
    """Return the type of what a function returns."""
    returns = _node_of(function).returns
    return _RESULTS.get(returns.id if isinstance(returns, ast.Name) else "None", "void")


class _Translator(ast.NodeVisitor):
    """Translates one function. Methods for expressions return the name of the value.

    Every variable has a slot on the stack, until LLVM puts it into a register.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = _node_of(function)
        self.result = _result_of(function)
        self.scope = vars(sys.modules[function.__module__])
        self.callees: list[Callable[..., Any]] = []
        self.parameters = [parameter.arg for parameter in self.function.args.args]
        self.variables = {*function.__code__.co_varnames} - {*_ADDRESSES}
        self.slots = [f"%{name}.slot = alloca i64" for name in sorted(self.variables)]
        self.columns: dict[str, tuple[str, ...]] = {}  # their addresses are loaded once
        self.lines: list[str] = []
        self.loops: list[tuple[str, str]] = []  # where `continue` and `break` lead
        self.count = 0

    def text(self) -> str:
        """Return the whole function."""
        parameters = ", ".join(map(self.typed, self.parameters))
        for name in self.parameters:
            if name in self.variables:
                self.write(f"store i64 %{name}, i64* %{name}.slot")
        self.run(self.function.body)
        self.write("ret void" if self.result == "void" else "unreachable")
        head = f"define internal {self.result} @{self.function.name}({parameters})"
        columns = chain.from_iterable(self.columns.values())
        return "\n".join(
            [f"{head} nounwind {{", *self.slots, *columns, *self.lines, "}", ""]
        )

    def typed(self, name: str) -> str:
        """Return a parameter with its type."""
        return f"i64* %{name}" if name in _ADDRESSES else f"i64 %{name}"

    def write(self, line: str) -> None:
        """Add an instruction without a value, or a label."""
        self.lines.append(line)

    def name(self, start: str) -> str:
        """Return a name that is not in use."""
        self.count += 1
        return f"{start}.{self.count}"

    def value(self, instruction: str) -> str:
        """Add an instruction; returns the name of its value."""
        name = self.name("%value")
        self.write(f"{name} = {instruction}")
        return name

    def run(self, statements: list[ast.stmt]) -> None:
        """Translate statements, one after the other."""
        for statement in statements:
            self.visit(statement)

    def generic_visit(self, node: ast.AST) -> Any:
        """Refuse what the loops may not contain."""
        raise NotImplementedError(f"{ast.unparse(node)!r} in {self.function.name}")

    # --- statements ---

    def visit_Expr(self, node: Any) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.visit(node.value)

    def visit_Assign(self, node: Any) -> None:
        value = self.visit(node.value)
        for target in node.targets:
            if isinstance(target, ast.Tuple):
                for index, element in enumerate(target.elts):
                    self.store(
                        element, self.value(f"extractvalue {_PAIR} {value}, {index}")
                    )
            else:
                self.store(target, value)

    def visit_AugAssign(self, node: Any) -> None:
        operation = _OPERATIONS[type(node.op)]
        operands = f"{self.visit(node.target)}, {self.visit(node.value)}"
        self.store(node.target, self.value(f"{operation} i64 {operands}"))

    def visit_Return(self, node: Any) -> None:
        value = self.visit(node.value) if node.value else ""
        self.leave(f"ret {self.result} {value}")

    def visit_Continue(self, node: Any) -> None:
        self.leave(f"br label %{self.loops[-1][0]}")

    def visit_Break(self, node: Any) -> None:
        self.leave(f"br label %{self.loops[-1][1]}")

    def leave(self, line: str) -> None:
        """End a block; what follows is not reached."""
        self.write(line)
        self.begin(self.name("unreached"))

    def begin(self, label: str) -> None:
        """Begin a block."""
        self.write(f"{label}:")

    def go_to(self, label: str) -> None:
        """End a block; the one with this label is next."""
        self.write(f"br label %{label}")

    def visit_If(self, node: Any) -> None:
        then, otherwise, end = map(self.name, ("then", "else", "end"))
        self.branch(node.test, then, otherwise)
        for label, body in ((then, node.body), (otherwise, node.orelse)):
            self.begin(label)
            self.run(body)
            self.go_to(end)
        self.begin(end)

    def visit_While(self, node: Any) -> None:
        test, body, end = map(self.name, ("test", "body", "end"))
        self.go_to(test)
        self.begin(test)
        self.branch(node.test, body, end)
        self.begin(body)
        self.loops.append((test, end))
        self.run(node.body)
        self.loops.pop()
        self.go_to(test)
        self.begin(end)

    def visit_For(self, node: Any) -> None:
        """Translate a loop over a range, whose step is a literal."""
        bounds = [self.visit(bound) for bound in node.iter.args]
        start, stop, step = [*([] if bounds[1:] else ["0"]), *bounds, "1"][:3]
        test, body, following, end = map(self.name, ("test", "body", "next", "end"))
        slot = self.slot()
        self.write(f"store i64 {start}, i64* {slot}")
        self.go_to(test)
        self.begin(test)
        index = self.value(f"load i64, i64* {slot}")
        order = "sgt" if step.startswith("-") else "slt"
        within = self.value(f"icmp {order} i64 {index}, {stop}")
        self.write(f"br i1 {within}, label %{body}, label %{end}")
        self.begin(body)
        self.store(node.target, index)
        self.loops.append((following, end))
        self.run(node.body)
        self.loops.pop()
        self.go_to(following)
        self.begin(following)
        index = self.value(f"add i64 {index}, {step}")
        self.write(f"store i64 {index}, i64* {slot}")
        self.go_to(test)
        self.begin(end)

    # --- slots ---

    def slot(self) -> str:
        """Return a slot on the stack for a number."""
        name = self.name("%slot")
        self.slots.append(f"{name} = alloca i64")
        return name

    def store(self, target: Any, value: str) -> None:
        """Write a value to a variable, a column or memory."""
        if isinstance(target, ast.Name):
            self.write(f"store i64 {value}, i64* %{target.id}.slot")
            return
        address, integer, _ = self.element(target)
        if integer != "i64":
            value = self.value(f"trunc i64 {value} to {integer}")
        self.write(f"store {integer} {value}, {integer}* {address}")

    def element(self, node: Any) -> tuple[str, str, str]:
        """Return the address of ``work[index]`` or ``store.column[index]``, its type,
        and how this is extended.
        """
        index = self.visit(node.slice)
        if isinstance(node.value, ast.Name):
            start, integer, extended = f"%{node.value.id}", "i64", ""
        else:
            start = f"%store.{node.value.attr}"
            slot, integer, extended = _COLUMNS[node.value.attr]
            self.columns[start] = (
                f"{start}.slot = getelementptr i64, i64* %store, i64 {slot}",
                f"{start}.number = load i64, i64* {start}.slot",
                f"{start} = inttoptr i64 {start}.number to {integer}*",
            )
        address = self.value(
            f"getelementptr {integer}, {integer}* {start}, i64 {index}"
        )
        return address, integer, extended

    # --- conditions ---

    def branch(self, test: ast.expr, then: str, otherwise: str) -> None:
        """Go on at one of two labels."""
        if isinstance(test, ast.BoolOp):
            for condition in test.values[:-1]:
                more = self.name("more")
                if isinstance(test.op, ast.And):
                    self.branch(condition, more, otherwise)
                else:
                    self.branch(condition, then, more)
                self.begin(more)
            self.branch(test.values[-1], then, otherwise)
        elif isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            self.branch(test.operand, otherwise, then)
        else:
            holds = self.value(f"icmp ne i64 {self.visit(test)}, 0")
            self.write(f"br i1 {holds}, label %{then}, label %{otherwise}")

    def choice(self, test: ast.expr, values: tuple[ast.expr, ast.expr]) -> str:
        """Return the first value if a condition holds, else the second."""
        slot = self.slot()
        labels = self.name("then"), self.name("else")
        end = self.name("end")
        self.branch(test, *labels)
        for label, value in zip(labels, values, strict=True):
            self.begin(label)
            self.write(f"store i64 {self.visit(value)}, i64* {slot}")
            self.go_to(end)
        self.begin(end)
        return self.value(f"load i64, i64* {slot}")

    # --- expressions ---

    def visit_Constant(self, node: Any) -> str:
        return str(int(node.value))

    def visit_Name(self, node: Any) -> str:
        if node.id in self.variables:
            return self.value(f"load i64, i64* %{node.id}.slot")
        return str(int(self.scope[node.id]))

    def visit_Attribute(self, node: Any) -> str:
        return str(int(getattr(self.scope[node.value.id], node.attr)))

    def visit_Subscript(self, node: Any) -> str:
        address, integer, extended = self.element(node)
        value = self.value(f"load {integer}, {integer}* {address}")
        return (
            value
            if integer == "i64"
            else self.value(f"{extended} {integer} {value} to i64")
        )

    def visit_BinOp(self, node: Any) -> str:
        operands = f"{self.visit(node.left)}, {self.visit(node.right)}"
        return self.value(f"{_OPERATIONS[type(node.op)]} i64 {operands}")

    def visit_UnaryOp(self, node: Any) -> Any:
        if isinstance(node.op, ast.Not):
            return self.visit_BoolOp(node)
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return f"-{self.visit(node.operand)}"
        return self.generic_visit(node)

    def visit_BoolOp(self, node: Any) -> str:
        return self.choice(node, (ast.Constant(1), ast.Constant(0)))

    def visit_IfExp(self, node: Any) -> str:
        return self.choice(node.test, (node.body, node.orelse))

    def visit_Compare(self, node: Any) -> Any:
        if len(node.ops) > 1:
            return self.generic_visit(node)
        operands = f"{self.visit(node.left)}, {self.visit(node.comparators[0])}"
        holds = self.value(f"icmp {_COMPARISONS[type(node.ops[0])]} i64 {operands}")
        return self.value(f"zext i1 {holds} to i64")

    def visit_Tuple(self, node: Any) -> str:
        pair = "undef"
        for index, element in enumerate(node.elts):
            value = self.visit(element)
            pair = self.value(f"insertvalue {_PAIR} {pair}, i64 {value}, {index}")
        return pair

    def visit_Call(self, node: Any) -> Any:
        if node.func.id in _CHOICES:
            left, right = map(self.visit, node.args)
            holds = self.value(f"icmp {_CHOICES[node.func.id]} i64 {left}, {right}")
            return self.value(f"select i1 {holds}, i64 {left}, i64 {right}")
        function = self.scope.get(node.func.id)
        if function is None:
            return self.generic_visit(node)
        self.callees.append(function)
        arguments = ", ".join(map(self.argument, node.args))
        result = _result_of(function)
        call = f"call {result} @{node.func.id}({arguments})"
        if result == "void":
            self.write(call)
            return ""
        return self.value(call)

    def argument(self, node: ast.expr) -> str:
        """Return the value of an argument with its type."""
        if isinstance(node, ast.Name) and node.id in _ADDRESSES:
            return f"i64* %{node.id}"
        return f"i64 {self.visit(node)}"


_COLUMNS = {
    column.name: (
        slot,
        f"i{column.dtype.lstrip('uint')}",
        "zext" if column.dtype.startswith("u") else "sext",
    )
    for slot, column in enumerate(TABLE)
}
"""The slot of each column in the table, its type, and how this is extended."""

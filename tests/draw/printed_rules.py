"""The rules of a layout printed as JavaScript, for the page: ``python -m
tests.draw.printed_rules`` writes `draw/page/rules.js`, which `test_layout` compares.

Only what the layout needs is known: functions of numbers, tuples, lists, dicts and
dataclasses; plain statements, comprehensions and lambdas. Everything else is refused,
so that nothing is printed that means something else there. A dataclass is made with
its fields by name, and is an object in JavaScript.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import synapse.draw
from synapse.draw import _placing_rules, _routing_rules

RULES = Path(synapse.draw.__file__).parent / "page" / "rules.js"
LAYOUT = (
    *("BOX", "CABLE", "LANE", "LARGEST_ZOOM", "NEURON", "CLEARANCE", "arrange"),
    *("extent_of", "lead_of", "plan_of", "routes_of", "scene_of", "structure_of"),
)
"""What the page uses of the functions by which pictures are laid out."""

HELPERS = """\
const compared = (a, b) => {
  const [one, other] = [a, b].map((key) => (Array.isArray(key) ? key : [key]));
  const at = one.findIndex((value, i) => value !== other[i]);
  return at < 0 ? 0 : one[at] < other[at] ? -1 : 1;
};
const sorted = (list, { key }) => [...list].sort((a, b) => compared(key(a), key(b)));
const reversed = (list) => [...list].reverse();
const counting = (start, step, count) =>
  Array.from({ length: Math.max(0, count) }, (_, i) => start + i * step);
const range = (start, stop, step = 1) => (stop === undefined ? counting(0, 1, start)
  : counting(start, step, Math.ceil((stop - start) / step)));
const sum = (list) => list.reduce((before, one) => before + one, 0);
const lowest = (list) => list.reduce((best, one) => (one < best ? one : best));
const highest = (list) => list.reduce((best, one) => (one > best ? one : best));
const all = (list) => list.every(Boolean);
const contains = (all, one) => (Array.isArray(all) ? all.includes(one) : one in all);
"""
"""Functions of Python that JavaScript does not have."""

CONSTANTS = {True: "true", False: "false", None: "null"}
MATH = {"inf": "Infinity", "pi": "Math.PI"}
OPERATORS: dict[type, str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.Eq: "===",
    ast.NotEq: "!==",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.And: "&&",
    ast.Or: "||",
    ast.Not: "!",
    ast.USub: "-",
}


def layout_source() -> str:
    """Return the functions that place neurons and route connections, in JavaScript."""
    return (
        "// The rules by which pictures are laid out, printed by"
        " tests/draw/printed_rules.py: no edits here.\n"
        + printed("layout", LAYOUT, _placing_rules, _routing_rules)
    )


def printed(name: str, exports: Iterable[str], *modules: ModuleType) -> str:
    """Print modules, without what they import, as one object of this name, which has
    these constants and functions of theirs.
    """
    parts = "\n".join([HELPERS, *map(_module, modules)])
    exported = ", ".join(map(_name, exports))
    return f"const {name} = (() => {{\n{parts}\nreturn {{ {exported} }};\n}})();\n"


def _module(module: ModuleType) -> str:
    tree = ast.parse(inspect.getsource(module))
    return "\n".join(line for statement in tree.body for line in _top(statement))


def _top(statement: ast.stmt) -> Iterator[str]:
    """Yield the lines of a function or a constant of a module. Classes are not
    printed, and no types, such as ``tuple[float, float]``.
    """
    if isinstance(statement, ast.FunctionDef):
        parameters = ", ".join(_name(argument.arg) for argument in statement.args.args)
        yield f"/** {' '.join((ast.get_docstring(statement) or '').split())} */"
        yield f"function {_name(statement.name)}({parameters}) {{"
        if local := sorted(set(_assigned(statement))):
            yield f"  let {', '.join(map(_name, local))};"
        yield from _block(statement.body)
        yield "}"
    elif isinstance(statement, ast.Assign) and not isinstance(
        statement.value, ast.Subscript
    ):
        (target,) = statement.targets
        yield f"const {_written(target)} = {_written(statement.value)};"


def _assigned(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the names to which a function assigns; those of loops are their own."""
    for node in ast.walk(function):
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        yield from (target.id for target in targets if isinstance(target, ast.Name))


# --- statements -----------------------------------------------------------------------


def _block(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        yield from (f"  {line}" for line in _statement(statement))


def _statement(statement: ast.stmt) -> Iterator[str]:
    """Yield the lines of a statement."""
    match statement:
        case ast.Expr(ast.Constant(str())):
            return
        case ast.Expr(value):
            yield f"{_written(value)};"
        case ast.Assign([target], value):
            yield f"{_written(target)} = {_written(value)};"
        case ast.AnnAssign(target, _, ast.expr() as value):
            yield f"{_written(target)} = {_written(value)};"
        case ast.AugAssign(target, ast.Add(), value):
            yield f"{_written(target)} += {_written(value)};"
        case ast.Return(ast.expr() as value):
            yield f"return {_written(value)};"
        case ast.If(test, body, orelse):
            yield f"if ({_written(test)}) {{"
            yield from _block(body)
            if orelse:
                yield "} else {"
                yield from _block(orelse)
            yield "}"
        case ast.For(target, over, body, []):
            yield f"for (const {_written(target)} of {_written(over)}) {{"
            yield from _block(body)
            yield "}"
        case _:
            raise NotImplementedError(f"no JavaScript for {ast.unparse(statement)}")


# --- expressions, in brackets where these may matter ----------------------------------


def _written(value: ast.expr) -> str:
    """Return an expression in JavaScript."""
    if type(value) not in WRITERS:
        raise NotImplementedError(f"no JavaScript for {ast.unparse(value)}")
    return WRITERS[type(value)](value)


def _constant(constant: ast.Constant) -> str:
    value: Any = constant.value
    return CONSTANTS[value] if value is None or isinstance(value, bool) else repr(value)


def _elements(several: ast.Tuple | ast.List) -> str:
    return f"[{', '.join(map(_written, several.elts))}]"


def _dict(entries: ast.Dict) -> str:
    keys = [ast.unparse(key) if key else "" for key in entries.keys]
    pairs = zip(keys, map(_written, entries.values), strict=True)
    return f"{{{', '.join(f'{key}: {value}' for key, value in pairs)}}}"


def _attribute(attribute: ast.Attribute) -> str:
    owner = _written(attribute.value)
    if owner == "math":
        return MATH.get(attribute.attr, f"Math.{attribute.attr}")
    return f"{owner}.{_name(attribute.attr)}"


def _subscript(subscript: ast.Subscript) -> str:
    owner = _written(subscript.value)
    match subscript.slice:
        case ast.Slice(start, stop, None):
            bounds = [_written(start) if start else "0"]
            bounds += [_written(stop)] if stop else []
            return f"{owner}.slice({', '.join(bounds)})"
        case ast.UnaryOp(ast.USub(), ast.Constant(int(index))):
            return f"{owner}.at(-{index})"
        case index:
            return f"{owner}[{_written(index)}]"


def _operation(operation: ast.UnaryOp | ast.BinOp | ast.BoolOp) -> str:
    sign = _sign(operation.op)
    match operation:
        case ast.UnaryOp():
            return f"({sign}{_written(operation.operand)})"
        case ast.BinOp():
            return f"({_written(operation.left)} {sign} {_written(operation.right)})"
        case ast.BoolOp():
            return f"({f' {sign} '.join(map(_written, operation.values))})"


def _comparison(comparison: ast.Compare) -> str:
    left = _written(comparison.left)
    (operator,) = comparison.ops
    (right,) = map(_written, comparison.comparators)
    if type(operator) in OPERATORS:
        return f"({left} {_sign(operator)} {right})"
    if isinstance(operator, ast.Is | ast.IsNot):
        raise NotImplementedError(f"no JavaScript for {ast.unparse(comparison)}")
    is_in = f"contains({right}, {left})"
    return is_in if isinstance(operator, ast.In) else f"!{is_in}"


def _sign(operator: ast.AST) -> str:
    if type(operator) not in OPERATORS:
        raise NotImplementedError(f"no JavaScript for {type(operator).__name__}")
    return OPERATORS[type(operator)]


def _choice(choice: ast.IfExp) -> str:
    either, other = _written(choice.body), _written(choice.orelse)
    return f"({_written(choice.test)} ? {either} : {other})"


def _lambda(function: ast.Lambda) -> str:
    names = ", ".join(_name(argument.arg) for argument in function.args.args)
    return f"({names}) => {_written(function.body)}"


def _comprehension(made: ast.ListComp) -> str:
    loop, *inner = made.generators
    target = _written(loop.target)
    over = _written(loop.iter)
    for condition in loop.ifs:
        over += f".filter(({target}) => {_written(condition)})"
    if inner:
        nested = ast.ListComp(made.elt, inner)
        return f"{over}.flatMap(({target}) => {_comprehension(nested)})"
    return f"{over}.map(({target}) => {_written(made.elt)})"


CALLS: dict[str, Callable[[list[str]], str]] = {
    "abs": lambda values: f"Math.abs({values[0]})",
    "len": lambda values: f"{values[0]}.length",
    "list": lambda values: f"[...{values[0]}]",
    "max": lambda values: _extreme("max", "highest", values),
    "min": lambda values: _extreme("min", "lowest", values),
}


def _extreme(name: str, of_list: str, values: list[str]) -> str:
    """Return the extreme of one list, or of several numbers."""
    function = of_list if len(values) == 1 else f"Math.{name}"
    return f"{function}({', '.join(values)})"


def _call(call: ast.Call) -> str:
    """Return a call; that of a class makes an object of its fields."""
    values = list(map(_written, call.args))
    named = [(_name(field.arg or ""), _written(field.value)) for field in call.keywords]
    fields = [f"{{ {', '.join(f'{key}: {value}' for key, value in named)} }}"]
    function = _written(call.func)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "append":
        return f"{_written(call.func.value)}.push({values[0]})"
    if function in CALLS:
        return CALLS[function](values)
    if function[0].isupper() and not function.startswith("Math."):
        if values:
            raise NotImplementedError(f"fields without names in {ast.unparse(call)}")
        return f"({fields[0]})"
    return f"{function}({', '.join(values + (fields if named else []))})"


WRITERS: dict[type, Callable[[Any], str]] = {
    ast.Attribute: _attribute,
    ast.BinOp: _operation,
    ast.BoolOp: _operation,
    ast.Call: _call,
    ast.Compare: _comparison,
    ast.Constant: _constant,
    ast.Dict: _dict,
    ast.IfExp: _choice,
    ast.Lambda: _lambda,
    ast.List: _elements,
    ast.ListComp: _comprehension,
    ast.Name: lambda name: _name(name.id),
    ast.Starred: lambda starred: f"...{_written(starred.value)}",
    ast.Subscript: _subscript,
    ast.Tuple: _elements,
    ast.UnaryOp: _operation,
}


def _name(name: str) -> str:
    """Return a name as JavaScript writes it: ``room_of_cables`` is ``roomOfCables``."""
    bare = name.lstrip("_") or "_"
    return bare if bare.isupper() else re.sub(r"_(\w)", _upper, bare)


def _upper(match: re.Match[str]) -> str:
    return match[1].upper()


if __name__ == "__main__":
    RULES.write_text(layout_source(), encoding="utf-8")

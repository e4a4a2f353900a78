"""Write a formula as a function of the language of kernels."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count
from typing import Any

from ..language.source import STRICT_FLAGS, PartOptions, define
from .formula import OPERATORS, OTHERS, PRIMITIVES, Branch, Symbol, Tree, needed

SCOPE = {name: functions[0] for name, functions in (PRIMITIVES | OTHERS).items()}
SCOPE |= {"pow": math.pow, "isfinite": math.isfinite, "inf": math.inf}
EXACT = PartOptions(STRICT_FLAGS, of_user=True)
STEP = "    "
NAN_DEPENDS = "max", "min", "copysign"
"""Functions whose result for NaN depends on who computes them."""


def in_language(tree: Tree, names: tuple[str, ...], ask: Any) -> Any:
    """Return a formula of the numbers with these names as a function of the language.

    It returns True and its results or, where Python may raise an error instead, what
    `ask` returns for the same numbers.
    """
    made: Any = define("formula", source_of(tree, names), SCOPE | {"ask": ask})
    made.options = EXACT
    return made


def source_of(tree: Tree, names: tuple[str, ...]) -> str:
    """Return the text of the function that `in_language` returns.

    >>> from .formula_reader import read
    >>> print(source_of(read(lambda s: (math.exp(-s), 1.0), "s"), ("s",)))
    def formula(s):
        t0 = -s
        t1 = exp(t0)
        there = isfinite(t1)
        r0, r1 = t1, 1.0
        return (True, r0, r1) if there else ask(s)
    <BLANKLINE>
    """
    leaf = tree
    while isinstance(leaf, Branch):
        leaf = leaf.then
    results = ", ".join(f"r{k}" for k in range(len(leaf)))
    passed = ", ".join(names)
    temporary = map("t{}".format, count())
    lines = [f"def formula({passed}):"]
    lines += _statements(tree, STEP, temporary, {}, [])
    lines.append(f"{STEP}return (True, {results}) if there else ask({passed})")
    return "\n".join(lines) + "\n"


def _statements(
    tree: Tree,
    indent: str,
    temporary: Iterator[str],
    named: dict[int, str],
    checked: list[str],
) -> Iterator[str]:
    """Yield the statements that compute a tree, with `temporary` names. Those before it
    have named some symbols, and numbers that must be finite.
    """
    for symbol in needed(tree).values():
        for line in _definition(symbol, temporary, named, checked):
            yield indent + line
    if not isinstance(tree, Branch):
        are_finite = [f"isfinite({name})" for name in dict.fromkeys(checked)]
        yield f"{indent}there = {' and '.join(are_finite or ['True'])}"
        results = ", ".join(f"r{k}" for k in range(len(tree)))
        values = ", ".join(_text_of(symbol, named) for symbol in tree)
        yield f"{indent}{results} = {values}"
        return
    condition = tree.condition
    sides = (_text_of(side, named) for side in (condition.left, condition.right))
    yield f"{indent}if {f' {condition.operation} '.join(sides)}:"
    yield from _statements(tree.then, indent + STEP, temporary, {**named}, [*checked])
    yield f"{indent}else:"
    yield from _statements(tree.other, indent + STEP, temporary, {**named}, [*checked])


def _definition(
    symbol: Symbol, temporary: Iterator[str], named: dict[int, str], checked: list[str]
) -> Iterator[str]:
    """Yield the statements that name a symbol and those that it needs."""
    if symbol.operation in ("name", "number") or id(symbol) in named:
        return
    parts = [part for part in symbol.parts if isinstance(part, Symbol)]
    for part in parts:
        yield from _definition(part, temporary, named, checked)
    values = [_text_of(part, named) for part in parts]
    operation = symbol.operation
    text = f"{operation}({', '.join(values)})"
    if operation == "negative":
        text = f"-{values[0]}"
    elif operation == "where":
        left, right, then, other = values
        text = f"{then} if {left} {symbol.parts[0]} {right} else {other}"
    elif operation in OPERATORS:
        text = f" {operation} ".join(values)
    named[id(symbol)] = next(temporary)
    checked += [named[id(symbol)]] if symbol.raises else []
    checked += values if operation in NAN_DEPENDS else []
    yield f"{named[id(symbol)]} = {text}"


def _text_of(symbol: Symbol, named: dict[int, str]) -> str:
    if symbol.operation == "number":
        return repr(symbol.parts[0])
    return symbol.parts[0] if symbol.operation == "name" else named[id(symbol)]

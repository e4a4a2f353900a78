"""Read the source of functions when they are decorated or registered, to obtain the
text from which Python has made the function, and store how they are compiled.
"""

from __future__ import annotations

import ast
import itertools
import linecache
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from .tree import RefusedError

FAST_FLAGS = ("reassoc", "contract", "nsz")
"""Sums may be reordered, a product and a sum fused; the sign of zero is not kept. NaN
and infinity keep their meaning."""
IN_ORDER_FLAGS = ("contract",)
STRICT_FLAGS = ()


class PartOptions(NamedTuple):
    """How a function is compiled.

    `flags` are the fast-math flags of its arithmetic. With `inlined`, it is inlined
    into each caller, otherwise into none of them. With `of_user`, it computes exactly
    what its text says. With `checked`, it computes as Python does, and returns no value
    where Python would raise an error. `records` lists the parts of its arguments that a
    kernel reads first, see ``memory.py``.
    """

    flags: tuple[str, ...] = FAST_FLAGS
    inlined: bool = True
    of_user: bool = False
    checked: bool = False
    records: tuple[Any, ...] = ()


Definition = ast.FunctionDef | ast.Lambda

_texts: dict[str, str] = {}
_numbers = itertools.count(1)


def text_of(path: Path) -> bytes:
    """Return the text that a file had when its functions were decorated."""
    if str(path) in _texts:
        return _texts[str(path)].encode()
    return path.read_bytes().replace(b"\r\n", b"\n")


def remember(function: FunctionType) -> None:
    """Read the file of a function."""
    file = function.__code__.co_filename
    if file not in _texts:
        _texts[file] = "".join(linecache.getlines(file))


def define(name: str, source: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """Store a text, and return the function with this name that it defines."""
    file = f"<made {next(_numbers)}: {name}>"
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    exec(compile(source, file, "exec"), scope)
    return scope[name]


def definition_of(function: FunctionType) -> Definition:
    """Return a function's tree, or raise RefusedError if its source is unreadable."""
    code = function.__code__
    remember(function)
    definitions = _definitions(_texts[code.co_filename], code.co_name == "<lambda>")
    matching = definitions.get((code.co_name, code.co_firstlineno), [])
    if not matching:
        raise RefusedError("the source cannot be read", place_of(function))
    return matching[0] if len(matching) == 1 else _at_position(matching, code)


def sound_definition_of(function: FunctionType) -> Definition:
    """Return the tree of a user's function. Raises RefusedError if its source cannot be
    read or has changed since then.
    """
    file = function.__code__.co_filename
    linecache.checkcache(file)
    _texts[file] = "".join(linecache.getlines(file))
    matching = definition_of(function)
    if _identity(function.__code__) not in _identities(_texts[file]):
        raise RefusedError("the file has changed since it was read", place_of(function))
    return matching


@lru_cache(maxsize=8)
def _identities(text: str) -> list[Any]:
    """Return what identifies the code of each function that a text defines."""
    return list(map(_identity, _codes(compile(text, "", "exec", dont_inherit=True))))


def place_of(function: FunctionType, line: int | None = None) -> str:
    """Return the file and the line of a function."""
    code = function.__code__
    return f"{code.co_filename}:{line or code.co_firstlineno}"


@cache
def _definitions(text: str, lambdas: bool) -> dict[tuple[str, int], list[Definition]]:
    """Return the functions or lambdas in a text by their names and first lines."""
    matching: dict[tuple[str, int], list[Definition]] = {}
    for node in _nodes(text, lambdas):
        if isinstance(node, ast.Lambda if lambdas else ast.FunctionDef):
            decorators = getattr(node, "decorator_list", [])
            first_line = min(part.lineno for part in (node, *decorators))
            name = getattr(node, "name", "<lambda>")
            matching.setdefault((name, first_line), []).append(node)
    return matching


def _nodes(text: str, all_of_them: bool) -> list[Any]:
    """Return the statements of a text, or all of its nodes."""
    try:
        parts: list[Any] = [ast.parse(text)]
    except (SyntaxError, ValueError):
        return []
    if all_of_them:
        return list(ast.walk(parts[0]))
    for node in parts:  # only statements have statements
        for name in ("body", "orelse", "finalbody", "handlers"):
            parts += getattr(node, name, [])
    return parts


def _at_position(matching: list[Definition], code: CodeType) -> Definition:
    """Return the lambda with this code, if a line has several. It is the innermost
    lambda that encloses all of the code.
    """
    places = [
        ((line, column), (end_line, end))
        for line, end_line, column, end in code.co_positions()
        if line and end_line and column is not None and end
    ]
    enclosing = []
    for node in matching:
        assert isinstance(node, ast.Lambda)
        body: Any = node.body
        first_line = (body.lineno, body.col_offset)
        last = (body.end_lineno, body.end_col_offset)
        if all(first_line <= begin and end <= last for begin, end in places):
            enclosing.append(((first_line, last), node))
    if not (places and enclosing):
        place = f"{code.co_filename}:{code.co_firstlineno}"
        raise RefusedError("the source cannot be told from others on its line", place)
    return max(enclosing, key=lambda each: each[0][0])[1]


def _codes(code: CodeType) -> list[CodeType]:
    """Return a code object and the code objects of all functions in it."""
    inner = [element for element in code.co_consts if isinstance(element, CodeType)]
    return inner + [matching for element in inner for matching in _codes(element)]


def _identity(code: CodeType) -> Any:
    """Return the text and the position that identify code."""
    constants = [
        _identity(constant) if isinstance(constant, CodeType) else repr(constant)
        for constant in code.co_consts
    ]
    return code.co_firstlineno, code.co_code, code.co_names, constants

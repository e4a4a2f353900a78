"""The source of functions: read when a function is decorated or registered, so that it
is the text from which Python has made the function.
"""

from __future__ import annotations

import ast
import itertools
import linecache
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from .tree import RefusedError

Definition = ast.FunctionDef | ast.Lambda

_texts: dict[str, str] = {}
_definitions: dict[str, dict[tuple[str, int], list[Definition]]] = {}
_numbers = itertools.count(1)


def text_of(path: Path) -> bytes:
    """Return the text of a file, as it was when functions in it were decorated."""
    if str(path) in _texts:
        return _texts[str(path)].encode()
    return path.read_bytes().replace(b"\r\n", b"\n")


def remember(function: FunctionType) -> None:
    """Read the file of a function."""
    file = function.__code__.co_filename
    if file not in _texts:
        _texts[file] = "".join(linecache.getlines(file))


def define(name: str, source: str, scope: dict[str, Any]) -> Callable[..., Any]:
    """Remember a text; returns the function of this name that it defines."""
    file = f"<made {next(_numbers)}: {name}>"
    linecache.cache[file] = len(source), None, source.splitlines(True), file
    exec(compile(source, file, "exec"), scope)
    return scope[name]  # type: ignore[no-any-return]


def definition_of(function: FunctionType) -> Definition:
    """Return the tree of a function; RefusedError if its source cannot be read."""
    code = function.__code__
    remember(function)
    is_lambda = code.co_name == "<lambda>"
    find = _lambdas if is_lambda else _functions
    matching = find(code.co_filename).get((code.co_name, code.co_firstlineno), [])
    if not matching:
        raise RefusedError("the source cannot be read", place_of(function))
    return matching[0] if len(matching) == 1 else _at_position(matching, code)


def sound_definition_of(function: FunctionType) -> Definition:
    """Return the tree of a user's function; RefusedError if its source cannot be read,
    or if the file has another one now.
    """
    code = function.__code__
    file = code.co_filename
    linecache.checkcache(file)
    text = "".join(linecache.getlines(file))
    if _texts.get(file) != text:
        _texts[file] = text
        _definitions.pop(file, None)
    matching = definition_of(function)
    if not any(_is_same(code, other) for other in _codes_in(text)):
        raise RefusedError("the file has changed since it was read", place_of(function))
    return matching


@lru_cache(maxsize=8)
def _codes_in(text: str) -> list[CodeType]:
    """Return the code of all functions that a text defines."""
    return _codes(compile(text, "", "exec", dont_inherit=True))


def place_of(function: FunctionType, line: int | None = None) -> str:
    """Return file and line."""
    code = function.__code__
    return f"{code.co_filename}:{line or code.co_firstlineno}"


def _functions(file: str) -> dict[tuple[str, int], list[Definition]]:
    """Return the functions in a file by name and first line."""
    if file not in _definitions:
        matching: dict[tuple[str, int], list[Definition]] = {}
        waiting: list[Any] = [_parsed(file)]
        for node in waiting:  # only statements have statements
            if isinstance(node, ast.FunctionDef):
                first_line = min(
                    [node.lineno, *(d.lineno for d in node.decorator_list)]
                )
                matching.setdefault((node.name, first_line), []).append(node)
            for part in ("body", "orelse", "finalbody", "handlers"):
                waiting += getattr(node, part, [])
        _definitions[file] = matching
    return _definitions[file]


def _lambdas(file: str) -> dict[tuple[str, int], list[Definition]]:
    matching: dict[tuple[str, int], list[Definition]] = {}
    for node in ast.walk(_parsed(file)):
        if isinstance(node, ast.Lambda):
            matching.setdefault(("<lambda>", node.lineno), []).append(node)
    return matching


def _parsed(file: str) -> ast.Module:
    try:
        return ast.parse(_texts[file])
    except (SyntaxError, ValueError):
        return ast.Module([], [])


def _at_position(matching: list[Definition], code: CodeType) -> Definition:
    """Return the one of several lambdas on a line whose code this is: the innermost
    that encloses all of it.
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
    """Return the code of all functions in code."""
    inner = [element for element in code.co_consts if isinstance(element, CodeType)]
    return inner + [matching for element in inner for matching in _codes(element)]


def _is_same(code: CodeType, other: CodeType) -> bool:
    """Return whether two functions are of the same text at the same place."""
    return (
        code.co_firstlineno == other.co_firstlineno
        and code.co_code == other.co_code
        and code.co_names == other.co_names
        and len(code.co_consts) == len(other.co_consts)
        and all(map(_is_same_constant, code.co_consts, other.co_consts))
    )


def _is_same_constant(constant: Any, other: Any) -> bool:
    if isinstance(constant, CodeType) and isinstance(other, CodeType):
        return _is_same(constant, other)
    return repr(constant) == repr(other)

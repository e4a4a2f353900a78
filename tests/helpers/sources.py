"""The sources of the library, parsed once for all tests that read them, and by none
when it is collected."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def tree_of(path):
    """The syntax tree of a file, which nobody changes."""
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes_of(path):
    """All nodes of a file."""
    return list(ast.walk(tree_of(path)))


@cache
def trees():
    """The modules of the library by their paths, room by room."""
    return {
        path: tree_of(path)
        for room in ("synapse", "architect")
        for path in sorted((ROOT / room).rglob("*.py"))
    }

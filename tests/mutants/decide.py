"""Find the tests that nobody would miss: the mistakes that they notice are noticed by
others, and other tests of their folder reach the functions that they reach."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .reached import Reached

KEPT_FOLDERS = (
    *("tests/ways/", "tests/fuzz/", "tests/readwrite/pytorch/", "tests/arguments/"),
    *("tests/project/", "tests/studies/", "tests/guesses/"),  # no mistakes are there
)
KEPT_NAMES = re.compile(
    r"golden|reference|oracle|kill|damage|hostile|torn|atomic|disk|shortage|memory|"
    r"interrupt|ctrl_c|thread|address|process|attack|foreign|real_program|kept_files|"
    r"synaptic|neataptic|graph_programs|onnx_runtimes|micropython|test_docs|test_readme|"
    r"test_demos|test_surface|test_ways|seed|random|any_|every_|comes_back|gradient|"
    r"as_the_library|exact|finite|equation|_js|lessons|presets|loadable|c_headers|"
    r"javascript|test_learner|test_programs|processors|test_nir|sktime|river",
)
"""What stays in any case, by file or name: golden data, the oracle, killed processes,
damaged files, hostile input, attacks on raw addresses."""
REACHED_BY_OTHERS = 1
"""Number of other test functions of its folder that reach each function of a test that
goes. A few hundred mistakes are a sample, and tests of a room assert what a room does.
"""
MOST_SPECIFIC = 3
"""Number of test functions of each function of the library that stay: those that reach
fewest others."""


class TestFunction(NamedTuple):
    """A test function with all of its cases."""

    name: str
    seconds: float
    statements: int
    is_kept: bool


def function_name(test: str) -> str:
    """Return a test without its parameters."""
    return re.sub(r"\[.*\]$", "", test, flags=re.DOTALL)


def test_functions(root: Path, reached: Reached) -> list[TestFunction]:
    """Return the test functions below `tests`, the dearest first."""
    seconds: dict[str, float] = defaultdict(float)
    for test, cost in reached.seconds.items():
        seconds[function_name(test)] += cost
    found = []
    for name, cost in seconds.items():
        file, _, scope = name.partition("::")
        node = _functions(root / file).get(scope) if file.startswith("tests/") else None
        if node is None:  # a doctest
            continue
        is_kept = (
            file.startswith(KEPT_FOLDERS)
            or bool(KEPT_NAMES.search(f"{file} {node.name}"))
            or any("given" in ast.unparse(each) for each in node.decorator_list)
        )
        statements = sum(isinstance(each, ast.stmt) for each in ast.walk(node))
        found.append(TestFunction(name, cost, statements, is_kept))
    return sorted(found, key=lambda each: -each.seconds)


def folder_of(test: str) -> str:
    """Return the folder below `tests` that a test lies in."""
    return "/".join(test.split("/")[:2])


@cache
def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the test functions of a file, those of classes by Class::function."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {
        f"{scope.name}::{node.name}" if scope in classes else node.name: node
        for scope in (tree, *classes)
        for node in scope.body
        if isinstance(node, ast.FunctionDef)
    }


def removable(
    functions: Sequence[TestFunction],
    noticed: Mapping[str, set[str]],
    reached_by: Mapping[tuple, set[str]],
) -> list[TestFunction]:
    """Return the test functions that can go, in their order.

    Parameters
    ----------
    functions : sequence of TestFunction
        All of them, in the order in which they may go.
    noticed : mapping
        The test functions that notice a mistake, for each mistake.
    reached_by : mapping
        The test functions that reach a function of the library, by file, line, and
        folder of the tests.
    """
    left = {mistake: set(tests) for mistake, tests in noticed.items()}
    reach = {function: set(tests) for function, tests in reached_by.items()}
    mistakes_of, functions_of = _inverted(left), _inverted(reach)
    specific = _most_specific(reach)
    gone = []
    for test in functions:
        noticing = [left[mistake] for mistake in mistakes_of[test.name]]
        reaching = [reach[function] for function in functions_of[test.name]]
        if (
            test.is_kept
            or test.name in specific
            or any(len(tests) == 1 for tests in noticing)
            or any(len(tests) <= REACHED_BY_OTHERS for tests in reaching)
        ):
            continue
        for tests in (*noticing, *reaching):
            tests.discard(test.name)
        gone.append(test)
    return gone


def _most_specific(reached_by: Mapping[tuple, set[str]]) -> set[str]:
    """Return the tests that reach fewest functions, some for each function."""
    by_function: dict[tuple, set[str]] = defaultdict(set)
    for (*function, _), tests in reached_by.items():
        by_function[tuple(function)] |= tests
    sizes = {test: len(calls) for test, calls in _inverted(by_function).items()}
    return {
        test
        for tests in by_function.values()
        for test in sorted(tests, key=lambda test: (sizes[test], test))[:MOST_SPECIFIC]
    }


def _inverted(sets: Mapping[Any, set[str]]) -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = defaultdict(set)
    for name, members in sets.items():
        for member in members:
            found[member].add(name)
    return found

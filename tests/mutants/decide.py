"""Find the tests that nobody would miss: the mistakes that they notice are noticed by
others, and other tests of their folder reach the functions that they reach."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
KEPT_TIERS = frozenset({"browser", "compiler", "peers", "torch"})
"""Tiers that stay: doors to real programs."""
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
        seconds[function_name(test)] += cost + reached.compiled_seconds[test] / 4
    sources: dict[str, dict[str, ast.FunctionDef]] = {}
    found = []
    for name, cost in seconds.items():
        file, *scope = name.split("::")
        if not file.startswith("tests/") or not scope:
            continue
        if file not in sources:
            sources[file] = _functions(root / file)
        node = sources[file].get("::".join(scope))
        if node is None:  # a doctest
            continue
        decorators = [ast.unparse(each) for each in node.decorator_list]
        is_kept = (
            file.startswith(KEPT_FOLDERS)
            or bool(KEPT_NAMES.search(f"{file} {scope[-1]}"))
            or any("given" in each for each in decorators)
        )
        statements = sum(isinstance(each, ast.stmt) for each in ast.walk(node))
        found.append(TestFunction(name, cost, statements, is_kept))
    return sorted(found, key=lambda each: -each.seconds)


def folder_of(test: str) -> str:
    """Return the folder below `tests` that a test lies in."""
    return "/".join(test.split("/")[:2])


def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return the test functions of a file, those of classes by Class::function."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef):
                    found[f"{node.name}::{inner.name}"] = inner
        elif isinstance(node, ast.FunctionDef):
            found[node.name] = node
    return found


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
    mistakes_of = _inverted(left)
    functions_of = _inverted(reach)
    specific = _most_specific(reach)
    gone = []
    for test in functions:
        mistakes = mistakes_of.get(test.name, set())
        calls = functions_of.get(test.name, set())
        if test.is_kept or test.name in specific:
            continue
        if any(len(left[mistake]) == 1 for mistake in mistakes):
            continue
        if any(len(reach[function]) <= REACHED_BY_OTHERS for function in calls):
            continue
        for mistake in mistakes:
            left[mistake].discard(test.name)
        for function in calls:
            reach[function].discard(test.name)
        gone.append(test)
    return gone


def _most_specific(reached_by: Mapping[tuple, set[str]]) -> set[str]:
    """Return the tests that reach fewest functions, some for each function."""
    by_function: dict[tuple, set[str]] = defaultdict(set)
    for (*function, _), tests in reached_by.items():
        by_function[tuple(function)] |= tests
    sizes = {test: len(calls) for test, calls in _inverted(by_function).items()}
    found: set[str] = set()
    for tests in by_function.values():
        found.update(
            sorted(tests, key=lambda test: (sizes[test], test))[:MOST_SPECIFIC]
        )
    return found


def _inverted(sets: Mapping[Any, set[str]]) -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = defaultdict(set)
    for name, members in sets.items():
        for member in members:
            found[member].add(name)
    return found

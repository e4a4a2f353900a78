"""What each test costs and reaches, as `watch` has recorded it, and the tests that a
mistake meets."""

from __future__ import annotations

import ast
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from .drawing import SOURCES, Mistake, files_of

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
LANGUAGE = "synapse/engine/language/"
TIERS = ("default", "full", "others")
CHEAP_SECONDS = (0.05, 0.5)
"""Bounds between the groups of tests that run one after the other, cheap ones first."""


class Reached:
    """The records of a folder.

    Attributes
    ----------
    seconds : dict
        The CPU seconds of each test, with its kernels compiled.
    tiers : dict
        The tier of each test: "default", "full" or "others".
    by_file : dict
        The tests that call a function, by its file and first line.
    compiling : set
        The tests that call kernels.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root = root
        self.seconds: dict[str, float] = {}
        self.tiers: dict[str, str] = {}
        self.by_file: dict[str, dict[int, set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )
        self.compiling: set[str] = set()
        kernels: dict[str, set[str]] = defaultdict(set)
        for row in rows_of(folder, "kernels"):
            for name in (row["kernel"], row["kernel"].split(" ")[0]):
                kernels[name].update(row["functions"])
        of_fixtures: dict[str, set[str]] = {}
        for row in rows_of(folder, "tests"):
            test = row["test"]
            if row["red"] or row["reads_sources"]:
                continue
            functions = set(row["functions"])
            for kernel in row["kernels"]:
                functions |= kernels[kernel] or kernels[kernel.split(" ")[0]]
            # Fixtures of a file are made for the first of its tests.
            shared = of_fixtures.setdefault(test.partition("::")[0], functions)
            for function in functions | shared:
                file, _, number = function.rpartition(":")
                self.by_file[file][int(number)].add(test)
            if row["kernels"]:
                self.compiling.add(test)
            others = set(row["tiers"]) - {"full"}
            self.tiers[test] = (
                "others" if others else "full" if row["tiers"] else "default"
            )
            self.seconds[test] = row["seconds"]
        times = {row["test"]: row["seconds"] for row in rows_of(folder, "times")}
        for test in self.seconds.keys() & times.keys():
            self.seconds[test] = times[test]

    def tests_of(self, mistake: Mistake) -> set[str]:
        """Return the tests that reach a mistake."""
        file = mistake.file
        if file.startswith(LANGUAGE):
            return self.compiling | self._reaching(file)
        bounds = None
        for node in ast.walk(ast.parse(mistake.original)):  # inner ones come later
            if isinstance(node, FunctionNode):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                last = node.end_lineno or 0
                if node.body[0].lineno <= mistake.line <= last:
                    bounds = first, last
        if bounds is not None:
            return self._reaching(file, *bounds)
        # code that runs on import is reached by all that use the file, or import it
        return set().union(*map(self._reaching, [file, *self._importers.get(file, [])]))

    def _reaching(self, file: str, first: int = 0, last: float = math.inf) -> set[str]:
        """Return the tests that call a function of a file, between two lines."""
        lines = self.by_file.get(file, {}).items()
        return set().union(*(tests for line, tests in lines if first <= line <= last))

    @cached_property
    def _importers(self) -> dict[str, list[str]]:
        """The files that import a module."""
        found: dict[str, list[str]] = defaultdict(list)
        for file in files_of(self.root, SOURCES):
            for imported in imports_of(self.root, file):
                found[imported].append(file)
        return found

    def ordered(self, mistake: Mistake, tests: Iterable[str]) -> list[str]:
        """Return tests in the order in which a mistake meets them: those of its room
        first, and cheap ones before dear ones. Tests of a file stay together, because
        they share fixtures."""
        folders = folders_of_room(mistake.file)

        def key(test: str) -> tuple[bool, int, str, float]:
            seconds = self.seconds[test]
            cost = sum(seconds > bound for bound in CHEAP_SECONDS)
            is_other = not test.startswith(folders)
            return is_other, cost, test.partition("::")[0], seconds

        return sorted(tests, key=key)


def rows_of(folder: Path, kind: str) -> Iterator[dict]:
    """Return what all workers have recorded of tests, times or kernels."""
    for path in sorted(folder.glob(f"{kind}-*.jsonl")):
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


def folders_of_room(file: str) -> tuple[str, str]:
    """Return the folder of a room, whose examples are tests, and that of its tests."""
    package, *rest = Path(file).parts
    room = rest[0].removesuffix(".py") if package == "synapse" else package
    return f"{Path(file).parent.as_posix()}/", f"tests/{room.strip('_')}/"


def imports_of(root: Path, file: str) -> set[str]:
    """Return the files of the modules that a file imports."""
    found = set()
    for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        start = Path(file).parents[node.level - 1] if node.level else Path()
        module = start / (node.module or "").replace(".", "/")
        for path in (module, *(module / alias.name for alias in node.names)):
            for each in (path.with_suffix(".py"), path / "__init__.py"):
                if (root / each).is_file():
                    found.add(each.as_posix())
    return found

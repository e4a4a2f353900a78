"""What each test costs and reaches, as `watch` has recorded it, and the tests that a
mistake meets."""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from .drawing import Mistake, files_of

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
    compiled_seconds : dict
        The CPU seconds in which the kernels of each test are compiled.
    tiers : dict
        The tier of each test: "default", "full" or "others".
    """

    def __init__(self, root: Path, folder: Path, rooms: dict[str, dict]) -> None:
        self.root = root
        self.rooms = rooms
        self.seconds: dict[str, float] = {}
        self.compiled_seconds: dict[str, float] = {}
        self.tiers: dict[str, str] = {}
        self.by_file: dict[str, dict[int, set[str]]] = defaultdict(
            lambda: defaultdict(set)
        )  # tests, by file and first line of a function
        self.compiling: set[str] = set()  # tests that call kernels
        self._kernels: dict[str, set[str]] = defaultdict(set)
        self._kernel_seconds: dict[str, float] = {}
        self._importers: dict[str, list[str]] = defaultdict(list)
        for path in sorted(folder.glob("kernels-*.jsonl")):
            self._read_kernels(path)
        for path in sorted(folder.glob("tests-*.jsonl")):
            self._read_tests(path)
        for path in sorted(folder.glob("times-*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if row["test"] in self.seconds:
                    self.seconds[row["test"]] = row["seconds"]

    def _read_kernels(self, path: Path) -> None:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            name = row["kernel"]
            self._kernels[name].update(row.get("functions", ()))
            self._kernels[name.split(" ")[0]].update(row.get("functions", ()))
            if "seconds" in row:
                self._kernel_seconds[name] = row["seconds"]

    def _read_tests(self, path: Path) -> None:
        of_fixtures: dict[str, set[str]] = {}
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            test = row["test"]
            if row["red"] or row["reads_sources"]:
                continue
            functions = set(row["functions"])
            for kernel in row["kernels"]:
                known = self._kernels.get(kernel)
                functions |= known or self._kernels[kernel.split(" ")[0]]
            # Fixtures of a file are made for the first of its tests.
            shared = of_fixtures.setdefault(test.partition("::")[0], functions)
            for function in functions | shared:
                file, _, number = function.rpartition(":")
                self.by_file[file][int(number)].add(test)
            if row["kernels"]:
                self.compiling.add(test)
            self.seconds[test] = row["seconds"]
            compiled = map(self._kernel_seconds.get, row["kernels"])
            self.compiled_seconds[test] = round(sum(filter(None, compiled)), 3)
            others = set(row["tiers"]) - {"full"}
            tier = "others" if others else "full" if row["tiers"] else "default"
            self.tiers[test] = tier

    def tests_of(self, mistake: Mistake) -> set[str]:
        """Return the tests that reach a mistake."""
        file = mistake.file
        if file.startswith(LANGUAGE):
            return self.compiling | self._reaching(file, None)
        tree = ast.parse(mistake.original)
        bounds = None
        for node in ast.walk(tree):  # inner functions come after outer ones
            if isinstance(node, FunctionNode):
                first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                body = node.body[0].lineno
                if body <= mistake.line <= (node.end_lineno or 0):
                    bounds = first, node.end_lineno or 0
        if bounds is not None:
            return self._reaching(file, bounds)
        # code that runs on import is reached by all that use the file, or import it
        return set().union(
            *(self._reaching(each, None) for each in [file, *self._importers_of(file)])
        )

    def _reaching(self, file: str, bounds: tuple[int, int] | None) -> set[str]:
        """Return the tests that call a function of a file, between two lines."""
        found: set[str] = set()
        for line, tests in self.by_file.get(file, {}).items():
            if bounds is None or bounds[0] <= line <= bounds[1]:
                found |= tests
        return found

    def _importers_of(self, file: str) -> list[str]:
        """Return the files that import a module."""
        if not self._importers:
            for each in files_of(self.root, ["synapse", "architect"]):
                for imported in imports_of(self.root, each):
                    self._importers[imported].append(each)
        return self._importers.get(file, [])

    def ordered(self, mistake: Mistake, tests: Iterable[str]) -> list[str]:
        """Return tests in the order in which a mistake meets them: those of its room
        first, and cheap ones before dear ones. Tests of a file stay together, because
        they share fixtures."""
        folders = self._tests_of_rooms(mistake.file)

        def key(test: str) -> tuple[int, int, str, float]:
            seconds = self.seconds[test]
            is_other = not test.startswith(folders)
            cost = sum(seconds > bound for bound in CHEAP_SECONDS)
            return is_other, cost, test.partition("::")[0], seconds

        return sorted(tests, key=key)

    def _tests_of_rooms(self, file: str) -> tuple[str, ...]:
        return tuple(
            test
            for room in self.rooms.values()
            if file in files_of(self.root, room["sources"])
            for test in room["tests"]
        )


def imports_of(root: Path, file: str) -> set[str]:
    """Return the files of the modules that a file imports."""
    found = set()
    package = Path(file).parent
    for node in ast.walk(ast.parse((root / file).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        start = package
        for _ in range(node.level - 1):
            start = start.parent
        if node.level == 0:
            start = Path()
        module = start / (node.module or "").replace(".", "/")
        for path in (module, *(module / alias.name for alias in node.names)):
            for each in (path.with_suffix(".py"), path / "__init__.py"):
                if (root / each).is_file():
                    found.add(each.as_posix())
    return found

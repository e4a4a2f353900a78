"""A pytest plugin that records the CPU time of each test, and which functions and
kernels of the library it reaches.

Kernels are machine code, so no trace shows what runs in them. Instead, each call of a
kernel is recorded, and for each kernel the functions of which it is compiled.
"""

from __future__ import annotations

import ctypes
import functools
import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from . import tracing

FOLDER = "SYNAPSE_MUTANTS_WATCH"
"""Environment variable with the folder for the records."""
TRACES = "SYNAPSE_MUTANTS_TRACES"
"""Environment variable that is set if functions and kernels are recorded, too."""
TIERS = ("browser", "compiler", "full", "peers", "slow", "torch")


class Seconds:
    """CPU seconds of this process and of the processes that have ended in it."""

    def __init__(self) -> None:
        self.start = self.now()

    @staticmethod
    def now() -> float:
        """Return the seconds since the process began."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime

    def passed(self) -> float:
        """Return the seconds since this object was made."""
        return round(self.now() - self.start, 4)


class CalledKernel:
    """A kernel's entry that notes its calls."""

    __slots__ = ("entry", "name", "names")

    def __init__(self, entry: Callable[..., Any], name: str, names: set[str]) -> None:
        self.entry = entry
        self.name = name
        self.names = names

    def __call__(self, *arguments: Any) -> Any:
        """Call the machine code."""
        self.names.add(self.name)
        return self.entry(*arguments)


class Reach:
    """The functions and kernels that the current test has reached."""

    def __init__(self, root: Path, folder: Path, worker: str) -> None:
        self.functions: set[str] = set()
        self.kernels: set[str] = set()
        self.always: set[str] = set()  # called by address, which no call shows
        self.known: set[str] = set()  # kernels whose functions are written
        self.programs: list[Any] = []  # typed programs that are printed, not compiled
        self.file = (folder / f"kernels-{worker}.jsonl").open("a", encoding="utf-8")
        self.child = folder / f"child-{worker}"
        os.environ[tracing.CHILD] = str(self.child)
        os.environ[tracing.ROOT] = str(root)
        child = str(Path(__file__).with_name("child"))
        paths = [child, os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self.compiled_seconds = 0.0
        self.restart = tracing.start(str(root), self.see)
        self.root = str(root)
        self.patch()

    def see(self, name: str) -> None:
        """Note a function, or a kernel that is loaded."""
        if name.startswith(tracing.KERNEL):
            self.kernels.add(name.removeprefix(tracing.KERNEL))
        else:
            self.functions.add(name)

    def patch(self) -> None:
        """Observe how kernels are translated, compiled, loaded and called."""
        from synapse.engine.language import entries, lazy_parts, machine, program

        programs = self.programs

        start_program = program.TypedProgram.__init__

        def noted_program(made: Any, *arguments: Any, **options: Any) -> None:
            start_program(made, *arguments, **options)
            programs.append(made)

        program.TypedProgram.__init__ = noted_program
        text_of, compiled = entries.text_of, machine.object_code
        entry, address_of = entries.entry, entries.address_of

        def noted_text(function: Any, kinds: Any, result: Any = None) -> str:
            """Translate, and write which functions took part."""
            outer = set(self.functions)
            self.functions.clear()
            self.restart()
            before = len(programs)
            text: str = text_of(function, kinds, result)
            parts = self.functions_of(programs[before])
            del programs[before:]
            name = tracing.kernel_of(function, kinds, result)
            self.known.add(name)
            self.write(name, functions=sorted({*parts, *self.functions}))
            self.functions.update(outer)
            return text

        def noted_code(text: str, speed: int = 3) -> bytes:
            seconds = Seconds()
            code: bytes = compiled(text, speed)
            self.compiled_seconds += seconds.passed()
            return code

        def load(
            make: Callable[..., Any], passed: Any, options: Any
        ) -> tuple[Any, str]:
            function, kinds, result = *passed[:2], None
            if make is address_of:
                result = passed[2]
            name = tracing.kernel_of(function, kinds, result)
            self.compiled_seconds = 0.0
            made = make(*passed, **options)
            if name not in self.known:  # it was read from its file
                noted_text(function, kinds, result)
            if self.compiled_seconds:
                self.write(name, seconds=round(self.compiled_seconds, 4))
            self.kernels.add(name)
            return made, name

        def noted_entry(*passed: Any, **options: Any) -> Any:
            made, name = load(entry, passed, options)
            return CalledKernel(made, name, self.kernels)

        def noted_address(*passed: Any, **options: Any) -> Any:
            made, name = load(address_of, passed, options)
            if not lazies:
                self.always.add(name)
            return made

        names: dict[Any, str] = {}
        lazies: list[Any] = []
        part_compiled = lazy_parts._compiled

        def noted_part(address: Any) -> int:
            lazies.append(address)
            try:
                part = lazy_parts._parts[address.name][address.number]
                kinds = lazy_parts._kinds_of(part, address.scalar)
                name = tracing.kernel_of(part.function, kinds, lazy_parts.NOTHING)
                names[address] = name
                return int(part_compiled(address))
            finally:
                lazies.pop()

        reach = self

        class Addresses(dict):
            """Notes the parts whose slot a kernel fills."""

            def get(self, address: Any, default: Any = None) -> Any:
                if address in names:
                    reach.kernels.add(names[address])
                return super().get(address, default)

        entries.text_of, machine.object_code = noted_text, noted_code
        entries.entry, entries.address_of = noted_entry, noted_address
        lazy_parts._compiled = noted_part
        lazy_parts._addresses = Addresses(lazy_parts._addresses)

    def functions_of(self, typed: Any) -> set[str]:
        """Return the functions that a typed program consists of."""
        codes = (each.function.__code__ for each in typed.instances.values())
        found = (tracing.function_of(code, self.root) for code in codes)
        return set(filter(None, found))

    def write(self, name: str, **numbers: Any) -> None:
        """Write what is known of a kernel."""
        self.file.write(json.dumps({"kernel": name, **numbers}) + "\n")
        self.file.flush()

    def begin(self) -> None:
        """Forget what an earlier test has reached, and all that its calls have kept."""
        from synapse.engine.language import lazy_parts

        for address, slots in lazy_parts._slots.items():
            lazy_parts._slots[address] = list(set(slots))
            for slot in lazy_parts._slots[address]:
                ctypes.c_uint64.from_address(slot).value = 0
        for cached in caches():
            cached.cache_clear()
        self.functions.clear()
        self.kernels.clear()
        self.programs.clear()
        self.child.unlink(missing_ok=True)
        self.restart()

    def take(self) -> None:
        """Add what the programs of a test consist of, and what its processes reach."""
        for printed in self.programs:
            self.functions |= self.functions_of(printed)
        if self.child.exists():
            for line in self.child.read_text(errors="replace").splitlines():
                self.see(line)


def caches() -> list[Any]:
    """Return the cached functions of the library and its tests, without the engine's,
    which cache machine code."""
    modules = [
        module
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in ("synapse", "architect", "tests")
        and not name.startswith("synapse.engine")
    ]
    return [
        value
        for module in modules
        for value in list(vars(module).values())
        if isinstance(value, functools._lru_cache_wrapper)
    ]


class Watch:
    """Writes a line for each test."""

    def __init__(self, root: Path, folder: Path) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        self.file = (folder / f"tests-{worker}.jsonl").open("a", encoding="utf-8")
        self.reach = Reach(root, folder, worker) if TRACES in os.environ else None
        self.failed = False
        self.setup: dict[str, list[str]] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Measure a test with its fixtures."""
        self.failed = False
        if self.reach:
            self.reach.begin()
        seconds = Seconds()
        ended = yield
        row = {"test": item.nodeid, "seconds": seconds.passed(), "red": self.failed}
        row["tiers"] = [tier for tier in TIERS if item.get_closest_marker(tier)]
        row["reads_sources"] = hasattr(getattr(item, "module", None), "nodes_of")
        if self.reach:
            self.reach.take()
            row["functions"] = sorted(self.reach.functions)
            row["kernels"] = sorted(self.reach.kernels | self.reach.always)
        self.file.write(json.dumps(row) + "\n")
        self.file.flush()
        return ended

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a failure."""
        self.failed = self.failed or report.failed


def pytest_configure(config: pytest.Config) -> None:
    """Start, in each worker of xdist."""
    is_controller = config.getoption("numprocesses", None) and not hasattr(
        config, "workerinput"
    )
    if FOLDER in os.environ and not is_controller:
        gc.collect()
        config.pluginmanager.register(Watch(config.rootpath, Path(os.environ[FOLDER])))

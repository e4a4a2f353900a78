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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import tracing

FOLDER = "SYNAPSE_MUTANTS_WATCH"
"""Environment variable with the folder for the records."""
TRACES = "SYNAPSE_MUTANTS_TRACES"
"""Environment variable that is set if functions and kernels are recorded, too."""
TIERS = ("browser", "compiler", "full", "peers", "slow", "torch")


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of those that have ended in it."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Reach:
    """The functions and kernels that the current test has reached."""

    def __init__(self, root: Path, folder: Path, worker: str) -> None:
        self.root = str(root)
        self.functions: set[str] = set()
        self.kernels: set[str] = set()
        self.always: set[str] = set()  # called by address, which no call shows
        self.written: set[str] = set()  # kernels whose functions are in the file
        self.programs: list[Any] = []  # typed programs that are printed, not compiled
        self.file = (folder / f"kernels-{worker}.jsonl").open("a", encoding="utf-8")
        self.child = folder / f"child-{worker}"
        os.environ[tracing.CHILD] = str(self.child)
        os.environ[tracing.ROOT] = self.root
        paths = [str(Path(__file__).with_name("child")), os.environ.get("PYTHONPATH")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        tracing.start(self.root, self.see)
        self.patch()

    def see(self, name: str) -> None:
        """Note a function, or a kernel that is loaded."""
        seen = self.kernels if name.startswith(tracing.KERNEL) else self.functions
        seen.add(name.removeprefix(tracing.KERNEL))

    def patch(self) -> None:
        """Observe how kernels are translated, loaded and called."""
        from synapse.engine.language import entries, lazy_parts, program

        start_program = program.TypedProgram.__init__
        text_of, entry = entries.text_of, entries.entry
        address_of, part_compiled = entries.address_of, lazy_parts._compiled
        parts: dict[Any, str] = {}  # names of lazy parts, by address
        reach = self

        def noted_program(made: Any, *arguments: Any, **options: Any) -> None:
            start_program(made, *arguments, **options)
            self.programs.append(made)

        def noted_text(function: Any, kinds: Any, result: Any = None) -> str:
            """Translate, and write which functions took part."""
            outer = set(self.functions)
            self.functions.clear()
            sys.monitoring.restart_events()
            before = len(self.programs)
            text: str = text_of(function, kinds, result)
            name = tracing.kernel_of(function, kinds, result)
            found = self.functions | self.functions_of(self.programs[before])
            row = {"kernel": name, "functions": sorted(found)}
            del self.programs[before:]
            self.file.write(json.dumps(row) + "\n")
            self.file.flush()
            self.written.add(name)
            self.functions.update(outer)
            return text

        def noted(function: Any, kinds: Any, result: Any = None) -> str:
            """Note that a kernel is used, and write its functions once."""
            name = tracing.kernel_of(function, kinds, result)
            if name not in self.written:  # it was read from its file
                noted_text(function, kinds, result)
            self.kernels.add(name)
            return name

        def noted_entry(*passed: Any, **options: Any) -> Any:
            made = entry(*passed, **options)
            name = noted(*passed[:2])

            def called(*arguments: Any) -> Any:
                self.kernels.add(name)
                return made(*arguments)

            return called

        def noted_address(*passed: Any, **options: Any) -> Any:
            made = address_of(*passed, **options)
            self.always.add(noted(*passed[:3]))
            return made

        def noted_part(address: Any) -> int:
            part = lazy_parts._parts[address.name][address.number]
            kinds = lazy_parts._kinds_of(part, address.scalar)
            always = set(self.always)
            made = int(part_compiled(address))
            self.always = always  # its slot shows which tests use it
            parts[address] = noted(part.function, kinds, lazy_parts.NOTHING)
            return made

        class Addresses(dict):
            """Notes the parts whose slot a kernel fills."""

            def get(self, address: Any, default: Any = None) -> Any:
                if address in parts:
                    reach.kernels.add(parts[address])
                return super().get(address, default)

        program.TypedProgram.__init__ = noted_program
        entries.text_of = noted_text
        entries.entry, entries.address_of = noted_entry, noted_address
        lazy_parts._compiled = noted_part
        lazy_parts._addresses = Addresses(lazy_parts._addresses)

    def functions_of(self, typed: Any) -> set[str]:
        """Return the functions that a typed program consists of."""
        codes = (each.function.__code__ for each in typed.instances.values())
        found = (tracing.function_of(code, self.root) for code in codes)
        return set(filter(None, found))

    def begin(self) -> None:
        """Forget what an earlier test has reached, and all that its calls have kept."""
        from synapse.engine.language import lazy_parts

        for address, slots in lazy_parts._slots.items():
            lazy_parts._slots[address] = list(set(slots))
            for slot in lazy_parts._slots[address]:
                ctypes.c_uint64.from_address(slot).value = 0
        for cached in caches():
            cached.cache_clear()
        for noted in (self.functions, self.kernels, self.programs):
            noted.clear()
        self.child.unlink(missing_ok=True)
        sys.monitoring.restart_events()

    def taken(self) -> dict[str, list[str]]:
        """Return what a test has reached, in printed programs and in processes, too."""
        for printed in self.programs:
            self.functions |= self.functions_of(printed)
        if self.child.exists():
            for line in self.child.read_text(errors="replace").splitlines():
                self.see(line)
        return {
            "functions": sorted(self.functions),
            "kernels": sorted(self.kernels | self.always),
        }


def caches() -> list[Any]:
    """Return the cached functions of the library and its tests, without the engine's,
    which cache machine code."""
    return [
        value
        for name, module in list(sys.modules.items())
        if name.partition(".")[0] in ("synapse", "architect", "tests")
        and not name.startswith("synapse.engine")
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

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Measure a test with its fixtures."""
        self.failed = False
        if self.reach:
            self.reach.begin()
        began = cpu_seconds()
        ended = yield
        row = {
            "test": item.nodeid,
            "seconds": round(cpu_seconds() - began, 4),
            "red": self.failed,
            "tiers": [tier for tier in TIERS if item.get_closest_marker(tier)],
            "reads_sources": hasattr(getattr(item, "module", None), "nodes_of"),
            **(self.reach.taken() if self.reach else {}),
        }
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

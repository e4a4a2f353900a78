"""Report the functions of the library that a process calls, each once until the events
are restarted."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import CodeType
from typing import Any

CHILD = "SYNAPSE_MUTANTS_CHILD"
"""Environment variable with the file to which child processes append their calls."""
ROOT = "SYNAPSE_MUTANTS_ROOT"
"""Environment variable with the checkout whose functions are reported."""
KERNEL = "kernel "
"""How a line begins that names a kernel instead of a function."""


def function_of(code: CodeType, root: str) -> str | None:
    """Return a function of the library as file:line, or None for other functions."""
    file = code.co_filename.removeprefix(f"{root}{os.sep}").replace(os.sep, "/")
    is_own = file.startswith(("synapse/", "architect/"))
    return f"{file}:{code.co_firstlineno}" if is_own else None


def kernel_of(function: Any, kinds: Any, result: Any) -> str:
    """Return the name of a kernel for arguments of the given kinds."""
    name = f"{function.__module__}.{function.__qualname__} {kinds!r} {result!r}"
    return name.replace("\n", " ")


def start(root: str, report: Callable[[str], None]) -> None:
    """Report each function of a checkout at its first call, and each kernel that is
    loaded. `sys.monitoring.restart_events` makes all calls first ones again."""
    monitoring = sys.monitoring

    def on_start(code: CodeType, _: int) -> Any:
        name = function_of(code, root)
        if name is not None:
            report(name)
            if code.co_name == "_loaded":
                passed = sys._getframe(1).f_locals
                kernel = (passed[key] for key in ("function", "kinds", "result"))
                report(KERNEL + kernel_of(*kernel))
                return None
        return monitoring.DISABLE

    event = monitoring.events.PY_START
    monitoring.use_tool_id(monitoring.COVERAGE_ID, "tests.mutants")
    monitoring.register_callback(monitoring.COVERAGE_ID, event, on_start)
    monitoring.set_events(monitoring.COVERAGE_ID, event)


def start_in_child() -> None:
    """Append what this process calls to the file of the test that has started it.

    Each line is written at once, because tests kill some of their processes."""
    descriptor = os.open(os.environ[CHILD], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    start(os.environ[ROOT], lambda line: os.write(descriptor, f"{line}\n".encode()))

"""Report the functions of the library that a process calls, each once until
`restart`."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

CHILD = "SYNAPSE_MUTANTS_CHILD"
"""Environment variable with the file to which child processes append their calls."""
ROOT = "SYNAPSE_MUTANTS_ROOT"
"""Environment variable with the checkout whose functions are reported."""
PACKAGES = ("synapse", "architect")
KERNEL = "kernel "
"""How a line begins that names a kernel instead of a function."""


def function_of(code: CodeType, root: str) -> str | None:
    """Return a function of the library as file:line, or None for other functions."""
    if not code.co_filename.startswith(root):
        return None
    file = code.co_filename[len(root) + 1 :].replace(os.sep, "/")
    return f"{file}:{code.co_firstlineno}" if file.startswith(PACKAGES) else None


def kernel_of(function: Any, kinds: Any, result: Any) -> str:
    """Return the name of a kernel for arguments of the given kinds."""
    return f"{function.__module__}.{function.__qualname__} {kinds!r} {result!r}"


def start(root: str, report: Callable[[str], None]) -> Callable[[], None]:
    """Report each function of a checkout at its first call, and each kernel that is
    loaded. The returned function makes the calls of all functions first ones again.
    """

    def see(code: CodeType, frame: FrameType) -> bool:
        """Report a call, and return whether later ones are of interest, too."""
        name = function_of(code, root)
        if name is None:
            return False
        report(name)
        loads = code.co_name == "_loaded"
        if loads:
            passed = frame.f_locals
            kernel = kernel_of(passed["function"], passed["kinds"], passed["result"])
            report(KERNEL + kernel.replace("\n", " "))
        return loads

    if sys.version_info < (3, 12):  # much slower: a call of each function

        def profile(frame: FrameType, event: str, _: Any) -> None:
            if event == "call":
                see(frame.f_code, frame)

        sys.setprofile(profile)
        threading.setprofile(profile)
        return lambda: None

    monitoring = sys.monitoring

    def on_start(code: CodeType, _: int) -> Any:
        return None if see(code, sys._getframe(1)) else monitoring.DISABLE

    monitoring.use_tool_id(monitoring.COVERAGE_ID, "tests.mutants")
    event = monitoring.events.PY_START
    monitoring.register_callback(monitoring.COVERAGE_ID, event, on_start)
    monitoring.set_events(monitoring.COVERAGE_ID, event)
    return monitoring.restart_events


def start_in_child() -> None:
    """Append what this process calls to the file of the test that has started it.

    Each line is written at once, because tests kill some of their processes."""
    descriptor = os.open(os.environ[CHILD], os.O_APPEND | os.O_CREAT | os.O_WRONLY)
    start(os.environ[ROOT], lambda line: os.write(descriptor, f"{line}\n".encode()))

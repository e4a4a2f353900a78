"""The loops of lowering, compiled. They read and write integers only, so stores of any
float share them.
"""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ..compiler import cache
from ..compiler.jit import DEBUGGING, bare, columns, kernel, noinline
from .loops import LOOPS, MODULES

__all__ = ["DEBUGGING", "is_cached", "run"]

_scope: dict[str, Any] = {}
for _module in MODULES:
    for _name, _value in vars(_module).items():
        _scope[_name] = (
            noinline(FunctionType(_value.__code__, _scope, _name))
            if isinstance(_value, FunctionType)
            else _value
        )


def _chosen(loop_body, others):
    """A part that runs the first loop, or one of the others, by its number."""

    @noinline
    def run_loop(m, loop, n, count, numbers):
        if loop == 0:
            return loop_body(m, n, count, numbers)
        return others(m, loop - 1, n, count, numbers)

    return run_loop


_run_loop = noinline(lambda m, loop, n, count, numbers: (0, 0))
for _loop in reversed(LOOPS):
    _run_loop = _chosen(_scope[_loop.__name__], _run_loop)


@kernel
def run(address, unit, loop, n, count, work):
    """Run one of the loops, by its number."""
    return _run_loop(columns(address, unit), loop, n, count, bare(work))


def is_cached() -> bool:
    """Whether the cache has a file of these loops."""
    return not DEBUGGING and cache.has(run)

"""The loops of lowering, compiled. They read and write integers only, so stores of any
float share them.
"""

from __future__ import annotations

from inspect import isfunction
from typing import Any

from ..compiler import cache
from ..compiler.jit import DEBUGGING, bare, columns, kernel, noinline, parts_of
from .loops import LOOPS, MODULES

__all__ = ["DEBUGGING", "is_cached", "run"]

_scope: dict[str, Any] = {}
for _module in MODULES:
    _scope |= vars(_module)
parts_of(_scope, filter(isfunction, [*_scope.values()]), noinline)


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

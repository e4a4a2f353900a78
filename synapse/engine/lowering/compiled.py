"""The loops of lowering, compiled. They read and write integers only, so stores of any float share them."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from ..compiler import cache
from ..compiler.jit import DEBUGGING, bare, columns, kernel, noinline
from . import kernels

__all__ = ["DEBUGGING", "is_cached", "run"]

_scope: dict[str, Any] = dict(vars(kernels))
for _name, _loop in vars(kernels).items():
    if isinstance(_loop, FunctionType):
        _scope[_name] = noinline(FunctionType(_loop.__code__, _scope, _name))
_count_sorted, _split_rows, _merge_rows, _find_runs = (_scope[one.__name__] for one in kernels.LOOPS[:4])
_find_influences, _place_traces, _join_neurons = (_scope[one.__name__] for one in kernels.LOOPS[4:7])
_read_traces, _place_kept = (_scope[one.__name__] for one in kernels.LOOPS[7:])


@kernel
def run(address, unit, loop, n, count, work):
    """Run one of the loops, by its number."""
    m, numbers = columns(address, unit), bare(work)
    if loop == 0:
        return _count_sorted(m, n, count, numbers)
    if loop == 1:
        return _split_rows(m, n, count, numbers)
    if loop == 2:
        return _merge_rows(m, n, count, numbers)
    if loop == 3:
        return _find_runs(m, n, count, numbers)
    if loop == 4:
        return _find_influences(m, n, count, numbers)
    if loop == 5:
        return _place_traces(m, n, count, numbers)
    if loop == 6:
        return _join_neurons(m, n, count, numbers)
    if loop == 7:
        return _read_traces(m, n, count, numbers)
    return _place_kept(m, n, count, numbers)


def is_cached() -> bool:
    """Whether the cache has a file of these loops."""
    return not DEBUGGING and cache.has(run)

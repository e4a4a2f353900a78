"""Sort neurons by pairs (before, after) of an order of activation. Loops are plain
Python, but compiled for large orders.

``offset`` and ``target`` store the pairs by their first member: i comes before
``target[offset[i]]`` to ``target[offset[i + 1] - 1]``. All arrays are of int32.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

COMPILE_THRESHOLD = 1 << 17
"""Number of pairs and members that plain Python processes in 0.3 s on one core.
``python -m benchmarks.variants lowering.orders.COMPILE_THRESHOLD``: rows take 0.12 to
0.45 times as long with a tenth, 1.01 to 9.16 times with ten times.
"""


def run(loop: Callable[..., None], size: int, *arguments: Any) -> None:
    """Run a loop over `size` pairs and members."""
    if size > COMPILE_THRESHOLD:
        _compiled(loop)(*arguments)
    else:
        loop(
            *(
                argument if isinstance(argument, int) else memoryview(argument)
                for argument in arguments
            )
        )


@cache
def _compiled(loop: Callable[..., None]) -> Any:
    return importlib.import_module("synapse.engine.language.decorators").kernel(loop)


def lay_out(
    count: int, pairs: Any, is_first: Any, is_last: Any, offset: Any, target: Any
) -> None:
    """Lay out the pairs that affect the order, which excludes pairs from the last
    members and to the first ones.
    """
    for pair in range(count):
        i = pairs[pair, 0]
        j = pairs[pair, 1]
        if i != j and is_last[i] == 0 and is_first[j] == 0:
            offset[i + 2] += 1
    for i in range(2, len(offset)):  # it has two more entries than there are members
        offset[i] += offset[i - 1]
    for pair in range(count):
        i = pairs[pair, 0]
        j = pairs[pair, 1]
        if i != j and is_last[i] == 0 and is_first[j] == 0:
            target[offset[i + 1]] = j
            offset[i + 1] += 1


def cut_cycles(
    n: int,
    offset: Any,
    target: Any,
    group: Any,
    ranks: Any,
    cuts: Any,
    kept: Any,
    left: Any,
) -> None:
    """Write offsets and targets without pairs that lead backward by the best of the
    ranks in each group.
    """
    for k in range(len(ranks)):
        for i in range(n):
            for edge in range(offset[i], offset[i + 1]):
                j = target[edge]
                if group[i] == group[j] and ranks[k, i] > ranks[k, j]:
                    cuts[k, group[i]] += 1
    count = 0
    for i in range(n):
        best = 0
        for k in range(1, len(ranks)):
            if cuts[k, group[i]] < cuts[best, group[i]]:
                best = k
        for edge in range(offset[i], offset[i + 1]):
            j = target[edge]
            if group[i] != group[j] or ranks[best, i] < ranks[best, j]:
                left[count] = j
                count += 1
        kept[i + 1] = count


def find_distances(
    n: int, offset: Any, target: Any, near: Any, queue: Any, waiting: int
) -> None:
    """Count the pairs to each member from the nearest in the queue, which have 0. For
    all other members, `near` is n.
    """
    head = 0
    while head < waiting:
        i = queue[head]
        head += 1
        for edge in range(offset[i], offset[i + 1]):
            j = target[edge]
            if near[j] == n:
                near[j] = near[i] + 1
                queue[waiting] = j
                waiting += 1


def find_groups(
    n: int,
    offset: Any,
    target: Any,
    group: Any,
    number: Any,
    low: Any,
    stack: Any,
    path: Any,
    at: Any,
) -> None:
    """Number the strongly connected components (Tarjan 1972). `group` is -1 and
    `number` 0 at first.
    """
    groups = seen = height = 0
    for root in range(n):
        depth = 0
        if number[root] == 0:
            path[0] = root
            depth = 1
        while depth > 0:
            i = path[depth - 1]
            if number[i] == 0:
                seen += 1
                number[i] = low[i] = seen
                at[i] = offset[i]
                stack[height] = i
                height += 1
            if at[i] < offset[i + 1]:
                j = target[at[i]]
                at[i] += 1
                if number[j] == 0:
                    path[depth] = j
                    depth += 1
                elif group[j] < 0:
                    low[i] = min(low[i], number[j])
                continue
            depth -= 1
            if depth > 0:
                low[path[depth - 1]] = min(low[path[depth - 1]], low[i])
            if low[i] == number[i]:
                while group[i] < 0:
                    height -= 1
                    group[stack[height]] = groups
                groups += 1


def sort_by_rank(
    n: int,
    offset: Any,
    target: Any,
    rank: Any,
    member: Any,
    waiting: Any,
    heap: Any,
    order: Any,
) -> None:
    """Sort members topologically, with the lowest rank first, where ``member[rank[i]]``
    is i. `waiting` is 0 at first.
    """
    for edge in range(offset[n]):
        waiting[target[edge]] += 1
    size = 0
    for lowest in range(n):  # in ascending order they are a heap
        if waiting[member[lowest]] == 0:
            heap[size] = lowest
            size += 1
    sorted_ones = 0
    while size > 0:
        i = member[heap[0]]
        order[sorted_ones] = i
        sorted_ones += 1
        size -= 1
        moved = heap[size]
        hole = 0
        while 2 * hole + 1 < size:
            child = 2 * hole + 1
            if child + 1 < size and heap[child + 1] < heap[child]:
                child += 1
            if heap[child] >= moved:
                break
            heap[hole] = heap[child]
            hole = child
        heap[hole] = moved
        for edge in range(offset[i], offset[i + 1]):
            j = target[edge]
            waiting[j] -= 1
            if waiting[j] == 0:
                moved = rank[j]
                hole = size
                size += 1
                while hole > 0 and heap[(hole - 1) >> 1] > moved:
                    heap[hole] = heap[(hole - 1) >> 1]
                    hole = (hole - 1) >> 1
                heap[hole] = moved


def find_depths(
    n: int,
    offset: Any,
    target: Any,
    order: Any,
    group: Any,
    near: Any,
    depth: Any,
    passed: Any,
) -> None:
    """Compute depths by the pairs that lead forward in the order. `depth` and `passed`
    are 0 at first.
    """
    for edge in range(n):
        i = order[edge]
        passed[i] = 1
        for pair in range(offset[i], offset[i + 1]):
            j = target[pair]
            if passed[j] == 0:
                deeper = 1 if group[i] != group[j] or near[i] < near[j] else 0
                depth[j] = max(depth[j], depth[i] + deeper)

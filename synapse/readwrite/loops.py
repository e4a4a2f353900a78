"""The connections of a plan as nested loops, so that a layer is one line and not one a connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._typing import Bools
from .plan import OPEN, Block, Plan


class Run(NamedTuple):
    """Connections into one neuron, from neighbouring sources: ``source .. source + length``.

    The connection ``t`` is gated by neuron ``gater + along * t``, by none where that is OPEN. For
    the next neuron of a loop, source and gater move by ``source_step`` and ``gater_step``.
    """

    source: int
    source_step: int
    length: int
    gater: int
    gater_step: int
    along: int


@dataclass
class Loop:
    """Neurons ``first .. stop`` that are weighed by the same runs; then some fire.

    ``fires`` is empty where others of a group are yet to be weighed.
    """

    first: int
    stop: int
    fires: tuple[int, int]
    squash: str
    runs: list[Run]


def loops_of(plan: Plan) -> list[Loop]:
    """The loops of a plan, in order; weights are used up in the order of its connections."""
    runs = _runs(plan)
    return [loop for block in plan.blocks for loop in _loops_of_block(block, runs)]


def _loops_of_block(block: Block, runs: list[list[Run]]) -> list[Loop]:
    loops: list[Loop] = []
    for j in range(block.first, block.stop):
        if loops and _goes_on(loops[-1], runs[j]):
            loops[-1].stop = j + 1
        else:
            loops.append(Loop(j, j + 1, (0, 0), block.squash, runs[j]))
    if not block.grouped:
        for loop in loops:  # none waits for another: each may fire as soon as it is weighed
            loop.fires = (loop.first, loop.stop)
        return loops
    loops[-1].fires = block.fires[0]
    return loops + [Loop(block.stop, block.stop, group, block.squash, []) for group in block.fires[1:]]


def _goes_on(loop: Loop, runs: list[Run]) -> bool:
    """Whether the next neuron's runs are those of the loop; its second neuron settles the steps."""
    if len(runs) != len(loop.runs):
        return False
    past = loop.stop - loop.first
    if past == 1:
        stepping = [_stepping(before, run) for before, run in zip(loop.runs, runs, strict=True)]
        if None in stepping:
            return False
        loop.runs = [run for run in stepping if run is not None]
        return True
    return all(_moved(run, past) == after for run, after in zip(loop.runs, runs, strict=True))


def _stepping(run: Run, after: Run) -> Run | None:
    """The run with the steps that lead to `after`, if there are such."""
    steps = after.source - run.source, after.gater - run.gater
    alike = (run.length, run.along, run.gater == OPEN) == (after.length, after.along, after.gater == OPEN)
    if not alike or not set(steps) <= {0, 1}:
        return None
    return run._replace(source_step=steps[0], gater_step=steps[1])


def _moved(run: Run, past: int) -> Run:
    """The run of the neuron that comes `past` neurons later, as it stands alone."""
    source, gater = run.source + past * run.source_step, run.gater + past * run.gater_step
    return Run(source, 0, run.length, gater, 0, run.along)


def _runs(plan: Plan) -> list[list[Run]]:
    """The runs into every neuron."""
    joined, along = _joints(plan)
    first = np.flatnonzero(~joined)
    length = np.diff(np.append(first, len(joined)))
    strides = np.append(along, False)[first + 1] & (length > 1)
    columns = (plan.target[first], plan.source[first], length, plan.gater[first], strides.astype(int))
    runs: list[list[Run]] = [[] for _ in range(plan.neurons)]
    for target, source, count, gater, stride in zip(*(column.tolist() for column in columns), strict=True):
        runs[target].append(Run(source, 0, count, gater, 0, stride))
    return runs


def _joints(plan: Plan) -> tuple[Bools, Bools]:
    """Which connections continue the run of the one before, and which of them take the next gater."""
    n = len(plan.target)

    def ahead(column: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.diff(column, prepend=column[:1] - 9)[:n]

    neighbours = (ahead(plan.target) == 0) & (ahead(plan.source) == 1)
    same = neighbours & (ahead(plan.gater) == 0)
    beside_same = same | np.append(same[1:], False)[:n] | np.append(False, same[:-1])[:n]
    along = neighbours & (ahead(plan.gater) == 1) & (plan.gater > 0) & ~beside_same
    return same | along, along

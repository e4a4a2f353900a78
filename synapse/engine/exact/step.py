"""Where the numbers of one step are on the tapes, see ``loops.py``."""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import types


class Step(NamedTuple):
    """A step forward: the neuron in row j has ``tapes.activation[step.now + j]``."""

    now: int  # where the numbers of this step begin, minus the first row of the network
    before: int  # where those of the previous step begin
    # where numbers begin that every step overwrites, such as ``tapes.weighed``
    offset: int


class StepBack(NamedTuple):
    """A step backward: neuron j has the error ``tapes.error[back.slot + j]``."""

    now: int
    before: int
    to_now: int  # where errors are added that belong to this step, in ``tapes.pushed``,
    to_before: int  # and to the previous one
    slot: int  # where the errors of this step begin, in a chunk of steps
    offset: int


class Chunk(NamedTuple):
    """Steps whose errors are summed into the gradient together."""

    step: int  # the first of them
    steps: int  # number of steps
    now: int  # where the numbers of the first begin, minus the first row of the network
    origin: int  # the first row of the network
    rows: int  # number of neurons
    lanes: int  # number of samples


def step_kind(unit: Any) -> Any:
    """Kind of an argument of rare parts: a `Step`."""
    return types.NamedUniTuple(types.int64, len(Step._fields), Step)


def step_back_kind(unit: Any) -> Any:
    """Kind of an argument of rare parts: a `StepBack`."""
    return types.NamedUniTuple(types.int64, len(StepBack._fields), StepBack)


def chunk_kind(unit: Any) -> Any:
    """Kind of an argument of rare parts: a `Chunk`."""
    return types.NamedUniTuple(types.int64, len(Chunk._fields), Chunk)

"""Divide an export plan into blocks of dense and elementwise products. Exporters use
them to compute blocks that do not depend on a recurrence for all steps at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

import networkx as nx
import numpy as np

from .._squash import get as squash_of
from .._typing import Ints
from ._plan import LATE, PAST, ExportPlan, Stage

INPUT = 0
"""Index of the block that contains the inputs."""
MAX_SMALL_MATRIX = 1 << 16
"""Largest matrix that is made however few connections it has. ``python -m
benchmarks.variants _blocks.MAX_SMALL_MATRIX``: rows take 1.00 to 1.50 times as long
with a tenth, 1.01 to 1.20 times with ten times."""
MIN_DENSITY = 0.25
"""Share of connections from which on a larger matrix is made. ``python -m
benchmarks.variants _blocks.MIN_DENSITY``: rows take 0.97 to 1.18 times as long with a
tenth, 1.01 to 4.09 times with ten times."""


class Read(NamedTuple):
    """Neighbours ``start .. stop`` of a block whose values are read."""

    when: int  # NOW, PAST, STATE, LATE or more
    block: int
    start: int
    stop: int


@dataclass
class Term:
    """Connections from neighbouring neurons of one block to neurons ``start .. stop``
    of another.

    ``form`` is "dense", with weights of shape (sources, targets), "each", with one
    connection per target and weights of shape (targets,), or "sparse". In a matrix, -1
    marks a missing connection. The values of the sources are multiplied by `inner`, and
    the sums by `outer`. ``picks`` are the indices within a read for the sources and
    targets of a sparse term, and for the gaters. None means all of them in order.
    """

    form: str
    source: Read
    start: int
    stop: int
    weights: Ints
    inner: Read | None = None
    outer: Read | None = None
    picks: tuple[Ints | None, Ints | None, Ints | None] = (None, None, None)


@dataclass
class Block:
    """Neurons ``start .. stop`` of a plan, which are computed together, with the
    squashes of their pieces.
    """

    start: int
    stop: int
    pieces: list[tuple[str, int, int]] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.stop - self.start

    @property
    def numbers(self) -> Ints:
        """The neurons' indices in the plan."""
        return np.arange(self.start, self.stop)

    def read_past(self) -> None:
        """Replace reads that are one step late by a delay with reads late by the
        order.
        """
        for term in self.terms:
            if term.source.when == LATE:
                term.source = term.source._replace(when=PAST)

    def reads(self) -> Iterator[Read]:
        """Yield all values that it reads."""
        for term in self.terms:
            yield from (
                read
                for read in (term.source, term.inner, term.outer)
                if read is not None
            )


def blocks_of(plan: ExportPlan) -> list[Block]:
    """Divide the stages of a plan into blocks, the first of which are its inputs.

    A stage is cut only where this divides neither a group nor the values that are read
    from one stage. If only a part of a stage recurs, the cuts make it a block of its
    own.
    """
    numbers = np.arange(plan.neurons)
    stage_of = np.searchsorted([stage.start for stage in plan.stages], numbers, "right")
    blocks = [Block(0, plan.topology.inputs)]
    for stage in plan.stages:
        for start, stop in pairwise(_cuts(plan, stage, stage_of)):
            pieces = [
                (squash, max(begin, start) - start, min(end, stop) - start)
                for squash, begin, end in stage.fires
                if begin < stop and end > start
            ]
            blocks.append(Block(start, stop, pieces))
    starts = np.array([block.start for block in blocks])
    block_of = np.searchsorted(starts, numbers, "right") - 1
    place = numbers - starts[block_of]
    for block in blocks[1:]:
        block.terms = _terms(plan, block, block_of, place)
    return blocks


def _cuts(plan: ExportPlan, stage: Stage, stage_of: Ints) -> list[int]:
    """Return where a stage can be cut without dividing a group, or the boundaries of
    one stage.
    """
    start, stop, fires = stage
    rows = plan.rows(start, stop)
    read_stage = stage_of[plan.source[rows] % plan.neurons]
    spans = [(begin, end) for squash, begin, end in fires if squash_of(squash)._grouped]
    key = (plan.source_when[rows] * len(stage_of) + read_stage) * 2 + (
        plan.gater[rows] >= 0
    )
    for number in np.unique(key):
        spans += _spans(plan, rows[key == number])
    spanned = {number for begin, end in spans for number in range(begin + 1, end)}
    ends = {end for span in spans for end in span if start < end < stop} - spanned
    return [start, *sorted(ends), stop]


def _spans(plan: ExportPlan, rows: Ints) -> list[tuple[int, int]]:
    """Return the spans of neurons to keep together: one for all connections, or one for
    each projection if all are one-to-one and side by side.
    """
    target = plan.target[rows]
    turns = np.flatnonzero(np.diff(plan.source[rows] - target)) + 1
    parts = np.split(target, turns)
    if (np.diff(target) != 1).any() or min(map(len, parts)) < 2:
        return [_span(target)]
    return [_span(part) for part in parts]


def _span(numbers: Ints) -> tuple[int, int]:
    """Return from where to where numbers reach."""
    return int(numbers.min()), int(numbers.max()) + 1


def _terms(plan: ExportPlan, block: Block, block_of: Ints, place: Ints) -> list[Term]:
    """Return the terms of a block. Each term reads one block, and is gated by at most
    one block.
    """
    rows = plan.rows(block.start, block.stop)
    if not len(rows):
        return []
    gater = plan.gater[rows]
    keys = np.array(
        [
            plan.source_when[rows],
            block_of[plan.source[rows] % plan.neurons],
            np.where(gater >= 0, plan.gater_when[rows], -1),
            np.where(gater >= 0, block_of[gater], -1),
        ]
    )
    keys, term_of = np.unique(keys, axis=1, return_inverse=True)
    term_of = term_of.reshape(-1)
    # Within a term, connections stay in the order of the plan.
    by_term = np.argsort(term_of, kind="stable")
    ends = np.cumsum(np.bincount(term_of))[:-1]
    groups = np.split(rows[by_term], ends)
    return [
        _term(plan, group, key, place, block.size)
        for group, key in zip(groups, keys.T.tolist(), strict=True)
    ]


def _term(plan: ExportPlan, rows: Ints, key: list[int], place: Ints, size: int) -> Term:
    """Return the term whose connections are ordered by target, then by source."""
    when, block, gate_when, gate_block = key
    connection = plan.connection[rows]
    target = place[plan.target[rows]]
    source = place[plan.source[rows] % plan.neurons]
    gater = place[plan.gater[rows]]
    start, stop = _span(target)
    low, high = _span(source)
    read = Read(when, block, low, high)
    gate = None
    if gate_block >= 0:
        gate = Read(gate_when, gate_block, *_span(gater))
        gater = gater - gate.start
    one_each = len(target) == stop - start and (np.diff(target) == 1).all()
    if one_each and (source - target == source[0] - target[0]).all():
        gains = _picked(gater, gate)
        return Term(
            "each", read, start, stop, connection, None, gate, (None, None, gains)
        )
    area = (stop - start) * (high - low)
    if area <= MAX_SMALL_MATRIX or len(target) >= MIN_DENSITY * area:
        matrix = np.full((high - low, stop - start), -1)
        matrix[source - low, target - start] = connection
        whole = np.pad(matrix, ((0, 0), (start, size - stop)), constant_values=-1)
        if gate is None:
            return Term("dense", read, 0, size, whole)
        of_target = gater_of(target - start, gater, stop - start)
        if of_target is not None:
            gains = _picked(of_target, gate)
            return Term(
                "dense", read, start, stop, matrix, None, gate, (None, None, gains)
            )
        of_source = gater_of(source - low, gater, high - low)
        if of_source is not None:
            gains = _picked(of_source, gate)
            return Term("dense", read, 0, size, whole, gate, None, (None, None, gains))
    picks = (source - low, target - start, None if gate is None else gater)
    return Term("sparse", read, start, stop, connection, gate, None, picks)


def gater_of(ends: Ints, gater: Ints, count: int) -> Ints | None:
    """Return the gater at each end, or 0 where no connection ends, and None instead of
    an array if one of the ends has several gaters.
    """
    gaters = np.zeros(count, np.int64)
    gaters[ends] = gater
    return gaters if (gaters[ends] == gater).all() else None


def _picked(numbers: Ints, read: Read | None) -> Ints | None:
    """Return the numbers, or None if they are all of a read in order."""
    if read is None or np.array_equal(numbers, np.arange(read.stop - read.start)):
        return None
    return numbers


def components_of(blocks: list[Block]) -> list[tuple[list[int], bool]]:
    """Return the blocks in an order of computation, in groups, and whether each
    recurs.
    """
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(1, len(blocks)))
    for k, block in enumerate(blocks):
        graph.add_edges_from(
            (read.block, k) for read in block.reads() if read.block != INPUT
        )
    condensed = nx.condensation(graph)
    key = {node: min(condensed.nodes[node]["members"]) for node in condensed}
    order = nx.lexicographical_topological_sort(condensed, key.__getitem__)
    members = [sorted(condensed.nodes[node]["members"]) for node in order]
    return [
        (group, len(group) > 1 or graph.has_edge(group[0], group[0]))
        for group in members
    ]

"""The blocks of a plan: dense and elementwise products, and which of them depend on recurrence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any, NamedTuple

import networkx as nx
import numpy as np

from .._typing import Ints
from ..squash import get as squash_of
from ._plan import NOW, PAST, STATE, Plan, Stage

INPUT = 0
"""Number of the block of the inputs."""
SMALL = 1 << 16
"""Largest matrix that is made however few connections it has."""
FILLED = 0.25
"""Share of connections from which on a larger matrix is made."""


class Read(NamedTuple):
    """Neighbours ``first .. stop`` of a block whose values are read."""

    kind: int
    block: int
    first: int
    stop: int


@dataclass
class Term:
    """Connections from neighbours of one block into neurons ``first .. stop`` of another.

    ``form`` is "dense", with weights of shape (sources, targets); "each", one connection a target, with
    weights of shape (targets,); or "sparse". In a matrix, -1 stands for no connection. The values of the
    sources are multiplied by `inner`, the sums by `outer`. ``picks`` are the numbers within a read that are
    used: of the sources and targets of a sparse term, and of the gaters; None: all, in order.
    """

    form: str
    source: Read
    first: int
    stop: int
    weights: Ints
    inner: Read | None = None
    outer: Read | None = None
    picks: tuple[Ints | None, Ints | None, Ints | None] = (None, None, None)


@dataclass
class Block:
    """Neurons ``first .. stop`` of a plan, which are computed together, with the squashes of their pieces."""

    first: int
    stop: int
    pieces: list[tuple[str, int, int]] = field(default_factory=list)
    terms: list[Term] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of neurons."""
        return self.stop - self.first

    def reads(self) -> Iterator[Read]:
        """All values that it reads."""
        for term in self.terms:
            yield from (read for read in (term.source, term.inner, term.outer) if read is not None)


class Links(NamedTuple):
    """Connections of a plan as columns: target, kind and number of source and gater (-1: none), and number.

    Sources are neurons here, with a kind that says whether their states are read.
    """

    target: Ints
    kind: Ints
    source: Ints
    gate_kind: Ints
    gater: Ints
    connection: Ints

    def only(self, chosen: Any) -> Links:
        """The chosen ones."""
        return Links(*(column[chosen] for column in self))


def blocks_of(plan: Plan) -> list[Block]:
    """Divide the stages of a plan into blocks, the first of which are its inputs.

    A stage is cut where no group, and nothing that is read from one stage, is divided. Where one part of a
    stage recurs and another does not, they are then blocks of their own.
    """
    numbers = np.arange(plan.neurons)
    links = Links(
        target=plan.target,
        kind=plan.when(plan.source),
        source=plan.source % plan.neurons,
        gate_kind=plan.when(plan.gater),
        gater=plan.gater,
        connection=plan.connection,
    )
    stages = plan.stages
    blocks = [Block(0, plan.inputs)]
    stage_of = np.searchsorted([stage.first for stage in stages], numbers, "right")
    into = _sorted_by(stage_of[links.target], 1 + len(stages))
    for stage, mine in zip(stages, into[1:], strict=True):
        for a, b in pairwise(_cuts(links.only(mine), stage, stage_of)):
            inside = [(name, max(c, a) - a, min(d, b) - a) for name, c, d in stage.fires if c < b and d > a]
            blocks.append(Block(a, b, inside))
    starts = np.array([block.first for block in blocks])
    block_of = np.searchsorted(starts, numbers, "right") - 1
    place = numbers - starts[block_of]
    into = _sorted_by(block_of[links.target], len(blocks))
    for block, mine in zip(blocks[1:], into[1:], strict=True):
        block.terms = _terms(links.only(mine), block_of, place, block.size)
    return blocks


def _sorted_by(key: Ints, count: int) -> list[Ints]:
    """The rows with each key 0, 1, ..."""
    order = np.argsort(key, kind="stable")
    return np.split(order, np.searchsorted(key[order], np.arange(1, count)))


def _cuts(links: Links, stage: Stage, stage_of: Ints) -> list[int]:
    """Where a stage can be cut so that neither a group nor what is read from one stage is divided."""
    first, stop, fires = stage
    spans = [(a, b) for name, a, b in fires if squash_of(name).grouped]
    key = (links.kind * len(stage_of) + stage_of[links.source]) * 2 + (links.gater >= 0)
    spans += [_span(links.target[key == number]) for number in np.unique(key)]
    spanned = {number for a, b in spans for number in range(a + 1, b)}
    ends = {end for span in spans for end in span if first < end < stop} - spanned
    return [first, *sorted(ends), stop]


def _span(numbers: Ints) -> tuple[int, int]:
    """From where to where numbers reach."""
    return int(numbers.min()), int(numbers.max()) + 1


def _terms(links: Links, block_of: Ints, place: Ints, size: int) -> list[Term]:
    if not len(links.target):
        return []
    gated = links.gater >= 0
    keys = np.array(
        [
            links.kind,
            block_of[links.source],
            np.where(gated, links.gate_kind, -1),
            np.where(gated, block_of[links.gater], -1),
        ]
    )
    found, place_of = np.unique(keys, axis=1, return_inverse=True)
    rows = _sorted_by(place_of.reshape(-1), found.shape[1])
    return [
        _term(key, links.only(mine), place, size) for key, mine in zip(found.T.tolist(), rows, strict=True)
    ]


def _term(key: list[int], links: Links, place: Ints, size: int) -> Term:
    kind, block, gate_kind, gate_block = key
    links = links.only(np.lexsort((links.source, place[links.target])))
    target, source = place[links.target], place[links.source]
    (first, stop), (low, high) = _span(target), _span(source)
    read = Read(kind, block, low, high)
    gate, gater = None, place[links.gater]
    if gate_block >= 0:
        gate = Read(gate_kind, gate_block, *_span(gater))
        gater = gater - gate.first
    one_each = len(target) == stop - first and (np.diff(target) == 1).all()
    if one_each and (source - target == source[0] - target[0]).all():
        gains = _picked(gater, gate)
        return Term("each", read, first, stop, links.connection, None, gate, (None, None, gains))
    area = (stop - first) * (high - low)
    if area <= SMALL or len(target) >= FILLED * area:
        weights = np.full((high - low, stop - first), -1)
        weights[source - low, target - first] = links.connection
        whole = np.pad(weights, ((0, 0), (first, size - stop)), constant_values=-1)
        if gate is None:
            return Term("dense", read, 0, size, whole)
        if (picked := _gater_of(target - first, gater, stop - first)) is not None:
            return Term("dense", read, first, stop, weights, None, gate, (None, None, _picked(picked, gate)))
        if (picked := _gater_of(source - low, gater, high - low)) is not None:
            return Term("dense", read, 0, size, whole, gate, None, (None, None, _picked(picked, gate)))
    picks = (source - low, target - first, None if gate is None else gater)
    return Term("sparse", read, first, stop, links.connection, gate, None, picks)


def _gater_of(ends: Ints, gater: Ints, count: int) -> Ints | None:
    """The gater of the connections at each end; None if one of them has none or several."""
    found = np.full(count, -1)
    found[ends] = gater
    return found if (found >= 0).all() and (found[ends] == gater).all() else None


def _picked(numbers: Ints, read: Read | None) -> Ints | None:
    """The numbers, or None if they are all of a read in order."""
    if read is None or np.array_equal(numbers, np.arange(read.stop - read.first)):
        return None
    return numbers


def components_of(blocks: list[Block]) -> list[tuple[list[int], bool]]:
    """The blocks in an order of computation, in groups, and whether those of a group recur."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(1, len(blocks)))
    for k, block in enumerate(blocks):
        graph.add_edges_from((read.block, k) for read in block.reads() if read.block != INPUT)
    condensed = nx.condensation(graph)
    key = {node: min(condensed.nodes[node]["members"]) for node in condensed}
    order = nx.lexicographical_topological_sort(condensed, key.__getitem__)
    members = [sorted(condensed.nodes[node]["members"]) for node in order]
    return [(own, len(own) > 1 or graph.has_edge(own[0], own[0])) for own in members]


def gates_of(members: list[int], blocks: list[Block]) -> list[int] | None:
    """Where the first block of a loop has torch's gates of an LSTM: input, forget, candidate, output.

    None if the loop computes anything but c = f c + i g, h = o tanh(c), with i, f, o by the logistic function
    and g by tanh, of sums of h of the step before and of values known before the loop.
    """
    if len(members) != 4:
        return None
    a, c, squashed, h = members
    n = blocks[h].size
    outside = [term for term in blocks[a].terms if term.source.block not in members]
    gates, same = [("logistic", 0, 3 * n), ("tanh", 3 * n, 4 * n)], [("identity", 0, n)]
    if [blocks[k].pieces for k in members] != [gates, same, [("tanh", 0, n)], same] or not outside:
        return None
    terms = [(k, term) for k in members for term in blocks[k].terms]
    found = {(k, t.form, t.source, t.outer) for k, t in terms if not t.inner and t.picks[2] is None}
    part = [Read(NOW, a, k * n, (k + 1) * n) for k in range(4)]
    for i, f, o in permutations(range(3)):
        wanted = {
            *((a, "dense", term.source, None) for term in outside),
            (a, "dense", Read(PAST, h, 0, n), None),
            (c, "each", part[3], part[i]),
            (c, "each", Read(STATE, c, 0, n), part[f]),
            (squashed, "each", Read(NOW, c, 0, n), None),
            (h, "each", Read(NOW, squashed, 0, n), part[o]),
        }
        if found == wanted and len(terms) == len(wanted):
            return [i, f, 3, o]
    return None

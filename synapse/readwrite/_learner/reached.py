"""Which parameters reach which recurrent neurons, for programs that learn exactly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..._squash import SHARES
from ..._typing import Floats
from ...engine.lowering import flags as mark
from .._formulas import kind_of
from .tables import Tables


class Reached:
    """Which parameters reach which recurrent neurons, the roots, within `reach` steps.

    Neurons are numbered from the first that is not an input; past activations follow,
    as in a program. ``places`` has, by root and neuron, where the sensitivities of the
    neuron's parameters begin; -1: there are none.
    """

    def __init__(self, tables: Tables, reach: int | None) -> None:
        count = tables.computed + tables.past.size
        self._now: list[set[int]] = [set() for _ in range(count)]
        self._past: list[set[int]] = [set() for _ in range(count)]
        self._tables = tables
        for j, node in enumerate(tables.nodes()):
            for run in tables.runs[node[0] : node[1]]:
                self._read(j, run, tables.listed)
            if tables.flags[j] & mark.MEMORY:
                self._past[j].add(j)
                if node[7] >= 0:
                    self._add(j, [node[7]], bool(tables.late_self_gater[j]))
        self._add_past()
        self._add_groups()
        self.roots = sorted(set[int]().union(*self._past))
        self.blocks = [self._block_of(root) for root in self.roots]
        widths = (tables.of_computed("learning") + 1).tolist()
        self.widest = max(widths)
        self.size = 0
        self.places = np.full((len(self.roots), tables.computed), -1)
        lines = self._lines(reach)
        for j, width in enumerate(widths):
            for number, root in enumerate(self.roots):
                if j in lines[root]:
                    self.places[number, j] = self.size
                    self.size += width

    def context(self) -> dict[str, Floats]:
        """Return the sensitivities after the latest step, by their names in a program.

        A program renews its sensitivities by ``carried`` when a step begins. These have
        been renewed by the engine, so ``carried`` leaves them as they are.
        """
        tables = self._tables
        matrix = tables.sensitivities()
        owners = np.arange(tables.computed + 1) + tables.inputs
        ends = np.searchsorted(matrix.owners, owners).tolist()
        sensitivity = np.zeros(self.size)
        roots = matrix.rows - tables.inputs
        for lag in range(1, 1 + int(matrix.steps.max(initial=0))):
            roots[matrix.steps == lag] += tables.past.offset(lag, tables.neurons)
        for root, line in zip(roots.tolist(), matrix.values, strict=True):
            places = self.places[self.roots.index(root)].tolist()
            shared = {0}  # of one member alone: the program adds what all of them find
            for j, begin in enumerate(places):
                values = line[ends[j] : ends[j + 1]]
                for offset, tie in enumerate(tables.ties_of(j)[: len(values)]):
                    if begin < 0 or np.isnan(values[offset]) or tie in shared - {0}:
                        continue
                    shared.add(tie)
                    sensitivity[begin + offset] = values[offset]
        return {
            "sensitivity": sensitivity,
            "carried": np.eye(len(self.roots)).ravel(),
        }

    def _block_of(self, neuron: int) -> int:
        if neuron >= self._tables.computed:  # a past activation, of nothing
            return -1
        blocks = self._tables.blocks
        return next(b for b, (_, stop) in enumerate(blocks) if neuron < stop)

    def _read(self, j: int, run: tuple[int, ...], listed: list[int]) -> None:
        """Add what a neuron reads by a run."""
        _, length, source, gater, _, _, run_kind, flags = run
        sources = range(source, source + length)
        gaters = range(gater, gater + (length if run_kind == mark.ZIPPED else 1))
        if run_kind in (mark.LISTED, mark.PAIRED):
            sources = listed[source : source + length]  # type: ignore[assignment]
        if run_kind == mark.PAIRED:
            gaters = listed[gater : gater + length]  # type: ignore[assignment]
        self._add(j, sources, bool(flags & mark.DELAYED))
        if run_kind >= mark.SHARED:
            self._add(j, gaters, bool(flags & mark.DELAYED_GATE))

    def _add(self, j: int, neurons: Sequence[int], late: bool) -> None:
        read = (self._past if late else self._now)[j]
        inputs = self._tables.inputs
        read.update(i - inputs for i in neurons if i >= inputs)

    def _add_past(self) -> None:
        """Add past activations. Each was in the frame before one step earlier, and at
        first that of its neuron; those of inputs depend on no parameter.
        """
        past = self._tables.past
        computed = self._tables.computed
        needed = set[int]().union(*self._now)
        for place in reversed(range(past.size)):
            number = computed + place
            neuron = past.first + place % past.width - self._tables.inputs
            if number not in needed:
                continue
            if neuron < 0:
                for read in self._now:
                    read.discard(number)
                continue
            earlier = number - past.width if place >= past.width else neuron
            needed.add(earlier)
            self._past[number].add(earlier)

    def _add_groups(self) -> None:
        """Add softmax groups: an activation depends on all states of its group."""
        for start, stop, squash in self._tables.fires:
            if kind_of(squash) != SHARES:
                continue
            group = set(range(start, stop))
            for read in (*self._now, *self._past):
                if read & group:
                    read |= group

    def _lines(self, reach: int | None) -> dict[int, set[int]]:
        """Return neurons whose parameters reach each root within `reach` steps."""
        within: dict[int, set[int]] = {}
        for root in self.roots:
            visited = {root}
            waiting = [root]
            while waiting:
                new = self._now[waiting.pop()] - visited
                visited |= new
                waiting += new
            within[root] = visited
        earlier = {
            root: set().union(*(self._past[j] for j in visited))
            for root, visited in within.items()
        }
        lines_of = dict(within)
        steps = 1
        while reach is None or steps < reach:
            longer = {
                root: within[root].union(*(lines_of[q] for q in earlier[root]))
                for root in self.roots
            }
            if longer == lines_of:
                break
            lines_of = longer
            steps += 1
        return lines_of

"""Steps that are unrolled block by block, with one loop for consecutive neurons that
are alike: kernels are specialised for what is known of all of these.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from ..._typing import Ints
from ...engine.language.decorators import in_order, noinline
from ...engine.language.each import each
from ...engine.language.tree import (
    ArrayKind,
    Node,
    at_run_time,
    column_of,
    is_known,
    known,
)
from ...engine.language.words import word, zero_like
from ...engine.lowering.flags import DENSE, LAGGED, WITH_GATES
from ...engine.online import states
from ...engine.records import Span
from ...engine.schema import NONE
from . import sums
from .specialised import KnownColumns

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

MAX_STRETCHES = 64
"""Loops over neurons up to which a step is unrolled; more neurons are found by
tables."""
MIN_DOT = 4
"""Fewest products that are added by a function."""
SOURCES_TOGETHER = 8
"""Sources whose products are added at a time."""


@dataclass(frozen=True)
class Sums:
    """How a language adds products. width : neurons whose sums are computed at a time;
    0: one. in_array : these sums are an array, not variables. by_dots : those of one
    neuron are added by a function of the language.
    """

    width: int
    in_array: bool
    by_dots: bool


@dataclass(frozen=True, eq=False)
class Tile:
    """Neurons that read the same sources from a run, `width` in each turn of a loop.
    begin, at : their first neuron and its first weight in each turn. by_two : whether
    each sum is two, so that a product waits for every other one.
    """

    begin: Any
    at: Any
    turns: int
    width: int
    source: int
    length: int
    by_two: bool


@dataclass(frozen=True, eq=False)
class Stretch:
    """Consecutive neurons that are alike. block : where their block begins. tiles : of
    the runs that all of them read.
    """

    start: int
    count: int
    block: int
    gated: bool
    tiles: tuple[Tile, ...]
    add: Any

    @property
    def neurons(self) -> Any:
        """The neuron of each turn."""
        return each(range(self.start, self.start + self.count))


class Alike:
    """The stretches of a network; `weights` are in the order in which their loops read
    them.
    """

    def __init__(self, data: KnownColumns, sums: Sums) -> None:
        self.columns = dict(data.columns)
        self.sums = sums
        self.weights = self.columns["weight"].copy()
        self.add = add_in_array if sums.in_array else add_in_variables

    def stretches(self, start: int, stop: int) -> Iterator[Stretch]:
        """Yield the stretches of a block."""
        for (flags, *_), neurons in groupby(range(start, stop), self._key):
            begin, *others = neurons
            count = 1 + len(others)
            tiles = () if flags or count == 1 else self._tiles(begin, count)
            yield Stretch(begin, count, start, bool(flags), tiles, self.add)

    def _key(self, neuron: int) -> Any:
        """Return what alike neurons have in common."""
        columns, runs = self.columns, self._runs(neuron)
        names = "kind", "length", "flags"
        of_runs = (columns[f"run_{name}"][runs].tolist() for name in names)
        influences = (columns["run_influence"][runs] != NONE).tolist()
        has_gater = columns["self_gater"][neuron] != NONE
        flags = int(columns["flags"][neuron]) & WITH_GATES
        return flags, has_gater, influences, *of_runs

    def _runs(self, neuron: int) -> Ints:
        columns = self.columns
        return np.arange(columns["run_start"][neuron], columns["run_stop"][neuron])

    def _tiles(self, start: int, count: int) -> tuple[Tile, ...]:
        """Return the tiles of a stretch, if all its neurons read the same sources."""
        columns = self.columns
        runs = np.array([self._runs(j) for j in range(start, start + count)])
        sources, kinds = columns["run_source"][runs], columns["run_kind"][runs]
        is_shared = (sources == sources[0]).all() and (kinds == DENSE).all()
        if not self.sums.width or not is_shared or not runs.size:
            return ()
        made: list[Tile] = []
        at = int(columns["run_first"][runs[0, 0]])
        for run in runs.T:
            length, source = (
                int(columns[f"run_{name}"][run[0]]) for name in ("length", "source")
            )
            rows = columns["run_first"][run] + np.arange(length)[:, None]
            rest = count % self.sums.width if count > self.sums.width else 0
            for begin, stop, width in (
                (0, count - rest, min(count, self.sums.width)),
                (count - rest, count, rest),
            ):
                if begin == stop:
                    continue
                turns = (stop - begin) // width
                ordered = rows[:, begin:stop].reshape(length, turns, width)
                in_order = ordered.swapaxes(0, 1).ravel()
                end = at + in_order.size
                self.weights[at:end] = columns["weight"][in_order]
                begins = each(range(start + begin, start + stop, width))
                places = each(range(at, end, width * length))
                of = begins, places, turns, width, source, length
                made.append(Tile(*of, by_two=self.sums.by_dots))
                at = end
        return tuple(made)

    # --- words

    def write_states(
        self, t: Any, store: Node, rule: Node, start: Node, stop: Node
    ) -> None:
        """Write `states.compute_states`."""
        for stretch in self.stretches(start.kind.value, stop.kind.value):
            alike = compute_tiled_states if stretch.tiles else compute_alike_states
            t.call(alike, [store, known(stretch)])

    def write_sum(self, t: Any, store: Node, j: Node, r: Node, *flags: Node) -> Node:
        """Write `states.ungated_sum`; of a dense run, one product after the other."""
        kind, begin, n, source = (
            t.load(column_of(store, f"run_{name}"), r)
            for name in ("kind", "first", "length", "source")
        )
        if not is_known(kind) or kind.kind.value != DENSE:
            return t.call(states.ungated_sum, [store, j, r, *flags])
        weight, activation = (
            column_of(store, name) for name in ("weight", "activation")
        )
        if not self.sums.by_dots or n.kind.value < MIN_DOT:
            return t.call(sums.sum_row, [weight, begin, n, activation, source])
        begin, source, n = map(at_run_time, (begin, source, n))
        parts = weight, begin, activation, source, n
        return t.temporary(Node("dot", weight.kind.of, parts))


def unrolled(data: KnownColumns, how: Sums) -> dict[Any, Any]:
    """Return the words of a program whose steps are unrolled, if they can be: nothing
    is delayed, and few loops are enough.
    """
    columns = data.columns
    alike = Alike(data, how)
    start, stop = sum(map(int, data.span[: Span.OUTPUTS])), int(data.span[Span.STOP])
    stretches = 0
    while start < stop:
        is_whole = columns["synchronous"][start]
        end = stop if is_whole else int(columns["block_stop"][start])
        stretches += sum(1 for _ in alike.stretches(start, end))
        start = end
    if stretches > MAX_STRETCHES or (columns["flags"] & LAGGED).any():
        return {}
    columns["weight"] = alike.weights
    data.unrolls = True
    return {
        states.compute_states: alike.write_states,
        states.ungated_sum: alike.write_sum,
    }


# --- kernels --------------------------------------------------------------------------


@word(NotImplemented)
def zeros(t: Any, like: Node, count: Node) -> Node:
    """Return a new array."""
    kind = ArrayKind(at_run_time(like).kind, 1, length=count.kind.value)
    return t.copied(Node("zeros", kind))


@in_order
def add_in_variables(store, begin, at, tile):
    """Add the weighted inputs of neurons from sources that all of them read: sum of
    w_ij y_i. Each source is read once for all.
    """
    width = tile.width
    totals = tuple(zero_like(store.state[begin]) for _ in range(width))
    row = at
    for i in range(tile.source, tile.source + tile.length):
        y = store.activation[i]
        totals = tuple(totals[k] + y * store.weight[row + k] for k in range(width))
        row += width
    for k, total in enumerate(totals):
        store.state[begin + k] += total


@in_order
def add_in_array(store, begin, at, tile):  # noqa: C901 - one body, in its order
    """Add the weighted inputs of neurons from sources that all of them read: sum of
    w_ij y_i. Some sources are added at a time.
    """
    width = tile.width
    length = tile.length
    source = tile.source
    totals = zeros(store.state[begin], width)
    whole = length - length % SOURCES_TOGETHER
    if whole > 0:
        for i in range(0, whole, SOURCES_TOGETHER):
            values = tuple(
                store.activation[source + i + m] for m in range(SOURCES_TOGETHER)
            )
            row = at + width * i
            for k in range(width):
                total = totals[k]
                for m, y in enumerate(values):
                    if not (tile.by_two and m % 2):
                        total += y * store.weight[row + m * width + k]
                if tile.by_two:
                    other = zero_like(total)
                    for m, y in enumerate(values):
                        if m % 2:
                            other += y * store.weight[row + m * width + k]
                    total += other
                totals[k] = total
    if whole < length:
        for i in range(whole, length):
            y = store.activation[source + i]
            row = at + width * i
            for k in range(width):
                totals[k] += y * store.weight[row + k]
    for k in range(width):
        store.state[begin + k] += totals[k]


@noinline
def compute_tiled_states(store, stretch):
    """Compute the states of consecutive neurons with the same sources."""
    for j in range(stretch.start, stretch.start + stretch.count):
        store.state[j] = store.bias[j]
    for tile in stretch.tiles:
        for turn in range(tile.turns):  # noqa: B007
            stretch.add(store, tile.begin, tile.at, tile)


@noinline
def compute_alike_states(store, stretch):
    """Compute the states of consecutive neurons that are alike."""
    gated = stretch.gated
    for turn in range(stretch.count):  # noqa: B007
        states.compute_state(store, stretch.neurons, stretch.block, gated, False)

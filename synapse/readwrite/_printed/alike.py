"""Unroll steps block by block, with one loop for consecutive neurons that are alike.
Kernels are specialised for the facts that all of these neurons share.
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
from ...engine.schema import COLUMNS, NONE
from . import sums
from .specialised import KnownColumns

# mypy: disable-error-code="no-untyped-def, no-untyped-call"

MAX_STRETCHES = 64
"""Maximum number of loops over neurons in an unrolled step. For more loops, neurons are
found by tables."""
MIN_DOT = 4
"""Minimum number of products that are added by a function."""
SOURCES_TOGETHER = 4
"""Sources whose products are added at a time."""
MIN_SUMS = 32
"""Minimum number of sums that keep a processor busy without a second part for each."""
SOURCES_IN_CACHE = 64
"""Number of sources whose weights are read for several steps before those of the next
sources."""
STEPS_TOGETHER = 4
"""Number of steps whose inputs are added before the first of these steps."""
MIN_WEIGHTS_AHEAD = 512
"""Minimum number of weights for which adding inputs before takes less time."""


@dataclass(frozen=True)
class Sums:
    """Options by which a language adds products.

    `width` is the number of neurons whose sums are computed at a time, with 0 for one.
    With `in_array`, these sums are in an array instead of variables, and the weights of
    a source to as many neurons are consecutive. With `by_dots`, the products of one
    neuron are added by a function of the language.
    """

    width: int
    in_array: bool
    by_dots: bool


@dataclass(frozen=True)
class Tile:
    """The products of neurons with sources that all of them read.

    `at` is their first weight, and `width` the number of neurons. In blocks of `each`
    neurons, the weights of each source are consecutive. With `in_parts`, a sum may be
    computed in two parts.
    """

    at: int
    width: int
    source: int
    length: int
    each: int
    in_parts: bool


@dataclass(eq=False)
class Stretch:
    """Consecutive neurons that are alike, and later ones that read the same sources.

    `block` is where their block begins, `runs` the sources and lengths of the runs that
    all of them read, and `width` the number of all neurons. `parts` contains the first
    neuron of each range of consecutive ones, their number, and the number of neurons
    before them. `ahead` is the number of tiles that are added before the step.
    """

    start: int
    count: int
    block: int
    gated: bool
    runs: tuple[tuple[int, int], ...]
    sums: Sums
    width: int = 0
    parts: tuple[tuple[int, int, int], ...] = ()
    tiles: tuple[Tile, ...] = ()
    ahead: int = 0

    @property
    def neurons(self) -> Any:
        """The neuron of each iteration."""
        return each(range(self.start, self.start + self.count))


class Alike:
    """The ranges of alike neurons in a network, in the order of activation."""

    def __init__(self, data: KnownColumns, sums: Sums) -> None:
        self.columns = data.columns
        self.sums = sums
        self.stretches: list[Stretch] = []

    def add_block(self, start: int, stop: int) -> None:
        """Find the stretches of a block. Neurons that read the same as a stretch before
        them are computed with it.
        """
        for (flags, *_), neurons in groupby(range(start, stop), self._key):
            begin, *others = neurons
            count = 1 + len(others)
            runs = () if flags or not others else self._shared_runs(begin, count)
            new = Stretch(begin, count, start, bool(flags), runs, self.sums)
            same = (
                host
                for host in self.stretches
                # no source is activated in between
                if runs == host.runs != ()
                and all(s >= start or s + n <= host.block for s, n in runs)
            )
            host = next(same, new)
            host.parts += ((begin, count, host.width),)
            host.width += count
            if host is new:
                self.stretches.append(new)

    def make_tiles(self, inputs: int) -> Stretch | None:
        """Make the tiles of all stretches, and put the weights in their order. Returns
        the stretch whose first tile, of the first `inputs` neurons, is added before the
        step.
        """
        columns = self.columns
        order: list[int] = []
        for stretch in self.stretches:
            stretch.tiles = tuple(self._tiles(stretch, order))
        rows = [*dict.fromkeys([*order, *range(len(columns["weight"]))])]
        for column in COLUMNS:
            if column.axis == "connection":
                columns[column.name] = columns[column.name][rows]
        places = np.append(np.argsort(rows), NONE).astype(np.uint32)
        for name in ("run_first", "self_row"):
            columns[name] = places[np.minimum(columns[name], len(rows))]
        for stretch in self.stretches if self.sums.in_array else ():
            for source, length in stretch.runs[:1]:
                if (
                    source + length <= inputs
                    and length * stretch.width >= MIN_WEIGHTS_AHEAD
                ):
                    # later neurons have the activations of the previous step
                    later = (s >= stretch.block for s, _ in stretch.runs[1:])
                    stretch.ahead = len(stretch.runs) if all(later) else 1
                    return stretch
        return None

    def _key(self, neuron: int) -> Any:
        """Return the properties that alike neurons share."""
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

    def _shared_runs(self, start: int, count: int) -> tuple[tuple[int, int], ...]:
        """Return the runs of neurons that all read the same sources, or ()."""
        columns = self.columns
        runs = np.array([self._runs(j) for j in range(start, start + count)])
        sources, kinds = columns["run_source"][runs], columns["run_kind"][runs]
        is_shared = (sources == sources[0]).all() and (kinds == DENSE).all()
        if not self.sums.width or not is_shared:
            return ()
        lengths = columns["run_length"][runs[0]]
        return tuple(zip(sources[0].tolist(), lengths.tolist(), strict=True))

    def _tiles(self, stretch: Stretch, order: list[int]) -> Iterator[Tile]:
        """Yield the tiles of a stretch, and append the rows of their weights."""
        columns = self.columns
        parts = [begin + np.arange(count) for begin, count, _ in stretch.parts]
        runs = columns["run_start"][np.concatenate(parts)]
        each = self.sums.width if self.sums.in_array else stretch.width
        for k, (source, length) in enumerate(stretch.runs):
            of = len(order), stretch.width, source, length, each
            yield Tile(*of, in_parts=self.sums.by_dots)
            first = columns["run_first"][runs + k] + np.arange(length)[:, None]
            for begin in range(0, stretch.width, each):
                order += first[:, begin : begin + each].flat

    # --- words

    def write_states(
        self, t: Any, store: Node, start: Node, stop: Node, block: Node
    ) -> None:
        """Write `states.compute_states`."""
        for stretch in self.stretches:
            if stretch.block == start.kind.value:
                alike = compute_tiled_states if stretch.tiles else compute_alike_states
                t.call(alike, [store, known(stretch)])

    def write_sum(self, t: Any, store: Node, j: Node, r: Node, *flags: Node) -> Node:
        """Write `states.ungated_sum`, which adds the products of a dense run one after
        the other.
        """
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
    """Return the words of a program whose steps are unrolled, if possible. Unrolling is
    only possible without delays, and if few loops are enough.
    """
    columns = data.columns
    alike = Alike(data, how)
    inputs = start = sum(map(int, data.span[: Span.OUTPUTS]))
    stop = int(data.span[Span.STOP])
    while start < stop:
        is_whole = columns["synchronous"][start]
        end = stop if is_whole else int(columns["block_stop"][start])
        alike.add_block(start, end)
        start = end
    if len(alike.stretches) > MAX_STRETCHES or (columns["flags"] & LAGGED).any():
        return {}
    data.ahead = alike.make_tiles(inputs)
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
def add_in_variables(store, tile, to, begin, width):
    """Add the weighted inputs of neurons from sources that all of them read: sum of
    w_ij y_i. Each source is read once for all.
    """
    totals = tuple(zero_like(store.state[to]) for _ in range(width))
    row = tile.at + begin
    for i in range(tile.source, tile.source + tile.length):
        y = store.activation[i]
        totals = tuple(totals[k] + y * store.weight[row + k] for k in range(width))
        row += tile.width
    for k, total in enumerate(totals):
        store.state[to + k] += total


@in_order
def add_few(store, totals, to, values, source, at, n, count, by_two):
    """Add the products of n sources to the sums of a block of neurons. If `by_two`, a
    product only waits for every other one.
    """
    read = tuple(values[source + m] for m in range(n))
    for k in range(count):
        total = totals[to + k]
        for m, y in enumerate(read):
            if not (by_two and m % 2):
                total += y * store.weight[at + count * m + k]
        if by_two:
            other = zero_like(total)
            for m, y in enumerate(read):
                if m % 2:
                    other += y * store.weight[at + count * m + k]
            total += other
        totals[to + k] = total


@in_order
def add_sources(store, tile, totals, values, stride, row, i, n, begin, count):
    """Add the products of n sources to the sums of a block of neurons for one row of
    values. Compilers keep these sums in registers.
    """
    at = tile.at + tile.length * begin + count * i
    to = tile.width * row + begin
    source = stride * row + tile.source + i
    by_two = tile.in_parts and count < MIN_SUMS
    few = 2 * SOURCES_TOGETHER if by_two else SOURCES_TOGETHER
    rest = n % few
    last = n - rest
    for s in range(0, last, few):
        from_few = at + count * s
        add_few(store, totals, to, values, source + s, from_few, few, count, by_two)
    if rest > 0:
        source += last
        at += count * last
        add_few(store, totals, to, values, source, at, rest, count, False)


@in_order
def add_block(store, tile, totals, values, stride, row, rows, begin, count):
    """Add the products of a tile to the sums of a block of neurons for all rows, with
    as many sources at a time as have their weights in the fastest cache.
    """
    n = SOURCES_IN_CACHE
    rest = tile.length % n
    last = tile.length - rest
    for i in range(0, last, n):
        for r in range(rows):
            add_sources(
                store, tile, totals, values, stride, row + r, i, n, begin, count
            )
    if rest > 0:
        for r in range(rows):
            at = stride, row + r, last, rest
            add_sources(store, tile, totals, values, *at, begin, count)


@in_order
def add_products(store, tile, totals, values, stride, row, rows):
    """Add the products of a tile to its sums, block by block, for several rows of
    values. Odd rows begin with the last block, whose weights were used last and are
    still in the fastest cache.
    """
    rest = tile.width % tile.each
    last = tile.width - rest
    for q in range(0, last, tile.each):
        begin = last - tile.each - q if row % 2 else q
        add_block(store, tile, totals, values, stride, row, rows, begin, tile.each)
    if rest > 0:
        add_block(store, tile, totals, values, stride, row, rows, last, rest)


@in_order
def add_in_array(store, stretch, tile):
    """Add the weighted inputs of neurons from sources that all of them read: sum of
    w_ij y_i. Some sources are added at a time.
    """
    totals = zeros(store.state[0], tile.width)
    add_products(store, tile, totals, store.activation, 0, 0, 1)
    for begin, count, before in stretch.parts:
        for k in range(count):
            store.state[begin + k] += totals[before + k]


@noinline
def add_ahead(store, stretch, inputs, totals, rows):
    """Add the first tile of a stretch for several rows of inputs."""
    for q in range(rows * stretch.width):
        totals[q] = zero_like(totals[q])
    tile = stretch.tiles[0]
    n = inputs.size
    add_products(store, tile, totals, inputs, n, 0, rows)


@noinline
def add_recurrent(store, stretch, totals, row):
    """Add the tiles whose sources are activated after the stretch, for this row."""
    for tile in stretch.tiles[1 : stretch.ahead]:
        add_products(store, tile, totals, store.activation, 0, row, 1)


@noinline
def begin_states(store, stretch, totals, row):
    """Begin the states of a stretch with the biases and, if they were added before, the
    sums of this row.
    """
    for begin, count, before in stretch.parts:
        to = row * stretch.width + before
        for k in range(count):
            bias = store.bias[begin + k]
            store.state[begin + k] = bias if totals is None else bias + totals[to + k]


@noinline
def compute_tiled_states(store, stretch):
    """Compute the states of neurons with the same sources."""
    if stretch.ahead == 0:
        begin_states(store, stretch, None, 0)
    for tile in stretch.tiles[stretch.ahead :]:
        if stretch.sums.in_array:
            add_in_array(store, stretch, tile)
        else:
            width = stretch.sums.width
            for begin, count, before in stretch.parts:
                rest = count % width
                for q in range(0, count - rest, width):
                    add_in_variables(store, tile, begin + q, before + q, width)
                if rest > 0:
                    to = count - rest
                    add_in_variables(store, tile, begin + to, before + to, rest)


@noinline
def compute_alike_states(store, stretch):
    """Compute the states of consecutive neurons that are alike."""
    gated = stretch.gated
    for turn in range(stretch.count):  # noqa: B007
        states.compute_state(store, stretch.neurons, stretch.block, gated, False)

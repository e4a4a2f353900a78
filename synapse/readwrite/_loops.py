"""The loops of exported programs: which connections one loop adds, and its text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from .._typing import Floats, Ints
from ._plan import ExportPlan, Stage

MIN_LOOP_CONNECTIONS = 4
"""Fewest connections of a loop; the others are in a list, which is slower and takes
less code. ``python -m benchmarks.constants _loops.MIN_LOOP_CONNECTIONS``: rows take
0.56 to 1.00 times as long with a tenth, 1.01 to 1.14 times with ten times."""
MIN_DENSITY = 0.75
"""Smallest share of connections in a matrix; the other weights in it are 0, and take
memory. ``python -m benchmarks.constants _loops.MIN_DENSITY``: rows take 0.66 to 1.17
times as long with a tenth, 1.00 to 1.83 times with ten times."""
LANES = 8
"""Partial sums of a neuron that reads many sources; fewer targets than these do not
fill a vector. ``python -m benchmarks.constants _loops.LANES``: rows take 0.99 to 1.02
times as long with a tenth, 1.01 to 1.76 times with ten times."""


class LoopTerm(NamedTuple):
    """Connections that one loop adds: from ``source + i`` to ``target + j``, with
    ``weights[i, j]``.

    If they are `parallel`, the source of ``target + j`` is ``source + j`` alone. The
    gaters are ``gater + i``, ``gater + j`` or ``gater``, as `along` is "i", "j" or "";
    None: there are none.
    """

    source: int
    target: int
    weights: Floats
    parallel: bool
    gater: int | None
    along: str


@dataclass(frozen=True)
class Values:
    """The array ``value`` of a program: activations of all neurons, then the states
    that it stores.

    A state that only the activations of its own stage read stays in the sums of the
    stage.
    """

    neurons: int
    stored: Ints  # neurons whose states are in the array, ascending

    @property
    def size(self) -> int:
        """Numbers in the array."""
        return self.neurons + len(self.stored)

    def places(self, values: Ints) -> Ints:
        """Return places in the array of values of a step; the states among them are
        stored.
        """
        states = self.neurons + np.searchsorted(self.stored, values - self.neurons)
        return np.where(values < self.neurons, values, states)


class LoopWriter:
    """Writes the loops of stages, and collects weights in the order in which the loops
    read them.

    `values` are where the program stores the values of a step. `fire` is the call that
    computes activations, with ``{squash}``, ``{start}``, ``{count}`` and ``{states}``,
    which is where the first state is. `index` is the type of an index and `real`, with
    a space, that of a number; without one, the program has ``sum`` already. The
    products of `together` sources are added at a time. With `lanes`, few neurons with
    many sources are summed up in ``LANES`` parts. With a `tile`, variables hold the
    sums of `tile` neurons over all sources.
    """

    def __init__(
        self,
        plan: ExportPlan,
        values: Values,
        *,
        fire: str,
        index: str,
        real: str = "",
        together: int = 1,
        lanes: bool = False,
        tile: int = 0,
    ) -> None:
        self.plan = replace(plan, source=values.places(plan.source))
        self.values = values
        self.fire = fire
        self.index = index
        self.real = real
        self.together = together
        self.lanes = lanes
        self.tile = tile
        self.used = 0
        self._weights = [np.zeros(0)]
        self.listed: list[list[int]] = []

    def weights(self) -> Floats:
        """Return the weights in the order in which the loops of all stages read
        them.
        """
        return np.concatenate(self._weights)

    def list(self) -> str:
        """Return the table of connections that no other loop has, after all stages have
        been written.
        """
        return lines([", ".join(map(str, row)) for row in self.listed] or ["0"])

    def stage(self, stage: Stage) -> Iterator[str]:
        """Yield the code of a stage: the sums of its neurons, and their activations."""
        start = stage.start
        size = stage.stop - stage.start
        if self.real:
            yield f"{self.real}sum[{size}];"
        bias = _sum(start - self.plan.inputs, "j")
        yield f"{self._loop('j', size)} sum[j] = biases[{bias}];"
        terms, rest = loop_terms(self.plan, stage)
        for term in terms:
            yield from self._term(term, term.target - start)
        for gated in (False, True):
            rows = rest[(self.plan.gater[rest] >= 0) == gated]
            if len(rows):
                yield self._list(rows, start, gated)
        yield from self._store_states(stage)
        for squash, begin, end in stage.fires:
            states = f"sum + {begin - start}"
            if begin < start or end > stage.stop:
                states = f"value + {self._place_of_state(begin)}"
            yield self.fire.format(
                squash=identifier(squash), start=begin, count=end - begin, states=states
            )

    def _store_states(self, stage: Stage) -> Iterator[str]:
        """Copy the states of a stage that are read later than in its activations."""
        stored = self.values.stored
        stored = stored[(stored >= stage.start) & (stored < stage.stop)]
        for begin, size in runs_of(stored):
            state = f"value[{_sum(self._place_of_state(begin), 'j')}]"
            total = f"sum[{_sum(begin - stage.start, 'j')}]"
            yield f"{self._loop('j', size)} {state} = {total};"

    def _place_of_state(self, neuron: int) -> int:
        """Return the place of the stored state of a neuron."""
        return int(self.values.places(np.array(self.plan.neurons + neuron)))

    def _loop(self, index: str, stop: int, start: int = 0, by: int = 1) -> str:
        """Return the head of a loop."""
        further = f"{index}++" if by == 1 else f"{index} += {by}"
        return f"for ({self.index} {index} = {start}; {index} < {stop}; {further})"

    def _use(self, weights: Floats) -> int:
        """Add weights to those of the program; returns where they begin."""
        at = self.used
        self._weights.append(weights.ravel())
        self.used += weights.size
        return at

    def _list(self, rows: Ints, start: int, gated: bool) -> str:
        plan = self.plan
        begin = 3 * len(self.listed)
        at = self._use(self.plan.weights[rows])
        columns = (
            plan.target[rows] - start,
            plan.source[rows],
            np.maximum(plan.gater[rows], 0),
        )
        self.listed += np.transpose(columns).tolist()
        target, source, gater = (
            f"listed[{_sum(begin + k, '3 * i')}]" for k in range(3)
        )
        gain = f" * value[{gater}]" if gated else ""
        product = f"weights[{_sum(at, 'i')}]{gain} * value[{source}]"
        return f"{self._loop('i', len(rows))} sum[{target}] += {product};"

    def _term(self, term: LoopTerm, place: int) -> Iterator[str]:
        """Yield the loops of a term: by columns, for each source over all targets, or
        by rows.
        """
        sources, targets = term.weights.shape
        over = self._loop("j", targets)
        total = f"sum[{_sum(place, 'j')}]"
        if self.lanes and targets < min(LANES, sources) and sources >= LANES:
            yield from self._in_lanes(term, total, over)
            return
        if self.tile and sources > 1:
            yield from self._in_tiles(term, place)
            return
        at = self._use(term.weights)
        if sources == 1:
            yield (
                f"{over} {total} += weights[{_sum(at, 'j')}] * {_read(term, '', 'j')};"
            )
            return

        # Sums may be read and written again for each source, so several sources are
        # added at a time; those that are left, one by one.
        whole = sources - sources % self.together
        gain = ""
        if term.along == "j" and term.gater is not None:
            gain = f" * value[{_sum(term.gater, 'j')}]"
        ungated = term._replace(gater=None) if gain else term
        for start, stop, by in ((0, whole, self.together), (whole, sources, 1)):
            if start == stop:
                continue
            reads = [_read(ungated, _sum(k, "i"), "") for k in range(by)]
            values = ", ".join(f"x{k} = {value}" for k, value in enumerate(reads))
            begins = [at + k * targets for k in range(by)]
            places = [_sum(begin, f"{targets} * i", "j") for begin in begins]
            products = [
                f" + weights[{place}] * x{k}{gain}" for k, place in enumerate(places)
            ]
            added = "\n        ".join(["", *products])
            yield f"{self._loop('i', stop, start, by)} {{"
            yield f"    const {self.real}{values};"
            yield f"    {over} {total} = {total}{added};"
            yield "}"

    def _in_lanes(self, term: LoopTerm, total: str, over: str) -> Iterator[str]:
        """Yield few neurons with many sources each: several partial sums, so that no
        addition waits for another.
        """
        sources = len(term.weights)
        at = self._use(term.weights.T)
        whole = sources - sources % LANES
        weight = _sum(at, f"{sources} * j")
        yield f"{over} {{"
        yield f"    {self.real}part[{LANES}] = {{0}};"
        yield f"    {self._loop('i', whole, 0, LANES)} {self._loop('k', LANES)}"
        value = _read(term, "i + k", "j")
        yield f"        part[k] += weights[{weight} + i + k] * {value};"
        for i in range(whole, sources):
            value = _read(term, str(i), "j")
            yield f"    part[{i - whole}] += weights[{weight} + {i}] * {value};"

        # The parts are added in pairs, which a compiler does within a vector.
        halves = f"for (int k = {LANES // 2}; k > 0; k /= 2)"
        yield f"    {halves} for (int i = 0; i < k; i++)"
        yield "        part[i] += part[i + k];"
        yield f"    {total} += part[0];"
        yield "}"

    def _in_tiles(self, term: LoopTerm, place: int) -> Iterator[str]:
        """Yield some neurons at a time over all sources, with the weights in the order
        in which they are read.
        """
        sources, targets = term.weights.shape
        whole = targets - targets % self.tile
        gater = term.gater if term.along == "j" else None
        value = _read(term if gater is None else term._replace(gater=None), "i", "")
        last = targets - whole
        for start, stop, width in ((0, whole, self.tile), (whole, targets, last)):
            if start == stop:
                continue
            # Tile by tile, and within a tile source by source.
            tiles = term.weights[:, start:stop].reshape(sources, -1, width)
            at = self._use(tiles.swapaxes(0, 1))
            sums = [f"sum[{_sum(place + k, 'j')}]" for k in range(width)]
            gains = [""] * width
            if gater is not None:
                gains = [f" * value[{gater + k} + j]" for k in range(width)]
            begun = ", ".join(f"s{k} = {total}" for k, total in enumerate(sums))
            stored = " ".join(f"{total} = s{k};" for k, total in enumerate(sums))
            over_sources = f"for (let i = 0; i < {sources}; i++, w += {width})"
            yield f"for (let j = {start}, w = {at}; j < {stop}; j += {width}) {{"
            yield f"    let {begun};"
            yield f"    {over_sources} {{ const x = {value};"
            for k in range(width):
                yield f"        s{k} += weights[{_sum(k, 'w')}] * x{gains[k]};"
            yield f"    }} {stored} }}"


def runs_of(numbers: Ints) -> list[tuple[int, int]]:
    """Return the runs of consecutive numbers among ascending ones: the first of each,
    and how many there are.

    >>> runs_of(np.array([2, 3, 4, 8]))
    [(2, 3), (8, 1)]
    """
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return [(int(run[0]), len(run)) for run in runs if len(run)]


def _sum(number: int, *others: str) -> str:
    """Return the text of a sum, without what is 0 or empty."""
    terms = (str(number) if number else "", *others)
    return " + ".join(term for term in terms if term) or "0"


def _read(term: LoopTerm, i: str, j: str) -> str:
    """Return the value that a weight multiplies: the source's, times the gater's."""
    value = f"value[{_sum(term.source, j if term.parallel else i)}]"
    if term.gater is None:
        return value
    gater = f"value[{_sum(term.gater, {'i': i, 'j': j, '': ''}[term.along])}]"
    return f"{value} * {gater}" if term.along == "j" else f"({gater} * {value})"


def loop_terms(plan: ExportPlan, stage: Stage) -> tuple[list[LoopTerm], Ints]:
    """Return the terms of a stage, and its other connections.

    Connections share a term if one rule finds their gaters: one number, one distance
    from the target, or one distance from the source. Each connection follows the rule
    that most others of the stage follow.
    """
    rows = plan.rows(stage.start, stage.stop)
    if not len(rows):
        return [], rows
    gater = plan.gater[rows]
    keys = []
    shares = []
    for distance in (gater, gater - plan.target[rows], gater - plan.source[rows]):
        _, key, count = np.unique(distance, return_inverse=True, return_counts=True)
        keys.append(key)
        shares.append(count[key])
    rule = np.where(gater < 0, 0, np.argmax(shares, axis=0))
    key = np.choose(rule, keys)
    terms: list[LoopTerm] = []
    rest: list[Ints] = []
    for chosen, number in sorted(set(zip(rule.tolist(), key.tolist(), strict=True))):
        mine = rows[(rule == chosen) & (key == number)]
        along = ("", "j", "i")[chosen]
        mine = mine[np.lexsort((plan.source[mine], plan.target[mine]))]
        matrices, others = _matrices(plan, mine, along)
        parallels, others = _parallels(plan, others, along)
        terms += matrices + parallels
        rest.append(others)
    return terms, np.sort(np.concatenate(rest))


def _matrices(plan: ExportPlan, rows: Ints, along: str) -> tuple[list[LoopTerm], Ints]:
    """Return the dense matrices among connections with one rule, and the other
    connections.
    """
    terms = []
    rest = [rows[:0]]
    for group, sources in _neighbours(plan, rows):
        target = int(plan.target[group[0]])
        gater = int(plan.gater[group[0]])
        for stretch in np.split(sources, np.flatnonzero(np.diff(sources) > 1) + 1):
            start = int(stretch[0])
            inside = group[
                (plan.source[group] >= start) & (plan.source[group] <= stretch[-1])
            ]
            weights = np.zeros((len(stretch), plan.target[group[-1]] - target + 1))
            weights[plan.source[inside] - start, plan.target[inside] - target] = (
                plan.weights[inside]
            )
            if weights.size < MIN_LOOP_CONNECTIONS:
                rest.append(inside)
                continue
            # Gaters along the sources begin as far behind the first as the source.
            begin: int | None = gater
            if along == "i":
                begin = gater + start - int(plan.source[group[0]])
            if gater < 0:
                begin = None
            terms.append(LoopTerm(start, target, weights, False, begin, along))
    return terms, np.concatenate(rest)


def _neighbours(plan: ExportPlan, rows: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Yield connections into neighbours that read mostly the same sources, and these
    sources.
    """
    begin = stop = 0
    sources = rows[:0]
    targets_begin = np.flatnonzero(np.diff(plan.target[rows])) + 1
    for into_one in np.split(np.arange(len(rows)), targets_begin):
        read = plan.source[rows[into_one]]
        joined = sources if np.array_equal(read, sources) else np.union1d(sources, read)
        height = plan.target[rows[into_one[0]]] - plan.target[rows[begin]] + 1
        if (
            stop > begin
            and into_one[-1] + 1 - begin < MIN_DENSITY * len(joined) * height
        ):
            yield rows[begin:stop], sources
            begin = into_one[0]
            joined = read
        sources = joined
        stop = into_one[-1] + 1
    yield rows[begin:stop], sources


def _parallels(plan: ExportPlan, rows: Ints, along: str) -> tuple[list[LoopTerm], Ints]:
    """Return connections of neighbours to neighbours, one each, among those with one
    rule, and the others.
    """
    distance = plan.source[rows] - plan.target[rows]
    order = np.lexsort((plan.target[rows], distance))
    rows, distance = rows[order], distance[order]
    apart = (np.diff(distance) != 0) | (np.diff(plan.target[rows]) != 1)
    terms = []
    rest = [rows[:0]]
    for group in np.split(rows, np.flatnonzero(apart) + 1):
        if len(group) < MIN_LOOP_CONNECTIONS:
            rest.append(group)
            continue
        source, target, gater = (
            int(column[group[0]]) for column in (plan.source, plan.target, plan.gater)
        )
        weights = plan.weights[group][None]
        gaters = None if gater < 0 else gater
        terms.append(LoopTerm(source, target, weights, True, gaters, along and "j"))
    return terms, np.concatenate(rest)


# --- text -----------------------------------------------------------------------------


def identifier(name: str) -> str:
    """Return a name that is valid in every language, and unique.

    >>> identifier("tanh"), identifier("é"), identifier("ue9"), identifier("x_e9")
    ('tanh', 'x__e9_', 'ue9', 'x_x_5f_e9')
    """
    if name.isascii() and name.isidentifier() and not name.startswith("x_"):
        return name
    return "x_" + "".join(
        c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in name
    )


def lines(items: Sequence[str]) -> str:
    """Return the rows of a table, five items in each."""
    return ",\n    ".join(", ".join(items[i : i + 5]) for i in range(0, len(items), 5))

"""Find the pattern of the sensitivities Z[r, p] = d s_r / d p, and the sweeps that
renew them.

A *root* is a number that the next step reads. It is either the state of a recurrent
neuron, which is read itself or as its activation, or, for connections with a delay, the
activation of a neuron some steps ago. A *sweep* begins at a root and follows the
connections of one step backward, until it reaches inputs and numbers from the previous
step. The sweep of a past activation does not follow connections, because it was the
same activation one step earlier.

Neurons are numbered from the first neuron of the network. The past activations that
delayed connections need have the numbers after them, with fewer steps first. Sets of
roots are rows of bits, one row per number (``np.packbits`` along the roots), which
allows all sweeps to be followed at the same time.
"""

from __future__ import annotations

from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools
from ..functions.activations import SOFTMAX
from ..lowering.ranges import concat_ranges
from ..read_order import is_delayed_in_order
from ..records import Span
from ..schema import NONE
from ..store import Store

Rows = NDArray[np.int64]
Bits = NDArray[np.uint8]
# runs, targets, and the sweeps that follow the sources and the gaters
_Links = tuple[Rows, Rows, Bits, Bits]

SOURCES = 1
GATERS = 2
"""Parts of a run that a sweep follows, which are its sources or its gaters."""
OWN = -1
"""Mark of the self-connection, in place of a run."""


MASKS = 4
"""Number of masks of roots and neurons that finding a pattern needs at the same
time.
"""


class TooLarge(MemoryError):  # noqa: N818
    """Sensitivities that need too much memory."""

    def __init__(self, needed: float) -> None:
        super().__init__(needed)
        self.bytes = needed


class Visits(NamedTuple):
    """The neurons that each sweep visits, in its order. `starts` has one entry per
    root, and the end.
    """

    starts: Rows
    neuron: Rows
    op_first: Rows  # by visit, and the end
    run: Rows  # runs that the sweep follows from there; OWN for the self-connection
    roles: Rows  # SOURCES, GATERS or both


class Pattern(NamedTuple):
    """The sensitivities that can be nonzero within the order, and the sweeps that
    compute them.
    """

    origin: int  # row of the first neuron of the network
    size: int  # number of its neurons
    # the neurons of the roots, and the age in steps of the activation that is the root,
    # or 0 if the root is the state. Ascending by steps, then by neurons
    roots: Rows
    steps: Rows
    # first neuron and stop of the neurons whose activations are read more than one step
    # later, and the largest number of steps
    past: tuple[int, int, int]
    # shape (roots, neurons): whether sensitivities to the parameters into a neuron are
    # kept
    kept: Bools
    readings_first: Rows  # by root, and the end:
    readings: Rows  # roots that its sweep meets one step earlier
    met_first: Rows  # by root, and the end:
    # all neurons that its sweep meets one step earlier, roots or not, and the further
    # steps before that
    met: Rows
    met_steps: Rows
    visits: Visits


class _Reads(NamedTuple):
    """The readers of each activation in the step of a network, by the numbers of
    neurons and of past activations.
    """

    size: int  # number of neurons
    inputs: int
    # of each number: its neuron, and the age of its activation in steps, 0 for the
    # present
    neuron: Rows
    steps: Rows
    # of each past activation: the number that it had one step earlier
    earlier: Rows
    parameters: Rows  # number of trainable weights into each neuron, and its bias
    group_first: Rows  # the neurons whose states determine an activation
    group_stop: Rows
    run: Rows  # of each connection (OWN: a self-connection)
    source: Rows
    target: Rows
    gater: Rows  # -1: none
    # whether the source, or the gater, is read from the previous step
    delayed_source: Bools
    delayed_gater: Bools

    @property
    def n(self) -> int:
        """Count of the numbers."""
        return len(self.neuron)

    @property
    def past(self) -> tuple[int, int, int]:
        """First neuron and stop of the neurons with past activations, and the largest
        number of steps after which one is read.
        """
        of = self.neuron[self.size :]
        first, stop = (int(of.min()), int(of.max()) + 1) if len(of) else (0, 0)
        return first, stop, int(self.steps[-1:].max(initial=0)) + 1

    @property
    def looped(self) -> Bools:
        """Mask of the connections that carry a state over to the next step."""
        return np.asarray((self.run == OWN) & (self.source == self.target))

    def pairs(self, delayed: bool) -> tuple[Rows, Rows]:
        """Return distinct pairs (reader, read), delayed or not, without inputs. A group
        is represented by its neurons.
        """
        gated = self.gater >= 0
        others = ~self.looped
        past = np.arange(self.size, self.n)
        read = np.concatenate([self.source[others], self.gater[gated], self.earlier])
        reader = np.concatenate([self.target[others], self.target[gated], past])
        chosen = (self.neuron[read] >= self.inputs) & (reader >= self.inputs)
        chosen &= delayed == np.concatenate(
            [
                self.delayed_source[others],
                self.delayed_gater[gated],
                np.ones(len(past), bool),
            ]
        )
        keys = np.unique(reader[chosen] * self.n + read[chosen])
        reader = keys // self.n
        read = keys % self.n
        if delayed:
            sizes = (self.group_stop - self.group_first)[read]
            keys = np.unique(
                np.repeat(reader, sizes) * self.n
                + concat_ranges(self.group_first[read], sizes)
            )
        return keys // self.n, keys % self.n

    def groups(self) -> list[tuple[int, int]]:
        """Return the first neuron and the stop of every group, after the inputs."""
        firsts = np.unique(self.group_first[self.inputs :])
        return list(zip(firsts.tolist(), self.group_stop[firsts].tolist(), strict=True))


def reads_of(store: Store, span: Any) -> _Reads:
    """Collect the readers of each activation in a network that is not connected to
    others.
    """
    c = store.columns
    begin = int(span[Span.START])
    stop = int(span[Span.STOP])
    size = stop - begin
    target = store["target"]
    low, high = np.searchsorted(target, [begin, stop])
    rows = slice(int(low), int(high))
    run = np.full(store.n_connections, OWN, np.int64)
    lengths = store["run_length"]
    run[concat_ranges(store["run_first"], lengths)] = np.repeat(
        np.arange(len(lengths)), lengths
    )
    run = run[rows]
    lag = store["delay"][rows].astype(np.int64)
    source = store["source"][rows].astype(np.int64) - begin
    target = target[rows].astype(np.int64) - begin
    gater = store.gaters(rows).astype(np.int64)
    gater = np.where(gater == NONE, -1, gater - begin)
    together = store["synchronous"][begin:stop] != 0
    rival = c["group_first"][begin:stop].astype(np.int64) - begin
    delayed_source, delayed_gater = (
        np.asarray(
            is_delayed_in_order(
                read, target, together[read] | (rival[read] == rival[target])
            )
        )
        for read in (source, gater)
    )
    neuron, steps, earlier = _past_of(source, lag - 1, size)
    past = np.arange(size, len(neuron))
    soft = store["squash"][begin:stop] == SOFTMAX
    biased = store["trainable_bias"][begin:stop].astype(np.int64)
    count = c["learning"][begin:stop].astype(np.int64) + biased
    count[: int(span[Span.INPUTS])] = 0
    every = np.arange(size)
    group_stop = c["group_stop"][begin:stop].astype(np.int64) - begin
    return _Reads(
        size=size,
        inputs=int(span[Span.INPUTS]),
        neuron=neuron,
        steps=steps,
        earlier=earlier,
        parameters=np.append(count, np.zeros(len(past), np.int64)),
        group_first=np.append(np.where(soft, rival, every), past),
        group_stop=np.append(np.where(soft, group_stop, every + 1), past + 1),
        run=run,
        source=_numbers_of(source, lag - 1, neuron, steps),
        target=target,
        gater=gater,
        delayed_source=delayed_source | (lag > 0),
        delayed_gater=delayed_gater,
    )


def _past_of(source: Rows, behind: Rows, size: int) -> tuple[Rows, Rows, Rows]:
    """Return the neuron of each number and its steps, and the number that each past
    activation had one step earlier.

    For connections that read activations `behind` steps ago, a step passes the
    activations of 1 step ago, 2 steps ago, ... on to the next step.
    """
    furthest = np.zeros(size, np.int64)
    np.maximum.at(furthest, source, np.maximum(behind, 0))
    owner = np.repeat(np.arange(size), furthest)
    steps = concat_ranges(np.ones(size, np.int64), furthest)
    order = np.lexsort((owner, steps))
    neuron = np.append(np.arange(size), owner[order])
    steps = np.append(np.zeros(size, np.int64), steps[order])
    return neuron, steps, _numbers_of(neuron[size:], steps[size:] - 1, neuron, steps)


def _numbers_of(of: Rows, ago: Rows, neuron: Rows, steps: Rows) -> Rows:
    """Return the numbers of the neurons' activations `steps` steps ago. For 0 or less,
    these are the numbers of the neurons.
    """
    width = int(neuron.max(initial=0)) + 1
    keys = steps * width + neuron  # ascending
    return np.searchsorted(keys, np.maximum(ago, 0) * width + of)


def find_pattern(
    store: Store, span: Any, order: int | None, maximum: float = inf
) -> Pattern:
    """Find the sensitivities that can be nonzero within `order` steps (None for any
    number), and the sweeps.

    Sensitivities of order 1 arise within the step, and each further order arises from
    the previous one (SnAp-n, Menick and others 2021). The store must be lowered. Raises
    TooLarge if finding the pattern needs more than `maximum` bytes.
    """
    reads = reads_of(store, span)
    # roots are read delayed, or have a self-connection
    looped = reads.target[reads.looped]
    looped = looped[looped >= reads.inputs]
    roots = np.unique(np.concatenate([reads.pairs(delayed=True)[1], looped]))
    needed_bytes = MASKS * float(len(roots)) * reads.n
    if needed_bytes > maximum:
        raise TooLarge(needed_bytes)
    sweeps = _Sweeps(reads, roots)
    size = reads.size
    immediate = sweeps.matrix(sweeps.visited[:size]) & (reads.parameters[:size] > 0)
    # neurons that share a parameter share its sensitivities
    for members in components(store, span) or ():
        immediate[:, members] = immediate[:, members].any(axis=1, keepdims=True)
    kept = _closure(immediate, sweeps.delayed, order)
    tracked = kept.any(axis=1)
    if not tracked.all():  # a number that no parameter affects has no sensitivities
        roots = roots[tracked]
        kept = kept[tracked]
        sweeps = _Sweeps(reads, roots)
    packed = np.packbits(kept, axis=1)
    needed = sweeps.delayed.copy()
    # of the roots that each root meets, the ones with common kept sensitivities
    for r, row in enumerate(sweeps.delayed):
        read = np.flatnonzero(row)
        needed[r, read] = (packed[read] & packed[r]).any(axis=1)
    return _pattern(sweeps, int(span[Span.START]), kept, needed)


class _Sweeps:
    """All sweeps of a step."""

    def __init__(self, reads: _Reads, roots: Rows) -> None:
        self.reads = reads
        self.roots = roots
        # without roots, there are no sweeps
        self.groups = reads.groups() if len(roots) else []
        self.width = (len(roots) + 7) // 8
        self.number = np.full(reads.n, -1)  # of a neuron among the roots
        self.number[roots] = np.arange(len(roots))
        self.begins = self.none()
        self.begins[roots, np.arange(len(roots)) // 8] = 128 >> (
            np.arange(len(roots)) % 8
        )
        self.visited = self._followed()
        # pairs of a reader and the number of the root that it reads delayed
        reader, read = reads.pairs(delayed=True)
        looped = reads.target[reads.looped]
        reader = np.concatenate([reader, looped])
        read = self.number[np.concatenate([read, looped])]
        chosen = read >= 0
        reader = reader[chosen]
        read = read[chosen]
        self.delayed_reader = reader
        self.delayed_read = read
        self.delayed = self.matrix(_joined(self.visited, read, reader, len(roots)))

    def none(self, rows: int | None = None) -> Bits:
        """Return empty sets of roots, one per neuron."""
        return np.zeros((self.reads.n if rows is None else rows, self.width), np.uint8)

    def matrix(self, bits: Bits) -> Bools:
        """Return sets of roots as a mask, shape (roots, sets)."""
        return np.unpackbits(bits, axis=1, count=len(self.roots)).T.astype(bool)

    def _followed(self) -> Bits:
        """Return, by neuron, the sweeps that reach its state."""
        reads = self.reads
        reached = self.begins.copy()
        reader, read = reads.pairs(delayed=False)
        begins = np.searchsorted(reader, np.arange(reads.n + 1))
        touched = self.none()
        for begin, stop in reversed(self.groups):
            reached[begin:stop] |= np.bitwise_or.reduce(touched[begin:stop], axis=0)
            for j in range(begin, stop):
                touched[read[begins[j] : begins[j + 1]]] |= reached[j]
        self._begins = begins
        self._read = read
        return reached

    def earlier(self, j: int) -> Rows:
        """Return the neurons whose activations of this step a neuron reads."""
        return self._read[self._begins[j] : self._begins[j + 1]]


def _joined(sets: Bits, owner: Rows, member: Rows, count: int) -> Bits:
    """Return, for each of `count` owners, the union of the sets of its members."""
    order = np.argsort(owner, kind="stable")
    owner, member = owner[order], member[order]
    unions = np.zeros((count, sets.shape[1]), np.uint8)
    if len(owner):
        begins = np.flatnonzero(np.diff(owner, prepend=-1))
        unions[owner[begins]] = np.bitwise_or.reduceat(sets[member], begins, axis=0)
    return unions


def components(store: Store, span: Any) -> list[Rows] | None:
    """Return sets of neurons that share trainable parameters, or None if parameters are
    not shared.
    """
    origin = int(span[Span.START])
    stop = int(span[Span.STOP])
    begin = origin + int(span[Span.INPUTS])
    rows = slice(*np.searchsorted(store["target"], [begin, stop]).tolist())
    tie = store["tie"][rows].astype(np.int64) * store["trainable"][rows]
    bias = (
        store["bias_tie"][begin:stop].astype(np.int64)
        * store["trainable_bias"][begin:stop]
    )
    if not tie.any() and not bias.any():
        return None
    owner = np.concatenate([tie[tie > 0], -bias[bias > 0]])
    targets = store["target"][rows].astype(np.int64) - origin
    neuron = np.concatenate([targets[tie > 0], np.flatnonzero(bias) + begin - origin])
    lowest_mate = np.arange(stop - origin)
    while True:  # the lowest number of a neuron with a common parameter
        _, inverse = np.unique(owner, return_inverse=True)
        lowest = np.full(inverse.max() + 1, stop - origin)
        np.minimum.at(lowest, inverse, lowest_mate[neuron])
        new = lowest_mate.copy()
        np.minimum.at(new, neuron, lowest[inverse])
        if (new == lowest_mate).all():
            break
        lowest_mate = new
    return [
        np.flatnonzero(lowest_mate == lowest)
        for lowest in np.unique(lowest_mate[np.unique(neuron)])
    ]


def _closure(immediate: Bools, delayed: Bools, order: int | None) -> Bools:
    """Add the sensitivities that arrive through the roots that each root reads delayed,
    `order` - 1 times.
    """
    packed = np.packbits(immediate, axis=1)
    within = packed.copy()
    kept = packed
    through = [np.flatnonzero(row) for row in delayed]
    for _ in range(len(immediate) if order is None else order - 1):
        new = within.copy()
        for r, read in enumerate(through):
            if len(read):
                new[r] |= np.bitwise_or.reduce(kept[read], axis=0)
        if (new == kept).all():
            break
        kept = new
    return np.unpackbits(kept, axis=1, count=immediate.shape[1]).astype(bool)


def _pattern(sweeps: _Sweeps, first_row: int, kept: Bools, needed: Bools) -> Pattern:
    """Return the sweeps, without parts that do not contribute to a kept sensitivity."""
    reads = sweeps.reads
    roots = sweeps.roots
    links, touched, met = _links(
        sweeps, *_useful(sweeps, np.packbits(needed.T, axis=1))
    )
    for begin, stop in sweeps.groups:
        if stop - begin > 1:
            for sets in (touched, met):
                sets[begin:stop] = np.bitwise_or.reduce(sets[begin:stop], axis=0)
    # the sweep of a past activation does not visit neurons
    touched = touched[: reads.size] | sweeps.begins[: reads.size]
    r, q = np.nonzero(sweeps.matrix(met[roots]))
    by, number = np.nonzero(sweeps.matrix(met))
    every = np.arange(len(roots) + 1)
    return Pattern(
        origin=first_row,
        size=reads.size,
        roots=reads.neuron[roots],
        steps=reads.steps[roots],
        past=reads.past,
        kept=kept,
        readings_first=np.searchsorted(r, every),
        readings=q,
        met_first=np.searchsorted(by, every),
        met=reads.neuron[number],
        met_steps=reads.steps[number],
        visits=_visits(sweeps, touched, links),
    )


def _useful(sweeps: _Sweeps, needed: Bits) -> tuple[Bits, Bits]:
    """Return, by neuron, the sweeps for which its activation of this step, or of the
    previous one, is useful.

    Useful parts, which are parameters and contributing delayed activations, are
    followed forward.
    """
    reads = sweeps.reads
    before = sweeps.none()
    now = sweeps.none()
    before[sweeps.roots] = needed
    read_delayed = _joined(needed, sweeps.delayed_reader, sweeps.delayed_read, reads.n)
    for begin, stop in sweeps.groups:
        for j in range(begin, stop):
            through = np.bitwise_or.reduce(now[sweeps.earlier(j)], axis=0)
            useful = read_delayed[j] | through
            if reads.parameters[j]:
                useful = np.uint8(255)
            now[j] = sweeps.visited[j] & useful
        now[begin:stop] = np.bitwise_or.reduce(now[begin:stop], axis=0)
        before[begin:stop] = np.bitwise_or.reduce(before[begin:stop], axis=0)
    return now, before


def _links(sweeps: _Sweeps, now: Bits, before: Bits) -> tuple[_Links, Bits, Bits]:
    """Return the links and, by neuron, the sweeps that meet its activations of this and
    the previous step.

    Links are runs and self-connections, except those into inputs.
    """
    reads = sweeps.reads
    touched = sweeps.none()
    met = sweeps.none()
    first_target = reads.inputs if len(sweeps.roots) else reads.n
    rows = np.flatnonzero(reads.target >= first_target)
    target = reads.target[rows]
    sets = []
    number = np.where(reads.looped, -1 - reads.target, reads.run)[rows]
    new = np.diff(number, prepend=NONE) != 0
    firsts = np.flatnonzero(new)
    link = np.cumsum(new) - 1
    for end, delayed in (
        (reads.source[rows], reads.delayed_source[rows]),
        (reads.gater[rows], reads.delayed_gater[rows]),
    ):
        bits = (
            np.where(delayed[:, None], before[end], now[end]) & sweeps.visited[target]
        )
        bits[end < 0] = 0
        sets.append(_joined(bits, link, np.arange(len(link)), len(firsts)))
        for ends, chosen in (
            (met, delayed & (end >= 0)),
            (touched, ~delayed & (end >= reads.inputs)),
        ):
            ends |= _joined(sets[-1], end[chosen], link[chosen], reads.n)
    # each was one step younger in the previous step
    met[reads.earlier] |= before[reads.earlier] & sweeps.visited[reads.size :]
    return (reads.run[rows][firsts], target[firsts], sets[0], sets[1]), touched, met


def _visits(sweeps: _Sweeps, touched: Bits, links: _Links) -> Visits:
    """Return visits by root, the last neuron first, with the runs that are followed."""
    n = sweeps.reads.size
    root, back = np.nonzero(sweeps.matrix(touched)[:, ::-1])
    neuron = n - 1 - back
    key = root * n + back  # ascending
    run, target = links[:2]
    sources, gaters = (sweeps.matrix(sets) for sets in links[2:])
    r, number = np.nonzero(sources | gaters)
    at = np.searchsorted(key, r * n + (n - 1 - target[number]))
    order = np.argsort(at, kind="stable")
    at, r, number = at[order], r[order], number[order]
    return Visits(
        starts=np.searchsorted(root, np.arange(len(sweeps.roots) + 1)),
        neuron=neuron,
        op_first=np.searchsorted(at, np.arange(len(neuron) + 1)),
        run=run[number],
        roles=SOURCES * sources[r, number] + GATERS * gaters[r, number],
    )

"""Lay out the memory of exact online gradients, by assigning a place to each
sensitivity, and listing the reads and writes of each step.

Parameters into neurons that the same roots keep form a *class*. Its sensitivities are a
dense matrix with a *line* for each root, and a column for each parameter. Every line is
renewed from other lines of its class. A picture in ``docs/equations.md`` shows the
numbers of a network of four neurons.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Bools
from ..functions.activations import SOFTMAX
from ..language import tile
from ..lowering.flags import DELAYED, DELAYED_GATE, DENSE, FIXED, SHARED
from ..lowering.ranges import concat_ranges
from ..schema import MAX_TILE, NONE, PLAN, VECTOR_BYTES, numpy_dtype
from ..store import Store
from .pattern import OWN, Pattern, TooLarge

# The parts of the column ``adjoint``: adjoints are the derivatives of an output by
# intermediate values, here by activations and states, which a sweep pushes back. They
# are 0 between sweeps. After the adjoints of each neuron come those of past
# activations, see ``Layout``.
PUSHED = 0
"""By neuron: pushed to its activation in this step along connections,"""
GATED = 1
"""and as a gater,"""
CARRIED = 2
"""to its state one step earlier,"""
PREVIOUS = 3
"""and to its activation one step earlier."""
ADJOINTS = 4


Rows = NDArray[np.int64]
TERMS_PER_CHUNK = 1 << 15
"""Number of terms that are examined together, which limits the memory needed to make a
plan. With a tenth or ten times of it, plans take 1.07 to 1.10 times as long.
"""
MAX_SINGLE_LINES = 3
"""Maximum number of lines that are renewed one by one. By ``python -m
benchmarks.variants lines``, rows take up to 1.81 times as long with 1, and up to 1.22
times if lines are always renewed one by one.
"""
DEPTHS = (2, 4, 8, 16, 32)
"""Numbers of steps after which sensitivities may be renewed, instead of after each
step, see ``pending.py``. By ``python -m benchmarks.variants pending``, rows take
0.95 to 5.92 times as long without.
"""
MAX_COST_FRACTION = 0.75
"""Pending steps must need less than this fraction of the multiply-adds of steps that
renew at once. The margin is necessary because an estimate counts operations, not time.
Where pending steps would save less than this, a plan stays simple. ``python -m
benchmarks --only rtrl`` has rows on both sides. With ten times of it,
rows take 0.93 to 1.14 times as long.
"""
VECTOR_OVERHEAD = 150
"""Fixed time of a short vector operation, in multiply-adds of a product. It is decisive
for short lines, with which a renewal over several steps consists of many short
operations, as in the rows of the same benchmark. Rows take 0.89 to 1.12 times as long
with a tenth, 0.87 to 1.14 times with ten times.
"""


class Layout:
    """The columns of a plan that do not change from step to step, and the sizes of
    those that do.

    Attributes
    ----------
    columns : dict of str to ndarray
        See ``schema.PLAN``.
    sizes : dict of str to int
        Length of each column in the context.
    class_of, direct_offset : ndarray
        For each neuron of the network, the class of its parameters, and where they
        begin in ``direct``, or -1 without such parameters.
    states : ndarray
        The neurons of the roots that are states.
    column : ndarray
        For each entry of ``direct``, its column in its class.
    entry_owner, entry_is_bias, entry_row : ndarray
        By entry of ``direct``: its neuron in the network, whether it is a bias, and its
        row in the store.
    columns_entries : ndarray
        The entry of each column, one class after the other. Columns that share a
        parameter have the first of its entries.
    keys : ndarray
        Class and root of each line, ascending: ``class * roots + root``.
    """

    def __init__(self, store: Store, pattern: Pattern, maximum: float = inf) -> None:
        self.pattern = pattern
        self.dtype = store.dtype
        self.origin = pattern.origin
        self.roots = pattern.roots
        self.states = self.roots[pattern.steps == 0]  # the first roots
        self.n_states = len(self.states)
        rows = slice(pattern.origin, pattern.origin + pattern.size)
        self._incoming = store.columns["first_incoming"][rows].astype(np.int64)
        self._learning = store.columns["learning"][rows].astype(np.int64)
        self._biased = store["trainable_bias"][rows] == 1
        self.columns: dict[str, NDArray[Any]] = {}
        # of the columns, for kernels, once a plan has been made
        self.table: NDArray[np.int64] | None = None
        self._find_classes()
        self._find_columns(store)
        self._set_lines()
        # by line: terms that renew it
        sources = np.diff(pattern.readings_first)[self.line_root]
        needed = 2 * self.size * self.dtype.itemsize + 4.0 * float(sources.sum())
        if needed > maximum:
            raise TooLarge(needed)
        self._share_direct(store)
        self._set_updates()
        self._set_adjoints(store)
        self._set_visits(store)
        self._set_blocks(maximum)
        self._set_parts()
        counts = [len(self.roots), len(self.members), self.size, self.depth]
        self._set(
            counts=np.array(
                [
                    *counts,
                    *self._step_sizes,
                    self._given,
                    self._square,
                    self._shares,
                    store.n_connections,
                    store.n_neurons,
                    self.n_states,
                    self._adjoint_size,
                    self._adjoint_past,
                    self._past_width,
                ]
            )
        )
        slots = 1 if self.depth == 1 else 2 * self.depth
        direct, visits, readings = (slots * size for size in self._step_sizes)
        neurons, lines = (
            int(np.diff(ends).max(initial=0))
            for ends in (self._class_first, self.class_line)
        )
        self.sizes: dict[str, int] = {
            # without pending steps, readers do not need a separate copy
            "sensitivity": (2 if self.depth == 1 else 3) * self.size,
            "visit_delta": visits,
            "reading_value": readings,
            # a tile reads beyond the last number of each
            "given": self.depth * (self._given + 2 * neurons) + MAX_TILE,
            "vectors": 2 * self._square + 2 * lines + MAX_TILE,
            "jacobian": self._square + MAX_TILE,
            "old_derivative": len(self.roots),
            "weight_before": store.n_connections,
            "bias_before": store.n_neurons,
            "old_error": len(self.roots),
            "direct": direct,
            "factors": self._most_factors,
            "adjoint": self._adjoint_size,
            "latest": 6,
        }

    # --- the parts --------------------------------------------------------------------

    def _find_classes(self) -> None:
        """Find the classes of neurons, and the entries of ``direct``: weights, then the
        bias of each neuron.
        """
        kept = self.pattern.kept
        tracked = np.flatnonzero(kept.any(axis=0))
        self.class_of = np.full(self.pattern.size, -1)
        packed = np.packbits(kept[:, tracked], axis=0).T
        _, first_member, inverse = np.unique(
            packed, axis=0, return_index=True, return_inverse=True
        )
        # classes in the order of their first neurons
        rank = np.argsort(np.argsort(first_member))
        self.class_of[tracked] = rank[inverse.reshape(-1)]
        # shape (classes, roots)
        self.members = kept[:, tracked[np.sort(first_member)]].T
        counts = np.where(self.class_of >= 0, self._learning + self._biased, 0)
        self.direct_offset = np.where(
            self.class_of >= 0, np.cumsum(counts) - counts, -1
        )
        self.entry_owner = np.repeat(np.arange(self.pattern.size), counts)
        offset = concat_ranges(np.zeros(len(counts), np.int64), counts)
        self.entry_is_bias = offset == self._learning[self.entry_owner]
        weights = self._incoming[self.entry_owner] + offset
        self.entry_row = np.where(
            self.entry_is_bias, self.entry_owner + self.origin, weights
        )

    def _find_columns(self, store: Store) -> None:
        """Find the column of each entry; shared parameters have one column."""
        entries = np.arange(len(self.entry_owner))
        order = np.lexsort((entries, self.class_of[self.entry_owner]))
        bias_tie = np.append(store["bias_tie"], 0).astype(np.int64)
        weight_tie = np.append(store["tie"], 0).astype(np.int64)
        of_bias = bias_tie.take(self.entry_row, mode="clip")
        of_weight = weight_tie.take(self.entry_row, mode="clip")
        tie = np.where(self.entry_is_bias, -of_bias, of_weight)
        key = np.where(tie == 0, entries, 0)[order]
        shared = tie[order] != 0
        if shared.any():
            _, first_entry, inverse = np.unique(
                tie[order][shared], return_index=True, return_inverse=True
            )
            # the first entry with this parameter
            key[shared] = order[shared][first_entry][inverse]
        owned = key == order
        rank = np.full(len(order), -1)
        rank[order[owned]] = np.arange(int(owned.sum()))
        classes = len(self.members)
        entry_class = self.class_of[self.entry_owner[order[owned]]]
        begins = np.searchsorted(entry_class, np.arange(classes + 1))
        self.width = np.diff(begins)
        self.first_column = begins[:-1]  # of each class
        self.column = np.empty(len(order), np.int64)
        self.column[order] = rank[key] - begins[self.class_of[self.entry_owner[order]]]
        self.columns_entries = order[owned]
        neurons = np.argsort(self.class_of, kind="stable")[np.sum(self.class_of < 0) :]
        self._class_first = np.searchsorted(
            self.class_of[neurons], np.arange(classes + 1)
        )
        # the place of each neuron among those of the same class
        self._index = np.zeros(self.pattern.size, np.int64)
        begin_of_class = self._class_first[self.class_of[neurons]]
        self._index[neurons] = np.arange(len(neurons)) - begin_of_class

    def _set_lines(self) -> None:
        class_number, root = np.nonzero(self.members)
        self.keys = class_number * len(self.roots) + root
        widths = self.width[class_number]
        self.line_offset = np.cumsum(widths) - widths
        self.line_class = class_number
        self.line_root = root
        self.class_line = np.searchsorted(
            class_number, np.arange(len(self.members) + 1)
        )
        self.size = int(widths.sum())
        self._set(
            class_line=self.class_line,
            class_width=self.width,
            class_neurons=np.diff(self._class_first),
            line_root=root,
            line_offset=self.line_offset,
        )

    def _share_direct(self, store: Store) -> None:
        """Find the places in ``direct`` of the parameters into each neuron, which
        neurons with the same inputs share.
        """
        self._shared_at = np.full(self.pattern.size, -1)
        offsets: dict[Any, int] = {}
        size = 0
        for i in np.flatnonzero(self.class_of >= 0).tolist():
            offset = offsets.setdefault(self._inputs_of(store, i), size)
            self._shared_at[i] = offset
            if offset == size:
                size += self.count_of(i)
        self._direct_size = size
        self._set(direct_offset=np.where(self._shared_at < 0, NONE, self._shared_at))

    def _inputs_of(self, store: Store, i: int) -> Any:
        """Return the key of the derivatives of a state by the parameters into its
        neuron within the step.
        """
        c = store.columns
        j = i + self.origin
        dense = []
        learning = int(self._learning[i])
        for r in range(int(c["run_start"][j]), int(c["run_stop"][j])):
            run_kind = int(c["run_kind"][r])
            flags = int(c["run_flags"][r])
            length = int(c["run_length"][r])
            if flags & FIXED:
                continue
            if run_kind not in (DENSE, SHARED):
                return i
            gater = int(c["run_gater"][r]) if run_kind == SHARED else NONE
            offset = int(c["run_first"][r]) - int(self._incoming[i])
            reads = flags & (DELAYED | DELAYED_GATE), int(c["run_lag"][r])
            dense.append((offset, int(c["run_source"][r]), length, gater, reads))
            learning -= length
        return (bool(self._biased[i]), *dense) if learning == 0 else i

    def _set_updates(self) -> None:
        """Set the places in the store of each class's parameters, in ranges of
        parameters into one neuron.
        """
        owner = self.entry_owner
        row = self.entry_row
        bias = self.entry_is_bias
        order = np.argsort(self.class_of[owner], kind="stable")
        tied = np.ones(len(order), bool)  # to an earlier one, whose column it has
        tied[self.columns_entries] = False
        class_number = self.class_of[owner[order]]
        cut = np.zeros(len(order), bool)
        cut[:1] = True
        for values, gap in (
            (owner, 0),
            (bias, 0),
            (tied, 0),
            (row, 1),
            (self.column, 1),
        ):
            cut[1:] |= np.diff(values[order].astype(np.int64)) != gap
        starts = np.flatnonzero(cut)
        head = order[starts]
        self._set(
            update_first=np.searchsorted(
                class_number[starts], np.arange(len(self.members) + 1)
            ),
            update_column=self.column[head],
            update_tied=tied[head],
            update_row=row[head],
            update_length=np.diff(np.append(starts, len(order))),
            update_bias=bias[head],
            update_neuron=owner[head] + self.origin,
            update_index=self._index[owner[head]],
            update_direct=(self._shared_at - self.direct_offset)[owner[head]] + head,
        )

    def _set_adjoints(self, store: Store) -> None:
        """Set where ``adjoint`` stores the derivatives that are pushed to past
        activations, to each root, and to the neurons on each sweep.

        Four numbers of each neuron are followed by the numbers of activations two steps
        ago, three steps ago, and so on, for all neurons from the first to the last
        whose past activations are read.
        """
        pattern = self.pattern
        size = pattern.size
        first, stop, furthest = pattern.past
        self._past_width = stop - first
        # to which the row of a neuron is added
        self._adjoint_past = ADJOINTS * size - first - self.origin
        self._adjoint_size = ADJOINTS * size + (furthest - 1) * self._past_width
        met_root = np.repeat(np.arange(len(self.roots)), np.diff(pattern.met_first))
        looped = (store.columns["self_row"][self.origin : self.origin + size] != NONE)[
            pattern.met
        ] & (pattern.met_steps == 0)
        met = np.append(
            self._adjoint_of(pattern.met, pattern.met_steps),
            CARRIED * size + pattern.met[looped],
        )
        met_root = np.append(met_root, met_root[looped])
        order = np.argsort(met_root, kind="stable")
        self._set(
            root=self.roots + self.origin,
            root_adjoint=self._adjoint_of(self.roots, pattern.steps),
            root_before=self._adjoint_of(self.roots, np.maximum(pattern.steps - 1, 0)),
            met_first=np.searchsorted(met_root[order], np.arange(len(self.roots) + 1)),
            met=met[order],
        )

    def _adjoint_of(self, neuron: Rows, steps: Rows) -> Rows:
        """Return the offsets in ``adjoint`` of the errors pushed to activations `steps`
        steps ago.
        """
        past = (
            self._adjoint_past + (steps - 1) * self._past_width + neuron + self.origin
        )
        return np.where(steps > 0, past, PREVIOUS * self.pattern.size + neuron)

    def _set_visits(self, store: Store) -> None:
        visits = self.pattern.visits
        root = np.repeat(np.arange(len(self.roots)), np.diff(visits.starts))
        soft = store["squash"][self.origin + visits.neuron] == SOFTMAX
        head = soft & (visits.neuron != self.roots[root])
        if head.any():  # the last neuron of a group is visited first
            stop = store.columns["group_stop"][self.origin + visits.neuron].astype(
                np.int64
            )
            head &= stop == self.origin + visits.neuron + 1
        self._set(
            visit_start=visits.starts,
            visit=visits.neuron + self.origin,
            visit_soft=head,
            op_first=visits.op_first,
            op_run=np.where(visits.run == OWN, NONE, visits.run),
            op_role=visits.roles,
            reading_first=self.pattern.readings_first,
            reading=self.pattern.readings,
        )

    def _set_parts(self) -> None:
        """Set the terms that the visits of each line's sweep add, in ranges of
        neighbouring columns.
        """
        owner = self.entry_owner
        column = self.column
        visits = self.pattern.visits
        starts = np.flatnonzero(
            (np.diff(owner, prepend=-1) != 0) | (np.diff(column, prepend=-2) != 1)
        )
        lengths = np.diff(np.append(starts, len(owner)))
        range_of = np.searchsorted(owner[starts], np.arange(self.pattern.size + 1))
        root = np.repeat(np.arange(len(self.roots)), np.diff(visits.starts))
        line = self.line_of(self.class_of[visits.neuron], root)
        visit = np.flatnonzero(line >= 0)
        neuron = visits.neuron[visit]
        if self.depth > 1:
            self._set_links(line[visit], visit)
        counts = np.diff(range_of)[neuron]
        ranges = concat_ranges(range_of[neuron], counts)
        line = np.repeat(line[visit], counts)
        visit = np.repeat(visit, counts)
        begins = starts[ranges]
        order = np.lexsort((column[begins], line))  # kernels go through memory forward
        line, visit, begins = line[order], visit[order], begins[order]
        self._set(
            part_first=np.searchsorted(line, np.arange(len(self.keys) + 1)),
            part_visit=visit,
            part_column=column[begins],
            part_direct=(self._shared_at - self.direct_offset)[owner[begins]] + begins,
            part_length=lengths[ranges][order],
        )

    def _set_links(self, line: Rows, visit: Rows) -> None:
        """Set, for each line, the visits to neurons of its class, and the readings of
        other lines in the class. Vectors follow both back through a pending step.
        """
        order = np.argsort(line, kind="stable")
        every = np.arange(len(self.keys) + 1)
        self._set(
            given_first=np.searchsorted(line[order], every),
            given_visit=visit[order],
            given_index=self._index[self.pattern.visits.neuron[visit]][order],
        )
        line, reading, source = self._readings_of(0, len(self.keys))
        line_index = source - self.class_line[self.line_class[line]]
        cut = np.diff(line, prepend=-1) != 0
        for values in (reading, line_index):
            cut |= np.diff(values, prepend=-2) != 1
        starts = np.flatnonzero(cut)
        self._set(
            link_first=np.searchsorted(line[starts], every),
            link_reading=reading[starts],
            link_line=line_index[starts],
            link_length=np.diff(np.append(starts, len(line))),
        )
        self._set_units()

    def _set_units(self) -> None:
        """Set the units of a renewal over several steps, and the number of units
        completed after each of these steps. Vectors come first, then columns.
        """
        lines = np.diff(self.class_line)
        wide = VECTOR_BYTES // self.dtype.itemsize
        depth = self.depth
        shares = self._shares
        panel = tile().panel * wide
        size = np.where(self.width < panel, wide, panel)
        counts = depth - (-self.width // size)
        units = np.append(0, np.cumsum(counts))
        class_number = np.repeat(np.arange(len(counts)), counts)
        number = np.arange(units[-1]) - units[class_number] - depth
        width = self.width[class_number]
        size = size[class_number]
        column = np.minimum(number * size, np.where(size > wide, width - size, width))
        length = np.minimum(size, width - column)
        lines = lines[class_number]
        work = lines * np.where(
            number < 0, VECTOR_OVERHEAD + lines * lines, (lines + depth) * size
        )
        done = np.append(0, np.cumsum(work))
        # updates of all classes, one after the other
        sizes = np.diff(self.columns["update_first"])
        updates = np.repeat(self.first_column, sizes) + self.columns["update_column"]
        ends = np.maximum.accumulate(updates + self.columns["update_length"])
        begins = np.minimum.accumulate(updates[::-1])[::-1]
        start = self.first_column[class_number] + column
        due = np.arange(1, shares + 1) * done[-1] // shares
        self._set(
            class_unit=units,
            unit_column=np.maximum(column, 0),
            unit_length=length,
            unit_first=np.searchsorted(ends, start, "right"),
            unit_stop=np.searchsorted(begins, start + length),
            share=np.searchsorted(done, due, "right") - 1,
        )

    def _set_blocks(self, maximum: float) -> None:
        """Set the blocks of lines of a class that are renewed from the same lines, and
        their terms.
        """
        # whole classes, about `TERMS_PER_CHUNK` terms at a time
        firsts = self.class_line
        readings = np.diff(self.pattern.readings_first)[self.line_root]
        terms = np.append(0, np.cumsum(readings))[firsts]
        cuts = np.flatnonzero(np.diff(terms // TERMS_PER_CHUNK)) + 1
        ends = firsts[np.append(cuts, len(firsts) - 1)].tolist()
        pairs = zip([0, *ends[:-1]], ends, strict=True)
        ranges = [self._terms_of(begin, end) for begin, end in pairs]
        counts, fresh, source, value = (
            np.concatenate(arrays) for arrays in zip(*ranges, strict=True)
        )
        self.products = int((counts * self.width[self.line_class]).sum())
        lines = np.bincount(self.line_class)
        self._given = int((lines * np.diff(self._class_first)).max(initial=0))
        self._square = int((lines**2).max(initial=0))
        visits = len(self.pattern.visits.neuron)
        self._step_sizes = self._direct_size, visits, len(self.pattern.readings)
        self.depth = self._choose_depth(counts, maximum)
        # number of steps among which a renewal is divided; with more, errors go further
        # back
        self._shares = self.depth // 2
        if self.depth == 1:
            self._given = self._square = 0
        begins = np.flatnonzero(fresh)
        terms = counts[begins]
        lines = np.diff(np.append(begins, len(fresh)))
        height = tile().neurons
        tiled = -(-lines // height) * height * terms
        self._most_factors = max(
            int(tiled.max(initial=0)), int(np.diff(self.class_line).max(initial=0))
        )
        self._set(
            class_block=np.searchsorted(begins, self.class_line),
            block_line=np.append(begins, len(fresh)),
            block_term=np.append(0, np.cumsum(terms)),
            block_value=np.append(0, np.cumsum(lines * terms))[:-1],
            term_offset=source,
            term_value=value,
        )

    def _readings_of(self, start: int, stop: int) -> tuple[Rows, Rows, Rows]:
        """Return the readings of the root of each line that have a line in the same
        class, and this line.
        """
        begins = self.pattern.readings_first
        root = self.line_root[start:stop]
        counts = np.diff(begins)[root]
        reading = concat_ranges(begins[:-1][root], counts)
        line = np.repeat(np.arange(stop - start), counts)
        source = self.line_of(
            self.line_class[start:stop][line], self.pattern.readings[reading]
        )
        chosen = source >= 0
        return line[chosen], reading[chosen], source[chosen]

    def _choose_depth(self, links: Rows, maximum: float) -> int:
        """Return the number of steps after which to renew (see ``pending.py``) by the
        estimated multiply-adds of a step. `links` contains the terms by line.
        """
        lines = np.bincount(self.line_class)
        moved = np.sum(self.class_of[self.pattern.visits.neuron] >= 0)
        lines_of_class = lines[self.line_class]
        # of the vectors that a renewal takes back, by step
        over_steps = int((lines**3).sum()) + int(moved) * (
            VECTOR_OVERHEAD + int(lines.max(initial=0))
        )
        product = int(lines_of_class @ self.width[self.line_class])
        # of an error that is taken back through a pending step
        back = (
            int(links.sum())
            + VECTOR_OVERHEAD * len(links)
            + VECTOR_OVERHEAD // 4 * moved
        )
        back += len(self.entry_owner)
        chosen = 1
        best = MAX_COST_FRACTION * self.products
        for depth in DEPTHS:
            needed = depth * (2 * sum(self._step_sizes) + self._given)
            needed += 2 * self._square
            time = product / depth + self.size + over_steps + depth * back
            memory = (3 * self.size + needed) * self.dtype.itemsize
            if needed <= self.size and memory <= maximum and time < best:
                chosen = depth
                best = time
        return chosen

    def _terms_of(self, start: int, stop: int) -> tuple[Rows, Bools, Rows, Rows]:
        """Return the terms of each line from the readings of its root.

        Returns the number of terms and whether a block begins for each line, the lines
        of the terms for each block, and the readings.
        """
        class_number = self.line_class[start:stop]
        line, reading, source = self._readings_of(start, stop)
        counts = np.bincount(line, minlength=stop - start)

        fresh = (np.diff(class_number, prepend=-1) != 0) | (
            np.diff(counts, prepend=-1) != 0
        )
        before = np.arange(len(line)) - counts[line]  # the same term of the line before
        fresh[line[source != source[before]]] = True
        return counts, fresh, self.line_offset[source[fresh[line]]], reading

    # --- reading ----------------------------------------------------------------------

    def line_of(self, class_number: Rows, root: Rows) -> Rows:
        """Return the line for each pair of a class and a root, or -1 if it is
        missing.
        """
        if not len(self.keys):
            return np.full(root.shape, -1)
        key = class_number * len(self.roots) + root
        line = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        return np.where((self.keys[line] == key) & (class_number >= 0), line, -1)

    def count_of(self, neuron: Any) -> Any:
        """Return the number of trainable parameters into a neuron, or into each of
        several neurons.
        """
        return self._learning[neuron] + self._biased[neuron]

    @property
    def bytes(self) -> int:
        """Memory of all columns, of the layout and of its pattern."""
        sizes = (
            self.sizes.get(c.name, 0) * numpy_dtype(c, self.dtype).itemsize
            for c in PLAN
        )
        layout = [*self.columns.values(), *vars(self).values()]
        values = [*layout, *self.pattern, *self.pattern.visits]
        arrays = [value for value in values if isinstance(value, np.ndarray)]
        return int(sum(sizes)) + sum(array.nbytes for array in arrays)

    def _set(self, **columns: NDArray[Any]) -> None:
        for name, values in columns.items():
            self.columns[name] = np.ascontiguousarray(values.astype(_DTYPES[name]))


_DTYPES = {
    column.name: np.dtype(column.dtype) for column in PLAN if column.dtype != "float"
}

"""The memory of exact online gradients: where each sensitivity is, and what each step reads and writes.

Parameters into neurons that the same roots keep form a *class*. Its sensitivities are a dense matrix: a
*line* for each root, a column for each parameter. Every line is renewed from other lines of its class.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..functions.activations import SOFTMAX
from ..lowering.changes import spans
from ..schema import ENDED, NONE, PLAN, numpy_dtype
from .pattern import OWN, Pattern

if TYPE_CHECKING:
    from ..store import Store

Rows = NDArray[np.int64]


class TooLarge(MemoryError):
    """Sensitivities that need too much memory."""

    def __init__(self, needed: float) -> None:
        super().__init__(needed)
        self.bytes = needed


class Layout:
    """The columns of a plan that do not change from step to step, and the sizes of those that do.

    Attributes
    ----------
    columns : dict of str to ndarray
        See ``schema.PLAN``.
    sizes : dict of str to int
        Length of each column of the context.
    class_of, direct_at : ndarray
        By neuron of the network: the class of its parameters, and where they begin in ``direct``; -1: none.
    column : ndarray
        By entry of ``direct``: its column in its class.
    entry_owner, entry_is_bias, entry_row : ndarray
        By entry of ``direct``: its neuron in the network, whether it is a bias, and its row in the store.
    columns_entries : ndarray
        The entry of each column, one class after the other; the first of those that share a parameter.
    keys : ndarray
        Class and root of each line, ascending: ``class * roots + root``.
    """

    def __init__(self, store: Store, pattern: Pattern, most: float = inf) -> None:
        self.pattern, self.dtype = pattern, store.dtype
        self.first, self.roots = pattern.first, pattern.roots
        rows = slice(pattern.first, pattern.first + pattern.size)
        self._incoming = store.columns["first_incoming"][rows].astype(np.int64)
        self._learning = store.columns["learning"][rows].astype(np.int64)
        self._biased = store["trainable_bias"][rows] == 1
        self.columns: dict[str, NDArray[Any]] = {}
        self._find_classes()
        self._find_columns(store)
        self._lay_lines()
        self._require_room(most)
        self._lay_segments()
        self._lay_goals()
        self._lay_visits(store)
        self._lay_terms()
        self._set(counts=np.array([len(self.roots), len(self.members), self.size]))
        self.sizes = {
            "sensitivity": 2 * self.size,
            "visit_delta": len(pattern.visits.neuron),
            "reading_value": len(pattern.readings),
            "old_derivative": len(self.roots),
            "aim": len(self.roots),
            "direct": len(self.column),
            "sums": int(self.width.max(initial=0)),
            "flow": 4 * pattern.size,
            "turn": 3,
            "noted": 0,
        }

    # --- the parts ---------------------------------------------------------------------------------

    def _find_classes(self) -> None:
        """Classes of neurons, and the entries of ``direct``: weights, then the bias of each neuron."""
        kept = self.pattern.kept
        tracked = np.flatnonzero(kept.any(axis=0))
        self.class_of = np.full(self.pattern.size, -1)
        packed = np.packbits(kept[:, tracked], axis=0).T
        _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
        rank = np.argsort(np.argsort(first))  # classes in the order of their first neurons
        self.class_of[tracked] = rank[inverse.reshape(-1)]
        self.members = kept[:, tracked[np.sort(first)]].T  # shape (classes, roots)
        counts = np.where(self.class_of >= 0, self._learning + self._biased, 0)
        self.direct_at = np.where(self.class_of >= 0, np.cumsum(counts) - counts, -1)
        self.entry_owner = np.repeat(np.arange(self.pattern.size), counts)
        offset = spans(np.zeros(len(counts), np.int64), counts)
        self.entry_is_bias = offset == self._learning[self.entry_owner]
        self.entry_row = np.where(
            self.entry_is_bias, self.entry_owner + self.first, self._incoming[self.entry_owner] + offset
        )

    def _find_columns(self, store: Store) -> None:
        """The column of each entry; shared parameters have one column."""
        entries = np.arange(len(self.entry_owner))
        order = np.lexsort((entries, self.class_of[self.entry_owner]))
        tie = np.where(self.entry_is_bias, -1, 1) * np.where(
            self.entry_is_bias, _at(store["bias_tie"], self.entry_row), _at(store["tie"], self.entry_row)
        ).astype(np.int64)
        key = np.where(tie == 0, entries, 0)[order]
        shared = tie[order] != 0
        if shared.any():
            _, first, inverse = np.unique(tie[order][shared], return_index=True, return_inverse=True)
            key[shared] = order[shared][first][inverse]  # the first entry with this parameter
        owned = key == order
        rank = np.full(len(order), -1)
        rank[order[owned]] = np.arange(int(owned.sum()))
        classes = len(self.members)
        own_class = self.class_of[self.entry_owner[order[owned]]]
        begins = np.searchsorted(own_class, np.arange(classes + 1))
        self.width = np.diff(begins)
        self.column = np.empty(len(order), np.int64)
        self.column[order] = rank[key] - begins[self.class_of[self.entry_owner[order]]]
        self.columns_entries = order[owned]

    def _lay_lines(self) -> None:
        which, root = np.nonzero(self.members)
        self.keys = which * len(self.roots) + root
        widths = self.width[which]
        self.line_at = np.cumsum(widths) - widths
        self.line_class, self.line_root = which, root
        self.size = int(widths.sum())
        self._set(
            root=self.roots + self.first,
            class_line=np.searchsorted(which, np.arange(len(self.members) + 1)),
            class_width=self.width,
            line_root=root,
            line_at=self.line_at,
        )

    def _require_room(self, most: float) -> None:
        """Raise TooLarge if the sensitivities, and what renews them, need more than `most` bytes."""
        first, roots = self.pattern.readings_first, self.line_root
        needed = 2 * self.size * self.dtype.itemsize + 12.0 * float(np.diff(first)[roots].sum())
        if needed > most:
            raise TooLarge(needed)

    def _lay_segments(self) -> None:
        """Stretches of entries of a neuron whose columns are neighbours."""
        owner, column = self.entry_owner, self.column
        starts = np.flatnonzero((np.diff(owner, prepend=-1) != 0) | (np.diff(column, prepend=-2) != 1))
        lengths = np.diff(np.append(starts, len(owner)))
        at = np.where(self.direct_at < 0, NONE, self.direct_at)
        self._set(
            segment_first=np.searchsorted(owner[starts], np.arange(self.pattern.size + 1)),
            segment_column=column[starts],
            segment_direct=starts,
            segment_length=lengths,
            direct_at=at,
        )

    def _lay_goals(self) -> None:
        """Stretches of columns whose parameters are neighbours in the store, by class."""
        entries = self.columns_entries
        which, column = self.class_of[self.entry_owner[entries]], self.column[entries]
        row, bias = self.entry_row[entries], self.entry_is_bias[entries]
        cut = np.ones(len(entries), bool)
        cut[1:] = (which[1:] != which[:-1]) | (bias[1:] != bias[:-1]) | (row[1:] != row[:-1] + 1)
        starts = np.flatnonzero(cut)
        self._set(
            goal_first=np.searchsorted(which[starts], np.arange(len(self.members) + 1)),
            goal_column=column[starts],
            goal_row=row[starts],
            goal_length=np.diff(np.append(starts, len(entries))),
            goal_bias=bias[starts],
        )

    def _lay_visits(self, store: Store) -> None:
        visits, n_roots = self.pattern.visits, len(self.roots)
        root = np.repeat(np.arange(n_roots), np.diff(visits.first))
        own_class = self.class_of[visits.neuron]
        at = self.line_of(own_class, root)
        soft = store["squash"][self.first + visits.neuron] == SOFTMAX
        head = soft & (visits.neuron != self.roots[root])
        if head.any():  # the last neuron of a group is visited first
            stop = store.columns["group_stop"][self.first + visits.neuron].astype(np.int64)
            head &= stop == self.first + visits.neuron + 1
        self._set(
            visit_first=visits.first,
            visit=visits.neuron + self.first,
            visit_soft=head,
            visit_at=np.where(at < 0, ENDED, self.line_at[at] if len(self.line_at) else 0),
            op_first=visits.op_first,
            op_run=np.where(visits.run == OWN, NONE, visits.run),
            op_what=visits.what,
            reading_first=self.pattern.readings_first,
            reading=self.pattern.readings,
        )

    def _lay_terms(self) -> None:
        """For each line, the readings of its root that have a line in the same class."""
        first = self.pattern.readings_first
        root = self.keys % max(1, len(self.roots))
        counts = np.diff(first)[root]
        reading = spans(first[:-1][root], counts)
        line = np.repeat(np.arange(len(root)), counts)
        source = self.line_of(self.line_class[line], self.pattern.readings[reading])
        chosen = source >= 0
        line, reading, source = line[chosen], reading[chosen], source[chosen]
        self._set(
            term_first=np.searchsorted(line, np.arange(len(root) + 1)),
            term_value=reading,
            term_at=self.line_at[source] if len(source) else source,
        )
        widths = self.width[self.line_class]
        self.products = int((np.diff(self.columns["term_first"].astype(np.int64)) * widths).sum())

    # --- what others ask ---------------------------------------------------------------------------

    def line_of(self, which: Rows, root: Rows) -> Rows:
        """The line of each pair of a class and a root; -1: none."""
        if not len(self.keys):
            return np.full(root.shape, -1)
        key = which * len(self.roots) + root
        found = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        return np.where((self.keys[found] == key) & (which >= 0), found, -1)

    def count_of(self, neuron: int) -> int:
        """Number of the trainable parameters into a neuron."""
        return int(self._learning[neuron] + self._biased[neuron])

    @property
    def bytes(self) -> int:
        """Memory of all columns."""
        sizes = sum(
            self.sizes[c.name] * numpy_dtype(c, self.dtype).itemsize for c in PLAN if c.name in self.sizes
        )
        return sizes + sum(column.nbytes for column in self.columns.values())

    def _set(self, **columns: NDArray[Any]) -> None:
        for name, values in columns.items():
            self.columns[name] = np.ascontiguousarray(values.astype(_DTYPES[name]))


def _at(column: NDArray[Any], rows: Rows) -> NDArray[Any]:
    """Values in some rows; 0 where a row is beyond the column."""
    return column.take(rows, mode="clip") if len(column) else np.zeros(len(rows), column.dtype)


_DTYPES = {column.name: np.dtype(column.dtype) for column in PLAN if column.dtype != "float"}

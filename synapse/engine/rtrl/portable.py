"""Sensitivities by neurons and connections instead of places in a plan: for the next plan, and for files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Floats, Ints
from ..schema import LATEST_HALF, LATEST_OPEN, NONE
from .layout import Layout
from .plan import Plan

BIAS = -1
"""In place of the identity of a connection: the bias of a neuron."""
GONE, NOWHERE = -2, -1
"""In place of a column: the parameter has been removed, or has no sensitivities any more."""


@dataclass
class PortableSensitivities:
    """The sensitivities of the latest step and of the step before it.

    Neurons are numbered in the order of activation that the network had. Parameters that the same roots keep
    are neighbouring columns; tied ones share a column. Every line has a root and a stretch of columns.
    """

    roots: Ints
    slopes: NDArray[Any]  # f' of the roots, one step earlier
    owner: Ints  # by trainable parameter: its neuron
    connection: Ints  # and the identity of its connection, or BIAS
    column: Ints
    line_root: Ints  # by line: its place in `roots`
    line_first: Ints
    line_length: Ints
    now: NDArray[Any]  # the lines, one after the other
    before: NDArray[Any]

    def classes(self) -> Iterator[tuple[slice, slice, slice]]:
        """The lines, the columns and the values of each dense matrix: lines with the same columns."""
        new = np.diff(self.line_first, prepend=-1) != 0
        new |= np.diff(self.line_length, prepend=-1) != 0
        ends = np.append(0, np.cumsum(self.line_length))
        for begin, stop in pairwise([*np.flatnonzero(new).tolist(), len(new)]):
            first = int(self.line_first[begin])
            columns = slice(first, first + int(self.line_length[begin]))
            yield slice(begin, stop), columns, slice(int(ends[begin]), int(ends[stop]))


def identities_of(plan: Plan) -> Ints:
    """The identity of the connection, or BIAS, of every entry of ``direct``."""
    layout = plan.layout
    if not len(layout.entry_row):
        return np.empty(0, np.int64)
    rows = np.where(layout.entry_is_bias, 0, layout.entry_row)
    return np.where(layout.entry_is_bias, BIAS, plan.store.columns["identity"][rows].astype(np.int64))


def read(plan: Plan, identities: Ints) -> PortableSensitivities:
    """Read the sensitivities of a plan without pending steps; `identities` are those of its entries now."""
    layout, size = plan.layout, plan.layout.size
    half, values = int(plan.columns["latest"][LATEST_HALF]), plan.columns["sensitivity"]
    now, before = (values[h * size : (h + 1) * size].copy() for h in (half, 1 - half))
    first = _first_columns(layout)
    return PortableSensitivities(
        roots=layout.roots,
        slopes=plan.columns["old_derivative"].copy(),
        owner=layout.entry_owner,
        connection=identities,
        column=first[layout.class_of[layout.entry_owner]] + layout.column,
        line_root=layout.line_root,
        line_first=first[layout.line_class],
        line_length=layout.width[layout.line_class],
        now=now,
        before=before,
    )


def write(plan: Plan, identities: Ints, kept: PortableSensitivities, number: Ints) -> None:
    """Write what is still there into a new plan; `number`: present number of each old neuron, or -1."""
    layout, size, c = plan.layout, plan.layout.size, plan.columns
    place = np.full(layout.pattern.size + 1, -1)
    place[layout.roots] = np.arange(len(layout.roots))
    roots = place[number[kept.roots]]  # the last place, -1, is that of neurons that are gone
    there = roots >= 0
    c["old_derivative"][roots[there]] = kept.slopes[there]
    c["latest"][LATEST_OPEN] = 1
    halves = (c["sensitivity"][:size], kept.now), (c["sensitivity"][size : 2 * size], kept.before)
    assert c["latest"][LATEST_HALF] == 0
    columns = _new_columns(plan, identities, kept, number)
    for lines, old_columns, values in kept.classes():
        own = roots[kept.line_root[lines]]
        for new, old in halves:
            old_matrix = old[values].reshape(len(own), -1)[own >= 0]
            _write_class(layout, new, old_matrix, own[own >= 0], columns[old_columns])


def _write_class(layout: Layout, new: Floats, old: Floats, roots: Ints, columns: Ints) -> None:
    """Write a dense matrix, shape (roots, columns), into the lines of the present classes."""
    alive = np.flatnonzero(columns >= 0)
    alive = alive[np.argsort(columns[alive], kind="stable")]
    columns, begins = np.unique(columns[alive], return_index=True)
    if not len(columns) or not len(roots):
        return
    summed = np.add.reduceat(old[:, alive], begins, axis=1)  # of parameters that have been tied
    first = _first_columns(layout)
    which = np.searchsorted(first, columns, "right") - 1
    starts = np.flatnonzero(np.diff(which, prepend=-1))
    for begin, stop in pairwise([*starts.tolist(), len(which)]):
        own = int(which[begin])
        from_line, to_line = (int(layout.columns["class_line"][own + i]) for i in (0, 1))
        matrix = new[int(layout.line_at[from_line]) :][: (to_line - from_line) * int(layout.width[own])]
        lines = layout.line_of(np.full(len(roots), own), roots)
        there = np.flatnonzero(lines >= 0)
        places = np.ix_(lines[there] - from_line, columns[begin:stop] - first[own])
        matrix.reshape(to_line - from_line, -1)[places] += summed[there, begin:stop]


def _first_columns(layout: Layout) -> Ints:
    """The number of the first column of each class."""
    first: Ints = np.cumsum(layout.width) - layout.width
    return first


def _new_columns(plan: Plan, identities: Ints, kept: PortableSensitivities, number: Ints) -> Ints:
    """The present column of each column, if its parameters share one now; negative: none."""
    layout, bias = plan.layout, kept.connection == BIAS
    column = _first_columns(layout)[layout.class_of[layout.entry_owner]] + layout.column
    row_of = plan.store.row_of[: plan.store.n_identities]
    of_connection = np.append(np.where(row_of == NONE, GONE, NOWHERE), GONE)
    of_bias = np.append(np.full(layout.pattern.size, NOWHERE), GONE)
    of_connection[identities[~layout.entry_is_bias]] = column[~layout.entry_is_bias]
    of_bias[layout.entry_owner[layout.entry_is_bias]] = column[layout.entry_is_bias]
    connection = np.minimum(np.where(bias, len(row_of), kept.connection), len(row_of))
    to = np.where(bias, of_bias[number[kept.owner]], of_connection[connection])
    count = int(kept.column.max(initial=-1)) + 1
    least, most = np.full(count, np.iinfo(np.int64).max), np.full(count, GONE)
    np.minimum.at(least, kept.column[to != GONE], to[to != GONE])
    np.maximum.at(most, kept.column, to)
    return np.where(least == most, most, NOWHERE)

"""Sensitivities by neurons and connections instead of places in a plan: for the next
plan, and for files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Ints
from ..lowering.stretches import spans
from ..records import Latest
from ..schema import NONE
from .layout import SOME
from .plan import Plan

BIAS = -1
"""In place of the identity of a connection: the bias of a neuron."""
GONE = -2
NOWHERE = -1
"""In place of a column: the parameter has been removed, or has no sensitivities any
more."""


@dataclass
class PortableSensitivities:
    """The sensitivities of the latest step and of the step before it.

    Neurons are numbered in the order of activation that the network had. Parameters
    that the same roots keep are neighbouring columns; tied ones share a column. Every
    line has a root and a stretch of columns.
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


def identities_of(plan: Plan) -> Ints:
    """The identity of the connection, or BIAS, of every entry of ``direct``."""
    layout = plan.layout
    rows = np.where(layout.entry_is_bias, 0, layout.entry_row)
    return np.where(
        layout.entry_is_bias,
        BIAS,
        plan.store.columns["identity"][rows].astype(np.int64),
    )


def read(plan: Plan, identities: Ints) -> PortableSensitivities:
    """Read the sensitivities of a plan without pending steps; `identities` are those of
    its entries now.
    """
    layout = plan.layout
    size = plan.layout.size
    half = int(plan.columns["latest"][Latest.HALF])
    values = plan.columns["sensitivity"]
    now, before = (values[h * size : (h + 1) * size].copy() for h in (half, 1 - half))
    first_column = layout.first_column
    return PortableSensitivities(
        roots=layout.roots,
        slopes=plan.columns["old_derivative"].copy(),
        owner=layout.entry_owner,
        connection=identities,
        column=first_column[layout.class_of[layout.entry_owner]] + layout.column,
        line_root=layout.line_root,
        line_first=first_column[layout.line_class],
        line_length=layout.width[layout.line_class],
        now=now,
        before=before,
    )


def write(
    plan: Plan, identities: Ints, kept: PortableSensitivities, number: Ints
) -> None:
    """Write what is still there into a new plan; `number`: present number of each old
    neuron, or -1.
    """
    layout = plan.layout
    size = plan.layout.size
    c = plan.columns
    place = np.full(layout.pattern.size + 1, -1)
    place[layout.roots] = np.arange(len(layout.roots))
    # the last place, -1, is that of neurons that are gone
    roots = place[number[kept.roots]]
    there = roots >= 0
    c["old_derivative"][roots[there]] = kept.slopes[there]
    c["latest"][Latest.OPEN] = 1
    halves = (
        (c["sensitivity"][:size], kept.now),
        (c["sensitivity"][size : 2 * size], kept.before),
    )
    assert c["latest"][Latest.HALF] == 0
    columns = _new_columns(plan, identities, kept, number)
    first_column = layout.first_column
    begin = 0
    stretches = 1 + len(kept.now) // SOME  # which bounds the memory
    for lines in np.array_split(np.arange(len(kept.line_root)), stretches):
        lengths = kept.line_length[lines]
        column = columns[spans(kept.line_first[lines], lengths)]
        class_number = np.searchsorted(first_column, column, "right") - 1
        root = np.repeat(roots[kept.line_root[lines]], lengths)
        line = layout.line_of(np.where(root >= 0, class_number, -1), root)
        present = np.flatnonzero(line >= 0)
        offset = column[present] - first_column[class_number[present]]
        places = layout.line_at[line[present]] + offset
        # added: those of parameters that have been tied since are summed
        for new, old in halves:
            np.add.at(new, places, old[begin + present])
        begin += len(column)


def _new_columns(
    plan: Plan, identities: Ints, kept: PortableSensitivities, number: Ints
) -> Ints:
    """The present column of each column, if its parameters share one now; negative:
    none.
    """
    layout = plan.layout
    bias = kept.connection == BIAS
    column = layout.first_column[layout.class_of[layout.entry_owner]] + layout.column
    row_of = plan.store.row_of[: plan.store.n_identities]
    of_connection = np.append(np.where(row_of == NONE, GONE, NOWHERE), GONE)
    of_bias = np.append(np.full(layout.pattern.size, NOWHERE), GONE)
    of_connection[identities[~layout.entry_is_bias]] = column[~layout.entry_is_bias]
    of_bias[layout.entry_owner[layout.entry_is_bias]] = column[layout.entry_is_bias]
    connection = np.minimum(np.where(bias, len(row_of), kept.connection), len(row_of))
    to = np.where(bias, of_bias[number[kept.owner]], of_connection[connection])
    count = int(kept.column.max(initial=-1)) + 1
    least = np.full(count, np.iinfo(np.int64).max)
    most = np.full(count, GONE)
    np.minimum.at(least, kept.column[to != GONE], to[to != GONE])
    np.maximum.at(most, kept.column, to)
    return np.where(least == most, most, NOWHERE)

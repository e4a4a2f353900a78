"""Store sensitivities by neurons and connections instead of places in a plan, to carry
them to the next plan, and to files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._typing import Ints
from ..lowering.program import Placed
from ..lowering.ranges import concat_ranges
from ..records import Latest
from ..schema import NONE
from .layout import TERMS_PER_CHUNK
from .plan import Plan

BIAS = -1
"""Marks the bias of a neuron, in place of the identity of a connection."""
GONE = -2
NOWHERE = -1
"""Replaces a column if the parameter has been removed or no longer has
sensitivities.
"""


@dataclass(eq=False, repr=False)
class PortableSensitivities:
    """The sensitivities of the latest step and of the step before it.

    Neurons are numbered in the network's order of activation at that time. Parameters
    that the same roots keep are neighbouring columns, and tied parameters share a
    column. Every line has a root and a range of columns. The attributes are the columns
    of ``schema.SENSITIVITY_TABLES``.
    """

    recurrent_neuron: Ints  # the roots: their neurons,
    recurrent_steps: Ints  # and the age in steps of its activation, or 0 for its state
    recurrent_slope: NDArray[Any]  # f' of the roots that are states, one step earlier
    parameter_neuron: Ints  # by trainable parameter: its neuron
    parameter_connection: Ints  # and the identity of its connection, or BIAS
    parameter_column: Ints
    line_recurrent: Ints  # by line: the place of its root
    line_first: Ints
    line_length: Ints
    sensitivity_value: NDArray[Any]  # the lines, one after the other
    sensitivity_previous: NDArray[Any]


def identities_of(plan: Plan) -> Ints:
    """Return the identity of the connection, or BIAS, of every entry of ``direct``."""
    layout = plan.layout
    rows = np.where(layout.entry_is_bias, 0, layout.entry_row)
    return np.where(
        layout.entry_is_bias,
        BIAS,
        plan.store.columns["identity"][rows].astype(np.int64),
    )


def read(plan: Plan, identities: Ints) -> PortableSensitivities:
    """Read the sensitivities of a plan without pending steps. `identities` contains the
    present identities of its entries.
    """
    layout = plan.layout
    size = plan.layout.size
    base = int(plan.columns["latest"][Latest.BASE])
    copies = plan.columns["sensitivity"][: 2 * size].reshape(2, size)
    now, before = copies[base].copy(), copies[1 - base].copy()
    first_column = layout.first_column
    return PortableSensitivities(
        recurrent_neuron=layout.roots,
        recurrent_steps=layout.pattern.steps,
        recurrent_slope=plan.columns["old_derivative"].copy(),
        parameter_neuron=layout.entry_owner,
        parameter_connection=identities,
        parameter_column=first_column[layout.class_of[layout.entry_owner]]
        + layout.column,
        line_recurrent=layout.line_root,
        line_first=first_column[layout.line_class],
        line_length=layout.width[layout.line_class],
        sensitivity_value=now,
        sensitivity_previous=before,
    )


def write(
    plan: Plan,
    identities: Ints,
    kept: PortableSensitivities,
    number: Ints,
    placed: Placed | None = None,
) -> None:
    """Write the sensitivities that still exist into a new plan. `number` is the present
    number of each old neuron, or -1. `placed` receives the places of the rows.
    """
    size = plan.layout.size
    c = plan.columns
    roots = _present_roots(plan, kept, number)
    there = np.flatnonzero(roots >= 0)
    c["old_derivative"][roots[there]] = kept.recurrent_slope[there]
    c["latest"][Latest.OPEN] = 1
    copies = (
        (c["sensitivity"][:size], kept.sensitivity_value),
        (c["sensitivity"][size : 2 * size], kept.sensitivity_previous),
    )
    assert c["latest"][Latest.BASE] == 0
    portions = []
    for values, indices in _indices(plan, identities, kept, number):
        # added, which sums the sensitivities of parameters that have been tied since
        for new, old in copies:
            np.add.at(new, indices, old[values])
        if placed is not None:
            portions.append((values, indices))
    if placed is not None:
        placed["recurrent"] = there, roots[there]
        rows, places = map(np.concatenate, zip(*portions, strict=True))
        placed["sensitivity"] = rows, places


def _present_roots(plan: Plan, kept: PortableSensitivities, number: Ints) -> Ints:
    """Return each root's index in the plan, or a negative number for missing roots."""
    layout = plan.layout
    steps = layout.pattern.steps
    maximum = int(steps.max(initial=0)) + 1
    index = np.full((maximum + 1, layout.pattern.size + 1), NOWHERE)
    index[steps, layout.roots] = np.arange(len(layout.roots))
    # the last places belong to more steps and, by -1, to removed neurons
    ago = np.minimum(kept.recurrent_steps, maximum)
    return np.asarray(index[ago, number[kept.recurrent_neuron]])


def _indices(
    plan: Plan, identities: Ints, kept: PortableSensitivities, number: Ints
) -> Iterator[tuple[Ints, Ints]]:
    """Yield numbers of the values with a place in a plan, and these places, in portions
    that bound the memory.
    """
    layout = plan.layout
    roots = _present_roots(plan, kept, number)
    columns = _new_columns(plan, identities, kept, number)
    first_column = layout.first_column
    begin = 0
    portions = 1 + len(kept.sensitivity_value) // TERMS_PER_CHUNK
    for lines in np.array_split(np.arange(len(kept.line_recurrent)), portions):
        lengths = kept.line_length[lines]
        column = columns[concat_ranges(kept.line_first[lines], lengths)]
        class_number = np.searchsorted(first_column, column, "right") - 1
        root = np.repeat(roots[kept.line_recurrent[lines]], lengths)
        line = layout.line_of(np.where(root >= 0, class_number, -1), root)
        present = np.flatnonzero(line >= 0)
        offset = column[present] - first_column[class_number[present]]
        yield begin + present, layout.line_offset[line[present]] + offset
        begin += len(column)


def _new_columns(
    plan: Plan, identities: Ints, kept: PortableSensitivities, number: Ints
) -> Ints:
    """Return the present column of each column, if its parameters share one now, or a
    negative number otherwise.
    """
    layout = plan.layout
    bias = kept.parameter_connection == BIAS
    column = layout.first_column[layout.class_of[layout.entry_owner]] + layout.column
    row_of = plan.store.row_of[: plan.store.n_identities]
    of_connection = np.append(np.where(row_of == NONE, GONE, NOWHERE), GONE)
    of_bias = np.append(np.full(layout.pattern.size, NOWHERE), GONE)
    of_connection[identities[~layout.entry_is_bias]] = column[~layout.entry_is_bias]
    of_bias[layout.entry_owner[layout.entry_is_bias]] = column[layout.entry_is_bias]
    connection = np.minimum(
        np.where(bias, len(row_of), kept.parameter_connection), len(row_of)
    )
    to = np.where(
        bias, of_bias[number[kept.parameter_neuron]], of_connection[connection]
    )
    count = int(kept.parameter_column.max(initial=-1)) + 1
    minimum = np.full(count, np.iinfo(np.int64).max)
    maximum = np.full(count, GONE)
    np.minimum.at(minimum, kept.parameter_column[to != GONE], to[to != GONE])
    np.maximum.at(maximum, kept.parameter_column, to)
    return np.where(minimum == maximum, maximum, NOWHERE)

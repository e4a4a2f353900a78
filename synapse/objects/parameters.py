"""Setting, drawing, freezing and tying of weights and biases, and the signs of weights.
All code that sets them is here.

Tied rows are connections that share a weight, or neurons that share a bias. They have
the same group number in the column ``tie`` or ``bias_tie``, where 0 means not tied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any, NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import engine
from .._checks import MAX_SAFE_NUMBER, require_range, sum_of_squares
from .._initializer import Initializer, draw
from .._typing import Bools, Floats, Ints
from ..engine.lowering.program import clear_traces_of_biases
from ..engine.schema import DESTINATIONS, INPUT, SHARED_BY
from ..engine.store import Store
from ..engine.store_rows import NOT_YET
from ..errors import ArgumentError

FROZEN = {"trainable": "frozen", "trainable_bias": "frozen_bias"}
"""Columns that mark trainable rows with 1, and the columns that mark rows which were
trainable until they were frozen."""


LEARNED = tuple(DESTINATIONS.values())
"""The columns that learning changes."""


@np.errstate(under="ignore")  # of float32
def assign(store: Store, name: str, rows: Any, values: ArrayLike) -> None:
    """Set a column in some rows, and in all rows tied to them, see
    :func:`require_agreement`.
    """
    column = store[name]
    tie = store[SHARED_BY[name]]
    if name == "weight" and store["sign"][rows].any():
        require_signs(store["sign"][rows], np.asarray(values))
    if not tie[rows].any():
        column[rows] = values
        return
    rows, numbers = _agreed(store, name, rows, values)
    column[rows] = numbers
    others, member = other_members(tie, rows)
    column[others] = numbers[member]


def set_number(store: Store, name: str, row: int, value: float) -> None:
    """Set a number of a neuron that no other neuron shares."""
    store.columns[name][row] = value


def assign_alone(handle: Any, name: str, value: Any) -> bool:
    """Set one parameter of a neuron or connection.

    Returns False without setting it if :func:`assign` has something to check, or if
    another thread may hold the store. Ctrl-C is not deferred, because this is a single
    assignment.
    """
    store = handle._store
    plain = type(value) is float and -MAX_SAFE_NUMBER < value < MAX_SAFE_NUMBER
    if not plain or store.columns is NOT_YET or store.busy or store.turns:
        return False
    with store.lock:
        if store is not handle._store:  # it was absorbed by another meanwhile
            return False
        row = handle._at
        columns = store.columns
        checked = columns[SHARED_BY[name]].item(row) or (
            name == "weight" and columns["sign"].item(row)
        )
        if not checked:
            columns[name][row] = value
        return not checked


class ParameterRows(NamedTuple):
    """The positions of a network's weights or biases in their column, for one topology.

    Entry i of the network is ``column[rows][order[i]]``, or ``column[rows][i]``.
    """

    rows: slice | Ints  # a slice if they are consecutive, otherwise indices
    size: int
    order: Ints | None
    tied: bool
    checked: bool  # whether some are tied or have a sign, which not every value suits

    @classmethod
    def of(cls, store: Store, name: str, rows: Ints) -> ParameterRows:
        """Return the positions of these rows in a column."""
        tied = bool(store[SHARED_BY[name]][rows].any())
        checked = tied or (name == "weight" and bool(store["sign"][rows].any()))
        first_row = int(rows.min(initial=len(store[name])))
        if len(rows) and int(rows.max()) - first_row + 1 != len(rows):
            return cls(rows, len(rows), None, tied, checked)
        together = slice(first_row, first_row + len(rows))
        order = rows - first_row
        in_order = bool((order[1:] > order[:-1]).all())
        return cls(together, len(rows), None if in_order else order, tied, checked)

    @property
    def every(self) -> Ints:
        """Rows in the order of the network."""
        if not isinstance(self.rows, slice):
            return self.rows
        rows = np.arange(self.rows.start, self.rows.stop)
        return rows if self.order is None else rows[self.order]

    def read(
        self, column: Floats, out: Floats | None = None, copy: bool = True
    ) -> Floats:
        """Return the network's entries, as a new array or in `out`. If `copy` is False,
        they may be a part of the column.
        """
        values: Floats = column[self.rows]
        if self.order is not None:
            # "clip" checks more slowly than "raise", which would allocate a buffer to
            # write `out` at the end
            return values.take(
                self.order, out=out, mode="raise" if out is None else "clip"
            )
        if out is None:
            return values.copy() if copy else values
        out[:] = values
        return out

    @np.errstate(under="ignore")
    def write(self, column: Floats, values: Floats) -> None:
        """Write the network's entries by one assignment, provided that none is tied."""
        if self.order is None:
            column[self.rows] = values
        else:
            column[self.rows][self.order] = values  # of a slice, which is a view


def assign_first(store: Store, name: str, rows: Ints, values: NDArray[Any]) -> None:
    """Set a column like :func:`assign`, except that all tied rows take the first one's
    value, and values with a wrong sign become 0.
    """
    tie = store[SHARED_BY[name]][rows]
    if name == "weight":
        values = np.where(store["sign"][rows] * values < 0.0, 0.0, values)
    assign(store, name, rows, first_of_group(tie, values) if tie.any() else values)


def reset(
    store: Store,
    connections: Ints,
    neurons: Ints,
    rng: np.random.Generator,
    initializer: str | Initializer,
) -> None:
    """Draw new weights for some connections and new biases for some neurons.

    Parameters that are not trainable, and the biases of inputs, do not change.
    """
    # the order of creation
    connections = connections[np.argsort(store["identity"][connections])]
    connections = connections[store["trainable"][connections] == 1]
    neurons = neurons[
        (store["trainable_bias"][neurons] == 1) & (store["role"][neurons] != INPUT)
    ]
    fans = max(1, len(connections) // max(1, len(neurons)))
    weights = draw(initializer, rng, (len(connections),), fans, fans)
    biases = draw(initializer, rng, (len(neurons),), fans, fans)
    weights = with_signs(weights, store["sign"][connections])
    for drawn in (weights, biases):
        require_range("The result of an initializer", drawn, store.dtype)
    assign_first(store, "weight", connections, weights)
    assign_first(store, "bias", neurons, biases)


REMEDIES = (
    "Clear the network, or restore earlier weights, and continue with a lower rate,"
    " smaller inputs or a bounded squash."
)
"""Advice after a step has diverged."""


def are_finite(values: Floats) -> bool:
    """Return whether all numbers are finite."""
    if isfinite(sum_of_squares(values)):
        return True
    return bool(np.isfinite(values).all())  # their squares may not be


def copied(store: Store) -> list[Floats]:
    """Return copies of the columns of parameters, for :func:`undone`."""
    return [store[name].copy() for name in LEARNED]


def undone(store: Store, before: list[Floats]) -> bool:
    """Restore all parameters if one of them is not finite, and return whether this
    happened.
    """
    columns = [store[name] for name in LEARNED]
    if all(map(are_finite, columns)):
        return False
    for column, values in zip(columns, before, strict=True):
        column[:] = values
    return True


def set_trainable(store: Store, name: str, rows: Any, value: bool) -> None:
    """Set whether learning updates some rows and the rows tied to them, which no longer
    count as frozen.
    """
    rows = np.atleast_1d(rows)
    changes = store[name][rows] != value
    if changes.any():
        if name == "trainable":
            rows, _ = _end_traces(store, value, rows, _NO_ROWS, changes[:0])
        else:
            _, rows = _end_traces(store, value, _NO_ROWS, rows, changes)
        store.touch_learning()  # sensitivities are laid out anew
    tie = store[SHARED_BY[name]]
    if tie[rows].any():
        rows = np.append(rows, other_members(tie, rows)[0])
    store[name][rows] = value
    store[FROZEN[name]][rows] = 0


_NO_ROWS = np.empty(0, np.int64)


def _end_traces(
    store: Store, learns: bool, connections: Ints, neurons: Ints, biased: Bools
) -> tuple[Ints, Ints]:
    """End the traces of parameters that start or stop learning, so that they are 0 when
    learning starts again.

    `biased` marks neurons whose bias starts or stops. Returns the rows of the
    connections and neurons, because lowering moves them. Lowering drops the traces of
    weights that do not learn. It is only needed before they learn again, instead of
    once for each of many weights that change one after the other.
    """
    program = store.program
    if not learns:
        program.freezes = True
        return connections, neurons
    if program.freezes or program.structure != store.structure_version:
        identities = store["identity"][connections]
        handles = [store.handles[row] for row in neurons]
        store.ensure_lowered()
        connections = store.row_of[identities].astype(np.int64)
        neurons = np.array([handle._row for handle in handles], np.int64)
    if biased.any():
        tied, _ = other_members(store["bias_tie"], neurons[biased])
        clear_traces_of_biases(store, np.append(neurons[biased], tied))
    return connections, neurons


def freeze(store: Store, connections: Ints, neurons: Ints, frozen: bool = True) -> None:
    """Make some weights and biases untrainable and mark those that were trainable, or
    undo this.
    """
    biased = store[FROZEN["trainable_bias"]][neurons] == 1
    moved = _end_traces(store, not frozen, connections, neurons, biased)
    store.touch_learning()
    for rows, columns in zip(moved, FROZEN.items(), strict=True):
        giver, taker = columns if frozen else reversed(columns)
        chosen = rows[store[giver][rows] == 1]
        assign(store, taker, chosen, 1)
        assign(store, giver, chosen, 0)


def with_signs(weights: Floats, signs: NDArray[np.int8] | None) -> Floats:
    """Return drawn weights, giving the connection's sign to those that have one."""
    if signs is None:
        return weights
    return np.where(signs == 0, weights, signs * np.abs(weights))


def require_signs(signs: NDArray[np.int8] | int, weights: Any) -> None:
    """Raise ArgumentError if a weight contradicts the sign of its connection."""
    wrong = np.flatnonzero(np.multiply(signs, weights) < 0.0)
    if len(wrong):
        weight, sign = (
            np.broadcast_arrays(weights, signs)[i].flat[wrong[0]].item() for i in (0, 1)
        )
        name, side = ("excitatory", "above") if sign > 0 else ("inhibitory", "below")
        raise ArgumentError(
            f"Expected a weight of 0 or {side} for a connection with the sign"
            f" {sign:+d} ({name}), got {weight:g}. Change the weight or the sign."
        )


def _set_signs(store: Store, rows: Ints, sign: int) -> None:
    """Set the sign of connections and of the connections tied to them.

    Raises ArgumentError without setting any sign if a weight, or the sign of a source,
    contradicts it.
    """
    tied = store["tie"][rows]
    every = (
        np.append(rows, other_members(store["tie"], rows)[0]) if tied.any() else rows
    )
    source = store["source"][every]
    whole = store["outgoing_sign"][source] * _are_signed(store, every)
    if ((whole != 0) & (whole != sign)).any():
        row = int(source[np.flatnonzero((whole != 0) & (whole != sign))[0]])
        sign_text = f"{sign:+d}" if sign else None
        raise ArgumentError(
            f"Expected the sign {whole[whole != 0][0]:+d}, which all outgoing"
            f" connections of {store.handles[row]!r} have, got {sign_text}. Set the"
            " sign of the neuron."
        )
    require_signs(sign, store["weight"][every])
    store.touch()
    store["sign"][every] = sign


def set_sign(store: Store, name: str, row: int, sign: int) -> None:
    """Set the sign of a connection, or of all connections from a neuron to others. If
    :func:`_set_signs` raises an error, no sign is set.
    """
    if name == "sign":
        return _set_signs(store, np.array([row]), sign)
    rows = np.flatnonzero(store["source"] == row)
    before = store[name].item(row)
    store[name][row] = sign
    try:
        _set_signs(store, rows[_are_signed(store, rows)], sign)
    except BaseException:
        store[name][row] = before
        raise


def _are_signed(store: Store, rows: Ints) -> Bools:
    """Return which connections have their source's sign, which are all except those
    that carry its state.
    """
    others = store["source"][rows] != store["target"][rows]
    return np.asarray(others | (store["delay"][rows] > 0))


def require_agreement(store: Store, name: str, rows: Any, values: ArrayLike) -> None:
    """Raise ArgumentError, like :func:`assign`, if tied rows would get unequal values,
    or weights a wrong sign.
    """
    if name == "weight":
        require_signs(store["sign"][rows], np.asarray(values))
    if store[SHARED_BY[name]][rows].any():
        _agreed(store, name, rows, values)


@np.errstate(under="ignore")
def _agreed(
    store: Store, name: str, rows: Any, values: ArrayLike
) -> tuple[Ints, NDArray[Any]]:
    """Return rows and values as flat arrays, or raise ArgumentError if tied rows have
    different values.
    """
    rows = np.asarray(rows)
    numbers = np.broadcast_to(
        np.asarray(values).astype(store[name].dtype), rows.shape
    ).reshape(-1)
    rows = rows.reshape(-1)
    common = first_of_group(store[SHARED_BY[name]][rows], numbers)
    unlike = np.flatnonzero(numbers != common)
    if len(unlike):
        value = common[unlike[0]].item()
        other = numbers[unlike[0]].item()
        raise ArgumentError(
            f"Expected one {name} for all members of a tied group, got {value} and"
            f" {other}."
        )
    return rows, numbers


def first_of_group(tie: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Replace the value of every tied row by the value of its group's first row."""
    _, first_members, inverse = np.unique(tie, return_index=True, return_inverse=True)
    return np.where(tie != 0, values[first_members[inverse]], values)


def sum_of_group(
    tie: NDArray[Any], rows: Ints | slice, values: NDArray[Any]
) -> NDArray[Any]:
    """Replace the value of every tied row by the sum over its group, given the values
    of some rows.
    """
    if not tie.any():
        return values
    inverse = distinct(tie[rows])[1]
    return np.bincount(inverse, values)[inverse]


def distinct(tie: NDArray[Any]) -> tuple[Ints, Ints]:
    """Return the first row of each distinct parameter, and every row's parameter
    number.
    """
    tie = tie.astype(np.int64)
    group = tie.max(initial=0) + 1 + np.arange(len(tie))
    _, first_members, inverse = np.unique(
        np.where(tie == 0, group, tie), return_index=True, return_inverse=True
    )
    order = np.argsort(first_members)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first_members[order], rank[inverse]


def other_members(tie: NDArray[Any], rows: Ints) -> tuple[Ints, Ints]:
    """Return the additional rows that are tied to some rows, and for each the index of
    a row to which it is tied.
    """
    groups, first_members = np.unique(tie[rows], return_index=True)
    tied = np.isin(tie, groups[groups != 0])
    tied[rows] = False
    others = np.flatnonzero(tied)
    return others, first_members[np.searchsorted(groups, tie[others])]


def tied_rows(store: Store, name: str, row: int) -> Ints:
    """Return all other rows that are tied to this row."""
    tie = store[SHARED_BY[name]]
    if not tie[row]:
        return np.empty(0, np.int64)
    tied = tie == tie[row]
    tied[row] = False
    return np.flatnonzero(tied)


def tie_rows(store: Store, name: str, rows: Ints, labels: Ints) -> None:
    """Tie the rows of each label and all rows tied to them, which take the value of the
    first given row.
    """
    store.touch()
    tie = store[SHARED_BY[name]]
    before = int(tie.max(initial=0))
    joined = _joined(labels, tie[rows].astype(np.int64))
    renamed = np.arange(before + 1)
    renamed[tie[rows]] = before + 1 + joined
    renamed[0] = 0
    new = renamed[tie]
    new[rows] = before + 1 + joined
    _, first_members = np.unique(joined, return_index=True)
    members = np.flatnonzero(new > before)
    columns = [
        store[column] for column, group in SHARED_BY.items() if group == SHARED_BY[name]
    ]
    values = [
        shared[rows[first_members]][new[members] - before - 1] for shared in columns
    ]
    tie[:] = new  # from here on, nothing can fail
    for shared, value in zip(columns, values, strict=True):
        shared[members] = value


def _joined(labels: Ints, tie: Ints) -> Ints:
    """Number the labels 0, 1, and so on, with one number for labels whose rows are
    already tied to each other.
    """
    distinct_labels, inverse = np.unique(labels, return_inverse=True)
    if not tie.any():
        return np.asarray(inverse)
    union = nx.utils.UnionFind(range(len(distinct_labels)))
    for label, group in sorted(set(zip(inverse.tolist(), tie.tolist(), strict=True))):
        if group:
            union.union(label, -group)
    roots = [union[label] for label in range(len(distinct_labels))]
    return np.unique(np.array(roots), return_inverse=True)[1][inverse]


@contextmanager
def summed_updates(stores: Iterable[Store]) -> Iterator[None]:
    """Sum the updates of tied parameters while neurons propagate one by one, and apply
    the sums at the end.
    """
    changed_stores = []
    for store in {id(store): store for store in stores}.values():
        address = store.ensure_lowered()
        if store.columns["ties"].any():
            engine.online.begin_deferred_ties(address, store.scalar)
            changed_stores.append(store)
    try:
        yield
    finally:
        for store in changed_stores:
            engine.online.commit_deferred_ties(store.ensure_lowered(), store.scalar)
            if store.recorder is not None:
                store.recorder.updated()

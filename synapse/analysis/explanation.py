"""Explanation: why a weight changed as it did, term by term."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..connection import Connection, connection_at, require_connection
from ..engine.schema import GATES, MEMORY, NONE
from ..engine.store import Store
from ..errors import ArgumentError
from ..neuron import Neuron

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class GateTerm:
    """What the change owes to one neuron k that the target j gates.

    Attributes
    ----------
    neuron : Neuron
        The neuron k, which activates later than j.
    responsibility : float
        delta_k.
    extended : float
        x_ij^k, as k saw it.
    product : float
        delta_k x_ij^k.
    """

    neuron: Neuron
    responsibility: float
    extended: float
    product: float


@dataclass(frozen=True)
class Explanation:
    """The learning equation of one connection, from i to j, with its numbers.

    ``total = projected * eligibility + sum(gate.product for gate in gates)``, and the weight moved by
    rate * total. If the connection is tied, that is its own part: the parts of all that share the weight
    are added up.

    Attributes
    ----------
    connection : Connection
        The connection explained.
    projected : float
        P_j, the error that came back to the target, from its target value too.
    eligibility : float
        The eligibility trace of the connection.
    gates : tuple of GateTerm
        A term for each neuron that j gates and that activates later.
    total : float
        The change for rate 1.
    activation : float
        What the source brought: y_i, of the step before where the source is later in the order;
        along a self-connection the old state.
    gain : float
        g_ij, of the step before where the gater is j or later.
    derivative : float
        f'_j.
    """

    connection: Connection
    projected: float
    eligibility: float
    gates: tuple[GateTerm, ...]
    total: float
    activation: float
    gain: float
    derivative: float

    def __str__(self) -> str:
        direct = self.projected * self.eligibility
        rows = [
            ("source activation", "y_i", self.activation),
            ("gain", "g_ij", self.gain),
            ("derivative", "f'_j", self.derivative),
            ("projected error", "P_j", self.projected),
            ("eligibility", "e_ij", self.eligibility),
            ("direct part", "P_j e_ij", direct),
        ]
        for gate in self.gates:
            name = gate.neuron.name
            rows += [
                (f"responsibility of {name}", "delta_k", gate.responsibility),
                (f"extended trace to {name}", "x_ij^k", gate.extended),
                (f"part through {name}", "delta_k x_ij^k", gate.product),
            ]
        rows.append(("change for rate 1", "total", self.total))
        width = max(len(row[0]) for row in rows)
        lines = [f"{text:<{width}}  {symbol:<14}  {value: .6e}" for text, symbol, value in rows]
        return "\n".join([repr(self.connection), *lines])


def explain(connection: Connection) -> Explanation:
    """Why a weight changed: every term of the learning equation, by name and value.

    To be called after ``network.propagate(rate, target)`` (or a neuron's own, or training), before
    anything activates, is set or linked anew: errors and traces are those of that step then. The
    weight has moved by ``rate * total``.

    Parameters
    ----------
    connection : Connection
        One that learns.

    Returns
    -------
    Explanation
        It can be printed as a table.

    Raises
    ------
    KindError
        If it is no connection.
    ArgumentError
        If it is not trainable, its target has activated since it last propagated, or weights have
        been set since.

    Notes
    -----
    Equation (learning) of the guide's page "The equations" (Monner and Reggia 2012). The extended
    trace to a neuron without a self-connection is not kept: it is computed again from the weights
    as they were before they moved, which follow from the step that each neuron took. Clones and
    loaded networks do not know that step: there such a term is refused.

    Examples
    --------
    >>> from synapse import Neuron
    >>> a, b = Neuron(), Neuron(squash="identity")
    >>> link = a.project(b, weight=0.5)
    >>> _ = a.activate(2.0), b.activate()
    >>> b.propagate(rate=0.1, target=1.5)
    >>> told = explain(link)
    >>> told.projected, told.eligibility, told.total, link.weight
    (0.5, 2.0, 1.0, 0.6)
    """
    require_connection("What is explained", connection)
    if not connection.trainable:
        raise ArgumentError(
            f"{connection!r} is not trained: nothing moves its weight. Set connection.trainable to True."
        )
    target, store = connection.target, connection._store
    store.ready()
    _require_propagated(store, target)
    gates = tuple(_gates(store, connection))
    _require_unmoved(store, target, connection.eligibility, gates)
    projected, eligibility = target.error.projected, connection.eligibility
    own = connection.source is target
    return Explanation(
        connection=connection,
        projected=projected,
        eligibility=eligibility,
        gates=gates,
        total=projected * eligibility + sum(gate.product for gate in gates),
        activation=target.old_state if own else connection._seen(connection.source._row, target._row),
        gain=connection._seen_gain(),
        derivative=target.derivative,
    )


def _require_propagated(store: Store, target: Neuron) -> None:
    """Firing sets delta_j to 0, and leaves its two parts for propagation to set."""
    error = target.error
    size = abs(error.projected) + abs(error.gated)
    if abs(error.responsibility - error.projected - error.gated) > _rounding(store) * size:
        raise ArgumentError(
            f"{target!r} has activated since it last propagated: its error is gone. "
            "Explain a connection after propagate and before the next activate."
        )


def _require_unmoved(store: Store, target: Neuron, eligibility: float, gates: tuple[GateTerm, ...]) -> None:
    """The terms must add up to the G_j that propagation found with the weights of then."""
    flags = store.columns["flags"]
    found = sum(gate.product for gate in gates if not flags[gate.neuron._row] & MEMORY)
    known = float(_factored(store)[target._row]) * eligibility
    size = abs(target.error.gated * eligibility) + sum(abs(gate.product) for gate in gates)
    if abs(found - known) > _rounding(store) * size:
        raise ArgumentError(
            f"Weights that {target!r} gates are not those that the last propagation left: they were set. "
            "Explain a connection right after propagate."
        )


def _rounding(store: Store) -> float:
    """By how much of their size sums of the same numbers may differ."""
    return math.sqrt(np.finfo(store.dtype).eps)


def _gates(store: Store, connection: Connection) -> Iterator[GateTerm]:
    """The terms of the neurons that the target gates and that fired after it.

    A trace is kept for those with a self-connection. That of any other is f'_j e_ij I_jk, and I_jk
    is to be taken with the weights as they were before they moved.
    """
    j, target = connection.target._row, connection.target
    kept = connection.extended
    for neuron, extended in kept.items():
        k = neuron._row
        if store["stamp"][k] <= store["stamp"][j]:
            continue
        if not store.columns["flags"][k] & MEMORY:
            extended = target.derivative * connection.eligibility * _influence(store, j, k)
        delta = neuron.error.responsibility
        yield GateTerm(neuron, delta, extended, delta * extended)


def _influence(store: Store, gater: int, gated: int) -> float:
    """I_jk of a neuron without a self-connection, with the weights that it fired with."""
    rows = np.flatnonzero((store["gater"] == gater) & (store["target"] == gated))
    views = [connection_at(store, int(identity)) for identity in store["identity"][rows]]
    brought = [(view.weight - _moved(store, view)) * view._seen(view.source._row, gated) for view in views]
    return float(sum(brought))


def _moved(store: Store, connection: Connection) -> float:
    """How far the last propagation moved a weight into a neuron without a self-connection.

    The column `step` is rate (P_j + the part of G_j that factors), by which weights move along
    their eligibility; to it comes what the neuron owes to gated neurons that keep traces.
    """
    if not connection.trainable:
        return 0.0
    row = connection.target._row
    through = _through_traces(store, connection)
    rate = _rate(store, row) if through else 0.0
    return float(store["step"][row]) * connection.eligibility + rate * through


def _through_traces(store: Store, connection: Connection) -> float:
    """sum_k delta_k x_ij^k over the self-connected neurons that the target gates."""
    flags, total = store.columns["flags"], 0.0
    if not flags[connection.target._row] & GATES:
        return total
    for neuron, extended in connection.extended.items():
        if flags[neuron._row] & MEMORY:
            total += neuron.error.responsibility * extended
    return total


def _rate(store: Store, row: int) -> float:
    """The rate at which a neuron propagated last: its step by its error, or a neighbour's where that is 0."""
    error = store["projected"] + _factored(store)
    mine = store["network"] == store["network"][row]
    size = np.where(mine, np.abs(error), -1.0)
    best = row if size[row] > 1e-9 * size.max() else int(size.argmax())
    return float(store["step"][best] / error[best]) if error[best] else 0.0


def _factored(store: Store) -> Floats:
    """Of every neuron, the part of G_j that is owed to neurons without a self-connection."""
    columns, stamp = store.columns, store["stamp"]
    gater, gated = columns["influence_gater"], columns["influence_gated"]
    heard = (columns["influence_trace"] != NONE) & (stamp[gater] < stamp[gated])
    pushed = store["responsibility"][gated] * columns["influence"] * heard
    through = np.bincount(gater, pushed, minlength=store.n_neurons)
    return np.asarray(store["gated"] - store["derivative"] * through)

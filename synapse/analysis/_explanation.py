"""Explain the last change of a weight, term by term."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from .._checks import suggests_arguments
from .._typing import Floats
from ..engine import read_order
from ..engine.lowering.flags import MEMORY
from ..engine.schema import NONE
from ..engine.store import Store
from ..errors import ArgumentError
from ..objects.connection import Connection, connections_at, require_connection
from ..objects.neuron import Neuron
from ..objects.sensitivities import network_in_step
from ..plasticity import Rule


@dataclass(frozen=True)
class GateTerm:
    """The part of a change that is due to one neuron k, which has a connection gated by
    the target j.

    Attributes
    ----------
    neuron : Neuron
        The neuron k, which activates after j.
    responsibility : float
        Its responsibility delta_k.
    extended : float
        The extended trace x_ij^k of its last step.
    product : float
        The product of both, delta_k x_ij^k.
    """

    neuron: Neuron
    responsibility: float
    extended: float
    product: float


@dataclass(frozen=True)
class Explanation:
    """The learning equation of one connection, from i to j, with its numbers.

    ``total = projected * eligibility + sum(gate.product for gate in gates)``. The
    weight changed by the rate times the total, except in these cases:

    - For a tied connection, the total is its own part, and the weight changed by the
      sum of the parts of all connections that share it.
    - A weight with a sign stopped at 0.
    - A trainer with an optimizer, a penalty or a limited gradient takes the total of
      each step as a part of the gradient, from which it computes the change.

    Attributes
    ----------
    connection : Connection
        The connection explained.
    projected : float
        P_j, the error projected back to the target neuron, including the error at the
        target's own output, if any.
    eligibility : float
        The eligibility trace of the connection.
    gates : tuple of GateTerm
        One term for each later neuron that has a connection gated by j.
    total : float
        The change for a rate of 1.
    activation : float
        Activation of the source, y_i. It is taken from the previous step if it is
        delayed, and is the old state for a self-connection.
    gain : float
        Gain g_ij. It is taken from the previous step if the gater is j or later.
    derivative : float
        Derivative f'_j of the target's activation function.
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
        lines = [
            f"{text:<{width}}  {symbol:<14}  {value: .6e}"
            for text, symbol, value in rows
        ]
        return "\n".join([repr(self.connection), *lines])


@suggests_arguments()
def explain(connection: Connection) -> Explanation:
    """Explain the last change of a weight, by listing every term of the learning
    equation with its name and value.

    Call this function after ``network.propagate(rate, target)`` (or
    ``neuron.propagate``, or training), before activating, setting or connecting
    anything, because errors and traces must still belong to that step. The weight has
    changed by ``rate * total``, with the exceptions that :class:`Explanation` lists.

    Parameters
    ----------
    connection : Connection
        A trainable connection.

    Returns
    -------
    Explanation
        The terms. Printing it shows a table.

    Raises
    ------
    ArgumentTypeError
        If `connection` is not a Connection.
    ArgumentError
        If the connection is not trainable, if its network has learnt by rtrl in the
        latest step, was trained by bptt since then, or learns by a rule of synapses, if
        its target has been activated since it last propagated, or if terms cannot be
        told apart, see Notes.

    Notes
    -----
    This is the equation (learning) of the page "The equations" (Monner and Reggia
    2012). Because extended traces to neurons without a self-connection are not stored,
    they are recomputed from the weights before the update, which follow from the update
    of each neuron. If weights have changed otherwise, for example by an optimizer, a
    tie or a value that you set, only the sum of these terms is known. Then a single
    term equals this sum, and several raise an error. This is also the case in clones
    and loaded networks, which do not have the update.

    Examples
    --------
    >>> from synapse import Neuron
    >>> a, b = Neuron(), Neuron(squash="identity")
    >>> link = a.project(b, weight=0.5)
    >>> _ = a.activate(2.0), b.activate()
    >>> b.propagate(rate=0.1, target=1.5)
    >>> terms = explain(link)
    >>> terms.projected, terms.eligibility, terms.total, link.weight
    (0.5, 2.0, 1.0, 0.6)
    """
    require_connection("connection", connection)
    if not connection.trainable:
        raise ArgumentError(
            f"{connection!r} is not trainable, so its weight does not change. "
            "Set connection.trainable to True."
        )
    target = connection.target
    _require_online(target)
    _require_propagated(target)
    gates = _in_sum(target, connection.eligibility, tuple(_gates(connection)))
    projected = target.error.projected
    eligibility = connection.eligibility
    activation, gain = _read_along(connection)
    return Explanation(
        connection=connection,
        projected=projected,
        eligibility=eligibility,
        gates=gates,
        total=projected * eligibility + sum(gate.product for gate in gates),
        activation=activation,
        gain=gain,
        derivative=target.derivative,
    )


def _require_online(target: Neuron) -> None:
    """Raise if the latest step of a neuron has no traces of the online rule."""
    network = network_in_step(target)
    if network is not None:
        raise ArgumentError(
            f"The latest step of {network!r} was by rtrl, whose updates are not sums of"
            " these terms. Read connection.sensitivity, or set network.rule"
            ' to "online" before the step.'
        )
    by = target._store.network_at(target._row)
    if by is not None and isinstance(by.rule, Rule):
        raise ArgumentError(
            f"{by!r} learns by {by.rule!r}, whose changes are not sums of these terms."
            " Read connection.traces."
        )
    if by is not None and by._gradients_until == int(target._store["clock"][0]):
        raise ArgumentError(
            f"{by!r} has been trained by bptt since its latest step, whose changes are"
            " sums over all steps of a batch. Call synapse.gradient, or activate and"
            " propagate the network first."
        )


def _require_propagated(target: Neuron) -> None:
    """Raise if a neuron has not propagated.

    Activation sets delta_j to 0, and propagation sets its two parts, which therefore
    add up only after a propagation.
    """
    error = target.error
    size = abs(error.projected) + abs(error.gated)
    difference = abs(error.responsibility - error.projected - error.gated)
    if difference > _rounding(target) * size:
        raise ArgumentError(
            f"{target!r} has been activated since it last propagated, which cleared its"
            " error. Explain a connection after propagate and before the next"
            " activate."
        )


def _in_sum(
    target: Neuron, eligibility: float, gates: tuple[GateTerm, ...]
) -> tuple[GateTerm, ...]:
    """Return the terms, whose sum over neurons without a self-connection must be that
    of the propagation, with the weights of its time.
    """
    store = target._store
    store.ensure_lowered()
    recomputed = [gate for gate in gates if gate.neuron.self_connection is None]
    used = float(_factored(store)[target._row]) * eligibility

    # The sums are compared by what was added up in them, as they may cancel out.
    size = abs(target.error.gated * eligibility)
    size += sum(abs(gate.product) for gate in gates)
    difference = used - sum(gate.product for gate in recomputed)
    if abs(difference) <= _rounding(target) * size:
        return gates
    moved = [gate for gate in recomputed if gate.responsibility]
    if len(moved) != 1:
        names = ", ".join(repr(gate.neuron) for gate in moved)
        raise ArgumentError(
            f"The parts of this change through {names or 'gated neurons'} are only"
            f" known as a sum, because weights of connections that {target!r} gates"
            " have changed otherwise than by rate times total since it last"
            " propagated: they were set, have an optimizer or a penalty, share a"
            " weight or stopped at 0. Explain a connection right after propagate."
        )
    (known,) = moved
    extended = used / known.responsibility
    exact = replace(known, extended=extended, product=used)
    return tuple(exact if gate is known else gate for gate in gates)


def _gates(connection: Connection) -> Iterator[GateTerm]:
    """Yield the terms of the neurons k that the target j gates, if they activated after
    it.
    """
    store = connection._store
    row = connection.target._row
    store.ensure_lowered()
    m = read_order.Attributes(store)
    for neuron, extended in connection.extended.items():
        if read_order.is_delayed_by_stamp(m, row, neuron._row):
            continue
        if not m.flags[neuron._row] & MEMORY:
            # Not stored: f'_j e_ij I_jk, by the weights of that time.
            influence = _influence(store, row, neuron._row)
            slope = float(m.derivative[row])
            extended = slope * connection.eligibility * influence
        delta = neuron.error.responsibility
        yield GateTerm(neuron, delta, extended, delta * extended)


def _read_along(connection: Connection) -> tuple[float, float]:
    """Return the activation y_i (the old state of a self-connection) and the gain g_ij
    that the target used.
    """
    target = connection.target
    m = read_order.Attributes(connection._store)
    gain = float(read_order.gain_read(m, connection._at))
    if target.self_connection is connection:
        return float(target._old_state), gain
    return float(read_order.source_read(m, connection._at)), gain


def _rounding(neuron: Neuron) -> float:
    """Return the relative difference up to which two sums of the same numbers count as
    equal.
    """
    return math.sqrt(np.finfo(neuron._store.dtype).eps)


def _influence(store: Store, gater: int, gated: int) -> float:
    """Return I_jk of a neuron without a self-connection, with the weights it activated
    with.
    """
    rows = np.flatnonzero((store["gate"] == gater + 1) & (store["target"] == gated))
    links = connections_at(store, rows)
    weights = np.array([link.weight - _last_update(store, link) for link in links])
    rows = np.array([link._at for link in links])
    return float(weights @ read_order.sources_read(read_order.Attributes(store), rows))


def _last_update(store: Store, connection: Connection) -> float:
    """Return the last update of a weight into a neuron without a self-connection: step
    e_ij + rate sum d_k x_ij^k.

    The column `step` is rate (P_j + the part of G_j that factors), and the sum is over
    stored traces.
    """
    if not connection.trainable:
        return 0.0
    row = connection.target._row
    through = sum(
        k.error.responsibility * trace
        for k, trace in connection.extended.items()
        if k.self_connection is not None
    )
    rate = _rate(store, row) if through else 0.0
    return float(store["step"][row] * connection.eligibility + rate * through)


def _rate(store: Store, row: int) -> float:
    """Return the rate of the last propagation, which is step over error of a neuron, or
    of another neuron if its error is 0.
    """
    error = store["projected"] + _factored(store)
    same_network = store["network"] == store["network"][row]
    size = np.where(same_network, np.abs(error), -1.0)

    # A quotient of tiny numbers is rounding; the largest error gives the same rate.
    if not size[row] > 1e-9 * size.max():
        row = int(size.argmax())
    return float(store["step"][row] / error[row]) if error[row] else 0.0


def _factored(store: Store) -> Floats:
    """Return, for every neuron, the part of G_j from neurons without a self-connection,
    by the weights used then.
    """
    columns = store.columns
    gater = columns["influence_gater"]
    gated = columns["influence_gated"]
    pulled = columns["influence_trace"] != NONE
    pulled &= ~read_order.is_delayed_by_stamp(
        read_order.Attributes(store), gater, gated
    )
    pushed = store["responsibility"][gated] * columns["influence"] * pulled
    through = np.bincount(gater, pushed, minlength=store.n_neurons)
    return np.asarray(store["gated"] - store["derivative"] * through)

"""Explanation: why a weight changed as it did, term by term."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .._propagated import factored_error, later_traces, rounding_of, seen_along
from ..connection import Connection, require_connection
from ..errors import ArgumentError
from ..neuron import Neuron


@dataclass(frozen=True)
class GateTerm:
    """The part of the change that is due to one neuron k that the target j gates.

    Attributes
    ----------
    neuron : Neuron
        The neuron k, which activates after j.
    responsibility : float
        delta_k.
    extended : float
        x_ij^k, as of k's last step.
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
    rate * total. If the connection is tied, this is its own part: the parts of all that share the weight
    are summed.

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
        What the source passed on: y_i, of the previous step where the source is later in the order;
        along a self-connection the old state.
    gain : float
        g_ij, of the previous step where the gater is j or later.
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

    Call it after ``network.propagate(rate, target)`` (or ``neuron.propagate``, or training), before
    anything activates, is set or is connected: errors and traces are then those of that step. The
    weight has moved by ``rate * total``.

    Parameters
    ----------
    connection : Connection
        A trainable connection.

    Returns
    -------
    Explanation
        Printing it shows a table.

    Raises
    ------
    KindError
        If it is not a connection.
    ArgumentError
        If it is not trainable, its target has activated since it last propagated, or weights have
        been set since.

    Notes
    -----
    Equation (learning) of the guide's page "The equations" (Monner and Reggia 2012). The extended
    trace to a neuron without a self-connection is not stored: it is recomputed from the weights
    before the update, which follow from the update of each neuron. Clones and loaded networks do
    not store that update: such a term is refused there.

    Examples
    --------
    >>> from synapse import Neuron
    >>> a, b = Neuron(), Neuron(squash="identity")
    >>> link = a.project(b, weight=0.5)
    >>> _ = a.activate(2.0), b.activate()
    >>> b.propagate(rate=0.1, target=1.5)
    >>> found = explain(link)
    >>> found.projected, found.eligibility, found.total, link.weight
    (0.5, 2.0, 1.0, 0.6)
    """
    require_connection("What is explained", connection)
    if not connection.trainable:
        raise ArgumentError(
            f"{connection!r} is not trained: nothing moves its weight. Set connection.trainable to True."
        )
    target = connection.target
    _require_propagated(target)
    gates = tuple(_gates(connection))
    _require_unmoved(target, connection.eligibility, gates)
    projected, eligibility = target.error.projected, connection.eligibility
    activation, gain = seen_along(connection)
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


def _require_propagated(target: Neuron) -> None:
    """Firing sets delta_j to 0, and leaves its two parts for propagation to set."""
    error = target.error
    size = abs(error.projected) + abs(error.gated)
    if abs(error.responsibility - error.projected - error.gated) > rounding_of(target) * size:
        raise ArgumentError(
            f"{target!r} has activated since it last propagated: its error is gone. "
            "Explain a connection after propagate and before the next activate."
        )


def _require_unmoved(target: Neuron, eligibility: float, gates: tuple[GateTerm, ...]) -> None:
    """The terms must add up to the G_j that propagation found with the weights of then."""
    found = sum(gate.product for gate in gates if gate.neuron.self_connection is None)
    known = factored_error(target) * eligibility
    size = abs(target.error.gated * eligibility) + sum(abs(gate.product) for gate in gates)
    if abs(found - known) > rounding_of(target) * size:
        raise ArgumentError(
            f"Weights that {target!r} gates are not those that the last propagation left: they were set. "
            "Explain a connection right after propagate."
        )


def _gates(connection: Connection) -> Iterator[GateTerm]:
    """The terms of the neurons that the target gates and that fired after it."""
    for neuron, extended in later_traces(connection):
        delta = neuron.error.responsibility
        yield GateTerm(neuron, delta, extended, delta * extended)

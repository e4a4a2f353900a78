"""The whole idea in one file: neurons, connections, gates, and how they learn.

A neuron adds up its inputs to a state, and a curve, the squash, turns the state into an
activation. A connection carries the activation on, times its weight. A gate is a neuron
whose activation multiplies the input from a connection. To learn, a weight changes by
the error of its neuron times its own part in the neuron's state.

The compiled library is tested against this file, which needs nothing but Python. Names
in brackets are equations of the page "The equations". Wire neurons before they step.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import defaultdict, namedtuple
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["Connection", "Error", "Neuron"]
SQUASHES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    # The activation y at a state s, and how steep the curve is there, computed from y
    "logistic": (lambda s: (1.0 + math.tanh(s / 2.0)) / 2.0, lambda y: y * (1.0 - y)),
    "tanh": (math.tanh, lambda y: 1.0 - y * y),
    "identity": (lambda s: s, lambda y: 1.0),
}
CLOCK = itertools.count(1)  # numbers all activations, to tell which were later
# How far off a neuron was: delta_j = P_j (by what it sends on) + G_j (by what it gates)
Error = namedtuple("Error", "responsibility projected gated", defaults=(0.0, 0.0, 0.0))


@dataclass(eq=False)
class Connection:
    """A weighted link from one neuron to another, made by ``neuron.project``."""

    source: Neuron
    target: Neuron
    weight: float  # w_ij
    trainable: bool
    gater: Neuron | None = None
    gain: float = 1.0  # g_ij: the gater's activation as the target reads it
    eligibility: float = 0.0  # e_ij: the weight's part in the state of the target
    # x_ij^k: its part in the state of each neuron k whose inputs the target gates
    extended: dict[Neuron, float] = field(default_factory=lambda: defaultdict(float))


class Neuron:
    """``activate`` neurons in order, then let them ``propagate`` in reverse order."""

    def __init__(
        self, squash: str = "logistic", bias: float = 0.0, name: str | None = None
    ):  # fmt: skip
        self.squash = squash
        self.bias = bias  # b_j: the weight of an input that is always 1
        self.trainable_bias = True
        self.name = name
        self.incoming: list[Connection] = []
        self.self_connection: Connection | None = None
        self.state = 0.0  # s_j
        self.activation = 0.0  # y_j
        self.derivative = 0.0  # f'_j: how steep the squash is at this state
        self.is_set = True  # whether the activation came from outside
        self.bias_eligibility = 0.0
        self.bias_extended: dict[Neuron, float] = defaultdict(float)
        self.influence: dict[Neuron, float] = {}  # I_jk of each gater j of this k
        self._begin(0)

    def _begin(self, stamp: int) -> None:
        self.stamp = stamp  # when it activated
        self.error = Error()
        self.pushed = 0.0  # what later neurons have sent back to a source
        self.pushed_gated = 0.0  # and to a gater

    def project(self, target: Neuron, weight: float | None = None) -> Connection:
        """Connect to a neuron. A self-connection carries the state to the next step."""
        if weight is None:
            weight = 1.0 if target is self else random.uniform(-1.0, 1.0)
        connection = Connection(self, target, weight, trainable=target is not self)
        if target is self:
            self.self_connection = connection
        else:
            target.incoming.append(connection)
        return connection

    def gate(self, connection: Connection) -> None:
        """Multiply the input from a connection by the activation of this neuron."""
        connection.gater = self
        connection.gain = self.activation  # 0 before its first step: closed

    def _inputs(self) -> Iterator[tuple[Connection, float]]:
        # Each connection into this neuron with what it carries: its own s_j, or y_i
        if self.self_connection is not None:
            yield self.self_connection, self.state
        for connection in self.incoming:
            yield connection, connection.source.activation

    def activate(self, value: float | None = None) -> float:
        """Set the activation to a value, or compute it from incoming connections."""
        self._begin(next(CLOCK))
        self.is_set = value is not None
        if value is not None:
            self.activation = value
            self.derivative = 0.0  # no state has led to it, so no error passes
            return value
        for c, _ in self._inputs():
            c.gain = 1.0 if c.gater is None else c.gater.activation
        loop = self.self_connection
        carry = 0.0 if loop is None else loop.gain * loop.weight  # g_jj w_jj
        state = self.bias  # (state)
        self.bias_eligibility = carry * self.bias_eligibility + 1.0  # (eligibility)
        self.influence = defaultdict(float)
        for c, y in self._inputs():  # what activates later is read from the last step
            state += c.gain * c.weight * y  # (state)
            if c.trainable:
                c.eligibility = carry * c.eligibility + c.gain * y  # (eligibility)
            if c.gater is not None:
                self.influence[c.gater] += c.weight * y  # (influence)
        for gater in self.influence:
            gater._extend_traces(self, carry)
        squash, slope = SQUASHES[self.squash]
        self.state = state
        self.activation = squash(state)  # (state)
        self.derivative = slope(self.activation)
        return self.activation

    def _extend_traces(self, k: Neuron, carry: float) -> None:
        # The weights into this gate also affect the state of k, which it gates
        push = self.derivative * k.influence[self]  # f'_j I_jk
        for c, _ in self._inputs():
            c.extended[k] = carry * c.extended[k] + push * c.eligibility  # (extended)
        old = carry * self.bias_extended[k]
        self.bias_extended[k] = old + push * self.bias_eligibility  # (extended)

    def propagate(self, rate: float = 0.1, target: float | None = None) -> None:
        """Compute the error, send it backward, and update the weights and the bias."""
        signal = 0.0
        if target is not None and not self.is_set:
            # The slope cancels in the cross-entropy of a logistic neuron, see (error)
            slope = 1.0 if self.squash == "logistic" else self.derivative
            signal = (target - self.activation) * slope
        projected = self.derivative * self.pushed + signal  # (error)
        gated = self.derivative * self.pushed_gated  # (error)
        delta = projected + gated  # (error)
        self._begin(self.stamp)  # what later neurons sent has been used
        self.error = Error(delta, projected, gated)
        for c in self.incoming:  # before any weight moves
            if c.source.stamp < self.stamp:
                c.source.pushed += delta * c.gain * c.weight  # (error), the sum of P
        for gater, influence in self.influence.items():
            if gater.stamp < self.stamp:
                gater.pushed_gated += delta * influence  # (error), the sum of G
        for c, _ in self._inputs():
            if c.trainable:
                c.weight += rate * self._part(c.eligibility, c.extended)  # (learning)
        if self.trainable_bias:  # its input is 1 (learning)
            self.bias += rate * self._part(self.bias_eligibility, self.bias_extended)

    def _part(self, eligibility: float, extended: dict[Neuron, float]) -> float:
        later = [k for k in extended if k.stamp > self.stamp]
        gates = sum(k.error.responsibility * extended[k] for k in later)
        return float(self.error.projected * eligibility + gates)  # (learning)


def step(order: list[Neuron], values: Sequence[float], target: float | None) -> float:
    """Activate in order, the first neurons with values, and learn if given a target."""
    for neuron, value in itertools.zip_longest(order, values):
        neuron.activate(value)
    if target is not None:
        order[-1].propagate(target=target)
        for neuron in order[-2::-1]:
            neuron.propagate()
    return order[-1].activation


if __name__ == "__main__":
    random.seed(0)
    a, b, out, hidden = map(Neuron, ["logistic"] * 3 + ["tanh"])
    for source, other in [(a, hidden), (b, hidden), (a, out), (b, out), (hidden, out)]:
        source.project(other)
    cases = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for x, y in 5000 * cases:
        step([a, b, hidden, out], (x, y), target=x ^ y)
    for x, y in cases:
        print(f"{x} xor {y} = {step([a, b, hidden, out], (x, y), target=None):.3f}")
    # One of eight numbers is marked; after the last one the network must output it
    order = [Neuron(squash) for squash in ["logistic"] * 4 + ["identity"] * 2]
    keep, mark, number, door, memory, out = order
    door.gate(number.project(memory, 0.5))
    mark.project(door, 0.1)
    keep.gate(memory.project(memory))  # 0 at the first number: the memory starts empty
    memory.trainable_bias = False  # freezes its bias at 0: each step would add it again
    memory.project(out, 0.5)
    for sequence in range(1, 40_001):
        row = [random.uniform(-1.0, 1.0) for _ in range(8)]
        marked = random.randrange(8)
        for t in range(8):
            step(order, (t > 0, t == marked, row[t]), row[marked] if t == 7 else None)
        if sequence % 8000 == 0:
            print(f"marked {row[marked]:6.3f}, remembered {out.activation:6.3f}")

"""The numbers of a network's neurons step by step, and the activation that each
connection carried.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import as_matrix
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..objects.recording import Log
from ..objects.snapshots import deterministic, preserved_context, read_numbers
from ..objects.topology import Topology


def topology_of(network: Any) -> Topology:
    """Return the present structure of a network."""
    return Topology.of(require_network("network", network))


@dataclass(frozen=True, eq=False)
class Steps:
    """Values of a table's neurons in some steps, each of shape (steps, neurons), and
    the activations that delayed connections read, of shape (steps, delayed
    connections).
    """

    state: Floats
    old_state: Floats
    activation: Floats
    old_activation: Floats
    derivative: Floats
    past: Floats

    def at(self, t: int) -> Steps:
        """Return one of the steps."""
        return Steps(*(column[t : t + 1] for column in vars(self).values()))

    def carried(self, table: Topology) -> Floats:
        """Return the input of each connection, shape (steps, connections), which is y_i
        as read, or the old state of its own neuron.
        """
        loops = table._self_connected
        carried = self._delivered(table.source, table.late)
        carried[:, loops] = self.old_state[:, table.source[loops]]
        carried[:, table.delay > 0] = self.past
        return carried

    def gains(self, table: Topology) -> Floats:
        """Return the gain of each connection as its target used it, shape (steps,
        connections).
        """
        gated = table.gated
        gains = np.repeat(table.gain[None, :], len(self.state), axis=0)
        gains[:, gated] = self._delivered(table.gater[gated], table._late_gates[gated])
        return gains

    def _delivered(self, neurons: Ints, delayed: Bools) -> Floats:
        """Return activations of some neurons, of the previous step where they are
        delayed.
        """
        return np.where(
            delayed, self.old_activation[:, neurons], self.activation[:, neurons]
        )


NUMBERS = [field.name for field in fields(Steps)][:-1]


def last_step(network: Network, table: Topology) -> Steps:
    """Return the last step that a network has taken. The table must describe the
    present network.
    """
    read = zip(table.source.tolist(), table.delay.tolist(), strict=True)
    past = [table._past_of(source, steps) for source, steps in read if steps]
    return Steps(*[*_numbers_of(network), np.array([past])])


def _numbers_of(network: Network) -> list[Floats]:
    return [read_numbers(network, name)[None, :] for name in NUMBERS]


def run_steps(network: Any, inputs: ArrayLike) -> Steps:
    """Check and run a sequence of shape (T, n) from a cleared context; the network
    stays as it was.
    """
    width = len(require_network("network", network).input)
    rows = as_matrix("inputs", inputs, width, network.dtype)
    if not len(rows):
        raise ArgumentError("Expected inputs of at least one step, got none.")
    taken = []
    with preserved_context(network), deterministic(network):
        network.clear()
        for row in rows:
            network.activate(row)
            taken.append(_numbers_of(network))
    numbers = [np.concatenate(several) for several in zip(*taken, strict=True)]
    activation = numbers[NUMBERS.index("activation")]
    table = topology_of(network)
    delayed = table.delay > 0
    source, delay = table.source[delayed], table.delay[delayed]
    past = np.zeros((len(rows), len(delay)))
    for steps in np.unique(delay[delay < len(rows)]).tolist():
        read = delay == steps
        past[steps:, read] = activation[:-steps, source[read]]
    return Steps(*[*numbers, past])


def numbers_over_time(
    network: Any, inputs: ArrayLike | Log, *names: str
) -> list[Floats]:
    """Return values of all neurons, each of shape (steps, neurons), from a log or by
    running a sequence.
    """
    if isinstance(inputs, Log):
        require_network("network", network)
        return [inputs.of(network, name) for name in names]
    steps = run_steps(network, inputs)
    return [getattr(steps, name) for name in names]

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


def require_analysed(network: Any) -> Network:
    """Return `network` if it is a Network, or raise ArgumentTypeError."""
    return require_network("network", network)


def topology_of(network: Any) -> Topology:
    """Return the present structure of a network."""
    return Topology.of(require_analysed(network))


@dataclass(frozen=True, eq=False)
class Steps:
    """Numbers of the neurons of a table in some steps, each of shape (steps,
    neurons).
    """

    state: Floats
    old_state: Floats
    activation: Floats
    old_activation: Floats
    derivative: Floats

    def at(self, t: int) -> Steps:
        """Return one of the steps."""
        return Steps(*(getattr(self, name)[t : t + 1] for name in NUMBERS))

    def carried(self, table: Topology) -> Floats:
        """Return input of each connection, (steps, connections): y_i as read, or the
        old state of its own neuron.
        """
        loops = table.self_connected
        carried = self._delivered(table.source, table.late)
        carried[:, loops] = self.old_state[:, table.source[loops]]
        return carried

    def gains(self, table: Topology) -> Floats:
        """Return the gain of each connection as its target used it, shape (steps,
        connections).
        """
        gated = table.gated
        gains = np.repeat(table.gain[None, :], len(self.state), axis=0)
        gaters = table.gater[gated]
        gains[:, gated] = self._delivered(gaters, table._late_gates[gated])
        return gains

    def _delivered(self, neurons: Ints, delayed: Bools) -> Floats:
        """Return activations of some neurons, of the previous step where they are
        delayed.
        """
        return np.where(
            delayed, self.old_activation[:, neurons], self.activation[:, neurons]
        )


NUMBERS = [field.name for field in fields(Steps)]


def last_step(network: Network) -> Steps:
    """Return the last step that a network has taken."""
    return Steps(**{name: read_numbers(network, name)[None, :] for name in NUMBERS})


def with_relays(steps: Steps, table: Topology, cleared: bool) -> Steps:
    """Return the steps of a network for its table with relays, which delay activations
    one step each.

    The steps begin with a cleared context; otherwise they are the last one, of which
    the table has the activations.
    """
    relays = np.flatnonzero(table.number < 0)
    if not len(relays):
        return steps
    of_neurons = np.flatnonzero(table.number >= 0)
    shape = len(steps.state), table.neurons
    activation = np.zeros(shape)
    activation[:, of_neurons] = steps.activation
    activation[:, relays] = table.activation[relays]
    into = table.number[table.target] < 0
    read, relay = table.source[into], table.target[into]
    late = read > relay
    for i in np.argsort(-relay).tolist() if cleared else ():  # the nearest ones first
        lag = int(late[i])
        activation[lag:, relay[i]] = activation[: shape[0] - lag, read[i]]
        activation[:lag, relay[i]] = 0.0
    numbers = {}
    for name in NUMBERS:
        numbers[name] = np.zeros(shape)
        numbers[name][:, of_neurons] = getattr(steps, name)
    for name in ("activation", "state"):
        numbers[name][:, relays] = activation[:, relays]
    numbers["old_activation"][1:, relays] = activation[:-1, relays]
    if not cleared:
        numbers["old_activation"][0, read[late]] = activation[0, relay[late]]
    numbers["derivative"][:, relays] = 1.0
    return Steps(**numbers)


def run_steps(network: Any, inputs: ArrayLike) -> Steps:
    """Check and run a sequence of shape (T, n) from a cleared context; the network
    stays as it was.
    """
    width = len(require_analysed(network).input)
    rows = as_matrix("inputs", inputs, width, network.dtype)
    if not len(rows):
        raise ArgumentError("Expected inputs of at least one step, got none.")
    taken = []
    with preserved_context(network), deterministic(network):
        network.clear()
        for row in rows:
            network.activate(row)
            taken.append(last_step(network))
    numbers = ([getattr(step, name) for step in taken] for name in NUMBERS)
    return Steps(*map(np.concatenate, numbers))


def numbers_over_time(
    network: Any, inputs: ArrayLike | Log, *names: str
) -> list[Floats]:
    """Return numbers of all neurons, each of shape (steps, neurons): from a log, or by
    running a sequence.
    """
    if isinstance(inputs, Log):
        return [inputs.of(require_analysed(network), name) for name in names]
    steps = run_steps(network, inputs)
    return [getattr(steps, name) for name in names]

"""Steps: what the neurons of a network did, step by step, and what each connection carried."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import as_matrix
from .._snapshot import preserved_context, read_numbers
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..network import Network, require_network
from ..topology import Topology


def require_analysed(network: Any) -> Network:
    """`network` if it is one, else an error."""
    return require_network("What is analysed", network)


def topology_of(network: Any) -> Topology:
    """The structure of a network now."""
    return Topology.of(require_analysed(network))


@dataclass(frozen=True, eq=False)
class Steps:
    """What the neurons of a network did in some steps, each of shape (steps, neurons)."""

    state: Floats
    old_state: Floats
    activation: Floats
    old_activation: Floats
    derivative: Floats

    def at(self, t: int) -> Steps:
        """One of the steps."""
        return Steps(*(getattr(self, name)[t : t + 1] for name in NUMBERS))

    def carried(self, table: Topology) -> Floats:
        """What each connection carried: y_i, or the old state along a self-connection; (steps, connections).

        Of a source later in the order it is the activation of the step before.
        """
        own = table.self_connected
        carried = self._activations(table.source, table.source > table.target)
        carried[:, own] = self.old_state[:, table.source[own]]
        return carried

    def gains(self, table: Topology) -> Floats:
        """The gains that the targets saw; (steps, connections).

        Of a gater that is the target itself or later, the activation of the step before.
        """
        gated = table.gated
        gains = np.repeat(table.gain[None, :], len(self.state), axis=0)
        gater, target = table.gater[gated], table.target[gated]
        gains[:, gated] = self._activations(gater, gater >= target)
        return gains

    def _activations(self, neurons: Ints, late: Bools) -> Floats:
        """Activations of some neurons, those of the step before where a neuron fired too late."""
        return np.where(late, self.old_activation[:, neurons], self.activation[:, neurons])


NUMBERS = [field.name for field in fields(Steps)]


def last_step(network: Network) -> Steps:
    """The last step that a network has taken."""
    return Steps(**{name: read_numbers(network, name)[None, :] for name in NUMBERS})


def run_steps(network: Any, inputs: ArrayLike) -> Steps:
    """Check and run a sequence of shape (T, n) from a cleared context; the network stays as it was."""
    rows = as_matrix("The inputs", inputs, len(require_analysed(network).input), network.dtype)
    if not len(rows):
        raise ArgumentError("Expected inputs of at least one step, got none.")
    with preserved_context(network):
        network.clear()
        taken = [_step(network, row) for row in rows]
    joined = {name: np.concatenate([getattr(step, name) for step in taken]) for name in NUMBERS}
    return Steps(**joined)


def _step(network: Network, row: Floats) -> Steps:
    network.activate(row)
    return last_step(network)

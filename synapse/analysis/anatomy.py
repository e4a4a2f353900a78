"""Anatomy: who is linked to whom in a network, as arrays; and what its neurons do, step by step.

This is the one module of the analysis that reads the store.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import squash as squashes
from .._checks import as_matrix
from .._snapshot import preserved_context
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..network import Network, require_network


@dataclass(frozen=True, eq=False)
class Anatomy:
    """The links of a network. Neurons are numbered in the order in which they activate.

    Attributes
    ----------
    neurons, inputs, outputs : int
        How many there are.
    source, target, gater : ndarray, shape (connections,)
        In the order of ``network.connections``; a gater is -1 where there is none in the network.
    outer : ndarray, shape (connections,)
        The activation of a gater outside of the network, which stands still; else 1.
    weight : ndarray, shape (connections,)
        The weights.
    trainable : ndarray, shape (connections,)
        Whether learning moves them.
    softmax : ndarray
        The outputs that are normalised together.
    layer : ndarray, shape (neurons,)
        The number of each neuron's layer.
    """

    neurons: int
    inputs: int
    outputs: int
    source: Ints
    target: Ints
    gater: Ints
    outer: Floats
    weight: Floats
    trainable: Bools
    softmax: Ints
    layer: Ints

    @property
    def own(self) -> Bools:
        """Which connections are self-connections."""
        return np.asarray(self.source == self.target)

    @property
    def gated(self) -> Bools:
        """Which connections a neuron of the network gates."""
        return np.asarray(self.gater >= 0)


def analysed(network: Any) -> Network:
    """`network` if it is one, else an error."""
    return require_network("What is analysed", network)


def anatomy_of(network: Network) -> Anatomy:
    """The links of a network now."""
    store = analysed(network)._store
    rows = network._connection_rows()  # lowers: rows stay where they are from here on
    number = np.full(store.n_neurons + 1, -1)
    number[network._rows()] = np.arange(len(network))
    gater = np.minimum(store["gater"][rows], store.n_neurons)
    outside = (gater < store.n_neurons) & (number[gater] < 0)
    activation = np.append(store["activation"], 1.0)
    return Anatomy(
        neurons=len(network),
        inputs=len(network.input),
        outputs=len(network.output),
        source=number[store["source"][rows]],
        target=number[store["target"][rows]],
        gater=number[gater],
        outer=np.where(outside, activation[gater], 1.0).astype(np.float64),
        weight=store["weight"][rows].astype(np.float64),
        trainable=store["trainable"][rows] != 0,
        softmax=np.flatnonzero(store["squash"][network._rows()] == squashes.softmax.code),
        layer=np.repeat(np.arange(len(network.layers)), [len(layer) for layer in network.layers]),
    )


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

    def seen(self, anatomy: Anatomy) -> Floats:
        """What each connection carried: y_i, or the old state along a self-connection; (steps, connections).

        Of a source later in the order it is the activation of the step before.
        """
        a = anatomy
        carried = _as_seen(self, a.source, a.source > a.target)
        carried[:, a.own] = self.old_state[:, a.source[a.own]]
        return carried

    def gains(self, anatomy: Anatomy) -> Floats:
        """The gains that the targets saw; (steps, connections).

        Of a gater that is the target itself or later, the activation of the step before.
        """
        a = anatomy
        gains = np.repeat(a.outer[None, :], len(self.state), axis=0)
        gater, target = a.gater[a.gated], a.target[a.gated]
        gains[:, a.gated] = _as_seen(self, gater, gater >= target)
        return gains


NUMBERS = [field.name for field in fields(Steps)]


def _as_seen(steps: Steps, neurons: Ints, late: Bools) -> Floats:
    return np.where(late, steps.old_activation[:, neurons], steps.activation[:, neurons])


def last_step(network: Network) -> Steps:
    """The step that a network has taken last."""
    store, rows = network._store, network._rows()
    return Steps(**{name: store[name][rows][None, :].astype(np.float64) for name in NUMBERS})


def watch(network: Network, inputs: ArrayLike) -> Steps:
    """The steps of a sequence of shape (T, n), from a cleared context; the network stays as it was.

    Raises
    ------
    ArgumentError
        If there is no row, a row is of another size, or a number is not finite.
    """
    rows = as_matrix("The inputs", inputs, len(analysed(network).input), network._store.dtype)
    if not len(rows):
        raise ArgumentError("The inputs must be at least one step. Got none.")
    with preserved_context(network):
        network.clear()
        taken = [_step(network, row) for row in rows]
    joined = {name: np.concatenate([getattr(step, name) for step in taken]) for name in NUMBERS}
    return Steps(**joined)


def _step(network: Network, row: Floats) -> Steps:
    network.activate(row)
    return last_step(network)

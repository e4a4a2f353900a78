"""What a picture of a network shows, as arrays: who stands where in the order, who is linked with whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._checks import expected, listed
from .._typing import Floats, Ints
from ..connection import Connection
from ..engine.schema import NONE
from ..errors import ArgumentError, KindError
from ..network import Network
from ..neuron import Neuron

NOBODY, OUTSIDE = -1, -2
"""A connection's gater: there is none; it is none of the neurons that are shown."""

LONGEST_ROW = 25
"""Neurons without a network that stand each in a column of its own."""


@dataclass(frozen=True)
class Diagram:
    """Neurons in their order, and the connections among them.

    Parameters
    ----------
    neurons : list of Neuron
        In the order in which they activate.
    layers : list of str
        What the columns are called.
    layer : ndarray of int, shape (neurons,)
        In which column each neuron is.
    source, target, gater : ndarray of int, shape (connections,)
        Numbers of neurons.
    weight, trainable : ndarray, shape (connections,)
        The weights, and whether learning moves them.
    """

    neurons: list[Neuron]
    layers: list[str]
    layer: Ints
    source: Ints
    target: Ints
    gater: Ints
    weight: Floats
    trainable: NDArray[np.bool_]

    @classmethod
    def of(cls, shown: Any) -> Diagram:
        """Of a network, whose layers are columns, or of neurons: each in a column of its own, many in one.

        Raises
        ------
        KindError, ArgumentError
            If it is neither, if there is no neuron, or one twice.
        """
        if isinstance(shown, Network):
            return cls._of_network(shown)
        neurons = [shown] if isinstance(shown, Neuron) else shown
        neurons = listed("What is drawn", neurons, "a Network, or a sequence of neurons")
        for neuron in neurons:
            if not isinstance(neuron, Neuron):
                raise KindError(expected("What is drawn", "a Network, or a sequence of neurons", neuron))
        if not neurons or len(set(neurons)) < len(neurons):
            raise ArgumentError("Neurons that are drawn must be at least one, and each given once.")
        return cls._of_neurons(neurons)

    @classmethod
    def _of_network(cls, net: Network) -> Diagram:
        rows, store = net._connection_rows(), net._store
        place = np.full(store.n_neurons, OUTSIDE)
        place[net._rows()] = np.arange(len(net))
        gater = store["gater"][rows]
        free = gater == NONE
        return cls(
            net.neurons,
            [layer.label for layer in net.layers],
            np.repeat(np.arange(len(net.layers)), [len(layer) for layer in net.layers]),
            place[store["source"][rows]],
            place[store["target"][rows]],
            np.where(free, NOBODY, place[np.where(free, 0, gater)]),
            np.array(store["weight"][rows], np.float64),
            store["trainable"][rows] == 1,
        )

    @classmethod
    def _of_neurons(cls, neurons: Sequence[Neuron]) -> Diagram:
        apart = len(neurons) <= LONGEST_ROW
        place = {neuron: i for i, neuron in enumerate(neurons)}
        links = [link for neuron in neurons for link in _leaving(neuron) if link.target in place]
        gaters = [NOBODY if link.gater is None else place.get(link.gater, OUTSIDE) for link in links]
        return cls(
            list(neurons),
            [""] * (len(neurons) if apart else 1),
            np.arange(len(neurons)) if apart else np.zeros(len(neurons), np.int64),
            np.array([place[link.source] for link in links], np.int64),
            np.array([place[link.target] for link in links], np.int64),
            np.array(gaters, np.int64),
            np.array([link.weight for link in links]),
            np.array([link.trainable for link in links], np.bool_),
        )

    @property
    def sizes(self) -> Ints:
        """How many neurons each layer has."""
        return np.bincount(self.layer, minlength=len(self.layers))

    @property
    def loops(self) -> NDArray[np.bool_]:
        """Which connections lead from a neuron to itself."""
        same: NDArray[np.bool_] = self.source == self.target
        return same

    def short_names(self) -> list[str]:
        """The names of neurons without that of their layer: "cells 3" among the cells is "3"."""
        names = []
        for neuron, i in zip(self.neurons, self.layer.tolist(), strict=True):
            prefix = f"{self.layers[i]} "
            tail = neuron.name.removeprefix(prefix)
            names.append(tail if self.layers[i] and tail.isdecimal() else neuron.name)
        return names


def _leaving(neuron: Neuron) -> list[Connection]:
    return [*neuron.outgoing, *filter(None, [neuron.self_connection])]

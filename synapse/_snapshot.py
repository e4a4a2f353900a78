"""Copies of a network's context, and of its weights and biases, that can be restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _ties
from ._typing import Floats
from .engine.guard import InUse
from .engine.schema import CONTEXT, FIRST, NONE, STOP
from .engine.store import Store
from .network import Network

Context = dict[str, NDArray[Any]]
"""Copies of everything that ``clear`` would forget."""


def read_context(network: Network) -> Context:
    """A copy of the context: states, activations, errors and traces."""
    _, store, _ = network._ready()
    return {name: store.columns[name].copy() for name in CONTEXT}


def restore_context(network: Network, context: Context) -> None:
    """Restore a context; the topology must be the same."""
    for name, values in context.items():
        network._store.columns[name][...] = values
    if network._store.recorder is not None:
        network._store.recorder.step_over()


@contextmanager
def preserved_context(network: Network) -> Iterator[None]:
    """Restore the context of a network at the end of the block."""
    with InUse(network):
        context = read_context(network)
        try:
            yield
        finally:
            restore_context(network, context)


class Snapshot:
    """Weights and biases of a network as they were, by connection and neuron: edits do not confuse them."""

    def __init__(self, network: Network) -> None:
        rows, self._store = network._connection_rows(), network._store
        self._identities = self._store["identity"][rows].astype(np.int64)
        self._weights = self._store["weight"][rows]
        self._neurons, self._biases = network.neurons, network.biases
        self._store.followers.add(self)

    def _moved(self, store: Store, offset: int) -> None:
        """The store has been absorbed by another."""
        self._store = store
        self._identities[self._identities != NONE] += offset

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """The store has given connections other identities."""
        self._identities = new[np.minimum(self._identities, len(new) - 1)].astype(np.int64)

    def restore(self) -> None:
        """Set those weights and biases whose connections and neurons still exist."""
        with InUse(self):
            store = self._store
            rows = np.append(store.row_of[: store.n_identities], NONE)
            rows = rows[np.minimum(self._identities, store.n_identities)]
            _ties.assign_first(store, "weight", rows[rows != NONE], self._weights[rows != NONE])
            rows = np.array([neuron._row for neuron in self._neurons])
            _ties.assign_first(store, "bias", rows[rows >= 0], self._biases[rows >= 0])


def read_numbers(network: Network, name: str) -> Floats:
    """A number of every neuron, by the name of its column; in the order of activation, a float64 copy."""
    return _column(network, name).astype(np.float64)


def write_numbers(network: Network, name: str, values: Floats) -> None:
    """Set a number of every neuron, each by itself, also where it is tied."""
    _column(network, name)[:] = values


def _column(network: Network, name: str) -> NDArray[Any]:
    """The part of a column that holds the neurons of a network: once lowered, they are neighbours."""
    _, store, span = network._ready()
    column: NDArray[Any] = store[name]
    return column[int(span[FIRST]) : int(span[STOP])]

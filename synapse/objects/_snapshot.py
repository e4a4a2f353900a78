"""Copies of a network's context, of its weights and biases, and of all its numbers, that can be restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats
from ..engine.guard import InUse
from ..engine.schema import CONTEXT, FIRST, FLAG, GROUP, NONE, PLAN_CONTEXT, SAVED, STOP, of_kind
from ..engine.store import Store
from ..errors import TopologyError
from . import _ties
from ._saved import take_apart, take_over_rule
from .network import Network

Context = dict[str, NDArray[Any]]
"""Copies of all columns that ``clear`` resets."""


def read_context(network: Network) -> Context:
    """Return a copy of the context: states, activations, errors, traces and sensitivities."""
    _, store, _ = network._ready()
    return {name: column.copy() for name, column in _context_columns(network, store).items()}


def _context_columns(network: Network, store: Store) -> Context:
    columns = {name: store.columns[name] for name in CONTEXT}
    live = network._sensitivities
    plan = None if live is None else live.current(network) or live.plan
    if plan is not None:
        columns.update((name, plan.columns[name]) for name in PLAN_CONTEXT)
    return columns


def restore_context(network: Network, context: Context) -> None:
    """Restore a context; the topology must be the same."""
    columns = _context_columns(network, network._store)
    for name, values in context.items():
        if name in columns:  # the network may have lost its sensitivities
            columns[name][...] = values
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


def take_over(network: Network, twin: Network) -> None:
    """Copy all numbers of a copy, which has been trained in another process, into its original.

    Raises TopologyError, before anything changes, if the copy has another structure.
    """
    with InUse(network):
        _, store, _ = network._ready()
        _, other, _ = twin._ready()
        if not _are_alike(store, other):
            raise TopologyError(
                f"The structure of {network!r} differs from that of the copy trained in another process. "
                "Callbacks there must not edit it, and it must have a store of its own: use net.clone()."
            )
        if network._sensitivities is None and twin._sensitivities is not None:
            take_over_rule(network, take_apart(twin))
        if any((store[name] != other[name]).any() for name in _FLAGS):
            store.touch()  # what learns is another
        for name in (*_NUMBERS, *_FLAGS, "clock", *CONTEXT):
            store[name][...] = other[name]
        context = read_context(twin)
        restore_context(network, {name: context[name] for name in PLAN_CONTEXT if name in context})


def _are_alike(store: Store, other: Store) -> bool:
    """Whether two stores have the same rows, in the same order."""
    same = ("source", "target", "gater", "role", "position", "squash", *of_kind(GROUP), "influence_gated")
    return all(store[name].shape == other[name].shape for name in (*CONTEXT, *_NUMBERS)) and all(
        np.array_equal(store[name], other[name]) for name in same
    )


_FLAGS = tuple(column.name for column in SAVED if column.kind is FLAG)
_NUMBERS = tuple(column.name for column in SAVED if column.kind not in (FLAG, GROUP))
_OWN_NUMBERS = tuple(name for name in _NUMBERS if name not in CONTEXT)


class Numbers:
    """Copy of all numbers of a network: weights, biases, context and random streams.

    It can be restored as long as the structure is the same and the network is alone in its store.
    """

    def __init__(self, network: Network) -> None:
        _, store, _ = network._ready()
        self._store, self._version, self._columns = store, store.topology_version, dict[str, Any]()
        if len(network) == store.n_neurons:
            self._columns = {name: store[name].copy() for name in (*_OWN_NUMBERS, "clock")}
            self._context = read_context(network)

    def renewed(self, network: Network) -> Numbers:
        """The present numbers, in the memory of this copy if they fit there. The caller holds the network."""
        _, store, _ = network._ready()
        context = _context_columns(network, store)
        if not self.fits(network) or context.keys() != self._context.keys():
            return Numbers(network)
        for name, values in self._columns.items():
            np.copyto(values, store[name])
        for name, values in self._context.items():
            np.copyto(values, context[name])
        return self

    @classmethod
    def of(cls, network: Network, twin: Network | None) -> Numbers:
        """The numbers of a copy of a network, which can be restored in the network; without one, never."""
        found = cls(network if twin is None else twin)
        _, store, _ = network._ready()
        if twin is None or not _are_alike(store, found._store):
            found._columns = {}
        found._store, found._version = store, store.topology_version
        return found

    def fits(self, network: Network) -> bool:
        """Whether it can be restored."""
        store = network._store
        return bool(self._columns) and store is self._store and store.topology_version == self._version

    def restore(self, network: Network) -> None:
        """Restore all numbers, if it `fits`."""
        with InUse(network):
            for name, values in self._columns.items():
                network._store[name][...] = values
            restore_context(network, self._context)

    def learned(self, network: Network) -> bool:
        """Whether weights or biases have changed since."""
        if not self.fits(network):
            return True
        return any((self._columns[name] != network._store[name]).any() for name in ("weight", "bias"))

    @contextmanager
    def restored(self, network: Network) -> Iterator[None]:
        """Restore all numbers within the block."""
        with InUse(network):
            present = Numbers(network)
            self.restore(network)
            try:
                yield
            finally:
                present.restore(network)


class Snapshot:
    """Copy of the weights and biases of a network, which can be restored even after edits."""

    def __init__(self, network: Network) -> None:
        rows, self._store = network._connection_rows(), network._store
        self._identities = self._store["identity"][rows].astype(np.int64)
        self._weights = self._store["weight"][rows]
        self._neurons, self._biases = network.neurons, network.biases
        self._store.followers.add(self)

    def arrays(self, network: Network) -> tuple[Floats, Floats]:
        """The values by connection and by neuron of the present network; NaN where there is none."""
        with InUse(self):
            identities = network._store["identity"][network._connection_rows()].astype(np.int64)
            table = np.full(network._store.n_identities, np.nan, self._weights.dtype)
            there = self._identities != NONE
            table[self._identities[there]] = self._weights[there]
            biases = dict(zip(self._neurons, self._biases.tolist(), strict=True))
            return table[identities], np.array([biases.get(neuron, np.nan) for neuron in network])

    @classmethod
    def of(cls, network: Network, weights: Floats, biases: Floats) -> Snapshot:
        """Make a snapshot of a network from the result of :meth:`arrays`."""
        found = cls(network)
        has, own = ~np.isnan(weights), ~np.isnan(biases)
        found._identities, found._weights = found._identities[has], weights[has].astype(network.dtype)
        found._neurons = [neuron for neuron, there in zip(found._neurons, own, strict=True) if there]
        found._biases = biases[own].astype(network.dtype)
        return found

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store, which has been absorbed by another."""
        self._store = store
        self._identities[self._identities != NONE] += offset

    def _renumbered(self, new: NDArray[np.uint32]) -> None:
        """Take over new identities of the connections."""
        self._identities = new[np.minimum(self._identities, len(new) - 1)].astype(np.int64)

    def restore(self) -> None:
        """Restore the weights and biases of connections and neurons that still exist."""
        with InUse(self):
            store = self._store
            rows = np.append(store.row_of[: store.n_identities], NONE)
            rows = rows[np.minimum(self._identities, store.n_identities)]
            _ties.assign_first(store, "weight", rows[rows != NONE], self._weights[rows != NONE])
            rows = np.array([neuron._row for neuron in self._neurons])
            _ties.assign_first(store, "bias", rows[rows >= 0], self._biases[rows >= 0])


def read_numbers(network: Network, name: str) -> Floats:
    """Return a column of the neurons in the order of activation, as a float64 copy."""
    return _column(network, name).astype(np.float64)


def write_numbers(network: Network, name: str, values: Floats) -> None:
    """Set a column of the neurons, without regard to ties."""
    _column(network, name)[:] = values


def _column(network: Network, name: str) -> NDArray[Any]:
    """Return the part of a column for the neurons of a network; after lowering they are neighbours."""
    _, store, span = network._ready()
    column: NDArray[Any] = store[name]
    return column[int(span[FIRST]) : int(span[STOP])]

"""Copies of a network's values, as clones or as snapshots that can be restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._typing import Floats, Ints
from ..engine import schema
from ..engine.follower import IdentityArray
from ..engine.locking import ExclusiveAccess
from ..engine.records import Span
from ..engine.schema import GROUP, NONE, SAVED
from ..engine.store import Store
from ..errors import TopologyError
from . import parameters
from .architectures import describe, instance_of
from .layer import layers_of
from .network import Network
from .neuron import Neuron
from .saved import SavedNetwork, own_column, take_over_rule
from .saved_rule import copy_rule


def copied(network: Network) -> Network:
    """Return a copy of a network. A whole store is copied column by column with its
    program, and any other network as if it was written to a file and read again.
    """
    with ExclusiveAccess(network):
        store = network._store
        store.ensure_lowered()
        alone = len(network) == store.n_neurons and network._sensitivities is None
        if not alone or not _is_as_saved(store):
            clone = SavedNetwork.of(network, "cloned", rule=False).network()
            clone._made = network._made
            copy_rule(network, clone)
            return clone
        # in the order of activation
        neurons = [Neuron.__new__(Neuron) for _ in store.handles]
        layers = layers_of(
            neurons, [(layer.name, len(layer)) for layer in network.layers]
        )
        copy = store.copied(neurons)
        clone = instance_of(describe(network), layers)
        clone._copy_from(network, layers, copy)
        copy_rule(network, clone)
        return clone


def _is_as_saved(store: Store) -> bool:
    """Return whether a file would have the same values, because groups are numbered
    from 1 on and all values are finite.
    """
    groups = [
        column for column in SAVED if column.kind is GROUP and store[column.name].any()
    ]
    traces = (store[column.name] for column in schema.TRACES)
    values = store.blocks[0][:, : store.n_neurons], store["weight"], *traces
    return all(np.isfinite(array).all() for array in values) and all(
        np.array_equal(own_column(store, column, slice(None)), store[column.name])
        for column in groups
    )


def set_numbers(
    network: Network, weights: tuple[Ints, Floats], biases: tuple[Ints, Floats]
) -> None:
    """Set weights and biases by their numbers. If tied ones differ, ArgumentError is
    raised and nothing changes.
    """
    with ExclusiveAccess(network):
        rows = network._connection_rows()[weights[0]], network._rows()[biases[0]]
        for set_them in (parameters.require_agreement, parameters.assign):
            set_them(network._store, "weight", rows[0], weights[1])
            set_them(network._store, "bias", rows[1], biases[1])


# --- copies in memory, which can be restored ------------------------------------------


Context = dict[str, NDArray[Any]]
"""Copies of all columns that ``clear`` resets."""


def read_context(network: Network) -> Context:
    """Return a copy of the context, which includes states, activations, errors, traces
    and sensitivities.
    """
    _, store, _ = network._lowered()
    unused = () if store["kept_stamp"].any() else schema.KEPT
    return {
        name: column.copy()
        for name, column in _context_columns(network, store).items()
        if name not in unused
    }


def _context_columns(network: Network, store: Store) -> Context:
    counting = (column.name for column in schema.COUNTING)  # as if nothing had happened
    columns = {name: store.columns[name] for name in (*schema.CONTEXT, *counting)}
    live = network._sensitivities
    plan = None if live is None else live.current(network) or live.plan
    if network._plastic is not None:
        network._plastic.ready(network)
        columns.update(network._plastic.context())
    if plan is not None:
        columns.update((name, plan.columns[name]) for name in schema.PLAN_CONTEXT)
    return columns


def restore_context(network: Network, context: Context) -> None:
    """Restore a context, provided that the topology is the same."""
    columns = _context_columns(network, network._store)
    for name, values in context.items():
        if name in columns:  # the network may have lost its sensitivities
            columns[name][...] = values
    if network._store.recorder is not None:
        network._store.recorder.step_over()


@contextmanager
def preserved_context(network: Network) -> Iterator[None]:
    """Restore the context of a network at the end of the block."""
    with ExclusiveAccess(network):
        context = read_context(network)
        try:
            yield
        finally:
            restore_context(network, context)


@contextmanager
def deterministic(network: Network) -> Iterator[None]:
    """Make random neurons output their means within the block."""
    with ExclusiveAccess(network):
        _, store, span = network._lowered()  # rows are sorted
        rows = slice(int(span[Span.START]), int(span[Span.STOP]))
        before = store["deterministic"][rows].copy()
        store["deterministic"][rows] = True
        try:
            yield
        finally:
            store["deterministic"][rows] = before


def take_over(network: Network, clone: Network) -> None:
    """Copy all values from a copy that was trained in another process into its
    original.

    Raises TopologyError before anything changes if the copy has another structure.
    """
    if clone is network:
        return
    with ExclusiveAccess(network):
        _, store, _ = network._lowered()
        _, other, _ = clone._lowered()
        if not _are_alike(store, other):
            raise TopologyError(
                f"The structure of {network!r} differs from that of the copy trained in"
                " another process. Callbacks there must not edit it, and it must have"
                " a store of its own: use net.clone()."
            )
        if network._sensitivities is None and clone._sensitivities is not None:
            take_over_rule(network, SavedNetwork.of(clone))
        if any((store[name] != other[name]).any() for name in _FLAGS):
            store.touch_learning()  # what learns is another
        for name in (*_NUMBERS, *_FLAGS, "clock", *schema.CONTEXT):
            store[name][...] = other[name]
        context = read_context(clone)
        restore_context(
            network,
            {name: context[name] for name in schema.PLAN_CONTEXT if name in context},
        )
        if network._plastic is not None and clone._plastic is not None:
            network._plastic.take_over(network, clone._plastic)


def _are_alike(store: Store, other: Store) -> bool:
    """Return whether two stores have the same rows, in the same order."""
    same = (
        "source",
        "target",
        "gate",
        "delay",
        "role",
        "position",
        "squash",
        *schema.of_kind(GROUP),
        "influence_gated",
    )
    return all(
        store[name].shape == other[name].shape for name in (*schema.CONTEXT, *_NUMBERS)
    ) and all(np.array_equal(store[name], other[name]) for name in same)


_FLAGS = tuple(column.name for column in SAVED if column.kind is schema.FLAG)
_NUMBERS = tuple(
    column.name for column in SAVED if column.kind not in (schema.FLAG, GROUP)
)


class Snapshot(IdentityArray):
    """Copy of a network's weights and biases that can be restored even after edits."""

    def __init__(self, network: Network) -> None:
        rows = network._connection_rows()
        self._store = network._store
        self._identities = self._store["identity"][rows].astype(np.int64)
        self._weights = self._store["weight"][rows]
        self._neurons = network.neurons
        self._biases = network.biases
        self._store.follow(self)

    def arrays(self, network: Network) -> tuple[Floats, Floats]:
        """Return the values by connection and by neuron of the present network, or NaN
        where no value is stored.
        """
        with ExclusiveAccess(self):
            identities = network._store["identity"][network._connection_rows()].astype(
                np.int64
            )
            table = np.full(network._store.n_identities, np.nan, self._weights.dtype)
            there = self._identities != NONE
            table[self._identities[there]] = self._weights[there]
            biases = dict(zip(self._neurons, self._biases.tolist(), strict=True))
            return table[identities], np.array(
                [biases.get(neuron, np.nan) for neuron in network]
            )

    @classmethod
    def of(cls, network: Network, weights: Floats, biases: Floats) -> Snapshot:
        """Make a snapshot of a network from a result of :meth:`arrays`."""
        snapshot = cls(network)
        has = ~np.isnan(weights)
        has_bias = ~np.isnan(biases)
        snapshot._identities, snapshot._weights = (
            snapshot._identities[has],
            weights[has].astype(network.dtype),
        )
        snapshot._neurons = [
            neuron
            for neuron, there in zip(snapshot._neurons, has_bias, strict=True)
            if there
        ]
        snapshot._biases = biases[has_bias].astype(network.dtype)
        return snapshot

    def _moved(self, store: Store, offset: int) -> None:
        """Follow the store, which another store has absorbed."""
        super()._moved(store, offset)
        self._store = store

    def restore(self) -> None:
        """Restore the weights and biases of connections and neurons that still
        exist.
        """
        with ExclusiveAccess(self):
            store = self._store
            rows = np.append(store.row_of[: store.n_identities], NONE)
            rows = rows[np.minimum(self._identities, store.n_identities)]
            parameters.assign_first(
                store, "weight", rows[rows != NONE], self._weights[rows != NONE]
            )
            rows = np.array([neuron._row for neuron in self._neurons])
            parameters.assign_first(
                store, "bias", rows[rows >= 0], self._biases[rows >= 0]
            )


def read_numbers(network: Network, name: str) -> Floats:
    """Return a column of the neurons in the order of activation, as a float64 copy."""
    _, store, span = network._lowered()  # after lowering they are neighbours
    return store[name][int(span[Span.START]) : int(span[Span.STOP])].astype(np.float64)

"""Which sensitivities a network keeps, and where they are: pairs of a parameter and a recurrent neuron."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._checks import expected
from .._typing import Floats, Ints
from ..engine.guard import InUse
from ..engine.lowering.changes import spans
from ..engine.reach import Plan
from ..engine.schema import ENDED, INPUTS, NONE, STOP, TURN_HALF
from ..errors import ArgumentError
from .connection import Connection
from .network import Network
from .neuron import Neuron


class SensitivityMatrix(NamedTuple):
    """All sensitivities of a network: a row for each recurrent neuron, a column for each parameter."""

    rows: Ints  # recurrent neurons, by their number in the network
    owners: Ints  # by column: the neuron that the parameter leads into; ascending
    values: Floats  # NaN: not kept


def sensitivity_matrix(network: Network) -> SensitivityMatrix:
    """Read the sensitivities of a network, or raise ArgumentError if it keeps none."""
    with InUse(network):
        plan = require_plan(network)
        layout = plan.layout
        counts = _parameters_into(plan)
        owners = np.repeat(np.arange(len(counts)), counts)
        offset = spans(np.zeros(len(counts), np.int64), counts)
        root, which = np.ix_(np.arange(len(layout.roots)), layout.class_of)
        line = layout.line_of(*np.broadcast_arrays(which, root))[:, owners]
        kept = np.flatnonzero(layout.class_of[owners] >= 0)
        column = np.zeros(len(owners), np.int64)
        column[kept] = layout.column[layout.direct_at[owners[kept]] + offset[kept]]
        values = np.full(line.shape, np.nan)
        there = line >= 0
        at = (np.append(layout.line_at, 0)[line] + column)[there]
        values[there] = present_half(plan)[at]
        return SensitivityMatrix(layout.roots, owners, values)


class KeptPairs:
    """The pairs of some connections and the neurons whose states keep a sensitivity to their weights.

    Raises ArgumentError if the network keeps none. `pairs` are numbers of connections, with neurons.
    """

    def __init__(self, network: Network, connections: Sequence[Connection]) -> None:
        with InUse(network):
            plan = require_plan(network)
            roots, neurons = plan.layout.roots, network.neurons
            rows = np.array([connection._at for connection in connections], np.int64)
            every = np.repeat(rows, len(roots)), np.tile(roots + plan.layout.first, len(rows))
            places = places_of(plan, *every).reshape(len(rows), len(roots))
        connection, root = np.nonzero(places != ENDED)
        self.pairs = [(c, neurons[r]) for c, r in zip(connection.tolist(), roots[root].tolist(), strict=True)]
        self._network, self._places = network, places[connection, root]

    def read(self) -> Floats:
        """The sensitivities of the latest step; the topology is still the same."""
        with InUse(self._network):
            return present_half(require_plan(self._network))[self._places].astype(np.float64)


def places_of(plan: Plan, rows: Ints, neurons: Ints) -> NDArray[np.uint64]:
    """The places in a half of the sensitivities of pairs of a connection and a neuron, by rows in the store.

    ENDED for pairs that are not kept, as those whose connection (NONE) or neuron (-1) has been removed.
    """
    layout, store = plan.layout, plan.store
    found = np.full(len(rows), ENDED, np.uint64)
    there = np.flatnonzero((rows != NONE) & np.isin(neurons - layout.first, layout.roots))
    rows, roots = rows[there], np.searchsorted(layout.roots, neurons[there] - layout.first)
    target = store["target"][rows].astype(np.int64)
    offset = rows - store.columns["first_incoming"][target]
    owner = np.where(offset < store.columns["learning"][target], target - layout.first, -1)
    line = layout.line_of(np.append(layout.class_of, -1)[owner], roots)
    kept = np.flatnonzero(line >= 0)
    entry = layout.direct_at[owner[kept]] + offset[kept]
    found[there[kept]] = layout.line_at[line[kept]] + layout.column[entry]
    return found


def require_plan(network: Network) -> Plan:
    """Return the plan of the sensitivities that a network keeps, or raise ArgumentError."""
    kept = network._sensitivities
    if kept is None:
        advice = 'Set network.learning_rule = "rtrl", or train it by method="rtrl".'
        raise ArgumentError(expected("What ", "a network that keeps sensitivities", network, advice))
    plan = kept.ready(network)
    if not kept.in_step:
        kept.forget()
    return plan


def network_in_step(neuron: Neuron) -> Network | None:
    """The network of a neuron if its latest step was by rtrl, else None."""
    network: Network | None = neuron._store.network_at(neuron._row)
    kept = None if network is None else network._sensitivities
    return network if kept is not None and kept.in_step else None


def present_half(plan: Plan) -> Floats:
    """The sensitivities of the latest step."""
    size, half = plan.layout.size, int(plan.columns["turn"][TURN_HALF])
    return np.asarray(plan.columns["sensitivity"][half * size : (half + 1) * size])


def _parameters_into(plan: Plan) -> Ints:
    """Number of trainable parameters into each neuron of a network."""
    store, first, stop = plan.store, plan.layout.first, int(plan.span[STOP])
    counts = store.columns["learning"][first:stop].astype(np.int64) + store["trainable_bias"][first:stop]
    counts[: int(plan.span[INPUTS])] = 0
    return np.asarray(counts)

"""Which sensitivities a network keeps, and where they are: pairs of a parameter and a recurrent neuron."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._checks import expected
from ._typing import Floats, Ints
from .engine.guard import InUse
from .engine.lowering.changes import spans
from .engine.reach import Plan
from .engine.schema import INPUTS, STOP, TURN_HALF
from .errors import ArgumentError
from .network import Network


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


def require_plan(network: Network) -> Plan:
    """Return the plan of the sensitivities that a network keeps, or raise ArgumentError."""
    kept = network._sensitivities
    if kept is None:
        advice = 'Set network.learning_rule = "rtrl", or train it by method="rtrl".'
        raise ArgumentError(expected("What ", "a network that keeps sensitivities", network, advice))
    plan = kept.ready(network)
    if not kept._in_step:
        kept.forget()
    return plan


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

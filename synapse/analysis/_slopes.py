"""Slopes: how a small change travels through a network, within a step and from step to step.

The equations of the guide's page "The equations", differentiated. Of the state of neuron j::

    ds_j = g_jj w_jj ds_j(old) + sum_i (g_ij w_ij dy_i + w_ij y_i dg_ij),   dy_j = f'_j ds_j

where dy of a later source, and dg of a later gater, are those of the step before. Both kinds of
terms are `links` here: a neuron whose activation moves a state, and by how much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._typing import Bools, Floats, Ints
from ..errors import TopologyError
from ..topology import Topology
from ._steps import Steps


@dataclass(frozen=True, eq=False)
class Patch:
    """Some links, as the matrix of those neurons that they lead to and come from."""

    links: Ints
    targets: Ints
    sources: Ints
    place: Ints

    @classmethod
    def of(cls, links: Ints, source: Ints, target: Ints) -> Patch:
        """The patch of these of all links."""
        targets, row = np.unique(target[links], return_inverse=True)
        sources, column = np.unique(source[links], return_inverse=True)
        return cls(links, targets, sources, row * len(sources) + column)

    def matrix(self, strength: Floats) -> Floats:
        """Its matrix, shape (targets, sources), from the strengths of all links."""
        size = len(self.targets) * len(self.sources)
        flat: Floats = np.bincount(self.place, strength[self.links], minlength=size).astype(np.float64)
        return flat.reshape(len(self.targets), len(self.sources))


class Slopes:
    """The derivatives of a network's steps, taken backwards: from what is asked to what moves it."""

    def __init__(self, table: Topology) -> None:
        self.table = table
        source, target, self._which = _links(table)
        starts = _block_starts(table, source, target)
        late = source >= target
        self._late = Patch.of(np.flatnonzero(late), source, target)
        self._blocks = list(zip(starts, [*starts[1:], table.neurons], strict=True))
        self._patches = _patches(self._blocks, source, target, ~late)
        self._softmax = np.flatnonzero(table.softmax)
        self._groups = np.split(self._softmax, np.flatnonzero(np.diff(self._softmax) > 1) + 1)

    def back(self, step: Steps, y: Floats, s: Floats) -> tuple[Floats, Floats]:
        """One step backwards: what the step before has to start with, both of shape (k, neurons).

        `y` and `s` are the derivatives of k quantities by the activations and by the states of this `step`,
        as later steps and the quantities themselves use these. Added to in place: they then hold the whole.
        """
        strength, carry = self._strength(step)
        derivative = step.derivative[0].copy()
        derivative[: self.table.inputs] = 0.0  # clamped
        derivative[self._softmax] = 0.0  # each output of a group moves all
        for (first, stop), patch in zip(reversed(self._blocks), reversed(self._patches), strict=True):
            block = slice(first, stop)
            s[:, block] += y[:, block] * derivative[block]
            self._back_softmax(step.activation[0], first, stop, y, s)
            y[:, patch.sources] += s[:, patch.targets] @ patch.matrix(strength)
        before = np.zeros_like(y)
        before[:, self._late.sources] = s[:, self._late.targets] @ self._late.matrix(strength)
        return before, s * carry

    def _back_softmax(self, activation: Floats, first: int, stop: int, y: Floats, s: Floats) -> None:
        """Outputs that are normalised together: dy_j = y_j (ds_j - sum_i y_i ds_i)."""
        for group in self._groups:
            if len(group) and first <= group[0] < stop:
                part = y[:, group] * activation[group]
                s[:, group] += part - part.sum(axis=1, keepdims=True) * activation[group]

    def _strength(self, step: Steps) -> tuple[Floats, Floats]:
        """How far each link moves a state, and the part of each state that carries over."""
        table = self.table
        gained = step.gains(table)[0] * table.weight
        carry = np.zeros(table.neurons)
        carry[table.target[table.self_connected]] = gained[table.self_connected]
        carry[: table.inputs] = 0.0
        return np.concatenate([gained, step.carried(table)[0] * table.weight])[self._which], carry


def _links(table: Topology) -> tuple[Ints, Ints, Ints]:
    """Who moves whose state: sources, then gaters; clamped targets left out."""
    free = table.target >= table.inputs
    weighed, gated = np.flatnonzero(free & ~table.self_connected), np.flatnonzero(free & table.gated)
    source = np.concatenate([table.source[weighed], table.gater[gated]])
    target = np.concatenate([table.target[weighed], table.target[gated]])
    return source, target, np.concatenate([weighed, gated + len(table.source)])


def _block_starts(table: Topology, source: Ints, target: Ints) -> list[int]:
    """Where a neuron is moved by one since the last start, a new block starts; one does at the outputs."""
    latest = np.full(table.neurons, -1)
    early = source < target
    np.maximum.at(latest, target[early], source[early])
    starts, output = [0], table.neurons - table.outputs
    for j, last in enumerate(latest.tolist()):
        if last >= starts[-1] or j in (table.inputs, output):
            starts.append(j)
    if table.softmax.any() and starts[-1] > output:
        raise TopologyError(
            "Softmax outputs that move each other within a step have no slopes to follow. "
            "Disconnect them from each other."
        )
    return starts


def _patches(blocks: list[tuple[int, int]], source: Ints, target: Ints, chosen: Bools) -> list[Patch]:
    """The chosen links into each block."""
    links = np.flatnonzero(chosen)
    links = links[np.argsort(target[links], kind="stable")]
    cuts = np.searchsorted(target[links], [first for first, _ in blocks[1:]])
    return [Patch.of(part, source, target) for part in np.split(links, cuts)]

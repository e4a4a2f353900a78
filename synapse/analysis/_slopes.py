"""Derivatives of a network's steps: how a small change propagates within a step and from step to step.

These are the derivatives of the equations on the page "The equations". For the state of neuron j::

    ds_j = g_jj w_jj ds_j(old) + sum_i (g_ij w_ij dy_i + w_ij y_i dg_ij),   dy_j = f'_j ds_j

where dy and dg of a delayed source or gater are those of the previous step. This module calls both kinds of
terms `links`: a neuron whose activation affects a state, and the derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._typing import Bools, Floats, Ints
from ..errors import TopologyError
from ..objects.topology import Topology, is_delayed
from ._steps import Steps


@dataclass(frozen=True, eq=False)
class Patch:
    """Some links, as a matrix of the neurons they lead to and come from."""

    links: Ints
    targets: Ints
    sources: Ints
    place: Ints

    @classmethod
    def of(cls, links: Ints, source: Ints, target: Ints) -> Patch:
        """Make the patch of the chosen links."""
        targets, row = np.unique(target[links], return_inverse=True)
        sources, column = np.unique(source[links], return_inverse=True)
        return cls(links, targets, sources, row * len(sources) + column)

    def matrix(self, strength: Floats) -> Floats:
        """The matrix of the patch, shape (targets, sources), from the derivatives of all links."""
        size = len(self.targets) * len(self.sources)
        flat: Floats = np.bincount(self.place, strength[self.links], minlength=size).astype(np.float64)
        return flat.reshape(len(self.targets), len(self.sources))


class Slopes:
    """The derivatives of a network's steps in reverse mode: from chosen quantities back to their causes."""

    def __init__(self, table: Topology) -> None:
        self.table = table
        source, target, self._which = _links(table)
        starts = _block_starts(table, source, target)
        delayed = is_delayed(source, target)
        self._delayed = Patch.of(np.flatnonzero(delayed), source, target)
        self._blocks = list(zip(starts, [*starts[1:], table.neurons], strict=True))
        self._patches = _patches(self._blocks, source, target, ~delayed)
        self._softmax = np.flatnonzero(table.softmax)
        self._groups = np.split(self._softmax, np.flatnonzero(np.diff(self._softmax) > 1) + 1)

    def back(self, step: Steps, y: Floats, s: Floats) -> tuple[Floats, Floats]:
        """Go back one step; returns the derivatives with which the previous step starts, both (k, neurons).

        `y` and `s` are the derivatives of k quantities with respect to the activations and the states of this
        `step`, by way of later steps and directly. The method completes them in place.
        """
        strength, carry = self._strength(step)
        derivative = step.derivative[0].copy()
        derivative[self._softmax] = 0.0  # each state of a group affects all its outputs
        for (first, stop), patch in zip(reversed(self._blocks), reversed(self._patches), strict=True):
            block = slice(first, stop)
            s[:, block] += y[:, block] * derivative[block]
            self._back_softmax(step.activation[0], first, stop, y, s)
            y[:, patch.sources] += s[:, patch.targets] @ patch.matrix(strength)
        before = np.zeros_like(y)
        before[:, self._delayed.sources] = s[:, self._delayed.targets] @ self._delayed.matrix(strength)
        return before, s * carry

    def _back_softmax(self, activation: Floats, first: int, stop: int, y: Floats, s: Floats) -> None:
        """Softmax outputs, normalised together: dy_j = y_j (ds_j - sum_i y_i ds_i)."""
        for group in self._groups:
            if len(group) and first <= group[0] < stop:
                part = y[:, group] * activation[group]
                s[:, group] += part - part.sum(axis=1, keepdims=True) * activation[group]

    def _strength(self, step: Steps) -> tuple[Floats, Floats]:
        """The derivative of each link, and the factor by which each state carries over."""
        table = self.table
        gained = step.gains(table)[0] * table.weight
        carry = np.zeros(table.neurons)
        carry[table.target[table.self_connected]] = gained[table.self_connected]
        carry[: table.inputs] = 0.0
        return np.concatenate([gained, step.carried(table)[0] * table.weight])[self._which], carry


def _links(table: Topology) -> tuple[Ints, Ints, Ints]:
    """The links, first those of sources, then those of gaters, without clamped targets."""
    free = table.target >= table.inputs
    weighed, gated = np.flatnonzero(free & ~table.self_connected), np.flatnonzero(free & table.gated)
    source = np.concatenate([table.source[weighed], table.gater[gated]])
    target = np.concatenate([table.target[weighed], table.target[gated]])
    return source, target, np.concatenate([weighed, gated + len(table.source)])


def _block_starts(table: Topology, source: Ints, target: Ints) -> list[int]:
    """Starts of blocks: a block ends before a neuron that depends on one inside it, and at the outputs."""
    latest = np.full(table.neurons, -1)
    early = ~is_delayed(source, target)
    np.maximum.at(latest, target[early], source[early])
    starts, output = [0], table.neurons - table.outputs
    for j, last in enumerate(latest.tolist()):
        if last >= starts[-1] or j == output:
            starts.append(j)
    if table.softmax.any() and starts[-1] > output:
        raise TopologyError(
            "Derivatives are not available for softmax outputs that affect each other within a step. "
            "Disconnect them from each other."
        )
    return starts


def _patches(blocks: list[tuple[int, int]], source: Ints, target: Ints, chosen: Bools) -> list[Patch]:
    """Split the chosen links by the block of their targets."""
    links = np.flatnonzero(chosen)
    links = links[np.argsort(target[links], kind="stable")]
    cuts = np.searchsorted(target[links], [first for first, _ in blocks[1:]])
    return [Patch.of(part, source, target) for part in np.split(links, cuts)]

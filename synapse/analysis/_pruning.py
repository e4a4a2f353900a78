"""Pruning: remove the least important connections, and measure the loss before and
after.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import boolean, choice, from_0_to_1, pluralize, suggests_arguments
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..learning import Trainer
from ..objects.network import Network
from ..objects.topology import Topology
from ._contribution import ReverseSteps, identity_of_outputs
from ._steps import run_steps, topology_of


@dataclass(frozen=True, eq=False)
class Pruned:
    """The pruned network with the removed connections, as returned by :func:`prune`.

    Attributes
    ----------
    network : Network
        The new network.
    removed : ndarray, shape (k, 2)
        Source and target of each removed connection, as numbers of neurons.
    spared : int
        Number of connections that were not removed because a neuron would become
        unreachable.
    loss_before, loss_after : float or None
        Mean cost of the original network and of the new one, or None without targets.
    """

    network: Network
    removed: Ints
    spared: int
    loss_before: float | None
    loss_after: float | None

    def __repr__(self) -> str:
        removed = pluralize(len(self.removed), "connection")
        losses = ""
        if self.loss_before is not None:
            losses = f", loss {self.loss_before:.4g} -> {self.loss_after:.4g}"
        return f"<Pruned, {removed} removed, {self.spared} spared{losses}>"


@suggests_arguments("prune")
def prune(
    network: Network,
    inputs: ArrayLike | None = None,
    targets: ArrayLike | None = None,
    *,
    fraction: float = 0.5,
    by: Annotated[
        Literal["magnitude", "contribution"],
        partial(choice, options=("magnitude", "contribution")),
    ] = "magnitude",
    keep_reached: Annotated[bool, boolean] = True,
) -> Pruned:
    """Clone a network without its least important connections.

    Self-connections and connections that are not trainable are never removed.

    Parameters
    ----------
    network : Network
        The network, which is not changed.
    inputs, targets : array_like, shape (T, n) and (T, m), optional
        A sequence, run from a cleared context (or samples, for a network without
        memory). With both, losses are computed. Contributions need the inputs, which
        without targets count for nothing else.
    fraction : float
        Fraction of the removable connections to remove, from 0 to 1.
    by : {"magnitude", "contribution"}
        The importance of a connection. ``"magnitude"`` is the absolute weight.
        ``"contribution"`` estimates, to first order, how far the outputs move if the
        input that the connection adds to its target in one step, g_ij w_ij y_i, is
        removed. It multiplies the absolute value of that input by the absolute
        derivatives of each output's sum over this and all later steps with respect to
        the target's state, and sums over outputs and steps.
    keep_reached : bool
        Whether every neuron that is reachable from the inputs stays reachable, along
        the path of its most important connections.

    Returns
    -------
    Pruned
        The new network (a clone with the same context) and the removed connections.

    Raises
    ------
    ArgumentError
        If `fraction` or `by` cannot be used, or if required inputs are missing.
    TopologyError
        If the network is connected with neurons outside of it.

    Examples
    --------
    >>> import architect
    >>> net = architect.Perceptron(2, 4, 1, seed=0)
    >>> prune(net, [[0, 1], [1, 0]], [[1], [0]], fraction=0.5).network
    <Perceptron 2-4-1, 7 neurons, 6 connections>
    """
    fraction = from_0_to_1("fraction of connections to prune", fraction)
    if inputs is None and (targets is not None or by == "contribution"):
        raise ArgumentError(
            "Expected inputs for targets and contributions, got none. Pass inputs=,"
            " shape (T, n)."
        )
    table = topology_of(network)._require_closed("pruned")
    score = np.abs(table.weight)
    if inputs is not None and by == "contribution":
        score = _contributions(network, table, inputs)

    removable = table.trainable & ~table._self_connected
    count = round(fraction * int(removable.sum()))
    if keep_reached:
        # Connections that stay in any case are used for the paths before all others.
        lifelines = _lifelines(table, np.where(removable, score, np.inf))
        removable = removable & ~lifelines
    candidates = np.flatnonzero(removable)
    by_score = candidates[np.argsort(score[candidates], stable=True)]
    chosen = np.sort(by_score[:count])

    clone = network.clone()
    loss_before = _loss(network, inputs, targets)
    clone._disconnect(chosen)
    loss_after = _loss(clone, inputs, targets)
    removed = np.stack([table.source[chosen], table.target[chosen]], axis=1)
    return Pruned(clone, removed, count - len(chosen), loss_before, loss_after)


def _loss(
    network: Network, inputs: ArrayLike | None, targets: ArrayLike | None
) -> float | None:
    """Return the mean cost of a clone from a cleared context, or None without
    targets.
    """
    if targets is None:
        return None
    clone = network.clone()
    clone.clear()
    return float(Trainer(clone).test(inputs, targets).loss)


def _contributions(network: Network, table: Topology, inputs: ArrayLike) -> Floats:
    """Return the first-order effect of each connection on the outputs."""
    steps = run_steps(network, inputs)
    slopes = ReverseSteps(table, table.outputs)
    added = np.abs(steps.gains(table) * table.weight * steps.carried(table))
    score = np.zeros(len(table.weight))
    for t in reversed(range(len(added))):
        slopes.y += identity_of_outputs(table)
        _, s = slopes.back(steps.at(t))
        score += added[t] * np.abs(s).sum(axis=0)[table.target]
    return score


def _lifelines(table: Topology, score: Floats) -> Bools:
    """Return the connections of a spanning forest from the inputs with the highest
    scores (Prim's algorithm).
    """
    # Connections by source: those of neuron j are links[starts[j] : starts[j + 1]].
    order = np.argsort(table.source, stable=True)
    starts = np.searchsorted(table.source[order], np.arange(table.neurons + 1)).tolist()
    links = order.tolist()
    target = table.target.tolist()

    # Python's heap has the smallest on top; scores are negated to get the highest.
    cost = (-score).tolist()
    reached = [j < table.inputs for j in range(table.neurons)]
    open_links = [(cost[c], c) for c in links[: starts[table.inputs]]]
    heapq.heapify(open_links)
    chosen = np.zeros(len(score), bool)
    unreached = table.neurons - table.inputs
    while open_links and unreached:
        _, c = heapq.heappop(open_links)
        j = target[c]
        if not reached[j]:
            reached[j] = chosen[c] = True
            unreached -= 1
            for leaving in links[starts[j] : starts[j + 1]]:
                heapq.heappush(open_links, (cost[leaving], leaving))
    return chosen

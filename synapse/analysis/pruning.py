"""Pruning: remove the least important connections, and measure the loss before and
after.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._checks import boolean, choice, counted, from_0_to_1
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..learning import Trainer
from ..objects.network import Network
from ..objects.topology import Topology
from ._steps import run_steps, topology_of
from .contribution import Slopes, identity_of_outputs


@dataclass(frozen=True, eq=False)
class Pruned:
    """The result of :func:`prune`.

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
        Mean cost of the original and of the new network; None without targets.
    """

    network: Network
    removed: Ints
    spared: int
    loss_before: float | None
    loss_after: float | None

    def __repr__(self) -> str:
        losses = (
            ""
            if self.loss_before is None
            else f", loss {self.loss_before:.4g} -> {self.loss_after:.4g}"
        )
        return (
            f"<Pruned, {counted(len(self.removed), 'connection')} removed,"
            f" {self.spared} spared{losses}>"
        )


def prune(
    network: Network,
    share: float = 0.5,
    by: str = "magnitude",
    inputs: ArrayLike | None = None,
    targets: ArrayLike | None = None,
    *,
    keep_reached: bool = True,
) -> Pruned:
    """Clone a network without its least important connections.

    Self-connections and connections that are not trainable are never removed.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    share : float
        Fraction of the removable connections to remove, from 0 to 1.
    by : {"magnitude", "contribution"}
        The importance of a connection. ``"magnitude"`` is the absolute weight.
        ``"contribution"`` estimates, to first order, how far the outputs move if the
        input that the connection adds to its target in one step, g_ij w_ij y_i, is
        removed. It is the absolute value of that input times the sum, over the outputs,
        of the absolute derivatives of their sum over this and all later steps with
        respect to the target's state, summed over the steps.
    inputs, targets : array_like, shape (T, n) and (T, m), optional
        A sequence, run from a cleared context (or samples, for a network without
        memory). With both, losses are computed. Contributions need the inputs.
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
        If `share` or `by` cannot be used, or if required inputs are missing.
    TopologyError
        If the network is connected with neurons outside of it.

    Examples
    --------
    >>> import architect
    >>> net = architect.Perceptron(2, 4, 1, seed=0)
    >>> prune(net, 0.5, inputs=[[0, 1], [1, 0]], targets=[[1], [0]]).network
    <Perceptron 2-4-1, 7 neurons, 6 connections>
    """
    share = from_0_to_1("The share of connections to prune", share)
    choice("What pruning goes by", by, ("magnitude", "contribution"))
    boolean("The keep_reached", keep_reached)
    if inputs is None and (targets is not None or by == "contribution"):
        raise ArgumentError(
            "Expected inputs for losses and contributions, got none. Give inputs=,"
            " shape (T, n)."
        )
    table = topology_of(network)
    score = np.abs(table.weight)
    if inputs is not None and by == "contribution":
        score = _contributions(network, table, inputs)
    may_go = table.trainable & ~table.self_connected
    asked = round(share * int(may_go.sum()))
    if keep_reached:
        may_go = may_go & ~_lifelines(table, np.where(may_go, score, np.inf))
    candidates = np.flatnonzero(may_go)
    chosen = np.sort(candidates[np.argsort(score[candidates], kind="stable")][:asked])
    twin = network.clone()
    before = _loss(network, inputs, targets)
    twin._disconnect(chosen)
    removed = np.stack([table.source[chosen], table.target[chosen]], axis=1)
    return Pruned(
        twin, removed, asked - len(chosen), before, _loss(twin, inputs, targets)
    )


def _loss(
    network: Network, inputs: ArrayLike | None, targets: ArrayLike | None
) -> float | None:
    """Mean cost of a clone from a cleared context; None without targets."""
    if targets is None:
        return None
    twin = network.clone()
    twin.clear()
    return float(Trainer(twin).test(inputs, targets).error)


def _contributions(network: Network, table: Topology, inputs: ArrayLike) -> Floats:
    """First-order effect of each connection on the outputs."""
    steps = run_steps(network, inputs)
    slopes = Slopes(table)
    added = np.abs(steps.gains(table) * table.weight * steps.carried(table))
    y, s = np.zeros((2, table.outputs, table.neurons))
    score = np.zeros(len(table.weight))
    for t in reversed(range(len(added))):
        y += identity_of_outputs(table)
        before = slopes.back(steps.at(t), y, s)
        score += added[t] * np.abs(s).sum(axis=0)[table.target]
        y, s = before
    return score


def _lifelines(table: Topology, score: Floats) -> Bools:
    """Connections of a spanning forest from the inputs with the highest scores (Prim's
    algorithm).
    """
    order = np.argsort(table.source, kind="stable")
    first = np.searchsorted(table.source[order], np.arange(table.neurons + 1)).tolist()
    rows = order.tolist()
    target = table.target.tolist()
    minus = (-score).tolist()
    reached = [j < table.inputs for j in range(table.neurons)]
    ways = [(minus[c], c) for c in rows[: first[table.inputs]]]
    heapq.heapify(ways)
    chosen = np.zeros(len(score), bool)
    left = table.neurons - table.inputs
    while ways and left:
        _, c = heapq.heappop(ways)
        j = target[c]
        if not reached[j]:
            reached[j] = chosen[c] = True
            left -= 1
            for leaving in rows[first[j] : first[j + 1]]:
                heapq.heappush(ways, (minus[leaving], leaving))
    return chosen

"""Pruning: leave out the connections that matter least, and see what that costs."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import _wiring
from .._checks import boolean, choice
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..learning import Trainer
from ..network import Network
from .activity import share_of
from .anatomy import Anatomy, analysed, anatomy_of, watch
from .slopes import Slopes


@dataclass(frozen=True, eq=False)
class Pruned:
    """What :func:`prune` has made.

    Attributes
    ----------
    network : Network
        The new network.
    removed : ndarray, shape (k, 2)
        Source and target of the connections left out, by the numbers of their neurons.
    spared : int
        How many more would have gone, but some neuron is reached by them alone.
    loss_before, loss_after : float or None
        The mean cost of both networks, where there are targets.
    """

    network: Network
    removed: Ints
    spared: int
    loss_before: float | None
    loss_after: float | None

    def __repr__(self) -> str:
        losses = "" if self.loss_before is None else f", loss {self.loss_before:.4g} -> {self.loss_after:.4g}"
        return f"<Pruned, {len(self.removed)} connections removed, {self.spared} spared{losses}>"


def prune(
    network: Network,
    share: float = 0.5,
    by: str = "magnitude",
    inputs: ArrayLike | None = None,
    targets: ArrayLike | None = None,
    *,
    keep_reached: bool = True,
) -> Pruned:
    """A twin of a network without the connections that matter least.

    Connections that are not trained and self-connections stay, whatever their weights.

    Parameters
    ----------
    network : Network
        It stays as it is.
    share : float
        Which share of the connections that may go, goes; from 0 to 1.
    by : {"magnitude", "contribution"}
        What matters. ``"magnitude"``: the weight's absolute value. ``"contribution"``: how far, to first
        order, the outputs move if what the connection brings to its target in one step,
        g_ij w_ij y_i, is taken away: its absolute value times the sum, over outputs, of the
        absolute derivatives of their sum over this and all later steps by the target's state;
        mean over the steps.
    inputs, targets : array_like, shape (T, n) and (T, m), optional
        A sequence, from a cleared context on; samples, for a network without memory. With both,
        losses are told; contributions need the inputs.
    keep_reached : bool
        Leave no neuron unreached from the inputs that was reached before: of the ways
        to it, that by the connections that matter most is kept.

    Returns
    -------
    Pruned
        The new network, a clone, with the context the network has; and what was left out.

    Raises
    ------
    ArgumentError
        If the share or `by` cannot be used, or inputs are missing where they are needed.
    TopologyError
        If the network is connected with neurons outside of it.

    Examples
    --------
    >>> import architect
    >>> net = architect.Perceptron(2, 4, 1, seed=0)
    >>> prune(net, 0.5, inputs=[[0, 1], [1, 0]], targets=[[1], [0]]).network
    <Perceptron 2-4-1, 7 neurons, 6 connections>
    """
    share = share_of("The share of connections to prune", share)
    choice("What pruning goes by", by, ("magnitude", "contribution"))
    boolean("The keep_reached", keep_reached)
    if inputs is None and (targets is not None or by == "contribution"):
        raise ArgumentError("Losses and contributions need inputs. Got none: give inputs=, shape (T, n).")
    a = anatomy_of(analysed(network))
    score = np.abs(a.weight) if inputs is None or by == "magnitude" else _contributions(network, a, inputs)
    chosen, spared = _chosen(a, score, share, keep_reached)
    twin = network.clone()
    before = _loss(network, inputs, targets)
    rows = twin._connection_rows()[chosen]  # in the order of the original's
    _wiring.disconnect(twin._store, twin._store["identity"][rows])
    removed = np.stack([a.source[chosen], a.target[chosen]], axis=1)
    return Pruned(twin, removed, spared, before, _loss(twin, inputs, targets))


def _loss(network: Network, inputs: ArrayLike | None, targets: ArrayLike | None) -> float | None:
    """The mean cost from a cleared context, of a twin; None without targets."""
    if targets is None:
        return None
    twin = network.clone()
    twin.clear()
    return float(Trainer(twin).test(inputs, targets).error)


def _contributions(network: Network, a: Anatomy, inputs: ArrayLike) -> Floats:
    """How far each connection moves the outputs, to first order."""
    steps, slopes = watch(network, inputs), Slopes(a)
    brought = np.abs(steps.gains(a) * a.weight * steps.seen(a))
    y, s = np.zeros((2, a.outputs, a.neurons))
    score = np.zeros(len(a.weight))
    for t in reversed(range(len(brought))):
        y += np.eye(a.outputs, a.neurons, a.neurons - a.outputs)
        before = slopes.back(steps.at(t), y, s)
        score += brought[t] * np.abs(s).sum(axis=0)[a.target]
        y, s = before
    return score / len(brought)


def _chosen(a: Anatomy, score: Floats, share: float, keep_reached: bool) -> tuple[Ints, int]:
    """The connections to leave out, and how many more should have been."""
    may_go = a.trainable & ~a.own
    wanted = round(share * int(may_go.sum()))
    if keep_reached:
        may_go = may_go & ~_lifelines(a, np.where(may_go, score, np.inf))
    candidates = np.flatnonzero(may_go)
    chosen = candidates[np.argsort(score[candidates], kind="stable")][:wanted]
    return np.sort(chosen), wanted - len(chosen)


def _lifelines(a: Anatomy, score: Floats) -> Bools:
    """A way from the inputs to every neuron that has one: a spanning forest of the highest scores (Prim)."""
    order = np.argsort(a.source, kind="stable")
    first = np.searchsorted(a.source[order], np.arange(a.neurons + 1)).tolist()
    rows, target, minus = order.tolist(), a.target.tolist(), (-score).tolist()
    reached = [j < a.inputs for j in range(a.neurons)]
    ways = [(minus[c], c) for c in rows[: first[a.inputs]]]
    heapq.heapify(ways)
    kept, left = np.zeros(len(score), bool), a.neurons - a.inputs
    while ways and left:
        _, c = heapq.heappop(ways)
        j = target[c]
        if not reached[j]:
            reached[j] = kept[c] = True
            left -= 1
            for out in rows[first[j] : first[j + 1]]:
                heapq.heappush(ways, (minus[out], out))
    return kept

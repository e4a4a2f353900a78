"""Read-outs by least squares, which compute only the weights into the outputs, all at
once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any

import numpy as np

from .. import squashes
from .._checks import (
    expected,
    imported,
    non_negative_integer,
    non_negative_number,
    short_repr,
    suggests_arguments,
)
from .._squash import Squash
from .._typing import Floats, Ints
from ..engine.locking import ExclusiveAccess
from ..errors import ArgumentError, DivergenceError, TopologyError
from ..objects.connection import Connection
from ..objects.network import Network, require_network
from ..objects.neuron import Neuron
from ..objects.recording import record
from ..objects.snapshots import read_context, restore_context
from ._data import Data, prepare

INVERSES: dict[Squash, Callable[[Floats], Floats]] = {
    squashes.identity: lambda y: y,
    squashes.logistic: lambda y: np.log(y) - np.log1p(-y),
    squashes.tanh: np.arctanh,
}
"""Inverse of each squash that outputs may have, from activation to state."""
_Sources = dict[Neuron, int]
MAX_ACTIVATION = 1e100
"""Limit above which activations count as diverged, because sums of their squares would
approach the largest float."""


@dataclass(frozen=True)
class Readout:
    """The result of :func:`fit_readout`.

    Attributes
    ----------
    loss : float
        Mean squared difference between outputs and targets, over the fitted rows.
    rows : int
        Number of fitted rows, which have a target and come after the washout.
    rank : int
        Number of linearly independent activations that lead to an output, after
        subtracting their mean if the output has a trainable bias.
    condition : float
        Condition number of these activations, which is the largest singular value
        divided by the smallest. If outputs have different sources, rank and condition
        belong to the worst output.
    """

    loss: float
    rows: int
    rank: int
    condition: float


@dataclass(frozen=True)
class _Solution:
    """Weights, shape (sources, outputs), biases, shape (outputs,), and the rank and
    condition of the fit.
    """

    weights: Floats
    biases: Floats
    rank: int
    condition: float


@suggests_arguments("fit_readout")
def fit_readout(
    network: Annotated[Network, require_network],
    inputs: Any,
    targets: Any,
    ridge: Annotated[float, non_negative_number] = 1e-6,
    washout: Annotated[int, non_negative_integer] = 0,
) -> Readout:
    """Fit the trainable weights and biases of the outputs by ridge regression (Jaeger
    2001).

    The network runs over the inputs once without learning. Let x_t be the activations
    of an output's sources in row t, and d_t the state at which the output equals its
    target (by the inverse of its squash). Weights w and bias b minimise ``sum_t (w x_t
    + b - d_t)^2 + ridge |w|^2``, among the weights that have the signs of their
    connections (which needs SciPy). A connection or bias that is not trainable does not
    change, and its contribution is subtracted from d_t first.

    Parameters
    ----------
    network : Network
        The network. Its outputs must have the squash identity, logistic or tanh, and no
        outgoing connections, because feedback would change with the weights. Teacher
        forcing is not supported.
    inputs, targets : array_like
        The data, as for :meth:`Trainer.train`. Rows of shapes (T, n) and (T, m)
        continue from the present context, whereas the context is cleared before each of
        several sequences. A row of NaN in the targets means that this row has no
        target.
    ridge : float
        Factor of the penalty on the squared weights, at least 0. Default: 1e-6.
    washout : int
        Number of rows at the beginning of each sequence (or of the stream) that are not
        fitted. Default: 0.

    Returns
    -------
    Readout
        The loss, rank and condition of the fit. The network then has the context after
        the last row, as after ``net.run``.

    Raises
    ------
    TopologyError
        If an output has outgoing connections or gates any, or if its incoming
        connections are gated or tied.
    ArgumentError, ArgumentTypeError
        If an argument is invalid, a target is outside the range of the squash, or the
        weights are not determined and `ridge` is 0.
    DivergenceError
        If activations leave the finite range. The network is unchanged after any error.

    See Also
    --------
    Trainer : Train all weights.
    architect.Liquid : A network with random fixed connections, made for a read-out.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(1, "identity")
    >>> link = a.project(b)[0]
    >>> net = Network(a, [], b)
    >>> inputs = [[0.0], [1.0], [2.0]]
    >>> result = fit_readout(net, inputs, [[1.0], [3.0], [5.0]], ridge=0.0)
    >>> round(link.weight, 9), round(b[0].bias, 9), result.rows
    (2.0, 1.0, 3)
    """
    with ExclusiveAccess(network):
        sources = _sources(network)
        data = prepare(network, inputs, targets)
        used = data.has_target.astype(bool)
        for begin in data.runs[
            :-1
        ].tolist():  # beyond a short sequence is the next one's washout
            used[begin : begin + washout] = False
        if not used.any():
            raise ArgumentError(
                f"A washout of {short_repr(washout)} leaves no row with a target to"
                " fit."
            )
        rows = np.flatnonzero(used)
        if np.isnan(data.targets[rows]).any():
            raise ArgumentError(
                "A read-out fits all outputs to the same rows, but some have no target"
                " in some of them. Pass whole rows of NaN, or train the network."
            )
        states = _target_states(network, data.targets[rows])
        before = read_context(network)
        try:
            seen = _activations(network, sources, data)[rows]
            fit, error = _fit(network, sources, seen, states, data.targets[rows], ridge)
        except BaseException:
            restore_context(network, before)
            raise
        for i, neuron in enumerate(network.output):
            for link in _learning(neuron):
                link.weight = fit.weights[sources[link.source], i]
            if neuron.trainable_bias:
                neuron.bias = fit.biases[i]
        if network.synchronous:  # the activations that the outputs have read are gone
            restore_context(network, before)
            _activations(network, sources, data)
            return Readout(error, len(rows), fit.rank, fit.condition)
        live = network._sensitivities
        with nullcontext() if live is None else live.unchanged(network):
            network.output.activate()  # the last row's outputs, by the new weights
    return Readout(error, len(rows), fit.rank, fit.condition)


def _sources(network: Network) -> _Sources:
    """Return the neurons that lead to the outputs, and their order, or raise an error
    if the outputs cannot be fitted.
    """
    members = set(network)
    for neuron in network.output:
        _refuse_unfit(neuron, members)
    links = [link for neuron in network.output for link in neuron.incoming]
    if not any(link.trainable for link in links):
        raise TopologyError(
            f"Expected a trainable connection into the outputs of {network!r}, got"
            " none. Connect a layer to them, or set connection.trainable to True."
        )
    return {
        neuron: i
        for i, neuron in enumerate(dict.fromkeys(link.source for link in links))
    }


def _refuse_unfit(neuron: Neuron, members: set[Neuron]) -> None:
    if neuron.squash not in INVERSES:
        names = ", ".join(squash.name for squash in INVERSES)
        raise ArgumentError(
            expected("The squash of a read-out", f"one of {names}", neuron.squash.name)
        )
    links = (*neuron.outgoing, *neuron.gated)
    if neuron.self_connection or any(link.target in members for link in links):
        raise TopologyError(
            "`fit_readout` does not support outputs that feed back into their network"
            f" (there is no teacher forcing), as {neuron!r} does. Use a Trainer"
            " instead."
        )
    if (neuron.trainable_bias and neuron.tied) or any(
        link.tied for link in _learning(neuron)
    ):
        raise TopologyError(
            "`fit_readout` does not support tied parameters, here of the output"
            f" {neuron!r}. Untie them, or use a Trainer."
        )
    if any(link.gater for link in neuron.incoming):
        raise TopologyError(
            "`fit_readout` does not support gated connections, here to the output"
            f" {neuron!r}."
        )


def _target_states(network: Network, targets: Floats) -> Floats:
    """Return the states of the outputs that give these targets, shape (rows, m)."""
    states = np.empty_like(targets)
    for i, neuron in enumerate(network.output):
        low = neuron.squash.low
        high = neuron.squash.high
        aims = targets[:, i]
        if aims.min() <= low or aims.max() >= high:
            worst = aims[(aims <= low) | (aims >= high)][0]
            condition = (
                f"above {low:g} and below {high:g}, which {neuron.squash.name} does not"
                " reach"
            )
            raise ArgumentError(
                expected(
                    f"Targets of the output {neuron.name}", condition, float(worst)
                )
            )
        states[:, i] = INVERSES[neuron.squash](aims)
    return states


def _activations(network: Network, sources: _Sources, data: Data) -> Floats:
    """Return the activations of the sources that the outputs read in every row, shape
    (rows, sources).
    """
    starts = []
    together = network._column("synchronous")
    late = np.array([bool(together[neuron._row]) for neuron in sources])
    with record(network, "activation", neurons=list(sources)) as log:
        for begin, end in pairwise(data.runs.tolist()):
            if data.clear and end > begin:
                network.clear()
            starts.append([neuron.activation for neuron in sources])
            network.run(data.inputs[begin:end])
    seen = log.activation
    if late.any():
        previous = np.roll(seen, 1, axis=0)
        for begin, end, values in zip(
            data.runs[:-1], data.runs[1:], starts, strict=True
        ):
            previous[int(begin) : int(begin) + int(end > begin)] = values
        seen = np.where(late, previous, seen)
    if not (np.abs(seen) <= MAX_ACTIVATION).all():  # not of NaN either
        raise DivergenceError(
            f"The activations of {network!r} have grown beyond {MAX_ACTIVATION:g}. Use"
            " smaller weights or inputs."
        )
    return seen


def _fit(
    network: Network,
    sources: _Sources,
    seen: Floats,
    states: Floats,
    targets: Floats,
    ridge: float,
) -> tuple[_Solution, float]:
    """Return the read-out, and the mean squared difference between its outputs and the
    targets.
    """
    left = DivergenceError(
        f"The weights of the read-out left the range of {network.dtype.name}."
        " Use a higher ridge or smaller targets."
    )
    with np.errstate(all="ignore"):
        fit = _solve(network, sources, seen, states, ridge)
        # the network rounds the weights and its sums to its dtype
        factors, weights, biases = (
            numbers.astype(network.dtype) for numbers in (seen, fit.weights, fit.biases)
        )
        reached = (factors @ weights + biases).T.astype(np.float64)
        if not np.isfinite(reached).all():
            raise left
        pairs = zip(network.output, reached, strict=True)
        outputs = np.array(
            [list(map(neuron.squash, states)) for neuron, states in pairs]
        ).T
        error = float(np.mean((outputs - targets) ** 2))
    if not np.isfinite(error):
        raise left
    return fit, error


def _solve(
    network: Network, sources: _Sources, seen: Floats, states: Floats, ridge: float
) -> _Solution:
    """Return weights and biases of all outputs, of which fixed ones are unchanged and
    the others are found by least squares.
    """
    weights = np.zeros((len(sources), len(network.output)))
    biases = np.array(
        [0.0 if neuron.trainable_bias else neuron.bias for neuron in network.output]
    )
    alike: dict[tuple[tuple[int, ...], bool, tuple[int, ...]], list[int]] = defaultdict(
        list
    )
    for i, neuron in enumerate(network.output):
        for link in neuron.incoming:
            if not link.trainable:
                weights[sources[link.source], i] = link.weight
        links = _learning(neuron)
        signs = tuple(link.sign or 0 for link in links)
        alike[
            tuple(sources[link.source] for link in links), neuron.trainable_bias, signs
        ].append(i)
    left = states - seen @ weights - biases
    ranks = [len(sources)]
    conditions = [1.0]
    for (columns, biased, signs), outputs in alike.items():
        fit = _least_squares(
            seen[:, columns], left[:, outputs], ridge, biased, np.array(signs, np.int64)
        )
        weights[np.ix_(columns, outputs)] = fit.weights
        biases[outputs] += fit.biases
        if columns:
            ranks.append(fit.rank)
            conditions.append(fit.condition)
    return _Solution(weights, biases, min(ranks), max(conditions))


def _least_squares(
    x: Floats, y: Floats, ridge: float, biased: bool, signs: Ints
) -> _Solution:
    """Compute ridge regression by singular value decomposition, without penalising the
    bias.
    """
    n = x.shape[1]
    centre, level = (
        (x.mean(axis=0), y.mean(axis=0))
        if biased
        else (np.zeros(n), np.zeros(y.shape[1]))
    )
    left, values, right = np.linalg.svd(x - centre, full_matrices=False)
    rank = int(
        (values > values.max(initial=0.0) * max(x.shape) * np.finfo(float).eps).sum()
    )
    if ridge == 0 and rank < n:
        raise ArgumentError(
            f"The {n} activations that lead to an output must be independent without"
            f" a ridge, got the rank {rank}. Pass a ridge above 0."
        )
    gains = values / (values**2 + ridge)
    weights = right.T @ (gains[:, None] * (left.T @ (y - level)))
    if signs.any():
        optimize = imported("scipy.optimize", "A read-out with signs needs", "scipy")
        bounds = np.where(signs > 0, 0.0, -np.inf), np.where(signs < 0, 0.0, np.inf)
        rows = np.concatenate([values[:, None] * right, np.sqrt(ridge) * np.eye(n)])
        targets = np.concatenate([left.T @ (y - level), np.zeros((n, y.shape[1]))])
        each = [
            optimize.lsq_linear(rows, aim, bounds, method="bvls").x for aim in targets.T
        ]
        weights = np.clip(np.array(each).T, *(bound[:, None] for bound in bounds))
    condition = float(values[0] / values[-1]) if n and rank == n else np.inf
    return _Solution(weights, level - centre @ weights, rank, condition)


def _learning(neuron: Neuron) -> list[Connection]:
    return [link for link in neuron.incoming if link.trainable]

"""Comparison of the online rule with the exact gradient, over given sequences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _ties, engine
from .._checks import whole_number
from .._typing import Floats
from ..cost import Cost
from ..engine.guard import InUse
from ..network import Network, require_network
from ._data import Data, new_control, one_pass, prepare_sequences
from ._parameters import ParameterVector
from .gradient import gradient

SHOWN = 3  # connections that a repr lists

SLOPES = [("online", float), ("exact", float)]
WEIGHTS = np.dtype([("source", int), ("target", int), *SLOPES])
BIASES = np.dtype([("neuron", int), *SLOPES])


@dataclass(frozen=True, eq=False, repr=False)
class GradientComparison:
    """The result of :func:`compare_gradients`: the summed updates of the online rule, and the exact gradient.

    Both are given as derivatives of the loss: the negative of the update at a rate of 1.

    Attributes
    ----------
    cosine : float
        Cosine of the angle between the two vectors of all weights and biases, tied ones counted once; NaN if
        either vector is 0.
    relative_error : float
        Norm of their difference, divided by the norm of the exact gradient; NaN if that norm is 0.
    weights : ndarray with the fields source, target, online, exact
        One row per connection, in the order of ``network.connections``; source and target are numbers of
        neurons: ``network[number]``. ``pandas.DataFrame(found.weights)`` makes a table of it.
    biases : ndarray with the fields neuron, online, exact
        One row per neuron.
    names : tuple of str
        The names of the neurons.
    """

    cosine: float
    relative_error: float
    weights: NDArray[Any]
    biases: NDArray[Any]
    names: tuple[str, ...]

    def worst(self, count: int = 10) -> NDArray[Any]:
        """The `count` rows of ``weights`` with the largest differences, largest first."""
        count = whole_number("The count", count, "a whole number, 0 or above", 0)
        apart = np.abs(self.weights["online"] - self.weights["exact"])
        return np.asarray(self.weights[np.argsort(-apart, kind="stable")[:count]])

    def __repr__(self) -> str:
        head = f"<GradientComparison: cosine {self.cosine:.9g}, relative error {self.relative_error:.3g}"
        lines = [
            f"  {self.names[row['source']]} -> {self.names[row['target']]}: "
            f"online {row['online']:.4g}, exact {row['exact']:.4g}"
            for row in self.worst(SHOWN)
        ]
        return "\n".join([f"{head}, {len(self.weights)} weights; largest differences", *lines]) + ">"


def compare_gradients(
    network: Network, inputs: Any, targets: Any, cost: str | Cost | None = None
) -> GradientComparison:
    """Compare the online rule with the exact gradient, over given sequences.

    The updates of the online rule are summed over each sequence, from a cleared context, with constant
    weights; the exact gradient is that of :func:`gradient`. Random neurons are deterministic in both.

    Parameters
    ----------
    network : Network
        The network, which does not change.
    inputs, targets, cost
        The data and the cost, as in :func:`gradient`.

    Returns
    -------
    GradientComparison

    Raises
    ------
    KindError, ArgumentError, TopologyError, DivergenceError
        If :func:`gradient` raises them.

    See Also
    --------
    gradient : The exact gradient alone.

    Examples
    --------
    The online rule passes no error back to the previous step, as an Elman network would need; without
    recurrent connections it is exact.

    >>> import architect
    >>> inputs, targets = [[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]], [[1.0], [0.0], [1.0]]
    >>> found = compare_gradients(architect.Elman(2, 2, 1, seed=0), inputs, targets)
    >>> round(found.cosine, 8), round(found.relative_error, 6)
    (0.9997847, 0.020808)
    >>> [found.names[number] for number in found.worst(1)[["source", "target"]][0]]
    ['input 0', 'hidden 1']
    >>> perceptron = architect.Perceptron(2, 3, 1, seed=0)
    >>> bool(compare_gradients(perceptron, inputs, targets).relative_error < 1e-12)
    True
    """
    require_network("The network of compare_gradients", network)
    twin = network.clone()
    twin.deterministic = True
    exact = gradient(twin, inputs, targets, cost)
    weights, biases = _online_slopes(twin, prepare_sequences(twin, inputs, targets), twin._cost(cost))
    number = {neuron: i for i, neuron in enumerate(network)}
    links = [(number[c.source], number[c.target]) for c in network.connections]
    vector = ParameterVector(twin)
    ours, theirs = (vector.first(*slopes) for slopes in ((weights, biases), (exact.weights, exact.biases)))
    return GradientComparison(
        cosine=_by(float(ours @ theirs), _length(ours) * _length(theirs)),
        relative_error=_by(_length(ours - theirs), _length(theirs)),
        weights=_rows(WEIGHTS, *np.reshape(links, (-1, 2)).T, weights, exact.weights),
        biases=_rows(BIASES, np.arange(len(network)), biases, exact.biases),
        names=tuple(neuron.name for neuron in network),
    )


def _online_slopes(network: Network, data: Data, cost: Cost) -> tuple[Floats, Floats]:
    """The negative of the online rule's summed updates at a rate of 1, as the mean over sequences."""
    with InUse(network):
        store, rows = network._store, network._connection_rows()
        moves = engine.online.Accumulator(store)
        one_pass(network, data, data.filled, cost, 1.0, new_control(), moves)
        weights = _ties.sum_of_group(store["tie"][rows], moves.weights[rows])
        biases = _ties.sum_of_group(store["bias_tie"][network._rows()], moves.biases[network._rows()])
    return -weights / len(data.filled), -biases / len(data.filled)


def _rows(dtype: np.dtype[Any], *columns: NDArray[Any]) -> NDArray[Any]:
    """A structured array of these columns."""
    table = np.empty(len(columns[0]), dtype)
    for name, values in zip(dtype.names or (), columns, strict=True):
        table[name] = values
    return table


def _length(vector: Floats) -> float:
    return float(np.linalg.norm(vector))


def _by(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")

"""Comparison of a rule that learns step by step with the exact gradient, over given
sequences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from .._checks import choice, non_negative_integer, suggests_arguments
from .._cost import Cost
from .._typing import Floats, RuleName
from ..engine.locking import ExclusiveAccess
from ..objects import parameters
from ..objects.edits import require_closed
from ..objects.network import Network, require_network
from ..objects.sensitivities import checked_reach
from ..optimizers import SGD
from ._data import Data, prepare_sequences
from ._gradient import gradient
from ._options import TrainerOptions
from ._parameters import ParameterVector
from .rules import RuleTask
from .rules._base import RULES

MAX_SHOWN = 3  # connections that a repr lists

SLOPES = [("rule", float), ("exact", float)]
WEIGHTS = np.dtype([("source", int), ("target", int), *SLOPES])
BIASES = np.dtype([("neuron", int), *SLOPES])


@dataclass(frozen=True, eq=False, repr=False)
class GradientComparison:
    """The result of :func:`compare_gradients`, which contains the summed updates of a
    rule and the exact gradient.

    Both are given as derivatives of the loss, which are the negative of the update at a
    rate of 1.

    Attributes
    ----------
    cosine : float
        Cosine of the angle between the two vectors of all weights and biases, counting
        tied ones once, or NaN if either vector is 0.
    relative_error : float
        Norm of their difference, divided by the norm of the exact gradient, or NaN if
        the latter is 0.
    weights : ndarray with the fields source, target, rule, exact
        One row per connection, in the order of ``network.connections``. Source and
        target are numbers of neurons, for ``network[number]``. To make a table, pass it
        to pandas: ``pandas.DataFrame(found.weights)``.
    biases : ndarray with the fields neuron, rule, exact
        One row per neuron.
    names : tuple of str
        The names of the neurons.
    rule : str
        The name of the rule.
    reach : int or None
        The reach of "rtrl", or None if it is exact or for another rule.
    """

    cosine: float
    relative_error: float
    weights: NDArray[Any]
    biases: NDArray[Any]
    names: tuple[str, ...]
    rule: str = "online"
    reach: int | None = None

    @suggests_arguments("worst")
    def worst(self, count: Annotated[int, non_negative_integer] = 10) -> NDArray[Any]:
        """Return the `count` rows of ``weights`` with the largest differences, largest
        first.
        """
        apart = np.abs(self.weights["rule"] - self.weights["exact"])
        return np.asarray(self.weights[np.argsort(-apart, kind="stable")[:count]])

    def __repr__(self) -> str:
        rule = self.rule if self.reach is None else f"{self.rule}, reach {self.reach}"
        figures = f"cosine {self.cosine:.9g}, relative error {self.relative_error:.3g}"
        lines = [
            f"  {self.names[row['source']]} -> {self.names[row['target']]}: "
            f"rule {row['rule']:.4g}, exact {row['exact']:.4g}"
            for row in self.worst(MAX_SHOWN)
        ]
        head = (
            f"<GradientComparison of {rule}: {figures}, {len(self.weights)} weights;"
            " largest differences"
        )
        return "\n".join([head, *lines]) + ">"


@suggests_arguments("compare_gradients")
def compare_gradients(
    network: Annotated[Network, require_network],
    inputs: Any,
    targets: Any,
    cost: str | Cost | None = None,
    *,
    rule: RuleName = "online",
    reach: int | None = None,
) -> GradientComparison:
    """Compare a rule that learns step by step with the exact gradient, over given
    sequences.

    The updates of the rule are summed over each sequence, from a cleared context, with
    constant weights, and compared with the result of :func:`gradient`. Random neurons
    are deterministic in both.

    Parameters
    ----------
    network : Network
        The network, which does not change.
    inputs, targets, cost
        The data and the cost, as in :func:`gradient`.
    rule : {"online", "rtrl"}
        The rule, as in :class:`Trainer`. Default: "online".
    reach : int, optional
        The reach of "rtrl", as in :class:`Trainer`. Default: no limit, which is exact.

    Returns
    -------
    GradientComparison
        Both sets of derivatives, and how much they differ.

    Raises
    ------
    ArgumentTypeError, ArgumentError, TopologyError, DivergenceError
        If :func:`gradient` raises them, or `rule` or `reach` is invalid.

    See Also
    --------
    gradient : Compute only the exact gradient.

    Examples
    --------
    The online rule passes no error back to the previous step, which an Elman network
    would need, but it is exact without recurrent connections.

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

    Real-time recurrent learning is exact in every network.

    >>> elman = architect.Elman(2, 2, 1, seed=0)
    >>> comparison = compare_gradients(elman, inputs, targets, rule="rtrl")
    >>> bool(comparison.relative_error < 1e-12)
    True
    """
    require_closed(network, "examined by compare_gradients")
    by_steps = [name for name, kind in RULES.items() if kind._by_steps]
    rule = choice("rule of compare_gradients", rule, by_steps)
    reach = checked_reach(rule, reach)
    clone = network.clone()
    clone.deterministic = True
    exact = gradient(clone, inputs, targets, cost)
    data = prepare_sequences(clone, inputs, targets)
    weights, biases = _slopes_of_rule(clone, data, clone._cost(cost), rule, reach)
    number = {neuron: i for i, neuron in enumerate(network)}
    links = [(number[c.source], number[c.target]) for c in network.connections]
    vector = ParameterVector(clone)
    ours, theirs = (
        vector.first(*slopes)
        for slopes in ((weights, biases), (exact.weights, exact.biases))
    )
    length, whole, apart = (
        float(np.linalg.norm(slopes)) for slopes in (ours, theirs, ours - theirs)
    )
    return GradientComparison(
        cosine=float(ours @ theirs) / (length * whole) if length * whole else math.nan,
        relative_error=apart / whole if whole else math.nan,
        weights=np.rec.fromarrays(
            [*np.reshape(links, (-1, 2)).T, weights, exact.weights], WEIGHTS
        ),
        biases=np.rec.fromarrays(
            [np.arange(len(network)), biases, exact.biases], BIASES
        ),
        names=tuple(neuron.name for neuron in network),
        rule=rule,
        reach=reach,
    )


def _slopes_of_rule(
    network: Network, data: Data, cost: Cost, rule: RuleName, reach: int | None
) -> tuple[Floats, Floats]:
    """Return the negative of a rule's summed updates at a rate of 1, as the mean over
    sequences. The network is a copy, whose rule is changed.
    """
    network.rule = "online"  # the default of `reach` is that of the network
    options = TrainerOptions(
        network, cost=cost, rule=rule, reach=reach, optimizer=SGD()
    )
    work = RULES[rule](RuleTask(options._fixed(), data, None, np.random.default_rng()))
    with ExclusiveAccess(network):
        work._refresh()
        sums = work.gradient(data.filled)
        weights = parameters.sum_of_group(
            network._column("tie"), network._connection_rows(), sums.weights
        )
        biases = parameters.sum_of_group(
            network._column("bias_tie"), network._rows(), sums.biases
        )
    return weights / len(data.filled), biases / len(data.filled)

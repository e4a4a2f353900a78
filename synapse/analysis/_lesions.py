"""Measure how the cost changes without neurons, connections or gates, and patch
activations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    as_matrix,
    boolean,
    choice,
    index_within,
    pandas,
    require,
    suggests_arguments,
)
from .._cost import Cost
from .._typing import Floats, Ints
from ..errors import ArgumentError
from ..learning._data import Data, prepare
from ..learning._evaluation import mean_cost
from ..learning._gradient import ExactGradient
from ..objects.network import Network
from ..objects.neuron import Neuron, require_neuron
from ..objects.snapshots import deterministic
from ..objects.tie import untie
from ..objects.topology import Topology
from ._steps import topology_of


@dataclass(frozen=True, eq=False)
class Lesions:
    """The cost of a network and its changes, as returned by :func:`lesions`.

    Attributes
    ----------
    loss : float
        Mean cost of the network as it is.
    items : ndarray of int, shape (items,)
        Numbers of the neurons, connections or gaters that were silenced, in the order
        of the network.
    names : tuple of str
        Their names. A connection has the names of its source and its target.
    change : ndarray, shape (items,) or (items, items)
        Mean cost with the lesion minus mean cost without it. With ``pairs=True``, each
        entry has both lesions, and the diagonal has a single one.
    """

    loss: float
    items: Ints
    names: tuple[str, ...]
    change: Floats

    def to_pandas(self) -> Any:
        """Convert `change` to a ``pandas.Series``, or with pairs to a
        ``pandas.DataFrame``, by name.
        """
        if self.change.ndim == 2:
            return pandas.DataFrame(self.change, self.names, self.names)
        return pandas.Series(self.change, self.names, name="change")

    def __repr__(self) -> str:
        pairs = "pairs of " if self.change.ndim == 2 else ""
        return (
            f"<Lesions of {pairs}{len(self.items)}, loss {self.loss:.4g}, at most"
            f" {self.change.max():+.4g}>"
        )


@suggests_arguments("lesions")
def lesions(
    network: Network,
    inputs: ArrayLike,
    targets: ArrayLike | None = None,
    what: Literal["neurons", "connections", "gates"] = "neurons",
    *,
    pairs: Annotated[bool, boolean] = False,
    cost: str | Cost | None = None,
) -> Lesions:
    """Silence each neuron, connection or gate in turn, and measure the change of the
    mean cost, or of the outputs if there are no targets.

    A silent neuron adds nothing to its targets, and the connections that it gates carry
    nothing, because their weights are set to 0. Because it still has its own
    activation, a silent output is still compared with its target. A silent connection
    has weight 0. A silent gate is 0, but its gater still leads to other neurons.
    Sequences run side by side, which makes the loss differ from
    :meth:`synapse.Trainer.test` by rounding. A network silenced by hand has exactly the
    `cost` that its lesion has here.

    Parameters
    ----------
    network : Network
        The network, which is not changed. Random neurons output their means.
    inputs, targets : array_like
        Data as for :meth:`synapse.Trainer.test`. Every run begins with a cleared
        context. Without targets, the network's own outputs are the targets. The change
        then measures how far the outputs move. For the squared error, it is half the
        sum of their squared differences, and for a cross-entropy, the Kullback-Leibler
        divergence, each as the mean over steps.
    what : {"neurons", "connections", "gates"}
        The items to silence. Gates are named after their gaters.
    pairs : bool
        Whether to silence every pair, too: n items take n (n + 1) / 2 runs over the
        data. Default False.
    cost : str or Cost, optional
        The cost. By default, it is chosen to fit the outputs, as for a
        :class:`synapse.Trainer`.

    Returns
    -------
    Lesions
        The changes, in the order of the network.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the data do not fit the network, `what` is something else, or there is
        nothing to silence.

    See Also
    --------
    patch : Replace one activation of one step.
    prune : Remove connections of little importance.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1, squash="identity")
    >>> _ = a.project(b, weights=[[1.0], [0.0]])
    >>> result = lesions(Network(a, b), [[1.0, 1.0]], [[1.0]], "connections")
    >>> result.change
    array([0.5, 0. ])

    Without targets, the result measures how much the outputs change:

    >>> lesions(Network(a, b), [[2.0, 1.0], [0.0, 3.0]], what="connections").change
    array([1., 0.])
    """
    table = topology_of(network)._require_closed("examined by lesions")
    measure = network._cost(cost)
    if targets is None:
        with deterministic(intact_one := network.clone()):
            intact_one.clear()
            targets = intact_one.run(inputs, traces=False)
    choice("`what` of lesions", what, ("neurons", "connections", "gates"))
    data = prepare(network, inputs, targets, measure)
    names, items, silenced = _silenced(table, what)
    if not len(items):
        raise ArgumentError(f"Expected a network with {what} to silence, got none.")

    # Weights that are tied could not be set to 0 one by one.
    clone = network.clone()
    if table.tie.any():
        untie(clone.connections)
    weights = clone.weights
    with deterministic(clone):
        cost_now = _mean_cost_of(clone, data, measure)

        def measured(*numbers: int) -> float:
            changed = weights.copy()
            for number in numbers:
                changed[silenced[number]] = 0.0
            clone.weights = changed
            return cost_now()

        intact = measured()
        single = np.array([measured(number) for number in range(len(items))])
        if not pairs:
            return Lesions(intact, items, names, single - intact)
        costs = np.diag(single)
        for i in range(len(items)):
            for j in range(i):
                costs[i, j] = costs[j, i] = measured(i, j)
    return Lesions(intact, items, names, costs - intact)


def _mean_cost_of(network: Network, data: Data, cost: Cost) -> Callable[[], float]:
    """Return a function that computes the mean cost of a network with its present
    weights. Sequences run side by side.
    """
    # The tape of a single sequence would be as long as all data: it is run by steps.
    if network.has_memory and data.sequences == 1:

        def of_one() -> float:
            network.clear()
            return mean_cost(network, data, cost).loss

        return of_one
    steps = int(data.has_target.sum())
    summed = ExactGradient(network, data).losses(cost)
    return lambda: summed() / steps if steps else np.nan


def _silenced(table: Topology, what: str) -> tuple[tuple[str, ...], Ints, list[Ints]]:
    """Return the names and numbers of the silenced items, and the connections whose
    weights are 0 meanwhile.
    """
    if what == "connections":
        items = np.arange(table.connections)
        names = tuple(
            f"{table.label[i]} -> {table.label[j]}" + (f", delay {k}" if k else "")
            for i, j, k in zip(
                table.source.tolist(),
                table.target.tolist(),
                table.delay.tolist(),
                strict=True,
            )
        )
        return names, items, list(items[:, None])

    # A gater silences what it gates, and a neuron also what it leads to.
    links = np.flatnonzero(table.gated)
    owner = table.gater[table.gated]
    items = np.unique(owner)
    if what == "neurons":
        leading = np.flatnonzero(~table._self_connected)
        links = np.append(links, leading)
        owner = np.append(owner, table.source[leading])
        items = np.arange(table.neurons)
    order = np.argsort(owner, stable=True)
    starts, stops = (
        np.searchsorted(owner[order], items, side).tolist()
        for side in ("left", "right")
    )
    silenced = [
        links[order[start:stop]] for start, stop in zip(starts, stops, strict=True)
    ]
    return tuple(table.label[i] for i in items.tolist()), items, silenced


@suggests_arguments()
def patch(
    network: Network,
    clean: ArrayLike,
    other: ArrayLike,
    neuron: Neuron | int,
    step: int,
) -> Floats:
    """Return the outputs on one sequence when a neuron has, at one step, its activation
    on another sequence.

    If the outputs become those on the other sequence, the neuron carries at that step
    the information that distinguishes the two sequences (activation patching).

    Parameters
    ----------
    network : Network
        The network, which is not changed. Random neurons output their means.
    clean, other : array_like, shape (T, inputs)
        The sequence that is run, and the one from which the activation is taken. Both
        begin with a cleared context, and have the step.
    neuron : Neuron or int
        The neuron of the network, or its number.
    step : int
        The step, counted from 0. Negative steps count from the end.

    Returns
    -------
    ndarray, shape (T, outputs)
        The outputs on the first sequence.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a sequence does not fit the network, or `neuron` or `step` are not among its
        neurons and steps.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(1, 3, 1, seed=0)
    >>> clean, other = [[0.0], [0.0]], [[1.0], [0.0]]
    >>> outputs = patch(net, clean, other, net.input[0], 0)
    >>> bool((outputs == net.clone().run(other)).all())
    True
    """
    topology_of(network)._require_closed("examined by patch")
    width = len(network.input)
    rows = as_matrix("clean", clean, width, network.dtype)
    other_rows = as_matrix("other", other, width, network.dtype)
    steps = range(min(len(rows), len(other_rows)))
    at = steps[index_within("step", step, len(steps))]
    if isinstance(neuron, Neuron):
        require(
            require_neuron("neuron", neuron) in network,
            "neuron",
            "one of the network's",
            neuron,
        )
        number = network.index(neuron)
    else:
        number = range(len(network))[index_within("neuron", neuron, len(network))]

    clone = network.clone()
    with deterministic(clone):
        clone.clear()
        clone.run(other_rows[: at + 1])
        value = clone[number].activation

        # The step itself goes neuron by neuron, so that later ones read the new value.
        clone.clear()
        before = clone.run(rows[:at])
        for i, member in enumerate(clone):
            if i < len(clone.input):
                member.activate(rows[at, i])
            else:
                member.activate()
            if i == number:
                member.activation = value
        during = np.array([[member.activation for member in clone.output]])
        return np.concatenate([before, during, clone.run(rows[at + 1 :])])

"""Compute effective weights, contributions of inputs to outputs, saliency and error
flow over a sequence.

The propagation of a small change within a step and from step to step is described by
the derivatives of the equations on the page "The equations". For the state of neuron
j::

    ds_j = g_jj w_jj ds_j(old) + sum_i (g_ij w_ij dy_i + w_ij y_i dg_ij)
    dy_j = f'_j ds_j

where dy and dg of a delayed source or gater belong to the previous step. This module
calls both kinds of terms `links`. A link consists of a neuron whose activation affects
a state, and the derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .._checks import require, suggests_arguments, whole_number
from .._typing import Bools, Floats, Ints
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.topology import Topology
from ._steps import Steps, last_step, run_steps, topology_of
from ._table import Table

MAX_STEPS = 1_000_000
"""Maximum number of steps to go back. Each needs a matrix of outputs by inputs."""


@dataclass(frozen=True, eq=False, repr=False)
class EffectiveWeights(Table):
    """Effective weights, with one row per connection, in the order of
    ``network.connections``.

    Attributes
    ----------
    source, target : ndarray of int
        Numbers of the neurons, as in ``network[number]``.
    weight, gain, effective : ndarray
        The factors of ``effective = weight * gain`` and their product. The gain is the
        gater's present activation, or 1 without a gater.
    """

    source: Ints
    target: Ints
    weight: Floats
    gain: Floats
    effective: Floats


@suggests_arguments()
def effective_weights(network: Network) -> EffectiveWeights:
    """Compute the effective weight, weight times present gain, of every connection.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> effective_weights(net)
    <EffectiveWeights, 75 rows: source, target, weight, gain, effective>

    Before the first step all gates are closed:

    >>> (effective_weights(net).gain == 0).sum().item()
    9
    """
    table = topology_of(network)
    effective = table.weight * table.gain
    return EffectiveWeights(
        table.source, table.target, table.weight, table.gain, effective
    )


@suggests_arguments()
def contribution(network: Network, steps: int = 0) -> Floats:
    """Compute how much each input affects each output at the present activations, as
    the derivative d output / d input.

    The result is the sum, over all paths, of the product of effective weights and
    derivatives f' along the path. Paths through gates count, too, because a gated state
    changes by w_ij y_i with the gater's activation.

    Parameters
    ----------
    network : Network
        The network. Derivatives and gains are taken from its last step.
    steps : int
        Number of steps to go back. All steps are assumed to have the derivatives, gains
        and activations of the last one, as in a network whose activations do not
        change. For exact results over a sequence, use :func:`saliency`.

    Returns
    -------
    ndarray, shape (steps + 1, m, n)
        ``[k]`` contains the derivatives of the present outputs with respect to the
        inputs of k steps ago.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `steps` is not a whole number, or below 0.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(2), Layer(1, squash="tanh")
    >>> _ = a.project(b, weights=[[0.5], [-1.0]])
    >>> net = Network(a, [], b)
    >>> net.activate([0.0, 0.0])
    array([0.])
    >>> contribution(net)
    array([[[ 0.5, -1. ]]])
    """
    table = topology_of(network)
    slopes = ReverseSteps(table, table.outputs)
    slopes.y += identity_of_outputs(table)
    count = whole_number("steps", steps, "a whole number, 0 or above", 0, MAX_STEPS)
    step = last_step(network, table)
    by_lag = np.empty((count + 1, table.outputs, table.inputs))
    for lag in range(count + 1):
        y, _ = slopes.back(step)
        by_lag[lag] = y[:, : table.inputs]
    return by_lag


def identity_of_outputs(table: Topology) -> Floats:
    """Return derivatives of the outputs with respect to all activations, before any
    path is followed.
    """
    return np.eye(table.outputs, table.neurons, table.neurons - table.outputs)


@suggests_arguments()
def saliency(network: Network, inputs: ArrayLike) -> Floats:
    """Compute how much each input of each step affects each output of each step, as the
    derivative d output_t / d input_s.

    The derivatives are exact, because they follow the chain rule through all steps,
    states, gates and backward connections. (The online rule is local in time and omits
    some of these paths.)

    Parameters
    ----------
    network : Network
        The network, which is not changed, and whose context is restored.
    inputs : array_like, shape (T, n)
        A sequence to run, after clearing the context. Time and memory grow with the
        square of T.

    Returns
    -------
    ndarray, shape (T, m, T, n)
        ``[t, i, s, j]`` is the derivative of output i of step t with respect to input j
        of step s. It is 0 if s is later than t.

    Raises
    ------
    ArgumentError
        If the inputs do not fit the network, are not finite, or are empty.

    Examples
    --------
    >>> import architect
    >>> net = architect.Elman(2, 3, 1, seed=0)
    >>> saliency(net, [[0, 1], [1, 1], [0, 0]]).shape
    (3, 1, 3, 2)
    """
    table = topology_of(network)
    steps = run_steps(network, inputs)
    slopes = ReverseSteps(table, 0)
    count = len(steps.state)
    derivatives = np.zeros((count, table.outputs, count, table.inputs))
    for t in reversed(range(count)):
        # The outputs of this step join those of all later ones, in front.
        slopes.y = np.concatenate([identity_of_outputs(table), slopes.y])
        slopes.s = np.concatenate([np.zeros((table.outputs, table.neurons)), slopes.s])
        y, _ = slopes.back(steps.at(t))
        derivatives[t:, :, t] = y[:, : table.inputs].reshape(
            -1, table.outputs, table.inputs
        )
    return derivatives


@suggests_arguments()
def error_flow(
    network: Network, inputs: ArrayLike, layer: str | Layer | None = None
) -> Floats:
    r"""Compute how much of an error at the last step of a sequence reaches each earlier
    step.

    Without a layer, the result describes how the outputs depend on the inputs:
    ``|∂y_T/∂x_t|``. With a layer, it describes how the states of the layer depend on
    their own earlier values: ``|∂s_T/∂s_t|``. This is 1 at every lag if the states are
    preserved exactly, as in the constant error carousel (Hochreiter and Schmidhuber
    1997). By the chain rule, it is also the factor by which an error at step T reaches
    step t.

    The norm of an n by m matrix J is ``sqrt(Σ J² / n)``, which is 1 for the identity.

    Parameters
    ----------
    network : Network
        The network, which is not changed, and whose context is restored.
    inputs : array_like, shape (T, n)
        A sequence to run, after clearing the context.
    layer : str or Layer, optional
        The layer, or its name.

    Returns
    -------
    ndarray, shape (T,)
        One value per lag. Index 0 is the last step itself, and T - 1 is the first one.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If `network` is not a network, the layer is not one of its layers, or the inputs
        do not fit.

    Examples
    --------
    >>> source, cell, sink = Layer(1), Layer(1, "identity"), Layer(1)
    >>> _ = source.project(cell, weights=1.0)
    >>> _ = cell.project(cell)
    >>> _ = cell.project(sink)
    >>> net = Network(source, [cell], sink)
    >>> error_flow(net, [[0.1]] * 4, cell).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    table = topology_of(network)
    measured = None
    if layer is not None:
        chosen = network[layer] if isinstance(layer, str) else layer
        is_its = any(chosen is member for member in network.layers)
        require(is_its, "layer", f"a layer of {network!r}", layer)
        number = {neuron: i for i, neuron in enumerate(network)}
        measured = [number[neuron] for neuron in chosen]
    steps = run_steps(network, inputs)

    # One row for each output, or for the state of each neuron of the layer.
    rows = table.outputs if measured is None else len(measured)
    slopes = ReverseSteps(table, rows)
    if measured is None:
        slopes.y += identity_of_outputs(table)
    else:
        slopes.s[np.arange(rows), measured] = 1.0

    norms = []
    for t in reversed(range(len(steps.state))):
        y, s = slopes.back(steps.at(t))
        jacobian = y[:, : table.inputs] if measured is None else s[:, measured]
        norms.append(np.sqrt((jacobian**2).sum() / rows))
    return np.array(norms)


# --- derivatives of the steps ---------------------------------------------------------


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
        """Return the matrix of the patch, shape (targets, sources), from the
        derivatives of all links.
        """
        shape = (len(self.targets), len(self.sources))
        flat = np.bincount(self.place, strength[self.links], shape[0] * shape[1])
        return np.asarray(flat.astype(np.float64).reshape(shape))


class ReverseSteps:
    """Compute the derivatives of a network's steps in reverse mode, from the last step
    on, and from chosen quantities back to their causes.

    In `y` and `s`, each row contains the derivatives of a quantity with respect to the
    activations and the states of the following step, both directly and by way of later
    steps. They are 0 at first.
    """

    def __init__(self, table: Topology, rows: int) -> None:
        self.table = table
        self.y, self.s = np.zeros((2, rows, table.neurons))

        # Links: connections, then gates, but none to inputs, whose activations are set.
        free = table.target >= table.inputs
        weighed = np.flatnonzero(free & ~table._self_connected)
        gated = np.flatnonzero(free & table.gated)
        source = np.concatenate([table.source[weighed], table.gater[gated]])
        target = np.concatenate([table.target[weighed], table.target[gated]])

        # The place of each link's derivative behind those of all connections and gates
        self._links = np.concatenate([weighed, gated + len(table.source)])

        # Links from as many steps before are one patch; those within a step have one a
        # block.
        delay = np.concatenate([table.delay[weighed], np.zeros(len(gated), np.int64)])
        self.lag = np.where(delay, delay, table._is_late(source, target))
        self.source = source
        self._late = [
            (steps, Patch.of(np.flatnonzero(self.lag == steps), source, target))
            for steps in np.unique(self.lag[self.lag > 0]).tolist()
        ]
        now = self.lag == 0
        starts = _block_starts(table, source[now], target[now])
        self._blocks = list(zip(starts, [*starts[1:], table.neurons], strict=True))
        self._patches = _patches(self._blocks, source, target, now)

        # By steps before the next one: neurons, and derivatives that later steps have
        # with respect to their activations.
        self._due: list[list[tuple[Ints, Floats]]] = [
            [] for _ in range(int(self.lag.max(initial=1)))
        ]

        # Groups of softmax neurons lie side by side; a gap ends a group.
        self._softmax = np.flatnonzero(table._softmax)
        ends = np.flatnonzero(np.diff(self._softmax) > 1) + 1
        self._groups = np.split(self._softmax, ends)

    def back(self, step: Steps) -> tuple[Floats, Floats]:
        """Go back one step, and return the complete derivatives with respect to its
        activations and states. Rows that are new in this step come first.
        """
        table = self.table
        y = self.y
        s = self.s

        # g_ij w_ij of connections and w_ij y_i of gates
        gained = step.gains(table)[0] * table.weight
        carried = step.carried(table)[0] * table.weight
        strength = np.concatenate([gained, carried])[self._links]

        # g_jj w_jj; the state of an input is set, so nothing is carried over.
        carry = np.zeros(table.neurons)
        carry[table.target[table._self_connected]] = gained[table._self_connected]
        carry[: table.inputs] = 0.0

        derivative = step.derivative[0].copy()
        derivative[self._softmax] = 0.0  # each state of a group affects all its outputs

        # Backwards in time: a block's states are complete before its sources are.
        blocks = zip(self._blocks, self._patches, strict=True)
        for (start, stop), patch in reversed(list(blocks)):
            block = slice(start, stop)
            s[:, block] += y[:, block] * derivative[block]
            for group in self._groups:
                if len(group) and start <= group[0] < stop:
                    # normalised together: dy_j = y_j (ds_j - sum_i y_i ds_i)
                    activation = step.activation[0, group]
                    scaled = y[:, group] * activation
                    total = scaled.sum(axis=1, keepdims=True)
                    s[:, group] += scaled - total * activation
            y[:, patch.sources] += s[:, patch.targets] @ patch.matrix(strength)

        for steps, patch in self._late:
            read = s[:, patch.targets] @ patch.matrix(strength)
            self._due[steps - 1].append((patch.sources, read))
        self.y = self.due(0, y.shape)
        self.s = s * carry
        self._due = [*self._due[1:], []]
        return y, s

    def due(self, steps: int, shape: tuple[int, ...]) -> Floats:
        """Return the derivatives of `shape` with respect to activations that many steps
        before the next one, by way of the steps so far.
        """
        y = np.zeros(shape)
        for neurons, derivatives in self._due[steps]:
            y[shape[0] - len(derivatives) :, neurons] += derivatives
        return y


def _block_starts(table: Topology, source: Ints, target: Ints) -> list[int]:
    """Return the starts of blocks, which follow from the links within a step: a block
    ends before a neuron that depends on one inside it, and at the outputs.

    Neurons that compete are in one block.
    """
    # The last source of each neuron in the same step, noted at the start of its group
    latest = np.full(table.neurons, -1)
    group, _ = table._group_bounds
    np.maximum.at(latest, group[target], source)

    starts = [0]
    output = table.neurons - table.outputs
    for j, last_source in enumerate(latest.tolist()):
        if last_source >= starts[-1] or j == output:
            starts.append(j)
    return starts


def _patches(
    blocks: list[tuple[int, int]], source: Ints, target: Ints, chosen: Bools
) -> list[Patch]:
    """Split the chosen links by the block of their targets."""
    links = np.flatnonzero(chosen)
    links = links[np.argsort(target[links], stable=True)]
    cuts = np.searchsorted(target[links], [start for start, _ in blocks[1:]])
    return [Patch.of(inside, source, target) for inside in np.split(links, cuts)]

"""A check that compares the exact gradient with finite differences of the loss."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from .._checks import pluralize, suggests_arguments
from .._cost import Cost
from .._typing import Floats
from ..engine.functions.costs import COSTS
from ..engine.locking import ExclusiveAccess
from ..errors import ArgumentError
from ..objects.edits import require_closed
from ..objects.network import Network, require_network
from ..objects.snapshots import read_context, restore_context
from ._data import prepare_sequences
from ._gradient import checked_window, gradient
from ._parameters import ParameterVector

STEP = 1e-5
"""Change of a parameter, relative to its magnitude if this is above 1."""
FINER_STEP_FACTOR = 0.01
"""Factor by which the step is reduced if a parameter's one-sided differences
disagree."""
DISAGREEMENT = 1e-5
"""Disagreement of one-sided differences that may indicate a kink. In a smooth loss, it
decreases with the step."""


@dataclass(frozen=True)
class GradientCheck:
    """The result of :func:`check_gradient`.

    Attributes
    ----------
    largest : float
        The largest difference, in magnitude, between the gradient and the finite
        differences, or 0 if no parameter was compared.
    parameter : str
        The parameter with this difference, such as ``weight of input 0 -> hidden 1``,
        or an empty string if no parameter was compared.
    relative_error : float
        Norm of all differences, divided by the norm of the finite differences, or NaN
        if the latter is 0.
    compared : int
        Number of compared parameters, counting tied ones once.
    kinks : tuple of str
        Parameters that were not compared because the loss has a kink or a jump there.
        The differences to both sides then disagree however small the step is.
    """

    largest: float
    parameter: str
    relative_error: float
    compared: int
    kinks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        at = f" at the {self.parameter}" if self.parameter else ""
        kinks = f", {pluralize(len(self.kinks), 'kink')}" if self.kinks else ""
        compared = pluralize(self.compared, "parameter")
        return (
            f"<GradientCheck: largest difference {self.largest:.3g}{at}, {compared}"
            f" compared{kinks}>"
        )


@suggests_arguments("check_gradient")
def check_gradient(
    network: Annotated[Network, require_network],
    inputs: Any,
    targets: Any,
    cost: str | Cost | None = None,
    *,
    window: int | None = None,
    keep_context: bool = False,
) -> GradientCheck:
    """Compare the gradient of a network with central finite differences of its loss.

    Each trainable parameter of a copy is changed in both directions, and the difference
    between the two losses is compared with the parameter's entry in :func:`gradient`.
    Tied parameters change together, and frozen parameters are not compared. With
    `window`, each window begins with the context to which the present weights lead, as
    the truncated gradient assumes. The network, its context and its random streams do
    not change. Because each parameter takes as long as two or more gradients, use a
    small network or short sequences.

    Parameters
    ----------
    network : Network
        The network, in float64, because rounding in float32 would hide the differences.
    inputs, targets, cost, window, keep_context
        The same as in :func:`gradient`.

    Returns
    -------
    GradientCheck
        The largest difference and the relative error.

    Raises
    ------
    ArgumentError
        If the network has float32 numbers or random neurons that are not deterministic,
        or if the error signal of the cost is not its derivative (a cost that counts).
    ArgumentTypeError, ArgumentError, TopologyError, DivergenceError, FunctionError
        If :func:`gradient` raises them.

    See Also
    --------
    compare_gradients : Compare a rule that learns step by step with the exact gradient.

    Examples
    --------
    >>> import architect
    >>> net = architect.LSTM(2, 3, 1, seed=0)
    >>> inputs = [[0.0, 1.0], [1.0, 1.0]]
    >>> check = check_gradient(net, inputs, [[0.0], [1.0]])
    >>> check.compared, check.largest < 1e-9
    (76, True)
    """
    require_closed(network, "checked by check_gradient")
    _require_checkable(network, network._cost(cost))
    clone = network.clone()
    exact = gradient(
        clone, inputs, targets, cost, window=window, keep_context=keep_context
    )
    vector = ParameterVector(clone)
    slopes = vector.first(exact.weights, exact.biases)
    parts = list(_parts(clone, inputs, targets, window, keep_context))
    sequences = (
        1 if window is None else len(prepare_sequences(clone, inputs, targets).filled)
    )

    def loss(values: Floats) -> float:
        vector.write(values)
        total = 0.0
        for start, rows, aims in parts:
            if start is not None:
                with ExclusiveAccess(clone):
                    restore_context(clone, start)
            keeps = start is not None
            total += float(gradient(clone, rows, aims, cost, keep_context=keeps).loss)
        return total / sequences

    values = vector.read()
    trainable = np.flatnonzero(~vector.frozen)
    middle = loss(values)
    differences = np.array(
        [_difference(loss, values, int(index), middle) for index in trainable]
    )
    smooth = ~np.isnan(differences)
    apart = np.abs(slopes[trainable] - differences)[smooth]
    length = float(np.linalg.norm(differences[smooth]))
    worst = int(apart.argmax()) if len(apart) else None
    return GradientCheck(
        largest=0.0 if worst is None else float(apart[worst]),
        parameter="" if worst is None else _name(vector, int(trainable[smooth][worst])),
        relative_error=float(np.linalg.norm(apart)) / length if length else math.nan,
        compared=len(apart),
        kinks=tuple(_name(vector, int(index)) for index in trainable[~smooth]),
    )


def _require_checkable(network: Network, cost: Cost) -> None:
    """Raise ArgumentError if differences cannot be compared with the gradient."""
    if network.dtype != np.float64:
        raise ArgumentError(
            f"Expected a network of float64 to check its gradient, got {network!r} of"
            f" {network.dtype}, whose rounding hides the differences. Build it with"
            " dtype=np.float64."
        )
    if network._is_random:
        raise ArgumentError(
            f"The loss of {network!r} is random, and has no finite differences."
            " Set net.deterministic = True to check the gradient of the means."
        )
    jumping = sorted({n.squash.name for n in network if n.squash.surrogate})
    if jumping:
        raise ArgumentError(
            f"The gradient of {network!r} cannot be checked by finite differences,"
            f" because the slope of {', '.join(jumping)} is a declared surrogate"
            " instead of its derivative. Compare rules with synapse.compare_gradients"
            " instead."
        )
    declared = COSTS.get(cost.name)
    if declared is not None and declared.surrogate:
        raise ArgumentError(
            f"The gradient of the cost {cost.name!r} cannot be checked."
            f" {declared.surrogate}"
        )


def _parts(
    network: Network, inputs: Any, targets: Any, window: int | None, keep_context: bool
) -> Iterator[tuple[Any, Any, Any]]:
    """Yield the data whose losses are summed, each with its initial context, or None
    for a cleared context.
    """
    present = read_context(network)
    if window is None:
        yield (present if keep_context else None), inputs, targets
        return
    length = checked_window(window)
    data = prepare_sequences(network, inputs, targets)
    for begin, end in zip(
        data.bounds[:-1].tolist(), data.bounds[1:].tolist(), strict=True
    ):
        network.clear()
        if keep_context:
            with ExclusiveAccess(network):
                restore_context(network, present)
        for start in range(begin, end, length):
            here = slice(start, min(end, start + length))
            yield read_context(network), data.inputs[here], data.targets[here]
            network.run(data.inputs[here], traces=False)


def _difference(
    loss: Callable[[Floats], float], values: Floats, index: int, middle: float
) -> float:
    """Return the derivative with respect to one parameter from differences, or NaN if
    the loss has a kink there.
    """
    step = STEP * max(1.0, abs(float(values[index])))
    below, above = _one_sided(loss, values, index, middle, step)
    apart = abs(above - below)
    if apart > DISAGREEMENT * max(1.0, abs(above)):
        below, above = _one_sided(loss, values, index, middle, step * FINER_STEP_FACTOR)
        if abs(above - below) > 0.1 * apart:
            return math.nan
    return 0.5 * (below + above)


def _one_sided(
    loss: Callable[[Floats], float],
    values: Floats,
    index: int,
    middle: float,
    step: float,
) -> tuple[float, float]:
    """Return the differences to the left and to the right, divided by the parameter's
    change.
    """
    moved = values.copy()
    moved[index] = values[index] - step
    left = (middle - loss(moved)) / (values[index] - moved[index])
    moved[index] = values[index] + step
    right = (loss(moved) - middle) / (moved[index] - values[index])
    return float(left), float(right)


def _name(vector: ParameterVector, index: int) -> str:
    """Return the name of a parameter, which refers to the first of its members."""
    network = vector.network
    weights, biases = (entries for _, entries in vector.entries())
    if index < vector.n_weights:
        link = network.connections[int(np.flatnonzero(weights == index)[0])]
        return f"weight of {link.source.name} -> {link.target.name}"
    return f"bias of {network[int(np.flatnonzero(biases == index)[0])].name}"

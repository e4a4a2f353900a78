"""Activity over a sequence: dead and saturated neurons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import from_0_to_1, non_negative_number, suggests_arguments
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..objects.network import Network
from ..objects.recording import Log
from ._steps import numbers_over_time
from ._table import Table


@dataclass(frozen=True, eq=False, repr=False)
class Activity(Table):
    """Activity of each neuron over a sequence, one row per neuron.

    Attributes
    ----------
    neuron : ndarray of int
        Number of the neuron: ``network[number]``.
    name : ndarray of str
        Name of the neuron.
    mean, std : ndarray
        Mean and standard deviation of its activation.
    flat : ndarray
        Fraction of steps in which its slope is near 0.
    dead : ndarray of bool
        Whether its activation never changes.
    saturated : ndarray of bool
        Whether its slope is near 0 in most steps. Inputs have no slope and are never
        saturated.
    """

    neuron: Ints
    name: Any
    mean: Floats
    std: Floats
    flat: Floats
    dead: Bools
    saturated: Bools


@suggests_arguments("activity")
def activity(
    network: Network,
    inputs: ArrayLike | Log,
    *,
    still: Annotated[float, non_negative_number] = 1e-9,
    slope: Annotated[float, non_negative_number] = 0.01,
    fraction: float = 0.95,
) -> Activity:
    """Find the neurons that are dead or saturated over a sequence.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    inputs : array_like, shape (T, n), or Log
        A sequence to run, at least two steps; the context is cleared first. Or a log
        that has "activation" and "derivative" of all neurons; nothing is run then.
    still : float
        A neuron is dead if the standard deviation of its activation is at most this.
    slope, fraction : float
        A neuron is saturated if ``|f'|`` is below `slope` in at least this fraction of
        the steps. (A neuron with a step function always is.)

    Raises
    ------
    ArgumentError
        If a bound is below 0 or a fraction above 1, or the inputs or the log cannot be
        used.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> a, b = Layer(1), Layer(2, squash="relu", name="b")
    >>> _ = a.project(b, weights=[[1.0, -1.0]])
    >>> table = activity(Network(a, [], b), [[1.0], [2.0]])
    >>> table.name[table.dead].tolist(), table.name[table.saturated].tolist()
    (['b 1'], ['b 1'])
    """
    fraction = from_0_to_1("fraction of steps of a saturated neuron", fraction)
    activation, derivative = numbers_over_time(
        network, inputs, "activation", "derivative"
    )
    if len(activation) < 2:
        raise ArgumentError(
            "Expected inputs of at least two steps, to show which activations change,"
            " got one."
        )
    std = activation.std(axis=0)

    # Inputs have no slope; what is stored for them says nothing.
    flat = (np.abs(derivative) < slope).mean(axis=0)
    flat[: len(network.input)] = 0.0
    number = np.arange(len(network))
    saturated = (flat >= fraction) & (number >= len(network.input))
    names = np.array([neuron.name for neuron in network])
    dead = std <= still
    mean = activation.mean(axis=0)
    return Activity(number, names, mean, std, flat, dead, saturated)

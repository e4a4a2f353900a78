"""Measure the activity of neurons over a sequence, to find dead and saturated neurons,
and neurons that switch at the beginning and end of marked steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import (
    any_array,
    as_matrix,
    choice,
    from_0_to_1,
    must,
    non_negative_number,
    suggests_arguments,
)
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..objects.recording import Log
from ._steps import numbers_over_time
from ._table import Table


@dataclass(frozen=True, eq=False, repr=False)
class Activity(Table):
    """The activity of each neuron over a sequence, with one row per neuron.

    Attributes
    ----------
    neuron : ndarray of int
        Number of the neuron, as in ``network[number]``.
    name : ndarray of str
        Name of the neuron.
    mean, std : ndarray
        Mean and standard deviation of its activation.
    flat : ndarray
        Fraction of steps in which its derivative is near 0.
    dead : ndarray of bool
        Whether its activation stays constant.
    saturated : ndarray of bool
        Whether its derivative is near 0 in most steps. Inputs have no derivative and
        are never saturated.
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
        The network, which is not changed.
    inputs : array_like, shape (T, n), or Log
        A sequence of at least two steps to run, after clearing the context. If you pass
        a log instead, which must contain "activation" and "derivative" of all neurons,
        the network is not run.
    still : float
        A neuron is dead if the standard deviation of its activation is at most this
        number.
    slope, fraction : float
        A neuron is saturated if ``|f'|`` is below `slope` in at least this fraction of
        the steps. (Neurons with a step function always are.)

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
    return Activity(number, names, activation.mean(axis=0), std, flat, dead, saturated)


@dataclass(frozen=True, eq=False, repr=False)
class Switching(Table):
    """A measure of how well each neuron distinguishes marked ranges of steps from the
    rest, with the best neuron first.

    Attributes
    ----------
    neuron : ndarray of int
        Number of the neuron, as in ``network[number]``.
    name : ndarray of str
        Name of the neuron.
    inside, outside : ndarray
        Mean of its value in the marked ranges, and around them.
    correlation : ndarray
        Correlation of its value with the mark around the ranges, from -1 to 1, or 0 if
        the value is constant there.
    """

    neuron: Ints
    name: Any
    inside: Floats
    outside: Floats
    correlation: Floats


@suggests_arguments()
def switching(
    network: Network,
    inputs: ArrayLike | Log,
    mask: ArrayLike,
    *,
    what: Literal["state", "activation"] = "state",
) -> Switching:
    """Find the neurons that switch where marked steps begin and end.

    For example, you can find the cell of an LSTM that is active within quotes of a text
    (Karpathy, Johnson and Li 2015; LSTMVis, Strobelt and others 2018) by marking the
    steps within quotes, and reading the first rows.

    Each marked range is compared with as many steps before and after it, up to its
    neighbours. Because the mean of each such window is subtracted, a value that drifts
    slowly, like the states of many cells, is not mistaken for one that switches.

    Parameters
    ----------
    network : Network
        The network, which is not changed.
    inputs : array_like, shape (T, n), or Log
        A sequence to run, after clearing the context. If you pass a log instead, which
        must contain the variable `what` of all neurons, the network is not run.
    mask : array_like of bool, shape (T,)
        Mask of the marked steps, which must mark at least one step, but not all.
    what : {"state", "activation"}
        The variable to compare.

    Raises
    ------
    ArgumentError
        If the mask has another length, marks no step or all, or the inputs or the log
        cannot be used.

    Examples
    --------
    >>> from synapse import Layer, Network
    >>> door, cell = Layer(1), Layer(2, squash="identity", name="cell")
    >>> _ = door.project(cell, weights=[[2.0, 0.0]])
    >>> inputs = [[0.0], [1.0], [1.0], [0.0]]
    >>> table = switching(Network(door, [], cell), inputs, [0, 1, 1, 0])
    >>> table.name.tolist(), table.inside.tolist(), table.correlation.tolist()
    (['cell 0', 'cell 1'], [2.0, 0.0], [1.0, 0.0])
    """
    choice("what", what, ("state", "activation"))
    if isinstance(inputs, Log):
        steps = len(inputs)
    else:
        size = len(require_network("network", network).input)
        steps = len(as_matrix("inputs", inputs, size, network.dtype))
    marked = _marked(mask, steps)
    (numbers,) = numbers_over_time(network, inputs, what)

    inside, outside, correlation = _around_stretches(numbers.astype(float), marked)

    # an input has no state of its own
    start = len(network.input) if what == "state" else 0
    candidates = np.arange(start, len(network))
    best_first = np.argsort(-np.abs(correlation[candidates]), stable=True)
    neuron = candidates[best_first]
    names = np.array([network[number].name for number in neuron.tolist()])
    return Switching(
        neuron, names, inside[neuron], outside[neuron], correlation[neuron]
    )


def _marked(mask: ArrayLike, steps: int) -> Bools:
    """Check which steps are marked."""
    condition = "a mark, True or False, for each step"
    marks = any_array("mask", mask, condition)
    if marks.shape != (steps,):
        raise ArgumentError(
            must("mask", f"have {condition}: {steps}", f"the shape {marks.shape}")
        )
    marked: Bools = marks.astype(bool)
    if marked.all() or not marked.any():
        raise ArgumentError(
            f"`mask` must contain both True and False, got only {bool(marked.all())}."
        )
    return marked


def _windows(marked: Bools) -> list[slice]:
    """Return the window around each marked range, with as many steps before and after
    it, up to its neighbours.
    """
    edges = np.diff(np.concatenate([[0], marked.astype(np.int8), [0]]))
    begins = np.flatnonzero(edges == 1).tolist()
    ends = np.flatnonzero(edges == -1).tolist()
    ends_before = [0, *ends[:-1]]
    begins_after = [*begins[1:], len(marked)]
    return [
        slice(max(before, begin - (end - begin)), min(after, end + (end - begin)))
        for before, begin, end, after in zip(
            ends_before, begins, ends, begins_after, strict=True
        )
    ]


def _around_stretches(numbers: Floats, marked: Bools) -> tuple[Floats, Floats, Floats]:
    """Return means inside and outside, and the correlation within the windows."""
    windows = _windows(marked)
    steps = np.concatenate([np.arange(window.start, window.stop) for window in windows])
    local_numbers = numbers[steps]
    local_marks = marked[steps]
    inside = local_numbers[local_marks].mean(axis=0)
    outside = local_numbers[~local_marks].mean(axis=0)

    centred = np.concatenate(
        [numbers[window] - numbers[window].mean(axis=0) for window in windows]
    )
    centred_marks = np.concatenate(
        [marked[window] - marked[window].mean() for window in windows]
    )
    together = centred_marks @ centred
    sizes = np.sqrt((centred_marks**2).sum() * (centred**2).sum(axis=0))
    correlation = np.divide(
        together, sizes, out=np.zeros_like(together), where=sizes > 0
    )
    return inside, outside, correlation

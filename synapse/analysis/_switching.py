"""Neurons that switch where a stretch of a sequence begins and ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from .._checks import any_array, as_matrix, choice, must
from .._typing import Bools, Floats, Ints
from ..errors import ArgumentError
from ..objects.network import Network, require_network
from ..objects.recording import Log
from ._steps import numbers_over_time
from ._table import Table


@dataclass(frozen=True, eq=False, repr=False)
class Switching(Table):
    """How well each neuron distinguishes a stretch from the rest, the best one first.

    Attributes
    ----------
    neuron : ndarray of int
        Number of the neuron: ``network[number]``.
    name : ndarray of str
        Name of the neuron.
    inside, outside : ndarray
        Mean of its value in the marked stretches, and around them.
    correlation : ndarray
        Correlation of its value with the mark around the stretches, from -1 to 1; 0 if
        it never changes there.
    """

    neuron: Ints
    name: Any
    inside: Floats
    outside: Floats
    correlation: Floats


def switching(
    network: Network,
    inputs: ArrayLike | Log,
    mask: ArrayLike,
    *,
    what: Literal["state", "activation"] = "state",
) -> Switching:
    """Find the neurons that switch where marked steps begin and end.

    For example, you can find the cell of an LSTM that is active within quotes of a text
    (Karpathy, Johnson and Li 2015; LSTMVis, Strobelt and others 2018): mark the steps
    within quotes, and read the first rows.

    Each stretch is compared with as many steps before and after it, up to its
    neighbours, and the mean of each such window is subtracted. So a value that drifts
    slowly, like the states of many cells, is not mistaken for one that switches.

    Parameters
    ----------
    network : Network
        The network. It is not changed.
    inputs : array_like, shape (T, n), or Log
        A sequence to run; the context is cleared first. Or a log that has the number
        `what` of all neurons; nothing is run then.
    mask : array_like of bool, shape (T,)
        Mask of the marked steps: at least one, and not all.
    what : {"state", "activation"}
        The variable that is compared.

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
            f"`mask` must contain both True and False; it is all {bool(marked.all())}."
        )
    return marked


def _windows(marked: Bools) -> list[slice]:
    """Return each stretch with as many steps before and after it, up to its
    neighbours.
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

"""Arguments that several pictures take: numbers over time, and the neurons or connections they belong to."""

from __future__ import annotations

from typing import Any, NamedTuple

from numpy.typing import ArrayLike

from .._checks import counted, listed, numbers, text
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.recording import Log


class OverTime(NamedTuple):
    """`values` of shape (steps, columns), a name for each column, layers with their sizes, and what it is."""

    values: Floats
    names: list[str]
    layers: list[tuple[str, int]]
    what: str


def over_time(values: ArrayLike | Log, neurons: Any, what: str | None) -> OverTime:
    """Check the arguments of a picture of numbers over time. A log has its own names."""
    if isinstance(values, Log):
        log, number = values, values.shown
        if neurons is None:
            whole = log.owners(number) == tuple(log.network)
            neurons = log.network if whole else log.labels(number)
        values, what = log[number], number if what is None else what
    what = text("The name of what is drawn", "activation" if what is None else what)
    matrix = numbers("The values", values, "a matrix of steps and neurons")
    if matrix.ndim != 2 or not matrix.size:
        raise ArgumentError(
            f"Expected a row for each step and a column for each neuron, got the shape {matrix.shape}."
        )
    return OverTime(matrix, *names_of(neurons, matrix.shape[1]), what)


def names_of(neurons: Any, count: int) -> tuple[list[str], list[tuple[str, int]]]:
    """Check the neurons; return their names, and the names and sizes of their layers."""
    if neurons is None:
        return [str(i) for i in range(count)], []
    shown = listed("The neurons", neurons, "a Network, a Layer, or a list of neurons or names")
    if len(shown) != count:
        due = counted(count, "neuron")
        raise ArgumentError(f"Expected {due}, one for each row or column of the values, got {len(shown)}.")
    names = [n.name if isinstance(n, Neuron) else str(n) for n in shown]
    layers = list(neurons.layers) if isinstance(neurons, Network) else []
    layers = [neurons] if isinstance(neurons, Layer) else layers
    return names, [(layer.label, len(layer)) for layer in layers]

"""Arguments that several pictures take: numbers of neurons over time, and whose they are."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from .._checks import listed, numbers
from .._typing import Floats
from ..errors import ArgumentError
from ..layer import Layer
from ..network import Network
from ..neuron import Neuron


def steps_by_neurons(values: ArrayLike) -> Floats:
    """`values` as a matrix of steps and neurons, which must be numbers."""
    matrix = numbers("The values", values, "a matrix of steps and neurons")
    if matrix.ndim != 2 or not matrix.size:
        raise ArgumentError(
            f"Expected a row for each step and a column for each neuron, got the shape {matrix.shape}."
        )
    return matrix


def names_of(neurons: Any, count: int) -> tuple[list[str], list[tuple[str, int]]]:
    """The names of `count` neurons, which are checked; the names and sizes of the layers they are in."""
    if neurons is None:
        return [str(i) for i in range(count)], []
    shown = listed("The neurons", neurons, "a Network, a Layer, or a list of neurons or names")
    if len(shown) != count:
        raise ArgumentError(f"Expected {count} neurons, one for each column of the values, got {len(shown)}.")
    names = [n.name if isinstance(n, Neuron) else str(n) for n in shown]
    layers = list(neurons.layers) if isinstance(neurons, Network) else []
    layers = [neurons] if isinstance(neurons, Layer) else layers
    return names, [(layer.label, len(layer)) for layer in layers]

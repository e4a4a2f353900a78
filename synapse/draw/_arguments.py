"""Check arguments that several pictures take, which are numbers over time, and the
neurons or connections they belong to.
"""

from __future__ import annotations

from typing import Any

from .._checks import listed, numbers, pluralize, text
from .._typing import Floats
from ..errors import ArgumentError
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.neuron import Neuron
from ..objects.recording import Log

Layers = list[tuple[str, int]]
"""Names of layers, with their sizes."""


def over_time(
    values: Any, neurons: Any, what: str | None
) -> tuple[Floats, list[str], Layers, str]:
    """Check numbers over time, and return a matrix (steps, columns), the names of its
    columns, the layers, and the name of the values.
    """
    if isinstance(values, Log):
        log = values
        number = values._default_variable
        if neurons is None:
            whole = log.columns(number) == tuple(log.network)
            neurons = log.network if whole else log.labels(number)
        values, what = log[number], number if what is None else what
    what = text("what", "activation" if what is None else what)
    matrix = numbers("values", values, "a matrix of steps and neurons")
    if matrix.ndim != 2 or not matrix.size:
        raise ArgumentError(
            "Expected a row for each step and a column for each neuron, got the shape"
            f" {matrix.shape}."
        )
    names, layers = names_of("neurons", neurons, matrix.shape[1])
    return matrix, names, layers, what


def names_of(title: str, neurons: Any, count: int) -> tuple[list[str], Layers]:
    """Check the neurons, and return their names, and the names and sizes of their
    layers.
    """
    if neurons is None:
        return [str(i) for i in range(count)], []
    shown = listed(title, neurons, "a Network, a Layer, or a list of neurons or names")
    if len(shown) != count:
        due = pluralize(count, "neuron")
        raise ArgumentError(
            f"Expected {due}, one for each row or column of the values, got"
            f" {len(shown)}."
        )
    names = [n.name if isinstance(n, Neuron) else str(n) for n in shown]
    layers = list(neurons.layers) if isinstance(neurons, Network) else []
    layers = [neurons] if isinstance(neurons, Layer) else layers
    return names, [
        (layer.name or pluralize(len(layer), "neuron"), len(layer)) for layer in layers
    ]

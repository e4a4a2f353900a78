"""Networks that take and return numbers in the units of a table.

Learning works best in standard units: mean 0, deviation 1. The conversion to these units and back is part of
the network itself, in neurons that do not learn::

    input => scaled => ... => unscaled => output
          1/deviation, -mean/deviation    deviation, mean      of every column
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

import architect

from .. import squash as squashes
from .._typing import Floats
from ..objects.layer import Layer
from ..objects.network import Network
from ..objects.projection import ONE_TO_ONE, Projection
from .words import UsageError

ARCHITECTURES: dict[str, tuple[Callable[..., Network], dict[str, str]]] = {
    "perceptron": (architect.Perceptron, {"squash": "tanh"}),
    "elman": (architect.Elman, {"squash": "tanh"}),
    "lstm": (architect.LSTM, {"style": "synaptic", "cell_squash": "tanh"}),
    "gru": (architect.GRU, {}),
}
MODELS = tuple(ARCHITECTURES)

NEURON_BYTES, CONNECTION_BYTES = 200, 60
"""Lower bounds of the memory per neuron and connection while a network is built, in bytes."""


@dataclass(frozen=True)
class Scale:
    """Mean and deviation of each column, shape (columns,); the deviation of a constant column is 1."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, rows: Floats) -> Scale:
        """The scale of rows, shape (rows, columns).

        >>> Scale.of(np.array([[1.0, 5.0], [3.0, 5.0]]))
        Scale(mean=array([2., 5.]), deviation=array([1., 1.]))
        """
        constant = np.ptp(rows, axis=0) == 0  # std() of such a column may be a rounding error above 0
        return cls(rows.mean(axis=0), np.where(constant, 1.0, rows.std(axis=0)))

    def standard(self, rows: Floats) -> Floats:
        """Rows in standard units."""
        return (rows - self.mean) / self.deviation


class ScaledModel:
    """A network whose inputs and outputs are columns of a table.

    Until :meth:`set` is called, the scaling neurons have weights of 1, so that the network is trained in
    standard units and learns as the architecture alone would. Its neurons have the names of the columns.
    With `kind`, the outputs are the class probabilities of that column and are not scaled.
    """

    def __init__(
        self,
        model: str,
        hidden: list[int],
        inputs: list[str],
        outputs: list[str],
        kind: str | None,
        seed: int,
    ) -> None:
        inner = _architecture(model, [len(inputs), *hidden, len(outputs)], kind is not None, seed)
        name, layers = inner.name, list(inner.layers)
        del inner  # releases its neurons
        taken, given = _named("input", inputs), layers[-1]
        self._scaled, self._unscaled = layers[0], None if kind is not None else _named("output", outputs)
        self._entering = _passing(taken, self._scaled)
        _call(self._scaled, "scaled", [f"scaled {column}" for column in inputs])
        if self._unscaled is None:
            _call(given, kind or "output", outputs)
        else:
            self._leaving = _passing(given, self._unscaled)
            _call(given, "unscaled", [f"unscaled {column}" for column in outputs])
            layers.append(self._unscaled)
        self.network = Network(taken, layers[:-1], layers[-1], name=name)

    def set(self, inputs: Scale, outputs: Scale | None) -> None:
        """Take and return numbers with these scales from now on."""
        self._entering.weights, self._scaled.biases = 1 / inputs.deviation, -inputs.mean / inputs.deviation
        if self._unscaled is not None and outputs is not None:
            self._leaving.weights, self._unscaled.biases = outputs.deviation, outputs.mean
        self.network.clear()


def _architecture(model: str, sizes: list[int], probabilities: bool, seed: int) -> Network:
    _require_memory(model, sizes)
    build, options = ARCHITECTURES[model]
    output = "softmax" if probabilities else "identity"
    made: Network = build(*sizes, output_squash=output, initializer="glorot", seed=seed, **options)
    return made


def _require_memory(model: str, sizes: list[int]) -> None:
    """Raise if a network would need more memory than the machine has, by a lower bound."""
    connections = sum(a * b for a, b in pairwise(sizes))
    if model != "perceptron":
        connections += sum(size * size for size in sizes[1:-1])
    needed, available = CONNECTION_BYTES * connections + NEURON_BYTES * sum(sizes), _memory()
    if available is not None and needed > available:
        raise UsageError(
            f"A model of {'-'.join(map(str, sizes))} neurons needs {needed / 1e9:,.0f} GB of memory or more. "
            f"This machine has {available / 1e9:,.0f} GB. Give a smaller --hidden."
        )


def _memory() -> int | None:
    """The bytes of memory of this machine; None if the system does not report it."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _named(layer: str, columns: list[str]) -> Layer:
    made = Layer(len(columns), squashes.identity)
    _call(made, layer, columns)
    return made


def _call(layer: Layer, name: str, neurons: list[str]) -> None:
    for neuron, called in zip(layer, neurons, strict=True):
        neuron.name = called
    layer.name = name


def _passing(source: Layer, target: Layer) -> Projection:
    """Connect a layer one to one with weights of 1, and exclude it from learning."""
    target.trainable = False
    return source.project(target, ONE_TO_ONE, weights=1.0, trainable=False)

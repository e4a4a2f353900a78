"""A sparse network by hand: SciPy's matrices of compressed rows, NumPy, and buffers
that are allocated once.

Logistic units, cross-entropy, one sample a step. A layer is a matrix with a row for
each neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse import _sparsetools as tools

import synapse
from synapse.objects.topology import Topology


class Layer:
    """The weights into a layer, its activations and errors."""

    def __init__(self, weights: sparse.csr_matrix, biases: np.ndarray) -> None:
        self.weights = weights
        # NumPy would convert narrower ones in every step.
        self.source = self.weights.indices.astype(np.intp)
        self.biases = biases.copy()
        self.activation = np.zeros_like(biases)
        self.error = np.zeros_like(biases)
        self.slope = np.zeros_like(biases)
        self.moves = np.empty_like(self.weights.data)

    def activate(self, inputs: np.ndarray) -> None:
        """Compute the activations."""
        w = self.weights
        y = self.activation
        np.copyto(y, self.biases)
        tools.csr_matvec(*w.shape, w.indptr, w.indices, w.data, inputs, y)  # adds to y
        np.negative(y, out=y)
        np.exp(y, out=y)
        np.add(y, 1, out=y)
        np.reciprocal(y, out=y)

    def push(self, before: Layer) -> None:
        """Compute the errors of the layer before from the errors of this one."""
        w = self.weights
        y = before.activation
        before.error[:] = 0
        tools.csc_matvec(
            w.shape[1],
            w.shape[0],
            w.indptr,
            w.indices,
            w.data,
            self.error,
            before.error,
        )
        np.subtract(1, y, out=before.slope)
        before.slope *= y
        before.error *= before.slope

    def learn(self, rate: float, inputs: np.ndarray) -> None:
        """Update weights and biases: error of the row times activation of the
        column."""
        w = self.weights
        self.error *= rate
        np.take(inputs, self.source, out=self.moves, mode="clip")
        tools.csr_scale_rows(*w.shape, w.indptr, w.indices, self.moves, self.error)
        w.data += self.moves
        self.biases += self.error


class Net:
    """Layers that are trained online."""

    def __init__(self, layers: list[Layer], rate: float) -> None:
        self.layers = layers
        self.rate = layers[0].biases.dtype.type(rate)

    def train(self, inputs: np.ndarray, targets: np.ndarray, steps: int) -> None:
        """Train on the samples, over and over."""
        for step in range(steps):
            self.step(inputs[step % len(inputs)], targets[step % len(inputs)])

    def step(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Train on one sample."""
        seen = [inputs, *(layer.activation for layer in self.layers)]
        for layer, before in zip(self.layers, seen, strict=False):
            layer.activate(before)
        last = self.layers[-1]
        np.subtract(targets, last.activation, out=last.error)
        for number in reversed(range(1, len(self.layers))):
            self.layers[number].push(self.layers[number - 1])
        for layer, before in zip(self.layers, seen, strict=False):
            layer.learn(self.rate, before)

    def answer(self, inputs: np.ndarray) -> np.ndarray:
        """The outputs for one sample."""
        for layer in self.layers:
            layer.activate(inputs)
            inputs = layer.activation
        return inputs


def of_network(net: synapse.Network, rate: float) -> Net:
    """The same network as one of ours, whose layers follow one another."""
    topology = Topology.of(net)
    layers = []
    bounds = np.cumsum([0, *topology.sizes])
    for start, middle, stop in zip(bounds[:-2], bounds[1:-1], bounds[2:], strict=True):
        mine = (topology.target >= middle) & (topology.target < stop)
        source = topology.source[mine] - start
        target = topology.target[mine] - middle
        weights, biases = (
            numbers.astype(topology.dtype)
            for numbers in (topology.weight[mine], topology.bias)
        )
        matrix = sparse.csr_matrix(
            (weights, (target, source)), shape=(stop - middle, middle - start)
        )
        layers.append(Layer(matrix, biases[middle:stop]))
    return Net(layers, rate)


def random(
    n_sources: int,
    sizes: list[int],
    density: float,
    rate: float,
    dtype: Any = np.float64,
) -> Net:
    """A network of random connections between layers of these sizes."""
    layers = []
    for seed, n_targets in enumerate(sizes):
        made = sparse.random(n_targets, n_sources, density, "csr", dtype, seed)
        layers.append(Layer(made, np.zeros(n_targets, dtype)))
        n_sources = n_targets
    return Net(layers, rate)

"""NumPy by hand: what a person would write who wants it fast, every array made
beforehand."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..cases import RATE, SAMPLES


def start(spec: dict[str, Any]) -> dict[str, str]:
    """A first small step, which gets BLAS its memory."""
    Net({**spec, "sizes": [2, 2, 1]}, np.zeros((1, 2)), np.zeros((1, 1))).train(1, 1)
    return {"numpy": np.__version__}


class Net:
    """A perceptron of logistic neurons."""

    def __init__(
        self, spec: dict[str, Any], inputs: np.ndarray, targets: np.ndarray
    ) -> None:
        rng = np.random.default_rng(0)
        sizes = spec["sizes"]
        dtype = np.dtype(spec["precision"])
        shapes = list(zip(sizes[1:], sizes[:-1]))
        self.weights = [rng.uniform(-0.1, 0.1, shape).astype(dtype) for shape in shapes]
        self.biases = [rng.uniform(-0.1, 0.1, size).astype(dtype) for size in sizes[1:]]
        self.y = [np.zeros(size, dtype) for size in sizes]
        self.delta = [np.zeros(size, dtype) for size in sizes]
        self.slope = [np.zeros(size, dtype) for size in sizes]
        self.move = [np.zeros(shape, dtype) for shape in shapes]
        self.inputs = inputs.astype(dtype)
        self.targets = targets.astype(dtype)
        self.rate = dtype.type(RATE)

    def activate(self, x: np.ndarray) -> np.ndarray:
        """y = logistic(W x + b), layer by layer."""
        for weights, bias, y in zip(self.weights, self.biases, self.y[1:]):
            np.dot(weights, x, out=y)
            y += bias
            np.negative(y, out=y)
            np.exp(y, out=y)
            y += 1
            np.reciprocal(y, out=y)
            x = y
        return x

    def propagate(self, x: np.ndarray, target: np.ndarray) -> None:
        """Errors t - y at the outputs, W' delta y (1 - y) below; weights move in
        place."""
        last = len(self.weights) - 1
        np.subtract(target, self.y[-1], out=self.delta[-1])
        for layer in range(last, -1, -1):
            weights = self.weights[layer]
            delta = self.delta[layer + 1]
            below = x if layer == 0 else self.y[layer]
            if layer > 0:
                np.subtract(1, below, out=self.slope[layer])
                self.slope[layer] *= below
                np.dot(delta, weights, out=self.delta[layer])
                self.delta[layer] *= self.slope[layer]
            delta *= self.rate
            np.multiply(delta[:, None], below, out=self.move[layer])
            weights += self.move[layer]
            self.biases[layer] += delta

    def train(self, steps: int, among: int = SAMPLES) -> int:
        """Online steps."""
        for step in range(steps):
            sample = step % among
            self.activate(self.inputs[sample])
            self.propagate(self.inputs[sample], self.targets[sample])
        return steps

    def answer(self, steps: int) -> int:
        """Activations alone."""
        for step in range(steps):
            self.activate(self.inputs[step % SAMPLES])
        return steps

    def outputs(self, count: int) -> np.ndarray:
        """Outputs for the first samples."""
        return np.array([self.activate(x).copy() for x in self.inputs[:count]])

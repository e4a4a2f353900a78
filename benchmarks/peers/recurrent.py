"""Real-time recurrent learning as in textbooks: dense matrices, for an Elman network of
logistic neurons.

Williams and Zipser 1989: with the hidden states s = W [x, h', 1] and Z = ds/dW of the
shape (n, size of W),

    Z(t) = J Z(t-1) + I,    J_kl = w_kl f'(s_l),    I_k,kj = the input j of neuron k

All arrays are made beforehand. The same program runs on NumPy and on torch's
operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from architect import Elman


class Dense:
    """An `Elman` network with one hidden layer, from whose weights it starts; `np` or
    `torch` as `ops`."""

    def __init__(self, net: Elman, ops: Any) -> None:
        self.ops = ops
        hidden = list(net.hidden[-1])
        output = list(net.output)
        context = {id(neuron): k for k, neuron in enumerate(net.hidden[0])}
        inputs = {id(neuron): k for k, neuron in enumerate(net.input)}
        below = {id(neuron): k for k, neuron in enumerate(hidden)}
        n = len(hidden)
        m = len(inputs) + len(hidden) + 1
        weights = np.zeros((n, m))
        readout = np.zeros((len(output), n + 1))
        for k, neuron in enumerate(hidden):
            for link in neuron.incoming:
                source = id(link.source)
                if source in inputs:
                    weights[k, inputs[source]] = link.weight
                else:
                    weights[k, len(inputs) + context[source]] = link.weight
            weights[k, -1] = neuron.bias
        for k, neuron in enumerate(output):
            for link in neuron.incoming:
                readout[k, below[id(link.source)]] = link.weight
            readout[k, -1] = neuron.bias
        make = (
            np.array
            if ops is np
            else lambda array: ops.tensor(array, dtype=ops.float64)
        )
        self.n = n
        self.m = m
        self.inputs = len(inputs)
        self.weights = make(weights)
        self.readout = make(readout)
        self.seen = make(np.ones(m))
        self.hidden = make(np.ones(n + 1))
        self.z = make(np.zeros((n, n * m)))
        self.renewed = make(np.zeros((n, n * m)))
        self.every = make(np.arange(n)) if ops is np else ops.arange(n)
        self.make = make
        self.clear()

    def clear(self) -> None:
        """Begin a sequence: activations of 0."""
        self.hidden[: self.n] = 0.0
        self.slope = self.hidden[: self.n] * 0.0
        self.z[:] = 0.0

    def logistic(self, x: Any) -> Any:
        """Activations of states."""
        return 1.0 / (1.0 + self.ops.exp(-x))

    def step(self, x: Any, target: Any, rate: float) -> None:
        """Activate, renew Z, and update all weights by cross-entropy."""
        n = self.n
        ops = self.ops
        jacobian = self.weights[:, self.inputs : -1] * self.slope
        self.seen[: self.inputs] = x
        self.seen[self.inputs : -1] = self.hidden[:-1]
        self.hidden[:n] = self.logistic(self.weights @ self.seen)
        self.slope = self.hidden[:n] * (1.0 - self.hidden[:n])
        ops.matmul(jacobian, self.z, out=self.renewed)
        blocks = self.renewed.reshape(n, n, self.m)
        blocks[self.every, self.every] += self.seen
        self.z, self.renewed = self.renewed, self.z
        error = self.logistic(self.readout @ self.hidden) - target
        back = (self.readout[:, :n].T @ error) * self.slope
        self.weight_gradient = back @ self.z
        self.readout_gradient = error[:, None] * self.hidden
        self.weights -= rate * self.weight_gradient.reshape(n, self.m)
        self.readout -= rate * self.readout_gradient

    def run(self, inputs: Any, targets: Any, rate: float) -> None:
        """Learn from a sequence, step by step."""
        for x, target in zip(inputs, targets):
            self.step(x, target, rate)

    def gradient(
        self, inputs: np.ndarray, targets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The summed gradient of a sequence, with weights held still: of the hidden
        layer, of the outputs."""
        self.clear()
        hidden = np.zeros((self.n, self.m))
        readout = np.zeros(self.readout.shape)
        for x, target in zip(self.make(inputs), self.make(targets)):
            self.step(x, target, 0.0)
            hidden += np.asarray(self.weight_gradient).reshape(self.n, self.m)
            readout += np.asarray(self.readout_gradient)
        return hidden, readout

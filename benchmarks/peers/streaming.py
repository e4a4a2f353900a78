"""TD(λ) and actor-critic with traces and the step bound of Elsayed, Vasan and Mahmood
2024, by hand.

The perceptrons have hidden layers of tanh units. With NumPy, slopes are written out;
with `Torch`, autograd computes them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

DECAY = 0.99 * 0.8
DISCOUNT = 0.99
KAPPA = (2.0, 3.0)
ENTROPY = 0.01


class Dense:
    """Weights and biases layer by layer, with their traces."""

    def __init__(self, net: Any, kappa: float) -> None:
        weights = np.array(net.weights)
        biases = np.array(net.biases)
        sizes = [len(layer) for layer in net.layers]
        self.weights = []
        self.biases = []
        self.kappa = kappa
        start = 0
        bias = sizes[0]
        for before, size in pairwise(sizes):
            self.weights.append(
                weights[start : start + before * size].reshape(size, before).copy()
            )
            self.biases.append(biases[bias : bias + size].copy())
            start, bias = start + before * size, bias + size
        self.traces = [np.zeros_like(array) for array in (*self.weights, *self.biases)]

    def forward(self, row: Any) -> list[Any]:
        """The activations of all layers."""
        layers = [row]
        for weights, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            layers.append(np.tanh(weights @ layers[-1] + bias))
        return [*layers, self.weights[-1] @ layers[-1] + self.biases[-1]]

    def learn(self, layers: list[Any], errors: Any, delta: float) -> None:
        """Decay the traces, add the slopes, and step within the bound."""
        slopes: list[Any] = []
        for i in reversed(range(len(self.weights))):
            slopes.append((np.outer(errors, layers[i]), errors))
            errors = (self.weights[i].T @ errors) * (1.0 - layers[i] ** 2)
        arrays = [*self.weights, *self.biases]
        for e, slope in zip(
            self.traces,
            [s[0] for s in slopes[::-1]] + [s[1] for s in slopes[::-1]],
            strict=True,
        ):
            e *= DECAY
            e += slope
        size = sum(float(np.abs(e).sum()) for e in self.traces)
        step = 1.0 / max(1.0, self.kappa * max(abs(delta), 1.0) * size)
        for array, e in zip(arrays, self.traces, strict=True):
            array += step * delta * e

    def forget(self) -> None:
        """Clear the traces."""
        for e in self.traces:
            e[:] = 0.0

    def following(self, row: Any) -> float:
        """The value of the next observation."""
        return float(self.forward(row)[-1][0])


class Torch:
    """A maker of networks of PyTorch with the methods of `Dense`."""

    def make(self, net: Any, kappa: float) -> Any:
        """A network that autograd differentiates."""
        import torch

        torch.set_num_threads(1)
        dense = Dense(net, kappa)
        layers: list[Any] = []
        for weights, bias in zip(dense.weights, dense.biases, strict=True):
            linear = torch.nn.Linear(
                weights.shape[1], weights.shape[0], dtype=torch.float64
            )
            with torch.no_grad():
                linear.weight.copy_(torch.from_numpy(weights))
                linear.bias.copy_(torch.from_numpy(bias))
            layers += [linear, torch.nn.Tanh()]
        return TorchNetwork(torch, torch.nn.Sequential(*layers[:-1]), kappa)


class TorchNetwork:
    """A module with traces, as in the program of the paper's authors."""

    def __init__(self, torch: Any, module: Any, kappa: float) -> None:
        self.torch = torch
        self.module = module
        self.kappa = kappa
        self.parameters = list(module.parameters())
        self.traces = [torch.zeros_like(parameter) for parameter in self.parameters]

    def forward(self, row: Any) -> list[Any]:
        """The outputs, with their graph."""
        return [self.module(self.torch.from_numpy(row))]

    def learn(self, layers: list[Any], errors: Any, delta: float) -> None:
        """As `Dense.learn`."""
        goal = (layers[-1] * self.torch.from_numpy(errors)).sum()
        gradients = self.torch.autograd.grad(goal, self.parameters)
        with self.torch.no_grad():
            size = 0.0
            for e, gradient in zip(self.traces, gradients, strict=True):
                e.mul_(DECAY).add_(gradient)
                size += float(e.abs().sum())
            step = 1.0 / max(1.0, self.kappa * max(abs(delta), 1.0) * size)
            for parameter, e in zip(self.parameters, self.traces, strict=True):
                parameter.add_(e, alpha=step * delta)

    def forget(self) -> None:
        """Clear the traces."""
        for e in self.traces:
            e.zero_()

    def following(self, row: Any) -> float:
        """The value of the next observation."""
        with self.torch.no_grad():
            return float(self.module(self.torch.from_numpy(row)))


class Value:
    """TD(λ)."""

    def __init__(self, net: Any, torch: Torch | None) -> None:
        self.net = torch.make(net, KAPPA[0]) if torch else Dense(net, KAPPA[0])

    def begin(self, row: Any) -> None:
        """Begin an episode."""
        self.net.forget()
        self.layers = self.net.forward(row)

    def learn(self, gain: float, row: Any) -> None:
        """Learn a step."""
        delta = gain + DISCOUNT * self.net.following(row) - float(self.layers[-1][0])
        self.net.learn(self.layers, np.ones(1), delta)
        self.layers = self.net.forward(row)


class Actor:
    """Actor and critic, for discrete actions."""

    def __init__(self, policy: Any, value: Any, torch: Torch | None) -> None:
        make = torch.make if torch else Dense
        self.policy = make(policy, KAPPA[1])
        self.value = make(value, KAPPA[0])
        self.rng = np.random.default_rng(0)

    def begin(self, row: Any) -> int:
        """Begin an episode; returns the first action."""
        self.policy.forget()
        self.value.forget()
        return self._enter(row)

    def _enter(self, row: Any) -> int:
        self.layers = self.policy.forward(row)
        self.values = self.value.forward(row)
        logits = self.layers[-1]
        powers = np.exp(
            logits if isinstance(logits, np.ndarray) else logits.detach().numpy()
        )
        self.chances = powers / powers.sum()
        self.action = int(
            np.searchsorted(self.chances.cumsum(), self.rng.random(), side="right")
        )
        return self.action

    def learn(self, gain: float, row: Any) -> int:
        """Learn a step; returns the next action."""
        delta = gain + DISCOUNT * self.value.following(row) - float(self.values[-1][0])
        chances = self.chances
        logs = np.log(chances)
        errors = -chances - ENTROPY * np.sign(delta) * chances * (logs - chances @ logs)
        errors[self.action] += 1.0
        self.policy.learn(self.layers, errors, delta)
        self.value.learn(self.values, np.ones(1), delta)
        return self._enter(row)

"""PyTorch's operations by hand: no autograd, no modules, weights moved in place."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch

from ..cases import RATE, SAMPLES


def start(spec: dict[str, Any]) -> dict[str, str]:
    """One thread; a first small step."""
    torch.set_num_threads(1)
    Net({**spec, "sizes": [2, 2, 1]}, np.zeros((1, 2)), np.zeros((1, 1))).train(1, 1)
    return {"torch": torch.__version__}


class Net:
    """A perceptron of logistic neurons."""

    def __init__(
        self, spec: dict[str, Any], inputs: np.ndarray, targets: np.ndarray
    ) -> None:
        generator = torch.Generator().manual_seed(0)
        dtype = getattr(torch, spec["precision"])

        def draw(*shape: int) -> torch.Tensor:
            return torch.empty(shape, dtype=dtype).uniform_(
                -0.1, 0.1, generator=generator
            )

        sizes = spec["sizes"]
        self.weights = [draw(m, n) for n, m in itertools.pairwise(sizes)]
        self.biases = [draw(m) for m in sizes[1:]]
        self.inputs = list(torch.tensor(inputs, dtype=dtype))
        self.targets = list(torch.tensor(targets, dtype=dtype))

    def activate(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Activations of all layers."""
        ys = [x]
        for weights, bias in zip(self.weights, self.biases):
            ys.append(torch.addmv(bias, weights, ys[-1]).sigmoid_())
        return ys

    def step(self, x: torch.Tensor, target: torch.Tensor) -> None:
        """Activate and propagate."""
        ys = self.activate(x)
        delta = target - ys[-1]
        for layer in range(len(self.weights) - 1, -1, -1):
            weights = self.weights[layer]
            below = ys[layer]
            moving = delta
            if layer > 0:
                delta = torch.mv(weights.t(), delta).mul_(below).mul_(1 - below)
            weights.addr_(moving, below, alpha=RATE)
            self.biases[layer].add_(moving, alpha=RATE)

    @torch.inference_mode()
    def train(self, steps: int, among: int = SAMPLES) -> int:
        """Online steps."""
        for step in range(steps):
            self.step(self.inputs[step % among], self.targets[step % among])
        return steps

    @torch.inference_mode()
    def answer(self, steps: int) -> int:
        """Activations alone."""
        for step in range(steps):
            self.activate(self.inputs[step % SAMPLES])
        return steps

    @torch.inference_mode()
    def outputs(self, count: int) -> np.ndarray:
        """Outputs for the first samples."""
        return torch.stack([self.activate(x)[-1] for x in self.inputs[:count]]).numpy()

"""PyTorch as people write it: modules, autograd, an optimizer; one sample a step."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import nn

from ..cases import LSTM, RATE, SAMPLES


def start(spec: dict[str, Any]) -> dict[str, str]:
    """One thread; a first small step, since the optimizer's first use imports for
    seconds."""
    torch.set_num_threads(1)
    small = np.zeros((1, 2)), np.zeros((1, 1))
    Net({**spec, "sizes": [2, 2, 1]}, *small).train(1, 1)
    torch.manual_seed(0)
    return {"torch": torch.__version__}


class Cell(nn.Module):
    """An LSTMCell and a readout; the gradient stops at each step, so that it learns
    less per step."""

    def __init__(self, inputs: int, cells: int, outputs: int) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(inputs, cells)
        self.readout = nn.Linear(cells, outputs)
        self.state = torch.zeros(1, cells), torch.zeros(1, cells)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h, c = self.cell(x, self.state)
        self.state = h.detach(), c.detach()
        return self.readout(h)


def perceptron(sizes: list[int]) -> nn.Module:
    """Linear layers; the last logistic is part of the loss."""
    parts: list[nn.Module] = []
    for n, m in itertools.pairwise(sizes):
        parts += [nn.Linear(n, m), nn.Sigmoid()]
    return nn.Sequential(*parts[:-1])


class Net:
    """A module, the summed cross-entropy of logistic outputs, plain SGD."""

    def __init__(
        self, spec: dict[str, Any], inputs: np.ndarray, targets: np.ndarray
    ) -> None:
        sizes = spec["sizes"]
        self.model = Cell(*sizes) if spec["kind"] == LSTM else perceptron(sizes)
        self.loss = nn.BCEWithLogitsLoss(reduction="sum")
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE)
        self.inputs = list(torch.tensor(inputs, dtype=torch.float32)[:, None])
        self.targets = list(torch.tensor(targets, dtype=torch.float32)[:, None])

    def train(self, steps: int, among: int = SAMPLES) -> int:
        """Online steps."""
        model = self.model
        loss = self.loss
        optimizer = self.optimizer
        for step in range(steps):
            optimizer.zero_grad()
            loss(
                model(self.inputs[step % among]), self.targets[step % among]
            ).backward()
            optimizer.step()
        return steps

    @torch.no_grad()
    def answer(self, steps: int) -> int:
        """Activations alone."""
        for step in range(steps):
            self.model(self.inputs[step % SAMPLES]).sigmoid_()
        return steps

    @torch.no_grad()
    def outputs(self, count: int) -> np.ndarray:
        """Outputs for the first samples."""
        return torch.cat([self.model(x).sigmoid() for x in self.inputs[:count]]).numpy()

"""Synapse: a stream of samples through ``Trainer.train``, the cost of every step
included."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import llvmlite
import numpy as np

import architect
import synapse

from ..cases import LSTM, RATE, SAMPLES

# Of samples laid out one after the other, so that few calls make many steps
ROW_BYTES = 1 << 21


def build(
    network: str, sizes: list[int], precision: str = "float64"
) -> synapse.Network:
    """The network of a case."""
    if network == LSTM:
        return architect.LSTM(*sizes, style="synaptic", seed=0, dtype=precision)
    return architect.Perceptron(*sizes, seed=0, dtype=precision)


def start(spec: dict[str, Any]) -> dict[str, str]:
    """Read the kernels from the disk's cache, as the first step in a process does."""
    inputs = np.zeros((1, 2))
    targets = np.zeros((1, 1))
    net = build(spec["kind"], [2, 2, 1], spec["precision"])
    synapse.Trainer(net, rate=RATE).train(inputs, targets, epochs=1, progress=False)
    net.run(inputs)
    return {
        "synapse": synapse.__version__,
        "llvmlite": llvmlite.__version__,
        "numpy": np.__version__,
    }


class Net:
    """One network of ours."""

    def __init__(
        self, spec: dict[str, Any], inputs: np.ndarray, targets: np.ndarray
    ) -> None:
        self.net = build(spec["kind"], spec["sizes"], spec["precision"])
        self.trainer = synapse.Trainer(self.net, rate=RATE)
        self.inputs = inputs
        self.targets = targets
        self.rows: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def laid_out(self, among: int) -> tuple[np.ndarray, np.ndarray]:
        """The first samples, over and over."""
        if among not in self.rows:
            inputs = self.inputs[:among]
            targets = self.targets[:among]
            times = max(1, ROW_BYTES // (inputs.nbytes + targets.nbytes))
            self.rows[among] = np.tile(inputs, (times, 1)), np.tile(targets, (times, 1))
        return self.rows[among]

    def train(self, steps: int, among: int = SAMPLES) -> int:
        """Whole epochs, or a part of one."""
        if steps <= among:
            inputs = self.inputs[:among]
            targets = self.targets[:among]
        else:
            inputs, targets = self.laid_out(among)
        epochs = max(1, round(steps / len(inputs)))
        rows = min(steps, len(inputs))
        self.trainer.train(
            inputs[:rows], targets[:rows], epochs=epochs, shuffle=False, progress=False
        )
        return epochs * rows

    def answer(self, steps: int) -> int:
        """Whole runs over the rows."""
        inputs, _ = self.laid_out(SAMPLES)
        rows = inputs[:steps]
        runs = max(1, round(steps / len(rows)))
        for _ in range(runs):
            self.net.run(rows)
        return runs * len(rows)

    def outputs(self, count: int) -> np.ndarray:
        """Outputs for the first samples."""
        return self.net.run(self.inputs[:count])


if __name__ == "__main__":  # fills the disk's cache of kernels, and nothing else
    begin = time.perf_counter()
    start({"kind": "perceptron", "precision": json.loads(sys.argv[1])["precision"]})
    print(json.dumps({"seconds": time.perf_counter() - begin}))

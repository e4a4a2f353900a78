"""The networks that are measured, and the samples, which are the same for all
libraries."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

SAMPLES = 64
RATE = 0.01
PERCEPTRON = "perceptron"
LSTM = "lstm"
ACTIVATE = "activate"


@dataclass(frozen=True)
class Case:
    """A row of the table: a network and the measured computation.

    ``perceptron`` and ``lstm`` are online training steps, ``activate`` is a forward
    pass of a perceptron."""

    kind: str
    sizes: tuple[int, ...]

    @property
    def key(self) -> str:
        """Its name on the command line."""
        sizes = "-".join(map(str, self.sizes))
        return sizes if self.kind == PERCEPTRON else f"{self.kind}-{sizes}"

    @property
    def label(self) -> str:
        """Its name in the table."""
        sizes = "-".join(map(str, self.sizes))
        return {
            PERCEPTRON: sizes,
            LSTM: f"LSTM {sizes}",
            ACTIVATE: f"{sizes}, activate only",
        }[self.kind]

    @property
    def connections(self) -> int:
        """The number of weights, including self-connections; LSTMs have all-to-all
        peepholes."""
        if self.kind != LSTM:
            return sum(a * b for a, b in zip(self.sizes, self.sizes[1:]))
        n, cells, m = self.sizes
        return 4 * n * cells + 3 * cells * cells + cells + cells * m + n * m

    @classmethod
    def named(cls, key: str) -> Case:
        """Return the case with a name such as ``10-20-5`` or ``lstm-6-8-6``."""
        word, _, sizes = key.strip().lower().partition("-")
        if word not in (LSTM, ACTIVATE):
            word = PERCEPTRON
            sizes = key.strip()
        try:
            return cls(word, tuple(int(size) for size in sizes.split("-")))
        except ValueError:
            raise SystemExit(
                "Expected a row such as 10-20-5, lstm-6-8-6 or activate-2-3-1, got"
                f" {key!r}."
            ) from None


ROWS = [
    "2-3-1",
    "10-20-5",
    "64-128-10",
    "784-100-10",
    "1000-1000-10",
    "lstm-6-8-6",
    "lstm-30-72-30",
    "lstm-100-100-20",
    "activate-2-3-1",
]
QUICK_ROWS = ["2-3-1", "lstm-6-8-6"]


def samples(case: Case, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw inputs from 0 to 1 and targets from 0 to 0.3.

    The mean of the targets is not that of untrained outputs, so that learning is
    visible after few steps."""
    rng = np.random.default_rng(seed)
    inputs = rng.random((SAMPLES, case.sizes[0]))
    targets = 0.3 * rng.random((SAMPLES, case.sizes[-1]))
    return inputs, targets


def write_samples(case: Case, folder: Path) -> Path:
    """Write the samples as raw float64, inputs before targets, which every language can
    read."""
    path = folder / f"{case.key}.f64"
    inputs, targets = samples(case)
    path.write_bytes(inputs.tobytes() + targets.tobytes())
    return path


def read_samples(path: str, sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Read the file of `write_samples`."""
    numbers = np.fromfile(path)
    split = SAMPLES * sizes[0]
    inputs = numbers[:split].reshape(SAMPLES, sizes[0])
    targets = numbers[split:].reshape(SAMPLES, sizes[-1])
    return inputs, targets

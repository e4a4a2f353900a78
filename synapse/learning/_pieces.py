"""How a training is divided into compiled calls: the number of epochs of each, and their random orders."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._data import Order

SECONDS = 0.02
"""Time that a call with several epochs should take: Ctrl-C and the progress bar wait for its end."""
MOST_NUMBERS = 1 << 20
"""Maximum number of entries in the orders of several epochs."""


class Pace:
    """The number of epochs for the next call. It depends on measured times, so it must not change any result.

    Attributes
    ----------
    epochs : int
        Number of epochs that take about `SECONDS`. The first call is one epoch.
    """

    epochs = 1

    def note(self, seconds: float, sequences: int) -> None:
        """Adapt to the time that these epochs, each with so many sequences, took; times are noisy."""
        most = min(4 * self.epochs, MOST_NUMBERS // sequences)
        self.epochs = max(1, min(most, int(self.epochs * SECONDS / max(seconds, 1e-9))))


class Orders:
    """Draws the orders of sequences for several epochs; those that are not used can be put back.

    The orders of an epoch are the same, however many epochs are drawn at a time.
    """

    def __init__(self, rng: np.random.Generator, shuffle: bool) -> None:
        self.rng, self.shuffle = rng, shuffle
        self._before: Any = None  # state of the generator before the latest draw of several epochs,
        self._drawn = 0  # and their number

    def draw(self, sequences: Order, epochs: int) -> NDArray[np.uint64]:
        """Return the orders of the next epochs, shape (epochs, sequences)."""
        orders = sequences[None] if epochs == 1 else sequences[None].repeat(epochs, axis=0)
        if not self.shuffle:
            return orders
        if epochs > 1:
            self._before, self._drawn = self.rng.bit_generator.state, epochs
        return self.rng.permuted(orders, axis=1)

    def keep(self, sequences: Order, used: int) -> None:
        """Put back all but the first `used` of several epochs that were drawn last."""
        if self.shuffle and used < self._drawn:
            self.rng.bit_generator.state = self._before
            self.rng.permuted(sequences[None].repeat(used, axis=0), axis=1)

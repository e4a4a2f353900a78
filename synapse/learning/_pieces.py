"""How a training is divided into compiled calls: the number of epochs of each, and their random orders."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._data import Order

SECONDS = 0.03
"""Time that a call with several epochs should take: Ctrl-C and the progress bar wait for its end."""
MOST_NUMBERS = 1 << 20
"""Maximum number of entries in the orders of several epochs."""


class Pace:
    """The number of epochs for the next call. It depends on measured times, so it must not change any result.

    Attributes
    ----------
    epochs : int
        The number of epochs that take about `SECONDS`.
    """

    epochs = 1

    def note(self, epochs: int, seconds: float) -> None:
        """Adapt to the time that some epochs took. Growth is limited, as times are noisy."""
        self.epochs = max(1, min(4 * self.epochs, int(epochs * SECONDS / max(seconds, 1e-9))))


class Orders:
    """Draws the orders of sequences for several epochs; those that are not used can be put back.

    The orders of an epoch are the same, however many epochs are drawn at a time.
    """

    def __init__(self, rng: np.random.Generator, shuffle: bool) -> None:
        self._rng, self._shuffle = rng, shuffle
        self._before: Any = None  # state of the generator before the latest draw of several epochs

    def draw(self, sequences: Order, epochs: int) -> NDArray[np.uint64]:
        """Return the orders of the next epochs, shape (epochs, sequences)."""
        orders = np.repeat(sequences[None], epochs, axis=0)
        if self._shuffle:
            self._before = self._rng.bit_generator.state if epochs > 1 else None
            self._rng.permuted(orders, axis=1, out=orders)
        return orders

    def put_back(self, sequences: Order, used: int, drawn: int) -> None:
        """Return the generator to its state after `used` of the epochs that were `drawn` last."""
        if self._shuffle and used < drawn and self._before is not None:
            self._rng.bit_generator.state = self._before
            self.draw(sequences, used)

"""When a training is saved while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable

from ._paused import Paused

SECONDS = 1.0
"""Least time between two files, unless the user says how many epochs."""
SHARE = 20.0
"""And this many times as long as the latest file took to write, so that files take 5 % of the time."""


class Checkpoint:
    """Writes a training to a file, which `write` does, after every `every` epochs, or as often as is cheap.

    How often has no influence on the training, except that files take time.
    """

    def __init__(self, write: Callable[[Paused], None], every: int | None) -> None:
        self._write, self._every = write, every
        self._due = 0.0

    def free(self, done: int) -> int | float:
        """Number of epochs until the next file may be due."""
        return float("inf") if self._every is None else self._every - done % self._every

    def is_due(self, done: int) -> bool:
        """Whether to write a file after this number of epochs."""
        return time.monotonic() >= self._due if self._every is None else done % self._every == 0

    def write(self, paused: Paused) -> None:
        """Write the file."""
        begun = time.monotonic()
        self._write(paused)
        ended = time.monotonic()
        self._due = ended + max(SECONDS, SHARE * (ended - begun))

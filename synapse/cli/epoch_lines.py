"""Lines on a training, for a file or a pipe, and on a test."""

from __future__ import annotations

import sys
import time

from ..learning._callbacks import Progress

SECONDS = 10.0
"""Time between two lines: a log of an hour has 360, and a short training none."""


class EpochLines:
    """Prints a line on stderr after an epoch, or before a forecast in a test, if the
    last one is some time ago.
    """

    def __init__(self) -> None:
        self._printed: float | None = None
        self._method = ""
        self._begun = 0.0

    def __call__(self, progress: Progress) -> None:
        """Print the number of the epoch and its losses."""
        held_out = (
            ""
            if progress.validation_loss is None
            else f", held-out loss {progress.validation_loss:.4g}"
        )
        line = f"epoch {progress.epoch}, loss {progress.loss:.4g}{held_out}"
        self._print(f"{line}, {progress.seconds:.0f} s")

    def forecast(self, method: str, done: int, total: int) -> None:
        """Print how many forecasts a method has made in a test, and the time left."""
        if method != self._method:
            self._method, self._begun = method, time.monotonic()
        each = (time.monotonic() - self._begun) / max(done, 1)
        left = f", about {each * max(total - done, 0):.0f} s left" if done else ""
        self._print(
            f"{method}, {f'forecast {done} of {total}' if done else 'fit'}{left}"
        )

    def _print(self, line: str) -> None:
        now = time.monotonic()
        if self._printed is None:  # the first epoch: compiling is over
            self._printed = now
        if now - self._printed >= SECONDS:
            self._printed = now
            print(f"synapse: {line}.", file=sys.stderr, flush=True)

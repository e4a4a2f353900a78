"""Lines on a training, for a file or a pipe: a terminal has a progress bar."""

from __future__ import annotations

import sys
import time

from ..learning._callbacks import Progress

SECONDS = 10.0
"""Time between two lines: a log of an hour has 360, and a short training none."""


class EpochLines:
    """Prints a line on stderr after an epoch, if the last one is some time ago."""

    def __init__(self) -> None:
        self._printed: float | None = None

    def __call__(self, progress: Progress) -> None:
        """Print the number of the epoch and its losses."""
        now = time.monotonic()
        if self._printed is None:  # the first epoch: compiling is over
            self._printed = now
        if now - self._printed < SECONDS:
            return
        self._printed = now
        held_out = (
            ""
            if progress.validation_loss is None
            else f", held-out loss {progress.validation_loss:.4g}"
        )
        line = f"epoch {progress.epoch}, loss {progress.loss:.4g}{held_out}"
        print(
            f"synapse: {line}, {progress.seconds:.0f} s.", file=sys.stderr, flush=True
        )

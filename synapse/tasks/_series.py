"""Series to predict: the target of a row is the row some steps later."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._typing import Floats
from .judges import Judge
from .samples import SampleBatch

TOGETHER = 16
"""From this number of series on, arrays of all series are faster than the numbers of each."""


def ahead(blocks: Iterator[Floats], steps: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield the rows of a series, given in blocks, with the rows that are `steps` later."""
    rows = next(blocks)
    while True:
        if len(rows) > steps:
            yield rows[:-steps], rows[steps:]
            rows = rows[-steps:]
        rows = np.concatenate([rows, next(blocks)])


def series_batch(blocks: Iterator[Floats], length: int, steps: int, judge: Judge) -> SampleBatch:
    """Samples of several series, which are the columns of the blocks; targets are `steps` later."""
    parts, missing = [], length + steps
    while missing > 0:
        parts.append(next(blocks))
        missing -= len(parts[-1])
    values = np.concatenate(parts)[: length + steps]
    inputs, targets = values[:-steps].T, values[steps:].T
    lengths = np.full(values.shape[1], length)
    return SampleBatch(inputs.reshape(-1, 1), targets.reshape(-1, 1), lengths, judge)

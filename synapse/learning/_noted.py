"""Copies the steps of an exact gradient from tapes, with samples side by side, to a recording, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import engine
from .._typing import Floats
from ..engine.lowering.changes import spans
from ..engine.schema import ENDED
from ._data import Data

COLUMNS = {
    "activation": "activation",
    "state": "noted_state",
    "derivative": "noted_slope",
    "responsibility": "noted_error",
}
"""Quantities that an exact gradient computes, and their columns on the tapes."""


class NotedSteps:
    """The quantities of all steps of some sequences, sequence by sequence; `share` weighs their costs.

    Errors refer to the sequence's own cost, independent of its share in the loss.
    """

    def __init__(self, data: Data, chosen: NDArray[Any], share: Floats, neurons: int, inputs: int) -> None:
        begins = data.bounds[:-1][chosen].astype(np.int64)
        lengths = data.bounds[1:][chosen].astype(np.int64) - begins
        rows = spans(begins, lengths)
        self._place = np.zeros(len(data.inputs), np.int64)  # by row of the data
        self._place[rows] = np.arange(len(rows))
        self._share = np.repeat(share, lengths)
        self._inputs = inputs
        self.numbers = {name: np.full((len(rows), neurons), np.nan) for name in COLUMNS}

    def take(self, tapes: engine.exact.Tapes, steps: int) -> None:
        """Copy the samples from these tapes; several threads may do so at the same time."""
        row = tapes["row"][: steps * tapes.width].reshape(steps, tapes.width)
        there = row != ENDED
        place = self._place[row[there].astype(np.int64)]
        for name, column in COLUMNS.items():
            self.numbers[name][place] = tapes.steps_of(column, steps)[there]
        for name in ("derivative", "responsibility"):  # inputs take their activation from the data
            self.numbers[name][place[:, None], np.arange(self._inputs)] = 0.0
        self.numbers["responsibility"][place] /= self._share[place][:, None]

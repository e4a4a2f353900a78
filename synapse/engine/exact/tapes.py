"""Tapes: memory of an unfolding through time, written by the forward and read by the
backward pass.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import aligned
from ..schema import (
    CHUNK,
    FAILURE,
    TAPES,
    TILE,
    VECTOR_BYTES,
    numpy_dtype,
)

PLACES = {column.name: i for i, column in enumerate(TAPES)}


class Tapes:
    """The tapes of one unfolding, see ``schema.TAPES``, in the float of the store.

    They have `width` samples of at most `steps` steps; with `recorded` also the numbers
    of a recording; with `restored` the streams of random neurons.
    """

    def __init__(
        self,
        dtype: np.dtype[Any],
        width: int,
        steps: int,
        rows: int,
        outputs: int,
        connections: int,
        recorded: bool = False,
        restored: bool = False,
    ) -> None:
        self.width = width
        self.steps = steps
        self.rows = rows
        self.continued = False  # whether the last call started from a context
        sizes = {
            "activation": (steps + 1) * rows,
            "transposed": (steps + 1) * rows if width > 1 else 0,
            "state": (steps + 1) * rows,
            "slope": (steps + 1) * rows,
            "mask": 0,
            "error": min(steps, CHUNK) * (rows + TILE),
            "panel": min(steps, CHUNK) * 2 * VECTOR_BYTES // dtype.itemsize,
            "weighed": rows,
            "tile": TILE,
            "pushed": 2 * rows,
            "carried": rows,
            "signal": steps * outputs,
            "value": outputs,
            "row": steps * width,
            "share": steps * width,
            "failed": FAILURE,
            "random": rows * restored,
            **dict.fromkeys(
                ("noted_state", "noted_slope", "noted_error"), steps * rows * recorded
            ),
            "weight_move": connections,
            "bias_move": rows,
        }
        lengths = [
            sizes[column.name] * (width if column.dtype == "lanes" else 1)
            for column in TAPES
        ]
        dtypes = [
            dtype if column.dtype == "lanes" else numpy_dtype(column, dtype)
            for column in TAPES
        ]
        # each column begins on a vector of memory
        lines = [
            -(-n * column_dtype.itemsize // VECTOR_BYTES)
            for n, column_dtype in zip(lengths, dtypes, strict=True)
        ]
        begins = [VECTOR_BYTES * line for line in accumulate(lines, initial=0)]
        # one block: allocating each column takes longer
        self._memory = aligned(begins.pop(), np.dtype(np.uint8))
        self.nbytes = len(self._memory)
        self._columns = dict(
            zip(PLACES, zip(begins, lengths, dtypes, strict=True), strict=True)
        )
        self._mask = np.empty(0, dtype)
        address = self._memory.ctypes.data
        self.table = np.array(
            [*(address + begin for begin in begins), *lengths], np.int64
        )
        self.address = int(self.table.ctypes.data)

    def __getitem__(self, name: str) -> NDArray[Any]:
        begin, length, dtype = self._columns[name]
        return self._memory[begin : begin + length * dtype.itemsize].view(dtype)

    def clear(self) -> None:
        """Let it be as new, for another set of parameters that learn."""
        self._memory[:] = 0
        self.continued = False

    def begin(
        self, context: dict[str, NDArray[Any]] | None, mask: NDArray[Any] | None
    ) -> None:
        """Set the initial context (default: 0) and a mask, shape (steps, neurons,
        samples).
        """
        if mask is not None:
            self._mask = aligned(mask.size, self["state"].dtype)
            self._mask[:] = mask.reshape(-1)
            here = PLACES["mask"]
            self.table[here] = self._mask.ctypes.data
            self.table[len(TAPES) + here] = len(self._mask)
        if context is not None or self.continued:
            for name in ("activation", "state"):
                numbers = self[name][: self.rows * self.width]
                by_neuron = numbers.reshape(self.rows, self.width)
                by_neuron.T[...] = 0.0 if context is None else context[name]
            if self.width > 1:
                numbers = self["transposed"][: self.rows * self.width]
                by_sample = numbers.reshape(self.width, self.rows)
                by_sample[...] = 0.0 if context is None else context["activation"]
        self.continued = context is not None

    def steps_of(self, name: str, steps: int) -> NDArray[Any]:
        """The first steps of a column of all steps and neurons, shape (steps, samples,
        neurons).
        """
        values = self[name].reshape(-1, self.rows, self.width)
        return values[len(values) - self.steps :][:steps].swapaxes(1, 2)

    def beyond(
        self, loss: float, bad: int, steps: int
    ) -> tuple[str, int, tuple[int, int] | None]:
        """The first number that is not finite: its name, step and, if known, neuron and
        sample.
        """
        if not np.isfinite(loss):
            values = self["activation"].reshape(-1, self.rows, self.width)
            values = values[1 : steps + 1]  # the first are of the context
            places = np.argwhere(~np.isfinite(values))
            if not len(places):
                return "The cost", 0, None
            step, neuron, lane = places[0].tolist()
            return "The activation", step, (neuron, lane)
        errors = self["error"].reshape(-1, self.rows + TILE, self.width)
        errors = errors[bad % CHUNK, : self.rows]
        # the last neuron: errors go back from there
        neuron, lane = np.argwhere(~np.isfinite(errors))[-1].tolist()
        name = "The gradient exploded: going back from the end, the error"
        return name, bad, (neuron, lane)

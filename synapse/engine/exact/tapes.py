"""Allocate tapes, the memory of an unfolding through time, which the forward pass
writes and the backward pass reads.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..columns import aligned
from ..read_order import Attributes, depth_of
from ..records import Span
from ..schema import (
    CHUNK,
    FAILURE,
    MAX_TILE,
    NONE,
    TAPES,
    VECTOR_BYTES,
    numpy_dtype,
)
from ..store import Store

TABLE_SLOTS = {column.name: i for i, column in enumerate(TAPES)}


class Tapes:
    """The tapes of one unfolding, see ``schema.TAPES``, in the float of the store.

    They have `width` samples of at most `steps` steps, preceded by a context of `depth`
    steps, and with `recorded` also the numbers of a recording. Tapes of runs without
    traces have the streams of random neurons (`restored`), and a copy of `past`
    activations of the store, with as many `rings`.
    """

    def __init__(
        self,
        dtype: np.dtype[Any],
        width: int,
        steps: int,
        rows: int,
        outputs: int,
        connections: int,
        depth: int = 1,
        recorded: bool = False,
        restored: bool = False,
        past: int = 0,
        rings: int = 0,
        touched: int = 0,
    ) -> None:
        self.width = width
        self.steps = steps
        self.rows = rows
        self.depth = depth
        self.continued = False  # whether the last call started from a context
        # marks of the packs of sources from which the gradient has terms, by row of the
        # store; empty if there are no lists
        self.touched = np.zeros(touched, dtype)
        sizes = {
            "activation": (steps + depth) * rows + past,
            "transposed": (steps + depth) * rows if width > 1 else 0,
            "state": (steps + depth) * rows,
            "slope": (steps + depth) * rows,
            "mask": 0,
            "error": min(steps, CHUNK) * (rows + MAX_TILE),
            "panel": min(steps, CHUNK) * 2 * VECTOR_BYTES // dtype.itemsize,
            "new_state": rows,
            "tile": MAX_TILE,
            "pushed": (depth + 1) * rows,
            "carried": rows,
            "signal": steps * outputs,
            "value": outputs,
            "loss": steps,
            "row": steps * width,
            "share": steps * width,
            "failed": FAILURE,
            "random": rows * restored,
            "head": rings,
            **dict.fromkeys(
                ("recorded_state", "recorded_slope", "recorded_error"),
                steps * rows * recorded,
            ),
            "weight_update": connections,
            "bias_update": rows,
        }
        lengths = [
            sizes[column.name] * (width if column.dtype == "lanes" else 1)
            for column in TAPES
        ]
        dtypes = [
            dtype if column.dtype == "lanes" else numpy_dtype(column, dtype)
            for column in TAPES
        ]
        # each column is aligned to a vector register
        lines = [
            -(-n * column_dtype.itemsize // VECTOR_BYTES)
            for n, column_dtype in zip(lengths, dtypes, strict=True)
        ]
        begins = [VECTOR_BYTES * line for line in accumulate(lines, initial=0)]
        # one block, because allocating each column takes longer
        self._memory = aligned(begins.pop(), np.dtype(np.uint8))
        self.nbytes = len(self._memory)
        self._columns = dict(
            zip(TABLE_SLOTS, zip(begins, lengths, dtypes, strict=True), strict=True)
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
        """Reset for a new set of trainable parameters."""
        self._memory[:] = 0
        self.touched[:] = 0.0
        self.continued = False

    def begin(
        self, context: dict[str, NDArray[Any]] | None, mask: NDArray[Any] | None
    ) -> None:
        """Set the initial context and a mask, shape (steps, neurons, samples).

        The context consists of the activations before the first step, shape (`depth`,
        neurons), with the latest last, and the states. Default: 0.
        """
        if mask is not None:
            self._mask = aligned(mask.size, self["state"].dtype)
            self._mask[:] = mask.reshape(-1)
            here = TABLE_SLOTS["mask"]
            self.table[here] = self._mask.ctypes.data
            self.table[len(TAPES) + here] = len(self._mask)
        if context is not None or self.continued:
            self._write_context(context)
        self.continued = context is not None

    def _write_context(self, context: dict[str, NDArray[Any]] | None) -> None:
        none = np.zeros((self.depth, self.rows))
        by_neuron = self.depth, self.rows, self.width
        by_sample = self.depth, self.width, self.rows
        size = none.size * self.width
        before = none if context is None else context["activation"]
        states = none[-1] if context is None else context["state"]
        self["activation"][:size].reshape(by_neuron)[:] = before[..., None]
        self["state"][:size].reshape(by_neuron)[-1] = states[:, None]
        if self.width > 1:
            self["transposed"][:size].reshape(by_sample)[:] = before[:, None]

    def steps_of(self, name: str, steps: int) -> NDArray[Any]:
        """Return the first steps of a column of all steps and neurons, shape (steps,
        samples, neurons).
        """
        values = self[name].reshape(-1, self.rows, self.width)
        return values[len(values) - self.steps :][:steps].swapaxes(1, 2)

    def beyond(
        self, loss: float, bad: int, steps: int
    ) -> tuple[str, int, tuple[int, int] | None]:
        """Return the name and step of the first number that is not finite and, if
        known, the neuron and sample.
        """
        if not np.isfinite(loss):
            values = self["activation"].reshape(-1, self.rows, self.width)
            values = values[self.depth : self.depth + steps]  # after the context
            indices = np.argwhere(~np.isfinite(values))
            if not len(indices):
                return "The cost", 0, None
            step, neuron, lane = indices[0].tolist()
            return "The activation", step, (neuron, lane)
        errors = self["error"].reshape(-1, self.rows + MAX_TILE, self.width)
        errors = errors[bad % CHUNK, : self.rows]
        # the last neuron, because errors go back from there
        neuron, lane = np.argwhere(~np.isfinite(errors))[-1].tolist()
        name = "The gradient exploded: going back from the end, the error"
        return name, bad, (neuron, lane)


SCRATCH = ("panel", "new_state", "tile", "pushed", "carried", "value", "failed")
"""Columns that each thread has for itself if several threads compute the same group."""


class SharedTapes:
    """Tapes for another thread that computes steps of the same group. They share the
    columns of `tapes`, except for working memory (`SCRATCH`).
    """

    def __init__(self, tapes: Tapes) -> None:
        self._tapes = tapes
        self.width = tapes.width
        self.touched = tapes.touched
        self._own = [aligned(tapes[name].size, tapes[name].dtype) for name in SCRATCH]
        self.table = tapes.table.copy()
        for name, values in zip(SCRATCH, self._own, strict=True):
            values[:] = 0
            self.table[TABLE_SLOTS[name]] = values.ctypes.data
        self.address = int(self.table.ctypes.data)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._tapes[name]


def context_depth(store: Store, span: NDArray[np.int64]) -> int:
    """Return the number of steps in the context of a network in a lowered store."""
    return int(depth_of(Attributes(store), int(span[Span.START])))


def context_of(store: Store, span: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Return the context of a network in a lowered store, in the form that
    `Tapes.begin` takes.
    """
    start, stop = int(span[Span.START]), int(span[Span.STOP])
    c = store.columns
    before = np.zeros((context_depth(store, span), stop - start))
    before[-1] = c["activation"][start:stop]
    ring = c["ring"][start]
    if ring != NONE:
        frames = int(c["ring_frames"][ring])
        rows = slice(
            *(int(c[end][ring]) - start for end in ("ring_start", "ring_stop"))
        )
        first = int(c["ring_first"][ring])
        width = rows.stop - rows.start
        past = c["past"][first : first + frames * width].reshape(frames, width)
        # `head` is the frame of the step before the latest
        latest_last = int(c["ring_head"][ring]) + np.arange(3 - frames, 1)
        before[:-1, rows] = past[latest_last % frames]
    return {"activation": before, "state": c["state"][start:stop]}

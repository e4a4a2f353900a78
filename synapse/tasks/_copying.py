"""Generate copying tasks, in which a network reads some bits, then outputs them in
their order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from .._checks import non_negative_integer, positive_integer, suggests_arguments
from ._samples import MAX_STEPS, SampleBatch, Sides, Spans
from ._task import Criterion, Task


@suggests_arguments("task")
@dataclass(frozen=True)
class Copy(Task):
    """Copying: read random bits, then output them in the same order.

    A sequence first shows the bits, one per step, on one input for each value. In as
    many further steps it shows only a flag, on the third input, and has the bits as
    targets. The number of bits is random, from ``length - spread`` (but at least 1) to
    `length`. A sequence is right if every output is on the same side of 0.5 as its bit.

    Menick and others 2021 increase the length whenever a network copies well enough, as
    in `studies/rtrl.md`. The criterion comes from this library.

    Parameters
    ----------
    length : int
        Largest number of bits in a sequence.
    spread : int
        Largest number of bits by which a sequence can be shorter, 0 or above. Default
        5.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter cannot be used.

    Examples
    --------
    >>> sample = Copy(3, spread=0).sample(0)
    >>> sample.inputs.T
    array([[0., 0., 0., 0., 0., 0.],
           [1., 1., 1., 0., 0., 0.],
           [0., 0., 0., 1., 1., 1.]])
    >>> sample.targets.T
    array([[nan, nan, nan,  1.,  1.,  1.]])
    """

    length: Annotated[int, partial(positive_integer, maximum=MAX_STEPS // 2)] = 10
    spread: Annotated[int, non_negative_integer] = 5

    inputs: ClassVar[int] = 3
    """Number of inputs, with one for each value of a bit, and a flag."""
    outputs: ClassVar[int] = 1
    criterion: ClassVar[Criterion] = Criterion(500, wrong=5)
    """At most 5 of 500 sequences are wrong."""
    paper: ClassVar[str] = "Menick and others, ICLR 2021 (SnAp)."

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        shortest = max(self.length - self.spread, 1)
        sizes = rng.integers(shortest, self.length, size=count, endpoint=True)
        bits = rng.integers(2, size=int(sizes.sum()))

        # The second half of the steps of each sequence has the flag and the targets.
        spans = Spans(2 * sizes)
        copied = np.arange(spans.total) >= np.repeat(spans.first + sizes, spans.lengths)
        inputs = np.zeros((spans.total, 3))
        inputs[np.flatnonzero(~copied), bits] = 1.0
        inputs[copied, 2] = 1.0
        goals = np.full((spans.total, 1), np.nan)
        goals[copied, 0] = bits
        return SampleBatch(inputs, goals, spans.lengths, Sides(0.5))

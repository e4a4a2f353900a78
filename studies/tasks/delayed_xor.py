"""Strongly delayed XOR: the exclusive or of two widely separated bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import expected
from synapse.errors import ArgumentError
from synapse.tasks import Criterion, SampleBatch, Sides, Task
from synapse.tasks._samples import Spans, steps_of


@dataclass(frozen=True)
class DelayedXor(Task):
    """Strongly delayed XOR: whether the two marked signs of a sequence differ.

    A step has two inputs, a random sign, 1 or -1, and a marker, 1 at two steps and 0 at
    all others. One of the marked steps is in the first half of the sequence, but not
    the last step of that half; the other is in the second half, but not the last step
    of the sequence. Only the last step has a target: 1 if the two signs differ, 0 if
    they are equal. A sequence is right if the output is on the same side of 0.5. One
    sign alone is independent of the target, so storing it does not reduce the error.

    Hochreiter and Schmidhuber 1997 name this kind of problem among the limitations of
    the truncated gradient; they give no figures. The form and the criterion are those
    of `studies/rtrl.md`.

    Parameters
    ----------
    steps : int
        Number of steps of a sequence, an even number, at least 4.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the steps cannot be used.

    Examples
    --------
    >>> sample = DelayedXor(6).sample(0)
    >>> sample.inputs.T, sample.targets[-1]
    (array([[ 1.,  1.,  1., -1., -1., -1.],
           [ 1.,  0.,  0.,  1.,  0.,  0.]]), array([1.]))
    """

    steps: int = 20

    inputs: ClassVar[int] = 2
    """Number of inputs: a sign and a marker."""
    outputs: ClassVar[int] = 1
    criterion: ClassVar[Criterion] = Criterion(500, wrong=5)
    """At most 5 of 500 sequences are wrong."""
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), section 6."
    )

    def __post_init__(self) -> None:
        if steps_of("DelayedXor", self.steps, 4) % 2:
            raise ArgumentError(
                expected("steps of DelayedXor", "an even number", self.steps)
            )

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        spans = Spans(np.full(count, self.steps))
        half = self.steps // 2
        inputs = np.zeros((spans.total, 2))
        inputs[:, 0] = 2.0 * rng.integers(2, size=spans.total) - 1.0
        early = spans.first + rng.integers(half - 1, size=count)
        late = spans.first + rng.integers(half, self.steps - 1, size=count)
        inputs[early, 1] = inputs[late, 1] = 1.0
        differ = inputs[early, :1] != inputs[late, :1]
        return SampleBatch(inputs, spans.goals(1.0 * differ), spans.lengths, Sides(0.5))

"""Long lags: predict the last symbol of a sequence, which is its first or second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import boolean, whole_number
from synapse.tasks import Criterion, SampleBatch, Task, Within
from synapse.tasks._samples import Spans, steps_of

from ._judges import WithinIfCertain

TESTED = 10_000
MAX_SYMBOLS = 10_000
CONTINUES = 0.9
"""Probability that another distractor follows, in the part of random length."""


@dataclass(frozen=True)
class LongLag(Task):
    """Long lag without noise: predict the next symbol; the last one is the first one
    again.

    There are ``lag + 1`` symbols, ``a1, ..., a(lag-1), x, y``. A sequence starts with x
    or y, goes on with ``lag - 1`` other symbols, and ends with the symbol that it
    started with. The other symbols are ``a1, ..., a(lag-1)`` in this order (2a), or
    random ones of them (2b). The target of every step is the next symbol, one-hot. A
    sequence is right if every output differs from its target by less than 0.25 at all
    steps, or in 2b at the last step, the only one whose next symbol can be predicted.

    Hochreiter and Schmidhuber 1997, experiments 2a and 2b. In 2b with the targets of
    every step, x and y are rarer than the others by far, so a network must also count
    the steps to know when one of them is due; with `only_last` it need not.

    Parameters
    ----------
    lag : int
        Number of steps from the first symbol to the last one, at least 2. The paper has
        4, 10 and 100.
    regular : bool
        Whether the other symbols have always the same order (experiment 2a), or are
        random (2b).
    only_last : bool
        Whether only the last step has a target. Default False, as in the paper.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter cannot be used.

    Examples
    --------
    >>> task = LongLag(4)
    >>> task.sample(0).inputs
    array([[0., 0., 0., 0., 1.],
           [1., 0., 0., 0., 0.],
           [0., 1., 0., 0., 0.],
           [0., 0., 1., 0., 0.]])
    """

    lag: int = 100
    regular: bool = True
    only_last: bool = False

    criterion: ClassVar[Criterion] = Criterion(TESTED)
    """All of 10,000 sequences are right."""
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiments 2a and"
        " 2b."
    )

    def __post_init__(self) -> None:
        symbols_of("lag of LongLag", self.lag, 2)
        boolean("regular of LongLag", self.regular)
        boolean("only_last of LongLag", self.only_last)

    @property
    def inputs(self) -> int:
        """Number of inputs, one per symbol."""
        return self.lag + 1

    @property
    def outputs(self) -> int:
        """Number of outputs, one per symbol."""
        return self.lag + 1

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        others = self.lag - 1
        size = self.lag + 1
        symbols = np.empty((count, size), dtype=np.int64)
        symbols[:, 0] = symbols[:, -1] = rng.integers(others, size, size=count)
        symbols[:, 1:-1] = (
            np.arange(others)
            if self.regular
            else rng.integers(others, size=(count, others))
        )
        following = np.eye(size)[symbols[:, 1:].ravel()]
        allowed = following > 0
        if not self.regular:
            allowed.reshape(count, self.lag, size)[:, :-1, :others] = True
        if self.only_last:
            following.reshape(count, self.lag, size)[:, :-1] = np.nan
        lengths = np.full(count, self.lag)
        return SampleBatch(
            np.eye(size)[symbols[:, :-1].ravel()],
            following,
            lengths,
            WithinIfCertain(0.25),
            allowed,
        )


@dataclass(frozen=True)
class NoisyLongLag(Task):
    """Very long noisy lag: remember the second symbol behind many random ones.

    A sequence starts with b, then x or y. `steps` distractors follow, random ones of
    `distractors` symbols, then more of them, each with probability 0.9, then e; on
    average there are ``steps + 9`` distractors. (The paper's formula for the mean
    length counts one more.) The only target is that of the last step, e: the two
    outputs are 1, 0 if the second symbol was x, and 0, 1 if it was y. A sequence is
    right if both outputs differ from it by less than 0.2.

    Hochreiter and Schmidhuber 1997, experiment 2c, where `steps` is q and `distractors`
    is p.

    Parameters
    ----------
    steps : int
        Smallest number of distractors in a sequence, at least 1. The paper has 50, 100,
        200, 500 and 1000.
    distractors : int
        Number of different distractors, at least 1. The paper has 50, 100, 200, 500 and
        1000.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If a parameter cannot be used.

    Examples
    --------
    >>> # inputs are two distractors, e, b, x, y
    >>> task = NoisyLongLag(steps=3, distractors=2)
    >>> task.sample(0).inputs.argmax(axis=1)
    array([3, 5, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2])
    >>> task.sample(0).targets[-1]
    array([0., 1.])
    """

    steps: int = 50
    distractors: int = 50

    outputs: ClassVar[int] = 2
    """Number of outputs, for x and y."""
    criterion: ClassVar[Criterion] = Criterion(TESTED)
    """All of 10,000 sequences are right."""
    paper: ClassVar[str] = (
        "Hochreiter and Schmidhuber, Neural Computation 9 (1997), experiment 2c."
    )

    def __post_init__(self) -> None:
        steps_of("NoisyLongLag", self.steps, 1)
        symbols_of("distractors of NoisyLongLag", self.distractors, 1)

    @property
    def inputs(self) -> int:
        """Number of inputs: the distractors, e, b, x and y."""
        return self.distractors + 4

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        end, begin, x = range(self.distractors, self.distractors + 3)
        more = rng.geometric(1 - CONTINUES, size=count) - 1
        spans = Spans(self.steps + more + 3)
        second = rng.integers(2, size=count)
        symbols = rng.integers(self.distractors, size=spans.total)
        symbols[spans.first] = begin
        symbols[spans.first + 1] = x + second
        symbols[spans.last] = end
        inputs = np.eye(self.inputs)[symbols]
        goals = spans.goals(np.eye(2)[second])
        return SampleBatch(inputs, goals, spans.lengths, Within(0.2))


def symbols_of(name: str, value: int, least: int) -> int:
    """Return a number of symbols, or raise an error."""
    return whole_number(
        name,
        value,
        f"a whole number from {least} to {MAX_SYMBOLS:,}",
        least,
        MAX_SYMBOLS,
    )

"""The tasks that Synaptic's trainer generates: XOR, distracted sequence recall, embedded Reber and timing.

They are defined as in Synaptic 1.1.4, with its mistakes corrected; each docstring lists them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from synapse._checks import MOST_SEQUENCES, expected, integer, listed, positive_integer, public_names
from synapse._typing import Floats
from synapse.errors import ArgumentError
from synapse.tasks import Criterion, EmbeddedReber, Sample, SampleBatch, Sides, StreamTask, Task
from synapse.tasks.reber import SYMBOLS

__all__ = ["SynapticReber", "SynapticRecall", "Timing", "Xor"]
__dir__ = public_names(__all__)

SOURCE = "Synaptic 1.1.4, src/Trainer.js"
PATTERNS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
MOST_SYMBOLS = 1000


@dataclass(frozen=True)
class Xor(Task):
    """XOR: whether exactly one of two inputs is 1.

    A sample is one pattern, a sequence of one step. A batch contains all four patterns in random order, then
    all four again, and so on. Solved: the rounded outputs of the four patterns are right, as Synaptic tests.

    Examples
    --------
    >>> samples = Xor().batch(4, 0)
    >>> samples.rows.astype(int).tolist(), samples.goals[:, 0].astype(int).tolist()
    ([[0, 1], [0, 0], [1, 0], [1, 1]], [1, 0, 1, 0])
    """

    inputs: ClassVar[int] = 2
    """Two inputs, 0 or 1."""
    outputs: ClassVar[int] = 1
    criterion: ClassVar[Criterion] = Criterion(len(PATTERNS))
    """All four patterns are right."""
    paper: ClassVar[str] = f"{SOURCE}, XOR."

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        rounds = -(-count // len(PATTERNS))
        order = np.tile(np.arange(len(PATTERNS)), (rounds, 1))
        rows = PATTERNS[rng.permuted(order, axis=1).ravel()[:count]]
        targets = (rows[:, :1] != rows[:, 1:]).astype(np.float64)
        return SampleBatch(rows, targets, np.ones(count, np.int64), Sides(0.5))


@dataclass(frozen=True)
class SynapticRecall(Task):
    """Distracted sequence recall with Synaptic's symbols: output the target symbols at the prompts.

    A sequence shows as many targets as there are prompts, at random places among random distractors, then
    the prompts. At the first prompt the target is 1 for the output of the first symbol shown, at the second
    prompt for that of the second, and so on; all other targets are 0.

    Synaptic sorts the places of the targets as strings. With its 24 steps, "first" and "second" are swapped
    in 40.7 % of its sequences; here they are sorted as numbers. Synaptic clears no context between sequences,
    counts the sequences while it learns, and stops at 95 % of a thousand. Here, 95 % of 1,000 fresh sequences
    must be right at every step (rounded outputs), each from a cleared context.

    Parameters
    ----------
    targets, distractors, prompts : sequence of int
        Symbols of each kind, as numbers of inputs. Together they are all numbers from 0 to their count - 1.
        The outputs are in the order of `targets`.
    length : int
        Number of steps of a sequence, including the prompts; at least twice the number of prompts.

    Examples
    --------
    >>> task = SynapticRecall(targets=[2, 4], distractors=[3, 5], prompts=[0, 1], length=9)
    >>> sample = task.sample(0)
    >>> sample.inputs.argmax(axis=1).tolist()
    [5, 5, 5, 3, 4, 4, 3, 0, 1]
    >>> sample.targets[-2:].astype(int).tolist()
    [[0, 1], [0, 1]]
    """

    targets: Sequence[int] = (2, 4, 7, 8)
    distractors: Sequence[int] = (3, 5, 6, 9)
    prompts: Sequence[int] = (0, 1)
    length: int = 24

    criterion: ClassVar[Criterion] = Criterion(1000, wrong=50)
    """95 % of 1,000 fresh sequences are right at every step."""
    paper: ClassVar[str] = f"{SOURCE}, DSR; after Monner and Reggia, Neural Networks 25 (2012), section 5.1."

    def __post_init__(self) -> None:
        for kind in ("targets", "distractors", "prompts"):
            object.__setattr__(self, kind, _symbols(kind, getattr(self, kind)))
        given = sorted((*self.targets, *self.distractors, *self.prompts))
        if given != list(range(len(given))):
            condition = f"each number from 0 to {len(given) - 1} once"
            raise ArgumentError(expected("The symbols of SynapticRecall", condition, given))
        positive_integer("The length of SynapticRecall", self.length, MOST_SEQUENCES)
        least = 2 * len(self.prompts)
        if self.length < least:
            raise ArgumentError(expected("The length of SynapticRecall", f"at least {least}", self.length))

    @property
    def inputs(self) -> int:
        """Number of symbols."""
        return len(self.targets) + len(self.distractors) + len(self.prompts)

    @property
    def outputs(self) -> int:
        """Number of target symbols."""
        return len(self.targets)

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        asked, before = len(self.prompts), self.length - len(self.prompts)
        symbols = np.empty((count, self.length), np.int64)
        symbols[:, :before] = np.array(self.distractors)[
            rng.integers(len(self.distractors), size=(count, before))
        ]
        places = rng.permuted(np.tile(np.arange(before), (count, 1)), axis=1)[:, :asked]
        shown = rng.integers(len(self.targets), size=(count, asked))
        np.put_along_axis(symbols, np.sort(places, axis=1), np.array(self.targets)[shown], axis=1)
        symbols[:, before:] = self.prompts
        goals = np.zeros((count, self.length, self.outputs))
        np.put_along_axis(goals[:, before:], shown[:, :, None], 1.0, axis=2)
        rows = np.eye(self.inputs)[symbols.ravel()]
        return SampleBatch(rows, goals.reshape(-1, self.outputs), np.full(count, self.length), Sides(0.5))


def _symbols(kind: str, given: Any) -> tuple[int, ...]:
    """Symbols of a kind as a tuple of Python's numbers."""
    what, condition = f"The {kind} of SynapticRecall", "a list of whole numbers, 0 or above"
    found = [integer(symbol) for symbol in listed(what, given, condition)]
    symbols = tuple(symbol for symbol in found if symbol is not None and 0 <= symbol < MOST_SYMBOLS)
    if not found or len(symbols) < len(found):
        raise ArgumentError(expected(what, f"{condition} and below {MOST_SYMBOLS}", given))
    return symbols


@dataclass(frozen=True)
class SynapticReber(Task):
    """Embedded Reber grammar with Synaptic's symbols B, P, T, X, S, E, and V as the seventh.

    Synaptic's task has three mistakes, which are corrected here: it has no input or output for V, the outer
    letter at the end of its strings is the other one than at the beginning, and it stops at a mean cross
    entropy of 0.05 on one string, which is below the entropy of the grammar. Here strings are those of
    :class:`EmbeddedReber`, with its criterion.

    Examples
    --------
    >>> sample = SynapticReber().sample(1)
    >>> "".join("BPTXSEV"[i] for i in sample.inputs.argmax(axis=1))
    'BPBPTVVEP'
    """

    inputs: ClassVar[int] = len(SYMBOLS)
    """Number of inputs, one per symbol."""
    outputs: ClassVar[int] = len(SYMBOLS)
    criterion: ClassVar[Criterion] = EmbeddedReber().criterion
    paper: ClassVar[str] = f"{SOURCE}, ERG; after Hochreiter and Schmidhuber, Neural Computation 9 (1997)."

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        strings, order = EmbeddedReber()._draw(count, rng), [SYMBOLS.index(symbol) for symbol in "BPTXSEV"]
        allowed = None if strings.allowed is None else strings.allowed[:, order]
        return SampleBatch(
            strings.rows[:, order], strings.goals[:, order], strings.lengths, strings.judge, allowed
        )


@dataclass(frozen=True)
class Timing(StreamTask):
    """Synaptic's timing task: hold the output at 0.5 for as long as the second input says.

    At a mark, the first input is 1, and the output must be 0.5 at this and the n following steps, then 0. The
    second input is n / 20, until the next mark, n + m steps later. n and m are rounded random numbers from 0
    to 20: 0 and 20 have half the probability of the others.

    Synaptic leaves up to 20 steps without marks at the end of its data, and uses the number of training steps
    for the test. Here, the last interval is cut. As in Synaptic's test, the task is solved if the mean
    squared error is below 0.05 on a fresh sequence. That is easy: the constant output 0.27 reaches 0.062.

    Parameters
    ----------
    length : int
        Number of steps of a sample. Default 1,000, Synaptic's test; it trains on 7,000.

    Examples
    --------
    >>> sample = Timing(12).sample(2)
    >>> np.rint(20 * sample.inputs).astype(int).tolist()[:3]
    [[20, 5], [0, 5], [0, 5]]
    >>> sample.targets[:, 0].tolist()
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5]
    """

    length: int = 1000

    inputs: ClassVar[int] = 2
    """Two inputs: the mark, and the duration."""
    outputs: ClassVar[int] = 1
    criterion: ClassVar[Criterion] = Criterion(1, wrong=1, squared_error=0.05)
    """A mean squared error below 0.05 on one fresh sequence."""
    paper: ClassVar[str] = f"{SOURCE}, timingTask."

    def __post_init__(self) -> None:
        positive_integer("The length of Timing", self.length, MOST_SEQUENCES)

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        for rows in _intervals(self.length // 20 + 1, rng):
            yield Sample(rows[:, :2], rows[:, 2:], Sides(0.25))


def _intervals(size: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Some intervals of one sequence, shape (k, 3): mark, duration and target. Empty intervals vanish."""
    while True:
        lasts, pauses = np.rint(20 * rng.random((2, size))).astype(np.int64)
        lengths = lasts + pauses
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        held = np.repeat(lasts, lengths)
        yield np.column_stack([within == 0, held / 20, 0.5 * (within <= held)])

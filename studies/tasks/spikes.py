"""Spikes at variable distances: measure the delays between them, or generate the
spikes.

A spike follows the one before it after a fixed period and a random delay: T(n) = T(n-1)
+ F + I(n), with T(0) = 0. Gers, Schraudolph and Schmidhuber 2002."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import (
    MAX_SEQUENCES,
    boolean,
    expected,
    integer,
    listed,
    positive_integer,
)
from synapse._initializer import Seed, random_generator
from synapse._typing import Floats, Ints
from synapse.errors import ArgumentError
from synapse.tasks import Criterion, Sample, SampleBatch, SampleStream, Task, Within

PAPER = (
    "Gers, Schraudolph and Schmidhuber, Journal of Machine Learning Research 3 (2002),"
    " 115-143"
)
TOLERANCE = 0.49
DRAWN_AT_ONCE = 100
LONGEST_PERIOD = 100_000


class _Spikes(Task):
    """What both tasks have in common: the times of the spikes."""

    inputs: ClassVar[int] = 1
    outputs: ClassVar[int] = 1

    period: int
    delays: Sequence[int]

    def _check(self, periods: int) -> None:
        name = type(self).__name__
        positive_integer(f"period of {name}", self.period, LONGEST_PERIOD)
        positive_integer(f"periods of {name}", periods, MAX_SEQUENCES)
        subject = f"delays of {name}"
        delays = listed(subject, self.delays, "a tuple of integers")
        for delay in delays:
            if integer(delay) is None or not 0 <= delay <= LONGEST_PERIOD:
                raise ArgumentError(
                    expected(subject, f"integers from 0 to {LONGEST_PERIOD:,}", delay)
                )
        if not delays:
            raise ArgumentError(expected(subject, "one integer or more", self.delays))
        object.__setattr__(self, "delays", tuple(delays))  # a list cannot be hashed

    def _delays(self, shape: tuple[int, ...], rng: np.random.Generator) -> Ints:
        choices: Ints = np.array(self.delays)
        return choices[rng.integers(len(choices), size=shape)]

    def _arrays(self, delays: Ints) -> tuple[Floats, Floats, Ints]:
        """Inputs, targets and the number of steps of some sequences; delays have the
        shape (S, periods + 1).

        The last delay of a sequence comes after its last spike.
        """
        gaps = self.period + delays[:, :-1]
        lengths = 1 + gaps.sum(axis=1)
        starts = np.cumsum(lengths) - lengths
        times = starts[:, None] + np.cumsum(gaps, axis=1)
        inputs, targets = self._encode(delays, starts, times, int(lengths.sum()))
        return inputs[:, None], targets[:, None], lengths

    def _encode(
        self, delays: Ints, starts: Ints, times: Ints, steps: int
    ) -> tuple[Floats, Floats]:
        """Inputs and targets by row, given the first row of each sequence and the rows
        of its spikes."""
        raise NotImplementedError

    def _sequences(
        self, count: int, periods: int, rng: np.random.Generator
    ) -> SampleBatch:
        return SampleBatch(
            *self._arrays(self._delays((count, periods + 1), rng)), Within(TOLERANCE)
        )

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        """An endless sequence: the step at time 0 occurs once."""
        following = self._delays((1, 1), rng)
        begin = 0
        while True:
            delays = np.append(following, self._delays((1, DRAWN_AT_ONCE), rng), axis=1)
            inputs, targets, _ = self._arrays(delays)
            yield Sample(inputs[begin:], targets[begin:], Within(TOLERANCE))
            following = delays[:, -1:]
            begin = 1


@dataclass(frozen=True)
class SpikeDelays(_Spikes):
    """Measuring spike delays: at each spike, output the random part of the time since
    the spike before.

    The input is 1 at the spikes and 0 at the other steps; the first step is a spike.
    The target at spike n is the delay I(n); the other steps have none. An output is
    right if it differs from its target by less than 0.49.

    Gers, Schraudolph and Schmidhuber 2002 call this MSD, and NMSD if each sequence has
    a single delay (``continual=False``). Their training streams end at the first error
    or after 100 periods, their test streams after 1,000. The test here has ten streams.

    Parameters
    ----------
    period : int
        The fixed part F of the distance between spikes, in steps.
    delays : tuple of int
        The delays I(n); all are equally probable. Default: 0 and 1.
    continual : bool
        Whether a sequence has many delays to measure, or one.
    periods : int
        Number of delays in a sample, if it is continual. Default 1,000.

    Examples
    --------
    >>> sample = SpikeDelays(period=3, continual=False).sample(0)
    >>> sample.inputs[:, 0].tolist(), sample.targets[-1]
    ([1.0, 0.0, 0.0, 0.0, 1.0], array([1.]))
    """

    period: int = 10
    delays: Sequence[int] = (0, 1)
    continual: bool = True
    periods: int = 1000

    paper: ClassVar[str] = f"{PAPER}: measuring spike delays (MSD, NMSD)."

    def __post_init__(self) -> None:
        boolean("continual of SpikeDelays", self.continual)
        self._check(self.periods)

    @property
    def criterion(self) -> Criterion:
        """All outputs at the spikes of ten sequences are right, or of 1,000 if they
        have one delay each."""
        return Criterion(10 if self.continual else 1000)

    def stream(self, seed: Seed = None) -> SampleStream:
        """Generate spikes without end, see :meth:`Task.stream`; without `continual`,
        sequences."""
        return (
            SampleStream(self._endless(random_generator(seed)))
            if self.continual
            else super().stream(seed)
        )

    def _encode(
        self, delays: Ints, starts: Ints, times: Ints, steps: int
    ) -> tuple[Floats, Floats]:
        inputs = np.zeros(steps)
        targets = np.full(steps, np.nan)
        inputs[starts] = inputs[times] = 1.0
        targets[times] = delays[:, :-1]
        return inputs, targets

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        return self._sequences(count, self.periods if self.continual else 1, rng)


@dataclass(frozen=True)
class TimedSpikes(_Spikes):
    """Generating timed spikes: output a spike after a fixed period and a given delay,
    again and again.

    The target is 1 at the spikes and 0 at the other steps. The input tells at each
    spike the delay I(n) of the next one; at the other steps it is 0. The first step is
    time 0, which has an input but no spike. A step is right if its output differs from
    the target by less than 0.49.

    Gers, Schraudolph and Schmidhuber 2002 call this GTS. It is :class:`SpikeDelays`
    with inputs and targets swapped; we assume that the delay is given one spike
    earlier, because it could not be known otherwise. Their training streams end at the
    first error or after 100 periods, their test streams after 1,000. The test here has
    ten streams.

    Parameters
    ----------
    period : int
        The fixed part F of the distance between spikes, in steps.
    delays : tuple of int
        The delays I(n); all are equally probable. Default: 0 and 1.
    periods : int
        Number of spikes in a sample. Default 1,000.

    Examples
    --------
    >>> sample = TimedSpikes(period=3, periods=2).sample(0)
    >>> sample.inputs[:, 0].tolist()
    [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    >>> sample.targets[:, 0].tolist()
    [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    """

    period: int = 10
    delays: Sequence[int] = (0, 1)
    periods: int = 1000

    criterion: ClassVar[Criterion] = Criterion(10)
    """All steps of ten sequences are right."""
    paper: ClassVar[str] = f"{PAPER}: generating timed spikes (GTS)."

    def __post_init__(self) -> None:
        self._check(self.periods)

    def stream(self, seed: Seed = None) -> SampleStream:
        """Generate spikes without end, see :meth:`Task.stream`."""
        return SampleStream(self._endless(random_generator(seed)))

    def _encode(
        self, delays: Ints, starts: Ints, times: Ints, steps: int
    ) -> tuple[Floats, Floats]:
        inputs = np.zeros(steps)
        targets = np.zeros(steps)
        inputs[starts] = delays[:, 0]
        inputs[times] = delays[:, 1:]
        targets[times] = 1.0
        return inputs, targets

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        return self._sequences(count, self.periods, rng)

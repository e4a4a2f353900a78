"""Generate the Mackey-Glass series, to predict a chaotic series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar

import numpy as np

from .._checks import MAX_DELAYS, MAX_SEQUENCES, positive_integer, suggests_arguments
from .._typing import Floats
from ._samples import Sample, SampleBatch, Within
from ._task import Criterion, StreamTask

STEP = 0.1
STEPS_PER_POINT = 10
"""Number of Euler steps from one point of the series to the next, which are one unit of
time apart."""
TRANSIENT_POINTS = 1000
"""Number of points that are left out at the beginning to let the series reach its
attractor."""
CRITERION = Within(0.02)


@suggests_arguments("task")
@dataclass(frozen=True)
class MackeyGlass(StreamTask):
    """Mackey-Glass series: predict a chaotic series one step ahead, or several.

    The series is the solution of a differential equation with a delay τ::

        dy/dt = 0.2 y(t - τ) / (1 + y(t - τ)^10) - 0.1 y(t)

    As in Jaeger 2001, the equation is solved by Euler steps of 0.1, of which every
    tenth is a point, scaled to tanh(y - 1). The history before t = 0 is random, uniform
    from 1.1 to 1.3, and the first 1,000 points are left out. With a delay of 17, the
    scaled series has the mean -0.065 and the variance 0.047, and with 30, the variance
    0.067. Jaeger divides squared errors in y by a variance of 0.067.

    Because papers compare errors, a criterion was not published. Here, a step counts as
    right if the output differs from the target by less than 0.02, about a tenth of the
    standard deviation.

    Parameters
    ----------
    delay : int
        The delay τ of the equation, in points. The series is chaotic from 17.
    length : int
        Number of points in a sample. Default 3,000, as in the training series of Jaeger
        2001.
    horizon : int
        Number of points from the input to the target. Default 1.

    Examples
    --------
    >>> task = MackeyGlass(length=500)
    >>> sample = task.sample(0)
    >>> sample.inputs.shape, bool((sample.inputs[1:] == sample.targets[:-1]).all())
    ((500, 1), True)
    >>> stream = task.stream(0)
    >>> inputs = np.vstack([stream.take(120).inputs, stream.take(380).inputs])
    >>> bool((inputs == sample.inputs).all())
    True
    """

    delay: Annotated[int, partial(positive_integer, maximum=MAX_DELAYS)] = 17
    length: Annotated[int, partial(positive_integer, maximum=MAX_SEQUENCES)] = 3000
    horizon: Annotated[int, partial(positive_integer, maximum=MAX_SEQUENCES)] = 1

    inputs: ClassVar[int] = 1
    """One input, the present point."""
    outputs: ClassVar[int] = 1
    """One output, the point `horizon` steps later."""
    criterion: ClassVar[Criterion | None] = None
    paper: ClassVar[str] = (
        "Jaeger, GMD Report 148 (2001); Mackey and Glass, Science 197 (1977)."
    )

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        pairs = ahead(self._series(1, rng), self.horizon)
        return (Sample(inputs, targets, CRITERION) for inputs, targets in pairs)

    def _series(self, count: int, rng: np.random.Generator) -> Iterator[Floats]:
        """Return points of several series, from random histories."""
        history = 1.1 + 0.2 * rng.random((count, self.delay * STEPS_PER_POINT))
        return _points(np.ascontiguousarray(history.T))

    def _draw(self, count: int, rng: np.random.Generator) -> SampleBatch:
        points = self._series(count, rng)
        blocks = []
        missing = self.length + self.horizon
        while missing > 0:
            blocks.append(next(points))
            missing -= len(blocks[-1])

        # One row for each series
        values = np.concatenate(blocks)[: self.length + self.horizon].T
        inputs = values[:, : -self.horizon].reshape(-1, 1)
        targets = values[:, self.horizon :].reshape(-1, 1)
        return SampleBatch(inputs, targets, np.full(count, self.length), CRITERION)


def ahead(blocks: Iterator[Floats], steps: int) -> Iterator[tuple[Floats, Floats]]:
    """Yield the rows of a series, given in blocks, with the rows that are `steps`
    later.
    """
    rows = next(blocks)
    while True:
        if len(rows) > steps:
            yield rows[:-steps], rows[steps:]
            rows = rows[-steps:]
        rows = np.concatenate([rows, next(blocks)])


def _points(past: Floats) -> Iterator[Floats]:
    """Yield scaled points of several series, shape (delay, S) at a time. `past`
    contains the values of one delay.

    It only adds, multiplies and divides, which gives the chaotic series the same bits
    on every machine.
    """
    # All values of one delay follow from those of the delay before at once: the delayed
    # term of each step is known.
    delay = len(past) // STEPS_PER_POINT
    skipped = TRANSIENT_POINTS
    while True:
        square = past * past
        fourth = square * square
        gain = 0.2 * past / (1.0 + fourth * fourth * square)
        past = _follow(gain, past[-1])
        points = np.tanh(past[STEPS_PER_POINT - 1 :: STEPS_PER_POINT] - 1.0)[skipped:]
        skipped = max(skipped - delay, 0)
        if len(points):
            yield points


def _follow(gain: Floats, y: Floats) -> Floats:
    """Return Euler steps: values after each step, shape (steps, S), with these delayed
    terms.
    """
    series = []
    for delayed_terms, start in zip(gain.T.tolist(), y.tolist(), strict=True):
        value = start
        values = []
        for delayed_term in delayed_terms:
            value = value + STEP * (delayed_term - 0.1 * value)
            values.append(value)
        series.append(values)
    return np.array(series).T

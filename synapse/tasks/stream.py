"""Endless sequences of a task."""

from __future__ import annotations

from collections.abc import Iterator

from .._checks import positive_integer
from .samples import Sample, joined


class SampleStream(Iterator[Sample]):
    """An endless sequence of a task, without marks between its parts.

    Parameters
    ----------
    parts : iterator of Sample
        The next steps, any number at a time, without end.
    """

    def __init__(self, parts: Iterator[Sample]) -> None:
        self._parts = parts
        self._rest: Sample | None = None

    def __next__(self) -> Sample:
        rest, self._rest = self._rest, None
        return next(self._parts) if rest is None else rest

    def take(self, steps: int) -> Sample:
        """Return the next steps of the stream.

        Parameters
        ----------
        steps : int
            Number of steps.

        Returns
        -------
        Sample
            Its first step follows the last step of the previous call.
        """
        steps = positive_integer("The steps of a stream", steps)
        parts, count = [], 0
        while count < steps:
            parts.append(next(self))
            count += len(parts[-1])
        more = count - steps
        if more:
            last = parts.pop()
            parts.append(last.cut(slice(0, -more)))
            self._rest = last.cut(slice(-more, None))
        whole = joined(parts)
        return Sample(whole.rows, whole.goals, whole.judge, whole.allowed)

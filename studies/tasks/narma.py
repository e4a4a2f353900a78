"""NARMA10: compute a nonlinear moving average of tenth order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synapse._checks import MAX_SEQUENCES, positive_integer
from synapse._typing import Floats
from synapse.tasks import Criterion, Sample, StreamTask, Within

ORDER = 10
PIECE = 1000
MOST = 1.2
"""Values above this count as diverging. Without input, the series grows without limit
from 1.238 on."""


@dataclass(frozen=True)
class Narma10(StreamTask):
    """NARMA10: compute a nonlinear moving average of tenth order from its random input.

    The input u is uniform in [0, 0.5]. The target of step t is y(t + 1)::

        y(t + 1) = 0.3 y(t) + 0.05 y(t) (y(t) + ... + y(t - 9))
                   + 1.5 u(t - 9) u(t) + 0.1

    Inputs and values before the first step are 0. The series diverges now and then. It
    is generated in pieces of at most 1,000 steps; a piece with a value above 1.2 is
    rejected and drawn again.

    No criterion was published: papers compare squared errors, divided by the variance
    of the series (0.012). A step counts as right here if the output differs from the
    target by less than 0.01, about a tenth of the standard deviation.

    Parameters
    ----------
    length : int
        Number of steps of a sample.

    Examples
    --------
    >>> task = Narma10(length=200)
    >>> sample = task.sample(0)
    >>> u, y = sample.inputs[:, 0], sample.targets[:, 0]
    >>> mean = 0.3 * y[18] + 0.05 * y[18] * y[9:19].sum()
    >>> bool(abs(mean + 1.5 * u[10] * u[19] + 0.1 - y[19]) < 1e-12)
    True
    """

    length: int = 1000

    inputs: ClassVar[int] = 1
    """One input, u."""
    outputs: ClassVar[int] = 1
    """One output, the next y."""
    criterion: ClassVar[Criterion | None] = None
    paper: ClassVar[str] = (
        "Atiya and Parlos, IEEE Transactions on Neural Networks 11 (2000), equation 86."
    )

    def __post_init__(self) -> None:
        positive_integer("length of Narma10", self.length, MAX_SEQUENCES)

    def _endless(self, rng: np.random.Generator) -> Iterator[Sample]:
        for rows in _series(min(self.length, PIECE), rng):
            yield Sample(rows[:, :1], rows[:, 1:], Within(0.01))


def _series(size: int, rng: np.random.Generator) -> Iterator[Floats]:
    """Pieces of one series, shape (size, 2): u(t) and y(t + 1)."""
    history = [0.0] * (ORDER - 1)
    values = [0.0] * ORDER
    while True:
        drawn = rng.uniform(0.0, 0.5, size).tolist()
        u = history + drawn
        y = values.copy()
        for t, now in enumerate(drawn):
            last = y[-1]
            y.append(
                0.3 * last + 0.05 * last * sum(y[-ORDER:]) + 1.5 * u[t] * now + 0.1
            )
        if max(y) <= MOST:
            history = u[-ORDER + 1 :]
            values = y[-ORDER:]
            yield np.column_stack([drawn, y[ORDER:]])

"""Returns of agents over steps, of several seeds with their interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np

from .._checks import (
    boolean,
    positive_integer,
    require_type,
    suggests_arguments,
)
from .._typing import Floats
from ..errors import ArgumentError
from ..reward import Run
from ._style import CYCLE, Axes, canvas, count_along, mean_line, name_lines


@suggests_arguments(
    "returns", void=[("points", "tests", lambda given: given["tests"] is True)]
)
def returns(
    runs: Any,
    ax: Axes | None = None,
    *,
    points: Annotated[int, positive_integer] = 40,
    tests: Annotated[bool, boolean] = False,
) -> Axes:
    """Draw the mean return over steps, with its 95 % interval over several seeds.

    The steps are divided into `points` equal parts. For each run and part, the mean
    return of the episodes that end in it is computed. A part in which no episode ends
    has the value of the previous part. The line is the mean over runs, and the band is
    the interval of this mean by the bootstrap over runs.

    Parameters
    ----------
    runs : Run, sequence of Run, or mapping
        One run, runs of several seeds, or these by the name of an agent, to compare
        them.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    points : int
        Number of parts of the steps. Default 40.
    tests : bool
        Whether to draw the mean returns of the tests instead. Default False.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If something is not a run, none of the runs of an agent has a return, their
        tests are not after the same steps, or there are more agents than can be
        distinguished.

    Examples
    --------
    >>> import numpy as np
    >>> from synapse import draw
    >>> from synapse.reward import Run
    >>> rising = np.arange(100.0)
    >>> rest = (np.full(100, 10), 1000, 1.0, "steps")
    >>> runs = [Run(rising + seed, *rest) for seed in range(3)]
    >>> ax = draw.returns({"a line": runs})
    >>> ax.lines[0].get_ydata()[-1]
    np.float64(99.0)
    """
    groups = _groups(runs)
    curves = [
        _tested(group) if tests else _in_parts(group, points) for _, group in groups
    ]
    with canvas(ax, (5.5, 3.4)) as ax:
        for (name, group), (steps, values), color in zip(
            groups, curves, CYCLE, strict=False
        ):
            counted = f"{len(group)} runs" if len(group) > 1 else "1 run"
            text = f"{name} ({counted})" if name else counted
            mean_line(ax, steps, values, text, color)
        several = any(len(group) > 1 for _, group in groups)
        ax.set(xlabel="step", ylabel="mean return" + ", 95 % interval" * several)
        count_along(ax)
        name_lines(ax)
        return ax


def _groups(runs: Any) -> list[tuple[str, list[Run]]]:
    """Return names of agents, and the runs of each."""
    named = list(runs.items()) if isinstance(runs, Mapping) else [("", runs)]
    if not 0 < len(named) <= len(CYCLE):
        raise ArgumentError(f"Expected 1 to {len(CYCLE)} agents, got {len(named)}.")
    groups = []
    for name, group in named:
        several = [group] if isinstance(group, Run) else group
        require_type(
            isinstance(several, list | tuple)
            and all(isinstance(run, Run) for run in several),
            "runs",
            "a Run, several of them, or these by name",
            group,
        )
        if not several:
            raise ArgumentError("Expected at least one run of each agent, got none.")
        groups.append((str(name), list(several)))
    return groups


def _in_parts(runs: list[Run], points: int) -> tuple[Floats, Floats]:
    """Return the ends of equal parts of the steps, and the mean returns in each, by
    run.
    """
    if not all(len(run.returns) for run in runs):
        raise ArgumentError(
            "Expected runs with one complete episode or more, got one without."
        )
    ends = np.linspace(0.0, min(run.steps for run in runs), points + 1)[1:]
    values = np.array([_means(run, ends) for run in runs])
    from_the_first = ~np.isnan(values).any(axis=0)  # all runs have had an episode
    if not from_the_first.any():
        raise ArgumentError(
            "Expected runs with an episode that ends before the shortest run does, got"
            " none."
        )
    return ends[from_the_first], values[:, from_the_first]


def _means(run: Run, ends: Floats) -> Floats:
    """Return the mean return in each part of the steps, with NaN before the first
    episode has ended.
    """
    window = np.searchsorted(ends, run.lengths.cumsum() - 0.5)
    counts, sums = (
        np.bincount(window, weights, len(ends) + 1)[:-1]
        for weights in (None, run.returns)
    )
    # the latest part, up to each, in which an episode ends
    latest = np.maximum.accumulate(np.where(counts > 0, np.arange(len(ends)), -1))
    means = sums / np.maximum(counts, 1)
    return np.where(latest < 0, np.nan, means[latest])


def _tested(runs: list[Run]) -> tuple[Floats, Floats]:
    """Return the steps of tests, and the mean returns of each, by run."""
    steps = runs[0].test_steps
    if not len(steps) or any(not np.array_equal(run.test_steps, steps) for run in runs):
        raise ArgumentError(
            "Expected runs with tests after the same steps. Use run(..., test_every=)."
        )
    return steps.astype(np.float64), np.array(
        [run.test_returns.mean(axis=1) for run in runs]
    )

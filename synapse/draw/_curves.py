"""Draw losses by epoch, and neurons over time, as lines."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import boolean, numbers, require_type, suggests_arguments
from .._typing import Floats
from ..errors import ArgumentError
from ..learning import Result
from ..objects.recording import Log
from ._arguments import over_time
from ._style import (
    CYCLE,
    Axes,
    canvas,
    count_along,
    entry,
    label,
    mark_of,
    mean_line,
    name_lines,
)

DASHES = ("-", "--", ":", "-.")
MAX_LINES = len(CYCLE) * len(DASHES)
"""Maximum number of lines that can be distinguished."""


@suggests_arguments("learning")
def learning(
    results: Any, ax: Axes | None = None, *, log: Annotated[bool, boolean] = False
) -> Axes:
    """Draw learning curves, which are the error by epoch and, as a dashed line, the
    validation error, if there is one. For several seeds, draw the mean with its 95 %
    interval.

    Trainings of several seeds are drawn as far as the shortest one. The interval is
    computed as in :func:`returns`.

    Parameters
    ----------
    results : Result, its ``history``, or a mapping or sequence of them
        One training, or several to compare, by name if they have one. In a mapping, a
        list has trainings of one kind by several seeds: ``{"LSTM": [result, ...]}``.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    log : bool
        Whether the loss axis is logarithmic, which leaves losses of 0 out.

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If something is not a result, there is none, or there are more than can be
        distinguished.

    Examples
    --------
    >>> import architect, synapse
    >>> from synapse import draw
    >>> trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=3), rate=0.5)
    >>> inputs, targets = [[0, 0], [0, 1], [1, 1]], [[0], [1], [0]]
    >>> result = trainer.train(inputs, targets, epochs=20, seed=0, progress=False)
    >>> ax = draw.learning(result)
    >>> len(ax.lines[0].get_xdata())
    20
    >>> again = trainer.train(inputs, targets, epochs=15, seed=1, progress=False)
    >>> ax = draw.learning({"2-3-1": [result, again]})
    >>> len(ax.lines[0].get_xdata()), len(ax.collections)
    (15, 1)
    """
    runs = _runs(results)
    with canvas(ax, (5.5, 3.4)) as ax:
        for (name, histories), color in zip(runs, CYCLE, strict=False):
            for curve, losses in _in_common(name, histories).items():
                validation = curve == "validation_loss"
                counted = f"({len(losses)} runs)" if len(losses) > 1 else ""
                words = filter(None, [name, "validation" * validation, counted])
                mean_line(
                    ax,
                    np.arange(1.0, losses.shape[1] + 1),
                    losses,
                    " ".join(words) or "training",
                    color,
                    ls="--" if validation else "-",
                    marker=mark_of(losses[0]),
                )
        several = any(len(histories) > 1 for _, histories in runs)
        ax.set(xlabel="epoch", ylabel="loss" + ", 95 % interval" * several)
        if log:
            ax.set_yscale("log", nonpositive="mask")
        elif all(
            losses.min(initial=0.0) >= 0
            for _, histories in runs
            for history in histories
            for losses in history.values()
        ):
            ax.set_ylim(bottom=0.0)
        count_along(ax)
        name_lines(ax)
        return ax


def _runs(results: Any) -> list[tuple[str, list[dict[str, Floats]]]]:
    """Return names of trainings, and the histories of their seeds."""
    if isinstance(results, Result) or _is_history(results):
        return [("", [_history(results)])]
    require_type(
        isinstance(results, (Mapping, list, tuple)),
        "results",
        "a Result, a history, or several of them",
        results,
        "Use estimator.result_." if hasattr(results, "result_") else "",
    )
    named = list(
        results.items() if isinstance(results, Mapping) else enumerate(results)
    )
    if not 0 < len(named) <= len(CYCLE):
        raise ArgumentError(f"Expected 1 to {len(CYCLE)} trainings, got {len(named)}.")
    return [
        (str(name), [_history(seed) for seed in group])
        if isinstance(group, list | tuple) and group
        else (str(name), [_history(group)])
        for name, group in named
    ]


def _in_common(name: str, histories: list[dict[str, Floats]]) -> dict[str, Floats]:
    """Return each curve of several seeds, shape (seeds, epochs), as far as the shortest
    goes.
    """
    if any(history.keys() != histories[0].keys() for history in histories):
        raise ArgumentError(
            f"Expected a validation loss of all trainings of {name!r}, or of none."
        )
    together = {}
    for curve in histories[0]:
        losses = [history[curve] for history in histories]
        shortest = min(map(len, losses))
        together[curve] = np.array([each[:shortest] for each in losses])
    return together


def _is_history(result: Any) -> bool:
    return isinstance(result, Mapping) and not isinstance(
        result.get("loss"), (Result, Mapping, type(None))
    )


def _history(result: Any) -> dict[str, Floats]:
    """Return the losses of a training."""
    history = result.history if isinstance(result, Result) else result
    require_type(
        _is_history(history),
        "results",
        "a Result or a history with a loss by epoch",
        result,
    )
    by_epoch = {}
    subject = "losses of a history"
    condition = "a number for each epoch"
    for curve in ("loss", "validation_loss"):
        if curve in history:
            by_epoch[curve] = numbers(subject, history[curve], condition)
            require_type(by_epoch[curve].ndim == 1, subject, condition, history[curve])
    return by_epoch


@suggests_arguments()
def traces(
    values: ArrayLike | Log,
    neurons: Any = None,
    ax: Axes | None = None,
    *,
    what: str | None = None,
) -> Axes:
    """Draw activations or states over time as lines, one per neuron.

    Parameters
    ----------
    values : Log or array_like, shape (T, n)
        A log, which shows its activations or the only number that it has, or an array
        of one, such as ``log.state`` or ``log.of(net["cells"])``.
    neurons : Network, Layer, or sequence of Neuron or str, optional
        The neurons that the values belong to. Default: the neurons of the log, or
        numbers without a log.
    ax : matplotlib.axes.Axes, optional
        Axes to draw on. Default: a new figure.
    what : str, optional
        The name of the values, for the axis. Default: the name of the log's variable,
        or "activation".

    Raises
    ------
    ArgumentTypeError, ArgumentError
        If the values are not a matrix of numbers, the number of neurons differs, or
        there are more lines than can be distinguished.

    Examples
    --------
    >>> from synapse import draw
    >>> ax = draw.traces([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]], ["up", "down"])
    >>> [line.get_label() for line in ax.lines]
    ['up', 'down']
    """
    matrix, names, _, what = over_time(values, neurons, what)
    if len(names) > MAX_LINES:
        raise ArgumentError(
            f"Expected at most {MAX_LINES} neurons, got {len(names)}. Use draw.raster"
            " for more."
        )
    with canvas(ax, (6.5, max(2.8, 0.19 * len(names) + 0.3))) as ax:
        looks = product(DASHES, CYCLE)
        for column, name, (dash, color) in zip(matrix.T, names, looks, strict=False):
            ax.plot(
                column, color=color, ls=dash, marker=mark_of(column), label=entry(name)
            )
        ax.set(xlabel="step", ylabel=label(what))
        count_along(ax)
        name_lines(ax)
        return ax

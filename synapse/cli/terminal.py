"""Pictures in letters, for terminals, by plotext."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np

from .._typing import Floats
from .words import printable

WIDEST, HEIGHT = 100, 16
"""Columns at most, and lines, of a picture."""


def forecast(name: str, known: Floats, future: list[Floats], times: list[str]) -> str | None:
    """A series and its forecast; None without plotext.

    Parameters
    ----------
    name : str
        The title.
    known : ndarray, shape (T,)
        The last known values.
    future : list of ndarray, shape (steps,)
        The forecast and, if there are any, its lower and upper bounds.
    times : list of str
        The dates of the known rows and of those forecast, T + steps in all.
    """
    plot = _plotext()
    if plot is None:
        return None
    plot.clear_figure()
    plot.theme("clear")
    width = min(WIDEST, shutil.get_terminal_size().columns)
    plot.plotsize(width, HEIGHT)
    last = len(known) - 1
    plot.plot([*range(last + 1)], known.tolist(), label="known", marker="braille")
    for values, label, marker in zip(future, ("forecast", "lower", "upper"), ("hd", "·", "·"), strict=False):
        plot.plot([*range(last, len(times))], [known[-1], *values.tolist()], label=label, marker=marker)
    plot.title(printable(name))
    count = max(2, min(6, width // (3 * max(map(len, times)))))
    ticks = np.linspace(0, len(times) - 1, count).round().astype(int).tolist()
    plot.xticks(ticks, [printable(times[tick]) for tick in ticks])
    return str(plot.uncolorize(plot.build())).rstrip()


def _plotext() -> Any:
    """The module; None if it is not installed, or in a version that draws in another way."""
    try:
        import plotext  # an extra
    except ImportError:
        return None
    return plotext if hasattr(plotext, "plotsize") else None

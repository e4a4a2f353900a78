"""Trials with many seeds: every result as a dot, one line per setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .._checks import boolean, expected, finite_number, listed, text
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError
from ._style import BLUE, GREY, INK, ORANGE, PALE, canvas, check_axes, entry, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, WIDTH = 0.32, 8.5
"""Height of a line of dots and width of the figure, in inches."""


def trials(
    groups: Mapping[str, Sequence[float | None]],
    published: Mapping[str, float] | None = None,
    ax: Axes | None = None,
    *,
    title: str = "training sequences",
    log: bool = True,
) -> Axes:
    """Draw the result of every trial: one line of dots per group, with its median.

    Parameters
    ----------
    groups : mapping of str to sequence of float or None
        Results by name of the group; None for a trial that did not solve the task. These are counted at the
        right margin.
    published : mapping of str to float, optional
        A published figure for some of the groups, drawn as a diamond.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on. Default: those of a new figure.
    title : str
        What the results are, the label of the horizontal axis.
    log : bool
        Whether the horizontal axis is logarithmic; results must be above 0 then.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are no groups, or a result is not a number that the axis can show.
    MissingExtraError
        Without matplotlib.

    Examples
    --------
    >>> from synapse import draw
    >>> found = {"LSTM": [8000, 9500, 7600], "Elman": [None, 41000, None]}
    >>> axes = draw.trials(found, {"LSTM": 8440})
    >>> axes.get_xlabel()
    'training sequences'
    """
    check_axes(ax)
    log = boolean("The log", log)
    values, marks = _checked(groups, {} if published is None else published, log)
    text("The title", title)
    with canvas(ax, (WIDTH, 1.0 + ROW * len(values))) as axes:
        for place, (name, found) in enumerate(values.items()):
            _line(axes, place, found, len(groups[name]))
            if name in marks:
                axes.plot(marks[name], place, "D", ms=7, mfc=ORANGE, mec=INK, mew=0.8, zorder=4)
        _frame(axes, list(values), title, log)
        _legend(axes, bool(marks))
    return axes


def _checked(
    groups: Mapping[str, Sequence[float | None]], published: Mapping[str, float], log: bool
) -> tuple[dict[str, Floats], dict[str, float]]:
    for what, given in (("The groups of trials", groups), ("The published figures", published)):
        if not isinstance(given, Mapping):
            raise ArgumentTypeError(expected(what, "a dict by name", given))
    if not groups:
        raise ArgumentError("Expected at least one group of trials, got none.")
    values = {
        name: np.array(
            [_number(one, log) for one in listed("The trials", found, "a list") if one is not None]
        )
        for name, found in groups.items()
    }
    marks = {name: _number(one, log) for name, one in published.items()}
    for name in marks:
        if name not in groups:
            raise ArgumentError(expected("A published figure", "for one of the groups", name))
    return values, marks


def _number(value: float, log: bool) -> float:
    number = finite_number("A result", value)
    if log and number <= 0:
        raise ArgumentError(expected("A result on a logarithmic axis", "above 0", value, "Give log=False."))
    return number


def _line(axes: Axes, place: int, found: Floats, count: int) -> None:
    """The dots of a group, spread a little, its median, and how many trials are not among them."""
    axes.axhline(place, color=PALE, lw=0.6, zorder=0)
    if len(found):
        spread = 0.22 * np.linspace(-1.0, 1.0, len(found)) if len(found) > 1 else np.zeros(1)
        order = np.random.default_rng(0).permutation(len(found))  # the same spread for the same trials
        axes.plot(found, place + spread[order], "o", ms=3.6, color=BLUE, alpha=0.65, mew=0, zorder=2)
    if 2 * len(found) > count:
        every = np.sort(np.r_[found, np.full(count - len(found), np.inf)])
        middle = every[[(count - 1) // 2, count // 2]].mean()
        if np.isfinite(middle):
            axes.plot([middle, middle], [place - 0.36, place + 0.36], color=INK, lw=1.8, zorder=3)
    if len(found) < count:
        note = f"{count - len(found)} of {count} unsolved"
        axes.annotate(
            note, (1.01, place), xycoords=("axes fraction", "data"), va="center", size=7.5, color=GREY
        )


def _frame(axes: Axes, names: list[str], title: str, log: bool) -> None:
    axes.set_yticks(range(len(names)), [label(name, 90) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    if log:
        from matplotlib.ticker import LogLocator, NullFormatter

        axes.set_xscale("log")
        low, high = axes.get_xlim()
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 1000 * low else (1.0,)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(label(title, 60))


def _legend(axes: Axes, published: bool) -> None:
    from matplotlib.lines import Line2D

    signs = [
        Line2D([], [], ls="", marker="o", ms=4, color=BLUE, alpha=0.65, mew=0, label=entry("one seed")),
        Line2D([], [], ls="", marker="|", ms=10, mew=1.8, color=INK, label=entry("median")),
    ]
    if published:
        signs.append(Line2D([], [], ls="", marker="D", ms=6, mfc=ORANGE, mec=INK, label=entry("published")))
    axes.legend(handles=signs, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3, borderaxespad=0.2)

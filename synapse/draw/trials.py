"""Trials with many seeds: every result as a dot, or the fraction that has solved the task as a curve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import boolean, choice, expected, finite_number, text
from .._typing import Floats
from ..errors import ArgumentError, ArgumentTypeError
from ..experiments import Trials
from ._style import BLUE, CYCLE, GREY, INK, ORANGE, PALE, canvas, check_axes, entry, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, WIDTH = 0.32, 8.5
"""Height of a line of dots and width of the figure, in inches."""
KINDS = ("dots", "curves")


def trials(
    trials: Trials | Mapping[str, Trials],
    name: str,
    published: Mapping[str, float] | None = None,
    ax: Axes | None = None,
    *,
    kind: str = "dots",
    title: str | None = None,
    log: bool = True,
) -> Axes:
    """Draw a value of every trial: one line of dots, or one curve, for each point of a sweep or group.

    Parameters
    ----------
    trials : Trials or mapping of str to Trials
        What :func:`synapse.experiments.run` or :func:`~synapse.experiments.sweep` returns, or several of them
        by name.
    name : str
        Key of numbers. None stands for a trial that did not solve its task, as does a failed trial.
    published : mapping of str to float, optional
        A published figure for some of the groups, drawn as a diamond, or as a vertical line among curves.
    ax : matplotlib.axes.Axes, optional
        The axes to draw on. Default: those of a new figure.
    kind : {"dots", "curves"}
        "dots": a dot for each trial and the median of each group; unsolved trials are counted at the right
        margin. "curves": the fraction of trials whose value is at most that of the horizontal axis, such as
        the fraction solved against the training sequences.
    title : str, optional
        Label of the horizontal axis. Default: `name`.
    log : bool
        Whether the horizontal axis is logarithmic; values must be above 0 then.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If there are no trials, or a value is not a number that the axis can show.
    UnknownNameError
        If a trial has no such value.

    Examples
    --------
    >>> from synapse import draw
    >>> from synapse.experiments import sweep
    >>> def trial(seed, size):
    ...     return {"sequences": 1000 * (seed + 1) * size if seed < size else None}
    >>> found = sweep(trial, grid={"size": [2, 4]}, seeds=range(4), progress=False)
    >>> axes = draw.trials(found, "sequences", {"size 4": 8440})
    >>> [label.get_text() for label in axes.get_yticklabels()]
    ['size 2', 'size 4']
    """
    check_axes(ax)
    log, kind = boolean("The log", log), choice("The kind", kind, KINDS)
    groups = _grouped(trials)
    values = {
        group_name: [_checked_result(value, log) for value in group.values(name)]
        for group_name, group in groups.items()
    }
    if not isinstance(published, (Mapping, type(None))):
        raise ArgumentTypeError(expected("The published figures", "a dict by name", published))
    marks = {}
    for group_name, figure in (published or {}).items():
        if group_name not in groups:
            raise ArgumentError(expected("A published figure", "for one of the groups", group_name))
        marks[group_name] = _checked_result(figure, log, "A published figure")
    title = text("The title", name if title is None else title)
    with canvas(ax, (WIDTH, 1.0 + ROW * len(values)) if kind == "dots" else (6.4, 4.0)) as axes:
        from matplotlib.ticker import LogLocator, NullFormatter

        (_draw_dots if kind == "dots" else _draw_curves)(axes, values, marks)
        if log:
            axes.set_xscale("log")
            low, high = axes.get_xlim()
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 1000 * low else (1.0,)))
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(label(title, 60))
    return axes


def _grouped(trials: Any) -> dict[str, Trials]:
    """Groups of trials by name; those of a sweep are named by their point."""
    if isinstance(trials, Trials):
        groups = {"all": trials}
        if trials.names:
            points = [(zip(trials.names, point, strict=True), group) for point, group in trials.by().items()]
            groups = {", ".join(f"{name} {value}" for name, value in pairs): group for pairs, group in points}
    elif isinstance(trials, Mapping) and all(isinstance(setting, Trials) for setting in trials.values()):
        groups = dict(trials)
    else:
        raise ArgumentTypeError(expected("The trials", "Trials, or a dict of Trials by name", trials))
    if not groups:
        raise ArgumentError("Expected at least one group of trials, got none.")
    return groups


def _checked_result(value: Any, log: bool, what: str = "A result") -> float:
    """A value of a trial; infinite if the trial is unsolved."""
    if value is None or value == np.inf:
        return np.inf
    number = finite_number(what, value)
    if log and number <= 0:
        raise ArgumentError(expected(f"{what} on a logarithmic axis", "above 0", value, "Give log=False."))
    return number


def _draw_dots(axes: Axes, values: Mapping[str, list[float]], marks: Mapping[str, float]) -> None:
    from matplotlib.lines import Line2D

    for place, (name, group) in enumerate(values.items()):
        _draw_group(axes, place, np.array(group))
        if name in marks:
            axes.plot(marks[name], place, "D", ms=7, mfc=ORANGE, mec=INK, mew=0.8, zorder=4)
    axes.set_yticks(range(len(values)), [label(name, 90) for name in values])
    axes.set_ylim(len(values) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    signs = [
        Line2D([], [], ls="", marker="o", ms=4, color=BLUE, alpha=0.65, mew=0, label=entry("one seed")),
        Line2D([], [], ls="", marker="|", ms=10, mew=1.8, color=INK, label=entry("median")),
        Line2D([], [], ls="", marker="D", ms=6, mfc=ORANGE, mec=INK, label=entry("published")),
    ]
    beside: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2}
    axes.legend(handles=signs if marks else signs[:2], ncols=3, **beside)


def _draw_group(axes: Axes, place: int, values: Floats) -> None:
    """The dots of a group, spread a little, its median, and how many trials are not among them."""
    axes.axhline(place, color=PALE, lw=0.6, zorder=0)
    solved, count, middle = values[np.isfinite(values)], len(values), np.median(values)
    if len(solved):
        spread = 0.22 * np.linspace(-1.0, 1.0, len(solved)) if len(solved) > 1 else np.zeros(1)
        order = np.random.default_rng(0).permutation(len(solved))  # the same spread for the same trials
        axes.plot(solved, place + spread[order], "o", ms=3.6, color=BLUE, alpha=0.65, mew=0, zorder=2)
    if np.isfinite(middle):
        axes.plot([middle, middle], [place - 0.36, place + 0.36], color=INK, lw=1.8, zorder=3)
    if len(solved) < count:
        note, beside = f"{count - len(solved)} of {count} unsolved", axes.get_yaxis_transform()
        axes.text(1.01, place, note, transform=beside, va="center", size=7.5, color=GREY)


def _draw_curves(axes: Axes, values: Mapping[str, list[float]], marks: Mapping[str, float]) -> None:
    """The fraction of each group that is at most a value, up to the largest of all."""
    finite = [value for group in values.values() for value in group if np.isfinite(value)]
    for i, (name, group) in enumerate(values.items()):
        solved = sorted(value for value in group if np.isfinite(value))
        across = [*(solved or finite)[:1], *solved, *([max(finite)] if finite else [])]
        heights = np.array([0, *range(1, len(solved) + 1), len(solved)][: len(across)]) / len(group)
        colour = CYCLE[i % len(CYCLE)]
        axes.plot(across, heights, drawstyle="steps-post", color=colour, label=entry(name))
        if name in marks:
            axes.axvline(marks[name], color=colour, ls=":", lw=1.2, label=entry(f"{name}, published"))
    if not finite:
        axes.set_xlim(1.0, 10.0)  # a logarithmic axis needs positive limits
    axes.set_ylim(-0.02, 1.02)
    axes.set_ylabel("fraction of trials")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

"""A picture of trials: every result as a dot, one line for each setting, beside
published figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from synapse.draw import style
from synapse.draw._style import BLUE, GRAY, INK, ORANGE, PALE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 0.32
WIDTH = 8.5
"""Height of a line of dots and width of the figure, in inches."""


def draw_dots(
    values: Mapping[str, Sequence[float]],
    published: Mapping[str, float],
    title: str,
    log: bool,
) -> Axes:
    """Draw the results of each setting, its median and a published figure; unsolved
    trials are infinite."""
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.ticker import LogLocator, NullFormatter

    with style():
        axes: Axes = plt.subplots(
            figsize=(WIDTH, 1.0 + ROW * len(values)), layout="constrained"
        )[1]
        for place, (name, group) in enumerate(values.items()):
            _draw_group(axes, place, np.array(group))
            if name in published:
                axes.plot(
                    published[name],
                    place,
                    "D",
                    ms=7,
                    mfc=ORANGE,
                    mec=INK,
                    mew=0.8,
                    zorder=4,
                )
        axes.set_yticks(range(len(values)), list(values))
        axes.set_ylim(len(values) - 0.5, -0.5)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        signs = [
            Line2D(
                [],
                [],
                ls="",
                marker="o",
                ms=4,
                color=BLUE,
                alpha=0.65,
                mew=0,
                label="one seed",
            ),
            Line2D(
                [], [], ls="", marker="|", ms=10, mew=1.8, color=INK, label="median"
            ),
            Line2D(
                [], [], ls="", marker="D", ms=6, mfc=ORANGE, mec=INK, label="published"
            ),
        ]
        beside: dict[str, Any] = {
            "loc": "lower right",
            "bbox_to_anchor": (1.0, 1.0),
            "borderaxespad": 0.2,
        }
        axes.legend(handles=signs if published else signs[:2], ncols=3, **beside)
        if log:
            axes.set_xscale("log")
            low, high = axes.get_xlim()
            axes.xaxis.set_major_locator(
                LogLocator(subs=(1.0, 2.0, 5.0) if high < 1000 * low else (1.0,))
            )
            axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
            axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(title)
    return axes


def _draw_group(axes: Axes, place: int, values: np.ndarray) -> None:
    """The dots of a setting, spread a little, its median, and how many trials are not
    among them."""
    axes.axhline(place, color=PALE, lw=0.6, zorder=0)
    solved = values[np.isfinite(values)]
    count = len(values)
    middle = np.median(values)
    if len(solved):
        spread = (
            0.22 * np.linspace(-1.0, 1.0, len(solved))
            if len(solved) > 1
            else np.zeros(1)
        )
        # the same spread for the same trials
        order = np.random.default_rng(0).permutation(len(solved))
        axes.plot(
            solved,
            place + spread[order],
            "o",
            ms=3.6,
            color=BLUE,
            alpha=0.65,
            mew=0,
            zorder=2,
        )
    if np.isfinite(middle):
        axes.plot(
            [middle, middle], [place - 0.36, place + 0.36], color=INK, lw=1.8, zorder=3
        )
    if len(solved) < count:
        note = f"{count - len(solved)} of {count} unsolved"
        beside = axes.get_yaxis_transform()
        axes.text(
            1.01, place, note, transform=beside, va="center", size=7.5, color=GRAY
        )

"""Define the style of all pictures, with colors that color-blind people can
distinguish, and readable labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .._checks import imported, require_type

if TYPE_CHECKING:
    from matplotlib import axes
    from matplotlib.axis import Axis
    from matplotlib.colors import Colormap, Normalize

    Axes = axes.Axes
else:
    Axes = Any  # for annotations: matplotlib is imported when something is drawn

# Okabe and Ito 2008.
BLACK = "#000000"
ORANGE = "#e69f00"
SKY = "#56b4e9"
GREEN = "#009e73"
BLUE = "#0072b2"
RED = "#d55e00"
PURPLE = "#cc79a7"
YELLOW = "#f0e442"
GRAY = "#8a8a8a"
PALE = "#d4d4d4"
INK = "#222222"
CYCLE = (BLUE, RED, GREEN, PURPLE, BLACK, SKY, ORANGE, GRAY)
"""Colors of lines, in an order in which orange and vermilion, which look alike, are far
from each other.
"""

POSITIVE = "#0b7f6f"
NEGATIVE = "#946700"
"""Colors of activations above and below zero, whereas the colors of weights are BLUE
and RED.
"""

TINTS = (BLUE, ORANGE, GREEN, PURPLE, YELLOW, GRAY, RED)
MAX_TINTS = 2 * len(TINTS)

GROUND = "#f4f6f8"
"""Background of boxes."""

GATE = "#a3497c"
"""Color of gates, a darker purple that makes thin dotted lines visible."""

DOTS = (0, (1.0, 1.6))
"""Line style of gates."""

MIN_LETTER_POINTS = 5.0
"""Size of the smallest letters of names of rows and columns, in points."""

DRAWS = 1000
"""Number of samples of the bootstrap."""

LETTER_WIDTH = 0.62
"""Approximate width of a letter, relative to the font size."""

TEXT_BACKGROUND = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.4}
"""Background of text that lines may cross."""

LOOK: dict[str, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.0,
    "ytick.labelsize": 8.0,
    "legend.fontsize": 8.0,
    "legend.frameon": False,
    "legend.title_fontsize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "text.usetex": False,
    "lines.linewidth": 1.6,
    "image.interpolation": "nearest",
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.grid": False,
    "text.parse_math": True,
    "pdf.fonttype": 42,  # text in files stays text that can be edited
    "ps.fonttype": 42,
    "svg.fonttype": "none",
}

TICKS: dict[str, Any] = {
    "which": "both",
    "color": INK,
    "labelcolor": INK,
    "labelsize": 8.0,
}
"""Settings of ticks, which are made when a figure is drawn, after the style context has
ended."""


def need_matplotlib() -> Any:
    """Import matplotlib, or raise MissingExtraError."""
    return imported("matplotlib", "Pictures need")


def style() -> AbstractContextManager[None]:
    """Return the style of all pictures, as a context manager for your own figures.

    Examples
    --------
    >>> import matplotlib
    >>> from synapse import draw
    >>> before = matplotlib.rcParams["font.size"]
    >>> with draw.style():
    ...     matplotlib.rcParams["font.size"]
    9.0
    >>> matplotlib.rcParams["font.size"] == before
    True
    """
    matplotlib = need_matplotlib()
    from matplotlib.rcsetup import cycler

    settings = {**LOOK, "axes.prop_cycle": cycler(color=CYCLE)}
    return matplotlib.rc_context(settings)


def check_axes(ax: Any, advice: str = "") -> None:
    """Raise unless `ax` is None or a matplotlib Axes."""
    need_matplotlib()
    from matplotlib.axes import Axes

    require_type(
        ax is None or isinstance(ax, Axes),
        "ax",
        "a matplotlib Axes or None",
        ax,
        advice,
    )


def size_of(ax: Any) -> tuple[float, float]:
    """Return width and height of axes in pixels, or raise an error for other
    objects.
    """
    check_axes(ax)
    box = ax.get_window_extent()
    return (float(box.width), float(box.height))


@contextmanager
def canvas(ax: Axes | None, size: tuple[float, float]) -> Iterator[Axes]:
    """Provide the axes to draw on, in the style of all pictures. If drawing fails, a
    new figure is closed again.
    """
    with style():
        from matplotlib import pyplot

        if ax is not None:
            check_axes(ax)
            ax.tick_params(**TICKS)
            yield ax
            return
        figure, axes = pyplot.subplots(figsize=size, layout="constrained")
        axes.tick_params(**TICKS)
        try:
            yield axes
        except BaseException:
            pyplot.close(figure)
            raise


def label(text: object, longest: int = 24) -> str:
    """Return a name for matplotlib in one line, shortened and without mathematics."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if len(line) > longest:
        left = max(1, longest - 1)
        line = f"{line[: (left + 1) // 2]}…{line[len(line) - left // 2 :]}"
    return line.replace("$", r"\$")


def title_of(ax: Axes, text: str) -> None:
    """Set a title, on lines that are about as wide as the axes."""
    room = 72.0 * size_of(ax)[0] / ax.figure.dpi / LETTER_WIDTH
    ax.set_title(lines(text, max(12, int(room / LOOK["axes.titlesize"]))))


def entry(text: object) -> str:
    """Return a name for a legend, which would leave out a name with an underscore at
    its start.
    """
    name = label(text, 40)
    return f" {name}" if name.startswith("_") else name


def lines(text: object, longest: int, maximum: int = 3) -> str:
    """Return a name on up to `maximum` lines of up to `longest` characters."""
    from textwrap import wrap

    whole = label(text, longest * maximum).replace(r"\$", "$")
    rows = wrap(whole, longest) or [""]
    if len(rows) > maximum:
        rows = [
            *rows[: maximum - 1],
            label(" ".join(rows[maximum - 1 :]), longest).replace(r"\$", "$"),
        ]
    return "\n".join(rows).replace("$", r"\$")


def diverging() -> Colormap:
    """Return colours, which are orange below zero, pale at zero, and blue above, or
    white for numbers that are not finite.
    """
    from matplotlib.colors import LinearSegmentedColormap

    shades = ["#8a3800", RED, "#eda77a", PALE, "#7fb6de", BLUE, "#00395a"]
    return LinearSegmentedColormap.from_list("orange to blue", shades).with_extremes(
        bad="white"
    )


def around_zero(values: NDArray[np.float64], limit: float | None = None) -> Normalize:
    """Return a scale with zero in its middle, up to a limit or, without one, to the
    largest finite value.
    """
    from matplotlib.colors import Normalize

    limit = limit or largest(values) or 1.0
    return Normalize(-limit, limit)


def tints(count: int) -> list[tuple[float, float, float]]:
    """Return light colours for backgrounds of black text. They repeat after
    MAX_TINTS.
    """
    strengths = [0.8 if i // len(TINTS) % 2 else 0.45 for i in range(count)]
    return [mixed("#ffffff", TINTS[i % len(TINTS)], strengths[i]) for i in range(count)]


def mixed(color: str, second: str, share: float) -> tuple[float, float, float]:
    """Return red, green and blue, from 0 to 1, of a mixture with this share of the
    second color.
    """
    pairs = [(int(color[i : i + 2], 16), int(second[i : i + 2], 16)) for i in (1, 3, 5)]
    red, green, blue = (((1.0 - share) * a + share * b) / 255.0 for a, b in pairs)
    return red, green, blue


def largest(values: NDArray[np.float64]) -> float:
    """Return the largest magnitude of the finite values, 0 if there are none."""
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if len(finite) else 0.0


def coloring(values: NDArray[np.float64]) -> tuple[Colormap, Normalize]:
    """Return the palette of activations, all numbers of a neuron and a scale that
    includes zero.
    """
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    limit = largest(values) or 1.0
    low = -limit if (values < 0).any() else 0.0
    high = limit if (values > 0).any() or not low else 0.0
    shades = [NEGATIVE] * (low < 0) + ["#ffffff"] + [POSITIVE] * (high > 0)
    cmap = LinearSegmentedColormap.from_list("brown to teal", shades).with_extremes(
        bad=GATE
    )
    return cmap, Normalize(low, high)


def key(ax: Axes, cmap: Colormap, norm: Normalize, label: str, **options: Any) -> None:
    """Draw a colour bar beside the axes."""
    from matplotlib.cm import ScalarMappable

    look = {"fraction": 0.035, "pad": 0.02, "shrink": 0.7, "aspect": 25, **options}
    bar = ax.figure.colorbar(ScalarMappable(norm, cmap), ax=ax, label=label, **look)
    bar.ax.tick_params(**TICKS)


def mark_of(values: NDArray[np.float64]) -> str | None:
    """Return the marker of a line, which is a dot if no two neighbors are finite,
    because a line would be invisible.
    """
    finite = np.isfinite(values)
    return None if (finite[1:] & finite[:-1]).any() else "o"


def count_along(ax: Axes) -> None:
    """Set ticks of the horizontal axis only at whole numbers, such as steps or
    epochs.
    """
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(
        MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
    )


def mean_line(
    ax: Axes,
    x: NDArray[np.float64],
    rows: NDArray[np.float64],
    label: str,
    color: str,
    **look: Any,
) -> None:
    """Draw the mean over rows and, for several rows, the 95 % interval of this mean by
    the bootstrap with a fixed seed.
    """
    ax.plot(x, rows.mean(axis=0), color=color, label=entry(label), **look)
    if len(rows) > 1:
        rng = np.random.default_rng(0)
        means = rows[rng.integers(len(rows), size=(DRAWS, len(rows)))].mean(axis=1)
        low, high = np.quantile(means, [0.025, 0.975], axis=0)
        ax.fill_between(x, low, high, color=color, alpha=0.2, lw=0.0)


def name_lines(ax: Axes) -> None:
    """Write the names of lines beside the picture."""
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=2.4)


def points_each(axis: Axis, count: int) -> float:
    """Return points of type for each of `count` rows, or columns, along an axis."""
    box = axis.axes.get_window_extent()
    return float(
        (box.width if axis is axis.axes.xaxis else box.height)
        * 72.0
        / axis.axes.figure.dpi
        / count
    )


def name_each(axis: Axis, names: list[str], longest: int = 24) -> bool:
    """Name every row or column if the names are large enough to be read, and return
    whether they are.
    """
    size = min(0.8 * points_each(axis, len(names)), 8.0)
    readable = size >= MIN_LETTER_POINTS
    if readable:
        axis.set_ticks(range(len(names)), [label(name, longest) for name in names])
    axis.set_tick_params(length=0, labelsize=size if readable else 8.0)
    return readable


def points_a_unit(ax: Axes) -> float:
    """Return the approximate size, in points of type, of one unit of axes with equal
    aspect.
    """
    box = ax.get_window_extent()
    x0, x1 = ax.get_xlim()
    y0, y1 = ax.get_ylim()
    inches = min(box.width / (x1 - x0), box.height / (y1 - y0)) / ax.figure.dpi
    return float(72.0 * inches)

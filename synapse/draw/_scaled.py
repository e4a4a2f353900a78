"""Sizes of text and lines that are proportional to the axes, at any size of the
figure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._style import GROUND, need_matplotlib, points_a_unit

need_matplotlib()

# Imported after the sentence for those who do not have matplotlib.
from matplotlib.artist import Artist  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.patches import FancyBboxPatch  # noqa: E402
from matplotlib.text import Text  # noqa: E402

MIN_TEXT_POINTS = 7.0
"""Text below this size, in points, is hidden, because it is unreadable on paper."""
MAX_WIDTH = 20.0
"""Width in inches up to which a figure of its own grows for its text."""


class Scaled(Artist):
    """An invisible artist that is drawn before all other artists of its axes and sets
    their sizes.
    """

    def __init__(self, ax: Axes) -> None:
        super().__init__()
        self.set_zorder(-1000.0)
        self.set_in_layout(False)
        self._setters: list[Callable[[float], object]] = []
        self._ax = ax
        self._unit = points_a_unit(ax)
        self._smallest = np.inf
        ax.add_artist(self)

    def follow(self, setter: Callable[[float], object]) -> None:
        """Call `setter` with the points of one unit, now and whenever that changes."""
        self._setters.append(setter)
        setter(self._unit)

    def text(self, text: Text, size: float) -> None:
        """Give a text a size in units."""

        def resize(unit: float) -> None:
            text.set_fontsize(size * unit)
            text.set_visible(size * unit >= MIN_TEXT_POINTS)

        self._smallest = min(self._smallest, size)
        self.follow(resize)

    def enlarge(self) -> None:
        """Make the figure, which has this picture only, large enough for all text."""
        figure = self._ax.figure
        assert isinstance(figure, Figure)
        for _ in range(3):  # the layout of a figure gives its axes another share
            figure.draw_without_rendering()
            size = figure.get_size_inches()
            missing = 1.01 * MIN_TEXT_POINTS / (self._smallest * self._unit)
            factor = min(missing, MAX_WIDTH / size[0])
            if factor <= 1.0:
                return
            figure.set_size_inches(*(factor * size))

    def widths(self, artist: Any, widths: Any) -> None:
        """Give lines their widths in units."""
        self.follow(lambda unit: artist.set_linewidth(widths * unit))

    def box(self, low: Any, high: Any, thickness: float, **look: Any) -> None:
        """Draw a rounded box between two corners (x, y), whose line has this thickness
        in units.
        """
        (left, bottom) = low
        (right, top) = high
        shape = (
            (left + 0.1, bottom + 0.1),
            right - left - 0.2,
            top - bottom - 0.2,
            "round,pad=0.1",
        )
        box = FancyBboxPatch(*shape, facecolor=GROUND, **look)
        self._ax.add_patch(box)
        self.widths(box, thickness)

    def draw(self, renderer: Any) -> None:
        """Set the sizes if the axes have changed theirs."""
        unit = points_a_unit(self._ax)
        if unit != self._unit:
            self._unit = unit
            for setter in self._setters:
                setter(unit)

"""Common parts of the demos: headings, checks, lessons, and pictures if matplotlib is
installed."""

from __future__ import annotations

import functools
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from synapse import draw
from synapse.draw import _style as ink
from synapse.readwrite import _files

__all__ = [
    "CLEAR",
    "check",
    "heading",
    "ink",
    "lesson",
    "on_terminal",
    "paragraph",
    "progress_bar",
    "save_figure",
    "with_pyplot",
]


CLEAR = {"frameon": True, "framealpha": 0.9, "edgecolor": "none"}
"""Settings of a legend that lies on lines."""


def heading(text: str) -> None:
    """Print the heading of a part."""
    print(f"\n{text}\n{'-' * len(text)}\n")


def paragraph(text: str) -> None:
    """Print text in lines of at most 100 characters."""
    print(textwrap.fill(" ".join(text.split()), 100))


def lesson(text: str) -> None:
    """Print the lesson at the end of a demo: the conclusion from its measurements."""
    print()
    paragraph(f"Lesson: {text}")


def check(claim: str, holds: bool) -> None:
    """Print a claim and whether it holds; if it does not, the demo ends."""
    print(f"{'[holds]' if holds else '[FAILS]'} {claim}")
    if not holds:
        raise SystemExit(f"The demo claims that {claim}, and this run shows otherwise.")


def on_terminal() -> bool:
    """Whether somebody watches: progress bars would litter a redirected output."""
    return sys.stderr.isatty()


def progress_bar(total: int, unit: str, label: str | None = None) -> tqdm[Any]:
    """A progress bar, which is hidden if the output is redirected."""
    return tqdm(total=total, unit=f" {unit}", desc=label, disable=not on_terminal())


def with_pyplot(picture: Callable[..., None]) -> Callable[..., None]:
    """Call a function with matplotlib.pyplot before its own arguments, in the style of
    ``synapse.draw``.

    Figures are written to files only. Without matplotlib, a message is printed instead.
    """

    @functools.wraps(picture)
    def styled(*arguments: Any) -> None:
        try:
            import matplotlib  # an extra: the demos run without it
        except ImportError:
            print(
                'No pictures: matplotlib is not installed. pip install -e ".[draw]"'
                " brings it."
            )
            return
        matplotlib.use("Agg")
        from matplotlib import pyplot

        with draw.style():
            picture(pyplot, *arguments)

    return styled


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure and close it."""
    from matplotlib import pyplot

    with _files.replacing(path) as picture:
        figure.savefig(picture, format="png", dpi=180)
    pyplot.close(figure)

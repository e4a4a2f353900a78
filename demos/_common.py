"""Common parts of the demos: headings, checks, lessons, and pictures if matplotlib is installed."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from synapse.readwrite import files

# Colours that colour-blind people can distinguish: Okabe and Ito 2008.
BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#e69f00", "#009e73", "#cc79a7"
RED, SKY, GREY, BLACK = "#d55e00", "#56b4e9", "#8a8a8a", "#222222"


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


def pyplot() -> Any | None:
    """Return matplotlib.pyplot, writing to files only; None, and a message, if it is not installed."""
    try:
        import matplotlib  # an extra: the demos run without it
    except ImportError:
        print('No pictures: matplotlib is not installed. pip install "synapse-neurons[draw]" brings it.')
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot

    return pyplot


def save_figure(figure: Any, path: Path) -> None:
    """Write a figure and close it."""
    from matplotlib import pyplot

    with files.replacing(path) as picture:
        figure.savefig(picture, format="png", dpi=150)
    pyplot.close(figure)

"""Views in notebooks, which are tables and curves as HTML and SVG without scripts. All
text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import chain, cycle, islice
from typing import Any

MAX_ROWS = 20
MAX_POINTS = 500
WIDTH = 560
HEIGHT = 170
LEFT = 62
BOTTOM = 22
MAX_NAME_LETTERS = 20  # letters of a name beside its curve
COLOURS = ("#3a86c8", "#dd7a24", "#2a9d73", "#b05a9a", "#8a8a2a", "#777777")
"""Colours of curves that are visible on white and on black."""


def view(words: str, *parts: str) -> str:
    """Return a view with a sentence, usually a repr, above its parts."""
    return f"<div><div>{escape(words)}</div>{''.join(parts)}</div>"


def table(columns: Mapping[str, Iterable[Any]], rows: int) -> str:
    """Return a table of columns with this number of rows, showing the first 20."""
    head = "".join(f"<th>{escape(str(name))}</th>" for name in columns)
    tops = [islice(iter(column), MAX_ROWS) for column in columns.values()]
    shown_rows = zip(*tops, strict=True)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in shown_rows)
    more = f"<div>and {rows - MAX_ROWS} more</div>" if rows > MAX_ROWS else ""
    return (
        '<table style="text-align: right">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"
    )


def _cell(value: Any) -> str:
    """Return a table cell, with text on the left and numbers on the right."""
    words = value if isinstance(value, str) else shown(value)
    left = ' style="text-align: left"' if isinstance(value, str) else ""
    return f"<td{left}>{escape(words)}</td>"


def shown(value: Any) -> str:
    """Return a value for a cell, with six digits of a number and "-" for None."""
    if hasattr(value, "item") and not getattr(value, "ndim", 0):
        value = value.item()
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def curves(lines: Mapping[str, Sequence[float]], across: str) -> str:
    """Return curves over steps 1 to n as SVG. The axis is logarithmic where values
    above 0 span a factor of 100.
    """
    values = chain.from_iterable(lines.values())
    finite = [value for value in values if math.isfinite(value)]
    longest = max(map(len, lines.values()), default=0)
    if not finite or longest < 2:
        return ""
    low = min(finite)
    high = max(finite)
    scale = math.log if low > 0 and high > 100 * low else float
    bottom = scale(low)
    span = (scale(high) - bottom) or 1.0  # of values that are all equal
    right = WIDTH - 24 - 6 * min(MAX_NAME_LETTERS, max(map(len, lines)))

    def point(i: int, value: float) -> str:
        x = LEFT + (right - LEFT) * i / (longest - 1)
        y = 8 + (HEIGHT - BOTTOM - 16) * (1 - (scale(value) - bottom) / span)
        return f"{x:.1f} {y:.1f}"

    drawn = [
        f'<path d="{_path(line, point)}" stroke="{colour}" stroke-width="1.5">'
        f"<title>{escape(name)}</title></path>"
        for (name, line), colour in zip(lines.items(), cycle(COLOURS), strict=False)
    ]
    axes = (
        _text(LEFT - 5, 14, "end", f"{high:.3g}"),
        _text(LEFT - 5, HEIGHT - BOTTOM, "end", f"{low:.3g}"),
        _text(LEFT, HEIGHT - 6, "start", "1"),
        _text(right, HEIGHT - 6, "end", f"{across} {longest}"),
    )
    cut = [
        name if len(name) <= MAX_NAME_LETTERS else name[: MAX_NAME_LETTERS - 1] + "…"
        for name in lines
    ]
    shades = zip(cut, COLOURS, strict=False)
    names = (
        _text(right + 8, 16 + 14 * i, "start", name, shade)
        for i, (name, shade) in enumerate(shades)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img"'
        f' aria-label="{escape(", ".join(lines))}" '
        f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" '
        'style="max-width: 100%; height: auto; display: block" font-family="sans-serif"'
        ' font-size="11">'
        f'<path d="M{LEFT} 4V{HEIGHT - BOTTOM}H{right}" stroke="currentColor"'
        ' stroke-opacity="0.4"/>'
        f"{''.join((*drawn, *axes, *names))}</svg>"
    )


def _path(line: Sequence[float], point: Any) -> str:
    """Return the points of a curve, with gaps where values are not finite. If there are
    many points, only some are returned.
    """
    stride = max(1, len(line) // MAX_POINTS)
    chosen = sorted({*range(0, len(line), stride), *range(len(line))[-1:]})
    pieces = []
    pen = "M"
    for i in chosen:
        if math.isfinite(line[i]):
            pieces.append(pen + point(i, line[i]))
            pen = "L"
        else:
            pen = "M"
    return "".join(pieces)


def _text(
    x: float, y: float, anchor: str, words: str, colour: str = "currentColor"
) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}"'
        f' fill="{colour}">{escape(words)}</text>'
    )

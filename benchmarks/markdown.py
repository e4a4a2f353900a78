"""Numbers and tables as Markdown."""

from __future__ import annotations

from collections import Counter
from typing import Any


def number(value: float | None) -> str:
    """Format a number with three digits and a comma between thousands.

    >>> number(0.07512), number(21.94), number(1526.2)
    ('0.0751', '21.9', '1,526')
    """
    if value is None:
        return "-"
    size = abs(value)
    if 0 < size < 0.1:
        return f"{value:#.3g}"
    digits = 3 - sum(size >= bound for bound in (1, 10, 100))
    return f"{value:,.{digits}f}"


def spread(cell: dict[str, Any] | None) -> str:
    """A median, with the minimum and the maximum."""
    if not cell:
        return "-"
    ends = f"{number(cell['least'])} to {number(cell['most'])}"
    return f"{number(cell['median'])} ({ends})"


def ratio(peer: dict[str, Any] | None, ours: dict[str, Any] | None) -> str:
    """The median of a peer over ours; bold where the peer is ahead."""
    if not peer or not ours:
        return "-"
    return multiple(peer["median"] / ours["median"])


def multiple(value: float, mark: str = "") -> str:
    """Format how many times as long a peer takes: bold where the peer is ahead."""
    text = f"{number(value)} x{mark}"
    return text if value >= 1 else f"**{text}**"


def beside(theirs: float | None, ours: float | None) -> str:
    """Format the time of a peer: bold where the peer is faster."""
    is_faster = theirs is not None and ours is not None and theirs < ours
    return f"**{number(theirs)}**" if is_faster else number(theirs)


def table(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def side_by_side(tables: dict[str, str]) -> str:
    """One table from tables with the same first column, by the names of their columns.

    Columns of one title stand next to each other. A column that is the same in all
    tables appears once. Rows and columns that a table lacks have dashes.
    """
    if len(tables) == 1:
        return next(iter(tables.values()))
    rows: dict[str, dict[tuple[str, tuple[str, int]], str]] = {}
    titles: dict[tuple[str, int], None] = {}
    for name, text in tables.items():
        head, _, *lines = (line[2:-2].split(" | ") for line in text.splitlines())
        counts: Counter[str] = Counter()
        for place, title in enumerate(head[1:], 1):
            key = title, counts[title]  # a title can occur twice
            titles[key] = None
            counts[title] += 1
            for line in lines:
                rows.setdefault(line[0], {})[name, key] = line[place]
    header = [head[0]]
    columns: list[list[str]] = []
    for key in titles:
        cells = [
            [row.get((name, key), "-") for row in rows.values()] for name in tables
        ]
        is_common = all(map(_agree, zip(*cells, strict=True)))
        columns += [list(map(max, *cells))] if is_common else cells
        header += [key[0]] if is_common else [f"{key[0]}, {name}" for name in tables]
    return table(header, [list(line) for line in zip(rows, *columns, strict=True)])


def _agree(cells: tuple[str, ...]) -> bool:
    """Whether cells of a row are the same; a dash agrees with words, not figures."""
    told = {*cells} - {"-"}
    has_figures = any(sign.isdigit() for cell in told for sign in cell)
    return len(told) < 2 and not (has_figures and "-" in cells)

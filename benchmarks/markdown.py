"""Numbers and tables as Markdown."""

from __future__ import annotations

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

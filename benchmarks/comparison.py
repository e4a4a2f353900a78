"""What the page of performance shows of a table: one time beside another."""

from __future__ import annotations

from typing import Any, NamedTuple


class Comparison(NamedTuple):
    """A time of this library, and that of a peer which does the same."""

    row: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    learns_less: bool = False  # the peer does less than the row says

    @property
    def ratio(self) -> float:
        """How many times as long the peer takes; above 1 this library is ahead."""
        assert self.theirs is not None
        return self.theirs / self.ours


def beside(
    row: str, ours: dict[str, Any], peers: dict[str, dict[str, Any] | None]
) -> list[Comparison]:
    """A row for each peer that was measured; one without a peer if none was."""
    rows = [
        Comparison(row, ours["median"], name, cell["median"])
        for name, cell in peers.items()
        if cell
    ]
    return rows or [Comparison(row, ours["median"])]

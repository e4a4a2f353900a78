"""The duration and number of the measurements, and what is kept of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .cases import Case
from .peers import Peer

Tell = Callable[[str], None]
"""Prints one line of progress."""


@dataclass(frozen=True)
class Plan:
    """Duration and number of the measurements, and what is measured."""

    repeats: int
    seconds: float  # of one measurement, approximately
    cap: float  # limit in seconds of one cell
    cases: list[Case]  # the networks in the table of online steps
    peers: list[Peer]  # its libraries
    largest: int  # growth is measured up to 10^largest connections
    quick: bool  # small networks only


def summary(times: list[float]) -> dict[str, Any]:
    """All times, their median, minimum and maximum."""
    return {
        "all": times,
        "median": statistics.median(times),
        "least": min(times),
        "most": max(times),
    }

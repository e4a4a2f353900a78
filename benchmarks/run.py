"""Measures online steps: builds a worker per library, then measures them in turn for every repeat."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import child
from .cases import Case, write_samples
from .peers import Peer
from .peers.cell import Cell


@dataclass(frozen=True)
class Plan:
    """Duration and number of the measurements."""

    repeats: int
    seconds: float
    warm: float
    learn: float
    cap: float


Tell = Callable[[str], None]


def measure(cases: list[Case], peers: list[Peer], plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure all cells, row by row."""
    fill_cache(cases, peers, tell)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as folder:
        for case in cases:
            tell(f"{case.label}: {case.connections:,} connections")
            cells = [Cell(peer, case, write_samples(case, Path(folder)), plan.cap) for peer in peers]
            try:
                measure_row(cells, plan)
            finally:
                for cell in cells:
                    cell.close()
            results += [summed_up(cell.result) for cell in cells]
            for result in results[-len(cells) :]:
                tell(f"  {result['label']:28} {result.get('median', math.nan):12.4g} µs  {result['status']}")
    return results


def fill_cache(cases: list[Case], peers: list[Peer], tell: Tell) -> None:
    """Compile the kernels before the measurement, as happens once after an installation."""
    for peer in peers:
        if peer.module == "ours.py" and any(not peer.why_not(case) for case in cases):
            news = child.ask("benchmarks.peers.ours", {"precision": peer.precision}, 300)
            seconds = news.get("seconds", math.nan)
            tell(f"kernels, {peer.precision}: {seconds:.1f} s until ready  {news['status']}")


def measure_row(cells: list[Cell], plan: Plan) -> None:
    """Build the workers, check that they learn, warm up; then measure each in turn for every repeat."""
    for cell in cells:
        cell.start()
        if cell.running:
            cell.result["learning"] = cell.ask("learn", plan.learn)
        if cell.running:
            cell.ask("warm", plan.warm)
    for repeat in range(plan.repeats):
        turn = repeat % len(cells)
        for cell in cells[turn:] + cells[:turn]:
            if not cell.running:
                continue
            news = cell.ask("measure", plan.seconds)
            if news is not None:
                cell.result["microseconds"].append(news["microseconds"])
                cell.result["finite"] = cell.result.get("finite", True) and news["finite"]


def summed_up(result: dict[str, Any]) -> dict[str, Any]:
    """Add the median, minimum and maximum of the repeats, if there are any."""
    times = result["microseconds"]
    if times:
        result |= {"median": statistics.median(times), "least": min(times), "most": max(times)}
    return result

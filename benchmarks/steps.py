"""Online steps of all libraries: builds a worker per library, then measures them in
turn for every repeat."""

from __future__ import annotations

import math
import statistics
import tempfile
import timeit
from pathlib import Path
from typing import Any

import numpy as np

from . import child
from .cases import Case, write_samples
from .comparison import Comparison
from .markdown import number, table
from .peers import Peer
from .peers.cell import Cell
from .plan import Plan, Tell

TITLE = "µs per step, medians"
OURS = "synapse"
# seconds of the learning check, and of the warm-up
LEARN = 1.0
LEARN_QUICKLY = 0.1


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure all cells, row by row."""
    fill_cache(plan.cases, plan.peers, tell)
    results: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as folder:
        for case in plan.cases:
            tell(f"{case.label}: {case.connections:,} connections")
            cells = [
                Cell(peer, case, write_samples(case, Path(folder)), plan.cap)
                for peer in plan.peers
            ]
            try:
                measure_row(cells, plan)
            finally:
                for cell in cells:
                    cell.close()
            results += [summed_up(cell.result) for cell in cells]
            count = case.connections
            for result in results[-len(cells) :]:
                # Of few connections NumPy's call counts.
                if result["peer"].startswith(OURS) and count >= 10**5:
                    result["pass"] = pass_over(count, result["precision"])
            for result in results[-len(cells) :]:
                tell(
                    f"  {result['label']:28} {result.get('median', math.nan):12.4g} µs "
                    f" {result['status']}"
                )
    return results


def pass_over(count: int, precision: str) -> float:
    """µs in which this core reads and writes so many numbers once, by NumPy."""
    numbers = np.zeros(count, precision)
    calls = 10**7 // count + 1
    times = timeit.repeat(lambda: np.add(numbers, 1.0, out=numbers), number=calls)
    return 1e6 * statistics.median(times) / calls


def fill_cache(cases: list[Case], peers: list[Peer], tell: Tell) -> None:
    """Compile the kernels before the measurement, as happens once after an
    installation."""
    for peer in peers:
        if peer.module == "ours.py" and any(not peer.why_not(case) for case in cases):
            news = child.ask(
                "benchmarks.peers.ours", {"precision": peer.precision}, 300
            )
            seconds = news.get("seconds", math.nan)
            tell(
                f"kernels, {peer.precision}: {seconds:.1f} s until ready "
                f" {news['status']}"
            )


def measure_row(cells: list[Cell], plan: Plan) -> None:
    """Build the workers, check that they learn, warm up; then measure each in turn for
    every repeat."""
    for cell in cells:
        cell.start()
        if cell.running:
            cell.result["learning"] = cell.ask(
                "learn", LEARN_QUICKLY if plan.quick else LEARN
            )
        if cell.running:
            cell.ask("warm", max(plan.seconds, LEARN_QUICKLY if plan.quick else LEARN))
    for repeat in range(plan.repeats):
        turn = repeat % len(cells)
        for cell in cells[turn:] + cells[:turn]:
            if not cell.running:
                continue
            news = cell.ask("measure", plan.seconds)
            if news is not None:
                cell.result["microseconds"].append(news["microseconds"])
                cell.result["finite"] = (
                    cell.result.get("finite", True) and news["finite"]
                )


def summed_up(result: dict[str, Any]) -> dict[str, Any]:
    """Add the median, minimum and maximum of the repeats, if there are any."""
    times = result["microseconds"]
    if times:
        result |= {
            "median": statistics.median(times),
            "least": min(times),
            "most": max(times),
        }
    return result


def medians(cells: list[dict[str, Any]], row: str) -> dict[str, float]:
    """The median of each library for a network."""
    return {
        cell["peer"]: cell["median"]
        for cell in cells
        if cell["row"] == row and "median" in cell
    }


def best_peer(cells: list[dict[str, Any]], row: str) -> tuple[str, float] | None:
    """The fastest other library doing the same computation: its name, and its median
    over Synapse's."""
    less = {
        cell["peer"] for cell in cells if cell["row"] == row and cell["learns_less"]
    }
    times = medians(cells, row)
    others = {
        name: time
        for name, time in times.items()
        if not name.startswith(OURS) and name not in less
    }
    if OURS not in times or not others:
        return None
    name = min(others, key=lambda peer: others[peer])
    return name, others[name] / times[OURS]


def steps_table(cells: list[dict[str, Any]]) -> str:
    """Medians: one line per network, one column per library, and the ratio of the best
    other to Synapse."""
    rows = list(dict.fromkeys(cell["row"] for cell in cells))
    timed = {cell["peer"] for cell in cells if "median" in cell}
    peers = {cell["peer"]: cell["label"] for cell in cells if cell["peer"] in timed}
    lines = []
    for row in rows:
        here = {cell["peer"]: cell for cell in cells if cell["row"] == row}
        best = best_peer(cells, row)
        lines.append(
            [Case.named(row).label, *(_entry(here.get(peer), best) for peer in peers)]
        )
        lines[-1].append(f"{number(best[1])} x" if best else "-")
    return table(["network", *peers.values(), "best other / Synapse"], lines)


def _entry(cell: dict[str, Any] | None, best: tuple[str, float] | None) -> str:
    if cell is None or "median" not in cell:
        return "over the cap" if cell and cell["status"].startswith("over") else "-"
    text = number(cell["median"]) + (" ¹" if cell["learns_less"] else "")
    return f"**{text}**" if best and cell["peer"] == best[0] else text


def details_table(cells: list[dict[str, Any]]) -> str:
    """Spread, building, memory and learning of all cells that were started."""
    lines = []
    for cell in cells:
        if "start_seconds" not in cell and not cell["status"].startswith(
            ("over", "failed")
        ):
            continue
        lines.append(
            [
                Case.named(cell["row"]).label,
                cell["label"],
                cell["precision"],
                number(cell.get("median")),
                (
                    f"{number(cell['least'])} to {number(cell['most'])}"
                    if "least" in cell
                    else "-"
                ),
                (
                    f"{cell['pass'] / cell['median']:.0%}"
                    if "pass" in cell and "median" in cell
                    else "-"
                ),
                number(cell.get("start_seconds")),
                number(cell.get("build_seconds")),
                number(cell.get("build_megabytes")),
                _learning(cell),
                cell["status"],
            ]
        )
    titles = (
        "network, library, precision, median µs, min to max, share of one pass over the"
        " weights, "
    )
    titles += "start s, build s, build MB, learns, status"
    return table(titles.split(", "), lines)


def _learning(cell: dict[str, Any]) -> str:
    learning = cell.get("learning")
    if not learning:
        return "-"
    if not (learning["finite"] and cell.get("finite", True)):
        return "not finite"
    word = "yes" if learning["learnt"] else "no"
    return (
        f"{word}, {learning['before']:.3f} to {learning['after']:.3f} in"
        f" {learning['steps']:,}"
    )


def left_out(cells: list[dict[str, Any]]) -> str:
    """The reasons why cells were not started."""
    reasons: dict[str, list[str]] = {}
    for cell in cells:
        if "start_seconds" not in cell and not cell["status"].startswith(
            ("over", "failed")
        ):
            reasons.setdefault(f"{cell['label']}: {cell['status']}", []).append(
                Case.named(cell["row"]).label
            )
    return "".join(
        f"- {reason} ({', '.join(rows)})\n" for reason, rows in reasons.items()
    )


def comparisons(cells: list[dict[str, Any]]) -> list[Comparison]:
    """Each library beside Synapse in the same float, for every network."""
    timed = {
        (cell["row"], cell["peer"]): cell["median"]
        for cell in cells
        if "median" in cell
    }
    rows = []
    for cell in cells:
        if "median" not in cell or cell["peer"].startswith(OURS):
            continue
        single = cell["precision"] == "float32"
        ours = timed.get((cell["row"], OURS))
        ours = timed.get((cell["row"], f"{OURS}-f32"), ours) if single else ours
        if ours is not None:
            label = Case.named(cell["row"]).label
            less = cell["learns_less"]
            rows.append(Comparison(label, ours, cell["label"], cell["median"], less))
    return rows


def text(cells: list[dict[str, Any]]) -> list[str]:
    """The tables of online steps."""
    return [
        (
            "One step: activate and propagate one sample, update the weights (`activate"
            " only`: only activate). Bold: the fastest other library doing the same"
            " computation.\n"
        ),
        steps_table(cells),
        (
            "¹ An LSTMCell without peepholes whose gradient is truncated at every step:"
            " it learns less.\n"
        ),
        "### Spread, building, learning\n",
        details_table(cells),
        "Not measured:\n\n" + left_out(cells),
    ]

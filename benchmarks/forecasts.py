"""The time of a step in a closed loop, ``synapse.forecast``, beside that of ``net.run``
on given inputs.

``python -m benchmarks.forecasts '{"seconds": 0.2, "repeats": 5}'`` runs the
measurement."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from . import child
from .markdown import number, spread, table
from .plan import Plan, Tell, summary

TITLE = "Steps of forecasts, µs"
INTRODUCTION = """One step of a network that reads its own outputs, and one on given
inputs: calls of 20,000 steps. Medians (minimum to maximum) in alternation.
"""
STEPS = 20_000
NETWORKS = {"Elman 1-8-1": ("Elman", (1, 8, 1)), "LSTM 3-30-3": ("LSTM", (3, 30, 3))}


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure µs per step, network by network."""
    spec = {"seconds": plan.seconds, "repeats": plan.repeats}
    news = child.ask("benchmarks.forecasts", spec, plan.cap * len(NETWORKS))
    for row, times in news.get("rows", {}).items():
        tell(
            f"forecasts, {row}: "
            + ", ".join(f"{name} {t['median']:.3g} µs" for name, t in times.items())
        )
    return news


def text(results: dict[str, Any]) -> list[str]:
    """The times of both, and their ratio."""
    lines = [
        [row, spread(times["run"]), spread(times["forecast"]), number(_ratio(times))]
        for row, times in results.get("rows", {}).items()
    ]
    return [INTRODUCTION, table(["network", "run", "forecast", "ratio"], lines)]


def _ratio(times: dict[str, Any]) -> float:
    times_as_long: float = times["forecast"]["median"] / times["run"]["median"]
    return times_as_long


def calls_of(architecture: str, sizes: tuple[int, ...]) -> dict[str, Callable[[], Any]]:
    """One call of each."""
    import architect  # imported late: only the process that measures needs it
    import synapse

    net = getattr(architect, architecture)(*sizes, output_squash="identity", seed=0)
    rows = synapse.forecast(net, [[0.5] * sizes[0]], STEPS)  # inputs of the same size
    return {
        "run": lambda: net.run(rows),
        "forecast": lambda: synapse.forecast(net, rows[:1], STEPS),
    }


def microseconds_of(call: Callable[[], Any], seconds: float) -> float:
    """Microseconds of a step, from calls that take at least so many seconds in all."""
    begin = time.perf_counter()
    count = 0
    while count == 0 or time.perf_counter() < begin + seconds:
        call()
        count += 1
    return (time.perf_counter() - begin) / (count * STEPS) * 1e6


def main() -> None:
    spec = json.loads(sys.argv[1])
    rows = {}
    for row, (architecture, sizes) in NETWORKS.items():
        calls = calls_of(architecture, sizes)
        times = dict[str, list[float]]()
        for repeat in range(spec["repeats"]):
            for name in sorted(calls, reverse=bool(repeat % 2)):
                times.setdefault(name, []).append(
                    microseconds_of(calls[name], spec["seconds"])
                )
        rows[row] = {name: summary(values) for name, values in times.items()}
    print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()

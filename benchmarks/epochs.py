"""The time of an epoch on four samples, XOR, by the online rule: Synapse's trainer and
Synaptic's.

``python -m benchmarks.epochs '{"seconds": 0.2, "repeats": 5}'`` runs the measurement.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import child
from .comparison import Comparison, beside
from .markdown import spread, table
from .peers import NPM_FOLDER
from .plan import Plan, Tell, summary

TITLE = "Epochs on four samples, µs"
INTRODUCTION = """XOR, a perceptron 2-3-1, the online rule, rate 0.1, cross-entropy,
20,000 epochs a call. Synaptic has no progress bar; in that row it runs without one.
Medians (minimum to maximum).
"""

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
EPOCHS = 20_000
RATE = 0.1
WARM = 1.0
ROWS = {
    "in order": {"shuffle": False, "progress": False},
    "shuffled": {"shuffle": True, "progress": False},
    "shuffled, with a progress bar": {"shuffle": True, "progress": True},
}
"""Options of each row."""


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure µs per epoch, row by row and library by library."""
    spec = {"seconds": plan.seconds, "repeats": plan.repeats}
    news = child.ask("benchmarks.epochs", spec, plan.cap * len(ROWS))
    for row, times in news.get("rows", {}).items():
        tell(
            f"epochs, {row}: "
            + ", ".join(f"{name} {t['median']:.3g} µs" for name, t in times.items())
        )
    return news


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """An epoch beside that of each other library."""
    rows = []
    for row, times in results.get("rows", {}).items():
        peers = {name: cell for name, cell in times.items() if name != "Synapse"}
        rows += beside(row, times["Synapse"], peers)
    return rows


def text(results: dict[str, Any]) -> list[str]:
    """The time of an epoch; the fastest library of each row is bold."""
    rows = results.get("rows", {})
    names = list(dict.fromkeys(name for times in rows.values() for name in times))
    lines = []
    for row, times in rows.items():
        fastest = min(times, key=lambda name: times[name]["median"])
        cells = {name: spread(times.get(name)) for name in names}
        lines.append(
            [
                row,
                *(
                    f"**{cells[name]}**" if name == fastest else cells[name]
                    for name in names
                ),
            ]
        )
    return [INTRODUCTION, table(["XOR", *names], lines)]


def _ours(options: dict[str, Any]) -> Callable[[float], float]:
    """A function that trains for some seconds and returns µs per epoch."""
    import architect  # imported late: only the process that measures needs it
    import synapse

    trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0), RATE)

    def run(seconds: float) -> float:
        begin = time.perf_counter()
        calls = 0
        while calls == 0 or time.perf_counter() < begin + seconds:
            trainer.train(*XOR, epochs=EPOCHS, seed=0, **options)
            calls += 1
        return (time.perf_counter() - begin) / (calls * EPOCHS) * 1e6

    return run


class Synaptic:
    """Synaptic's trainer in a process of its own."""

    def __init__(self, shuffle: bool) -> None:
        spec = json.dumps({"epochs": EPOCHS, "rate": RATE, "shuffle": shuffle})
        command = ["node", str(Path(__file__).parent / "peers" / "trainer.js"), spec]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, seconds: float) -> float:
        """Train for some seconds; returns µs per epoch."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(seconds, file=self.process.stdin, flush=True)
        microseconds: float = json.loads(self.process.stdout.readline())["microseconds"]
        return microseconds

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def _libraries(options: dict[str, Any]) -> dict[str, Callable[[float], float]]:
    """The trainers of a row that are installed."""
    installed: dict[str, Callable[[float], float]] = {"Synapse": _ours(options)}
    if shutil.which("node") and (NPM_FOLDER / "node_modules" / "synaptic").is_dir():
        installed["Synaptic"] = Synaptic(options["shuffle"])
    return installed


def main() -> None:
    spec = json.loads(sys.argv[1])
    rows = {}
    for row, options in ROWS.items():
        libraries = _libraries(options)
        times: dict[str, list[float]] = {name: [] for name in libraries}
        try:
            for run in libraries.values():
                run(min(WARM, 5 * spec["seconds"]))
            for repeat in range(spec["repeats"]):
                for name in sorted(libraries, reverse=bool(repeat % 2)):
                    times[name].append(libraries[name](spec["seconds"]))
        finally:
            for run in libraries.values():
                if isinstance(run, Synaptic):
                    run.close()
        rows[row] = {name: summary(values) for name, values in times.items()}
    print(json.dumps({"rows": rows}))


if __name__ == "__main__":
    main()

"""The time of an epoch on four samples, XOR, by the online rule: Synapse's trainer and Synaptic's.

``python -m benchmarks.epochs '{"seconds": 0.2, "repeats": 5}'`` runs the measurement.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import child
from .peers import NPM_FOLDER

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
EPOCHS, RATE, WARM = 20_000, 0.1, 1.0
ROWS = {
    "XOR, in order": {"shuffle": False, "progress": False},
    "XOR, shuffled": {"shuffle": True, "progress": False},
    "XOR, shuffled, with a progress bar": {"shuffle": True, "progress": True},
}
"""Options of each row. Synaptic has no progress bar: in the last row it runs without one."""


def measure(seconds: float, repeats: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Measure µs per epoch, row by row and library by library."""
    news = child.ask("benchmarks.epochs", {"seconds": seconds, "repeats": repeats}, 300)
    for line in table(news)[2:]:
        tell(line)
    return news


def table(results: dict[str, Any]) -> list[str]:
    """The lines of a Markdown table; the fastest library of each row is bold."""
    rows = results.get("rows", {})
    names = list(dict.fromkeys(name for times in rows.values() for name in times))
    lines = ["| µs per epoch | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
    for row, times in rows.items():
        fastest = min(times, key=lambda name: times[name]["median"])
        entries = [_entry(times.get(name), name == fastest) for name in names]
        lines.append(f"| {row} | " + " | ".join(entries) + " |")
    return lines


def _entry(times: dict[str, Any] | None, fastest: bool) -> str:
    if times is None:
        return "-"
    median = f"{times['median']:.3g}"
    return f"{f'**{median}**' if fastest else median} ({times['least']:.3g} to {times['most']:.3g})"


def _ours(options: dict[str, Any]) -> Callable[[float], float]:
    """A function that trains for some seconds and returns µs per epoch."""
    import architect  # imported late: only the process that measures needs it
    import synapse

    trainer = synapse.Trainer(architect.Perceptron(2, 3, 1, seed=0), RATE)

    def run(seconds: float) -> float:
        begin, calls = time.perf_counter(), 0
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
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, seconds: float) -> float:
        """Train for some seconds; returns µs per epoch."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(seconds, file=self.process.stdin, flush=True)
        found: float = json.loads(self.process.stdout.readline())["microseconds"]
        return found

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


def _libraries(options: dict[str, Any]) -> dict[str, Callable[[float], float]]:
    """The trainers of a row that are installed."""
    found: dict[str, Callable[[float], float]] = {"Synapse": _ours(options)}
    if shutil.which("node") and (NPM_FOLDER / "node_modules" / "synaptic").is_dir():
        found["Synaptic"] = Synaptic(options["shuffle"])
    return found


def main() -> None:
    spec, rows = json.loads(sys.argv[1]), {}
    for row, options in ROWS.items():
        libraries = _libraries(options)
        times: dict[str, list[float]] = {name: [] for name in libraries}
        try:
            for run in libraries.values():
                run(min(WARM, 5 * spec["seconds"]))
            for _ in range(spec["repeats"]):
                for name, run in libraries.items():
                    times[name].append(run(spec["seconds"]))
        finally:
            for run in libraries.values():
                if isinstance(run, Synaptic):
                    run.close()
        rows[row] = {name: _summed_up(values) for name, values in times.items()}
    print(json.dumps({"rows": rows}))


def _summed_up(times: list[float]) -> dict[str, Any]:
    return {"all": times, "median": statistics.median(times), "least": min(times), "most": max(times)}


if __name__ == "__main__":
    main()

"""The time of single calls from Python, and of importing the library.

``python -m benchmarks.calls '{"seconds": 0.2, "repeats": 5}'`` runs the measurement.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import timeit
from collections.abc import Callable
from typing import Any

from . import child
from .markdown import number, table
from .peers.cell import ROOT, environment
from .plan import Plan, Tell

TITLE = "Calls from Python"

COLD = """
import time
begin = time.perf_counter()
import synapse, architect
imported = time.perf_counter()
net = architect.Perceptron(2, 3, 1, seed=0)
net.activate([0.0, 1.0])
net.propagate(0.1, [1.0])
print(imported - begin, time.perf_counter() - imported)
"""


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure times of calls in µs, and of starting in seconds."""
    news = child.ask("benchmarks.calls", {"seconds": plan.seconds, "repeats": plan.repeats}, 300)
    started = [_start() for _ in range(plan.repeats + 1)][1:]  # the first one fills the disk cache
    news["import_seconds"] = _summed_up([imported for imported, _ in started])
    news["first_step_seconds"] = _summed_up([first for _, first in started])
    for name, times in news.get("calls", {}).items():
        tell(f"{name}: {times['median']:.3g} µs")
    return news


def _start() -> tuple[float, float]:
    command = [sys.executable, "-c", COLD]
    done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=True)
    imported, first = done.stdout.split()[-2:]
    return float(imported), float(first)


def _summed_up(times: list[float]) -> dict[str, Any]:
    return {"all": times, "median": statistics.median(times), "least": min(times), "most": max(times)}


def calls() -> dict[str, Callable[[], Any]]:
    """The measured calls, by their source text."""
    import numpy as np  # imported late, so that starting is measured without it

    import architect
    import synapse

    net = architect.Perceptron(2, 3, 1, seed=0)
    neuron = net.hidden[0][0]
    x, target = np.array([0.2, 0.7]), np.array([0.3])
    x32, apart = x.astype(np.float32), np.zeros((2, 2))[:, 0]
    rng = np.random.default_rng(0)
    rows, many, wide = rng.random((1000, 2)), rng.random(784), architect.Perceptron(784, 100, 10, seed=0)
    trainer = synapse.Trainer(net, rate=0.01)
    net.activate(x)
    return {
        "neuron.activate()": neuron.activate,
        "neuron.propagate(rate)": lambda: neuron.propagate(0.01),
        "net.activate(array)": lambda: net.activate(x),
        "net.activate(list)": lambda: net.activate([0.2, 0.7]),
        "net.activate(tuple)": lambda: net.activate((0.2, 0.7)),
        "net.activate(float32 array)": lambda: net.activate(x32),
        "net.activate(array with gaps)": lambda: net.activate(apart),
        "net.propagate(rate, array)": lambda: net.propagate(0.01, target),
        "net.run(1,000 rows)": lambda: net.run(rows),
        "trainer.train(1,000 rows), one epoch": lambda: trainer.train(
            rows, rows[:, :1], epochs=1, progress=False
        ),
        "net.activate(array) of 784-100-10": lambda: wide.activate(many),
    }


def text(calls: dict[str, Any]) -> list[str]:
    """The time of calls from Python."""
    times = {f"`{name}`, µs": (t, 1.0) for name, t in calls.get("calls", {}).items()}
    times["`import synapse, architect`, ms"] = calls["import_seconds"], 1e3
    times["from there to the first step, ms"] = calls["first_step_seconds"], 1e3
    lines = [
        [name, *(number(unit * t[which]) for which in ("median", "least", "most"))]
        for name, (t, unit) in times.items()
    ]
    return [table(["call (2-3-1 unless noted)", "median", "min", "max"], lines)]


def main() -> None:
    spec, timed = json.loads(sys.argv[1]), calls()
    timers = {name: timeit.Timer(call) for name, call in timed.items()}
    numbers = {}
    for name, timer in timers.items():
        timer.timeit(2)
        numbers[name] = max(1, round(spec["seconds"] / max(1e-8, timer.timeit(10) / 10)))
    times: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(spec["repeats"]):
        for name, timer in timers.items():
            times[name].append(timer.timeit(numbers[name]) / numbers[name] * 1e6)
    results = {name: _summed_up(values) for name, values in times.items()}
    print(json.dumps({"calls": results}))


if __name__ == "__main__":
    main()

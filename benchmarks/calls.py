"""The time of single calls from Python, with PyTorch's as a peer, and of importing the
library.

``python -m benchmarks.calls '{"seconds": 0.2, "repeats": 5}'`` runs the measurement.
"""

from __future__ import annotations

import json
import subprocess
import sys
import timeit
from collections.abc import Callable
from typing import Any

import numpy as np

from . import child
from .comparison import Comparison, beside
from .markdown import number, ratio, table
from .peers.cell import ROOT, environment
from .plan import Plan, Tell, summary

TITLE = "Calls from Python"

ACTIVATE = "net.activate(array)"
STEP = "net.activate(array), net.propagate(rate, array)"
SAME = {
    ACTIVATE: "PyTorch eager: forward",
    STEP: "PyTorch eager: forward, backward, SGD step",
}
"""Calls that a peer can make too, and what its row is called."""

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
    news = child.ask(
        "benchmarks.calls", {"seconds": plan.seconds, "repeats": plan.repeats}, 300
    )
    _start()  # fills the disk cache
    started = [_start() for _ in range(plan.repeats)]
    news["import_seconds"] = summary([imported for imported, _ in started])
    news["first_step_seconds"] = summary([stepped for _, stepped in started])
    for name, times in news.get("calls", {}).items():
        tell(f"{name}: {times['median']:.3g} µs")
    return news


def _start() -> tuple[float, float]:
    command = [sys.executable, "-c", COLD]
    done = subprocess.run(
        command, env=environment(), cwd=ROOT, capture_output=True, text=True, check=True
    )
    imported, first_step = done.stdout.split()[-2:]
    return float(imported), float(first_step)


def calls() -> dict[str, Callable[[], Any]]:
    """The measured calls, by their source text."""
    import architect  # imported late, so that starting is measured without them
    import synapse

    net = architect.Perceptron(2, 3, 1, seed=0)
    neuron = net.hidden[0][0]
    x = np.array([0.2, 0.7])
    x32 = x.astype(np.float32)
    apart = np.zeros((2, 2))[:, 0]
    target = np.array([0.3])
    rng = np.random.default_rng(0)
    rows = rng.random((1000, 2))
    many = rng.random(784)
    wide = architect.Perceptron(784, 100, 10, seed=0)
    trainer = synapse.Trainer(net, rate=0.01)
    net.activate(x)

    def step() -> None:
        net.activate(x)
        net.propagate(0.01, target)

    def step_by_neurons() -> None:
        for source, value in zip(net.input, (0.2, 0.7)):
            source.activate(value)
        for other in (*net.hidden[0], *net.output):
            other.activate()
        net.output[0].propagate(0.01, 0.3)
        for other in net.hidden[0]:
            other.propagate(0.01)

    return {
        "neuron.activate()": neuron.activate,
        "neuron.activate(number)": lambda: neuron.activate(0.5),
        "neuron.propagate(rate)": lambda: neuron.propagate(0.01),
        "a step, neuron by neuron": step_by_neurons,
        ACTIVATE: lambda: net.activate(x),
        "net.activate(list)": lambda: net.activate([0.2, 0.7]),
        "net.activate(tuple)": lambda: net.activate((0.2, 0.7)),
        "net.activate(float32 array)": lambda: net.activate(x32),
        "net.activate(array with gaps)": lambda: net.activate(apart),
        "net.propagate(rate, array)": lambda: net.propagate(0.01, target),
        "net.propagate(rate, list)": lambda: net.propagate(0.01, [0.3]),
        STEP: step,
        "net.run(1,000 rows)": lambda: net.run(rows),
        "trainer.train(1,000 rows), one epoch": lambda: trainer.train(
            rows, rows[:, :1], epochs=1, progress=False
        ),
        "net.activate(array) of 784-100-10": lambda: wide.activate(many),
    }


def peers() -> dict[str, Callable[[], Any]]:
    """The same network and calls in PyTorch as people write it; empty if it is not
    installed."""
    try:
        import torch

        from .peers import eager
    except ImportError:
        return {}
    spec = {"kind": "perceptron", "sizes": [2, 3, 1], "precision": "float32"}
    eager.start(spec)
    net = eager.Net(spec, np.array([[0.2, 0.7]]), np.array([[0.3]]))
    x = net.inputs[0]

    def forward() -> Any:
        with torch.no_grad():
            return net.model(x).sigmoid_()

    return {SAME[ACTIVATE]: forward, SAME[STEP]: lambda: net.train(1, 1)}


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """Each call, two of them beside PyTorch's."""
    times = dict(results.get("calls", {}))
    peers = {call: times.pop(peer, None) for call, peer in SAME.items()}
    rows = []
    for call, cell in times.items():
        rows += beside(f"`{call}`", cell, {"PyTorch eager": peers.get(call)})
    return rows


def text(results: dict[str, Any]) -> list[str]:
    """The table of what `measure` returns; it says where PyTorch is ahead."""
    times = dict(results.get("calls", {}))
    of_peers = {same: times.pop(same) for same in SAME.values() if same in times}
    lines = [
        _line(f"`{name}`, µs", t, 1.0, of_peers.get(SAME.get(name, "")))
        for name, t in times.items()
    ]
    lines.append(
        _line("`import synapse, architect`, ms", results["import_seconds"], 1e3, None)
    )
    lines.append(
        _line(
            "from there to the first step, ms", results["first_step_seconds"], 1e3, None
        )
    )
    header = [
        "call (2-3-1 unless noted)",
        "median",
        "min",
        "max",
        "PyTorch eager, 1 thread",
        "PyTorch / Synapse",
    ]
    return [table(header, lines)]


def _line(
    label: str, spread: dict[str, Any], unit: float, peer: dict[str, Any] | None
) -> list[str]:
    cells = [
        label,
        *(
            number(unit * spread[statistic])
            for statistic in ("median", "least", "most")
        ),
    ]
    if peer is None:
        return [*cells, "-", "-"]
    return [*cells, number(peer["median"]), ratio(peer, spread)]


def main() -> None:
    spec = json.loads(sys.argv[1])
    timed = calls() | peers()
    timers = {name: timeit.Timer(call) for name, call in timed.items()}
    numbers = {}
    for name, timer in timers.items():
        # The least of several, because the first calls of an installation compile
        once = min(timer.repeat(3, 10)) / 10
        numbers[name] = max(1, round(spec["seconds"] / max(1e-8, once)))
    times: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(spec["repeats"]):
        for name, timer in timers.items():
            times[name].append(timer.timeit(numbers[name]) / numbers[name] * 1e6)
    results = {name: summary(values) for name, values in times.items()}
    print(json.dumps({"calls": results}))


if __name__ == "__main__":
    main()

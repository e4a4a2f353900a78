"""Growth: time per connection and step from a thousand connections to ten million.

``python -m benchmarks.growth '{"kind": "dense", "connections": 1000, ...}'`` is one point.
"""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import architect
import synapse

from . import child
from .cases import Case, samples as drawn
from .markdown import number, table
from .memory import peak, reset_peak
from .peers import ours
from .plan import Plan, Tell

TITLE = "Growth"

DENSITY = 0.1
LARGEST = {"dense": 7, "sparse": 6, "lstm": 6}  # powers of ten
CHANGED, SAVED = 10**6, 10**7
PASSES = 3  # over the weights: read for the sum, read and written for the update


def points(highest: int) -> list[tuple[str, int]]:
    """Kinds of networks, and their approximate numbers of connections."""
    return [(kind, 10**e) for kind, most in LARGEST.items() for e in range(3, min(most, highest) + 1)]


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure all points, each in its own process."""
    results = []
    for kind, connections in points(plan.largest):
        spec = {"kind": kind, "connections": connections, "seconds": plan.seconds, "repeats": plan.repeats}
        results.append(child.ask("benchmarks.growth", spec, 900))
        median = results[-1].get("nanoseconds_per_connection", math.nan)
        tell(f"growth, {kind}, {connections:,}: {median:.3f} ns per connection  {results[-1]['status']}")
    return results


def build(kind: str, connections: int) -> synapse.Network:
    """Build a network with about this number of connections."""
    if kind == "dense":
        side = round(math.sqrt(connections / 2))
        return architect.Perceptron(side, side, side, seed=0)
    if kind == "lstm":
        side = round(math.sqrt(connections / 8.4))
        return architect.LSTM(side, side, max(1, side // 5), style="synaptic", seed=0)
    side = round(math.sqrt(connections / 2 / DENSITY))
    layers = [synapse.Layer(side, "identity" if i == 0 else "logistic") for i in range(3)]
    for i, (source, target) in enumerate(itertools.pairwise(layers)):
        source.project(target, DENSITY, seed=i)
    return synapse.Network(layers[0], layers[1:-1], layers[-1])


class Grown(ours.Net):
    """A network with the samples of all cases."""

    def __init__(self, net: synapse.Network) -> None:
        self.net, self.rows = net, {}
        self.inputs, self.targets = drawn(Case("perceptron", (len(net.input), len(net.output))))
        self.trainer = synapse.Trainer(net, rate=0.1 / len(net))  # so that large layers do not saturate


def stopwatch(work: Callable[[], Any]) -> tuple[float, Any]:
    """Call a function; returns the seconds and the result."""
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def copy_bandwidth(numbers: int, seconds: float) -> float:
    """Bytes read and written per second by NumPy's copy of this number of float64 values."""
    source, target = np.ones(numbers), np.zeros(numbers)
    times, stop = [], time.perf_counter() + seconds
    loops = max(1, 10**6 // numbers)
    while time.perf_counter() < stop or len(times) < 3:
        begin = time.perf_counter()
        for _ in range(loops):
            np.copyto(target, source)
        times.append((time.perf_counter() - begin) / loops)
    return 16 * numbers / statistics.median(times)


def saving(net: synapse.Network) -> dict[str, float]:
    """Seconds to save and to load, and the size of the file."""
    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as folder:
        path = Path(folder) / "net.json"
        saved, _ = stopwatch(lambda: synapse.save(net, path))
        loaded, _ = stopwatch(lambda: synapse.load(path))
        return {"save_seconds": saved, "load_seconds": loaded, "file_megabytes": path.stat().st_size / 1e6}


def changing(net: synapse.Network) -> dict[str, float]:
    """Seconds to add or remove a connection or set a weight, including the next step."""
    x = np.zeros(len(net.input))
    source, target = net.input[0], net.output[0]
    news = {"activate_seconds": statistics.median(stopwatch(lambda: net.activate(x))[0] for _ in range(5))}

    def connect() -> None:
        source.project(target, weight=0.1)
        net.activate(x)

    def disconnect() -> None:
        source.disconnect(target)
        net.activate(x)

    news["first_connect_seconds"], _ = stopwatch(connect)
    connects, weights, disconnects = [], [], []
    for _ in range(3):
        link = source.connected(target)
        assert link is not None
        weights.append(stopwatch(lambda link=link: (setattr(link, "weight", 0.2), net.activate(x)))[0])
        disconnects.append(stopwatch(disconnect)[0])
        connects.append(stopwatch(connect)[0])
    for name, times in (("connect", connects), ("weight", weights), ("disconnect", disconnects)):
        news[f"{name}_seconds"] = statistics.median(times)
    return news


def step_times(net: Grown, least: float, repeats: int) -> list[float]:
    """Seconds per step, in calls so long that the overhead of a call is negligible."""
    steps, seconds = 2, 0.0
    while seconds < least:
        steps *= 2
        seconds, steps = stopwatch(partial(net.train, steps))
    return [
        seconds / done for seconds, done in (stopwatch(partial(net.train, steps)) for _ in range(repeats))
    ]


def point(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one network: build, lower and train it; at some sizes also save or change it."""
    small = Grown(build(spec["kind"], 100))
    small.train(1)  # loads the kernels
    before = reset_peak()
    built, net = stopwatch(lambda: build(spec["kind"], spec["connections"]))
    lowered, _ = stopwatch(net._ready)
    grown = Grown(net)
    first, _ = stopwatch(lambda: grown.train(1))
    megabytes = peak() - before
    call, _ = stopwatch(lambda: grown.train(1))
    times = step_times(grown, max(spec["seconds"], 10 * call), spec["repeats"])
    median, connections = statistics.median(times), len(net.weights)
    news = {
        "made": connections,
        "build_seconds": built,
        "lower_seconds": lowered,
        "first_step_seconds": first,
        "call_of_one_step_seconds": call,
        "megabytes": megabytes,
        "bytes_per_connection": megabytes * 1e6 / connections,
        "microseconds": [1e6 * t for t in times],
        "median": 1e6 * median,
        "nanoseconds_per_connection": 1e9 * median / connections,
        "finite": bool(np.isfinite(grown.outputs(1)).all() and np.isfinite(net.weights).all()),
    }
    if spec["kind"] == "dense":
        news["bandwidth"] = PASSES * 8 * connections / median
        news["copy_bandwidth"] = copy_bandwidth(connections, spec["seconds"])
        if spec["connections"] == CHANGED:
            news |= changing(net)
        if spec["connections"] == SAVED:
            news |= saving(net)
    return news


def text(growth: list[dict[str, Any]]) -> list[str]:
    """The tables of growth."""
    return [growth_table(growth), large_text(growth)]


def growth_table(growth: list[dict[str, Any]]) -> str:
    """Time per connection, bandwidth, building."""
    lines = []
    for g in growth:
        bandwidth = [number(g[name] / 1e9) if name in g else "-" for name in ("bandwidth", "copy_bandwidth")]
        names = ["build_seconds", "lower_seconds", "first_step_seconds", "call_of_one_step_seconds"]
        names.append("bytes_per_connection")
        lines.append(
            [
                g["kind"],
                f"{g.get('made', g['connections']):,}",
                number(g.get("median")),
                number(g.get("nanoseconds_per_connection")),
                *bandwidth,
                *(number(g.get(name)) for name in names),
                g["status"],
            ]
        )
    titles = (
        "kind, connections, µs per step, ns per connection, GB/s, copy GB/s, build s, lower s, first step s, "
    )
    titles += "call of one step s"
    return table([*titles.split(", "), "bytes per connection", "status"], lines)


def large_text(growth: list[dict[str, Any]]) -> str:
    """The time to save at 10^7 connections and to change one connection at 10^6."""
    lines = []
    for g in growth:
        for name, text in {
            "save_seconds": "save, s",
            "load_seconds": "load, s",
            "file_megabytes": "file, MB",
            "activate_seconds": "activate only, s",
            "weight_seconds": "set one weight and activate, s",
            "first_connect_seconds": "add the first connection and activate, s",
            "connect_seconds": "add one more and activate, s",
            "disconnect_seconds": "remove one and activate, s",
        }.items():
            if name in g:
                lines.append([f"{g['made']:,} connections: {text}", number(g[name])])
    return table(["operation", "value"], lines) if lines else ""


if __name__ == "__main__":
    print(json.dumps(point(json.loads(sys.argv[1]))))

"""Growth: time per connection and step from a thousand connections to ten million.

``python -m benchmarks.growth '{"kind": "dense", "connections": 1000, ...}'`` is one
point."""

from __future__ import annotations

import itertools
import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import architect
import synapse

from . import child
from .cases import Case, samples as drawn
from .comparison import Comparison
from .markdown import number, ratio, table
from .memory import peak, reset_peak
from .peers import csr, ours
from .plan import Plan, Tell

TITLE = "Growth"

DENSITY = 0.1
LARGEST = {"dense": 7, "sparse": 7, "lstm": 7}  # powers of ten
PRECISIONS = {
    "dense": ("float64",),
    "sparse": ("float64", "float32"),
    "lstm": ("float64",),
}
BY_HAND = "SciPy CSR by hand"
# over the weights: all are read and written once, those of the second layer read once
# more
PASSES = 2.5


def points(highest: int) -> list[tuple[str, str, int]]:
    """Kinds of networks, their precisions, and their approximate numbers of
    connections."""
    return [
        (pattern, precision, 10**e)
        for pattern, most in LARGEST.items()
        for precision in PRECISIONS[pattern]
        for e in range(3, min(most, highest) + 1)
    ]


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure all points, each in its own process."""
    results = []
    for pattern, precision, connections in points(plan.largest):
        spec = {
            "kind": pattern,
            "connections": connections,
            "seconds": plan.seconds,
            "repeats": plan.repeats,
        }
        spec["precision"] = precision
        results.append(child.ask("benchmarks.growth", spec, 900))
        # in a process of its own, where no memory that we have used is free again
        if pattern == "sparse":
            peer = child.ask("benchmarks.growth", {**spec, "kind": BY_HAND}, 900)
            results[-1]["peer_bytes_per_connection"] = peer.get("bytes_per_connection")
        median = results[-1].get("nanoseconds_per_connection", math.nan)
        tell(
            f"growth, {pattern}, {precision}, {connections:,}: {median:.3f} ns per"
            f" connection  {results[-1]['status']}"
        )
    return results


def sparse_side(connections: int) -> int:
    """The size of each layer of a sparse network."""
    return round(math.sqrt(connections / 2 / DENSITY))


def build(
    pattern: str, connections: int, precision: str = "float64"
) -> synapse.Network:
    """Build a network with about this number of connections."""
    if pattern == "dense":
        side = round(math.sqrt(connections / 2))
        return architect.Perceptron(side, side, side, seed=0, dtype=precision)
    if pattern == "lstm":
        side = round(math.sqrt(connections / 8.4))
        return architect.LSTM(
            side, side, max(1, side // 5), style="synaptic", seed=0, dtype=precision
        )
    side = sparse_side(connections)
    layers = [
        synapse.Layer(side, "identity" if i == 0 else "logistic", dtype=precision)
        for i in range(3)
    ]
    for i, (source, target) in enumerate(itertools.pairwise(layers)):
        source.project(target, DENSITY, seed=i)
    return synapse.Network(layers[0], layers[1:-1], layers[-1])


class Grown(ours.Net):
    """A network with the samples of all cases."""

    def __init__(self, net: synapse.Network) -> None:
        self.net = net
        self.rows = {}
        samples = drawn(Case("perceptron", (len(net.input), len(net.output))))
        self.inputs, self.targets = (numbers.astype(net.dtype) for numbers in samples)
        self.rate = 0.1 / len(net)  # so that large layers do not saturate
        self.trainer = synapse.Trainer(net, rate=self.rate)


def stopwatch(work: Callable[[], Any]) -> tuple[float, Any]:
    """Call a function; returns the seconds and the result."""
    begin = time.perf_counter()
    result = work()
    return time.perf_counter() - begin, result


def copy_bandwidth(numbers: int, seconds: float) -> float:
    """Bytes read and written per second by NumPy's copy of this number of float64
    values."""
    source = np.ones(numbers)
    target = np.zeros(numbers)
    times = []
    stop = time.perf_counter() + seconds
    loops = max(1, 10**6 // numbers)
    while time.perf_counter() < stop or len(times) < 3:
        begin = time.perf_counter()
        for _ in range(loops):
            np.copyto(target, source)
        times.append((time.perf_counter() - begin) / loops)
    return 16 * numbers / statistics.median(times)


def enough(train: Callable[[int], Any], least: float) -> int:
    """How many steps take so long that the overhead of a call is negligible."""
    steps = 2
    seconds = 0.0
    while seconds < least:
        steps *= 2
        seconds, _ = stopwatch(partial(train, steps))
    return steps


def step_times(net: Grown, least: float, repeats: int) -> list[float]:
    """Seconds per step of Synapse."""
    steps = enough(net.train, least)
    times = []
    for _ in range(repeats):
        seconds, done = stopwatch(partial(net.train, steps))
        times.append(seconds / done)
    return times


def against_scipy(net: Grown, least: float, repeats: int) -> dict[str, Any]:
    """Microseconds per step of Synapse and of SciPy, in alternation, and whether both
    learn the same."""
    peer = csr.of_network(net.net, net.rate)
    apart = differences(net, peer)
    theirs = partial(peer.train, net.inputs, net.targets)
    steps = enough(net.train, least)
    their_steps = enough(theirs, least)
    times: list[tuple[float, float]] = []
    for _ in range(repeats):
        seconds, done = stopwatch(partial(net.train, steps))
        their_seconds, _ = stopwatch(partial(theirs, their_steps))
        times.append((1e6 * seconds / done, 1e6 * their_seconds / their_steps))
    our_times, their_times = zip(*times, strict=True)
    return {
        "microseconds": list(our_times),
        "peer_microseconds": list(their_times),
        "difference": apart,
    }


def differences(net: Grown, peer: csr.Net) -> float:
    """The largest difference between the outputs of both after the same steps, relative
    to the largest."""
    done = net.train(4)
    peer.train(net.inputs[:4], net.targets[:4], done)
    ours = net.outputs(1)[0]
    theirs = peer.answer(net.inputs[0])
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def by_hand(spec: dict[str, Any]) -> dict[str, Any]:
    """The memory that a network of SciPy's needs to be made and to make a step."""
    side = sparse_side(spec["connections"])
    rng = np.random.default_rng(0)
    csr.random(30, [30, 30], DENSITY, 0.1).step(rng.random(30), rng.random(30))
    x = rng.random(side).astype(spec["precision"])
    before = reset_peak()
    made = csr.random(side, [side, side], DENSITY, 0.1 / side, spec["precision"])
    made.step(x, x)
    count = sum(layer.weights.nnz for layer in made.layers)
    return {"made": count, "bytes_per_connection": (peak() - before) * 1e6 / count}


def point(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one network: build, lower and train it."""
    if spec["kind"] == BY_HAND:
        return by_hand(spec)
    precision = spec.get("precision", "float64")
    small = Grown(build(spec["kind"], 100, precision))
    small.train(1)  # loads the kernels
    before = reset_peak()
    built, net = stopwatch(lambda: build(spec["kind"], spec["connections"], precision))
    lowered, _ = stopwatch(net._lowered)
    grown = Grown(net)
    first_step, _ = stopwatch(lambda: grown.train(1))
    megabytes = peak() - before
    call, _ = stopwatch(lambda: grown.train(1))
    connections = len(net.weights)
    least = max(spec["seconds"], 10 * call)
    if spec["kind"] == "sparse":
        pair = against_scipy(grown, least, spec["repeats"])
    else:
        pair = {
            "microseconds": [1e6 * t for t in step_times(grown, least, spec["repeats"])]
        }
    median = statistics.median(pair["microseconds"]) / 1e6
    news = {
        "made": connections,
        "build_seconds": built,
        "lower_seconds": lowered,
        "first_step_seconds": first_step,
        "call_of_one_step_seconds": call,
        "megabytes": megabytes,
        "bytes_per_connection": megabytes * 1e6 / connections,
        **pair,
        "median": 1e6 * median,
        "nanoseconds_per_connection": 1e9 * median / connections,
        "finite": bool(
            np.isfinite(grown.outputs(1)).all() and np.isfinite(net.weights).all()
        ),
    }
    if "peer_microseconds" in pair:
        news["peer_median"] = statistics.median(pair["peer_microseconds"])
    if spec["kind"] == "dense":
        news["bandwidth"] = PASSES * net.dtype.itemsize * connections / median
        news["copy_bandwidth"] = copy_bandwidth(connections, spec["seconds"])
    return news


def comparisons(growth: list[dict[str, Any]]) -> list[Comparison]:
    """Measure a step by number of connections; sparse networks beside SciPy."""
    rows = []
    for point in growth:
        if "median" in point:
            row = f"{point['kind']}, {point['made']:,}, {point['precision']}"
            peer = BY_HAND if "peer_median" in point else ""
            rows.append(
                Comparison(row, point["median"], peer, point.get("peer_median"))
            )
    return rows


def text(growth: list[dict[str, Any]]) -> list[str]:
    """The table of growth."""
    titles = (
        "kind, connections, precision, µs per step, ns per connection, GB/s, copy"
        f" GB/s, {BY_HAND} µs, {BY_HAND} / Synapse, build s, lower s, first step s,"
        f" call of one step s, bytes per connection, {BY_HAND} bytes, status"
    )
    return [table(titles.split(", "), [_line(g) for g in growth])]


def _line(g: dict[str, Any]) -> list[str]:
    bandwidth = [
        number(g[name] / 1e9) if name in g else "-"
        for name in ("bandwidth", "copy_bandwidth")
    ]
    seconds = (
        "build_seconds",
        "lower_seconds",
        "first_step_seconds",
        "call_of_one_step_seconds",
    )
    peer = {"median": g["peer_median"]} if "peer_median" in g else None
    return [
        g["kind"],
        f"{g.get('made', g['connections']):,}",
        g["precision"],
        number(g.get("median")),
        number(g.get("nanoseconds_per_connection")),
        *bandwidth,
        number(g.get("peer_median")),
        ratio(peer, g),
        *(
            number(g.get(name))
            for name in (*seconds, "bytes_per_connection", "peer_bytes_per_connection")
        ),
        g["status"],
    ]


if __name__ == "__main__":
    print(json.dumps(point(json.loads(sys.argv[1]))))

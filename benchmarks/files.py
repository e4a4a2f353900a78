"""Saving and loading a network against ``numpy.savez`` and ``numpy.load`` of the same
arrays.

The arrays are the network's sources, targets and weights, with 32 bits for the number
of a neuron."""

from __future__ import annotations

import gc
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import child
from .comparison import Comparison
from .markdown import number, table
from .memory import peak, reset_peak
from .plan import Plan, Tell

TITLE = "Files of large networks"

QUICK = (10**5,)
FULL = (10**5, 10**6, 10**7)
LARGEST_JSON = 10**6
LARGEST_PATTERN = 2 * 10**8
OURS, JSON, PEER, SYNCED = (
    "synapse",
    "synapse, JSON",
    "numpy",
    "numpy, flushed to the disk",
)
LIST = (
    "save_seconds",
    "load_seconds",
    "file_megabytes",
    "save_peak_megabytes",
    "load_peak_megabytes",
)


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure networks of several sizes, dense and random, each in its own process."""
    results = []
    for pattern in ("dense", "sparse"):
        for count in QUICK if plan.quick else FULL:
            spec = {"kind": pattern, "connections": count, "repeats": plan.repeats}
            results.append(child.ask("benchmarks.files", spec, 900))
            for name, row in results[-1].get("ways", {}).items():
                times = f"{row['save_seconds']:.3g} s, {row['load_seconds']:.3g} s"
                tell(
                    f"files, {pattern}, {count:,}, {name}: {times},"
                    f" {row['file_megabytes']:.1f} MB"
                )
    return results


def comparisons(results: list[dict[str, Any]]) -> list[Comparison]:
    """Saving and loading beside NumPy's arrays alone."""
    rows = []
    for result in results:
        ways = result.get("ways", {})
        if OURS not in ways:
            continue
        network = f"{result['kind']}, {result['made']:,} connections"
        for action in ("save", "load"):
            ours = ways[OURS][f"{action}_seconds"]
            theirs = ways[PEER][f"{action}_seconds"]
            rows.append(Comparison(f"{action}, {network}", ours, "numpy.savez", theirs))
    return rows


def text(results: list[dict[str, Any]]) -> list[str]:
    """The table of what `measure` returns."""
    header = [
        "network, written by",
        "arrays, MB",
        "save, s",
        "load, s",
        "file, MB",
        "peak of save, load, MB",
    ]
    lines = []
    for result in results:
        for name, row in result.get("ways", {}).items():
            peaks = (number(row[f"{way}_peak_megabytes"]) for way in ("save", "load"))
            lines.append(
                [
                    f"{result['kind']}, {result['made']:,} connections, {name}",
                    number(result["array_megabytes"]),
                    *(
                        number(row[key])
                        for key in ("save_seconds", "load_seconds", "file_megabytes")
                    ),
                    ", ".join(peaks),
                ]
            )
    return [table(header, lines)]


def build(pattern: str, connections: int) -> Any:
    """Build two layers with all pairs connected, or with pairs at random, up to
    one in a hundred."""
    from synapse import Layer, Network

    side = round(
        math.sqrt(
            connections
            if pattern == "dense"
            else min(100 * connections, LARGEST_PATTERN)
        )
    )
    source = Layer(side)
    target = Layer(side)
    source.project(
        target, None if pattern == "dense" else connections / side**2, seed=0
    )
    return Network(source, [], target)


def ways(
    net: Any, arrays: dict[str, Any], folder: Path
) -> dict[str, tuple[Any, Any, Path]]:
    """By name: functions that save and load, and the file."""
    import os

    import numpy as np

    import synapse

    def load(path: Path) -> Any:
        with np.load(path) as stored:
            return {name: stored[name] for name in stored.files}

    def flushed(path: Path) -> None:
        with open(path, "wb") as stream:
            np.savez(stream, **arrays)
            stream.flush()
            os.fsync(stream.fileno())

    paths = {name: folder / f"{i}.npz" for i, name in enumerate((OURS, PEER, SYNCED))}
    by_name = {
        OURS: (
            lambda: synapse.save(net, paths[OURS]),
            lambda: synapse.load(paths[OURS]),
            paths[OURS],
        ),
        PEER: (
            lambda: np.savez(paths[PEER], **arrays),
            lambda: load(paths[PEER]),
            paths[PEER],
        ),
        SYNCED: (
            lambda: flushed(paths[SYNCED]),
            lambda: load(paths[SYNCED]),
            paths[SYNCED],
        ),
    }
    if len(net.weights) <= 1.1 * LARGEST_JSON:
        path = folder / "net.json"
        by_name[JSON] = (
            lambda: synapse.save(net, path),
            lambda: synapse.load(path),
            path,
        )
    return by_name


def point(pattern: str, connections: int, repeats: int) -> dict[str, Any]:
    """Save and load one network in all ways, in turn: median times and the largest
    peaks."""
    import numpy as np

    from synapse import Topology

    net = build(pattern, connections)
    net.run(np.zeros((1, len(net.input))))
    topology = Topology.of(net)
    arrays = {
        end: getattr(topology, end).astype(np.uint32) for end in ("source", "target")
    }
    arrays["weight"] = topology.weight
    del topology
    news: dict[str, dict[str, list[float]]] = {}
    with tempfile.TemporaryDirectory(prefix="synapse-bench-") as folder:
        for turn in range(repeats + 1):
            for name, (save, load, path) in ways(net, arrays, Path(folder)).items():
                values = [*_watched(save), *_watched(load)]
                row = news.setdefault(name, {key: [] for key in LIST})
                if turn:  # the first imports modules
                    for key, value in zip(
                        LIST,
                        (
                            values[0],
                            values[2],
                            path.stat().st_size / 1e6,
                            *values[1::2],
                        ),
                        strict=True,
                    ):
                        row[key].append(value)
    return {
        "made": len(arrays["weight"]),
        "array_megabytes": sum(array.nbytes for array in arrays.values()) / 1e6,
        "ways": {
            name: {
                key: statistics.median(values) if "seconds" in key else max(values)
                for key, values in row.items()
            }
            for name, row in news.items()
        },
    }


def _watched(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds that a call takes, and the peak of memory in MB beyond what was in
    use."""
    gc.collect()
    before = reset_peak()
    begin = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - begin
    del result
    return seconds, peak() - before


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(json.dumps(point(asked["kind"], asked["connections"], asked["repeats"])))

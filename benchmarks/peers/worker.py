"""A child process that builds one network of one peer and does as it is told on stdin.

Says, a line of JSON each: what starting cost (imports, kernels read from the disk),
what building cost until the first step was done, then an answer to each command:
``learn seconds``, ``warm seconds``, ``measure seconds``."""

from __future__ import annotations

import importlib
import json
import math
import sys
import time
from typing import Any, Protocol

import numpy as np

from ..cases import ACTIVATE, SAMPLES, read_samples
from ..memory import peak, reset_peak


class Network(Protocol):
    """What a peer's module has to offer, as a class named ``Net``."""

    def __init__(
        self, spec: dict[str, Any], inputs: np.ndarray, targets: np.ndarray
    ) -> None: ...
    def train(self, steps: int, among: int = SAMPLES) -> int:
        """Online steps, round robin; how many were done."""
        ...

    def answer(self, steps: int) -> int:
        """Activations alone; how many were done."""
        ...

    def outputs(self, count: int) -> np.ndarray:
        """Outputs for the first samples."""
        ...


def say(**news: Any) -> None:
    """One line to the parent; the mark tells it from what a library prints."""
    print("@" + json.dumps(news), flush=True)


def learn(net: Network, targets: np.ndarray, seconds: float) -> dict[str, Any]:
    """Train for about so long, on as many samples as that allows: does the squared
    error fall?"""
    step = min(timed(net.train, 2) for _ in range(3))
    count = SAMPLES
    while count > 4 and 4 * count * step > seconds:
        count //= 2
    least = 16 if step < 1e-3 else 4
    epochs = max(least, min(200, int(seconds / (count * step))))
    before = float(np.mean((net.outputs(count) - targets[:count]) ** 2))
    net.train(count * epochs, count)
    after = float(np.mean((net.outputs(count) - targets[:count]) ** 2))
    return {
        "samples": count,
        "steps": count * epochs,
        "before": before if math.isfinite(before) else None,
        "after": after if math.isfinite(after) else None,
        "finite": math.isfinite(before) and math.isfinite(after),
        "learnt": after < before,
    }


def timed(work: Any, steps: int) -> float:
    """Seconds per step."""
    begin = time.perf_counter()
    done = work(steps)
    return (time.perf_counter() - begin) / done


def main() -> None:
    spec = json.loads(sys.argv[1])
    begin = time.perf_counter()
    module = importlib.import_module(
        f"benchmarks.peers.{spec['module'].removesuffix('.py')}"
    )
    versions = module.start(spec)
    say(event="started", seconds=time.perf_counter() - begin, versions=versions)
    inputs, targets = read_samples(spec["samples"], spec["sizes"])
    before = reset_peak()
    begin = time.perf_counter()
    net: Network = module.Net(spec, inputs, targets)
    net.train(1)
    seconds = time.perf_counter() - begin
    say(
        event="built",
        seconds=seconds,
        megabytes=peak() - before,
        process_megabytes=peak(),
    )
    work = net.answer if spec["kind"] == ACTIVATE else net.train
    step = 1e-3
    for line in sys.stdin:
        command, _, text = line.partition(" ")
        duration = float(text)
        if command == "learn":
            say(event="learn", **learn(net, targets, duration))
        elif command == "warm":
            steps = 1
            stop = time.perf_counter() + duration
            while time.perf_counter() < stop:
                step = timed(work, steps)
                steps *= 2
            say(event="warm")
        else:
            step = timed(work, max(1, round(duration / step)))
            finite = bool(np.isfinite(net.outputs(1)).all())
            say(event="measure", microseconds=step * 1e6, finite=finite)


if __name__ == "__main__":
    main()

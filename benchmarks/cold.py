"""Cold starts: the time from ``import`` to the end of a first call, with an empty and a full cache on disk.

``python -m benchmarks.cold '{"repeats": 3, "quick": false}'`` runs the measurement. Every start is a process
of its own. The cache is a new directory: ``NUMBA_CACHE_DIR`` and, for PyTorch, ``TORCHINDUCTOR_CACHE_DIR``.
"""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
from typing import Any

from .markdown import number, table
from .peers.cell import ROOT, environment
from .plan import Plan, Tell

TITLE = "Cold starts"

NETWORK = "net = architect.Perceptron(2, 3, 1, seed=0)"
LSTM = "net = architect.LSTM(2, 3, 1, seed=0)"
DATA = "[[0.0, 1.0], [1.0, 0.0]], [[1.0], [0.0]]"
SEQUENCE = "[[[0.0, 1.0], [1.0, 0.0]]], [[[1.0], [0.0]]]"
TORCH = """
import torch
from torch.nn import Linear, Sigmoid
net = torch.nn.Sequential(Linear(2, 3), Sigmoid(), Linear(3, 1), Sigmoid())
"""
STEP = "torch.nn.functional.mse_loss(net(torch.rand(1, 2)), torch.rand(1, 1)).backward()"
OURS = {
    "`import synapse, architect`": "",
    "first `net.activate`, 2-3-1": f"{NETWORK}\nnet.activate([0.0, 1.0])",
    "first `Trainer.train`, 2-3-1": f"{NETWORK}\nsynapse.Trainer(net)"
    f".train({DATA}, epochs=2, progress=False)",
    "first exact gradient, 2-3-1": f"{NETWORK}\nsynapse.Trainer(net, method='bptt')"
    f".train({DATA}, epochs=2, progress=False)",
    "first `Trainer.train`, LSTM 2-3-1": f"{LSTM}\nsynapse.Trainer(net)"
    f".train({SEQUENCE}, epochs=2, progress=False)",
}
PEERS = {
    "`import torch`": "import torch",
    "PyTorch eager: first forward and backward, 2-3-1": TORCH + STEP,
    "`torch.compile`: first forward and backward, 2-3-1": f"{TORCH}net = torch.compile(net)\n{STEP}",
}
CLOCKS = "print(time.process_time(), time.perf_counter() - begin)"
CAP = 120
"""Seconds that a peer may take."""


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure every start in CPU and wall-clock seconds."""
    return starts(1 if plan.quick else plan.repeats, plan.quick, tell)


def starts(repeats: int, quick: bool, tell: Tell) -> dict[str, Any]:
    """Start everything in turn, `repeats` times; the quick variant leaves out most starts."""
    ours = dict(list(OURS.items())[:2]) if quick else OURS
    work = {name: f"import synapse, architect\n{code}" for name, code in ours.items()}
    if importlib.util.find_spec("torch") is not None:
        work |= dict(list(PEERS.items())[:2]) if quick else PEERS
    found: dict[str, dict[str, list[list[float]]]] = {name: {"cold": [], "warm": []} for name in work}
    for _ in range(repeats):
        for name, code in work.items():
            with tempfile.TemporaryDirectory() as cache:
                for kind in ("cold", "warm"):
                    times = _start(code, cache)
                    if times is not None:
                        found[name][kind].append(times)
            tell(f"{name}: " + ", ".join(f"{t[-1][1]:.2f} s {kind}" for kind, t in found[name].items() if t))
    return {name: _medians(times) for name, times in found.items() if times["cold"] and times["warm"]}


def _start(code: str, cache: str) -> list[float] | None:
    """CPU and wall-clock seconds of a process from its first line on; None if it fails or takes too long."""
    timed = f"import time\nbegin = time.perf_counter()\n{code}\n{CLOCKS}"
    variables = {"NUMBA_CACHE_DIR": cache, "TORCHINDUCTOR_CACHE_DIR": cache}
    try:
        done = subprocess.run(
            [sys.executable, "-c", timed],
            env={**environment(), **variables},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=CAP,
            check=True,
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    return [float(value) for value in done.stdout.split()[-2:]]


def _medians(times: dict[str, list[list[float]]]) -> dict[str, Any]:
    return {
        kind: {
            "cpu": statistics.median(cpu for cpu, _ in rows),
            "wall": statistics.median(wall for _, wall in rows),
            "all": rows,
        }
        for kind, rows in times.items()
    }


def text(results: dict[str, Any]) -> list[str]:
    """The table of what `measure` returns."""
    header = [
        "start (a new process, seconds)",
        "nothing cached, CPU",
        "wall clock",
        "from the disk cache, CPU",
        "wall clock",
    ]
    rows = [
        [name, *(number(times[kind][clock]) for kind in ("cold", "warm") for clock in ("cpu", "wall"))]
        for name, times in results.items()
    ]
    return [table(header, rows)]


def main() -> None:
    spec = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    results = starts(
        spec.get("repeats", 3), spec.get("quick", False), lambda line: print(line, file=sys.stderr)
    )
    print(json.dumps(results), *text(results), sep="\n")


if __name__ == "__main__":
    main()

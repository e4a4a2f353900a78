"""Cold starts: the time from ``import`` to the end of a first call, with an empty and a
full cache on disk, and with the machine code of a wheel.

``python -m benchmarks.cold '{"repeats": 3, "quick": false}'`` runs the measurement.
Every start is a process of its own. The cache is a new directory:
``SYNAPSE_CACHE_DIR`` and, for PyTorch, ``TORCHINDUCTOR_CACHE_DIR``. Run ``python
.ci/ship_kernels.py`` before: it writes the files that a wheel has.

``python -m benchmarks.cold '{"functions": 8}'`` shows instead what is compiled before
the first result of each start, kernel by kernel."""

from __future__ import annotations

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from .comparison import Comparison, beside
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
STEP = (
    "torch.nn.functional.mse_loss(net(torch.rand(1, 2)), torch.rand(1, 1)).backward()"
)
LSTM_STEP = """
import torch
lstm, out = torch.nn.LSTM(2, 3), torch.nn.Linear(3, 1)
net = lambda rows: out(lstm(rows)[0]).sigmoid()
torch.nn.functional.mse_loss(net(torch.rand(2, 1, 2)), torch.rand(2, 1, 1)).backward()
"""
OURS = {
    "`import synapse, architect`": "",
    "first `net.activate`, 2-3-1": f"{NETWORK}\nnet.activate([0.0, 1.0])",
    "first `Trainer.train`, 2-3-1": (
        f"{NETWORK}\nsynapse.Trainer(net).train({DATA}, epochs=2, progress=False)"
    ),
    "first exact gradient, 2-3-1": (
        f"{NETWORK}\nsynapse.Trainer(net, rule='bptt')"
        f".train({DATA}, epochs=2, progress=False)"
    ),
    "first `Trainer.train`, LSTM 2-3-1": (
        f"{LSTM}\nsynapse.Trainer(net).train({SEQUENCE}, epochs=2, progress=False)"
    ),
    "first exact gradient, LSTM 2-3-1": (
        f"{LSTM}\nsynapse.Trainer(net, rule='bptt')"
        f".train({SEQUENCE}, epochs=2, progress=False)"
    ),
    "first training by rtrl, Elman 2-3-1": (
        "net = architect.Elman(2, 3, 1, seed=0)\nsynapse.Trainer(net,"
        f" rule='rtrl').train({SEQUENCE}, epochs=2, progress=False)"
    ),
}
PEERS = {
    "`import torch`": "import torch",
    "PyTorch eager: first forward and backward, 2-3-1": TORCH + STEP,
    "PyTorch eager: first forward, 2-3-1": f"{TORCH}net(torch.rand(1, 2))",
    "PyTorch eager: first forward and backward, LSTM 2-3-1": LSTM_STEP,
    "`torch.compile`: first forward and backward, 2-3-1": (
        f"{TORCH}net = torch.compile(net)\n{STEP}"
    ),
}
BASE = {"`import numpy, networkx`": "import numpy, networkx"}
"""What the import of Synapse contains that is not its own."""
CLOCKS = "print(time.process_time(), time.perf_counter() - begin)"
CACHES = {"shipped": "from the wheel", "cold": "nothing cached", "warm": "later"}
"""Where kernels come from: the wheel, LLVM, and the files of an earlier process."""
CLOCK_NAMES = "CPU", "wall clock"
SHIPPED = ROOT / "synapse" / "engine" / "kernels"
CAP = 120
"""Seconds that a peer may take."""


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure every start in CPU and wall-clock seconds."""
    return starts(1 if plan.quick else plan.repeats, plan.quick, tell)


def starts(repeats: int, quick: bool, tell: Tell) -> dict[str, Any]:
    """Start everything in turn, `repeats` times; the quick variant leaves out most
    starts."""
    ours = dict(list(OURS.items())[:2]) if quick else OURS
    work = {name: f"import synapse, architect\n{code}" for name, code in ours.items()}
    work = BASE | work
    if importlib.util.find_spec("torch") is not None:
        work |= dict(list(PEERS.items())[:2]) if quick else PEERS
    if not SHIPPED.exists():
        tell("Without .ci/ship_kernels.py, there are no starts with the wheel's files.")
    seconds: dict[str, dict[str, list[list[float]]]] = {
        name: {state: [] for state in CACHES} for name in work
    }
    for _ in range(repeats):
        for name, code in work.items():
            with tempfile.TemporaryDirectory() as cache:
                for state in CACHES:
                    is_ours = name in OURS and SHIPPED.exists()
                    if state == "shipped" and not is_ours:
                        continue
                    times = _start(code, cache, state)
                    if times is not None:
                        seconds[name][state].append(times)
            tell(
                f"{name}: "
                + ", ".join(
                    f"{t[-1][1]:.2f} s {state}"
                    for state, t in seconds[name].items()
                    if t
                )
            )
    return {
        name: _medians(times)
        for name, times in seconds.items()
        if times["cold"] and times["warm"]
    }


def _start(code: str, cache: str, state: str) -> list[float] | None:
    """CPU and wall-clock seconds of a process from its first line on; None if it fails
    or takes too long."""
    try:
        printed = _output(
            f"import time\nbegin = time.perf_counter()\n{code}\n{CLOCKS}", cache, state
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
        return None
    return [float(value) for value in printed.split()[-2:]]


def _output(code: str, cache: str, state: str = "cold") -> str:
    """What a process prints that runs this code with the cache in a folder."""
    variables = {
        "SYNAPSE_CACHE_DIR": cache,
        "SYNAPSE_SHIPPED_KERNELS": str(int(state == "shipped")),
        "TORCHINDUCTOR_CACHE_DIR": cache,
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**environment(), **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=CAP,
        check=True,
    ).stdout


def _medians(times: dict[str, list[list[float]]]) -> dict[str, Any]:
    return {
        state: {
            "cpu": statistics.median(cpu for cpu, _ in rows),
            "wall": statistics.median(wall for _, wall in rows),
            "all": rows,
        }
        for state, rows in times.items()
        if rows
    }


SAME = {
    "`import synapse, architect`": ("`import torch`",),
    "first `net.activate`, 2-3-1": ("PyTorch eager: first forward, 2-3-1",),
    "first exact gradient, 2-3-1": (
        "PyTorch eager: first forward and backward, 2-3-1",
        "`torch.compile`: first forward and backward, 2-3-1",
    ),
    "first exact gradient, LSTM 2-3-1": (
        "PyTorch eager: first forward and backward, LSTM 2-3-1",
        "`import torch`",
    ),
}
"""What of PyTorch does the same as a start."""


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """CPU seconds of a first call, after the installation and later."""
    rows = []
    for name in (*BASE, *OURS):
        if name not in results:
            continue
        for cache, words in CACHES.items():
            if cache not in results[name]:
                continue
            row = f"{name}, {words}"
            ours = {"median": results[name][cache]["cpu"]}
            peers = {
                peer.partition(":")[0].strip("`"): {
                    "median": results[peer].get(cache, results[peer]["cold"])["cpu"]
                }
                for peer in SAME.get(name, ())
                if peer in results
            }
            rows += beside(row, ours, peers)
    return rows


def text(results: dict[str, Any]) -> list[str]:
    """The table of what `measure` returns."""
    header = [
        "start (a new process, seconds)",
        *(f"{words}, {clock}" for words in CACHES.values() for clock in CLOCK_NAMES),
    ]
    rows = [
        [
            name,
            *(
                number(times[state][clock]) if state in times else ""
                for state in CACHES
                for clock in ("cpu", "wall")
            ),
        ]
        for name, times in results.items()
    ]
    return [table(header, rows)]


def functions_of(code: str) -> dict[str, list[float]]:
    """What a start compiles: by kernel, CPU seconds of translation, optimisation and
    code generation."""
    from llvmlite import binding as llvm

    from synapse.engine.language import code_files

    by_kernel: dict[str, list[float]] = defaultdict(lambda: [0.0] * 3)
    kernel = ""  # that is compiled

    def timed(column: int, work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            begin = time.process_time()
            try:
                return work(*arguments)
            finally:
                by_kernel[kernel][column] += time.process_time() - begin

        return call

    code_of = code_files.code_of

    def timed_code_of(
        function: Any,
        kinds: str,
        translate: Callable[[], str],
        make: Callable[[str], bytes],
    ) -> bytes:
        nonlocal kernel
        kernel = function.__name__
        return code_of(function, kinds, timed(0, translate), make)

    code_files.code_of = timed_code_of
    llvm.ModulePassManager.run = timed(1, llvm.ModulePassManager.run)
    llvm.TargetMachine.emit_object = timed(2, llvm.TargetMachine.emit_object)
    exec(code, {})
    return by_kernel


def print_functions(most: int) -> None:
    """For each start, a table of the functions that take longest, and the sum of the
    others."""
    for name, code in list(OURS.items())[1:]:
        with tempfile.TemporaryDirectory() as cache:
            start = f"import synapse, architect\n{code}"
            call = (
                "import json; from benchmarks import cold;"
                f" print(json.dumps(cold.functions_of({start!r})))"
            )
            printed = _output(call, cache)
        rows = sorted(
            json.loads(printed.splitlines()[-1]).items(), key=lambda row: -sum(row[1])
        )
        others = [
            sum(column) for column in zip(*(row for _, row in rows[most:]), strict=True)
        ] or [0.0] * 3
        rows = [*rows[:most], (f"{len(rows[most:])} others", others)]
        header = [
            f"{name}, CPU seconds",
            "translation",
            "optimisation",
            "code generation",
        ]
        print(
            table(
                header,
                [
                    [function, *(f"{value:.2f}" for value in row)]
                    for function, row in rows
                ],
            ),
            end="\n\n",
        )


def main() -> None:
    spec = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    if "functions" in spec:
        print_functions(spec["functions"])
        return
    results = starts(
        spec.get("repeats", 3),
        spec.get("quick", False),
        lambda line: print(line, file=sys.stderr),
    )
    print(json.dumps(results), *text(results), sep="\n")


if __name__ == "__main__":
    main()

"""What each case of the kernels saves: rows with the case switched off, over the same
rows as they are.

    python -m benchmarks.kernel_cases                # all cases
    python -m benchmarks.kernel_cases STEPPED tiles  # those with this in their name

A *case* is code that computes what other code could, faster: a kind of run, a tile, a
list. `CASES` says by which change of the sources each is switched off, so that the
other code computes everything. A copy of the library with this change and one without
measure each row in alternation on one core, and the smallest times are compared.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from . import machine
from .constants import (
    GRADIENTS,
    ONLINE,
    ONLINE_COSTS,
    RTRL,
    SPARSE_STEPS,
    SPIKES,
    STEPS,
    spent,
)
from .markdown import number, table
from .peers.cell import ROOT, environment

RESULTS = Path(__file__).resolve().parent / "results"
REPEATS = 15
SECONDS = 0.05  # of one measurement, approximately


class KernelCase(NamedTuple):
    """A case of the kernels, and the rows that it serves."""

    name: str
    file: str  # below synapse/engine
    changes: tuple[tuple[str, str], ...]  # what is there, and what takes its place
    rows: tuple[str, ...]

    def path(self, root: Path) -> Path:
        """Its file in a copy of the library."""
        return root / "synapse" / "engine" / self.file

    def switch_off(self, root: Path) -> None:
        """Change a copy of the library."""
        path = self.path(root)
        text = path.read_text(encoding="utf-8")
        for present, other in self.changes:
            assert text.count(present) == 1, f"{self.name}: {path} has not {present!r}"
            text = text.replace(present, other)
        path.write_text(text, encoding="utf-8")


DELAYS = (
    "delays, run with traces",
    "delays, run without traces",
    "delays, gradient, 1 sequence",
    "delays, gradient, 8 sequences",
)
POOL = ("gated pool, gradient, 1 sequence", "gated pool, gradient, 8 sequences")
LEARNING = (
    "2-3-1 online",
    "64-32-10 online",
    "784-100-10 online",
    "LSTM 6-8-6 online",
    "LSTM 30-72-30 online",
    "gated pool online",
)
LSTM = (
    "LSTM 30-72-30, gradient, 1 sequence",
    "LSTM 30-72-30, gradient, 8 sequences",
    "LSTM 6-8-6, run without traces",
    "LSTM 30-72-30, run without traces",
)
READ_OUT = "spikes, 400,000 connections and 2 dense outputs, 0.1 % active"
SPIKING = ("CUBA", "Spiking 40-100-1, run without traces", *SPIKES)

CASES = (
    # --- kinds of runs
    KernelCase(
        "DENSE",
        "lowering/loops/runs.py",
        (
            (
                "store.run_kind[runs] = DENSE if gate == 0 else SHARED",
                "store.run_kind[runs] = LISTED if gate == 0 else SHARED",
            ),
        ),
        (*LEARNING[1:5], *GRADIENTS[3:], *RTRL[1:2], *STEPS[2:]),
    ),
    KernelCase(
        "SHARED",
        "lowering/loops/runs.py",
        (
            (
                "store.run_kind[runs] = DENSE if gate == 0 else SHARED",
                "store.run_kind[runs] = DENSE if gate == 0 else (SHARED if"
                " store.flags[j] & MEMORY else PAIRED)",
            ),
        ),
        (*LSTM, *GRADIENTS[1:3], *POOL, "rtrl, GRU 7-15-7"),
    ),
    KernelCase(
        "ZIPPED",
        "lowering/loops/gated.py",
        (("(length == 1 or store.run_kind[t] == ZIPPED)", "False"),),
        (
            *LSTM,
            *LEARNING[3:5],
            "LSTM 6-8-6, rtrl",
        ),
    ),
    KernelCase(
        "STEPPED",
        "lowering/loops/blocks.py",
        (("store.run_flags[u] |= STEPPED", "pass"),),
        (*GRADIENTS[:3], *STEPS[:2], *SPIKING[:2]),
    ),
    KernelCase(
        "STEPPED, in states",
        "exact/states.py",
        (("elif store.run_flags[r] & STEPPED:", "elif False:"),),
        (*GRADIENTS[:3], *STEPS[:2]),
    ),
    KernelCase(
        "STEPPED, in errors",
        "exact/propagate.py",
        (("if store.run_flags[r] & STEPPED:", "if False:"),),
        (*GRADIENTS[:3],),
    ),
    KernelCase(
        "lags of lists",
        "lowering/loops/runs.py",
        (("return (before == 0) == (lag == 0)", "return before == lag"),),
        DELAYS,
    ),
    # --- tiles of exact gradients
    KernelCase(
        "alike",
        "exact/states.py",
        (("return store.alike_stop[j] > j + MAX_UNTILED_NEURONS", "return False"),),
        (*GRADIENTS, *LSTM, *STEPS[:2]),
    ),
    KernelCase(
        "small tiles",
        "exact/states.py",
        (("if count * n > MAX_UNTILED_PRODUCTS:", "if True:"),),
        (*GRADIENTS, *STEPS, "run without traces, 1-100-1"),
    ),
    KernelCase(
        "whole tiles",
        "exact/states.py",
        (("whole = stop - (stop - start) % height", "whole = start"),),
        (*GRADIENTS, *STEPS[:2], "run without traces, 1-100-1"),
    ),
    KernelCase(
        "four sums",
        "exact/states.py",
        (("if width(tapes.activation) == 1:", "if False:"),),
        (*GRADIENTS[::2], *POOL, "gradient, 300-4-1, 512 samples"),
    ),
    KernelCase(
        "two packs of sources",
        "language/machine.py",
        (
            (
                "WIDE_TILE = TileSizes(neurons=8, packs=2,",
                "WIDE_TILE = TileSizes(neurons=8, packs=1,",
            ),
        ),
        (*GRADIENTS, "Adam, 784-100-10, batches of 8"),
    ),
    # --- events
    KernelCase(
        "equal numbers",
        "exact/events.py",
        (("in range(begin, stop)) > 0:\n", "in range(begin, stop)) >= 0:\n"),),
        SPIKING,
    ),
    KernelCase(
        "one to one",
        "exact/events.py",
        (
            (
                "            if is_one_to_one(store, r) and slot < slots_of(events):\n",
                "            if False:\n",
            ),
        ),
        SPIKING[:2],
    ),
    KernelCase(
        "weights by source",
        "exact/events.py",
        (("if not events.copied[number]:", "if True:"),),
        SPIKING,
    ),
    KernelCase(
        "short runs from silent sources",
        "exact/event_index.py",
        (
            (
                "short[of] |= before[end] - before[begin] == end - begin",
                "pass",
            ),
        ),
        (*SPIKING[:2], "spikes, 60,000 connections, 0.1 % active"),
    ),
    KernelCase(
        "runs from spikes",
        "exact/event_index.py",
        (("(few[neuron_of], np.isin(squash, activations.SPIKES)),", ""),),
        (*SPIKING[:2], READ_OUT),
    ),
    KernelCase(
        "no derivatives",
        "exact/events.py",
        (
            (
                "if step.whole or not can_skip_derivatives(store.squash[start]):",
                "if True:",
            ),
        ),
        SPIKING,
    ),
    KernelCase(
        "states from activations",
        "exact/events.py",
        (
            (
                "return code != activations.IDENTITY or store.ties.clamped != 0",
                "return True",
            ),
        ),
        SPIKING[:2],
    ),
    KernelCase(
        "parts",
        "by_source/active.py",
        (("PART_BITS = 10", "PART_BITS = 20"),),
        SPIKING,
    ),
    KernelCase(
        "runs from inputs",
        "exact/event_index.py",
        (("(is_short & few[neuron_of], silent | are_inputs),", ""),),
        SPIKES,
    ),
    KernelCase(
        "short blocks",
        "exact/events.py",
        (("PIECE = 256", "PIECE = 1"),),
        SPIKES,
    ),
    KernelCase(
        "fetched ahead",
        "exact/events.py",
        (("FETCHED = 128", "FETCHED = 0"),),
        SPIKES,
    ),
    # --- sensitivities
    KernelCase(
        "few lines",
        "rtrl/layout.py",
        (("MAX_SINGLE_LINES = 3", "MAX_SINGLE_LINES = 1"),),
        RTRL,
    ),
    KernelCase(
        "tiles of lines",
        "rtrl/layout.py",
        (("MAX_SINGLE_LINES = 3", "MAX_SINGLE_LINES = 1 << 30"),),
        RTRL,
    ),
    KernelCase(
        "panels", "language/machine.py", (("panel=3, masks", "panel=1, masks"),), RTRL
    ),
    KernelCase(
        "whole packs",
        "rtrl/sums.py",
        (("if n - q >= SIDE * step:", "if False:"),),
        RTRL,
    ),
    KernelCase(
        "pending steps",
        "rtrl/layout.py",
        (("DEPTHS = (2, 4, 8, 16, 32)", "DEPTHS = ()"),),
        RTRL,
    ),
    # --- online
    KernelCase(
        "FOUR",
        "lowering/loops/blocks.py",
        (("store.flags[j] |= FOUR", "pass"),),
        (*LEARNING, *ONLINE),
    ),
    KernelCase(
        "single products",
        "online/states.py",
        (
            ("and n > MAX_SINGLE_ADDS:", "and n > 0:"),
            ("elif n > MAX_SINGLE_ADDS:", "elif n > 0:"),
        ),
        (*LEARNING, *ONLINE, *ONLINE_COSTS[:1]),
    ),
    KernelCase(
        "packs of a register",
        "online/states.py",
        (("MIN_REGISTER_PACKS = 64", "MIN_REGISTER_PACKS = 1 << 30"),),
        (*LEARNING, *ONLINE),
    ),
    KernelCase(
        "short packs",
        "online/states.py",
        (("MIN_REGISTER_PACKS = 64", "MIN_REGISTER_PACKS = 4"),),
        (*LEARNING, *ONLINE),
    ),
    KernelCase(
        "PENDING",
        "lowering/loops/blocks.py",
        (("store.flags[j] |= PENDING", "pass"),),
        LEARNING,
    ),
    # --- lists
    KernelCase(
        "lists",
        "lowering/loops/runs.py",
        (("MIN_RUN_LENGTH = 4", "MIN_RUN_LENGTH = 1"),),
        SPARSE_STEPS,
    ),
)


def rows() -> dict[str, Any]:
    """The rows of the constants, and others that cases need."""
    import architect

    from . import cuba, delays
    from .constant_rows import ROWS, gradient, numbers, spiking, steps, training

    def pool() -> Any:
        return architect.Random(
            4, 40, 2, gates=20, self_connections=8, backward=10, seed=0
        )

    def cells(*sizes: int) -> Any:
        return architect.LSTM(*sizes, style="synaptic", seed=0)

    def delayed(work: str) -> Any:
        return delays.works(delays.build(delays.LONGEST))[work][1]

    def neurons_of_the_page() -> Any:
        names: dict[str, Any] = {}
        exec(cuba.program("synapse", "with synapse.record"), names)
        data = numbers(500, 1) * 0.0
        return lambda: names["net"].run(data, traces=False)

    of_delays = list(delays.works(delays.build(0)))
    perceptron = architect.Perceptron
    others = {
        "gated pool, gradient, 1 sequence": lambda: gradient(pool(), 1, 100),
        "gated pool, gradient, 8 sequences": lambda: gradient(pool(), 8, 100),
        "gated pool online": lambda: training(pool(), 4, 100),
        "LSTM 6-8-6 online": lambda: training(cells(6, 8, 6), 4, 100),
        "LSTM 30-72-30 online": lambda: training(cells(30, 72, 30), 4, 20),
        "LSTM 6-8-6, rtrl": lambda: training(cells(6, 8, 6), 1, 256, rule="rtrl"),
        LSTM[0]: lambda: gradient(cells(30, 72, 30), 1, 50),
        LSTM[1]: lambda: gradient(cells(30, 72, 30), 8, 20),
        LSTM[2]: lambda: steps(cells(6, 8, 6), 1_000),
        LSTM[3]: lambda: steps(cells(30, 72, 30), 100),
        "2-3-1 online": lambda: training(perceptron(2, 3, 1, seed=0), 64, 1, 100),
        "784-100-10 online": lambda: training(perceptron(784, 100, 10, seed=0), 64, 1),
        "gradient, 300-4-1, 512 samples": lambda: gradient(
            perceptron(300, 4, 1, seed=0), 512, 1
        ),
        "CUBA": neurons_of_the_page,
        "Spiking 40-100-1, run without traces": lambda: steps(
            architect.Spiking(40, 100, 1, adaptive=0, seed=0), 100
        ),
        READ_OUT: lambda: spiking(20_000, 400_000, 0.001, readouts=2),
        DELAYS[0]: lambda: delayed(of_delays[0]),
        DELAYS[1]: lambda: delayed(of_delays[1]),
        DELAYS[2]: lambda: delayed(of_delays[3]),
        DELAYS[3]: lambda: delayed(of_delays[4]),
    }
    return ROWS | others


def work() -> None:
    """Measure each row that the input names, in the copy of the library in which this
    process runs."""
    found = rows()
    calls: dict[str, tuple[Any, int]] = {}
    for line in sys.stdin:
        row = line.strip()
        if row not in calls:
            call = found[row]()
            for _ in range(3):
                before = spent()
                call()
                once = spent() - before
            calls[row] = call, max(1, round(SECONDS / max(once, 1e-7)))
        call, count = calls[row]
        before = spent()
        for _ in range(count):
            call()
        print(json.dumps((spent() - before) / count), flush=True)


def started(root: Path) -> subprocess.Popen[str]:
    """A process that measures in a copy of the library."""
    around = environment() | {"PYTHONPATH": str(root)}
    around["SYNAPSE_CACHE_DIR"] = str(root / "cache")
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.kernel_cases", "child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=around,
        cwd=root,
    )


def asked(child: subprocess.Popen[str], row: str) -> float:
    """The time of a row in a process."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(f"{row}\n")
    child.stdin.flush()
    return float(child.stdout.readline())


def copied(folder: Path) -> Path:
    """A copy of the library, of the benchmarks and of the page that they run."""
    without = shutil.ignore_patterns("__pycache__", "results")
    for name in ("synapse", "architect", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=without)
    (folder / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "simulators.md", folder / "docs")
    return folder


def measure(
    case: KernelCase, folder: Path, as_it_is: subprocess.Popen[str], repeats: int
) -> dict[str, tuple[float, float]]:
    """Seconds of each row of a case as it is, and with the case switched off."""
    root = copied(folder)
    case.switch_off(root)
    child = started(root)
    least: dict[str, tuple[float, float]] = {}
    try:
        for row in case.rows:
            pairs = [(asked(as_it_is, row), asked(child, row)) for _ in range(repeats)]
            least[row] = min(a for a, _ in pairs), min(b for _, b in pairs)
    finally:
        child.kill()
        child.wait()
    return least


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kernel_cases",
        description="Measure what each case of the kernels saves.",
    )
    parser.add_argument("names", nargs="*", help="parts of the names of cases")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--core", type=int, help="by default the last one")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of results")
    options = parser.parse_args()
    about = machine.describe(machine.pin(options.core))
    lines = []
    with tempfile.TemporaryDirectory() as name:
        as_it_is = started(copied(Path(name) / "as it is"))
        for case in CASES:
            if options.names and not any(part in case.name for part in options.names):
                continue
            found = measure(case, Path(name) / case.name, as_it_is, options.repeats)
            for row, (present, without) in found.items():
                cells = [case.name, row, number(1e3 * present)]
                lines.append([*cells, f"{without / present:.2f}"])
                print(*lines[-1], sep=" | ", file=sys.stderr, flush=True)
        as_it_is.kill()
        as_it_is.wait()
    text = (
        "# Cases of kernels\n\n```bash\npython -m benchmarks.kernel_cases\n```\n\n"
        f"{about['cpu']}; {about['commit']}; {about['date']}; load"
        f" {about['load_at_start'][0]}. The last column is the time without the case"
        f" over that with it: minima of {options.repeats} in alternation.\n\n"
        f"{table(['case', 'row', 'ms', 'without it'], lines)}"
    )
    (options.out / "kernel_cases.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        work()
    else:
        main()

"""What each case of the kernels saves, and what a tenth and ten times of each tuned
constant do: rows in a copy of the library with a change, over the same rows as they
are.

    python -m benchmarks.variants                # all
    python -m benchmarks.variants STEPPED tiles  # those with this in their name

A *case* is code that computes what other code could, faster: a kind of run, a tile, a
list. A *tuned constant* is a number that was chosen for speed or memory: no result
depends on it but for rounding. `VARIANTS` says by which change of the sources a case is
switched off, so that the other code computes everything, or a constant gets another
value. A copy of the library with this change and one without measure each row in
alternation on one core, and the smallest times are compared.

Rows of exported programs need gcc, node, onnxruntime or torch. Times that people wait
for (`PATIENCE`, seconds between two checkpoints) and limits of arguments are no tuned
constants, nor are sizes of chunks whose rows stay within a tenth.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from . import machine
from .markdown import number, table
from .peers.cell import ROOT, environment

RESULTS = Path(__file__).resolve().parent / "results"
REPEATS = 15
SECONDS = 0.05  # of one measurement, approximately


class Variant(NamedTuple):
    """A change of the library, and the rows that it affects."""

    name: str
    file: str  # below synapse
    changes: tuple[tuple[str, str], ...]  # what is there, and what takes its place
    rows: tuple[str, ...]

    def path(self, root: Path) -> Path:
        """Its file in a copy of the library."""
        return root / "synapse" / self.file

    def make(self, root: Path) -> None:
        """Change a copy of the library."""
        path = self.path(root)
        text = path.read_text(encoding="utf-8")
        for present, other in self.changes:
            assert text.count(present) == 1, f"{self.name}: {path} has not {present!r}"
            text = text.replace(present, other)
        path.write_text(text, encoding="utf-8")


def values(module: str, name: str, *rows: str, others: str = "") -> list[Variant]:
    """The variants of a constant: a tenth and ten times, or `others`, two values."""
    file = module.replace(".", "/") + ".py"
    source = (ROOT / "synapse" / file).read_text(encoding="utf-8")
    found = re.search(rf"^{name} = ([^#\n]+)", source, re.MULTILINE)
    assert found is not None, f"{file} does not declare {name}"
    present = eval(found[1])  # of our own file: a number
    tenth = max(1, round(present / 10)) if isinstance(present, int) else present / 10
    pair = others.split() or [repr(tenth), repr(10 * present)]
    return [
        Variant(
            f"{module.removeprefix('engine.')}.{name} = {value}",
            file,
            ((f"\n{name} = {found[1].rstrip()}", f"\n{name} = {value}"),),
            rows,
        )
        for value in pair
    ]


GRADIENTS = (
    "gradient, LSTM 4-3-2, 8 sequences",
    "gradient, LSTM 8-32-8, 1 sequence",
    "gradient, LSTM 8-32-8, 8 sequences",
    "gradient, Elman 4-300-4, 1 sequence",
    "gradient, 64-32-10, 512 samples",
)
RTRL = (
    "rtrl, Elman 7-15-7",
    "rtrl, Elman 7-40-7",
    "rtrl, Elman 7-100-7",
    "rtrl, LSTM 6-8-6",
    "rtrl, LSTM 10-30-10",
    "rtrl, GRU 7-15-7",
    "rtrl of order 1, reservoir",
    "rtrl of order 2, reservoir",
    "rtrl, reservoir of 60, density 0.2",
)
LOOK_UPS = (
    "one look-up in 2,000 connections",
    "100 look-ups in 2,000 connections",
    "2,000 look-ups in 2,000 connections",
    "one look-up in 20,000 connections",
    "500 look-ups in 20,000 connections",
)
STEPS = (
    "run without traces, LSTM 4-3-2",
    "run without traces, LSTM 8-32-8",
    "run without traces, 8-6-6-4",
)
ONLINE = (
    "run with traces, LSTM 4-3-2",
    "run with traces, LSTM 8-32-8",
    "run with traces, 8-6-6-4",
    "run with traces, 300-20-1",
    "64-32-10 online",
    "steps, 1,000 neurons, density 0.05",
)
SPARSE_STEPS = (
    "steps, 1,000 neurons, density 0.4",
    "steps, 1,000 neurons, density 0.05",
)
IN_C = (
    "in C, 64-32-10",
    "in C, 300-20-1",
    "in C, 100-100-10",
    "in C, LSTM 8-32-8",
)
LAYERS_IN_ONNX = (
    "in ONNX Runtime, a layer of 200, density 0.05",
    "in ONNX Runtime, a layer of 200, density 0.4",
)
RECURRENT_IN_TORCH = (
    "in PyTorch, a reservoir of 200, density 0.05",
    "in PyTorch, a reservoir of 500, density 0.05",
    "in PyTorch, a reservoir of 500, density 0.4",
)
SPIKES = (
    "spikes, 200,000 connections, 0.05 % active",
    "spikes, 200,000 connections, 5 % active",
    "spikes, 2,000,000 connections, 0.01 % active",
    "spikes, 2,000,000 connections, 5 % active",
)
ONLINE_COSTS = (
    "2-3-1, 64 samples online",
    "64-32-10 online",
    "10-20-50 online",
)
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
    Variant(
        "DENSE",
        "engine/lowering/loops/runs.py",
        (
            (
                "store.run_kind[runs] = DENSE if gate == 0 else SHARED",
                "store.run_kind[runs] = LISTED if gate == 0 else SHARED",
            ),
        ),
        (*LEARNING[1:5], *GRADIENTS[3:], *RTRL[1:2], *STEPS[2:]),
    ),
    Variant(
        "SHARED",
        "engine/lowering/loops/runs.py",
        (
            (
                "store.run_kind[runs] = DENSE if gate == 0 else SHARED",
                "store.run_kind[runs] = DENSE if gate == 0 else (SHARED if"
                " store.flags[j] & MEMORY else PAIRED)",
            ),
        ),
        (*LSTM, *GRADIENTS[1:3], *POOL, "rtrl, GRU 7-15-7"),
    ),
    Variant(
        "ZIPPED",
        "engine/lowering/loops/gated.py",
        (("(length == 1 or store.run_kind[t] == ZIPPED)", "False"),),
        (
            *LSTM,
            *LEARNING[3:5],
            "LSTM 6-8-6, rtrl",
        ),
    ),
    Variant(
        "STEPPED",
        "engine/lowering/loops/blocks.py",
        (("store.run_flags[u] |= STEPPED", "pass"),),
        (*GRADIENTS[:3], *STEPS[:2], *SPIKING[:2]),
    ),
    Variant(
        "STEPPED, in states",
        "engine/exact/states.py",
        (("elif store.run_flags[r] & STEPPED:", "elif False:"),),
        (*GRADIENTS[:3], *STEPS[:2]),
    ),
    Variant(
        "STEPPED, in errors",
        "engine/exact/propagate.py",
        (("if store.run_flags[r] & STEPPED:", "if False:"),),
        (*GRADIENTS[:3],),
    ),
    Variant(
        "lags of lists",
        "engine/lowering/loops/runs.py",
        (("return (before == 0) == (lag == 0)", "return before == lag"),),
        DELAYS,
    ),
    # --- tiles of exact gradients
    Variant(
        "alike",
        "engine/exact/states.py",
        (("return store.alike_stop[j] > j + MAX_UNTILED_NEURONS", "return False"),),
        (*GRADIENTS, *LSTM, *STEPS[:2]),
    ),
    Variant(
        "small tiles",
        "engine/exact/states.py",
        (("if count * n > MAX_UNTILED_PRODUCTS:", "if True:"),),
        (*GRADIENTS, *STEPS, "run without traces, 1-100-1"),
    ),
    Variant(
        "whole tiles",
        "engine/exact/states.py",
        (("whole = stop - (stop - start) % height", "whole = start"),),
        (*GRADIENTS, *STEPS[:2], "run without traces, 1-100-1"),
    ),
    Variant(
        "four sums",
        "engine/exact/states.py",
        (("if width(tapes.activation) == 1:", "if False:"),),
        (*GRADIENTS[::2], *POOL, "gradient, 300-4-1, 512 samples"),
    ),
    Variant(
        "two packs of sources",
        "engine/language/tile_sizes.py",
        (
            (
                "WIDE_TILE = TileSizes(neurons=8, packs=2,",
                "WIDE_TILE = TileSizes(neurons=8, packs=1,",
            ),
        ),
        (*GRADIENTS, "Adam, 784-100-10, batches of 8"),
    ),
    # --- events
    Variant(
        "equal numbers",
        "engine/exact/events.py",
        (("in range(begin, stop)) > 0:\n", "in range(begin, stop)) >= 0:\n"),),
        SPIKING,
    ),
    Variant(
        "one to one",
        "engine/exact/events.py",
        (
            (
                "            if is_one_to_one(store, r) and slot < slots_of(events):\n",
                "            if False:\n",
            ),
        ),
        SPIKING[:2],
    ),
    Variant(
        "weights by source",
        "engine/exact/events.py",
        (("if not events.copied[number]:", "if True:"),),
        SPIKING,
    ),
    Variant(
        "short runs from silent sources",
        "engine/exact/event_index.py",
        (
            (
                "short[of] |= before[end] - before[begin] == end - begin",
                "pass",
            ),
        ),
        (*SPIKING[:2], "spikes, 60,000 connections, 0.1 % active"),
    ),
    Variant(
        "runs from spikes",
        "engine/exact/event_index.py",
        (("(few[neuron_of], np.isin(squash, activations.SPIKES)),", ""),),
        (*SPIKING[:2], READ_OUT),
    ),
    Variant(
        "no derivatives",
        "engine/exact/events.py",
        (
            (
                "if step.whole or not can_skip_derivatives(store.squash[start]):",
                "if True:",
            ),
        ),
        SPIKING,
    ),
    Variant(
        "states from activations",
        "engine/exact/events.py",
        (
            (
                "return code != activations.IDENTITY or store.ties.clamped != 0",
                "return True",
            ),
        ),
        SPIKING[:2],
    ),
    Variant(
        "parts",
        "engine/by_source/index.py",
        (("PART_BITS = 10", "PART_BITS = 20"),),
        SPIKING,
    ),
    Variant(
        "runs from inputs",
        "engine/exact/event_index.py",
        (("(is_short & few[neuron_of], silent | are_inputs),", ""),),
        SPIKES,
    ),
    Variant(
        "short blocks",
        "engine/exact/events.py",
        (("PIECE = 256", "PIECE = 1"),),
        SPIKES,
    ),
    Variant(
        "fetched ahead",
        "engine/exact/events.py",
        (("FETCHED = 128", "FETCHED = 0"),),
        SPIKES,
    ),
    # --- sensitivities
    Variant(
        "few lines",
        "engine/rtrl/layout.py",
        (("MAX_SINGLE_LINES = 3", "MAX_SINGLE_LINES = 1"),),
        RTRL,
    ),
    Variant(
        "tiles of lines",
        "engine/rtrl/layout.py",
        (("MAX_SINGLE_LINES = 3", "MAX_SINGLE_LINES = 1 << 30"),),
        RTRL,
    ),
    Variant(
        "panels",
        "engine/language/tile_sizes.py",
        (("panel=3, masks", "panel=1, masks"),),
        RTRL,
    ),
    Variant(
        "whole packs",
        "engine/rtrl/sums.py",
        (("if n - q >= SIDE * step:", "if False:"),),
        RTRL,
    ),
    Variant(
        "pending steps",
        "engine/rtrl/layout.py",
        (("DEPTHS = (2, 4, 8, 16, 32)", "DEPTHS = ()"),),
        RTRL,
    ),
    # --- online
    Variant(
        "FOUR",
        "engine/lowering/loops/blocks.py",
        (("store.flags[j] |= FOUR", "pass"),),
        (*LEARNING, *ONLINE),
    ),
    Variant(
        "single products",
        "engine/online/states.py",
        (
            ("and n > MAX_SINGLE_ADDS:", "and n > 0:"),
            ("elif n > MAX_SINGLE_ADDS:", "elif n > 0:"),
        ),
        (*LEARNING, *ONLINE, *ONLINE_COSTS[:1]),
    ),
    Variant(
        "packs of a register",
        "engine/online/states.py",
        (("MIN_REGISTER_PACKS = 64", "MIN_REGISTER_PACKS = 1 << 30"),),
        (*LEARNING, *ONLINE),
    ),
    Variant(
        "short packs",
        "engine/online/states.py",
        (("MIN_REGISTER_PACKS = 64", "MIN_REGISTER_PACKS = 4"),),
        (*LEARNING, *ONLINE),
    ),
    Variant(
        "PENDING",
        "engine/lowering/loops/blocks.py",
        (("store.flags[j] |= PENDING", "pass"),),
        LEARNING,
    ),
    # --- lists
    Variant(
        "lists",
        "engine/lowering/loops/runs.py",
        (("MIN_RUN_LENGTH = 4", "MIN_RUN_LENGTH = 1"),),
        SPARSE_STEPS,
    ),
)


CONSTANTS = (
    values(
        "engine.draft",
        "MAX_BATCHES",
        "20 LSTM 6-8-6 built",
        "a chain of 20 layers",
        "a chain of 200 layers",
    ),
    values("engine.schema", "CHUNK", *GRADIENTS),
    values("engine.exact.states", "MAX_UNTILED_NEURONS", *GRADIENTS, *STEPS),
    values(
        "engine.exact.event_index",
        "MIN_CONNECTIONS",
        "spikes, 8,000 connections, 0.5 % active",
        "spikes, 60,000 connections, 0.1 % active",
    ),
    values(
        "engine.exact.events",
        "PER_EVENT",
        "spikes, 200,000 connections, 5 % active",
        "spikes, 200,000 connections, 30 % active",
    ),
    values("engine.by_source.index", "BITS", *SPIKES, others="4 8"),
    values(
        "engine.lowering.edits",
        "MIN_CONNECTIONS",
        "an edit of 4,000 connections",
        "an edit of 160,000 connections",
    ),
    values(
        "engine.lowering.edits",
        "MAX_CHANGED_NEURONS",
        "20 neurons of 2,000,000 connections edited",
        "200 neurons of 2,000,000 connections edited",
        "2,000 neurons of 2,000,000 connections edited",
    ),
    values(
        "engine.lowering.edits",
        "FEW_RANGES",
        "2 neurons of 2,000,000 connections edited",
        "20 neurons of 2,000,000 connections edited",
    ),
    values("engine.lowering.edits", "CHUNK", "a sparse edit of 2,000,000 connections"),
    values(
        "engine.columns",
        "MAX_UNREAD",
        "an edit of 2-3-1",
        "a freeze in 2,300 connections",
        "a freeze in 22,000 connections",
    ),
    values("engine.lowering.loops.runs", "MIN_RUN_LENGTH_BY_LIST", *SPARSE_STEPS),
    values(
        "engine.lowering.orders",
        "COMPILE_THRESHOLD",
        "10,000 neurons ordered",
        "60,000 neurons ordered",
    ),
    values("objects.edits", "LOOK_UP", *LOOK_UPS),
    values("objects.projection", "DRAWN", "20,000 random connections drawn"),
    values(
        "objects.graph",
        "MIN_BATCHED_READS",
        "weights of edges, 5 of each neuron",
        "weights of edges, 100 of each neuron",
    ),
    values("learning._data", "OUTPUTS_PER_CHUNK", *ONLINE_COSTS, others="1 640"),
    values(
        "learning._gradient",
        "SAMPLE_TAPE_STEPS",
        "gradient, 64-32-10, 512 samples",
        "Adam, 64-32-10, batches of 8",
    ),
    values("reward._td", "STEPS_PER_CALL", "TD on 20,000 rows"),
    values("tasks._task", "TESTED_AT_ONCE", "an untrained network tested on a task"),
    values("evolve._neat", "PARTS", "NEAT by two threads"),
    values("readwrite._printed.alike", "SOURCES_TOGETHER", *IN_C),
    values("readwrite._printed.alike", "MIN_DOT", *IN_C),
    values("readwrite._onnx", "SPARSE", *LAYERS_IN_ONNX),
    values("readwrite._blocks", "MAX_SMALL_MATRIX", *RECURRENT_IN_TORCH),
    values("readwrite._blocks", "MIN_DENSITY", *RECURRENT_IN_TORCH),
)
VARIANTS = (*CASES, *(each for both in CONSTANTS for each in both))


def spent() -> float:
    """CPU time of this process and of those that it has waited for, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def work() -> None:
    """Measure each row that the input names, in the copy of the library in which this
    process runs."""
    from .variant_rows import Work, work_of

    calls: dict[str, tuple[Work, int]] = {}
    for line in sys.stdin:
        row = line.strip()
        if row not in calls:
            call = work_of(row)
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
        [sys.executable, "-m", "benchmarks.variants", "child"],
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
    variant: Variant, folder: Path, as_it_is: subprocess.Popen[str], repeats: int
) -> dict[str, tuple[float, float]]:
    """Seconds of each row of a variant as it is, and with the change."""
    root = copied(folder)
    variant.make(root)
    child = started(root)
    least: dict[str, tuple[float, float]] = {}
    try:
        for row in variant.rows:
            pairs = [(asked(as_it_is, row), asked(child, row)) for _ in range(repeats)]
            least[row] = min(a for a, _ in pairs), min(b for _, b in pairs)
    finally:
        child.kill()
        child.wait()
    return least


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.variants",
        description="Measure what cases of the kernels and tuned constants do.",
    )
    parser.add_argument("names", nargs="*", help="parts of names")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--core", type=int, help="by default the last one")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of results")
    options = parser.parse_args()
    about = machine.describe(machine.pin(options.core))
    lines = []
    with tempfile.TemporaryDirectory() as name:
        as_it_is = started(copied(Path(name) / "as it is"))
        for variant in VARIANTS:
            if options.names and not any(
                part in variant.name for part in options.names
            ):
                continue
            found = measure(
                variant, Path(name) / variant.name, as_it_is, options.repeats
            )
            for row, (present, without) in found.items():
                cells = [variant.name, row, number(1e3 * present)]
                lines.append([*cells, f"{without / present:.2f}"])
                print(*lines[-1], sep=" | ", file=sys.stderr, flush=True)
        as_it_is.kill()
        as_it_is.wait()
    text = (
        "# Cases of kernels, and tuned constants\n\n```bash\n"
        f"python -m benchmarks.variants\n```\n\n{about['cpu']}; {about['commit']};"
        f" {about['date']}; load {about['load_at_start'][0]}. The last column is the"
        " time without the case, or with this value, over that as it is: minima of"
        f" {options.repeats} in alternation.\n\n"
        f"{table(['variant', 'row', 'ms', 'ratio'], lines)}"
    )
    (options.out / "variants.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:] == ["child"]:
        work()
    else:
        main()

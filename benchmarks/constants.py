"""What a tenth and ten times of each tuned constant do to the calls that it serves.

    python -m benchmarks.constants               # all constants; an hour
    python -m benchmarks.constants FEW           # those of this name
    python -m benchmarks.constants rtrl. PART    # those of modules with this part

A tuned constant is a number that was chosen for speed or memory: no result depends on
it but for rounding. `CONSTANTS` lists them, each with rows of `constant_rows.py`. For
each row, three processes import the library: with a tenth of the constant, as it is,
and with ten times of it, or with `Constant.values`. They are measured in alternation on
one core; the table has ratios of medians of CPU time, and the memory that the row needs
at its peak.

Rows of exported programs need gcc, node, onnxruntime or torch; a row without what it
needs says so.

Times that people wait for (`PATIENCE`, seconds between two checkpoints) and limits of
arguments are no tuned constants.
"""

from __future__ import annotations

import argparse
import importlib.abc
import importlib.machinery
import importlib.util
import json
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple

from . import machine
from .markdown import number, table
from .memory import peak, reset_peak
from .peers.cell import ROOT, environment
from .plan import summary

RESULTS = Path(__file__).resolve().parent / "results"
REPEATS = 7
SECONDS = 0.05  # of one measurement, approximately


class Constant(NamedTuple):
    """A tuned constant, and the rows that it serves."""

    module: str  # below synapse
    name: str
    rows: tuple[str, ...]
    values: tuple[str, str] | None = None  # for a tenth and ten times, if not those

    @property
    def key(self) -> str:
        """Its name with its module."""
        return f"{self.module}.{self.name}"

    @property
    def short(self) -> str:
        """Its name on the command line, as comments cite it."""
        return self.key.partition(".")[2]

    @property
    def path(self) -> Path:
        """The file that declares it."""
        return ROOT / "synapse" / (self.module.replace(".", "/") + ".py")

    @property
    def value(self) -> str:
        """The source of its value."""
        found = _declaration(self.name).search(self.path.read_text(encoding="utf-8"))
        if found is None:
            raise SystemExit(f"{self.path} does not declare {self.name}.")
        return found[2].strip()

    @property
    def variants(self) -> dict[str, str]:
        """The sources of its values: a tenth, as it is, ten times."""
        value = self.value
        if self.values is not None:
            return {
                "a tenth": self.values[0],
                "as it is": value,
                "ten times": self.values[1],
            }
        present = eval(value)  # of our own file: a number
        whole = isinstance(present, int)
        tenth = max(1, round(present / 10)) if whole else present / 10
        return {
            "a tenth": repr(tenth),
            "as it is": value,
            "ten times": repr(10 * present),
        }


def _declaration(name: str) -> re.Pattern[str]:
    return re.compile(rf"^({name} = )([^#\n]+)", re.MULTILINE)


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
SMALLEST = ("rtrl, Elman 7-10-7", "rtrl, GRU 7-10-7")
NEARLY_DENSE = ("rtrl of order 2, reservoir of 60, density 0.8",)
PLANS = ("a plan, Elman 7-100-7", "a plan of order 2, reservoir")
LATE = (
    "1 backward connection, 20,000 neurons",
    "8 backward connections, 20,000 neurons",
    "64 backward connections, 20,000 neurons",
    "100 edits of a liquid of 30 neurons",
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
FEW_SOURCES = (
    "sparse steps without traces",
    "run without traces, 1-100-1",
    "run without traces, 2-64-2",
    "run without traces, 4-40-2",
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
DATA = (
    "bptt on 0.8 MB, call by call",
    "bptt on 4 MB, call by call",
    "bptt on 40 MB, call by call",
)
CONSTANTS = (
    Constant(
        "engine.draft",
        "MAX_BATCHES",
        ("20 LSTM 6-8-6 built", "a chain of 20 layers", "a chain of 200 layers"),
    ),
    Constant("engine.schema", "CHUNK", GRADIENTS),
    Constant(
        "engine.exact.states",
        "MAX_UNTILED_NEURONS",
        (*GRADIENTS, *STEPS),
    ),
    Constant(
        "engine.exact.states",
        "MAX_UNTILED_PRODUCTS",
        (*GRADIENTS, *STEPS, *FEW_SOURCES),
    ),
    Constant("engine.online.states", "MAX_SINGLE_ADDS", ONLINE),
    Constant("engine.online.states", "MIN_REGISTER_PACKS", ONLINE),
    Constant(
        "engine.exact.update",
        "PART",
        ("Adam, 784-100-10, batches of 8", "Adam, 64-32-10, batches of 8"),
    ),
    Constant(
        "engine.exact.event_index",
        "MIN_CONNECTIONS",
        (
            "spikes, 8,000 connections, 0.5 % active",
            "spikes, 60,000 connections, 0.1 % active",
        ),
    ),
    Constant(
        "engine.exact.event_index",
        "MAX_SCATTERED_SOURCES",
        ("spikes, 60,000 connections, 0.1 % active",),
    ),
    Constant(
        "engine.exact.events",
        "PER_EVENT",
        (
            "spikes, 200,000 connections, 5 % active",
            "spikes, 200,000 connections, 30 % active",
        ),
    ),
    Constant(
        "engine.by_source.active",
        "BITS",
        SPIKES,
        values=("4", "8"),
    ),
    Constant("engine.rtrl.layout", "TERMS_PER_CHUNK", PLANS),
    Constant("engine.rtrl.layout", "MIN_DENSITY", (*RTRL, *NEARLY_DENSE)),
    Constant(
        "engine.rtrl.layout",
        "MAX_SINGLE_LINES",
        (*RTRL, *NEARLY_DENSE),
    ),
    Constant(
        "engine.rtrl.layout", "DEPTHS", RTRL, values=("()", "(20, 40, 80, 160, 320)")
    ),
    Constant("engine.rtrl.layout", "MAX_COST_FRACTION", (*RTRL, *SMALLEST)),
    Constant("engine.rtrl.layout", "VECTOR_OVERHEAD", (*RTRL, *SMALLEST)),
    Constant(
        "engine.lowering.edits",
        "MIN_CONNECTIONS",
        ("an edit of 4,000 connections", "an edit of 160,000 connections"),
    ),
    Constant(
        "engine.lowering.edits",
        "MAX_CHANGED_NEURONS",
        (
            "20 neurons of 2,000,000 connections edited",
            "200 neurons of 2,000,000 connections edited",
            "2,000 neurons of 2,000,000 connections edited",
        ),
    ),
    Constant(
        "engine.lowering.edits",
        "FEW_RANGES",
        (
            "2 neurons of 2,000,000 connections edited",
            "20 neurons of 2,000,000 connections edited",
        ),
    ),
    Constant(
        "engine.lowering.edits", "CHUNK", ("a sparse edit of 2,000,000 connections",)
    ),
    Constant(
        "engine.columns",
        "MAX_UNREAD",
        (
            "an edit of 2-3-1",
            "a freeze in 2,300 connections",
            "a freeze in 22,000 connections",
        ),
    ),
    Constant("engine.lowering.loops.runs", "MIN_RUN_LENGTH", SPARSE_STEPS),
    Constant("engine.lowering.loops.runs", "MIN_RUN_LENGTH_BY_LIST", SPARSE_STEPS),
    Constant(
        "engine.lowering.orders",
        "COMPILE_THRESHOLD",
        ("10,000 neurons ordered", "60,000 neurons ordered"),
    ),
    Constant("objects.edits", "LOOK_UP", LOOK_UPS),
    Constant("objects.order", "MAX_TRIED", LATE),
    Constant("objects.projection", "DRAWN", ("20,000 random connections drawn",)),
    Constant("objects.anew", "MAX_COPIES", ("reset of an edited LSTM 6-8-6",)),
    Constant(
        "objects.graph",
        "MIN_BATCHED_READS",
        ("weights of edges, 5 of each neuron", "weights of edges, 100 of each neuron"),
    ),
    Constant("learning._data", "MAX_CACHED_BYTES", DATA),
    Constant("learning._data", "OUTPUTS_PER_CHUNK", ONLINE_COSTS, values=("1", "640")),
    Constant(
        "learning._gradient",
        "SAMPLE_TAPE_STEPS",
        ("gradient, 64-32-10, 512 samples", "Adam, 64-32-10, batches of 8"),
    ),
    Constant("reward._td", "STEPS_PER_CALL", ("TD on 20,000 rows",)),
    Constant(
        "tasks._task", "TESTED_AT_ONCE", ("an untrained network tested on a task",)
    ),
    Constant("evolve._neat", "PARTS", ("NEAT by two threads",)),
    Constant("readwrite._printed.alike", "SOURCES_TOGETHER", IN_C),
    Constant("readwrite._printed.alike", "MIN_DOT", IN_C),
    Constant("readwrite._onnx", "SPARSE", LAYERS_IN_ONNX),
    Constant("readwrite._blocks", "MAX_SMALL_MATRIX", RECURRENT_IN_TORCH),
    Constant("readwrite._blocks", "MIN_DENSITY", RECURRENT_IN_TORCH),
)


# --- a process with another value -----------------------------------------------------


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module with another value of a constant, in the same lines."""

    name_of_constant: str
    value: str

    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_text(encoding="utf-8")
        value = f"{self.value}  "
        changed, count = _declaration(self.name_of_constant).subn(
            lambda found: found[1] + value, source
        )
        assert count == 1
        return compile(changed, self.path, "exec", dont_inherit=True)


class Other(importlib.abc.MetaPathFinder):
    """Lets a module have another value of a constant, when it is imported."""

    def __init__(self, module: str, name: str, value: str) -> None:
        self.module = module
        self.name = name
        self.value = value

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        assert spec is not None
        assert spec.origin is not None
        loader = _Loader(fullname, spec.origin)
        loader.name_of_constant = self.name
        loader.value = self.value
        spec.loader = loader
        return spec


def spent() -> float:
    """CPU time of this process and of those that it has waited for, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def work(spec: dict[str, Any]) -> None:
    """Prepare a row, and measure it for every line of the input."""
    if spec["module"]:
        finder = Other(f"synapse.{spec['module']}", spec["name"], spec["value"])
        sys.meta_path.insert(0, finder)
    from .constant_rows import ROWS  # imports the library

    call = ROWS[spec["row"]]()
    for _ in range(3):
        before = spent()
        call()
        once = spent() - before
    in_use = reset_peak()
    call()
    count = max(1, round(spec["seconds"] / max(once, 1e-7)))
    print(json.dumps({"megabytes": peak() - in_use}), flush=True)
    for _ in sys.stdin:
        before = spent()
        for _ in range(count):
            call()
        print(json.dumps({"seconds": (spent() - before) / count}), flush=True)


# --- three of them in turn ------------------------------------------------------------


def measure(constant: Constant, row: str, repeats: int, cache: Path) -> dict[str, Any]:
    """Times and memory of a row by the variants of a constant."""
    children: dict[str, subprocess.Popen[str]] = {}
    result: dict[str, Any] = {"constant": constant.key, "row": row, "status": "ok"}
    try:
        for name, value in constant.variants.items():
            spec = {"row": row, "seconds": SECONDS, "module": ""}
            around = environment()
            if name != "as it is":
                spec |= {
                    "module": constant.module,
                    "name": constant.name,
                    "value": value,
                }
                # kernels may contain it, and the cache looks only at files
                if constant.module.startswith("engine."):
                    folder = re.sub(r"\W+", "_", f"{constant.key} {value}")
                    around["SYNAPSE_CACHE_DIR"] = str(cache / folder)
            children[name] = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.constants", json.dumps(spec)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                env=around,
                cwd=ROOT,
            )
        result["megabytes"] = {
            name: _answer(child)["megabytes"] for name, child in children.items()
        }
        times: dict[str, list[float]] = {name: [] for name in children}
        for _ in range(repeats):
            for name, child in children.items():
                assert child.stdin is not None
                child.stdin.write("\n")
                child.stdin.flush()
                times[name].append(_answer(child)["seconds"])
        result["seconds"] = {name: summary(values) for name, values in times.items()}
    except RuntimeError as error:
        result["status"] = f"failed: {error}"
    finally:
        for child in children.values():
            child.kill()
            child.communicate()
    return result


def _answer(child: subprocess.Popen[str]) -> Any:
    """The next line that a child prints."""
    assert child.stdout is not None
    line = child.stdout.readline()
    if not line:
        assert child.stderr is not None
        lines = child.stderr.read().strip().splitlines() or ["no output"]
        raise RuntimeError(lines[-1][:200])
    return json.loads(line)


# --- the table ------------------------------------------------------------------------


def effect(result: dict[str, Any], variant: str) -> float:
    """Time of a variant over that of the constant as it is."""
    times = result["seconds"]
    return float(times[variant]["median"] / times["as it is"]["median"])


def text(run: dict[str, Any]) -> str:
    """The table as Markdown."""
    lines = []
    for result in run["rows"].values():
        cells = [f"`{result['constant']}`", result["row"]]
        if result["status"] != "ok":
            lines.append([*cells, result["status"], *[""] * 5])
            continue
        values = run["values"][result["constant"]]
        ends = [
            f"{effect(result, name):.2f} ({values[name]})"
            for name in ("a tenth", "ten times")
        ]
        times = number(1e3 * result["seconds"]["as it is"]["median"])
        memory = [f"{value:.1f}" for value in result["megabytes"].values()]
        lines.append(
            [*cells, f"{times} ({values['as it is']})", *ends, ", ".join(memory)]
        )
    header = ["constant", "row", "ms (value)", "a tenth", "ten times", "MB"]
    about = run["machine"]
    commits = ", ".join(sorted({result["commit"] for result in run["rows"].values()}))
    return (
        f"# Tuned constants\n\n```bash\n{run['command']}\n```\n\n{about['cpu']};"
        f" {commits}; {about['date']}. Times of a tenth and of ten times are ratios to"
        " the constant as it is, with its value; MB: peak of a call with a tenth, as it"
        f" is, ten times.\n\n{table(header, lines)}"
    )


def chosen(names: list[str]) -> list[Constant]:
    """The constants with one of these names, or parts of their modules; all by
    default."""
    constants = [
        constant
        for constant in CONSTANTS
        if not names
        or any(name in (constant.name,) or name in constant.key for name in names)
    ]
    if not constants:
        known = ", ".join(constant.key for constant in CONSTANTS)
        raise SystemExit(f"There is no constant {names[0]!r}. There are: {known}.")
    return constants


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure, and add to the results."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.constants",
        description="Measure what a tenth and ten times of tuned constants do.",
    )
    parser.add_argument("names", nargs="*", help="names, or parts of their modules")
    parser.add_argument("--row", help="only rows with this part of their name")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--core", type=int, help="by default the last one")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of results")
    parser.add_argument(
        "--cache", type=Path, help="folder for kernels of variants; by default for once"
    )
    options = parser.parse_args(words)
    constants = chosen(options.names)
    core = machine.pin(options.core)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "constants.json"
    before = json.loads(path.read_text()) if path.exists() else {}
    asked = sys.argv[1:] if words is None else words
    run: dict[str, Any] = {
        "command": shlex.join(["python", "-m", "benchmarks.constants", *asked]),
        "machine": machine.describe(core),
        "values": {},
        "rows": {},
    }
    known = {constant.key for constant in CONSTANTS}
    for part in ("values", "rows"):
        for key, value in before.get(part, {}).items():
            if key.partition(":")[0] in known:
                run[part][key] = value
    with tempfile.TemporaryDirectory() as once:
        for constant in constants:
            run["values"][constant.key] = constant.variants
            for row in constant.rows:
                if options.row and options.row not in row:
                    continue
                result = measure(
                    constant, row, options.repeats, options.cache or Path(once)
                )
                result["commit"] = run["machine"]["commit"]
                run["rows"][f"{constant.key}: {row}"] = result
                shown = (
                    [
                        round(effect(result, name), 3)
                        for name in ("a tenth", "ten times")
                    ]
                    if result["status"] == "ok"
                    else result["status"]
                )
                print(f"{constant.key}, {row}: {shown}", file=sys.stderr, flush=True)
                path.write_text(json.dumps(run, indent=1) + "\n", encoding="utf-8")
    (options.out / "constants.md").write_text(text(run), encoding="utf-8")
    return run


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].startswith("{"):
        work(json.loads(sys.argv[1]))
    else:
        main()

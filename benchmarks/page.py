"""``python -m benchmarks --page`` writes the page of performance, docs/performance.md,
its chart, and the sentences of other pages that repeat figures.

The results of each instruction set, in its folder of results/, become columns next to
each other. Rows without a peer are in the folder's results.md only. After them come the
tables of programs that measure one subject each, from their files in the same folders.
Figures stand in tables alone, so that no sentence can be older than the table beside
it. Of other pages, `CLAIMS` lists the sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from synapse.readwrite import _files

from . import brain, cuba, events, modules, spiking, threads
from .chart import FAMILIES, draw
from .comparison import Comparison
from .instructions import LABELS, UNCHECKED
from .machine import RESULTS
from .markdown import multiple, number, side_by_side, table
from .peers.cell import ROOT
from .report import TABLES, source_of

CHART = "_static/performance.svg"


class Sitting(NamedTuple):
    """The results of a run, and the folder that has them and those of programs."""

    run: dict[str, Any]
    folder: Path


class Subject(NamedTuple):
    """A heading of the page, what its times are, and their unit."""

    heading: str
    words: str
    unit: str
    scale: float = 1.0  # from the unit of the results
    is_whole: bool = False  # with rows that have no peer; others are in results.md
    works: tuple[str, ...] = ("",)  # ends of labels that become columns
    has_families: bool = False  # of the peers of a family, the page has the fastest


SUBJECTS = {
    "steps": Subject(
        "One online step",
        "In one online step, a network activates and propagates one sample and updates"
        " its weights. The row `activate only` is without learning. Libraries that"
        " compute in float32 are compared with a `float32` network in 784-100-10 and"
        " 1000-1000-10, but with a `float64` network elsewhere. If a library has two"
        " versions or precisions, the table shows the faster one. ¹ marks a truncated"
        " LSTM without peepholes, which learns less.",
        "µs",
        has_families=True,
    ),
    "epochs": Subject(
        "Small sets",
        "These are the times of training a 2-3-1 network for one epoch of XOR, which"
        " has four samples.",
        "µs",
    ),
    "calls": Subject(
        "Calls from Python",
        "These are the times of calls from Python for a 2-3-1 network, including the"
        " cost of the call itself.",
        "µs",
    ),
    "gradients": Subject(
        "Exact gradients",
        "These are the times of computing the gradient of a batch in float32, per"
        " sample or, in sequences, per step. LSTMs run over sequences of 50 steps. For"
        " whole trainings with two threads, see [Several cores](#several-cores).",
        "µs",
    ),
    "batches": Subject(
        "Small batches",
        "These are times per batch of an update by exact gradients in float32.",
        "µs",
    ),
    "streams": Subject(
        "Batches of a stream",
        "Here `train(batches)` is compared with PyTorch's loop over a `DataLoader` or"
        " over prepared tensors, whichever is faster. Times are per batch.",
        "µs",
        has_families=True,
    ),
    "rtrl": Subject(
        "Exact gradients online",
        'A step of `rule="rtrl"` is compared with the same step by dense matrices, as'
        " in textbooks.",
        "µs",
    ),
    "inference": Subject(
        "Deployed",
        "An LSTM with as many inputs as cells and one output runs over sequences of 512"
        " steps in one call, in float32. The times are per step. Because `net.run`"
        " computes any wiring neuron by neuron, but PyTorch multiplies the whole"
        " layer's matrix, PyTorch is faster for layers with many cells. In a program in"
        " C, the compiler knows all sizes as constants.",
        "µs",
    ),
    "modules": Subject(
        "Exported to PyTorch",
        "Modules written by `to_torch` ([Deploying](deploying.md#pytorch)) run over"
        " batches of 32 sequences of 50 steps. Times are per time step and sequence.",
        "µs",
        works=(modules.FORWARD, modules.TRAINING),
    ),
    "compose": Subject(
        "Composing neuron by neuron",
        "These are the times of single operations, called from Python.",
        "µs",
    ),
    "growth": Subject(
        "Large networks",
        "To show how the time grows with the number of connections, an online step of a"
        " sparse network is compared with the same step written by hand with SciPy's"
        " CSR matrices.",
        "µs",
    ),
    "structure": Subject(
        "Graphs of large networks",
        "Operations on `net.graph` are compared with the same operations on a graph of"
        " networkx.",
        "ms",
        1e3,
    ),
    "files": Subject(
        "Files of large networks",
        "Saving and loading a network is compared with `numpy.savez`, which only stores"
        " the sources, targets and weights.",
        "ms",
        1e3,
    ),
    "cold": Subject(
        "The first call",
        "These are the CPU times of a new process until its first call returns. The"
        " first process after an installation takes longer, because it compiles the"
        " kernels and stores them for later processes.",
        "s",
        is_whole=True,
    ),
}
"""The subjects in the order of the page, by the names of their tables."""


class Program(NamedTuple):
    """A heading of the page whose figures another program measures, the file of its
    results, and what makes their table."""

    heading: str
    words: str
    file: str
    text: Callable[[dict[str, Any]], str]


PROGRAMS = (
    Program(
        "Several cores",
        "The table shows updates by Adam in float32, in calls of 8 batches, as well as"
        " `run`, `test` and `predict` for all rows or sequences in one call. LSTMs run"
        ' over sequences of 50 steps. "2 cores" is the default, without passing'
        " [`threads`](fitting.md#all-cores). If a batch has too little work for a"
        " second thread, both columns use one thread, and the ratio only shows noise."
        " Bold times mean that PyTorch is faster with the same number of cores.",
        "threads",
        threads.text,
    ),
    Program(
        "Exported to PyTorch, on a GPU",
        "The time of a module written by `to_torch` is measured per time step and"
        " sequence of 50 steps, until the GPU has finished. In short calls, the Python"
        " code with which `to_torch` surrounds PyTorch's own modules takes a large part"
        " of the time, some tenths of a millisecond per call.",
        "modules_gpu",
        modules.text_of_gpu,
    ),
    Program(
        "Spiking cells",
        "Times are in µs per step and sequence in float32, on one core, for leaky cells"
        " that are connected with each other (40 inputs, 96 steps). Times are given for"
        " computing the outputs alone, and the outputs with the gradient. Norse's cells"
        " have a leaky current in addition to the voltage. Note that snnTorch and Norse"
        " compute each step for all sequences at once, whereas `net.run` computes one"
        " sequence after the other.",
        "spiking",
        spiking.text,
    ),
    Program(
        "Steps by events",
        "These are times in milliseconds per step, in float32, by the fraction of"
        " neurons that are active. The plain loop is compiled like the library's"
        " kernels, but only follows the outgoing connections of active neurons, and"
        " cannot learn. See [Event-driven steps](spikes.md#event-driven-steps).",
        "events",
        events.text,
    ),
    Program(
        "CUBA, compared with Brian2",
        "The two programs of [Coming from simulators](simulators.md) simulate 1,000"
        " cells for half a biological second. Times are CPU seconds.",
        "cuba",
        cuba.text,
    ),
    Program(
        "A fly's brain, compared with Brian2",
        "To simulate 127,400 cells with 14,687,178 connections for a biological second,"
        " one core takes these CPU seconds. Brian2 computes in float64. [The page on"
        " simulators](simulators.md#a-flys-brain-simulated) describes the network.",
        "brain",
        brain.text,
    ),
)
"""The programs in the order of the page."""

INTRODUCTION = """# Performance

This page compares the speed of Synapse and other libraries, for readers who choose a
library or want to know how long their work will take. A ratio shows how many times as
long the other library takes for the same work. The chart has one point for each ratio
of the tables up to [the first call](#the-first-call). Where another library is faster,
the point is orange and left of the line, and the ratio is **bold** in the table.

In each column, all libraries use the same instruction set of the processor, AVX2 or
AVX-512. Only compare figures for the same instruction set, because the two sets can
have been measured on different machines and days. For each set, all figures come from
one run on one core, unless another command is shown below a table. Rows with two
threads use two cores. Figures are medians, except for the minima in
[Deployed](#deployed). To learn about the method and the limits of each comparison, read
`benchmarks/README.md`.

Rows without a peer (calls from Python, building, edits, dense networks, evolution), the
spread of the times, and the memory are in `results.md` in the folders of
`benchmarks/results`. The last tables, about several cores, a GPU and spikes, each have
their own command and commit.

![Ratios of times of other libraries to those of Synapse]({chart})
"""


def machine_of(run: dict[str, Any]) -> str:
    """The machine of a run in one line, with the code that was measured."""
    machine = run["machine"]
    versions = run["versions"]
    named = ("numpy", "llvmlite", "torch", "node")
    shown = [f"{name} {versions[name]}" for name in named if name in versions]
    answers = machine.get("instructions", {})
    silent = [library for library, answer in answers.items() if answer == UNCHECKED]
    return (
        f"{machine['cpu']}, with Python {machine['python']}, {', '.join(shown)},"
        f" and code {machine['commit']}, {machine['date'][:10]}"
        + (f" (unchecked: {', '.join(silent)})" if silent else "")
        + (f". {machine['note']}" if "note" in machine else "")
    )


def compared(run: dict[str, Any], subject: str) -> list[Comparison]:
    """The rows of a subject, if the run has it."""
    results = run.get(subject)
    return TABLES[subject].comparisons(results) if results else []


def shown(run: dict[str, Any], subject: str) -> list[Comparison]:
    """The rows that the page shows."""
    comparisons = compared(run, subject)
    is_whole = SUBJECTS[subject].is_whole
    left = [comparison for comparison in comparisons if comparison.peer or is_whole]
    return fastest_of_families(left) if SUBJECTS[subject].has_families else left


def fastest_of_families(comparisons: Iterable[Comparison]) -> list[Comparison]:
    """The fastest peer of each family in each row, under the name of the family."""
    fastest: dict[tuple[str, str], Comparison] = {}
    for comparison in comparisons:
        key = comparison.row, FAMILIES.get(comparison.peer, comparison.peer)
        if key not in fastest or comparison.ratio < fastest[key].ratio:
            fastest[key] = comparison._replace(peer=key[1])
    return list(fastest.values())


def rows_of(comparisons: Iterable[Comparison]) -> dict[str, dict[str, Comparison]]:
    """By row and peer, both in the order of the results."""
    rows: dict[str, dict[str, Comparison]] = {}
    for comparison in comparisons:
        rows.setdefault(comparison.row, {})[comparison.peer] = comparison
    return rows


def cells_of(here: dict[str, Comparison], peers: list[str], scale: float) -> list[str]:
    """The cells of a row: our time, and the ratio to each peer."""
    if not here:
        return ["-"] * (1 + len(peers))
    ours = next(iter(here.values())).ours
    cells = [number(scale * ours)]
    for peer in peers:
        comparison = here.get(peer)
        if comparison is None or comparison.theirs is None:
            cells.append("-")
            continue
        mark = " ¹" if comparison.learns_less else ""
        cells.append(multiple(comparison.ratio, mark))
    return cells


def table_by_peer(subject: Subject, rows: dict[str, dict[str, Comparison]]) -> str:
    """The table of a subject in which each row has a peer of its own: a column names
    it. Rows that differ in the work become one."""
    ends = [f", {work}" if work else "" for work in subject.works]
    header = ["", "peer"]
    for work in subject.works:
        header += [f"{work or 'Synapse'}, {subject.unit}", "peer / Synapse"]
    lines = []
    for name in [label.removesuffix(ends[0]) for label in rows]:
        works = [f"{name}{end}" for end in ends]
        if works[0] not in rows:
            continue  # another work of a row before
        (peer,) = rows[works[0]]
        line = [name, peer or "-"]
        for work in works:
            line += cells_of(rows.get(work, {}), [peer], subject.scale)
        lines.append(line)
    return table(header, lines)


def table_of(run: dict[str, Any], name: str) -> str:
    """The table of a subject from one run; empty if it has not measured it."""
    subject = SUBJECTS[name]
    rows = rows_of(shown(run, name))
    if not rows:
        return ""
    peers = [
        peer
        for peer in dict.fromkeys(p for here in rows.values() for p in here)
        if peer
    ]
    if len(peers) > 1 and all(len(here) == 1 for here in rows.values()):
        return table_by_peer(subject, rows)
    header = ["", f"Synapse, {subject.unit}", *peers]
    lines = [
        [label, *cells_of(here, peers, subject.scale)] for label, here in rows.items()
    ]
    return table(header, lines)


def markdown(sittings: dict[str, Sitting]) -> str:
    """The page, from what each column has."""
    runs = {column: sitting.run for column, sitting in sittings.items()}
    parts = [INTRODUCTION.format(chart=CHART)]
    for column, run in runs.items():
        parts.append(f"{column}: {machine_of(run)}\n\n```bash\n{run['command']}\n```\n")
    for name, subject in SUBJECTS.items():
        made = {column: table_of(run, name) for column, run in runs.items()}
        tables = {column: text for column, text in made.items() if text}
        if tables:
            alone = f" {', '.join(tables)} alone." if len(tables) < len(runs) else ""
            parts += [f"## {subject.heading}\n", f"{subject.words}{alone}\n"]
            parts.append(side_by_side(tables))
        for column, run in runs.items():
            if name in run.get("again", {}):
                parts.append(f"{column}: {source_of(run['again'][name], name)}")
    folders = {column: each.folder for column, each in sittings.items()}
    folders[""] = RESULTS  # results on a GPU belong to no column
    for program in PROGRAMS:
        tables, sources = {}, []
        for column, folder in folders.items():
            path = folder / f"{program.file}.json"
            if path.exists():
                results = json.loads(path.read_text("utf-8"))
                tables[column] = program.text(results)
                start = f"{column}: " if column else ""
                sources.append(f"{start}{source_of(results, program.file)}")
        if tables:
            parts += [f"## {program.heading}\n", f"{program.words}\n"]
            parts += [side_by_side(tables), *sources]
    return "\n".join(parts)


def results_of(path: Path) -> dict[str, Any]:
    """Read the results of a run; SystemExit if there are none."""
    try:
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SystemExit(f"Expected a file of results, got {path}: {error}.") from None
    if "machine" not in run:
        raise SystemExit(f"Expected a file of results, got {path}.")
    return run


def sittings_of(paths: list[Path]) -> dict[str, Sitting]:
    """The results in files, or in RESULTS if there are none, by instruction sets."""
    measured = [RESULTS / level / "results.json" for level in LABELS]
    sittings: dict[str, Sitting] = {}
    for path in paths or filter(Path.exists, measured):
        run = results_of(path)
        level = run["machine"].get("level", path.parent.name)
        column = LABELS.get(level, level)
        if column in sittings:
            column = f"{column}, machine {len(sittings) + 1}"
        sittings[column] = Sitting(run, path.parent)
    return sittings


def online(run: dict[str, Any], column: str) -> str:
    """An online step of an LSTM, and the same in libraries for JavaScript."""
    peers = "Neataptic", "Synaptic"
    rows = [c for c in compared(run, "steps") if c.row == "LSTM 100-100-20"]
    theirs = [f"{c.peer} {number(c.theirs)} µs" for c in rows if c.peer in peers]
    ours = [f"{number(c.ours)} µs with {column} ({', '.join(theirs)})" for c in rows]
    return ours[0] if theirs else ""


def gradients(run: dict[str, Any], column: str) -> str:
    """How many times as fast as in PyTorch exact gradients are, in all rows."""
    ratios = sorted(c.ratio for c in compared(run, "gradients") if c.peer)
    if not ratios:
        return ""
    ahead = f"{sum(ratio >= 1 for ratio in ratios)} of {len(ratios)}"
    times = f"{number(ratios[0])} to {number(ratios[-1])} times"
    return f"{times} as fast as PyTorch with {column} (faster in {ahead} rows)"


def edit(run: dict[str, Any], column: str) -> str:
    """A connection added to a large network, and the next step."""
    rows = [row["edits"] for row in run.get("structure", ()) if row["kind"] == "dense"]
    times = [1e3 * edits["a connection added"]["median"] for edits in rows]
    return f"{number(times[0])} ms with {column}" if times else ""


CLAIMS = (
    ("README.md", "step of an LSTM 100-100-20 takes ", online),
    ("README.md", "backpropagates through time ", gradients),
    ("README.md", "and running the next step takes ", edit),
    ("docs/index.md", "step of an LSTM 100-100-20 takes ", online),
)
"""Ends of lines that repeat figures: the page, the words before, what tells them."""


def retold(page: str, text: str, sittings: dict[str, Sitting]) -> str:
    """The text of a page with the figures of these runs."""
    for name, before, told in CLAIMS:
        figures = [told(each.run, column) for column, each in sittings.items()]
        if name == page and any(figures):
            end = " and ".join(filter(None, figures))
            text, count = re.subn(f"(?<={before}).*", end, text)
            assert count == 1, f"{page}: {before}"
    return text


def write(paths: list[Path], root: Path = ROOT) -> None:
    """Write the page, its chart and the figures of other pages, from the results of one
    run or of several.

    Raises
    ------
    SystemExit
        If there is no such file, or it does not hold results.
    """
    sittings = sittings_of(paths)
    ratios = {
        column: {
            subject.heading: compared(sitting.run, name)
            for name, subject in SUBJECTS.items()
        }
        for column, sitting in sittings.items()
    }
    pages = {root / "docs/performance.md": markdown(sittings)}
    for page in dict.fromkeys(page for page, *_ in CLAIMS):
        text = (root / page).read_text(encoding="utf-8")
        pages[root / page] = retold(page, text, sittings)
    draw(ratios, root / "docs" / CHART)
    for path, text in pages.items():
        _files.write(path, text)

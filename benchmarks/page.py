"""``python -m benchmarks --page RESULTS.json [OTHER.json]`` writes the page of
performance, docs/performance.md, and its chart, from the results of one run.

Rows without a peer are in results/results.md only. Results of another machine become
more columns. After them come the tables of programs that measure one subject each, from
their files in results/. Figures stand in tables alone, so that no sentence can be older
than the table beside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from synapse.readwrite import _files

from . import brain, cuba, events, modules, spiking, threads
from .chart import FAMILIES, draw
from .comparison import Comparison
from .markdown import multiple, number, table
from .report import TABLES, source_of

DOCS = Path(__file__).parents[1] / "docs"
CHART = "_static/performance.svg"
RESULTS = Path(__file__).parent / "results"


class Subject(NamedTuple):
    """A heading of the page, what its times are, and their unit."""

    heading: str
    words: str
    unit: str
    scale: float = 1.0  # from the unit of the results
    is_whole: bool = False  # with rows that have no peer; others are in results.md
    works: tuple[str, ...] = ("",)  # ends of labels that become columns
    elsewhere: str = ""  # the end of the labels of rows that another table has
    has_families: bool = False  # of the peers of a family, the page has the fastest


SUBJECTS = {
    "steps": Subject(
        "One online step",
        "Activate and propagate one sample, update the weights. `activate only` does"
        " not learn. Libraries that compute in float32 are compared with a `float32`"
        " network in 784-100-10 and 1000-1000-10, and with a `float64` network"
        " elsewhere. Of two versions or precisions of a library, the table has the"
        " faster. ¹: a truncated LSTM without peepholes, which learns less.",
        "µs",
        has_families=True,
    ),
    "epochs": Subject(
        "Small sets", "An epoch of XOR, four samples of a 2-3-1, by a trainer.", "µs"
    ),
    "calls": Subject(
        "Calls from Python",
        "One call, of a 2-3-1.",
        "µs",
    ),
    "gradients": Subject(
        "Exact gradients",
        "The gradient of a batch, per sample or step of a sequence, in float32. LSTMs"
        " run over sequences of 50 steps. [Several cores](#several-cores) has two"
        " threads.",
        "µs",
        elsewhere=", 2 threads",
    ),
    "batches": Subject(
        "Small batches",
        "An update by exact gradients in float32, per batch.",
        "µs",
    ),
    "streams": Subject(
        "Batches of a stream",
        "`train(batches)`, compared with PyTorch's loop over a `DataLoader` and over"
        " prepared tensors, the faster of the two; per batch.",
        "µs",
        has_families=True,
    ),
    "rtrl": Subject(
        "Exact gradients online",
        'A step of `rule="rtrl"`, compared with the dense form of the textbook.',
        "µs",
    ),
    "inference": Subject(
        "Deployed",
        "A step of an LSTM with as many inputs as cells and one output, float32,"
        " sequences of 512 steps in one call. `net.run` computes any wiring neuron by"
        " neuron; PyTorch multiplies the whole layer's matrix, which is faster for"
        " layers with many cells. A program in C has the sizes as constants.",
        "µs",
    ),
    "modules": Subject(
        "Exported to PyTorch",
        "A module of `to_torch`, per time step and sequence; batches of 32 sequences"
        " of 50 steps ([Deploying](deploying.md#pytorch)).",
        "µs",
        works=(modules.FORWARD, modules.TRAINING),
    ),
    "compose": Subject(
        "Composing neuron by neuron", "One operation, by a call from Python.", "µs"
    ),
    "growth": Subject(
        "Large networks",
        "An online step of a sparse network, by number of connections, compared with"
        " the same step written by hand with SciPy's CSR matrices.",
        "µs",
    ),
    "structure": Subject(
        "Graphs of large networks",
        "`net.graph`, compared with a graph of networkx.",
        "ms",
        1e3,
    ),
    "files": Subject(
        "Files of large networks",
        "A network, compared with `numpy.savez` of only the sources, targets and"
        " weights.",
        "ms",
        1e3,
    ),
    "cold": Subject(
        "The first call",
        "CPU time of a new process until its first call returns. A new installation"
        " compiles the kernels once.",
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
        "Updates by Adam in float32, in calls of 8 batches, and `run`, `test` and"
        " `predict` of all rows or sequences in one call; LSTMs run over sequences of"
        ' 50 steps. "2 cores" is the default, without'
        " [`threads`](fitting.md#all-cores). Where a batch has too little work for a"
        " second thread, the ratio shows the noise. Bold: PyTorch is faster with as"
        " many cores.",
        "threads",
        threads.text,
    ),
    Program(
        "Exported to PyTorch, on a GPU",
        "A module of `to_torch`, per time step and sequence of 50 steps, until the GPU"
        " has finished. The Python around PyTorch's own modules takes some tenths of a"
        " millisecond a call, which short calls show.",
        "modules_gpu",
        modules.text_of_gpu,
    ),
    Program(
        "Spiking cells",
        "µs per step and sequence in float32, on one core, for leaky cells that are"
        " connected with each other (40 inputs, 96 steps): for the outputs alone and"
        " with the gradient. Norse's cells also have a leaky current. snnTorch and"
        " Norse compute each step for all sequences at once, and `net.run` one sequence"
        " after the other.",
        "spiking",
        spiking.text,
    ),
    Program(
        "Steps by events",
        "Milliseconds per step in float32, by the fraction of neurons that are active."
        " The plain loop is compiled, too; it follows the outgoing connections of"
        " active neurons and learns nothing. See"
        " [Event-driven steps](spikes.md#event-driven-steps).",
        "events",
        events.text,
    ),
    Program(
        "CUBA, compared with Brian2",
        "CPU seconds for the two programs of [Coming from simulators](simulators.md):"
        " 1,000 cells, half a biological second.",
        "cuba",
        cuba.text,
    ),
    Program(
        "A fly's brain, compared with Brian2",
        "CPU seconds of one core for a biological second of 127,400 cells with"
        " 14,687,178 connections. Brian2 computes in float64. See"
        " [Large networks](large.md#a-flys-brain-simulated).",
        "brain",
        brain.text,
    ),
)
"""The programs in the order of the page."""

INTRODUCTION = """# Performance

- **Where is it faster than what I use?** The chart has one point for each ratio up to
  [the first call](#the-first-call): how many times as long the other library takes for
  the same work.
- **Where is another library faster?** Where a point is orange and left of the line, and
  the ratio is **bold**.
- **How was it measured?** In one run, on one core (two threads: on two). Figures are
  medians, those of [Deployed](#deployed) minima. `benchmarks/README.md` describes the
  method and the limits of each comparison.
- **How long do other calls take?** `benchmarks/results/results.md` has the rows without
  a peer (calls from Python, building, edits, dense networks, evolution), spread and
  memory.
- **How fast are spikes, several cores, and a GPU?** See the last tables, each with its
  command and its commit.

![Ratios of times of other libraries to those of Synapse]({chart})
"""


def machine_of(run: dict[str, Any]) -> str:
    """The machine of a run in one line, with the code that was measured."""
    machine = run["machine"]
    versions = run["versions"]
    named = ("numpy", "llvmlite", "torch", "node")
    shown = [f"{name} {versions[name]}" for name in named if name in versions]
    return (
        f"{machine['cpu']}; Python {machine['python']}; {', '.join(shown)};"
        f" code {machine['commit']}, {machine['date'][:10]}"
    )


def compared(run: dict[str, Any], subject: str) -> list[Comparison]:
    """The rows of a subject, if the run has it."""
    results = run.get(subject)
    return TABLES[subject].comparisons(results) if results else []


def shown(run: dict[str, Any], subject: str) -> list[Comparison]:
    """The rows that the page shows."""
    comparisons = compared(run, subject)
    is_whole = SUBJECTS[subject].is_whole
    elsewhere = SUBJECTS[subject].elsewhere
    left = [
        comparison
        for comparison in comparisons
        if (comparison.peer or is_whole)
        and not (elsewhere and comparison.row.endswith(elsewhere))
    ]
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
    """The cells of one machine: our time, and the ratio to each peer."""
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


def suffixes(runs: list[Any]) -> list[str]:
    """What the columns of each machine have after their names."""
    return [f" ({i + 1})" if len(runs) > 1 else "" for i in range(len(runs))]


def table_by_peer(
    subject: Subject, labels: list[str], by_run: list[dict[str, dict[str, Comparison]]]
) -> str:
    """The table of a subject in which each row has a peer of its own: a column names
    it. Rows that differ in the work become one."""
    ends = [f", {work}" if work else "" for work in subject.works]
    header = ["", "peer"]
    for suffix in suffixes(by_run):
        for work in subject.works:
            header.append(f"{work or 'Synapse'}, {subject.unit}{suffix}")
            header.append(f"peer / Synapse{suffix}")
    lines = []
    for name in [label.removesuffix(ends[0]) for label in labels]:
        works = [f"{name}{end}" for end in ends]
        if works[0] not in labels:
            continue  # another work of a row before
        (peer,) = next(rows[works[0]] for rows in by_run if works[0] in rows)
        line = [name, peer or "-"]
        for rows in by_run:
            for work in works:
                line += cells_of(rows.get(work, {}), [peer], subject.scale)
        lines.append(line)
    return table(header, lines)


def table_of(runs: list[dict[str, Any]], name: str) -> str:
    """The table of a subject: a line for each row, columns for each machine;
    empty if no run has measured it."""
    subject = SUBJECTS[name]
    by_run = [rows_of(shown(run, name)) for run in runs]
    labels = list(dict.fromkeys(row for rows in by_run for row in rows))
    if not labels:
        return ""
    every = [here for rows in by_run for here in rows.values()]
    peers = [peer for peer in dict.fromkeys(p for here in every for p in here) if peer]
    if len(peers) > 1 and all(len(here) == 1 for here in every):
        return table_by_peer(subject, labels, by_run)
    header = [""]
    for suffix in suffixes(runs):
        header += [f"Synapse, {subject.unit}{suffix}"]
        header += [f"{peer}{suffix}" for peer in peers]
    lines = []
    for label in labels:
        line = [label]
        for rows in by_run:
            line += cells_of(rows.get(label, {}), peers, subject.scale)
        lines.append(line)
    return table(header, lines)


def markdown(runs: list[dict[str, Any]]) -> str:
    """The page."""
    parts = [INTRODUCTION.format(chart=CHART)]
    if len(runs) > 1:
        parts += [f"{i + 1}. {machine_of(run)}\n" for i, run in enumerate(runs)]
    else:
        parts.append(f"{machine_of(runs[0])}\n")
    parts.append(f"```bash\n{runs[0]['command']}\n```\n")
    for name, subject in SUBJECTS.items():
        rows = table_of(runs, name)
        if rows:
            parts += [f"## {subject.heading}\n", f"{subject.words}\n", rows]
        again = (run["again"][name] for run in runs if name in run.get("again", {}))
        parts += [source_of(source, name) for source in again]
    for program in PROGRAMS:
        results = json.loads((RESULTS / f"{program.file}.json").read_text("utf-8"))
        parts += [f"## {program.heading}\n", f"{program.words}\n"]
        parts += [program.text(results), source_of(results, program.file)]
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


def write(paths: list[Path], docs: Path = DOCS) -> None:
    """Write the page and its chart from results of one machine or of several.

    Raises
    ------
    SystemExit
        If there is no such file, or it does not hold results.
    """
    runs = list(map(results_of, paths))
    by_subject = {name: compared(runs[0], name) for name in SUBJECTS}
    draw(
        {SUBJECTS[name].heading: rows for name, rows in by_subject.items()},
        docs / CHART,
    )
    _files.write(docs / "performance.md", markdown(runs))

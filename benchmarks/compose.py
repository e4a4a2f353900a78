"""The time of composing networks neuron by neuron, beside Synaptic, Neataptic and
networkx.

Times are those of the process. Collecting garbage counts, but not that of the round
before."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

import architect
import synapse

from . import child, machine
from .comparison import Comparison, beside
from .markdown import number, table
from .peers import NPM_FOLDER
from .plan import Plan, Tell, summary
from .structure import stopwatch

TITLE = "Composing"

SIZES = (10**2, 10**3, 10**4)
"""Numbers of neurons, each with ten times as many connections, made one by one between
random pairs."""
LIBRARIES = ("synapse", "synaptic", "neataptic", "networkx")
NAMES = {"synaptic": "Synaptic", "neataptic": "Neataptic", "networkx": "networkx"}
NETWORKS: dict[str, Callable[[], synapse.Network]] = {
    "2-3-1": lambda: architect.Perceptron(2, 3, 1, seed=0),
    "LSTM 6-8-6": lambda: architect.LSTM(6, 8, 6, seed=0, style="synaptic"),
}
ROUNDS = 20
SCRIPT = Path(__file__).with_name("peers") / "compose.js"

Times = dict[str, float]
"""Microseconds by operation."""


def measure(plan: Plan, tell: Tell) -> dict[str, Any]:
    """Measure all libraries in one process each."""
    problem = machine.install_node_packages()
    if problem:
        tell(f"npm packages: {problem}")
    sizes = SIZES[:1] if plan.quick else SIZES
    news = child.ask(
        "benchmarks.compose", {"repeats": plan.repeats, "sizes": sizes}, 1800
    )
    for name, row in news.get("rows", {}).items():
        tell(
            f"{name}: "
            + ", ".join(
                f"{peer} {times['median']:.3g} µs" for peer, times in row.items()
            )
        )
    return news


def pairs_of(size: int) -> list[tuple[int, int]]:
    """Ten distinct random pairs of different neurons for each neuron."""
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, size, (12 * size, 2)).tolist()
    return list(dict.fromkeys((a, b) for a, b in drawn if a != b))[: 10 * size]


def composed(size: int, pairs: list[tuple[int, int]]) -> Times:
    """Compose a network without layers."""
    made, neurons = stopwatch(lambda: [synapse.Neuron() for _ in range(size)])
    linked, links = stopwatch(
        lambda: [neurons[a].project(neurons[b]) for a, b in pairs]
    )

    def gate() -> None:
        for i, link in enumerate(links[:size]):
            neurons[7 * i % size].gate(link)

    gated = stopwatch(gate)[0]
    looked = stopwatch(lambda: neurons[0].bias)[0]  # makes the columns of all
    times = {
        "neuron": made / size,
        "connection": linked / len(pairs),
        "gate": gated / size,
    }
    return times | {"connection's share of the first look": looked / len(pairs)}


def drawn(size: int, pairs: list[tuple[int, int]]) -> Times:
    """The same as a graph of networkx."""
    graph: nx.DiGraph[int] = nx.DiGraph()

    def link() -> None:
        for a, b in pairs:
            graph.add_edge(a, b, weight=0.1)

    made, _ = stopwatch(lambda: [graph.add_node(i) for i in range(size)])
    return {"neuron": made / size, "connection": stopwatch(link)[0] / len(pairs)}


def edited(net: synapse.Network) -> float:
    """Seconds for one edit and the next step."""
    source = net.input[0]
    target = net.output[0]
    x = np.zeros(len(net.input))
    if source.connection_to(target):
        source.disconnect(target)
    net.activate(x)

    def edits() -> None:
        for _ in range(ROUNDS // 2):
            source.project(target, weight=0.1)
            net.activate(x)
            source.disconnect(target)
            net.activate(x)

    return stopwatch(edits)[0] / ROUNDS


def small(name: str, folder: Path) -> Times:
    """What is done with a small network as a whole."""
    build = NETWORKS[name]
    path = folder / "net.json"
    net = build()
    x = np.zeros(len(net.input))
    net.activate(x)
    synapse.save(net, path)
    work: dict[str, Callable[[], Any]] = {
        f"{name}: build": build,
        f"{name}: build and the first step": lambda: build().activate(x),
        f"{name}: clone": net.clone,
        f"{name}: load": lambda: synapse.load(path),
        f"{name}: load and the first step": lambda: synapse.load(path).activate(x),
    }
    times = {
        operation: stopwatch(lambda do=do: [do() for _ in range(ROUNDS)])[0]
        for operation, do in work.items()
    }
    return {operation: seconds / ROUNDS for operation, seconds in times.items()} | {
        f"{name}: an edit and the next step": edited(build())
    }


def by_node(peer: str, size: int, repeats: int, folder: Path) -> list[Times]:
    """The rounds of Synaptic or Neataptic; empty if it cannot run."""
    if (
        shutil.which("node") is None
        or not (NPM_FOLDER / "node_modules" / peer).is_dir()
    ):
        return []
    spec = folder / "spec.json"
    content = {
        "peer": peer,
        "size": size,
        "pairs": pairs_of(size),
        "repeats": repeats,
        "edits": size == SIZES[0],
    }
    spec.write_text(json.dumps(content))
    done = subprocess.run(
        ["node", str(SCRIPT), str(spec)],
        cwd=NPM_FOLDER,
        capture_output=True,
        text=True,
        check=True,
    )
    names = {
        "edit": "2-3-1: an edit and the next step",
        "edit lstm": "LSTM 6-8-6: an edit and the next step",
    }
    rounds: list[Times] = json.loads(done.stdout)
    return [
        {names.get(name, name): 1e-6 * time for name, time in times.items()}
        for times in rounds
    ]


def memory() -> float:
    """Bytes of a neuron that is not connected."""
    tracemalloc.start()
    neurons = [synapse.Neuron() for _ in range(1000)]
    used = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return used / len(neurons)


def rows(repeats: int, sizes: list[int]) -> dict[str, dict[str, Any]]:
    """Microseconds by operation and library."""
    by_row: dict[str, dict[str, list[float]]] = {}

    def note(library: str, times: Times, size: int | None = None) -> None:
        for name, seconds in times.items():
            label = name
            if size is not None and ":" not in name:
                label = f"a {name}, of {size:,} neurons"
            by_row.setdefault(label, {}).setdefault(library, []).append(1e6 * seconds)

    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            pairs = pairs_of(size)
            for repeat in range(-1, repeats):  # the first loads and reserves memory
                for library, compose in (("synapse", composed), ("networkx", drawn)):
                    gc.collect()
                    times = compose(size, pairs)
                    if repeat >= 0:
                        note(library, times, size)
            for peer in ("synaptic", "neataptic"):
                for times in by_node(peer, size, repeats, Path(folder)):
                    note(peer, times, size)
        for name in NETWORKS:
            for repeat in range(-1, repeats):
                times = small(name, Path(folder))
                if repeat >= 0:
                    note("synapse", times)
    return {
        name: {peer: summary(times) for peer, times in row.items()}
        for name, row in by_row.items()
    }


def comparisons(results: dict[str, Any]) -> list[Comparison]:
    """An operation beside that of each other library."""
    rows = []
    for row, cells in results.get("rows", {}).items():
        peers = {NAMES[name]: cells.get(name) for name in LIBRARIES[1:]}
        rows += beside(row, cells[LIBRARIES[0]], peers)
    return rows


def text(results: dict[str, Any]) -> list[str]:
    """The table of what `measure` returns."""
    if results["status"] != "ok":
        return [f"{results['status']}\n"]
    lines = [
        [
            name,
            *(
                number(row[peer]["median"]) if peer in row else "-"
                for peer in LIBRARIES
            ),
        ]
        for name, row in results["rows"].items()
    ]
    return [
        table(["µs", *LIBRARIES], lines),
        f"A neuron alone takes {results['bytes']:.0f} bytes.\n",
    ]


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    print(
        json.dumps({"bytes": memory(), "rows": rows(asked["repeats"], asked["sizes"])})
    )

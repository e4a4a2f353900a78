"""Large wiring: as many neurons and connections as a fly's brain, from arrays, and a
graph of networkx.

One row: ``python -m benchmarks.large '{"row": "networkx", "neurons": 100000,
"connections": 500000}'`` Times are those of the process. Signs are those of the drawn
weights; 100 neurons are inputs and 10 outputs."""

from __future__ import annotations

import ctypes
import inspect
import io
import json
import sys
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

import synapse

from . import child
from .markdown import number, table
from .plan import Plan, Tell
from .structure import stopwatch

TITLE = "Large wiring, seconds"
BRAIN = (139_255, 15_000_000)
GRAPH = (100_000, 500_000)
ROWS = {"arrays, float64": BRAIN, "arrays, float32": BRAIN, "networkx": GRAPH}
INPUTS = 100
OUTPUTS = 10
WARMED = 400_000
"""Connections of the network that loads the kernels before the clock runs."""


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure all rows, each in its own process."""
    results = []
    for row, (neurons, connections) in ROWS.items():
        small = 1000 if plan.quick else 1
        spec = {
            "row": row,
            "neurons": neurons // small + 200,
            "connections": connections // small,
        }
        results.append(child.ask("benchmarks.large", spec, 3600))
        tell(f"{row}: {results[-1].get('times', '')} {results[-1]['status']}")
    return results


def wiring(neurons: int, connections: int, dtype: str) -> dict[str, Any]:
    """Columns of distinct random connections, none into inputs or from outputs."""
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, neurons**2, connections + connections // 50))
    rng.shuffle(pairs)
    source, target = np.divmod(pairs, neurons)
    fits = (source != target) & (target >= INPUTS) & (source < neurons - OUTPUTS)
    source = source[fits][:connections]
    target = target[fits][:connections]
    weight = rng.normal(0.0, 0.1, len(source)).astype(dtype)
    return {
        "source": source,
        "target": target,
        "weight": weight,
        "sign": np.sign(weight),
    }


def resident() -> int:
    """Bytes of memory that the process has and uses, where the system tells."""
    pages = Path("/proc/self/statm")
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if pages.exists() else None
    if trim is not None:
        trim(0)  # what has been freed goes back to the system
    return 4096 * int(pages.read_text().split()[1]) if pages.exists() else 0


def built(
    row: str, neurons: int, connections: int
) -> tuple[dict[str, float], synapse.Network, dict[str, Any]]:
    """The network, its columns, and the times until its first step."""
    form, _, dtype = row.partition(", ")
    columns = wiring(neurons, connections, dtype or "float64")
    ends = range(INPUTS), range(neurons - OUTPUTS, neurons)
    before = resident()
    times = {}
    if form == "networkx":
        edges = zip(
            *(columns[name].tolist() for name in ("source", "target", "weight")),
            strict=True,
        )
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_nodes_from(range(neurons))
        times["networkx's graph"], _ = stopwatch(
            lambda: graph.add_weighted_edges_from(edges)
        )
        times["wiring"], net = stopwatch(lambda: synapse.from_networkx(graph, *ends))
    else:
        times["wiring"], net = stopwatch(
            lambda: synapse.from_edges(columns, *ends, dtype=dtype)
        )
    times["first step"], _ = stopwatch(lambda: net.activate(np.zeros(INPUTS)))
    times["bytes a connection"] = (resident() - before) / len(columns["source"])
    return times, net, columns


def row_times(row: str, neurons: int, connections: int) -> dict[str, Any]:
    """All times of a row, and the public members of network, layer and neuron that take
    more than a step."""
    for _ in range(2):  # the second one lowers by compiled loops
        built(row, 20_000, min(WARMED, connections))
    times, net, columns = built(row, neurons, connections)
    x = np.zeros(INPUTS)
    times["step"] = min(stopwatch(lambda: net.activate(x))[0] for _ in range(7))
    if row != "networkx":
        times["SciPy's product"] = product(columns, neurons)
    source = net[INPUTS]
    target = net[neurons // 2]
    times["edit and step"], _ = stopwatch(
        lambda: (
            source.disconnect(target)
            if source.connection_to(target)
            else source.project(target),
            net.activate(x),
        )
    )
    times["len(net.connections)"], count = stopwatch(lambda: len(net.connections))
    times["again"], _ = stopwatch(lambda: len(net.connections))
    file = io.BytesIO()
    times["save"], _ = stopwatch(lambda: synapse.save(net, file, format="npz"))
    file.seek(0)
    times["load"], _ = stopwatch(lambda: synapse.load(file, format="npz"))
    return {
        "times": times,
        "connections": count,
        "slow": slow_members(net, times["step"]),
    }


def product(columns: dict[str, Any], neurons: int) -> float:
    """The product of the weights with a vector by a CSR matrix of SciPy."""
    from scipy import sparse

    ends = columns["target"], columns["source"]
    matrix = sparse.csr_matrix((columns["weight"], ends), shape=(neurons, neurons))
    vector = np.ones(neurons, matrix.dtype)
    return min(stopwatch(lambda: matrix @ vector)[0] for _ in range(7))


def slow_members(net: synapse.Network, step: float) -> dict[str, float]:
    """Public properties, and methods without arguments, whose second call takes longer
    than a step."""
    slow = {}
    for owner in (net, net[INPUTS], net.hidden[0]):
        class_name = type(owner).__name__
        for name in sorted(
            name for name in dir(type(owner)) if name[0] != "_" and name != "graph"
        ):
            member = inspect.getattr_static(type(owner), name)
            if not isinstance(member, property) and not _is_called_alone(member):
                continue
            try:
                for _ in range(2):
                    seconds, value = stopwatch(
                        lambda owner=owner, name=name: getattr(owner, name)
                    )
                    if callable(value) and not isinstance(member, property):
                        seconds, _ = stopwatch(value)
            except synapse.SynapseError:
                continue
            if seconds > step:
                slow[f"{class_name}.{name}"] = seconds
    return slow


def _is_called_alone(member: Any) -> bool:
    if not inspect.isfunction(member):
        return False
    parameters = list(inspect.signature(member).parameters.values())[1:]
    return all(
        parameter.default is not parameter.empty
        or parameter.kind is parameter.VAR_KEYWORD
        for parameter in parameters
    )


def text(results: list[dict[str, Any]]) -> list[str]:
    """The table of times, and the list of slow members."""
    done = [result for result in results if result["status"] == "ok"]
    names = dict.fromkeys(name for result in done for name in result["times"])
    lines = [
        [name, *(number(result["times"].get(name)) for result in done)]
        for name in names
    ]
    parts = [
        table(
            [
                "",
                *(f"{row['row']}, {row['connections']:,} connections" for row in done),
            ],
            lines,
        )
    ]
    for result in done:
        slow = (
            ", ".join(
                f"`{name}` {number(seconds)} s"
                for name, seconds in result["slow"].items()
            )
            or "none"
        )
        parts.append(f"{result['row']}: longer than a step take {slow}.\n")
    return [
        *parts,
        *(
            f"{row['row']}: {row['status']}\n"
            for row in results
            if row["status"] != "ok"
        ),
    ]


if __name__ == "__main__":
    print(json.dumps(row_times(**json.loads(sys.argv[1]))))

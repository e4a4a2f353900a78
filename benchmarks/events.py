"""Measure steps without traces at several shares of active neurons.

    python -m benchmarks.events    # two minutes; writes events.json

Spiking neurons with random connections, float32. A share of them is driven at every
step, the others are inhibited and silent. Beside them stands a plain loop, compiled
as the library's kernels are, over the outgoing connections of the active neurons, with
a leaky update of all: it keeps one number for each neuron, and learns nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np

from synapse import Layer, Network
from synapse.engine.language.decorators import kernel
from synapse.objects.stepping import Stepping

from . import machine
from .markdown import beside, number, table

REPEATS = 7
SIZES = ((30_000, 3_000_000), (20_000, 2_000_000))
SHARES = (0.0005, 0.005, 0.05, 1.0)


def connections(neurons: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Random sources and targets, no pair twice."""
    rng = np.random.default_rng(0)
    pairs = np.unique(rng.integers(0, neurons * neurons, count))
    sources, targets = np.divmod(pairs, neurons)
    others = sources != targets
    return sources[others], targets[others]


def network(neurons: int, count: int, driven: int, readouts: int = 0) -> Network:
    """Neurons of which some are driven by an input each; an output reads one of them,
    or that many outputs read all.
    """
    inputs = Layer(driven, dtype=np.float32)
    cells = Layer(neurons, "spike", np.full(neurons, -1.0), dtype=np.float32)
    output = Layer(max(1, readouts), "identity", dtype=np.float32)
    sources, targets = connections(neurons, count)
    weights = -np.abs(np.random.default_rng(1).normal(0.0, 0.01, len(sources)))
    cells.project(cells, (sources, targets), weights=weights)
    chosen = np.random.default_rng(2).choice(neurons, driven, replace=False)
    drive = np.full(driven, 1e3)
    inputs.project(cells, (np.arange(driven), chosen), weights=drive)
    cells.project(output, "all_to_all" if readouts else ([0], [0]), weights=1.0)
    return Network(inputs, [cells], output)


@kernel
def plain_loop(active, begins, targets, weights, voltage, sums, steps):
    """Leaky neurons: events of the active ones, and an update of all."""
    for _ in range(steps):
        for k in range(active.size):
            i = active[k]
            for q in range(begins[i], begins[i + 1]):
                sums[targets[q]] += weights[q]
        for j in range(voltage.size):
            voltage[j] = 0.9 * voltage[j] + sums[j]
            sums[j] = 0.0


def plain(neurons: int, count: int, driven: int) -> Callable[[int], None]:
    """The plain loop over the same connections."""
    sources, targets = connections(neurons, count)
    begins = np.searchsorted(sources, np.arange(neurons + 1))
    weights = np.full(len(sources), -0.01, np.float32)
    active = np.random.default_rng(2).choice(neurons, driven, replace=False)
    voltage = np.zeros(neurons, np.float32)
    sums = np.zeros(neurons, np.float32)
    small = targets.astype(np.int32)

    def run(steps: int) -> None:
        plain_loop(np.sort(active), begins, small, weights, voltage, sums, steps)

    return run


def milliseconds(run: Callable[[int], Any], steps: int) -> float:
    """Processor time of a step."""
    begin = time.process_time()
    run(steps)
    return 1000.0 * (time.process_time() - begin) / steps


def measure(neurons: int, count: int, share: float) -> dict[str, Any]:
    """One row: by events, by reading all connections, and by the plain loop."""
    driven = round(neurons * share)
    rows = np.ones((100, driven))

    def runs_of(net: Network) -> Callable[[int], None]:
        def run(steps: int) -> None:
            net.run(rows[:steps], traces=False)

        run(32)  # chooses the kernels
        return run

    net = network(neurons, count, driven)
    by_events = runs_of(net)
    active = float(np.mean(net.layers[1].activations))
    with mock.patch.object(Stepping, "_by_events", None):
        gathering = runs_of(network(neurons, count, driven))
    plainly = plain(neurons, count, driven)
    steps = 100 if share < 0.1 else 10

    works = {"events": by_events, "all": gathering, "plain": plainly}
    spent: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work(1)
    for _ in range(REPEATS):
        for name, work in works.items():
            work(2)  # fills the caches again, after the one before
            spent[name].append(milliseconds(work, 10 if name == "all" else steps))
    row = {"neurons": neurons, "connections": count, "share": share, "active": active}
    return row | {name: statistics.median(times) for name, times in spent.items()}


def text(results: dict[str, Any]) -> str:
    """The table of the results."""
    header = [
        "neurons, connections, active",
        "`run(traces=False)`",
        "all connections",
        "plain loop",
    ]
    lines = []
    for row in results["rows"]:
        size = f"{row['neurons']:,}, {row['connections']:,}"
        figures = [number(row[name]) for name in ("events", "all")]
        figures.append(beside(row["plain"], row["events"]))
        lines.append([f"{size}, {100 * row['active']:.3g} %", *figures])
    return table(header, lines)


def main() -> None:
    """Measure, and write the results."""
    core = machine.pin(1)
    rows = []
    for size in SIZES:
        for share in SHARES:
            rows.append(measure(*size, share))
            print(rows[-1], file=sys.stderr)
    machine.save("events", core, rows=rows)


if __name__ == "__main__":
    main()

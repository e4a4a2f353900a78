"""What incremental lowering saves: an edit and the next step, beside the same with everything lowered anew.

``python -m benchmarks.lowering`` prints a table. The two alternate, and only ratios are reliable on a busy
machine. Times are those of the process.
"""

from __future__ import annotations

from statistics import median

import numpy as np

from synapse.engine.lowering.program import Program, kept_traces

from .growth import build
from .markdown import number, table
from .structure import KINDS, edits, stopwatch

SIZES = {10**4: 15, 10**5: 15, 10**6: 5}
"""Numbers of connections, and of rounds, of which the first is not counted."""
LEFT_OUT = ("a neuron added", "a neuron removed", "another activation function")
"""Most of the time of the first two is that of objects, and the last changes no connection."""


def times(kind: str, connections: int, rounds: int) -> list[tuple[float, float]]:
    """For each edit, median seconds by incremental and by full lowering."""
    net = build(kind, connections)
    store, x = net._store, np.zeros(len(net.input))
    net.activate(x)
    chosen = {name: edit for name, edit in edits(net).items() if name not in LEFT_OUT}
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in chosen}
    for _ in range(rounds):
        for full in (False, True):
            for name, edit in chosen.items():
                if full:
                    store.program = Program(0, [kept_traces(store), *store.program.pending])
                found[name][full].append(stopwatch(lambda edit=edit: (edit(), net.activate(x)))[0])
    return [(median(some[1:]), median(full[1:])) for some, full in found.values()]


def main() -> None:
    """Print, for each network, the smallest and largest median of its edits, and their ratios."""
    rows = []
    for kind in KINDS:
        for connections, rounds in SIZES.items():
            pairs = times(kind, connections, rounds)
            columns = *zip(*pairs, strict=True), [full / some for some, full in pairs]
            ms = [[f * one for one in column] for f, column in zip((1e3, 1e3, 1.0), columns, strict=True)]
            spread = [f"{number(min(column))} to {number(max(column))}" for column in ms]
            rows.append([f"{kind}, {connections:,}", *spread])
    print(table(["network, connections", "incremental, ms", "full, ms", "ratio"], rows))


if __name__ == "__main__":
    main()

"""Measure spiking networks beside snnTorch and Norse.

    python -m benchmarks.spiking    # some minutes; writes spiking.json

Needs torch, snntorch and norse. Each library has leaky cells that are connected with
each other, and leaky outputs (Norse: its cells have a leaky current, too), in float32,
with one thread. All compute the outputs of a batch of sequences, and then outputs and
the gradient of half the squared error of all steps. Libraries take turns; the figures
are medians of the repeats, in µs a step and sequence.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import product
from typing import Any

import numpy as np

import architect
import synapse

from . import machine
from .markdown import beside, number, table

REPEATS = 7
STEPS = 96
INPUTS = 40
OUTPUTS = 1
SIZES = (20, 100)
BATCHES = (1, 32)
LIBRARIES = {"Synapse": "synapse-neurons", "snnTorch": "snntorch", "Norse": "norse"}

Work = Callable[[bool], Any]
"""Computes the outputs of a batch, or the gradient, too."""


def in_synapse(cells: int, inputs: np.ndarray, targets: np.ndarray) -> Work:
    """Leaky cells whose spikes set the voltage to 0."""
    net = architect.Spiking(
        INPUTS,
        cells,
        OUTPUTS,
        adaptive=0,
        reset="zero",
        seed=0,
        dtype=np.float32,
    )

    def work(backward: bool) -> Any:
        if backward:
            return synapse.gradient(net, inputs, targets, "squared_error")
        net.clear()
        return net.run(inputs, traces=False)

    return work


def in_torch(module: Any, inputs: np.ndarray, targets: np.ndarray) -> Work:
    """A module from all steps to all outputs, by step and sequence."""
    import torch

    rows = torch.tensor(inputs.swapaxes(0, 1).copy())
    aims = torch.tensor(targets.swapaxes(0, 1).copy())

    def work(backward: bool) -> Any:
        if not backward:
            with torch.no_grad():
                return module(rows)
        module.zero_grad()
        loss = 0.5 * ((module(rows) - aims) ** 2).sum()
        loss.backward()
        return loss

    return work


def in_snntorch(cells: int, inputs: np.ndarray, targets: np.ndarray) -> Work:
    """RLeaky and a read-out that never spikes."""
    import snntorch
    import torch

    class Cells(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.enter = torch.nn.Linear(INPUTS, cells, bias=False)
            self.cells = snntorch.RLeaky(
                beta=0.95, linear_features=cells, reset_mechanism="zero"
            )
            self.leave = torch.nn.Linear(cells, OUTPUTS)
            self.output = snntorch.Leaky(beta=0.95, reset_mechanism="none")

        def forward(self, rows: Any) -> Any:
            spikes, voltage = self.cells.init_rleaky()
            output = self.output.init_leaky()
            outputs = []
            for row in rows:
                spikes, voltage = self.cells(self.enter(row), spikes, voltage)
                _, output = self.output(self.leave(spikes), output)
                outputs.append(output)
            return torch.stack(outputs)

    torch.manual_seed(0)
    return in_torch(Cells(), inputs, targets)


def in_norse(cells: int, inputs: np.ndarray, targets: np.ndarray) -> Work:
    """LIFRecurrent, which loops over the steps itself, and LI."""
    import norse.torch as norse
    import torch

    torch.manual_seed(0)
    module = norse.SequentialState(
        norse.LIFRecurrent(INPUTS, cells),
        torch.nn.Linear(cells, OUTPUTS),
        norse.LI(),
    )

    class Outputs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.module = module

        def forward(self, rows: Any) -> Any:
            return self.module(rows)[0]

    return in_torch(Outputs(), inputs, targets)


MAKERS = {"Synapse": in_synapse, "snnTorch": in_snntorch, "Norse": in_norse}


def seconds(work: Work, backward: bool) -> float:
    """Processor seconds of one call, among calls of a tenth of a second together."""
    calls = 0
    begin = time.process_time()
    while calls == 0 or time.process_time() - begin < 0.1:
        work(backward)
        calls += 1
    return (time.process_time() - begin) / calls


def measure() -> list[dict[str, Any]]:
    """All sizes and batches: µs a step and sequence of each library."""
    rows: list[dict[str, Any]] = []
    rng = np.random.default_rng(0)
    for cells, batch in product(SIZES, BATCHES):
        inputs = (rng.random((batch, STEPS, INPUTS)) < 0.1).astype(np.float32)
        targets = rng.normal(size=(batch, STEPS, OUTPUTS)).astype(np.float32)
        works = {name: make(cells, inputs, targets) for name, make in MAKERS.items()}
        for backward in (False, True):
            spent: dict[str, list[float]] = {name: [] for name in works}
            for work in works.values():
                work(backward)  # compiles
            for _ in range(REPEATS):
                for name, work in works.items():
                    spent[name].append(seconds(work, backward))
            per_step = 1e6 / STEPS / batch
            row: dict[str, Any] = {
                "cells": cells,
                "batch": batch,
                "backward": backward,
            }
            row |= {
                name: statistics.median(times) * per_step
                for name, times in spent.items()
            }
            rows.append(row)
            print(row, file=sys.stderr)
    return rows


def text(results: dict[str, Any]) -> str:
    """The table of the results: bold where the other library is faster."""
    ours, *others = LIBRARIES
    lines = []
    for row in results["rows"]:
        sequences = "1 sequence" if row["batch"] == 1 else f"{row['batch']} sequences"
        work = "gradient" if row["backward"] else "outputs"
        times = [number(row[ours])]
        times += [beside(row[name], row[ours]) for name in others]
        lines.append([f"{row['cells']} cells, {sequences}, {work}", *times])
    return table(["", *LIBRARIES], lines)


def main() -> None:
    """Measure, and write the results."""
    import torch

    core = machine.pin(1)
    torch.set_num_threads(1)
    rows = measure()
    versions = {name: version(package) for name, package in LIBRARIES.items()}
    machine.save("spiking", core, versions=versions, rows=rows)


if __name__ == "__main__":
    main()

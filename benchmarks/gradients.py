"""Exact gradients of Synapse and PyTorch: one process per network and batch, libraries
in alternation.

PyTorch's modules are created first and their weights are copied to Synapse's networks,
so that all compute the same gradient. The losses are compared."""

from __future__ import annotations

import importlib.util
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import child, machine
from .cases import LSTM, Case
from .comparison import Comparison, beside
from .markdown import number, spread, table
from .plan import Plan, Tell

TITLE = "Exact gradients, µs per time step and sequence"
INTRODUCTION = """Forward and backward pass of a batch, each library with this number of
threads. LSTMs run over sequences of 50 steps. The LSTMs are
`architect.LSTM(..., style="standard")` and `torch.nn.LSTM` with a `Linear`, with equal
weights. Medians (minimum to maximum).
"""

STEPS = 50  # steps per sequence
LSTMS = ("lstm-6-8-6", "lstm-30-72-30", "lstm-100-100-20")
PERCEPTRONS = ("10-20-5", "64-128-10", "784-100-10")
TASKS = [
    *((row, batch, 1) for row in LSTMS for batch in (1, 32)),
    *((row, 32, 1) for row in PERCEPTRONS),
    *((row, 32, 2) for row in LSTMS + PERCEPTRONS),
]
"""Network, number of sequences, number of threads."""
QUICK_TASKS = [
    ("lstm-6-8-6", 1, 1),
    ("lstm-6-8-6", 32, 1),
    ("lstm-6-8-6", 32, 2),
    ("10-20-5", 32, 1),
]
LABELS = {
    "synapse": "Synapse",
    "synapse-f32": "Synapse, float32",
    "torch": "PyTorch, float32",
}

Work = Callable[[], float]


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure every network and batch, in microseconds per time step and sequence, or
    per sample."""
    results = []
    for row, batch, threads in QUICK_TASKS if plan.quick else TASKS:
        spec = {
            "row": row,
            "batch": batch,
            "threads": threads,
            "seconds": plan.seconds,
            "repeats": plan.repeats,
        }
        results.append(child.ask("benchmarks.gradients", spec, plan.cap))
        times = ", ".join(
            f"{name} {cell['median']:.3g} µs"
            for name, cell in results[-1].get("cells", {}).items()
        )
        named = (
            f"{Case.named(row).label}, batch {batch}, {threads}"
            f" thread{'s' * (threads > 1)}"
        )
        tell(f"gradients, {named}: {times or results[-1]['status']}")
    return results


def samples(case: Case, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs, shape (batch, steps, n), from 0 to 1, targets from 0 to 0.3; one step for
    perceptrons."""
    rng = np.random.default_rng(0)
    steps = STEPS if case.kind == LSTM else 1
    inputs = rng.random((batch, steps, case.sizes[0]))
    return inputs, 0.3 * rng.random((batch, steps, case.sizes[-1]))


def modules_of(case: Case, threads: int = 1) -> list[Any]:
    """Create PyTorch's LSTM and read-out, or its Linears with logistic functions."""
    import torch  # if it is installed
    from torch import nn

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    if case.kind == LSTM:
        n, cells, m = case.sizes
        return [nn.LSTM(n, cells, batch_first=True), nn.Linear(cells, m)]
    return [
        module
        for n, m in itertools.pairwise(case.sizes)
        for module in (nn.Linear(n, m), nn.Sigmoid())
    ]


def torch_work(
    case: Case, modules: list[Any], inputs: np.ndarray, targets: np.ndarray
) -> Work:
    """Forward and backward pass by autograd: the loss of a batch; gradients are in the
    parameters."""
    import torch  # if it is installed

    x, t = (torch.tensor(values, dtype=torch.float32) for values in (inputs, targets))
    parameters = [parameter for module in modules for parameter in module.parameters()]
    loss = loss_of(case, modules)

    def work() -> float:
        for parameter in parameters:
            parameter.grad = None
        value = loss(x, t) / len(x)
        value.backward()
        return float(value.detach())

    return work


def loss_of(case: Case, modules: list[Any]) -> Callable[[Any, Any], Any]:
    """The summed cost of PyTorch's modules, of inputs and targets."""
    from torch import nn  # if it is installed

    if case.kind == LSTM:
        lstm, readout = modules
        return lambda x, t: (
            0.5 * nn.functional.mse_loss(readout(lstm(x)[0]), t, reduction="sum")
        )
    layers = nn.Sequential(*modules[:-1])
    cost = nn.BCEWithLogitsLoss(reduction="sum")
    return lambda x, t: cost(layers(x), t)


def network_of(case: Case, modules: list[Any], dtype: str) -> Any:
    """The same network of Synapse, with the weights of the modules, if there are
    any."""
    import architect
    import synapse

    options: dict[str, Any] = {"seed": 0, "dtype": dtype}
    if case.kind == LSTM:
        net: Any = architect.LSTM(
            *case.sizes, style="standard", output_squash="identity", **options
        )
    else:
        net = architect.Perceptron(*case.sizes, **options)
    if modules:
        synapse.from_torch(modules, net)
    return net


def our_work(
    case: Case,
    modules: list[Any],
    inputs: np.ndarray,
    targets: np.ndarray,
    dtype: str,
    threads: int = 1,
) -> Work:
    """The workspace that ``Trainer`` uses for every batch."""
    from synapse.learning._data import prepare_sequences
    from synapse.learning._gradient import ExactGradient, checked_window

    net = network_of(case, modules, dtype)
    data = prepare_sequences(net, inputs, targets)
    exact = ExactGradient(net, data, threads)
    cost = net._cost(None)
    window = checked_window(None)
    chosen = np.arange(len(inputs))
    share = np.full(len(inputs), 1 / len(inputs))
    return lambda: exact.descent(chosen, share, cost, window)[0]


def works_of(case: Case, batch: int, threads: int = 1) -> dict[str, Work]:
    """The timed functions by library; each computes the gradient of the same batch."""
    inputs, targets = samples(case, batch)
    installed = importlib.util.find_spec("torch") is not None
    modules = modules_of(case, threads) if installed else []
    works = {
        "synapse": our_work(case, modules, inputs, targets, "float64", threads),
        "synapse-f32": our_work(case, modules, inputs, targets, "float32", threads),
    }
    if installed:
        works["torch"] = torch_work(case, modules, inputs, targets)
    return works


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one network and batch: warm up, then each library in turn for every
    repeat."""
    case = Case.named(spec["row"])
    machine.use_cores(spec["threads"])
    works = works_of(case, spec["batch"], spec["threads"])
    counts = {}
    losses = {}
    for name, work in works.items():
        losses[name] = work()  # loads or compiles the kernels
        seconds = timed(work, 3)
        timed(work, max(1, int(spec["seconds"] / seconds)))
        counts[name] = max(1, int(spec["seconds"] / timed(work, 3)))
    size = spec["batch"] * (STEPS if case.kind == LSTM else 1)
    times: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for repeat in range(spec["repeats"]):
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            times[name].append(1e6 * timed(works[name], counts[name]) / size)
    return {
        "cells": {
            name: {
                "loss": losses[name],
                "microseconds": t,
                "median": statistics.median(t),
                "least": min(t),
                "most": max(t),
            }
            for name, t in times.items()
        }
    }


def timed(work: Work, count: int) -> float:
    """Seconds per call."""
    begin = time.perf_counter()
    for _ in range(count):
        work()
    return (time.perf_counter() - begin) / count


def comparisons(tasks: list[dict[str, Any]]) -> list[Comparison]:
    """Gradients in float32 beside PyTorch's."""
    rows = []
    for task in tasks:
        cells = task.get("cells", {})
        if "synapse-f32" not in cells:
            continue
        threads = "1 thread" if task["threads"] == 1 else f"{task['threads']} threads"
        label = Case.named(task["row"]).label
        row = f"{label}, batch {task['batch']}, {threads}"
        rows += beside(row, cells["synapse-f32"], {"PyTorch": cells.get("torch")})
    return rows


def text(tasks: list[dict[str, Any]]) -> list[str]:
    """The table of exact gradients."""
    return [INTRODUCTION, gradients_table(tasks)]


def gradients_table(tasks: list[dict[str, Any]]) -> str:
    """Median, minimum and maximum of each library, and the relative difference of the
    losses."""
    lines = []
    for task in tasks:
        cells = task.get("cells", {})
        times = [spread(cells.get(name)) for name in LABELS]
        ours = cells.get("synapse-f32")
        other = cells.get("torch")
        lead = "-"
        if ours and other:
            lead = f"{number(other['median'] / ours['median'])} x"
        losses = [cell["loss"] for cell in cells.values()]
        apart = f"{(max(losses) - min(losses)) / abs(losses[0]):.0e}" if losses else "-"
        sizes = [
            Case.named(task["row"]).label,
            str(task["batch"]),
            str(task["threads"]),
        ]
        lines.append([*sizes, *times, lead, apart, task["status"]])
    header = [
        "network",
        "batch",
        "threads",
        *LABELS.values(),
        "PyTorch / Synapse, float32",
        "loss difference",
        "status",
    ]
    return table(header, lines)


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))

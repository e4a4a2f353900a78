"""Training batch by batch: a stream of batches, a call of `train` for each, and
PyTorch's loop over batches.

All do one update for each batch, the online rule one for each sample, and networks
start from the same weights. Times are CPU times of one thread, per batch."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from . import child, gradients
from .cases import Case
from .comparison import Comparison, beside
from .markdown import number, ratio, table
from .plan import Plan, Tell, summary

TITLE = "Batches one by one, µs per batch"

RATE = 1e-3
ROWS = [  # network, dtype, batch, method
    ("2-3-1", "float64", 4, "bptt"),
    ("2-3-1", "float64", 4, "online"),
    ("lstm-30-72-30", "float32", 1, "bptt"),
    ("1000-1000-10", "float32", 32, "bptt"),
]
LABELS = {
    "stream": "`train(batches)`",
    "calls": "`train` for each",
    "loop": "in one compiled call",
    "gradient": "`synapse.gradient`",
    "loader": "PyTorch, `DataLoader`",
    "tensors": "PyTorch, tensors ready",
}
Batches = list[tuple[np.ndarray, np.ndarray]]
Work = Callable[[], Any]


def our_works(
    case: Case, modules: list[Any], batches: Batches, dtype: str, method: str
) -> dict[str, Work]:
    """All batches as a stream, by one call each, and in one compiled call; and their
    gradients."""
    import synapse

    net = gradients.network_of(case, modules, dtype)
    by: dict[str, Any] = {"rate": 0.01}
    if method != "online":
        by = {"optimizer": synapse.optimizers.Adam(RATE)}
    trainer = synapse.Trainer(net, rule=method, **by)
    size = None if method == "online" else len(batches[0][0])
    joined = synapse.Trainer(net, rule=method, batch_size=size, **by)
    inputs, targets = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    sequences = [
        tuple(values.reshape(len(values), -1, values.shape[-1]) for values in batch)
        for batch in batches
    ]
    works = {
        "stream": lambda: trainer.train(batches, progress=False),
        "calls": lambda: [
            trainer.train(*batch, epochs=1, progress=False) for batch in batches
        ],
        "loop": lambda: joined.train(
            inputs, targets, epochs=1, shuffle=False, progress=False
        ),
        "gradient": lambda: [synapse.gradient(net, *batch) for batch in sequences],
    }
    if method != "bptt":
        del works["gradient"]
    return works


def torch_works(case: Case, modules: list[Any], batches: Batches) -> dict[str, Work]:
    """Modules, autograd and Adam, over a DataLoader, and over tensors that are
    ready."""
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    pairs = [
        tuple(torch.tensor(values, dtype=torch.float32) for values in batch)
        for batch in batches
    ]
    rows = TensorDataset(*(torch.cat(parts) for parts in zip(*pairs, strict=True)))
    loss = gradients.loss_of(case, modules)
    parameters = [parameter for module in modules for parameter in module.parameters()]
    optimizer = torch.optim.Adam(parameters, RATE)

    def train(source: Any) -> float:
        total = 0.0
        for inputs, targets in source:
            optimizer.zero_grad()
            value = loss(inputs, targets) / len(inputs)
            value.backward()
            optimizer.step()
            total += value.item()
        return total

    loader = DataLoader(rows, batch_size=len(batches[0][0]))
    return {"loader": lambda: train(loader), "tensors": lambda: train(pairs)}


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure every row in a process of its own, in microseconds per batch."""
    results = []
    for row, dtype, batch, method in ROWS[:2] if plan.quick else ROWS:
        spec = {"row": row, "dtype": dtype, "batch": batch, "method": method}
        more = {"seconds": plan.seconds, "repeats": plan.repeats}
        results.append(child.ask("benchmarks.streams", {**spec, **more}, 300))
        cells = results[-1].get("cells", {})
        times = ", ".join(
            f"{name} {cell['median']:.3g} µs" for name, cell in cells.items()
        )
        tell(
            f"streams, {Case.named(row).label}, {method}:"
            f" {times or results[-1]['status']}"
        )
    return results


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one row: warm up, then each way in turn for every repeat."""
    case = Case.named(spec["row"])
    inputs, targets = gradients.samples(case, spec["batch"])
    if inputs.shape[1] == 1:
        inputs, targets = inputs[:, 0], targets[:, 0]
    batches = [(inputs, targets)] * (100 if case.connections < 1000 else 10)
    installed = importlib.util.find_spec("torch") is not None
    modules = gradients.modules_of(case) if installed else []
    works = our_works(case, modules, batches, spec["dtype"], spec["method"])
    if installed and spec["method"] == "bptt":
        works |= torch_works(case, modules, batches)
    # The loop over batches is compiled, or loaded, after some batches.
    for work in 2 * list(works.values()):
        work()
    times: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for repeat in range(spec["repeats"]):
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            times[name].append(1e6 * timed(works[name], spec["seconds"]) / len(batches))
    return {"cells": {name: summary(t) for name, t in times.items()}}


def timed(work: Work, seconds: float) -> float:
    """Return seconds of the processor per call, measured over about `seconds`."""
    begin = time.process_time()
    calls = 0
    while (passed := time.process_time() - begin) < seconds or not calls:
        work()
        calls += 1
    return passed / calls


def comparisons(results: list[dict[str, Any]]) -> list[Comparison]:
    """A batch of a stream beside PyTorch's loop over a loader, and over tensors."""
    rows = []
    for result in results:
        cells = result.get("cells", {})
        if "stream" in cells:
            peers = {LABELS[name]: cells.get(name) for name in ("loader", "tensors")}
            rows += beside(label_of(result), cells["stream"], peers)
    return rows


def label_of(result: dict[str, Any]) -> str:
    """A row in words."""
    label = Case.named(result["row"]).label
    steps = f", {gradients.STEPS} steps" if "lstm" in result["row"] else ""
    rule = ", online rule" if result["method"] == "online" else ""
    return f"{label}, {result['dtype']}, batch {result['batch']}{steps}{rule}"


def text(results: list[dict[str, Any]]) -> list[str]:
    """The table of all rows."""
    lines = []
    for result in results:
        cells = result.get("cells", {})
        times = [
            number(cells[name]["median"]) if name in cells else "-" for name in LABELS
        ]
        lines.append(
            [
                label_of(result),
                *times,
                ratio(cells.get("loader"), cells.get("stream")),
                result["status"],
            ]
        )
    return [
        table(
            [
                "network, batch",
                *LABELS.values(),
                "`DataLoader` / `train(batches)`",
                "status",
            ],
            lines,
        )
    ]


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))

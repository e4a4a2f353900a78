"""Training by exact gradients in small batches: Synapse, PyTorch with autograd, and
with operations by hand.

All start from the same weights and see the same batches in the same order; the errors
of the fifth epoch are in the results, to be compared. Times are CPU times of one
thread."""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import child
from .comparison import Comparison, beside
from .markdown import number, table
from .plan import Plan, Tell, summary

TITLE = "Training in small batches by exact gradients, µs per batch"

LABELS = {
    "synapse": "Synapse",
    "synapse-f32": "Synapse, float32",
    "synapse-callback": "Synapse, `on_batch`",
    "torch": "PyTorch, float32",
    "by-hand": "PyTorch by hand, float32",
}
Work = Callable[[int], float]
"""Trains for a number of epochs; returns the error of the last one."""


class Case(NamedTuple):
    """A network, its data, and how it is trained."""

    sizes: tuple[int, int, int]
    samples: int
    batch: int
    optimizer: str
    rate: float

    @property
    def label(self) -> str:
        """The case in words."""
        sizes = "-".join(map(str, self.sizes))
        name = "XOR, " if self.samples == 4 else ""
        return f"{name}{sizes}, {self.optimizer}, batch {self.batch}"

    @property
    def batches(self) -> int:
        """The number of batches in an epoch."""
        return -(-self.samples // self.batch)


XOR = Case((2, 3, 1), 4, 4, "Adam", 0.05)
CASES = [
    XOR,
    *(
        Case((64, 32, 10), 512, b, name, 0.01)
        for name in ("Adam", "SGD")
        for b in (16, 32)
    ),
    Case((784, 100, 10), 1024, 512, "Adam", 0.001),
]


def data_of(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """XOR, or random pixels and classes, one-hot."""
    if case.samples == 4:
        inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
        return inputs, np.array([[0], [1], [1], [0.0]])
    rng = np.random.default_rng(0)
    classes = rng.integers(0, case.sizes[2], case.samples)
    return rng.random((case.samples, case.sizes[0])), np.eye(case.sizes[2])[classes]


def start_of(case: Case) -> list[np.ndarray]:
    """The first weights and biases: two matrices, shape (outputs, inputs), each with
    its vector."""
    rng = np.random.default_rng(1)
    (n, hidden, m) = case.sizes
    return [
        rng.normal(size=shape) * 0.5
        for shape in ((hidden, n), (hidden,), (m, hidden), (m,))
    ]


def our_work(case: Case, dtype: str, **options: Any) -> Work:
    """One call of ``Trainer.train``."""
    import architect
    import synapse
    from synapse import optimizers

    output = "softmax" if case.sizes[2] > 1 else "logistic"
    net = architect.Perceptron(*case.sizes, output_squash=output, seed=0, dtype=dtype)
    w1, b1, w2, b2 = start_of(case)
    weights = np.concatenate([w1.reshape(-1), w2.reshape(-1)])
    net.weights = weights[_order(net, case)]
    net.biases = np.concatenate([np.zeros(case.sizes[0]), b1, b2])
    make = getattr(optimizers, case.optimizer)
    trainer = synapse.Trainer(
        net, rule="bptt", optimizer=make(case.rate), batch_size=case.batch
    )
    inputs, targets = data_of(case)

    def work(epochs: int) -> float:
        return trainer.train(
            inputs, targets, epochs, shuffle=False, progress=False, **options
        ).loss

    return work


def _order(net: Any, case: Case) -> np.ndarray:
    """For each connection, the place of its weight in both matrices, one after the
    other."""
    n, hidden, _ = case.sizes
    number = {neuron: i for i, neuron in enumerate(net)}
    places = []
    for connection in net.connections:
        source = number[connection.source]
        target = number[connection.target]
        if source < n:  # of the first matrix
            places.append((target - n) * n + source)
        else:
            row = target - n - hidden
            places.append(n * hidden + row * hidden + source - n)
    return np.array(places)


def tensors_of(case: Case) -> tuple[list[Any], list[tuple[Any, Any]]]:
    """The first parameters, and the batches."""
    import torch

    torch.set_num_threads(1)
    inputs, targets = (
        torch.tensor(values, dtype=torch.float32) for values in data_of(case)
    )
    parameters = [
        torch.tensor(values, dtype=torch.float32) for values in start_of(case)
    ]
    return parameters, list(
        zip(inputs.split(case.batch), targets.split(case.batch), strict=True)
    )


def torch_work(case: Case) -> Work:
    """Modules, autograd and an optimizer of PyTorch."""
    import torch
    from torch import nn

    parameters, batches = tensors_of(case)
    n, hidden, m = case.sizes
    model = nn.Sequential(nn.Linear(n, hidden), nn.Sigmoid(), nn.Linear(hidden, m))
    with torch.no_grad():
        for parameter, values in zip(model.parameters(), parameters, strict=True):
            parameter.copy_(values)
    loss_of = nn.CrossEntropyLoss() if m > 1 else nn.BCEWithLogitsLoss()
    optimizer = getattr(torch.optim, case.optimizer)(model.parameters(), lr=case.rate)

    def work(epochs: int) -> float:
        total = 0.0
        for _ in range(epochs):
            total = 0.0
            for x, t in batches:
                optimizer.zero_grad()
                loss = loss_of(model(x), t)
                loss.backward()
                optimizer.step()
                total += loss.item() * len(x)
        return total / case.samples

    return work


def by_hand_work(case: Case) -> Work:
    """The gradient written out in operations of PyTorch, without autograd, and Adam or
    SGD by hand."""
    import torch

    parameters, batches = tensors_of(case)
    w1, b1, w2, b2 = parameters
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
    classes = case.sizes[2] > 1
    adam = case.optimizer == "Adam"
    done = 0
    costs = torch.nn.functional
    cost_of = costs.cross_entropy if classes else costs.binary_cross_entropy_with_logits

    def update(slopes: list[Any]) -> None:
        nonlocal done
        done += 1
        for p, g, (mean, square) in zip(parameters, slopes, moments, strict=True):
            if not adam:
                p.sub_(g, alpha=case.rate)
                continue
            mean.lerp_(g, 0.1)
            square.mul_(0.999).addcmul_(g, g, value=0.001)
            root = (square.sqrt() / (1 - 0.999**done) ** 0.5).add_(1e-8)
            p.addcdiv_(mean, root, value=-case.rate / (1 - 0.9**done))

    def work(epochs: int) -> float:
        total = 0.0
        for _ in range(epochs):
            total = 0.0
            for x, t in batches:
                h = torch.sigmoid(torch.addmm(b1, x, w1.T))
                z = torch.addmm(b2, h, w2.T)
                total += cost_of(z, t).item() * len(x)
                y = torch.softmax(z, 1) if classes else torch.sigmoid(z)
                error = (y - t) / len(x)
                back = (error @ w2) * h * (1 - h)
                update([back.T @ x, back.sum(0), error.T @ h, error.sum(0)])
        return total / case.samples

    return work


def works_of(case: Case) -> dict[str, Work]:
    """The timed functions by library."""
    works = {
        "synapse": our_work(case, "float64"),
        "synapse-f32": our_work(case, "float32"),
        "synapse-callback": our_work(case, "float64", on_batch=lambda batch: None),
    }
    if importlib.util.find_spec("torch") is not None:
        works |= {"torch": torch_work(case), "by-hand": by_hand_work(case)}
    return works


def measure(plan: Plan, tell: Tell) -> list[dict[str, Any]]:
    """Measure every case in a process of its own, in microseconds per batch."""
    results = []
    for case in [XOR] if plan.quick else CASES:
        spec = {"case": case, "seconds": plan.seconds, "repeats": plan.repeats}
        results.append(
            {**child.ask("benchmarks.batches", spec, 300), "label": case.label}
        )
        times = ", ".join(
            f"{name} {cell['median']:.3g} µs"
            for name, cell in results[-1].get("cells", {}).items()
        )
        tell(f"batches, {case.label}: {times or results[-1]['status']}")
    return results


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Measure one case: warm up, then each library in turn for every repeat."""
    sizes, *others = spec["case"]
    case = Case(tuple(sizes), *others)
    works = works_of(case)
    errors = {name: work(5) for name, work in works.items()}
    for work in works.values():
        work(200)  # the loop over batches is compiled, or loaded, after some batches
    counts = {name: epochs_in(spec["seconds"], work) for name, work in works.items()}
    times: dict[str, list[float]] = {name: [] for name in works}
    names = list(works)
    for repeat in range(spec["repeats"]):
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            seconds = timed(works[name], counts[name]) / counts[name]
            times[name].append(1e6 * seconds / case.batches)
    return {
        "cells": {
            name: {"error": errors[name], **summary(t)} for name, t in times.items()
        }
    }


def epochs_in(seconds: float, work: Work) -> int:
    """The number of epochs that take so long."""
    count = 10
    for _ in range(2):  # the second time without the cost of a call
        count = max(2, int(count * seconds / max(1e-4, timed(work, count))))
    return count


def timed(work: Work, epochs: int) -> float:
    """Seconds of the processor for this number of epochs."""
    begin = time.process_time()
    work(epochs)
    return time.process_time() - begin


def comparisons(results: list[dict[str, Any]]) -> list[Comparison]:
    """A batch in float32 beside PyTorch's."""
    rows = []
    for result in results:
        cells = result.get("cells", {})
        if "synapse-f32" in cells:
            peers = {"PyTorch": cells.get("torch"), "by hand": cells.get("by-hand")}
            rows += beside(result["label"], cells["synapse-f32"], peers)
    return rows


def text(results: list[dict[str, Any]]) -> list[str]:
    """The table of all cases; the fastest library is bold."""
    lines = []
    for result in results:
        medians = {
            name: cell["median"] for name, cell in result.get("cells", {}).items()
        }
        shown = [number(medians.get(name)) for name in LABELS]
        if medians:
            fastest = list(LABELS).index(min(medians, key=lambda name: medians[name]))
            shown[fastest] = f"**{shown[fastest]}**"
        lines.append([result["label"], *shown, result["status"]])
    return [table(["network, optimizer, batch", *LABELS.values(), "status"], lines)]


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
